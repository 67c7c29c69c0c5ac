"""What all spiders share: arguments, settings, counting what gives no record."""

import logging
import os
from typing import Any, ClassVar, Self

import scrapy
from scrapy.crawler import Crawler
from scrapy.exceptions import UsageError
from scrapy.settings import BaseSettings

from zjnews import __version__
from zjnews.items import Rejected, Skipped
from zjnews.pages import guard
from zjnews.spiders import needs
from zjnews.state import outcomes
from zjnews.state.crawling import SiteSpider, stats_of
from zjnews.state.opening import is_server

_REPLAYED_AT_ONCE = 10_000
_SECRETS = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "FTP_PASSWORD",
    "MAIL_PASS",
    "NOTIFY",
    "STATE_DB",
)
"""Settings whose values are not printed; of STATE_DB only the address of a server."""


class Secret(str):
    """A text that is not shown where settings are printed, as Scrapy does when a crawl begins."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'(secret)'"


class PageSpider(SiteSpider, scrapy.Spider):
    """A spider that reads article pages. Its `__init__` raises UsageError for bad arguments."""

    arguments: tuple[str, ...] = ()
    """The names that `-a` takes."""
    example: ClassVar[dict[str, str]] = {}
    """Arguments with which `scrapy check` starts it."""
    gives_records = True
    """Whether its items go through the pipelines."""

    def __init__(self, **arguments: str) -> None:
        super().__init__()
        for name in arguments:
            if name not in self.arguments and name != "_job":  # Scrapyd's own
                accepted = ", ".join(f"-a {known}=…" for known in self.arguments)
                raise UsageError(f"{self.name}: no argument '{name}'; accepted: {accepted}")

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        if is_being_checked():
            kwargs = {**cls.example, **kwargs}
        spider: Self = super().from_crawler(crawler, *args, **kwargs)
        guard.page_seconds = crawler.settings.getfloat("PAGE_SECONDS")
        guard.heed_signals()
        # What is not shown is not made: Scrapy has two records for every article.
        logging.getLogger("scrapy").setLevel(crawler.settings["LOG_LEVEL"])
        return spider

    @classmethod
    def update_settings(cls, settings: BaseSettings) -> None:
        """Add the settings that the spider needs, and the user agent: that of a desktop browser,
        since the site sends mobile ones to a dead host, with our name and CONTACT. Raises
        UsageError."""
        super().update_settings(settings)
        needs.complete(settings, cls.gives_records and not is_being_checked())
        for name in filter(settings.get, _SECRETS):
            if name == "STATE_DB" and not is_server(settings[name]):
                continue
            # One higher, since Scrapy sets the given value once more.
            value = settings[name] if isinstance(settings[name], str) else " ".join(settings[name])
            settings.set(name, Secret(value), (settings.getpriority(name) or 0) + 1)
        contact = settings.get("CONTACT")
        known_by = f"zjnews/{__version__}" + (f"; +{contact}" if contact else "")
        agent = f"Mozilla/5.0 (X11; Linux x86_64; {known_by})"
        settings.set("USER_AGENT", agent, priority="spider")
        if settings["WARC_REPLAY"] and settings["WARC_REPLAY_MISSES"] != "fetch":
            # No host is burdened, and only requests under way can be answered in order.
            settings.set("CONCURRENT_REQUESTS", _REPLAYED_AT_ONCE, priority="spider")

    def reject(self, rejected: Rejected, where: str, asked: str | None = None) -> None:
        outcomes.reject(self.crawler, rejected, where, asked)

    def skip(self, reason: str, where: str) -> None:
        outcomes.skip(self.crawler, Skipped(reason), where)

    def count_given(self) -> None:
        """Count an address or file of the arguments that could be used; a run without any has bad
        arguments."""
        stats_of(self.crawler).inc_value("zjnews/given")


def is_being_checked() -> bool:
    """Whether `scrapy check` runs, which gives no arguments and takes the pipelines away."""
    return "SCRAPY_CHECK" in os.environ
