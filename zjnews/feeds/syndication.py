"""RSS 2.0 and Atom: the newest articles in full, for feed readers, over any number of runs."""

import mimetypes
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from io import BytesIO
from operator import itemgetter
from typing import IO, Any, Self

from feedgenerator import Atom1Feed, Enclosure, Rss201rev2Feed, SyndicationFeed
from lxml import etree
from scrapy.crawler import Crawler
from scrapy.exceptions import UsageError
from scrapy.exporters import BaseItemExporter
from scrapy.utils.gz import gunzip

from zjnews.feeds.markup import html_of, is_web
from zjnews.feeds.records import record_of, refuse_appending
from zjnews.pages.guard import logger
from zjnews.state.crawling import spider_of

_TITLE_LENGTH = 40
_ATOM = "{http://www.w3.org/2005/Atom}"
_GZIP = b"\x1f\x8b"
_NEVER = datetime.min.replace(tzinfo=UTC)
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
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
        super().add_item_elements(handler, {**item, "description": None})
        if item["description"]:
            handler.addQuickElement("summary", item["description"], {"type": "text"})
        for name in item["authors"]:
            handler.startElement("author", {})
            handler.addQuickElement("name", name)
            handler.endElement("author")


class SyndicationExporter(BaseItemExporter):
    """Keeps the newest articles, each in the last form that came, and writes them at the end.

    Of Scrapy's feed options `fields` and `indent` mean nothing here: a feed has its own elements.
    """

    name: str
    feed: type[SyndicationFeed]
    entry: str
    """Tag of an entry, in lxml's form."""
    key: str
    """Tag of what an entry is known by."""
    dates: tuple[str, ...]
    """Tags of an entry's dates, the first that is there counts."""
    built: str
    """Tag of the date of the whole feed."""
    written: Callable[[datetime], str]
    """How the format writes a date."""

    def __init__(self, file: IO[bytes], *, items: int = 50, **options: Any) -> None:
        """`items` is how many articles at most, 0 for all. Further options are `title`, `link` and
        `description` of the feed, and `feed_url`, where it will be found."""
        self.channel = {name: options.pop(name, value) for name, value in _CHANNEL.items()}
        super().__init__(**options)
        refuse_appending(file, self.name)
        self.file = file
        self.previous: list[Any] = []
        """Elements of the entries that are there already."""
        self.items = items
        self.entries: dict[str, tuple[datetime, dict[str, Any]]] = {}
        """By id: when a record was last changed, published or else fetched, and the record."""

    @classmethod
    def complete(cls, options: dict[str, Any], uri: str, crawler: Crawler) -> None:
        """Fill in the options of a feed when a run begins: the run that writes it may be another
        one. `item_export_kwargs` go before the settings, those before the column's own title and
        link. Raises UsageError."""
        kwargs = {**cls.options_of(crawler), **options["item_export_kwargs"]}
        if folder := crawler.settings["RSS_URL"]:
            if not is_web(folder):
                raise UsageError(f"RSS_URL={folder} is no http or https address")
            kwargs.setdefault("feed_url", f"{folder.rstrip('/')}/{uri.rsplit('/', 1)[-1]}")
        options["item_export_kwargs"] = kwargs
        options["overwrite"] = True  # what is there is taken over by `roll`

    @staticmethod
    def options_of(crawler: Crawler) -> dict[str, Any]:
        """The options of a feed that follow from the settings and the spider."""
        settings = crawler.settings
        title, link = spider_of(crawler).column or (None, None)
        found: dict[str, Any] = {"title": settings["RSS_TITLE"] or title or None, "link": link}
        if settings["RSS_ITEMS"] is not None:
            found["items"] = settings.getint("RSS_ITEMS")
        return {name: value for name, value in found.items() if value is not None}

    @classmethod
    def from_crawler(cls, crawler: Crawler, file: IO[bytes], **options: Any) -> Self:
        return cls(file, **{**cls.options_of(crawler), **options})

    def roll(self, previous: bytes) -> None:
        """Take over the entries of the file that is there; they stay as they are. A file of another
        kind is replaced."""
        try:
            text = gunzip(previous) if previous.startswith(_GZIP) else previous
            root = etree.fromstring(text, _PARSER)
        except (etree.XMLSyntaxError, EOFError, OSError) as error:
            logger.warning("the %s file that is there is replaced: %s", self.name, error)
            return
        self.previous = [entry for entry in root.iter(self.entry) if self.date_of(entry)]

    def date_of(self, entry: Any) -> datetime | None:
        """When an entry was last changed."""
        for tag in self.dates:
            with suppress(ValueError):
                at = _date(entry.findtext(tag, "").strip())
                return at if at.tzinfo else at.replace(tzinfo=UTC)
        return None

    def export_item(self, item: Any) -> None:
        record = _sayable(record_of(item))
        changed = record["modified_at"] or record["published_at"] or record["fetched_at"]
        self.entries[record["id"]] = datetime.fromisoformat(changed), record
        if self.items and len(self.entries) >= 2 * self.items:
            self.entries = {entry[1]["id"]: entry for entry in self.newest()}

    def newest(self) -> list[tuple[datetime, dict[str, Any]]]:
        entries = sorted(self.entries.values(), key=itemgetter(0), reverse=True)
        return entries[: self.items or None]

    def finish_exporting(self) -> None:
        title, link, url = (self.channel[name] for name in ("title", "link", "feed_url"))
        # Atom wants an author even where an article names none.
        feed = self.feed(**self.channel, language="zh-cn", author_name=title, feed_guid=url or link)
        for changed, record in self.newest():
            feed.add_item(**_element(record, changed))
        draft = BytesIO()
        feed.write(draft, "utf-8")
        root = etree.fromstring(draft.getvalue(), _PARSER)
        self.join(root)
        encoding = self.encoding or "utf-8"
        self.file.write(etree.tostring(root, encoding=encoding, xml_declaration=True) + b"\n")

    def join(self, root: Any) -> None:
        """Put the entries that were there before among the new ones, the newest first."""
        new = list(root.iter(self.entry))
        channel = root.find("channel")
        parent = root if channel is None else channel
        keys = {entry.findtext(self.key) for entry in new}
        old = [entry for entry in self.previous if entry.findtext(self.key) not in keys]
        dated = [(self.date_of(entry) or _NEVER, entry) for entry in [*new, *old]]
        dated.sort(key=itemgetter(0), reverse=True)
        for _, entry in dated:
            entry.getparent().remove(entry)
        parent.extend(entry for _, entry in dated[: self.items or None])
        for link in list(root.iter("link", "{*}link")):
            if not (link.text or link.get("href")):
                link.getparent().remove(link)
        for built in parent.findall(self.built):
            built.text = self.written(dated[0][0]) if dated else built.text


