"""What a crawl with WARC_DIR keeps: everything, byte for byte, whole at every moment."""

import base64
import gzip
import hashlib
import json
import os
import random
import resource
import subprocess
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import brotli
import pytest
from backports import zstd

from tests import command_line, warc_files
from tests.command_line import MOST_SECONDS, Process, Run, crawl, scrapy_crawl, wait_until
from tests.made_up_site import MadeUpSite
from tests.site_server import Answer, Asked, Site, serve
from tests.spiders.test_channel_spider import FAST, lists_of
from tests.warc_files import Kept
from zjnews.archives import cdxj, recorder
from zjnews.archives import saved as archives
from zjnews.archives.recorder import Exchange, Recorder
from zjnews.archives.saved import SavedPage

HOST = "http://zjnews.zjol.com.cn"
TITLE = "<title>浙江</title>"
PAGE = f"<html><head>{TITLE}</head><body><p>雨停了。</p></body></html>"
UTF8 = PAGE.encode()
HTML = b"Content-Type: text/html; charset=utf-8\r\n"


def address(number: int, host: str = HOST) -> str:
    return f"{host}/zjnews/202609/t20260914_{31908000 + number}.shtml"


def whole(headers: bytes, body: bytes, status: bytes = b"HTTP/1.1 200 OK") -> bytes:
    length = b"Content-Length: %d\r\n" % len(body)
    return status + b"\r\n" + headers + length + b"\r\n" + body


def chunked(*pieces: bytes, trailer: bytes = b"") -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in pieces) + b"0\r\n" + trailer + b"\r\n"


def encoded(name: str, body: bytes) -> bytes:
    return whole(HTML + f"Content-Encoding: {name}\r\n".encode(), body)


RAW = {
    "gbk": whole(b"Content-Type: text/html; charset=gbk\r\n", PAGE.encode("gbk")),
    "gzip": encoded("gzip", gzip.compress(UTF8)),
    "deflate": encoded("deflate", zlib.compress(UTF8)),
    "br": encoded("br", brotli.compress(UTF8)),
    "zstd": encoded("zstd", zstd.compress(UTF8)),
    "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
    + HTML
    + b"\r\n"
    + chunked(UTF8[:9], UTF8[9:]),
    "chunked with trailer, extension, capitals": b"HTTP/1.1 200 OK\r\n"
    + HTML
    + b"Transfer-Encoding: Chunked\r\n\r\n5;x=y\r\n<html\r\n"
    + chunked(UTF8[5:], trailer=b"X-Sum: 1\r\n"),
    "odd reason": whole(HTML, UTF8 + b"1", b"HTTP/1.1 200 Alles  klar, Chef!"),
    "reason in Chinese": whole(HTML, UTF8 + b"2", "HTTP/1.1 200 好".encode()),
    "no reason": whole(HTML, UTF8 + b"3", b"HTTP/1.1 200"),
    "http/1.0": whole(HTML, UTF8 + b"4", b"HTTP/1.0 200 OK"),
    "small letters": whole(HTML, UTF8 + b"5", b"http/1.1 200 ok"),
    "odd case, order and spaces": whole(
        b"x-B:  b  \r\ncOnTent-TYPE:text/html;charset=UTF-8\r\nX-A:a\r\nEmpty:\r\n", UTF8 + b"6"
    ),
    "bytes that are not ASCII": whole(HTML + b"X-Place: \xd5\xe3\xbd\xad\r\n", UTF8 + b"7"),
    "repeated headers": whole(HTML + b"X-A: 1\r\nSet-Cookie: a=1\r\nX-A: 2\r\n" * 2, UTF8 + b"8"),
    "folded header": whole(HTML + b"X-Long: a\r\n  b\r\n\tc\r\n", UTF8 + b"9"),
    "line without colon": whole(HTML + b"what is this\r\n", UTF8 + b"10"),
    "line feeds only": b"HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Length: 3\n\nyes",
    "301": whole(b"Location: %s\r\n" % address(0).encode(), b"moved", b"HTTP/1.1 301 Moved"),
    "302": whole(b"Location: /x/../%s\r\n" % b"t.shtml", b"found", b"HTTP/1.1 302 Found"),
    "404": whole(HTML, b"not there", b"HTTP/1.1 404 Not Found"),
    "304": b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n',
    "close-delimited": b"HTTP/1.1 200 OK\r\n" + HTML + b"Connection: close\r\n\r\n" + UTF8 + b"11",
    "empty body": whole(HTML, b""),
    "body of line ends": whole(HTML, b"\r\n\r\n\r\n"),
    "body that looks like a record": whole(HTML, b"WARC/1.1\r\nWARC-Type: response\r\n\r\n" * 9),
    "body like an informational answer": whole(HTML, b"HTTP/1.1 100 Continue\r\n\r\n"),
}
"""What the server sends, to the byte."""
NUMBERS = {name: number for number, name in enumerate(RAW)}
INFORMED = whole(HTML, UTF8 + b"12")
FOLLOWED = whole(HTML, UTF8 + b"13")
BUSY = whole(HTML, b"too much to do", b"HTTP/1.1 500 Oh")
ROBOTS = whole(b"Content-Type: text/plain\r\n", b"User-agent: *\nDisallow: /none/\n")
OTHERS = {
    f"{HOST}/robots.txt": ROBOTS,
    address(100): b"HTTP/1.1 100 Continue\r\n\r\n"
    b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n" + INFORMED,
    address(101): BUSY,
    address(102): whole(HTML, b"half of it")[:-5],
    address(103): whole(HTML, b"", b"HTTP/1.1 2000 OK"),
    address(105): FOLLOWED + b"HTTP/1.1 200 OK\r\n\r\nnobody asked for this",
    address(104): b"HTTP/1.1 200 OK\r\n\r\n" + bytes(50_000),
}


