"""Reads archives again and gives their records, in the order of the archives; the pages are read
here, by several processes, or by other machines."""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import connection
from queue import SimpleQueue
from typing import Protocol

from scrapy.settings import Settings
from scrapy.utils.log import configure_logging

from zjnews.archives import saved as archives
from zjnews.archives.objects import StoreError
from zjnews.archives.saved import (
    Found,
    MiscutError,
    Passed,
    Place,
    SavedPage,
    Source,
    Stretch,
    Unusable,
)
from zjnews.items import Article, Rejected
from zjnews.loaders import reading
from zjnews.loaders.reading import Pipeline
from zjnews.pages import guard
from zjnews.pages.joining import Gathering, number_of, pages_of
from zjnews.text.cleaning import error_in_words
from zjnews.text.sketches import sketch

_BATCH = 50
_BATCH_BYTES = 4 * 1024 * 1024
"""Pages that a process is given at a time, unless so many bytes are enough."""
AHEAD = 4
"""Orders for each process that are under way."""
_COMPARED = ("id", "url", "canonical_url", "layout", "sketch", "warnings")
"""What is compared with other articles, and counted."""


@dataclass(slots=True)
class Piece:
    """One page of an article, which may have more of them."""

    article: Article
    number: int
    others: dict[int, str]
    """The pages that it leads to, address by number."""


@dataclass(slots=True)
class Whole:
    """An article that is finished, but not yet compared with others."""

    id_of_page: str
    """The id by the address, which further pages of it have too."""
    article: Article
    """Only what is compared and counted."""
    line: bytes
    """Its record as a line of JSON, without the end of the line."""


Outcome = Piece | Whole | Unusable | Passed
Order = list[Found] | Stretch
"""What is read at a time."""
Outcomes = list[Outcome] | None
"""What an order gives; None for a stretch that is miscut."""
Answer = Callable[[], Outcomes]
"""Waits for what an order gives. Raises Ended, StoreError."""


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


class Processes:
    """Reads in several processes of this machine."""

    take_stretches = True

    def __init__(self, settings: Settings, count: int) -> None:
        self.settings = settings
        self.count = count
        self.ahead = count * AHEAD

    def __enter__(self) -> None:
        self.pool = ProcessPoolExecutor(self.count, initializer=_begin, initargs=(self.settings,))

    def __exit__(self, kind: object, *error: object) -> None:
        if kind is not None:
            # What they read is not needed. One killed in the middle of an answer would have the
            # pool wait for the rest of it.
            for child in multiprocessing.active_children():
                child.terminate()
        self.pool.shutdown(wait=True, cancel_futures=True)

    def begin(self, order: Order) -> Answer:
        # Of C, unlike the locks of a future, which an interrupt may leave locked.
        done: SimpleQueue[Future[Outcomes]] = SimpleQueue()
        with _ended_by_death(), uninterrupted():
            self.pool.submit(_read, order).add_done_callback(done.put)
        return lambda: self.answer(done)

    def answer(self, done: SimpleQueue[Future[Outcomes]]) -> Outcomes:
        with _ended_by_death():
            return done.get().result()


