"""Spider `archive`: reads saved pages, without touching the network."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

from scrapy.exceptions import UsageError

from zjnews import archives
from zjnews.archives import SavedPage
from zjnews.items import Article, Rejected
from zjnews.joining import Pages
from zjnews.spiders.base import PageSpider


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
        self.incomplete: dict[str, Pages] = {}
        self.paths = [whole] if whole.exists() else [Path(p.strip()) for p in path.split(",")]

    async def start(self) -> AsyncIterator[Any]:
        for path in self.paths:
            self.current = path.name
            if path.exists():
                self.count_given()
            for found in archives.read(path):
                if isinstance(found, archives.Unusable):
                    self.reject(found.rejected, found.where)
                    continue
                for article in self.read(found):
                    yield article
            for article in self.leave_incomplete():
                yield article

    def read(self, saved: SavedPage) -> Iterator[Article]:
        """The article of a page; one of several pages when the last of them has come."""
        try:
            page, article = self.load(saved.url, saved.body, saved.content_type, saved.fetched_at)
        except Rejected as rejected:
            self.reject(rejected, saved.url)
            return
        number = page.address.page if page.address.is_article else 1
        pages = self.incomplete.pop(article.id, None) or Pages()
        pages.add(page, article, number)
        if pages.is_whole:
            yield pages.joined()
        else:
            self.incomplete[article.id] = pages

    def leave_incomplete(self) -> Iterator[Article]:
        """What is there of articles whose further pages are not in the archive."""
        for pages in self.incomplete.values():
            if 1 in pages.read:
                yield pages.joined()
                continue
            for number, article in pages.read.items():
                # By itself it would pass for the whole article.
                rejected = Rejected("later-page", f"page {number} of {article.id}")
                self.reject(rejected, article.url)
        self.incomplete.clear()
