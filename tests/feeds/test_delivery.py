"""What lies at the destination of a feed: whole, everything, once; and what the exit status says."""

import csv
import gzip
import json
import os
import random
import resource
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import feedparser
import pyarrow.parquet
import pytest

from tests import command_line
from tests.command_line import MOST_SECONDS, ROOT, Process, scrapy_crawl, wait_until
from tests.faults import DROPPING, POINTS, WRITING
from tests.made_up_site import MadeUpSite
from tests.site_server import Answer, Asked, Site, serve
from tests.spiders.test_channel_spider import CHANNELS, FAST, is_article, lists_of
from zjnews import settings as project
from zjnews.text.dates import BEIJING

DAYS = 20
SINCE = f"since={DAYS}d"


def expected(made_up: MadeUpSite) -> set[str]:
    return made_up.ids_in(CHANNELS, datetime.now(UTC) - timedelta(days=DAYS))


def arguments_of(made_up: MadeUpSite, *more: str) -> tuple[str, ...]:
    return ("channel", "-a", lists_of(made_up, *CHANNELS), "-a", SINCE, *FAST, *more)


def start(folder: Path, site: Site, *arguments: str, **environment: str) -> Process:
    return command_line.start(scrapy_crawl(folder, *arguments), {**site.environment, **environment})


def run(folder: Path, site: Site, *arguments: str, **environment: str) -> tuple[int, str]:
    """Status and standard error of a crawl."""
    crawl = start(folder, site, *arguments, **environment)
    _, errors = crawl.communicate(timeout=MOST_SECONDS)
    return crawl.returncode, errors


def kill_later(crawl: Process, seconds: float) -> bool:
    """Kill a crawl after some time; whether it was still running."""
    time.sleep(seconds)
    is_running = crawl.poll() is None
    crawl.send_signal(signal.SIGKILL)
    crawl.communicate()
    return is_running


def wait_for_requests(crawl: Process, site: Site, count: int) -> None:
    """Wait until a crawl that has just begun has asked for so much, or has ended."""
    before = len(site.requests)
    while len(site.requests) < before + count and crawl.poll() is None:
        time.sleep(0.005)


def kill_at(crawl: Process, site: Site, requests: int, seconds: float = 0) -> bool:
    """Kill a crawl some time after it has asked for so much; whether it was still running."""
    wait_for_requests(crawl, site, requests)
    return kill_later(crawl, seconds)


def kill_anywhere(crawl: Process, site: Site, rng: random.Random) -> bool:
    """Kill a crawl at some request, or before it asks for anything at all; whether it was still
    running."""
    requests = rng.choice((0, rng.randrange(1, 70)))
    return kill_at(crawl, site, requests, rng.random() * (0.05 if requests else 1.0))


def ids_in(files: list[Path]) -> list[str]:
    """The ids in feeds, each of whose lines must be a whole record."""
    texts = [
        gzip.decompress(f.read_bytes()) if f.suffix == ".gz" else f.read_bytes() for f in files
    ]
    assert all(text.endswith(b"\n") for text in texts if text)
    return [json.loads(line)["id"] for text in texts for line in text.splitlines()]


def waiting(folder: Path) -> list[str]:
    """Ids of the articles whose records wait in the outbox, once for each batch."""
    with closing(sqlite3.connect(folder / "state.db")) as db:
        return [row[0] for row in db.execute("SELECT article FROM records ORDER BY key")]


# --- where records go ---------------------------------------------------------------------------------


