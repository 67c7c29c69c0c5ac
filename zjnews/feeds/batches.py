"""The life of a batch:

    open      its row in the outbox fixes its address and options; records join it (`Outbox.add`)
    written   to a file in the feed's format that has no name yet (`Shipping.write`)
    sealed    its records outlive a loss of power; where its file is appended to, the row says from
              which byte on and with which digest (`Outbox.seal`)
    stored    the file has its name, or the object is on S3 (the `store` of the storage)
    removed   its rows are deleted (`Outbox.delivered`)

A run may end between any two of these. The next one ships the batch again, which gives the same
file. What its format refuses is set aside, and the rest goes on.
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import IO, Any
from urllib.parse import urlsplit

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exporters import BaseItemExporter, JsonLinesItemExporter
from scrapy.extensions.postprocessing import PostProcessingManager
from scrapy.utils.asyncio import run_in_thread
from scrapy.utils.defer import ensure_awaitable, maybe_deferred_to_future
from scrapy.utils.misc import build_from_crawler, load_object
from twisted.internet.defer import DeferredLock

from zjnews.feeds.storages import FeedError, place
from zjnews.items import RECORD_KEYS
from zjnews.pages.guard import logger
from zjnews.state.crawling import stats_of
from zjnews.state.database import StateError
from zjnews.state.outbox import Batch, Outbox
from zjnews.text.cleaning import counted, error_in_words

_LINES = ("jsonlines", "jsonl", "jl")


class FormatError(Exception):
    """A format refuses a record; the message is one line for a person."""


class Shipping:
    """Brings batches from the outbox to their places, by Scrapy's exporters and storages."""

    def __init__(self, crawler: Crawler, outbox: Outbox) -> None:
        self.crawler = crawler
        self.outbox = outbox
        self.storages = crawler.settings.getwithbase("FEED_STORAGES")
        self.exporters = crawler.settings.getwithbase("FEED_EXPORTERS")
        self.turn = DeferredLock()
        """Batches are stored one after the other: two may go to the same file."""
        self.away: set[str] = set()
        """Places that could not be reached."""

    async def ship(self, batch: Batch) -> bool:
        """Whether a batch is at its place now, and out of the outbox. Whatever stands in the way is
        one line in the log; the batch then waits."""
        root = batch.uri.rpartition("/")[0]
        await maybe_deferred_to_future(self.turn.acquire())
        try:
            if self.outbox.db.failed or root in self.away:
                return False
            await self.store_alone(batch)
        except StateError:
            return False  # reported by the extension `Delivery`
        except Exception as error:  # every kind of storage fails in its own way
            self.away.add(root)
            self.count("failed", batch)
            logger.error(
                "feed %s was not stored (%s); its %d records wait",
                place(batch.uri),
                error_in_words(error),
                batch.count,
            )
            return False
        finally:
            self.turn.release()
        self.count("success", batch)
        logger.info("stored %s in %s", counted(batch.count, "record"), place(batch.uri))
        await self.crawler.signals.send_catch_log_async(signals.feed_slot_closed, slot=batch)
        return True

    async def store_alone(self, batch: Batch) -> None:
        """Write a batch to its place, where it waits no more. Raises whatever stands in the way."""
        if not self.outbox.lock(batch):
            raise FeedError("another crawl writes there")
        try:
            await self.store(batch)
            if batch.key is not None:
                self.outbox.delivered(batch)
        finally:
            if not self.outbox.db.failed:
                self.outbox.unlock(batch)

    async def store(self, batch: Batch) -> None:
        """Write a batch to its place, unless it is there already. Raises whatever stands in the
        way."""
        storage = self.storage(batch)
        appends = getattr(storage, "appends", False)
        if appends and batch.appended and storage.has(batch.appended):
            return
        rolls = hasattr(self.exporter_class(batch.options), "roll")
        previous = await run_in_thread(getattr(storage, "previous", bytes)) if rolls else b""
        try:
            file = self.write(batch, storage, previous)
        except FormatError as error:
            self.set_aside_refused(batch, error)
            if not batch.count:
                return
            file = self.write(batch, storage, previous)
        if batch.key is not None:
            with _discarding(storage, file):
                self.outbox.seal(batch, storage.appended(file) if appends else None)
        await ensure_awaitable(storage.store(file))

    def write(self, batch: Batch, storage: Any, previous: bytes) -> IO[bytes]:
        """The file of a batch, not yet at its place. Raises OSError, FormatError."""
        file: IO[bytes] = storage.open(self.crawler.spider)
        try:
            with _discarding(storage, file):
                lines = (line for _, line in self.outbox.records(batch))
                self.export(batch.options, lines, file, previous)
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

    def are_as_they_are(self, options: dict[str, Any]) -> bool:
        """Whether a feed holds just the lines of the outbox."""
        return (
            options["format"] in _LINES
            and options["fields"] == list(RECORD_KEYS)
            and options["encoding"] == "utf-8"
            and not options["item_export_kwargs"]
            and self.exporter_class(options) is JsonLinesItemExporter
        )

    def set_aside_refused(self, batch: Batch, error: FormatError) -> None:
        """Take out of a batch what its format refuses: each record that it refuses by itself, or
        all, where it takes each of them."""
        refused: dict[int, str] = {}
        for key, line in self.outbox.records(batch):
            try:
                self.export(batch.options, [line], BytesIO())
            except Exception as fault:  # every format has its own
                refused[key] = error_in_words(fault)
        refused = refused or {key: str(error) for key, _ in self.outbox.records(batch)}
        for name, reason in self.set_aside(batch, refused).items():
            logger.error("%s refuses %s, set aside: %s", place(batch.uri), name, reason)

    def set_aside_damaged(self, batch: Batch) -> None:
        """Take a batch out of the outbox whose row cannot be used; its records are kept apart."""
        count = batch.count
        self.set_aside(batch, {key: batch.damage for key, _ in self.outbox.records(batch)})
        self.outbox.delivered(batch)
        where = f"{self.outbox.db.path}, {place(batch.uri)}"
        logger.error("%s: %s; its %d records are set aside", where, batch.damage, count)

    def set_aside(self, batch: Batch, refused: dict[int, str]) -> dict[str, str]:
        """Keep records that cannot be written apart from those that wait. `refused`: the reason by
        the key of the record; what is returned: by the id of the article."""
        stats_of(self.crawler).inc_value("zjnews/set-aside", len(refused))
        return self.outbox.set_aside(batch, refused)

    def count(self, what: str, batch: Batch) -> None:
        """Count a batch as Scrapy's own feeds do."""
        kind = self.storages.get(urlsplit(batch.uri).scheme)
        name = load_object(kind).__name__ if kind else "unknown"
        stats_of(self.crawler).inc_value(f"feedexport/{what}_count/{name}")

    def storage(self, batch: Batch) -> Any:
        kind = self.storages.get(urlsplit(batch.uri).scheme)
        if not kind:
            raise FeedError("feeds cannot be stored there")
        cls = load_object(kind)
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


@contextmanager
def _discarding(storage: Any, file: IO[bytes]) -> Iterator[None]:
    """Leave nothing of a file that is not yet at its place, where an error is raised."""
    try:
        yield
    except BaseException:
        getattr(storage, "discard", IO.close)(file)
        raise
