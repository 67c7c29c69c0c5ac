"""Moves a state from one database to another, such as from a file to PostgreSQL."""

from collections.abc import Callable, Iterator
from typing import Any

from zjnews.state import sql
from zjnews.state.database import Database, Lock, StateError

COLUMNS = {
    "articles": "key, id, revision, content_hash, published_at, precision, scraped_at, etag,"
    " last_modified, sketch",
    "bands": "band, article",
    "passed": "address, reason, article, published_at, precision, asked_at, last_at, days",
    "walks": "name, since, until",
    "crawls": "key, spider, lists, machine, pid, began_at",
    "batches": "key, crawl, uri, options, number, begins, length, digest",
    "records": "key, batch, article, record",
    "set_aside": "key, uri, reason, record",
    "runs": "key, id, spider, lists, started, ended, status, figures",
    "canaries": "name, address, layout, keys, published_at",
    "matches": "alert, article, revision, found, found_at, told_at",
    "notices": "key, target, title, body, made_at",
}
"""By table, of what is kept: all but what crawls under way have to themselves."""
_EVERY = 10_000
"""Rows after which the progress is told."""


def copy(
    source: Database, target: Database, on_progress: Callable[[str, int], None]
) -> dict[str, int]:
    """Copy all that is kept, or nothing. How many rows of each table. `on_progress`: called with a
    table and the rows so far. Raises StateError, also if the target knows something already."""
    for table in ("articles", "passed", "batches"):
        if target.one(f"SELECT 1 FROM {table} LIMIT 1"):  # noqa: S608  a name of our own
            raise StateError(f"{target.path} is not empty; nothing was copied")
    if not all(source.lock(Lock.CRAWL, row[0]) for row in source.rows(sql.CRAWLS)):
        raise StateError(f"crawls are under way on {source.path}; nothing was copied")
    counts = {}
    with target.transaction(is_durable=True, is_alone=True):
        for table, columns in COLUMNS.items():
            rows = source.stream(f"SELECT {columns} FROM {table}")  # noqa: S608
            counts[table] = target.fill(table, columns, _told(rows, table, on_progress))
    return counts


def _told(
    rows: Iterator[Any], table: str, on_progress: Callable[[str, int], None]
) -> Iterator[Any]:
    for number, row in enumerate(rows, 1):
        if number % _EVERY == 0:
            on_progress(table, number)
        yield row
