"""What all layouts share: the form that a layout fills in, and how that becomes an article."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import timezone
from functools import cached_property
from itertools import islice, pairwise
from typing import Any, ClassVar

from itemloaders import ItemLoader
from itemloaders.processors import Identity, TakeFirst
from lxml import etree
from w3lib.html import remove_tags, replace_entities

from zjnews import credits, dates, furniture
from zjnews.items import Article, Payload, text_of
from zjnews.loaders.body import (
    Body,
    Line,
    Piece,
    is_hidden,
    lines_of,
    pieces_after,
    pieces_of,
    read_body,
)
from zjnews.page import Page, parse
from zjnews.text import fold, language_of, squeeze, unique

_NAMES = staticmethod(unique)
_TEXTS = etree.XPath("descendant::text()", smart_strings=False)

_LABEL_OF_SPAN = {
    "pubtime_baidu": "",
    "source_baidu": "来源：",
    "author_baidu": "作者：",
    "editor_baidu": "责任编辑：",
}
"""What a `*_baidu` span means where its text does not say so itself."""

_LABELLED = re.compile(r"[^:：\s]{1,6}\s?[:：]")
_HOME = frozenset({"首页", "正文", "浙江在线", "浙江在线首页", "当前位置"})
_UPDATED = re.compile(
    r"(?:最[后近新]|上次)?(?:(?:更新|修改|编辑)(?:时间|日期|于)\s?[:：]?|(?:更新|修改)\s?[:：]"
    r"|\b(?:last )?(?:updated|modified)\b(?: (?:on|at))?\s?[:：]?)\s?(?P<raw>.+)",
    re.I,
)
"""`更新时间：2018-03-19 08:00`"""
_PUBLISHED_META = (
    "publishdate pubdate publishtime pubtime publishedtime publisheddate datepublished releasedate"
    " published articlecreateat createat dcdate dcdateissued dctermsissued date"
).split()
_MODIFIED_META = "modifiedtime datemodified updatedtime lastmodified updatetime update".split()
_NOT_LETTERS = re.compile(r"[^a-z]")
_LINKED_DATA = re.compile(
    r"\"(?P<name>datePublished|pubDate|dateModified|upDate)\"\s{0,9}:\s{0,9}\"(?P<raw>[^\"\\]{8,40})\""
)
"""A date in JSON-LD."""
_DASH = re.compile("[—─－]{2}|--")
"""What a subtitle begins with."""
_FEW_TIMES = 20
"""How many `<time>` of a page are looked at."""
_BOXES = ("li", "aside", "nav", "footer", "a")
"""What a `<time>` of another article stands in."""
_KEYWORD_SEPARATORS = re.compile(r"[;；,，、|]|\s{2,}")
_HEADING_TAGS = ("h1", "h2", "h3")
_TITLE_TAIL = re.compile(r"_|-{1,2}(?=浙江在线)")
_LINE_TAGS = ("br", "p", "div", "h1", "h2", "h3", "h4")
_SHOWN = ("img", "video", "iframe", "embed")
SENTENCE = re.compile(r"[。！？；]|[.!?][\"”’)]*(?:\s|$)")
_NEAR = 3
"""A line of credits has no more parts."""
_BELOW = 5
"""How many elements after the body may be its tags and credits."""
_NEAR_LEVELS = 2
_MOST_LEVELS = 5
"""In old pages the credits are a row of the table around the table of the body."""
_BELOW_FIELDS = ("source", "authors", "editors", "photographers", "translators")
_LABEL_BELOW = re.compile(r"\s*(?:标\s?签|来\s?源|作\s?者|责任编辑|责编|编\s?辑)\s?[:：]")
_MANY = 16
"""A line of tags has no more parts."""
_CRUMB_SIGNS = tuple(map(str.encode, ("位置", "浙江在线</", "首页</")))
"""What a breadcrumb begins with, or its first link ends with."""
_CRUMB_END = re.compile(
    rb"</(?:div|td|p|li|ul|h\d|dd|section|nav|table)\b|<(?:br|div|p|table|h\d)\b", re.I
)
_ARROWS = (b"&gt;", b"&raquo;", b"&rsaquo;", *map(str.encode, "＞»›→"))
_CRUMB_ROOM = 2000
"""Bytes of markup that a breadcrumb takes at most."""
_MOST_CRUMBS = 10
_ANYWHERE = (
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
_TITLE_LENGTH = 200
_RUN_LENGTH = 20
_FEW_LINKS = 3
"""So many lines that are links make a list."""
_NEAR_BEFORE = 8
"""How many elements before the body may be its line of date and source."""
_CLOCK = re.compile(r"\d[:：]\d\d")
_LABEL_LENGTH = 12
_LINE_LENGTH = 200
"""Longer texts between title and body are no line of date and source."""


class ArticleLoader(ItemLoader):
    """Reads the article of one page. A layout is a subclass that fills in the form below."""

    layout: ClassVar[str] = ""
    """Name of the layout in the record."""
    signs: ClassVar[tuple[str, ...]] = ()
    """Selectors that all find something on every page of the layout, and not all on any other."""
    title_css: ClassVar[tuple[str, ...]] = ()
    """Where the title stands; of several selectors, here and below, the first that finds anything
    counts."""
    kicker_css: ClassVar[tuple[str, ...]] = ()
    subtitle_css: ClassVar[tuple[str, ...]] = ()
    line_css: ClassVar[tuple[str, ...]] = ()
    """The line under the title: date, source, names. Without one, what stands between title and
    body is read."""
    body_css: ClassVar[tuple[str, ...]] = ()
    """Body containers."""
    furniture: ClassVar[str] = ""
    """Class names inside the body container that are no part of the body."""
    sections_css: ClassVar[tuple[str, ...]] = ("a.CurrChnlCls",)

    default_item_class = Article
    default_output_processor = TakeFirst()
    authors_out = editors_out = translators_out = photographers_out = _NAMES
    sections_out = keywords_out = _NAMES
    body_out = warnings_out = payloads_out = Identity()

    def __init__(self, page: Page) -> None:
        super().__init__()  # a selector would cost a twentieth of the reading; `select` looks up
        self.page = page
        self.is_list = False
        """Whether the body is nothing but links to other articles."""

    @classmethod
    def recognises(cls, page: Page) -> bool:
        """Whether a page has this layout, by what stands in it."""
        return bool(cls.signs) and all(page.select(css) for css in cls.signs)

    # What itemloaders does, but for looking through the item's fields and the context at every
    # value: no layout has a processor there, or one that asks for the context.
    def add_value(
        self, field_name: str | None, value: Any, *processors: Any, **how: Any
    ) -> ArticleLoader:
        if field_name is None or processors or how or hasattr(self, f"{field_name}_in"):
            super().add_value(field_name, value, *processors, **how)
        elif isinstance(value, list):
            self._values.setdefault(field_name, []).extend(value)
        elif value is not None:
            self._values.setdefault(field_name, []).append(value)
        return self

    def get_output_processor(self, field_name: str) -> Callable[..., Any]:
        return getattr(self, f"{field_name}_out", self.default_output_processor)

    def load_item(self) -> Article:
        article: Article = self.item
        for field, values in self._values.items():
            value = self.get_output_processor(field)(values)
            if value is not None:
                setattr(article, field, value)
        return article

    def load(self) -> Article:
        """Read the page into an article whose dates are still raw text."""
        self.fill_origin()
        self.fill_title()
        self.fill_head()
        self.fill_line()
        self.fill_body()
        return self.load_item()

    def fill_origin(self) -> None:
        page = self.page
        self.add_value("id", page.address.id)
        self.add_value("url", page.url)
        self.add_value("canonical_url", page.address.canonical)
        self.add_value("layout", self.layout)
        self.add_value("fetched_at", page.fetched_at.astimezone(timezone.utc).isoformat())
        self.add_value("warnings", page.warnings)

    def fill_title(self) -> None:
        self.fill("kicker", self.kicker_css)
        self.fill("subtitle", self.subtitle_css)
        for element in self.select(self.title_css):
            self.fill_title_lines(lines_in(element))
        if not self.get_collected_values("title"):
            self.add_value("title", self.title_elsewhere())

    def fill_title_lines(self, lines: list[str]) -> None:
        """The title of its element's lines: the one that `<title>` names, if it names one, between
        kicker and subtitle; else all of them up to a line that begins with a dash."""
        named = squeeze(self.named_title)
        main = next((n for n, line in enumerate(lines) if squeeze(line) == named), None)
        if main is None:
            main = 0
            below = next((n for n, line in enumerate(lines) if n and _DASH.match(line)), len(lines))
            lines = [*_without_subtitle(" ".join(lines[:below]), self.named_title), *lines[below:]]
        self.add_value("kicker", " ".join(lines[:main]))
        self.add_value("title", lines[main])
        self.add_value("subtitle", " ".join(lines[main + 1 :]))

    @property
    def named_title(self) -> str:
        """The title in `标题_栏目_频道_浙江在线` and in `标题-浙江在线`."""
        return _TITLE_TAIL.split(self.page.title, maxsplit=1)[0].strip()

    def fill(self, field: str, css: tuple[str, ...]) -> None:
        """Add the texts of the elements that the selectors find."""
        self.add_value(field, [text_in(element) for element in self.select(css)])

    def select(self, css: tuple[str, ...]) -> list[etree._Element]:
        """What the first selector finds that finds anything."""
        for selector in css:
            if found := self.page.select(selector):
                return found
        return []

    def title_elsewhere(self) -> str | None:
        """The title where the layout's own element is missing: the heading that begins with the
        title which `<title>` names, and may say more; that title; or the first heading."""
        named = self.named_title
        for heading in self.page.root.iter(*_HEADING_TAGS) if named else ():
            text = text_in(heading)
            if len(text) <= _TITLE_LENGTH and squeeze(text).startswith(squeeze(named)):
                return text
        heading = None if named else self.title_element()
        return (named or None) if heading is None else text_in(heading)

    def fill_head(self) -> None:
        """What the page says of itself in its head and breadcrumb."""
        self.add_value("sections", self.sections())
        meta = self.page.meta
        self.add_value("summary", self.printed_summary())
        self.add_value("summary", meta.get("description"))

    def fill_keywords(self) -> None:
        """The keywords of the head, where the page prints no tags."""
        if not self.get_collected_values("keywords"):
            words = map(fold, _KEYWORD_SEPARATORS.split(self.page.meta.get("keywords", "")))
            self.add_value("keywords", [word for word in words if word])

    def printed_summary(self) -> str | None:
        """What the page prints after 【摘要】, before its body or at the beginning of it."""
        inside = (e for container in self.containers[:1] for e in islice(container, 1))
        summaries = map(furniture.summary_in, (*map(text_in, inside), *self.texts_above))
        return next(filter(None, summaries), None)

    @cached_property
    def texts_above(self) -> list[str]:
        """The texts of the small elements right before the body, the nearest first."""
        elements = (
            element
            for container in self.containers[:1]
            for element in islice(container.itersiblings(preceding=True), _BELOW)
        )
        return [text_in(element) for element in elements if len(element) <= _NEAR]

    def sections(self) -> list[str]:
        """The breadcrumb, or what stands for it in `<title>`."""
        marked = self.select(self.sections_css)
        for element in marked[-1:]:
            around = element.getparent()
            steps = None if around is None else furniture.breadcrumb_in(text_in(around, " "))
            if steps:
                return steps
        named = [name for name in map(text_in, marked) if name not in _HOME]
        return named or self.breadcrumb() or sections_in(self.page.title)

    def breadcrumb(self) -> list[str]:
        """The sections after `您当前的位置 :`, whatever the markup."""
        for start in _starts(self.page.source, _CRUMB_SIGNS):
            source = _CRUMB_END.split(self.page.source[start : start + _CRUMB_ROOM], maxsplit=1)[0]
            if not any(arrow in source for arrow in _ARROWS):
                continue
            inside = source.decode("utf-8", "ignore")
            steps = furniture.breadcrumb_in(fold(remove_tags(replace_entities(inside))))
            if steps is not None:
                return steps
        return []

    def fill_line(self) -> None:
        """Date, source and names, from the surest place on the page that has a date; an update
        time also from the others; what is not printed, from what the page tells machines."""
        for lines, date_of in (
            (self.labelled_spans, dates.find),
            (self.line_elements, dates.find),
            (self.lines_between, dates.of_line),  # a summary may stand there as well
        ):
            for text in _with_values(lines()):
                self.fill_credits(credits.read_line(self.fill_dates(text, date_of).strip()))
            if self.get_collected_values("published_raw"):
                break
        self.fill_update_time()
        self.fill_dates_of_head()

    def fill_update_time(self) -> None:
        """The update time, where it is not in the element of the other date."""
        if self.get_collected_values("modified_raw"):
            return
        for text in (*self.line_elements(), *self.texts_above):
            if updated := _UPDATED.search(text):
                self.add_value("modified_raw", dates.of_line(updated["raw"]))

    def fill_dates_of_head(self) -> None:
        """The dates of `<meta>`, JSON-LD and `<time>`, where the page prints none of that year."""
        published = self.get_output_value("published_raw")
        if published and dates.find_full(published):
            return
        published_at, modified_at = self.dates_of_head()
        if published_at:
            self.replace_value("published_raw", published_at)
        if modified_at != published_at:
            self.add_value("modified_raw", modified_at)

    def dates_of_head(self) -> tuple[str | None, str | None]:
        """When the page says to machines that it was published and changed."""
        told: dict[str, str] = {}
        for name, content in self.page.meta.items():
            told.setdefault(_NOT_LETTERS.sub("", name.rsplit(":", 1)[-1]), content)
        for script in self.page.scripts:
            if "datePublished" in script or "pubDate" in script:
                for found in _LINKED_DATA.finditer(script):
                    told.setdefault(found["name"].lower(), found["raw"])
        times = islice((t for t in self.page.root.iter("time") if t.get("datetime")), _FEW_TIMES)
        told["time"] = next((t.get("datetime", "") for t in times if self.is_own(t)), "")
        published = (dates.find_full(told.get(name, "")) for name in (*_PUBLISHED_META, "time"))
        modified = (dates.find_full(told.get(name, "")) for name in _MODIFIED_META)
        return next(filter(None, published), None), next(filter(None, modified), None)

    def labelled_spans(self) -> Iterator[str]:
        """The `*_baidu` spans that most layouts have, each with its label, and what else stands
        between them with a label of its own."""
        lines: dict[etree._Element, None] = {}
        for name, label in _LABEL_OF_SPAN.items():
            for span in self.page.select(f"#{name}"):
                text = text_in(span, " ")
                yield text if _LABELLED.match(text) or not text else label + text
                lines[span.getparent()] = None
        for line in lines:
            for element in islice(line, _MANY) if line is not None else ():
                if element.get("id") not in _LABEL_OF_SPAN:
                    text = text_in(element, " ")
                    if _LABELLED.match(text) or _UPDATED.match(text):
                        yield text

    def line_elements(self) -> Iterator[str]:
        """The line under the title as the layout names it; of several, those beside the title."""
        found = self.select(self.line_css)
        title = self.title_element() if len(found) > 1 else None
        if title is not None:
            around = title.getparent()
            found = [e for e in found if around in e.iterancestors()] or found
        for element in found:
            yield text_in(element, " ")

    def lines_between(self) -> Iterator[str]:
        """What stands between the title and the body; where no element is known to hold the title,
        what stands over the body with a clock in it."""
        if not self.containers:
            return
        title = self.title_element()
        if title is None:
            over = islice(above(self.containers[0]), _NEAR_BEFORE)
            texts = [text for e in over if _CLOCK.search(text := text_in(e, " "))]
        else:
            texts = list(texts_between(title, self.containers[0]))
        yield from (text for text in texts if 0 < len(text) <= _LINE_LENGTH)

    def title_element(self) -> etree._Element | None:
        """The element that holds the title."""
        found = self.select(self.title_css)
        return next(iter(found or self.page.root.iter(*_HEADING_TAGS)), None)

    def is_own(self, time: etree._Element) -> bool:
        """Whether a `<time>` is the article's: in no list or box, and not in its text."""
        around = [*time.iterancestors()]
        return not any(e.tag in _BOXES or e in self.containers for e in around)

    def fill_dates(self, text: str, date_of: Callable[[str], str | None] = dates.find) -> str:
        """Note the dates of a line, as `date_of` sees them, and return the line without them."""
        if (updated := _UPDATED.search(text)) and (raw := date_of(updated["raw"])):
            self.add_value("modified_raw", raw)
            text = text[: updated.start()] + updated["raw"].replace(raw, " ", 1)
        published = None if self.get_collected_values("published_raw") else date_of(text)
        self.add_value("published_raw", published)
        return text.replace(published, " ", 1) if published else text

    def fill_credits(self, found: credits.Credits) -> None:
        for field, values in found.items():
            self.add_value(field, values)

    def fill_body(self) -> None:
        """Blocks and credits of the body, and the payload read with the same eyes."""
        title = self.get_output_value("title")
        pieces = self.pieces()
        lines = [piece for piece in pieces if isinstance(piece, Line)]
        self.is_list = len(lines) == len(pieces) and _is_list(lines)
        text = " ".join(line.text for line in lines)
        language = language_of(f"{title or ''} {text}")
        heads = [title, self.get_output_value("kicker"), self.get_output_value("subtitle")]
        body = read_body(pieces, heads, short_line_headings=language == "en")
        self.add_value("language", language)
        self.add_value("body", body.blocks)
        self.fill_credits(body.credits)
        self.fill_below()
        self.fill_keywords()
        if self.is_cut_off():
            self.add_value("warnings", "truncated")
        for payload in self.page.payloads:
            payload.text = text_of(self.read_payload(payload, language).blocks)
        self.add_value("payloads", self.page.payloads)

    def fill_below(self) -> None:
        """Tags after the body container, and credits that no other place names."""
        lacking = [field for field in _BELOW_FIELDS if not self.get_collected_values(field)]
        for level, element in self.elements_below():
            if level >= _NEAR_LEVELS and not _LABEL_BELOW.match(_first_text(element)):
                continue
            is_small = next(islice(element.iter(), _MANY, None), None) is None
            text = text_in(element, " ") if is_small else ""
            if tags := furniture.tags_in(text, at_foot=True):
                self.add_value("keywords", tags.words)
                text = tags.rest
            if not lacking or not 0 < len(text) <= _LINE_LENGTH:
                continue
            if _LABEL_BELOW.match(text):
                found = credits.read_line(text)
            else:
                is_near = level < _NEAR_LEVELS and len(element) <= _NEAR
                found = (is_near and credits.credit_line(text)) or {}
            self.fill_credits({key: found[key] for key in lacking if key in found})

    def elements_below(self) -> Iterator[tuple[int, etree._Element]]:
        """What follows the body container, from its own siblings outwards, each with its level."""
        for container in self.containers[-1:]:
            levels = _MOST_LEVELS if container.tag == "td" else _NEAR_LEVELS - 1
            around = (container, *islice(container.iterancestors(), levels))
            for level, element in enumerate(around):
                yield from ((level, below) for below in islice(element.itersiblings(), _BELOW))

    def is_cut_off(self) -> bool:
        """Whether the page ends inside its body container."""
        end = self.page.markup[-200:].rstrip()
        if not self.containers or re.search(r"</(?:html|body|div|section|td)\s*>$", end, re.I):
            return False
        last = self.page.root
        while len(last) and not (last[-1].tail or "").strip():
            last = last[-1]
        return any(last is c or c in last.iterancestors() for c in self.containers)

    def read_payload(self, payload: Payload, language: str) -> Body:
        """The payload's body as this layout would have read it on the page."""
        return read_body(
            self.payload_pieces(payload), [payload.title], short_line_headings=language == "en"
        )

    def payload_pieces(self, payload: Payload) -> list[Piece]:
        root = parse(f"<body>{payload.body}</body>".encode("utf-8", "replace"))
        return [] if root is None else pieces_of(root, self.page.base, self.furniture)

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
            run = pieces_after(container, self.page.base, within=_goes_on)
            lines = (piece.text for piece in run if isinstance(piece, Line))
            if any(len(line) >= _RUN_LENGTH and SENTENCE.search(line) for line in lines):
                return run
        return []

    def read_already(self) -> list[etree._Element]:
        """Title, line and breadcrumb, which some templates put inside the body container."""
        places = (self.title_css, self.line_css, self.sections_css)
        found = [element for css in places for element in self.select(css)]
        spans = (self.page.select(f"#{name}") for name in _LABEL_OF_SPAN)
        inside = {*found, *(span for group in spans for span in group)}
        return list(inside.difference(*(c.iterancestors() for c in self.containers)))

    @cached_property
    def containers(self) -> list[etree._Element]:
        """The elements that hold the body, as the first selector finds them that finds any which
        hold anything."""
        first: list[etree._Element] = []
        for css in (*self.body_css, *_ANYWHERE):
            shown = [element for element in self.page.select(css) if not is_hidden(element)]
            found = outermost(shown)
            if any(map(holds_anything, found)):
                return found
            first = first or found
        return first


