"""A crawl that is asked to end when it is closing already."""

import json
import signal
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests import command_line
from tests.command_line import Run, wait_until
from tests.made_up_site import MadeUpSite
from tests.site_server import Site
from tests.spiders.test_channel_spider import FAST, is_article, lists_of
from zjnews import settings
from zjnews.state import State
from zjnews.state.outbox import Batch

PIPELINES = {**settings.ITEM_PIPELINES, "tests.pipelines_of_users.TakeTimeToClose": 950}
SLOW = ("-s", f"ITEM_PIPELINES={json.dumps(PIPELINES)}")


def run(folder: Path, made_up: MadeUpSite, site: Site, signals: str, *arguments: str) -> Run:
    """A crawl that gets these signals when it closes, one a second."""
    lists = ("channel", "-a", lists_of(made_up, "zjxc"), "-a", "since=3d", *FAST)
    environment = {**site.environment, "SIGNALS": signals}
    return command_line.crawl(folder, *lists, *arguments, environment=environment)


def expected(made_up: MadeUpSite) -> set[str]:
    return made_up.ids_in(["zjxc"], datetime.now(UTC) - timedelta(days=3))


@pytest.mark.parametrize("sent", ["SIGTERM", "SIGINT"])
def test_a_crawl_that_closes_comes_to_the_end_that_it_has_earned(
    tmp_path: Path, made_up: MadeUpSite, site: Site, sent: str
) -> None:
    done = run(tmp_path, made_up, site, sent, *SLOW)
    assert (done.status, done.ids) == (0, expected(made_up)), done.errors
    assert "exit status 0, all well" in done.errors.splitlines()[-1]
    assert f"channel: {len(done.ids)} articles" in done.errors
    assert "written to" in done.errors
    assert "Traceback" not in done.errors


def test_a_limit_stays_the_reason_for_the_end(
    tmp_path: Path, made_up: MadeUpSite, site: Site
) -> None:
    limit = ("-s", "CLOSESPIDER_ITEMCOUNT=5")
    done = run(tmp_path, made_up, site, "SIGTERM", *SLOW, *limit)
    assert done.status == 4
    assert "ended early (closespider_itemcount)" in done.errors.splitlines()[-1]
    assert len(done.records) >= 5


def test_a_crawl_that_ends_as_it_begins_keeps_its_status(
    tmp_path: Path, address: str, made_up: MadeUpSite, site: Site
) -> None:
    out = tmp_path / "out.jsonl"
    with closing(State(address)) as other:
        assert other.outbox.lock(Batch(str(out), {}))
        done = run(tmp_path, made_up, site, "SIGTERM", *SLOW, "-s", f"STATE_DB={address}")
    assert done.status == 3, done.errors
    assert f"another crawl writes {out}" in done.errors


def test_a_second_signal_ends_it_without_closing_anything(
    tmp_path: Path, made_up: MadeUpSite, site: Site
) -> None:
    done = run(tmp_path, made_up, site, "SIGINT SIGINT SIGINT", *SLOW)
    assert (done.status, done.records) == (4, []), done.errors
    assert "ended early (no end)" in done.errors.splitlines()[-1]
    again = run(tmp_path, made_up, site, "")
    assert (again.status, again.ids) == (0, expected(made_up)), again.errors
    assert max(Counter(filter(is_article, site.requests)).values()) == 1


def test_a_second_signal_ends_it_where_the_first_had_it_close(
    tmp_path: Path, made_up: MadeUpSite, site: Site
) -> None:
    out = tmp_path / "out.jsonl"
    lists = ("channel", "-a", lists_of(made_up, "zjxc"), *FAST, *SLOW, "-s", "DOWNLOAD_DELAY=0.2")
    environment = {**site.environment, "SIGNALS": "SIGINT SIGINT"}
    crawl = command_line.start(command_line.command_line(tmp_path, *lists, out=out), environment)
    wait_until(lambda: len(site.requests) > 5)
    crawl.send_signal(signal.SIGTERM)
    _, errors = crawl.communicate()
    assert crawl.returncode == 4, errors
    assert "ended early (no end)" in errors.splitlines()[-1]
    assert not out.exists()
