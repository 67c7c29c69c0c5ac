"""`scrapy reread`: the records of whole archives, on several processes."""

import argparse
import json
import os
import re
import signal
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from io import BytesIO
from pathlib import Path
from typing import Any, TypeVar

from scrapy.commands import ScrapyCommand
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured, UsageError
from scrapy.settings import Settings
from scrapy.statscollectors import MemoryStatsCollector
from scrapy.utils.log import configure_logging
from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

from zjnews.archives import objects, warcs
from zjnews.archives.objects import StoreError
from zjnews.archives.saved import Passed, Place
from zjnews.commands import print_error, refuse_in_one_line, refuse_options
from zjnews.extensions.summary import Summary, counts
from zjnews.feeds.parquet import ParquetExporter
from zjnews.feeds.storages import NO_CREDENTIALS, FeedError, has_credentials, probe_folder
from zjnews.items import Rejected, Skipped
from zjnews.loaders import reading
from zjnews.loaders.reading import Pipeline
from zjnews.pages.guard import ticking
from zjnews.pipelines.copies import CopiesPipeline
from zjnews.pipelines.duplicates import DuplicatesPipeline
from zjnews.review import rereading
from zjnews.review.orders import Whole
from zjnews.review.outputs import ENDINGS, PARQUET, STDOUT, Output, parts_before
from zjnews.review.readers import Ended, Readers
from zjnews.review.rereading import Records
from zjnews.spiders import needs
from zjnews.spiders.archive import ArchiveSpider
from zjnews.state import outcomes, verdict
from zjnews.state.outcomes import logger
from zjnews.text.cleaning import error_in_words, printable

_T = TypeVar("_T")

CLUSTER = re.compile(r"dask:(?:tcp|tls)://[^\s/]+:\d+")


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
            " records as JSON Lines or Parquet, in the order of the archives. Archives may be on"
            " S3: s3://BUCKET/KEY.warc.gz or s3://BUCKET/FOLDER."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        refuse_in_one_line("reread", parser)
        parser.add_argument(
            "-O",
            "--overwrite-output",
            metavar="FILE",
            help="JSON Lines or .parquet, whole or as it was before; - for standard output",
        )
        parser.add_argument(
            "--parts",
            metavar="N",
            help="files of N records each, FILE-00001 and so on, instead of one",
        )
        parser.add_argument(
            "-j",
            "--processes",
            metavar="N",
            help="processes that read at the same time (default: one for each processor)",
        )
        parser.add_argument(
            "--on",
            metavar="dask:tcp://HOST:PORT",
            help="the scheduler of a Dask cluster whose workers read",
        )

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.settings is not None
        paths = paths_of(args)
        if opts.on is not None and opts.processes:
            raise UsageError("-j and --on: with --on each worker has processes of its own")
        processes = processes_of(opts.processes)
        output = output_of(opts.overwrite_output, opts.parts)
        reread = Reread(self.settings, records_of(self.settings, processes, opts.on), paths)
        configure_logging(self.settings)
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        sys.unraisablehook = reread.heed
        result = reread.write(output)
        status, words = verdict.verdict_of(reread.stats)
        lines = [*counts("reread", reread.stats), f"  {result}"]
        print("\n".join(map(printable, lines)), file=sys.stderr)
        print_error("reread", f"exit status {status:d}, {words}")
        self.exitcode = status


class Reread:
    """One run over archives: compares records in their order, counts and writes them."""

    def __init__(self, settings: Settings, records: Records, paths: Sequence[Place]) -> None:
        self.crawler = Crawler(ArchiveSpider, Settings(settings))
        self.crawler.stats = MemoryStatsCollector(self.crawler)
        self.summary = Summary(self.crawler)
        self.comparing: list[Pipeline] = [
            DuplicatesPipeline.from_crawler(self.crawler),
            CopiesPipeline.from_crawler(self.crawler),
        ]
        self.records = records
        self.paths = paths
        self.is_interrupted = False

    @property
    def stats(self) -> dict[str, Any]:
        return self.crawler.stats.get_stats()

    def write(self, output: Output) -> str:
        """Write the records, and return what happened in words."""
        reason, why = "finished", ""
        try:
            with ticking():
                output.write(self.lines())
        except OSError as error:
            reason, why = "feed_failed", error_in_words(error)
        except Ended as ended:
            reason, why = ended.reason, ended.why
        except KeyboardInterrupt:
            reason, why = "shutdown", "interrupted"
        self.crawler.stats.set_value("finish_reason", reason)
        return output.result(why)

    def heed(self, unraisable: "sys.UnraisableHookArgs") -> None:
        """An interrupt that comes while an object is deleted, and that Python drops."""
        if unraisable.exc_type is KeyboardInterrupt:
            self.is_interrupted = True
        else:
            sys.__unraisablehook__(unraisable)

    def lines(self) -> Iterator[bytes]:
        """The records as lines of JSON. Raises KeyboardInterrupt where one was dropped."""
        self.crawler.stats.set_value("zjnews/given", sum(path.exists() for path in self.paths))
        for found in self.watched(self.records.outcomes(self.paths)):
            if self.is_interrupted:
                raise KeyboardInterrupt
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


