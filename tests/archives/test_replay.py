"""What WARC_REPLAY gives: the records of the recorded crawl, without the network."""

import base64
import gzip
import hashlib
import http.client
import json
import os
import random
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scrapy.http import TextResponse
from warcio.capture_http import capture_http
from warcio.warcwriter import WARCWriter

from tests import command_line, no_network, warc_files
from tests.command_line import SCRAPY, Run, crawl
from tests.made_up_site import MadeUpArticle, MadeUpSite
from tests.site_server import Answer, Asked, Site, serve
from tests.spiders.test_channel_spider import CHANNELS, FAST, lists_of
from tests.warc_files import Given, redirect, revisit, write
from zjnews.archives import cdxj, warcs
from zjnews.archives import saved as archives
from zjnews.archives.cdxj import Index
from zjnews.archives.playback import Playback
from zjnews.archives.saved import SavedPage
from zjnews.archives.warcs import Damage, Reader
from zjnews.items import Rejected
from zjnews.middlewares.replay import response_of

Record = dict[str, Any]
URL = "https://zjnews.zjol.com.cn/zjnews/202609/t20260914_31908230.shtml"
OTHER = "https://china.zjol.com.cn/gnxw/202609/t20260914_31908231.shtml"
DATE = Given.date
ROBOTS = Given("https://zjnews.zjol.com.cn/robots.txt", b"", "404 Not Found")
SINCE = f"{datetime.now(UTC) - timedelta(days=20):%Y-%m-%d}"
REPLAYS = ("-s", "AUTOTHROTTLE_ENABLED=False")


def without_network(folder: Path) -> Callable[[], None]:
    """Cuts a process off the network; `tried` tells what was tried."""
    return partial(no_network.cut, folder / "tried")


def tried(folder: Path) -> list[str]:
    path = folder / "tried"
    return path.read_text().splitlines() if path.exists() else []


def replay(folder: Path, archive: Path, *arguments: str) -> Run:
    """A crawl from an archive, with the network cut."""
    given = (*arguments, "-s", f"WARC_REPLAY={archive}", *REPLAYS)
    run = crawl(folder, *given, first=without_network(folder))
    assert tried(folder) == []
    assert "Traceback" not in run.errors
    return run


def timeless(records: Sequence[Record]) -> list[Record]:
    """Records by id, without the time at which they were fetched."""
    kept = [{**record, "fetched_at": None} for record in records]
    return sorted(kept, key=lambda record: str(record["id"]))


# --- a crawl and its replay ---------------------------------------------------------------------------


@dataclass
class Recorded:
    """A crawl that was recorded."""

    arguments: tuple[str, ...]
    warcs: Path
    run: Run
    site: Site
    made_up: MadeUpSite


def record(folder: Path, made_up: MadeUpSite, site: Site, *arguments: str) -> Recorded:
    given = (*arguments, *FAST, "-s", f"WARC_DIR={folder}/warc")
    run = crawl(folder, *given, environment=site.environment)
    return Recorded(arguments, folder / "warc", run, site, made_up)


@pytest.fixture(scope="module")
def channels(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorded]:
    """All channels of a site in trouble whose answers take their time, each another one; what was
    copied comes after its copy."""
    made_up = MadeUpSite(datetime.now(UTC))
    rng = random.Random("delays")  # noqa: S311  it protects nothing
    copied = {article.copy_of: article.number for article in made_up.articles if article.copy_of}
    waits_for = {id_.rpartition(":")[2]: copy for id_, copy in copied.items()}

    def answer(asked: Asked) -> Answer:
        time.sleep(0.03 * rng.random() ** 4)
        if copy := waits_for.get(asked.url.rpartition("_")[2].removesuffix(".shtml")):
            deadline = time.monotonic() + 10
            while time.monotonic() < deadline and not any(copy in url for url in site.requests):
                time.sleep(0.01)
            time.sleep(0.3)
        return made_up.answer(asked)

    with serve(answer) as site:
        folder = tmp_path_factory.mktemp("channels")
        arguments = ("channel", "-a", lists_of(made_up, *CHANNELS), "-a", f"since={SINCE}")
        yield record(folder, made_up, site, *arguments)


@pytest.fixture(scope="module")
def replayed(channels: Recorded, tmp_path_factory: pytest.TempPathFactory) -> list[Run]:
    """Replays of it."""
    folders = [tmp_path_factory.mktemp("replay") for _ in range(2)]
    return [replay(folder, channels.warcs, *channels.arguments) for folder in folders]


def test_a_replay_gives_the_records_of_the_crawl(channels: Recorded, replayed: list[Run]) -> None:
    [run, _] = replayed
    assert len(run.records) > 200
    copied = {article.copy_of for article in channels.made_up.articles if article.copy_of}
    assert {record["id"] for record in run.records if record["duplicate_of"]} == copied
    assert timeless(run.records) == timeless(channels.run.records)
    assert (run.status, run.skipped) == (channels.run.status, channels.run.skipped)
    assert run.rejected == channels.run.rejected
    assert {"http-404", "http-500", "redirect-loop", "off-site"} <= set(run.rejected)


