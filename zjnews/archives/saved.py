"""Saved pages: WARC and ARC files, folders and single files, read one page at a time."""

import html
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any, overload
from urllib.parse import urlsplit

from zjnews.archives import warcs
from zjnews.archives.cdxj import changed, normal_form, timestamp_of
from zjnews.archives.objects import S3File
from zjnews.archives.playback import Playback, no_original, with_body
from zjnews.archives.warcs import Answer, Record
from zjnews.items import Rejected, Skipped
from zjnews.pages.guard import bounded
from zjnews.pages.page import MAX_BYTES
from zjnews.site import addresses
from zjnews.site.addresses import Kind
from zjnews.text.cleaning import error_in_words

Place = Path | S3File
"""Where an archive is stored."""

_PAGES = (".html", ".htm", ".shtml", ".xhtml", ".txt")
_ACCEPTED = "a folder, " + ", ".join((*warcs.ENDINGS, *_PAGES))
_CANONICAL = re.compile(rb"<link\b(?=[^<>]*\brel\s*=\s*[\"']?canonical\b)[^<>]*>", re.I)
_HREF = re.compile(rb"\bhref\s*=\s*[\"']?((?:https?:)?//[^\"'\s<>]+)", re.I)
_COMMENT = re.compile(rb"<!--.*?-->", re.S)
_FRONTS = (Kind.LIST, Kind.PAPER_FRONT)
_HEAD_BYTES = 65536
_MOST_SIDECAR = 1024 * 1024
"""Bytes of a `response.json`."""
_MOST_WAITING = 20_000
"""Revisits whose originals are looked for together."""
_STRETCH = 100
_STRETCH_BYTES = 8 * 1024 * 1024
"""Records that a stretch has, unless so many bytes, unpacked, are enough."""
_CUT = 512 * 1024
"""Bytes of a file after which it is cut at the next record, without a look at those before it."""
_PACKED = re.compile(r"\.(?:warc|arc|wacz)\.[a-z0-9]{1,5}$")
"""Archives of records in a form that is not read, such as `.warc.bz2`."""
_NOT_ARCHIVES = (".open", ".cdxj", ".cdx", ".idx", ".part", ".json", ".txt", ".md5", ".sha1")
"""Endings of files beside an archive; `.open` is one that is being written."""


@dataclass(frozen=True, slots=True)
class SavedPage:
    """One answer as it was saved."""

    url: str
    body: bytes
    content_type: str | None
    fetched_at: datetime
    """Aware; without any other date, when the file was changed last."""


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
class Stretch:
    """Records of a WARC file that can be read without those before them."""

    path: Place
    offset: int
    length: int
    """In bytes."""
    count: int | None
    """Of its records; None where nobody has looked at them, see `cut`."""


class MiscutError(Exception):
    """A stretch that was cut unseen is not made of whole records that can be read by themselves."""


@dataclass(frozen=True, slots=True)
class Source:
    """Something to read pages from: a page, or a WARC file."""

    path: Place
    sidecar: Path | None = None
    """The `response.json` of a page."""
    member: str | None = None
    """The WARC file in a WACZ."""

    @property
    def is_warc(self) -> bool:
        return warcs.is_archive(self.path)

    @property
    def may_be_cut(self) -> bool:
        """Whether it may be cut into stretches unseen: packed record by record, and near enough to
        be looked into at many places."""
        return isinstance(self.path, Path) and self.path.name.lower().endswith(".gz")

    def reader(self) -> warcs.Reader:
        return warcs.Reader(self.path, member=self.member)


def pages_in(path: Path) -> Iterator[Found]:
    """The pages of a file or folder in a fixed order. What cannot be read is an `Unusable`, never
    an exception."""
    for source in sources(path):
        yield from (source,) if isinstance(source, Unusable) else read_source(source)


def read_source(source: Source) -> Iterator[Found]:
    return read_warc(source.reader()) if source.is_warc else _read_file(source)


def sources(path: Place) -> Iterator[Source | Unusable]:
    """What there is to read in a file or folder, in a fixed order."""
    if isinstance(path, S3File):
        yield from _sources_of(path)
    elif path.is_dir():
        yield from _sources_in(path)
    elif not path.exists():
        yield Unusable(str(path), Rejected("missing-file", "no such file or folder"))
    elif warcs.is_archive(path) or _is_page(path):
        yield from _sources_of(path)
    else:
        yield Unusable(str(path), Rejected("unknown-file", f"accepted are {_ACCEPTED}"))