def test_without_a_feed_records_go_to_batches_by_spider_and_day(
    tmp_path: Path, made_up: MadeUpSite, site: Site
) -> None:
    feed = {f"{tmp_path}/feeds/%(name)s/%(date)s/%(batch_time)s-%(batch_id)d.jsonl": {}}
    default = {"format": "jsonlines", "batch_item_count": 50, "store_empty": False}
    feeds = json.dumps(dict.fromkeys(feed, default))
    status, errors = run(tmp_path, site, *arguments_of(made_up, "-s", f"DEFAULT_FEEDS={feeds}"))
    files = sorted((tmp_path / "feeds").rglob("*.jsonl"))
    assert status == 0
    assert {file.parent.parent.name for file in files} == {"channel"}
    assert len(files) == -(-len(expected(made_up)) // 50)
    assert Counter(ids_in(files)) == Counter(expected(made_up))
    assert waiting(tmp_path) == []
    assert errors.strip().splitlines()[-1] == "scrapy crawl: exit status 0, all well"


def test_a_batch_is_closed_by_age_while_the_crawl_goes_on(
    tmp_path: Path, made_up: MadeUpSite
) -> None:
    def answer(asked: Asked) -> Answer:
        # The last list page is held back until the first batch lies at its destination.
        if "bwgd/index_3" in asked.url:
            wait_until(lambda: list(tmp_path.glob("*.jsonl")))
        return made_up.answer(asked)

    with serve(answer) as site:
        feed = ("-o", f"{tmp_path}/%(batch_id)d.jsonl", "-s", "FEED_EXPORT_BATCH_ITEM_COUNT=99999")
        seconds = ("-s", "FEED_BATCH_SECONDS=1", "-s", f"DOWNLOAD_TIMEOUT={MOST_SECONDS}")
        arguments = ("channel", "-a", lists_of(made_up, "bwgd"), *FAST, *feed, *seconds)
        status, _ = run(tmp_path, site, *arguments)
    files = sorted(tmp_path.glob("*.jsonl"))
    assert status == 0
    assert len(files) >= 2
    assert Counter(ids_in(files)) == Counter(made_up.ids_in(["bwgd"]))


def test_appending_keeps_what_was_there(tmp_path: Path, made_up: MadeUpSite, site: Site) -> None:
    out = tmp_path / "out.jsonl"
    out.write_text('{"id": "before"}\n')
    status, _ = run(tmp_path, site, *arguments_of(made_up, "-o", str(out)))
    assert status == 0
    assert Counter(ids_in([out])) == Counter({"before", *expected(made_up)})


def test_gzip_by_post_processing(tmp_path: Path, made_up: MadeUpSite, site: Site) -> None:
    out = tmp_path / "out.jsonl.gz"
    plugin = "scrapy.extensions.postprocessing.GzipPlugin"
    feeds = json.dumps({str(out): {"format": "jsonlines", "postprocessing": [plugin]}})
    status, _ = run(tmp_path, site, *arguments_of(made_up, "-s", f"FEEDS={feeds}"))
    assert status == 0
    assert Counter(ids_in([out])) == Counter(expected(made_up))


def test_standard_output_gives_records_at_once(
    tmp_path: Path, made_up: MadeUpSite, site: Site
) -> None:
    command = scrapy_crawl(tmp_path, *arguments_of(made_up, "-O", "-:jsonl"))
    done = command_line.run(command, site.environment)
    assert done.returncode == 0
    ids = [json.loads(line)["id"] for line in done.stdout.splitlines()]
    assert Counter(ids) == Counter(expected(made_up))


def test_nothing_half_stands_under_the_final_name(tmp_path: Path, made_up: MadeUpSite) -> None:
    out = tmp_path / "out.jsonl"
    seen: list[bool] = []

    def answer(asked: Asked) -> Answer:
        seen.append(out.exists())
        return made_up.answer(asked)

    with serve(answer) as site:
        run(tmp_path, site, *arguments_of(made_up, "-O", str(out)))
    assert out.exists()
    assert not any(seen)


# --- killed -------------------------------------------------------------------------------------------

DESTINATIONS = {
    "batches": ("-o", "%(batch_time)s-%(batch_id)d.jsonl", "-s", "FEED_EXPORT_BATCH_ITEM_COUNT=15"),
    "one file": ("-O", "out.jsonl"),
    "appended": ("-o", "out.jsonl"),
}


@pytest.mark.parametrize("name", DESTINATIONS)
def test_kills_leave_every_article_once(
    tmp_path: Path, made_up: MadeUpSite, site: Site, name: str
) -> None:
    kills = 20 if name == "batches" else 6
    option, feed, *settings = DESTINATIONS[name]
    slowly = ("-s", "DOWNLOAD_DELAY=0.02")
    arguments = arguments_of(made_up, option, f"{tmp_path}/{feed}", *settings, *slowly)
    rng = random.Random(name)  # noqa: S311  it protects nothing
    killed = sum(kill_anywhere(start(tmp_path, site, *arguments), site, rng) for _ in range(kills))
    status, errors = run(tmp_path, site, *arguments)
    assert status == 0, errors
    assert killed >= 3
    if name == "one file":  # it holds what is new since the last run that ended
        out = tmp_path / "out.jsonl"
        assert set(ids_in([out])) <= expected(made_up)
        assert max(Counter(ids_in([out])).values(), default=1) == 1
    else:
        assert Counter(ids_in(sorted(tmp_path.glob("*.jsonl")))) == Counter(expected(made_up))
    assert waiting(tmp_path) == []
    assert not list(tmp_path.glob(".*.part"))


def test_one_file_that_is_killed_and_killed_again_holds_everything_in_the_end(
    tmp_path: Path, made_up: MadeUpSite, site: Site
) -> None:
    out = tmp_path / "out.jsonl"
    arguments = arguments_of(made_up, "-O", str(out), "-s", "DOWNLOAD_DELAY=0.02")
    for _ in range(4):
        assert kill_at(start(tmp_path, site, *arguments), site, 30)
    status, errors = run(tmp_path, site, *arguments)
    assert status == 0, errors
    assert Counter(ids_in([out])) == Counter(expected(made_up))


def test_two_files_that_are_killed_hold_everything_in_the_end(
    tmp_path: Path, made_up: MadeUpSite, site: Site
) -> None:
    feeds = ("-O", f"{tmp_path}/a.jsonl", "-O", f"{tmp_path}/b.jl")
    arguments = arguments_of(made_up, *feeds, "-s", "DOWNLOAD_DELAY=0.02")
    assert kill_at(start(tmp_path, site, *arguments), site, 60)
    status, errors = run(tmp_path, site, *arguments)
    assert status == 0, errors
    for name in ("a.jsonl", "b.jl"):
        assert Counter(ids_in([tmp_path / name])) == Counter(expected(made_up))


# --- faults at chosen points ---------------------------------------------------------------------------

FEEDS_OF_A_LIFE = {
    "batches": ("-o", "%(batch_time)s-%(batch_id)d.jsonl", "-s", "FEED_EXPORT_BATCH_ITEM_COUNT=25"),
    "one file": ("-O", "out.jsonl"),
    "appended": ("-o", "out.jsonl"),
    "csv": ("-o", "out.csv"),
    "parquet": ("-O", "out.parquet"),
    "rss": ("-O", "out.rss", "-s", "RSS_ITEMS=0"),
}


def fault_of(point: str, kind: str, skip: int = 0) -> tuple[str, ...]:
    """A fault of the crawl, see tests/faults.py."""
    extension = json.dumps({"tests.faults.Fault": 900})
    settings = {
        "EXTENSIONS": extension,
        "FAULT_POINT": point,
        "FAULT_KIND": kind,
        "FAULT_SKIP": str(skip),
    }
    return tuple(part for name, value in settings.items() for part in ("-s", f"{name}={value}"))


def delivered(folder: Path) -> list[str]:
    """Ids in the feeds of a folder, whatever their format."""
    ids: list[str] = []
    for path in sorted(folder.iterdir()):
        if path.suffix == ".jsonl":
            ids += ids_in([path])
        elif path.suffix == ".csv":
            with path.open(encoding="utf-8", newline="") as rows:
                ids += [row["id"] for row in csv.DictReader(rows)]
        elif path.suffix == ".parquet":
            ids += pyarrow.parquet.read_table(path).column("id").to_pylist()
        else:
            ids += [entry.id for entry in feedparser.parse(path.read_bytes()).entries]
    return ids


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("name", FEEDS_OF_A_LIFE)
def test_a_kill_at_any_point_leaves_every_article_once(
    tmp_path: Path, made_up: MadeUpSite, site: Site, name: str, point: str
) -> None:
    option, feed, *settings = FEEDS_OF_A_LIFE[name]
    place = tmp_path / "place"
    place.mkdir()
    arguments = arguments_of(made_up, option, f"{place}/{feed}", *settings)
    skip = 40 if point == POINTS[0] else 0
    status, errors = run(tmp_path, site, *arguments, *fault_of(point, "kill", skip))
    assert status == -signal.SIGKILL, errors
    is_done = point == POINTS[4] and option == "-O"
    found = delivered(place) if is_done else []  # a run that follows has nothing new to put there
    status, errors = run(tmp_path, site, *arguments)
    assert status == 0, errors
    assert Counter(found or delivered(place)) == Counter(expected(made_up))
    assert waiting(tmp_path) == []
    assert [path for path in place.iterdir() if path.name.startswith(".")] == []


def is_told_in_one_line(errors: str) -> bool:
    """Whether trouble in the state ended the crawl with one line, or in a feed told that it waits."""
    lines = errors.splitlines()
    ends = [line for line in lines if "the crawl ends here" in line]
    waits = any("was not stored" in line for line in lines)
    return "Traceback" not in errors and (len(ends) == 1 or (waits and not ends))


TROUBLES = [
    *(("batches", point, "full") for point in (*POINTS, WRITING)),
    *(("appended", point, "full") for point in (WRITING, POINTS[2])),
    *((name, WRITING, "full") for name in ("one file", "csv", "parquet", "rss")),
    *((name, POINTS[2], "full") for name in ("one file", "csv")),
    ("batches", DROPPING, "full"),
    ("batches", POINTS[0], "locked"),
    ("one file", POINTS[2], "locked"),
]
"""Kinds of feed, and where a disk is full or the state is locked by others."""


@pytest.mark.parametrize(("name", "point", "kind"), TROUBLES)
def test_a_full_disk_or_a_locked_state_is_one_line_and_the_next_run_delivers(
    tmp_path: Path, made_up: MadeUpSite, site: Site, name: str, point: str, kind: str
) -> None:
    option, feed, *settings = FEEDS_OF_A_LIFE[name]
    place = tmp_path / "place"
    since = in_the_middle_of_a_day(made_up)  # so that an article of that day is left out
    arguments = arguments_of(
        made_up, option, f"{place}/{feed}", *settings, "-a", f"since={since:%Y-%m-%dT%H:%M}"
    )
    skip = 40 if point == POINTS[0] else 0
    status, errors = run(tmp_path, site, *arguments, *fault_of(point, kind, skip))
    assert status == 3, errors
    assert is_told_in_one_line(errors), errors
    assert [path for path in place.iterdir() if path.name.startswith(".")] == []
    status, errors = run(tmp_path, site, *arguments)
    assert status == 0, errors
    assert Counter(delivered(place)) == Counter(made_up.ids_in(CHANNELS, since))
    assert waiting(tmp_path) == []


def in_the_middle_of_a_day(made_up: MadeUpSite) -> datetime:
    """A minute after an article came, in Beijing."""
    listed = made_up.ids_in(CHANNELS, datetime.now(UTC) - timedelta(days=DAYS))
    moments = [made_up.article(id_).published_at.astimezone(BEIJING) for id_ in listed]
    before_eleven = min(moment for moment in moments if moment.hour < 23)
    return before_eleven.replace(second=0, microsecond=0) + timedelta(minutes=1)


@pytest.mark.parametrize(
    ("option", "room"),
    [("-o", 1), ("-o", 17_100), ("-O", 1)],
    ids=["at the old records", "at the new ones", "when it is closed"],
)
def test_a_disk_that_is_full_leaves_the_file_that_was_there(
    tmp_path: Path, option: str, room: int
) -> None:
    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))

    out = tmp_path / "place" / "out.jsonl"
    out.parent.mkdir()
    old = b'{"id": "before"}\n' * 1000
    out.write_bytes(old)
    command = scrapy_crawl(
        tmp_path, "archive", "-a", "path=tests/saved/trs2016/short-article-in-gbk"
    )
    done = subprocess.run(
        [*command, option, str(out)],
        cwd=ROOT,
        preexec_fn=limit,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    assert "was not stored" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(out.parent.iterdir()) == [out]
    assert out.read_bytes() == old


def test_a_damaged_state_that_is_moved_away_costs_no_article(
    tmp_path: Path, made_up: MadeUpSite, site: Site
) -> None:
    path = tmp_path / "state.db"
    path.write_bytes(b"SQLite format 3\0" + b"\x55" * 8000)
    arguments = arguments_of(made_up, "-O", f"{tmp_path}/out.jsonl")
    status, errors = run(tmp_path, site, *arguments)
    assert status == 2
    [line] = errors.strip().splitlines()
    assert f"move {path} away" in line
    path.unlink()
    assert run(tmp_path, site, *arguments)[0] == 0
    assert Counter(ids_in([tmp_path / "out.jsonl"])) == Counter(expected(made_up))


def test_a_hundred_kills_in_one_life(tmp_path: Path, made_up: MadeUpSite, site: Site) -> None:
    kills = int(os.environ.get("ZJNEWS_KILLS", "12"))
    place = tmp_path / "place"
    feeds = [f"{place}/%(batch_time)s-%(batch_id)d.jsonl", f"{place}/all.csv"]
    options = {
        feeds[0]: {"format": "jsonlines", "batch_item_count": 20},
        feeds[1]: {"format": "csv"},
    }
    slowly = ("-s", "DOWNLOAD_DELAY=0.02")
    arguments = arguments_of(made_up, "-s", f"FEEDS={json.dumps(options)}", *slowly)
    rng = random.Random(7)  # noqa: S311  it protects nothing
    killed = sum(kill_anywhere(start(tmp_path, site, *arguments), site, rng) for _ in range(kills))
    status, errors = run(tmp_path, site, *arguments)
    assert status == 0, errors
    assert killed >= 5
    assert Counter(delivered(place)) == Counter([*expected(made_up), *expected(made_up)])
    assert waiting(tmp_path) == []
    assert [path for path in place.iterdir() if path.name.startswith(".")] == []


# --- outages ------------------------------------------------------------------------------------------


def articles_asked(site: Site) -> Counter[str]:
    return Counter(url for url in site.requests if is_article(url))


@pytest.mark.parametrize("name", FEEDS_OF_A_LIFE)
def test_after_an_outage_of_two_runs_everything_is_delivered_once_and_nothing_fetched_again(
    tmp_path: Path, made_up: MadeUpSite, site: Site, name: str
) -> None:
    option, feed, *settings = FEEDS_OF_A_LIFE[name]
    place = tmp_path / "place"
    place.write_text("a file where a folder should be")
    arguments = arguments_of(made_up, option, f"{place}/{feed}", *settings)
    for _ in range(2):
        status, errors = run(tmp_path, site, *arguments, "-s", "FEED_PROBE=False")
        assert status == 3
        assert "Traceback" not in errors
        assert set(waiting(tmp_path)) == expected(made_up)
    place.unlink()
    young = ("-s", "REFRESH_HOURS=0")  # those are asked for again, to be corrected
    status, errors = run(tmp_path, site, *arguments, *young)
    assert status == 0, errors
    assert Counter(delivered(place)) == Counter(expected(made_up))
    assert waiting(tmp_path) == []
    assert max(articles_asked(site).values()) == 1


def test_a_feed_for_readers_keeps_what_it_has_over_quiet_runs_and_outages(
    tmp_path: Path, made_up: MadeUpSite
) -> None:
    out = tmp_path / "bwgd.rss"
    arguments = ("channel", "-a", lists_of(made_up, "bwgd"), *FAST, "-O", str(out))
    public = ("-s", "RSS_URL=https://feeds.example.org/zj/", "-s", "RSS_ITEMS=7")
    with serve(made_up.answer) as site:
        status, errors = run(tmp_path, site, *arguments, *public)
        assert status == 0, errors
        before = out.read_bytes()
        assert run(tmp_path, site, *arguments, *public, "-s", "REFRESH_HOURS=0")[0] == 0
        assert out.read_bytes() == before
    with serve(lambda _: Answer(b"", 503)) as site:
        status, errors = run(tmp_path, site, *arguments, *public, "-s", "RETRY_TIMES=0")
    assert status == 8
    assert out.read_bytes() == before
    feed = feedparser.parse(before)
    assert len(feed.entries) == 7
    links = {link.rel: link.href for link in feed.feed.links}
    assert links["self"] == "https://feeds.example.org/zj/bwgd.rss"
    assert links["alternate"] == made_up.list_url("bwgd")
    page = ("archive", "-a", "path=tests/saved/trs/byline-and-subheads", "-O", str(out))
    assert run(tmp_path, site, *page, "-s", "RSS_ITEMS=0")[0] == 0
    joined = {entry.id for entry in feedparser.parse(out.read_bytes()).entries}
    assert len(joined) == 8
    assert joined > {entry.id for entry in feed.entries}


@pytest.mark.parametrize("format_", ["jsonlines", "csv"])
def test_a_record_that_its_format_refuses_is_set_aside_and_holds_up_nothing(
    tmp_path: Path, made_up: MadeUpSite, site: Site, format_: str
) -> None:
    feeds = {
        f"{tmp_path}/gbk.{format_}": {"format": format_, "encoding": "gbk"},
        f"{tmp_path}/utf8.jsonl": {"format": "jsonlines"},
    }
    marks = {**project.ITEM_PIPELINES, "tests.pipelines_of_users.NoGbk": 950}
    given = ("-s", f"FEEDS={json.dumps(feeds)}")
    arguments = arguments_of(made_up, *given)
    status, errors = run(tmp_path, site, *arguments, "-s", f"ITEM_PIPELINES={json.dumps(marks)}")
    assert status == 3
    assert "records could not be written to their feed" in errors.splitlines()[-1]
    refused = [line for line in errors.splitlines() if "set aside" in line]
    assert 0 < len(refused) < len(expected(made_up))
    assert all("gbk" in line for line in refused)
    with (tmp_path / f"gbk.{format_}").open(encoding="gbk", newline="") as written:
        count = sum(1 for _ in (csv.DictReader(written) if format_ == "csv" else written))
    assert count + len(refused) == len(expected(made_up))
    assert Counter(ids_in([tmp_path / "utf8.jsonl"])) == Counter(expected(made_up))
    with closing(sqlite3.connect(tmp_path / "state.db")) as db:
        [count] = db.execute("SELECT count(*) FROM set_aside WHERE reason LIKE '%gbk%'").fetchone()
    assert count == len(refused)
    before = articles_asked(site)
    status, errors = run(tmp_path, site, *arguments, "-s", "REFRESH_HOURS=0")
    assert status == 0, errors
    assert articles_asked(site) == before


# --- trouble at the destination -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "damage",
    ["UPDATE batches SET options = '{' WHERE key = 1", "DELETE FROM batches WHERE key = 1"],
    ids=["no JSON", "no row"],
)
def test_a_damaged_batch_costs_itself_and_is_reported_once(
    tmp_path: Path, made_up: MadeUpSite, site: Site, damage: str
) -> None:
    two = ("-o", f"{tmp_path}/one.jsonl", "-o", f"{tmp_path}/two.jsonl")
    status, errors = run(
        tmp_path, site, *arguments_of(made_up, *two), *fault_of(POINTS[0], "kill", 40)
    )
    assert status == -signal.SIGKILL, errors
    with closing(sqlite3.connect(tmp_path / "state.db")) as db:
        left = {record for [record] in db.execute("SELECT record FROM records WHERE batch = 1")}
        db.execute(damage)
        db.commit()
    arguments = arguments_of(made_up, "-o", f"{tmp_path}/later.jsonl")
    status, errors = run(tmp_path, site, *arguments)
    assert status == 3, errors
    assert "Traceback" not in errors
    [line] = [line for line in errors.splitlines() if "set aside" in line]
    assert "the row of its batch is damaged" in line and f"its {len(left)} records" in line
    with closing(sqlite3.connect(tmp_path / "state.db")) as db:
        assert {record for [record] in db.execute("SELECT record FROM set_aside")} == left
    assert not (tmp_path / "one.jsonl").exists()
    found = ids_in([tmp_path / "two.jsonl", tmp_path / "later.jsonl"])
    assert Counter(found) == Counter(expected(made_up))
    assert waiting(tmp_path) == []
    status, errors = run(tmp_path, site, *arguments)
    assert status == 0 and "set aside" not in errors, errors


