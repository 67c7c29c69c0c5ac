"""The records of WARC and ARC files, damaged ones too, and what a server had answered."""

import base64
import gzip
import hashlib
import os
import re
import sys
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import IO, Any, cast

from warcio.archiveiterator import ArchiveIterator
from warcio.bufferedreaders import ChunkedDataReader, DecompressingBufferedReader
from warcio.exceptions import ArchiveLoadFailed
from warcio.statusandheaders import StatusAndHeaders

from zjnews.archives.gzip_members import Member, gzip_members
from zjnews.archives.objects import S3File
from zjnews.items import Rejected
from zjnews.pages import codings
from zjnews.pages.guard import logger
from zjnews.pages.page import MAX_BYTES
from zjnews.site import addresses
from zjnews.text.cleaning import error_in_words, fit_for_log

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ENDINGS = (".warc", ".warc.gz", ".warc.zst", ".arc", ".arc.gz", ".wacz")
ANSWERS = ("response", "revisit", "resource")
"""Types of records that hold what a server answered."""

NOT_MODIFIED = 304
_DAMAGE = (
    ArchiveLoadFailed,
    OSError,
    EOFError,
    ValueError,
    zlib.error,
    zstd.ZstdError,
    zipfile.BadZipFile,
    # What warcio raises over bytes that it did not expect.
    AttributeError,
    LookupError,
    TypeError,
)
_GZIP = b"\x1f\x8b\x08"
_STARTS = re.compile(re.escape(_GZIP) + rb"|WARC/\d")
_HEAD = re.compile(rb"WARC/\d|filedesc:|https?://\S{1,4000} \S{1,45} \d{8,14} ")
"""What a record begins with, in WARC and ARC."""
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]{0,30}:", re.IGNORECASE | re.ASCII)
_MOST_LINES = 500
_MOST_LINE = 64 * 1024
"""Lines of the head of a record, and bytes of one."""
_SAMPLE = 1024
"""Bytes of a gzip member that are looked at for a record."""
_CHUNK = 64 * 1024
_ZSTD_DICTIONARY = b"\x5d\x2a\x4d\x18"
_MOST_DICTIONARY = 16 * 1024 * 1024
_MOST_DAMAGES = 10
_LEAST_READ = 1024 * 1024 * 1024
_MOST_READ = 20
"""How much is read, in bytes and in sizes of the file, to find records in what is damaged."""
_ONE_MEMBER = "non-chunked gzip"
"""In warcio's message over a gzip member that holds several records."""
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_MOST = MAX_BYTES + 1024 * 1024
"""Bytes of a record that are read: a page, and its headers."""
_CHUNK_HEAD = re.compile(rb"[ \t]*([0-9a-f]{1,8})[ \t]*(?:;[^\n]*)?\r?\n", re.I)
_TIME = re.compile(
    r"\d{4}(?:-\d\d(?:-\d\d(?:[t ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,30})?)?(?:z|[+-]\d\d:\d\d)?)?)?)?",
    re.ASCII | re.I,
)
"""https://www.w3.org/TR/NOTE-datetime"""
_DIGITS = re.compile(r"(\d{8})(?:(\d\d)(\d\d)(\d\d)?)?", re.ASCII)
_LEAP_SECOND = re.compile(r"(?<=:\d\d:)[6-9]\d")
_YEARS = (1990, 2200)
_STATUS = re.compile(rb"HTTP/\d[\d.]*\s+(\d{3})\b", re.I)


def is_archive(path: Path | S3File) -> bool:
    """Whether a file is one of records, by its name."""
    return path.name.lower().endswith(ENDINGS)


def files(path: Path) -> list[Path]:
    """The archives in a folder and those below it, or the one that a path names."""
    if path.is_dir():
        return sorted(file for file in _files_below(path) if is_archive(file) and file.is_file())
    return [path] if is_archive(path) and path.is_file() else []


def _files_below(folder: Path) -> Iterator[Path]:
    """To the bottom, however deep that is, which Path.rglob does not reach."""
    folders = [folder]
    while folders:
        try:
            entries = sorted(os.scandir(folders.pop()), key=lambda entry: entry.name)
        except OSError as error:
            logger.warning("%s cannot be read: %s", error.filename, error.strerror)
            continue
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                folders.append(Path(entry.path))
            else:
                yield Path(entry.path)


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
        named = (v.decode("latin-1") for k, v in self.headers if k.lower() == b"content-encoding")
        return codings.decoded(self.body, named, MAX_BYTES)


