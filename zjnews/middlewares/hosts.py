"""Hosts in trouble: retries with growing pauses, pauses that a host asks for, hosts given up."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import monotonic
from urllib.parse import urlsplit

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.retry import RetryMiddleware
from scrapy.http import Response
from scrapy.settings import BaseSettings
from scrapy.utils.asyncio import call_later

from zjnews.items import Rejected
from zjnews.state.outcomes import REPLAYED, logger

TOO_MANY = 429
UNAVAILABLE = 503


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
    """Why it is left alone for the rest of the run."""


class HostPaused(Rejected):
    """A host that is left alone for the rest of the run."""

    def __init__(self, why: str) -> None:
        super().__init__("host-paused", why)


class HostsMiddleware(RetryMiddleware):
    """Scrapy's own retries, each after a longer pause than the one before. A host that fails often,
    or asks for it by Retry-After, is paused as a whole; the others go on."""

    def __init__(self, settings: BaseSettings) -> None:
        super().__init__(settings)
        self.retry_pause = settings.getfloat("RETRY_PAUSE")
        self.most_failures = settings.getint("HOST_FAILURES")
        self.pause = settings.getfloat("HOST_PAUSE")
        self.most_pauses = settings.getint("HOST_PAUSES")
        self.longest_pause = settings.getfloat("HOST_PAUSE_MAX")
        self.hosts: defaultdict[str, Host] = defaultdict(Host)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> HostsMiddleware:
        middleware: HostsMiddleware = super().from_crawler(crawler)
        crawler.signals.connect(middleware.hold_back, signals.request_reached_downloader)
        crawler.signals.connect(middleware.look_at, signals.response_downloaded)
        return middleware

    def process_request(self, request: Request) -> None:
        """Raises HostPaused for a host that was given up."""
        name = host_of(request)
        if why := self.hosts[name].given_up:
            raise HostPaused(why)
        if request.meta.get("download_slot") != name:
            # A redirected request would wait in the queue of the host that it comes from.
            request.meta.pop("download_slot", None)

    def look_at(self, response: Response, request: Request) -> None:
        """An answer has come in. This is called before the next request to its host goes out."""
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
            return response  # an archive will not change its mind
        result = super().process_response(request, response)
        if isinstance(result, Request) and not retry_after(response):
            await self.wait_before(result)
        return result

    async def process_exception(  # type: ignore[override]
        self, request: Request, exception: Exception
    ) -> Request | Response | None:
        if not isinstance(exception, self.exceptions_to_retry):
            return None
        self.note_failure(request, type(exception).__name__)
        result = super().process_exception(request, exception)
        if isinstance(result, Request):
            await self.wait_before(result)
        return result

    async def wait_before(self, retry: Request) -> None:
        """Wait the longer, the more often a request was tried; its host goes on meanwhile."""
        await asyncio.sleep(self.retry_pause * 2 ** (retry.meta["retry_times"] - 1))

    def note_failure(self, request: Request, why: str) -> None:
        name = host_of(request)
        host = self.hosts[name]
        host.failing.add(request.url)
        if len(host.failing) >= self.most_failures and host.until < monotonic():
            seconds = self.pause * 2**host.pauses
            self.pause_host(name, seconds, f"{len(host.failing)} addresses in a row failed, {why}")

    def pause_host(self, name: str, seconds: float, why: str) -> None:
        """Send nothing to a host for a time; nothing more at all if that is too long, or was of no
        use before."""
        host = self.hosts[name]
        host.pauses += 1
        assert self.crawler.stats is not None
        if host.pauses > self.most_pauses or seconds > self.longest_pause:
            host.given_up = why
            self.crawler.stats.set_value(f"zjnews/given-up/{name}", why)
            logger.warning("%s is left alone for the rest of this run: %s", name, why)
            self.empty_queue(name, why)
            return
        host.until = max(host.until, monotonic() + seconds)
        self.crawler.stats.inc_value(f"zjnews/paused/{name}")
        logger.warning("%s is paused for %.0f s: %s", name, seconds, why)
        self.hold(name)

    def empty_queue(self, name: str, why: str) -> None:
        """Give back what waits for a host that was given up."""
        slot = self.crawler.engine.downloader.slots.get(name)
        while slot and slot.queue:
            _, waiting = slot.queue.popleft()
            waiting.errback(HostPaused(why))

    def hold_back(self, request: Request) -> None:
        """A request joins its host's queue: see that it waits there while the host is paused."""
        self.hold(host_of(request))

    def hold(self, name: str) -> None:
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
    """Seconds that an answer asks to wait, by its Retry-After; None where it does not. A moment
    that has passed is 0."""
    value = response.headers.get("Retry-After")
    if value is None or response.status not in (TOO_MANY, UNAVAILABLE):
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
