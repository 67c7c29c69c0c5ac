"""Spider `archive`: reads saved pages, without touching the network."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from scrapy.exceptions import UsageError

from zjnews import archives
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
        for path in self.paths:
            if path.exists():
                self.count_given()
            for found in archives.read(path):
                if isinstance(found, archives.Unusable):
                    self.reject(found.rejected, found.where)
                    continue
                for article in self.read(
                    found.url, found.body, found.content_type, found.fetched_at
                ):
                    yield article
