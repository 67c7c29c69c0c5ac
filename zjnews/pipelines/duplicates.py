"""Duplicates within a run: every article once, whichever copy came first."""

from __future__ import annotations

from scrapy.crawler import Crawler

from zjnews import store
from zjnews.items import Article, Rejected
from zjnews.store import Store


class DuplicatesPipeline:
    """Refuses an id that this run has already given (`duplicate`)."""

    def __init__(self, store: Store) -> None:
        self.store = store

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> DuplicatesPipeline:
        return cls(store.of(crawler))

    def process_item(self, item: Article) -> Article:
        if read_at := self.store.claim(item.id, item.url):
            if item.asked:
                self.store.note_led(item.asked, item.id)
            raise Rejected("duplicate", f"is {item.id}, already read at {read_at}")
        return item