def _starts(source: bytes, signs: Iterable[bytes]) -> Iterator[int]:
    """Where signs are in a page, the first few of each. Bytes are searched faster than text."""
    for sign in signs:
        start = -1
        for _ in range(_MOST_CRUMBS):
            start = source.find(sign, start + 1)
            if start < 0:
                break
            yield start


def _first_text(element: etree._Element) -> str:
    return next((text for text in element.itertext() if not text.isspace()), "")


def _is_list(lines: list[Line]) -> bool:
    own = [line for line in lines if not line.is_link]
    is_many = len(lines) - len(own) >= _FEW_LINKS
    return is_many and not any(SENTENCE.search(line.text) for line in own)


def holds_anything(element: etree._Element) -> bool:
    """Whether there is text, a picture or a video in an element."""
    texts = (text for text in element.itertext() if not text.isspace())
    return next(texts, None) is not None or next(element.iter(*_SHOWN), None) is not None


def _goes_on(element: etree._Element) -> bool:
    """Whether an element may be one more paragraph of the body before it."""
    return element.tag in _RUN and not element.get("class") and not element.get("id")


def _without_subtitle(line: str, named: str) -> list[str]:
    """`题目——副题`  ->  `题目`, `——副题`, where `题目` is what `<title>` names."""
    rest = line.removeprefix(named)
    return [named, rest] if named and rest != line and _DASH.match(rest) else [line]


