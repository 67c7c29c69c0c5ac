"""Saved pages to finished records, without the crawling engine: page, loader, pipelines."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Protocol

from scrapy.utils.misc import load_object

from zjnews import items, loaders
from zjnews.archives.saved import Found, Passed, Unusable
from zjnews.items import Article, Rejected
from zjnews.pages import page
from zjnews.pages.joining import may_lack_pages, number_of, pages_of
from zjnews.pages.page import Page
from zjnews.state.guard import bounded

COMPARING = 500
"""Pipelines from this number on hold an article against others, and take them in their order."""

_AT_A_TIME = 50


class Pipeline(Protocol):
    """One that looks at an article by itself."""

    def process_item(self, item: Article) -> Article: ...


@dataclass(slots=True)
class Piece:
    """One page of an article, which may have more of them."""

    article: Article
    number: int
    others: dict[int, str]
    """The pages that it leads to, address by number."""

    @property
    def is_alone(self) -> bool:
        """Whether it is all there is of its article."""
        return self.number == 1 and not self.others


@dataclass(slots=True)
class Whole:
    """An article that is finished, but for what is held against others."""

    id_of_page: str
    """The id by the address, which further pages of it have too."""
    article: Article
    """No more than what is compared and counted."""
    line: bytes
    """Its record, as a feed of JSON Lines has it, without the end of the line."""


@dataclass(slots=True)
class Refused:
    """A page, record or file that gives none."""

    where: str
    reason: str
    detail: str

    @classmethod
    def of(cls, rejected: Rejected, where: str) -> Refused:
        return cls(where, rejected.reason, rejected.detail)


Outcome = Piece | Whole | Refused | Passed


def pipelines_of(item_pipelines: Mapping[str, int | None]) -> list[Pipeline]:
    """The pipelines of the setting ITEM_PIPELINES that come before the comparing ones, in order."""
    chosen = [(order, path) for path, order in item_pipelines.items() if order is not None]
    return [load_object(path)() for order, path in sorted(chosen) if order < COMPARING]


def load(
    url: str, body: bytes, content_type: str | None, fetched_at: datetime
) -> tuple[Page, Article]:
    """A page and its article, before any pipeline. Raises Rejected, as `guard.bounded` does: for a
    fault of ours too, which must not end a crawl, nor pass in silence."""
    with bounded(url):
        read = page.read(url, body, content_type, fetched_at)
        article = loaders.load(read)
        if may_lack_pages(read):
            article.warnings.append("page-missing")
        return read, article


def finish(article: Article, pipelines: list[Pipeline]) -> Article:
    """The article after the pipelines. Raises Rejected, as `guard.bounded` does."""
    with bounded(article.url):
        for pipeline in pipelines:
            article = pipeline.process_item(article)
        return article


def line_of(record: dict[str, Any]) -> bytes:
    """A record as a feed of JSON Lines has it, without the end of the line."""
    return json.dumps(record, ensure_ascii=False).encode("utf-8", "replace")


def read_all(
    pages: Iterable[Found], pipelines: list[Pipeline], in_pieces: bool = False
) -> Iterator[Outcome]:
    """What each page, or record of a page, gives, in their order. `in_pieces`: leave every article
    unfinished."""
    pages = iter(pages)
    # Step by step for some pages at a time: a processor that changes between the steps at every
    # page is an eighth slower.
    while batch := list(islice(pages, _AT_A_TIME)):
        for outcome in list(map(_read, batch)):
            if isinstance(outcome, Piece) and outcome.is_alone and not in_pieces:
                yield whole(outcome.article, pipelines)
            else:
                yield outcome


def _read(found: Found) -> Piece | Refused | Passed:
    if isinstance(found, Unusable):
        return Refused.of(found.rejected, found.where)
    if isinstance(found, Passed):
        return found
    try:
        read, article = load(found.url, found.body, found.content_type, found.fetched_at)
    except Rejected as rejected:
        return Refused.of(rejected, found.url)
    return Piece(article, number_of(read), pages_of(read))


def whole(article: Article, pipelines: list[Pipeline]) -> Whole | Refused:
    """Finish an article that has all its pages."""
    id_of_page = article.id
    try:
        finished = finish(article, pipelines)
    except Rejected as rejected:
        return Refused.of(rejected, article.url)
    return Whole(id_of_page, compared(finished), line_of(items.record(finished)))


def compared(article: Article) -> Article:
    """As much of an article as is held against others, and counted."""
    known = ("id", "url", "canonical_url", "layout", "sketch", "warnings")
    return Article(**{key: getattr(article, key) for key in known})
