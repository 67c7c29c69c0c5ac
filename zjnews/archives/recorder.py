"""Writes what was sent and served into WARC files that are whole at every moment.

A file is called `….open` while it grows. A run that is killed leaves it so; the next one cuts it
back to its last whole record.
"""

import contextlib
import errno
import fcntl
import os
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from zjnews.archives import cdxj, warcs
from zjnews.archives.playback import Playback
from zjnews.archives.warcs import Answer, Record
from zjnews.feeds.drafts import sync_folder

OPEN = ".open"
"""What the name of a file ends in while it grows."""

_SERVER_NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
_INFORMATION = re.compile(rb"HTTP/1\.\d 1\d\d\b.*?\r?\n\r?\n", re.S | re.I)
_CREDENTIALS = re.compile(rb"^Proxy-Authorization:.*\r\n", re.M | re.I)
_CHUNK = 1024 * 1024
_NAME = re.compile(r".*-\d{14}-\d{5,}\.warc\.gz" + re.escape(OPEN))
"""As `_names` gives them."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its answer."""

    url: str
    at: datetime
    """When the answer was whole, aware."""
    sent: bytes
    served: bytes
    """All that came for it, informational answers (1xx) included."""


class HeadAsServed(StatusAndHeaders):  # type: ignore[misc]  # warcio has no types
    """The head of an HTTP message that is written as it came, to the byte."""

    def __init__(self, head: bytes) -> None:
        super().__init__("", [], protocol="")
        self.head = head

    def __bool__(self) -> bool:
        return True  # though it has no headers of its own

    def compute_headers_buffer(self, header_filter: object = None) -> None:
        self.headers_buff = self.head


class Recorder:
    """Writes WARC files into one folder. Methods raise OSError where that fails; what was written
    before stays whole."""

    def __init__(self, folder: Path, prefix: str, most_bytes: int, info: dict[str, str]) -> None:
        """`prefix` begins the names of the files, `info` goes into their `warcinfo`; a file of
        `most_bytes` is closed."""
        self.folder = folder
        self.prefix = prefix
        self.most_bytes = most_bytes
        self.info = info
        self.growing: GrowingFile | None = None
        self.finished: list[Path] = []
        self.known = Playback(warcs.files(folder))

    def write(self, exchange: Exchange) -> bool:
        """Keep an exchange. Whether its body was there already, and is only referred to."""
        if self.growing is None:
            self.growing = GrowingFile.create(self.folder, self.prefix, self.info)
        is_known = self.growing.add(exchange, self.known)
        if self.growing.size >= self.most_bytes:
            self.close()
        return is_known

    def close(self) -> None:
        """Finish the file that is growing; the next exchange begins another one."""
        if self.growing is not None:
            growing, self.growing = self.growing, None
            path = growing.finish()
            self.finished.append(path)
            self.known.add(path)


@dataclass
class GrowingFile:
    """A WARC file that no other process writes while it is open."""

    path: Path
    """What it will be called."""
    descriptor: int
    size: int = 0
    lines: list[bytes] = field(default_factory=list)
    """Of its index."""
    bodies: dict[str, tuple[str, str]] = field(default_factory=dict)
    """By digest, address and WARC-Date of the answer that has the body."""

    @classmethod
    def create(cls, folder: Path, prefix: str, info: dict[str, str]) -> "GrowingFile":
        growing = next(filter(None, map(_claim, _names(folder, prefix))))
        buffer = BytesIO()
        writer = _writer(buffer)
        writer.write_record(writer.create_warcinfo_record(growing.path.name, info))
        try:
            growing.append(buffer.getvalue())
        except OSError:
            _open_name(growing.path).unlink()
            os.close(growing.descriptor)
            raise
        return growing

    def add(self, exchange: Exchange, known: Playback) -> bool:
        """Write an exchange: its answer, then its request."""
        served = _final(exchange.served)
        buffer = BytesIO()
        writer = _writer(buffer)
        answer = self.record_of(exchange, served, known, writer)
        writer.write_record(answer)
        length = buffer.tell()
        writer.write_record(_request(exchange, answer, writer))
        record = Record(answer.rec_type, answer.rec_headers, served, self.size, length)
        self.append(buffer.getvalue())
        self.remember(warcs.read_answer(record), record, exchange.at)
        return bool(answer.rec_type == "revisit")

    def record_of(self, exchange: Exchange, served: bytes, known: Playback, writer: Any) -> Any:
        """The answer as a record: whole, or a revisit where it has not changed."""
        head, body = _split(served)
        date = {"WARC-Date": _date(exchange.at)}
        response = writer.create_warc_record(
            exchange.url,
            "response",
            payload=BytesIO(body),
            length=len(body),
            http_headers=HeadAsServed(head),
            warc_headers_dict=date,
        )
        digest = response.rec_headers.get_header("WARC-Payload-Digest")
        if warcs.status_of(served) == warcs.NOT_MODIFIED:
            date["WARC-Profile"] = _SERVER_NOT_MODIFIED
            return writer.create_warc_record(
                exchange.url, "revisit", http_headers=HeadAsServed(head), warc_headers_dict=date
            )
        if not body:
            return response
        original = self.bodies.get(digest) or known.original(exchange.url, digest)
        if original is None:
            return response
        return writer.create_revisit_record(
            exchange.url,
            digest,
            *original,
            http_headers=HeadAsServed(head),
            warc_headers_dict=date,
        )

    def remember(self, answer: Answer, record: Record, at: datetime) -> None:
        self.lines.append(cdxj.line_of(answer, record, at, self.path.name))
        if answer.kind == "response":
            date = record.header("WARC-Date") or ""
            self.bodies.setdefault(answer.digest, (answer.url, date))

    def append(self, members: bytes) -> None:
        """Write all of it, or nothing."""
        try:
            rest = memoryview(members)
            while rest:
                rest = rest[os.write(self.descriptor, rest) :]
        except OSError:
            os.ftruncate(self.descriptor, self.size)
            raise
        self.size += len(members)

    def finish(self) -> Path:
        """Give the file its name, and its index."""
        os.fsync(self.descriptor)
        with contextlib.suppress(OSError):  # it can be made whenever it is needed
            cdxj.write_index(self.lines, cdxj.path_of(self.path))
        _open_name(self.path).rename(self.path)
        sync_folder(self.path.parent)
        os.close(self.descriptor)
        return self.path


