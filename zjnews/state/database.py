"""One SQLite database: opened, locked against other crawls, written in transactions.

Whatever it cannot do is a StateError of one line. A driver for PostgreSQL would offer the same
methods and its own words for the placeholders of `sql`.
"""

import fcntl
import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from scrapy.exceptions import CloseSpider, DropItem

from zjnews.state import sql
from zjnews.text import sketches
from zjnews.text.cleaning import error_in_words

_T = TypeVar("_T")

VERSION = 3
"""Raised whenever the tables change, or what their keys mean."""
_WITHOUT_WATCH = 2
"""The version before, which lacks some tables and is the same in all others."""
TEMPORARY = ""
"""The path of a database that ends with its run."""
FAILED = "state_failed"
"""The reason for which a crawl ends that cannot read or write its state."""

_APPLICATION = 0x7A6A6E77
"""`zjnw`: marks the file as ours."""
_PATIENCE = 30.0
"""Seconds to wait for another process that is writing."""
_TURN = 0.02
"""Seconds between two tries."""
_MODE = 0o600
"""Of new files: what waits may have a password in the address of its feed."""
_WORDS = {"serial": "INTEGER PRIMARY KEY", "bytes": "BLOB", "compact": " WITHOUT ROWID"}
_MARKS = ("application_id", "user_version")
_DAMAGED = ("malformed", "not a database", "corrupt")


class StateError(CloseSpider, DropItem):
    """The state cannot be used; the message is one line for a person.

    By its bases a callback that meets it ends the crawl, and a pipeline drops its item, both
    without a traceback.
    """

    def __init__(self, message: str) -> None:
        DropItem.__init__(self, message)
        self.reason = FAILED  # of CloseSpider


class BusyError(Exception):
    """Another crawl uses the same database; the message is one line for a person."""