def test_a_batch_for_a_place_that_is_no_longer_supported_waits(
    tmp_path: Path, made_up: MadeUpSite, site: Site
) -> None:
    feed = ("-o", f"{tmp_path}/one.jsonl")
    run(tmp_path, site, *arguments_of(made_up, *feed), *fault_of(POINTS[0], "kill", 40))
    with closing(sqlite3.connect(tmp_path / "state.db")) as db:
        db.execute("UPDATE batches SET uri = 'other://place/one.jsonl'")
        db.commit()
    status, errors = run(tmp_path, site, *arguments_of(made_up, "-o", f"{tmp_path}/later.jsonl"))
    assert status == 3 and "Traceback" not in errors, errors
    assert "feeds cannot be stored there" in errors
    assert len(waiting(tmp_path)) == 41


def test_a_place_that_cannot_be_written_is_told_before_the_first_page(
    tmp_path: Path, made_up: MadeUpSite, site: Site
) -> None:
    status, errors = run(tmp_path, site, *arguments_of(made_up, "-O", "/proc/none/out.jsonl"))
    assert status == 3
    assert len(errors.strip().splitlines()) == 1
    assert errors.startswith("scrapy crawl: feed /proc/none/out.jsonl: ")
    assert site.requests == []


def test_a_place_that_goes_away_leaves_the_records_in_the_outbox(
    tmp_path: Path, made_up: MadeUpSite, site: Site
) -> None:
    blocked = tmp_path / "place"
    blocked.write_text("a file where a folder should be")
    arguments = arguments_of(made_up, "-o", f"{blocked}/out.jsonl")
    status, errors = run(tmp_path, site, *arguments, "-s", "FEED_PROBE=False")
    assert status == 3
    assert "Traceback" not in errors
    assert f"{len(expected(made_up))} records left in the outbox" in errors.splitlines()[-1]
    blocked.unlink()
    status, _ = run(tmp_path, site, *arguments)
    assert status == 0
    assert Counter(ids_in([blocked / "out.jsonl"])) == Counter(expected(made_up))
    assert waiting(tmp_path) == []


