"""`python -m tests.direct_requests ADDRESS…` asks addresses one after the other, as a crawl does that
uses no proxy; the lease of the host has lapsed whenever a request is about to leave for the first
time."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.utils.defer import deferred_f_from_coro_f
from scrapy.utils.reactor import install_reactor
from scrapy.utils.test import get_crawler
from twisted.internet.task import react

from zjnews.extensions.leases import Leases
from zjnews.middlewares.downloads import SiteDownloadHandler


class EveryOther(Leases):
    """Of any host. Every other one has lapsed when it is used."""

    def __init__(self, crawler: Crawler) -> None:
        self.turns = 0

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "EveryOther":
        return cls(crawler)

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        self.turns += 1
        yield

    def may_send(self, host: str) -> bool:
        return self.turns % 2 == 0


@deferred_f_from_coro_f
async def ask(_: object, *urls: str) -> None:
    """Print for each address the status of the answer, and how many turns were taken so far."""
    crawler = get_crawler(settings_dict={"EXTENSIONS": {EveryOther: 1}})
    leases = crawler.get_extension(EveryOther)
    assert leases is not None
    handler = SiteDownloadHandler(crawler)
    for url in urls:
        response = await handler.download_request(Request(url))
        print(response.status, leases.turns)
    await handler.close()


if __name__ == "__main__":
    install_reactor("twisted.internet.asyncioreactor.AsyncioSelectorReactor")
    react(ask, sys.argv[1:])
