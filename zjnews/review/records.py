"""The records of a feed: one line, or a file in any format that holds whole records."""

import bz2
import csv
import errno
import gzip
import io
import json
import lzma
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import fields
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import IO, Any

from zjnews.items import RECORD_KEYS, Article, Image

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

NAMED = 5
"""So many lines of a file that are no record are named; all are counted."""
LONGEST = 64 << 20
"""Bytes of the longest line that is read."""
_DEEPEST = 100
"""Levels of nesting that are read; a record has four."""
_CHUNK = 1 << 20
_ROWS = 200
"""Of a Parquet file that are read at a time."""
_PACKED: dict[bytes, Callable[..., Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ": lzma.open,
    b"(\xb5/\xfd": zstd.open,
}
_PARQUET = b"PAR1"
_DAMAGED = (EOFError, zlib.error, lzma.LZMAError, zstd.ZstdError, gzip.BadGzipFile)
_EMPTY = Article().record()
_LISTS_OF_OBJECTS = ("body", "images", "videos")
_OF_BLOCK = {
    "image": tuple(field.name for field in fields(Image)),
    "table": ("rows",),
    "video": ("url",),
}
"""The keys of a block by its type; others have `text`."""

Record = dict[str, Any]


class NoRecordError(ValueError):
    """A line is no record; the message says why in a few words."""


def record_in(line: bytes) -> Record:
    """The record on a line. Raises NoRecordError."""
    if len(line) >= LONGEST:
        raise NoRecordError(f"longer than {LONGEST >> 20} MiB")
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


def _is_deep(record: Record) -> bool:
    level: list[Any] = [record]
    for _ in range(_DEEPEST):
        lists = [list(value.values()) if isinstance(value, dict) else value for value in level]
        level = [inner for each in lists for inner in each if isinstance(inner, list | dict)]
    return bool(level)


def records_in(path: str | Path) -> Iterator[Record | NoRecordError]:
    """The records of a file, in any format that feeds are written in and that holds whole ones:
    JSON Lines, JSON, CSV, Parquet, also packed by gzip, bzip2, xz or zstd, whatever their names.
    Every key of the record is in each. What is no record is given as an error that says where and
    why; after damage that cannot be passed over nothing follows. Raises OSError."""
    with ExitStack() as stack:
        file: Any = stack.enter_context(Path(path).open("rb"))
        head = file.peek(6)[:6]
        if head.startswith(_PARQUET):
            found = _in_parquet(path)
        else:
            for start, unpacked in _PACKED.items():
                if head.startswith(start):
                    file = stack.enter_context(unpacked(file))
            found = _in_text(stack.enter_context(io.BufferedReader(file)))
        place = "its beginning"
        try:
            for place, raw in found:
                try:
                    yield _fitted(raw() if callable(raw) else raw)
                except NoRecordError as error:
                    yield NoRecordError(f"{place}: {error}")
        except _DAMAGED as error:
            yield NoRecordError(f"damaged after {place}: {error or 'it ends too early'}")


def _in_text(file: io.BufferedReader) -> Iterator[tuple[str, Any]]:
    """Place and raw record of each; what may raise NoRecordError is a function."""
    head = file.peek(_CHUNK)[:_CHUNK].removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if head == b"<":
        yield "line 1", _refused("XML, RSS or Atom, which does not hold whole records")
    elif head == b"[":
        with io.TextIOWrapper(file, "utf-8-sig", errors="replace") as text:
            yield from _in_json(text)
    elif head in (b"{", b""):
        for number, line in enumerate(_lines(file), 1):
            if line.strip():
                yield f"line {number}", partial(_from_line, line)
    else:
        with io.TextIOWrapper(file, "utf-8-sig", errors="replace", newline="") as text:
            yield from _in_csv(text)


def _in_csv(text: io.TextIOWrapper) -> Iterator[tuple[str, Any]]:
    csv.field_size_limit(LONGEST)
    number = 1
    try:
        for number, row in enumerate(csv.DictReader(text), 2):
            yield f"row {number}", partial(_from_cells, row)
    except csv.Error as error:
        yield f"row {number + 1}", _refused(str(error))


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    """Lines; of one that is too long the beginning."""
    while line := file.readline(LONGEST):
        yield line
        while len(line) == LONGEST and not line.endswith(b"\n"):
            line = file.readline(LONGEST)


def _in_json(text: io.TextIOWrapper) -> Iterator[tuple[str, Any]]:
    """The objects of an array, of which one at a time is in memory."""
    decoder, rest, number = json.JSONDecoder(), text.read(_CHUNK).lstrip()[1:], 0
    while True:
        rest = rest.lstrip(" \t\r\n,")
        try:
            record, end = decoder.raw_decode(rest)
        except (ValueError, RecursionError):
            if rest.startswith("]"):
                return
            if len(rest) > LONGEST or not (more := text.read(max(_CHUNK, len(rest)))):
                yield f"record {number + 1}", _refused("not JSON")
                return
            rest += more
        else:
            rest, number = rest[end:], number + 1
            yield f"record {number}", _mended(record)


def _in_parquet(path: str | Path) -> Iterator[tuple[str, Any]]:
    """Raises OSError."""
    try:
        import pyarrow.parquet  # noqa: PLC0415  an optional install
    except ImportError as error:
        raise OSError(errno.ENOPKG, "Parquet needs pyarrow: pip install pyarrow", path) from error
    try:
        number = 0
        with pyarrow.parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(_ROWS):
                for row in batch.to_pylist():
                    number += 1
                    yield f"row {number}", row
    except pyarrow.ArrowException as error:
        yield f"row {number + 1}", _refused(" ".join(str(error).split()))


def _refused(why: str) -> Callable[[], Record]:
    def refuse() -> Record:
        raise NoRecordError(why)

    return refuse


def _from_line(line: bytes) -> Record:
    """Raises NoRecordError."""
    record = record_in(line)
    return _mended(record) if b"\\u" in line else record


def _from_cells(row: dict[str, Any]) -> Record:
    """The record of a row of CSV: lists are JSON in their cell, null is an empty one. Raises
    NoRecordError."""
    record: Record = {}
    for key, cell in row.items():
        like = _EMPTY.get(key)
        try:
            if isinstance(like, list):
                record[key] = json.loads(cell or "[]")
            elif isinstance(like, int):
                record[key] = int(cell)
            else:
                record[key] = cell or like
        except (TypeError, ValueError) as error:
            raise NoRecordError(f"{key} is {cell!r:.40}") from error
    return _mended(record)


def _fitted(raw: Any) -> Record:
    """A record with every key, its values of the right kind. Raises NoRecordError."""
    if not isinstance(raw, dict):
        raise NoRecordError("not an object")
    record: Record = {}
    for key in RECORD_KEYS:
        value: Any = raw.get(key)
        like = _EMPTY[key]
        if isinstance(value, datetime):
            value = value.isoformat()
        if isinstance(like, list):
            kind = dict if key in _LISTS_OF_OBJECTS else str
            value = [] if value is None else value
            is_fit = isinstance(value, list) and all(isinstance(each, kind) for each in value)
        elif isinstance(like, int):
            value = like if value is None else value
            is_fit = type(value) is int and abs(value) < 1 << 31
        else:
            is_fit = value is None or isinstance(value, str)
        if not is_fit:
            raise NoRecordError(f"{key} is {value!r:.40}")
        record[key] = value
    if not record["id"]:
        raise NoRecordError("no id")
    record["body"] = [_block(block) for block in record["body"]]
    record["text"] = record["text"] or ""
    return record


def _block(block: dict[str, Any]) -> dict[str, Any]:
    """A block with the keys of its type, as Parquet has those of all."""
    keys = _OF_BLOCK.get(str(block.get("type")), ("text",))
    return {"type": block.get("type"), **{key: block.get(key) for key in keys}}


def _mended(record: Record) -> Record:
    """What was read, with � in place of half characters, which no file can hold."""
    text = json.dumps(record, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        record = json.loads(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
    return record
