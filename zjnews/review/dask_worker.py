"""What `reread --on dask:…` runs on a worker of Dask: a process for each of its threads, since only
in a main thread the reading of a page can be broken off."""

import hashlib
import os
import pickle
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import Any

from scrapy.settings import Settings

import zjnews
from zjnews.archives.objects import StoreError
from zjnews.review import rereading
from zjnews.review.rereading import Order, Outcomes
from zjnews.text.cleaning import error_in_words

_READ_BY = ("turbohtml", "lxml", "trafilatura", "dateparser")
"""Packages that the text of a record depends on."""
_IDLE_SECONDS = 60.0
"""After which a process ends that is given nothing."""


class OtherVersionError(Exception):
    """The worker would not read as the driver does; the message says what differs."""


class ReaderDiedError(Exception):
    """The process that was reading has died."""


class WorkerError(Exception):
    """The worker cannot read what it was given; the message is one line."""


@dataclass(frozen=True)
class Job:
    """What all orders of a run share."""

    settings: dict[str, Any]
    """Those that reading depends on."""


def read(expected: dict[str, str], given: bytes) -> bytes:
    """Read a pickled Job and Order, in a thread of a worker. Gives the pickled list of outcomes.
    `expected`: the versions of the driver. Raises OtherVersionError, ReaderDiedError,
    WorkerError."""
    if differing := [name for name, ours in versions().items() if ours != expected.get(name)]:
        ours, theirs = _listed(versions(), differing), _listed(expected, differing)
        raise OtherVersionError(f"a worker has {ours}, here is {theirs}")
    job, order = pickle.loads(given)  # noqa: S301  a worker runs whatever its scheduler sends
    reader = _idle_one(job) or _Reader(job)
    try:
        outcomes = reader.answer(order)
    except (EOFError, ConnectionError) as error:
        raise ReaderDiedError(f"the process that was reading died ({reader.end()})") from error
    with _lock:
        _idle.append(reader)
    return outcomes


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


class _Reader:
    """A process that reads. It ends when this one does, however that ends."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.connection, theirs = Pipe()
        with theirs:
            number = theirs.fileno()
            self.process = subprocess.Popen(  # noqa: S603  ourselves
                [sys.executable, "-c", f"from {__name__} import main; main({number})"],
                pass_fds=[number],
                env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
                stdin=subprocess.DEVNULL,
            )
        self.connection.send(job)

    def answer(self, order: Order) -> bytes:
        """Raises EOFError or ConnectionError if the process dies, and WorkerError."""
        self.connection.send(order)
        if failure := self.connection.recv():
            self.end()
            raise WorkerError(failure)
        return self.connection.recv_bytes()

    def end(self) -> str:
        """Gives how it had ended."""
        self.connection.close()
        self.process.kill()
        return f"status {self.process.wait()}"


_idle: list[_Reader] = []
_lock = threading.Lock()


def _idle_one(job: Job) -> _Reader | None:
    """A process that is waiting for work; those of other runs end."""
    with _lock:
        while _idle:
            reader = _idle.pop()
            if reader.job == job and reader.process.poll() is None:
                return reader
            reader.end()
    return None


# --- in the process that reads -------------------------------------------------------------------


def main(descriptor: int) -> None:
    """Answer over a connection until it is closed."""
    connection = Connection(descriptor)
    with suppress(EOFError, ConnectionError, KeyboardInterrupt):
        _serve(connection)


def _serve(connection: Connection) -> None:
    job = connection.recv()
    try:
        pipelines = rereading.prepare(Settings(job.settings))
    except (ImportError, AttributeError, NameError, TypeError) as error:
        connection.recv()
        connection.send(f"ITEM_PIPELINES: {error_in_words(error)}")
        return
    while connection.poll(_IDLE_SECONDS):
        order = connection.recv()
        try:
            outcomes: Outcomes = rereading.read_order(order, pipelines)
        except StoreError as error:
            connection.send(str(error))
        except OSError as error:
            connection.send(f"{order.path}: {error_in_words(error)}")
        else:
            connection.send("")
            connection.send_bytes(pickle.dumps(outcomes))
