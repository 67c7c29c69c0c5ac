"""Pipelines such as users add to ITEM_PIPELINES."""

import asyncio
import logging
import os
import signal
from typing import Any

from itemadapter import ItemAdapter

from zjnews.items import Article


class MarkTitle:
    def process_item(self, item: Article) -> Article:
        item.title = f"※{item.title}"
        return item


class BreakOne:
    """Breaks over one article of the bundled site."""

    def process_item(self, item: Article) -> Article:
        if item.id == "trs:20260908:31896504":
            raise ZeroDivisionError("a fault of this pipeline")
        return item


class TakeTime:
    """Waits, as for a database of the user's, and has the crawl stopped meanwhile."""

    async def process_item(self, item: Article) -> Article:
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.sleep(1)
        return item


class TakeTimeToClose:
    """Has the crawl asked to end as it closes, and again a second later; then needs another one, as
    for a database of the user's."""

    async def close_spider(self) -> None:
        for name in os.environ["SIGNALS"].split():
            os.kill(os.getpid(), signal.Signals[name])
            await asyncio.sleep(1)


class NeedCrawl:
    def __init__(self, crawler: object) -> None:
        self.crawler = crawler

    def process_item(self, item: Article) -> Article:
        return item


class NoGbk:
    """Puts a character that GBK lacks into every third title."""

    count = 0

    def process_item(self, item: Any) -> Any:
        self.count += 1
        if self.count % 3 == 0:
            article = ItemAdapter(item)
            article["title"] = f"{article['title']}🍵"
        return item


class LogErrors:
    """Logs errors that are none of ours, as libraries do."""

    def process_item(self, item: Article) -> Article:
        logging.getLogger("a.library").error("something, somewhere")
        return item


class AsDict:
    """Gives a dict with a key of its own."""

    def process_item(self, item: Article) -> dict[str, Any]:
        return {**item.record(), "mine": "茶"}


class KillOne:
    """Kills its process over one article of the bundled site."""

    def process_item(self, item: Article) -> Article:
        if item.id == "trs:20260908:31896504":
            os.kill(os.getpid(), signal.SIGKILL)
        return item


class InterruptWhileDeleting:
    """Has a signal come at a moment in which Python drops what it raises."""

    def process_item(self, item: Article) -> Article:
        _Deleted()
        return item


class _Deleted:
    def __del__(self) -> None:
        signal.raise_signal(signal.SIGTERM)


class NeverEnd:
    """Does not come to an end over one article of the bundled site."""

    def process_item(self, item: Article) -> Article:
        while item.id == "trs:20260908:31896504":
            pass
        return item
