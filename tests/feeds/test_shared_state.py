"""Several crawls at a time on one state: every article once, whoever dies; and each host is asked as
if there were one crawl."""

import json
import os
import random
import re
import signal
import time
from collections import Counter, defaultdict
from collections.abc import Collection
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from tests import command_line
from tests.command_line import Process, scrapy_crawl, wait_until
from tests.faults import CLAIMING, POINTS
from tests.made_up_site import MadeUpSite
from tests.postgres_server import PASSWORD, PostgresServer
from tests.site_server import Site
from tests.spiders.test_channel_spider import CHANNELS, FAST, is_article, lists_of
from zjnews.state import State
from zjnews.state.outbox import Batch

DAYS = 6
PAUSE = 0.5
"""Seconds between two requests to a host."""
SLACK = 0.4
"""By how much two of them may come closer, on a machine where much goes on at once."""
LEASE = 1.0
"""HOST_LEASE, in seconds."""


def expected(made_up: MadeUpSite) -> set[str]:
    return made_up.ids_in(CHANNELS, datetime.now(UTC) - timedelta(days=DAYS))


def command_of(
    folder: Path,
    address: str,
    made_up: MadeUpSite,
    channels: Collection[str] = CHANNELS,
    refresh: int = 0,
) -> list[str]:
    """A crawl of channels, into batches of its own."""
    settings = {
        "STATE_DB": address,
        "DOWNLOAD_DELAY": str(PAUSE),
        "HOST_LEASE": str(LEASE),
        "FEED_EXPORT_BATCH_ITEM_COUNT": "15",
        "REFRESH_HOURS": str(refresh),
    }
    given = [part for name, value in settings.items() for part in ("-s", f"{name}={value}")]
    feed = ("-o", f"{folder}/place/%(batch_time)s-%(batch_id)d.jsonl")
    lists = ("channel", "-a", lists_of(made_up, *channels), "-a", f"since={DAYS}d")
    return scrapy_crawl(folder, *lists, *FAST, *given, *feed)


def records(folder: Path) -> list[dict[str, Any]]:
    return [
        json.loads(line)
        for file in (folder / "place").glob("*.jsonl")
        for line in file.read_text("utf-8").splitlines()
    ]


def delivered(folder: Path) -> list[str]:
    return [record["id"] for record in records(folder)]


def run_at_once(site: Site, *commands: list[str]) -> None:
    crawls = [command_line.start(command, site.environment) for command in commands]
    errors = [crawl.communicate()[1] for crawl in crawls]
    assert [crawl.returncode for crawl in crawls] == [0] * len(crawls), errors


def assert_pauses_were_kept(site: Site) -> None:
    times = defaultdict(list)
    for asked in site.asked:
        times[urlsplit(asked.url).hostname].append(asked.at)
    gaps = [late - early for of_host in times.values() for early, late in pairwise(of_host)]
    assert min(gaps) > PAUSE - SLACK


def test_two_crawls_of_the_same_channels_give_every_article_once(
    tmp_path: Path, address: str, made_up: MadeUpSite, site: Site
) -> None:
    run_at_once(site, *[command_of(tmp_path, address, made_up)] * 2)
    assert Counter(delivered(tmp_path)) == Counter(expected(made_up))
    asked = Counter(url for url in site.requests if is_article(url))
    assert max(asked.values()) == 1
    assert_pauses_were_kept(site)


def test_copies_shared_articles_and_corrections_are_right_on_two_crawls(
    tmp_path: Path, address: str, made_up: MadeUpSite, site: Site
) -> None:
    halves = [command_of(tmp_path, address, made_up, CHANNELS[part::2]) for part in (0, 1)]
    run_at_once(site, *halves)
    assert Counter(delivered(tmp_path)) == Counter(expected(made_up))
    first_of = {record["id"]: record["duplicate_of"] for record in records(tmp_path)}
    pairs = [(id_, copy) for id_ in first_of if (copy := made_up.article(id_).copy_of) in first_of]
    assert pairs
    for pair in pairs:
        # Whichever came first is no copy, and the other one names it.
        assert [first_of[id_] for id_ in pair] in ([pair[1], None], [None, pair[0]])
    assert sum(map(bool, first_of.values())) == len(pairs)

    corrected = sorted(first_of)[::7]
    for id_ in corrected:
        made_up.correct(made_up.article(id_), datetime.now(UTC))
    everything = command_of(tmp_path, address, made_up, refresh=24 * 400)
    run_at_once(site, everything, everything)
    revisions = Counter((record["id"], record["revision"]) for record in records(tmp_path))
    wanted = [*((id_, 1) for id_ in first_of), *((id_, 2) for id_ in corrected)]
    assert revisions == Counter(wanted)