def answer_raw(asked: Asked) -> Answer:
    found = {address(number): RAW[name] for name, number in NUMBERS.items()} | OTHERS
    return Answer(raw=found.get(asked.url, whole(b"", b"no", b"HTTP/1.1 404 No")))


def crawl_articles(folder: Path, site: Site, urls: list[str], *arguments: str) -> Run:
    given = ("article", "-a", "url=" + ",".join(urls), *FAST, "-s", f"WARC_DIR={folder}/warc")
    return crawl(folder, *given, *arguments, environment=site.environment)


@dataclass
class Recorded:
    """A crawl of raw answers, and what it kept."""

    folder: Path
    run: Run
    site: Site
    records: list[Kept]

    def of(self, url: str) -> list[Kept]:
        return [r for r in self.records if r.url == url and r.kind in ("response", "revisit")]


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorded]:
    folder = tmp_path_factory.mktemp("raw")
    with serve(answer_raw) as site:
        urls = [address(number) for number in (*NUMBERS.values(), *range(100, 106))]
        given = ("-s", "DOWNLOAD_MAXSIZE=40000", "-s", "CONTACT=desk@example.org")
        run = crawl_articles(folder, site, urls, *given, "-s", "HOST_FAILURES=99")
        records = warc_files.all_records(folder / "warc")
        yield Recorded(folder / "warc", run, site, records)


# --- what is kept -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in RAW if name != "304"])
def test_an_answer_stands_in_the_file_as_the_server_sent_it(raw: Recorded, name: str) -> None:
    [kept] = raw.of(address(NUMBERS[name]))
    assert (kept.kind, kept.block) == ("response", RAW[name])


def test_nothing_goes_wrong_over_odd_answers(raw: Recorded) -> None:
    assert "Traceback" not in raw.run.errors
    assert raw.run.status in (0, 5), raw.run.errors


def test_robots_txt_is_kept(raw: Recorded) -> None:
    [kept] = raw.of(f"{HOST}/robots.txt")
    assert kept.block == ROBOTS


def test_an_answer_of_304_is_a_revisit_by_the_word_of_the_server(raw: Recorded) -> None:
    [kept] = raw.of(address(NUMBERS["304"]))
    assert (kept.kind, kept.block) == ("revisit", RAW["304"])
    profile = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
    assert kept.headers["warc-profile"] == profile


def test_informational_answers_are_no_part_of_the_record(raw: Recorded) -> None:
    [kept] = raw.of(address(100))
    assert kept.block == INFORMED


def test_what_comes_behind_an_answer_is_no_part_of_it(raw: Recorded) -> None:
    [kept] = raw.of(address(105))
    assert (kept.kind, kept.block) == ("response", FOLLOWED)