def test_one_replay_is_as_the_other(replayed: list[Run]) -> None:
    assert replayed[0].records == replayed[1].records != []


def test_a_replay_asks_once_for_what_was_asked_for_again(
    channels: Recorded, replayed: list[Run]
) -> None:
    assert len(channels.site.requests) > len(set(channels.site.requests))
    [line] = [x for x in replayed[0].errors.splitlines() if x.startswith("  requests ")]
    assert " 0 again" in line
    assert "paused" not in replayed[0].errors


def test_a_replay_says_when_pages_were_fetched(channels: Recorded, replayed: list[Run]) -> None:
    then = {record["id"]: record["fetched_at"] for record in channels.run.records}
    dates = {
        record.url: record.headers["warc-date"][:19] + "+00:00"
        for record in warc_files.all_records(channels.warcs)
        if record.kind == "response" and record.block.startswith(b"HTTP/1.1 200 ")
    }
    compared = 0
    for record in replayed[0].records:
        at = datetime.fromisoformat(record["fetched_at"])
        assert abs(at - datetime.fromisoformat(then[record["id"]])) < timedelta(seconds=10)
        if record["page_count"] == 1 and record["url"] in dates:
            assert record["fetched_at"] == dates[record["url"]]
            compared += 1
    assert compared > 100


def test_newspapers_are_replayed(tmp_path: Path, made_up: MadeUpSite, site: Site) -> None:
    since = f"{datetime.now(UTC) - timedelta(days=5):%Y-%m-%d}"
    arguments = ("paper", "-a", "papers=zjrb,qjwb", "-a", f"since={since}")
    recorded = record(tmp_path, made_up, site, *arguments)
    (tmp_path / "replay").mkdir()
    run = replay(tmp_path / "replay", recorded.warcs, *arguments)
    assert len(run.records) > 50
    assert timeless(run.records) == timeless(recorded.run.records)
    assert (run.rejected, run.skipped) == (recorded.run.rejected, recorded.run.skipped)


def test_without_a_replay_the_cut_network_is_felt(tmp_path: Path) -> None:
    given = ("article", "-a", f"url={URL}", "-s", "RETRY_TIMES=0", "-s", "ROBOTSTXT_OBEY=False")
    run = crawl(tmp_path, *given, first=without_network(tmp_path))
    assert run.rejected == {"download-failed": 1}
    assert tried(tmp_path)


# --- units: made-up pages as archives -----------------------------------------------------------------


@pytest.fixture(scope="module")
def shown() -> MadeUpSite:
    return MadeUpSite(datetime.now(UTC), trouble=False)


def page(made_up: MadeUpSite, url: str, **more: Any) -> Given:
    """What the made-up site answers to an address."""
    answer = made_up.answer(Asked(url, {}, 0))
    return Given(url, answer.body, headers=(("Content-Type", answer.content_type),), **more)


def articles(made_up: MadeUpSite, count: int) -> list[MadeUpArticle]:
    plain = [a for a in made_up.articles if a.pages == 1 and a.oddity is None and a.channels]
    return [article for article in plain if "zjxc" in article.channels][:count]


def crawl_articles(folder: Path, archive: Path, *urls: str) -> Run:
    return replay(folder, archive, "article", "-a", "url=" + ",".join(urls))


# --- what is not there --------------------------------------------------------------------------------


def test_what_is_not_in_the_archive_is_named_once_and_the_crawl_goes_on(
    tmp_path: Path, shown: MadeUpSite
) -> None:
    there, missing = articles(shown, 2)
    archive = write(tmp_path / "a.warc.gz", ROBOTS, page(shown, there.url))
    run = crawl_articles(tmp_path, archive, missing.url, there.url)
    assert run.status == 0
    assert run.ids == {there.id}
    assert run.rejected == {"archive-miss": 1}
    [line] = [
        line for line in run.errors.splitlines() if "archive-miss" in line and ": " in line[:40]
    ]
    assert missing.url in line


def test_a_robots_txt_that_is_not_there_is_counted_once_and_forbids_nothing(
    tmp_path: Path, shown: MadeUpSite
) -> None:
    two = articles(shown, 2)
    archive = write(tmp_path / "a.warc.gz", *(page(shown, article.url) for article in two))
    run = crawl_articles(tmp_path, archive, *(article.url for article in two))
    assert run.ids == {article.id for article in two}
    assert run.rejected == {"archive-miss": 1}


