"""What lies at the destination of a feed: whole, everything, once; and what the exit status says."""

from __future__ import annotations

import gzip
import json
import os
import random
import resource
import signal
import subprocess
import time
from collections import Counter
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from tests.command_line import ROOT, scrapy_crawl
from tests.made_up_site import MadeUpSite
from tests.site_server import Answer, Asked, Site, serve
from tests.test_channel_spider import CHANNELS, FAST, lists_of

SINCE = "since=20d"
MOST_SECONDS = 60


def expected(made_up: MadeUpSite) -> set[str]:
    return made_up.ids_in(CHANNELS, datetime.now(timezone.utc) - timedelta(days=20))


def arguments_of(made_up: MadeUpSite, *more: str) -> tuple[str, ...]:
    return ("channel", "-a", lists_of(made_up, *CHANNELS), "-a", SINCE, *FAST, *more)


def start(folder: Path, site: Site, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        scrapy_crawl(folder, *arguments),
        cwd=ROOT,
        env={**os.environ, **site.environment, **environment},
        stderr=subprocess.PIPE,
        text=True,
    )


def run(folder: Path, site: Site, *arguments: str, **environment: str) -> tuple[int, str]:
    """Status and standard error of a crawl."""
    crawl = start(folder, site, *arguments, **environment)
    _, errors = crawl.communicate(timeout=MOST_SECONDS)
    return crawl.returncode, errors


def kill_later(crawl: subprocess.Popen[str], seconds: float) -> bool:
    """Kill a crawl after some time; whether it was still running."""
    time.sleep(seconds)
    is_running = crawl.poll() is None
    crawl.send_signal(signal.SIGKILL)
    crawl.communicate()
    return is_running


def wait_for_requests(crawl: subprocess.Popen[str], site: Site, count: int) -> None:
    """Wait until a crawl that has just begun has asked for so much, or has ended."""
    before = len(site.requests)
    while len(site.requests) < before + count and crawl.poll() is None:
        time.sleep(0.005)


def kill_at(crawl: subprocess.Popen[str], site: Site, requests: int, seconds: float = 0) -> bool:
    """Kill a crawl some time after it has asked for so much; whether it was still running."""
    wait_for_requests(crawl, site, requests)
    return kill_later(crawl, seconds)


def kill_anywhere(crawl: subprocess.Popen[str], site: Site, rng: random.Random) -> bool:
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


def spooled(folder: Path) -> list[Path]:
    return sorted((folder / "spool").glob("*"))


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
    assert spooled(tmp_path) == []
    assert errors.strip().splitlines()[-1] == "scrapy crawl: exit status 0, all well"


