"""Scrapy's feed exports behind a spool: a record is on disk when it is scraped, and in its feed
when its batch is whole."""

from __future__ import annotations

import json
import shutil
import time
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from scrapy import Spider, signals
from scrapy.crawler import Crawler
from scrapy.exporters import JsonLinesItemExporter
from scrapy.extensions.feedexport import FeedExporter, FeedSlot, ItemFilter, apply_uri_params
from scrapy.utils.asyncio import create_looping_call
from scrapy.utils.defer import _schedule_coro, ensure_awaitable

from zjnews import outcomes, store
from zjnews.dates import BEIJING
from zjnews.extensions.delivery import Delivery
from zjnews.items import RECORD_KEYS, Article
from zjnews.sketches import sketch
from zjnews.spool import About, Batch, leftovers
from zjnews.storages import WholeFileStorage, place
from zjnews.store import Store

_LOOK_SECONDS = 1.0
"""Between two looks at the age of the batches."""


class SpooledSlot(FeedSlot):
    """One batch of a feed: its records go to the spool, of which its file is made at the end."""

    batch: Batch | None = None
    began = 0.0
    """Monotonic time of its first record."""

    @cached_property
    def taken_over(self) -> set[str]:
        """Ids of the records that a dead run had spooled for the same file."""
        return set()

    @property
    def folder(self) -> Path:
        return Path(self.settings["SPOOL_DIR"])

    @property
    def state_db(self) -> str:
        """The store that is to know the articles, or empty."""
        path = self.settings["STATE_DB"] if getattr(self.spider, "keeps_state", False) else ""
        return str(Path(path).absolute()) if path else ""

    def start_exporting(self) -> None:
        if self.batch is None:
            about = About(
                self.uri, self.feed_options, self.spider.name, self.state_db, self.batch_id
            )
            self.batch = Batch.create(self.folder, about)
            self.began = time.monotonic()
        if self.exporter is None:
            self.exporter = JsonLinesItemExporter(
                cast("Any", self.batch), fields_to_export=list(RECORD_KEYS), encoding="utf-8"
            )

    def finish_exporting(self) -> None:
        """Make the feed's own file of what is in the spool. Raises OSError."""
        assert self.batch is not None
        self.batch.sync()
        self._fileloaded = self._exporting = False
        super().start_exporting()
        assert self.file is not None
        assert self.exporter is not None
        if self.is_spool_as_is():
            with self.batch.path.open("rb") as records:
                shutil.copyfileobj(records, self.file, 1024 * 1024)
        else:
            for record in self.batch.records():
                self.exporter.export_item(record)
        super().finish_exporting()
        self.note_size()

    def note_size(self) -> None:
        """Write down how large an appended file will be, so that nothing is appended twice."""
        assert self.batch is not None
        if isinstance(self.storage, WholeFileStorage) and self.file is not None:
            self.batch.about.size_shipped = self.file.tell()
            self.batch.note()

    @property
    def appends(self) -> bool:
        """Whether the file that is there is kept."""
        return isinstance(self.storage, WholeFileStorage) and self.storage.appends

    def is_there_already(self) -> bool:
        """Whether an earlier try has still appended the batch to its file."""
        size = self.batch.about.size_shipped if self.batch else None
        if not isinstance(self.storage, WholeFileStorage) or not self.storage.appends:
            return False
        return size is not None and self.storage.size() == size

    def is_spool_as_is(self) -> bool:
        """Whether the feed's file holds just the lines of the spool."""
        options = self.feed_options
        return (
            self.format in ("jsonlines", "jsonl", "jl")
            and options["fields"] == list(RECORD_KEYS)
            and options["encoding"] == "utf-8"
            and not options["item_export_kwargs"]
            and self.exporters[self.format] is JsonLinesItemExporter
        )


