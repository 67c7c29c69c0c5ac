"""The store: what has been delivered, in one SQLite file, and what this run has not delivered yet.

What a run finds waits in a temporary database beside it, which a run that dies takes along: only
`deliver` makes it known to the runs that follow.
"""

from __future__ import annotations

import math
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from scrapy.crawler import Crawler

from zjnews import addresses, sketches
from zjnews.dates import Moment
from zjnews.items import Article, Precision
from zjnews.windows import SPANS

VERSION = 2
"""Raised whenever the tables change, or the ids of articles, by which everything is known."""
TEMPORARY = ""
"""The path of a store that ends with its run."""

_LEADS_TO = "leads-to"
_NEAR_COPY = "near-copy"
_APPLICATION = 0x7A6A6E77
"""`zjnw`: marks the file as ours."""
_CANDIDATES = 16
"""Articles of one band that are looked at, oldest first; a band that more share is a form text."""
_PATIENCE = 30.0
"""Seconds to wait for another process that is writing."""
_DAYS = 3
"""Days on which a doubtful reason must be met to be believed."""
_DAY = 20 * 3600
"""Seconds after which another try counts as one of another day."""
_MOST_LED = 8
"""Addresses that may lead to one article; more of them are a guard that sends all to one page."""
_TURN = 0.02
"""Seconds between two tries."""

_ARTICLE = """
    id TEXT NOT NULL UNIQUE,
    revision INTEGER,
    content_hash BLOB,
    published_at INTEGER,
    precision TEXT,
    delivered_at INTEGER,
    etag TEXT,
    last_modified TEXT,
    sketch BLOB
"""
_BANDS = "(band INTEGER, article INTEGER, PRIMARY KEY (band, article)) WITHOUT ROWID"
_TABLES = f"""
    CREATE TABLE articles (key INTEGER PRIMARY KEY, {_ARTICLE});
    CREATE TABLE bands {_BANDS};
    CREATE TABLE passed (
        address TEXT PRIMARY KEY, reason TEXT NOT NULL, article TEXT, published_at INTEGER,
        precision TEXT, asked_at INTEGER NOT NULL, last_at INTEGER NOT NULL, days INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX led_to ON passed (article) WHERE article IS NOT NULL;
    CREATE TABLE walks (name TEXT PRIMARY KEY, since INTEGER, until INTEGER) WITHOUT ROWID;
    CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
"""
_RUN_TABLES = f"""
    CREATE TABLE run.articles (key INTEGER PRIMARY KEY, {_ARTICLE}, url TEXT);
    CREATE TABLE run.bands {_BANDS};
    CREATE TABLE run.led (
        article TEXT, address TEXT, how TEXT, PRIMARY KEY (article, address)
    ) WITHOUT ROWID;
    CREATE TABLE run.batches (
        feed INTEGER, batch INTEGER, article INTEGER, PRIMARY KEY (feed, batch, article)
    ) WITHOUT ROWID;
    CREATE INDEX run.batch_of ON batches (article);
"""
_COLUMNS = (
    "id, revision, content_hash, published_at, precision, delivered_at, etag, last_modified, sketch"
)
_DELIVER = f"""
    INSERT INTO articles ({_COLUMNS}) SELECT {_COLUMNS} FROM run.articles WHERE key = ?
    ON CONFLICT (id) DO UPDATE SET
        revision = excluded.revision, content_hash = excluded.content_hash,
        published_at = excluded.published_at, precision = excluded.precision,
        delivered_at = excluded.delivered_at, etag = excluded.etag,
        last_modified = excluded.last_modified, sketch = excluded.sketch
"""  # noqa: S608  the columns are ours


class StoreError(Exception):
    """The store cannot be used; the message is one line for a person."""


@dataclass(frozen=True, slots=True)
class Known:
    """An article that has been delivered."""

    id: str
    revision: int
    content_hash: bytes
    dated: datetime
    """The latest moment at which it may have been published; when it was delivered, if unknown."""
    etag: str | None
    last_modified: str | None


