"""How two readings of the same articles differ: two records key by key, two files record by record.

Files are JSON Lines. Only the place of each record is kept, in a temporary database on disk.
"""

import errno
import gzip
import json
import re
import shutil
import sqlite3
import tempfile
import zlib
from collections import Counter
from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from enum import Enum
from itertools import zip_longest
from pathlib import Path
from typing import Any, BinaryIO, Literal, cast

from zjnews.items import RECORD_KEYS
from zjnews.review.records import LONGEST, NAMED, NoRecordError, Record, record_in
from zjnews.text.cleaning import counted, printable

_GZIP = b"\x1f\x8b"

_WIDTH = 40
_BEFORE = 10
"""Characters of a value on one line, and those of them before the difference."""
_MOST_PARTS = 4_000
_MOST_PAIRS = 40_000
"""Parts, and pairs of equal ones, up to which difflib looks which of them go together: that takes a
second at most, and ten at twice as many."""
_MOST_CUT = 20_000
"""Characters of texts that are cut into words, which take far more memory than the text."""
_LEAST_ALIKE = 0.3
"""Share of two texts below which what they have in common is chance."""
_UNIT = re.compile(r"[A-Za-z]+|.", re.DOTALL)
"""What is marked as a whole: a word in Latin letters, else a character."""

Mark = Literal["same", "del", "ins"]


class Missing(Enum):
    """The value of a key that a record lacks, which null is not."""

    MISSING = "missing"


MISSING = Missing.MISSING


# --- Two records ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Difference:
    """A value that two records do not share. As text it is one line, long values shortened around
    the first difference: `title: "旧题" -> "新题"`."""

    path: str
    """The key; inside a list of blocks also block and key: `body[3].text`."""
    old: Any
    """As JSON gives it, or MISSING."""
    new: Any

    def __str__(self) -> str:
        first, *more = by_block(self)
        old, new = as_json(first.old), as_json(first.new)
        at = _same_start(old, new)
        others = f" (and {len(more):,} more)" if more else ""
        return f"{printable(first.path)}: {_around(old, at)} -> {_around(new, at)}{others}"


def differences(
    old: Mapping[str, Any], new: Mapping[str, Any], ignored: Collection[str] = ()
) -> dict[str, Difference]:
    """What differs, by key, in the order of the record, unknown keys last. Empty if the two are
    equal as JSON: 1 is not true, the order of keys means nothing."""
    found = {}
    for key in dict.fromkeys((*RECORD_KEYS, *old, *new)):
        before, after = old.get(key, MISSING), new.get(key, MISSING)
        if key not in ignored and _canonical(before) != _canonical(after):
            found[key] = Difference(key, before, after)
    return found


def by_block(difference: Difference) -> list[Difference]:
    """The difference block by block if both values are lists of blocks, else as it is. A block has
    its number in the old list; a new one that in the new list."""
    lists = difference.old, difference.new
    if not all(isinstance(each, list) and all(isinstance(b, dict) for b in each) for each in lists):
        return [difference]
    found = []
    for number, before, after in _aligned(difference.old, difference.new):
        block = Difference(f"{difference.path}[{number}]", before, after)
        if MISSING in (before, after) or before.get("type") != after.get("type"):
            found.append(block)
            continue
        found += [
            Difference(f"{block.path}.{key}", inner.old, inner.new)
            for key, inner in differences(before, after).items()
        ]
    return found


def _canonical(value: Any) -> Any:
    """What is equal where two values are equal as JSON."""
    return value if isinstance(value, str | Missing) else (json.dumps(value, sort_keys=True),)


def _aligned(old: list[Any], new: list[Any]) -> Iterator[tuple[int, Any, Any]]:
    """The number of each block that differs, and its two values, of which one may be MISSING."""
    for before, after in changes([*map(_canonical, old)], [*map(_canonical, new)]):
        numbers = range(before.start, before.stop), range(after.start, after.stop)
        for one, other in zip_longest(*numbers):
            yield (
                other if one is None else one,
                MISSING if one is None else old[one],
                MISSING if other is None else new[other],
            )


# --- Two texts ------------------------------------------------------------------------------------


def as_json(value: Any) -> str:
    """The value as JSON, or `missing`."""
    return MISSING.value if value is MISSING else json.dumps(value, ensure_ascii=False)


def shortened(text: str, width: int = _WIDTH) -> str:
    """The beginning of a text, printable, with … if it goes on."""
    return printable(text[:width]) + ("…" if len(text) > width else "")


def marks(old: str, new: str) -> list[tuple[Mark, str]]:
    """Both texts in one: without the `ins` parts the old text, without the `del` parts the new one.
    Looks for equal paragraphs, then inside those that differ; what is too long to look through
    is marked as a whole."""
    found: list[tuple[Mark, str]] = []
    for before, after in _side_by_side(old.splitlines(True), new.splitlines(True)):
        found += [("same", before)] if before == after else _marks_inside(before, after)
    return [(mark, text) for mark, text in found if text]


