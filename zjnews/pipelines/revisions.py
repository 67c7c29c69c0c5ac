"""Revisions: what was delivered before and has not changed is not given again."""

from datetime import UTC, datetime, timedelta
from typing import Self

from scrapy.crawler import Crawler

from zjnews import state
from zjnews.items import Article, Skipped
from zjnews.state import State
from zjnews.state.crawling import spider_of
from zjnews.state.known import digest


class RevisionsPipeline:
    """Numbers the corrections of an article; skips it where there are none (`unchanged`)."""

    def __init__(
        self, state: State, gives_unchanged: bool = False, refresh: timedelta = timedelta(hours=48)
    ) -> None:
        self.state = state
        self.gives_unchanged = gives_unchanged
        self.refresh = refresh

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        refresh = timedelta(hours=crawler.settings.getfloat("REFRESH_HOURS"))
        return cls(state.state_of(crawler), spider_of(crawler).full, refresh)

    def process_item(self, item: Article) -> Article:
        if not self.is_young(item):
            item.etag = item.last_modified = None  # it will not be asked for again
        known = self.state.known.article(item.id)
        if known is None:
            return item
        is_changed = digest(item) != known.content_hash
        if not is_changed and not self.gives_unchanged:
            self.state.known.renew(item.id, item.etag, item.last_modified)
            if item.asked:
                self.state.known.note_led(item.asked, item.id)
            raise Skipped("unchanged")
        item.revision = known.revision + is_changed
        return item

    def is_young(self, item: Article) -> bool:
        published = datetime.fromisoformat(item.published_at or item.fetched_at)
        # A day more: the record may give no hour.
        return datetime.now(UTC) - published < self.refresh + timedelta(days=1)
