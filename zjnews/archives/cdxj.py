"""The index beside a WARC file: where it holds the answers to an address.

A sorted text file, a line an answer, as other tools for web archives read and write it:
https://specs.webrecorder.net/cdxj/0.1.0/
"""

import errno
import fcntl
import heapq
import json
import mmap
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from operator import itemgetter
from pathlib import Path
from urllib.parse import urlsplit

from w3lib.url import canonicalize_url

from zjnews.archives import warcs
from zjnews.archives.objects import S3File
from zjnews.archives.warcs import Answer, Damage, Record
from zjnews.feeds.drafts import Draft
from zjnews.items import Rejected
from zjnews.pages.guard import bounded, stoppable
from zjnews.site import addresses
from zjnews.text.cleaning import error_in_words

ENDING = ".cdxj"
"""An index has the name of its WARC file and this."""

_MAY_NOT_WRITE = (errno.EACCES, errno.EPERM, errno.EROFS)
_WWW = re.compile(r"www\d*\.")
_SORTED_AT_ONCE = 100_000
"""Lines; more are sorted in pieces, so that memory does not grow with the file."""
_MOST_BYTES = 2**62
_OPEN = 200
"""Indexes that are kept open; more are put together into one."""

_LATEST = 2**32
"""Seconds since 1970; there are file systems that know later times than Python."""
_PACKED = (
    "is packed as a whole: it is read, but not replayed; `warcio recompress OLD NEW` mends that"
)

Report = Callable[[Path, Damage], None]
"""Called with each damage in a file."""


@dataclass(frozen=True, slots=True)
class Capture:
    """Where an answer is stored."""

    url: str
    timestamp: str
    """`20260915020003`, UTC."""
    status: int
    is_revisit: bool
    digest: str
    archive: Path
    offset: int


def key_of(url: str) -> str:
    """The key that lines are sorted by (SURT): `cn,com,zjol,zjnews)/zjnews/index.shtml`. Addresses
    that differ in scheme, `www.` or case share it. Raises ValueError where it is no address."""
    parts = urlsplit(normal_form(url))
    host = _WWW.sub("", (parts.hostname or "").lower(), count=1)
    port = f":{parts.port}" if parts.port else ""
    path = parts.path.lower()
    query = f"?{parts.query.lower()}" if parts.query else ""
    return f"{','.join(reversed(host.split('.')))}{port}){path.rstrip('/') or '/'}{query}"


def normal_form(url: str) -> str:
    """The address by which captures are compared: without the port of its scheme, its query in
    order. Broken ones are as they are."""
    try:
        return canonicalize_url(addresses.join(None, url) or url)
    except ValueError:
        return url


def line_of(answer: Answer, record: Record, at: datetime, filename: str) -> bytes:
    """The line of an answer, without its end. Raises Rejected (`broken-warc`)."""
    is_revisit = answer.kind == "revisit"
    mime = re.split(r"[;\s]", answer.header("content-type") or "", maxsplit=1)[0]
    fields = {
        "url": answer.url,
        "mime": "warc/revisit" if is_revisit else mime,
        "status": str(answer.status),
        "digest": answer.digest,
        "length": str(record.length),
        "offset": str(record.offset),
        "filename": filename,
    }
    try:
        key = key_of(answer.url)
    except ValueError as error:
        raise Rejected("broken-warc", f"{answer.url[:200]} is no address") from error
    return f"{key} {_timestamp(at)} {json.dumps(fields)}".encode()


def _timestamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%d%H%M%S")


def timestamp_of(date: str | None) -> str | None:
    """The time of a WARC-Date, as a line has it."""
    at = warcs.time_of(date or "")
    return _timestamp(at) if at else None


def changed(path: Path | S3File) -> datetime:
    """When a file was changed last, UTC."""
    return datetime.fromtimestamp(min(max(path.stat().st_mtime, 0), _LATEST), UTC)


def path_of(archive: Path) -> Path:
    return archive.with_name(archive.name + ENDING)


def write_index(lines: Iterable[bytes], path: Path) -> None:
    """Write an index of lines in any order; it is there whole or not at all."""
    # The draft first, for reading the lines takes long.
    with Draft(path, is_shared=True) as file, ExitStack() as stack:
        pieces = [_sorted_piece(piece, stack) for piece in _pieces(iter(lines))]
        file.writelines(heapq.merge(*pieces))


def _pieces(lines: Iterator[bytes]) -> Iterator[list[bytes]]:
    while piece := [line + b"\n" for line in islice(lines, _SORTED_AT_ONCE)]:
        yield sorted(piece)


def _sorted_piece(piece: list[bytes], stack: ExitStack) -> Iterable[bytes]:
    if len(piece) < _SORTED_AT_ONCE:
        return piece  # the last one
    file = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115  the stack closes it
    file.writelines(piece)
    file.seek(0)
    return file


def ignore_damage(archive: Path, damage: Damage) -> None:
    """For callers whose files are read, and so reported, by others."""


def lines_in(file: Path, archive: Path, report: Report = ignore_damage) -> Iterator[bytes]:
    """The lines of the answers in a file, in its order, under the name of a WARC file. Raises
    OSError."""
    if file.name.lower().endswith(".wacz"):
        report(archive, Damage(0, "a WACZ is read, but not replayed; unzip it"))
        return
    for found in stoppable(warcs.Reader(file)):
        if isinstance(found, Damage):
            report(archive, found)
        elif found.is_packed:
            report(archive, Damage(found.offset, _PACKED))
            return
        elif found.kind in warcs.ANSWERS and found.url:
            try:
                with bounded(found.url):
                    answer = warcs.read_answer(found)
                    line = line_of(answer, found, answer.at or changed(file), archive.name)
            except Rejected as rejected:
                report(archive, Damage(found.offset, rejected.detail))
            else:
                yield line