def test_an_article_is_found_at_the_address_that_is_in_the_archive(
    tmp_path: Path, shown: MadeUpSite
) -> None:
    """It hangs in two channels; the first one that is read leads to where it was not recorded."""
    both = [article for article in shown.articles if article.channels == ["zjxc", "gnxw"]]
    shared = max(both, key=lambda article: article.published_at)
    lists = [shown.list_url("gnxw"), shown.list_url("zjxc")]
    archive = write(
        tmp_path / "a.warc.gz",
        page(shown, lists[0], date="2026-09-15T01:00:00Z"),
        page(shown, lists[1], date="2026-09-15T02:00:00Z"),
        page(shown, shared.url, date="2026-09-15T03:00:00Z"),
    )
    run = replay(tmp_path, archive, "channel", "-a", "channels=" + ",".join(lists))
    assert run.ids == {shared.id}


# --- what answers -------------------------------------------------------------------------------------


def test_errors_and_redirects_are_replayed_as_they_were(tmp_path: Path, shown: MadeUpSite) -> None:
    moved, gone, broken, busy = articles(shown, 4)
    from_ = "https://zjnews.zjol.com.cn/zjxc/202001/t20200101_11111111.shtml"
    archive = write(
        tmp_path / "a.warc.gz",
        ROBOTS,
        redirect(from_, moved.url, "301 Moved"),
        page(shown, moved.url),
        Given(gone.url, b"gone", "404 Not Found"),
        Given(broken.url, b"oh", "500 Oh"),
        Given(busy.url, b"wait", "429 Wait", headers=(("Retry-After", "600"),)),
    )
    run = crawl_articles(tmp_path, archive, from_, gone.url, broken.url, busy.url)
    assert run.ids == {moved.id}
    assert run.rejected == {"http-404": 1, "http-500": 1, "http-429": 1}


def answer_to(path: Path, url: str, **more: Any) -> warcs.Answer | None:
    return Playback(warcs.files(path)).answer(url, **more)


def body_at(path: Path, url: str, **more: Any) -> bytes | None:
    found = answer_to(path, url, **more)
    return None if found is None else found.body


def sha1(data: bytes) -> str:
    return "sha1:" + base64.b32encode(hashlib.sha1(data).digest()).decode()


def test_the_newest_answer_wins(tmp_path: Path) -> None:
    days = {"b": 14, "a": 16, "c": 15}
    for name, day in days.items():
        write(
            tmp_path / f"{name}.warc.gz", Given(URL, name.encode(), date=f"2026-09-{day}T02:00:00Z")
        )
    assert body_at(tmp_path, URL) == b"a"


def test_of_one_second_the_last_in_the_file_wins(tmp_path: Path) -> None:
    path = write(tmp_path / "a.warc.gz", *(Given(URL, b"%d" % n) for n in range(5)))
    assert body_at(path, URL) == b"4"


@pytest.mark.parametrize("status", ["429 Wait", "500 Oh", "503 Busy", "408 Slow"])
def test_not_now_counts_only_where_there_is_nothing_else(tmp_path: Path, status: str) -> None:
    late = Given(URL, b"not now", status, date="2026-09-16T02:00:00Z")
    write(tmp_path / "a.warc.gz", late)
    assert body_at(tmp_path, URL) == b"not now"
    assert body_at(tmp_path, URL, is_settled=True) is None
    write(tmp_path / "b.warc.gz", Given(URL, b"page"))
    assert body_at(tmp_path, URL) == b"page"
    assert body_at(tmp_path, URL, is_settled=True) == b"page"


def test_that_a_page_is_gone_is_an_answer(tmp_path: Path) -> None:
    gone = Given(URL, b"gone", "404 Not Found", date="2026-09-16T02:00:00Z")
    path = write(tmp_path / "a.warc.gz", Given(URL, b"page"), gone)
    assert body_at(path, URL, is_settled=True) == b"gone"


def test_the_page_by_the_other_scheme_stands_in(tmp_path: Path) -> None:
    path = write(tmp_path / "a.warc.gz", Given(URL.replace("https:", "http:"), b"page"))
    assert body_at(path, URL) == b"page"


def test_a_page_by_the_other_scheme_stands_in_for_not_now(tmp_path: Path) -> None:
    busy = Given(URL, b"busy", "503 Busy")
    path = write(tmp_path / "a.warc.gz", Given(URL.replace("https:", "http:"), b"page"), busy)
    assert body_at(path, URL) == b"page"


def test_a_redirect_to_the_other_scheme_does_not_lead_back(tmp_path: Path) -> None:
    plain = URL.replace("https:", "http:")
    path = write(tmp_path / "a.warc.gz", redirect(plain, URL))
    assert body_at(path, plain) == b""
    assert answer_to(path, URL) is None