def test_a_full_disk_is_one_line_and_the_next_run_delivers(
    tmp_path: Path, made_up: MadeUpSite, site: Site
) -> None:
    arguments = arguments_of(made_up, "-o", f"{tmp_path}/%(time)s.jsonl")
    limit = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (150_000, 150_000))
    command = scrapy_crawl(tmp_path, *arguments)
    full = command_line.run(command, site.environment, first=limit)
    assert full.returncode == 3
    assert "Traceback" not in full.stderr
    lines = [line for line in full.stderr.splitlines() if "the crawl ends here" in line]
    assert len(lines) == 1
    status, errors = run(tmp_path, site, *arguments)
    assert status == 0, errors
    assert Counter(ids_in(sorted(tmp_path.glob("*.jsonl")))) == Counter(expected(made_up))


# --- exit status --------------------------------------------------------------------------------------


def test_a_second_crawl_on_the_same_store_leaves_at_once(
    tmp_path: Path, made_up: MadeUpSite, site: Site
) -> None:
    arguments = arguments_of(
        made_up, "-o", f"{tmp_path}/%(time)s.jsonl", "-s", "DOWNLOAD_DELAY=0.1"
    )
    first = start(tmp_path, site, *arguments)
    while not site.requests and first.poll() is None:
        time.sleep(0.05)
    status, errors = run(tmp_path, site, *arguments)
    first.kill()
    first.communicate()
    assert status == 7
    [line] = errors.strip().splitlines()
    assert line == f"scrapy crawl: another crawl is running on {tmp_path}/state.db"