def is_fresh(archive: Path) -> bool:
    """Whether a WARC file has an index that was made after it, with anything in it."""
    try:
        index = path_of(archive).stat()
        return index.st_size > 0 and index.st_mtime_ns >= archive.stat().st_mtime_ns
    except OSError:
        return False


class Index:
    """The indexes of several WARC files as one. Those that are missing are made when it is; where
    they cannot be kept, for as long as it lives."""

    def __init__(self, archives: Iterable[Path], report: Report = ignore_damage) -> None:
        """`report` is called for damage that is met, and for a file that cannot be read."""
        self.report = report
        self.kept_here: tempfile.TemporaryDirectory[str] | None = None
        self.paths: dict[Path, Path] = {}
        """The index of each WARC file, in their order."""
        self.open: dict[Path, mmap.mmap | bytes] = {}
        """Those that are looked into one by one."""
        self.together: mmap.mmap | bytes = b""
        """The others: lines of all of them, each with the number of its WARC file."""
        for archive in archives:
            try:
                self.add(archive)
            except OSError as error:
                self.report(archive, Damage(0, error_in_words(error)))

    def add(self, archive: Path) -> None:
        """Look into one more WARC file. Raises OSError."""
        self.paths[archive] = path = self._index_of(archive)
        self.open[archive] = _opened(path)
        if len(self.open) > _OPEN:
            self._put_together()

    def _put_together(self) -> None:
        """One index of all that there are so far, so that one more costs a look-up nothing."""
        with tempfile.TemporaryDirectory(prefix="zjnews-") as folder:
            path = Path(folder) / "all"
            write_index(self._numbered(), path)
            self.together = _opened(path)
        self.open.clear()

    def _numbered(self) -> Iterator[bytes]:
        for number, path in enumerate(self.paths.values()):
            with path.open("rb") as lines:
                yield from (line.rstrip(b"\n") + b"\t%d" % number for line in lines)

    def _index_of(self, archive: Path) -> Path:
        with archive.open("rb") as held:
            # Of several processes the first makes it, the others wait for it.
            fcntl.flock(held, fcntl.LOCK_EX)
            return path_of(archive) if is_fresh(archive) else self._made(archive)

    def _made(self, archive: Path) -> Path:
        path = path_of(archive)
        try:
            write_index(lines_in(archive, archive, self.report), path)
        except OSError as error:
            if error.errno not in _MAY_NOT_WRITE:
                raise
            self.kept_here = self.kept_here or tempfile.TemporaryDirectory(prefix="zjnews-")
            path = Path(self.kept_here.name) / f"{len(self.paths)}{ENDING}"
            write_index(lines_in(archive, archive, self.report), path)
        return path

    def captures(self, url: str) -> list[Capture]:
        """Where the answers to an address are stored, oldest first."""
        try:
            key = f"{key_of(url)} ".encode()
        except ValueError:
            return []
        wanted = normal_form(url)
        found = [
            (capture.timestamp, number, capture.offset, capture)
            for number, capture in self._captures_under(key)
            if normal_form(capture.url) == wanted
        ]
        return [capture for *_, capture in sorted(found, key=itemgetter(0, 1, 2))]

    def _captures_under(self, key: bytes) -> Iterator[tuple[int, Capture]]:
        """The answers under a key, each with the number of its WARC file."""
        archives = list(self.paths)
        for line in _lines_under(key, self.together):
            text, _, number = line.rpartition(b"\t")
            if number.strip().isdigit():
                yield from self._capture(text, int(number), archives[int(number)])
        numbers = {archive: number for number, archive in enumerate(archives)}
        for archive, lines in self.open.items():
            for line in _lines_under(key, lines):
                yield from self._capture(line, numbers[archive], archive)

    def _capture(self, line: bytes, number: int, archive: Path) -> Iterator[tuple[int, Capture]]:
        try:
            yield number, _capture(line, archive)
        except (ArithmeticError, LookupError, RecursionError, TypeError, ValueError):
            name = self.paths[archive].name
            self.report(archive, Damage(0, f"its index {name} is damaged; remove it"))


def _lines_under(key: bytes, lines: mmap.mmap | bytes) -> Iterator[bytes]:
    start = _first(lines, key)
    while lines[start : start + len(key)] == key:
        end = lines.find(b"\n", start) + 1 or len(lines)
        yield lines[start:end]
        start = end


def _capture(line: bytes, archive: Path) -> Capture:
    _, timestamp, fields = line.decode().split(" ", 2)
    found = json.loads(fields)
    status, offset = int(found["status"]), int(found["offset"])
    texts = (found["url"], found.get("digest", ""))
    is_sound = all(isinstance(text, str) for text in texts) and 0 <= offset < _MOST_BYTES
    if not is_sound or not timestamp.isdigit():
        raise ValueError("no line of an index")
    return Capture(
        url=texts[0],
        timestamp=timestamp,
        status=status,
        is_revisit=found["mime"] == "warc/revisit",
        digest=texts[1],
        archive=archive,
        offset=offset,
    )


def _opened(index: Path) -> mmap.mmap | bytes:
    if not index.stat().st_size:
        return b""
    with index.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _first(lines: mmap.mmap | bytes, key: bytes) -> int:
    """Where the first line begins that is not smaller than a key."""
    low, high = 0, len(lines)
    while low < high:
        middle = (low + high) // 2
        begin = lines.rfind(b"\n", 0, middle) + 1
        end = lines.find(b"\n", middle) + 1 or len(lines)
        if lines[begin:end] < key:
            low = end
        else:
            high = begin
    return low
