"""When a record is safe in its feed, and only then, is its article known to later runs.

The one place that says so. Scrapy's feed exports close a file, or end an upload, and then tell of
the batch; a feed that is made safe in another way has only to call `Delivery.batch_is_safe`.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.extensions.feedexport import FeedExporter, FeedSlot, ItemFilter

from zjnews import addresses, outcomes, store
from zjnews.items import Article, Rejected, Skipped


@dataclass
class Feed:
    """One of the feeds of a crawl."""

    uri: str
    filter: ItemFilter
    batch_size: int
    """Records a batch; 0 where there is one batch only."""
    count: int = 0
    """Records so far."""

    def next_batch(self) -> int:
        """Number of the batch, from 1, that the next record goes into."""
        self.count += 1
        return (self.count - 1) // self.batch_size + 1 if self.batch_size else 1


class Delivery:
    """Keeps the store up to date with what the feeds hold."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.store = store.of(crawler)
        self.refresh = timedelta(hours=crawler.settings.getfloat("REFRESH_HOURS"))
        self.feeds: list[Feed] = []
        self.successes = 0
        self.given = 0
        self.delivered = 0

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Delivery:
        delivery = cls(crawler)
        connect = crawler.signals.connect
        connect(delivery.spider_opened, signals.spider_opened)
        connect(delivery.item_scraped, signals.item_scraped)
        connect(delivery.item_dropped, signals.item_dropped)
        connect(delivery.request_dropped, signals.request_dropped)
        connect(delivery.feed_slot_closed, signals.feed_slot_closed)
        connect(delivery.engine_stopped, signals.engine_stopped)
        return delivery

    def spider_opened(self) -> None:
        exporter = self.crawler.get_extension(FeedExporter)
        if exporter is not None:
            self.feeds = [
                Feed(uri, exporter.filters[uri], options["batch_item_count"])
                for uri, options in exporter.feeds.items()
            ]

    def item_scraped(self, item: Article) -> None:
        """A record is on its way into the feeds, safe in none of them."""
        accepting = [
            (number, feed) for number, feed in enumerate(self.feeds) if feed.filter.accepts(item)
        ]
        if not self.is_young(item):
            item.etag = item.last_modified = None  # it will not be asked for again
        self.given += 1
        self.store.add(item, [(number, feed.next_batch()) for number, feed in accepting])

    def is_young(self, item: Article) -> bool:
        published = datetime.fromisoformat(item.published_at or item.fetched_at)
        # A day more: the record may give no hour.
        return datetime.now(timezone.utc) - published < self.refresh + timedelta(days=1)

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
        where = way[0] if way else request.url
        asked = request.meta.get("asked")
        outcomes.reject(self.crawler, rejected, where, asked)
        if asked and reason == "duplicate":
            self.store.note_led(asked, addresses.read(request.url).id)

    def feed_slot_closed(self, slot: FeedSlot) -> None:
        """Scrapy tells of every batch, stored or not; what counts is one more success."""
        assert self.crawler.stats is not None
        stats = self.crawler.stats.get_stats()
        successes = sum(
            n for key, n in stats.items() if key.startswith("feedexport/success_count/")
        )
        if successes > self.successes:
            self.successes = successes
            number = [feed.uri for feed in self.feeds].index(slot.uri_template)
            self.batch_is_safe(number, slot.batch_id)

    def batch_is_safe(self, feed: int, batch: int) -> None:
        """The records of a batch will survive whatever happens to this process."""
        try:
            self.delivered += self.store.deliver(feed, batch)
        except sqlite3.Error as error:
            outcomes.logger.error(
                "the store %s could not be written (%s); what batch %d holds will be fetched again",
                self.store.path,
                error,
                batch,
            )

    def engine_stopped(self) -> None:
        """A run that missed nothing spares the next one what it has walked over."""
        if self.was_whole():
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
