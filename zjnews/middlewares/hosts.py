"""Hosts in trouble: pauses before retries, pauses that a host asks for, hosts given up."""

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import monotonic
from typing import Self
from urllib.parse import urlsplit

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.retry import RetryMiddleware
from scrapy.http import Response
from scrapy.settings import BaseSettings
from scrapy.utils.asyncio import call_later

from zjnews.extensions.leases import Leases
from zjnews.items import Rejected
from zjnews.state.crawling import stats_of
from zjnews.state.outcomes import REPLAYED, logger


@dataclass
class Host:
    """How a host has behaved in this run."""

    failing: set[str] = field(default_factory=set)
    """Addresses that failed since it last answered well."""
    pauses: int = 0
    """Pauses since it last answered well."""
    until: float = 0.0
    """Monotonic time at which its pause ends."""
    given_up: str = ""
    """Why nothing is sent to it for the rest of the run."""


class HostsMiddleware(RetryMiddleware):
    """Scrapy's own retries, each after a longer pause than the one before. A host that fails often,
    or asks for it by Retry-After, is paused as a whole; the others go on."""

    leases: Leases | None = None
    """Where other crawls may ask the same hosts."""

    def __init__(self, settings: BaseSettings) -> None:
        super().__init__(settings)
        self.retry_pause = settings.getfloat("RETRY_PAUSE")
        self.most_failures = settings.getint("HOST_FAILURES")
        self.pause = settings.getfloat("HOST_PAUSE")
        self.most_pauses = settings.getint("HOST_PAUSES")
        self.longest_pause = settings.getfloat("HOST_PAUSE_MAX")
        self.hosts: defaultdict[str, Host] = defaultdict(Host)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        middleware: Self = super().from_crawler(crawler)
        middleware.leases = crawler.get_extension(Leases)
        connect = crawler.signals.connect
        connect(middleware.request_reached_downloader, signals.request_reached_downloader)
        connect(middleware.response_downloaded, signals.response_downloaded)
        return middleware

    def process_request(self, request: Request) -> None:
        """Raises Rejected (`host-paused`) for a host that was given up."""
        name = host_of(request)
        if why := self.hosts[name].given_up:
            raise Rejected("host-paused", why)
        if request.meta.get("download_slot") != name:
            # A redirected request would wait in the queue of the host that it comes from.
            request.meta.pop("download_slot", None)

    def response_downloaded(self, response: Response, request: Request) -> None:
        """Called before the next request to the same host is sent."""
        host = self.hosts[host_of(request)]
        if response.status not in self.retry_http_codes:
            host.failing.clear()
            host.pauses = 0
            return
        if asked_for := retry_after(response):
            why = f"status {response.status}, Retry-After {asked_for:.0f} s"
            self.pause_host(host_of(request), asked_for, why)
        self.note_failure(request, f"status {response.status}")

    async def process_response(  # type: ignore[override]  # Scrapy awaits either
        self, request: Request, response: Response
    ) -> Request | Response:
        if REPLAYED in response.flags:
            return response  # an archive gives the same answer again
        result = super().process_response(request, response)
        if isinstance(result, Request) and not retry_after(response):
            await self.wait_before(result)
        return result

    async def process_exception(  # type: ignore[override]
        self, request: Request, exception: Exception
    ) -> Request | Response | None:
        if isinstance(exception, Rejected) and exception.reason == "host-paused":
            self.give_up(host_of(request), exception.detail)
        if not isinstance(exception, self.exceptions_to_retry):
            return None
        self.note_failure(request, type(exception).__name__)
        result = super().process_exception(request, exception)
        if isinstance(result, Request):
            await self.wait_before(result)
        return result

    async def wait_before(self, retry: Request) -> None:
        """Wait twice as long as before the last retry; other requests to the host go on."""
        await asyncio.sleep(self.retry_pause * 2 ** (retry.meta["retry_times"] - 1))

    def note_failure(self, request: Request, why: str) -> None:
        name = host_of(request)
        host = self.hosts[name]
        host.failing.add(request.url)
        if len(host.failing) >= self.most_failures and host.until < monotonic():
            seconds = self.pause * 2**host.pauses
            self.pause_host(name, seconds, f"{len(host.failing)} addresses in a row failed, {why}")

    def pause_host(self, name: str, seconds: float, why: str) -> None:
        """Send nothing to a host for some seconds; nothing more at all if that is too long, or has
        not helped before."""
        host = self.hosts[name]
        host.pauses += 1
        if host.pauses > self.most_pauses or seconds > self.longest_pause:
            self.give_up(name, why)
            if self.leases:
                self.leases.leave_alone(name, self.longest_pause, why)
            return
        host.until = max(host.until, monotonic() + seconds)
        if self.leases:
            self.leases.leave_alone(name, seconds)
        stats_of(self.crawler).inc_value(f"zjnews/paused/{name}")
        logger.warning("%s is paused for %.0f s: %s", name, seconds, why)
        self.hold(name)

    def give_up(self, name: str, why: str) -> None:
        if not self.hosts[name].given_up:
            self.hosts[name].given_up = why
            stats_of(self.crawler).set_value(f"zjnews/given-up/{name}", why)
            logger.warning("%s is left alone for the rest of this run: %s", name, why)
            self.empty_queue(name, why)

    def empty_queue(self, name: str, why: str) -> None:
        """Fail the requests that wait for a host that was given up."""
        slot = self.crawler.engine.downloader.slots.get(name)
        while slot and slot.queue:
            _, waiting = slot.queue.popleft()
            waiting.errback(Rejected("host-paused", why))

    def request_reached_downloader(self, request: Request) -> None:
        """A request joins its host's queue, where it waits while the host is paused."""
        self.hold(host_of(request))

    def hold(self, name: str) -> None:
        """Have the queue of a host wait until its pause ends."""
        seconds = self.hosts[name].until - monotonic()
        downloader = self.crawler.engine.downloader
        slot = downloader.slots.get(name)
        if slot is None or seconds <= 0:
            return
        # The timer by which Scrapy itself waits between two requests.
        if slot.latercall:
            slot.latercall.cancel()
        slot.latercall = call_later(seconds, downloader._latercall, slot)


def host_of(request: Request) -> str:
    return urlsplit(request.url).hostname or ""


def retry_after(response: Response) -> float | None:
    """Seconds to wait that an answer asks for by Retry-After; None if it does not. A time that has
    passed is 0."""
    value = response.headers.get("Retry-After")
    if value is None or response.status not in (429, 503):
        return None
    text = value.decode("latin-1").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - datetime.now(UTC)).total_seconds())
