"""`scrapy crawl`, as Scrapy has it, but bad arguments end in one line and with status 2."""

from __future__ import annotations

import argparse
import sys

from scrapy.commands import crawl
from scrapy.exceptions import UsageError

from zjnews.store import TEMPORARY, Store, StoreError

BAD_ARGUMENTS = 2


class Command(crawl.Command):
    """Makes the spider once before anything starts, since Scrapy would turn its complaint into a
    traceback, and says what is wrong without the usage text, which hides it."""

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        try:
            super().process_options(args, opts)
        except UsageError as error:
            sys.exit(self.refuse(error))

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        try:
            crawler = self._create_crawler(self.spider_name(args))
            crawler.spidercls(**opts.spargs)
            if crawler.spidercls.keeps_state:  # type: ignore[attr-defined]
                Store(crawler.settings["STATE_DB"] or TEMPORARY).close()
        except (UsageError, StoreError) as error:
            self.exitcode = self.refuse(error)
            return
        assert self.crawler_process is not None
        self.crawler_process.crawl(crawler, **opts.spargs)
        self.crawler_process.start()
        if self.crawler_process.bootstrap_failed:
            self.exitcode = 1
        elif crawler.stats is not None and not crawler.stats.get_value("zjnews/given"):
            self.exitcode = BAD_ARGUMENTS

    def spider_name(self, args: list[str]) -> str:
        """The one spider that is asked for. Raises UsageError."""
        assert self.crawler_process is not None
        known = self.crawler_process.spider_loader.list()
        if len(args) == 1 and args[0] in known:
            return args[0]
        given = f"no spider '{args[0]}'" if len(args) == 1 else "give one spider"
        raise UsageError(f"{given}; known: {', '.join(sorted(known))}")

    def refuse(self, error: Exception) -> int:
        print(f"scrapy crawl: {error}", file=sys.stderr)
        return BAD_ARGUMENTS
