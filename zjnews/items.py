"""What a record is: the article, its blocks and images, and why a page gives none.

Imports nothing of the project. The order of the fields of `Article` is the order of the keys.
"""

from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Any, Literal

from scrapy.exceptions import DropItem

RECORD_VERSION = 3
"""Raised whenever a key of the record is added, removed or changes its meaning."""

BlockType = Literal["paragraph", "heading", "image", "table", "video"]
Precision = Literal["second", "minute", "hour", "day"]

_WORKING = {"record": False}
"""Metadata of a field that serves the pipelines and is no key of the record."""


class Rejected(DropItem):
    """A page, address or item gives no record.

    `reason` is the word it is counted by (`zjnews/rejected/<reason>`), `detail` says in a few
    words what was seen.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail

    def __reduce__(self) -> Any:
        """To be handed from process to process, which arguments of `Exception` alone do not do."""
        return Rejected, (self.reason, self.detail)


class LeadsOn(Rejected):
    """A page that is only there to lead to another one."""

    def __init__(self, reason: str, url: str) -> None:
        super().__init__(reason, f"to {url}")
        self.url = url


class Skipped(DropItem):
    """An article that is not wanted, though nothing is wrong with it: outside the window, the same
    as before. Counted as `zjnews/skipped/<reason>`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(slots=True)
class Image:
    """One picture of an article."""

    url: str | None = None
    """Absolute address; null where the page survives only as text."""
    caption: str | None = None
    """What the page says under the picture, without the credit."""
    credit: str | None = None
    """Who made or lent it: `图源：新华社` gives `新华社`, `张三 摄` gives `张三`."""
    alt: str | None = None
    """The picture's own `alt` text."""
    file: str | None = None
    """Path of its copy in IMAGES_STORE; null where none was kept."""
    sha1: str | None = None
    """SHA-1 (hex) of that copy, which is what the site sent, byte for byte."""

    def record(self) -> dict[str, Any]:
        """The image as in the record."""
        return {key: getattr(self, key) for key in self.__slots__}


@dataclass(slots=True)
class Block:
    """One piece of the body; which of the other fields is set follows from `type`."""

    type: BlockType
    text: str | None = None
    """Paragraph, heading: the text, white space folded."""
    image: Image | None = None
    rows: list[list[str]] | None = None
    """Table: rows of cells, white space folded."""
    url: str | None = None
    """Video: absolute address of the file or player."""

    def record(self) -> dict[str, Any]:
        """The block as in the record."""
        if self.image is not None:
            return {"type": self.type, **self.image.record()}
        if self.rows is not None:
            return {"type": self.type, "rows": self.rows}
        if self.url is not None:
            return {"type": self.type, "url": self.url}
        return {"type": self.type, "text": self.text}


@dataclass(slots=True)
class Payload:
    """The copy of an article that the CMS leaked into its page, element names unknown."""

    number: str
    """Document number in the CMS, the same as in the article's address."""
    title: str
    keywords: list[str]
    body: str
    """As it stood in the CDATA section: markup, or text where the page survives only as text."""
    text: str = ""
    """`body` read by the layout's own loader, to be compared with the visible text."""


def _block_records(blocks: list[Block]) -> list[dict[str, Any]]:
    return [block.record() for block in blocks]


def _image_records(images: list[Image]) -> list[dict[str, Any]]:
    return [image.record() for image in images]


def _video_records(addresses: list[str]) -> list[dict[str, Any]]:
    return [{"url": address} for address in addresses]


