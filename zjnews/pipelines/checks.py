"""The checks: what a record must have, and the warnings about what it lacks."""

from __future__ import annotations

from zjnews.items import Article, Rejected

_REQUIRED = ("id", "url", "canonical_url", "layout", "language", "title", "fetched_at")


class ChecksPipeline:
    """Refuses a record without a required key (`no-<key>`), sorts the warnings."""

    def process_item(self, item: Article) -> Article:
        for key in _REQUIRED:
            if not getattr(item, key):
                raise Rejected(f"no-{key.replace('_', '-')}", item.url)
        if not item.text:
            item.warnings.append("empty-body")
        item.warnings = sorted(set(item.warnings))
        return item