def test_an_error_limit_and_a_signal_end_early(
    tmp_path: Path, made_up: MadeUpSite, site: Site
) -> None:
    feed = ("-o", f"{tmp_path}/%(time)s.jsonl", "-s", "DOWNLOAD_DELAY=0.05")
    status, errors = run(
        tmp_path, site, *arguments_of(made_up, *feed, "-s", "CLOSESPIDER_ITEMCOUNT=5")
    )
    assert status == 4
    assert "exit status 4, ended early (closespider_itemcount)" in errors.splitlines()[-1]
    crawl = start(tmp_path, site, *arguments_of(made_up, *feed))
    wait_for_requests(crawl, site, 10)
    crawl.send_signal(signal.SIGTERM)
    _, errors = crawl.communicate(timeout=MOST_SECONDS)
    assert crawl.returncode == 4
    status, errors = run(tmp_path, site, *arguments_of(made_up, *feed))
    assert status == 0
    assert Counter(ids_in(sorted(tmp_path.glob("*.jsonl")))) == Counter(expected(made_up))


NOWHERE = "https://zjnews.zjol.com.cn/none/"


def test_a_channel_whose_list_is_dead_is_named_and_the_others_are_delivered(
    tmp_path: Path, made_up: MadeUpSite, site: Site
) -> None:
    lists = f"{lists_of(made_up, 'bwgd')},{NOWHERE}"
    out = tmp_path / "out.jsonl"
    status, errors = run(tmp_path, site, "channel", "-a", lists, *FAST, "-O", str(out))
    assert status == 8
    assert "could not be read: zjnews/none (http-404)" in errors.splitlines()[-1]
    assert Counter(ids_in([out])) == Counter(made_up.ids_in(["bwgd"]))