def test_a_batch_is_closed_by_age_while_the_crawl_goes_on(
    tmp_path: Path, made_up: MadeUpSite
) -> None:
    is_late = False

    def answer(asked: Asked) -> Answer:
        # The last list page is held back until the first batch lies at its destination.
        nonlocal is_late
        if "bwgd/index_3" in asked.url:
            deadline = time.monotonic() + 20
            while not list(tmp_path.glob("*.jsonl")) and time.monotonic() < deadline:
                time.sleep(0.05)
            is_late = not list(tmp_path.glob("*.jsonl"))
        return made_up.answer(asked)

    with serve(answer) as site:
        feed = ("-o", f"{tmp_path}/%(batch_id)d.jsonl", "-s", "FEED_EXPORT_BATCH_ITEM_COUNT=99999")
        seconds = ("-s", "FEED_BATCH_SECONDS=1", "-s", "DOWNLOAD_TIMEOUT=30")
        arguments = ("channel", "-a", lists_of(made_up, "bwgd"), *FAST, *feed, *seconds)
        status, _ = run(tmp_path, site, *arguments)
    files = sorted(tmp_path.glob("*.jsonl"))
    assert (status, is_late) == (0, False)
    assert len(files) == 2
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
    done = subprocess.run(
        scrapy_crawl(tmp_path, *arguments_of(made_up, "-O", "-:jsonl")),
        cwd=ROOT,
        env={**os.environ, **site.environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=MOST_SECONDS,
    )
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
    assert spooled(tmp_path) == []
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


def test_a_torn_line_is_cut_off_and_what_is_whole_is_shipped_first(
    tmp_path: Path, made_up: MadeUpSite, site: Site
) -> None:
    feed = f"{tmp_path}/%(time)s.jsonl"
    arguments = arguments_of(made_up, "-o", feed, "-s", "DOWNLOAD_DELAY=0.02")
    assert kill_at(start(tmp_path, site, *arguments), site, 60)
    [left] = [path for path in spooled(tmp_path) if path.suffix == ".jsonl"]
    whole = left.read_bytes().count(b"\n")
    assert whole
    with left.open("ab") as spool:
        spool.write(b'{"id": "trs:1", "ti')
    status, errors = run(tmp_path, site, *arguments, "-s", "LOG_LEVEL=INFO")
    assert status == 0
    assert f"a run that died left {whole} records for {tmp_path}" in errors
    assert "and half of one, which is cut off" in errors
    assert Counter(ids_in(sorted(tmp_path.glob("*.jsonl")))) == Counter(expected(made_up))


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


def test_a_leftover_that_nobody_can_use_holds_up_no_other(
    tmp_path: Path, made_up: MadeUpSite, site: Site
) -> None:
    feed = f"{tmp_path}/%(time)s.jsonl"
    arguments = arguments_of(made_up, "-o", feed, "-s", "DOWNLOAD_DELAY=0.02")
    assert kill_at(start(tmp_path, site, *arguments), site, 60)
    about = {"uri": "x.nosuch", "options": {}, "spider": "x", "state_db": "", "version": 1}
    (tmp_path / "spool" / "aa.jsonl").write_text('{"id": "trs:1"}\n')
    (tmp_path / "spool" / "aa.json").write_text(json.dumps(about))
    (tmp_path / "spool" / "bb.jsonl").write_text('{"id": "trs:2"}\n')
    os.utime(tmp_path / "spool" / "aa.jsonl", (1, 1))
    status, errors = run(tmp_path, site, *arguments)
    assert status == 6
    assert "aa.jsonl cannot be delivered" in errors
    assert "bb.jsonl: nobody can tell where its 1 records belong" in errors
    assert Counter(ids_in(sorted(tmp_path.glob("*.jsonl")))) == Counter(expected(made_up))


def test_a_spool_that_cannot_be_made_is_told_before_the_first_page(
    tmp_path: Path, made_up: MadeUpSite, site: Site
) -> None:
    arguments = arguments_of(made_up, "-O", f"{tmp_path}/out.jsonl", "-s", "SPOOL_DIR=/proc/none")
    status, errors = run(tmp_path, site, *arguments)
    assert status == 3
    assert errors.startswith("scrapy crawl: spool /proc/none: ")
    assert site.requests == []


# --- trouble at the destination -----------------------------------------------------------------------


def test_a_place_that_cannot_be_written_is_told_before_the_first_page(
    tmp_path: Path, made_up: MadeUpSite, site: Site
) -> None:
    status, errors = run(tmp_path, site, *arguments_of(made_up, "-O", "/proc/none/out.jsonl"))
    assert status == 3
    assert len(errors.strip().splitlines()) == 1
    assert errors.startswith("scrapy crawl: feed /proc/none/out.jsonl: ")
    assert site.requests == []


def test_a_place_that_goes_away_leaves_the_records_in_the_spool(
    tmp_path: Path, made_up: MadeUpSite, site: Site
) -> None:
    blocked = tmp_path / "place"
    blocked.write_text("a file where a folder should be")
    arguments = arguments_of(made_up, "-o", f"{blocked}/out.jsonl")
    status, errors = run(tmp_path, site, *arguments, "-s", "FEED_PROBE=False")
    assert status == 3
    assert "Traceback" not in errors
    assert f"{len(expected(made_up))} records wait in the spool" in errors.splitlines()[-1]
    blocked.unlink()
    status, _ = run(tmp_path, site, *arguments)
    assert status == 0
    assert Counter(ids_in([blocked / "out.jsonl"])) == Counter(expected(made_up))
    assert spooled(tmp_path) == []


def test_a_full_disk_is_one_line_and_the_next_run_delivers(
    tmp_path: Path, made_up: MadeUpSite, site: Site
) -> None:
    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000))

    arguments = arguments_of(made_up, "-o", f"{tmp_path}/%(time)s.jsonl")
    full = subprocess.run(
        scrapy_crawl(tmp_path, *arguments),
        cwd=ROOT,
        env={**os.environ, **site.environment},
        preexec_fn=limit,
        capture_output=True,
        text=True,
        timeout=MOST_SECONDS,
        check=False,
    )
    assert full.returncode == 3
    assert "Traceback" not in full.stderr
    lines = [line for line in full.stderr.splitlines() if "the spool cannot be written" in line]
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


def test_nothing_found_at_all(tmp_path: Path, site: Site) -> None:
    arguments = ("channel", "-a", "channels=https://zjnews.zjol.com.cn/none/", *FAST)
    status, errors = run(tmp_path, site, *arguments, "-O", f"{tmp_path}/out.jsonl")
    assert status == 5
    assert errors.splitlines()[-1] == "scrapy crawl: exit status 5, no article was found"
