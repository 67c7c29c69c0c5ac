"""Duplicates within a run: every article once, whichever copy came first."""

from __future__ import annotations

from zjnews.items import Article, Rejected


class DuplicatesPipeline:
    """Refuses an id that this run has already given (`duplicate`)."""

    def __init__(self) -> None:
        self.urls: dict[str, str] = {}

    def process_item(self, item: Article) -> Article:
        first = self.urls.setdefault(item.id, item.url)
        if first is not item.url:
            raise Rejected("duplicate", f"{item.url} is {item.id}, already read at {first}")
        return item
