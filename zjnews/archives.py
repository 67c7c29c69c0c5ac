"""Saved pages: WARC files, folders and single files, read one page at a time."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from w3lib.url import canonicalize_url

from zjnews import addresses, warcs
from zjnews.addresses import Kind
from zjnews.cdxj import changed
from zjnews.items import Rejected, Skipped
from zjnews.page import MAX_BYTES
from zjnews.playback import Playback
from zjnews.warcs import Answer, Record

_PAGES = (".html", ".htm", ".shtml", ".xhtml", ".txt")
_ACCEPTED = "a folder, " + ", ".join((*warcs.ENDINGS, *_PAGES))
_CANONICAL = re.compile(rb"<link\b(?=[^<>]*\brel\s*=\s*[\"']?canonical\b)[^<>]*>", re.I)
_HREF = re.compile(rb"\bhref\s*=\s*[\"']?((?:https?:)?//[^\"'\s<>]+)", re.I)
_COMMENT = re.compile(rb"<!--.*?-->", re.S)
_FRONTS = (Kind.LIST, Kind.PAPER_FRONT)
_HEAD_BYTES = 65536


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


@dataclass(frozen=True, slots=True)
class Passed:
    """A record that is passed over, though nothing is wrong with it."""

    url: str
    skipped: Skipped


Found = SavedPage | Passed | Unusable


@dataclass(frozen=True, slots=True)
class Source:
    """Something to read pages from: a page, or a WARC file."""

    path: Path
    sidecar: Path | None = None
    """The `response.json` of a page."""
    start: int = 0
    stop: int | None = None
    """The stretch of a WARC file whose records are read, in bytes; None is its end."""

    @property
    def is_warc(self) -> bool:
        return warcs.is_warc(self.path)

    def reader(self) -> warcs.Reader:
        return warcs.Reader(self.path, self.start, self.stop)


def read(path: Path) -> Iterator[Found]:
    """The pages of a file or folder in a fixed order. What cannot be read is an `Unusable`, never
    an exception."""
    for source in sources(path):
        yield from (source,) if isinstance(source, Unusable) else read_source(source)


def read_source(source: Source) -> Iterator[Found]:
    return read_warc(source.reader()) if source.is_warc else _read_file(source)


def sources(path: Path) -> Iterator[Source | Unusable]:
    """What there is to read in a file or folder, in a fixed order."""
    if path.is_dir():
        yield from _sources_in(path)
    elif not path.is_file():
        yield Unusable(str(path), Rejected("missing-file", "no such file or folder"))
    elif warcs.is_warc(path) or _is_page(path):
        yield Source(path)
    else:
        yield Unusable(str(path), Rejected("unknown-file", f"accepted are {_ACCEPTED}"))


def _sources_in(folder: Path) -> Iterator[Source | Unusable]:
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        yield _unreadable(folder, error)
        return
    pages = [entry for entry in entries if _is_page(entry) and not entry.is_dir()]
    sidecar = folder / "response.json"
    has_sidecar = len(pages) == 1 and sidecar.is_file()
    for entry in entries:
        if entry in pages:
            yield Source(entry, sidecar if has_sidecar else None)
        elif warcs.is_warc(entry):
            yield Source(entry)
        elif entry.is_dir() and not entry.is_symlink():
            yield from _sources_in(entry)


def _unreadable(path: Path, error: OSError) -> Unusable:
    return Unusable(str(path), Rejected("unreadable-file", error.strerror or str(error)))


def _is_page(path: Path) -> bool:
    return path.name.lower().endswith(_PAGES)


def read_sidecar(path: Path) -> dict[str, Any]:
    """What `response.json` beside a page tells: `url`, `status`, `headers`, and `fetched_at`, None
    where it is no time. Raises OSError, ValueError."""
    answer = json.loads(path.read_text("utf-8"))
    if not isinstance(answer, dict) or not isinstance(answer.get("url", ""), str):
        raise ValueError("not an object with an url")
    if not isinstance(answer.get("headers"), dict):
        answer["headers"] = {}
    answer["fetched_at"] = warcs.time_of(str(answer.get("fetched_at")))
    return answer


def _read_file(source: Source) -> Iterator[Found]:
    path = source.path
    answer: dict[str, Any] = {}
    if source.sidecar:
        try:
            answer = read_sidecar(source.sidecar)
        except (OSError, ValueError) as error:
            yield Unusable(str(source.sidecar), Rejected("broken-response-json", str(error)))
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
            fetched_at=(answer.get("fetched_at") or changed(path)).replace(microsecond=0),
        )


def _canonical_link(body: bytes) -> str | None:
    """The address that a saved page names as its own. Many pages of one site name its front page,
    or the list that they are in: that is none."""
    link = _CANONICAL.search(_COMMENT.sub(b"", body[:_HEAD_BYTES]))
    href = _HREF.search(link[0]) if link else None
    if href is None:
        return None
    address = addresses.read(html.unescape(href[1].decode("ascii", "ignore")))
    return None if address.kind in _FRONTS else address.url


def read_warc(reader: warcs.Reader) -> Iterator[Found]:
    """The pages of a WARC file, or of a stretch of it."""
    try:
        for found in reader:
            if isinstance(found, warcs.Damage):
                yield Unusable(str(reader.path), Rejected("broken-warc", str(found)))
            elif found.kind in warcs.ANSWERS:
                yield _read_record(found, reader.path)
    except OSError as error:
        yield _unreadable(reader.path, error)


def _read_record(record: Record, path: Path) -> Found:
    try:
        answer = warcs.read_answer(record)
        if urlsplit(answer.url).path == "/robots.txt":
            return Passed(answer.url, Skipped("robots-txt"))
        if answer.kind == "revisit":
            return _read_revisit(answer, path)
        return page_of(answer, path)
    except Rejected as rejected:
        return Unusable(record.url or str(path), rejected)


def _read_revisit(answer: Answer, path: Path) -> SavedPage | Passed:
    """The page that was the same as that of another address; of the same one it has been read."""
    original = answer.original_url
    if not original or _are_one(original, answer.url):
        return Passed(answer.url, Skipped("revisit"))
    return page_of(_beside(path.parent).whole(answer), path)


def _are_one(url: str, other: str) -> bool:
    try:
        return canonicalize_url(url) == canonicalize_url(other)
    except ValueError:  # no addresses at all
        return url == other


@lru_cache(maxsize=4)
def _beside(folder: Path) -> Playback:
    warc_files = (path for path in folder.iterdir() if warcs.is_warc(path) and path.is_file())
    return Playback(sorted(warc_files))


def page_of(answer: Answer, path: Path) -> SavedPage:
    """The page of a recorded answer. Raises Rejected where it is none (`http-404` …)."""
    if answer.status != 200:
        target = answer.header("location")
        raise Rejected(f"http-{answer.status}", f"to {target}" if target else "")
    return SavedPage(
        url=answer.url,
        body=answer.content,
        content_type=answer.header("content-type"),
        fetched_at=(answer.at or changed(path)).replace(microsecond=0),
    )
