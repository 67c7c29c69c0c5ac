"""What the state asks of its database: statements, transactions, and who else is at work.

Two know how: `sqlite`, one file and one crawl at a time, and `postgres`, many of both. Whatever
they cannot do is a StateError of one line.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from enum import IntEnum
from typing import Any, ClassVar, TypeVar

from scrapy.exceptions import CloseSpider, DropItem

from zjnews.state import sql
from zjnews.text import sketches
from zjnews.text.cleaning import error_in_words

_T = TypeVar("_T")

VERSION = 4
"""Raised whenever the tables change, or what their keys mean."""
TEMPORARY = ""
"""The address of a database that ends with its run."""
FAILED = "state_failed"
"""The reason for which a crawl ends that cannot read or write its state."""
PATIENCE = 30.0
"""Seconds to wait for another process that is writing."""


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


class Lock(IntEnum):
    """What only one connection can hold, each with a number of its own."""

    CRAWL = 1
    """A crawl that is under way, by its key."""
    PLACE = 2
    """The file or object that is being written, by a digest of its address."""
    NOTICE = 3
    """A message that is being sent, by its key."""


class Database(ABC):
    """Not for use from several threads."""

    is_shared: ClassVar[bool]
    """Whether several crawls may use it at the same time."""
    errors: tuple[type[Exception], ...]
    """What the driver raises."""
    words: ClassVar[dict[str, str]]
    """How it spells what the statements of `sql` leave open."""

    def __init__(self, path: str, patience: float) -> None:
        self.path = path
        """Its name for a person; empty for one that ends with its run."""
        self.patience = patience
        self.failed = False
        self.on_failure: Callable[[StateError], None] = lambda _: None
        """Called at the first failure, before it is raised."""

    # --- what each has its own way of --------------------------------------------------------

    @abstractmethod
    def execute(self, statement: str, values: tuple[Any, ...] = ()) -> Any:
        """The cursor of a statement with `?` for its values. Raises StateError."""

    @abstractmethod
    def run_all(self, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Run a statement once for each row. Raises StateError."""

    @abstractmethod
    def fill(self, table: str, columns: str, rows: Iterable[tuple[Any, ...]]) -> int:
        """How many rows were put into a table that has none, with their keys. Raises
        StateError."""

    @abstractmethod
    def stream(self, statement: str, *values: Any) -> Iterator[Any]:
        """Rows as they are read, where there may be many. No other statement may be run before
        the last one. Raises StateError."""

    @abstractmethod
    def transaction(
        self, is_durable: bool = False, is_alone: bool = False
    ) -> AbstractContextManager[None]:
        """All or nothing. `is_durable`: this one and all before it outlive a loss of power.
        `is_alone`: no other such transaction of any crawl is under way at the same time."""

    @abstractmethod
    def lock(self, kind: Lock, number: int) -> bool:
        """Whether it is ours now, until `unlock` as often, or the end of the connection. Raises
        StateError."""

    @abstractmethod
    def unlock(self, kind: Lock, number: int) -> None:
        """Raises StateError."""

    @abstractmethod
    def clock(self) -> float:
        """Seconds since 1970, by the clock that all crawls share. Raises StateError."""

    @abstractmethod
    def close(self) -> None:
        """Let others in."""

    @abstractmethod
    def _version(self) -> int | None:
        """That of the tables, None where there are none yet. Raises StateError for tables of
        another kind."""

    @abstractmethod
    def _note_version(self) -> None: ...

    @abstractmethod
    def _open(self) -> None:
        """Connect, and make the tables if there are none."""

    # --- what all share ----------------------------------------------------------------------

    def open(self) -> None:
        """Raises StateError, with nothing left open."""
        try:
            with self.one_line_errors():
                self._open()
        except StateError:
            self.close()
            raise

    def make_tables(self) -> None:
        """To be called in a transaction. Raises StateError."""
        version = self._version()
        if version is None:
            for statement in sql.TABLES:
                self.run(statement.format(**self.words))
            self._note_version()
        elif version != VERSION:
            raise self.error(
                f"its version is {version}, this zjnews reads version {VERSION};"
                " move it away to begin anew"
            )
        if self.one(sql.FACT, "sketches") != (sketches.SCHEME,):
            # Sketches of another scheme cannot be compared with new ones.
            for statement in sql.FORGET_SKETCHES:
                self.run(statement)
            self.run(sql.PUT_FACT, "sketches", sketches.SCHEME)
        # One that can only be read is reported now, not in the middle of a crawl.
        self.run(sql.PUT_FACT, "opened", str(int(time.time())))

    def error(self, why: str) -> StateError:
        return StateError(f"the state {self.path or 'of this run'} cannot be used: {why}")

    @contextmanager
    def one_line_errors(self) -> Iterator[None]:
        """Turn errors of the driver and the file system into one line. Raises StateError."""
        errors: tuple[type[Exception], ...] = (*self.errors, OSError)
        try:
            yield
        except errors as error:
            raise self.failure(error) from error

    def failure(self, error: Exception) -> StateError:
        """What to raise for an error of the driver; the first one is told."""
        failure = self.error(self.in_words(error))
        if not self.failed:
            self.failed = True
            self.on_failure(failure)
        return failure

    def in_words(self, error: Exception) -> str:
        return error_in_words(error)

    def run(self, statement: str, *values: Any) -> None:
        """Raises StateError; in a transaction perhaps only later in it."""
        self.execute(statement, values)

    def changed(self, statement: str, *values: Any) -> int:
        """How many rows a statement has changed; not for use in a transaction. Raises
        StateError."""
        return int(self.execute(statement, values).rowcount)

    def one(self, statement: str, *values: Any) -> Any:
        """The first row that a statement finds, or None. Raises StateError."""
        with self.one_line_errors():
            return self.execute(statement, values).fetchone()

    def rows(self, statement: str, *values: Any) -> list[Any]:
        """All rows that a statement finds. Raises StateError."""
        with self.one_line_errors():
            return list(self.execute(statement, values).fetchall())


def typed(kind: type[_T], value: Any) -> _T:
    """A value of a row, for SQLite stores any in a column of any type. Raises TypeError."""
    if not isinstance(value, kind):
        raise TypeError(f"{value!r:.40} where {kind.__name__} should be")
    return value
