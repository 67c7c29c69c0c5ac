"""Hosts that another crawl has: what a crawl does that must wait for one."""

import signal
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests import command_line
from tests.command_line import Process, scrapy_crawl, wait_until
from tests.made_up_site import MadeUpSite
from tests.site_server import Site
from tests.spiders.test_channel_spider import FAST, lists_of
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


def start(folder: Path, address: str, made_up: MadeUpSite, site: Site) -> Process:
    lists = ("channel", "-a", lists_of(made_up, "zjxc"), "-a", "since=3d", *FAST)
    shared = ("-s", f"STATE_DB={address}", "-s", f"HOST_LEASE={LEASE}", "-s", "LOG_LEVEL=INFO")
    command = scrapy_crawl(folder, *lists, *shared, "-o", f"{folder}/out.jsonl")
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
    _, errors = crawl.communicate()
    assert crawl.returncode == 0, errors
    count = len(made_up.ids_in(["zjxc"], datetime.now(UTC) - timedelta(days=3)))
    assert len((tmp_path / "out.jsonl").read_text("utf-8").splitlines()) == count


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
