"""Hosts that another crawl has: what a crawl does that must wait for one."""

import json
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
from scrapy.crawler import Crawler

from tests import command_line
from tests.command_line import Process, scrapy_crawl, wait_until
from tests.faults import SENDING
from tests.made_up_site import MadeUpSite
from tests.site_server import Site
from tests.spiders.test_channel_spider import FAST, is_article, lists_of
from zjnews import state
from zjnews.extensions import leases
from zjnews.spiders.channel import ChannelSpider
from zjnews.state import State
from zjnews.state.leases import Leases

LEASE = 1.5
"""HOST_LEASE, in seconds."""


@pytest.fixture
def other(address: str) -> Iterator[Leases]:
    """The leases of another crawl."""
    with closing(State(address)) as state:
        yield Leases(state.db, state.run.key)


@pytest.fixture
def host(made_up: MadeUpSite) -> str:
    return urlsplit(made_up.list_url("zjxc")).hostname or ""


def start(
    folder: Path, address: str, made_up: MadeUpSite, site: Site, *more: str, scheme: str = "https"
) -> Process:
    """`scheme`: of the list, and so of robots.txt; articles have either."""
    address_of_list = lists_of(made_up, "zjxc").replace("https:", f"{scheme}:")
    lists = ("channel", "-a", address_of_list, "-a", "since=3d", *FAST)
    shared = ("-s", f"STATE_DB={address}", "-s", f"HOST_LEASE={LEASE}", "-s", "LOG_LEVEL=INFO")
    command = scrapy_crawl(folder, *lists, *shared, *more, "-o", f"{folder}/out.jsonl")
    return command_line.start(command, site.environment)


def start_waiting(
    folder: Path, address: str, other: Leases, host: str, made_up: MadeUpSite, site: Site
) -> Process:
    """A crawl that wants a host which another one has."""
    other.take(host, 600)
    crawl = start(folder, address, made_up, site)
    wait_until_it_wants(other, host)
    return crawl


def wait_until_it_wants(other: Leases, host: str) -> None:
    wait_until(lambda: other.renew(host, 600, 0))


def test_a_crawl_waits_for_its_host_and_then_reads_it(
    tmp_path: Path, address: str, other: Leases, host: str, made_up: MadeUpSite, site: Site
) -> None:
    crawl = start_waiting(tmp_path, address, other, host, made_up, site)
    assert site.requests == []
    other.release(host, ago=0, pause=0)
    assert_it_reads_everything(crawl, tmp_path, made_up)


def assert_it_reads_everything(crawl: Process, folder: Path, made_up: MadeUpSite) -> None:
    _, errors = crawl.communicate()
    assert crawl.returncode == 0, errors
    assert " 0 again, " in errors
    count = len(made_up.ids_in(["zjxc"], datetime.now(UTC) - timedelta(days=3)))
    assert len((folder / "out.jsonl").read_text("utf-8").splitlines()) == count


def test_a_crawl_that_waits_for_a_host_can_be_ended(
    tmp_path: Path, address: str, other: Leases, host: str, made_up: MadeUpSite, site: Site
) -> None:
    crawl = start_waiting(tmp_path, address, other, host, made_up, site)
    crawl.send_signal(signal.SIGTERM)
    _, errors = crawl.communicate(timeout=60)
    assert crawl.returncode == 4, errors
    assert site.requests == []
    assert "Traceback" not in errors


def test_a_host_that_another_crawl_has_given_up_is_left_alone(
    tmp_path: Path, address: str, other: Leases, host: str, made_up: MadeUpSite, site: Site
) -> None:
    other.take(host, 600)
    other.leave_alone(host, 600, "five addresses in a row failed")
    other.release(host, ago=0, pause=0)
    _, errors = (crawl := start(tmp_path, address, made_up, site)).communicate()
    assert crawl.returncode == 8, errors
    assert site.requests == []
    assert f"{host} is left alone for the rest of this run: five addresses" in errors
    assert "Traceback" not in errors


def test_a_pause_that_another_crawl_was_asked_for_is_kept(
    tmp_path: Path, address: str, other: Leases, host: str, made_up: MadeUpSite, site: Site
) -> None:
    other.take(host, 600)
    other.leave_alone(host, 3)
    until = other.db.clock() + 3
    other.release(host, ago=0, pause=0)
    crawl = start(tmp_path, address, made_up, site)
    wait_until(lambda: site.requests)
    assert other.db.clock() >= until
    crawl.kill()
    crawl.communicate()


