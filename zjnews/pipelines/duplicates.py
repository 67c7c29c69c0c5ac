"""Duplicates within a run: every article once, whichever copy came first."""

from __future__ import annotations

from zjnews.items import Article, Rejected


class DuplicatesPipeline:
    """Refuses an id that this run has already given (`duplicate`)."""

    def __init__(self) -> None:
        self.urls: dict[str, str] = {}

    def process_item(self, item: Article) -> Article:
        if item.id in self.urls:
            raise Rejected("duplicate", f"is {item.id}, already read at {self.urls[item.id]}")
        self.urls[item.id] = item.url
        return item
