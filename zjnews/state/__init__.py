"""The state: what is known (`known`), what a crawl has to itself (`run`), what waits (`outbox`), in
one database, so that one transaction can change all three. Imports nothing that fetches or writes
feeds."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from weakref import WeakKeyDictionary

from scrapy.crawler import Crawler

from zjnews.items import Article, Skipped
from zjnews.state.database import TEMPORARY, StateError
from zjnews.state.known import Knowledge
from zjnews.state.opening import open_database
from zjnews.state.outbox import Batch, Outbox
from zjnews.state.run import Run


class State:
    """The part of one crawl in a database, which is none for a crawl that keeps nothing."""

    def __init__(self, address: str | Path = TEMPORARY, spider: str = "") -> None:
        """Open or make it. Raises StateError, BusyError."""
        self.db = open_database(address)
        self.known = Knowledge(self.db)
        self.run = Run(self.db, spider)
        self.outbox = Outbox(self.db, self.run.key)
        self.is_closed = False
        self.on_add: Callable[[Article, str], None] = lambda *_: None
        """Called with an article and its record, in the transaction by which it is known."""

    def claim(self, article: Article) -> str | None:
        """Take an id for this crawl. The address that has taken it before, if any. Raises Skipped
        (`claimed`) if another crawl has it."""
        first = self.run.claim(article.id, article.url)
        if first is None:
            self.known.count_given(article.url)
        elif not first:
            raise Skipped("claimed")
        return first

    def add(self, article: Article, record: str, batches: list[Batch]) -> None:
        """In one transaction an article is known, and its record (JSON) waits in batches of feeds.
        Raises StateError."""
        sketch = None if article.duplicate_of else article.sketch
        with self.db.transaction():
            self.known.add(article, sketch)
            for batch in batches:
                self.outbox.add(batch, article.id, record)
            self.on_add(article, record)
        if sketch:
            self.run.write_bands()

    def close(self) -> None:
        """Let other crawls have what this one has claimed."""
        if self.is_closed:
            return
        self.is_closed = True
        with suppress(StateError):  # reported by the database
            if not self.db.failed:
                self.run.end()
        self.db.close()


_open: WeakKeyDictionary[Crawler, State] = WeakKeyDictionary()


def state_of(crawler: Crawler) -> State:
    """The state of a crawl, opened at first use; the extension `Delivery` closes it. Spiders that
    `keeps_state` share the database of the setting STATE_DB. Raises StateError, BusyError."""
    state = _open.get(crawler)
    if state is None:
        keeps = getattr(crawler.spidercls, "keeps_state", False)
        address = (crawler.settings["STATE_DB"] or TEMPORARY) if keeps else TEMPORARY
        state = State(address, str(crawler.spidercls.name))
        _open[crawler] = state
    return state
