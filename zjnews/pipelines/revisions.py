"""Revisions: what was delivered before and has not changed is not given again."""

from __future__ import annotations

from scrapy.crawler import Crawler

from zjnews import store
from zjnews.items import Article, Skipped
from zjnews.store import Store, digest


class RevisionsPipeline:
    """Numbers the corrections of an article; skips it where there are none (`unchanged`)."""

    def __init__(self, store: Store, gives_unchanged: bool = False) -> None:
        self.store = store
        self.gives_unchanged = gives_unchanged

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> RevisionsPipeline:
        return cls(store.of(crawler), getattr(crawler.spider, "full", False))

    def process_item(self, item: Article) -> Article:
        known = self.store.delivered(item.id)
        if known is None:
            return item
        is_changed = digest(item) != known.content_hash
        if not is_changed and not self.gives_unchanged:
            self.store.renew(item.id, item.etag, item.last_modified)
            if item.asked:
                self.store.note_led(item.asked, item.id)
            raise Skipped("unchanged")
        item.revision = known.revision + is_changed
        return item
