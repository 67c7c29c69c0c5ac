"""What the state remembers, for whom and from when on; and that a crash costs no more than that. In
SQLite and in PostgreSQL alike."""

import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from tests.command_line import ROOT, wait_until
from tests.state.stories import (
    ONE,
    OTHER,
    add,
    any_sketch,
    barely_like,
    form,
    give,
    lines_of,
    numbers_known,
    record_of,
    sketched,
    story,
)
from zjnews.items import Article
from zjnews.state import State, run, sql
from zjnews.state.known import digest
from zjnews.state.opening import is_server
from zjnews.state.outbox import Appended, Batch


def change(address: str, statement: str) -> None:
    """Change the tables behind the back of the state."""
    if is_server(address):
        with psycopg.connect(address, options="-c search_path=zjnews") as db:
            db.execute(statement.encode())
    else:
        with closing(sqlite3.connect(address, isolation_level=None)) as db:
            db.execute(statement)


@pytest.fixture(params=["ended", "killed"])
def reopen(request: pytest.FixtureRequest, state_address: str) -> Iterator[Callable[[], State]]:
    """Opens the same state anew, as a crawl does that follows; the one before has ended."""
    states: list[State] = []

    def end() -> None:
        for before in states:
            if request.param == "killed":
                before.db.close()
            else:
                before.close()
        states.clear()

    def opened() -> State:
        end()
        states.append(State(state_address))
        return states[-1]

    yield opened
    end()


@pytest.fixture
def state(reopen: Callable[[], State]) -> State:
    return reopen()


Reopen = Callable[[], State]


def test_reopening_keeps_everything(reopen: Reopen) -> None:
    first = reopen()
    since = datetime(2026, 9, 1, tzinfo=UTC)
    article = story(1, asked="trs:9", etag='"1"', last_modified="Mon", revision=3)
    give(first, article)
    first.known.note_passed("trs:2", "no-article")
    first.known.note_walk("list", since, since + timedelta(days=1))
    seen = (
        first.known.find("trs:1"),
        first.known.find("trs:9"),
        first.known.passed("trs:2"),
        first.known.walked("list"),
    )
    first.close()
    again = reopen()
    assert None not in seen
    assert seen == (
        again.known.find("trs:1"),
        again.known.find("trs:9"),
        again.known.passed("trs:2"),
        again.known.walked("list"),
    )


def test_what_was_only_claimed_is_not_known(state: State, reopen: Reopen) -> None:
    state.claim(story(1))
    assert state.known.find("trs:1") is None
    assert reopen().known.find("trs:1") is None


def test_what_was_added_is_known_and_waits_though_the_run_dies(
    state: State, reopen: Reopen
) -> None:
    article = story(1, revision=2, etag='"1"', last_modified="Mon")
    add(state, article)
    after = reopen()
    known = after.known.find("trs:1")
    assert known is not None
    assert (known.id, known.revision, known.content_hash) == ("trs:1", 2, digest(article))
    assert (known.etag, known.last_modified) == ('"1"', "Mon")
    assert lines_of(after) == {"out.jsonl": [record_of(1)]}


def test_adding_is_all_or_nothing(state: State, reopen: Reopen) -> None:
    state.claim(story(1))
    broken = Batch("b", {"x": {1, 2}.__iter__})
    broken.options = {1: object(), (2, 3): 4}  # nobody can write that down
    with pytest.raises(TypeError):
        state.add(story(1), "{}", [Batch("a", {}), broken])
    after = reopen()
    assert after.known.find("trs:1") is None
    assert lines_of(after) == {}


def test_a_batch_that_is_delivered_waits_no_more_and_stays_known(
    state: State, reopen: Reopen
) -> None:
    one, other = Batch("one", {}), Batch("other", {})
    add(state, story(1), story(2), batches=(one, other))
    state.outbox.delivered(one)
    assert state.outbox.waiting() == 2
    after = reopen()
    assert lines_of(after) == {"other": [record_of(1), record_of(2)]}
    assert numbers_known(after, range(4)) == {1, 2}


def test_delivering_twice_changes_nothing(state: State) -> None:
    one, other = Batch("one", {}), Batch("other", {})
    add(state, story(1), batches=(one, other))
    state.outbox.delivered(one)
    state.outbox.delivered(one)
    assert lines_of(state) == {"other": [record_of(1)]}


