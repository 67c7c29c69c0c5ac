"""What a crawl of the made-up site notes of itself."""

from collections import Counter
from datetime import datetime
from pathlib import Path

from tests.command_line import Run, crawl
from tests.made_up_site import MadeUpSite
from tests.site_server import Site
from tests.spiders.test_channel_spider import FAST, lists_of
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


def test_without_watch_or_state_nothing_is_noted(
    tmp_path: Path, made_up: MadeUpSite, site: Site
) -> None:
    crawl_channels(tmp_path, made_up, site, "-s", "WATCH=0")
    assert runs.runs(tmp_path / "state.db") == []
    run = crawl_channels(tmp_path, made_up, site, "-s", "STATE_DB=")
    assert run.status == 0
    assert run.records