def test_neither_path_nor_query_is_taken_for_another(tmp_path: Path) -> None:
    path = write(tmp_path / "a.warc.gz", Given(URL, b"page"), Given(URL + "?a=1&b=2", b"query"))
    assert body_at(path, URL.replace("t2026", "T2026")) is None
    assert body_at(path, URL.replace("zjnews.zjol", "www.zjnews.zjol")) is None
    assert body_at(path, URL + "?a=2") is None
    assert body_at(path, URL + "?b=2&a=1#end") == b"query"


def test_a_revisit_has_the_body_of_its_original(tmp_path: Path) -> None:
    original = Given(URL, b"page")
    write(tmp_path / "a.warc.gz", original)
    later = revisit(URL, original, sha1(b"page"), date="2026-09-16T02:00:00Z")
    write(tmp_path / "b.warc.gz", later)
    found = answer_to(tmp_path, URL)
    assert found is not None
    assert found.body == b"page"
    assert found.at == datetime(2026, 9, 16, 2, tzinfo=UTC)


def test_a_revisit_of_another_address_has_the_body_from_there(tmp_path: Path) -> None:
    original = Given(OTHER, b"page")
    path = write(tmp_path / "a.warc.gz", revisit(URL, original, sha1(b"page")), original)
    assert body_at(path, URL) == b"page"
    pages = [found for found in archives.pages_in(path) if isinstance(found, SavedPage)]
    assert [(found.url, found.body) for found in pages] == [(URL, b"page"), (OTHER, b"page")]


def test_a_revisit_without_digest_has_the_body_of_its_date(tmp_path: Path) -> None:
    old = Given(URL, b"old")
    new = Given(URL, b"new", date="2026-09-16T02:00:00Z")
    again = replace(revisit(URL, old, "", date="2026-09-17T02:00:00Z"), kind="revisit")
    path = write(tmp_path / "a.warc", old, new, again)
    text = path.read_bytes()
    lines = [x for x in text.split(b"\r\n") if not x.startswith(b"WARC-Payload-Digest")]
    path.write_bytes(b"\r\n".join(lines))
    assert body_at(path, URL) == b"old"


def test_a_revisit_may_be_all_in_its_headers(tmp_path: Path) -> None:
    path = write(tmp_path / "a.warc", Given(URL, b"page"))
    with path.open("ab") as stream:
        writer = WARCWriter(stream, gzip=False)
        writer.write_record(writer.create_revisit_record(OTHER, sha1(b"page"), URL, DATE))
    found = answer_to(path, OTHER)
    assert found is not None
    assert (found.body, found.header("content-type")) == (b"page", "text/html; charset=utf-8")
    pages = [found for found in archives.pages_in(path) if isinstance(found, SavedPage)]
    assert [(found.url, found.body) for found in pages] == [(URL, b"page"), (OTHER, b"page")]


def test_a_revisit_whose_original_is_lost_gives_way_to_an_older_page(tmp_path: Path) -> None:
    lost = revisit(URL, Given(OTHER), sha1(b"lost"), date="2026-09-16T02:00:00Z")
    path = write(tmp_path / "a.warc.gz", Given(URL, b"page"), lost)
    noted: list[str] = []
    found = Playback([path], lambda _, damage: noted.append(damage.why)).answer(URL)
    assert found is not None
    assert found.body == b"page"
    assert len(noted) == 1


def test_who_knows_a_page_is_told_that_it_has_not_changed(tmp_path: Path) -> None:
    not_modified = Given(URL, b"", "304 Not Modified", date="2026-09-16T02:00:00Z", kind="revisit")
    path = write(tmp_path / "a.warc.gz", Given(URL, b"page"), not_modified)
    known = answer_to(path, URL, is_known=True)
    assert known is not None
    assert known.status == 304
    assert body_at(path, URL) == b"page"


def test_who_knows_an_older_page_is_given_the_newer_one(
    tmp_path: Path, made_up: MadeUpSite, site: Site
) -> None:
    """The crawls saw a page, its correction, and that this had not changed."""
    arguments = ("channel", "-a", lists_of(made_up, "zjxc"), "-a", f"since={SINCE}")
    given = ("-a", "max_pages=1", *FAST, "-s", f"WARC_DIR={tmp_path}/warc")
    crawl(tmp_path, *arguments, *given, environment=site.environment)
    store = (tmp_path / "state.db").read_bytes()
    corrected = articles(made_up, 99)[-1]
    made_up.correct(corrected)
    second = crawl(tmp_path, *arguments, *given, environment=site.environment)
    third = crawl(tmp_path, *arguments, *given, environment=site.environment)
    assert (second.ids, third.ids) == ({corrected.id}, set())
    (tmp_path / "state.db").write_bytes(store)
    run = replay(tmp_path, tmp_path / "warc", *arguments, "-a", "max_pages=1")
    assert timeless(run.records) == timeless(second.records)


