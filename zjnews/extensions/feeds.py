"""Feeds by way of the outbox: a record is in the state when it is scraped, and in its feed when its
batch is whole. The exporters, storages and options are Scrapy's."""

import re
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Self
from urllib.parse import urlsplit

from scrapy import Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured, UsageError
from scrapy.exporters import BaseItemExporter
from scrapy.extensions.feedexport import ItemFilter, apply_uri_params
from scrapy.utils.asyncio import AsyncioLoopingCall, create_looping_call
from scrapy.utils.conf import feed_complete_default_values_from_settings
from scrapy.utils.defer import deferred_from_coro, maybe_deferred_to_future
from scrapy.utils.misc import load_object
from scrapy.utils.serialize import ScrapyJSONEncoder
from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.task import LoopingCall

from zjnews import state
from zjnews.feeds.batches import Shipping
from zjnews.feeds.records import record_of
from zjnews.feeds.storages import place
from zjnews.items import Article
from zjnews.state import outcomes, verdict
from zjnews.state.crawling import stats_of
from zjnews.state.database import StateError
from zjnews.state.outbox import Batch
from zjnews.state.verdict import Status
from zjnews.text.cleaning import counted, error_in_words
from zjnews.text.dates import BEIJING

_LOOK_SECONDS = 1.0
"""Between two looks at the age of the batches."""
_BATCH_NAME = re.compile(r"%\(batch_(time|id)\)")


@dataclass
class Feed:
    """One of the feeds that a run was asked for, and its batch of the moment."""

    template: str
    options: dict[str, Any]
    filter: ItemFilter
    batch: Batch = field(default_factory=lambda: Batch("", {}))
    began: float = 0.0
    """Monotonic time of the first record of its batch."""
    stream: tuple[IO[bytes], BaseItemExporter] | None = None
    """Standard output, which takes records at once, with what writes to it."""

    @property
    def is_stream(self) -> bool:
        return self.template.startswith("stdout:")


