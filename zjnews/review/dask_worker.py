"""What `reread --on dask:…` runs on a worker of Dask: a process for each of its threads, since only
in a main thread the reading of a page can be broken off."""

import hashlib
import pickle
import sys
import threading
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from scrapy.settings import Settings

import zjnews
from zjnews.archives.objects import StoreError
from zjnews.archives.saved import Stretch
from zjnews.review.orders import Order
from zjnews.review.reader_process import Reader, ReaderError, start
from zjnews.text.cleaning import error_in_words

_READ_BY = ("turbohtml", "lxml", "trafilatura", "dateparser")
"""Packages that the text of a record depends on."""
_IDLE_SECONDS = 60.0
"""After which a process ends that is given nothing."""


class OtherVersionError(Exception):
    """The worker would not read as the driver does; the message says what differs."""


@dataclass(frozen=True)
class Job:
    """What all orders of a run share."""

    settings: dict[str, Any]
    """Those that reading depends on."""


def read(expected: dict[str, str], given: bytes) -> bytes:
    """Read a pickled Job and Order, in a thread of a worker. Gives the pickled list of outcomes.
    `expected`: the versions of the driver. Raises OtherVersionError, ReaderDiedError,
    ReaderError."""
    if differing := [name for name, ours in versions().items() if ours != expected.get(name)]:
        ours, theirs = _listed(versions(), differing), _listed(expected, differing)
        raise OtherVersionError(f"a worker has {ours}, here is {theirs}")
    job, order = pickle.loads(given)  # noqa: S301  a worker runs whatever its scheduler sends
    reader = _idle_one(job) or start(Settings(job.settings), _IDLE_SECONDS)
    try:
        outcomes = reader.answer(order)
    except (OSError, StoreError) as error:
        reader.end()
        raise ReaderError(_in_words(error, order)) from error
    with _lock:
        _idle.append((job, reader))
    return outcomes


def _in_words(error: OSError | StoreError, order: Order) -> str:
    if isinstance(error, OSError) and isinstance(order, Stretch):
        return f"{order.path}: {error_in_words(error)}"
    return str(error)


@cache
def versions() -> dict[str, str]:
    """What must be the same on all machines, so that they give the same records."""
    code = hashlib.sha256()
    for path in sorted(Path(zjnews.__file__).parent.rglob("*")):
        if path.suffix in (".py", ".toml"):
            code.update(path.read_bytes())
    return {
        "Python": ".".join(map(str, sys.version_info[:2])),
        "zjnews": f"{zjnews.__version__} (code {code.hexdigest()[:8]})",
        **{name: metadata.version(name) for name in _READ_BY},
    }


def _listed(found: dict[str, str], names: list[str]) -> str:
    return ", ".join(f"{name} {found.get(name)}" for name in names)


_idle: list[tuple[Job, Reader]] = []
_lock = threading.Lock()


def _idle_one(job: Job) -> Reader | None:
    """A reader that is waiting for work; those of other runs end."""
    with _lock:
        while _idle:
            last_job, reader = _idle.pop()
            if last_job == job and not reader.has_ended():
                return reader
            reader.end()
    return None
