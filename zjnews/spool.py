"""The spool: every record on disk as soon as it is scraped, one file a batch of a feed.

Beside each file stands what the batch is for. A file is locked as long as its process lives; what
is not locked was left by one that died.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

logger = logging.getLogger("zjnews")

VERSION = 1
"""Raised whenever what stands beside a file changes."""

_RECORDS = ".jsonl"
_ABOUT = ".json"


@dataclass
class About:
    """What a batch is for."""

    uri: str
    """Where it goes, under its final name."""
    options: dict[str, Any]
    """The feed's, as Scrapy has completed them."""
    spider: str
    state_db: str
    """The store that is to know its articles; empty for none."""
    batch_id: int = 1
    size_shipped: int | None = None
    """Bytes of the destination once it is there; None until it is on its way."""
    version: int = VERSION


@dataclass
class Batch:
    """The records of one batch of a feed."""

    path: Path
    about: About
    descriptor: int = field(repr=False)
    count: int = 0

    @classmethod
    def create(cls, folder: Path, about: About) -> Batch:
        """Begin a batch. Raises OSError."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{uuid.uuid4().hex}{_RECORDS}"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o644)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        batch = cls(path, about, descriptor)
        try:
            batch.note()
        except OSError:
            batch.remove()
            raise
        return batch

    def note(self) -> None:
        """Write down what the batch is for."""
        target = self.path.with_suffix(_ABOUT)
        draft = target.with_suffix(".draft")
        draft.write_text(json.dumps(asdict(self.about), default=_name_of), "utf-8")
        draft.replace(target)

    def write(self, line: bytes) -> int:
        """Add a record, whole or not at all. Raises OSError."""
        size = os.fstat(self.descriptor).st_size
        try:
            rest = memoryview(line)
            while rest:
                rest = rest[os.write(self.descriptor, rest) :]
        except OSError:
            os.ftruncate(self.descriptor, size)
            raise
        self.count += 1
        return len(line)

    def lines(self) -> Iterator[bytes]:
        with self.path.open("rb") as records:
            yield from records

    def records(self) -> Iterator[dict[str, Any]]:
        return map(json.loads, self.lines())

    def sync(self) -> None:
        """See that the records outlive a loss of power."""
        os.fsync(self.descriptor)

    def remove(self) -> None:
        """The batch is where it belongs, and known to be."""
        self.path.with_suffix(_ABOUT).unlink(missing_ok=True)
        self.path.unlink(missing_ok=True)
        self.release()

    def release(self) -> None:
        """Leave the batch to the next run."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


def leftovers(folder: Path) -> Iterator[tuple[Batch, int]]:
    """The batches of runs that died, oldest first, each with the number of torn lines that were cut
    off its end. Empty ones are removed."""
    for path in sorted(folder.glob(f"*{_RECORDS}"), key=lambda path: path.stat().st_mtime):
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            about = _about(path)
        except BlockingIOError:
            os.close(descriptor)
            continue
        batch = Batch(path, about or About("", {}, "", ""), descriptor)
        torn = _repair(batch)
        if batch.count and about:
            yield batch, torn
        elif not batch.count:
            batch.remove()
        else:
            logger.warning("%s: nobody can tell where its %d records belong", path, batch.count)
            batch.release()
    for orphan in folder.glob(f"*{_ABOUT}"):
        if not orphan.with_suffix(_RECORDS).exists():
            orphan.unlink(missing_ok=True)


def _about(path: Path) -> About | None:
    try:
        about = About(**json.loads(path.with_suffix(_ABOUT).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    is_ours = isinstance(about.uri, str) and isinstance(about.options, dict)
    return about if is_ours and about.version == VERSION else None


def _repair(batch: Batch) -> int:
    """Cut off what is no whole record at the end, and count the records."""
    good = 0
    for line in batch.lines():
        if not line.endswith(b"\n") or not _is_record(line):
            break
        good += len(line)
        batch.count += 1
    torn = os.fstat(batch.descriptor).st_size > good
    if torn:
        os.ftruncate(batch.descriptor, good)
    return int(torn)


def _is_record(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def _name_of(value: object) -> str:
    """How a class or path among the options of a feed is written down."""
    if isinstance(value, type):
        return f"{value.__module__}.{value.__qualname__}"
    return str(value)
