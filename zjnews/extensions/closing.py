"""Lets a crawl that is closing come to its end when it is asked to end."""

import asyncio
from typing import Self

from scrapy import signals
from scrapy.crawler import Crawler


class Closing:
    """Scrapy 2.19 takes a crawl that is closing for one that is closed: a signal (SIGTERM, Ctrl-C)
    ended it before its pipelines were closed and its feeds stored. A second one still does."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.closing: asyncio.Task[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        extension = cls(crawler)
        crawler.signals.connect(extension.spider_opened, signals.spider_opened)
        return extension

    def spider_opened(self) -> None:
        engine = self.crawler.engine
        self.close_spider = engine.close_spider_async
        engine.close_spider_async = self.close_once  # type: ignore[method-assign]

    async def close_once(self, *, reason: str = "cancelled") -> None:
        """Close the spider, for the reason that is given first; done when it is closed, whoever has
        asked for it."""
        if self.closing is None:
            self.closing = asyncio.create_task(self.close_spider(reason=reason))
        await asyncio.shield(self.closing)
