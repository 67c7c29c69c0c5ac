"""The state in one file of SQLite, which one crawl at a time may use."""

import fcntl
import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, ClassVar

from zjnews.state import sql
from zjnews.state.database import PATIENCE, VERSION, BusyError, Database, Lock, StateError
from zjnews.text.cleaning import error_in_words

_APPLICATION = 0x7A6A6E77
"""`zjnw`: marks the file as ours."""
_TURN = 0.02
"""Seconds between two tries."""
_MODE = 0o600
"""Of new files: what waits may have a password in the address of its feed."""
_MARKS = ("application_id", "user_version")
_DAMAGED = ("malformed", "not a database", "corrupt")


class SqliteDatabase(Database):
    """The file `PATH.lock` beside it keeps other crawls out."""

    is_shared = False
    errors = (sqlite3.Error,)
    words: ClassVar[dict[str, str]] = {
        "serial": "INTEGER PRIMARY KEY",
        "bytes": "BLOB",
        "compact": " WITHOUT ROWID",
    }

    def __init__(self, path: str | Path, patience: float = PATIENCE) -> None:
        """Open or make the file, with its folders. Raises StateError, BusyError."""
        super().__init__(str(path), patience)
        self.descriptor = -1
        with self.one_line_errors():
            if self.path:
                Path(self.path).parent.mkdir(parents=True, exist_ok=True)
                self.descriptor = _locked(f"{self.path}.lock", self.path)
        self.db: sqlite3.Connection | None = None
        self.open()

    def _open(self) -> None:
        if self.path:
            # SQLite gives the files beside it the same mode.
            os.close(os.open(self.path, os.O_RDONLY | os.O_CREAT | os.O_NONBLOCK, _MODE))
        self.db = sqlite3.connect(self.path, timeout=self.patience, isolation_level=None)
        if self.one("PRAGMA page_count") == (0,):
            self.run("PRAGMA auto_vacuum = INCREMENTAL")
        with self.transaction():
            self.make_tables()
        if self.path:
            self._write_ahead()
            # A commit may be lost with the power, never torn: its articles are then fetched again.
            self.db.execute("PRAGMA synchronous = NORMAL")
        else:
            self.db.execute("PRAGMA journal_mode = MEMORY")
            self.db.execute("PRAGMA synchronous = OFF")
        self.db.execute("PRAGMA temp.journal_mode = MEMORY")
        for statement in sql.RUN_TABLES:
            self.db.execute(statement.format(**self.words))

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

    def _version(self) -> int | None:
        application, version = (self.one(f"PRAGMA {name}")[0] for name in _MARKS)
        if self.one("SELECT count(*) FROM sqlite_master") == (0,):
            return None
        if application != _APPLICATION:
            raise self.error("it is a database of another kind")
        return int(version)

    def _note_version(self) -> None:
        for name, value in zip(_MARKS, (_APPLICATION, VERSION), strict=True):
            self.run(f"PRAGMA {name} = {value}")

    def in_words(self, error: Exception) -> str:
        words = error_in_words(error)
        if any(word in words for word in _DAMAGED):
            words += f"; it is damaged: move {self.path} away, or put a copy in its place"
        return words

    def execute(self, statement: str, values: tuple[Any, ...] = ()) -> sqlite3.Cursor:
        assert self.db is not None
        try:
            return self.db.execute(statement, values)
        except sqlite3.Error as error:
            raise self.failure(error) from error

    def run_all(self, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
        assert self.db is not None
        with self.one_line_errors():
            self.db.executemany(statement, rows)

    def fill(self, table: str, columns: str, rows: Iterable[tuple[Any, ...]]) -> int:
        assert self.db is not None
        marks = ", ".join("?" * len(columns.split(",")))
        statement = f"INSERT INTO {table} ({columns}) VALUES ({marks})"  # noqa: S608  our names
        with self.one_line_errors():
            return self.db.executemany(statement, rows).rowcount

    def stream(self, statement: str, *values: Any) -> Iterator[Any]:
        cursor = self.execute(statement, values)
        with self.one_line_errors():
            yield from cursor

    @contextmanager
    def transaction(self, is_durable: bool = False, is_alone: bool = False) -> Iterator[None]:
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

    def lock(self, kind: Lock, number: int) -> bool:
        return True  # nobody else is here

    def unlock(self, kind: Lock, number: int) -> None:
        """Nobody waits."""

    def clock(self) -> float:
        return time.time()

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
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


@contextmanager
def reading(path: str | Path) -> Iterator[Callable[..., list[Any]]]:
    """See `opening.reading`."""
    try:
        uri = f"{Path(path).absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=PATIENCE)) as db:
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


def _locked(path: str, what: str) -> int:
    """The descriptor of a file that is locked as long as it is open. Raises OSError, BusyError."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, _MODE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise BusyError(f"another crawl is running on {what}") from None
    return descriptor
