"""What the state of delivered articles costs: bytes on disk, and microseconds a look-up.

Run as `make bench-store`. The state is filled with articles of random sketches through its own
tables, then opened anew and asked. In a file of SQLite, or with `--postgresql` on a server.
"""

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from tests.postgres_server import PostgresServer
from zjnews.items import Article
from zjnews.state import State
from zjnews.state.copying import COLUMNS
from zjnews.state.outbox import Batch
from zjnews.text import sketches

_CHUNK = 100_000
_ASKED = 20_000
_RECORD = 5_000
"""Characters of a record."""
_FIRST = 10_000_000
"""Number of the first article."""


def fill(address: str, rows: int, done: int) -> None:
    """Add articles to a state until it holds so many."""
    state = State(address)
    if not state.db.is_shared:
        state.db.run("PRAGMA cache_size = -2000000")  # of the filling, not of the asking
    rng = random.Random(done)
    for start in range(done, rows, _CHUNK):
        articles = []
        for key in range(start, min(start + _CHUNK, rows)):
            published = 1_000_000_000 + key * 26
            articles.append(
                (
                    key + 1,
                    f"trs:20260914:{_FIRST + key}",
                    1,
                    rng.randbytes(16),
                    published,
                    "second",
                    published,
                    None,
                    None,
                    rng.randbytes(64),
                )
            )
        with state.db.transaction():
            state.db.fill("articles", COLUMNS["articles"], articles)
            bands = [(band, row[0]) for row in articles for band in sketches.bands(row[-1])]
            state.db.fill("bands", COLUMNS["bands"], sorted(bands))
    state.close()


def microseconds(ask: Callable[[int], object], numbers: list[int]) -> float:
    """Median time of one call."""
    times = []
    for number in numbers:
        start = time.perf_counter()
        ask(number)
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1e6


def bytes_of(state: State) -> int:
    if not state.db.is_shared:
        return Path(state.db.path).stat().st_size
    return int(state.db.one("SELECT pg_database_size(current_database())")[0])


def measure(address: str, rows: int) -> str:
    state = State(address)
    rng = random.Random(7)
    size = bytes_of(state)
    asked = [rng.randrange(rows) for _ in range(_ASKED)]
    known = microseconds(lambda n: state.known.find(f"trs:20260914:{_FIRST + n}"), asked)
    unknown = microseconds(lambda n: state.known.find(f"trs:20260914:{n}"), asked)

    def is_copy(number: int) -> object:
        state.run.claim(f"trs:20260914:{number}", "")
        return state.run.first_like(f"trs:20260914:{number}", rng.randbytes(64))

    copies = microseconds(is_copy, asked[: _ASKED // 10])
    batch = Batch("out.jsonl", {})

    def add(number: int) -> None:
        article = Article(id=f"app:{number}", content_hash=rng.randbytes(32).hex())
        state.claim(article)
        state.run.first_like(article.id, rng.randbytes(64))
        state.add(article, "x" * _RECORD, [batch])

    added = microseconds(add, list(range(_ASKED // 10)))
    state.outbox.delivered(batch)
    for table, key in (("articles", "key"), ("bands", "article")):
        state.db.run(f"DELETE FROM {table} WHERE {key} > ?", rows)  # noqa: S608
    state.close()
    return (
        f"{rows:>12,} {size / 2**20:>9,.0f} {size / rows:>7.0f}"
        f" {known:>9.1f} {unknown:>9.1f} {copies:>9.1f} {added:>9.1f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000])
    parser.add_argument("--folder", type=Path, help="where to make the state, else a temporary one")
    parser.add_argument("--postgresql", action="store_true", help="in place of SQLite")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder, ExitStack() as stack:
        address = str(Path(folder) / "state.db")
        if options.postgresql:
            server = PostgresServer()
            stack.callback(server.remove)
            server.start()
            address = server.new()
        print("    articles        MB  bytes/a  known µs   new µs   copy µs      add µs")
        done = 0
        for rows in sorted(options.rows):
            fill(address, rows, done)
            done = rows
            print(measure(address, rows), flush=True)


if __name__ == "__main__":
    main()