@dataclass(slots=True)
class Article:
    """One article. Times are ISO 8601 text with offset; names are in page order, each once."""

    id: str = ""
    """The same for every copy: `trs:20191121:11385584`, `system:20151031:020895443`,
    `paper:zjrb:3919226`, `app:993408`; `trs:11385584` where only the CMS payload gives the number,
    `url:<sha1 of the canonical address>` where nothing does."""
    url: str = ""
    """As fetched, after redirects."""
    canonical_url: str = ""
    """The one address of this page, see `addresses.Address.canonical`."""
    layout: str = ""
    """Name of the loader that read the page."""
    language: str = ""
    """`zh` or `en`, by the letters of title and body."""
    title: str | None = None
    kicker: str | None = None
    """Line above the title (引题)."""
    subtitle: str | None = None
    """Line below the title (副题)."""
    published_at: str | None = None
    """Beijing time; parts that the page does not give are zero."""
    published_precision: Precision | None = None
    """The smallest part that the page gives."""
    published_raw: str | None = None
    """The text it was read from, as on the page; null when it came from the address."""
    modified_at: str | None = None
    """As `published_at`, where the page prints an update time."""
    source: str | None = None
    """Who first published it (来源)."""
    authors: list[str] = field(default_factory=list)
    """Reporters, correspondents and writers (记者, 通讯员, 作者)."""
    editors: list[str] = field(default_factory=list)
    """责任编辑, 编辑, Executive Editor."""
    translators: list[str] = field(default_factory=list)
    photographers: list[str] = field(default_factory=list)
    """Persons credited with a picture; agencies are in `Image.credit` only."""
    sections: list[str] = field(default_factory=list)
    """Breadcrumb, outermost first; for a newspaper: paper, page number, page name."""
    keywords: list[str] = field(default_factory=list)
    """The CMS's own where it leaked them, else `<meta name=keywords>`."""
    summary: str | None = None
    """`<meta name=description>`."""
    body: list[Block] = field(default_factory=list, metadata={"serializer": _block_records})
    """Paragraphs, headings, images, tables and videos in reading order."""
    text: str = ""
    """Headings and paragraphs, joined by a blank line."""
    images: list[Image] = field(default_factory=list, metadata={"serializer": _image_records})
    """The images of `body`."""
    videos: list[str] = field(default_factory=list, metadata={"serializer": _video_records})
    """The videos of `body`; in the record a list of `{"url": …}`."""
    page_count: int = 1
    """How many pages the article was joined from."""
    content_hash: str = ""
    """SHA-256 (hex) of title and text after Unicode NFKC and white-space folding."""
    warnings: list[str] = field(default_factory=list)
    """Sorted codes, see docs/record.md; empty when all is well."""
    revision: int = 1
    """Which reading of this article: 2 and more where title or text were corrected since the last
    one that was delivered."""
    duplicate_of: str | None = None
    """`id` of the first article whose text this one repeats under another number."""
    fetched_at: str = ""
    """When the page was fetched, UTC."""

    payloads: list[Payload] = field(default_factory=list, metadata=_WORKING)
    """What the CMS leaked, for the payload pipeline."""
    modified_raw: str | None = field(default=None, metadata=_WORKING)
    """The printed update time, for the dates pipeline."""
    asked: str | None = field(default=None, metadata=_WORKING)
    """The canonical address that was requested first, which may have led to another article."""
    sketch: bytes | None = field(default=None, metadata=_WORKING)
    """By which near copies are found, see `sketches`; None for a text that is too short."""
    etag: str | None = field(default=None, metadata=_WORKING)
    last_modified: str | None = field(default=None, metadata=_WORKING)
    """What the server said to recognise this answer by."""

    def record(self) -> dict[str, Any]:
        """The article as one JSON-ready object, key for key what a feed holds."""
        values = dict(zip(RECORD_KEYS, _VALUES(self), strict=True))
        for key, serializer in _SERIALIZERS.items():
            values[key] = serializer(values[key])
        return values


RECORD_KEYS: tuple[str, ...] = tuple(f.name for f in fields(Article) if f.metadata != _WORKING)
"""The keys of the record, in their order."""
_VALUES = attrgetter(*RECORD_KEYS)
_SERIALIZERS = {
    f.name: f.metadata["serializer"] for f in fields(Article) if "serializer" in f.metadata
}


def text_of(blocks: list[Block]) -> str:
    """Headings and paragraphs of a body, joined by a blank line."""
    return "\n\n".join(block.text for block in blocks if block.text)
