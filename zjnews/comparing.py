"""How two readings of the same articles differ: two records key by key, two files record by record.

Files are JSON Lines. Of a file only the place of each record is kept, never the record.
"""

from __future__ import annotations

import errno
import gzip
import json
import re
import shutil
import tempfile
import zlib
from array import array
from collections import Counter
from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import Enum
from hashlib import blake2b
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Literal, cast

from zjnews.items import RECORD_KEYS
from zjnews.text import printable

NAMED = 5
"""So many lines of a file that are no record are named; all are counted."""

_LONGEST = 64 << 20
"""Bytes of a line beyond which it is no record, so that no file is read as one line."""
_DEEPEST = 100
"""Levels beyond which a line is no record; a record has four."""
_CHANGED = "{} was changed while it was read"
_NOWHERE = -1
"""The place of a record in a file that does not have it."""

_WIDTH = 40
_BEFORE = 10
"""Characters of a value on one line, and those of them before the difference."""
_MOST_PARTS = 4_000
_MOST_PAIRS = 40_000
"""Beyond so many parts, or pairs of equal ones, nobody looks which of them go together: difflib
takes up to a second at these, and ten at twice as many."""
_MOST_CUT = 20_000
"""Characters of texts that are cut into words, which take far more memory than the text."""
_LEAST_ALIKE = 0.3
"""Where a smaller share of two texts is the same, what is the same is so by chance."""
_UNIT = re.compile(r"[A-Za-z]+|.", re.DOTALL)
"""What is marked as a whole: a word in Latin letters, else a character."""

Mark = Literal["same", "del", "ins"]


class Missing(Enum):
    """The value of a key that a record does not have; null is another."""

    MISSING = "missing"


MISSING = Missing.MISSING


class NoRecordError(ValueError):
    """A line is no record; the message says why in a few words."""


class ChangedError(Exception):
    """A file is not what it was when the comparison began; the message is one line for a person."""


# --- Two records ----------------------------------------------------------------------------------
_GZIP = b"\x1f\x8b"


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
        first, *more = places(self)
        old, new = shown(first.old), shown(first.new)
        at = _same_start(old, new)
        others = f" (and {len(more):,} more)" if more else ""
        return f"{printable(first.path)}: {_around(old, at)} -> {_around(new, at)}{others}"


def differences(
    old: Mapping[str, Any], new: Mapping[str, Any], ignored: Collection[str] = ()
) -> dict[str, Difference]:
    """What differs, by key, in the order of the record; keys that no record has stand last. Empty
    where the two are equal as JSON: 1 is not true, the order of keys means nothing."""
    found = {}
    for key in dict.fromkeys((*RECORD_KEYS, *old, *new)):
        before, after = old.get(key, MISSING), new.get(key, MISSING)
        if key not in ignored and not _is_same(before, after):
            found[key] = Difference(key, before, after)
    return found


def places(difference: Difference) -> list[Difference]:
    """The difference by block where both values are lists of blocks, else as it is. A block has its
    number in the old list, or in the new one where it is new."""
    old, new = difference.old, difference.new
    if not (_is_blocks(old) and _is_blocks(new)):
        return [difference]
    found = []
    for number, before, after in _aligned(old, new):
        block = Difference(f"{difference.path}[{number}]", before, after)
        found += _inside(block)
    return found


def _is_same(old: Any, new: Any) -> bool:
    if old is new or type(old) is not type(new):
        return old is new
    return bool(old == new) if isinstance(old, str) else _canonical(old) == _canonical(new)


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _is_blocks(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(block, dict) for block in value)


def _aligned(old: list[Any], new: list[Any]) -> Iterator[tuple[int, Any, Any]]:
    """The blocks that differ, side by side, each with its number; MISSING beside what has none."""
    changed = changes([_canonical(block) for block in old], [_canonical(block) for block in new])
    for before, after in changed:
        pairs = min(before.stop - before.start, after.stop - after.start)
        for step in range(pairs):
            yield before.start + step, old[before.start + step], new[after.start + step]
        for number in range(before.start + pairs, before.stop):
            yield number, old[number], MISSING
        for number in range(after.start + pairs, after.stop):
            yield number, MISSING, new[number]