def _sources_in(folder: Path) -> Iterator[Source | Unusable]:
    """To the bottom, however deep that is."""
    open_folders = [_entries_of(folder)]
    while open_folders:
        entry = next(open_folders[-1], None)
        if entry is None:
            open_folders.pop()
        elif isinstance(entry, Path):
            open_folders.append(_entries_of(entry))
        else:
            yield entry


def _entries_of(folder: Path) -> Iterator[Source | Unusable | Path]:
    """What there is to read in a folder itself, and the folders in it, in their order."""
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        yield unreadable(folder, error)
        return
    pages = [entry for entry in entries if _is_page(entry) and not entry.is_dir()]
    sidecar = folder / "response.json"
    has_sidecar = len(pages) == 1 and sidecar.is_file()
    for entry in entries:
        if entry.is_dir():
            if not entry.is_symlink():
                yield entry
        elif entry in pages or warcs.is_archive(entry):
            yield from _sources_of(entry, sidecar if has_sidecar and entry in pages else None)
        elif _is_packed_otherwise(entry):
            detail = f"not read in this form; accepted are {_ACCEPTED}"
            yield Unusable(str(entry), Rejected("unknown-file", detail))


def _sources_of(path: Place, sidecar: Path | None = None) -> Iterator[Source | Unusable]:
    """A page or an archive, unless it is something else by that name."""
    if isinstance(path, Path) and path.exists() and not path.is_file():
        yield Unusable(str(path), Rejected("no-plain-file", "a pipe, socket or device is not read"))
    elif path.name.lower().endswith(".wacz"):
        try:
            yield from (Source(path, member=member) for member in warcs.members(path))
        except OSError as error:
            yield unreadable(path, error)
        except ValueError as error:
            yield Unusable(str(path), Rejected("broken-warc", str(error)))
    else:
        yield Source(path, sidecar)


def _is_packed_otherwise(path: Path) -> bool:
    name = path.name.lower()
    return bool(_PACKED.search(name)) and not name.endswith(_NOT_ARCHIVES) and path.is_file()


def unreadable(path: Place, error: OSError) -> Unusable:
    return Unusable(str(path), Rejected("unreadable-file", error_in_words(error)))


@contextmanager
def rejecting(reason: str) -> Iterator[None]:
    """Raises Rejected for what is wrong with a file."""
    try:
        yield
    except (OSError, ValueError, RecursionError) as error:
        raise Rejected(reason, error_in_words(error)) from error


def _is_page(path: Path) -> bool:
    return path.name.lower().endswith(_PAGES)


def read_sidecar(path: Path) -> dict[str, Any]:
    """The content of a `response.json` beside a page: `url`, `status`, `headers`, and `fetched_at`,
    None where it is no time. Raises OSError, ValueError, RecursionError."""
    with path.open("rb") as file:
        text = file.read(_MOST_SIDECAR + 1)
    if len(text) > _MOST_SIDECAR:
        raise ValueError(f"more than {_MOST_SIDECAR:,} bytes")
    answer = json.loads(text.decode("utf-8"))
    if not isinstance(answer, dict) or not isinstance(answer.get("url", ""), str):
        raise ValueError("not an object with an url")
    if answer.get("url"):
        answer["url"] = addresses.join(None, answer["url"])
        if answer["url"] is None:
            raise ValueError("its url is broken")
    if not re.fullmatch(r"[1-9]\d\d", str(answer.setdefault("status", 200)), re.ASCII):
        raise ValueError("its status is none of HTTP")
    if not isinstance(answer.get("headers"), dict):
        answer["headers"] = {}
    answer["fetched_at"] = warcs.time_of(str(answer.get("fetched_at")))
    return answer


def _read_file(source: Source) -> Iterator[Found]:
    answer: dict[str, Any] = {}
    if source.sidecar:
        try:
            with bounded(str(source.sidecar)), rejecting("broken-response-json"):
                answer = read_sidecar(source.sidecar)
        except Rejected as rejected:
            yield Unusable(str(source.sidecar), rejected)
    try:
        with bounded(str(source.path)):
            page = _page_in(source.path, answer)
    except Rejected as rejected:
        yield Unusable(str(source.path), rejected)
    else:
        yield page