def test_a_second_run_is_replayed_with_its_store_and_without(
    tmp_path: Path, made_up: MadeUpSite, site: Site
) -> None:
    arguments = ("channel", "-a", lists_of(made_up, "zjxc"), "-a", "max_pages=1")
    first = record(tmp_path, made_up, site, *arguments)
    store = (tmp_path / "state.db").read_bytes()
    second = record(tmp_path, made_up, site, *arguments)
    assert second.run.skipped["unchanged"] > 3
    for name, expected in (("known", second.run), ("new", first.run)):
        (tmp_path / name).mkdir()
        if name == "known":
            (tmp_path / name / "state.db").write_bytes(store)
        run = replay(tmp_path / name, second.warcs, *arguments)
        assert timeless(run.records) == timeless(expected.records)
        assert run.rejected == {}
        if name == "known":
            assert run.skipped == expected.skipped


# --- the index ----------------------------------------------------------------------------------------


def test_an_index_is_made_where_there_is_none(tmp_path: Path) -> None:
    path = write(tmp_path / "a.warc.gz", Given(URL, b"page"))
    assert body_at(path, URL) == b"page"
    [line] = (tmp_path / "a.warc.gz.cdxj").read_text().splitlines()
    key, timestamp, fields = line.split(" ", 2)
    assert key == "cn,com,zjol,zjnews)/zjnews/202609/t20260914_31908230.shtml"
    assert timestamp == "20260915020000"
    about = json.loads(fields)
    assert about == {
        "url": URL,
        "mime": "text/html",
        "status": "200",
        "digest": sha1(b"page"),
        "length": str(path.stat().st_size),
        "offset": "0",
        "filename": "a.warc.gz",
    }


def test_an_index_that_is_older_than_its_file_is_made_anew(tmp_path: Path) -> None:
    path = write(tmp_path / "a.warc.gz", Given(URL, b"page"))
    assert body_at(path, OTHER) is None
    write(path, Given(OTHER, b"other"))
    os.utime(cdxj.path_of(path), (1, 1))
    assert body_at(path, OTHER) == b"other"
    assert body_at(path, URL) is None


def test_an_index_that_is_young_enough_is_used(tmp_path: Path) -> None:
    path = write(tmp_path / "a.warc.gz", Given(URL, b"page"))
    other = write(tmp_path / "b.warc.gz", Given(f"{URL}?other", b"another page"))
    cdxj.write_index(cdxj.lines_in(other, other), cdxj.path_of(path))
    assert body_at(path, URL) is None


def test_an_emptied_index_is_made_anew(tmp_path: Path) -> None:
    path = write(tmp_path / "a.warc.gz", Given(URL, b"page"))
    cdxj.path_of(path).write_text("")
    assert body_at(path, URL) == b"page"


@pytest.mark.parametrize("error", [PermissionError(13, "no"), OSError(30, "Read-only file system")])
def test_where_no_index_can_be_kept_it_lies_in_a_temporary_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError
) -> None:
    path = write(tmp_path / "a.warc.gz", Given(URL, b"page"))
    path.write_bytes(path.read_bytes() + b"damage")
    open_ = os.open

    def refuse(name: Any, flags: int, *more: Any, **others: Any) -> int:
        if flags & os.O_CREAT and Path(name).parent == tmp_path:
            raise error
        return open_(name, flags, *more, **others)

    monkeypatch.setattr(os, "open", refuse)
    noted: list[Damage] = []
    playback = Playback([path], lambda _, damage: noted.append(damage))
    found = playback.answer(URL)
    assert found is not None
    assert found.body == b"page"
    assert len(noted) == 1
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.warc.gz"]


@pytest.mark.parametrize(
    "text",
    [
        "{key} 20260915020000 no json\n",
        "{key} \n",
        "{key} 20260915020000 {{}}\n",
        '{key} 20260915020000 {{"url": "{url}", "offset": "x", "status": "-", "mime": "y"}}\n',
        '{key} 20260915020000 {{"url": "{url}", "offset": "7", "status": "200", "mime": "y"}}\n',
        '{key} 20260915020000 {{"url": "{url}", "offset": "99999", "status": "200", "mime": "y"}}',
        '{key} 20260915020000 {{"url": "{url}", "offset": "0", "sta',
    ],
)
def test_an_index_that_is_wrong_is_a_miss_and_no_fault(tmp_path: Path, text: str) -> None:
    path = write(tmp_path / "a.warc.gz", Given(URL, b"page"))
    cdxj.path_of(path).write_text(text.format(key=cdxj.key_of(URL), url=URL))
    noted: list[Damage] = []
    playback = Playback([path], lambda _, damage: noted.append(damage))
    assert playback.answer(URL) is None
    assert noted


def test_an_index_of_another_file_gives_no_other_page(tmp_path: Path) -> None:
    path = write(tmp_path / "a.warc.gz", Given(URL, b"page"))
    Playback([path])
    write(path, Given(OTHER, b"other"))
    os.utime(cdxj.path_of(path))
    assert body_at(path, URL) is None


