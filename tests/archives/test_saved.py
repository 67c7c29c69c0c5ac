"""Saved pages in every form that they are kept in."""

import gzip
import json
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import brotli
import pytest
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from zjnews.archives import saved as archives
from zjnews.archives.saved import Passed, SavedPage, Unusable

URL = "https://zjnews.zjol.com.cn/zjnews/202609/t20260914_31908230.shtml"
BODY = "<html><p>雨停了。</p></html>".encode()
DATE = "2026-09-15T02:00:00Z"
CHUNKED = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)


def write_warc(
    path: Path, *records: tuple[str, bytes, list[tuple[str, str]]], date: str = DATE
) -> Path:
    """A WARC of records: type, body as sent, HTTP headers."""
    with path.open("wb") as stream:
        writer = WARCWriter(stream, gzip=path.name.endswith(".gz"))
        for kind, body, headers in records:
            http = StatusAndHeaders("200 OK", [("Content-Type", "text/html"), *headers], "HTTP/1.1")
            record = writer.create_warc_record(
                URL,
                kind,
                payload=BytesIO(body),
                http_headers=http,
                warc_headers_dict={"WARC-Date": date},
            )
            writer.write_record(record)
    return path


def reasons(path: Path) -> list[str]:
    return [
        found.rejected.reason for found in archives.pages_in(path) if isinstance(found, Unusable)
    ]


def bodies(path: Path) -> list[bytes]:
    return [found.body for found in archives.pages_in(path) if isinstance(found, SavedPage)]


pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.mark.parametrize("name", ["a.warc", "a.warc.gz"])
@pytest.mark.parametrize(
    ("sent", "headers"),
    [
        (BODY, []),
        (CHUNKED, [("Transfer-Encoding", "chunked")]),
        (gzip.compress(BODY, mtime=0), [("Content-Encoding", "gzip")]),
        (brotli.compress(BODY), [("Content-Encoding", "br")]),
    ],
)
def test_encodings(tmp_path: Path, name: str, sent: bytes, headers: list[tuple[str, str]]) -> None:
    path = write_warc(tmp_path / name, ("response", sent, headers), ("response", BODY, []))
    assert bodies(path) == [BODY, BODY]
    first = next(archives.pages_in(path))
    assert isinstance(first, SavedPage)
    assert (first.url, first.content_type) == (URL, "text/html")
    assert first.fetched_at == datetime(2026, 9, 15, 2, tzinfo=UTC)


def test_a_damaged_encoding_is_one_page_lost(tmp_path: Path) -> None:
    broken = brotli.compress(BODY)[:-4]
    path = write_warc(
        tmp_path / "a.warc",
        ("response", broken, [("Content-Encoding", "br")]),
        ("response", BODY, []),
    )
    assert (bodies(path), reasons(path)) == ([BODY], ["unreadable"])


@pytest.mark.parametrize("kept", [12, 30])
def test_a_record_cut_off_in_its_head_is_counted(tmp_path: Path, kept: int) -> None:
    whole = write_warc(tmp_path / "one.warc.gz", ("response", BODY, []))
    path = tmp_path / "cut.warc.gz"
    path.write_bytes(whole.read_bytes() + whole.read_bytes()[:kept])
    assert (bodies(path), reasons(path)) == ([BODY], ["broken-warc"])


def test_revisits_are_counted(tmp_path: Path) -> None:
    path = write_warc(tmp_path / "a.warc", ("response", BODY, []), ("revisit", b"", []))
    assert (bodies(path), reasons(path)) == ([BODY], [])
    [_, passed] = archives.pages_in(path)
    assert isinstance(passed, Passed)
    assert passed.skipped.reason == "revisit"


def page_with(folder: Path, response: str) -> list[SavedPage | Unusable]:
    (folder / "page.html").write_bytes(BODY)
    (folder / "response.json").write_text(response, "utf-8")
    return list(archives.pages_in(folder))


@pytest.mark.parametrize(
    "response",
    [
        {"url": URL},
        {"url": URL, "headers": None, "status": "200", "fetched_at": "2026-09-15 02:00:00"},
        {"url": URL, "headers": {}, "status": 200, "fetched_at": "yesterday"},
    ],
)
def test_an_imperfect_response_json_still_gives_the_address(
    tmp_path: Path, response: dict[str, object]
) -> None:
    [found] = page_with(tmp_path, json.dumps(response))
    assert isinstance(found, SavedPage)
    assert found.url == URL


def test_a_broken_response_json_is_counted_and_the_page_read(tmp_path: Path) -> None:
    broken, found = page_with(tmp_path, "{")
    assert isinstance(broken, Unusable) and broken.rejected.reason == "broken-response-json"
    assert isinstance(found, SavedPage) and found.url == (tmp_path / "page.html").as_uri()


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs a file that cannot be read")
def test_an_unreadable_response_json_is_counted_and_the_page_read(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_bytes(BODY)
    (tmp_path / "response.json").symlink_to("/proc/self/mem")
    assert (reasons(tmp_path), bodies(tmp_path)) == (["broken-response-json"], [BODY])


def test_a_saved_error_is_no_page(tmp_path: Path) -> None:
    [found] = page_with(tmp_path, json.dumps({"url": URL, "status": 404}))
    assert isinstance(found, Unusable) and found.rejected.reason == "http-404"


def test_folders_are_read_to_the_bottom_in_a_fixed_order(tmp_path: Path) -> None:
    for name in ("b/2.html", "b/1.htm", "a/中文 名.shtml", "c.txt", "c.png", "README.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(BODY)
    (tmp_path / "b" / "dead.html").symlink_to(tmp_path / "nowhere")
    urls = [found.url for found in archives.pages_in(tmp_path) if isinstance(found, SavedPage)]
    assert [Path(url).name for url in urls] == [
        "%E4%B8%AD%E6%96%87%20%E5%90%8D.shtml",
        "1.htm",
        "2.html",
        "c.txt",
    ]
    assert reasons(tmp_path) == ["unreadable-file"]


@pytest.mark.parametrize(
    ("link", "url"),
    [
        (
            '<link rel="canonical" href="https://zj.zjol.com.cn/news.html?type=2&amp;id=7">',
            "https://zj.zjol.com.cn/news.html?type=2&id=7",
        ),
        (f'<link rel=canonical href="{URL.removeprefix("https:")}">', URL),
        (f'<!-- <link rel="canonical" href="{URL}"> -->', None),
        ('<link rel="canonical" href="https://www.zjol.com.cn/">', None),
        ('<link rel="canonical" href="https://zjnews.zjol.com.cn/zjnews/index.shtml">', None),
    ],
)
def test_the_address_that_a_saved_page_names(tmp_path: Path, link: str, url: str | None) -> None:
    page = tmp_path / "page.html"
    page.write_text(f"<html><head>{link}</head><body><p>雨停了。</p></body></html>")
    [found] = archives.pages_in(page)
    assert isinstance(found, SavedPage)
    assert found.url == (url or page.as_uri())
