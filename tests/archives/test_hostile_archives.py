"""Archives as others write them, damaged ones, and ones that mean harm."""

import base64
import gzip
import hashlib
import json
import os
import socket
import subprocess
import time
import zipfile
import zlib
from io import BytesIO
from pathlib import Path

import brotli
import pytest
from warcio.warcwriter import WARCWriter

from tests import command_line
from tests.command_line import SCRAPY, crawl
from tests.warc_files import Given, revisit, unpacked, write
from zjnews.archives import cdxj, warcs
from zjnews.archives import saved as archives
from zjnews.archives.playback import Playback
from zjnews.archives.saved import Passed, SavedPage, Unusable
from zjnews.archives.warcs import Damage, Record
from zjnews.pages.codings import zstd

HOST = "http://zjnews.zjol.com.cn/zjnews/202609"
URL = f"{HOST}/t20260914_50000001.shtml"
BODY = "<html><p>渡口的早班船停了三天，今天又开了。</p></html>".encode()
OTHER = "<html><p>早班船照常。</p></html>".encode()


def given(url: str = URL, body: bytes = BODY, *headers: tuple[str, str], **more: object) -> Given:
    kind = ("Content-Type", "text/html; charset=utf-8")
    return Given(url, body, headers=(kind, *headers), **more)  # type: ignore[arg-type]


def pages(path: Path) -> list[SavedPage]:
    return [found for found in archives.pages_in(path) if isinstance(found, SavedPage)]


def reasons(path: Path) -> list[str]:
    return [
        found.rejected.reason for found in archives.pages_in(path) if isinstance(found, Unusable)
    ]


def raw_record(headers: dict[str, str], block: bytes) -> bytes:
    lines = {"WARC-Type": "response", "WARC-Target-URI": URL, "WARC-Date": "2026-09-15T02:00:00Z"}
    lines |= {**headers, "Content-Length": str(len(block))}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"WARC/1.0\r\n{head}\r\n".encode() + block + b"\r\n\r\n"


# --- What other programs write --------------------------------------------------------------------


def sha1(data: bytes) -> str:
    return "sha1:" + base64.b32encode(hashlib.sha1(data).digest()).decode()


CHUNKED = b"5;x=y\r\n%s\r\n%x\r\n%s\r\n0\r\nX: y\r\n\r\n" % (BODY[:5], len(BODY) - 5, BODY[5:])


@pytest.mark.parametrize(
    "digest",
    [sha1(CHUNKED), sha1(BODY), f"sha256:{hashlib.sha256(BODY).hexdigest()}", "shake128:00", "x"],
)
def test_a_digest_is_of_the_chunks_or_of_what_they_hold(tmp_path: Path, digest: str) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n"
    path = tmp_path / "a.warc"
    path.write_bytes(raw_record({"WARC-Payload-Digest": digest}, head + CHUNKED))
    assert ([page.body for page in pages(path)], reasons(path)) == ([BODY], [])


def test_a_digest_of_something_else_is_damage(tmp_path: Path) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    path = tmp_path / "a.warc"
    path.write_bytes(raw_record({"WARC-Payload-Digest": sha1(OTHER)}, head + CHUNKED))
    assert reasons(path) == ["broken-warc"]


def zipped(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0)


@pytest.mark.parametrize(
    ("labels", "sent"),
    [
        *(((label,), BODY) for label in ("gzip", "br", "zstd", "deflate", "utf-8", "identity")),
        *(((), code(BODY)) for code in (zipped, brotli.compress, zstd.compress, zlib.compress)),
        (("gzip, gzip",), zipped(zipped(BODY))),
        (("gzip", "gzip"), zipped(zipped(BODY))),
        (("x-gzip, br",), brotli.compress(zipped(BODY))),
        (("gzip",), zipped(zipped(BODY))),
        (("gzip, gzip",), zipped(BODY)),
        (("br",), zipped(BODY)),
        (("gzip",), brotli.compress(BODY)),
        (("GZIP",), zipped(BODY[:9]) + zipped(BODY[9:]) + b"\0\0"),
        (("gzip",), zipped(BODY)[:-8]),
        (("deflate",), zlib.compress(BODY)[2:-4]),
    ],
)
def test_codings_are_undone_whatever_their_label(
    tmp_path: Path, labels: tuple[str, ...], sent: bytes
) -> None:
    headers = [("Content-Encoding", label) for label in labels]
    path = write(tmp_path / "a.warc.gz", given(URL, sent, *headers))
    assert ([page.body for page in pages(path)], reasons(path)) == ([BODY], [])