def test_an_index_of_bytes_is_no_fault(tmp_path: Path) -> None:
    path = write(tmp_path / "a.warc.gz", Given(URL, b"page"))
    for seed in range(20):
        garbage = random.Random(seed).randbytes(300)  # noqa: S311  it protects nothing
        cdxj.path_of(path).write_bytes(garbage)
        assert body_at(path, URL) is None


def test_addresses_that_are_none_do_no_harm(tmp_path: Path) -> None:
    odd = (
        "http://[zjol/x",
        "http://zjol.com.cn:port/",
        "http://zjol.com.cn:99999/x",
        "dns:zjol.com.cn",
    )
    path = write(tmp_path / "a.warc.gz", *(Given(url, b"odd") for url in odd), Given(URL, b"page"))
    assert body_at(path, URL) == b"page"
    for url in odd:
        answer_to(path, url)


def test_a_file_without_records_has_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.warc.gz").write_bytes(b"")
    write(tmp_path / "b.warc.gz")
    write(tmp_path / "c.warc.gz", Given(URL, b"page"))
    assert body_at(tmp_path, URL) == b"page"
    assert body_at(tmp_path, OTHER) is None


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs a file that cannot be read")
def test_a_file_that_cannot_be_read_is_named_and_the_others_answer(
    tmp_path: Path, shown: MadeUpSite
) -> None:
    [one] = articles(shown, 1)
    archive = write(tmp_path / "warc" / "a.warc.gz", ROBOTS, page(shown, one.url)).parent
    (archive / "b.warc.gz").symlink_to("/proc/self/mem")
    run = crawl_articles(tmp_path, archive, one.url)
    assert (run.status, run.ids, set(run.rejected)) == (0, {one.id}, {"broken-warc"})


def test_whole_records_of_a_damaged_file_are_replayed(tmp_path: Path, shown: MadeUpSite) -> None:
    one, two, three = articles(shown, 3)
    archive = write(
        tmp_path / "a.warc.gz", ROBOTS, *(page(shown, article.url) for article in (one, two, three))
    )
    second = warc_files.records(archive)[2]
    data = bytearray(archive.read_bytes())
    data[second.offset + 200 : second.offset + 260] = bytes(60)
    archive.write_bytes(data)
    run = crawl_articles(tmp_path, archive, one.url, two.url, three.url)
    assert run.ids == {one.id, three.id}
    assert run.rejected == {"broken-warc": 1, "archive-miss": 1}


hosts = st.sampled_from(
    ["zjnews.zjol.com.cn", "www.zjol.com.cn", "zjol.com.cn", "china.zjol.com.cn:8080"]
)
words = st.text(st.characters(codec="utf-8", exclude_characters="\r\n#"), max_size=8)
urls = st.builds(
    lambda scheme, host, path, query: f"{scheme}://{host}/{path}{query}",
    st.sampled_from(["http", "https"]),
    hosts,
    words,
    st.one_of(st.just(""), words.map(lambda word: f"?{word}")),
)


def index_of(folder: Path, urls: Sequence[str]) -> Index:
    """The index of a WARC file that would hold an answer to each address."""
    archive = folder / "a.warc.gz"
    archive.write_bytes(b"")
    about = Given(URL)
    [one] = Reader(write(folder / "one.warc", about))
    assert isinstance(one, warcs.Record)
    answer = warcs.read_answer(one)
    lines = (
        cdxj.line_of(replace(answer, url=url), replace(one, offset=number), datetime.now(UTC), "a")
        for number, url in enumerate(urls)
    )
    cdxj.write_index(lines, cdxj.path_of(archive))
    return Index([archive])


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(urls, unique=True, max_size=40), st.lists(urls, max_size=10))
def test_every_address_is_found_and_no_other(
    tmp_path: Path, there: list[str], others: list[str]
) -> None:
    index = index_of(tmp_path, there)
    for number, url in enumerate(there):
        assert number in {capture.offset for capture in index.captures(url)}
    canonical = {cdxj.canonicalize_url(url) for url in there}
    for url in others:
        assert bool(index.captures(url)) == (cdxj.canonicalize_url(url) in canonical)


@pytest.mark.parametrize("at_once", [100_000, 700, 1000])
def test_thousands_of_addresses_are_found_however_they_are_sorted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(cdxj, "_SORTED_AT_ONCE", at_once)
    numbers = random.Random(at_once).sample(range(10**6), 3000)  # noqa: S311  it protects nothing
    there = [f"https://zjol.com.cn/{number}{'/' * (number % 2)}" for number in numbers]
    index = index_of(tmp_path, there)
    lines = cdxj.path_of(tmp_path / "a.warc.gz").read_bytes().splitlines()
    assert lines == sorted(lines)
    assert len(lines) == 3000
    assert all([c.offset for c in index.captures(url)] == [n] for n, url in enumerate(there))
    assert index.captures("https://zjol.com.cn/none") == []
    assert index.captures(there[0] + "0" * 9) == []