class Feeds:
    """Batches are closed by count, as Scrapy does, and by age (FEED_BATCH_SECONDS). One that cannot
    be stored waits in the outbox; the next run stores it first."""

    def __init__(self, crawler: Crawler) -> None:
        """Raises NotConfigured without a feed, UsageError for one that cannot be used."""
        settings = crawler.settings
        self.crawler = crawler
        self.feeds = feeds_of(crawler)
        if not self.feeds:
            raise NotConfigured
        self.state = state.state_of(crawler)
        self.shipping = Shipping(crawler, self.state.outbox)
        self.batch_seconds = settings.getfloat("FEED_BATCH_SECONDS")
        self.templates: dict[str, str] = {}
        """By the address of a batch, that of its feed as it was given."""
        self.stored: dict[str, list[str]] = {}
        """The addresses of stored batches, by that of their feed as it was given."""
        self.pending: list[Deferred[Any]] = []
        self.json = ScrapyJSONEncoder(ensure_ascii=False)
        self.clock: AsyncioLoopingCall | LoopingCall | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        feeds = cls(crawler)
        crawler.signals.connect(feeds.open_spider, signals.spider_opened)
        crawler.signals.connect(feeds.item_scraped, signals.item_scraped)
        crawler.signals.connect(feeds.close_spider, signals.spider_closed)
        return feeds

    # --- the life of a crawl -----------------------------------------------------------------

    async def open_spider(self, spider: Spider) -> None:
        for feed in self.feeds:
            self.begin_batch(feed, 1)
        try:
            self.keep_others_out()
            await self.take_over_all()
        except StateError:
            return  # reported by `Delivery`, which ends the crawl
        if self.batch_seconds:
            self.clock = create_looping_call(self.close_old)
            self.clock.start(_LOOK_SECONDS, now=False)

    def keep_others_out(self) -> None:
        """A file or object that all records of this crawl go to is no other crawl's."""
        for feed in self.feeds:
            is_whole = not feed.is_stream and not _BATCH_NAME.search(feed.template)
            if is_whole and not self.state.outbox.lock(feed.batch):
                why = f"another crawl writes {place(feed.batch.uri)}"
                outcomes.stop(self.crawler, "feeds", "feed_failed", why)

    def item_scraped(self, item: Any) -> None:
        """The record is in the state, and in standard output, or the crawl ends."""
        try:
            self.add(item)
        except StateError:
            return  # reported by `Delivery`, which ends the crawl
        except OSError as error:
            self.stream_failed(error)
        except Exception as fault:  # an item that cannot be encoded
            outcomes.fail(self.crawler, "feeds", f"no record of {item!r:.200}", fault)

    def add(self, item: Any) -> None:
        record = record_of(item)
        line = self.line_of(record)
        takers = [feed for feed in self.feeds if feed.filter.accepts(item)]
        for feed in takers:
            if feed.is_stream:
                self.write_to_stream(feed, record)
        queued = [feed for feed in takers if not feed.is_stream]
        article = item if isinstance(item, Article) else article_of(record)
        self.state.add(article, line, [feed.batch for feed in queued])
        for feed in queued:
            if feed.batch.count == 1:
                feed.began = time.monotonic()
            if 0 < feed.options["batch_item_count"] <= feed.batch.count:
                self.close_batch(feed)

    def line_of(self, record: dict[str, Any]) -> str:
        """A record as JSON. Half a character, which no encoding has, is written as its escape."""
        line: str = self.json.encode(record)
        try:
            line.encode()
        except UnicodeEncodeError:
            return ScrapyJSONEncoder().encode(record)
        return line

    def close_old(self) -> None:
        """Close the batches that have been open for long enough."""
        for feed in self.feeds:
            is_old = time.monotonic() - feed.began >= self.batch_seconds
            if feed.batch.count and is_old and feed.options["batch_item_count"]:
                self.close_batch(feed)

    def close_batch(self, feed: Feed) -> None:
        """Store a batch in the background, and begin the next."""
        task = deferred_from_coro(self.ship(feed.batch))
        self.pending.append(task)
        self.begin_batch(feed, feed.batch.number + 1)

    def begin_batch(self, feed: Feed, number: int) -> None:
        spider = self.crawler.spider
        assert spider is not None
        now = datetime.now(BEIJING)
        params = {
            **{name: getattr(spider, name) for name in dir(spider)},
            "date": f"{now:%Y-%m-%d}",
            "time": now.replace(microsecond=0).isoformat().replace(":", "-"),
            "batch_time": now.isoformat().replace(":", "-"),
            "batch_id": number,
        }
        if change := feed.options["uri_params"]:
            params = load_object(change)(params, spider) or params
        feed.batch = Batch(apply_uri_params(feed.template, params), feed.options, number)
        self.templates[feed.batch.uri] = feed.template

    async def close_spider(self, spider: Spider, reason: str) -> None:
        if self.clock is not None and self.clock.running:
            self.clock.stop()
        await maybe_deferred_to_future(DeferredList(self.pending))
        await self.close_streams()
        self.shipping.away.clear()
        try:
            # Those that failed before once more, now that some time has passed.
            own = self.state.outbox.batches()
            for batch in own:
                await self.ship(batch)
            self.state.run.bury()
            await self.take_over_all(but={batch.key for batch in own})
            waiting = self.state.outbox.waiting()
        except StateError:
            return  # reported by `Delivery`
        if waiting:
            kind = "unshipped" if self.state.db.path else "lost"
            stats_of(self.crawler).set_value(f"zjnews/{kind}", waiting)
        status, _ = verdict.verdict_of(stats_of(self.crawler).get_stats(), reason)
        for feed in self.feeds:
            if status is Status.WELL and self.is_nothing_new(feed):
                await self.ship(feed.batch)
        await self.crawler.signals.send_catch_log_async(signals.feed_exporter_closed)

    def is_nothing_new(self, feed: Feed) -> bool:
        """Whether a feed of which nothing was stored is to be an empty file."""
        is_empty = not self.stored.get(feed.template) and not feed.batch.count
        # What was left over has just been stored there.
        is_free = not any(feed.batch.uri in uris for uris in self.stored.values())
        rolls = hasattr(self.shipping.exporter_class(feed.options), "roll")
        return is_empty and is_free and not rolls and feed.options["store_empty"]

    def lines(self) -> list[str]:
        """Where records were written, for a person."""
        lines = []
        for feed in self.feeds:
            batches = self.stored.get(feed.template, [])
            more = f" and {len(batches) - 1:,} more" if len(batches) > 1 else ""
            where = place(batches[-1]) + more if batches else place(feed.batch.uri)
            lines.append(f"  {'written' if batches else 'nothing written'} to {where}")
        return lines

    # --- standard output ---------------------------------------------------------------------

    def write_to_stream(self, feed: Feed, record: dict[str, Any]) -> None:
        """Write a record at once. Raises OSError."""
        if feed.stream is None:
            file = self.shipping.storage(feed.batch).open(self.crawler.spider)
            feed.stream = file, self.shipping.exporter(feed.options, file)
            feed.stream[1].start_exporting()
            self.stored.setdefault(feed.template, []).append(feed.batch.uri)
        feed.stream[1].export_item(record)
        feed.stream[0].flush()

    async def close_streams(self) -> None:
        for feed in self.feeds:
            if feed.stream is not None:
                try:
                    feed.stream[1].finish_exporting()
                    feed.stream[0].flush()
                except OSError as error:
                    self.stream_failed(error)

    def stream_failed(self, error: OSError) -> None:
        why = f"standard output cannot be written: {error_in_words(error)}"
        outcomes.stop(self.crawler, "feeds", "feed_failed", why)

    # --- batches -----------------------------------------------------------------------------

    async def take_over_all(self, but: Collection[int | None] = ()) -> None:
        """Raises StateError."""
        for left in self.state.outbox.batches():
            if left.key not in but:
                await self.take_over(left)

    async def take_over(self, left: Batch) -> None:
        """Store a batch that a run has left over; or let this run go on with it, where it is about
        to write that very file anew."""
        count = left.count
        outcomes.logger.info(
            "an earlier run left %s for %s", counted(count, "record"), place(left.uri)
        )
        for feed in self.feeds:
            is_anew = not getattr(self.shipping.storage(feed.batch), "appends", False)
            if feed.batch.uri == left.uri and is_anew:
                self.state.outbox.adopt(left, feed.batch)
                break
        else:
            if left.damage:
                self.shipping.set_aside_damaged(left)
                return
            if not await self.ship(left):
                return
        stats_of(self.crawler).inc_value("zjnews/recovered", count)

    async def ship(self, batch: Batch) -> bool:
        """Whether a batch is at its place now; else it waits, and the log says why."""
        if not await self.shipping.ship(batch):
            return False
        self.stored.setdefault(self.templates.get(batch.uri, batch.uri), []).append(batch.uri)
        return True


