"""Reads a body container: one walk over its elements, then blocks and credits in reading order."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from urllib.parse import urljoin

from lxml import etree

from zjnews import captions, credits
from zjnews.captions import Caption
from zjnews.credits import Credits
from zjnews.items import Block, Image
from zjnews.text import fold, squeeze

_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_BLOCKS = _HEADINGS | frozenset(
    "address article aside blockquote center dd div dl dt fieldset figcaption figure footer form hr"
    " founder-content header li main ol p pre section table tbody td tfoot th thead tr ul".split()
)
_SKIPPED = frozenset(
    "button canvas head iframe input map nav noscript object select style svg template textarea"
    " title".split()
)
_BOLD = frozenset({"b", "strong", "h1", "h2", "h3", "h4", "h5", "h6"})
_BOLD_STYLE = re.compile(r"font-weight\s*:\s*(?:bold|[6-9]00)")
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden")
_CENTRED_STYLE = re.compile(r"text-align\s*:\s*center")
_CAPTION_CLASS = re.compile(
    r"caption|pic-?(?:text|title|info|desc)|img-?(?:text|title|info|desc)|tuzhu|tushuo"
)
_FURNITURE_CLASS = re.compile(
    # Names that hold nothing else: `page` and `editor` have been seen around whole articles.
    r"(?:^|\s)(?:bdshare\S*|share(?:[-_]?(?:bar|box|btn|list|to|wrap))?|fenxiang|fenye|pagination|pagebar"
    r"|related?news|xgxw|xgyd|ewm|qrcode|erweima)(?=\s|$)",
    re.I,
)
_VIDEO_FILE = re.compile(r"(?:https?:)?//[\w.-]+/[\w./-]+\.(?:mp4|m3u8)", re.I)
_IMAGE_SOURCES = ("data-src", "data-original", "data-url", "_src", "src")
_ICON = re.compile(r"(?:icon|logo|loading|blank|spacer|pixel|qrcode|ewm)[^/]*\.\w+$|^data:", re.I)
_ICON_PIXELS = 40
"""Pictures that the page itself makes smaller than this are ornaments."""

_FURNITURE_LINE = re.compile(
    r"read more\W*|查看(?:更多|全文)|阅读(?:原文|全文|更多)|点击(?:查看|阅读)\S{0,8}"
    r"|展开全文|收起|分享让更多人看到|链接已复制|分享到[:：]?|字体[:：].{0,8}"
    r"|[（(【\[]?\s*原(?:标题|题)\s*[:：].*"
    r"|(?:.{0,10}版权所有(?!者)|版权声明|copyright\b|©)[^。]*。?"
    r"|未经(?:授权|许可|书面)[^。]*(?:转载|使用|镜像|复制)[^。]*。?"
    r"|\d{1,3}\s?/\s?\d{1,3}|(?:\[\d{1,2}\]\s?)+"
    r"|(?=.*[上下]一页)(?:[上下]一页|首页|尾页|末页|\[?\d{1,2}\]?|[|\s])+"
    r"|\]\]>",
    re.I,
)

_HEADING_LENGTH = 40
_HEADING_WORDS = 12
_SENTENCE_END = "。！？；：，…!?;:,."
_CLOSING = "”’」』）)】\"' "


@dataclass(slots=True)
class Line:
    """A line of the body as it is met on the way, before anybody says what it is."""

    text: str
    bold: bool = False
    captioning: bool = False
    """The markup says that it belongs to the picture before it."""


Piece = Line | Block


@dataclass(slots=True)
class Body:
    """What a body container holds."""

    blocks: list[Block] = field(default_factory=list)
    credits: Credits = field(default_factory=dict)


def read_body(
    pieces: Iterable[Piece], heads: Iterable[str | None], short_line_headings: bool = False
) -> Body:
    """Sort the pieces of a body into blocks and credits.

    `heads`: title, kicker and subtitle, which some bodies repeat before their first line.
    `short_line_headings`: a short line without an end mark before a paragraph is a heading, as on
    English pages, where nothing in the markup says so.
    """
    body = Body()
    printed = {squeeze(head) for head in heads if head}
    picture: Image | None = None
    for piece in pieces:
        if isinstance(piece, Block):
            body.blocks.append(piece)
            picture = piece.image
            continue
        if picture is not None and _take_caption(piece, picture, body.credits):
            continue
        picture = None
        if not body.blocks and squeeze(piece.text) in printed:
            continue
        _take_line(piece, body)
    if short_line_headings:
        _mark_short_lines(body.blocks)
    return body


def is_furniture(text: str) -> bool:
    """Whether a line is no part of any article: `read more`, copyright, paging, 原标题."""
    if len(text) > credits.LINE_LENGTH:
        return False
    return bool(_FURNITURE_LINE.fullmatch(text))


def merge(into: Credits, found: Credits) -> None:
    """Add credits to credits, every name once."""
    for key, values in found.items():
        into[key] = credits.unique(into.get(key, []) + values)


def _take_line(line: Line, body: Body) -> None:
    if is_furniture(line.text):
        return
    found = credits.credit_line(line.text)
    if found is not None:
        merge(body.credits, found)
        return
    if _take_late_credit(line, body):
        return
    text, found = credits.take_byline(line.text)
    merge(body.credits, found)
    if text:
        is_heading = line.bold and len(text) <= _HEADING_LENGTH and not _ends_sentence(text)
        body.blocks.append(Block("heading" if is_heading else "paragraph", text=text))


def _take_caption(line: Line, picture: Image, found: Credits) -> bool:
    """Give the picture its caption, or the credit in the line after the caption."""
    caption = captions.read_caption(line.text, line.captioning)
    is_first = picture.credit is None and picture.caption is None
    if caption is None or not (is_first or _completes(picture, caption)):
        return False
    picture.caption = picture.caption or caption.caption
    picture.credit = caption.credit
    if caption.photographers:
        merge(found, {"photographers": list(caption.photographers)})
    return True


def _take_late_credit(line: Line, body: Body) -> bool:
    """Give a line that is nothing but a picture's credit to the last picture that has none."""
    caption = captions.read_caption(line.text, hinted=False)
    pictures = [b.image for b in body.blocks if b.image and b.image.credit is None]
    if caption is None or caption.caption is not None or not pictures:
        return False
    return _take_caption(line, pictures[-1], body.credits)