@pytest.mark.parametrize(
    ("label", "sent", "reason"),
    [
        ("gzip", zipped(BODY)[:-20], "unreadable"),
        ("zstd", zstd.compress(BODY)[:-4], "unreadable"),
        ("br", brotli.compress(BODY)[:-4], "unreadable"),
        ("gzip", zipped(b"") * 20_000, "unreadable"),
        (",".join(["gzip"] * 6), BODY, "unreadable"),
        ("gzip", zipped(bytes(60_000_000)), "too-large"),
        ("gzip, gzip", zipped(zipped(bytes(60_000_000))), "too-large"),
        ("br", brotli.compress(bytes(60_000_000)), "too-large"),
        ("zstd", zstd.compress(bytes(60_000_000)), "too-large"),
    ],
)
def test_a_damaged_or_endless_coding_is_named(
    tmp_path: Path, label: str, sent: bytes, reason: str
) -> None:
    path = write(tmp_path / "a.warc", given(URL, sent, ("Content-Encoding", label)), given())
    assert ([page.body for page in pages(path)], reasons(path)) == ([BODY], [reason])


@pytest.mark.parametrize(
    ("date", "at"),
    [
        ("2026", "2026-01-01T00:00:00"),
        ("2026-09", "2026-09-01T00:00:00"),
        ("2026-09-15", "2026-09-15T00:00:00"),
        ("2026-09-15T02:07Z", "2026-09-15T02:07:00"),
        ("2026-09-15T10:07+08:00", "2026-09-15T02:07:00"),
        ("2026-09-15T02:07:09.123456789Z", "2026-09-15T02:07:09"),
        ("20260915020709", "2026-09-15T02:07:09"),
    ],
)
def test_a_date_of_any_granularity(tmp_path: Path, date: str, at: str) -> None:
    path = write(tmp_path / "a.warc", given(date=date))
    [page] = pages(path)
    assert page.fetched_at.astimezone(archives.warcs.time_of(at).tzinfo).isoformat()[:19] == at  # type: ignore[union-attr]
    assert reasons(path) == []


