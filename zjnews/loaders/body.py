"""Reads a body container: one walk over its elements, then blocks and credits in reading order."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice, pairwise, takewhile
from typing import NamedTuple

from lxml import etree

from zjnews import addresses, captions, credits, furniture
from zjnews.captions import Caption
from zjnews.credits import Credits
from zjnews.items import Block, Image
from zjnews.text import fold, squeeze

_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_BLOCKS = _HEADINGS | frozenset(
    "address article aside blockquote center dd div dl dt fieldset figcaption figure footer form hr"
    " founder-content header li main ol p pre section table tbody td tfoot th thead tr ul".split()
)
_MEDIA = frozenset("br embed iframe img script source video".split())
_SKIPPED = frozenset(
    "button canvas head input map nav noscript object select style svg template textarea"
    " title".split()
)
_BOLD = _HEADINGS | {"b", "strong"}
# Editors of the time of Internet Explorer write their styles in capitals.
_BOLD_STYLE = re.compile(r"font-weight\s*:\s*(?:bold|[6-9]00)", re.I)
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)
_CENTRED_STYLE = re.compile(r"text-align\s*:\s*center", re.I)
_CAPTION_CLASS = re.compile(
    r"caption|pic-?(?:text|title|info|desc)|img-?(?:text|title|info|desc)|tuzhu|tushuo", re.I
)
_FURNITURE_CLASS = re.compile(
    # Names that hold nothing else: `page` and `editor` have been seen around whole articles.
    r"(?:^|\s)(?:bdshare\S*|fenxiang|fenye|pagination|pagebar|xgxw|xgyd|ewm|qrcode|erweima|guanggao"
    r"|(?:share|related?|relations?|relative|recommend(?:ed)?|tuijian|comments?|ads?|advert|gg)"
    r"(?:[-_]?(?:articles?|bar|box|btn|list|news|read(?:ing)?|stories|to|wrap))?)(?=\s|$)",
    re.I,
)
_VIDEO_FILE = re.compile(
    r"(?:https?:)?(?:\\?/){2}[\w.-]{1,80}(?:\\?/[\w.-]{1,80}){1,9}\.(?:mp4|m3u8)\b", re.I
)
_PLAYER = re.compile(r"player|video|//v[.-]|\.mp4", re.I)
_IMAGE_SOURCES = ("data-src", "data-original", "data-url", "data-lazy-src", "_src", "src")
_SOURCE_SETS = ("data-srcset", "srcset")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]{0,30}:", re.I)
_MOST_SOURCES = 10
"""How many `source` of a `picture` are looked at."""
_SET_LENGTH = 4000
"""Characters of a `srcset` that are looked at."""
_SET_SEPARATOR = re.compile(r",\s+|(?<=\d[wx]),|,$")
_SET_SIZE = re.compile(r"(\d{1,5}(?:\.\d{1,3})?)[wx]")
_AD = re.compile(r"(?:https?:)?//(?:ads?|adv|gg|guanggao)\d{0,2}\.", re.I)
"""Hosts of advertisements: `ad.zjol.com.cn`."""
_ICON = re.compile(
    r"(?:icon|logo|blank|space|pixel|qrcode|ewm)[^/]*\.(?:gif|png|svg)$|loading[^/]*$|^data:", re.I
)
_WEB = ("http:", "https:")
_PIXELS = re.compile(r"\d{1,6}(?!\d|\s*%)")
_ICON_PIXELS = 40
"""Pictures that the page itself makes smaller than this are ornaments."""

_SENTENCE_LENGTH = 50
"""Lines from this length on that end like a sentence are the article itself; credits stand before
the first and behind the last of them."""
_OWN_WORD = re.compile(r"[^\W\d年月日时分]")
"""Beside a link of a list stands at most its date."""
_REPEATED = 20
"""Characters by which a sentence is known again."""
_PARAGRAPH_CELL = 200
"""A table with a longer cell lays out paragraphs."""
_HEADING_LENGTH = 40
_HEADING_WORDS = 12
_SENTENCE_END = "。！？；：，…!?;:,."
_LABELLED_LINE = re.compile(r"\W{0,3}[A-Z][\w’' ]{1,24}:\s")
"""`Getting there: Bus 27` is no heading."""
_CLOSING = "”’」』）)】\"' "


@dataclass(slots=True)
class Line:
    """A line of the body as it is met on the way, before anybody says what it is."""

    text: str
    bold: bool = False
    captioning: bool = False
    """The markup says that it belongs to the picture before it."""
    is_item: bool = False
    """It is in a list, where a short line is no heading."""
    own: str | None = None
    """What of it stands outside links; None where it has no link."""

    @property
    def is_link(self) -> bool:
        """Whether it is nothing but links, as a line of a list of articles."""
        if self.own is None:
            return False
        return not _OWN_WORD.search(self.own) or furniture.heads_box(self.own)


Piece = Line | Block


@dataclass(slots=True)
class Body:
    """What a body container holds."""

    blocks: list[Block] = field(default_factory=list)
    credits: Credits = field(default_factory=dict)
    picture: Image | None = None
    """The picture that stands right before what is read now."""
    uncredited: Image | None = None
    """The last picture that nobody has been credited with."""
    has_text: bool = False
    items: set[int] = field(default_factory=set)
    """The numbers of the blocks that are items of a list."""

    def add(self, block: Block) -> None:
        self.blocks.append(block)
        self.picture = block.image
        if block.image is not None:
            self.uncredited = block.image
        self.has_text = self.has_text or block.text is not None


def read_body(
    pieces: Iterable[Piece], heads: Iterable[str | None], short_line_headings: bool = False
) -> Body:
    """Sort the pieces of a body into blocks and credits.

    `heads`: title, kicker and subtitle, which some bodies repeat before their first line.
    `short_line_headings`: a short line without an end mark before a paragraph is a heading, as on
    English pages, where nothing in the markup says so.
    """
    pieces = without_foot(without_boxes(list(pieces)))
    lines = [piece for piece in pieces if isinstance(piece, Line)]
    body = Body()
    printed = {squeeze(head) for head in heads if head}
    first, last = _extent(lines)
    listed = _listed(lines)
    number = -1
    for piece in pieces:
        if isinstance(piece, Block):
            body.add(piece)
            continue
        number += 1
        if _take_caption(piece, body):
            continue
        body.picture = None
        if not body.has_text and squeeze(piece.text) in printed:
            continue
        if number in listed:
            _add_text(piece, piece.text, body)
        elif not is_furniture(piece):
            _take_line(piece, body, at_edge=not first < number < last, at_foot=number > last)
    if short_line_headings:
        _mark_short_lines(body)
    return body


def _extent(lines: list[Line]) -> tuple[int, int]:
    """The numbers of the first and last line that are the article's own sentences."""
    own = [
        number
        for number, line in enumerate(lines)
        if len(line.text) >= _SENTENCE_LENGTH and _ends_sentence(line.text)
    ]
    own = own or [number for number, line in enumerate(lines) if _ends_sentence(line.text)]
    return (own[0], own[-1]) if own else (1, len(lines) - 2)