def test_a_newspaper_that_is_dead_is_named(tmp_path: Path, site: Site) -> None:
    out = tmp_path / "out.jsonl"
    out.write_text("old\n")
    with serve({}) as dead:
        arguments = ("paper", "-a", "papers=zjrb", *FAST, "-O", str(out))
        status, errors = run(tmp_path, dead, *arguments)
    assert status == 8
    assert "could not be read: zjrb (http-404)" in errors.splitlines()[-1]
    assert out.read_text() == "old\n"


# --- old files stay -----------------------------------------------------------------------------------

USELESS = {
    "a mistyped path": ("archive", "-a", "path=/nowhere.warc.gz"),
    "no address": ("article", "-a", "url=nonsense"),
    "a dead list": ("channel", "-a", f"channels={NOWHERE}"),
    "nothing there": ("article", "-a", "url=http://zjnews.zjol.com.cn/a/202503/t20250318_1.shtml"),
}


@pytest.mark.parametrize("format_", ["jsonl", "json", "csv", "rss"])
@pytest.mark.parametrize("name", USELESS)
def test_an_old_file_stays_where_nothing_was_read(
    tmp_path: Path, site: Site, name: str, format_: str
) -> None:
    out = tmp_path / f"out.{format_}"
    out.write_text("last year's\n")
    status, _ = run(tmp_path, site, *USELESS[name], *FAST, "-O", str(out))
    assert status != 0
    assert out.read_text() == "last year's\n"