def test_two_crawls_take_turns_at_a_host(
    tmp_path: Path, address: str, other: Leases, host: str, made_up: MadeUpSite, site: Site
) -> None:
    """The one that has it leaves it to the other, though it has more to ask."""
    lists = ("channel", "-a", lists_of(made_up, "zjxc"), *FAST, "-s", "DOWNLOAD_DELAY=0.3")
    shared = ("-s", f"STATE_DB={address}", "-s", f"HOST_LEASE={LEASE}")
    command = scrapy_crawl(tmp_path, *lists, *shared, "-o", f"{tmp_path}/out.jsonl")
    crawl = command_line.start(command, site.environment)
    wait_until(lambda: site.requests)
    wait_until(lambda: other.take(host, 600))
    before = len(site.requests)
    assert crawl.poll() is None
    wait_until_it_wants(other, host)
    assert len(site.requests) <= before + 1  # one may have been on its way
    other.release(host, ago=0, pause=0)
    wait_until(lambda: len(site.requests) > before + 1)
    crawl.kill()
    crawl.communicate()


# --- stopped ------------------------------------------------------------------------------------------


def stopping(skip: int) -> list[str]:
    """Arguments of a crawl that stops itself when it has made so many requests, and its next one
    has been given to a connection, but not a byte of it has left."""
    settings = {
        "EXTENSIONS": json.dumps({"tests.faults.Fault": 900}),
        "FAULT_KIND": "stop",
        "FAULT_POINT": SENDING,
        "FAULT_SKIP": str(skip),
    }
    return [part for name, value in settings.items() for part in ("-s", f"{name}={value}")]


def is_stopped(crawl: Process) -> bool:
    return Path(f"/proc/{crawl.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("skip", [0, 1], ids=["new connection", "kept connection"])
def test_a_request_that_is_about_to_leave_waits_where_its_host_is_anothers_by_then(
    tmp_path: Path,
    address: str,
    other: Leases,
    host: str,
    made_up: MadeUpSite,
    site: Site,
    scheme: str,
    skip: int,
) -> None:
    crawl = start(tmp_path, address, made_up, site, *stopping(skip), scheme=scheme)
    wait_until(lambda: is_stopped(crawl))
    wait_until(lambda: other.take(host, 600))
    asked = site.requests
    assert len(asked) == skip
    crawl.send_signal(signal.SIGCONT)
    wait_until_it_wants(other, host)
    assert site.requests == asked
    other.release(host, ago=0, pause=0)
    assert_it_reads_everything(crawl, tmp_path, made_up)
    assert max(Counter(filter(is_article, site.requests)).values()) == 1


def test_a_request_that_leaves_late_is_followed_by_a_whole_pause(
    tmp_path: Path, address: str, made_up: MadeUpSite, site: Site
) -> None:
    pause = ("-s", "DOWNLOAD_DELAY=0.5", "-s", "HOST_LEASE=60")
    crawl = start(tmp_path, address, made_up, site, *stopping(4), *pause)
    wait_until(lambda: is_stopped(crawl))
    time.sleep(1)  # two pauses, in which it still has its lease
    crawl.send_signal(signal.SIGCONT)
    wait_until(lambda: len(site.asked) > 6)
    gaps = [late.at - early.at for early, late in pairwise(site.asked[:7])]
    assert min(gaps) > 0.1, gaps  # a machine where much goes on at once is late, too
    crawl.kill()
    crawl.communicate()


# --- one lease ----------------------------------------------------------------------------------------

HOST = "zjnews.zjol.com.cn"


@pytest.fixture
def ours(address: str) -> Iterator[leases.Leases]:
    """The leases of a crawl that has begun, and done nothing yet."""
    crawler = Crawler(ChannelSpider, {"STATE_DB": address, "HOST_LEASE": 0.5})
    engine: Any = SimpleNamespace(downloader=SimpleNamespace(slots={}))
    crawler.engine = engine
    with closing(state.state_of(crawler)):
        yield leases.Leases(crawler)


def test_a_lease_that_is_lost_is_taken_anew_when_its_requests_are_over(
    ours: leases.Leases, other: Leases
) -> None:
    """One of them may not have left yet, and must not do so by the new lease."""
    held = ours.take(HOST)
    assert held
    held.under_way += 1
    wait_until(lambda: other.take(HOST, 600))
    ours.look_after_all()
    other.release(HOST, ago=0, pause=0)
    assert ours.ours(HOST) is None
    assert not ours.may_send(HOST)
    held.under_way -= 1
    assert ours.ours(HOST)
    assert ours.may_send(HOST)


@pytest.mark.skipif(not hasattr(time, "CLOCK_BOOTTIME"), reason="has no clock that stops in sleep")
def test_a_machine_that_has_slept_has_no_lease_any_more(
    ours: leases.Leases, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ours.take(HOST)
    assert ours.may_send(HOST)
    now = time.clock_gettime
    slept = {time.CLOCK_BOOTTIME: 3600}
    monkeypatch.setattr(time, "clock_gettime", lambda clock: now(clock) + slept.get(clock, 0))
    assert not ours.may_send(HOST)
