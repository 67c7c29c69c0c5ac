"""The saved pages of the tests: each a folder `<layout>/<name>` with the page, its address and
headers, and the record that is expected of it."""

import json
import os
import re
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC
from errno import EEXIST
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from zjnews.archives import saved as archives
from zjnews.archives.saved import SavedPage, Source
from zjnews.feeds.drafts import Draft
from zjnews.items import Rejected
from zjnews.loaders import reading
from zjnews.loaders.reading import Pipeline
from zjnews.review import comparing
from zjnews.review.comparing import Difference
from zjnews.site import addresses
from zjnews.site.addresses import ARTICLE_KINDS, Kind

KEPT_HEADERS = ("Content-Type", "Last-Modified", "ETag")
"""Headers that are saved: the charset and the version of a page. No reader uses the others, and
some say by what machine and to whom the page was sent."""

_MARKUP, _TEXT = "page.html", "page.txt"
_RESPONSE, _ARTICLE = "response.json", "article.json"
_FILES = (_MARKUP, _TEXT, _RESPONSE, _ARTICLE)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
_LONGEST_NAME = 80


class ThereAlreadyError(FileExistsError):
    """There is another saved page in its folder."""


@dataclass(frozen=True)
class Snapshot:
    """One folder of saved pages."""

    folder: Path

    @property
    def name(self) -> str:
        """`<layout>/<name>`."""
        return f"{self.folder.parent.name}/{self.folder.name}"

    @cached_property
    def page(self) -> SavedPage:
        """The page as an archive gives it. Raises Rejected."""
        sidecar = self.folder / _RESPONSE
        with archives.rejecting("broken-response-json"):
            answer = archives.read_sidecar(sidecar)
            if not answer.get("url") or answer["fetched_at"] is None:
                # The page could be read, but with another record each time.
                raise ValueError("url or fetched_at is missing, or no such thing")
        files = [path for name in (_MARKUP, _TEXT) if (path := self.folder / name).is_file()]
        if len(files) != 1:
            raise Rejected("missing-file", f"needs either {_MARKUP} or {_TEXT}")
        found = next(archives.read_source(Source(files[0], sidecar)))
        if isinstance(found, SavedPage):
            return found
        raise found.rejected if isinstance(found, archives.Unusable) else Rejected("empty-page")

    @property
    def expected(self) -> dict[str, Any]:
        """The record that the page should give. Raises Rejected (`broken-article-json`)."""
        with archives.rejecting("broken-article-json"):
            expected = json.loads((self.folder / _ARTICLE).read_text("utf-8"))
            if not isinstance(expected, dict):
                raise ValueError("not an object")
        return expected

    def record(self, pipelines: list[Pipeline]) -> dict[str, Any]:
        """The record as read now. Raises Rejected."""
        page = self.page
        _, article = reading.load(page.url, page.body, page.content_type, page.fetched_at)
        return reading.finish(article, pipelines).record()

    def accept(self, record: Mapping[str, Any]) -> "Snapshot":
        """Expect another record from now on. If its layout is another, the folder moves to those of
        that layout. Raises OSError, of which ThereAlreadyError is one."""
        target = self.folder.parent.with_name(record["layout"]) / self.folder.name
        if target != self.folder:  # first: a run that crashes in between has accepted nothing
            _refuse_to_replace(target)
            target.parent.mkdir(exist_ok=True)
            self.folder.rename(target)
            with suppress(OSError):  # others are in there
                self.folder.parent.rmdir()
        with Draft(target / _ARTICLE) as file:
            file.write(_dumped(record))
        return Snapshot(target)


@dataclass(frozen=True)
class Shelf:
    """A folder of saved pages, to which others are added."""

    pages: Path
    pipelines: list[Pipeline]
    overwrite: bool = False
    """Whether a page replaces another one."""

    def save(self, page: SavedPage, headers: Mapping[str, str], name: str) -> "Snapshot":
        """Read a page and save it in the folder of its layout, with the record that it gives: all
        files or none. Of the headers only KEPT_HEADERS are saved, named as there. Raises Rejected,
        of which LeadsOn is one; OSError, of which ThereAlreadyError is one."""
        read, article = reading.load(page.url, page.body, page.content_type, page.fetched_at)
        record = reading.finish(article, self.pipelines).record()
        answer = {
            "url": page.url,
            "status": 200,
            "headers": {name: headers[name] for name in KEPT_HEADERS if name in headers},
            "fetched_at": page.fetched_at.astimezone(UTC).isoformat(),
        }
        files = {
            _MARKUP if read.is_markup else _TEXT: page.body,
            _RESPONSE: _dumped(answer),
            _ARTICLE: _dumped(record),
        }
        target = self.pages / record["layout"] / name
        if not self.overwrite:
            _refuse_to_replace(target)
        # A killed run must not leave half a page among the others.
        hidden = self.pages / f".{target.parent.name}-{name}"
        draft, old = hidden.with_suffix(".part"), hidden.with_suffix(".old")
        for left in (draft, old):  # by a run that was killed
            shutil.rmtree(left, ignore_errors=True)
        try:
            draft.mkdir(parents=True)
            for file, content in files.items():
                (draft / file).write_bytes(content)
            target.parent.mkdir(exist_ok=True)
            if target.exists():
                target.rename(old)
            draft.rename(target)
        finally:
            if old.exists() and not target.exists():
                old.rename(target)
            shutil.rmtree(draft, ignore_errors=True)
            shutil.rmtree(old, ignore_errors=True)
        return Snapshot(target)


def snapshots_in(pages: Path) -> list[Snapshot]:
    """All saved pages in a folder, whole or not, by name."""
    found = {path.parent for file in _FILES for path in pages.glob(f"*/*/{file}")}
    return [Snapshot(folder) for folder in sorted(found)]


def differences(expected: Mapping[str, Any], now: Mapping[str, Any]) -> list[Difference]:
    """What differs between a record as expected and as read now; if nothing else does, the order of
    the keys."""
    found = list(comparing.differences(expected, now).values())
    if not found and list(expected) != list(now):
        found = [Difference("order of keys", list(expected), list(now))]
    return found


def is_name(text: str) -> bool:
    """Whether it may be the name of a folder: letters of ASCII, digits, `-`, `_`, at most 100."""
    return _NAME.fullmatch(text) is not None


def name_for(url: str) -> str:
    """A name from the last part of an address: `t20250318_30845127`, `news-id-1148025`."""
    parts = urlsplit(url)
    stem = parts.path.rstrip("/").rpartition("/")[2].partition(".")[0]
    kind = addresses.address_of(url).kind
    is_named_by_path = kind in ARTICLE_KINDS and kind is not Kind.APP
    words = re.findall(r"[A-Za-z0-9_]+", stem if is_named_by_path else f"{stem} {parts.query}")
    name = "-".join(words)[:_LONGEST_NAME].strip("-_")
    return name or "page"


def _dumped(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=2).encode("utf-8", "replace") + b"\n"


def _refuse_to_replace(folder: Path) -> None:
    if os.path.lexists(folder):
        raise ThereAlreadyError(EEXIST, "is there already", str(folder))