def test_a_quiet_run_empties_the_file_that_is_written_anew(
    tmp_path: Path, made_up: MadeUpSite, site: Site
) -> None:
    out = tmp_path / "out.jsonl"
    arguments = arguments_of(made_up, "-O", str(out), "-s", "REFRESH_HOURS=0")
    assert run(tmp_path, site, *arguments)[0] == 0
    assert ids_in([out])
    assert run(tmp_path, site, *arguments)[0] == 0
    assert out.read_bytes() == b""


def test_what_was_left_over_is_not_replaced_by_an_empty_result(
    tmp_path: Path, made_up: MadeUpSite, site: Site
) -> None:
    place = tmp_path / "place"
    place.write_text("a file where a folder should be")
    arguments = arguments_of(made_up, "-O", f"{place}/out.jsonl", "-s", "REFRESH_HOURS=0")
    assert run(tmp_path, site, *arguments, "-s", "FEED_PROBE=False")[0] == 3
    place.unlink()
    assert run(tmp_path, site, *arguments)[0] == 0
    assert Counter(ids_in([place / "out.jsonl"])) == Counter(expected(made_up))


# --- a status that does not depend on the log ---------------------------------------------------------

LOGS = {
    "as ever": (),
    "critical": ("-L", "CRITICAL"),
    "off": ("-s", "LOG_ENABLED=0"),
    "a file": ("-s", "LOG_FILE=log.txt"),
}