def _with_values(lines: Iterable[str]) -> Iterator[str]:
    """The lines that say anything, a label in an element of its own with what it labels."""
    label = ""
    for line in filter(None, lines):
        if line.endswith((":", "：")) and len(line) <= _LABEL_LENGTH:
            label = line
            continue
        yield label + line
        label = ""


def outermost(elements: list[etree._Element]) -> list[etree._Element]:
    """The elements that are not inside another one of them."""
    if len(elements) == 1:
        return elements
    chosen = set(elements)
    return [e for e in elements if not any(above in chosen for above in e.iterancestors())]


def sections_in(title: str) -> list[str]:
    """The sections in `标题_栏目_频道_浙江在线`, outermost first."""
    parts = [part.strip() for part in title.split("_")]
    if len(parts) < 3 or not parts[-1].startswith("浙江在线"):
        return []
    return [part for part in reversed(parts[-3:-1] if len(parts) > 3 else parts[1:-1]) if part]


def above(element: etree._Element) -> Iterator[etree._Element]:
    """What stands before an element, nearest first, from its own siblings outwards."""
    for level in (element, *element.iterancestors()):
        yield from level.itersiblings(preceding=True)


def texts_between(first: etree._Element, last: etree._Element) -> Iterator[str]:
    """The texts that stand after one element and before another, one for each child element."""
    path = [last, *last.iterancestors()]
    node: etree._Element | None = first
    while node is not None and node not in path:
        yield fold(node.tail or "")
        for sibling in node.itersiblings():
            if sibling in path:
                yield from _texts_down(list(reversed(path[: path.index(sibling) + 1])))
                return
            yield text_in(sibling, " ")
            yield fold(sibling.tail or "")
        node = node.getparent()


def _texts_down(path: list[etree._Element]) -> Iterator[str]:
    """The texts before the last element of a path, from the outermost inwards."""
    for element, inner in pairwise(path):
        yield fold(element.text or "")
        for child in element:
            if child is inner:
                break
            yield text_in(child, " ")
            yield fold(child.tail or "")


def lines_in(element: etree._Element) -> list[str]:
    """The lines of an element, as line breaks and blocks in it part them."""
    if not len(element) or next(element.iterdescendants(*_LINE_TAGS), None) is None:
        return [text_in(element)]
    return [line.text for line in lines_of(element)]


def text_in(element: etree._Element, between: str = "") -> str:
    """The folded text of an element; a line break is white space, `between` stands between the
    texts of its parts."""
    if element.tag in ("script", "style"):
        return ""
    if not len(element):
        return fold(element.text or "")
    if next(element.iter("br"), None) is not None:
        between = " "
    return fold(between.join(_TEXTS(element)))
