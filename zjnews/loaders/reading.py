"""From the bytes of a page to a finished article, without the crawling engine: page, loader,
pipelines. Spiders, `reread` and `zjnews.read` share it."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any, Protocol

from scrapy.utils.misc import load_object

from zjnews import loaders, settings
from zjnews.items import Article
from zjnews.pages import page
from zjnews.pages.guard import bounded, ticking
from zjnews.pages.joining import may_lack_pages
from zjnews.pages.page import Page

COMPARING = 500
"""Pipelines from this number on hold an article against others, and take them in their order."""


class Pipeline(Protocol):
    """One that looks at an article by itself."""

    def process_item(self, item: Article) -> Article: ...


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
        read = page.read_page(url, body, content_type, fetched_at)
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


def read(
    body: bytes | str,
    *,
    url: str,
    content_type: str | None = None,
    fetched_at: datetime | None = None,
) -> Article:
    """The article of one page.

        article = zjnews.read(body, url="https://zjnews.zjol.com.cn/…/t20260914_31234567.shtml")
        article.title, article.record()["published_at"]

    body: what the server has sent, without any Content-Encoding, or the text of it
    url: the address of the page; id, date and kind of the article follow from it
    content_type: the header of that name, of use where the page does not name its charset
    fetched_at: when it was fetched, aware; "3小时前" counts from it. By default it is now

    Raises Rejected, with its `reason` from docs/logs.md; ValueError for a time without a zone. An
    article of several pages is what its one page has. Takes at most ten seconds of processor time
    in the main thread, see `zjnews.pages.guard`.
    """
    if fetched_at is not None and fetched_at.tzinfo is None:
        raise ValueError("fetched_at has no time zone")
    if isinstance(body, str):
        body, content_type = body.encode("utf-8", "replace"), "text/html; charset=utf-8"
    at = (fetched_at or datetime.now(UTC)).replace(microsecond=0)
    with ticking():
        _, article = load(url, body, content_type, at)
        return finish(article, _own_pipelines())


@cache
def _own_pipelines() -> list[Pipeline]:
    return pipelines_of(settings.ITEM_PIPELINES)