class Database:
    """Not for use from several threads."""

    def __init__(self, path: str | Path = TEMPORARY, patience: float = _PATIENCE) -> None:
        """Open or make the file, with its folders. Raises StateError, BusyError."""
        self.path = str(path)
        self.patience = patience
        self.failed = False
        self.on_failure: Callable[[StateError], None] = lambda _: None
        """Called at the first failure, before it is raised."""
        self.lock = -1
        with self.one_line_errors():
            if self.path:
                Path(self.path).parent.mkdir(parents=True, exist_ok=True)
                self.lock = _locked(f"{self.path}.lock", self.path)
        self.db: sqlite3.Connection | None = None
        try:
            with self.one_line_errors():
                self._open()
        except StateError:
            self.close()
            raise

    def _open(self) -> None:
        if self.path:
            # SQLite gives the files beside it the same mode.
            os.close(os.open(self.path, os.O_RDONLY | os.O_CREAT | os.O_NONBLOCK, _MODE))
        self.db = sqlite3.connect(self.path, timeout=self.patience, isolation_level=None)
        if self.one("PRAGMA page_count") == (0,):
            self.run("PRAGMA auto_vacuum = INCREMENTAL")
        with self.transaction():
            self._make_tables()
        if self.path:
            self._write_ahead()
            # A commit may be lost with the power, never torn: its articles are then fetched again.
            self.db.execute("PRAGMA synchronous = NORMAL")
        else:
            self.db.execute("PRAGMA journal_mode = MEMORY")
            self.db.execute("PRAGMA synchronous = OFF")
        self.db.execute("PRAGMA temp.journal_mode = MEMORY")
        for statement in sql.RUN_TABLES:
            self.db.execute(statement.format(**_WORDS))

    def _write_ahead(self) -> None:
        """Let others read while one writes. SQLite itself does not wait for its turn here."""
        deadline = time.monotonic() + self.patience
        while True:
            try:
                self.run("PRAGMA journal_mode = WAL")
            except StateError as error:
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(_TURN)
            else:
                return

    def _make_tables(self) -> None:
        [version] = self.one("PRAGMA user_version")
        [application] = self.one("PRAGMA application_id")
        [tables] = self.one("SELECT count(*) FROM sqlite_master")
        missing: tuple[str, ...] = ()
        if not tables:
            missing = sql.TABLES
        elif application != _APPLICATION:
            raise self.error("it is a database of another kind")
        elif version == _WITHOUT_WATCH:
            missing = sql.WATCH_TABLES
        elif version != VERSION:
            raise self.error(
                f"its version is {version}, this zjnews reads version {VERSION};"
                " move it away to begin anew"
            )
        if missing:
            for statement in missing:
                self.run(statement.format(**_WORDS))
            self.run(f"PRAGMA application_id = {_APPLICATION}")
            self.run(f"PRAGMA user_version = {VERSION}")
        if self.one(sql.FACT, "sketches") != (sketches.SCHEME,):
            # Sketches of another scheme cannot be compared with new ones.
            self.run(sql.FORGET_BANDS)
            self.run(sql.FORGET_SKETCHES)
            self.run(sql.PUT_FACT, "sketches", sketches.SCHEME)
        # A file that can only be read is reported now, not in the middle of a crawl.
        self.run(sql.PUT_FACT, "opened", str(int(time.time())))

    def error(self, why: str) -> StateError:
        return StateError(f"the state {self.path or 'of this run'} cannot be used: {why}")

    @contextmanager
    def one_line_errors(self) -> Iterator[None]:
        """Turn errors of SQLite and the file system into one line. Raises StateError."""
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise self._failure(error) from error

    def _failure(self, error: Exception) -> StateError:
        words = error_in_words(error)
        if any(word in words for word in _DAMAGED):
            words += f"; it is damaged: move {self.path} away, or put a copy in its place"
        failure = self.error(words)
        if not self.failed:
            self.failed = True
            self.on_failure(failure)
        return failure

    # --- statements --------------------------------------------------------------------------

    def execute(self, statement: str, values: tuple[Any, ...] = ()) -> sqlite3.Cursor:
        """Raises StateError."""
        assert self.db is not None
        try:
            return self.db.execute(statement, values)
        except sqlite3.Error as error:
            raise self._failure(error) from error

    def run(self, statement: str, *values: Any) -> int:
        """How many rows a statement has changed. Raises StateError."""
        return self.execute(statement, values).rowcount

    def run_all(self, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Run a statement once for each row. Raises StateError."""
        assert self.db is not None
        with self.one_line_errors():
            self.db.executemany(statement, rows)

    def one(self, statement: str, *values: Any) -> Any:
        """The first row that a statement finds, or None. Raises StateError."""
        try:
            return self.execute(statement, values).fetchone()
        except sqlite3.Error as error:
            raise self._failure(error) from error

    def rows(self, statement: str, *values: Any) -> Iterator[Any]:
        """Rows as they are read. Raises StateError."""
        cursor = self.execute(statement, values)
        with self.one_line_errors():
            yield from cursor

    @contextmanager
    def transaction(self, is_durable: bool = False) -> Iterator[None]:
        """All or nothing. `is_durable`: this one and all before it outlive a loss of power."""
        if is_durable and self.path:
            self.run("PRAGMA synchronous = FULL")
        self.run("BEGIN IMMEDIATE")
        try:
            yield
            self.run("COMMIT")
        except BaseException:
            # A full disk has rolled back by itself.
            with suppress(sqlite3.Error):
                assert self.db is not None
                self.db.execute("ROLLBACK")
            raise
        finally:
            if is_durable and self.path and not self.failed:
                self.run("PRAGMA synchronous = NORMAL")

    def close(self) -> None:
        """Give back the space of what has been removed, and let others in."""
        if self.db is not None:
            with suppress(sqlite3.Error):
                if self.path and not self.failed:
                    # As a script: `execute` stops after the first page.
                    self.db.executescript("PRAGMA incremental_vacuum")
                    self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self.db.close()
            self.db = None
        if self.lock >= 0:
            os.close(self.lock)
            self.lock = -1


@contextmanager
def reading(path: str | Path) -> Iterator[Callable[..., list[Any]]]:
    """What gives the rows that a statement finds in a state file, also while a crawl is writing to
    it; a state of an older version has none. Raises StateError."""
    try:
        uri = f"{Path(path).absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=_PATIENCE)) as db:
            found = [db.execute(f"PRAGMA {name}").fetchone()[0] for name in _MARKS]
            if found[0] != _APPLICATION:
                raise StateError(f"{path} is no state of zjnews")
            is_ours = found[1] == VERSION
            yield (
                lambda statement, *values: (
                    db.execute(statement, values).fetchall() if is_ours else []
                )
            )
    except sqlite3.Error as error:
        raise StateError(f"the state {path} cannot be read: {error_in_words(error)}") from error


def typed(kind: type[_T], value: Any) -> _T:
    """A value of a row, for SQLite stores any in a column of any type. Raises TypeError."""
    if not isinstance(value, kind):
        raise TypeError(f"{value!r:.40} where {kind.__name__} should be")
    return value


def _locked(path: str, what: str) -> int:
    """The descriptor of a file that is locked as long as it is open. Raises OSError, BusyError."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, _MODE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise BusyError(f"another crawl is running on {what}") from None
    return descriptor
