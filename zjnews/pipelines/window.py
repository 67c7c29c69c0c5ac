"""The window: what was published outside it is not wanted."""

from datetime import datetime
from typing import Self

from scrapy.crawler import Crawler

from zjnews.items import Article, Skipped
from zjnews.site.windows import Window
from zjnews.state.crawling import spider_of
from zjnews.text.dates import Moment


class WindowPipeline:
    """Skips articles by their printed date (`outside-window`); one without a date stays."""

    def __init__(self, window: Window) -> None:
        self.window = window

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(spider_of(crawler).window)

    def process_item(self, item: Article) -> Article:
        if item.published_at and item.published_precision:
            at = datetime.fromisoformat(item.published_at)
            if not self.window.overlaps(Moment(at, item.published_precision)):
                raise Skipped("outside-window")
        return item