# --- what is missing is fetched -----------------------------------------------------------------------


def test_what_is_missing_is_fetched_kept_and_not_asked_for_again(
    tmp_path: Path, made_up: MadeUpSite
) -> None:
    known, new, failed = articles(made_up, 3)
    write(
        tmp_path / "warc" / "a.warc.gz",
        Given(
            known.url,
            page(made_up, known.url).body,
            headers=(("Content-Type", "text/html; charset=utf-8"),),
        ),
        Given(failed.url, b"busy", "503 Busy"),
    )
    url = ",".join(article.url for article in (known, new, failed))
    both = ("-s", f"WARC_DIR={tmp_path}/warc", "-s", f"WARC_REPLAY={tmp_path}/warc")
    given = ("article", "-a", f"url={url}", *both, "-s", "WARC_REPLAY_MISSES=fetch", *FAST)
    ids = {article.id for article in (known, new, failed)}
    with serve(made_up.answer) as site:
        first = crawl(tmp_path, *given, environment=site.environment)
        robots = f"https://{new.url.split('/')[2]}/robots.txt"
        assert set(site.requests) == {robots, new.url, failed.url}
        assert len(site.requests) == 3
    second = crawl(tmp_path, *given, first=without_network(tmp_path))
    assert (first.status, first.ids, first.rejected) == (0, ids, {})
    assert (second.status, second.ids, second.rejected) == (0, ids, {})
    assert tried(tmp_path) == []


def test_a_folder_to_begin_with_may_be_empty(
    tmp_path: Path, made_up: MadeUpSite, site: Site
) -> None:
    [one] = articles(made_up, 1)
    both = ("-s", f"WARC_DIR={tmp_path}/warc", "-s", f"WARC_REPLAY={tmp_path}/warc")
    given = ("article", "-a", f"url={one.url}", *both, "-s", "WARC_REPLAY_MISSES=fetch", *FAST)
    assert crawl(tmp_path, *given, environment=site.environment).ids == {one.id}
    assert replay(tmp_path, tmp_path / "warc", "article", "-a", f"url={one.url}").ids == {one.id}


# --- settings -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("WARC_REPLAY=nowhere", "WARC_REPLAY=nowhere is no WARC file, and no folder with one"),
        ("WARC_REPLAY_MISSES=perhaps", "WARC_REPLAY_MISSES=perhaps is neither reject nor fetch"),
    ],
)
def test_settings_that_make_no_sense_are_refused(tmp_path: Path, setting: str, says: str) -> None:
    run = crawl(tmp_path, "article", "-a", f"url={URL}", "-s", setting)
    assert (run.status, run.errors) == (2, f"scrapy crawl: {says}\n")


# --- archives by others -------------------------------------------------------------------------------