def _page_in(path: Place, answer: dict[str, Any]) -> SavedPage:
    """The page of a file. `answer`: the content of its sidecar. Raises Rejected."""
    assert isinstance(path, Path), "on S3 only archives are read"
    with rejecting("unreadable-file"):
        size = path.stat().st_size
        body = path.read_bytes() if size <= MAX_BYTES else b""
    if size > MAX_BYTES:
        raise Rejected("too-large", f"{size:,} bytes, limit {MAX_BYTES:,}")
    if (status := str(answer.get("status", 200))) != "200":
        raise Rejected(f"http-{status}")
    headers = {str(key).lower(): str(value) for key, value in answer.get("headers", {}).items()}
    return SavedPage(
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
    address = addresses.address_of(html.unescape(href[1].decode("ascii", "ignore")))
    return None if address.kind in _FRONTS else address.url


@overload
def read_warc(reader: warcs.Reader) -> Iterator[Found]: ...


@overload
def read_warc(reader: warcs.Reader, in_stretches: bool) -> Iterator[Found | Stretch]: ...


def read_warc(reader: warcs.Reader, in_stretches: bool = False) -> Iterator[Found | Stretch]:
    """The pages of a WARC file, or the stretches of records that have them. Pages that another
    address had before come last, where a file is packed as a whole or stored on S3: it has to be
    read once more for them."""
    waiting: list[Answer] = []
    try:
        for found in _in_stretches(reader) if in_stretches else reader:
            if isinstance(found, Stretch):
                yield found
            elif isinstance(found, warcs.Damage):
                yield Unusable(str(reader.path), Rejected("broken-warc", str(found)))
            elif found.kind in warcs.ANSWERS:
                yield from _read_record(found, reader.path, waiting)
        if waiting:
            yield from _read_again(warcs.Reader(reader.path, member=reader.member), waiting)
    except OSError as error:
        yield unreadable(reader.path, error)


def cut(path: Place) -> Iterator[Stretch]:
    """A file in stretches, each from what looks like the beginning of a record to the next one.

    To find where a record ends it has to be unpacked, which is left to who reads the stretch. Each
    is what it seems to be if all before it were, and it is not miscut."""
    start: int | None = 0
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            while start is not None:
                following = warcs.next_start(file, start + _CUT)
                yield Stretch(path, start, (following or size) - start, None)
                start = following
    except OSError:  # which is met again, and named, when the file is read on from here
        yield Stretch(path, start or 0, 0, None)


def read_on(stretch: Stretch) -> Iterator[Found | Stretch]:
    """What `read_warc` gives from a miscut stretch on, in stretches."""
    reader = warcs.Reader(stretch.path, stretch.offset)
    reader.in_damage = False  # all before it is whole
    return read_warc(reader, in_stretches=True)


def read_stretch(stretch: Stretch) -> Iterator[Found]:
    """The pages of a stretch. Raises OSError, where the file was changed too; MiscutError."""
    records = list(_unseen(stretch) if stretch.count is None else _records_of(stretch))
    if stretch.count not in (None, len(records)):
        raise OSError(f"changed at byte {stretch.offset:,} while it was read")
    for record in records:
        if record.kind in warcs.ANSWERS:
            yield from _read_record(record, stretch.path, [])


def _unseen(stretch: Stretch) -> Iterator[Record]:
    """The records of a stretch that nobody has looked at. Raises MiscutError."""
    end = size = 0
    try:
        records = _records_of(stretch) if stretch.length <= _STRETCH_BYTES else ()
    except OSError as error:
        raise MiscutError(error_in_words(error)) from error
    for record in records:
        end = record.offset + record.length
        size += len(record.block)
        if size > _STRETCH_BYTES or not _is_alone(record):
            raise MiscutError(f"no plain records from byte {stretch.offset:,} on")
        yield record
    if not end or end != stretch.length:
        raise MiscutError(f"no whole records from byte {stretch.offset:,} on")


def _records_of(stretch: Stretch) -> Iterator[Record]:
    return warcs.records_in(_bytes_of(stretch))


def _bytes_of(stretch: Stretch) -> bytes:
    if isinstance(stretch.path, S3File):
        return stretch.path.read_range(stretch.offset, stretch.length)
    with stretch.path.open("rb") as file:
        file.seek(stretch.offset)
        return file.read(stretch.length)


def _in_stretches(reader: warcs.Reader) -> Iterator[Record | warcs.Damage | Stretch]:
    """What a file holds, with stretches for what can be read by itself."""
    gathered: list[Record] = []
    size = 0
    for found in reader:
        alone = found if isinstance(found, Record) and _is_alone(found) else None
        if gathered and (not alone or len(gathered) == _STRETCH or size >= _STRETCH_BYTES):
            yield _stretch_of(reader.path, gathered)
            gathered, size = [], 0
        if alone:
            gathered.append(alone)
            size += len(alone.block)
        else:
            yield found
    if gathered:
        yield _stretch_of(reader.path, gathered)


def _stretch_of(path: Place, records: list[Record]) -> Stretch:
    first, last = records[0], records[-1]
    return Stretch(path, first.offset, last.offset + last.length - first.offset, len(records))


def _is_alone(record: Record) -> bool:
    """Whether a record can be read by itself. A revisit of another address cannot: its page is
    looked for in all files of a folder."""
    original = record.header("WARC-Refers-To-Target-URI") if record.kind == "revisit" else None
    return record.is_member and (not original or original == record.url)


def _read_record(record: Record, path: Place, waiting: list[Answer]) -> Iterator[Found]:
    """`waiting`: takes revisits of other addresses that cannot be looked up."""
    where = record.url or str(path)
    try:
        with bounded(where):
            answer = warcs.read_answer(record)
            why_passed = _why_passed(answer)
        if why_passed:
            yield Passed(answer.url, Skipped(why_passed))
            return
        repeats = answer.kind == "revisit"
        is_looked_up = isinstance(path, Path) and not record.is_packed
        if repeats and not is_looked_up and len(waiting) < _MOST_WAITING:
            waiting.append(answer)
            return
        # It makes indexes where there are none, for which no limit of a page is meant.
        beside = _beside(path.parent) if repeats and isinstance(path, Path) else None
        with bounded(where):
            page = page_of(beside.whole(answer) if beside else answer, path)
    except Rejected as rejected:
        yield Unusable(where, rejected)
        return
    if answer.at is None:
        detail = f"{record.date or 'none'} is no time; that of the file is taken"
        yield Unusable(where, Rejected("broken-warc-date", detail))
    yield page


def _read_again(reader: warcs.Reader, revisits: list[Answer]) -> Iterator[Found]:
    """The pages of revisits, whose originals are looked for in a whole file."""
    waiting: dict[tuple[str, str | None], list[Answer]] = {}
    for revisit in revisits:
        known_by = revisit.digest or timestamp_of(revisit.original_date)
        waiting.setdefault((normal_form(revisit.original_url or ""), known_by), []).append(revisit)
    for record in reader:
        if isinstance(record, Record) and record.kind in warcs.ANSWERS and record.kind != "revisit":
            url, digest = normal_form(record.url), record.header("WARC-Payload-Digest")
            for known_by in filter(None, (digest, timestamp_of(record.date))):
                for revisit in waiting.pop((url, known_by), ()):
                    yield _page_or_why(revisit, record, reader.path)
    for revisit in chain.from_iterable(waiting.values()):
        yield Unusable(revisit.url, no_original(revisit))


def _page_or_why(revisit: Answer, record: Record, path: Place) -> Found:
    try:
        with bounded(revisit.url):
            return page_of(with_body(revisit, warcs.read_answer(record)), path)
    except Rejected as rejected:
        return Unusable(revisit.url, rejected)


def _why_passed(answer: Answer) -> str | None:
    """Why an answer is no page to read, though nothing is wrong with it. Raises Rejected."""
    if addresses.join(None, answer.url) is None:
        raise Rejected("broken-warc", "its address is broken")
    if not answer.url.startswith(("http://", "https://")):
        return "not-http"
    if "/robots.txt" in answer.url and urlsplit(answer.url).path == "/robots.txt":
        return "robots-txt"
    if answer.kind != "revisit":
        return None
    original = answer.original_url
    # Of the same address it has been read; another one may have been left out.
    is_read = not original or normal_form(original) == normal_form(answer.url)
    return "revisit" if is_read else None


@lru_cache(maxsize=4)
def _beside(folder: Path) -> Playback:
    warc_files = (path for path in folder.iterdir() if warcs.is_archive(path) and path.is_file())
    return Playback(sorted(warc_files))


def page_of(answer: Answer, path: Place) -> SavedPage:
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
