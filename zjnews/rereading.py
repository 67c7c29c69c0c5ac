"""Reads archives on several processes, and puts together what they have read, in archive order."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import connection
from pathlib import Path
from typing import Any

from scrapy.utils.log import configure_logging

from zjnews import archives, reading, warcs
from zjnews.archives import Passed, Source, Unusable
from zjnews.joining import Gathering
from zjnews.reading import Outcome, Piece, Pipeline, Refused, Whole

_STRETCH = 1024 * 1024
"""Bytes of a WARC file that are read at a time."""
_FILES = 50
"""Pages in files of their own that are read at a time."""
_AHEAD = 8
"""Tasks for each process that are under way, or wait until those before them are done."""

Task = tuple[Source | Unusable, ...]
"""What one process reads at a time; an empty one ends a path."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What a process has to know."""

    item_pipelines: Mapping[str, int | None]
    log: Mapping[str, Any]
    """Settings of the log."""


@dataclass(slots=True)
class Done:
    """What a task gave."""

    outcomes: list[Outcome]
    first: int | None = None
    next: int | None = None
    """Of a stretch of a WARC file, where its first record begins, and the first one behind it."""


class Records:
    """The records of archives, as far as each can be told by itself."""

    def __init__(self, setup: Setup, processes: int = 1) -> None:
        self.setup = setup
        self.processes = processes
        self.pipelines = reading.pipelines_of(setup.item_pipelines)
        self.gathering = Gathering()
        self.next: int | None = None
        """Where the next record of a WARC file begins."""
        self.bytes_read = 0

    def of(self, paths: Iterable[Path]) -> Iterator[Whole | Refused | Passed]:
        """What the files and folders give, in their order."""
        tasks = (task for path in paths for task in tasks_of(path))
        for task, done in self.results(tasks):
            if not task:
                yield from self.leave()
            read, gave = self.joined(task, done)
            for index, outcome in enumerate(gave.outcomes):
                yield from self.put_together(outcome, read, index)
            self.bytes_read += sum(map(_size, task))

    def results(self, tasks: Iterator[Task]) -> Iterator[tuple[Task, Done]]:
        """Tasks with what they gave, in their order."""
        if self.processes == 1:
            yield from ((task, read_task(task, self.pipelines)) for task in tasks)
            return
        under_way: deque[tuple[Task, Future[Done]]] = deque()
        with ProcessPoolExecutor(
            self.processes, initializer=_begin, initargs=(self.setup,)
        ) as pool:
            try:
                for task in tasks:
                    under_way.append((task, pool.submit(_read, task)))
                    if len(under_way) >= self.processes * _AHEAD:
                        yield _finished(under_way.popleft())
                yield from map(_finished, under_way)
            finally:
                pool.shutdown(wait=True, cancel_futures=True)

    def joined(self, task: Task, done: Done) -> tuple[Task, Done]:
        """A task and what it gave, read again from where the stretch before has ended if this one
        began elsewhere: with something that only looks like a record."""
        source = task[0] if task else None
        if not isinstance(source, Source) or not source.is_warc:
            return task, done
        if source.start:
            if self.next is None or (source.stop is not None and self.next >= source.stop):
                return task, Done([])  # it lies inside a record of an earlier stretch
            if done.first != self.next:
                task = (replace(source, start=self.next),)
                done = read_task(task, self.pipelines)
        self.next = done.next
        return task, done

    def put_together(
        self, outcome: Outcome, task: Task, index: int
    ) -> Iterator[Whole | Refused | Passed]:
        if isinstance(outcome, Whole) and outcome.id_of_page in self.gathering.incomplete:
            # A further page came before this one, which does not lead to it.
            outcome = read_task(task, self.pipelines, in_pieces=True).outcomes[index]
        if not isinstance(outcome, Piece):
            yield outcome
        elif article := self.gathering.add(outcome.article, outcome.number, outcome.others):
            yield reading.whole(article, self.pipelines)

    def leave(self) -> Iterator[Whole | Refused]:
        """What is there of articles whose further pages have not come."""
        for article, rejected in self.gathering.leave():
            if rejected:
                yield Refused.of(rejected, article.url)
            else:
                yield reading.whole(article, self.pipelines)


def tasks_of(path: Path) -> Iterator[Task]:
    """The tasks of a file or folder, in its order."""
    files: list[Source | Unusable] = []
    for source in archives.sources(path):
        if isinstance(source, Unusable) or not source.is_warc:
            files.append(source)
            if len(files) < _FILES:
                continue
        if files:
            yield tuple(files)
            files = []
        if isinstance(source, Source) and source.is_warc:
            yield from ((stretch,) for stretch in stretches_of(source))
    if files:
        yield tuple(files)
    yield ()


def stretches_of(source: Source) -> Iterator[Source]:
    """A WARC file in pieces that can be read at the same time, where it can be divided."""
    try:
        is_divided = source.member is None and warcs.can_be_split(source.path)
        size = source.path.stat().st_size if is_divided else 0
    except OSError:
        size = 0  # reading it will tell
    starts = range(0, max(size, 1), _STRETCH)
    for start in starts:
        stop = start + _STRETCH
        yield replace(source, start=start, stop=stop if stop < size else None)


def size_of(paths: Iterable[Path]) -> int:
    """Bytes that there are to read."""
    return sum(_size(source) for path in paths for source in archives.sources(path))


def _size(source: Source | Unusable) -> int:
    if isinstance(source, Unusable):
        return 0
    if source.stop is not None:
        return source.stop - source.start
    try:
        return source.path.stat().st_size - source.start
    except OSError:
        return 0


def read_task(task: Task, pipelines: list[Pipeline], in_pieces: bool = False) -> Done:
    """`in_pieces`: leave every article unfinished."""
    done = Done([])
    for source in task:
        if isinstance(source, Unusable):
            done.outcomes.append(Refused.of(source.rejected, source.where))
        elif source.is_warc:
            reader = source.reader()
            pages = archives.read_warc(reader)
            done.outcomes += reading.read_all(pages, pipelines, in_pieces)
            done.first, done.next = reader.first, reader.next
        else:
            pages = archives.read_source(source)
            done.outcomes += reading.read_all(pages, pipelines, in_pieces)
    return done


def _finished(under_way: tuple[Task, Future[Done]]) -> tuple[Task, Done]:
    task, future = under_way
    return task, future.result()


# --- in the processes ----------------------------------------------------------------------------

_pipelines: list[Pipeline] = []


def _begin(setup: Setup) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends what it has begun
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    configure_logging(dict(setup.log))
    _pipelines.extend(reading.pipelines_of(setup.item_pipelines))


def _end_with_parent() -> None:
    """However it ended: a process must not wait for work from one that was killed."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    connection.wait([parent.sentinel])
    os._exit(1)


def _read(task: Task) -> Done:
    return read_task(task, _pipelines)
