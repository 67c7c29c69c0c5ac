"""Keeps the state in step with a crawl: what was dropped, what failed, how far lists were read."""

from contextlib import suppress
from typing import Any, Self

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.http import Response
from twisted.python.failure import Failure

from zjnews import state
from zjnews.items import Rejected, Skipped
from zjnews.state import outcomes, verdict
from zjnews.state.carried import carried_by, carry, first_asked, way_to
from zjnews.state.crawling import spider_of, stats_of
from zjnews.state.database import FAILED, StateError


class Delivery:
    """Counts failures where they happen: the exit status does not depend on the log."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.state = state.state_of(crawler)
        self.state.db.on_failure = self.state_failed

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        delivery = cls(crawler)
        connect = crawler.signals.connect
        connect(delivery.spider_opened, signals.spider_opened)
        connect(delivery.item_dropped, signals.item_dropped)
        connect(delivery.item_error, signals.item_error)
        connect(delivery.spider_error, signals.spider_error)
        connect(delivery.response_downloaded, signals.response_downloaded)
        connect(delivery.request_dropped, signals.request_dropped)
        connect(delivery.engine_stopped, signals.engine_stopped)
        return delivery

    def spider_opened(self) -> None:
        if lists := spider_of(self.crawler).lists:
            with suppress(StateError):  # `state_failed` has reported it
                self.state.run.name(",".join(lists))

    def item_dropped(self, item: Any, exception: BaseException) -> None:
        url = str(getattr(item, "url", item))
        with suppress(StateError):  # `state_failed` has reported it
            if isinstance(exception, Rejected):
                outcomes.reject(self.crawler, exception, url, getattr(item, "asked", None))
            elif isinstance(exception, Skipped):
                outcomes.skip(self.crawler, exception, url, item)
                if exception.reason == "claimed" and item.asked:
                    spider_of(self.crawler).left_to_another(item.asked)

    def response_downloaded(self, response: Response, request: Request) -> None:
        """A redirect with a cookie may be a wall, before those who bring none back."""
        if 300 <= response.status < 400 and "Set-Cookie" in response.headers:
            carry(request, sets_cookie=True)

    def request_dropped(self, request: Request) -> None:
        """A request that Scrapy has seen before: given twice, or where a redirect led."""
        carried = carried_by(request)
        reason = "duplicate"
        if request.url in way_to(request):
            reason = "cookie-wall" if carried.sets_cookie else "redirect-loop"
        rejected = Rejected(reason, f"{request.url} was asked for already")
        with suppress(StateError):
            outcomes.reject(self.crawler, rejected, first_asked(request), carried.asked)
        # Where many pages lead to one, that may be a guard against robots.
        if carried.asked:
            self.state.known.count_refused(carried.asked)
        spider_of(self.crawler).walk_failed(carried.walk)

    # --- failures ----------------------------------------------------------------------------

    def item_error(self) -> None:
        self.count_failure("pipeline")

    def spider_error(self, failure: Failure) -> None:
        self.count_failure("spider")

    def count_failure(self, what: str) -> None:
        """Scrapy has named it in the log."""
        stats_of(self.crawler).inc_value(f"{verdict.FAILED}{what}")

    def state_failed(self, error: StateError) -> None:
        """End a crawl that can neither look up nor write down what it finds."""
        outcomes.stop(self.crawler, "state", FAILED, str(error))

    # --- the end -----------------------------------------------------------------------------

    def engine_stopped(self) -> None:
        with suppress(StateError):  # `state_failed` has reported it
            if not self.state.db.failed:
                self.note_walks(self.state.known.doubt_guards())
        self.state.close()

    def note_walks(self, guards: list[str]) -> None:
        """A run that missed nothing spares the next one what it has walked over."""
        for host in guards:
            outcomes.logger.warning("%s refused most of its articles; they are not forgotten", host)
        if guards or not self.was_whole():
            return
        for walk, covered in spider_of(self.crawler).walked().items():
            self.state.known.note_walk(walk, *covered)

    def was_whole(self) -> bool:
        stats = stats_of(self.crawler).get_stats()
        has_failed = verdict.stats_under(verdict.FAILED, stats)
        return stats.get("finish_reason") == "finished" and not has_failed