def _inside(block: Difference) -> list[Difference]:
    """The keys of a block that differ, or the block as a whole where it is of another kind."""
    old, new = block.old, block.new
    if MISSING in (old, new) or old.get("type") != new.get("type"):
        return [block]
    return [
        Difference(f"{block.path}.{key}", inner.old, inner.new)
        for key, inner in differences(old, new).items()
    ]


# --- Two texts ------------------------------------------------------------------------------------


def shown(value: Any) -> str:
    """The value as JSON, or `missing`."""
    return MISSING.value if value is MISSING else json.dumps(value, ensure_ascii=False)


def shortened(text: str, width: int = _WIDTH) -> str:
    """The beginning of a text, printable, with … where it goes on."""
    return printable(text[:width]) + ("…" if len(text) > width else "")


def marks(old: str, new: str) -> list[tuple[Mark, str]]:
    """The new text with what is gone and what is new, in order: without the `ins` parts it is the
    old text, without the `del` parts the new one. Looks for equal paragraphs first, then inside
    those that differ; where there is too much to look through, they are marked as a whole."""
    found: list[tuple[Mark, str]] = []
    for before, after in _side_by_side(old.splitlines(True), new.splitlines(True)):
        found += [("same", before)] if before == after else _marks_inside(before, after)
    return [(mark, text) for mark, text in found if text]


