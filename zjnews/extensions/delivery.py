"""When a record is safe in its feed, and only then, is its article known to later runs.

`Delivery.batch_is_safe` is the one place that says so.
"""

from __future__ import annotations

import sqlite3

from scrapy import Request, signals
from scrapy.crawler import Crawler

from zjnews import outcomes, store
from zjnews.items import Article, Rejected, Skipped


class Delivery:
    """Keeps the store up to date with what the feeds hold."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.store = store.of(crawler)
        self.given = 0
        self.delivered = 0

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Delivery:
        delivery = cls(crawler)
        connect = crawler.signals.connect
        connect(delivery.item_scraped, signals.item_scraped)
        connect(delivery.item_dropped, signals.item_dropped)
        connect(delivery.request_dropped, signals.request_dropped)
        connect(delivery.engine_stopped, signals.engine_stopped)
        return delivery

    def item_scraped(self) -> None:
        self.given += 1

    def item_dropped(self, item: Article, exception: BaseException) -> None:
        if isinstance(exception, Rejected):
            outcomes.reject(self.crawler, exception, item.url, item.asked)
        elif isinstance(exception, Skipped):
            outcomes.skip(self.crawler, exception, item.url, item)

    def request_dropped(self, request: Request) -> None:
        """A request that Scrapy has seen before: given twice, or where a redirect led."""
        way = outcomes.way_to(request)
        reason = "redirect-loop" if request.url in way else "duplicate"
        rejected = Rejected(reason, f"{request.url} was asked for already")
        asked = request.meta.get("asked")
        outcomes.reject(self.crawler, rejected, outcomes.came_from(request), asked)
        # Where many pages lead to one, that may be a guard against robots.
        if asked:
            self.store.count_refused(asked)
        if walk_failed := getattr(self.crawler.spider, "walk_failed", None):
            walk_failed(request.meta.get("walk"))

    def batch_is_safe(self, feed: int, batch: int) -> bool:
        """The records of a batch will survive whatever happens to this process: their articles are
        known from now on, if the store can be written."""
        try:
            self.delivered += self.store.deliver(feed, batch)
        except sqlite3.Error as error:
            outcomes.logger.error("the store %s cannot be written: %s", self.store.path, error)
            return False
        return True

    def engine_stopped(self) -> None:
        """A run that missed nothing spares the next one what it has walked over."""
        try:
            guards = self.store.doubt_guards()
        except sqlite3.Error:
            guards = []  # told already, when the first note could not be written
        for host in guards:
            outcomes.logger.warning("%s refused most of its articles; they are not forgotten", host)
        if self.was_whole() and not guards:
            walks = getattr(self.crawler.spider, "walks", {})
            for walk in walks.values():
                if covered := self.crawler.spider.covers(walk):  # type: ignore[union-attr]
                    self.store.note_walk(walk.name, *covered)
        self.store.close()

    def was_whole(self) -> bool:
        assert self.crawler.stats is not None
        stats = self.crawler.stats
        has_finished = stats.get_value("finish_reason") == "finished"
        has_errors = bool(stats.get_value("log_count/ERROR"))
        return has_finished and not has_errors and self.delivered == self.given
