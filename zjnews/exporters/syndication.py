"""RSS 2.0 and Atom: the newest articles of a batch, in full, for feed readers."""

from __future__ import annotations

import mimetypes
import re
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import IO, Any

from feedgenerator import Atom1Feed, Enclosure, Rss201rev2Feed, SyndicationFeed
from scrapy.crawler import Crawler
from scrapy.exporters import BaseItemExporter

from zjnews.exporters import record_of, refuse_appending
from zjnews.exporters.markup import html_of

_TITLE_LENGTH = 40
_UNSAYABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no way to write."""
_CONTENT = {"xmlns:content": "http://purl.org/rss/1.0/modules/content/"}
_DC = {"xmlns:dc": "http://purl.org/dc/elements/1.1/"}
_CHANNEL = {
    "title": "浙江在线",
    "link": "https://www.zjol.com.cn/",
    "description": "浙江在线的新闻",
    "feed_url": None,
}


class RssFeed(Rss201rev2Feed):  # type: ignore[misc]  # untyped
    """With the full text, every author, and when an article was changed."""

    def rss_attributes(self) -> dict[str, str]:
        return {**super().rss_attributes(), **_CONTENT, **_DC}

    def add_item_elements(self, handler: Any, item: dict[str, Any]) -> None:
        published, changed = item["pubdate"], item["updateddate"]
        # Readers sort by pubDate, so an article without a date has that of its fetch.
        super().add_item_elements(handler, {**item, "pubdate": published or changed})
        for name in item["authors"]:
            handler.addQuickElement("dc:creator", name)
        if published and published != changed:
            handler.addQuickElement("atom:updated", changed.isoformat())
        handler.addQuickElement("content:encoded", item["content"])


class AtomFeed(Atom1Feed):  # type: ignore[misc]  # untyped
    """With every author."""

    def add_item_elements(self, handler: Any, item: dict[str, Any]) -> None:
        super().add_item_elements(handler, item)
        for name in item["authors"]:
            handler.startElement("author", {})
            handler.addQuickElement("name", name)
            handler.endElement("author")


@dataclass(frozen=True, slots=True)
class Entry:
    """A record that may come into the feed."""

    record: dict[str, Any]
    changed: datetime
    """When it was last changed, published or, where the page tells neither, fetched."""


class SyndicationExporter(BaseItemExporter):
    """Keeps the newest articles, each in the last form that came, and writes them at the end.

    Of Scrapy's feed options `fields` and `indent` mean nothing here: a feed has its own elements.
    """

    name: str
    feed: type[SyndicationFeed]

    def __init__(self, file: IO[bytes], *, items: int = 50, **options: Any) -> None:
        """`items` is how many articles at most, 0 for all. Further options are `title`, `link` and
        `description` of the feed, and `feed_url`, where it will be found."""
        self.channel = {name: options.pop(name, value) for name, value in _CHANNEL.items()}
        super().__init__(**options)
        refuse_appending(file, self.name)
        self.file = file
        self.items = items
        self.entries: dict[str, Entry] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler, file: IO[bytes], **options: Any) -> SyndicationExporter:
        """`item_export_kwargs` go before the settings, so that two feeds can differ."""
        settings = crawler.settings
        if settings["RSS_ITEMS"] is not None:
            options.setdefault("items", settings.getint("RSS_ITEMS"))
        if settings["RSS_TITLE"]:
            options.setdefault("title", settings["RSS_TITLE"])
        return cls(file, **options)

    def export_item(self, item: Any) -> None:
        record = _sayable(record_of(item))
        changed = record["modified_at"] or record["published_at"] or record["fetched_at"]
        self.entries[record["id"]] = Entry(record, datetime.fromisoformat(changed))
        if self.items and len(self.entries) >= 2 * self.items:
            self.entries = {entry.record["id"]: entry for entry in self.newest()}

    def newest(self) -> list[Entry]:
        entries = sorted(self.entries.values(), key=lambda entry: entry.changed, reverse=True)
        return entries[: self.items or None]

    def finish_exporting(self) -> None:
        title, link, url = (self.channel[name] for name in ("title", "link", "feed_url"))
        # Atom wants an author even where an article names none.
        feed = self.feed(**self.channel, language="zh-cn", author_name=title, feed_guid=url or link)
        for entry in self.newest():
            feed.add_item(**_element(entry))
        feed.write(self.file, self.encoding or "utf-8")


class RssExporter(SyndicationExporter):
    name = "RSS"
    feed = RssFeed


class AtomExporter(SyndicationExporter):
    name = "Atom"
    feed = AtomFeed


def _sayable(value: Any) -> Any:
    """The value without any character that XML forbids."""
    if isinstance(value, str):
        return _UNSAYABLE.sub("", value)
    if isinstance(value, list):
        return [_sayable(part) for part in value]
    if isinstance(value, dict):
        return {key: _sayable(part) for key, part in value.items()}
    return value


def _element(entry: Entry) -> dict[str, Any]:
    """What `add_item` is to know of an article."""
    record, published = entry.record, entry.record["published_at"]
    return {
        "title": record["title"] or _first_words(record["text"]) or record["id"],
        "link": record["canonical_url"],
        # Readers take it for HTML.
        "description": escape(record["summary"], quote=False) if record["summary"] else None,
        "pubdate": datetime.fromisoformat(published) if published else None,
        "unique_id": record["id"],
        "unique_id_is_permalink": False,
        "categories": record["sections"][-1:],
        "enclosures": _enclosures(record["images"]),
        "authors": record["authors"] or [name for name in [record["source"]] if name],
        "updateddate": entry.changed,
        "content": html_of(record["body"]),
    }


def _first_words(text: str) -> str:
    line = text.partition("\n")[0]
    return line if len(line) <= _TITLE_LENGTH else f"{line[:_TITLE_LENGTH]}…"


def _enclosures(images: list[dict[str, Any]]) -> list[Enclosure]:
    """The first picture whose address tells what kind it is; 0 stands for a length not known."""
    for image in images:
        kind, _ = mimetypes.guess_type(image["url"] or "")
        if kind and kind.startswith("image/"):
            return [Enclosure(image["url"], "0", kind)]
    return []