def changes(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[tuple[slice, slice]]:
    """Which parts of the old sequence are replaced by which of the new one, in order. Where there
    is too much to look through, it is one part from the first difference to the last."""
    start = _same_start(old, new)
    end = _same_start(old[start:][::-1], new[start:][::-1])
    before, after = old[start : len(old) - end], new[start : len(new) - end]
    if not before and not after:
        return []
    whole = slice(start, start + len(before)), slice(start, start + len(after))
    if not before or not after or _is_too_much(before, after):
        return [whole]
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
    """How many parts at the start are the same."""
    pairs = enumerate(zip(old, new, strict=False))
    return next((at for at, (one, other) in pairs if one != other), min(len(old), len(new)))


def _side_by_side(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Two texts in parts, put together again as far as they are the same, or differ."""
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
    same = 0
    for before, after in _side_by_side(*units):
        same += len(before) if before == after else 0
        found += [("same", before)] if before == after else [("del", before), ("ins", after)]
    is_alike = same >= _LEAST_ALIKE * min(len(old), len(new))
    return found if is_alike else [("del", old), ("ins", new)]


def _around(text: str, at: int) -> str:
    """The part of a text around a place, printable, with … where it is cut."""
    start = max(0, at - _BEFORE) if len(text) > _WIDTH else 0
    return ("…" if start else "") + shortened(text[start:])


# --- Two files ------------------------------------------------------------------------------------


def parse(line: bytes) -> dict[str, Any]:
    """The record on a line. Raises NoRecordError."""
    if len(line) >= _LONGEST:
        raise NoRecordError(f"longer than {_LONGEST >> 20} MiB")
    try:
        record = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        is_torn = not line.endswith(b"\n")
        says = "not UTF-8" if isinstance(error, UnicodeDecodeError) else "not JSON"
        raise NoRecordError("the file ends inside it" if is_torn else says) from error
    if not isinstance(record, dict):
        raise NoRecordError("not an object")
    if not isinstance(record.get("id"), str) or not record["id"]:
        raise NoRecordError("no id")
    if type(record.get("revision", 1)) is not int:
        raise NoRecordError("its revision is no number")
    if line.count(b"[") + line.count(b"{") > _DEEPEST and _is_deep(record):
        raise NoRecordError("nested too deep")
    return record


def _is_deep(record: dict[str, Any]) -> bool:
    level: list[Any] = [record]
    for _ in range(_DEEPEST):
        lists = [list(value.values()) if isinstance(value, dict) else value for value in level]
        level = [inner for each in lists for inner in each if isinstance(inner, list | dict)]
    return bool(level)


def key_of(record: Mapping[str, Any]) -> bytes:
    """What a record is matched by: its id and revision, which is 1 where an older version of the
    record has none. The same size for all."""
    key = f"{record.get('revision', 1)} {record['id']}"
    return blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def name_of(record: Mapping[str, Any]) -> str:
    """The id, with the revision where it is not the first."""
    revision = record.get("revision", 1)
    return shortened(record["id"], 60) + (f" revision {revision}" if revision != 1 else "")


def title_of(record: Mapping[str, Any]) -> str:
    """The title for a person, shortened."""
    title = record.get("title")
    return shortened(title if isinstance(title, str) else "(no title)", 60)


def _unpacked(packed: BinaryIO, path: str | Path) -> BinaryIO:
    """What a gzipped file holds, in a temporary one, which can be read anywhere. Raises OSError."""
    file = cast("BinaryIO", tempfile.TemporaryFile())  # noqa: SIM115  closed by the caller
    try:
        with packed, gzip.open(packed) as lines:
            shutil.copyfileobj(lines, file, 1024 * 1024)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise OSError(errno.EIO, f"damaged gzip: {error}", str(path)) from error
    file.seek(0)
    return file


class Reading:
    """A file of records, and what was found in it. A context manager, which closes it."""

    def __init__(self, path: str | Path) -> None:
        """Raises OSError."""
        self.path = path
        self.file: BinaryIO = Path(path).open("rb")  # noqa: SIM115  closed by __exit__
        if not self.file.seekable():
            self.file.close()
            raise OSError(errno.ESPIPE, "not a file, which can be read twice", str(path))
        if self.file.peek(2)[:2] == _GZIP:
            self.file = _unpacked(self.file, path)
        self.places = array("q")
        """By the number of a record in the comparison, the byte where its last line begins."""
        self.records = 0
        """How many, each counted once."""
        self.repeats = 0
        """Lines with a record that stands again further down."""
        self.broken = 0
        """Lines that are no record."""
        self.named: list[str] = []
        """The first of them, each with file, line number and what is wrong."""

    def __enter__(self) -> Reading:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.file.close()

    def walk(self) -> Iterator[tuple[int, bytes, dict[str, Any]]]:
        """Every record with its place and line; counts and names what is none. Empty lines are
        passed over."""
        for number, (place, line) in enumerate(self._lines(), 1):
            try:
                if line.strip():
                    yield place, line, parse(line)
            except NoRecordError as error:
                self.broken += 1
                if self.broken <= NAMED:
                    self.named.append(f"{printable(str(self.path))}:{number}: no record: {error}")

    def order(self) -> list[int]:
        """The numbers of its records, in its order."""
        here = (number for number, place in enumerate(self.places) if place != _NOWHERE)
        return sorted(here, key=self.places.__getitem__)

    def line_at(self, place: int) -> bytes:
        self.file.seek(place)
        return self.file.readline(_LONGEST)

    def record_at(self, place: int) -> dict[str, Any]:
        """Raises ChangedError."""
        try:
            return parse(self.line_at(place))
        except NoRecordError as error:
            raise ChangedError(_CHANGED.format(self.path)) from error

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        place = 0
        while line := self.file.readline(_LONGEST):
            yield place, line
            while len(line) == _LONGEST and not line.endswith(b"\n"):
                place += len(line)
                line = self.file.readline(_LONGEST)
            place += len(line)


class Comparison:
    """Two files of records, held against each other. What differs is known by record and key; the
    values are read again when they are asked for."""

    def __init__(self, old: Reading, new: Reading, ignored: Collection[str] = ()) -> None:
        """Walk both files, whose differences in the ignored keys do not count. Raises OSError,
        ChangedError."""
        self.old = old
        self.new = new
        self.ignored = ignored
        self._numbers: dict[bytes, int] = {}
        self._changed: list[tuple[str, ...]] = []  # by number, the keys that differ
        alike: dict[tuple[str, ...], tuple[str, ...]] = {}
        for place, _, record in old.walk():
            self._note(old, record, place)
        for place, line, record in new.walk():
            number = self._note(new, record, place)
            if old.places[number] != _NOWHERE:
                keys = self._keys_changed(old.places[number], line, record)
                self._changed[number] = alike.setdefault(keys, keys)
        self._numbers.clear()  # only the walk needs them, and they are most of what is in memory
        self._common = [number for number in old.order() if new.places[number] != _NOWHERE]

    def _note(self, reading: Reading, record: Mapping[str, Any], place: int) -> int:
        """Keep where a record stands, and give its number."""
        number = self._numbers.setdefault(key_of(record), len(self._numbers))
        if number == len(self._changed):
            self.old.places.append(_NOWHERE)
            self.new.places.append(_NOWHERE)
            self._changed.append(())
        is_first = reading.places[number] == _NOWHERE
        reading.records += is_first
        reading.repeats += not is_first
        reading.places[number] = place
        return number

    def _keys_changed(self, place: int, line: bytes, record: Mapping[str, Any]) -> tuple[str, ...]:
        if self.old.line_at(place) == line:
            return ()
        return tuple(differences(self.old.record_at(place), record, self.ignored))

    @property
    def common(self) -> int:
        """How many records both files have."""
        return len(self._common)

    @property
    def lost(self) -> int:
        """How many records only the old file has."""
        return self.old.records - self.common

    @property
    def gained(self) -> int:
        """How many records only the new file has."""
        return self.new.records - self.common

    @property
    def differing(self) -> int:
        """How many of the records that both have differ."""
        return sum(map(bool, self._changed))

    @property
    def broken(self) -> int:
        """How many lines of either file are no record."""
        return self.old.broken + self.new.broken

    @property
    def is_reordered(self) -> bool:
        """Whether the records that both have stand in another order."""
        order = [self.new.places[number] for number in self._common]
        return any(one > other for one, other in pairwise(order))

    def counts(self) -> dict[str, int]:
        """How many records differ, by key, in the order of the record."""
        counter: Counter[str] = Counter()
        for keys, count in Counter(self._changed).items():
            counter.update(dict.fromkeys(keys, count))
        others = sorted(counter.keys() - set(RECORD_KEYS))
        return {key: counter[key] for key in (*RECORD_KEYS, *others) if counter[key]}

    def lost_records(self) -> Iterator[dict[str, Any]]:
        """In the order of the old file. Raises OSError, ChangedError, as all that reads again."""
        return self._without(self.old, self.new)

    def gained_records(self) -> Iterator[dict[str, Any]]:
        """In the order of the new file."""
        return self._without(self.new, self.old)

    def changed_records(self, key: str) -> Iterator[tuple[dict[str, Any], Difference]]:
        """The new records that differ in a key, with how, in the order of the old file."""
        for number in self._common:
            if key in self._changed[number]:
                old = self.old.record_at(self.old.places[number])
                new = self.new.record_at(self.new.places[number])
                found = differences(old, new)
                if key not in found:
                    raise ChangedError(_CHANGED.format(self.old.path))
                yield new, found[key]

    def _without(self, reading: Reading, other: Reading) -> Iterator[dict[str, Any]]:
        for number in reading.order():
            if other.places[number] == _NOWHERE:
                yield reading.record_at(reading.places[number])

    def summary(self) -> list[str]:
        """What a person wants to know first, in a few lines."""
        ignored = f"; {', '.join(self.ignored)} ignored" if self.ignored else ""
        lines = [
            _found_in(self.old),
            _found_in(self.new),
            f"in both: {counted(self.common, 'record')}, {self.differing:,} differ{ignored}",
        ]
        if self.is_reordered:
            lines.append("the records that both have stand in another order")
        return lines


def counted(count: int, word: str) -> str:
    """`1 record`, `2 records`."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def _found_in(reading: Reading) -> str:
    parts = [counted(reading.records, "record")]
    if reading.repeats:
        parts.append(f"{counted(reading.repeats, 'repeat')} (the last one counts)")
    if reading.broken:
        parts.append(f"{counted(reading.broken, 'line')} without a record")
    return f"{printable(str(reading.path))}: {', '.join(parts)}"
