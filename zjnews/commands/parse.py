"""`scrapy parse`, Scrapy's own: finds the spider of an address, and prints the record."""

import argparse
import json
import shutil
import warnings
from collections.abc import AsyncIterator
from typing import Any

from scrapy import Request, Spider, signals
from scrapy.commands import parse
from scrapy.exceptions import UsageError

from zjnews.commands import print_error, print_lines, refuse_in_one_line, refuse_options
from zjnews.feeds.records import record_of
from zjnews.items import Rejected
from zjnews.site import addresses
from zjnews.site.addresses import Kind
from zjnews.spiders.article import article_address
from zjnews.state.verdict import Status

_PAGES = 100
"""Further pages of an article that are read."""
_OF_PAPERS = (Kind.PAPER_PAGE, Kind.PAPER_FRONT, Kind.PAPER_ISSUES)


class Command(parse.Command):
    """The requests are those of the spider's own start, so that callbacks find what they need;
    nothing is remembered."""

    def short_desc(self) -> str:
        return "Read one address with its spider and print the record, or the links of a list"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        refuse_in_one_line("parse", parser)
        parser.set_defaults(depth=None)

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super().process_options(args, opts)
        assert self.settings is not None
        for name, value in {"STATE_DB": "", "SUMMARY_ENABLED": False}.items():
            self.settings.set(name, value, priority="cmdline")
        opts.output = True  # has the crawl take the items, and so the pipelines

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        refuse_options("parse", args)
        if len(args) != 1:
            raise UsageError(f"give one address, not {len(args)}")
        self.scraped: list[Any] = []
        self.set_spidercls(args[0], opts)
        # Scrapy's own command is not up to its own rules.
        warnings.filterwarnings("ignore", r".*prepare_request.* returned a Deferred")
        assert self.crawler_process is not None
        assert self.spidercls is not None
        self.pcrawler = self.crawler_process.create_crawler(self.spidercls)
        self.crawler_process.crawl(self.pcrawler, **opts.spargs)
        self.crawler_process.start()
        if self.crawler_process.bootstrap_failed:
            self.exitcode = Status.NOT_STARTED
            return
        self.print_results(opts)

    def set_spidercls(self, url: str, opts: argparse.Namespace) -> None:
        """Choose the spider, its arguments and how deep it goes. Raises UsageError."""
        assert self.crawler_process is not None
        name, arguments, depth = spider_of(url) if not opts.spider else (opts.spider, {}, 1)
        try:
            self.spidercls = self.crawler_process.spider_loader.load(name)
        except KeyError as error:
            raise UsageError(str(error.args[0])) from error
        if opts.callback and not hasattr(self.spidercls, opts.callback):
            raise UsageError(f"{name} has no method '{opts.callback}'")
        opts.spargs = {**arguments, **opts.spargs}
        opts.depth = opts.depth or depth
        self.spidercls(**opts.spargs)  # refuses bad arguments
        command, start_of_spider = self, self.spidercls.start

        async def start(self: Spider) -> AsyncIterator[Any]:
            self.crawler.signals.connect(command.item_scraped, signals.item_scraped)
            async for found in start_of_spider(self):
                if not isinstance(found, Request):
                    yield found
                    continue
                if opts.callback:
                    found.callback = None
                yield command.prepare_request(self, found, opts)

        self.spidercls.start = start  # type: ignore[method-assign]

    def item_scraped(self, item: Any) -> None:
        self.scraped.append(item)

    def print_results(self, opts: argparse.Namespace) -> None:
        """Print records as JSON, then what a crawl would request next."""
        records = [] if opts.noitems else [record_of(item) for item in self.scraped]
        requests = self.requests.get(max(self.requests, default=0), [])
        links = [] if opts.nolinks else [str(request) for request in requests]
        lines = [json.dumps(record, ensure_ascii=False, indent=2) for record in records]
        if links:
            width = min(shutil.get_terminal_size().columns, 80)
            lines += [f"# {len(links)} requests ".ljust(width, "-"), *links]
        if lines:
            print_lines(lines)
        elif not (opts.noitems or opts.nolinks):
            print_error("parse", "no record and no link; the log says why")
            self.exitcode = Status.NOTHING_FOUND


def spider_of(url: str) -> tuple[str, dict[str, str], int]:
    """Name and arguments of the spider that reads an address, and how many requests in a row it
    takes to its end. Raises UsageError."""
    address = addresses.address_of(url)
    if address.on_site and address.kind in _OF_PAPERS and address.paper:
        day = {"since": str(address.date), "until": str(address.date)} if address.date else {}
        return "paper", {"papers": address.paper, **day}, 2
    if address.on_site and address.kind is Kind.LIST:
        return "channel", {"channels": url}, 1
    try:
        article_address(url)
    except Rejected as rejected:
        raise UsageError(f"{url}: {rejected}") from rejected
    return "article", {"url": url}, _PAGES
