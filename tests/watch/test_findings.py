"""What is a finding, and what is none: chance, small runs, what is usual after a while."""

import random
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from zjnews.watch.findings import Limits, chance_of, findings_of
from zjnews.watch.runs import Finding, ListFigures, RunFigures

AT = datetime(2026, 9, 14, 2, 0, tzinfo=UTC)
LIMITS = Limits(runs=20, after=5, share=0.2, chance=1e-4, listed=0.5)


def run(read: int, **figures: object) -> RunFigures:
    known = RunFigures(
        id="", spider="channel", lists=(), started=AT, ended=AT, reason="finished", read=read,
        articles=read, keys={"title": read}, layouts={"trs": read},
    )  # fmt: skip
    return replace(known, **figures)  # type: ignore[arg-type]


def names(now: RunFigures, before: list[RunFigures]) -> list[str]:
    return [finding.name for finding in findings_of(now, before, LIMITS)]


SOUND = [run(20)] * 6
BROKEN = run(20, layouts={"fallback": 12, "trs": 8})


def test_the_chance_is_that_of_the_binomial_distribution() -> None:
    assert chance_of(1, 1, 0.25) == pytest.approx(0.25)
    assert chance_of(2, 3, 0.5) == pytest.approx(0.5)
    assert chance_of(0, 50, 0.1) == pytest.approx(1)
    assert chance_of(3, 20, 0.01) == pytest.approx(0.001004, rel=1e-3)


def test_a_finding_says_what_is_usual() -> None:
    [finding] = findings_of(BROKEN, SOUND, LIMITS)
    assert finding == Finding(name="layout/fallback", words="12 of 20 articles (60%), usually 1%")


def test_nothing_is_said_before_enough_runs_are_known() -> None:
    assert names(BROKEN, SOUND[:4]) == []
    assert names(BROKEN, SOUND[:5]) == ["layout/fallback"]


def test_runs_that_did_not_end_well_do_not_count() -> None:
    early = [run(20, reason="shutdown"), run(20, failed={"spider": 1})] * 9
    assert names(BROKEN, [*early, *SOUND[:4]]) == []
    assert names(BROKEN, [*early, *SOUND[:5]]) == ["layout/fallback"]


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (run(20, keys={"title": 20, "authors": 9}), ["key/authors"]),
        (run(20, keys={"title": 20, "authors": 17}), []),  # it moved by less than a fifth
        (run(3, keys={"title": 3, "authors": 1}), []),  # two are too few
        (run(20, keys={"title": 20, "authors": 20}), []),  # a rise says nothing
        (run(20, keys={"title": 20, "authors": 20}, warnings={"x": 8}), ["warning/x"]),
        (run(20, keys={"title": 20, "authors": 20}, warnings={"x": 3}), []),
    ],
)
def test_a_share_must_move_far_and_not_by_chance(now: RunFigures, expected: list[str]) -> None:
    before = [run(20, keys={"title": 20, "authors": 19})] * 6
    assert names(now, before) == expected


def test_small_runs_are_judged_together() -> None:
    bad = run(1, layouts={"fallback": 1})
    assert names(bad, [bad] * 5 + [run(1)] * 30) == []
    assert names(bad, [bad] * 6 + [run(1)] * 30) == ["layout/fallback"]


def test_a_run_that_reads_nothing_keeps_what_was_found() -> None:
    bad = replace(BROKEN, findings=[Finding(name="layout/fallback", words="")])
    assert names(run(0), [bad, *SOUND]) == ["layout/fallback"]
    assert names(run(0), SOUND) == []


def test_what_was_found_is_usual_when_most_runs_have_it() -> None:
    before = [run(20)] * 20
    while found := findings_of(BROKEN, before, LIMITS):
        before.insert(0, replace(BROKEN, findings=found))
        assert len(before) < 40
    assert len(before) == 20 + 11


def test_rejects_must_be_more_than_those_that_fail_every_day() -> None:
    first = run(60, rejected={"http-404": 10})
    before = [*[run(20, rejected={"http-404": 10})] * 6, first]
    assert names(run(1, rejected={"http-404": 10}), before) == []
    assert names(run(1, rejected={"http-404": 40}), before) == ["rejected/http-404"]


def test_lists() -> None:
    def listing(entries: int, pages: int = 1) -> RunFigures:
        return run(0, listed={"zjxc": ListFigures(pages=pages, entries=entries)})

    before = [listing(10)] * 6
    assert names(listing(4), before) == ["list/zjxc"]
    assert names(listing(5), before) == []
    assert names(listing(16, pages=4), before) == ["list/zjxc"]
    assert names(listing(1), [listing(3)] * 6) == []  # small lists vary
    assert names(listing(4), before[:4]) == []
    assert names(run(0, unread={"zjxc": "http-404"}), []) == ["list/zjxc"]


def test_chance_alone_is_hardly_ever_a_finding() -> None:
    """Runs as a news site gives them: their shares vary by more than chance."""
    rng = random.Random(8)  # noqa: S311  it protects nothing
    shares = {"authors": 0.6, "source": 0.95, "images": 0.45, "kicker": 0.05}

    def drawn(share: float, size: int) -> int:
        alike = 1 / 0.02 - 1
        share = rng.betavariate(alike * share, alike * (1 - share))
        return sum(rng.random() < share for _ in range(size))

    before: list[RunFigures] = []
    found = 0
    for _ in range(300):
        size = int(rng.expovariate(1 / 25))
        now = run(
            size,
            keys={"title": size, **{key: drawn(share, size) for key, share in shares.items()}},
            warnings={"x": drawn(0.03, size)},
            layouts={"fallback": drawn(0.02, size)},
        )
        found += bool(findings_of(now, before[:200], LIMITS))
        before.insert(0, now)
    assert found <= 3


def fallback(read: int, count: int) -> RunFigures:
    return run(read, layouts={"fallback": count, "trs": read - count})


def test_a_small_share_is_none_however_improbable() -> None:
    before = [run(300)] * 20
    assert names(fallback(300, 45), before) == []
    assert names(fallback(300, 90), before) == ["layout/fallback"]


def test_two_articles_say_nothing_however_improbable() -> None:
    before = [run(300)] * 20
    assert names(fallback(2, 2), before) == []
    assert names(fallback(3, 3), before) == ["layout/fallback"]


def test_articles_of_one_run_count_for_fewer() -> None:
    assert chance_of(5, 20, 1 / 122) < LIMITS.chance
    assert names(fallback(20, 5), SOUND) == []
    assert names(fallback(20, 6), SOUND) == ["layout/fallback"]


def test_what_fails_every_day_is_none_if_nothing_else_is_asked_for() -> None:
    before = [run(60, rejected={"http-404": 20})] * 6
    assert names(run(0, rejected={"http-404": 20}), before) == []
    assert names(run(0, rejected={"http-404": 43}), before) == ["rejected/http-404"]


def test_one_large_run_does_not_decide_what_is_usual() -> None:
    before = [*[run(20)] * 19, fallback(5000, 2500)]
    assert names(fallback(20, 16), before) == ["layout/fallback"]


def test_what_most_runs_lack_is_none() -> None:
    small = [run(5)] * 8
    large = [run(200, keys={"title": 200, "authors": 200})] * 5
    assert names(run(20), [*small, *large]) == []
