"""The outbox: records that are known and not yet in their feed, in batches that fix its name.

A batch is written to its place under the name in its row, and then removed; to write it twice
gives the same file.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from zlib import crc32

from zjnews.state import sql
from zjnews.state.database import Database, Lock, typed
from zjnews.text.cleaning import error_in_words


@dataclass(frozen=True, slots=True)
class Appended:
    """What an appended batch does to its file. It is noted before the file is touched, so that a
    run which follows can check whether it is there."""

    begins: int
    """Bytes of the file before."""
    length: int
    """Bytes that are added."""
    digest: str
    """SHA-256 (hex) of those."""


@dataclass(slots=True)
class Batch:
    """Records of one feed that leave together."""

    uri: str
    """Where they go, under their final name."""
    options: dict[str, Any]
    """The feed's, as Scrapy has completed them."""
    number: int = 1
    key: int | None = None
    """None as long as it has no row."""
    count: int = 0
    appended: Appended | None = None
    damage: str = ""
    """Why its row cannot be used."""


class Outbox:
    """The batches of a crawl that wait, in the order in which they began."""

    def __init__(self, db: Database, crawl: int) -> None:
        """`crawl`: its key."""
        self.db = db
        self.crawl = crawl

    def add(self, batch: Batch, article: str, record: str) -> None:
        """Put a record into a batch; it replaces an older one of the same article. To be called in
        a transaction."""
        if batch.key is None:
            row = (self.crawl, batch.uri, _written(batch.options), batch.number)
            [batch.key] = self.db.one(sql.PUT_BATCH, *row)
        self.db.run(sql.PUT_RECORD, batch.key, article, record)
        batch.count += 1

    def batches(self) -> list[Batch]:
        """All that wait; those whose rows are damaged or gone too, so that their records can be set
        aside."""
        rows = self.db.rows(sql.BATCHES, self.crawl)
        if not self.db.is_shared:  # else those of others, perhaps
            rows += [(key, "", "", 0) for [key] in self.db.rows(sql.WITHOUT_BATCH)]
        return [self._batch(*row) for row in rows]

    def _batch(self, key: int, uri: str, options: str, number: int, *appended: Any) -> Batch:
        batch = Batch(str(uri), {}, number, key)
        [batch.count] = self.db.one(sql.COUNT_RECORDS, key)
        try:
            batch.options = typed(dict, json.loads(options))
            urlsplit(typed(str, uri)), typed(str, batch.options.get("format"))
            if any(part is not None for part in appended):
                batch.appended = Appended(*map(typed, (int, int, str), appended))
        except (RecursionError, TypeError, ValueError) as error:
            batch.damage = f"the row of its batch is damaged ({error_in_words(error)})"
        return batch

    def records(self, batch: Batch) -> Iterator[tuple[int, str]]:
        """The records of a batch as JSON, each with its key."""
        return self.db.stream(sql.RECORDS, batch.key)

    def seal(self, batch: Batch, appended: Appended | None = None) -> None:
        """See that a batch outlives a loss of power, before it leaves."""
        batch.appended = appended
        parts = (appended.begins, appended.length, appended.digest) if appended else (None,) * 3
        with self.db.transaction(is_durable=True):
            self.db.run(sql.MARK_BATCH, *parts, batch.key)

    def adopt(self, left: Batch, batch: Batch) -> None:
        """Go on with a batch that was left over: its records leave with those of `batch`."""
        with self.db.transaction():
            if batch.key is None:
                batch.key = left.key
                self.db.run(sql.ADOPT_BATCH, _written(batch.options), left.key)
            else:
                self.db.run(sql.DROP_OLDER, batch.key, left.key)
                self.db.run(sql.MOVE_RECORDS, batch.key, left.key)
                self.remove(left)
        [batch.count] = self.db.one(sql.COUNT_RECORDS, batch.key)

    def lock(self, batch: Batch) -> bool:
        """Whether no other crawl writes to the place of a batch now."""
        return self.db.lock(Lock.PLACE, crc32(batch.uri.encode()))

    def unlock(self, batch: Batch) -> None:
        self.db.unlock(Lock.PLACE, crc32(batch.uri.encode()))

    def delivered(self, batch: Batch) -> None:
        """A batch is at its place: nothing of it waits any more."""
        with self.db.transaction():
            self.remove(batch)

    def remove(self, batch: Batch) -> None:
        self.db.run(sql.DROP_RECORDS, batch.key)
        self.db.run(sql.DROP_BATCH, batch.key)

    def set_aside(self, batch: Batch, refused: dict[int, str]) -> dict[str, str]:
        """Take records out of a batch that cannot be written, each by its key with the reason. The
        reasons by the ids of the articles."""
        with self.db.transaction():
            ids = {key: self.db.one(sql.RECORD_OF, key)[0] for key in refused}
            rows = [(batch.uri, reason, key) for key, reason in refused.items()]
            self.db.run_all(sql.SET_ASIDE, rows)
            self.db.run_all(sql.DROP_RECORD, [(key,) for key in refused])
        batch.count -= len(refused)
        return {ids[key]: reason for key, reason in refused.items()}

    def waiting(self) -> int:
        """How many records wait."""
        return int(self.db.one(sql.COUNT_WAITING, self.crawl)[0])


def _written(options: dict[str, Any]) -> str:
    return json.dumps(options, default=_name_of)


def _name_of(value: object) -> str:
    """How a class or path among the options of a feed is written down."""
    if isinstance(value, type):
        return f"{value.__module__}.{value.__qualname__}"
    return str(value)
