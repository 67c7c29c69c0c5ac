"""`scrapy reread`: the records of whole archives, on several processes."""

import argparse
import json
import os
import signal
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import IO, Any, TypeVar

from scrapy.commands import ScrapyCommand
from scrapy.crawler import Crawler
from scrapy.exceptions import UsageError
from scrapy.settings import Settings
from scrapy.statscollectors import MemoryStatsCollector
from scrapy.utils.log import configure_logging
from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

from zjnews.archives.saved import Passed
from zjnews.commands import print_error, refuse_in_one_line, refuse_options
from zjnews.extensions.summary import Summary, counts
from zjnews.feeds.drafts import Draft
from zjnews.feeds.storages import FeedError, place, probe_folder
from zjnews.items import Rejected, Skipped
from zjnews.loaders import reading
from zjnews.loaders.reading import Pipeline
from zjnews.pipelines.copies import CopiesPipeline
from zjnews.pipelines.duplicates import DuplicatesPipeline
from zjnews.review import rereading
from zjnews.review.rereading import Records, Whole
from zjnews.spiders import needs
from zjnews.spiders.archive import ArchiveSpider
from zjnews.state import outcomes, verdict
from zjnews.state.outcomes import logger
from zjnews.text.cleaning import error_in_words, printable

_T = TypeVar("_T")

STDOUT = "-"
ENDINGS = (".jsonl", ".jl", ".jsonlines")


class Command(ScrapyCommand):
    """Gives the records of the spider `archive`, byte for byte, without the engine."""

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
        refuse_in_one_line("reread", parser)
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
        paths = paths_of(args)
        processes = processes_of(opts.processes)
        out = target_of(opts.overwrite_output)
        reread = Reread(self.settings, records_of(self.settings, processes), paths)
        configure_logging(self.settings)
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        result = reread.write(out)
        status, words = verdict.verdict_of(reread.stats)
        lines = [*counts("reread", reread.stats), f"  {result}"]
        print("\n".join(map(printable, lines)), file=sys.stderr)
        print_error("reread", f"exit status {status:d}, {words}")
        self.exitcode = status


class Reread:
    """One run over archives: compares records in their order, counts and writes them."""

    def __init__(self, settings: Settings, records: Records, paths: list[Path]) -> None:
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
        """Write the records, whole or not at all, and return what happened in words."""
        reason, why = "finished", ""
        try:
            with opened(out) as file:
                file.writelines(self.lines())
                file.flush()
        except OSError as error:
            reason, why = "feed_failed", error_in_words(error)
        except BrokenProcessPool:
            reason, why = "process_died", "a process that was reading has died; try -j 1"
        except KeyboardInterrupt:
            reason, why = "shutdown", "interrupted"
        self.crawler.stats.set_value("finish_reason", reason)
        return f"nothing written to {place(out)}: {why}" if why else f"written to {place(out)}"

    def lines(self) -> Iterator[bytes]:
        """The records as lines of JSON."""
        self.crawler.stats.set_value("zjnews/given", sum(map(Path.exists, self.paths)))
        for found in self.watched(self.records.outcomes(self.paths)):
            if isinstance(found, Whole):
                yield from self.line(found)
            elif isinstance(found, Passed):
                outcomes.skip(self.crawler, found.skipped, found.url)
            else:
                outcomes.reject(self.crawler, found.rejected, found.where)

    def line(self, found: Whole) -> Iterator[bytes]:
        """The line of a record; none if the article was there before."""
        article = found.article
        try:
            for pipeline in self.comparing:
                article = pipeline.process_item(article)
        except Rejected as rejected:
            outcomes.reject(self.crawler, rejected, article.url)
        except Skipped as skipped:
            outcomes.skip(self.crawler, skipped, article.url)
        else:
            self.summary.item_scraped(article)
            line = found.line
            if article.duplicate_of:
                line = reading.line_of(json.loads(line) | {"duplicate_of": article.duplicate_of})
            yield line + b"\n"

    def watched(self, records: Iterable[_T]) -> Iterator[_T]:
        """The same records, with progress: in place on a terminal, else as log lines."""
        settings = self.crawler.settings
        interval = settings.getfloat("LOGSTATS_INTERVAL")
        if not interval or not settings.getbool("PROGRESS_ENABLED"):
            yield from records
            return
        size, last = rereading.size_of(self.paths), time.monotonic()
        on_terminal = sys.stderr.isatty()
        bar = tqdm(total=size, unit="B", unit_scale=True, desc="reread", disable=not on_terminal)
        with bar, logging_redirect_tqdm() if on_terminal else nullcontext():
            for found in records:
                yield found
                count, done = self.stats.get("zjnews/articles", 0), self.records.bytes_read
                bar.set_postfix_str(f"{count:,} articles", refresh=False)
                bar.update(done - bar.n)
                if not on_terminal and time.monotonic() - last >= interval:
                    last = time.monotonic()
                    megabytes = done // 10**6, size // 10**6
                    logger.info("reread: %d articles, %d of %d MB", count, *megabytes)


def opened(out: str) -> AbstractContextManager[IO[bytes]]:
    """Standard output, or a file that is written whole or not at all."""
    if out == STDOUT:
        return nullcontext(sys.stdout.buffer)
    is_pipe = Path(out).exists() and not Path(out).is_file()
    return Path(out).open("wb") if is_pipe else Draft(out)


def paths_of(args: list[str]) -> list[Path]:
    """Raises UsageError if none of the archives exists."""
    paths = [Path(arg) for arg in args]
    refuse_options("reread", args)
    if not paths:
        raise UsageError("name an archive: a WARC file, a folder or a saved page")
    if not any(path.exists() for path in paths):  # keep the file of an earlier run
        raise UsageError(f"{', '.join(args)}: no such file or folder")
    return paths


def processes_of(text: str | None) -> int:
    """The number of processes. Raises UsageError."""
    if text is None:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    if not (text.isascii() and text.isdigit() and int(text)):
        raise UsageError(f"-j {text} is no number of processes")
    return int(text)


def target_of(text: str | None) -> str:
    """The file for the records, or `-`. Raises UsageError."""
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


def records_of(settings: Settings, processes: int) -> Records:
    """Raises UsageError if a pipeline needs a crawl."""
    needs.check_values(settings, needs.own_settings())
    for path, order in settings.getwithbase("ITEM_PIPELINES").items():
        if order is not None and order >= reading.COMPARING and not path.startswith("zjnews."):
            raise UsageError(f"ITEM_PIPELINES: {path} comes after 500, where reread has no crawl")
    try:
        return Records(settings, processes)
    except TypeError as error:
        raise UsageError(f"ITEM_PIPELINES: {error}; reread has no crawl to give it") from error
