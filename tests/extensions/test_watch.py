"""What a crawl of the made-up site notes of itself, and how a change of the site is found."""

import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.command_line import Run, crawl
from tests.made_up_site import MadeUpSite
from tests.receivers import environment, webhook
from tests.site_server import Answer, Asked, Site, serve
from tests.spiders.test_channel_spider import FAST, is_article, lists_of
from zjnews.items import RECORD_KEYS
from zjnews.watch import runs

CHANNELS = ("gnxw", "jms")


def crawl_channels(folder: Path, made_up: MadeUpSite, site: Site, *more: str) -> Run:
    arguments = ("channel", "-a", lists_of(made_up, *CHANNELS), *FAST, *more)
    return crawl(folder, *arguments, environment=site.environment)


def test_a_run_leaves_its_figures(tmp_path: Path, made_up: MadeUpSite, site: Site) -> None:
    first = crawl_channels(tmp_path, made_up, site)
    asked = len(site.requests)
    again = crawl_channels(tmp_path, made_up, site)
    [second, run] = runs.runs(tmp_path / "state.db")

    assert (first.status, again.status) == (0, 0)
    assert (run.spider, run.status, run.verdict, run.reason) == (
        "channel",
        0,
        "all well",
        "finished",
    )
    assert run.lists == ("china/gnxw", "cs/jms")
    assert run.articles == len(first.records) > 20
    assert run.layouts == Counter(record["layout"] for record in first.records)
    assert run.warnings == Counter(w for record in first.records for w in record["warnings"])
    for key in RECORD_KEYS:
        present = [record for record in first.records if record[key] not in (None, [], "")]
        assert run.keys.get(key, 0) == len(present), key
    assert run.requests == asked
    assert {name: figures.entries for name, figures in run.listed.items()} == {
        "china/gnxw": 9,  # the tenth is no article of the site
        "cs/jms": 10,
    }
    assert set(run.hosts) == {"china.zjol.com.cn", "cs.zjol.com.cn"}
    assert sum(host.answers for host in run.hosts.values()) == asked
    assert all(host.seconds > 0 for host in run.hosts.values())
    assert datetime.now(run.ended.tzinfo) >= run.ended >= run.started

    assert second.articles == len(again.records) == 0
    assert second.skipped == again.skipped
    assert second.listed == run.listed


def test_a_run_over_newspapers_leaves_what_each_printed_page_lists(
    tmp_path: Path, made_up: MadeUpSite, site: Site
) -> None:
    arguments = ("paper", "-a", "papers=zjrb,qjwb", "-a", "since=2d", *FAST)
    done = crawl(tmp_path, *arguments, environment=site.environment)
    [run] = runs.runs(tmp_path / "state.db")
    assert (run.spider, run.lists) == ("paper", ("qjwb", "zjrb"))
    assert run.layouts == {"paper": len(done.records)}
    for figures in run.listed.values():
        assert figures.entries == 3 * figures.pages > 0


def test_without_watch_or_state_nothing_is_noted(
    tmp_path: Path, made_up: MadeUpSite, site: Site
) -> None:
    crawl_channels(tmp_path, made_up, site, "-s", "WATCH=0")
    assert runs.runs(tmp_path / "state.db") == []
    run = crawl_channels(tmp_path, made_up, site, "-s", "STATE_DB=")
    assert run.status == 0
    assert run.records


# --- a site that changes ------------------------------------------------------------------------------

UNCHANGED = 20
"""Runs before the site changes."""
WATCHED = ("zjxc", "gnxw", "jms")
GUARD = b"<html><head><script src='/guard.js'></script></head><body></body></html>"

Change = Callable[[Asked, Answer], Answer]


