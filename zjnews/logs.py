"""How the log speaks of pages and items: one line each, with the reason a page gave no record."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from scrapy import logformatter

from zjnews.items import Rejected

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

logger = logging.getLogger("zjnews")


def reject(crawler: Crawler, rejected: Rejected, where: str) -> None:
    """Count a page, address or item that gives no record, and name it in the log."""
    assert crawler.stats is not None
    crawler.stats.inc_value(f"zjnews/rejected/{rejected.reason}")
    logger.warning("rejected %s (%s)", where, rejected)


class LogFormatter(logformatter.LogFormatter):
    """Scrapy's, without the item printed out in full."""

    def scraped(self, item: Any, response: Any, spider: Any) -> Any:
        return {
            "level": logging.DEBUG,
            "msg": "article %(id)s %(title)s",
            "args": {"id": item.id, "title": item.title},
        }

    def dropped(self, item: Any, exception: BaseException, response: Any, spider: Any) -> Any:
        """Nothing for a rejected item: the summary extension counts and names it."""
        if isinstance(exception, Rejected):
            return None
        return super().dropped(item, exception, response, spider)
