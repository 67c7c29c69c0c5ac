"""`scrapy reread`: the records of whole archives, on several processes."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import nullcontext
from pathlib import Path
from typing import IO, Any, cast

from scrapy.commands import ScrapyCommand
from scrapy.crawler import Crawler
from scrapy.exceptions import UsageError
from scrapy.settings import BaseSettings, Settings
from scrapy.statscollectors import MemoryStatsCollector
from scrapy.utils.log import configure_logging
from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

from zjnews import outcomes, reading, rereading, verdict
from zjnews.archives import Passed
from zjnews.extensions.summary import Summary, counts
from zjnews.items import Rejected, Skipped
from zjnews.outcomes import logger
from zjnews.pipelines.copies import CopiesPipeline
from zjnews.pipelines.duplicates import DuplicatesPipeline
from zjnews.reading import Pipeline, Whole
from zjnews.rereading import Records, Setup
from zjnews.spiders.archive import ArchiveSpider
from zjnews.storages import FeedError, WholeFileStorage, place, probe_folder
from zjnews.text import fit_for_log, printable
from zjnews.verdict import Status

STDOUT = "-"
ENDINGS = (".jsonl", ".jl", ".jsonlines")
LOG_SETTINGS = (
    "LOG_ENABLED",
    "LOG_ENCODING",
    "LOG_FILE",
    "LOG_FILE_APPEND",
    "LOG_FORMAT",
    "LOG_DATEFORMAT",
    "LOG_LEVEL",
    "LOG_SHORT_NAMES",
    "LOG_STDOUT",
)


class Command(ScrapyCommand):
    """The same records as the spider `archive` gives, byte for byte, without the engine."""

    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "[options] ARCHIVE [ARCHIVE…] -O out.jsonl"

    def short_desc(self) -> str:
        return "Read saved pages again, on all processors"

    def long_desc(self) -> str:
        return (
            "Reads every article of WARC files, folders and saved pages again, and writes the"
            " records as JSON Lines, in the order of the archives."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument(
            "-O",
            "--overwrite-output",
            metavar="FILE",
            help="JSON Lines, whole or as it was before; - for standard output",
        )
        parser.add_argument(
            "-j",
            "--processes",
            metavar="N",
            help="processes that read at the same time (default: one for each processor)",
        )

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.settings is not None
        try:
            paths = read_paths(args)
            processes = read_processes(opts.processes)
            out = read_out(opts.overwrite_output)
            setup = setup_of(self.settings)
            reread = Reread(self.settings, Records(setup, processes), paths)
        except UsageError as error:
            self.say(str(error))
            self.exitcode = Status.BAD_ARGUMENTS
            return
        configure_logging(self.settings)
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        result = reread.write(out)
        status, words = verdict.of(reread.stats)
        lines = [*counts("reread", reread.stats), f"  {result}"]
        print("\n".join(map(printable, lines)), file=sys.stderr)
        self.say(f"exit status {status:d}, {words}")
        self.exitcode = status

    def say(self, line: str) -> None:
        print(f"scrapy reread: {fit_for_log(line)}", file=sys.stderr)


class Reread:
    """One run over archives: what depends on the order of the records, counting, writing."""

    def __init__(self, settings: BaseSettings, records: Records, paths: list[Path]) -> None:
        self.crawler = Crawler(ArchiveSpider, Settings(settings))
        self.crawler.stats = MemoryStatsCollector(self.crawler)
        self.summary = Summary(self.crawler)
        self.comparing: list[Pipeline] = [
            DuplicatesPipeline.from_crawler(self.crawler),
            CopiesPipeline.from_crawler(self.crawler),
        ]
        self.records = records
        self.paths = paths

    @property
    def stats(self) -> dict[str, Any]:
        return self.crawler.stats.get_stats()

    def write(self, out: str) -> str:
        """Write the records, whole or not at all. What became of them, for a person."""
        output = StandardOutput() if out == STDOUT else WholeFile(out)
        try:
            with output as file:
                for line in self.lines():
                    file.write(line)
        except (OSError, BrokenProcessPool, KeyboardInterrupt) as error:
            reason, why = told(error)
            self.crawler.stats.set_value("finish_reason", reason)
            return f"nothing written to {place(out)}: {why}"
        self.crawler.stats.set_value("finish_reason", "finished")
        return f"written to {place(out)}"

    def lines(self) -> Iterator[bytes]:
        """The records, as they stand in the file."""
        self.crawler.stats.set_value("zjnews/given", sum(map(Path.exists, self.paths)))
        with Progress(self) as progress:
            for found in self.records.of(self.paths):
                progress.show()
                if isinstance(found, Whole):
                    yield from self.line(found)
                elif isinstance(found, Passed):
                    outcomes.skip(self.crawler, found.skipped, found.url)
                else:
                    self.refuse(Rejected(found.reason, found.detail), found.where)

    def line(self, found: Whole) -> Iterator[bytes]:
        """The line of a record, unless the article was there before."""
        article = found.article
        try:
            for pipeline in self.comparing:
                article = pipeline.process_item(article)
        except Rejected as rejected:
            self.refuse(rejected, article.url)
        except Skipped as skipped:
            outcomes.skip(self.crawler, skipped, article.url)
        else:
            self.summary.item_scraped(article)
            line = found.line
            if article.duplicate_of:
                line = reading.line_of(json.loads(line) | {"duplicate_of": article.duplicate_of})
            yield line + b"\n"

    def refuse(self, rejected: Rejected, where: str) -> None:
        outcomes.reject(self.crawler, rejected, where)


class WholeFile:
    """A file that is there whole, or as it was before."""

    def __init__(self, path: str) -> None:
        self.storage = WholeFileStorage(path, feed_options={"overwrite": True})

    def __enter__(self) -> IO[bytes]:
        self.file = self.storage.open(cast("Any", None))
        return self.file

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.storage.store(self.file)
        else:
            self.storage.discard(self.file)


class StandardOutput:
    def __enter__(self) -> IO[bytes]:
        return sys.stdout.buffer

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            sys.stdout.flush()


class Progress:
    """How far it is: a line in place on a terminal, now and then a line in the log elsewhere."""

    def __init__(self, reread: Reread) -> None:
        self.reread = reread
        settings = reread.crawler.settings
        self.interval = settings.getfloat("LOGSTATS_INTERVAL")
        is_wanted = bool(self.interval) and settings.getbool("PROGRESS_ENABLED")
        self.on_terminal = is_wanted and sys.stderr.isatty()
        self.in_log = is_wanted and not self.on_terminal
        self.size = rereading.size_of(reread.paths) if is_wanted else 0
        self.last = time.monotonic()

    def __enter__(self) -> Progress:
        self.bar = tqdm(
            total=self.size, unit="B", unit_scale=True, desc="reread", disable=not self.on_terminal
        )
        self.redirect = logging_redirect_tqdm() if self.on_terminal else nullcontext()
        self.redirect.__enter__()
        return self

    def __exit__(self, *about: Any) -> None:
        self.redirect.__exit__(*about)
        self.bar.close()

    def show(self) -> None:
        if self.on_terminal:
            self.bar.set_postfix_str(f"{self.articles:,} articles", refresh=False)
            self.bar.update(self.reread.records.bytes_read - self.bar.n)
        elif self.in_log and time.monotonic() - self.last >= self.interval:
            self.last = time.monotonic()
            done = self.reread.records.bytes_read
            logger.info(
                "reread: %d articles, %d of %d MB", self.articles, done // 10**6, self.size // 10**6
            )

    @property
    def articles(self) -> int:
        return int(self.reread.stats.get("zjnews/articles", 0))


def told(error: BaseException) -> tuple[str, str]:
    """By which reason a run ended that an exception has ended, and why in words."""
    if isinstance(error, OSError):
        return "feed_failed", error.strerror or str(error)
    if isinstance(error, BrokenProcessPool):
        return "process_died", "a process that was reading has died; try -j 1"
    return "shutdown", "interrupted"


def read_paths(args: list[str]) -> list[Path]:
    """The archives. Raises UsageError."""
    paths = [Path(arg) for arg in args]
    for arg in args:
        if arg.startswith("-") and not Path(arg).exists():
            raise UsageError(f"no option '{arg}'; scrapy reread -h shows them")
    if not paths:
        raise UsageError("name an archive: a WARC file, a folder or a saved page")
    if not any(path.exists() for path in paths):  # the file of an earlier reading shall stay
        raise UsageError(f"{', '.join(args)}: no such file or folder")
    return paths


def read_processes(text: str | None) -> int:
    """How many processes are wanted. Raises UsageError."""
    if text is None:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    if not (text.isascii() and text.isdigit() and int(text)):
        raise UsageError(f"-j {text} is no number of processes")
    return int(text)


def read_out(text: str | None) -> str:
    """Where the records go. Raises UsageError."""
    if not text:
        raise UsageError("-O is missing: name the file for the records, or - for standard output")
    if text != STDOUT and not text.endswith(ENDINGS):
        raise UsageError(f"-O {text}: JSON Lines are written; name a file {' or '.join(ENDINGS)}")
    if text != STDOUT:
        try:
            probe_folder(Path(text).parent, f"-O {text}")
        except FeedError as error:
            raise UsageError(str(error)) from error
    return text


def setup_of(settings: BaseSettings) -> Setup:
    """What processes have to know. Raises UsageError where a pipeline needs a crawl."""
    item_pipelines = settings.getwithbase("ITEM_PIPELINES")
    setup = Setup(dict(item_pipelines), {name: settings[name] for name in LOG_SETTINGS})
    try:
        reading.pipelines_of(setup.item_pipelines)
    except TypeError as error:
        raise UsageError(f"ITEM_PIPELINES: {error}; reread has no crawl to give it") from error
    for path, order in item_pipelines.items():
        if order is not None and order >= reading.COMPARING and not path.startswith("zjnews."):
            raise UsageError(f"ITEM_PIPELINES: {path} comes behind 500, where reread has no crawl")
    return setup
