"""`scrapy crawl`, as Scrapy has it, but bad arguments end in one line and with status 2."""

from __future__ import annotations

import argparse

from scrapy.commands import crawl
from scrapy.exceptions import UsageError

BAD_ARGUMENTS = 2


class Command(crawl.Command):
    """Makes the spider once before anything starts, since Scrapy would turn its complaint into a
    traceback."""

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.crawler_process is not None
        known = self.crawler_process.spider_loader.list()
        if len(args) != 1 or args[0] not in known:
            given = f"no spider '{args[0]}'" if len(args) == 1 else "give one spider"
            raise UsageError(f"{given}; known: {', '.join(sorted(known))}", print_help=False)
        crawler = self._create_crawler(args[0])
        crawler.spidercls(**opts.spargs)
        self.crawler_process.crawl(crawler, **opts.spargs)
        self.crawler_process.start()
        if self.crawler_process.bootstrap_failed:
            self.exitcode = 1
        elif crawler.stats is not None and not crawler.stats.get_value("zjnews/given"):
            self.exitcode = BAD_ARGUMENTS
