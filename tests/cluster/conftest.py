"""A cluster for tests: a database, the made-up site behind a gate, and workers that are started and
killed."""

import json
import signal
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests import command_line
from tests.command_line import MOST_SECONDS, SCRAPY, Process, wait_until
from tests.made_up_site import MadeUpSite
from tests.postgres_server import PostgresServer
from tests.site_server import Answer, Asked, Site, serve
from tests.spiders.test_channel_spider import is_article
from zjnews.cluster import database

_DAYS = 90
SINCE = f"since={_DAYS}d"
_SETTINGS = ("AUTOTHROTTLE_ENABLED=False", "DOWNLOAD_DELAY=0", "RETRY_PAUSE=0.1", "HOST_LEASE=1")
"""Of the crawls of each worker."""
CRAWLS_UNDER_WAY = (
    "SELECT pid FROM zjnews.crawls WHERE EXISTS (SELECT 1 FROM pg_locks"
    " WHERE locktype = 'advisory' AND objid = key)"
)
"""Their processes."""
_SILENT = (
    "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 minute'"
    " WHERE id IN (SELECT worker FROM machines WHERE pid = %s)"
)


@dataclass
class Gate:
    """Lets some articles of the site through, and the others when it is opened."""

    made_up: MadeUpSite
    free: int = 10_000
    asked: int = 0
    opened: threading.Event = field(default_factory=threading.Event)

    def close_after(self, free: int) -> None:
        self.asked, self.free = 0, free
        self.opened.clear()

    def answer(self, asked: Asked) -> Answer:
        if is_article(asked.url):
            self.asked += 1
            if self.asked > self.free:
                self.opened.wait(MOST_SECONDS)
        return self.made_up.answer(asked)

    def wait_for_a_crawl(self) -> None:
        """Until one has got what the gate lets through, and is kept waiting."""
        wait_until(lambda: self.asked > self.free)


@dataclass
class Cluster:
    """Its workers end with the test."""

    address: str
    folder: Path
    made_up: MadeUpSite
    site: Site
    gate: Gate
    started: list[Process] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)

    def around(self) -> dict[str, str]:
        given = {"ZJNEWS_STATE_DB": self.address, "SCRAPY_SETTINGS_MODULE": "zjnews.settings"}
        return {**self.site.environment, "no_proxy": "127.0.0.1", **given, **self.environment}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`scrapy cluster ARGUMENTS`, to its end."""
        return command_line.run([*SCRAPY, "cluster", *arguments], self.around(), folder=self.folder)

    def add(self, *channels: str, more: tuple[str, ...] = ("-a", SINCE)) -> None:
        done = self.run("add", "channel", "-a", f"channels={','.join(channels)}", *more)
        assert done.returncode == 0, done.stderr

    def worker(self, *options: str) -> Process:
        settings = [part for setting in _SETTINGS for part in ("-s", setting)]
        process = command_line.start(
            [*SCRAPY, "cluster", "work", *settings, *options], self.around(), folder=self.folder
        )
        self.started.append(process)
        return process

    def worker_in_a_crawl(self, free: int, *options: str) -> Process:
        """A worker whose crawl has got so many articles, and is kept waiting for more."""
        self.gate.close_after(free)
        worker = self.worker(*options)
        self.gate.wait_for_a_crawl()
        return worker

    def drain(self, *options: str) -> str:
        """A worker until no job is due; what it has said."""
        process = self.worker("--drain", *options)
        _, errors = process.communicate()
        assert process.returncode == 0, errors
        return errors

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(
            self.address, autocommit=True, options="-c search_path=zjnews_jobs"
        ) as db:
            cursor = db.execute(statement.encode(), values or None)
            return cursor.fetchall() if cursor.description else []

    def job(self, number: int = 1) -> str:
        """Its status in the queue."""
        [[status]] = self.rows("SELECT status FROM procrastinate_jobs WHERE id = %s", number)
        return str(status)

    def outcomes(self, number: int = 1) -> list[str | None]:
        """Of its tries."""
        found = self.rows("SELECT outcome FROM tries WHERE job = %s ORDER BY number", number)
        return [outcome for [outcome] in found]

    def crawl_pid(self) -> int:
        """Of the crawl that is under way."""
        [[pid]] = self.rows(CRAWLS_UNDER_WAY)
        return int(pid)

    def forget_worker(self, worker: Process) -> None:
        """As if it had given no sign of life for a minute."""
        self.rows(_SILENT, worker.pid)

    def forget_workers(self) -> None:
        for worker in self.started:
            self.forget_worker(worker)

    def make_due(self) -> None:
        self.rows("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE status = 'todo'")

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.run("status", "--json").stdout)
        return found

    def ids(self) -> list[str]:
        """What was delivered."""
        lines = [
            line
            for feed in sorted((self.folder / "feeds").rglob("*.jsonl"))
            for line in feed.read_text("utf-8").splitlines()
        ]
        return sorted(json.loads(line)["id"] for line in lines)

    def expected(self, *channels: str) -> list[str]:
        since = datetime.now(UTC) - timedelta(days=_DAYS)
        return sorted(self.made_up.ids_in(channels, since))


@pytest.fixture
def address(postgres: PostgresServer) -> str:
    """Of a database with tables for jobs."""
    new = postgres.new()
    database.init(new)
    return new


@pytest.fixture
def cluster(tmp_path: Path, address: str) -> Iterator[Cluster]:
    made_up = MadeUpSite(datetime.now(UTC), trouble=False)
    gate = Gate(made_up)
    gate.opened.set()
    with serve(gate.answer) as site:
        running = Cluster(address, tmp_path, made_up, site, gate)
        yield running
        gate.opened.set()
        for process in running.started:
            process.send_signal(signal.SIGCONT)
            process.kill()
            process.communicate()
