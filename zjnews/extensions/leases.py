"""Takes turns with other crawls at the hosts of the site, so that to each of them all look like
one."""

import asyncio
import math
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Self

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from scrapy.utils.asyncio import AsyncioLoopingCall, create_looping_call
from twisted.internet.defer import CancelledError
from twisted.internet.task import LoopingCall

from zjnews import state
from zjnews.items import Rejected
from zjnews.state import leases
from zjnews.state.database import StateError

_LOOKS = 30
"""Looks at a lease that is another's, in the time that one lasts."""
_RENEWALS = 3
"""Times that one is renewed in the time that it lasts."""
_SURE = 0.9
"""Part of that time in which it is surely ours, whatever the clocks say."""
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def time_now() -> float:
    """Seconds, by a clock that goes on while the process is stopped, and while the machine sleeps,
    as `time.monotonic` does not on Linux."""
    return time.clock_gettime(_CLOCK)


class LapsedError(CancelledError):
    """A request was not sent, since its host may be another crawl's by now. What was cancelled is
    not sent over another connection by Twisted, as other failures are."""


@dataclass(slots=True)
class Held:
    """A lease that this crawl has. Times are those of `time_now`."""

    until: float
    """Nothing may be sent later."""
    since: float
    sent_at: float
    """When the last request was sent, by whatever crawl."""
    under_way: int = 0
    """Requests that have no answer yet."""
    is_leaving: bool = False
    """Whether another crawl is to have it, once they are answered."""


class Leases:
    """Only for a crawl whose state is shared. A lease that is no longer used is given back; one
    that others want, when it has been held for HOST_LEASE seconds."""

    def __init__(self, crawler: Crawler) -> None:
        """Raises NotConfigured where no other crawl can be under way."""
        self.crawler = crawler
        shared = state.state_of(crawler)
        if not shared.db.is_shared:
            raise NotConfigured
        self.leases = leases.Leases(shared.db, shared.run.key)
        self.seconds = crawler.settings.getfloat("HOST_LEASE")
        self.pause = crawler.settings.getfloat("DOWNLOAD_DELAY")
        self.longest_pause = crawler.settings.getfloat("HOST_PAUSE_MAX")
        self.held: dict[str, Held] = {}
        self.not_before: dict[str, float] = {}
        """When a host that was left to others may be taken again."""
        self.clock: AsyncioLoopingCall | LoopingCall | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        extension = cls(crawler)
        crawler.signals.connect(extension.spider_opened, signals.spider_opened)
        crawler.signals.connect(extension.spider_closed, signals.spider_closed)
        return extension

    def spider_opened(self) -> None:
        self.clock = create_looping_call(self.look_after_all)
        self.clock.start(self.seconds / _RENEWALS, now=False)

    def spider_closed(self) -> None:
        if self.clock is not None and self.clock.running:
            self.clock.stop()
        with suppress(StateError):  # reported by `Delivery`
            for host in list(self.held):
                self.release(host)

    # --- a request ---------------------------------------------------------------------------

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        """Send a request inside: the host is ours then, and has had its pause. Raises Rejected:
        `host-paused` if another crawl has given it up, `interrupted` if the state has failed."""
        try:
            held = await self.wait_for(host)
        except StateError as error:  # reported by `Delivery`, which ends the crawl
            raise Rejected("interrupted", "the crawl ends") from error
        held.under_way += 1
        try:
            yield
        finally:
            held.under_way -= 1
            if held.is_leaving and not held.under_way:
                with suppress(StateError):
                    self.release(host)

    async def wait_for(self, host: str) -> Held:
        while not self.crawl_ends():
            held = self.ours(host)
            now = time_now()
            seconds = held.sent_at + self.pause_of(host) - now if held else math.inf
            if held and seconds <= 0:
                held.sent_at = now
                return held
            await asyncio.sleep(min(seconds, self.seconds / _LOOKS))
        raise Rejected("interrupted", "the crawl ends")

    def may_send(self, host: str) -> bool:
        """Whether a request whose turn has come may still be sent. To be asked as its bytes leave,
        since the crawl may have been stopped, or busy, after its turn had come."""
        held, now = self.held.get(host), time_now()
        if held is None or now > held.until:
            return False
        held.sent_at = now
        return True

    def crawl_ends(self) -> bool:
        """Whether the crawl was asked to end, and only waits for what is under way."""
        slot = self.crawler.engine._slot
        return slot is None or slot.closing is not None

    def ours(self, host: str) -> Held | None:
        """The lease of a host, taken if it is free; None as long as others have it."""
        held = self.held.get(host)
        if held is None or (time_now() > held.until and not held.under_way):
            return self.take(host)
        return None if held.is_leaving or time_now() > held.until else held

    def take(self, host: str) -> Held | None:
        now = time_now()
        if now < self.not_before.get(host, 0):
            return None
        lease = self.leases.take(host, self.seconds)
        if lease is None:
            self.held.pop(host, None)
            return None
        if lease.why and lease.left_for > 0:
            raise Rejected("host-paused", lease.why)
        next_at = time_now() + max(lease.free_in, lease.left_for)
        self.held[host] = Held(now + _SURE * self.seconds, now, next_at - self.pause_of(host))
        return self.held[host]

    def pause_of(self, host: str) -> float:
        """Seconds between two requests, as AutoThrottle and robots.txt have them now."""
        slot = self.crawler.engine.downloader.slots.get(host)
        return float(slot.delay) if slot else self.pause

    # --- the lease ---------------------------------------------------------------------------

    def look_after_all(self) -> None:
        with suppress(StateError):  # reported by `Delivery`
            for host, held in list(self.held.items()):
                self.look_after(host, held)

    def look_after(self, host: str, held: Held) -> None:
        now = time_now()
        idle = now - held.sent_at - self.pause_of(host)
        if not held.under_way and (held.is_leaving or idle > self.seconds / _RENEWALS):
            self.release(host)
            return
        is_wanted = self.leases.renew(host, self.seconds, self.pause_of(host))
        if is_wanted is None:
            held.until = -math.inf  # and is taken anew when nothing is under way any more
            return
        held.until = now + _SURE * self.seconds
        if is_wanted and now - held.since > self.seconds:
            held.is_leaving = True
            # So that one who looks now and then finds it free.
            self.not_before[host] = now + 2 * self.seconds / _RENEWALS
            if not held.under_way:
                self.release(host)

    def release(self, host: str) -> None:
        held = self.held.pop(host, None)
        if held is not None:
            self.leases.release(host, time_now() - held.sent_at, self.pause_of(host))

    def leave_alone(self, host: str, seconds: float, why: str = "") -> None:
        """Tell other crawls of a host in trouble."""
        if host in self.held:
            with suppress(StateError):  # reported by `Delivery`
                self.leases.leave_alone(host, min(seconds, self.longest_pause), why)