class RssExporter(SyndicationExporter):
    name = "RSS"
    feed = RssFeed
    entry = "item"
    key = "guid"
    dates = (f"{_ATOM}updated", "pubDate")
    built = "lastBuildDate"
    written = staticmethod(format_datetime)


class AtomExporter(SyndicationExporter):
    name = "Atom"
    feed = AtomFeed
    entry = f"{_ATOM}entry"
    key = f"{_ATOM}id"
    dates = (f"{_ATOM}updated",)
    built = f"{_ATOM}updated"
    written = staticmethod(datetime.isoformat)


def _sayable(value: Any) -> Any:
    """The value without any character that XML forbids."""
    if isinstance(value, str):
        return _UNSAYABLE.sub("", value)
    if isinstance(value, list):
        return [_sayable(part) for part in value]
    if isinstance(value, dict):
        return {key: _sayable(part) for key, part in value.items()}
    return value


def _element(record: dict[str, Any], changed: datetime) -> dict[str, Any]:
    """The arguments of `add_item` for an article."""
    published = record["published_at"]
    return {
        "title": record["title"] or _first_words(record["text"]) or record["id"],
        "link": record["canonical_url"] if is_web(record["canonical_url"]) else "",
        "description": record["summary"],
        "pubdate": datetime.fromisoformat(published) if published else None,
        "unique_id": record["id"],
        "unique_id_is_permalink": False,
        "categories": record["sections"][-1:],
        "enclosures": _enclosures(record["images"]),
        "authors": record["authors"] or [name for name in [record["source"]] if name],
        "updateddate": changed,
        "content": html_of(record["body"]),
    }


def _date(text: str) -> datetime:
    """A date as RSS or Atom has it. Raises ValueError."""
    if text[:4].isdigit():
        return datetime.fromisoformat(text)
    return parsedate_to_datetime(text)


def _first_words(text: str) -> str:
    line = text.partition("\n")[0]
    return line if len(line) <= _TITLE_LENGTH else f"{line[:_TITLE_LENGTH]}…"


def _enclosures(images: list[dict[str, Any]]) -> list[Enclosure]:
    """The first picture whose address names its type; its length 0 means that it is not known."""
    for image in images:
        kind, _ = mimetypes.guess_type(image["url"] or "")
        if kind and kind.startswith("image/") and is_web(image["url"]):
            return [Enclosure(image["url"], "0", kind)]
    return []
