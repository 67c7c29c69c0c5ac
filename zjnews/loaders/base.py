"""What all layouts share: the form that a layout fills in, and how that becomes an article."""

import re
from collections.abc import Callable, Iterator
from dataclasses import fields
from datetime import UTC
from functools import cached_property
from itertools import islice
from typing import Any, ClassVar

from itemloaders import ItemLoader
from itemloaders.processors import Identity, TakeFirst

from zjnews.items import Article, Payload, text_of
from zjnews.loaders.around import (
    PUBLISHED,
    ROOM,
    UPDATED,
    breadcrumb,
    credits_below,
    dates_in,
    labelled_spans,
    lines_above,
    sections_in,
    spans_of,
    with_values,
)
from zjnews.loaders.body import read_body
from zjnews.loaders.walk import Line, Piece, is_hidden, lines_of, pieces_after, pieces_of
from zjnews.pages.elements import (
    FEW,
    has_few_parts,
    holds_anything,
    outermost,
    text_in,
    text_of_small,
    with_ancestors,
)
from zjnews.pages.page import Page
from zjnews.pages.tree import (
    Element,
    around,
    children_of,
    document_of,
    following,
    parent_of,
    preceding,
    root_of,
)
from zjnews.text import credits, dates, furniture
from zjnews.text.cleaning import fold, language_of, squeeze, unique
from zjnews.text.credits.words import FIELDS

SENTENCE = re.compile(r"[。！？；]|[.!?][\"”’)]*(?:\s|$)")
HEADINGS = ("h1", "h2", "h3")
_NAMES = staticmethod(unique)
_FIELDS = tuple(field.name for field in fields(Article))
_HOME = frozenset({"首页", "正文", "浙江在线", "浙江在线首页", "当前位置"})
_DASH = re.compile("[—─－]{2}|--")  # what a subtitle begins with
_KEYWORD_SEPARATORS = re.compile(r"[;；,，、|]|\s{2,}")
_TITLE_TAIL = re.compile(r"_|-{1,2}(?=浙江在线)")
_TITLE_PART = re.compile(r"_|\s?(?:-{1,2}|\|)\s?")
_TITLE_LENGTH = 200
_LINE_TAGS = ("br", "p", "div", "h1", "h2", "h3", "h4")
_ABOVE = 5  # how many elements before the body may be its summary or update time
_NEAR = 3  # such an element has no more parts
ANYWHERE = (
    "div.contTxt",
    "div.artCon",
    "div.artical_real",
    "div.TRS_Editor",
    ".atricle_inner",
    "founder-content",
)
"""Containers of other layouts, for a page whose own is empty."""
_RUN = frozenset("p br img b strong font span center section blockquote figure".split())
"""What a body goes on with after an end tag too many."""
_RUN_WITHOUT_LINKS = frozenset("div h2 h3 h4 ul ol table".split())
"""The same, where no link tells that it is a box of the page, and there is such an end tag."""
_OF_WORD = "Mso"  # what the classes of paragraphs pasted from Word begin with
_RUN_LENGTH = 20
_FEW_LINKS = 3  # so many lines that are links make a list
_LETTER = re.compile(r"[^\W\d]")
_DIV, _DIV_END = re.compile(r"<div\b", re.I), re.compile(r"</div\b", re.I)
_END_TAG = re.compile(r"</(?:html|body|div|section|td)\s*>$", re.I)


