"""Reads a page as a crawl does, without the crawl; and the saved pages, each with its record."""

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from zjnews import settings
from zjnews.items import Article
from zjnews.loaders import reading
from zjnews.review import snapshots
from zjnews.review.snapshots import Snapshot

FETCHING = 900
"""Pipelines from this number on ask for more."""
PAGES = Path(__file__).parent / "saved"
FETCHED = datetime(2026, 9, 15, 2, 0, 0, tzinfo=UTC)
PIPELINES = reading.pipelines_of(settings.ITEM_PIPELINES)
SAVED_PAGES = snapshots.snapshots_in(PAGES)


def read_article(
    body: bytes,
    url: str = "https://zjnews.zjol.com.cn/zjnews/202609/t20260914_31908230.shtml",
    content_type: str | None = "text/html; charset=utf-8",
    fetched_at: datetime = FETCHED,
) -> Article:
    """The article of a page after all pipelines but those that compare it with others."""
    _, article = reading.load(url, body, content_type, fetched_at)
    return reading.finish(article, PIPELINES)


def read_record(body: bytes, **how: Any) -> dict[str, Any]:
    return read_article(body, **how).record()


@cache
def record_of(saved: Snapshot) -> dict[str, Any]:
    """The record of a saved page as read now."""
    return saved.record(PIPELINES)
