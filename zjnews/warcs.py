"""The records of WARC files, damaged ones too, and what a server had answered."""

from __future__ import annotations

import base64
import hashlib
import re
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import brotli
from warcio.archiveiterator import ArchiveIterator
from warcio.bufferedreaders import BufferedReader, ChunkedDataReader
from warcio.exceptions import ArchiveLoadFailed
from warcio.statusandheaders import StatusAndHeaders

from zjnews.items import Rejected
from zjnews.page import MAX_BYTES

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ENDINGS = (".warc", ".warc.gz")
ANSWERS = ("response", "revisit", "resource")
"""Types of records that hold what a server answered."""

NOT_MODIFIED = 304
_DAMAGE = (
    ArchiveLoadFailed,
    OSError,
    EOFError,
    ValueError,
    zlib.error,
    # What warcio raises over bytes that it did not expect.
    AttributeError,
    LookupError,
    TypeError,
)
_RECORD_STARTS = (b"\x1f\x8b\x08", b"WARC/1.")
_CHUNK = 1024 * 1024
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_MOST = MAX_BYTES + 1024 * 1024
"""Bytes of a record that are read: a page, and its headers."""
_CHUNK_HEAD = re.compile(rb"[ \t]*([0-9a-f]{1,8})[ \t]*(?:;[^\n]*)?\r?\n", re.I)
_STATUS = re.compile(rb"HTTP/\d[\d.]*\s+(\d{3})\b", re.I)


def is_warc(path: Path) -> bool:
    """Whether a file is one, by its name."""
    return path.name.lower().endswith(ENDINGS)


def files(path: Path) -> list[Path]:
    """The WARC files in a folder and those below it, or the one that a path names."""
    if path.is_dir():
        return sorted(file for file in path.rglob("*") if is_warc(file) and file.is_file())
    return [path] if is_warc(path) and path.is_file() else []


@dataclass(frozen=True, slots=True)
class Damage:
    """A stretch of a file that holds no whole record."""

    at: int
    """Byte."""
    why: str

    def __str__(self) -> str:
        return f"at byte {self.at:,}: {self.why}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered, as one record holds it."""

    kind: str
    """The type of the record, one of ANSWERS."""
    url: str
    at: datetime | None
    """Aware; None where the record has no such date."""
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes
    """As served; only a chunked transfer is undone. Empty in a revisit, as its headers may be."""
    digest: str
    """Of the body as served, as in `sha1:…`; empty where the record has none."""
    original_url: str | None = None
    original_date: str | None = None
    """Of a revisit: the address and WARC-Date of the answer that it repeats."""

    def header(self, name: str) -> str | None:
        """The first header of a name (lower case)."""
        wanted = name.encode()
        found = (value for key, value in self.headers if key.lower() == wanted)
        value = next(found, None)
        return None if value is None else value.decode("latin-1")

    @property
    def content(self) -> bytes:
        """The body without its Content-Encoding. Raises Rejected where that is damaged."""
        encoding = (self.header("content-encoding") or "").strip().lower()
        try:
            return _decoded(self.body, encoding)
        except (brotli.error, zstd.ZstdError, zlib.error) as error:
            raise Rejected("unreadable", f"its {encoding} encoding is damaged") from error


@dataclass(frozen=True, slots=True)
class Record:
    """One whole record."""

    kind: str
    """Its WARC-Type."""
    headers: StatusAndHeaders
    block: bytes
    """What it holds; no more than a page and its headers may have."""
    is_cut: bool
    """Whether it holds more than that."""
    offset: int
    length: int
    """Where it lies in its file, in bytes."""

    def header(self, name: str) -> str | None:
        value: str | None = self.headers.get_header(name)
        return value

    @property
    def url(self) -> str:
        """The address that was asked for, or empty."""
        return self.header("WARC-Target-URI") or ""


