"""Answers from WARC files instead of the network."""

import asyncio
import heapq
from datetime import UTC, datetime
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest, NotConfigured
from scrapy.http import Headers, Response
from scrapy.responsetypes import responsetypes

from zjnews.archives import warcs
from zjnews.archives.playback import Playback
from zjnews.archives.warcs import Answer, Damage
from zjnews.items import Rejected
from zjnews.middlewares.robots import is_for_robots_txt
from zjnews.state import outcomes
from zjnews.state.carried import carry
from zjnews.state.crawling import stats_of
from zjnews.state.outcomes import REPLAYED

_LONG_AGO = datetime.fromtimestamp(0, UTC)
_QUIET_ROUNDS = 5
"""Turns of the event loop in a row without anything to do, after which nothing follows."""
_MOST_ROUNDS = 10_000
_CONDITIONS = {"If-None-Match": "ETag", "If-Modified-Since": "Last-Modified"}


class Order:
    """Gives answers one after another, in the order in which they were recorded, so that what
    depends on it is the same, such as which of two copies was the first."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.waiting: list[tuple[datetime, int, asyncio.Future[None]]] = []
        self.numbers = count()
        self.serving: asyncio.Task[None] | None = None

    async def turn(self, at: datetime) -> None:
        """Wait until every waiting request whose answer was recorded earlier is answered."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self.waiting, (at, next(self.numbers), turn))
        if self.serving is None or self.serving.done():
            self.serving = asyncio.create_task(self.serve())
        await turn

    async def serve(self) -> None:
        while self.waiting:
            await self.quiet()
            _, _, turn = heapq.heappop(self.waiting)
            if not turn.done():
                turn.set_result(None)

    async def quiet(self) -> None:
        """Wait until nothing follows from the last answer any more, for a limited time."""
        quiet = 0
        for _ in range(_MOST_ROUNDS):
            await asyncio.sleep(0)
            quiet = 0 if self.is_busy() else quiet + 1
            if quiet >= _QUIET_ROUNDS:
                return

    def is_busy(self) -> bool:
        """Whether a page is being read, or a request is about to reach the downloader."""
        engine = self.crawler.engine
        assert engine is not None
        if engine._slot is None or engine.scraper.slot is None:
            return False
        if not engine.scraper.slot.is_idle():
            return True
        return engine._slot.scheduler.has_pending_requests() and not engine.needs_backout()


class ReplayMiddleware:
    """Answers requests from WARC_REPLAY, a WARC file or a folder of them; what is not there is
    fetched only if WARC_REPLAY_MISSES is `fetch`. Counts `zjnews/replayed`."""

    def __init__(self, crawler: Crawler) -> None:
        if not crawler.settings["WARC_REPLAY"]:
            raise NotConfigured
        self.crawler = crawler
        self.fetches_misses = crawler.settings["WARC_REPLAY_MISSES"] == "fetch"
        self.order = Order(crawler)
        self.reported: set[tuple[Path, Damage]] = set()

    @cached_property
    def playback(self) -> Playback:
        """Made for the first request, not before the crawl: signals can stop it then."""
        return Playback(warcs.files(Path(self.crawler.settings["WARC_REPLAY"])), self.report)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def report(self, archive: Path, damage: Damage) -> None:
        if (archive, damage) not in self.reported:
            self.reported.add((archive, damage))
            outcomes.reject(self.crawler, Rejected("broken-warc", str(damage)), str(archive))

    async def process_request(self, request: Request) -> Response | None:
        """Raises Rejected (`archive-miss`)."""
        carry(request, fetched_at=None)  # it had that of the request that was redirected
        if not self.fetches_misses:
            await self.order.turn(self.date_of(request))
        answer = self.answer(request)
        if answer is None:
            if self.fetches_misses:
                return None
            miss = Rejected("archive-miss", f"{request.url} is not in the archive")
            if is_for_robots_txt(request):  # has no spider that would count it
                outcomes.reject(self.crawler, miss, request.url)
                raise IgnoreRequest
            raise miss
        stats_of(self.crawler).inc_value("zjnews/replayed")
        carry(request, fetched_at=answer.at and answer.at.replace(microsecond=0))
        return response_of(answer, request.url)

    def answer(self, request: Request) -> Answer | None:
        is_known = any(name in request.headers for name in _CONDITIONS)
        answer = self.playback.answer(request.url, is_known, is_settled=self.fetches_misses)
        if answer and answer.status == warcs.NOT_MODIFIED and not _is_about_known(answer, request):
            answer = self.playback.answer(request.url, is_settled=self.fetches_misses)
        return answer

    def date_of(self, request: Request) -> datetime:
        """When its answer was recorded. The answer is not kept, but read again in its turn, since
        thousands may wait."""
        answer = self.answer(request)
        return (answer.at if answer else None) or _LONG_AGO


def _is_about_known(not_modified: Answer, request: Request) -> bool:
    """Whether a 304 is about the version that the request names."""
    for condition, name in _CONDITIONS.items():
        known = request.headers.get(condition)
        current = not_modified.header(name.lower())
        if known is not None and current is not None:
            return known.decode("latin-1").removeprefix("W/") == current.removeprefix("W/")
    return True


def response_of(answer: Answer, url: str) -> Response:
    """The answer as the downloader gives it."""
    headers = Headers()
    for name, value in answer.headers:
        headers.appendlist(name, value)
    kind = responsetypes.from_args(headers=headers, url=url, body=answer.body)
    return kind(url, status=answer.status, headers=headers, body=answer.body, flags=[REPLAYED])
