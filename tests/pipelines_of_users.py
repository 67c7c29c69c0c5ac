"""Pipelines such as users add to ITEM_PIPELINES."""

from __future__ import annotations

from zjnews.items import Article


class MarkTitle:
    def process_item(self, item: Article) -> Article:
        item.title = f"※{item.title}"
        return item


class BreakOne:
    """Breaks over one article of the bundled site."""

    def process_item(self, item: Article) -> Article:
        if item.id == "trs:20260908:31896504":
            raise ZeroDivisionError("a fault of this pipeline")
        return item


class NeedCrawl:
    def __init__(self, crawler: object) -> None:
        self.crawler = crawler

    def process_item(self, item: Article) -> Article:
        return item