@dataclass(frozen=True, slots=True)
class Passed:
    """An address that was asked for and gave no record."""

    reason: str
    published: Moment | None
    """Where its page told."""
    asked_at: datetime
    """When it was first asked for."""
    is_final: bool
    """Whether the reason is believed: at once, or because it was met on several days."""


class Store:
    """One file, or none for a run that keeps nothing. Not for use from several threads."""

    def __init__(self, path: str | Path = TEMPORARY) -> None:
        """Open or make the file, with its folders. Raises StoreError."""
        self.path = str(path)
        self.opened = _now()
        self.refused: Counter[str] = Counter()
        self.claimed: Counter[str] = Counter()
        """By host: addresses that were refused for good, and articles read, in this run."""
        try:
            if self.path:
                Path(self.path).parent.mkdir(parents=True, exist_ok=True)
            self.db = sqlite3.connect(self.path, timeout=_PATIENCE, isolation_level=None)
        except (OSError, sqlite3.Error) as error:
            raise StoreError(self._says(error)) from error
        try:
            self._set_up()
        except sqlite3.Error as error:
            self.db.close()
            raise StoreError(self._says(error)) from error
        except StoreError:
            self.db.close()
            raise

    def _says(self, error: Exception) -> str:
        return f"the store {self.path} cannot be used: {error}"

    def _set_up(self) -> None:
        with self._transaction():
            self._make_tables()
        self._write_ahead()
        # A commit may be lost with the power, never torn: its articles are then fetched again.
        self.db.execute("PRAGMA synchronous = NORMAL")
        self.db.execute("ATTACH DATABASE '' AS run")
        self.db.execute("PRAGMA run.journal_mode = MEMORY")
        self.db.execute("PRAGMA run.synchronous = OFF")
        self.db.executescript(_RUN_TABLES)

    def _write_ahead(self) -> None:
        """Let others read while one writes. SQLite itself does not wait for its turn here."""
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                self.db.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(_TURN)
            else:
                return

    def _make_tables(self) -> None:
        [version] = self.db.execute("PRAGMA user_version").fetchone()
        [application] = self.db.execute("PRAGMA application_id").fetchone()
        [tables] = self.db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if not tables:
            for statement in _TABLES.split(";"):
                self.db.execute(statement)
            self.db.execute(f"PRAGMA application_id = {_APPLICATION}")
            self.db.execute(f"PRAGMA user_version = {VERSION}")
        elif application != _APPLICATION:
            raise StoreError(
                f"the store {self.path} cannot be used: it is a database of another kind"
            )
        elif version != VERSION:
            raise StoreError(
                f"the store {self.path} cannot be used: its version is {version},"
                f" this zjnews reads version {VERSION}; name a new file in STATE_DB,"
                " and the articles of the window come once more"
            )
        self._check_scheme()
        # A file that can only be read is told now, not in the middle of a crawl.
        self.db.execute("INSERT OR REPLACE INTO facts VALUES ('opened', ?)", (str(_now()),))

    def _check_scheme(self) -> None:
        """Forget the sketches of another scheme: they cannot be compared with new ones."""
        scheme = self.db.execute("SELECT value FROM facts WHERE name = 'sketches'").fetchone()
        if scheme == (sketches.SCHEME,):
            return
        self.db.execute("DELETE FROM bands")
        self.db.execute("UPDATE articles SET sketch = NULL WHERE sketch IS NOT NULL")
        self.db.execute("INSERT OR REPLACE INTO facts VALUES ('sketches', ?)", (sketches.SCHEME,))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            # A full disk has rolled back by itself.
            with suppress(sqlite3.Error):
                self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")

    def close(self) -> None:
        self.db.close()

    # --- what earlier runs have done ---------------------------------------------------------

    def known(self, key: str) -> Known | None:
        """The delivered article with an id, or the one that a canonical address led to."""
        if known := self.delivered(key):
            return known
        row = self.db.execute(
            "SELECT article FROM passed WHERE address = ? AND article IS NOT NULL", (key,)
        ).fetchone()
        return self.delivered(row[0]) if row else None

    def delivered(self, id_: str) -> Known | None:
        """The delivered article with an id."""
        row = self.db.execute(
            "SELECT id, revision, content_hash, published_at, precision, delivered_at, etag,"
            " last_modified FROM main.articles WHERE id = ?",
            (id_,),
        ).fetchone()
        if row is None:
            return None
        published = _moment(row[3], row[4])
        dated = published.at + SPANS[published.precision] if published else _time(row[5])
        return Known(row[0], row[1], row[2], dated, row[6], row[7])

    def passed(self, address: str) -> Passed | None:
        """What a canonical address gave that was asked for and led to no record."""
        row = self.db.execute(
            "SELECT reason, published_at, precision, asked_at, days FROM passed"
            " WHERE address = ? AND article IS NULL",
            (address,),
        ).fetchone()
        if row is None:
            return None
        return Passed(row[0], _moment(row[1], row[2]), _time(row[3]), row[4] >= _DAYS)

    def note_passed(
        self,
        address: str,
        reason: str,
        article: Article | None = None,
        is_certain: bool = True,
    ) -> None:
        """Remember that an address gave no record, and why; when it was first asked stays. A reason
        that is not certain is believed when it was met on several days."""
        if article is None and is_certain:
            self.count_refused(address)
        published_at, precision = _published(article) if article else (None, None)
        now, days = _now(), _DAYS if is_certain else 1
        self.db.execute(
            "INSERT INTO passed VALUES (?, ?, NULL, ?, ?, ?, ?, ?)"
            " ON CONFLICT (address) DO UPDATE SET reason = excluded.reason,"
            " published_at = excluded.published_at, precision = excluded.precision,"
            " last_at = CASE WHEN excluded.last_at - last_at > ? THEN excluded.last_at"
            "  ELSE last_at END,"
            " days = max(excluded.days, days + (excluded.last_at - last_at > ?))"
            " WHERE article IS NULL",
            (address, reason, published_at, precision, now, now, days, _DAY, _DAY),
        )

    def note_led(self, address: str, article: str) -> None:
        """Remember that a canonical address led to an article with another id, as soon as that is
        delivered."""
        self._note_with(article, address, _LEADS_TO)

    def note_copy(self, address: str, article: str) -> None:
        """Remember that an address has a near copy of an article that is left out, as soon as that
        article is delivered."""
        self._note_with(article, address, _NEAR_COPY)

    def _note_with(self, article: str, address: str, how: str) -> None:
        if article in (address, addresses.read(address).id):
            return
        if self.delivered(article):
            self._note(article, address, how)
        else:
            row = (article, address, how)
            self.db.execute("INSERT OR IGNORE INTO run.led VALUES (?, ?, ?)", row)

    def _note(self, article: str, address: str, how: str) -> None:
        if how == _NEAR_COPY:
            self.note_passed(address, how)
            return
        self.db.execute(
            "INSERT OR REPLACE INTO passed (address, reason, article, asked_at, last_at, days)"
            " SELECT ?1, ?2, ?3, ?4, ?4, ?5"
            " WHERE (SELECT count(*) FROM passed WHERE article = ?3) < ?6",
            (address, how, article, _now(), _DAYS, _MOST_LED),
        )

    def count_refused(self, address: str) -> None:
        """An address gave no article, and its host may be to blame."""
        self.refused[_host(address)] += 1

    def doubt_guards(self) -> list[str]:
        """Hosts that refused more articles than they gave, a guard against robots perhaps: what
        this run has noted of them must be met on other days, too, to be believed."""
        hosts = [
            host
            for host, count in self.refused.items()
            if count >= _MOST_LED and count > self.claimed[host]
        ]
        for host in hosts:
            self.db.execute(
                "UPDATE passed SET days = 1 WHERE last_at >= ? AND article IS NULL"
                " AND published_at IS NULL AND address LIKE ?",
                (self.opened, f"https://{host}/%"),
            )
        return hosts

    def renew(self, id_: str, etag: str | None, last_modified: str | None) -> None:
        """Note the validators of an article that has not changed."""
        self.db.execute(
            "UPDATE main.articles SET etag = ?, last_modified = ? WHERE id = ?",
            (etag, last_modified, id_),
        )

    # --- what this run has found -------------------------------------------------------------

    def claim(self, id_: str, url: str) -> str | None:
        """Take an id for this run. The address that has taken it before, if any."""
        cursor = self.db.execute(
            "INSERT OR IGNORE INTO run.articles (id, url) VALUES (?, ?)", (id_, url)
        )
        if cursor.rowcount:
            self.claimed[_host(url)] += 1
            return None
        row = self.db.execute("SELECT url FROM run.articles WHERE id = ?", (id_,)).fetchone()
        return str(row[0])

    def first_like(self, id_: str, sketch: bytes) -> str | None:
        """The id of the first article whose text is like this one's. Where there is none, this one
        is the first for those that come after it in this run."""
        numbers = sketches.bands(sketch)
        for schema in ("main", "run"):
            for other, known in self._candidates(schema, numbers):
                if other != id_ and sketches.likeness(sketch, known) >= sketches.ALIKE:
                    return other
        [key] = self.db.execute("SELECT key FROM run.articles WHERE id = ?", (id_,)).fetchone()
        self.db.executemany(
            "INSERT OR IGNORE INTO run.bands VALUES (?, ?)", [(number, key) for number in numbers]
        )
        self.db.execute("UPDATE run.articles SET sketch = ? WHERE key = ?", (sketch, key))
        return None

    def _candidates(self, schema: str, numbers: tuple[int, ...]) -> list[tuple[str, bytes]]:
        """Id and sketch of the articles that share a band, in the order they came."""
        keys: set[int] = set()
        for number in numbers:
            rows = self.db.execute(
                f"SELECT article FROM {schema}.bands WHERE band = ? LIMIT {_CANDIDATES}",  # noqa: S608
                (number,),
            )
            keys.update(row[0] for row in rows)
        found = f"SELECT id, sketch FROM {schema}.articles WHERE key = ?"  # noqa: S608
        articles = [self.db.execute(found, (key,)).fetchone() for key in sorted(keys)]
        return [article for article in articles if article and article[1]]

    def add(self, article: Article, batches: list[tuple[int, int]]) -> None:
        """Note an article whose record is on its way into batches of feeds (feed, batch)."""
        if article.asked:
            self.note_led(article.asked, article.id)
        published_at, precision = _published(article)
        self.db.execute(
            "UPDATE run.articles SET revision = ?, content_hash = ?, published_at = ?,"
            " precision = ?, delivered_at = ?, etag = ?, last_modified = ? WHERE id = ?",
            (
                article.revision,
                digest(article),
                published_at,
                precision,
                _now(),
                article.etag,
                article.last_modified,
                article.id,
            ),
        )
        [key] = self.db.execute(
            "SELECT key FROM run.articles WHERE id = ?", (article.id,)
        ).fetchone()
        self.db.executemany(
            "INSERT INTO run.batches VALUES (?, ?, ?)",
            [(feed, batch, key) for feed, batch in batches],
        )

    def deliver(self, feed: int, batch: int) -> int:
        """A batch of a feed is safe: its articles that no other feed still holds back are
        delivered, and known from now on. How many they are."""
        place = (feed, batch)
        keys = self.db.execute(
            "SELECT article FROM run.batches WHERE feed = ? AND batch = ?", place
        ).fetchall()
        count = 0
        with self._transaction():
            self.db.execute("DELETE FROM run.batches WHERE feed = ? AND batch = ?", place)
            for key in keys:
                if not self.db.execute(
                    "SELECT 1 FROM run.batches WHERE article = ?", key
                ).fetchone():
                    self._deliver_one(key)
                    count += 1
        return count

    def _deliver_one(self, run_key: tuple[int]) -> None:
        [id_, sketch] = self.db.execute(
            "SELECT id, sketch FROM run.articles WHERE key = ?", run_key
        ).fetchone()
        before = self.db.execute("SELECT sketch FROM main.articles WHERE id = ?", (id_,)).fetchone()
        self.db.execute(_DELIVER, run_key)
        [key] = self.db.execute("SELECT key FROM main.articles WHERE id = ?", (id_,)).fetchone()
        if before and before[0]:
            self.db.executemany(
                "DELETE FROM main.bands WHERE band = ? AND article = ?",
                [(number, key) for number in sketches.bands(before[0])],
            )
        if sketch:
            numbers = sketches.bands(sketch)
            self.db.executemany(
                "INSERT OR IGNORE INTO main.bands VALUES (?, ?)",
                [(number, key) for number in numbers],
            )
            self.db.executemany(
                "DELETE FROM run.bands WHERE band = ? AND article = ?",
                [(number, *run_key) for number in numbers],
            )
        led = "SELECT address, how FROM run.led WHERE article = ?"
        for address, how in self.db.execute(led, (id_,)).fetchall():
            self._note(id_, address, how)

    def waiting(self) -> int:
        """How many articles of this run are in no safe feed yet."""
        [count] = self.db.execute("SELECT count(DISTINCT article) FROM run.batches").fetchone()
        return int(count)

    # --- how far lists have been walked ------------------------------------------------------

    def walked(self, name: str) -> tuple[datetime, datetime] | None:
        """The stretch of time for which everything that a list has is delivered."""
        row = self.db.execute("SELECT since, until FROM walks WHERE name = ?", (name,)).fetchone()
        return (_time(row[0]), _time(row[1])) if row else None

    def forget_walk(self, name: str) -> None:
        """To be called before a walk: it may die and leave a hole."""
        self.db.execute("DELETE FROM walks WHERE name = ?", (name,))

    def note_walk(self, name: str, since: datetime, until: datetime) -> None:
        self.db.execute(
            "INSERT OR REPLACE INTO walks VALUES (?, ?, ?)",
            (name, math.ceil(since.timestamp()), math.floor(until.timestamp())),
        )


_open: WeakKeyDictionary[Crawler, Store] = WeakKeyDictionary()


def of(crawler: Crawler) -> Store:
    """The store of a crawl, opened at first use; the extension `Delivery` closes it. Spiders that
    `keeps_state` share the file of the setting STATE_DB. Raises StoreError."""
    store = _open.get(crawler)
    if store is None:
        keeps = getattr(crawler.spidercls, "keeps_state", False)
        store = Store((crawler.settings["STATE_DB"] or TEMPORARY) if keeps else TEMPORARY)
        _open[crawler] = store
    return store


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def digest(article: Article) -> bytes:
    """What the store keeps of a `content_hash`: half of it is enough to tell a correction."""
    return bytes.fromhex(article.content_hash)[:16]


def _now() -> int:
    return int(datetime.now(timezone.utc).timestamp())


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, timezone.utc)


def _moment(seconds: int | None, precision: Precision | None) -> Moment | None:
    if seconds is None or precision is None:
        return None
    return Moment(_time(seconds), precision)


def _published(article: Article) -> tuple[int | None, Precision | None]:
    if article.published_at is None:
        return None, None
    at = datetime.fromisoformat(article.published_at)
    return int(at.timestamp()), article.published_precision