def _listed(lines: list[Line]) -> set[int]:
    """The numbers of the lines that look like credits but belong to a book, film or exhibit:
    `作者：张三` below `《活着》` or above `出版社：作家出版社`."""
    found: set[int] = set()
    works = [number for number, line in enumerate(lines) if credits.describes_work(line.text)]
    for work in works:
        for way in (range(work - 1, -1, -1), range(work + 1, len(lines))):
            for number in way:
                if not credits.is_of_works(lines[number].text):
                    break
                found.add(number)
    return found


def without_boxes(pieces: list[Piece]) -> list[Piece]:
    """The pieces without boxes of links to other articles, `相关阅读` and the links after it, and
    without what readers say at the end."""
    kept: list[Piece] = []
    in_box = False
    for number, piece in enumerate(pieces):
        if isinstance(piece, Line):
            if furniture.heads_comments(piece.text) and not _says_more(pieces[number + 1 :]):
                break
            following = pieces[number + 1] if number + 1 < len(pieces) else None
            begins = furniture.heads_box(piece.text) and (following is None or _is_link(following))
            in_box = begins or (piece.is_link and (in_box or furniture.heads_box(piece.own or "")))
            if in_box:
                continue
        kept.append(piece)
    return kept


def _is_link(piece: Piece) -> bool:
    return isinstance(piece, Line) and piece.is_link


