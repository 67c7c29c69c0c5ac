"""Addresses and pages that give no record: counted, named in the log, remembered."""

from __future__ import annotations

import logging
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from scrapy import Request
from scrapy.crawler import Crawler

from zjnews import logs, store
from zjnews.items import Article, Rejected, Skipped

logger = logs.logger

REPLAYED = "replayed"
"""Flag of a response that comes from an archive."""
FETCHED_AT = "fetched_at"
"""What a request carries whose answer comes from an archive: when it was fetched, aware."""

_PASSING = re.compile(
    r"http-(?!404$|410$).*|download-failed|page-failed|reader-fault|robots-forbidden"
    r"|host-paused|duplicate|archive-miss"
    r"|bad-certificate|private-address"
    # What a page of maintenance or of a guard against robots looks like:
    r"|empty-page|no-article|list-page|not-found-page|not-html|unreadable"
)
"""Reasons that may be gone tomorrow; a run that follows asks again. That an article was a duplicate
is told by the one that it repeats, once that is delivered."""
_DOUBTFUL = ("empty-page", "no-article", "list-page", "not-found-page", "not-html", "unreadable")
"""Of those, the ones that are believed when they were met on several days."""
GONE = ("http-404", "http-410", "not-found-page")
"""Reasons that say that a page is no longer there."""
FILES_LOST = ("unknown-file", "unreadable-file")
"""Reasons for which nothing of a whole file or folder was read, though it is there. They make the
exit status one of errors: the feed is not what was asked for."""
NOT_THERE = (*GONE, "archive-miss")
"""Reasons for which an article may still be found at another address."""


@contextmanager
def faults_rejected(where: str) -> Iterator[None]:
    """Raise Rejected for a fault of ours over an address or file too: it costs that one, and does
    not pass in silence."""
    try:
        yield
    except Rejected:
        raise
    except Exception as fault:
        logger.exception("fault while reading %s", where)
        raise Rejected("reader-fault", "see the traceback above") from fault


def is_passing(rejected: Rejected) -> bool:
    """Whether another try may succeed."""
    return bool(_PASSING.fullmatch(rejected.reason))


def way_to(request: Request) -> list[str]:
    """The addresses that led to a request: pages that led on, then what the server redirected."""
    return [*request.meta.get("way", []), *request.meta.get("redirect_urls", [])]


def came_from(request: Request) -> str:
    """The address that was asked for first."""
    return [*way_to(request), request.url][0]


def reject(crawler: Crawler, rejected: Rejected, where: str, asked: str | None = None) -> None:
    """Count a page, address or item that gives no record, and name it in the log. `asked`: the
    canonical address by which it was found, to be remembered unless the reason may pass."""
    assert crawler.stats is not None
    crawler.stats.inc_value(f"zjnews/rejected/{rejected.reason}")
    level = logging.ERROR if rejected.reason in FILES_LOST else logging.WARNING
    logger.log(level, "rejected %s (%s)", where, rejected)
    if asked and (not is_passing(rejected) or rejected.reason in _DOUBTFUL):
        note_passed(crawler, asked, rejected.reason)


def skip(crawler: Crawler, skipped: Skipped, where: str, article: Article | None = None) -> None:
    """Count an address or article that is not wanted, and remember one whose page told why."""
    assert crawler.stats is not None
    crawler.stats.inc_value(f"zjnews/skipped/{skipped.reason}")
    logger.debug("skipped %s (%s)", where, skipped.reason)
    if article and article.asked and skipped.reason == "outside-window":
        note_passed(crawler, article.asked, skipped.reason, article)


def note_passed(crawler: Crawler, asked: str, reason: str, article: Article | None = None) -> None:
    is_certain = reason not in _DOUBTFUL
    try:
        store.of(crawler).note_passed(asked, reason, article, is_certain)
    except sqlite3.Error as error:  # the next run will ask again
        logger.error("the store cannot be written: %s", error)  # noqa: TRY400  one line
