"""One walk over a body container: its lines, pictures, tables and videos, in page order."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from zjnews.items import Block, Image
from zjnews.pages.tree import Element, Text, around, children_of
from zjnews.site import addresses
from zjnews.text import furniture
from zjnews.text.cleaning import fold

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
_OWN_WORD = re.compile(r"[^\W\d年月日时分]")  # beside a link of a list there is at most its date
_PARAGRAPH_CELL = 200  # a table with a longer cell lays out paragraphs
_GIVEN = ("style", "align", "class", "id")  # the attributes that tell what an element is
_KEY_LENGTH = 200  # characters of attributes that a cache may hold

_VIDEO_FILE = re.compile(
    r"(?:https?:)?(?:\\?/){2}[\w.-]{1,80}(?:\\?/[\w.-]{1,80}){1,9}\.(?:mp4|m3u8)\b", re.I
)
_PLAYER = re.compile(r"player|video|//v[.-]|\.mp4", re.I)
_WEB = ("http:", "https:")
_IMAGE_SOURCES = ("data-src", "data-original", "data-url", "data-lazy-src", "_src", "src")
_SOURCE_SETS = ("data-srcset", "srcset")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]{0,30}:", re.I)
_MOST_SOURCES = 10  # how many `source` of a `picture` are looked at
_LEVELS_OF_PICTURE = 3  # elements around an `img` of which one may be its `picture`
_SET_LENGTH = 4000  # characters of a `srcset` that are looked at
_SET_SEPARATOR = re.compile(r",\s+|(?<=\d[wx]),|,$")
_SET_SIZE = re.compile(r"(\d{1,5}(?:\.\d{1,3})?)[wx]")
_AD = re.compile(r"(?:https?:)?//(?:ads?|adv|gg|guanggao)\d{0,2}\.", re.I)
"""Hosts of advertisements: `ad.zjol.com.cn`."""
_ICON_WORDS = ("icon", "logo", "blank", "space", "pixel", "qrcode", "ewm")
_ICON_ENDS = (".gif", ".png", ".svg")
_PIXELS = re.compile(r"\d{1,6}(?!\d|\s*%)")
_ICON_PIXELS = 40  # pictures that the page itself makes smaller than this are ornaments


@dataclass(slots=True)
class Line:
    """A line of the body as it is met on the way, before anybody says what it is."""

    text: str
    bold: bool = False
    captioning: bool = False  # the markup says that it belongs to the picture before it
    is_item: bool = False  # it is in a list, where a short line is no heading
    own: str | None = None  # what of it is outside links; None where it has no link

    @property
    def is_link(self) -> bool:
        """Whether it is nothing but links, as a line of a list of articles."""
        if self.own is None:
            return False
        return not _OWN_WORD.search(self.own) or furniture.heads_box(self.own)


Piece = Line | Block


def pieces_of(
    container: Element,
    base: str,
    furniture: str = "",
    read: frozenset[Element] = frozenset(),
) -> list[Piece]:
    """Walk over a container in reading order. `base` is what relative addresses are joined with,
    `furniture` the class names, separated by spaces, of what is no part of the body; what is in
    `read` has been read already."""
    walk = _Walk(base, furniture, read)
    walk.walk_over(container)
    walk.end_line()
    return walk.pieces


def pieces_after(
    element: Element, base: str, within: Callable[[Element], bool] = lambda _: True
) -> list[Piece]:
    """Walk over what follows an element inside its parent, up to the first that is not `within`."""
    walk = _Walk(base)
    for node in element.next_siblings:
        if isinstance(node, Text):
            walk.add_text(node.data)
        elif isinstance(node, Element):
            if not within(node):
                break
            walk.walk_over(node)
    walk.end_line()
    return walk.pieces


def lines_of(element: Element) -> list[Line]:
    """The lines of an element, without its media."""
    return [piece for piece in pieces_of(element, "") if isinstance(piece, Line)]


@dataclass(frozen=True, slots=True)
class _Open:
    """An element that the walk is in."""

    is_block: bool
    is_bold: bool
    captions: bool  # whether lines that belong to this block are captions
    is_link: bool = False
    is_item: bool = False
    is_verbatim: bool = False


@lru_cache(maxsize=512)
def _kind(
    tag: str, given: tuple[str, ...] = ("",) * len(_GIVEN), furniture: str = ""
) -> _Open | None:
    """What an element with these attributes is; the same few make up all pages. None for what is
    hidden, or no part of a body by its class or id, of which `furniture` are some."""
    style, align, names, id_ = given
    named = f"{names} {id_}"
    is_furniture = not set(furniture.split()).isdisjoint(named.split())
    if is_furniture or _FURNITURE_CLASS.search(named) or _HIDDEN_STYLE.search(style):
        return None
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


class _Walk:
    """The state of a walk: the pieces so far and the line that is being written."""

    def __init__(
        self,
        base: str,
        furniture: str = "",
        read: frozenset[Element] = frozenset(),
    ) -> None:
        self.base = base
        self.furniture = furniture
        self.read = read
        self.pieces: list[Piece] = []
        self.words: list[str] = []
        self.plain = False  # whether the line has text that is not bold
        self.bold = 0
        self.items = 0  # how many items of lists the walk is in
        self.verbatim = 0  # how many `<pre>` it is in, where line ends are line ends
        self.links: list[str] = []  # where the links lead that the walk is in, innermost last
        self.linked = False  # whether the line has a link
        self.own: list[str] = []  # the words of the line outside links
        self.captions = [False]  # whether the block around is a caption, innermost last
        self.videos: set[str] = set()

    def walk_over(self, container: Element) -> None:
        """Read a container with all that is in it, however deep."""
        state = self.open(container)
        opened = [] if state is None else [(iter(container), state)]
        while opened:
            nodes, state = opened[-1]
            for node in nodes:
                if isinstance(node, Text):
                    self.add_text(node.data)
                elif isinstance(node, Element) and (inner := self.open(node)) is not None:
                    opened.append((iter(node), inner))
                    break
            else:
                opened.pop()
                self.close(state)

    def add_text(self, text: str) -> None:
        if self.verbatim and "\n" in text:
            for line in text.splitlines():
                self.end_line()
                self.add_text(line)
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

    def open(self, element: Element) -> _Open | None:
        """Begin an element. None where there is nothing to be read inside it."""
        tag = element.tag
        if tag in _MEDIA:
            self.add_media(element, tag)
            return None
        if tag in _SKIPPED or element in self.read:
            return None
        state = self.kind_of(element, tag) if element.attrs else _kind(tag)
        if state is None:
            return None
        if tag == "table" and (rows := _data_rows(element)):
            self.add_table(element, rows)
            return None
        if state.is_block:
            self.end_line()
        if state.is_block or state.captions:
            self.captions.append(state.captions)
        if state.is_link:
            self.links.append(element.attr("href") or "")
        self.bold += state.is_bold
        self.items += state.is_item
        self.verbatim += state.is_verbatim
        return state

    def add_media(self, element: Element, tag: str) -> None:
        """Read an element that says what it has to say by its tag."""
        if tag == "br":
            self.end_line()
        elif tag == "img":
            self.add_image(element)
        elif tag == "script":
            text = element.text
            for found in _VIDEO_FILE.finditer(text) if ".mp4" in text or ".m3u8" in text else ():
                self.add_video_at(found[0].replace("\\/", "/"))
        else:
            self.add_video(element)

    def close(self, state: _Open) -> None:
        if state.is_block:
            self.end_line()
        if state.is_block or state.captions:
            self.captions.pop()
        if state.is_link:
            self.links.pop()
        self.bold -= state.is_bold
        self.items -= state.is_item
        self.verbatim -= state.is_verbatim

    def kind_of(self, element: Element, tag: str) -> _Open | None:
        if element.attr("hidden") is not None:
            return None
        given = tuple([element.attr(name) or "" for name in _GIVEN])
        is_short = sum(map(len, given)) <= _KEY_LENGTH
        return (_kind if is_short else _kind.__wrapped__)(tag, given, self.furniture)

    def add_image(self, element: Element) -> None:
        address = _picture_address(element)
        if address is None or any(map(_AD.match, (address, *self.links[-1:]))):
            return
        url = _join(self.base, address)
        # Beside a page that was saved to a file there is no address for others, but a picture.
        if url or not (self.base.startswith(_WEB) or _SCHEME.match(address)):
            self.end_line()
            alt = fold(element.attr("alt") or "") or None
            self.pieces.append(Block("image", image=Image(url=url, alt=alt)))

    def add_video(self, element: Element) -> None:
        """Note a video or player; a `video` without an address of its own has it inside, where
        the rest is for browsers that show none."""
        address = (element.attr("src") or element.attr("data-src") or "").strip()
        if address and (element.tag != "iframe" or _PLAYER.search(address)):
            self.add_video_at(address)
        for source in element.find_all("source") if element.tag == "video" and not address else ():
            self.add_video(source)

    def add_video_at(self, address: str) -> None:
        url = _join(self.base, address)
        if url is not None and url not in self.videos:
            self.videos.add(url)
            self.end_line()
            self.pieces.append(Block("video", url=url))

    def add_table(self, table: Element, rows: list[list[str]]) -> None:
        self.end_line()
        for caption in (each for each in children_of(table) if each.tag == "caption"):
            self.pieces.append(Line(_cell_text(caption)))
        self.pieces.append(Block("table", rows=rows))


def is_hidden(element: Element) -> bool:
    """Whether the page does not show an element."""
    style = element.attr("style")
    return bool(style and _HIDDEN_STYLE.search(style)) or element.attr("hidden") is not None


def _data_rows(table: Element) -> list[list[str]] | None:
    """The cells of a table of at least two by two; None for a table that lays out the page, or is
    a list of links."""
    if table.find("table") is not None or table.find("img") is not None or _only_links(table):
        return None
    rows = []
    for row in table.find_all("tr"):
        cells = [_cell_text(cell) for cell in children_of(row) if cell.tag in ("td", "th")]
        if any(len(cell) > _PARAGRAPH_CELL for cell in cells):
            return None
        if any(cells):
            rows.append(cells)
    return rows if sum(len(row) >= 2 for row in rows) >= 2 else None


def _only_links(table: Element) -> bool:
    """Whether a table says nothing outside links but their dates."""
    if table.find("a") is None:
        return False
    cells = (cell for row in table.find_all("tr") for cell in children_of(row))
    lines = (line for cell in cells for line in lines_of(cell))
    return all(line.is_link or not _OWN_WORD.search(line.text) for line in lines)


def _cell_text(cell: Element) -> str:
    """The text of a cell; its paragraphs are set apart by a space."""
    if not cell.attrs and next(children_of(cell), None) is None:
        return fold(cell.text)
    return " ".join(line.text for line in lines_of(cell))


# Pictures and videos


def _join(base: str, address: str) -> str | None:
    """The absolute address, as for a browser; None if it is broken or not by http."""
    url = addresses.join(base, address)
    return url if url and url.startswith(_WEB) else None


def _picture_address(image: Element) -> str | None:
    """The address of the picture that an `img` shows in the end; None for an ornament."""
    address = next((a for a in _addresses(image) if not _is_icon(a)), None)
    return None if address is None or _is_small(image) else address


def _addresses(image: Element) -> Iterator[str]:
    """The addresses that an `img` gives of its picture, the one to be shown in the end first."""
    yield from filter(None, ((image.attr(name) or "").strip() for name in _IMAGE_SOURCES))
    near = islice(around(image), _LEVELS_OF_PICTURE)
    picture = next((element for element in near if element.tag == "picture"), None)
    sources = () if picture is None else islice(picture.iter_elements("source"), _MOST_SOURCES)
    for element in (image, *sources):
        for name in _SOURCE_SETS:
            yield from _largest_of(element.attr(name) or "")


def _is_icon(address: str) -> bool:
    """Whether the file name of a picture is that of an ornament."""
    address = address.lower()
    name = address.rpartition("/")[2]
    has_word = name.endswith(_ICON_ENDS) and any(word in name[:-4] for word in _ICON_WORDS)
    return has_word or "loading" in name or address.startswith("data:")


def _largest_of(source_set: str) -> list[str]:
    """The address of the largest picture in a `srcset`, if there is one."""
    pictures = [part.split() for part in _SET_SEPARATOR.split(source_set[:_SET_LENGTH])]
    sizes = {part[0]: _size_of(part[-1]) for part in pictures if part}
    return [max(sizes, key=lambda address: sizes[address])] if sizes else []


def _size_of(descriptor: str) -> float:
    """`640w`  ->  640, `2x`  ->  2"""
    size = _SET_SIZE.fullmatch(descriptor)
    return float(size[1]) if size else 1.0


def _is_small(element: Element) -> bool:
    """Whether the page draws a picture too small to be one of the article's."""
    sides = (_PIXELS.match(element.attr(side) or "") for side in ("width", "height"))
    return any(int(pixels[0]) < _ICON_PIXELS for pixels in filter(None, sides))