def without_foot(pieces: list[Piece]) -> list[Piece]:
    """The pieces before the site's notices, after which only the page's frame follows, or a
    sentence of the article once more, for sharing."""
    texts = [piece.text if isinstance(piece, Line) else "" for piece in pieces]
    for number, text in enumerate(texts):
        if furniture.is_notice(text):
            ends = any(map(_ends_sentence, texts[:number]))
            ends = ends and not _says_more(pieces[number:], texts[:number])
        else:
            ends = furniture.heads_box(text) and all(map(_is_frame, pieces[number + 1 :]))
        if ends:
            return pieces[:number]
    return pieces


def _is_frame(piece: Piece) -> bool:
    return isinstance(piece, Line) and (piece.is_link or is_furniture(piece))


def _says_more(pieces: list[Piece], said: Iterable[str] = ()) -> bool:
    """Whether there are sentences of an article that it has not said before."""
    before = squeeze("".join(said))
    return any(
        isinstance(piece, Line)
        and len(piece.text) >= _SENTENCE_LENGTH
        and _ends_sentence(piece.text)
        and not furniture.is_notice(piece.text)
        and squeeze(piece.text)[:_REPEATED] not in before
        for piece in pieces
    )


def is_furniture(line: Line) -> bool:
    """Whether a line is no part of any article, wherever it is."""
    return furniture.is_frame(line.text) and not (line.bold and line.text[0].isdigit())


def _take_line(line: Line, body: Body, at_edge: bool, at_foot: bool) -> None:
    if tags := furniture.tags_in(line.text, at_foot):
        credits.merge(body.credits, {"keywords": tags.words, **credits.read_line(tags.rest)})
        return
    found = credits.credit_line(line.text, at_edge)
    if found is not None:
        credits.merge(body.credits, found)
        return
    if _take_late_credit(line, body):
        return
    if at_foot and furniture.is_notice(line.text):
        return
    text, found = credits.take_byline(line.text)
    credits.merge(body.credits, found)
    if text:
        _add_text(line, text, body)


def _add_text(line: Line, text: str, body: Body) -> None:
    if line.is_item:
        body.items.add(len(body.blocks))
    body.add(Block("heading" if _is_heading(line, text) else "paragraph", text=text))


def _is_heading(line: Line, text: str) -> bool:
    is_short = len(text) <= _HEADING_LENGTH and not _ends_sentence(text)
    return line.bold and is_short and not line.is_item


def _take_caption(line: Line, body: Body) -> bool:
    """Give the picture right before a line its caption, or the credit behind its caption."""
    picture = body.picture
    if picture is None or picture.credit is not None:
        return False
    is_byline = any(word in line.text for word in ("记者", "通讯员", "编辑"))
    hinted = line.captioning and not is_byline and not _is_heading(line, line.text)
    caption = captions.read_caption(line.text, hinted)
    if caption is None or (picture.caption and caption.caption):
        return False
    _apply(caption, picture, body.credits)
    return True


def _take_late_credit(line: Line, body: Body) -> bool:
    """Give a line that is nothing but a picture's credit to the last picture that has none."""
    picture = body.uncredited
    if picture is None or picture.credit is not None or len(line.text) > _SENTENCE_LENGTH:
        return False
    caption = captions.read_caption(line.text, hinted=False)
    if caption is None or caption.caption is not None:
        return False
    _apply(caption, picture, body.credits)
    return True