@contextmanager
def _ended_by_death() -> Iterator[None]:
    try:
        yield
    except BrokenProcessPool as error:
        raise Ended("process_died", "a process that was reading has died; try -j 1") from error


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let signals wait until the end of the block: KeyboardInterrupt in the middle of a queue's
    code leaves its lock locked, and other threads wait for it for ever."""
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


class Records:
    """The records of archives, each by itself: not yet compared with the others."""

    def __init__(
        self, settings: Settings, processes: int = 1, readers: Readers | None = None
    ) -> None:
        """By default so many processes of this machine read. Raises TypeError if a pipeline needs a
        crawl."""
        self.pipelines = reading.pipelines_of(settings.getwithbase("ITEM_PIPELINES"))
        on_this_machine = Processes(settings, processes) if processes > 1 else Here(self.pipelines)
        self.readers = readers or on_this_machine
        guard.page_seconds = settings.getfloat("PAGE_SECONDS")
        self.gathering = Gathering()
        self.bytes_read = 0
        self.cut: set[Place] = set()
        """Files that have been cut unseen, and those of them that were miscut."""
        self.miscut: set[Place] = set()

    def outcomes(self, paths: Iterable[Place]) -> Iterator[Whole | Unusable | Passed]:
        """What the files and folders give, in their order; then articles that lack pages, with
        those that they have. Raises Ended."""
        try:
            with self.readers:
                for order, index, outcome in self.results(_orders(self.found(paths))):
                    yield from self.put_together(order, index, outcome)
        except StoreError as error:
            raise Ended("archive_unreadable", str(error)) from error
        for article, rejected in self.gathering.leave():
            yield Unusable(article.url, rejected) if rejected else whole(article, self.pipelines)

    def found(self, paths: Iterable[Place]) -> Iterator[Found | Stretch]:
        """The pages of the files and folders, in their order."""
        for path in paths:
            for source in archives.sources(path):
                before, size = self.bytes_read, _size(source)
                if isinstance(source, Unusable):
                    yield source
                elif source.is_warc:
                    yield from self.in_archive(source, before, size)
                else:
                    yield from archives.read_source(source)
                self.bytes_read = before + size

    def in_archive(self, source: Source, before: int, size: int) -> Iterator[Found | Stretch]:
        """`before`: the bytes that have been read, `size`: those of the archive."""
        in_stretches = self.readers.take_stretches
        if in_stretches and source.may_be_cut and source.path not in self.cut:
            yield from self.in_cuts(source.path, before)
            return
        reader = source.reader()
        for found in archives.read_warc(reader, in_stretches=in_stretches):
            self.bytes_read = before + min(reader.begun, size)
            yield found

    def in_cuts(self, path: Place, before: int) -> Iterator[Stretch]:
        """A file in stretches, up to the first that turns out to be miscut."""
        self.cut.add(path)
        for stretch in archives.cut(path):
            if path in self.miscut:
                return  # `finished` reads on
            self.bytes_read = before + stretch.offset
            yield stretch

    def results(self, orders: Iterator[Order]) -> Iterator[tuple[Order, int, Outcome]]:
        """What each order gives, in their order, and as which one of it."""
        under_way: deque[tuple[Order, Answer]] = deque()
        for order in orders:
            under_way.append((order, self.readers.begin(order)))
            while len(under_way) >= self.readers.ahead:
                yield from self.finished(under_way)
        while under_way:
            yield from self.finished(under_way)

    def finished(
        self, under_way: deque[tuple[Order, Answer]]
    ) -> Iterator[tuple[Order, int, Outcome]]:
        order, answer = under_way.popleft()
        outcomes = answer()
        if outcomes is None:
            assert isinstance(order, Stretch)
            self.miscut.add(order.path)
            while under_way and is_unseen(under_way[0][0], order.path):
                under_way.popleft()
            yield from self.results(_orders(archives.read_on(order)))
        for index, outcome in enumerate(outcomes or ()):
            yield order, index, outcome

    def put_together(
        self, order: Order, index: int, outcome: Outcome
    ) -> Iterator[Whole | Unusable | Passed]:
        if isinstance(outcome, Whole) and outcome.id_of_page in self.gathering.incomplete:
            # A further page came before this one, which does not lead to it.
            [outcome] = read_all([pages_in(order)[index]], self.pipelines, in_pieces=True)
        if not isinstance(outcome, Piece):
            yield outcome
        elif article := self.gathering.add(outcome.article, outcome.number, outcome.others):
            yield whole(article, self.pipelines)


def read_order(order: Order, pipelines: list[Pipeline]) -> Outcomes:
    """Raises OSError or StoreError where the archive of a stretch cannot be read."""
    pages = archives.read_stretch(order) if isinstance(order, Stretch) else order
    with guard.ticking(), suppress(MiscutError):
        return list(read_all(pages, pipelines))
    return None


def read_all(
    pages: Iterable[Found], pipelines: list[Pipeline], in_pieces: bool = False
) -> Iterator[Outcome]:
    """What each page, or record of a page, gives, in their order. `in_pieces`: leave every article
    unfinished."""
    # All pages first: to change between the steps at every page is an eighth slower.
    for outcome in list(map(_outcome_of, pages)):
        if in_pieces or not isinstance(outcome, Piece) or outcome.number > 1 or outcome.others:
            yield outcome
        else:
            yield whole(outcome.article, pipelines)


def _outcome_of(found: Found) -> Piece | Unusable | Passed:
    if not isinstance(found, SavedPage):
        return found
    try:
        read, article = reading.load(found.url, found.body, found.content_type, found.fetched_at)
    except Rejected as rejected:
        return Unusable(found.url, rejected)
    return Piece(article, number_of(read), pages_of(read))


def whole(article: Article, pipelines: list[Pipeline]) -> Whole | Unusable:
    """Finish an article that has all its pages."""
    id_of_page = article.id
    try:
        finished = reading.finish(article, pipelines)
    except Rejected as rejected:
        return Unusable(article.url, rejected)
    finished.sketch = sketch(finished.text)  # here, where other processes share the work
    compared = Article(**{key: getattr(finished, key) for key in _COMPARED})
    return Whole(id_of_page, compared, reading.line_of(finished.record()))


def size_of(paths: Iterable[Place]) -> int:
    """Bytes to be read."""
    return sum(_size(source) for path in paths for source in archives.sources(path))


def _size(source: Source | Unusable) -> int:
    try:
        return 0 if isinstance(source, Unusable) else source.path.stat().st_size
    except OSError:
        return 0


def _orders(found: Iterator[Found | Stretch]) -> Iterator[Order]:
    batch: list[Found] = []
    size = 0
    for one in found:
        if isinstance(one, Stretch):
            if batch:
                yield batch
            yield one
            batch, size = [], 0
            continue
        batch.append(one)
        size += len(one.body) if isinstance(one, SavedPage) else 0
        if len(batch) == _BATCH or size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def is_unseen(order: Order, path: Place | None = None) -> bool:
    """Whether an order is a stretch, of any file or of one, that was cut unseen."""
    return isinstance(order, Stretch) and order.count is None and path in (None, order.path)


def pages_in(order: Order) -> list[Found]:
    """Take the pages of an order out here. Raises Ended, StoreError."""
    try:
        return order if isinstance(order, list) else list(archives.read_stretch(order))
    except (OSError, MiscutError) as error:
        assert isinstance(order, Stretch)
        raise Ended("archive_unreadable", f"{order.path}: {error_in_words(error)}") from error


# --- in the processes ----------------------------------------------------------------------------

_pipelines: list[Pipeline] = []


def _begin(settings: Settings) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _pipelines.extend(prepare(settings))


def prepare(settings: Settings) -> list[Pipeline]:
    """Make a process one that reads for another, which ends it. Gives the pipelines."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: guard.stop())
    configure_logging(settings)
    guard.page_seconds = settings.getfloat("PAGE_SECONDS")
    return reading.pipelines_of(settings.getwithbase("ITEM_PIPELINES"))


def _end_with_parent() -> None:
    """However the parent ends: a process must not wait for work from one that was killed."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    connection.wait([parent.sentinel])
    os._exit(1)


def _read(order: Order) -> Outcomes:
    try:
        return read_order(order, _pipelines)
    except OSError as error:
        assert isinstance(order, Stretch)
        return [archives.unreadable(order.path, error)]