@pytest.mark.parametrize("name", LOGS)
def test_a_failing_pipeline_is_a_failure_whatever_the_log_says(tmp_path: Path, name: str) -> None:
    pipelines = {**project.ITEM_PIPELINES, "tests.pipelines_of_users.BreakOne": 950}
    log = [part.replace("log.txt", f"{tmp_path}/log.txt") for part in LOGS[name]]
    command = scrapy_crawl(tmp_path, "archive", "-a", "path=samples/zjol.warc.gz", *log)
    feed = ("-O", f"{tmp_path}/out.jsonl", "-s", f"ITEM_PIPELINES={json.dumps(pipelines)}")
    done = command_line.run([*command, *feed])
    assert done.returncode == 6
    assert done.stderr.splitlines()[-1] == "scrapy crawl: exit status 6, 1 error (pipeline)"
    assert len(ids_in([tmp_path / "out.jsonl"])) == 53


@pytest.mark.parametrize("name", LOGS)
def test_what_a_library_logs_is_no_failure(tmp_path: Path, name: str) -> None:
    pipelines = {**project.ITEM_PIPELINES, "tests.pipelines_of_users.LogErrors": 950}
    log = [part.replace("log.txt", f"{tmp_path}/log.txt") for part in LOGS[name]]
    command = scrapy_crawl(tmp_path, "archive", "-a", "path=samples/zjol.warc.gz", *log)
    feed = ("-O", f"{tmp_path}/out.jsonl", "-s", f"ITEM_PIPELINES={json.dumps(pipelines)}")
    done = command_line.run([*command, *feed])
    assert done.returncode == 0, done.stderr


def test_nothing_found_at_all(tmp_path: Path, site: Site) -> None:
    arguments = ("article", "-a", "url=http://zjnews.zjol.com.cn/a/202503/t20250318_1.shtml")
    status, errors = run(tmp_path, site, *arguments, "-O", f"{tmp_path}/out.jsonl")
    assert status == 5
    assert errors.splitlines()[-1] == "scrapy crawl: exit status 5, no article was found"
