"""Near copies: the same story under another number, from another channel."""

from typing import Self

from scrapy.crawler import Crawler

from zjnews import state
from zjnews.items import Article, Skipped
from zjnews.state import State
from zjnews.text.sketches import sketch


class CopiesPipeline:
    """Fills `duplicate_of`; leaves near copies out where DROP_DUPLICATES is set (`near-copy`)."""

    def __init__(self, state: State, drops: bool = False) -> None:
        self.state = state
        self.drops = drops

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(state.state_of(crawler), crawler.settings.getbool("DROP_DUPLICATES"))

    def process_item(self, item: Article) -> Article:
        item.sketch = item.sketch or sketch(item.text)
        if item.sketch is not None:
            item.duplicate_of = self.state.run.first_like(item.id, item.sketch)
        if item.duplicate_of and self.drops:
            self.state.known.note_copy(item.asked or item.canonical_url, item.duplicate_of)
            raise Skipped("near-copy")
        return item
