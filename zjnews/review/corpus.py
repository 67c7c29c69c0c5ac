"""A corpus in one SQLite file: tables of articles, people, pictures and sections, and an index in
which Chinese words are found.

The index holds pairs of characters (`浙江在线` is `浙江 江在 在线 线`), so that a word of any
length is a phrase of pairs, and a single character the beginning of one. SQLite's own trigrams find
nothing shorter than three characters, and most Chinese words have two.
"""

import json
import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice, pairwise
from pathlib import Path
from typing import Any, Self

from sqlite_utils import Database

from zjnews.items import RECORD_KEYS, Article
from zjnews.review.records import NAMED, NoRecordError, Record, records_in
from zjnews.text.cleaning import counted

VERSION = 1
"""Raised whenever the tables or the index change."""
_APPLICATION = 0x7A6A6E63
"""`zjnc`: marks the file as ours."""
_MARKS = ("application_id", "user_version")
_TOGETHER = 500
"""Records of one transaction."""
_CACHE = 64_000
"""KiB of the file that are kept in memory."""
_ROLES = ("authors", "editors", "translators", "photographers")
_OF_PICTURE = ("url", "caption", "credit", "alt", "file", "sha1")
_LISTS = tuple(
    name for name, of in Article.__dataclass_fields__.items() if of.default_factory is list
)
_COLUMNS = (*RECORD_KEYS, "number", "day", "channel", "section", "editor")
"""Those of the table of articles: the keys of the record, lists as JSON, and what is chosen by."""
_CHOSEN_BY = ("day", "published_at", "channel", "section", "source", "layout", "editor", "number")
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")
_RUNS = re.compile(rf"{_HAN.pattern}|(?:(?!{_HAN.pattern})[^\W_])+")
_FIND = "SELECT number, revision, title, text FROM articles WHERE id = ?"
_INDEX = "INSERT INTO search (rowid, title, text) VALUES (?, ?, ?)"
_UNINDEX = "INSERT INTO search (search, rowid, title, text) VALUES ('delete', ?, ?, ?)"
_PARTS = {
    "people": ("role", "name"),
    "pictures": _OF_PICTURE,
    "sections": ("name",),
}
"""Tables of what an article has several of, with their columns beside article and position."""


def _put(table: str, columns: int) -> str:
    return f"INSERT OR REPLACE INTO {table} VALUES ({', '.join('?' * columns)})"  # noqa: S608  ours


_PUT = _put("articles", len(_COLUMNS))
_PUT_PART = {table: _put(table, len(columns) + 2) for table, columns in _PARTS.items()}
_DROP_PART = {table: f"DELETE FROM {table} WHERE article = ?" for table in _PARTS}  # noqa: S608


class CorpusError(Exception):
    """The file is no corpus; the message is one line for a person."""


def check(path: str | Path) -> None:
    """Raises CorpusError if a file is no corpus of this version."""
    try:
        with closing(sqlite3.connect(f"{Path(path).absolute().as_uri()}?mode=ro", uri=True)) as db:
            marks = [db.execute(f"PRAGMA {name}").fetchone()[0] for name in _MARKS]
    except sqlite3.Error as error:
        raise CorpusError(f"{path}: {error}") from error
    if marks[0] != _APPLICATION:
        raise CorpusError(f"{path} is a database of another kind")
    if marks[1] != VERSION:
        raise CorpusError(f"{path} is of version {marks[1]}, not {VERSION}; make it anew")


@dataclass
class Added:
    """What came of the records of some feeds."""

    new: int = 0
    replaced: int = 0
    older: int = 0
    """Records of which the corpus has a later revision already."""
    broken: int = 0
    named: list[str] = field(default_factory=list)
    """The first of what is no record, each with its file and what is wrong."""

    @property
    def seen(self) -> int:
        return self.new + self.replaced + self.older + self.broken

    def __str__(self) -> str:
        older = f", {self.older:,} older than what is there" if self.older else ""
        broken = f", {counted(self.broken, 'line')} without a record" if self.broken else ""
        return f"{counted(self.new, 'new article')}, {self.replaced:,} replaced{older}{broken}"