def _apply(caption: Caption, picture: Image, found: Credits) -> None:
    picture.caption = picture.caption or caption.caption
    picture.credit = caption.credit
    if caption.photographers:
        credits.merge(found, {"photographers": list(caption.photographers)})


def _mark_short_lines(body: Body) -> None:
    for number, (block, following) in enumerate(pairwise(body.blocks)):
        text = block.text or ""
        if (
            block.type == "paragraph"
            and number not in body.items
            and following.type == "paragraph"
            and len(text.split()) <= _HEADING_WORDS
            and len(text) <= 2 * _HEADING_LENGTH
            and len(following.text or "") > len(text)
            and not _ends_sentence(text)
            and not _LABELLED_LINE.match(text)
            and captions.read_caption(text, hinted=False) is None
            and credits.credit_line(text) is None
        ):
            block.type = "heading"


def _ends_sentence(text: str) -> bool:
    return text.rstrip(_CLOSING).endswith(tuple(_SENTENCE_END))


def pieces_of(
    container: etree._Element,
    base: str,
    furniture: str = "",
    read: Iterable[etree._Element] = (),
) -> list[Piece]:
    """Walk over a container in reading order. `base` is what relative addresses are joined with,
    `furniture` the class names, separated by spaces, of what is no part of the body; what is in
    `read` has been read already."""
    walk = _Walk(base, frozenset(furniture.split()), frozenset(read) - {container})
    walk.over(container)
    walk.end_line()
    return walk.pieces


def pieces_after(
    element: etree._Element, base: str, within: Callable[[etree._Element], bool] = lambda _: True
) -> list[Piece]:
    """Walk over what follows an element inside its parent, up to the first that is not `within`."""
    walk = _Walk(base)
    walk.say(element.tail)
    for sibling in takewhile(within, element.itersiblings()):
        walk.over(sibling)
        walk.say(sibling.tail)
    walk.end_line()
    return walk.pieces


def lines_of(element: etree._Element) -> list[Line]:
    """The lines of an element, without its media."""
    return [piece for piece in pieces_of(element, "") if isinstance(piece, Line)]


class _Open(NamedTuple):
    """An element that the walk is in."""

    is_block: bool
    is_bold: bool
    captions: bool
    """Whether lines that belong to this block are captions."""
    is_link: bool = False
    is_item: bool = False
    is_verbatim: bool = False


_INLINE = _Open(is_block=False, is_bold=False, captions=False)


@lru_cache(maxsize=512)
def _opened(tag: str, style: str, align: str, names: str) -> _Open:
    """What an element of this kind is; the same few kinds make up all pages."""
    return _Open(
        is_block=tag in _BLOCKS,
        is_item=tag == "li",
        is_bold=tag in _BOLD or bool(_BOLD_STYLE.search(style)),
        captions=tag in ("figcaption", "center")
        or align.lower() == "center"
        or bool(_CENTRED_STYLE.search(style) or _CAPTION_CLASS.search(names)),
        is_link=tag == "a",
        is_verbatim=tag == "pre",
    )


@lru_cache(maxsize=512)
def _is_furniture_class(names: str) -> bool:
    return bool(_FURNITURE_CLASS.search(names))


