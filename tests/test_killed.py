"""A crawl killed at any moment is simply run again: nothing it had found is lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from tests.command_line import ROOT, command_line
from tests.made_up_site import MadeUpSite
from tests.site_server import Site, serve
from tests.test_channel_spider import CHANNELS, FAST, lists_of

KILLED_AFTER = (1, 9, 17, 30, 45, 60, 80, 100, 120, 150)
"""Requests of a run after which it is killed."""
MOST_SECONDS = 60


def start(
    folder: Path, made_up: MadeUpSite, site: Site, feed: str, *more: str
) -> subprocess.Popen[bytes]:
    arguments = ("channel", "-a", lists_of(made_up, *CHANNELS), "-a", "since=20d", *FAST, *more)
    return subprocess.Popen(
        command_line(folder, *arguments, out=folder / feed),
        cwd=ROOT,
        env={**os.environ, **site.environment},
        stderr=subprocess.DEVNULL,
    )


def kill_after(requests: int, run: subprocess.Popen[bytes], site: Site) -> None:
    """Kill a run when it has asked for so much."""
    before, deadline = len(site.requests), time.monotonic() + MOST_SECONDS
    while len(site.requests) < before + requests and run.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.002)
    run.send_signal(signal.SIGKILL)
    run.wait()


def ids_in(folder: Path) -> list[str]:
    """The ids in all feeds; a line that a killed run left half written counts for nothing."""
    ids = []
    for feed in folder.glob("*.jsonl"):
        for line in feed.read_text("utf-8", "replace").splitlines():
            try:
                ids.append(json.loads(line)["id"])
            except ValueError:
                continue
    return ids


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("%(batch_time)s-%(batch_id)d.jsonl", ("-s", "FEED_EXPORT_BATCH_ITEM_COUNT=10")),
        ("%(time)s.jsonl", ()),
    ],
    ids=["batches", "one file a run"],
)
def test_ten_kills_lose_no_article(tmp_path: Path, name: str, settings: tuple[str, ...]) -> None:
    made_up = MadeUpSite(datetime.now(timezone.utc), trouble=False)
    killed = 0
    with serve(made_up.answer) as site:
        for requests in KILLED_AFTER:
            run = start(tmp_path, made_up, site, name, *settings)
            kill_after(requests, run, site)
            killed += run.returncode == -signal.SIGKILL
        last = start(tmp_path, made_up, site, name, *settings)
        assert last.wait(MOST_SECONDS) == 0
        assert killed >= 5  # the last ones may have been done before
        expected = made_up.ids_in(CHANNELS, datetime.now(timezone.utc) - timedelta(days=20))
        assert set(ids_in(tmp_path)) == expected

        asked = len(site.requests)
        again = start(tmp_path, made_up, site, "last.jsonl", *settings, "-s", "REFRESH_HOURS=0")
        assert again.wait(MOST_SECONDS) == 0
        lists = [url for url in site.requests[asked:] if "robots.txt" not in url]
        assert not [url for url in lists if "/t20" in url or "/system/" in url]