@pytest.mark.parametrize("date", ["yesterday", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00"])
def test_the_time_of_the_file_is_never_taken_in_silence(tmp_path: Path, date: str) -> None:
    path = write(tmp_path / "a.warc.gz", given(date=date), given(f"{HOST}/t20260914_2.shtml"))
    os.utime(path, (1_700_000_000, 1_700_000_000))
    first, _ = pages(path)
    assert first.fetched_at.timestamp() == 1_700_000_000
    assert reasons(path) == ["broken-warc-date"]


@pytest.mark.parametrize("newer", ["2026-09-16", "2026-09-15T03:00Z", "2026-10"])
def test_the_newer_answer_is_replayed_whatever_the_granularity(tmp_path: Path, newer: str) -> None:
    path = write(
        tmp_path / "a.warc.gz",
        given(URL, BODY, date=newer),
        given(URL, OTHER, date="2026-09-15T02:00:00Z"),
    )
    answer = Playback([path]).answer(URL)
    assert answer is not None and answer.body == BODY


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("asked_with_port", [False, True])
def test_the_port_of_the_scheme_makes_no_other_address(
    tmp_path: Path, scheme: str, asked_with_port: bool
) -> None:
    plain = URL.replace("http:", f"{scheme}:")
    with_port = plain.replace("com.cn", "com.cn:80" if scheme == "http" else "com.cn:443")
    kept, asked = (plain, with_port) if asked_with_port else (with_port, plain)
    path = write(tmp_path / "a.warc.gz", given(kept))
    assert [page.url for page in pages(path)] == [plain]
    answer = Playback([path]).answer(asked)
    assert answer is not None and answer.body == BODY


def arc(*urls: str) -> bytes:
    """An ARC file, version 1."""
    about = b"1 0 made-up\nURL IP-address Archive-date Content-type Archive-length\n"
    records = [b"filedesc://a.arc 0.0.0.0 20260915020000 text/plain %d\n%s\n" % (len(about), about)]
    for url in urls:
        block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + BODY
        head = f"{url} 192.0.2.1 20260915020709 text/html {len(block)}\n".encode()
        records.append(head + block + b"\n")
    return b"".join(records)


URLS = [f"{HOST}/t20260914_5000000{n}.shtml" for n in range(1, 5)]


def warc(folder: Path, name: str = "a.warc.gz") -> Path:
    return write(folder / name, *(given(url, BODY + url.encode()) for url in URLS))


def one_member(folder: Path) -> Path:
    plain = unpacked(warc(folder)).read_bytes()
    (folder / "a.warc").unlink()
    (folder / "a.warc.gz").write_bytes(gzip.compress(plain))
    return folder / "a.warc.gz"


def in_zstd(folder: Path, packs_dictionary: bool | None = None) -> Path:
    """With a dictionary in front, unless that is None."""
    source = unpacked(warc(folder))
    samples = [b"WARC/1.1\r\nContent-Length: %d\r\nWARC-Date: 2026-%d" % (n, n) for n in range(999)]
    dictionary = None if packs_dictionary is None else zstd.train_dict(samples, 2000)
    frames = b"".join(
        zstd.compress(
            source.read_bytes()[record.offset :][: record.length] + b"\r\n\r\n",
            zstd_dict=dictionary,
        )
        for record in warcs.Reader(source)
        if isinstance(record, Record)
    )
    head = b""
    if dictionary is not None:
        content = dictionary.dict_content
        content = zstd.compress(content) if packs_dictionary else content
        head = b"\x5d\x2a\x4d\x18" + len(content).to_bytes(4, "little") + content
    for path in folder.glob("a.warc*"):
        path.unlink()
    (folder / "a.warc.zst").write_bytes(head + frames)
    return folder / "a.warc.zst"


def in_wacz(folder: Path) -> Path:
    source = warc(folder)
    with zipfile.ZipFile(folder / "a.wacz", "w") as packed:
        packed.write(source, "archive/data.warc.gz")
        packed.writestr("pages/pages.jsonl", "{}")
    source.unlink()
    return folder / "a.wacz"


def in_arc(folder: Path, packed: bool) -> Path:
    path = folder / ("a.arc.gz" if packed else "a.arc")
    text = arc(*URLS)
    path.write_bytes(gzip.compress(text) if packed else text)
    return path


FORMS = {
    "warc": warc,
    "plain": lambda folder: warc(folder, "a.warc"),
    "one-member": one_member,
    "zstd": in_zstd,
    "zstd-dictionary": lambda folder: in_zstd(folder, packs_dictionary=False),
    "zstd-packed-dictionary": lambda folder: in_zstd(folder, packs_dictionary=True),
    "wacz": in_wacz,
    "arc": lambda folder: in_arc(folder, packed=False),
    "arc.gz": lambda folder: in_arc(folder, packed=True),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_an_archive_is_read(tmp_path: Path, form: str) -> None:
    FORMS[form](tmp_path)
    found = list(archives.pages_in(tmp_path))
    assert [page.url for page in found if isinstance(page, SavedPage)] == URLS
    assert not [page for page in found if isinstance(page, (Unusable, Passed))]


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_replayed_or_named(tmp_path: Path, form: str) -> None:
    named: list[Damage] = []
    path = FORMS[form](tmp_path)
    playback = Playback(warcs.files(tmp_path), lambda _, damage: named.append(damage))
    answered = [playback.answer(url) for url in URLS]
    assert all(answered) != bool(named), (answered, named)
    assert path.exists()


@pytest.mark.parametrize("name", ["a.warc.bz2", "b.arc.xz", "c.WARC.lz4"])
def test_a_form_that_is_not_read_is_named_and_tells_by_status(tmp_path: Path, name: str) -> None:
    write(tmp_path / "in" / "a.warc.gz", given())
    (tmp_path / "in" / name).write_bytes(b"BZh91AY")
    assert reasons(tmp_path / "in") == ["unknown-file"]
    run = crawl(tmp_path, "archive", "-a", f"path={tmp_path}/in")
    assert (run.status, run.rejected["unknown-file"]) == (6, 1)
    line = [*SCRAPY, "reread", str(tmp_path / "in"), "-j", "1", "-O", "-"]
    assert command_line.run(line).returncode == 6


def test_what_stands_beside_an_archive_is_no_archive(tmp_path: Path) -> None:
    path = write(tmp_path / "a.warc.gz", given())
    Playback([path])
    (tmp_path / "b.warc.gz.open").write_bytes(b"")
    assert (len(pages(tmp_path)), reasons(tmp_path)) == (1, [])


# --- One bad thing costs itself -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"WARC-Target-URI": "http://[::1"}, "broken-warc"),
        ({"WARC-Target-URI": "http://a:b@[::1]:x/"}, "broken-warc"),
        ({"WARC-Target-URI": "dns:zjol.com.cn"}, "not-http"),
        ({"WARC-Target-URI": "http://zjol.com.cn/\ud800".encode("utf-8", "replace").decode()}, ""),
        ({"WARC-Date": "0001-01-01T00:00:00Z"}, "broken-warc-date"),
        ({"WARC-Date": "9999-12-31T23:59:59Z"}, "broken-warc-date"),
        ({"WARC-Payload-Digest": "shake_128:zz"}, ""),
    ],
)
def test_a_bad_record_costs_itself(tmp_path: Path, headers: dict[str, str], reason: str) -> None:
    block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + BODY
    path = tmp_path / "a.warc"
    path.write_bytes(raw_record(headers, block) + raw_record({}, block))
    found = list(archives.pages_in(path))
    said = [f.rejected.reason for f in found if isinstance(f, Unusable)]
    said += [f.skipped.reason for f in found if isinstance(f, Passed)]
    assert said == ([reason] if reason else [])
    last = found[-1]
    assert isinstance(last, SavedPage) and last.url == URL
    noted: list[Damage] = []
    lines = list(cdxj.lines_in(path, path, lambda _, damage: noted.append(damage)))
    assert lines


SIDECARS = {
    "deep": "[" * 100_000,
    "deep-object": '{"headers":' * 50_000,
    "large": " " * 2_000_000,
    "broken-address": json.dumps({"url": "http://[::1"}),
    "broken-status": json.dumps({"url": URL, "status": "200\n\x1b[2J"}),
    "list": "[]",
}


@pytest.mark.parametrize("name", SIDECARS)
def test_a_bad_response_json_costs_itself(tmp_path: Path, name: str) -> None:
    (tmp_path / "page.html").write_bytes(BODY)
    (tmp_path / "response.json").write_text(SIDECARS[name], "utf-8")
    assert (len(pages(tmp_path)), reasons(tmp_path)) == (1, ["broken-response-json"])


@pytest.mark.parametrize(
    "body",
    [
        b"<?xml version='1.0'?><rss version='2.0'><channel><title>x</title></channel></rss>",
        b"<html></html>",
        b"<!DOCTYPE html>",
        b"<html><body><div></div></body></html>" + b" " * 5_000,
    ],
)
def test_what_a_library_logs_about_an_odd_page_is_no_failure(tmp_path: Path, body: bytes) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "page.html").write_bytes(body)
    run = crawl(tmp_path, "archive", "-a", f"path={tmp_path}/in")
    assert run.status == 5
    assert len(run.lines) == 1
    assert "ERROR" not in run.errors