class Reader:
    """The records that begin in a stretch of a WARC file. What is damaged is named once, as
    `Damage`, and reading goes on behind it. Iterating raises OSError where the file cannot be
    opened."""

    def __init__(self, path: Path, start: int = 0, stop: int | None = None) -> None:
        """`start` need not be where a record begins."""
        self.path = path
        self.start = start
        self.stop = stop
        self.first: int | None = None
        """Where the first record begins that was found."""
        self.next: int | None = None
        """Where the first one begins that lies behind the stretch."""
        self.begun = start
        """Where the last record begins whose header could be read."""
        self.in_damage = start > 0  # whatever stands there, it began in an earlier stretch

    def __iter__(self) -> Iterator[Record | Damage]:
        with self.path.open("rb") as stream:
            start = _next_start(stream, self.start) if self.start else 0
            while start is not None and self.next is None:
                try:
                    for record in self.records(stream, start):
                        start = record.offset + record.length
                        yield record
                    if self.next is None:
                        _check_end(stream, start)
                except _DAMAGE as error:
                    start = max(start, self.begun)
                    if not self.in_damage:
                        yield Damage(start, _printable(error))
                    self.in_damage = True
                    start = _next_start(stream, start + 1)
                else:
                    return

    def records(self, stream: BinaryIO, start: int) -> Iterator[Record]:
        """The records from a place on up to the first one that is damaged, or lies behind."""
        stream.seek(start)
        # warcio would take the head of an answer apart, and put it together another way.
        records = ArchiveIterator(stream, no_record_parse=True)
        try:
            yield from self._whole_ones(records)
        finally:
            records.close()  # it refers to itself, and would keep its buffers for a long time

    def _whole_ones(self, records: ArchiveIterator) -> Iterator[Record]:
        for record in records:
            if record.format != "warc":
                raise ArchiveLoadFailed("not a WARC file")
            self.in_damage = False
            if self.stop is not None and records.offset >= self.stop:
                self.next = records.offset
                return
            self.begun = records.offset
            if self.first is None:
                self.first = records.offset
            yield _read(record, records)


def _read(record: Any, records: ArchiveIterator) -> Record:
    block = record.raw_stream.read(_MOST)
    is_cut = bool(getattr(record.raw_stream, "limit", 0))
    if is_cut and len(block) < _MOST:
        raise ArchiveLoadFailed("record is cut off")
    return Record(
        kind=record.rec_type or "",
        headers=record.rec_headers,
        block=block,
        is_cut=is_cut,
        offset=records.get_record_offset(),
        length=records.get_record_length(),
    )


def read_at(path: Path, offset: int) -> Record:
    """The record that begins at a byte of a file. Raises OSError, or Rejected (`broken-warc`) where
    none does."""
    for found in Reader(path, offset, offset + 1):
        if isinstance(found, Record) and found.offset == offset:
            return found
        break
    raise Rejected("broken-warc", f"no record at byte {offset:,} of {path}")


def _check_end(stream: BinaryIO, end: int) -> None:
    """Raise ArchiveLoadFailed where bytes follow the last whole record; warcio passes over them."""
    stream.seek(end)
    rest = stream.read(MAX_BYTES).strip()
    if rest or end == 0:
        raise ArchiveLoadFailed(f"{len(rest):,} bytes are no record")


def _next_start(stream: BinaryIO, position: int) -> int | None:
    """Where the next record may begin: with the first bytes of a gzip member or of a header."""
    overlap = max(map(len, _RECORD_STARTS)) - 1
    while True:
        stream.seek(position)
        chunk = stream.read(_CHUNK)
        found = [at for at in map(chunk.find, _RECORD_STARTS) if at >= 0]
        if found:
            return position + min(found)
        if len(chunk) <= overlap:
            return None
        position += len(chunk) - overlap


def _printable(error: BaseException) -> str:
    words = re.sub(r"[^\x21-\x7e]+", " ", str(error)).strip()
    return words[:120] or type(error).__name__


def read_answer(record: Record) -> Answer:
    """The answer that a record of one of the types ANSWERS holds. Raises Rejected
    (`broken-warc`) where it is changed, or no answer."""
    if record.kind == "resource":
        status, headers, body = _resource(record)
    elif record.kind == "revisit" and not record.block:
        is_not_modified = "not-modified" in (record.header("WARC-Profile") or "")
        status, headers, body = (NOT_MODIFIED if is_not_modified else 200), [], b""
    else:
        status, headers, body = _parsed(record.block)
    if record.kind == "revisit":
        body = b""
    elif not record.is_cut and _is_changed(record, body):
        raise Rejected("broken-warc", "digest does not match")
    if any(key.lower() == b"transfer-encoding" and b"chunked" in v.lower() for key, v in headers):
        body = _without_chunks(body)
    return Answer(
        kind=record.kind,
        url=record.url,
        at=time_of(record.header("WARC-Date") or ""),
        status=status,
        headers=headers,
        body=body[: MAX_BYTES + 1],
        digest=record.header("WARC-Payload-Digest") or "",
        original_url=record.header("WARC-Refers-To-Target-URI"),
        original_date=record.header("WARC-Refers-To-Date"),
    )