@dataclass(frozen=True, slots=True)
class Record:
    """One whole record."""

    kind: str
    """Its WARC-Type."""
    headers: StatusAndHeaders
    block: bytes
    """What it holds; no more than a page and its headers may have."""
    offset: int
    length: int
    """Its place in the file, in bytes."""
    is_cut: bool = False
    """Whether it holds more than `block`."""
    is_packed: bool = False
    """Whether its file is packed as a whole, so that `offset` is in what that gives, and the record
    is found by nothing but reading from the beginning."""
    is_member: bool = False
    """Whether it is a gzip member in plain form, which can be read by itself."""

    def header(self, name: str) -> str | None:
        value: str | None = self.headers.get_header(name)
        return value

    @property
    def url(self) -> str:
        """The address that was asked for, or empty."""
        url = self.header("WARC-Target-URI") or self.header("uri") or ""
        return addresses.join(None, url) or url

    @property
    def date(self) -> str:
        """Its WARC-Date, or that of ARC."""
        return self.header("WARC-Date") or self.header("archive-date") or ""


class Reader:
    """The records of a file, from a byte on. What is damaged is named once, as `Damage`,
    and reading goes on after it. Iterating raises OSError where the file cannot be opened."""

    def __init__(self, path: Path | S3File, start: int = 0, member: str | None = None) -> None:
        """`start` need not be where a record begins. `member`: the file in a WACZ that is read."""
        self.path = path
        self.start = start
        self.member = member
        self.is_packed = False
        self.begun = start
        """Where the last record begins whose header could be read."""
        self.in_damage = start > 0  # the record at that place began before

    def __iter__(self) -> Iterator[Record | Damage]:
        with ExitStack() as stack:
            stream, is_packed = self.opened(stack)
            yield from self.packed_ones(stream, 0) if is_packed else self.found_in(stream)

    def opened(self, stack: ExitStack) -> tuple[IO[bytes], bool]:
        """What is read, and whether it is not the file itself but what that gives."""
        file: IO[bytes] = stack.enter_context(self.path.open("rb"))
        name = self.member or self.path.name
        try:
            if self.member is not None:
                zipped = stack.enter_context(zipfile.ZipFile(file))
                file = stack.enter_context(zipped.open(self.member))
            if name.lower().endswith(".zst"):
                dictionary = _dictionary(file)
                unpacked = stack.enter_context(zstd.ZstdFile(file, zstd_dict=dictionary))
                return cast("IO[bytes]", _Packed(unpacked)), True
        except (*_DAMAGE, RuntimeError, Rejected) as error:
            raise OSError(f"cannot be unpacked: {error}") from error
        return file, self.member is not None

    def found_in(self, stream: IO[bytes]) -> Iterator[Record | Damage]:
        start = next_start(stream, self.start) if self.start else 0
        left = _LEAST_READ + _MOST_READ * stream.seek(0, 2)
        while start is not None:
            try:
                for record in self.records(stream, start):
                    start = record.offset + record.length
                    yield record
                _check_end(stream, start)
            except _DAMAGE as error:
                if _ONE_MEMBER in str(error):
                    stream.seek(self.begun)
                    with gzip.GzipFile(fileobj=stream) as unpacked:
                        yield from self.packed_ones(cast("IO[bytes]", _Packed(unpacked)), 1)
                    return
                start = max(start, self.begun)
                if not self.in_damage:
                    yield Damage(start, _said(error))
                self.in_damage = True
                left -= max(stream.tell() - start, 0)
                if left < 0:
                    yield Damage(start, "damaged so often that the rest is not read")
                    return
                start = next_start(stream, start + 1)
            else:
                return

    def packed_ones(self, stream: IO[bytes], known: int) -> Iterator[Record | Damage]:
        """The records of what a file gives that is packed as a whole, but so many that are known.
        Going back in it means to unpack it again, so it is given up when it is damaged often."""
        self.is_packed = True
        self.begun = 0
        start = 0
        for _ in range(_MOST_DAMAGES):
            try:
                for record in islice(self.records(stream, start), known, None):
                    start = record.offset + record.length
                    yield record
            except _DAMAGE as error:
                start = max(start, self.begun)
                if not self.in_damage:
                    yield Damage(start, f"{_said(error)} (in the unpacked file)")
                self.in_damage = True
                try:
                    following = next_start(stream, start + 1)
                except _DAMAGE:
                    return  # the packing itself is damaged
                if following is None:
                    return
                start, known = following, 0
            else:
                return
        yield Damage(start, "damaged so often that the rest is not read (in the unpacked file)")

    def records(self, stream: IO[bytes], start: int) -> Iterator[Record]:
        """The records from a place on up to the first one that is damaged."""
        for member in () if self.is_packed else gzip_members(stream, start, _MOST):
            self.in_damage = False
            self.begun = start
            start += member.length
            yield _record_of(member)
        stream.seek(start)
        records = _Records(stream)
        try:
            yield from self._whole_ones(records)
        finally:
            records.close()  # it refers to itself, and would keep its buffers for a long time

    def _whole_ones(self, records: "_Records") -> Iterator[Record]:
        for record in records:
            _check_head(record)
            self.in_damage = False
            self.begun = records.offset
            if not self.is_packed:
                records.check_length(record)
            yield _whole_record(record, records, self.is_packed)


