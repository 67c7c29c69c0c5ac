"""Where the jobs are: Procrastinate's tables and two of our own, in the schema `zjnews_jobs` of the
database of the state. Whatever is wrong with it is a StateError of one line."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from procrastinate.schema import SchemaManager
from psycopg.rows import TupleRow

from zjnews.state import postgres
from zjnews.state.database import PATIENCE, StateError
from zjnews.state.opening import name_of, open_database
from zjnews.text.cleaning import error_in_words

SCHEMA = "zjnews_jobs"
SESSION = f"-c search_path={SCHEMA},pg_temp"
"""Options of a connection."""
VERSION = "1"
"""Raised whenever our own tables change."""
_INIT_LOCK = 0x7A6A49
"""So that of two `init` at once one waits."""
TABLES = """
    CREATE TABLE facts (name text PRIMARY KEY, value text NOT NULL);
    -- Where the workers are that Procrastinate counts by number.
    CREATE TABLE machines (
        worker bigint PRIMARY KEY REFERENCES procrastinate_workers ON DELETE CASCADE,
        machine text NOT NULL, pid integer NOT NULL, began_at timestamptz NOT NULL DEFAULT now());
    -- Each run of a job; `number` counts them as `attempts` of a job does. A try without an end is
    -- under way, or its worker has died.
    CREATE TABLE tries (
        job bigint REFERENCES procrastinate_jobs ON DELETE CASCADE, number integer,
        machine text NOT NULL, pid integer NOT NULL,
        began_at timestamptz NOT NULL DEFAULT now(), ended_at timestamptz,
        outcome text, words text NOT NULL DEFAULT '', PRIMARY KEY (job, number));
    -- Jobs that were given up, until somebody is told.
    CREATE TABLE given_up (job bigint PRIMARY KEY REFERENCES procrastinate_jobs ON DELETE CASCADE,
        words text NOT NULL)
"""


def installed_schema() -> str:
    """The version of the tables that Procrastinate expects: the name of its last migration."""
    return migrations()[-1].stem


def migrations() -> list[Path]:
    """Those of the installed Procrastinate, in their order."""
    return sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))


@contextmanager
def connected(address: str) -> Iterator["psycopg.Connection[TupleRow]"]:
    """A connection to the jobs; a transaction is one's own matter. Raises StateError, also for what
    fails within."""
    try:
        with postgres.connect(address, name_of(address), PATIENCE) as db:
            db.execute(f"SET search_path = {SCHEMA}, pg_temp".encode())
            yield db
    except psycopg.Error as error:
        raise failure(address, error) from error


def failure(address: str, error: BaseException) -> StateError:
    """One line on what the database has refused."""
    words = error_in_words(error.__cause__ or error)
    return StateError(f"the jobs in {name_of(address)} cannot be used: {words}")


def check(db: "psycopg.Connection[TupleRow]", address: str) -> None:
    """Raises StateError if there are no jobs of this version."""
    noted = facts(db)
    if not noted:
        raise StateError(f"{name_of(address)} has no jobs yet: run `zjnews cluster init`")
    if noted["version"] != VERSION:
        raise StateError(
            f"the jobs in {name_of(address)} have version {noted['version']}, this zjnews has"
            f" version {VERSION}: use the same zjnews on all machines"
        )
    if noted["procrastinate"] != installed_schema():
        raise StateError(
            f"the jobs in {name_of(address)} are those of Procrastinate"
            f" {noted['procrastinate']}, installed is {installed_schema()}: install the same on all"
            " machines; if this is the newer one, stop all workers and run `zjnews cluster init`"
        )


def facts(db: "psycopg.Connection[TupleRow]") -> dict[str, str]:
    """What the jobs say of themselves; nothing where there are none."""
    if db.execute("SELECT to_regclass('facts')").fetchone() == (None,):
        return {}
    rows: list[Any] = db.execute("SELECT name, value FROM facts").fetchall()
    return dict(rows)


def init(address: str) -> str:
    """Make the tables of the state and of the jobs, or bring them up to date. What was done, in
    words. Raises StateError."""
    open_database(address).close()
    with connected(address) as db, db.transaction():
        db.execute("SELECT pg_advisory_xact_lock(%s)", (_INIT_LOCK,))
        noted = facts(db)
        if not noted:
            _make(db)
            return "made"
        before, now = noted["procrastinate"], installed_schema()
        if noted["version"] == VERSION and before < now:
            _migrate(db, before)
            return f"brought from Procrastinate {before} to {now}"
        check(db, address)
        return "was there already"


def _make(db: "psycopg.Connection[TupleRow]") -> None:
    db.execute(f"CREATE SCHEMA {SCHEMA}".encode())
    db.execute(SchemaManager.get_schema().encode())
    db.execute(TABLES.encode())
    for fact in (("version", VERSION), ("procrastinate", installed_schema())):
        db.execute("INSERT INTO facts (name, value) VALUES (%s, %s)", fact)


def _migrate(db: "psycopg.Connection[TupleRow]", before: str) -> None:
    for migration in migrations():
        if migration.stem > before:
            db.execute(migration.read_bytes())
    db.execute("UPDATE facts SET value = %s WHERE name = 'procrastinate'", (installed_schema(),))
