"""Reads archives again and gives their records, in the order of the archives; the pages are read by
several processes, if wanted."""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import connection
from pathlib import Path

from scrapy.settings import Settings
from scrapy.utils.log import configure_logging

from zjnews.archives import saved as archives
from zjnews.archives.saved import Found, Passed, SavedPage, Source, Unusable
from zjnews.items import Article, Rejected
from zjnews.loaders import reading
from zjnews.loaders.reading import Pipeline
from zjnews.pages import guard
from zjnews.pages.joining import Gathering, number_of, pages_of
from zjnews.text.sketches import sketch

_BATCH = 50
_BATCH_BYTES = 4 * 1024 * 1024
"""Pages that a process is given at a time, unless so many bytes are enough."""
_AHEAD = 4
"""Batches for each process that are being read, or wait until those before them are done."""
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


class Records:
    """The records of archives, each by itself: not yet compared with the others."""

    def __init__(self, settings: Settings, processes: int = 1) -> None:
        """Raises TypeError if a pipeline needs a crawl."""
        self.settings = settings
        self.processes = processes
        self.pipelines = reading.pipelines_of(settings.getwithbase("ITEM_PIPELINES"))
        guard.page_seconds = settings.getfloat("PAGE_SECONDS")
        self.gathering = Gathering()
        self.bytes_read = 0

    def outcomes(self, paths: Iterable[Path]) -> Iterator[Whole | Unusable | Passed]:
        """What the files and folders give, in their order; then articles that lack pages, with
        those that they have."""
        for found, outcome in self.results(self.pages(paths)):
            yield from self.put_together(found, outcome)
        for article, rejected in self.gathering.leave():
            yield Unusable(article.url, rejected) if rejected else whole(article, self.pipelines)

    def pages(self, paths: Iterable[Path]) -> Iterator[Found]:
        """The pages of the files and folders, in their order."""
        for path in paths:
            for source in archives.sources(path):
                before, size = self.bytes_read, _size(source)
                if isinstance(source, Unusable):
                    yield source
                elif source.is_warc:
                    reader = source.reader()
                    for found in archives.read_warc(reader):
                        self.bytes_read = before + min(reader.begun, size)
                        yield found
                else:
                    yield from archives.read_source(source)
                self.bytes_read = before + size

    def results(self, pages: Iterator[Found]) -> Iterator[tuple[Found, Outcome]]:
        """Pages with what they give, in their order."""
        if self.processes == 1:
            for batch in _batches(pages):
                yield from zip(batch, read_all(batch, self.pipelines), strict=True)
            return
        under_way: deque[tuple[list[Found], Future[list[Outcome]]]] = deque()
        with ProcessPoolExecutor(
            self.processes, initializer=_begin, initargs=(self.settings,)
        ) as pool:
            try:
                for batch in _batches(pages):
                    under_way.append((batch, pool.submit(_read, batch)))
                    if len(under_way) >= self.processes * _AHEAD:
                        yield from _finished(under_way)
                while under_way:
                    yield from _finished(under_way)
            except BaseException:
                # What they read is not needed. One killed in the middle of an answer would have the
                # pool wait for the rest of it.
                for child in multiprocessing.active_children():
                    child.terminate()
                raise
            finally:
                pool.shutdown(wait=True, cancel_futures=True)

    def put_together(self, found: Found, outcome: Outcome) -> Iterator[Whole | Unusable | Passed]:
        if isinstance(outcome, Whole) and outcome.id_of_page in self.gathering.incomplete:
            # A further page came before this one, which does not lead to it.
            [outcome] = read_all([found], self.pipelines, in_pieces=True)
        if not isinstance(outcome, Piece):
            yield outcome
        elif article := self.gathering.add(outcome.article, outcome.number, outcome.others):
            yield whole(article, self.pipelines)


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


def size_of(paths: Iterable[Path]) -> int:
    """Bytes to be read."""
    return sum(_size(source) for path in paths for source in archives.sources(path))


def _size(source: Source | Unusable) -> int:
    try:
        return 0 if isinstance(source, Unusable) else source.path.stat().st_size
    except OSError:
        return 0


def _batches(pages: Iterator[Found]) -> Iterator[list[Found]]:
    batch: list[Found] = []
    size = 0
    for found in pages:
        batch.append(found)
        size += len(found.body) if isinstance(found, SavedPage) else 0
        if len(batch) == _BATCH or size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    yield batch


def _finished(
    under_way: deque[tuple[list[Found], Future[list[Outcome]]]],
) -> Iterator[tuple[Found, Outcome]]:
    batch, future = under_way.popleft()
    return zip(batch, future.result(), strict=True)


# --- in the processes ----------------------------------------------------------------------------

_pipelines: list[Pipeline] = []


def _begin(settings: Settings) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends its processes
    signal.signal(signal.SIGTERM, lambda *_: guard.stop())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    configure_logging(settings)
    guard.page_seconds = settings.getfloat("PAGE_SECONDS")
    _pipelines.extend(reading.pipelines_of(settings.getwithbase("ITEM_PIPELINES")))


def _end_with_parent() -> None:
    """However the parent ends: a process must not wait for work from one that was killed."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    connection.wait([parent.sentinel])
    os._exit(1)


def _read(batch: list[Found]) -> list[Outcome]:
    return list(read_all(batch, _pipelines))
