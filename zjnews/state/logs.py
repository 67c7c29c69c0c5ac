"""The form of the log: one line for each item, without control characters of pages and servers."""

import logging
from typing import Any

from itemadapter import ItemAdapter
from scrapy import logformatter

from zjnews.items import Rejected, Skipped
from zjnews.pages import guard
from zjnews.state.database import StateError
from zjnews.text.cleaning import fit_for_log, printable, without_user

_FOR_DEBUGGING = (
    "scrapy.addons",
    "scrapy.crawler",
    "scrapy.middleware",
    "scrapy.statscollectors",
    "scrapy.utils.log",
)
"""Loggers of Scrapy's that print versions, settings, components and stats in every crawl."""


class FitRecord(logging.LogRecord):
    """A record whose message may be shown, whatever a page, header or address has put into it. A
    message of ours is one line; Scrapy has some of several, and those come with `-L DEBUG`."""

    def getMessage(self) -> str:  # noqa: N802  the standard library's
        message = super().getMessage()
        return fit_for_log(message) if self.name == logger.name else _fit_lines(message)

    def __init__(self, name: str, level: int, *args: Any, **more: Any) -> None:
        if level == logging.INFO and name in _FOR_DEBUGGING:
            level = logging.DEBUG
        super().__init__(name, level, *args, **more)
        if self.exc_info and self.exc_info[0]:
            self.exc_text = _fit_lines(logging.Formatter().formatException(self.exc_info))


def _fit_lines(text: str) -> str:
    return "\n".join(map(printable, without_user(text).split("\n")))


logging.setLogRecordFactory(FitRecord)
logger = guard.logger


class LogFormatter(logformatter.LogFormatter):
    """Scrapy's, without the item printed out in full."""

    def scraped(self, item: Any, response: Any, spider: Any) -> Any:
        article = ItemAdapter(item)
        return {
            "level": logging.DEBUG,
            "msg": "article %(id)s %(title)s",
            "args": {"id": article.get("id"), "title": article.get("title")},
        }

    def dropped(self, item: Any, exception: BaseException, response: Any, spider: Any) -> Any:
        """Nothing for a rejected or skipped item: the extension `Delivery` counts and names it."""
        if isinstance(exception, (Rejected, Skipped, StateError)):
            return None
        return super().dropped(item, exception, response, spider)
