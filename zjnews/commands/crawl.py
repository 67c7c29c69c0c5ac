"""`scrapy crawl`, as Scrapy has it, but its exit status tells how the crawl went."""

from __future__ import annotations

import argparse
import gc
import sys
from pathlib import Path

from scrapy.commands import crawl
from scrapy.crawler import Crawler
from scrapy.exceptions import UsageError

from zjnews import state, verdict, warcs
from zjnews.extensions.feeds import feeds_of
from zjnews.pipelines.images import ArticleImagesPipeline
from zjnews.state.database import BusyError, StateError
from zjnews.storages import (
    NO_CREDENTIALS,
    FeedError,
    has_credentials,
    place,
    probe,
    probe_folder,
)
from zjnews.text import fit_for_log
from zjnews.verdict import Status

WHOLE_FORMATS = ("json", "xml", "parquet")
"""Formats to whose files nothing can be appended."""
MISSES = ("reject", "fetch")


class Command(crawl.Command):
    """Tries arguments, store and feeds before anything starts, since Scrapy would turn their
    complaints into tracebacks, and says what is wrong without the usage text, which hides it."""

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        try:
            super().process_options(args, opts)
        except UsageError as error:
            sys.exit(self.refuse(error, Status.BAD_ARGUMENTS))
        assert self.settings is not None
        if not self.settings.getdict("FEEDS"):
            self.settings.set("FEEDS", self.settings.getdict("DEFAULT_FEEDS"), priority="cmdline")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.crawler_process is not None
        try:
            crawler = self.crawler_process.create_crawler(self.spider_name(args))
            crawler.spidercls(**opts.spargs)
            state.of(crawler)
            check_archives(crawler)
            probe_feeds(crawler)
            ArticleImagesPipeline.check(crawler)
        except (UsageError, StateError) as error:
            self.exitcode = self.refuse(error, Status.BAD_ARGUMENTS)
        except BusyError as error:
            self.exitcode = self.refuse(error, Status.BUSY)
        except FeedError as error:
            self.exitcode = self.refuse(error, Status.NOT_SHIPPED)
        else:
            self.crawl(crawler, opts)

    def crawl(self, crawler: Crawler, opts: argparse.Namespace) -> None:
        assert self.crawler_process is not None
        # What is loaded by now stays to the end: boto3 alone brings enough of it to slow down the
        # collector by some percent of the crawl.
        gc.freeze()
        self.crawler_process.crawl(crawler, **opts.spargs)
        self.crawler_process.start()
        if self.crawler_process.bootstrap_failed:
            self.exitcode = Status.NOT_STARTED
            return
        assert crawler.stats is not None
        status, words = verdict.of(crawler.stats.get_stats())
        self.exitcode = status
        print(f"scrapy crawl: exit status {status:d}, {words}", file=sys.stderr)

    def spider_name(self, args: list[str]) -> str:
        """The one spider that is asked for. Raises UsageError."""
        assert self.crawler_process is not None
        known = self.crawler_process.spider_loader.list()
        if len(args) == 1 and args[0] in known:
            return args[0]
        given = f"no spider '{args[0]}'" if len(args) == 1 else "give one spider"
        raise UsageError(f"{given}; known: {', '.join(sorted(known))}")

    def refuse(self, error: Exception, status: Status) -> int:
        print(f"scrapy crawl: {fit_for_log(str(error))}", file=sys.stderr)
        return int(status)


def check_archives(crawler: Crawler) -> None:
    """See that pages can be kept, and that there are some to replay. Raises UsageError,
    FeedError."""
    settings = crawler.settings
    if settings["WARC_DIR"]:
        probe_folder(Path(settings["WARC_DIR"]), f"archive {settings['WARC_DIR']}")
    misses = settings["WARC_REPLAY_MISSES"]
    if misses not in MISSES:
        raise UsageError(f"WARC_REPLAY_MISSES={misses} is neither {' nor '.join(MISSES)}")
    replayed = settings["WARC_REPLAY"]
    if replayed and not warcs.files(Path(replayed)) and misses != "fetch":
        raise UsageError(f"WARC_REPLAY={replayed} is no WARC file, and no folder with one")


def probe_feeds(crawler: Crawler) -> None:
    """Try every feed before the first page is asked for. Raises UsageError, FeedError."""
    feeds_of(crawler)
    for uri, options in crawler.settings.getdict("FEEDS").items():
        if str(uri).startswith("s3:") and has_credentials(str(uri)):
            raise FeedError(f"feed {place(str(uri))}: {NO_CREDENTIALS}")
        replaces = options.get("overwrite") or str(uri).startswith("s3:")
        if replaces and "%(batch_id)" in str(uri) and "time)s" not in str(uri):
            raise UsageError(f"{place(str(uri))}: without %(batch_time)s runs overwrite each other")
        path = Path(str(uri))
        is_there = "://" not in str(uri) and path.is_file() and path.stat().st_size
        if is_there and not options.get("overwrite") and options.get("format") in WHOLE_FORMATS:
            raise UsageError(f"{uri}: nothing can be added to {options['format']}; use -O")
    if crawler.settings.getbool("FEED_PROBE"):
        for uri, options in crawler.settings.getdict("FEEDS").items():
            probe(crawler, str(uri), options)