def status_of(block: bytes) -> int:
    """The status of an answer by HTTP. Raises Rejected where it is none."""
    status = _STATUS.match(block)
    if status is None:
        raise Rejected("broken-warc", "no answer by HTTP")
    return int(status[1])


def end_of_head(block: bytes) -> int:
    """Where the body of an HTTP message begins, behind the empty line."""
    found = _HEAD_END.search(block)
    return found.end() if found else len(block)


def _parsed(block: bytes) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """Status, headers and the rest of an answer by HTTP."""
    status = status_of(block)
    end = end_of_head(block)
    lines = re.sub(rb"\r?\n[ \t]+", b" ", block[:end]).splitlines()[1:]
    pairs = (line.partition(b":") for line in lines if b":" in line)
    headers = [(key.strip(), value.strip()) for key, _, value in pairs]
    return status, headers, block[end:]


def _without_chunks(body: bytes) -> bytes:
    """The chunks of a body put together, without the trailer that may follow."""
    pieces = []
    at = 0
    while chunk := _CHUNK_HEAD.match(body, at):
        end = chunk.end() + int(chunk[1], 16)
        pieces.append(body[chunk.end() : end])
        if end == chunk.end() or end >= len(body):
            return b"".join(pieces)
        at = end + 2
    # As lenient as other readers: what is not in chunks, in spite of its header, is read as it is.
    return bytes(ChunkedDataReader(BytesIO(body)).read(MAX_BYTES + 1))


def _resource(record: Record) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    kind = record.header("Content-Type") or ""
    return 200, [(b"Content-Type", kind.encode())], record.block


def _is_changed(record: Record, body: bytes) -> bool:
    """Whether a digest tells that a record is not as it was written."""
    if digest := record.header("WARC-Block-Digest"):
        return not _fits(digest, record.block)
    if (digest := record.header("WARC-Payload-Digest")) and not record.header(
        "WARC-Segment-Number"
    ):
        return not _fits(digest, body)
    return False


def _fits(digest: str, data: bytes) -> bool:
    """Whether `sha1:…`, in base 32 or base 16, is of some bytes; an algorithm that is not known
    says nothing."""
    algorithm, _, value = digest.partition(":")
    try:
        found = hashlib.new(algorithm.lower().replace("-", ""), data)
    except ValueError:
        return True
    in_base_32 = base64.b32encode(found.digest()).decode().rstrip("=")
    return value.upper().rstrip("=") in (in_base_32, found.hexdigest().upper())


def _decoded(body: bytes, encoding: str) -> bytes:
    """As much of the decoded body as a page may have, and a byte more."""
    if encoding == "br":
        return _by_brotli(body)
    if encoding == "zstd":
        return _by_zstd(body)
    if encoding in ("gzip", "x-gzip", "deflate"):
        reader = BufferedReader(BytesIO(body), decomp_type=encoding.removeprefix("x-"))
        return bytes(reader.read(MAX_BYTES + 1))
    return body


def _by_brotli(body: bytes) -> bytes:
    decoder = brotli.Decompressor()
    found = bytes(decoder.process(body, output_buffer_limit=MAX_BYTES + 1))
    if not decoder.is_finished() and len(found) <= MAX_BYTES:
        raise brotli.error("ends early")
    return found


def _by_zstd(body: bytes) -> bytes:
    decoder = zstd.ZstdDecompressor()
    found = bytes(decoder.decompress(body, MAX_BYTES + 1))
    if not decoder.eof and len(found) <= MAX_BYTES:
        raise zstd.ZstdError("ends early")
    return found


def time_of(text: str) -> datetime | None:
    """Read an ISO 8601 time; one without offset is UTC. None where it is no such time."""
    whole = re.match(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)?$", text)
    if whole is None:
        return None
    offset = "+00:00" if whole[4] in (None, "Z") else whole[4]
    fraction = (whole[3] or "0")[:6].ljust(6, "0")
    try:
        return datetime.fromisoformat(f"{whole[1]}T{whole[2]}.{fraction}{offset}")
    except ValueError:
        return None
