"""WARC files taken apart, and put together, by other means than the crawler's own."""

import gzip
import subprocess
import sys
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

WARCIO = (sys.executable, "-W", "ignore", "-m", "warcio.cli")


@dataclass(frozen=True)
class Kept:
    """A record, as it stands in its file."""

    version: str
    headers: dict[str, str]
    """Names in lower case."""
    block: bytes
    offset: int
    length: int

    @property
    def kind(self) -> str:
        return self.headers["warc-type"]

    @property
    def id(self) -> str:
        return self.headers["warc-record-id"]

    @property
    def url(self) -> str:
        return self.headers.get("warc-target-uri", "")

    @property
    def fields(self) -> dict[str, str]:
        """What a warcinfo says."""
        return _named(self.block.decode().splitlines())


def _named(lines: Iterable[str]) -> dict[str, str]:
    pairs = (line.split(":", 1) for line in lines if line)
    return {name.lower(): value.strip() for name, value in pairs}


def records(path: Path) -> list[Kept]:
    """The records in the whole gzip members of a file; each has to hold exactly one."""
    rest, offset, found = path.read_bytes(), 0, []
    while rest:
        member = zlib.decompressobj(31)
        text = member.decompress(rest)
        if not member.eof:
            break
        length = len(rest) - len(member.unused_data)
        head, _, block = text.partition(b"\r\n\r\n")
        version, *lines = head.decode().split("\r\n")
        headers = _named(lines)
        size = int(headers["content-length"])
        assert block[size:] == b"\r\n\r\n", "a member that holds more than a record"
        found.append(Kept(version, headers, block[:size], offset, length))
        rest, offset = member.unused_data, offset + length
    return found


def all_records(folder: Path) -> list[Kept]:
    return [record for path in sorted(folder.glob("*.warc.gz")) for record in records(path)]


def check(folder: Path) -> None:
    """See that all files of a folder are whole, by `warcio check`."""
    files = sorted(map(str, folder.glob("*.warc.gz")))
    assert files
    done = subprocess.run(
        [*WARCIO, "check", "-v", *files], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "digest failed" not in done.stdout


@dataclass(frozen=True)
class Given:
    """An answer to be put into a WARC file."""

    url: str
    body: bytes = b""
    status: str = "200 OK"
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "text/html; charset=utf-8"),)
    date: str = "2026-09-15T02:00:00Z"
    kind: str = "response"
    about: tuple[tuple[str, str], ...] = ()
    """Further headers of the record."""


def redirect(url: str, to: str, status: str = "302 Found", **more: str) -> Given:
    return Given(url, b"", status, (("Location", to),), **more)


def revisit(url: str, of: Given, digest: str, **more: str) -> Given:
    about = (
        ("WARC-Refers-To-Target-URI", of.url),
        ("WARC-Refers-To-Date", of.date),
        ("WARC-Payload-Digest", digest),
        ("WARC-Profile", "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"),
    )
    return Given(url, b"", of.status, of.headers, kind="revisit", about=about, **more)


def write(path: Path, *given: Given) -> Path:
    """A WARC file of answers, with gzip where its name says so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as stream:
        writer = WARCWriter(stream, gzip=path.name.endswith(".gz"), warc_version="1.1")
        for one in given:
            record = writer.create_warc_record(
                one.url,
                one.kind,
                payload=BytesIO(one.body),
                length=len(one.body),
                http_headers=StatusAndHeaders(one.status, list(one.headers), "HTTP/1.1"),
                warc_headers_dict={"WARC-Date": one.date, **dict(one.about)},
            )
            writer.write_record(record)
    return path


def unpacked(path: Path) -> Path:
    """The same file without gzip, beside it."""
    plain = path.with_suffix("")
    plain.write_bytes(gzip.decompress(path.read_bytes()))
    return plain
