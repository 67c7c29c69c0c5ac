"""Saved pages: WARC files, folders and single files, read one page at a time."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, BinaryIO

import brotli
from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed

from zjnews.items import Rejected
from zjnews.page import MAX_BYTES

_WARC = (".warc", ".warc.gz")
_PAGES = (".html", ".htm", ".shtml", ".xhtml", ".txt")
_ACCEPTED = "a folder, " + ", ".join((*_WARC, *_PAGES))
_CANONICAL = re.compile(rb"<link\b(?=[^<>]*\brel\s*=\s*[\"']?canonical\b)[^<>]*>", re.I)
_HREF = re.compile(rb"\bhref\s*=\s*[\"']?(https?://[^\"'\s<>]+)", re.I)
_HEAD_BYTES = 65536
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


@dataclass(frozen=True, slots=True)
class SavedPage:
    """One answer as it was saved."""

    url: str
    body: bytes
    content_type: str | None
    fetched_at: datetime
    """Aware; a file that says nothing gives its time of last change."""


@dataclass(frozen=True, slots=True)
class Unusable:
    """Something in an archive that is no page to read."""

    where: str
    rejected: Rejected


def read(path: Path) -> Iterator[SavedPage | Unusable]:
    """The pages of a file or folder in a fixed order. What cannot be read is an `Unusable`, never
    an exception."""
    if path.is_dir():
        yield from _read_folder(path)
    elif not path.is_file():
        yield Unusable(str(path), Rejected("missing-file", "no such file or folder"))
    elif _is_warc(path):
        yield from _read_warc(path)
    elif _is_page(path):
        yield from _read_file(path)
    else:
        yield Unusable(str(path), Rejected("unknown-file", f"accepted are {_ACCEPTED}"))


def _read_folder(folder: Path) -> Iterator[SavedPage | Unusable]:
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        yield _unreadable(folder, error)
        return
    pages = [entry for entry in entries if _is_page(entry) and not entry.is_dir()]
    sidecar = folder / "response.json"
    answer: dict[str, Any] = {}
    if len(pages) == 1 and sidecar.is_file():
        try:
            answer = _read_sidecar(sidecar)
        except (OSError, ValueError) as error:
            yield Unusable(str(sidecar), Rejected("broken-response-json", str(error)))
    for entry in entries:
        if entry in pages:
            yield from _read_file(entry, answer)
        elif _is_warc(entry):
            yield from _read_warc(entry)
        elif entry.is_dir() and not entry.is_symlink():
            yield from _read_folder(entry)


def _unreadable(path: Path, error: OSError) -> Unusable:
    return Unusable(str(path), Rejected("unreadable-file", error.strerror or str(error)))


def _is_warc(path: Path) -> bool:
    return path.name.lower().endswith(_WARC)


def _is_page(path: Path) -> bool:
    return path.name.lower().endswith(_PAGES)


def _read_sidecar(path: Path) -> dict[str, Any]:
    """What `response.json` beside a page tells: `url`, `status`, `headers`, `fetched_at`."""
    answer = json.loads(path.read_text("utf-8"))
    if not isinstance(answer, dict) or not isinstance(answer.get("url", ""), str):
        raise ValueError("not an object with an url")
    if not isinstance(answer.get("headers"), dict):
        answer["headers"] = {}
    answer["fetched_at"] = _time(str(answer.get("fetched_at")))
    return answer


def _read_file(path: Path, answer: dict[str, Any] | None = None) -> Iterator[SavedPage | Unusable]:
    answer = answer or {}
    try:
        size = path.stat().st_size
        body = path.read_bytes() if size <= MAX_BYTES else b""
    except OSError as error:
        yield _unreadable(path, error)
        return
    status = str(answer.get("status", 200))
    if size > MAX_BYTES:
        yield Unusable(str(path), Rejected("too-large", f"{size:,} bytes, limit {MAX_BYTES:,}"))
    elif status != "200":
        yield Unusable(str(path), Rejected(f"http-{status}"))
    else:
        headers = {str(key).lower(): str(value) for key, value in answer.get("headers", {}).items()}
        yield SavedPage(
            url=answer.get("url") or _canonical_link(body) or path.resolve().as_uri(),
            body=body,
            content_type=headers.get("content-type"),
            fetched_at=answer.get("fetched_at") or _changed(path),
        )


def _canonical_link(body: bytes) -> str | None:
    link = _CANONICAL.search(body, 0, _HEAD_BYTES)
    href = _HREF.search(link[0]) if link else None
    return href[1].decode("ascii", "ignore") if href else None


def _read_warc(path: Path) -> Iterator[SavedPage | Unusable]:
    """The pages of a WARC file. What is damaged is named once, and reading goes on behind it."""
    count = 0
    try:
        stream = path.open("rb")
    except OSError as error:
        yield _unreadable(path, error)
        return
    with stream:
        start: int | None = 0
        in_damage = False
        while start is not None:
            try:
                stream.seek(start)
                for record, end in _records(stream):
                    in_damage = False
                    count += 1
                    if record.rec_type in ("response", "resource"):
                        yield _read_record(record, path)
                    elif record.rec_type == "revisit":
                        url = record.rec_headers.get_header("WARC-Target-URI") or str(path)
                        yield Unusable(url, Rejected("revisit", "the same as an earlier record"))
                    start = end()
                _check_end(stream, start, count)
            except _DAMAGE as error:
                if not in_damage:
                    reason = f"after {count} records: {_printable(error)}"
                    yield Unusable(str(path), Rejected("broken-warc", reason))
                in_damage = True
                start = _next_start(stream, start + 1)
            else:
                return


def _records(stream: BinaryIO) -> Iterator[tuple[Any, Callable[[], int]]]:
    """The records from where the stream stands, each with a function that tells where it ends,
    to be called when it has been read."""
    records = ArchiveIterator(stream, check_digests=True)
    for record in records:
        if record.format != "warc":
            raise ArchiveLoadFailed("not a WARC file")
        yield record, lambda: records.get_record_offset() + records.get_record_length()


def _check_end(stream: BinaryIO, end: int, count: int) -> None:
    """Raise ArchiveLoadFailed where bytes follow the last whole record; warcio passes over them."""
    stream.seek(end)
    rest = stream.read(MAX_BYTES).strip()
    if rest or count == 0:
        raise ArchiveLoadFailed(f"{len(rest):,} bytes at byte {end:,} are no record")


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


def _read_record(record: Any, path: Path) -> SavedPage | Unusable:
    url = record.rec_headers.get_header("WARC-Target-URI") or ""
    headers = record.http_headers
    encoding = (headers.get_header("Content-Encoding") or "").lower() if headers else ""
    if encoding == "br":
        headers.remove_header("Content-Encoding")  # warcio stumbles over today's brotli
    body = record.content_stream().read(MAX_BYTES + 1)
    if len(body) <= MAX_BYTES:
        if record.raw_stream.limit:
            return Unusable(url, Rejected("broken-warc", "record is cut off"))
        if record.digest_checker.passed is False:
            return Unusable(url, Rejected("broken-warc", "digest does not match"))
    status = headers.get_statuscode() if headers else "200"
    if status != "200":
        target = headers.get_header("Location")
        return Unusable(url, Rejected(f"http-{status}", f"to {target}" if target else ""))
    if encoding == "br":
        try:
            body = brotli.decompress(body)
        except brotli.error:
            return Unusable(url, Rejected("unreadable", "its brotli encoding is damaged"))
    return SavedPage(
        url=url,
        body=body,
        content_type=headers.get_header("Content-Type") if headers else None,
        fetched_at=_time(record.rec_headers.get_header("WARC-Date") or "") or _changed(path),
    )


def _time(text: str) -> datetime | None:
    """Read an ISO 8601 time; one without offset is UTC. None where it is no such time."""
    whole = re.match(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:\d\d)?$", text)
    if whole is None:
        return None
    offset = "+00:00" if whole[3] in (None, "Z") else whole[3]
    try:
        return datetime.fromisoformat(f"{whole[1]}T{whole[2]}{offset}")
    except ValueError:
        return None


def _changed(path: Path) -> datetime:
    return datetime.fromtimestamp(int(path.stat().st_mtime), timezone.utc)
