"""What all spiders share: a page goes in, its article comes out, or why there is none."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import scrapy
from scrapy.exceptions import UsageError
from scrapy.settings import BaseSettings

from zjnews import __version__, addresses, loaders, page
from zjnews.items import Article, Rejected
from zjnews.logs import logger, reject


class PageSpider(scrapy.Spider):
    """A spider that reads article pages. Its `__init__` raises UsageError for bad arguments."""

    arguments: tuple[str, ...] = ()
    """The names that `-a` takes."""
    allowed_domains = [addresses.SITE]  # noqa: RUF012  as Scrapy has it

    def __init__(self, **arguments: str) -> None:
        super().__init__()
        for name in arguments:
            if name not in self.arguments:
                accepted = ", ".join(f"-a {known}=…" for known in self.arguments)
                raise UsageError(f"{self.name}: no argument '{name}'; accepted: {accepted}")

    @classmethod
    def update_settings(cls, settings: BaseSettings) -> None:
        """Compose the user agent: a desktop browser's form, for the site sends mobile ones to a
        dead host, with our name and where to reach whoever runs the crawl."""
        super().update_settings(settings)
        contact = settings.get("CONTACT")
        known_by = f"zjnews/{__version__}" + (f"; +{contact}" if contact else "")
        agent = f"Mozilla/5.0 (X11; Linux x86_64; {known_by})"
        settings.set("USER_AGENT", agent, priority="spider")

    def read(
        self, url: str, body: bytes, content_type: str | None, fetched_at: datetime
    ) -> Iterator[Article]:
        """The article of a page; nothing, counted and named, where it is none."""
        try:
            yield loaders.load(page.read(url, body, content_type, fetched_at))
        except Rejected as rejected:
            self.reject(rejected, url)
        except Exception:  # a fault of ours must not end the crawl, nor pass in silence
            logger.exception("fault while reading %s", url)
            self.reject(Rejected("reader-fault", "see the traceback above"), url)

    def reject(self, rejected: Rejected, where: str) -> None:
        reject(self.crawler, rejected, where)

    def count_given(self) -> None:
        """Count an address or file of the arguments that could be used; none at all is an error of
        whoever called."""
        assert self.crawler.stats is not None
        self.crawler.stats.inc_value("zjnews/given")
