"""The state: what is known (`known`), what this run holds (`run`), what waits (`outbox`), in one
database, so that one transaction can change all three. Imports nothing that fetches or writes
feeds."""

from collections.abc import Callable
from pathlib import Path
from weakref import WeakKeyDictionary

from scrapy.crawler import Crawler

from zjnews.items import Article
from zjnews.state.database import TEMPORARY, Database
from zjnews.state.known import Knowledge
from zjnews.state.outbox import Batch, Outbox
from zjnews.state.run import Run


class State:
    """One file, or none for a run that keeps nothing."""

    def __init__(self, path: str | Path = TEMPORARY) -> None:
        """Open or make the file. Raises StateError, BusyError."""
        self.db = Database(path)
        self.known = Knowledge(self.db)
        self.run = Run(self.db)
        self.outbox = Outbox(self.db)
        self.on_add: Callable[[Article, str], None] = lambda *_: None
        """Called with an article and its record, in the transaction by which it is known."""

    def claim(self, article: Article) -> str | None:
        """Take an id for this run. The address that has taken it before, if any."""
        first = self.run.claim(article.id, article.url)
        if first is None:
            self.known.count_given(article.url)
        return first

    def add(self, article: Article, record: str, batches: list[Batch]) -> None:
        """In one transaction an article is known, and its record (JSON) waits in batches of feeds.
        Raises StateError."""
        with self.db.transaction():
            self.known.add(article, self.run.sketch_of_known(article.id))
            for batch in batches:
                self.outbox.add(batch, article.id, record)
            self.on_add(article, record)
        self.run.write_bands_if_many()

    def close(self) -> None:
        self.db.close()


_open: WeakKeyDictionary[Crawler, State] = WeakKeyDictionary()


def state_of(crawler: Crawler) -> State:
    """The state of a crawl, opened at first use; the extension `Delivery` closes it. Spiders that
    `keeps_state` share the file of the setting STATE_DB. Raises StateError, BusyError."""
    state = _open.get(crawler)
    if state is None:
        keeps = getattr(crawler.spidercls, "keeps_state", False)
        state = State((crawler.settings["STATE_DB"] or TEMPORARY) if keeps else TEMPORARY)
        _open[crawler] = state
    return state
