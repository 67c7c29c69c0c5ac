"""What a crawl met: addresses and pages that give no record, and failures. Counted, named in the
log, remembered."""

import logging
from urllib.parse import urlsplit

from scrapy.crawler import Crawler
from scrapy.utils.defer import deferred_from_coro

from zjnews import state
from zjnews.items import Article, Rejected, Skipped
from zjnews.state import logs
from zjnews.state.crawling import stats_of
from zjnews.state.reasons import OF_HOST, Trait, traits_of

logger = logs.logger

REPLAYED = "replayed"
"""Flag of a response that comes from an archive."""


def is_passing(rejected: Rejected) -> bool:
    """Whether another try may succeed."""
    return Trait.PASSING in traits_of(rejected.reason)


def fail(crawler: Crawler, what: str, line: str, fault: BaseException | None = None) -> None:
    """Count a failure, after which the run does not end well, and name it in the log; with a
    traceback, where it is a fault of zjnews or of a user's code. `what`: the word it is counted by,
    `zjnews/failed/<what>`."""
    stats_of(crawler).inc_value(f"zjnews/failed/{what}")
    logger.error(line, exc_info=fault)


def stop(
    crawler: Crawler, what: str, reason: str, why: str, fault: BaseException | None = None
) -> None:
    """Count a failure, and end a crawl that cannot go on, with a reason for Scrapy."""
    fail(crawler, what, f"{why}; the crawl ends here", fault)
    if crawler.engine is not None and crawler.engine.spider is not None:
        deferred_from_coro(crawler.engine.close_spider_async(reason=reason))


def reject(crawler: Crawler, rejected: Rejected, where: str, asked: str | None = None) -> None:
    """Count a page, address or item that gives no record, and name it in the log. `asked`: the
    canonical address by which it was found, to be remembered unless the reason may pass."""
    traits = traits_of(rejected.reason)
    stats_of(crawler).inc_value(f"zjnews/rejected/{rejected.reason}")
    if Trait.FAILS in traits:
        stats_of(crawler).inc_value(f"zjnews/failed/{rejected.reason}")
    level = logging.ERROR if Trait.FAILS in traits else logging.WARNING
    if rejected.reason in OF_HOST:
        of_host = f"zjnews/{rejected.reason}/{urlsplit(where).hostname}"
        if stats_of(crawler).get_value(of_host):
            level = logging.DEBUG
        stats_of(crawler).inc_value(of_host)
    logger.log(level, "rejected %s (%s)", where, rejected)
    if asked and (Trait.PASSING not in traits or Trait.DOUBTFUL in traits):
        note_passed(crawler, asked, rejected.reason)


def skip(crawler: Crawler, skipped: Skipped, where: str, article: Article | None = None) -> None:
    """Count an address or article that is not wanted, and remember one left out for its date."""
    stats_of(crawler).inc_value(f"zjnews/skipped/{skipped.reason}")
    logger.debug("skipped %s (%s)", where, skipped.reason)
    if article and article.asked and skipped.reason == "outside-window":
        note_passed(crawler, article.asked, skipped.reason, article)


def note_passed(crawler: Crawler, asked: str, reason: str, article: Article | None = None) -> None:
    is_certain = Trait.DOUBTFUL not in traits_of(reason)
    state.state_of(crawler).known.note_passed(asked, reason, article, is_certain)