class Corpus:
    """One file, made where there is none."""

    def __init__(self, path: str | Path) -> None:
        """Raises CorpusError, sqlite3.Error."""
        self.db = Database(str(path))
        if self.db.table_names():
            check(path)
        else:
            self._make_tables()
        self.db.execute(f"PRAGMA cache_size = -{_CACHE}")
        [[last]] = self.db.execute("SELECT coalesce(max(number), 0) FROM articles").fetchall()
        self.last_number: int = last

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.db.execute("PRAGMA optimize")
        self.db.close()

    def _make_tables(self) -> None:
        self.db.execute(f"PRAGMA application_id = {_APPLICATION}")
        self.db.execute(f"PRAGMA user_version = {VERSION}")
        self.db.enable_wal()  # `browse` may read while more is added
        numbers = ("number", "revision", "page_count")
        kinds = {name: int if name in numbers else str for name in _COLUMNS}
        self.db.table("articles").create(kinds, pk="id", not_null=("number", "revision"))
        for name in _CHOSEN_BY:
            self.db.table("articles").create_index([name], unique=name == "number")
        for name, columns in _PARTS.items():
            kinds = {"article": str, "position": int, **dict.fromkeys(columns, str)}
            article = [("article", "articles", "id")]
            self.db.table(name).create(kinds, pk=("article", "position"), foreign_keys=article)
        self.db.table("people").create_index(["name"])
        self.db.table("sections").create_index(["name"])
        self.db.execute("CREATE VIRTUAL TABLE search USING fts5 (title, text, content='')")

    def add(self, paths: Iterable[str | Path]) -> Iterator[Added]:
        """Add the records of feeds, a transaction at a time; gives the counts so far after each.
        Of the revisions of an article the latest stays. Raises OSError, sqlite3.Error."""
        added = Added()
        for path in paths:
            records = records_in(path)
            while batch := list(islice(records, _TOGETHER)):
                with self.db.conn:
                    for record in batch:
                        self._add(record, str(path), added)
                yield added

    def _add(self, record: Record | NoRecordError, path: str, added: Added) -> None:
        if isinstance(record, NoRecordError):
            added.broken += 1
            if added.broken <= NAMED:
                added.named.append(f"{path}: {record}")
            return
        known = self.db.conn.execute(_FIND, [record["id"]]).fetchone()
        if known and known[1] > record["revision"]:
            added.older += 1
            return
        if known:
            number, _, title, text = known
            self.db.conn.execute(_UNINDEX, (number, *map(indexed, (title, text))))
            for statement in _DROP_PART.values():
                self.db.conn.execute(statement, [record["id"]])
            added.replaced += 1
        else:
            self.last_number += 1
            number = self.last_number
            added.new += 1
        self.db.conn.execute(_PUT, _row(record, number))
        title, text = record["title"], record["text"]
        self.db.conn.execute(_INDEX, (number, *map(indexed, (title, text))))
        for table, rows in _parts(record).items():
            self.db.conn.executemany(
                _PUT_PART[table],
                [(record["id"], place, *row) for place, row in enumerate(rows, 1)],
            )

    @property
    def count(self) -> int:
        [[count]] = self.db.execute("SELECT count(*) FROM articles").fetchall()
        return int(count)


def _row(record: Record, number: int) -> list[Any]:
    sections = record["sections"]
    more = {
        "number": number,
        "day": (record["published_at"] or "")[:10] or None,
        "channel": sections[0] if sections else None,
        "section": sections[-1] if sections else None,
        "editor": record["editors"][0] if record["editors"] else None,
    }
    values = record | more
    return [
        json.dumps(values[name], ensure_ascii=False) if name in _LISTS else values[name]
        for name in _COLUMNS
    ]


def _parts(record: Record) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of the other tables, without article and position."""
    return {
        "people": [(role.removesuffix("s"), name) for role in _ROLES for name in record[role]],
        "pictures": [tuple(image.get(key) for key in _OF_PICTURE) for image in record["images"]],
        "sections": [(name,) for name in record["sections"]],
    }


# --- search ---------------------------------------------------------------------------------------


def indexed(text: str | None) -> str:
    """A text as it is in the index: `浙江在线3月` -> `浙江 江在 在线 线 3 月`."""
    return " ".join(map(_pairs, _RUNS.findall(text))) if text else ""


def _pairs(run: str) -> str:
    if len(run) == 1 or not _HAN.match(run):
        return run
    return " ".join([*map("".join, pairwise(run)), run[-1]])


def query_of(words: str) -> str:
    """What a person types, as a query of the index, where every word must be there; "" if no letter
    is in it.

        莫干山 G20  ->  "莫干 干山" "G20"
    """
    return " ".join(filter(None, map(_phrase, words.split())))


def _phrase(word: str) -> str:
    """The pairs of a word in a row; a last character that has none may be the first of any."""
    if not (runs := _RUNS.findall(word)):
        return ""
    *_, last = runs
    pairs = " ".join(map(_pairs, runs))
    if not _HAN.match(last):
        return f'"{pairs}"'
    return f'"{pairs}"*' if len(last) == 1 else f'"{pairs[:-2]}"'