class SpooledFeeds(FeedExporter):
    """Batches are closed by count, as Scrapy does, and by age (FEED_BATCH_SECONDS). One that cannot
    be stored stays in the spool; the next run ships it first."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self.store = store.of(crawler)
        self.batch_seconds = crawler.settings.getfloat("FEED_BATCH_SECONDS")
        self.unshipped: list[SpooledSlot] = []
        self.stored: dict[str, list[str]] = {}
        """Where batches lie, by the feed's address as it was given."""
        self.is_stopping = False
        self.clock = create_looping_call(self.close_old)

    # --- the life of a crawl -----------------------------------------------------------------

    async def open_spider(self, spider: Spider) -> None:  # type: ignore[override]
        super().open_spider(spider)
        for batch, torn in leftovers(Path(self.settings["SPOOL_DIR"])):
            outcomes.logger.info(
                "a run that died left %d records for %s%s",
                batch.count,
                place(batch.about.uri),
                ", and half of one, which is cut off" if torn else "",
            )
            try:
                await self.take_over(batch, spider)
            except Exception as error:  # one that nobody can use must not hold up the others
                outcomes.logger.error("%s cannot be delivered: %s", batch.path, _says(error))
                batch.release()
        if self.batch_seconds:
            self.clock.start(_LOOK_SECONDS, now=False)

    def item_scraped(self, item: Article, spider: Spider) -> None:
        places = [
            (number, slot.batch_id)
            for number, slot in enumerate(self.slots)
            if slot.filter.accepts(item)
        ]
        try:
            super().item_scraped(item, spider)
        except OSError as error:
            self.stop(f"the spool cannot be written: {error.strerror or error}")
            return
        self.store.add(item, places or [self.nowhere])

    @property
    def nowhere(self) -> tuple[int, int]:
        """The batch of what no feed takes: it is delivered when the crawl is over."""
        return len(self.feeds), 1

    def close_old(self) -> None:
        """Close the batches that have been open for long enough."""
        for number, slot in enumerate(self.slots):
            is_old = time.monotonic() - getattr(slot, "began", 0.0) >= self.batch_seconds
            if slot.itemcount and is_old and self.feeds[slot.uri_template]["batch_item_count"]:
                self.slots[number] = self.next_batch(slot)

    def next_batch(self, slot: FeedSlot) -> FeedSlot:
        options = self.feeds[slot.uri_template]
        params = self._get_uri_params(slot.spider, options["uri_params"], slot)
        self._schedule_slot_close(slot, slot.spider)
        return self._start_new_batch(
            batch_id=slot.batch_id + 1,
            uri=apply_uri_params(slot.uri_template, params),
            feed_options=options,
            spider=slot.spider,
            uri_template=slot.uri_template,
        )

    async def close_spider(self, spider: Spider) -> None:
        if self.clock.running:
            self.clock.stop()
        await super().close_spider(spider)
        self.delivery.batch_is_safe(*self.nowhere)
        failed, self.unshipped = self.unshipped, []
        for slot in failed:
            # Once more, now that some time has passed.
            if slot.uri_template in self.feeds:
                await self._close_slot(slot, spider)
            else:
                self.unshipped.append(slot)
        assert self.crawler.stats is not None
        for slot in self.unshipped:
            if slot.batch is None:
                continue
            self.crawler.stats.inc_value("zjnews/unshipped", slot.batch.count)
            slot.batch.release()

    def stop(self, why: str) -> None:
        """End a crawl whose records have no place to go."""
        if not self.is_stopping:
            self.is_stopping = True
            outcomes.logger.error("%s; the crawl ends here, the next one goes on", why)
            _schedule_coro(self.crawler.engine.close_spider_async(reason="spool_failed"))

    # --- batches ----------------------------------------------------------------------------

    def _start_new_batch(
        self,
        batch_id: int,
        uri: str,
        feed_options: dict[str, Any],
        spider: Spider,
        uri_template: str,
    ) -> FeedSlot:
        """Scrapy's, with a slot of ours but for standard output, which takes records at once."""
        kind = FeedSlot if uri.startswith("stdout:") else SpooledSlot
        return kind(
            storage=self._get_storage(uri, feed_options),
            uri=uri,
            format=feed_options["format"],
            store_empty=feed_options["store_empty"],
            batch_id=batch_id,
            uri_template=uri_template,
            filter=self.filters.get(uri_template) or ItemFilter(None),
            feed_options=feed_options,
            spider=spider,
            exporters=self.exporters,
            settings=self.settings,
            crawler=self.crawler,
        )

    async def _close_slot(self, slot: FeedSlot, spider: Spider) -> None:
        if not isinstance(slot, SpooledSlot):
            await self._close_stream(slot, spider)
            return
        if not slot.itemcount and not (slot.store_empty and slot.batch_id == 1):
            return
        if await self.is_shipped(slot) and self.delivery.batch_is_safe(
            self.number_of(slot), slot.batch_id
        ):
            assert slot.batch is not None
            slot.batch.remove()
            await self.crawler.signals.send_catch_log_async(signals.feed_slot_closed, slot=slot)
        else:
            self.unshipped.append(slot)

    async def _close_stream(self, slot: FeedSlot, spider: Spider) -> None:
        """Standard output holds what it has taken without complaint."""
        try:
            if slot.file is not None:
                slot.file.flush()
        except OSError as error:
            self.stop(f"standard output cannot be written: {error.strerror or error}")
            return
        await super()._close_slot(slot, spider)
        self.stored.setdefault(slot.uri_template, []).append(slot.uri)
        self.delivery.batch_is_safe(self.number_of(slot), slot.batch_id)

    def number_of(self, slot: FeedSlot) -> int:
        return list(self.feeds).index(slot.uri_template)

    @property
    def delivery(self) -> Delivery:
        delivery = self.crawler.get_extension(Delivery)
        assert delivery is not None
        return delivery

    async def is_shipped(self, slot: SpooledSlot) -> bool:
        """Make the file of a batch and bring it where it belongs, unless it is there already.
        Whatever stands in the way is told in one line; the batch then stays in the spool."""
        if slot.is_there_already():
            return True
        assert self.crawler.stats is not None
        kind = type(slot.storage).__name__
        try:
            slot.start_exporting()  # for a batch without a record
            slot.finish_exporting()
            await ensure_awaitable(slot.storage.store(self._get_file(slot)))
        except Exception as error:  # every kind of storage fails in its own way
            self.crawler.stats.inc_value(f"feedexport/failed_count/{kind}")
            outcomes.logger.error(
                "feed %s was not stored (%s); its %d records stay in %s",
                place(slot.uri),
                _says(error),
                slot.itemcount,
                slot.folder,
            )
            return False
        self.crawler.stats.inc_value(f"feedexport/success_count/{kind}")
        outcomes.logger.info("stored %d records in %s", slot.itemcount, place(slot.uri))
        self.stored.setdefault(slot.uri_template, []).append(slot.uri)
        return True

    # --- what a dead run has left ------------------------------------------------------------

    async def take_over(self, batch: Batch, spider: Spider) -> None:
        """Bring a batch where it was going; or let this run go on with it, where it is about to
        write that very file anew."""
        assert self.crawler.stats is not None
        for number, own in enumerate(self.slots):
            if isinstance(own, SpooledSlot) and own.uri == batch.about.uri and not own.appends:
                if batch.about.state_db and batch.about.state_db == own.state_db:
                    self.go_on_with(batch, own, number, spider)
                    self.crawler.stats.inc_value("zjnews/recovered", batch.count)
                batch.remove()  # without the same store, all of it is read again
                return
        slot = self.slot_of(batch, spider)
        if await self.is_shipped(slot):
            deliver_records(batch)
            batch.remove()
            self.crawler.stats.inc_value("zjnews/recovered", batch.count)
        else:
            self.unshipped.append(slot)

    def go_on_with(self, batch: Batch, slot: SpooledSlot, number: int, spider: Spider) -> None:
        slot.start_exporting()
        assert slot.batch is not None
        for line in batch.lines():
            record = json.loads(line)
            article = article_of(record)
            if article.id in slot.taken_over:
                continue
            slot.taken_over.add(article.id)
            # A record may wait for several feeds.
            if self.store.claim(article.id, article.url) is None:
                if of_text := sketch(record["text"]):
                    self.store.first_like(article.id, of_text)
                self.delivery.item_scraped()
            slot.batch.write(line)
            slot.itemcount += 1
            self.store.add(article, [(number, slot.batch_id)])
            if isinstance(found := getattr(spider, "found", None), set):
                found.add(article.id)  # not to be asked for by this run
        slot.batch.sync()

    def slot_of(self, batch: Batch, spider: Spider) -> SpooledSlot:
        """The slot that a batch was in when its run died."""
        about = batch.about
        slot = self._start_new_batch(
            batch_id=about.batch_id,
            uri=about.uri,
            feed_options=about.options,
            spider=spider,
            uri_template=about.uri,
        )
        assert isinstance(slot, SpooledSlot)
        slot.batch, slot.itemcount = batch, batch.count
        return slot


def deliver_records(batch: Batch) -> None:
    """Tell the store of the run that died what is now in its feed."""
    if not batch.about.state_db:
        return
    delivered = Store(batch.about.state_db)
    try:
        for record in batch.records():
            article = article_of(record)
            if delivered.claim(article.id, article.url) is None and (of := sketch(record["text"])):
                delivered.first_like(article.id, of)
            delivered.add(article, [(0, 1)])
        delivered.deliver(0, 1)
    finally:
        delivered.close()


def article_of(record: dict[str, Any]) -> Article:
    """As much of an article as the store is to know of it."""
    known = ("id", "url", "revision", "content_hash", "published_at", "published_precision")
    return Article(**{key: record[key] for key in known})


def _says(error: Exception) -> str:
    words = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(str(words).split())


def uri_params(params: dict[str, Any], _: Spider) -> dict[str, Any]:
    """What may stand in the address of a feed: Scrapy's, and the day in Beijing."""
    return {**params, "date": f"{datetime.now(BEIJING):%Y-%m-%d}"}