class _Walk:
    """The state of a walk: the pieces so far and the line that is being written."""

    def __init__(
        self,
        base: str,
        furniture: frozenset[str] = frozenset(),
        read: frozenset[etree._Element] = frozenset(),
    ) -> None:
        self.base = base
        self.furniture = furniture
        self.read = read
        self.pieces: list[Piece] = []
        self.words: list[str] = []
        self.plain = False
        """Whether the line has text that is not bold."""
        self.bold = 0
        self.items = 0
        """How many items of lists the walk is in."""
        self.verbatim = 0
        """How many `<pre>` it is in, where line ends are line ends."""
        self.links = 0
        """How many links the walk is in."""
        self.linked = False
        """Whether the line has a link."""
        self.own: list[str] = []
        """The words of the line outside links."""
        self.captions = [False]
        """Whether the block around is a caption, innermost last."""
        self.videos: set[str] = set()

    def over(self, container: etree._Element) -> None:
        """Read a container with all that is in it, however deep."""
        opened: list[_Open | None] = []
        steps = etree.iterwalk(container, events=("start", "end"))
        for event, element in steps:
            if event == "start":
                state = self.open(element)
                opened.append(state)
                if state is None:
                    steps.skip_subtree()
                else:
                    self.say(element.text)
            else:
                state = opened.pop()
                if state is not None:
                    self.close(state)
                if element is not container:
                    self.say(element.tail)

    def say(self, text: str | None) -> None:
        if self.verbatim and text and "\n" in text:
            for line in text.splitlines():
                self.end_line()
                self.say(line)
            return
        if not text or (not self.words and text.isspace()):
            return
        self.words.append(text)
        if self.links:
            self.linked = True
        else:
            self.own.append(text)
        if not self.bold and not self.plain and not text.isspace():
            self.plain = True

    def end_line(self) -> None:
        if not self.words:
            return
        text = fold("".join(self.words))
        if text:
            own = fold("".join(self.own)) if self.linked else None
            is_item = self.items > 0
            self.pieces.append(Line(text, not self.plain, self.captions[-1], is_item, own))
        self.words = []
        self.own = []
        self.linked = False
        self.plain = False

    def open(self, element: etree._Element) -> _Open | None:
        """Begin an element. None where there is nothing to be read inside it."""
        tag = element.tag
        if tag in _MEDIA:
            return self.add_media(element, tag)
        if tag in _SKIPPED or element in self.read:
            return None
        if element.attrib and self.is_furniture(element):
            return None
        if tag == "table" and (rows := data_rows(element)):
            self.add_table(element, rows)
            return None
        given = element.get
        state = _opened(tag, given("style", ""), given("align", ""), given("class", ""))
        self.enter(state)
        return state

    def add_media(self, element: etree._Element, tag: str) -> _Open | None:
        """Read an element that says what it has to say by its tag."""
        if tag == "br":
            self.end_line()
        elif tag == "img":
            self.add_image(element)
        elif tag == "script":
            self.add_videos_in(element.text or "")
        else:
            return self.add_video(element)
        return None

    def enter(self, state: _Open) -> None:
        if state.is_block:
            self.end_line()
        if state.is_block or state.captions:
            self.captions.append(state.captions)
        self.bold += state.is_bold
        self.links += state.is_link
        self.items += state.is_item
        self.verbatim += state.is_verbatim

    def close(self, state: _Open) -> None:
        if state.is_block:
            self.end_line()
        if state.is_block or state.captions:
            self.captions.pop()
        self.bold -= state.is_bold
        self.links -= state.is_link
        self.items -= state.is_item
        self.verbatim -= state.is_verbatim

    def is_furniture(self, element: etree._Element) -> bool:
        names = f"{element.get('class', '')} {element.get('id', '')}"
        if _is_furniture_class(names) or not self.furniture.isdisjoint(names.split()):
            return True
        return is_hidden(element)

    def add_image(self, element: etree._Element) -> None:
        address = next((a for a in image_addresses(element) if not _ICON.search(a)), None)
        if address is None or is_ornament(element) or is_advertisement(element, address):
            return
        url = join(self.base, address)
        is_of_file = not self.base.startswith(_WEB) and not _SCHEME.match(address)
        if url or is_of_file:
            # Beside a page that was saved to a file is no place that anybody else has: no address.
            self.end_line()
            alt = fold(element.get("alt", "")) or None
            self.pieces.append(Block("image", image=Image(url=url, alt=alt)))

    def add_video(self, element: etree._Element) -> _Open | None:
        """Note a video or player; a `video` without an address of its own has it inside."""
        address = (element.get("src") or element.get("data-src") or "").strip()
        if address and (element.tag != "iframe" or _PLAYER.search(address)):
            self.note_video(address)
        elif element.tag in ("video", "source") and not address:
            return _INLINE  # libxml2 puts the picture of a `<picture>` into its `<source>`
        return None

    def add_videos_in(self, script: str) -> None:
        if ".mp4" in script or ".m3u8" in script:
            for match in _VIDEO_FILE.finditer(script):
                self.note_video(match[0].replace("\\/", "/"))

    def note_video(self, address: str) -> None:
        url = join(self.base, address)
        if url is not None and url not in self.videos:
            self.videos.add(url)
            self.end_line()
            self.pieces.append(Block("video", url=url))

    def add_table(self, table: etree._Element, rows: list[list[str]]) -> None:
        self.end_line()
        for caption in table.iterchildren("caption"):
            self.pieces.append(Line(_cell_text(caption)))
        self.pieces.append(Block("table", rows=rows))


