"""Duplicates within a run: every article once, whichever copy came first."""

from typing import Self

from scrapy.crawler import Crawler

from zjnews import state
from zjnews.items import Article, Rejected
from zjnews.state import State


class DuplicatesPipeline:
    """Refuses an id that this run has already given (`duplicate`)."""

    def __init__(self, state: State) -> None:
        self.state = state

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(state.state_of(crawler))

    def process_item(self, item: Article) -> Article:
        if read_at := self.state.claim(item):
            if item.asked:
                self.state.known.note_led(item.asked, item.id)
            raise Rejected("duplicate", f"is {item.id}, already read at {read_at}")
        return item