def test_every_retry_is_kept(raw: Recorded) -> None:
    first, *again = raw.of(address(101))
    assert (first.kind, first.block) == ("response", BUSY)
    assert [record.kind for record in again] == ["revisit"] * 3
    digests = {record.headers["warc-payload-digest"] for record in (first, *again)}
    assert len(digests) == 1
    assert {record.block for record in again} == {BUSY.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"}


@pytest.mark.parametrize("number", [102, 104])
def test_an_answer_that_broke_off_or_was_given_up_is_none(raw: Recorded, number: int) -> None:
    assert address(number) in raw.site.requests
    assert raw.of(address(number)) == []


def test_an_answer_has_its_request(raw: Recorded) -> None:
    requests = {r.headers["warc-concurrent-to"]: r for r in raw.records if r.kind == "request"}
    answers = [r for r in raw.records if r.kind in ("response", "revisit")]
    assert len(answers) == len(requests)
    for answer in answers:
        request = requests[answer.id]
        assert (request.url, request.headers["warc-date"]) == (
            answer.url,
            answer.headers["warc-date"],
        )


def test_addresses_are_those_that_were_asked_for(raw: Recorded) -> None:
    kept = {r.url for r in raw.records if r.kind in ("response", "revisit")}
    not_kept = {address(102), address(103), address(104)}
    assert kept - not_kept == set(raw.site.requests) - not_kept


def test_digests_are_right(raw: Recorded) -> None:
    def sha1(data: bytes) -> str:
        return "sha1:" + base64.b32encode(hashlib.sha1(data).digest()).decode()

    for record in raw.records:
        assert record.headers["warc-block-digest"] == sha1(record.block)
        if record.kind == "response":
            body = record.block.replace(b"\n\n", b"\r\n\r\n", 1).partition(b"\r\n\r\n")[2]
            assert record.headers["warc-payload-digest"] == sha1(body)


def test_dates_are_of_the_crawl_and_every_id_is_its_own(raw: Recorded) -> None:
    now = datetime.now(UTC)
    for record in raw.records:
        at = datetime.fromisoformat(record.headers["warc-date"].replace("Z", "+00:00"))
        assert now - timedelta(minutes=5) < at <= now
    assert len({record.id for record in raw.records}) == len(raw.records)


def test_the_first_record_tells_who_made_the_file(raw: Recorded) -> None:
    first, *others = raw.records
    [path] = raw.folder.glob("*.warc.gz")
    assert {record.version for record in raw.records} == {"WARC/1.1"}
    assert first.kind == "warcinfo"
    assert "warcinfo" not in {record.kind for record in others}
    assert first.headers["warc-filename"] == path.name
    assert first.fields["software"].startswith("zjnews/")
    assert first.fields["robots"] == "obey"
    assert first.fields["operator"] == "desk@example.org"
    assert {first.fields["http-header-user-agent"]} == raw.site.user_agents


def test_warcio_finds_the_file_whole(raw: Recorded, tmp_path: Path) -> None:
    [path] = raw.folder.glob("*.warc.gz")
    data = path.read_bytes()
    br = address(NUMBERS["br"])  # over which warcio's command stumbles with this brotli
    others = [data[r.offset : r.offset + r.length] for r in raw.records if r.url != br]
    (tmp_path / path.name).write_bytes(b"".join(others))
    warc_files.check(tmp_path)


def test_warcio_finds_every_record(raw: Recorded) -> None:
    [path] = raw.folder.glob("*.warc.gz")
    fields = "offset,warc-type,warc-record-id"
    done = subprocess.run(
        [*warc_files.WARCIO, "index", "-f", fields, str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    expected = [(str(r.offset), r.kind, r.id) for r in raw.records]
    assert [(x["offset"], x["warc-type"], x["warc-record-id"]) for x in lines] == expected


def test_the_index_is_the_one_that_would_be_made_of_the_file(raw: Recorded, tmp_path: Path) -> None:
    [path] = raw.folder.glob("*.warc.gz")
    cdxj.write_index(cdxj.lines_in(path, path), tmp_path / "again.cdxj")
    assert cdxj.path_of(path).read_bytes() == (tmp_path / "again.cdxj").read_bytes()
    assert len(cdxj.path_of(path).read_bytes().splitlines()) == sum(
        record.kind in ("response", "revisit") for record in raw.records
    )


@pytest.mark.parametrize("name", ["gbk", "gzip", "deflate", "br", "zstd"])
def test_a_kept_page_reads_as_it_was(raw: Recorded, name: str) -> None:
    url = address(NUMBERS[name])
    [page] = [p for p in archives.pages_in(raw.folder) if isinstance(p, SavedPage) and p.url == url]
    assert page.body.decode("gbk" if name == "gbk" else "utf-8") == PAGE


@pytest.mark.parametrize("name", [name for name in RAW if "chunked" in name])
def test_a_kept_page_in_chunks_reads_as_it_was(raw: Recorded, name: str) -> None:
    url = address(NUMBERS[name])
    [page] = [p for p in archives.pages_in(raw.folder) if isinstance(p, SavedPage) and p.url == url]
    assert page.body == UTF8


def test_the_summary_tells_what_was_kept(raw: Recorded) -> None:
    count = sum(record.kind in ("response", "revisit") for record in raw.records)
    revisits = sum(record.kind == "revisit" for record in raw.records)
    line = f"  kept {count:,} answers ({revisits} of them known before) in 1 file in {raw.folder}"
    assert line in raw.run.errors.splitlines()


def test_requests_are_kept_as_they_were_sent_but_for_credentials(tmp_path: Path) -> None:
    with serve(answer_raw) as site:
        seen: list[bytes] = []
        proxy = f"http://reader:secret@127.0.0.1:{site.port}"
        environment = {**site.environment, "http_proxy": proxy}
        given = ("-s", f"WARC_DIR={tmp_path}/warc", "-s", "ROBOTSTXT_OBEY=False", *FAST)
        crawl(tmp_path, "article", "-a", f"url={address(0)}", *given, environment=environment)
        [asked] = site.asked
        seen = [f"{name}: {value}".encode() for name, value in asked.headers.items()]
    [request] = [r for r in warc_files.all_records(tmp_path / "warc") if r.kind == "request"]
    line, *headers = request.block.removesuffix(b"\r\n\r\n").split(b"\r\n")
    assert line == f"GET {address(0)} HTTP/1.1".encode()
    lowered = [h.split(b":")[0].lower() + b":" + h.split(b":", 1)[1] for h in headers]
    is_secret = [header.startswith(b"proxy-authorization") for header in seen]
    assert sum(is_secret) == 1
    assert lowered == [h for h, secret in zip(seen, is_secret, strict=True) if not secret]


def test_tls_is_kept_as_what_went_through_it(tmp_path: Path) -> None:
    with serve(answer_raw) as site:
        url = address(NUMBERS["gbk"], "https://zjnews.zjol.com.cn")
        page = Answer(PAGE.encode("gbk"), content_type="text/html; charset=gbk")
        site.answers = {url: page}
        crawl_articles(tmp_path, site, [url])
    kept = [r for r in warc_files.all_records(tmp_path / "warc") if r.url == url]
    assert [record.kind for record in kept] == ["response", "request"]
    assert kept[0].block.endswith(b"\r\n\r\n" + page.body)
    assert kept[1].block.startswith(b"GET /zjnews/")


# --- what has not changed -----------------------------------------------------------------------------


def test_the_same_page_again_is_a_revisit_of_a_record_that_is_there(tmp_path: Path) -> None:
    with serve(answer_raw) as site:
        urls = [
            address(NUMBERS["gbk"]),
            address(NUMBERS["chunked"]),
            address(NUMBERS["empty body"]),
        ]
        for _ in range(2):
            run = crawl_articles(tmp_path, site, urls)
            assert run.status in (0, 5)
    records = warc_files.all_records(tmp_path / "warc")
    originals = {(r.url, r.headers["warc-date"]): r for r in records if r.kind == "response"}
    revisits = [r for r in records if r.kind == "revisit"]
    assert len(revisits) == 3  # two pages and robots.txt; nothing repeats no body
    for revisit in revisits:
        at = (
            revisit.headers["warc-refers-to-target-uri"],
            revisit.headers["warc-refers-to-date"],
        )
        original = originals[at]
        assert original.url == revisit.url
        assert original.headers["warc-payload-digest"] == revisit.headers["warc-payload-digest"]
        assert revisit.headers["warc-profile"].endswith("/1.1/revisit/identical-payload-digest")
        assert original.block.startswith(revisit.block)
    warc_files.check(tmp_path / "warc")


def test_the_same_page_at_another_address_is_a_revisit(tmp_path: Path) -> None:
    page = Answer(UTF8)
    with serve({address(1): page, address(2): page, address(3): page}) as site:
        crawl_articles(tmp_path, site, [address(1), address(2), address(3)])
    records = [r for r in warc_files.all_records(tmp_path / "warc") if ".shtml" in r.url]
    first, *others = [r for r in records if r.kind != "request"]
    assert (first.kind, {r.kind for r in others}) == ("response", {"revisit"})
    for revisit in others:
        assert revisit.headers["warc-refers-to-target-uri"] == first.url != revisit.url
        assert revisit.headers["warc-refers-to-date"] == first.headers["warc-date"]


# --- units: files -------------------------------------------------------------------------------------


def exchange(url: str = address(1), served: bytes = INFORMED) -> Exchange:
    return Exchange(url, datetime.now(UTC), b"GET / HTTP/1.1\r\n\r\n", served)


def recording(folder: Path, most: int = 10**9) -> Recorder:
    return Recorder(folder, "test", most, {"software": "test"})


def test_files_grow_under_another_name(tmp_path: Path) -> None:
    keeper = recording(tmp_path)
    assert list(tmp_path.iterdir()) == []
    keeper.write(exchange())
    [growing] = tmp_path.iterdir()
    assert growing.name.endswith(".warc.gz.open")
    keeper.close()
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [growing.name.removesuffix(".open"), growing.name.removesuffix("open") + "cdxj"]


def test_a_file_of_many_bytes_is_closed_and_another_begun(tmp_path: Path) -> None:
    keeper = recording(tmp_path, most=3_000)
    for number in range(20):
        body = random.Random(number).randbytes(1_000)  # noqa: S311  made-up pages
        keeper.write(exchange(address(number), whole(HTML, body)))
    keeper.close()
    files = sorted(tmp_path.glob("*.warc.gz"))
    assert len(files) == len(keeper.finished) >= 5
    assert [path for path in tmp_path.iterdir() if path.suffix not in (".gz", ".cdxj")] == []
    for path in files:
        first, *others = warc_files.records(path)
        assert (first.kind, first.headers["warc-filename"]) == ("warcinfo", path.name)
        assert path.stat().st_size < 6_000
        assert others
        made = tmp_path / "made"
        cdxj.write_index(cdxj.lines_in(path, path), made)
        assert cdxj.path_of(path).read_bytes() == made.read_bytes()
        made.unlink()
    kept = [r for r in warc_files.all_records(tmp_path) if r.kind == "response"]
    assert [r.url for r in kept] == [address(number) for number in range(20)]
    warc_files.check(tmp_path)


def test_an_answer_in_an_earlier_file_of_the_run_is_known(tmp_path: Path) -> None:
    keeper = recording(tmp_path, most=1)
    assert [keeper.write(exchange()) for _ in range(3)] == [False, True, True]
    keeper.close()
    assert len(keeper.finished) == 3


def test_a_changed_page_is_kept_again(tmp_path: Path) -> None:
    for body in (b"one", b"two", b"one"):
        keeper = recording(tmp_path)
        keeper.write(exchange(served=whole(HTML, body)))
        keeper.close()
    kinds = [record.kind for record in warc_files.all_records(tmp_path)]
    assert kinds == ["warcinfo", "response", "request"] * 2 + ["warcinfo", "revisit", "request"]


def test_an_archive_that_cannot_be_read_any_more_only_costs_space(tmp_path: Path) -> None:
    first = recording(tmp_path)
    first.write(exchange())
    first.close()
    keeper = recording(tmp_path)
    first.finished[0].write_bytes(b"")
    assert keeper.write(exchange()) is False
    first.finished[0].unlink()
    assert keeper.write(exchange(served=whole(HTML, b"other"))) is False
    keeper.close()


def test_a_folder_that_is_moved_away_meanwhile_only_costs_space(tmp_path: Path) -> None:
    first = recording(tmp_path)
    first.write(exchange())
    first.close()
    keeper = recording(tmp_path)
    for path in tmp_path.iterdir():
        path.unlink()
    assert keeper.write(exchange()) is False
    keeper.close()


def test_a_record_is_written_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = recording(tmp_path)
    keeper.write(exchange())
    [growing] = tmp_path.iterdir()
    before = growing.read_bytes()
    write = os.write

    def half(descriptor: int, data: bytes) -> int:
        if len(data) < 100:
            raise OSError(28, "No space left on device")
        return write(descriptor, data[:99])

    monkeypatch.setattr(os, "write", half)
    with pytest.raises(OSError, match="No space left"):
        keeper.write(exchange(address(2), whole(HTML, b"other")))
    monkeypatch.undo()
    assert growing.read_bytes() == before
    keeper.write(exchange(address(3), whole(HTML, b"third")))
    keeper.close()
    kept = [r.url for r in warc_files.all_records(tmp_path) if r.kind == "response"]
    assert kept == [address(1), address(3)]
    warc_files.check(tmp_path)


# --- units: what a run that died has left -------------------------------------------------------------


def left_behind(folder: Path, *exchanges: Exchange) -> Path:
    """The file that a run had open."""
    keeper = recording(folder)
    for one in exchanges:
        keeper.write(one)
    assert keeper.growing is not None
    os.close(keeper.growing.descriptor)
    [path] = folder.glob("*.open")
    return path


@pytest.mark.parametrize("kept", [0.0, 0.02, 0.3, 0.6, 0.9, 0.999])
def test_half_a_record_is_cut_off_wherever_it_ends(tmp_path: Path, kept: float) -> None:
    path = left_behind(tmp_path, exchange(), exchange(address(2), whole(HTML, b"second")))
    *_, answer, request = warc_files.records(path)
    end = answer.offset + int((answer.length + request.length) * kept)
    path.write_bytes(path.read_bytes()[:end])
    before = [record.id for record in warc_files.records(path)]
    [mended] = recorder.mend(tmp_path)
    assert mended.is_kept
    assert [record.id for record in warc_files.records(mended.path)] == before
    assert mended.path.stat().st_size + mended.cut_off == end
    assert not path.exists()
    warc_files.check(tmp_path)


def test_a_mended_file_has_the_index_that_it_would_have_had(tmp_path: Path) -> None:
    left_behind(tmp_path, exchange(), exchange(address(2)), exchange(address(2)))
    [mended] = recorder.mend(tmp_path)
    recording(tmp_path)  # which makes what is missing
    lines = cdxj.path_of(mended.path).read_bytes().splitlines()
    assert lines == sorted(cdxj.lines_in(mended.path, mended.path))
    assert len(lines) == 3


def test_half_an_index_of_a_run_that_died_is_gone(tmp_path: Path) -> None:
    path = left_behind(tmp_path, exchange())
    name = path.name.removesuffix(".open")
    (tmp_path / f".{name}.cdxj.4711.part").write_text("half an ind")
    list(recorder.mend(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_file_without_an_answer_is_gone(tmp_path: Path) -> None:
    path = left_behind(tmp_path, exchange())
    path.write_bytes(path.read_bytes()[: warc_files.records(path)[1].offset + 5])
    [mended] = recorder.mend(tmp_path)
    assert (mended.is_kept, list(tmp_path.iterdir())) == (False, [])


def test_an_empty_file_is_gone(tmp_path: Path) -> None:
    (tmp_path / "channel-20260915020000-00000.warc.gz.open").touch()
    [mended] = recorder.mend(tmp_path)
    assert (mended.is_kept, list(tmp_path.iterdir())) == (False, [])


def test_what_somebody_else_has_put_there_is_left_alone(tmp_path: Path) -> None:
    notes = tmp_path / "questions.open"
    notes.write_text("is this folder backed up?")
    assert list(recorder.mend(tmp_path)) == []
    assert notes.read_text() == "is this folder backed up?"


def test_a_file_that_is_being_written_is_left_alone(tmp_path: Path) -> None:
    keeper = recording(tmp_path)
    keeper.write(exchange())
    [path] = tmp_path.iterdir()
    before = path.read_bytes()
    assert list(recorder.mend(tmp_path)) == []
    assert path.read_bytes() == before
    keeper.close()


def test_a_file_that_is_finished_meanwhile_is_none_to_mend(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = recording(tmp_path)
    keeper.write(exchange())
    flock = recorder.fcntl.flock

    def finish_first(descriptor: int, how: int) -> None:
        keeper.close()
        flock(descriptor, how)

    monkeypatch.setattr(recorder.fcntl, "flock", finish_first)
    assert list(recorder.mend(tmp_path)) == []
    assert len(warc_files.all_records(tmp_path)) == 3


def test_a_file_that_was_just_finished_is_none_to_mend(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = recording(tmp_path)
    keeper.write(exchange())
    open_ = os.open

    def finish_first(*arguments: int) -> int:
        keeper.close()
        return open_(*arguments)

    monkeypatch.setattr(recorder.os, "open", finish_first)
    assert list(recorder.mend(tmp_path)) == []
    assert len(warc_files.all_records(tmp_path)) == 3


# --- killed -------------------------------------------------------------------------------------------


def recording_crawl(
    folder: Path, made_up: MadeUpSite, *more: str, state: str = "state"
) -> list[str]:
    lists = lists_of(made_up, "zjxc", "gnxw", "bwgd", "jms")
    given = ("channel", "-a", lists, "-a", "since=20d", *FAST)
    warcs = ("-s", f"WARC_DIR={folder}/warc", "-s", "LOG_LEVEL=INFO")
    out = f"{folder}/{state}/out.jsonl"
    return scrapy_crawl(folder / state, *given, *warcs, *more, "-O", out)


def start(command: list[str], site: Site) -> Process:
    return command_line.start(command, site.environment)


def whole_ids(*paths: Path) -> set[str]:
    """Of all records that are whole in files that hold an answer, half files included."""
    found: set[str] = set()
    for path in paths:
        records = warc_files.records(path)
        if {"response", "revisit"} & {record.kind for record in records}:
            found |= {record.id for record in records}
    return found


def test_kills_lose_no_record_that_was_whole(
    tmp_path: Path, made_up: MadeUpSite, site: Site
) -> None:
    rng = random.Random("kills")  # noqa: S311  it protects nothing
    settings = ("-s", "DOWNLOAD_DELAY=0.01", "-s", "WARC_BYTES=50000")
    before: set[str] = set()
    for number in range(4):
        asked = len(site.requests)
        run = start(recording_crawl(tmp_path, made_up, *settings, state=f"{number}"), site)
        wanted = asked + rng.randrange(1, 90)
        while len(site.requests) < wanted and run.poll() is None:
            time.sleep(0.002)
        is_running = run.poll() is None
        run.kill()
        _, errors = run.communicate()
        assert is_running, errors
        left_open = [*(tmp_path / "warc").glob("*.open")]
        is_left = bool(whole_ids(*left_open))
        before |= whole_ids(*(tmp_path / "warc").glob("*.warc.gz"), *left_open)
    assert len(before) > 40
    last = start(recording_crawl(tmp_path, made_up, *settings), site)
    _, errors = last.communicate(timeout=MOST_SECONDS)
    assert last.returncode == 0, errors
    assert ("left by a run that died, is finished now" in errors) == is_left
    assert before <= {record.id for record in warc_files.all_records(tmp_path / "warc")}
    warc_files.check(tmp_path / "warc")
    assert list((tmp_path / "warc").glob("*.open")) == []
    for path in (tmp_path / "warc").glob("*.warc.gz"):
        lines = sorted(cdxj.lines_in(path, path))
        assert cdxj.path_of(path).read_bytes().splitlines() == lines


# --- two at a time ------------------------------------------------------------------------------------


def test_two_crawls_can_record_into_one_folder(tmp_path: Path, made_up: MadeUpSite) -> None:
    may_go_on = False

    def answer(asked: Asked) -> Answer:
        if "index_1" in asked.url:
            wait_until(lambda: may_go_on)
        return made_up.answer(asked)

    with serve(answer) as site:
        first = start(recording_crawl(tmp_path, made_up), site)
        while sum(".shtml" in url for url in site.requests) < 20 and first.poll() is None:
            time.sleep(0.02)
        [growing] = (tmp_path / "warc").glob("*.open")
        inode = growing.stat().st_ino
        url = made_up.articles[-1].url
        second = crawl_articles(tmp_path, site, [url], "-s", "LOG_LEVEL=INFO")
        assert first.poll() is None
        assert "left by a run that died" not in second.errors
        assert growing.stat().st_ino == inode
        may_go_on = True
        _, errors = first.communicate(timeout=MOST_SECONDS)
    assert (first.returncode, second.status) == (0, 0), errors
    assert list((tmp_path / "warc").glob("*.open")) == []
    assert len(list((tmp_path / "warc").glob("*.warc.gz"))) == 2
    warc_files.check(tmp_path / "warc")
    kept = [r.url for r in warc_files.all_records(tmp_path / "warc") if r.kind == "request"]
    assert len(kept) == len(site.requests)


# --- no place to keep it ------------------------------------------------------------------------------


def test_a_folder_that_is_a_file_is_told_before_the_first_page(tmp_path: Path, site: Site) -> None:
    (tmp_path / "warc").write_text("no folder")
    run = crawl_articles(tmp_path, site, [address(1)])
    assert run.status == 3
    [line] = run.errors.strip().splitlines()
    assert line.startswith(f"scrapy crawl: archive {tmp_path}/warc: ")
    assert site.requests == []


def test_a_folder_that_cannot_be_made_is_told_before_the_first_page(
    tmp_path: Path, site: Site
) -> None:
    given = ("article", "-a", f"url={address(1)}", "-s", "WARC_DIR=/proc/none/warc")
    run = crawl(tmp_path, *given, environment=site.environment)
    assert run.status == 3
    [line] = run.errors.strip().splitlines()
    assert line.startswith("scrapy crawl: archive /proc/none/warc: ")
    assert site.requests == []


def crawl_with_little_room(folder: Path, site: Site, urls: list[str], most: int) -> tuple[int, str]:
    """Status and standard error of a crawl whose files may not grow any further."""
    given = ("article", "-a", "url=" + ",".join(urls), *FAST, "-s", f"WARC_DIR={folder}/warc")
    command = [*scrapy_crawl(folder, *given), "-O", f"{folder}/out.jsonl"]
    limit = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (most, most))
    done = command_line.run(command, site.environment, first=limit)
    return done.returncode, done.stderr


@pytest.mark.parametrize("most", [100, 30_000])
def test_a_full_disk_ends_the_crawl_in_one_line(
    tmp_path: Path, made_up: MadeUpSite, most: int
) -> None:
    filling = random.Random(1).randbytes(100_000).hex().encode()  # noqa: S311  it protects nothing
    urls = [article.url for article in made_up.articles if article.pages == 1][:6]

    def answer(asked: Asked) -> Answer:
        answer = made_up.answer(asked)
        is_large = asked.url == urls[3]
        return Answer(answer.body + filling) if is_large else answer

    with serve(answer) as site:
        status, errors = crawl_with_little_room(tmp_path, site, urls, most)
    assert status == 3, errors
    assert "Traceback" not in errors
    [line] = [
        line for line in errors.splitlines() if "the archive " in line and "ends here" in line
    ]
    assert line.endswith("cannot be written: File too large; the crawl ends here")
    assert errors.splitlines()[-1].endswith("exit status 3, the archive could not be written")
    if most > 100:
        warc_files.check(tmp_path / "warc")
    assert list((tmp_path / "warc").glob("*.open")) == []


# --- settings -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["abc"])
def test_a_size_that_is_none_is_refused(tmp_path: Path, site: Site, value: str) -> None:
    run = crawl_articles(tmp_path, site, [address(1)], "-s", f"WARC_BYTES={value}")
    assert run.status == 2
    assert run.errors.strip() == f"scrapy crawl: WARC_BYTES={value} is no number of 0 or more"


def test_a_size_may_be_written_as_people_do(tmp_path: Path, site: Site) -> None:
    run = crawl_articles(tmp_path, site, [address(1)], "-s", "WARC_BYTES=1e9")
    assert "Traceback" not in run.errors
    assert len(list((tmp_path / "warc").glob("*.warc.gz"))) == 1
