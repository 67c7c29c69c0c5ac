"""What all spiders share: a page goes in, its article comes out, or why there is none."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import scrapy
from scrapy.crawler import Crawler
from scrapy.exceptions import UsageError
from scrapy.settings import BaseSettings

from zjnews import __version__
from zjnews.items import Article, Rejected, Skipped
from zjnews.loaders import reading
from zjnews.pages import guard
from zjnews.pages.page import Page
from zjnews.site.windows import Window
from zjnews.spiders import needs
from zjnews.state import outcomes

_REPLAYED_AT_ONCE = 10_000
_SECRETS = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "FTP_PASSWORD",
    "MAIL_PASS",
)
"""Settings whose values are shown to nobody."""


class Secret(str):
    """A text that is not shown where settings are printed, as Scrapy does when a crawl begins."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'(secret)'"


class PageSpider(scrapy.Spider):
    """A spider that reads article pages. Its `__init__` raises UsageError for bad arguments."""

    arguments: tuple[str, ...] = ()
    """The names that `-a` takes."""
    keeps_state = False
    """Whether what it delivers is remembered by the runs that follow."""
    full = False
    """Whether everything is asked for again, whatever was delivered before."""
    window = Window()
    """When the articles that are wanted were published."""
    gives_records = True
    """Whether its items go through the pipelines."""
    uses_network = True
    """Whether anything may be asked for, the pictures of articles included."""
    current = ""
    """What it is at, for a person."""

    def __init__(self, **arguments: str) -> None:
        super().__init__()
        for name in arguments:
            if name not in self.arguments and name != "_job":  # Scrapyd's own
                accepted = ", ".join(f"-a {known}=…" for known in self.arguments)
                raise UsageError(f"{self.name}: no argument '{name}'; accepted: {accepted}")

    @property
    def column(self) -> tuple[str, str] | None:
        """Title and address of the one channel or newspaper that is crawled."""
        return None

    def walk_failed(self, walk: str | None) -> None:
        """To be called when a request of a walk over lists was dropped or has failed."""

    def walked(self) -> dict[str, tuple[datetime, datetime]]:
        """By the name of a walk, the stretch of time of which it has delivered everything."""
        return {}

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> PageSpider:
        spider: PageSpider = super().from_crawler(crawler, *args, **kwargs)
        guard.page_seconds = crawler.settings.getfloat("PAGE_SECONDS")
        guard.heed_signals()
        return spider

    @classmethod
    def update_settings(cls, settings: BaseSettings) -> None:
        """Bring along what the spider needs, and compose the user agent: a desktop browser's form,
        for the site sends mobile ones to a dead host, with our name and where to reach whoever runs
        the crawl. Raises UsageError."""
        super().update_settings(settings)
        needs.complete(settings, cls.gives_records)
        for name in filter(settings.get, _SECRETS):
            # One higher, since Scrapy sets what it was given once more.
            settings.set(name, Secret(settings[name]), (settings.getpriority(name) or 0) + 1)
        contact = settings.get("CONTACT")
        known_by = f"zjnews/{__version__}" + (f"; +{contact}" if contact else "")
        agent = f"Mozilla/5.0 (X11; Linux x86_64; {known_by})"
        settings.set("USER_AGENT", agent, priority="spider")
        if settings["WARC_REPLAY"] and settings["WARC_REPLAY_MISSES"] != "fetch":
            # There is no host to spare; and the order can be kept only among what is asked for.
            settings.set("CONCURRENT_REQUESTS", _REPLAYED_AT_ONCE, priority="spider")

    def load(
        self, url: str, body: bytes, content_type: str | None, fetched_at: datetime
    ) -> tuple[Page, Article]:
        """A page and its article. Raises Rejected."""
        return reading.load(url, body, content_type, fetched_at)

    def reject(self, rejected: Rejected, where: str, asked: str | None = None) -> None:
        outcomes.reject(self.crawler, rejected, where, asked)

    def skip(self, reason: str, where: str) -> None:
        outcomes.skip(self.crawler, Skipped(reason), where)

    def count_given(self) -> None:
        """Count an address or file of the arguments that could be used; none at all is an error of
        whoever called."""
        assert self.crawler.stats is not None
        self.crawler.stats.inc_value("zjnews/given")