class ArticleLoader(ItemLoader):
    """Reads the article of one page. A layout is a subclass that fills in the form below."""

    layout: ClassVar[str] = ""  # name of the layout in the record
    signs: ClassVar[tuple[str, ...]] = ()  # selectors that all find something on its pages only
    # Of several selectors the first that finds anything counts.
    title_css: ClassVar[tuple[str, ...]] = ()
    kicker_css: ClassVar[tuple[str, ...]] = ()
    subtitle_css: ClassVar[tuple[str, ...]] = ()
    line_css: ClassVar[tuple[str, ...]] = ()  # date, source, names; else all below the title
    body_css: ClassVar[tuple[str, ...]] = ()
    furniture: ClassVar[str] = ""  # classes inside the body that are no part of it
    sections_css: ClassVar[tuple[str, ...]] = ("a.CurrChnlCls",)

    default_item_class = Article
    default_output_processor = TakeFirst()
    authors_out = editors_out = translators_out = photographers_out = _NAMES
    sections_out = keywords_out = _NAMES
    warnings_out = Identity()

    def __init__(self, page: Page) -> None:
        super().__init__()  # a selector would cost a twentieth of the reading; `select` looks up
        self.page = page
        self.is_list = False  # whether the body is nothing but links to other articles

    @classmethod
    def recognises(cls, page: Page) -> bool:
        """Whether a page has this layout, by what is in it."""
        return bool(cls.signs) and all(page.select(css) for css in cls.signs)

    # By name alone: `ItemLoader` looks for them in the fields of the item as well, for every value,
    # which takes a tenth of the time of a page.

    def get_input_processor(self, field_name: str) -> Any:
        return self.default_input_processor

    def get_output_processor(self, field_name: str) -> Any:
        return getattr(self, f"{field_name}_out", self.default_output_processor)

    def load(self) -> Article:
        """Read the page into an article whose dates are still raw text."""
        self.fill_origin()
        self.fill_title()
        self.fill_head()
        self.fill_line()
        self.fill_body()
        return self.load_item()

    def load_item(self) -> Article:
        # An adapter, as `ItemLoader` takes, finds out anew each time what an article is made of.
        for field in _FIELDS:
            if self.get_collected_values(field):
                setattr(self.item, field, self.get_output_value(field))
        article: Article = self.item
        return article

    def select(self, css: tuple[str, ...]) -> list[Element]:
        """What the first selector finds that finds anything."""
        for selector in css:
            if found := self.page.select(selector):
                return found
        return []

    @cached_property
    def containers(self) -> list[Element]:
        """The elements that hold the body: what the first selector finds, if anything is in it."""
        first: list[Element] = []
        for css in (*self.body_css, *ANYWHERE):
            shown = [element for element in self.page.select(css) if not is_hidden(element)]
            found = outermost(shown)
            if any(map(holds_anything, found)):
                return found
            first = first or found
        return first

    def fill_origin(self) -> None:
        page, item = self.page, self.item
        item.id, item.url = page.address.id, page.url
        item.canonical_url, item.layout = page.address.canonical, self.layout
        item.fetched_at = page.fetched_at.astimezone(UTC).isoformat()
        self.add_value("warnings", page.warnings)

    # The title

    def fill_title(self) -> None:
        for field, css in (("kicker", self.kicker_css), ("subtitle", self.subtitle_css)):
            if texts := list(map(text_in, self.select(css)[:FEW])):
                self.add_value(field, " ".join(unique(filter(None, texts))))
        for element in outermost(self.select(self.title_css))[:FEW]:
            self.fill_title_lines(lines_in(element))
        if not self.get_collected_values("title"):
            self.add_value("title", self.title_elsewhere())

    def fill_title_lines(self, lines: list[str]) -> None:
        """Title, kicker above and subtitle below, of the lines of the title's element: the title is
        the line that `<title>` names, else all up to one that begins with a dash."""
        if not lines:
            return
        squeezed = list(map(squeeze, lines))
        named = map(squeeze, (self.named_title, *_TITLE_PART.split(self.page.title)))
        main = next((squeezed.index(name) for name in named if name in squeezed), None)
        if main is None:
            main = 0
            below = next((n for n, line in enumerate(lines) if n and _DASH.match(line)), len(lines))
            lines = [*_without_subtitle(" ".join(lines[:below]), self.named_title), *lines[below:]]
        self.add_value("title", lines[main])
        if len(lines) > 1:
            self.add_value("kicker", " ".join(lines[:main]))
            self.add_value("subtitle", " ".join(lines[main + 1 :]))

    @cached_property
    def named_title(self) -> str:
        """The title in `标题_栏目_频道_浙江在线` and in `标题-浙江在线`."""
        return _TITLE_TAIL.split(self.page.title, maxsplit=1)[0].strip()

    def title_elsewhere(self) -> str | None:
        """The title without the layout's element: the heading that begins as `<title>` does, else
        what `<title>` says, else the first heading."""
        named = self.named_title
        for heading in self.page.root.iter_elements(HEADINGS) if named else ():
            text = text_of_small(heading)
            if len(text) <= _TITLE_LENGTH and squeeze(text).startswith(squeeze(named)):
                return text
        title = None if named else self.title_element
        return (named or None) if title is None else text_in(title)

    @cached_property
    def title_element(self) -> Element | None:
        """The element that holds the title."""
        found = self.select(self.title_css)
        return next(iter(found or self.page.root.iter_elements(HEADINGS)), None)

    # What the page says of itself

    def fill_head(self) -> None:
        self.add_value("sections", self.sections())
        self.add_value("summary", self.printed_summary())
        self.add_value("summary", self.page.meta.get("description"))

    def sections(self) -> list[str]:
        """The breadcrumb, or what replaces it in `<title>`."""
        marked = self.select(self.sections_css)
        for element in marked[-1:]:
            line = text_in(parent_of(element) or element, " ")
            steps = furniture.breadcrumb_in(line)
            if steps:
                return steps
        named = [name for name in map(text_in, marked[:FEW]) if name not in _HOME]
        return named or breadcrumb(self.page.markup) or sections_in(self.page.title)

    def printed_summary(self) -> str | None:
        """What the page prints after 【摘要】, before its body or at the beginning of it."""
        first = (e for container in self.containers[:1] for e in islice(children_of(container), 1))
        inside = (text_in(element) for element in first if furniture.may_hold_summary(element.text))
        summaries = map(furniture.summary_in, (*inside, *self.texts_above))
        return next(filter(None, summaries), None)

    @cached_property
    def texts_above(self) -> list[str]:
        """The texts of the small elements right before the body, the nearest first."""
        elements = (
            element
            for container in self.containers[:1]
            for element in islice(preceding(container), _ABOVE)
        )
        return [text_in(element)[:ROOM] for element in elements if has_few_parts(element, _NEAR)]

    # The line under the title

    def fill_line(self) -> None:
        """Date, source and names: from the surest place that has a date; an update time from any of
        them; a date that is printed nowhere from the head."""
        for lines, date_of in (
            (labelled_spans(self.page), dates.first_date),
            (self.line, dates.first_date),
            (self.lines_above(), dates.of_line),  # a summary may be there as well
        ):
            for text in with_values(lines):
                self.add_value(None, credits.read_line(self.fill_dates(text, date_of).strip()))
            if self.get_collected_values("published_raw"):
                break
        if not self.get_collected_values("modified_raw"):
            for text in (*self.line, *self.texts_above):
                if updated := UPDATED.search(text):
                    self.add_value("modified_raw", dates.of_line(updated["raw"]))
        self.fill_dates_of_head()

    @cached_property
    def line(self) -> list[str]:
        """The line under the title as the layout names it; of several, those beside the title."""
        found = self.select(self.line_css)[:FEW]
        title = self.title_element if len(found) > 1 else None
        if title is not None:
            holder = parent_of(title)
            found = [e for e in found if any(each is holder for each in around(e))] or found
        return [text_in(element, " ")[:ROOM] for element in found]

    def lines_above(self) -> Iterator[str]:
        for body in self.containers[:1]:
            yield from lines_above(self.title_element, body)

    def fill_dates(self, text: str, date_of: Callable[[str], str | None]) -> str:
        """Note the dates of a line, as `date_of` sees them, and return the line without them."""
        if (updated := UPDATED.search(text)) and (raw := date_of(updated["raw"])):
            self.add_value("modified_raw", raw)
            text = text[: updated.start()] + updated["raw"].replace(raw, " ", 1)
        published = None if self.get_collected_values("published_raw") else date_of(text)
        if published and (labelled := PUBLISHED.search(text)):
            published = date_of(labelled["raw"]) or published
        self.add_value("published_raw", published)
        return text.replace(published, " ", 1) if published else text

    def fill_dates_of_head(self) -> None:
        """The dates that the page tells machines, where it prints none with its year."""
        printed = self.get_output_value("published_raw")
        if printed and dates.find_full(printed):
            return
        published, modified = dates_in(self.page, self.containers)
        if published:
            self.replace_value("published_raw", published)
        if modified != published:
            self.add_value("modified_raw", modified)

    # The body

    def fill_body(self) -> None:
        """Blocks and credits of the body, and the payload read with the same eyes."""
        title = self.get_output_value("title")
        pieces = self.pieces()
        copies = [self.payload_pieces(payload) for payload in self.page.payloads]
        are_same = [copy == pieces for copy in copies]  # before any picture gets its caption
        lines = [piece for piece in pieces if isinstance(piece, Line)]
        self.is_list = len(lines) == len(pieces) and _is_list(lines)
        language = language_of(f"{title or ''} {' '.join(line.text for line in lines)}")
        printed = [title, self.get_output_value("kicker"), self.get_output_value("subtitle")]
        body = read_body(pieces, printed, language == "en")
        self.item.language, self.item.body = language, body.blocks
        self.add_value(None, body.credits)
        lacking = [field for field in FIELDS if not self.get_collected_values(field)]
        for container in self.containers[-1:]:
            for found in credits_below(container, lacking):
                self.add_value(None, found)
        if not self.get_collected_values("keywords"):
            words = map(fold, _KEYWORD_SEPARATORS.split(self.page.meta.get("keywords", "")))
            self.add_value("keywords", [word for word in words if word])
        if self.is_cut_off():
            self.add_value("warnings", "truncated")
        for payload, copy, is_same in zip(self.page.payloads, copies, are_same, strict=True):
            # Read as this layout would have read it on the page, as it nearly always has been.
            is_read = is_same and printed == [payload.title, None, None]
            theirs = body if is_read else read_body(copy, [payload.title], language == "en")
            payload.text = text_of(theirs.blocks)
        self.item.payloads = self.page.payloads

    def is_cut_off(self) -> bool:
        """Whether the page ends inside its body container."""
        if not self.containers or _END_TAG.search(self.page.markup[-200:].rstrip()):
            return False
        return not with_ancestors([self.last_element()]).isdisjoint(self.containers)

    def last_element(self) -> Element:
        """The innermost of the elements in which the page ends."""
        last = self.page.root
        while True:
            nodes = (n for n in reversed(last.children) if isinstance(n, Element) or n.text.strip())
            inner = next(nodes, None)
            if not isinstance(inner, Element):
                return last
            last = inner

    def payload_pieces(self, payload: Payload) -> list[Piece]:
        root = root_of(document_of(f"<body>{payload.body}</body>"))
        return pieces_of(root, self.page.base, self.furniture)

    def pieces(self) -> list[Piece]:
        """The body's lines and media, in page order."""
        read = self.read_already()
        pieces = [
            piece
            for container in self.containers
            for piece in pieces_of(container, self.page.base, self.furniture, read)
        ]
        return pieces + self.pieces_astray()

    def pieces_astray(self) -> list[Piece]:
        """What an end tag too many has cut off the body: plain paragraphs right after it."""
        for container in (c for c in self.containers[-1:] if c.tag != "p"):
            if run := self.run_after(container):
                return run
            is_last = next(following(container), None) is None
            holder = parent_of(container) if is_last else None
            if holder is not None and holder.tag == "div":
                run = self.run_after(holder)
                return run if run and self.has_end_tag_too_many else []
        return []

    def run_after(self, element: Element) -> list[Piece]:
        """What may be the rest of a body, if there is a sentence in it."""
        run = pieces_after(element, self.page.base, within=self.goes_on)
        lines = (piece.text for piece in run if isinstance(piece, Line))
        return run if any(map(_is_own_sentence, lines)) else []

    def goes_on(self, element: Element) -> bool:
        """Whether an element may be one more paragraph of the body before it."""
        names = element.attr("class") or ""
        if element.attr("id") or (names and not names.startswith(_OF_WORD)):
            return False
        if element.tag in _RUN:
            return True
        is_apart = element.tag not in _RUN_WITHOUT_LINKS or element.find("a") is not None
        return not is_apart and self.has_end_tag_too_many

    @cached_property
    def has_end_tag_too_many(self) -> bool:
        return len(_DIV_END.findall(self.page.markup)) > len(_DIV.findall(self.page.markup))

    def read_already(self) -> frozenset[Element]:
        """Title, line and breadcrumb, which some templates put inside the body container."""
        places = (self.title_css, self.line_css, self.sections_css)
        found = {element for css in places for element in self.select(css)}
        found.update(*spans_of(self.page).values())
        return frozenset(found - with_ancestors(self.containers))


