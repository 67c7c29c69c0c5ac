"""Who reads the pages of archives: this process, or several of this machine. A Dask cluster is in
`on_dask`."""

import pickle
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from threading import Thread
from typing import Protocol

from scrapy.settings import Settings

from zjnews.archives import saved as archives
from zjnews.archives.saved import Stretch
from zjnews.loaders.reading import Pipeline
from zjnews.review import reader_process
from zjnews.review.orders import Order, Outcomes, read_order
from zjnews.review.reader_process import Reader
from zjnews.text.cleaning import error_in_words

AHEAD = 4
"""Orders for each process that are under way."""
Answer = Callable[[], Outcomes]
"""Waits for what an order gives. Raises ReaderDiedError and ReaderError, which another try may
mend; Ended, StoreError."""


class Ended(Exception):  # noqa: N818  it is no error of the caller
    """A run that cannot go on."""

    def __init__(self, reason: str, why: str) -> None:
        """`reason`: that of the exit status; `why`: the same for a person, in one line."""
        super().__init__(reason, why)
        self.reason = reason
        self.why = why


class Readers(Protocol):
    """Who reads the pages. As a context manager, for as long as orders are given."""

    take_stretches: bool
    """Whether they read archives themselves."""

    @property
    def ahead(self) -> int:
        """Orders that are under way at the same time, or wait until those before them are done."""
        ...

    def __enter__(self) -> object: ...

    def __exit__(self, *error: object) -> None: ...

    def begin(self, order: Order) -> Answer:
        """Have an order read. Raises Ended."""
        ...


class Here:
    """Reads in this process."""

    ahead = 1
    take_stretches = False

    def __init__(self, pipelines: list[Pipeline]) -> None:
        self.pipelines = pipelines

    def __enter__(self) -> None: ...

    def __exit__(self, *error: object) -> None: ...

    def begin(self, order: Order) -> Answer:
        return lambda: read_order(order, self.pipelines)


_Done = SimpleQueue[bytes | Exception]


class Processes:
    """Reads in several processes of this machine. A thread hands each its orders, and starts
    another when it has died."""

    take_stretches = True

    def __init__(self, settings: Settings, count: int) -> None:
        self.settings = settings
        self.count = count
        self.ahead = count * AHEAD
        # Of C: an interrupt leaves no lock of it locked.
        self.orders: SimpleQueue[tuple[Order, _Done] | None] = SimpleQueue()
        self.readers: list[Reader] = []
        self.threads: list[Thread] = []
        self.is_over = False

    def __enter__(self) -> None:
        try:
            with uninterrupted():
                self.start()
        except BaseException:
            self.__exit__()
            raise

    def start(self) -> None:
        for _ in range(self.count):
            self.readers.append(self.begun_by(reader_process.fork))
        for number in range(self.count):
            self.threads.append(Thread(target=self.hand_out, args=(number,)))
            self.threads[-1].start()

    def begun_by(self, begin: Callable[[Settings], Reader]) -> Reader:
        try:
            return begin(self.settings)
        except OSError as error:
            why = f"no process can be started: {error_in_words(error)}"
            raise Ended("no_process", why) from error

    def __exit__(self, *error: object) -> None:
        with uninterrupted():
            self.is_over = True
            for one in self.readers:
                self.orders.put(None)
                one.end()
            for thread in self.threads:
                thread.join()
            for one in self.readers:  # that has been started since
                one.end()

    def begin(self, order: Order) -> Answer:
        done: _Done = SimpleQueue()
        self.orders.put((order, done))
        return lambda: _given(order, done)

    def hand_out(self, number: int) -> None:
        while (given := self.orders.get()) and not self.is_over:
            order, done = given
            try:
                done.put(self.reader(number).answer(order))
            except Exception as error:  # raised where it is waited for
                done.put(error)

    def reader(self, number: int) -> Reader:
        if self.readers[number].has_ended():
            self.readers[number].end()
            self.readers[number] = self.begun_by(reader_process.start)
        return self.readers[number]


def _given(order: Order, done: _Done) -> Outcomes:
    given = done.get()
    if isinstance(given, OSError):
        assert isinstance(order, Stretch)
        return [archives.unreadable(order.path, given)]
    if isinstance(given, Exception):
        raise given
    outcomes: Outcomes = pickle.loads(given)  # noqa: S301  by a process of ours
    return outcomes


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let signals wait until the end of the block. KeyboardInterrupt in the middle of a client's
    code leaves its lock locked, and other threads wait for it for ever; in the middle of a start it
    leaves a process that nobody ends."""
    came: list[int] = []
    handlers = {
        number: signal.signal(number, lambda number, _: came.append(number))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for first in came[:1]:
            signal.raise_signal(first)
