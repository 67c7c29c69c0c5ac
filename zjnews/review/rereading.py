"""Reads archives again and gives their records, in the order of the archives; the pages are read
here, by several processes, or by other machines."""

import logging
from collections import deque
from collections.abc import Iterable, Iterator

from scrapy.settings import Settings

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
from zjnews.items import Rejected
from zjnews.loaders import reading
from zjnews.pages import guard
from zjnews.pages.joining import Gathering
from zjnews.review.orders import (
    Order,
    Outcome,
    Outcomes,
    Piece,
    Whole,
    read_all,
    whole,
)
from zjnews.review.reader_process import ReaderDiedError, ReaderError
from zjnews.review.readers import Answer, Ended, Here, Processes, Readers
from zjnews.text.cleaning import error_in_words

logger = logging.getLogger("zjnews")

_BATCH = 50
_BATCH_BYTES = 4 * 1024 * 1024
"""Pages that a process is given at a time, unless so many bytes are enough."""
_TRIES = 3
"""For each order. Dask itself gives a task to four workers before it says that all have died."""


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
        outcomes = self.answer(order, answer)
        if outcomes is None:
            assert isinstance(order, Stretch)
            self.miscut.add(order.path)
            while under_way and is_unseen(under_way[0][0], order.path):
                under_way.popleft()
            yield from self.results(_orders(archives.read_on(order)))
        for index, outcome in enumerate(outcomes or ()):
            yield order, index, outcome

    def answer(self, order: Order, answer: Answer) -> Outcomes:
        """What an order gives, however many die that read it. Raises Ended, StoreError."""
        failure = None
        for number in range(1, _TRIES + 1):
            try:
                return answer() if number == 1 else self.readers.begin(order)()
            except ReaderDiedError:
                logger.warning("reread: what read %s has died (%d)", _named(order), number)
                failure = None
            except ReaderError as error:
                failure = str(error)
        if failure:
            raise Ended("worker_failed", f"a worker cannot read: {failure}")
        return None if is_unseen(order) else self.each_alone(order)

    def each_alone(self, order: Order) -> list[Outcome]:
        """The pages of an order of which what reads it dies; the one to blame is left out."""
        pages = pages_in(order)
        if isinstance(order, list) and len(pages) == 1:
            return [_deadly(pages[0])]
        answers = (self.answer([page], self.readers.begin([page])) for page in pages)
        return [outcome for outcomes in answers for outcome in outcomes or ()]

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


def _named(order: Order) -> str:
    if isinstance(order, list):
        names = [one.url for one in order if isinstance(one, SavedPage)]
        return f"{len(order)} pages from {names[0]} on" if names else "nothing"
    return f"{order.path} from byte {order.offset:,} on"


def _deadly(page: Found) -> Outcome:
    if not isinstance(page, SavedPage):
        return page
    detail = f"what read it has died {_TRIES} times"
    return Unusable(page.url, Rejected("reader-fault", detail))