def _is_list(lines: list[Line]) -> bool:
    own = [line for line in lines if not _leads_on(line)]
    is_many = len(lines) - len(own) >= _FEW_LINKS
    return is_many and not any(SENTENCE.search(line.text) for line in own)


def _leads_on(line: Line) -> bool:
    """Whether a line is a link, or a link with no more words beside it than a source has."""
    beside = len(_LETTER.findall(line.own or ""))
    return line.is_link or (line.own is not None and 2 * beside < len(_LETTER.findall(line.text)))


def _is_own_sentence(line: str) -> bool:
    is_sentence = len(line) >= _RUN_LENGTH and SENTENCE.search(line)
    return bool(is_sentence) and not furniture.is_notice(line)


def _without_subtitle(line: str, named: str) -> list[str]:
    """`题目——副题`  ->  `题目`, `——副题`, where `题目` is what `<title>` names."""
    rest = line.removeprefix(named).lstrip()
    return [named, rest] if named and rest != line and _DASH.match(rest) else [line]


def lines_in(element: Element) -> list[str]:
    """The lines of an element, as line breaks and blocks in it part them."""
    if next(element.iter_elements(_LINE_TAGS), None) is None:
        return list(filter(None, (text_in(element),)))
    return [line.text for line in lines_of(element)]