@dataclass
class Watched:
    """A site with trouble that publishes an article before each run, and what the runs left."""

    made_up: MadeUpSite
    site: Site
    folder: Path
    statuses: list[int]
    change: Change | None = None

    def run(self, folder: Path, *more: str, notify: str = "") -> Run:
        self.made_up.publish("zjxc")
        lists = lists_of(self.made_up, *WATCHED)
        arguments = ("channel", "-a", lists, "-a", "since=20d", *FAST, *more)
        return crawl(folder, *arguments, environment=environment(self.site, notify))

    def changed_run(self, folder: Path, change: Change | None, *more: str, notify: str) -> Run:
        """A run on a copy of the state, while the site is another one."""
        if not (folder / "state.db").exists():
            shutil.copy(self.folder / "state.db", folder / "state.db")
        self.change = change
        try:
            return self.run(folder, *more, notify=notify)
        finally:
            self.change = None


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    made_up = MadeUpSite(datetime.now(UTC))
    folder = tmp_path_factory.mktemp("watched")

    def answer(asked: Asked) -> Answer:
        answered = made_up.answer(asked)
        return running.change(asked, answered) if running.change else answered

    with serve(answer) as site:
        running = Watched(made_up, site, folder, [])
        running.statuses = [running.run(folder).status for _ in range(UNCHANGED)]
        yield running


def rewritten(answered: Answer, body: bytes) -> Answer:
    """An answer with another body, which no validator of the one before fits."""
    return replace(answered, body=body, etag=None, last_modified=None)


def rename_classes(asked: Asked, answered: Answer) -> Answer:
    if not is_article(asked.url):
        return answered
    body = re.sub(rb'(class|id)="', rb'\1="x-', answered.body)
    return rewritten(answered, body)


def lose_a_list(asked: Asked, answered: Answer) -> Answer:
    return (
        Answer(b"not there", 404)
        if "/gnxw/" in asked.url and not is_article(asked.url)
        else answered
    )


def shorten_lists(asked: Asked, answered: Answer) -> Answer:
    """A list whose entries have another form, but for the first three."""
    if "/jms/" not in asked.url or is_article(asked.url):
        return answered
    head, *entries = re.split(rb"(?=<li)", answered.body)
    return rewritten(answered, head + b"".join(entries[:3]))


def lose_half_the_dates(asked: Asked, answered: Answer) -> Answer:
    number = re.search(r"(\d)\.shtml", asked.url)
    if not is_article(asked.url) or not number or int(number[1]) % 2:
        return rewritten(answered, answered.body) if is_article(asked.url) else answered
    return rewritten(answered, re.sub(rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", b"", answered.body))


def guard_articles(asked: Asked, answered: Answer) -> Answer:
    return rewritten(replace(answered, status=200), GUARD) if is_article(asked.url) else answered


CHANGES: dict[str, tuple[Change, int, str]] = {
    "classes renamed": (rename_classes, 9, "layout/fallback"),
    "a list is gone": (lose_a_list, 8, "list/china/gnxw"),
    "a list is shorter": (shorten_lists, 9, "list/cs/jms"),
    "half the dates gone": (lose_half_the_dates, 9, "key/published_raw"),
    "a guard page": (guard_articles, 9, "rejected/no-article"),
}


def test_a_site_that_does_not_change_gives_no_finding(watched: Watched) -> None:
    assert watched.statuses == [0] * UNCHANGED
    assert [run.findings for run in runs.runs(watched.folder / "state.db")] == [[]] * UNCHANGED


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_found_by_the_first_run_after_it(
    tmp_path: Path, watched: Watched, name: str
) -> None:
    change, status, finding = CHANGES[name]
    with webhook() as hook:
        first = watched.changed_run(tmp_path, change, notify=hook.address)
        assert first.status == status, first.errors
        assert finding in {found.name for found in runs.runs(tmp_path / "state.db")[0].findings}
        assert re.search(rf"^  finding +{finding}: \S", first.errors, re.M)
        assert finding.rpartition("list/")[2] in first.errors.splitlines()[-1]
        [text] = hook.texts
        assert f"- {finding}: " in text
        # It is told once, but has not become the norm by that.
        again = watched.changed_run(tmp_path, change, notify=hook.address)
        assert (again.status, len(hook.texts)) == (status, 1)
        if name == "a list is gone":
            well = watched.changed_run(tmp_path, None, notify=hook.address)
            assert (well.status, len(hook.texts)) == (0, 2)
            assert hook.messages[1]["title"].endswith("well again")
