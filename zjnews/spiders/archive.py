"""Spider `archive`: reads saved pages, without touching the network."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from scrapy.exceptions import UsageError

from zjnews.archives import saved as archives
from zjnews.archives.saved import Found, Passed, Unusable
from zjnews.items import Article, Rejected
from zjnews.loaders import reading
from zjnews.pages.guard import stoppable
from zjnews.pages.joining import Gathering, number_of, pages_of
from zjnews.spiders.base import PageSpider

_LOOK_SECONDS = 0.2
"""Between two looks whether nothing is left to wait for."""


class ArchiveSpider(PageSpider):
    """Source: pages saved earlier.

    Arguments:
        path: a WARC file, a page (.html, .txt) or a folder of them, searched to the bottom; several
            separated by commas

    In a folder, a page takes its address from `response.json` beside it, else from its
    `<link rel=canonical>`, else it keeps its `file:` address.
    """

    name = "archive"
    arguments = ("path",)
    uses_network = False

    def __init__(self, path: str = "", **others: str) -> None:
        super().__init__(**others)
        path = path.strip()
        if not path:
            raise UsageError(
                "archive: path is missing; for example:"
                " -a path=FILE.warc.gz|FOLDER|PAGE.html|PAGE.txt"
            )
        whole = Path(path)
        self.paths = [whole] if whole.exists() else [Path(p.strip()) for p in path.split(",")]

    async def start(self) -> AsyncIterator[Any]:
        gathering = Gathering()
        self.let_close()
        for path in self.paths:
            self.current = path.name
            if path.exists():
                self.count_given()
            try:
                for found in stoppable(archives.pages_in(path)):
                    if article := self.article_with(found, gathering):
                        yield article
            except Rejected:  # the run was asked to stop: Scrapy does so as soon as it may
                await asyncio.Event().wait()
        for article, rejected in gathering.leave():
            if rejected:
                self.reject(rejected, article.url)
            else:
                yield article

    def let_close(self) -> None:
        """See that the crawl closes. Scrapy waits for the items that are in the pipelines, but of
        those that `start` has given it does not notice when they are through."""
        assert self.crawler.engine is not None
        scraper = self.crawler.engine.scraper
        if scraper.slot is None:
            return
        closing = scraper.slot.closing
        if closing is None or not closing.called:
            scraper._check_if_closing()
            asyncio.get_running_loop().call_later(_LOOK_SECONDS, self.let_close)

    def article_with(self, found: Found, gathering: Gathering) -> Article | None:
        """The article whose last missing page this is."""
        if isinstance(found, Unusable):
            self.reject(found.rejected, found.where)
        elif isinstance(found, Passed):
            self.skip(found.skipped.reason, found.url)
        else:
            try:
                page, article = reading.load(
                    found.url, found.body, found.content_type, found.fetched_at
                )
                return gathering.add(article, number_of(page), pages_of(page))
            except Rejected as rejected:
                self.reject(rejected, found.url)
        return None
