"""What the parts of a crawl may ask of its spider."""

from collections.abc import Mapping
from datetime import datetime

from scrapy.crawler import Crawler
from scrapy.statscollectors import StatsCollector

from zjnews.site.windows import Window


class SiteSpider:
    """What a spider of this project overrides. As it is, it stands for any other spider, such as
    that of `scrapy shell`."""

    keeps_state = False
    """Whether what it delivers is remembered by the runs that follow."""
    uses_network = True
    """Whether anything may be requested, pictures of articles included."""
    full = False
    """Whether everything is requested again, whatever was delivered before."""
    window = Window()
    """When the articles that are wanted were published."""
    current = ""
    """What it is working on, in words for the line of progress."""

    @property
    def lists(self) -> tuple[str, ...]:
        """The names of the channels or newspapers that are crawled, sorted."""
        return ()

    @property
    def listed(self) -> Mapping[str, list[int]]:
        """By the name of a channel or newspaper, how many articles each page of its list names: of
        a channel the first page only, since the last one may hold any number."""
        return {}

    def lists_of(self, asked: str) -> set[str]:
        """The names of those that have listed an article so far, by the canonical address under
        which it was requested first."""
        return set()

    @property
    def findings(self) -> Mapping[str, str] | None:
        """What deviates, in words, by what it is about; None for a run that is to be compared with
        those before."""
        return None

    @property
    def column(self) -> tuple[str, str] | None:
        """Title and address of the one channel or newspaper that is crawled."""
        return None

    def walk_failed(self, walk: str | None) -> None:
        """To be called when a request of a walk over lists was dropped or has failed."""

    def left_to_another(self, asked: str) -> None:
        """To be called when another crawl has the article that was requested first at a canonical
        address."""

    def walked(self) -> Mapping[str, tuple[datetime, datetime]]:
        """By the name of a walk, the period of which it has delivered everything."""
        return {}


def stats_of(crawler: Crawler) -> StatsCollector:
    """The stats of a crawl that has begun."""
    assert crawler.stats is not None
    return crawler.stats


def spider_of(crawler: Crawler) -> SiteSpider:
    """The spider of a crawl that has begun."""
    return crawler.spider if isinstance(crawler.spider, SiteSpider) else SiteSpider()