def walks(address: str) -> set[str]:
    with psycopg.connect(address, options="-c search_path=zjnews") as db:
        return {name for [name] in db.execute("SELECT name FROM walks")}


def test_a_list_is_not_covered_where_another_crawl_has_an_article_of_it(
    tmp_path: Path, address: str, made_up: MadeUpSite, site: Site
) -> None:
    command = command_of(tmp_path, address, made_up, ["zjxc"])
    theirs = sorted(made_up.ids_in(["zjxc"], datetime.now(UTC) - timedelta(days=DAYS)))[0]
    with closing(State(address)) as other:
        assert other.run.claim_to_ask(theirs)
        done = command_line.run(command, site.environment)
        assert "skipped        1  claimed" in done.stderr
        assert done.returncode == 0
    assert theirs not in delivered(tmp_path)
    assert walks(address) == set()
    assert command_line.run(command, site.environment).returncode == 0
    assert delivered(tmp_path).count(theirs) == 1
    assert len(walks(address)) == 1


def test_a_file_is_one_crawls(
    tmp_path: Path, address: str, made_up: MadeUpSite, site: Site
) -> None:
    out = tmp_path / "out.jsonl"
    command = [*command_of(tmp_path, address, made_up, ["zjxc"])[:-2], "-O", str(out)]
    command += ["-s", "FEED_EXPORT_BATCH_ITEM_COUNT=0"]
    batch = Batch(str(out), {})
    with closing(State(address)) as other:
        assert other.outbox.lock(batch)
        done = command_line.run(command, site.environment)
    assert done.returncode == 3
    assert f"another crawl writes {out}" in done.stderr
    assert not out.exists()
    assert command_line.run(command, site.environment).returncode == 0
    assert len(out.read_text("utf-8").splitlines()) == len(
        made_up.ids_in(["zjxc"], datetime.now(UTC) - timedelta(days=DAYS))
    )


def test_the_password_of_the_server_is_not_shown(
    tmp_path: Path, address: str, made_up: MadeUpSite, site: Site
) -> None:
    command = [*command_of(tmp_path, address, made_up, ["zjxc"]), "-s", "LOG_LEVEL=DEBUG"]
    places = [place for place, part in enumerate(command) if part.startswith("STATE_DB=")]
    arguments = [p for place, p in enumerate(command) if not {place, place + 1} & {*places}]
    # In a process of its own, since a fork has read the settings already.
    environment = {**site.environment, "ZJNEWS_STATE_DB": address, "PYTHONHASHSEED": "0"}
    done = command_line.run(arguments, environment)
    assert done.returncode == 0, done.stderr
    for text in (done.stdout, done.stderr):
        assert PASSWORD not in text
        assert "not%2Ffor" not in text
    with closing(State(address)) as state:
        assert state.known.article(delivered(tmp_path)[0])


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("postgresql://nobody:not%2Ffor@127.0.0.1:1/news", "refused"),
        ("postgresql://nobody:not/for@127.0.0.1:1/news", "is written %2F"),
        ("postgresql://nobody:not@for@127.0.0.1:1/news", "is written %2F"),
        ("postgresql://nobody:not-for%zz@127.0.0.1:1/news", "is written %25"),
        ("postgresql://nobody:not-for/news", "cannot be used"),
        ("postgresql://nobody:not-for@[::1/news", "cannot be used"),
        ("postgresql://127.0.0.1:1/news?user=nobody&password=not-for", "refused"),
        ("postgresql://", "cannot be used"),
        ("postgresql://127.0.0.1:x/news", "cannot be used"),
    ],
)
def test_a_server_that_is_not_there_is_one_line(tmp_path: Path, address: str, words: str) -> None:
    feed = ("-o", f"{tmp_path}/out.jsonl")
    command = scrapy_crawl(tmp_path, "channel", "-a", "channels=zjxc", *feed)
    done = command_line.run([*command, "-s", f"STATE_DB={address}"])
    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    assert words in line
    assert not re.search("not.?.?.?for|for@", line), line


# --- killed -------------------------------------------------------------------------------------------

AT = (CLAIMING, *POINTS)
"""Points at which a crawl kills itself."""


