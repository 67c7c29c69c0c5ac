"""`scrapy crawl`, Scrapy's own, with an exit status that says how the crawl went."""

import argparse
import gc
import sys
from pathlib import Path

from scrapy.commands import crawl
from scrapy.crawler import Crawler
from scrapy.exceptions import UsageError

from zjnews import state
from zjnews.archives import warcs
from zjnews.commands import file_and_error, print_error, refuse_in_one_line
from zjnews.commands.report import write_report
from zjnews.extensions.feeds import feeds_of
from zjnews.extensions.watch import Watch
from zjnews.feeds.storages import (
    NO_CREDENTIALS,
    FeedError,
    has_credentials,
    place,
    probe,
    probe_folder,
)
from zjnews.pages.guard import ticking
from zjnews.pipelines.images import ArticleImagesPipeline
from zjnews.state import verdict
from zjnews.state.crawling import stats_of
from zjnews.state.database import BusyError, StateError
from zjnews.state.verdict import Status

WHOLE_FORMATS = ("json", "xml", "parquet")
"""Formats to whose files nothing can be appended."""
MISSES = ("reject", "fetch")


class Command(crawl.Command):
    """Tries arguments, state and feeds before anything starts, since Scrapy would print their
    errors as tracebacks."""

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        refuse_in_one_line("crawl", parser)

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super().process_options(args, opts)
        assert self.settings is not None
        if not self.settings.getdict("FEEDS"):
            self.settings.set("FEEDS", self.settings.getdict("DEFAULT_FEEDS"), priority="cmdline")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.crawler_process is not None
        try:
            crawler = self.crawler_process.create_crawler(self.spider_name(args))
            crawler.spidercls(**opts.spargs)
            state.state_of(crawler)
            check_archives(crawler)
            check_report(crawler)
            probe_feeds(crawler)
            ArticleImagesPipeline.check(crawler)
            Watch.check(crawler)
        except StateError as error:
            raise UsageError(str(error)) from error
        except (BusyError, FeedError) as error:
            print_error("crawl", str(error))
            self.exitcode = Status.BUSY if isinstance(error, BusyError) else Status.NOT_SHIPPED
        else:
            self.crawl(crawler, opts)

    def crawl(self, crawler: Crawler, opts: argparse.Namespace) -> None:
        assert self.crawler_process is not None
        # What is loaded by now stays to the end; boto3 alone would slow down the collector by some
        # percent of the crawl.
        gc.freeze()
        self.crawler_process.crawl(crawler, **opts.spargs)
        with ticking():
            self.crawler_process.start()
        if self.crawler_process.bootstrap_failed:
            self.exitcode = Status.NOT_STARTED
            return
        status, words = verdict.verdict_of(stats_of(crawler).get_stats())
        self.exitcode = status
        if crawler.settings["REPORT"]:
            self.report(crawler)
        print_error("crawl", f"exit status {status:d}, {words}")

    def report(self, crawler: Crawler) -> None:
        """Write the page of the last runs; where that fails, the crawl has ended well all the
        same."""
        target = crawler.settings["REPORT"]
        try:
            write_report(crawler.settings["STATE_DB"], target)
        except (OSError, StateError) as error:
            words = file_and_error(error) if isinstance(error, OSError) else str(error)
            print_error("crawl", f"no report: {words}")
        else:
            print(f"  report in {Path(target).absolute()}", file=sys.stderr)

    def spider_name(self, args: list[str]) -> str:
        """The name of the spider. Raises UsageError."""
        assert self.crawler_process is not None
        known = self.crawler_process.spider_loader.list()
        if len(args) == 1 and args[0] in known:
            return args[0]
        given = f"no spider '{args[0]}'" if len(args) == 1 else "give one spider"
        raise UsageError(f"{given}; known: {', '.join(sorted(known))}")


def check_archives(crawler: Crawler) -> None:
    """Raises UsageError or FeedError if pages cannot be recorded, or there are none to replay."""
    settings = crawler.settings
    if settings["WARC_DIR"]:
        probe_folder(Path(settings["WARC_DIR"]), f"archive {settings['WARC_DIR']}")
    misses = settings["WARC_REPLAY_MISSES"]
    if misses not in MISSES:
        raise UsageError(f"WARC_REPLAY_MISSES={misses} is neither {' nor '.join(MISSES)}")
    replayed = settings["WARC_REPLAY"]
    if replayed and not warcs.files(Path(replayed)) and misses != "fetch":
        raise UsageError(f"WARC_REPLAY={replayed} is no WARC file, and no folder with one")


def check_report(crawler: Crawler) -> None:
    """Raises UsageError or FeedError if there will be nothing to report, or nowhere to write it."""
    settings = crawler.settings
    if not settings["REPORT"]:
        return
    notes_runs = settings["STATE_DB"] and settings.getbool("WATCH")
    if not (notes_runs and getattr(crawler.spidercls, "keeps_state", False)):
        raise UsageError("REPORT shows runs that the state has noted; this one keeps none")
    probe_folder(Path(settings["REPORT"]).absolute().parent, f"report {settings['REPORT']}")


def probe_feeds(crawler: Crawler) -> None:
    """Try every feed before the first request. Raises UsageError, FeedError."""
    feeds_of(crawler)
    feeds = {str(uri): options for uri, options in crawler.settings.getdict("FEEDS").items()}
    for uri, options in feeds.items():
        is_s3, overwrites = uri.startswith("s3:"), options.get("overwrite")
        if is_s3 and has_credentials(uri):
            raise FeedError(f"feed {place(uri)}: {NO_CREDENTIALS}")
        if (overwrites or is_s3) and "%(batch_id)" in uri and "time)s" not in uri:
            raise UsageError(f"{place(uri)}: without %(batch_time)s runs overwrite each other")
        is_there = "://" not in uri and Path(uri).is_file() and Path(uri).stat().st_size
        if is_there and not overwrites and options.get("format") in WHOLE_FORMATS:
            raise UsageError(f"{uri}: nothing can be added to {options['format']}; use -O")
    if crawler.settings.getbool("FEED_PROBE"):
        for uri, options in feeds.items():
            probe(crawler, uri, options)