class _Packed:
    """What a packed file gives, up to where it is damaged. That it ends early is damage too; for
    warcio it would be the end."""

    def __init__(self, file: zstd.ZstdFile | gzip.GzipFile) -> None:
        self.file = file
        self.tell = file.tell
        self.error: Exception | None = None

    def seek(self, position: int) -> int:
        self.error = None
        return self.file.seek(position)

    def read(self, size: int) -> bytes:
        pieces: list[bytes] = []
        left = size
        while left and self.error is None:
            try:
                pieces.append(self.file.read1(left))
            except _DAMAGE as error:
                self.error = error
                break
            left -= len(pieces[-1])
            if not pieces[-1]:
                break
        if self.error and left == size:
            raise ArchiveLoadFailed(f"cannot be unpacked: {self.error}") from self.error
        return b"".join(pieces)


class _Buffer(DecompressingBufferedReader):  # type: ignore[misc]  # warcio has no types
    """warcio's, which raises where data are damaged instead of printing that, and reads no more of
    a line, or of the head of a record, than there can be."""

    lines_of_head: int | None = None
    """How many more the head of a record may have; None outside of heads."""

    def readline(self, length: int | None = None) -> bytes:
        if self.lines_of_head is not None:
            self.lines_of_head -= 1
            if self.lines_of_head < 0:
                raise ArchiveLoadFailed("the head of a record does not end")
        line: bytes = super().readline(length or _MOST_LINE)
        return line

    def _decompress(self, data: bytes) -> bytes:
        if self.num_block_read and self.decompressor:
            return bytes(self.decompressor.decompress(data))
        return bytes(super()._decompress(data))


class _Records(ArchiveIterator):  # type: ignore[misc]
    """warcio's, which takes no answer apart, to put it together in another way, and prints no piece
    of a damaged file to the terminal."""

    INC_RECORD = ""

    def __init__(self, stream: IO[bytes]) -> None:
        super().__init__(stream, no_record_parse=True)
        self.reader = _Buffer(self.fh)

    def _next_record(self, next_line: str | None) -> Any:
        self.reader.lines_of_head = _MOST_LINES
        record = super()._next_record(next_line)
        self.reader.lines_of_head = None
        return record

    def check_length(self, record: Any) -> None:
        """Raise ArchiveLoadFailed where a record of a plain file would go on after its end. To
        read each such record would cost as much as the whole file."""
        if not self.reader.decompressor:
            at = self.fh.tell()
            rest = self.fh.seek(0, 2) - at + self.reader.rem_length()
            self.fh.seek(at)
            if record.length > rest:
                raise ArchiveLoadFailed("record is cut off")


def _check_head(record: Any) -> None:
    """Raise ArchiveLoadFailed over what only warcio takes for a record."""
    is_arc = record.format != "warc"
    if is_arc and not _ADDRESS.match(record.rec_headers.get_header("uri") or ""):
        raise ArchiveLoadFailed("no record of WARC or ARC")
    if record.length is None:
        raise ArchiveLoadFailed("record without a length")


def _record_of(member: Member) -> Record:
    return Record(member.headers.get_header("WARC-Type") or "", *member, is_member=True)


def records_in(members: bytes) -> Iterator[Record]:
    """The records of so many gzip members in plain form."""
    return map(_record_of, gzip_members(BytesIO(members), 0, _MOST))


def _said(error: BaseException) -> str:
    return fit_for_log(error_in_words(error))


def _dictionary(file: IO[bytes]) -> zstd.ZstdDict | None:
    """The dictionary in front of a .warc.zst, which may be packed itself:
    https://iipc.github.io/warc-specifications/specifications/warc-zstd/"""
    head = file.read(8)
    size = int.from_bytes(head[4:], "little")
    if not head.startswith(_ZSTD_DICTIONARY) or size > _MOST_DICTIONARY:
        file.seek(0)
        return None
    found = file.read(size)
    if found.startswith(codings.ZSTD):
        found = codings.decoded(found, ["zstd"], _MOST_DICTIONARY)
    dictionary: zstd.ZstdDict = zstd.ZstdDict(found)
    return dictionary


def members(path: Path | S3File) -> list[str]:
    """The files of records in a WACZ. Raises OSError, ValueError."""
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as zipped:
            names = zipped.namelist()
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise ValueError(f"no whole WACZ: {error}") from error
    return sorted(name for name in names if is_archive(Path(name)))


def _whole_record(record: Any, records: _Records, is_packed: bool) -> Record:
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
        # Of a gzip member that goes on after the record, warcio counts what it gives.
        is_packed=is_packed or records.get_record_length() <= 0,
    )


