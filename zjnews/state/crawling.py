"""What the parts of a crawl may ask of its spider."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from scrapy.crawler import Crawler

from zjnews.site.windows import Window


@runtime_checkable
class SiteSpider(Protocol):
    """A spider of this project."""

    keeps_state: bool
    """Whether what it delivers is remembered by the runs that follow."""
    uses_network: bool
    """Whether anything may be asked for, the pictures of articles included."""
    full: bool
    """Whether everything is asked for again, whatever was delivered before."""
    window: Window
    """When the articles that are wanted were published."""
    current: str
    """What it is at, for a person."""

    @property
    def column(self) -> tuple[str, str] | None:
        """Title and address of the one channel or newspaper that is crawled."""

    def walk_failed(self, walk: str | None) -> None:
        """To be called when a request of a walk over lists was dropped."""

    def walked(self) -> Mapping[str, tuple[datetime, datetime]]:
        """By the name of a walk, the stretch of time of which it has delivered everything."""


class _AnySpider:
    """What a spider that is none of ours is taken for, as in `scrapy shell`."""

    keeps_state = False
    uses_network = True
    full = False
    window = Window()
    current = ""

    @property
    def column(self) -> None:
        return None

    def walk_failed(self, walk: str | None) -> None: ...

    def walked(self) -> Mapping[str, Any]:
        return {}


_ANY: SiteSpider = _AnySpider()


def spider_of(crawler: Crawler) -> SiteSpider:
    """The spider of a crawl that has begun."""
    return crawler.spider if isinstance(crawler.spider, SiteSpider) else _ANY