def test_a_batch_comes_back_as_it_was(state: State, reopen: Reopen) -> None:
    options = {"format": "csv", "fields": ["id"], "item_classes": [Article], "encoding": None}
    batch = Batch("s3://news/%20.csv", options, 7)
    add(state, story(1), batches=(batch,))
    state.outbox.seal(batch, Appended(3, 4, "ab"))
    [again] = reopen().outbox.batches()
    assert (again.uri, again.number, again.count) == ("s3://news/%20.csv", 7, 1)
    assert again.appended == Appended(3, 4, "ab")
    assert again.options == {**options, "item_classes": ["zjnews.items.Article"]}


def test_a_correction_takes_the_place_of_what_waits_in_the_same_batch(state: State) -> None:
    batch = Batch("out.jsonl", {})
    add(state, story(1), story(2), batches=(batch,))
    state.add(story(1, "乙", revision=2), "corrected", [batch])
    assert lines_of(state) == {"out.jsonl": ["corrected", record_of(2)]}


def test_left_over_batches_are_gone_on_with_the_newer_record_counts(
    state: State, reopen: Reopen
) -> None:
    first, second = Batch("out.jsonl", {}), Batch("out.jsonl", {})
    add(state, story(1), story(2), batches=(first,))
    state.add(story(1, "乙", revision=2), "corrected", [second])
    after = reopen()
    own = Batch("out.jsonl", {"overwrite": True})
    for left in after.outbox.batches():
        after.outbox.adopt(left, own)
    assert own.count == 2
    add(after, story(3), batches=(own,))
    assert {k: sorted(v) for k, v in lines_of(after).items()} == {
        "out.jsonl": sorted(["corrected", record_of(2), record_of(3)])
    }


def test_what_is_set_aside_waits_no_more_and_is_kept_with_its_reason(state: State) -> None:
    batch = Batch("out.csv", {})
    add(state, story(1), story(2), batches=(batch,))
    [(key, _), _] = state.outbox.records(batch)
    assert state.outbox.set_aside(batch, {key: "no such letter"}) == {"trs:1": "no such letter"}
    assert (batch.count, lines_of(state)) == (1, {"out.csv": [record_of(2)]})
    [row] = state.db.rows("SELECT uri, reason, record FROM set_aside")
    assert row == ("out.csv", "no such letter", record_of(1))


def test_only_what_waited_when_the_run_began_is_left_over(state: State, reopen: Reopen) -> None:
    add(state, story(1))
    assert not state.run.is_left_over("trs:1")
    after = reopen()
    assert after.run.is_left_over("trs:1")
    assert not after.run.is_left_over("trs:2")


def test_a_correction_replaces_what_was_known(state: State, reopen: Reopen) -> None:
    give(state, story(1, etag='"1"'))
    corrected = story(1, "乙", revision=2)
    give(reopen(), corrected)
    known = reopen().known.find("trs:1")
    assert known is not None
    assert (known.revision, known.content_hash, known.etag) == (2, digest(corrected), None)


def test_dates_that_are_none_do_not_break_later_runs(state: State, reopen: Reopen) -> None:
    for number, year in enumerate(("0001", "9999")):
        article = story(number, published_at=f"{year}-12-31T00:00:00+08:00")
        article.published_precision = "day"
        give(state, article)
        state.known.note_passed(f"url:{number}", "outside-window", article)
    after = reopen()
    for number in range(2):
        known = after.known.find(f"trs:{number}")
        assert known is not None
        assert known.dated.year > 2000
        assert after.known.passed(f"url:{number}").published is None


_ADDS_FOR_EVER = """
import sys
import tempfile
from itertools import count
from tests.state.stories import add, story
from zjnews.state import State, run, sql
from zjnews.state.outbox import Batch

state = State(sys.argv[1])
for number in count():
    batch = Batch(f"{number}", {})
    add(state, *[story(3 * number + one) for one in range(3)], batches=(batch,))
    print("added", number, flush=True)
    if number % 2:
        state.outbox.delivered(batch)
        print("delivered", number, flush=True)
"""


def is_another_there(state: State) -> bool:
    state.run.bury()
    return bool(state.db.rows(sql.OTHER_CRAWLS, state.run.key))


