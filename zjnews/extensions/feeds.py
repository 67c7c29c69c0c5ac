"""Feeds by way of the outbox: a record is in the state when it is scraped, and in its feed when its
batch is whole. The exporters, storages and options are Scrapy's."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from scrapy import Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured, UsageError
from scrapy.exporters import BaseItemExporter, JsonLinesItemExporter
from scrapy.extensions.feedexport import ItemFilter, apply_uri_params
from scrapy.extensions.postprocessing import PostProcessingManager
from scrapy.utils.asyncio import AsyncioLoopingCall, create_looping_call, run_in_thread
from scrapy.utils.conf import feed_complete_default_values_from_settings
from scrapy.utils.defer import deferred_from_coro, ensure_awaitable, maybe_deferred_to_future
from scrapy.utils.misc import build_from_crawler, load_object
from scrapy.utils.serialize import ScrapyJSONEncoder
from twisted.internet.defer import Deferred, DeferredList, DeferredLock
from twisted.internet.task import LoopingCall

from zjnews import state
from zjnews.feeds.records import record_of
from zjnews.feeds.storages import WholeFileStorage, place
from zjnews.items import RECORD_KEYS, Article
from zjnews.state import outcomes, verdict
from zjnews.state.database import StateError
from zjnews.state.outbox import Batch
from zjnews.state.verdict import Status
from zjnews.text.cleaning import error_in_words
from zjnews.text.dates import BEIJING

_LOOK_SECONDS = 1.0
"""Between two looks at the age of the batches."""
_BATCH_NAME = re.compile(r"%\(batch_(time|id)\)")
_LINES = ("jsonlines", "jsonl", "jl")


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
        self.storages = settings.getwithbase("FEED_STORAGES")
        self.exporters = settings.getwithbase("FEED_EXPORTERS")
        self.feeds = feeds_of(crawler)
        if not self.feeds:
            raise NotConfigured
        self.state = state.state_of(crawler)
        self.batch_seconds = settings.getfloat("FEED_BATCH_SECONDS")
        self.templates: dict[str, str] = {}
        """By the address of a batch, that of its feed as it was given."""
        self.stored: dict[str, list[str]] = {}
        """Where batches lie, by the feed's address as it was given."""
        self.pending: list[Deferred[Any]] = []
        self.turn = DeferredLock()
        """Batches are stored one after the other: two may go to the same file."""
        self.away: set[str] = set()
        """Places that could not be reached."""
        self.json = ScrapyJSONEncoder(ensure_ascii=False)
        self.clock: AsyncioLoopingCall | LoopingCall | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Feeds:
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
            for left in self.state.outbox.batches():
                await self.take_over(left)
        except StateError:
            return  # reported by `Delivery`, which ends the crawl
        if self.batch_seconds:
            self.clock = create_looping_call(self.close_old)
            self.clock.start(_LOOK_SECONDS, now=False)

    def item_scraped(self, item: Any) -> None:
        """The record is in the state, and in standard output, or the crawl ends."""
        try:
            self.take(item)
        except StateError:
            return  # reported by `Delivery`, which ends the crawl
        except OSError as error:
            self.stop(f"standard output cannot be written: {error_in_words(error)}")
        except Exception as fault:  # an item that nobody can write down
            outcomes.fail(self.crawler, "feeds", f"no record of {item!r:.200}", fault)

    def take(self, item: Any) -> None:
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
        now = datetime.now(UTC)
        params = {
            **{name: getattr(spider, name) for name in dir(spider)},
            "time": now.replace(microsecond=0).isoformat().replace(":", "-"),
            "batch_time": now.isoformat().replace(":", "-"),
            "batch_id": number,
        }
        if change := feed.options["uri_params"]:
            params = load_object(change)(params, spider) or params
        feed.batch = Batch(apply_uri_params(feed.template, params), feed.options, number)
        self.templates[feed.batch.uri] = feed.template

    async def close_spider(self, spider: Spider, reason: str) -> None:
        assert self.crawler.stats is not None
        if self.clock is not None and self.clock.running:
            self.clock.stop()
        await maybe_deferred_to_future(DeferredList(self.pending))
        await self.close_streams()
        self.away.clear()
        try:
            # Those that failed before once more, now that some time has passed.
            for batch in self.state.outbox.batches():
                await self.ship(batch)
            waiting = self.state.outbox.waiting()
        except StateError:
            return  # reported by `Delivery`
        if waiting:
            kind = "unshipped" if self.state.db.path else "lost"
            self.crawler.stats.set_value(f"zjnews/{kind}", waiting)
        status, _ = verdict.verdict_of(self.crawler.stats.get_stats(), reason)
        for feed in self.feeds:
            if status is Status.WELL and self.is_nothing_new(feed):
                await self.ship(feed.batch)
        await self.crawler.signals.send_catch_log_async(signals.feed_exporter_closed)

    def is_nothing_new(self, feed: Feed) -> bool:
        """Whether a feed of which nothing was stored is to be an empty file."""
        is_empty = not self.stored.get(feed.template) and not feed.batch.count
        # What was left over has just been stored there.
        is_free = not any(feed.batch.uri in uris for uris in self.stored.values())
        rolls = hasattr(self.exporter_class(feed.options), "roll")
        return is_empty and is_free and not rolls and feed.options["store_empty"]

    def stop(self, why: str) -> None:
        """End a crawl whose records have no place to go."""
        outcomes.fail(self.crawler, "feeds", f"{why}; the crawl ends here")
        assert self.crawler.engine is not None
        deferred_from_coro(self.crawler.engine.close_spider_async(reason="feed_failed"))

    # --- standard output ---------------------------------------------------------------------

    def write_to_stream(self, feed: Feed, record: dict[str, Any]) -> None:
        """Write a record at once. Raises OSError."""
        if feed.stream is None:
            file = self.storage(feed.batch).open(self.crawler.spider)
            feed.stream = file, self.exporter(feed.options, file)
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
                    self.stop(f"standard output cannot be written: {error_in_words(error)}")

    # --- batches -----------------------------------------------------------------------------

    async def take_over(self, left: Batch) -> None:
        """Store a batch that a run has left over; or let this run go on with it, where it is about
        to write that very file anew."""
        count = left.count
        outcomes.logger.info("an earlier run left %d records for %s", count, place(left.uri))
        for feed in self.feeds:
            is_anew = not getattr(self.storage(feed.batch), "appends", False)
            if feed.batch.uri == left.uri and is_anew:
                self.state.outbox.adopt(left, feed.batch)
                break
        else:
            if not await self.ship(left):
                return
        assert self.crawler.stats is not None
        self.crawler.stats.inc_value("zjnews/recovered", count)

    async def ship(self, batch: Batch) -> bool:
        """Write a batch to its place and take it out of the outbox. Whatever stands in the way is
        one line in the log; the batch then waits."""
        root = batch.uri.rpartition("/")[0]
        await maybe_deferred_to_future(self.turn.acquire())
        try:
            if self.state.db.failed or root in self.away:
                return False
            await self.store(batch)
            if batch.key is not None:
                self.state.outbox.delivered(batch)
        except StateError:
            return False  # reported by `Delivery`
        except Exception as error:  # every kind of storage fails in its own way
            self.away.add(root)
            self.count("failed", batch)
            outcomes.logger.error(
                "feed %s was not stored (%s); its %d records wait",
                place(batch.uri),
                error_in_words(error),
                batch.count,
            )
            return False
        finally:
            self.turn.release()
        self.count("success", batch)
        outcomes.logger.info("stored %d records in %s", batch.count, place(batch.uri))
        self.stored.setdefault(self.templates.get(batch.uri, batch.uri), []).append(batch.uri)
        await self.crawler.signals.send_catch_log_async(signals.feed_slot_closed, slot=batch)
        return True

    def count(self, what: str, batch: Batch) -> None:
        assert self.crawler.stats is not None
        kind = load_object(self.storages[urlsplit(batch.uri).scheme]).__name__
        self.crawler.stats.inc_value(f"feedexport/{what}_count/{kind}")

    async def store(self, batch: Batch) -> None:
        """Write a batch to its place, unless it is there already. Raises whatever stands in the
        way."""
        storage = self.storage(batch)
        is_appended = isinstance(storage, WholeFileStorage) and storage.appends
        if is_appended and batch.appended and storage.has(batch.appended):
            return
        if batch.key is not None:
            self.state.outbox.seal(batch)
        rolls = hasattr(self.exporter_class(batch.options), "roll")
        previous = await run_in_thread(getattr(storage, "previous", bytes)) if rolls else b""
        try:
            file = self.write(batch, storage, previous)
        except FormatError as error:
            self.set_aside(batch, error)
            if not batch.count:
                return
            file = self.write(batch, storage, previous)
        if is_appended and batch.key is not None:
            with discarding(storage, file):
                self.state.outbox.seal(batch, storage.appended(file))
        await ensure_awaitable(storage.store(file))

    def write(self, batch: Batch, storage: Any, previous: bytes) -> IO[bytes]:
        """The file of a batch, not yet at its place. Raises OSError, FormatError."""
        file: IO[bytes] = storage.open(self.crawler.spider)
        try:
            with discarding(storage, file):
                self.export(batch.options, self.lines(batch), file, previous)
        except (OSError, StateError):
            raise
        except Exception as error:  # every format has its own
            raise FormatError(error_in_words(error)) from error
        return file

    def export(
        self, options: dict[str, Any], lines: Iterable[str], file: IO[bytes], previous: bytes = b""
    ) -> None:
        plugins = options.get("postprocessing")
        target: Any = PostProcessingManager(plugins, file, options) if plugins else file
        exporter = self.exporter(options, target)
        if previous:
            exporter.roll(previous)  # type: ignore[attr-defined]
        exporter.start_exporting()
        as_they_are = self.are_as_they_are(options)
        for line in lines:
            if as_they_are:
                target.write(line.encode() + b"\n")
            else:
                exporter.export_item(json.loads(line))
        exporter.finish_exporting()
        if plugins:
            target.close()

    def lines(self, batch: Batch) -> Iterator[str]:
        return (line for _, line in self.state.outbox.records(batch)) if batch.key else iter(())

    def set_aside(self, batch: Batch, error: FormatError) -> None:
        """Take out of a batch what its format refuses: each record that it refuses by itself, or
        all, where it takes each of them."""
        refused: dict[int, str] = {}
        records = list(self.state.outbox.records(batch))
        for key, line in records:
            try:
                self.export(batch.options, [line], BytesIO())
            except Exception as fault:  # every format has its own
                refused[key] = error_in_words(fault)
        refused = refused or {key: str(error) for key, _ in records}
        for name, why in self.state.outbox.set_aside(batch, refused).items():
            outcomes.logger.error("%s refuses %s, set aside: %s", place(batch.uri), name, why)
        assert self.crawler.stats is not None
        self.crawler.stats.inc_value("zjnews/set-aside", len(refused))

    def storage(self, batch: Batch) -> Any:
        cls = load_object(self.storages[urlsplit(batch.uri).scheme])
        return build_from_crawler(cls, self.crawler, batch.uri, feed_options=batch.options)

    def exporter_class(self, options: dict[str, Any]) -> type[BaseItemExporter]:
        cls: type[BaseItemExporter] = load_object(self.exporters[options["format"]])
        return cls

    def exporter(self, options: dict[str, Any], file: IO[bytes]) -> BaseItemExporter:
        """What writes a feed, as Scrapy makes it."""
        return build_from_crawler(
            self.exporter_class(options),
            self.crawler,
            file,
            fields_to_export=options["fields"],
            encoding=options["encoding"],
            indent=options["indent"],
            **options["item_export_kwargs"],
        )

    def are_as_they_are(self, options: dict[str, Any]) -> bool:
        """Whether a feed holds just the lines of the outbox."""
        return (
            options["format"] in _LINES
            and options["fields"] == list(RECORD_KEYS)
            and options["encoding"] == "utf-8"
            and not options["item_export_kwargs"]
            and self.exporter_class(options) is JsonLinesItemExporter
        )


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


@contextmanager
def discarding(storage: Any, file: IO[bytes]) -> Iterator[None]:
    """Leave nothing of a file that is not yet at its place, where an error is raised."""
    try:
        yield
    except BaseException:
        getattr(storage, "discard", IO.close)(file)
        raise


class FormatError(Exception):
    """A format refuses a record; the message is one line for a person."""


def article_of(record: dict[str, Any]) -> Article:
    """As much of an article as the state is to know of it."""
    known = ("id", "url", "revision", "content_hash", "published_at", "published_precision")
    return Article(**{key: record[key] for key in known})


def uri_params(params: dict[str, Any], _: Spider) -> dict[str, Any]:
    """What may stand in the address of a feed: Scrapy's, and the day in Beijing."""
    return {**params, "date": f"{datetime.now(BEIJING):%Y-%m-%d}"}
