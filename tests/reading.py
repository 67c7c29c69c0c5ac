"""Reads a page as a crawl does, without the crawl; and the saved pages, each with its record."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import cache
from pathlib import Path
from typing import Any

from zjnews import reading, settings
from zjnews.items import Article, record

FETCHING = 900
"""Pipelines from this number on ask for more."""
PAGES = Path(__file__).parent / "pages"
FETCHED = datetime(2026, 9, 15, 2, 0, 0, tzinfo=timezone.utc)
PIPELINES = reading.pipelines_of(settings.ITEM_PIPELINES)


@dataclass(frozen=True)
class SavedPage:
    """One folder of tests/pages."""

    folder: Path

    @property
    def name(self) -> str:
        return f"{self.folder.parent.name}/{self.folder.name}"

    @property
    def body(self) -> bytes:
        return next(self.folder.glob("page.*")).read_bytes()

    @property
    def response(self) -> dict[str, Any]:
        return json.loads((self.folder / "response.json").read_text("utf-8"))

    @property
    def url(self) -> str:
        return self.response["url"]

    @property
    def content_type(self) -> str | None:
        return self.response["headers"].get("Content-Type")

    @property
    def fetched_at(self) -> datetime:
        return datetime.fromisoformat(self.response["fetched_at"])

    @property
    def expected(self) -> dict[str, Any]:
        return json.loads((self.folder / "article.json").read_text("utf-8"))


SAVED_PAGES = [SavedPage(path.parent) for path in sorted(PAGES.glob("*/*/response.json"))]


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
    return record(read_article(body, **how))


@cache
def record_of(saved: SavedPage) -> dict[str, Any]:
    """The record of a saved page as read now."""
    return read_record(
        saved.body, url=saved.url, content_type=saved.content_type, fetched_at=saved.fetched_at
    )