def test_a_lone_half_of_a_character_in_an_address_loses_no_record(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    text = "<p>渡口的早班船停了三天，今天又开了，船老大说风小了。</p>" * 6
    page = f"<html><h1>早班船</h1><div class='artCon'>{text}</div></html>"
    (folder / "page.html").write_text(page, "utf-8")
    answer = {"url": f"{URL}?x=\ud800", "status": 200}
    (folder / "response.json").write_text(json.dumps(answer), "utf-8")
    run = crawl(tmp_path, "archive", "-a", f"path={folder}")
    assert (run.status, run.ids) == (0, {"trs:20260914:50000001"}), run.errors


def test_pipes_sockets_and_devices_are_named_and_passed_over(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.html")
    os.mkfifo(tmp_path / "b.warc.gz")
    (tmp_path / "c.txt").symlink_to("/dev/zero")
    (tmp_path / "d.wacz").symlink_to(tmp_path / "a.html")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "e.html"))
        (tmp_path / "f.html").write_bytes(BODY)
        assert reasons(tmp_path) == ["no-plain-file"] * 5
        assert len(pages(tmp_path)) == 1
        assert Playback(warcs.files(tmp_path)).answer(URL) is None


@pytest.mark.parametrize(
    "fields",
    [
        '{"url": 5}',
        '{"url": "http://[::1", "status": "200", "mime": "", "offset": "0"}',
        json.dumps({"url": URL, "status": [], "mime": 1, "offset": "0"}),
        json.dumps({"url": URL, "status": "200", "mime": "x", "offset": "9" * 400}),
        json.dumps({"url": URL, "status": "200", "mime": "x", "offset": -1}),
        '{"url": "http://a/", "status": 1e999, "mime": "x", "offset": "0"}',
        "[" * 100_000,
        "null",
    ],
)
def test_a_bad_line_of_an_index_costs_itself(tmp_path: Path, fields: str) -> None:
    path = write(tmp_path / "a.warc.gz", given())
    Playback([path])
    index = cdxj.path_of(path)
    good = index.read_bytes()
    key = good.split(b" ", 1)[0]
    index.write_bytes(good + key + b" 20990101000000 " + fields.encode() + b"\n")
    answer = Playback([path]).answer(URL)
    assert answer is not None and answer.body == BODY