def feeds_of(crawler: Crawler) -> list[Feed]:
    """The feeds that the settings ask for. Raises UsageError."""
    feeds = crawler.settings.getdict("FEEDS").items()
    return [_feed_of(uri, dict(given), crawler) for uri, given in feeds]


def _feed_of(uri: str | Path, given: dict[str, Any], crawler: Crawler) -> Feed:
    settings = crawler.settings
    template = str(uri.absolute()) if isinstance(uri, Path) else str(uri)
    options = feed_complete_default_values_from_settings(given, settings, template)
    if not settings.getwithbase("FEED_STORAGES").get(urlsplit(template).scheme):
        raise UsageError(f"{place(template)}: feeds cannot be stored there")
    exporter = settings.getwithbase("FEED_EXPORTERS").get(options["format"])
    if not exporter:
        raise UsageError(f"feed {place(template)}: no such format as '{options['format']}'")
    if options["batch_item_count"] and not _BATCH_NAME.search(template):
        raise UsageError(f"{template}: a feed in batches needs %(batch_id)d in its name")
    if complete := getattr(load_object(exporter), "complete", None):
        complete(options, template, crawler)
    accepts = load_object(options.get("item_filter", ItemFilter))(options)
    return Feed(template, options, accepts)


def article_of(record: dict[str, Any]) -> Article:
    """As much of an article as the state is to know of it."""
    known = ("id", "url", "revision", "content_hash", "published_at", "published_precision")
    return Article(**{key: record[key] for key in known})