def changes(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[tuple[slice, slice]]:
    """Which parts of the old sequence are replaced by which of the new one, in order. If there is
    too much to look through, one part from the first difference to the last."""
    start = _same_start(old, new)
    end = _same_start(old[start:][::-1], new[start:][::-1])
    before, after = old[start : len(old) - end], new[start : len(new) - end]
    if not before and not after:
        return []
    if not before or not after or _is_too_much(before, after):
        return [(slice(start, start + len(before)), slice(start, start + len(after)))]
    opcodes = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    return [
        (slice(start + i1, start + i2), slice(start + j1, start + j2))
        for tag, i1, i2, j1, j2 in opcodes
        if tag != "equal"
    ]


def _is_too_much(old: Sequence[Hashable], new: Sequence[Hashable]) -> bool:
    if len(old) + len(new) > _MOST_PARTS:
        return True
    in_old, in_new = Counter(old), Counter(new)
    return sum(count * in_new[part] for part, count in in_old.items()) > _MOST_PAIRS


def _same_start(old: Sequence[Hashable], new: Sequence[Hashable]) -> int:
    """How many parts at the start are equal."""
    pairs = enumerate(zip(old, new, strict=False))
    return next((at for at, (one, other) in pairs if one != other), min(len(old), len(new)))


def _side_by_side(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Two texts cut where a difference begins or ends: pairs of equal and of different pieces."""
    at = 0
    for before, after in changes(old, new):
        yield "".join(old[at : before.start]), "".join(old[at : before.start])
        yield "".join(old[before]), "".join(new[after])
        at = before.stop
    yield "".join(old[at:]), "".join(old[at:])


def _marks_inside(old: str, new: str) -> list[tuple[Mark, str]]:
    """The marks of paragraphs that differ."""
    is_short = len(old) + len(new) <= _MOST_CUT
    units = (_UNIT.findall(old), _UNIT.findall(new)) if is_short else (old, new)
    found: list[tuple[Mark, str]] = []
    for before, after in _side_by_side(*units):
        found += [("same", before)] if before == after else [("del", before), ("ins", after)]
    same = sum(len(text) for mark, text in found if mark == "same")
    is_alike = same >= _LEAST_ALIKE * min(len(old), len(new))
    return found if is_alike else [("del", old), ("ins", new)]


def _around(text: str, at: int) -> str:
    """The part of a text around a place, printable, with … where it is cut."""
    start = max(0, at - _BEFORE) if len(text) > _WIDTH else 0
    return ("…" if start else "") + shortened(text[start:])


# --- Two files ------------------------------------------------------------------------------------


def name_of(record: Mapping[str, Any]) -> str:
    """The id, with the revision where it is not the first."""
    revision = record.get("revision", 1)
    return shortened(record["id"], 60) + (f" revision {revision}" if revision != 1 else "")


def title_of(record: Mapping[str, Any]) -> str:
    """The title, shortened to one line."""
    title = record.get("title")
    return shortened(title if isinstance(title, str) else "(no title)", 60)


class Feed:
    """A file of records, and what was found in it."""

    def __init__(self, path: str | Path) -> None:
        """Raises OSError."""
        self.path = path
        self.records = 0
        """Different ones."""
        self.lines = 0
        """Lines with a record; of several with the same record, the last one counts."""
        self.broken = 0
        """Lines without one."""
        self.named: list[str] = []
        """The first of these, each with file, line number and what is wrong."""
        self.file: BinaryIO = Path(path).open("rb")  # noqa: SIM115  closed by the caller
        if not self.file.seekable():
            self.file.close()
            raise OSError(errno.ESPIPE, "not a file, which can be read twice", str(path))
        if self.file.peek(2)[:2] == _GZIP:
            self.file = _unpacked(self.file, path)

    def close(self) -> None:
        self.file.close()

    def walk(self) -> Iterator[tuple[bytes, int, int]]:
        """For every record its key (id and revision, which is 1 if an older version of the record
        has none), the byte where it begins, and a hash of its line. Counts and names what is no
        record; empty lines are passed over."""
        for number, (place, line) in enumerate(self._lines(), 1):
            try:
                if line.strip():
                    record = record_in(line)
                    key = f"{record.get('revision', 1)} {record['id']}"
                    yield key.encode("utf-8", "surrogatepass"), place, hash(line)
            except NoRecordError as error:
                self.broken += 1
                if self.broken <= NAMED:
                    self.named.append(f"{printable(str(self.path))}:{number}: no record: {error}")

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        place = 0
        while line := self.file.readline(LONGEST):
            yield place, line
            while len(line) == LONGEST and not line.endswith(b"\n"):
                place += len(line)
                line = self.file.readline(LONGEST)
            place += len(line)

    def record(self, place: int, hashed: int) -> Record:
        """The record that begins at a byte. Raises OSError, also where the file has changed."""
        self.file.seek(place)
        line = self.file.readline(LONGEST)
        if hash(line) != hashed:
            raise OSError(errno.ESTALE, "was changed while it was read", str(self.path))
        return record_in(line)

    def __str__(self) -> str:
        parts = [counted(self.records, "record")]
        if repeats := self.lines - self.records:
            parts.append(f"{counted(repeats, 'repeat')} (the last one counts)")
        if self.broken:
            parts.append(f"{counted(self.broken, 'line')} without a record")
        return f"{printable(str(self.path))}: {', '.join(parts)}"


def _unpacked(packed: BinaryIO, path: str | Path) -> BinaryIO:
    """The content of a gzipped file in a temporary one, which can be read from any byte. Raises
    OSError."""
    file = cast("BinaryIO", tempfile.TemporaryFile())  # noqa: SIM115  closed by the caller
    try:
        with packed, gzip.open(packed) as lines:
            shutil.copyfileobj(lines, file, 1024 * 1024)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        file.close()
        raise OSError(errno.EIO, f"damaged gzip: {error}", str(path)) from error
    file.seek(0)
    return file


@dataclass
class Section:
    """The records that differ in one way."""

    name: str
    """`lost`: only the old file has them; `gained`: only the new one; else a key, whose values
    differ."""
    count: int = 0
    examples: list[tuple[Record, Difference | None]] = field(default_factory=list)
    """The first of them, each with its difference in the key."""

    def __str__(self) -> str:
        return f"{printable(self.name)}: {counted(self.count, 'record')}"


@dataclass
class Comparison:
    """How two files differ."""

    old: Feed
    new: Feed
    ignored: Collection[str]
    common: int
    """How many records both files have."""
    is_reordered: bool
    """Whether the records that both have are in another order."""
    lost: Section
    gained: Section
    differing: int = 0
    """How many of the records that both have differ."""
    by_key: dict[str, Section] = field(default_factory=dict)

    @property
    def sections(self) -> list[Section]:
        """Lost, gained, then the keys in the order of the record."""
        keys = dict.fromkeys((*RECORD_KEYS, *sorted(self.by_key)))
        found = [self.by_key[key] for key in keys if key in self.by_key]
        return [self.lost, self.gained, *found]

    def summary(self) -> list[str]:
        """The first lines of the report."""
        ignored = f"; {', '.join(self.ignored)} ignored" if self.ignored else ""
        both = f"in both: {counted(self.common, 'record')}, {self.differing:,} differ{ignored}"
        order = ["the records that both have stand in another order"] if self.is_reordered else []
        return [str(self.old), str(self.new), both, *order]


_TABLE = """
CREATE TABLE record
    (key BLOB PRIMARY KEY, old INTEGER, old_hash INTEGER, new INTEGER, new_hash INTEGER)
    WITHOUT ROWID
"""
_NOTE = """
INSERT INTO record (key, {0}, {0}_hash) VALUES (?, ?, ?)
    ON CONFLICT (key) DO UPDATE SET {0} = excluded.{0}, {0}_hash = excluded.{0}_hash
"""
_ALONE = "SELECT {0}, {0}_hash FROM record WHERE {1} IS NULL ORDER BY {0} LIMIT ?"
_BACKWARDS = """
SELECT EXISTS (SELECT 1 FROM
    (SELECT new < lag(new) OVER (ORDER BY old) AS is_back FROM record WHERE new + old IS NOT NULL)
    WHERE is_back)
"""
_UNLIKE = "SELECT old, old_hash, new, new_hash FROM record WHERE old_hash <> new_hash ORDER BY old"


def compare(old: Feed, new: Feed, ignored: Collection[str], examples: int) -> Comparison:
    """Compare two files; differences in the ignored keys do not count. Raises OSError,
    sqlite3.Error."""
    with closing(sqlite3.connect("")) as index:  # a temporary file
        index.execute(_TABLE)
        for name, feed in (("old", old), ("new", new)):
            feed.lines = index.executemany(_NOTE.format(name), feed.walk()).rowcount
        counts = index.execute("SELECT count(old), count(new), count(old + new) FROM record")
        [(old.records, new.records, common)] = counts
        [(is_reordered,)] = index.execute(_BACKWARDS)
        lost, gained = (
            Section("lost", old.records - common),
            Section("gained", new.records - common),
        )
        for section, feed, names in ((lost, old, ("old", "new")), (gained, new, ("new", "old"))):
            alone = index.execute(_ALONE.format(*names), [examples])
            section.examples = [(feed.record(*at), None) for at in alone]
        found = Comparison(old, new, ignored, common, is_reordered, lost, gained)
        for *at_old, at_new, hash_new in index.execute(_UNLIKE):
            record = new.record(at_new, hash_new)
            differing = differences(old.record(*at_old), record, ignored)
            found.differing += bool(differing)
            for key, difference in differing.items():
                section = found.by_key.setdefault(key, Section(key))
                section.count += 1
                if len(section.examples) < examples:
                    section.examples.append((record, difference))
    return found