def paths_of(args: list[str]) -> list[Place]:
    """Raises UsageError if none of the archives exists."""
    refuse_options("reread", args)
    if not args:
        raise UsageError("name an archive: a WARC file, a folder or a saved page")
    paths = [path for arg in args for path in places_of(arg)]
    if not any(path.exists() for path in paths):  # keep the file of an earlier run
        raise UsageError(f"{', '.join(args)}: no such file or folder")
    return paths


def places_of(arg: str) -> list[Place]:
    """A file or folder, or the archives of an address on S3. Raises UsageError."""
    if not arg.startswith(objects.SCHEME):
        return [Path(arg)]
    if has_credentials(arg):
        raise UsageError(NO_CREDENTIALS)
    try:
        return [*objects.objects_at(arg, warcs.ENDINGS)]
    except StoreError as error:
        raise UsageError(str(error)) from error


def processes_of(text: str | None) -> int:
    """The number of processes. Raises UsageError."""
    if text is not None:
        return number_of("-j", text, "processes")
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1


def readers_on(text: str, settings: Settings) -> Readers:
    """Those of a cluster, `dask:tcp://HOST:PORT`. Raises UsageError."""
    address = text.removeprefix("dask:")
    if not CLUSTER.fullmatch(text):
        raise UsageError(f"--on {text}: give dask:tcp://HOST:PORT, the address of a Dask scheduler")
    try:
        from zjnews.review.on_dask import OnDask  # noqa: PLC0415  an optional install
    except ImportError as error:
        raise UsageError("--on needs Dask: pip install 'zjnews[dask]'") from error
    try:
        return OnDask(address, settings)
    except (OSError, ValueError) as error:
        why = error_in_words(error)
        raise UsageError(f"--on {text}: no scheduler answers there: {why}") from error


def output_of(out: str | None, parts: str | None) -> Output:
    """Where the records go. Raises UsageError."""
    if not out:
        raise UsageError("-O is missing: name the file for the records, or - for standard output")
    most = None if parts is None else number_of("--parts", parts, "records")
    if out == STDOUT:
        if most:
            raise UsageError("--parts: standard output has no parts")
        return Output(out)
    if not out.endswith(ENDINGS):
        raise UsageError(f"-O {out}: name a file {', '.join(ENDINGS)}")
    try:
        probe_folder(Path(out).parent, f"-O {out}")
        if out.endswith(PARQUET):
            ParquetExporter(BytesIO())
    except (FeedError, NotConfigured) as error:
        raise UsageError(str(error)) from error
    if most and (before := parts_before(out)):
        raise UsageError(f"--parts: {before[0]} is there; remove the parts of an earlier run")
    return Output(out, most)


def number_of(option: str, text: str, what: str) -> int:
    """Raises UsageError."""
    if not (text.isascii() and text.isdigit() and int(text)):
        raise UsageError(f"{option} {text} is no number of {what}")
    return int(text)


def records_of(settings: Settings, processes: int = 1, on: str | None = None) -> Records:
    """`on`: the cluster that reads instead. Raises UsageError, also if a pipeline needs a crawl."""
    needs.check_values(settings, needs.own_settings())
    for path, order in settings.getwithbase("ITEM_PIPELINES").items():
        if order is not None and order >= reading.COMPARING and not path.startswith("zjnews."):
            raise UsageError(f"ITEM_PIPELINES: {path} comes after 500, where reread has no crawl")
    readers = None if on is None else readers_on(on, settings)
    try:
        return Records(settings, processes, readers)
    except TypeError as error:
        raise UsageError(f"ITEM_PIPELINES: {error}; reread has no crawl to give it") from error