def test_a_very_deep_folder_is_read_to_the_bottom(tmp_path: Path) -> None:
    here, depth = Path.cwd(), 1_200
    try:
        os.chdir(tmp_path)
        for _ in range(depth):
            Path("d").mkdir()
            os.chdir("d")
        Path("page.html").write_bytes(BODY)
    finally:
        os.chdir(here)
    (tmp_path / "e.html").write_bytes(BODY)
    found = [page.url.rsplit("/", 1)[1] for page in pages(tmp_path)]
    subprocess.run(["rm", "-rf", tmp_path / "d"], check=True)  # pytest cannot
    assert found == ["page.html", "e.html"]


def test_a_very_deep_folder_is_replayed_to_the_bottom(tmp_path: Path) -> None:
    path = write(tmp_path / "a.warc.gz", given())
    here, depth = Path.cwd(), 1_200
    try:
        os.chdir(tmp_path)
        for _ in range(depth):
            Path("d").mkdir()
            os.chdir("d")
        Path("b.warc.gz").write_bytes(path.read_bytes())
    finally:
        os.chdir(here)
    found = [file.name for file in warcs.files(tmp_path)]
    subprocess.run(["rm", "-rf", tmp_path / "d"], check=True)  # pytest cannot
    assert found == ["a.warc.gz", "b.warc.gz"]


def repeating(folder: Path, form: str, *, by_date: bool = False) -> list[str]:
    """Addresses that say: the same as another one, in an archive that is packed as a whole; the
    last one of something that is not there."""
    original = given(URLS[0])
    digests = ["", ""] if by_date else [sha1(BODY), sha1(OTHER)]
    repeats = [
        revisit(URLS[1], original, digests[0]),
        revisit(URLS[2], original, digests[0]),
        revisit(URLS[3], given(URLS[0], OTHER, date="2026-09-16T02:00:00Z"), digests[1]),
    ]
    plain = unpacked(write(folder / "a.warc.gz", repeats[0], original, *repeats[1:]))
    (folder / "a.warc.gz").unlink()
    if form == "zstd":
        (folder / "a.warc.zst").write_bytes(zstd.compress(plain.read_bytes()))
    elif form == "wacz":
        with zipfile.ZipFile(folder / "a.wacz", "w") as packed:
            packed.write(plain, "archive/data.warc")
    else:
        (folder / "a.warc.gz").write_bytes(gzip.compress(plain.read_bytes()))
    plain.unlink()
    return [original.url, *(one.url for one in repeats)]


@pytest.mark.parametrize("by_date", [False, True])
@pytest.mark.parametrize("form", ["zstd", "wacz", "one-member"])
def test_what_another_address_had_before_is_read_from_a_packed_archive(
    tmp_path: Path, form: str, by_date: bool
) -> None:
    urls = repeating(tmp_path, form, by_date=by_date)
    found = [one for one in archives.pages_in(tmp_path) if isinstance(one, SavedPage)]
    assert [one.url for one in found] == urls[:3]
    assert {one.body for one in found} == {BODY}
    assert reasons(tmp_path) == ["broken-warc"]


def test_a_wacz_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.wacz").write_bytes(b"PK\x03\x04 no")
    warc(tmp_path)
    assert reasons(tmp_path) == ["broken-warc"]
    assert len(pages(tmp_path)) == len(URLS)


