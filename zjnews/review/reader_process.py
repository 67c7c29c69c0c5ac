"""A process that reads orders for this one. Each has a connection of its own: if it dies, in the
middle of an answer even, that is noticed at once, and nobody waits for the rest."""

import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, Pipe
from typing import Protocol

from scrapy.settings import Settings
from scrapy.utils.log import configure_logging

from zjnews.archives.objects import StoreError
from zjnews.loaders import reading
from zjnews.loaders.reading import Pipeline
from zjnews.pages import guard
from zjnews.review.orders import Order, read_order
from zjnews.text.cleaning import error_in_words


class ReaderDiedError(Exception):
    """The process that was reading has died."""


class ReaderError(Exception):
    """A reader cannot read what it was given, though another may; the message is one line."""


class Process(Protocol):
    """What is needed of `subprocess.Popen`."""

    def kill(self) -> None: ...

    def wait(self) -> int | None: ...


@dataclass(frozen=True)
class Reader:
    """This end of the connection."""

    connection: Connection
    process: Process

    def answer(self, order: Order) -> bytes:
        """The pickled outcomes. Raises ReaderDiedError and ReaderError, and OSError or StoreError
        where the archive of a stretch cannot be read."""
        try:
            self.connection.send(order)
            if (error := self.connection.recv()) is None:
                return self.connection.recv_bytes()
        except (EOFError, ConnectionError) as died:
            status = self.end()
            raise ReaderDiedError(f"the process that was reading died (status {status})") from died
        raise error

    def has_ended(self) -> bool:
        """Asked between two orders: whether the process has ended by itself."""
        return self.connection.poll()

    def end(self) -> int | None:
        """Kill the process: it holds nothing that is needed. Gives how it has ended."""
        self.process.kill()
        return self.process.wait()


class _Forked(multiprocessing.Process):
    def wait(self) -> int | None:
        self.join()
        return self.exitcode


def fork(settings: Settings) -> Reader:
    """A reader that has what this process has loaded. Call it before there are threads."""
    ours, theirs = Pipe()
    with theirs:
        process = _Forked(target=_begin, args=(ours, theirs, settings))
        process.start()
    return Reader(ours, process)


def start(settings: Settings, idle_seconds: float | None = None) -> Reader:
    """A reader that loads what it needs, and ends if it is given nothing for so long. Raises
    OSError."""
    ours, theirs = Pipe()
    with theirs:
        number = theirs.fileno()
        process = subprocess.Popen(  # noqa: S603  ourselves
            [sys.executable, "-c", f"from {__name__} import main; main({number})"],
            pass_fds=[number],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            stdin=subprocess.DEVNULL,
        )
    with suppress(ConnectionError):  # `answer` says it
        ours.send((settings, idle_seconds))
    return Reader(ours, process)


# --- in the process that reads -------------------------------------------------------------------


def _begin(parents: Connection, own: Connection, settings: Settings) -> None:
    parents.close()  # or its closing would not be seen here
    _serve(own, settings)


def main(descriptor: int) -> None:
    """What the process runs that `start` starts."""
    connection = Connection(descriptor)
    with suppress(EOFError, ConnectionError):
        _serve(connection, *connection.recv())


def _serve(connection: Connection, settings: Settings, idle_seconds: float | None = None) -> None:
    """Answer until the connection is closed, or nothing has come for so long."""
    with suppress(EOFError, ConnectionError):
        try:
            pipelines = _prepare(settings)
        except (ImportError, AttributeError, NameError, TypeError) as error:
            connection.recv()
            connection.send(ReaderError(f"ITEM_PIPELINES: {error_in_words(error)}"))
            return
        while connection.poll(idle_seconds):
            _answer(connection, connection.recv(), pipelines)


def _prepare(settings: Settings) -> list[Pipeline]:
    for number in (signal.SIGINT, signal.SIGTERM):  # of a whole group; the parent ends this one
        signal.signal(number, signal.SIG_IGN)
    configure_logging(settings)
    guard.page_seconds = settings.getfloat("PAGE_SECONDS")
    return reading.pipelines_of(settings.getwithbase("ITEM_PIPELINES"))


def _answer(connection: Connection, order: Order, pipelines: list[Pipeline]) -> None:
    try:
        outcomes = read_order(order, pipelines)
    except (OSError, StoreError) as error:
        connection.send(error)
    else:
        connection.send(None)
        connection.send_bytes(pickle.dumps(outcomes))