def _names(folder: Path, prefix: str) -> Iterator[Path]:
    at = datetime.now(UTC).strftime("%Y%m%d%H%M%S")
    return (folder / f"{prefix}-{at}-{number:05}.warc.gz" for number in count())


def _claim(path: Path) -> GrowingFile | None:
    """A new file, unless there is one of that name."""
    draft = _open_name(path)
    try:
        descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o666)
    except FileExistsError:
        return None
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    # Before it was locked, another run may have taken it for one of a run that was killed.
    is_ours = _is_named(draft, descriptor)
    if path.exists() or not is_ours:
        if is_ours:
            draft.unlink()
        os.close(descriptor)
        return None
    return GrowingFile(path, descriptor)


def _is_named(path: Path, descriptor: int) -> bool:
    """Whether a file that is open still has a name."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _open_name(path: Path) -> Path:
    return path.with_name(path.name + OPEN)


def _writer(buffer: BytesIO) -> Any:
    return WARCWriter(buffer, gzip=True, warc_version="1.1")


def _final(served: bytes) -> bytes:
    """What was served without the informational answers before it."""
    at = 0
    while information := _INFORMATION.match(served, at):
        at = information.end()
    return served[at:]


def _split(served: bytes) -> tuple[bytes, bytes]:
    """Head, with the empty line that ends it, and body."""
    end = warcs.end_of_head(served)
    return served[:end], served[end:]


def _date(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _request(exchange: Exchange, answer: Any, writer: Any) -> Any:
    """The request as a record, without credentials for a proxy."""
    head, body = _split(_CREDENTIALS.sub(b"", exchange.sent))
    name = answer.rec_headers.get_header
    return writer.create_warc_record(
        exchange.url,
        "request",
        payload=BytesIO(body),
        length=len(body),
        http_headers=HeadAsServed(head),
        warc_headers_dict={
            "WARC-Date": name("WARC-Date"),
            "WARC-Concurrent-To": name("WARC-Record-ID"),
        },
    )


# --- what a run that was killed has left ---------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Mended:
    """A file that was left open, and is finished now."""

    path: Path
    cut_off: int
    """Bytes of a record that was not whole."""
    is_kept: bool
    """False where it held no answer, and is gone."""


def mend(folder: Path) -> Iterator[Mended]:
    """Finish the files of a folder that nobody writes any more: cut back to the last whole record,
    and named. Raises OSError."""
    for draft in sorted(folder.glob(f"*.warc.gz{OPEN}")):
        try:
            descriptor = os.open(draft, os.O_RDWR | os.O_NOFOLLOW)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ELOOP, errno.EISDIR):
                continue  # its run has finished it; or it is a link, a folder: not ours
            raise
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_named(draft, descriptor) and _is_ours(descriptor, draft.name):
                yield _mended(draft, descriptor)
        except BlockingIOError:
            continue  # somebody is writing it
        finally:
            os.close(descriptor)


def _is_ours(descriptor: int, name: str) -> bool:
    """Whether a file is named as `GrowingFile` names them, and holds nothing yet or begins as much
    as is there of a `warcinfo` with that name."""
    if not _NAME.fullmatch(name):
        return False
    beginning = os.pread(descriptor, _CHUNK, 0)
    if not beginning:
        return True
    try:
        head = zlib.decompressobj(31).decompress(beginning, _CHUNK)
    except zlib.error:
        return False
    start, is_cut = b"WARC/1.1\r\n", b"\r\n\r\n" not in head
    name_line = b"\r\nWARC-Filename: " + name.removesuffix(OPEN).encode() + b"\r\n"
    return head.startswith(start[: len(head)]) and (is_cut or name_line in head)


def _mended(draft: Path, descriptor: int) -> Mended:
    path = draft.with_name(draft.name.removesuffix(OPEN))
    whole = whole_bytes(draft)
    cut_off = os.fstat(descriptor).st_size - whole
    os.ftruncate(descriptor, whole)
    os.fsync(descriptor)
    is_kept = any(cdxj.lines_in(draft, path))
    for rest in path.parent.glob(f".{cdxj.path_of(path).name}.*.part"):
        rest.unlink()  # of a half-written index, which is made when it is needed
    if is_kept:
        draft.rename(path)
        sync_folder(path.parent)
    else:
        draft.unlink()
    return Mended(path, cut_off, is_kept)


def whole_bytes(path: Path) -> int:
    """Where the last whole gzip member ends, each of which holds a record."""
    read = whole = 0
    member = zlib.decompressobj(31)
    with path.open("rb") as file, contextlib.suppress(zlib.error):
        while rest := file.read(_CHUNK):
            read += len(rest)
            while rest:
                member.decompress(rest)
                rest = member.unused_data
                if member.eof:
                    whole = read - len(rest)
                    member = zlib.decompressobj(31)
    return whole