class Crew:
    """Three crawls at a time. One that has ended is followed by another."""

    def __init__(self, command: list[str], site: Site) -> None:
        self.command = command
        self.site = site
        self.rng = random.Random(7)  # noqa: S311  it protects nothing
        self.crawls: list[Process] = []
        self.killed = 0
        self.errors: list[str] = []

    def fill_up(self) -> None:
        for crawl in [crawl for crawl in self.crawls if crawl.poll() is not None]:
            self.crawls.remove(crawl)
            self.killed += crawl.returncode == -signal.SIGKILL
            self.errors.append(crawl.communicate()[1])
        while len(self.crawls) < 3:
            self.crawls.append(command_line.start(self.one(), self.site.environment))

    def one(self) -> list[str]:
        """A crawl that kills itself at some point, or is left to be killed."""
        if self.rng.random() < 0.4:
            return self.command
        fault = {"FAULT_KIND": "kill", "FAULT_POINT": self.rng.choice(AT)}
        skips = self.rng.randrange(20 if fault["FAULT_POINT"] in AT[:2] else 3)
        extension = json.dumps({"tests.faults.Fault": 900})
        settings = {**fault, "FAULT_SKIP": str(skips), "EXTENSIONS": extension}
        return [*self.command, *(p for k, v in settings.items() for p in ("-s", f"{k}={v}"))]

    def strike(self) -> None:
        """Kill one, or all of them at once."""
        time.sleep(self.rng.random() * 2)
        struck = self.crawls if self.rng.random() < 0.2 else [self.rng.choice(self.crawls)]
        for crawl in struck:
            crawl.kill()
        for crawl in struck:
            crawl.communicate()

    def end(self) -> None:
        for crawl in self.crawls:
            crawl.kill()
            crawl.communicate()


def test_kills_of_three_crawls_leave_every_article_once(
    tmp_path: Path, address: str, made_up: MadeUpSite, site: Site
) -> None:
    kills = int(os.environ.get("ZJNEWS_KILLS", "8"))
    crew = Crew(command_of(tmp_path, address, made_up), site)
    while crew.killed < kills:
        crew.fill_up()
        crew.strike()
    crew.end()
    done = run_to_the_end(command_of(tmp_path, address, made_up), site)
    assert done == 0, crew.errors
    assert Counter(delivered(tmp_path)) == Counter(expected(made_up))
    assert_nothing_waits(address)
    assert_pauses_were_kept(site)
    asked = Counter(url for url in site.requests if is_article(url))
    again = sum(asked.values()) - len(asked)
    print(f"{crew.killed} killed, {len(asked)} articles, {again} fetched again")
    assert again <= 4 * kills


def run_to_the_end(command: list[str], site: Site) -> int:
    """The status of a crawl that nothing disturbs."""
    return command_line.run(command, site.environment).returncode


def assert_nothing_waits(address: str) -> None:
    with psycopg.connect(address, options="-c search_path=zjnews") as db:
        for table in (b"TABLE records", b"TABLE batches", b"TABLE crawls", b"TABLE claims"):
            assert db.execute(table).fetchall() == []


def test_a_crawl_that_is_stopped_for_long_keeps_no_host_and_hurries_nobody(
    tmp_path: Path, address: str, made_up: MadeUpSite, site: Site
) -> None:
    command = command_of(tmp_path, address, made_up)
    stopped = command_line.start(command, site.environment)
    wait_until(lambda: len(site.requests) > 10)
    stopped.send_signal(signal.SIGSTOP)
    other = command_line.start(command, site.environment)
    before = len(site.requests)
    wait_until(lambda: len(site.requests) > before + 20)
    stopped.send_signal(signal.SIGCONT)
    errors = [crawl.communicate()[1] for crawl in (stopped, other)]
    assert [stopped.returncode, other.returncode] == [0, 0], errors
    assert Counter(delivered(tmp_path)) == Counter(expected(made_up))
    assert_pauses_were_kept(site)


def test_a_server_that_is_restarted_in_the_middle_costs_no_article(
    tmp_path: Path, made_up: MadeUpSite, site: Site
) -> None:
    server = PostgresServer()
    server.start()
    try:
        command = command_of(tmp_path, server.new(), made_up)
        crawls = [command_line.start(command, site.environment) for _ in range(2)]
        wait_until(lambda: len(site.requests) > 30)
        server.stop(signal.SIGQUIT)
        ended = [crawl.communicate()[1] for crawl in crawls]
        assert [crawl.returncode for crawl in crawls] == [3, 3], ended
        for errors in ended:
            assert "Traceback" not in errors
            assert errors.count("cannot be used") == 1
        server.start()
        assert run_to_the_end(command, site) == 0
        assert Counter(delivered(tmp_path)) == Counter(expected(made_up))
    finally:
        server.remove()