def join(base: str, address: str) -> str | None:
    """The absolute address that a browser would ask for; None where it is broken, or not of the web
    (`file:`, `data:`)."""
    url = addresses.join(base, address)
    return url if url and url.startswith(_WEB) else None


def image_addresses(image: etree._Element) -> Iterator[str]:
    """The addresses that an `img` gives of its picture, the one to be shown in the end first."""
    yield from filter(None, ((image.get(name) or "").strip() for name in _IMAGE_SOURCES))
    picture = next(image.iterancestors("picture"), None)
    sources = () if picture is None else islice(picture.iter("source"), _MOST_SOURCES)
    for element in (image, *sources):
        for name in _SOURCE_SETS:
            yield from _largest_of(element.get(name) or "")


def _largest_of(source_set: str) -> list[str]:
    """The address of the largest picture in a `srcset`, if there is one."""
    pictures = [part.split() for part in _SET_SEPARATOR.split(source_set[:_SET_LENGTH])]
    sizes = {part[0]: _size_of(part[-1]) for part in pictures if part}
    return [max(sizes, key=lambda address: sizes[address])] if sizes else []


def _size_of(descriptor: str) -> float:
    """`640w`  ->  640, `2x`  ->  2"""
    size = _SET_SIZE.fullmatch(descriptor)
    return float(size[1]) if size else 1.0


def is_advertisement(image: etree._Element, address: str) -> bool:
    """Whether a picture comes from a host of advertisements, or leads to one."""
    link = next(image.iterancestors("a"), None)
    return bool(_AD.match(address) or (link is not None and _AD.match(link.get("href") or "")))


def is_hidden(element: etree._Element) -> bool:
    """Whether the page does not show an element."""
    style = element.get("style")
    return bool(style and _HIDDEN_STYLE.search(style)) or element.get("hidden") is not None


def is_ornament(element: etree._Element) -> bool:
    """Whether the page draws a picture too small to be one of the article's."""
    for side in ("width", "height"):
        pixels = _PIXELS.match(element.get(side) or "")
        if pixels and int(pixels[0]) < _ICON_PIXELS:
            return True
    return False


def data_rows(table: etree._Element) -> list[list[str]] | None:
    """The cells of a table of at least two rows of at least two cells; None for a table that only
    lays out the page."""
    if any(next(table.iterdescendants(tag), None) is not None for tag in ("table", "img")):
        return None
    rows = [[_cell_text(cell) for cell in row.iterchildren("td", "th")] for row in table.iter("tr")]
    rows = [row for row in rows if any(row)]
    if any(len(cell) > _PARAGRAPH_CELL for row in rows for cell in row):
        return None
    return rows if sum(len(row) >= 2 for row in rows) >= 2 else None


def _cell_text(cell: etree._Element) -> str:
    """The text of a cell; its paragraphs are set apart by a space."""
    if not len(cell) and not cell.attrib:
        return fold(cell.text or "")
    return " ".join(line.text for line in lines_of(cell))