def _completes(picture: Image, caption: Caption) -> bool:
    return picture.credit is None and caption.caption is None


def _mark_short_lines(blocks: list[Block]) -> None:
    for block, following in pairwise(blocks):
        text = block.text or ""
        if (
            block.type == "paragraph"
            and following.type == "paragraph"
            and len(text.split()) <= _HEADING_WORDS
            and len(text) <= 2 * _HEADING_LENGTH
            and len(following.text or "") > len(text)
            and not _ends_sentence(text)
        ):
            block.type = "heading"


def _ends_sentence(text: str) -> bool:
    return text.rstrip(_CLOSING).endswith(tuple(_SENTENCE_END))


def pieces_of(container: etree._Element, base: str, furniture: str = "") -> list[Piece]:
    """Walk over a container in reading order. `base` is what relative addresses are joined with,
    `furniture` the class names, separated by spaces, of what is no part of the body."""
    walk = _Walk(base, frozenset(furniture.split()))
    walk.pass_through(container, str(container.tag))
    walk.end_line()
    return walk.pieces


def pieces_after(element: etree._Element, base: str) -> list[Piece]:
    """Walk over what follows an element inside its parent."""
    walk = _Walk(base, frozenset())
    walk.say(element.tail)
    for sibling in element.itersiblings():
        walk.meet(sibling)
        walk.say(sibling.tail)
    walk.end_line()
    return walk.pieces


