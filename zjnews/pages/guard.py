"""What everything that reads goes through: a fault of ours, a page that takes too long, a run that
is asked to stop cost what is being read, and no more."""

import logging
import math
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial, wraps
from types import FrameType
from typing import Any, TypeVar

from zjnews.items import Article, Rejected

logger = logging.getLogger("zjnews")

page_seconds = 10.0
"""The setting PAGE_SECONDS: seconds of processor time that a page may take; 0 for any number. One
for the whole process, as the timer is."""

_TICK = 0.05  # seconds of processor time between two looks at the clock
_GRACE = 1.0  # seconds after a run was asked to stop in which pages are still read to their end
_END: Any = object()
_T = TypeVar("_T")
_Pipeline = TypeVar("_Pipeline")
_Handler = Callable[[int, FrameType | None], Any] | int
_OURS = (__name__, "contextlib")  # code that must come to its end, or the timer would go on


class _Watched:
    """Something that is being read. Raises Rejected if what is within is broken off."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.deadline: float | None = None
        """By the clock of the thread's processor time. The first tick sets it, since asking the
        clock is a third of what is done here."""
        self.before: _Handler | None = None

    def __enter__(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        if time.monotonic() > _stops_at:
            raise _interrupted()
        if _ticks_in != os.getpid():
            self.before = _start_timer()
        _open.append(self)

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if self in _open:
            _open.remove(self)
        if self.before is not None:
            _stop_timer(self.before)
        if isinstance(error, _EndedError) and error.watched is self:
            raise error.rejected from None


class bounded(_Watched):  # noqa: N801  as `contextlib.suppress` is
    """Read a page, record or file within. Raises Rejected: `reader-fault` for what anything in it
    throws, with a traceback in the log; `too-slow` after `page_seconds`; `interrupted` where the
    run was asked to stop, see `heed_signals`.

    The last two only in the main thread: Python hands signals, and so the ticks of the timer, to no
    other one. There must be no `yield` within.
    """

    def __init__(self, where: str) -> None:
        super().__init__(page_seconds or math.inf)
        self.where = where

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        super().__exit__(kind, error, traceback)
        if isinstance(error, Exception) and not isinstance(error, Rejected):
            logger.error("fault while reading %s", self.where, exc_info=error)
            raise Rejected("reader-fault", "see the traceback above") from error


class _EndedError(BaseException):
    """Breaks off a reading. No `except Exception` on the way may take it for a fault."""

    def __init__(self, watched: _Watched, rejected: Rejected) -> None:
        super().__init__()
        self.watched = watched
        self.rejected = rejected


_open: list[_Watched] = []  # what is being read in the main thread, each within the one before it
_stops_at = math.inf
"""By the monotonic clock: when the reading ends of a run that was asked to stop."""
_ticks_in: int | None = None
"""The process whose timer ticks: one that it forks has none."""


@contextmanager
def ticking() -> Iterator[None]:
    """Read many pages within: the timer goes on from one to the next, since to set it for each
    takes longer than all else that is done here."""
    if _ticks_in == os.getpid() or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = _start_timer()
    try:
        yield
    finally:
        _stop_timer(before)


def bounded_item(
    process: Callable[[_Pipeline, Article], Article],
) -> Callable[[_Pipeline, Article], Article]:
    """`process_item` of a pipeline, `bounded`: in a crawl it is Scrapy that calls it."""

    @wraps(process)
    def process_item(pipeline: _Pipeline, item: Article) -> Article:
        if _open:  # the pipelines of `zjnews.loaders.reading` are bounded together
            return process(pipeline, item)
        with bounded(item.url):
            return process(pipeline, item)

    return process_item


def stoppable(items: Iterable[_T]) -> Iterator[_T]:
    """The items, however long each takes. Raises Rejected (`interrupted`) if the run is to stop."""
    iterator = iter(items)
    while True:
        with _Watched(math.inf):
            item = next(iterator, _END)
        if item is _END:
            return
        yield item


def heed_signals() -> None:
    """Let SIGINT and SIGTERM also break off, after a second, what is being read. Call it as a run
    begins."""
    global _stops_at  # noqa: PLW0603  there is one set of signals in a process
    _stops_at = math.inf
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            then = signal.getsignal(number)
            if callable(then) and then is not signal.default_int_handler:  # which needs no help
                signal.signal(number, partial(_stop, then))


def _stop(
    then: Callable[[int, FrameType | None], Any], number: int, frame: FrameType | None
) -> None:
    global _stops_at  # noqa: PLW0603
    _stops_at = time.monotonic() + _GRACE
    then(number, frame)


def _start_timer() -> _Handler:
    """What was done before on its signal, to be given to `_stop_timer`."""
    global _ticks_in  # noqa: PLW0603  there is one timer in a process
    before = signal.signal(signal.SIGVTALRM, _look) or signal.SIG_DFL
    signal.setitimer(signal.ITIMER_VIRTUAL, _TICK, _TICK)
    _ticks_in = os.getpid()
    return before


def _stop_timer(before: _Handler) -> None:
    global _ticks_in  # noqa: PLW0603
    _ticks_in = None
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    signal.signal(signal.SIGVTALRM, before)


def _look(_: int, frame: FrameType | None) -> None:
    """A tick of the timer: break off what takes too long. It ticks on, in case that was caught."""
    if not _open or frame is None or frame.f_globals.get("__name__") in _OURS:
        return
    if time.monotonic() > _stops_at:
        raise _EndedError(_open[0], _interrupted())
    now = time.thread_time()
    for watched in _open:
        if watched.deadline is None:
            watched.deadline = now + watched.seconds
        elif now > watched.deadline:
            detail = f"more than {page_seconds:g} s of processor time, last in {_module_of(frame)}"
            raise _EndedError(watched, Rejected("too-slow", detail))


def _interrupted() -> Rejected:
    return Rejected("interrupted", "the run was asked to stop")


def _module_of(frame: FrameType) -> str:
    """The innermost module of the project that is at work."""
    at: FrameType | None = frame
    while at is not None:
        name = str(at.f_globals.get("__name__"))
        if name.startswith("zjnews."):
            return name
        at = at.f_back
    return "no module of zjnews"
