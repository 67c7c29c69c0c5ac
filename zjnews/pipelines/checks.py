"""The checks: what a record must have, and the warnings about what it lacks."""

import re

from zjnews.items import Article, Rejected
from zjnews.pages.guard import bounded_item

_REQUIRED = ("id", "url", "canonical_url", "layout", "language", "fetched_at")


_SENTENCE = re.compile(r"[。！？]|[.!?](?:\s|$)")


class ChecksPipeline:
    """Refuses a record without a required key (`no-<key>`), sorts the warnings."""

    @bounded_item
    def process_item(self, item: Article) -> Article:
        for key in _REQUIRED:
            if not getattr(item, key):
                raise Rejected(f"no-{key.replace('_', '-')}", item.url)
        if not item.title:
            self.check_without_title(item)
        if not item.text:
            item.warnings.append("empty-body")
        item.warnings = sorted(set(item.warnings))
        return item

    def check_without_title(self, item: Article) -> None:
        """A text that survives without its title is an article all the same, if its address is one
        and it has a sentence."""
        if item.id.startswith("url:") or not _SENTENCE.search(item.text):
            raise Rejected("no-title", item.url)
        item.warnings.append("no-title")