def read_all_ways(folder: Path, archive: Path, article: MadeUpArticle) -> None:
    """See that spider, replay and reread give the article of an archive."""
    assert crawl(folder, "archive", "-a", f"path={archive}").ids == {article.id}
    run = replay(folder, archive, "article", "-a", f"url={article.url.replace('https:', 'http:')}")
    assert run.ids == {article.id}
    done = command_line.run(
        [*SCRAPY, "reread", str(archive), "-j", "1", "-O", f"{folder}/re.jsonl"]
    )
    assert done.returncode == 0, done.stderr
    lines = (folder / "re.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["id"] for line in lines] == [article.id]


def test_an_archive_by_warcio_is_read(tmp_path: Path, made_up: MadeUpSite, site: Site) -> None:
    [article] = articles(made_up, 1)
    url = article.url.replace("https:", "http:")
    archive = tmp_path / "a.warc.gz"
    with archive.open("wb") as stream, capture_http(WARCWriter(stream, gzip=True)):
        for _ in range(2):
            connection = http.client.HTTPConnection("127.0.0.1", site.port)
            connection.request("GET", url, headers={"Host": url.split("/")[2]})
            connection.getresponse().read()
            connection.close()
    kinds = [record.kind for record in warc_files.records(archive)]
    assert kinds.count("response") + kinds.count("revisit") == 2
    text = gzip.decompress(archive.read_bytes())
    assert f"WARC-Target-URI: {url}".encode() in text
    assert crawl(tmp_path, "archive", "-a", f"path={archive}").ids == {article.id}
    assert replay(tmp_path, archive, "article", "-a", f"url={url}").ids == {article.id}


@pytest.mark.skipif(shutil.which("wget") is None, reason="needs wget")
@pytest.mark.parametrize("options", [(), ("--no-warc-compression",)], ids=["gzip", "plain"])
def test_an_archive_by_wget_is_read(
    tmp_path: Path, made_up: MadeUpSite, site: Site, options: tuple[str, ...]
) -> None:
    [article] = articles(made_up, 1)
    proxy = ("-e", "use_proxy=yes", "-e", f"http_proxy=http://127.0.0.1:{site.port}")
    url = article.url.replace("https:", "http:")
    subprocess.run(
        ["wget", "-q", *proxy, "--warc-file=a", *options, "-O", "page", url],
        cwd=tmp_path,
        check=True,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
    )
    [archive] = warcs.files(tmp_path)
    assert archive.name == ("a.warc" if options else "a.warc.gz")
    read_all_ways(tmp_path, archive, article)


# --- units: records ----------------------------------------------------------------------------------


def kinds_in(path: Path) -> list[str]:
    return ["damage" if isinstance(one, Damage) else one.kind for one in Reader(path)]


def damaged(data: bytes, begin: int, end: int) -> dict[str, bytes]:
    """What may happen to a file of three records, by begin and end of the second one."""
    middle = (begin + end) // 2
    return {
        "nothing": data,
        "cut": data[:middle] + data[end:],
        "gap": data[:begin] + b"what is this" + data[begin:],
        "no end": data[:-40],
        "no begin": data[7:],
        "header": data[: begin + 5] + bytes(9) + data[begin + 14 :],
    }


@pytest.mark.parametrize(
    ("name", "how", "kinds"),
    [
        ("a.warc.gz", "nothing", "response response response"),
        ("a.warc.gz", "cut", "response damage response"),
        ("a.warc.gz", "gap", "response damage response response"),
        ("a.warc.gz", "no end", "response response damage"),
        ("a.warc.gz", "no begin", "damage response response"),
        ("a.warc.gz", "header", "response damage response"),
        ("a.warc", "nothing", "response response response"),
        # Only the length of a record tells where it ends; that it is another one, its digest does.
        ("a.warc", "cut", "response response"),
        ("a.warc", "gap", "response damage response response"),
        ("a.warc", "no end", "response response damage"),
        ("a.warc", "no begin", "damage response response"),
        ("a.warc", "header", "response damage response"),
    ],
)
def test_damage_is_named_once_and_costs_no_other_record(
    tmp_path: Path, name: str, how: str, kinds: str
) -> None:
    bodies = [random.Random(n).randbytes(60) for n in range(3)]  # noqa: S311  it protects nothing
    path = write(tmp_path / name, *(Given(f"{URL}?{n}", body) for n, body in enumerate(bodies)))
    _, second, third = (
        record.offset for record in Reader(path) if isinstance(record, warcs.Record)
    )
    path.write_bytes(damaged(path.read_bytes(), second, third)[how])
    assert kinds_in(path) == kinds.split()


@pytest.mark.parametrize("name", ["a.warc", "a.warc.gz"])
def test_a_record_is_read_where_it_begins_and_nowhere_else(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, *(Given(f"{URL}?{n}", b"page") for n in range(3)))
    offsets = {record.offset for record in Reader(path) if isinstance(record, warcs.Record)}
    assert len(offsets) == 3
    for at in range(path.stat().st_size):
        if at in offsets:
            assert warcs.read_at(path, at).offset == at
        else:
            with pytest.raises(Rejected, match="no record at byte"):
                warcs.read_at(path, at)


# --- units: answers -----------------------------------------------------------------------------------


def test_an_answer_has_all_headers_and_its_body_as_served() -> None:
    headers = [(b"Content-Type", b"text/html; charset=gbk"), (b"x-a", b"1"), (b"X-A", b"\xd5")]
    body = "浙江".encode("gbk")
    answer = warcs.Answer("response", URL, None, 200, headers, body, "")
    response = response_of(answer, URL)
    assert isinstance(response, TextResponse)
    assert response.headers.getlist("X-A") == [b"1", b"\xd5"]
    assert (response.text, response.body) == ("浙江", body)


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", b"abcde"),
        (b"3;x=y\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n", b"abc"),
        (b"0003\r\nabc\r\n0\r\n\r\n", b"abc"),
        (b"3\nabc\r\n0\r\n\r\n", b"abc"),
        (b"0\r\n\r\n", b""),
        (b"A\r\n0123456789\r\n0\r\n\r\n", b"0123456789"),
        (b"3\r\nabc\r\n5\r\nde", b"abcde"),
        (b"3\r\nabc", b"abc"),
        (b"not in chunks", b"not in chunks"),
        (b"", b""),
    ],
)
def test_chunks_are_put_together(tmp_path: Path, sent: bytes, read: bytes) -> None:
    chunked = (("Content-Type", "text/html"), ("transfer-encoding", "CHUNKED"))
    path = write(tmp_path / "a.warc", Given(URL, sent, headers=chunked))
    assert body_at(path, URL) == read
