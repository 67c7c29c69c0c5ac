"""How the log speaks of items: one line each."""

from __future__ import annotations

import logging
from typing import Any

from scrapy import logformatter

from zjnews.items import Rejected, Skipped


class LogFormatter(logformatter.LogFormatter):
    """Scrapy's, without the item printed out in full."""

    def scraped(self, item: Any, response: Any, spider: Any) -> Any:
        return {
            "level": logging.DEBUG,
            "msg": "article %(id)s %(title)s",
            "args": {"id": item.id, "title": item.title},
        }

    def dropped(self, item: Any, exception: BaseException, response: Any, spider: Any) -> Any:
        """Nothing for a rejected or skipped item: the summary extension counts and names it."""
        if isinstance(exception, (Rejected, Skipped)):
            return None
        return super().dropped(item, exception, response, spider)