class _Walk:
    """The state of a walk: the pieces so far and the line that is being written.

    Recursion is safe, libxml2 cuts a page off at 256 levels.
    """

    def __init__(self, base: str, furniture: frozenset[str]) -> None:
        self.base = base
        self.furniture = furniture
        self.pieces: list[Piece] = []
        self.words: list[str] = []
        self.plain = False
        """Whether the line has text that is not bold."""
        self.bold = 0
        self.captioning = 0

    def enter(self, element: etree._Element) -> None:
        """Read what is inside an element, but not the element itself."""
        self.say(element.text)
        for child in element:
            self.meet(child)
            self.say(child.tail)

    def say(self, text: str | None) -> None:
        if text:
            self.words.append(text)
            if not self.bold and not self.plain and text.strip():
                self.plain = True

    def end_line(self) -> None:
        if not self.words:
            return
        text = fold("".join(self.words))
        if text:
            self.pieces.append(Line(text, not self.plain, self.captioning > 0))
        self.words = []
        self.plain = False

    def meet(self, element: etree._Element) -> None:
        tag = element.tag
        if tag == "br":
            self.end_line()
        elif tag == "img":
            self.add_image(element)
        elif tag in ("video", "embed", "source"):
            self.add_video(element)
        elif tag == "script":
            self.add_video_in_script(element.text or "")
        elif tag in _SKIPPED or (element.attrib and self.is_furniture(element)):
            return
        elif tag == "table" and (rows := data_rows(element)):
            self.end_line()
            self.pieces.append(Block("table", rows=rows))
        else:
            self.pass_through(element, str(tag))

    def pass_through(self, element: etree._Element, tag: str) -> None:
        style = element.get("style", "")
        bold = tag in _BOLD or bool(style and _BOLD_STYLE.search(style))
        captioning = tag == "figcaption" or is_captioning(element, style)
        is_block = tag in _BLOCKS
        if is_block:
            self.end_line()
        self.bold += bold
        self.captioning += captioning
        self.enter(element)
        if is_block:
            self.end_line()
        self.bold -= bold
        self.captioning -= captioning

    def is_furniture(self, element: etree._Element) -> bool:
        names = element.get("class")
        if names and (
            _FURNITURE_CLASS.search(names) or not self.furniture.isdisjoint(names.split())
        ):
            return True
        style = element.get("style")
        return bool(style and _HIDDEN_STYLE.search(style)) or element.get("hidden") is not None

    def add_image(self, element: etree._Element) -> None:
        address = next(filter(None, map(element.get, _IMAGE_SOURCES)), "").strip()
        if not address or _ICON.search(address) or is_ornament(element):
            return
        self.end_line()
        image = Image(url=join(self.base, address), alt=fold(element.get("alt", "")) or None)
        self.pieces.append(Block("image", image=image))

    def add_video(self, element: etree._Element) -> None:
        address = (element.get("src") or element.get("data-src") or "").strip()
        if not address:
            self.enter(element)
            return
        self.end_line()
        self.pieces.append(Block("video", url=join(self.base, address)))

    def add_video_in_script(self, script: str) -> None:
        for match in _VIDEO_FILE.finditer(script):
            self.end_line()
            self.pieces.append(Block("video", url=join(self.base, match[0])))


def join(base: str, address: str) -> str:
    """An absolute address; the address itself where it is too broken to be joined."""
    try:
        return urljoin(base, address)
    except ValueError:
        return address


def is_captioning(element: etree._Element, style: str) -> bool:
    """Whether markup centres a text or calls it a caption."""
    if not element.attrib:
        return False
    return bool(
        element.get("align") == "center"
        or (style and _CENTRED_STYLE.search(style))
        or _CAPTION_CLASS.search(element.get("class", ""))
    )


def is_ornament(element: etree._Element) -> bool:
    """Whether the page draws a picture too small to be one of the article's."""
    for side in ("width", "height"):
        pixels = re.match(r"\d+", element.get(side, ""))
        if pixels and int(pixels[0]) < _ICON_PIXELS and "%" not in element.get(side, ""):
            return True
    return False


def data_rows(table: etree._Element) -> list[list[str]] | None:
    """The cells of a table of at least two rows of at least two cells; None for a table that only
    lays out the page."""
    if table.find(".//table") is not None or table.find(".//img") is not None:
        return None
    rows = [[_cell_text(cell) for cell in row.iterchildren("td", "th")] for row in table.iter("tr")]
    rows = [row for row in rows if any(row)]
    return rows if sum(len(row) >= 2 for row in rows) >= 2 else None


def _cell_text(cell: etree._Element) -> str:
    """The text of a cell; its paragraphs are set apart by a space."""
    return " ".join(piece.text for piece in pieces_of(cell, "") if isinstance(piece, Line))