def read_at(path: Path, offset: int) -> Record:
    """The record that begins at a byte of a file. Raises OSError, or Rejected (`broken-warc`) where
    none does."""
    for found in Reader(path, offset):
        if isinstance(found, Record) and found.offset == offset:
            return found
        break
    raise Rejected("broken-warc", f"no record at byte {offset:,} of {path}")


def _check_end(stream: IO[bytes], end: int) -> None:
    """Raise ArchiveLoadFailed where bytes follow the last whole record; warcio passes over them."""
    stream.seek(end)
    is_blank = True
    while is_blank and (chunk := stream.read(_CHUNK)):
        is_blank = chunk.isspace()
    if not is_blank or end == 0:
        size = stream.seek(0, 2)
        raise ArchiveLoadFailed(f"{size - end:,} bytes are no record")


def next_start(stream: IO[bytes], position: int) -> int | None:
    """Where the next record begins: with its first bytes, or a gzip member that holds them."""
    while True:
        stream.seek(position)
        chunk = stream.read(_CHUNK)
        is_last = len(chunk) < _CHUNK
        for found in _STARTS.finditer(chunk):
            at = found.start()
            if at + _SAMPLE > len(chunk) and not is_last:
                break  # too near to the end to be looked at
            if found[0] == _GZIP:
                is_record = _holds_record(chunk[at : at + _SAMPLE])
            else:
                is_record = _is_head(chunk, at)
            if is_record:
                return position + at
        if is_last:
            return None
        position += len(chunk) - _SAMPLE


def _is_head(chunk: bytes, at: int) -> bool:
    """Whether a head that begins at a byte ends before another one begins."""
    following = chunk.find(b"\nWARC/", at)
    if following < 0:
        return True
    head = chunk[at : following + 1]
    return b"\n\r\n" in head or b"\n\n" in head


def _holds_record(member: bytes) -> bool:
    try:
        return bool(_HEAD.match(zlib.decompressobj(31).decompress(member, _SAMPLE)))
    except zlib.error:
        return False


def read_answer(record: Record) -> Answer:
    """The answer that a record of one of the types ANSWERS holds. Raises Rejected
    (`broken-warc`) where it is changed, or no answer."""
    if record.kind == "resource":
        kind = record.header("Content-Type") or ""
        status, headers, body = 200, [(b"Content-Type", kind.encode())], record.block
    elif record.kind == "revisit" and not record.block:
        is_not_modified = "not-modified" in (record.header("WARC-Profile") or "")
        status, headers, body = (NOT_MODIFIED if is_not_modified else 200), [], b""
    else:
        status, headers, body = _parsed(record.block)
    if record.kind == "revisit":
        body = b""
    as_sent = body
    if any(key.lower() == b"transfer-encoding" and b"chunked" in v.lower() for key, v in headers):
        body = _without_chunks(body)
    if record.kind != "revisit" and not record.is_cut and _is_changed(record, as_sent, body):
        raise Rejected("broken-warc", "digest does not match")
    return Answer(
        kind=record.kind,
        url=record.url,
        at=time_of(record.date),
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
    """Where the body of an HTTP message begins, after the empty line."""
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


def _is_changed(record: Record, *readings: bytes) -> bool:
    """Whether a record has changed, by its digest. Some programs take that of a
    payload before chunks are undone, others after."""
    if digest := record.header("WARC-Block-Digest"):
        return not _fits(digest, record.block)
    digest = record.header("WARC-Payload-Digest")
    if not digest or record.header("WARC-Segment-Number"):
        return False
    return not any(_fits(digest, reading) for reading in readings)


def _fits(digest: str, data: bytes) -> bool:
    """Whether `sha1:…`, in base 32 or base 16, is of some bytes; an algorithm that is not known
    says nothing."""
    algorithm, _, value = digest.partition(":")
    try:
        found = hashlib.new(algorithm.lower().replace("-", ""), data).digest()
    except (ValueError, TypeError):  # one whose length is not fixed
        return True
    in_base_32 = base64.b32encode(found).decode().rstrip("=")
    return value.upper().rstrip("=") in (in_base_32, found.hex().upper())


def time_of(text: str) -> datetime | None:
    """Read a time of ISO 8601, whole or only as far as a year, month, day or minute, or the digits
    of ARC; one without offset is UTC. None where it is no such time, or one without any web."""
    text = text.strip()
    if digits := _DIGITS.fullmatch(text):
        day, *clock = digits.groups("00")
        text = f"{day}T{':'.join(clock)}"
    elif _TIME.fullmatch(text):
        text += "-01-01"[len(text) - 4 :] if len(text) < len("2026-09-15") else ""
    else:
        return None
    try:
        at = datetime.fromisoformat(_LEAP_SECOND.sub("59", text.upper()))
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return at if _YEARS[0] <= at.year <= _YEARS[1] else None
