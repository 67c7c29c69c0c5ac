"""What a crawl has to itself: articles that it has claimed, near copies, what was left over; and
what becomes of it when the crawl was killed."""

import os
import socket
import time
from itertools import chain

from zjnews.state import sql
from zjnews.state.database import Database, Lock
from zjnews.text import sketches

_TOGETHER = 500
"""Articles whose bands are written at a time."""


class Run:
    """One row of `crawls`, and a lock that lasts as long as the connection.

    Bands are an index of the sketches in `articles`. As they are random, each is written to a page
    of its own, and they would cost more than all else that is written of an article: they are held
    in a small table and written together.
    """

    def __init__(self, db: Database, spider: str = "") -> None:
        """Begin a crawl; what those have left that were killed is ours now. Raises StateError."""
        self.db = db
        who = (spider, "", socket.gethostname(), os.getpid(), int(time.time()))
        with db.transaction():
            [self.key] = db.one(sql.BEGIN_CRAWL, *who)
            db.lock(Lock.CRAWL, self.key)
        self.unwritten = 0
        """Articles that are known and whose bands are held."""
        self.bury()

    # --- crawls that were killed -------------------------------------------------------------

    def bury(self) -> None:
        """Take over the batches of crawls that are no more, and free what they had claimed. Raises
        StateError."""
        for [key] in self.db.rows(sql.OTHER_CRAWLS, self.key):
            self.is_alive(key)

    def is_alive(self, key: int) -> bool:
        """Whether a crawl is under way; one that is not is buried. Raises StateError."""
        if key == self.key or not self.db.lock(Lock.CRAWL, key):
            return True
        try:
            with self.db.transaction(is_alone=True):
                self.db.run(sql.NOTE_LEFT_OVER, key)
                self.db.run(sql.TAKE_BATCHES, self.key, key)
                self._end(key)
        finally:
            if not self.db.failed:
                self.db.unlock(Lock.CRAWL, key)
        return False

    def name(self, lists: str) -> None:
        """Note the channels or newspapers that are crawled. Raises StateError."""
        self.db.run(sql.NAME_CRAWL, lists, self.key)

    def _end(self, key: int) -> None:
        self.db.run(sql.WRITE_BANDS, key)
        for statement in (sql.DROP_HELD, sql.DROP_CLAIMS, sql.END_CRAWL):
            self.db.run(statement, key)

    def end(self) -> None:
        """Free what is claimed. The row stays as long as batches wait. Raises StateError."""
        with self.db.transaction(is_alone=True):
            self._end(self.key)

    def is_left_over(self, id_: str) -> bool:
        """Whether a record of an article waited when this crawl began, or waits in the batch of
        another one: it need not be asked for."""
        return self.db.one(sql.LEFT_OVER, id_, id_, self.key) is not None

    # --- articles ----------------------------------------------------------------------------

    def claim_to_ask(self, id_: str) -> bool:
        """Whether an article may be asked for: no other crawl that is alive has claimed it."""
        if not self.db.is_shared:
            return True
        claimed = self._claim(sql.CLAIM_TO_ASK, id_)
        return claimed is None or bool(claimed[0] == self.key)

    def claim(self, id_: str, url: str) -> str | None:
        """Take an id for this crawl, which has read it at an address. None if it is ours; else the
        address at which this crawl has read it before, or empty if it is another crawl's."""
        claimed = self._claim(sql.CLAIM, id_, url)
        if claimed is None:
            return None
        return str(claimed[1]) if claimed[0] == self.key else ""

    def _claim(self, statement: str, id_: str, *url: str) -> tuple[int, str] | None:
        """None if an id is ours now; else the crawl that is alive and has it, and its address."""
        while not self.db.changed(statement, id_, self.key, *url):
            claimed: tuple[int, str] | None = self.db.one(sql.CLAIMED, id_)
            if claimed and self.is_alive(claimed[0]):
                return claimed
        return None

    # --- near copies -------------------------------------------------------------------------

    def first_like(self, id_: str, sketch: bytes) -> str | None:
        """The id of the first article whose text is like this one's. Where there is none, this one
        is the first for those that come after it, in any crawl. Raises StateError."""
        bands = sketches.bands(sketch)
        with self.db.transaction(is_alone=True):
            # Those that share a band, in the order they came.
            for _, _, other, known in self.db.rows(sql.LIKE, *bands, *bands):
                if other != id_ and sketches.likeness(sketch, known) >= sketches.ALIKE:
                    return str(other)
            held = [(band, id_, self.key, sketch) for band in bands]
            self.db.run(sql.HOLD, *chain.from_iterable(held))
        return None

    def write_bands(self) -> None:
        """To be called after each article that is known and the first of its kind: once there are
        many, their bands are written. Raises StateError."""
        self.unwritten += 1
        if self.unwritten >= _TOGETHER:
            with self.db.transaction():
                self.db.run(sql.WRITE_BANDS, self.key)
                self.db.run(sql.DROP_WRITTEN, self.key)
            self.unwritten = 0