# --- Damage costs no more than reading ------------------------------------------------------------


def noise(count: int) -> bytes:
    return b"".join(hashlib.sha256(b"%d" % n).hexdigest().encode() for n in range(count))


def members(count: int, kept: slice, body: bytes) -> bytes:
    buffer = BytesIO()
    writer = WARCWriter(buffer, gzip=True)
    writer.write_record(writer.create_warc_record(URL, "resource", payload=BytesIO(body)))
    return buffer.getvalue()[kept] * count


HEAD = b"WARC/1.0\r\n"
ENDLESS = HEAD + b"Content-Length: 99999999\r\n\r\n"


def stored(inner: bytes) -> bytes:
    """A gzip member without its end, whose data hold the next one as they are."""
    raw = (ENDLESS + inner)[:60_000]
    size = len(raw).to_bytes(2, "little"), (len(raw) ^ 0xFFFF).to_bytes(2, "little")
    return b"\x1f\x8b\x08\0\0\0\0\0\0\0\0" + b"".join(size) + raw


def nested(count: int) -> bytes:
    data = b""
    for _ in range(count):
        data = stored(data)
    return data


DAMAGED = {
    "magics": lambda n: b"\x1f\x8b\x08" * (n * 20),
    "cut": lambda n: members(n, slice(0, -60), noise(40)),
    "cut-heads": lambda n: members(n, slice(0, 150), noise(40)),
    "heads": lambda n: HEAD * (n * 10),
    "heads-with-lines": lambda n: (HEAD + b"a\r\n") * (n * 5) + b"\r\n\r\n",
    "endless": lambda n: ENDLESS * n,
    "packed-heads": lambda n: gzip.compress(HEAD) * n,
    "long-heads": lambda n: gzip.compress(HEAD + b"a: b\r\n" * 5_000) * (n // 4),
    "long-line": lambda n: gzip.compress(HEAD + b"a" * (n * 20_000)),
    "nested": lambda n: nested(500) * max(n // 500, 1),
}


@pytest.mark.parametrize("kind", DAMAGED)
@pytest.mark.parametrize("name", ["a.warc.gz"])
def test_damage_is_read_in_linear_time(
    tmp_path: Path, kind: str, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / name
    path.write_bytes(DAMAGED[kind](2_000))
    began = time.process_time()
    found = list(warcs.Reader(path))
    assert time.process_time() - began < 4
    assert any(isinstance(one, Damage) for one in found)
    assert all(str(one).isprintable() for one in found if isinstance(one, Damage))
    assert capfd.readouterr() == ("", ""), "warcio prints pieces of a damaged file"


def test_what_stands_between_damage_is_read(tmp_path: Path) -> None:
    good = warc(tmp_path, "good.warc.gz").read_bytes()
    (tmp_path / "good.warc.gz").unlink()
    for n, damage in enumerate((b"\x1f\x8b\x08" * 30_000, noise(2_000), good[:-90], ENDLESS)):
        path = tmp_path / f"{n}.warc.gz"
        path.write_bytes(good + damage + good)
        assert len(pages(path)) == 2 * len(URLS) + (3 if damage == good[:-90] else 0)
        assert reasons(path) == ["broken-warc"]


@pytest.mark.parametrize("form", ["one-member", "zstd", "wacz"])
def test_a_packed_file_that_ends_early_is_named(tmp_path: Path, form: str) -> None:
    path = FORMS[form](tmp_path)
    if form == "wacz":
        with zipfile.ZipFile(path, "w") as packed:
            packed.writestr("archive/a.warc.gz", warc(tmp_path, "b.warc.gz").read_bytes()[:-200])
        (tmp_path / "b.warc.gz").unlink()
    else:
        path.write_bytes(path.read_bytes()[:-60])
    assert reasons(path) == ["broken-warc"]
    assert len(pages(path)) in (2, 3)


def test_a_head_without_end_is_damage(tmp_path: Path) -> None:
    endless = raw_record({f"X-{number}": "" for number in range(10_000)}, b"")
    path = tmp_path / "a.warc"
    path.write_bytes(endless + raw_record({}, b"HTTP/1.1 200 OK\r\n\r\n" + BODY))
    [damage, record] = warcs.Reader(path)
    assert isinstance(damage, Damage) and "head of a record does not end" in damage.why
    assert isinstance(record, Record) and record.block.endswith(BODY)
