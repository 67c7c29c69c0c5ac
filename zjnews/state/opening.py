"""Which database an address names: a file, or `postgresql://HOST/NAME`."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from zjnews.state.database import TEMPORARY, Database, StateError
from zjnews.state.sqlite import SqliteDatabase
from zjnews.state.sqlite import reading as reading_file
from zjnews.text.cleaning import without_credentials

_SCHEMES = ("postgresql://", "postgres://")
_HOSTS = re.compile(r"(?:(?:\[[^\]]*\]|[^:\[\],]*)(?::\d*)?(?:,|$))*")
MALFORMED = (
    "the address of the state cannot be used: it is none such as postgresql://USER@HOST/NAME; in a"
    " user or password / is written %2F, @ is written %40, % is written %25"
)
"""What is said of an address that is not well formed: any piece of it may be a password."""


def is_server(address: str | Path) -> bool:
    """Whether a state is on a server, and no file."""
    return str(address).startswith(_SCHEMES)


def name_of(address: str | Path) -> str:
    """How a state is named to a person: without user, password and options."""
    if not is_server(address):
        return str(address)
    return without_credentials(str(address)).partition("?")[0]


def check_server(address: str) -> None:
    """Raises StateError for the address of a server in which a piece of a password would be taken
    for something else, and shown."""
    authority, _, rest = address.partition("://")[2].partition("/")
    _, _, hosts = authority.rpartition("@")
    if authority.count("@") > 1 or "@" in rest or not _HOSTS.fullmatch(hosts.partition("?")[0]):
        raise StateError(MALFORMED)


def open_database(address: str | Path = TEMPORARY) -> Database:
    """Raises StateError, BusyError."""
    if not is_server(address):
        return SqliteDatabase(address)
    check_server(str(address))
    # Only here, as it takes time to load.
    from zjnews.state.postgres import PostgresDatabase  # noqa: PLC0415

    return PostgresDatabase(str(address), name_of(address))


def reading(address: str | Path) -> AbstractContextManager[Callable[..., list[Any]]]:
    """What gives the rows that a statement finds in a state, also while a crawl is writing to it; a
    state of another version has none. Raises StateError."""
    if not is_server(address):
        return reading_file(address)
    check_server(str(address))
    from zjnews.state import postgres  # noqa: PLC0415

    return postgres.reading(str(address), name_of(address))
