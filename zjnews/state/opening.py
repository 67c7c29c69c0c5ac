"""Which database an address names: a file, or `postgresql://HOST/NAME`."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from zjnews.state.database import TEMPORARY, Database
from zjnews.state.sqlite import SqliteDatabase
from zjnews.state.sqlite import reading as reading_file
from zjnews.text.cleaning import without_credentials

_SCHEMES = ("postgresql://", "postgres://")


def is_server(address: str | Path) -> bool:
    """Whether a state is on a server, and no file."""
    return str(address).startswith(_SCHEMES)


def name_of(address: str | Path) -> str:
    """How a state is named to a person: without user, password and options."""
    if not is_server(address):
        return str(address)
    return without_credentials(str(address)).partition("?")[0]


def open_database(address: str | Path = TEMPORARY) -> Database:
    """Raises StateError, BusyError."""
    if not is_server(address):
        return SqliteDatabase(address)
    # Only here, as it takes time to load.
    from zjnews.state.postgres import PostgresDatabase  # noqa: PLC0415

    return PostgresDatabase(str(address), name_of(address))


def reading(address: str | Path) -> AbstractContextManager[Callable[..., list[Any]]]:
    """What gives the rows that a statement finds in a state, also while a crawl is writing to it; a
    state of another version has none. Raises StateError."""
    if not is_server(address):
        return reading_file(address)
    from zjnews.state import postgres  # noqa: PLC0415

    return postgres.reading(str(address), name_of(address))
