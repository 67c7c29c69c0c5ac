"""`scrapy canary`: one article of each layout, read again while the site is another one."""

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests import command_line
from tests.command_line import SCRAPY
from tests.extensions.test_watch import GUARD, rename_classes, rewritten
from tests.made_up_site import MadeUpSite
from tests.receivers import environment, webhook
from tests.site_server import Answer, Asked, Site, serve
from tests.spiders.test_channel_spider import FAST, is_article, lists_of
from zjnews.state import State
from zjnews.watch import runs

LAYOUTS = ("old", "trs", "trs2016")


@dataclass
class Crawled:
    """A site that was crawled once, and may be another one now."""

    made_up: MadeUpSite
    site: Site
    folder: Path
    change: Callable[[Asked, Answer], Answer] | None = None

    def canary(
        self, folder: Path, *more: str, notify: str = "", change: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run the command on a copy of the state."""
        if not (folder / "state.db").exists():
            shutil.copy(self.folder / "state.db", folder / "state.db")
        with self.site.lock:
            self.site.asked.clear()
        self.change = CHANGES[change][0] if change else None
        command = [*SCRAPY, "canary", "-s", f"STATE_DB={folder}/state.db"]
        around = environment(self.site, notify)
        return command_line.run([*command, "-s", "DOWNLOAD_DELAY=0", *FAST, *more], around)

    @property
    def asked(self) -> list[str]:
        return [url for url in self.site.requests if not url.endswith("/robots.txt")]


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawled]:
    made_up = MadeUpSite(datetime.now(UTC), trouble=False)
    folder = tmp_path_factory.mktemp("crawled")

    def answer(asked: Asked) -> Answer:
        answered = made_up.answer(asked)
        return running.change(asked, answered) if running.change else answered

    with serve(answer) as site:
        running = Crawled(made_up, site, folder)
        lists = lists_of(made_up, "jms", "gnxw")
        run = command_line.crawl(
            folder, "channel", "-a", lists, *FAST, environment=site.environment
        )
        assert run.status == 0
        yield running


def lose_editors(asked: Asked, answered: Answer) -> Answer:
    return rewritten(answered, re.sub("责任编辑：[^<]*".encode(), b"", answered.body))


def guard(asked: Asked, answered: Answer) -> Answer:
    return rewritten(answered, GUARD) if is_article(asked.url) else answered


def take_away(asked: Asked, answered: Answer) -> Answer:
    return replace(answered, status=404) if is_article(asked.url) else answered


CHANGES: dict[str, tuple[Callable[[Asked, Answer], Answer], int, str]] = {
    "classes renamed": (rename_classes, 9, "layout trs is gone, read as fallback"),
    "editors gone": (lose_editors, 9, "lost: editors"),
    "a guard page": (guard, 9, "no record: no-article"),
    "not there": (take_away, 5, "no answer: http-404"),
}


def test_each_layout_is_asked_for_once(tmp_path: Path, crawled: Crawled) -> None:
    done = crawled.canary(tmp_path)
    assert done.returncode == 0, done.stderr
    assert dict(line.split(maxsplit=1) for line in done.stdout.splitlines()) == dict.fromkeys(
        LAYOUTS, "as before"
    )
    newest = {
        layout: max(
            (a for a in crawled.made_up.articles if a.layout == layout and is_listed(a.channels)),
            key=lambda article: article.published_at,
        ).url
        for layout in LAYOUTS
    }
    first_pages = {re.sub(r"_\d{1,2}\.shtml$", ".shtml", url) for url in crawled.asked}
    assert first_pages == set(newest.values())
    assert any(url.endswith("/robots.txt") for url in crawled.site.requests)


def is_listed(channels: list[str]) -> bool:
    return bool({"jms", "gnxw"} & {*channels})


@pytest.mark.parametrize("change", CHANGES)
def test_what_the_site_has_changed_is_said_and_told(
    tmp_path: Path, crawled: Crawled, change: str
) -> None:
    _, status, words = CHANGES[change]
    with webhook() as hook:
        done = crawled.canary(tmp_path, change=change, notify=hook.address)
        assert done.returncode == status, done.stderr
        assert re.search(rf"^trs +{words}$", done.stdout, re.M)
        again = crawled.canary(tmp_path, change=change, notify=hook.address)
        assert (again.returncode, again.stdout) == (done.returncode, done.stdout)
    if status == 9:
        assert done.stderr.splitlines()[-1].startswith(
            "scrapy canary: exit status 9, the site may have changed: canary/"
        )
        [message] = hook.messages
        assert message["title"] == "zjnews: canary: the site may have changed"
        assert "\n- canary/trs: " in message["message"]
        [_, run] = [run for run in runs.runs(tmp_path / "state.db") if run.spider == "canary"]
        assert "canary/trs" in {finding.name for finding in run.findings}
    else:
        assert hook.messages == []


def test_what_is_accepted_is_expected_from_now_on(tmp_path: Path, crawled: Crawled) -> None:
    how = {"change": "editors gone"}
    assert crawled.canary(tmp_path, "--accept", **how).returncode == 0
    assert crawled.canary(tmp_path, **how).returncode == 0


def test_a_list_of_ones_own(tmp_path: Path, crawled: Crawled) -> None:
    chosen = [a.url for a in crawled.made_up.articles if "jms" in a.channels][2:5]
    file = tmp_path / "list.txt"
    file.write_text("# ours\n" + "\n".join(chosen), "utf-8")
    first = crawled.canary(tmp_path, "--list", str(file))
    assert (first.returncode, first.stdout.count("first reading")) == (0, 3)
    assert sorted(crawled.asked) == sorted(chosen)
    second = crawled.canary(tmp_path, "--list", str(file))
    assert (second.returncode, second.stdout.count("as before")) == (0, 3)
    third = crawled.canary(tmp_path, "--list", str(file), change="editors gone")
    assert third.returncode == 9
    assert crawled.canary(tmp_path).returncode == 0  # those of layouts are others


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("https://zjnews.zjol.com.cn/x.shtml",), "addresses go into a file: --list FILE"),
        (("--list", "/nowhere.txt"), "--list /nowhere.txt: no such file"),
        (("-s", "STATE_DB="), "STATE_DB is empty"),
        ((), "knows no article yet"),
    ],
)
def test_bad_arguments_are_one_line_and_status_2(
    tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    command = [*SCRAPY, "canary", "-s", f"STATE_DB={tmp_path}/none.db", *arguments]
    done = command_line.run(command)
    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    assert words in line


def test_beside_a_crawl_it_waits_for_another_day(tmp_path: Path, crawled: Crawled) -> None:
    shutil.copy(crawled.folder / "state.db", tmp_path / "state.db")
    with closing(State(tmp_path / "state.db")):
        assert crawled.canary(tmp_path).returncode == 7