@pytest.mark.parametrize("seed", range(5))
def test_a_run_killed_at_any_moment_keeps_what_it_said(
    state_address: str, reopen: Reopen, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311  any moment will do
    command = [sys.executable, "-c", _ADDS_FOR_EVER, state_address]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        said = [child.stdout.readline() for _ in range(chance.randint(1, 200))]
        time.sleep(chance.random() / 100)
        child.kill()
        said += child.stdout.readlines()
    words = [line.split() for line in said if line.endswith("\n")]
    added = {int(number) for what, number in words if what == "added"}
    delivered = {int(number) for what, number in words if what == "delivered"}
    after = reopen()
    wait_until(lambda: not is_another_there(after))  # a server needs a moment to notice
    known = numbers_known(after, range(3 * max(added) + 10))
    assert known >= {3 * number + one for number in added for one in range(3)}
    waiting = {int(uri) for uri in lines_of(after)}
    assert not waiting & delivered
    assert waiting >= {number for number in added if not number % 2}
    lines = [line for lines in lines_of(after).values() for line in lines]
    assert len(lines) == len(set(lines))


def test_an_article_is_known_through_the_address_that_led_to_it(
    state: State, reopen: Reopen
) -> None:
    give(state, story(1, asked="trs:9"))
    after = reopen()
    assert after.known.find("trs:9") == after.known.find("trs:1")
    assert after.known.find("trs:9") is not None


def test_every_address_that_led_to_an_article_is_remembered(reopen: Reopen) -> None:
    for asked in ("trs:8", "trs:9"):
        give(reopen(), story(1, asked=asked))
    state = reopen()
    assert [state.known.find(id_) and state.known.find(id_).id for id_ in ("trs:8", "trs:9")] == [
        "trs:1"
    ] * 2


def test_an_address_that_leads_elsewhere_now_leads_there(reopen: Reopen) -> None:
    give(reopen(), story(1, asked="trs:9"))
    give(reopen(), story(2, asked="trs:9"))
    known = reopen().known.find("trs:9")
    assert known is not None
    assert known.id == "trs:2"


def test_an_address_that_leads_to_an_article_has_not_passed(state: State) -> None:
    state.known.note_passed("trs:9", "no-article")
    give(state, story(1, asked="trs:9"))
    assert state.known.passed("trs:9") is None


def test_an_article_stays_known_through_an_address_that_is_refused_later(
    state: State, reopen: Reopen
) -> None:
    give(state, story(1, asked="trs:9"))
    after = reopen()
    after.known.note_passed("trs:9", "outside-window", story(1))
    assert after.known.find("trs:9")


def test_an_address_that_led_to_what_is_delivered_is_remembered_at_once(
    state: State, reopen: Reopen
) -> None:
    give(state, story(1))
    state.known.note_led("trs:9", "trs:1")
    after = reopen()
    assert after.known.find("trs:9") == after.known.find("trs:1") is not None


def test_all_addresses_that_led_to_what_waits_are_remembered_with_it(state: State) -> None:
    state.claim(story(1))
    state.known.note_led("trs:9", "trs:1")
    assert state.known.find("trs:9") is None
    state.add(story(1, asked="trs:8"), "{}", [])
    assert (
        state.known.find("trs:8")
        == state.known.find("trs:9")
        == state.known.find("trs:1")
        is not None
    )


def test_what_is_delivered_is_told_apart_from_what_leads_there(state: State) -> None:
    give(state, story(1, asked="trs:9"))
    assert state.known.article("trs:9") is None
    assert state.known.article("trs:1") == state.known.find("trs:9")


def test_an_address_that_was_never_asked_for_has_not_passed(state: State) -> None:
    assert state.known.passed("trs:1") is None


def test_an_address_passed_is_told_with_its_reason_and_time(state: State, reopen: Reopen) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    state.known.note_passed("trs:1", "no-article")
    passed = reopen().known.passed("trs:1")
    assert passed is not None
    assert (passed.reason, passed.published) == ("no-article", None)
    assert before <= passed.asked_at <= datetime.now(UTC)


def test_an_address_passed_is_told_with_the_date_of_its_page(state: State) -> None:
    at = "2026-09-14T11:02:00+08:00"
    article = story(1, published_at=at, published_precision="minute")
    state.known.note_passed("trs:1", "outside-window", article)
    passed = state.known.passed("trs:1")
    assert passed is not None
    assert passed.published is not None
    assert passed.published.at == datetime.fromisoformat(at)
    assert passed.published.precision == "minute"


def test_a_new_reason_replaces_the_old_one_and_its_date(state: State) -> None:
    article = story(1, published_at="2026-09-14T00:00:00+08:00", published_precision="day")
    state.known.note_passed("trs:1", "outside-window", article)
    state.known.note_passed("trs:1", "no-article")
    passed = state.known.passed("trs:1")
    assert passed is not None
    assert (passed.reason, passed.published) == ("no-article", None)


@pytest.mark.parametrize(
    ("refused", "given", "is_doubted"), [(7, 0, False), (8, 7, True), (8, 8, False), (9, 8, True)]
)
def test_a_host_that_refuses_more_than_it_gives_is_not_believed_on_one_day(
    state: State, refused: int, given: int, is_doubted: bool
) -> None:
    for number in range(refused):
        state.known.note_passed(f"https://qx.zjol.com.cn/a/{number}.shtml", "http-403")
        state.known.note_passed(f"https://jx.zjol.com.cn/a/{number % 7}.shtml", "http-403")
        state.known.count_given("https://jx.zjol.com.cn/b.shtml")
    for number in range(given):
        state.known.count_given(f"https://qx.zjol.com.cn/b/{number}.shtml")
    assert state.known.doubt_guards() == (["qx.zjol.com.cn"] if is_doubted else [])
    passed = [state.known.passed(f"https://{host}.zjol.com.cn/a/0.shtml") for host in ("qx", "jx")]
    assert [each.is_final for each in passed if each] == [not is_doubted, True]


def test_when_an_address_was_first_asked_for_stays(state: State, state_address: str) -> None:
    state.known.note_passed("trs:1", "no-article")
    change(state_address, "UPDATE passed SET asked_at = 1000")
    state.known.note_passed("trs:1", "empty-page")
    passed = state.known.passed("trs:1")
    assert passed is not None
    assert passed.asked_at == datetime.fromtimestamp(1000, UTC)


def test_an_article_stays_known_when_its_address_is_refused_later(state: State) -> None:
    give(state, story(1))
    known = state.known.find("trs:1")
    state.known.note_passed("trs:1", "http-404")
    assert state.known.find("trs:1") == known


def test_the_second_claim_is_told_who_was_first(state: State) -> None:
    assert state.run.claim("trs:1", "a") is None
    assert state.run.claim("trs:1", "b") == "a"
    assert state.run.claim("trs:1", "c") == "a"


def test_an_article_that_is_known_can_be_claimed(state: State, reopen: Reopen) -> None:
    give(state, story(1))
    assert reopen().run.claim("trs:1", "a") is None


def test_renewing_changes_what_the_server_said_and_nothing_else(
    state: State, reopen: Reopen
) -> None:
    give(state, story(1, etag='"1"'), story(2, etag='"1"'))
    before = state.known.find("trs:1")
    state.known.renew("trs:1", None, "Tue")
    after, other = reopen().known.find("trs:1"), reopen().known.find("trs:2")
    assert before is not None
    assert after is not None
    assert other is not None
    assert (after.etag, after.last_modified, other.etag) == (None, "Tue", '"1"')
    assert (after.revision, after.content_hash, after.dated) == (
        before.revision,
        before.content_hash,
        before.dated,
    )


def test_renewing_what_is_not_known_makes_nothing_known(state: State) -> None:
    state.known.renew("trs:1", '"1"', None)
    assert state.known.find("trs:1") is None


@pytest.mark.parametrize(
    ("precision", "latest"),
    [
        ("second", "2026-09-14T11:00:01+08:00"),
        ("minute", "2026-09-14T11:01:00+08:00"),
        ("hour", "2026-09-14T12:00:00+08:00"),
        ("day", "2026-09-15T11:00:00+08:00"),
    ],
)
def test_an_article_is_dated_by_the_end_of_what_its_page_tells(
    state: State, precision: Any, latest: str
) -> None:
    at = "2026-09-14T11:00:00+08:00"
    give(state, story(1, published_at=at, published_precision=precision))
    known = state.known.find("trs:1")
    assert known is not None
    assert known.dated == datetime.fromisoformat(latest)


def test_an_article_without_a_date_is_dated_by_its_delivery(state: State) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    give(state, story(1))
    known = state.known.find("trs:1")
    assert known is not None
    assert before <= known.dated <= datetime.now(UTC)


def test_a_walk_is_remembered_until_it_is_forgotten(state: State, reopen: Reopen) -> None:
    since = datetime(2026, 9, 1, tzinfo=UTC)
    until = since + timedelta(days=3)
    state.known.note_walk("one", since, since)
    state.known.note_walk("one", since, until)
    state.known.note_walk("other", since, since)
    after = reopen()
    assert after.known.walked("one") == (since, until)
    after.known.forget_walk("one")
    assert (after.known.walked("one"), after.known.walked("other")) == (None, (since, since))


def test_a_walk_is_never_remembered_as_longer_than_it_was(state: State) -> None:
    since = datetime(2026, 9, 1, 0, 0, 0, 900_000, tzinfo=UTC)
    until = since + timedelta(days=3)
    state.known.note_walk("list", since, until)
    walked = state.known.walked("list")
    assert walked is not None
    assert since <= walked[0] <= walked[1] <= until


def test_an_article_that_waits_has_copies(state: State) -> None:
    assert sketched(state, 1, ONE) is None
    assert sketched(state, 2, ONE) == "trs:1"


def test_an_article_that_was_delivered_has_copies(state: State, reopen: Reopen) -> None:
    sketched(state, 1, ONE)
    assert sketched(state, 2, ONE) == "trs:1"
    assert sketched(reopen(), 3, ONE) == "trs:1"


def bands_in(state: State) -> int:
    return int(state.db.one("SELECT count(*) FROM bands")[0])


def test_bands_are_written_many_at_a_time_and_copies_found_before_and_after(
    state: State, reopen: Reopen
) -> None:
    for number in range(700):
        assert sketched(state, number, any_sketch(number)) is None
    assert bands_in(state) == 8 * run._TOGETHER
    for number in (0, run._TOGETHER - 1, run._TOGETHER, 699):
        assert sketched(state, 1000 + number, any_sketch(number)) == f"trs:{number}"
    assert bands_in(reopen()) == 8 * 700


def test_a_sketch_whose_article_is_not_yet_known_stays_when_others_are_written(
    state: State,
) -> None:
    state.run.claim("trs:9", "")
    assert state.run.first_like("trs:9", ONE) is None
    for number in range(100, 100 + run._TOGETHER):
        sketched(state, number, any_sketch(number))
    assert sketched(state, 10, ONE) == "trs:9"


def test_a_text_of_its_own_is_no_copy(state: State) -> None:
    sketched(state, 1, ONE)
    assert sketched(state, 2, OTHER) is None


def test_the_copy_of_a_copy_points_to_the_first(state: State, reopen: Reopen) -> None:
    assert [sketched(state, number, ONE) for number in (5, 3, 4)] == [None, "trs:5", "trs:5"]
    assert sketched(reopen(), 1, ONE) == "trs:5"


def test_an_article_read_again_is_no_copy_of_itself(state: State, reopen: Reopen) -> None:
    sketched(state, 1, ONE)
    sketched(state, 2, ONE)
    again = reopen()
    assert [sketched(again, number, ONE) for number in (2, 1)] == ["trs:1", None]
    assert sketched(reopen(), 3, ONE) == "trs:1"


def test_a_correction_has_copies_by_its_new_text_only(state: State, reopen: Reopen) -> None:
    sketched(state, 1, ONE)
    corrected = reopen()
    assert sketched(corrected, 1, OTHER) is None
    assert sketched(reopen(), 2, ONE) is None
    assert sketched(reopen(), 3, OTHER) == "trs:1"


def test_a_correction_too_short_for_a_sketch_has_no_copies(state: State, reopen: Reopen) -> None:
    sketched(state, 1, ONE)
    give(reopen(), story(1, "乙"))
    assert sketched(reopen(), 2, ONE) is None


def test_a_copy_that_is_corrected_becomes_a_first(state: State, reopen: Reopen) -> None:
    sketched(state, 1, ONE)
    sketched(state, 2, ONE)
    corrected = reopen()
    assert sketched(corrected, 2, OTHER) is None
    assert sketched(reopen(), 3, OTHER) == "trs:2"


@pytest.fixture
def rescheme(state: State, state_address: str, reopen: Reopen) -> State:
    """A state whose sketches were made in another way."""
    sketched(state, 1, ONE)
    change(state_address, "UPDATE facts SET value = 'another' WHERE name = 'sketches'")
    return reopen()


def test_articles_outlive_their_sketches(rescheme: State) -> None:
    assert rescheme.known.find("trs:1")


def test_sketches_of_another_scheme_are_compared_with_none(rescheme: State) -> None:
    assert sketched(rescheme, 2, ONE) is None


def test_sketches_of_the_new_scheme_are_kept(rescheme: State, reopen: Reopen) -> None:
    sketched(rescheme, 1, ONE)
    assert sketched(reopen(), 2, ONE) == "trs:1"


def test_a_band_whose_article_is_gone_costs_nothing_else(
    state_address: str, reopen: Reopen
) -> None:
    sketched(reopen(), 1, ONE)
    sketched(reopen(), 2, ONE)
    reopen()
    change(state_address, "DELETE FROM articles WHERE id = 'trs:1'")
    assert sketched(reopen(), 3, ONE) is None


def test_texts_that_are_gone_take_no_place_among_those_of_a_band(
    state: State, reopen: Reopen
) -> None:
    for number in range(20):
        sketched(state, number, form(number))
    corrected = reopen()
    for number in range(20):
        sketched(corrected, number, any_sketch(number + 100))
    after = reopen()
    sketched(after, 50, form(50))
    assert sketched(reopen(), 51, barely_like(form(50))) == "trs:50"
