"""What is around the body: breadcrumb, dates of the head, the line under the title, and below
the body tags and credits."""

import re
from collections.abc import Collection, Iterable, Iterator
from itertools import islice

from w3lib.html import remove_tags, replace_entities

from zjnews.pages.elements import FEW, above, has_few_parts, text_in, text_of_small, texts_between
from zjnews.pages.page import Page
from zjnews.pages.tree import Element, around, children_of, following, parent_of
from zjnews.text import credits, dates, furniture
from zjnews.text.cleaning import fold, places_of
from zjnews.text.credits.words import Credits

_PUBLISHED_META = (
    "publishdate pubdate publishtime pubtime publishedtime publisheddate datepublished releasedate"
    " published firstpublishedtime articlecreateat createat createdate dcdate dcdateissued"
    " dctermsissued date"
).split()
_MODIFIED_META = "modifiedtime datemodified updatedtime lastmodified updatetime update".split()
_NOT_LETTERS = re.compile(r"[^a-z]")
_LINKED_DATA = re.compile(
    r"\"(?P<name>datePublished|pubDate|dateModified|upDate)\"\s{0,9}:\s{0,9}\"(?P<raw>[^\"\\]{8,40})\""
)
"""A date in JSON-LD."""
_BOXES = ("li", "aside", "nav", "footer", "a")  # what is around a `<time>` of another article
_CRUMB_SIGNS = ("位置", "浙江在线</", "首页</")
"""What a breadcrumb begins with, or its first link ends with."""
_CRUMB_END = re.compile(
    r"</(?:div|td|p|li|ul|h\d|dd|section|nav|table)\b|<(?:br|div|p|table|h\d)\b", re.I
)
_ARROWS = ("&gt;", "&raquo;", "&rsaquo;", *"＞»›→", "> >", ">>", " > ")
"""What parts the steps of a breadcrumb; a bare > is none where it ends a tag."""
_CRUMB_ROOM = 2000  # characters of markup that a breadcrumb takes at most
_MOST_CRUMBS = 10


def breadcrumb(markup: str) -> list[str]:
    """The sections after `您当前的位置 :` in a page, whatever the markup."""
    for start in _crumbs_of(markup):
        crumb = _CRUMB_END.split(markup[start : start + _CRUMB_ROOM], maxsplit=1)[0]
        if not any(arrow in crumb for arrow in _ARROWS):
            continue
        steps = furniture.breadcrumb_in(fold(remove_tags(replace_entities(crumb))))
        if steps is not None:
            return steps
    return []


def _crumbs_of(markup: str) -> Iterator[int]:
    """Where breadcrumbs may begin in a page, by the first few of each sign."""
    for sign in _CRUMB_SIGNS:
        yield from islice(places_of(sign, markup), _MOST_CRUMBS)


def sections_in(title: str) -> list[str]:
    """The sections in `标题_栏目_频道_浙江在线`, outermost first."""
    parts = [part.strip() for part in title.split("_")]
    if len(parts) < 3 or not parts[-1].startswith("浙江在线"):
        return []
    return [part for part in reversed(parts[-3:-1] if len(parts) > 3 else parts[1:-1]) if part]


def dates_in(page: Page, body: Iterable[Element]) -> tuple[str | None, str | None]:
    """When a page says in `<meta>`, JSON-LD and `<time>` that it was published and changed. A
    `<time>` in the body, in a list or in a box is not the article's."""
    given: dict[str, str] = {}
    for name, content in page.meta.items():
        given.setdefault(_NOT_LETTERS.sub("", name.rsplit(":", 1)[-1]), content)
    for script in page.scripts:
        if "datePublished" in script or "pubDate" in script:
            for found in _LINKED_DATA.finditer(script):
                given.setdefault(found["name"].lower(), found["raw"])
    elsewhere = set(body)
    for time in islice((t for t in page.document.find_all("time") if t.attr("datetime")), FEW):
        if not any(e.tag in _BOXES or e in elsewhere for e in around(time)):
            given["time"] = time.attr("datetime") or ""
            break
    published = (dates.find_full(given.get(name, "")) for name in (*_PUBLISHED_META, "time"))
    modified = (dates.find_full(given.get(name, "")) for name in _MODIFIED_META)
    return next(filter(None, published), None), next(filter(None, modified), None)


# The line under the title

LABELS_OF_SPANS = {
    "pubtime_baidu": "",
    "source_baidu": "来源：",
    "author_baidu": "作者：",
    "editor_baidu": "责任编辑：",
}
"""What a `*_baidu` span means where its text does not say so itself."""
_LABELLED = re.compile(r"[^:：\s]{1,6}\s?[:：]")
_LABEL_LENGTH = 12
_PARTS_OF_LINE = 16
UPDATED = re.compile(
    r"(?=[最上更修编lum])(?:最[后近新]|上次)?"
    r"(?:(?:更新|修改|修订|编辑)(?:时间|日期|于)\s?[:：]?|(?:更新|修改|修订)\s?[:：]"
    r"|\b(?:last )?(?:updated|modified)\b(?: (?:on|at))?\s?[:：]?)\s?(?P<raw>.+)",
    re.I,
)
"""`更新时间：2018-03-19 08:00`"""
PUBLISHED = re.compile(r"(?:发布|发表|刊发)(?:时间|日期)\s?[:：]\s?(?P<raw>\d.+)")
"""`创建时间：2018-03-17 发布时间：2018-03-18 08:00`"""
ROOM = 1000  # characters of an element that are looked at for dates, credits and summaries
_NEAR_BEFORE = 8  # how many elements before the body may be its line of date and source
_LINE_LENGTH = 200  # longer texts between title and body are no line of date and source


def spans_of(page: Page) -> dict[str, list[Element]]:
    """The `*_baidu` spans of a page by their id."""
    return {name: page.select(f"span#{name}") for name in LABELS_OF_SPANS}


def labelled_spans(page: Page) -> Iterator[str]:
    """The `*_baidu` spans, each with its label, and what else is between them with a label."""
    lines: dict[Element | None, None] = {}
    for name, spans in spans_of(page).items():
        label = LABELS_OF_SPANS[name]
        for span in spans[:FEW]:
            text = text_in(span, " ")[:ROOM]
            yield text if _LABELLED.match(text) or not text else label + text
            lines[parent_of(span)] = None
    for line in lines:
        for element in islice(children_of(line), _PARTS_OF_LINE) if line is not None else ():
            if element.attr("id") not in LABELS_OF_SPANS:
                text = text_in(element, " ")[:ROOM]
                if _LABELLED.match(text) or UPDATED.match(text):
                    yield text


def lines_above(title: Element | None, body: Element) -> Iterator[str]:
    """What is between title and body; without a title, what is above the body with a clock."""
    if title is None:
        over = islice(above(body), _NEAR_BEFORE)
        texts: Iterator[str] = filter(dates.CLOCK_SIGN.search, (text_in(e, " ") for e in over))
    else:
        texts = texts_between(title, body)
    yield from (text for text in texts if 0 < len(text) <= _LINE_LENGTH)


def with_values(lines: Iterable[str]) -> Iterator[str]:
    """The lines that say anything, a label in an element of its own with what it labels."""
    label = ""
    for line in filter(None, lines):
        if line.endswith((":", "：")) and len(line) <= _LABEL_LENGTH:
            label = line
            continue
        yield label + line
        label = ""


# Below the body

_NEXT_BELOW = 5  # how many elements after the body may be its tags and credits
_PARTS_BELOW = 16  # a line of tags has no more elements in it
_LENGTH_BELOW = 200
_PARTS_OF_CREDITS = 3  # a line of credits has no more parts
_NEAR_LEVELS = 2
_MOST_LEVELS = 5  # in old pages the credits are a row of the table around the table of the body
_LABEL_BELOW = re.compile(r"\s*(?:标\s?签|来\s?源|作\s?者|责任编辑|责编|编\s?辑)\s?[:：]")


def credits_below(body: Element, lacking: Collection[str]) -> Iterator[Credits]:
    """The tags after a body, as `keywords`, and the credits there for the fields that lack any."""
    for level, element in _elements_below(body):
        first = next((text for text in element.strings if not text.isspace()), "")
        if level >= _NEAR_LEVELS and not _LABEL_BELOW.match(first):
            continue
        text = text_of_small(element, " ", _PARTS_BELOW)
        if tags := furniture.tags_in(text, at_foot=True):
            yield {"keywords": tags.words}
            text = tags.rest
        if not lacking or not 0 < len(text) <= _LENGTH_BELOW:
            continue
        if _LABEL_BELOW.match(text):
            found = credits.read_line(text)
        elif level < _NEAR_LEVELS and has_few_parts(element, _PARTS_OF_CREDITS):
            found = credits.credit_line(text) or {}
        else:
            continue
        yield {field: values for field, values in found.items() if field in lacking}


def _elements_below(body: Element) -> Iterator[tuple[int, Element]]:
    """What follows a body, from its own siblings outwards, each with its level."""
    levels = _MOST_LEVELS if body.tag == "td" else _NEAR_LEVELS - 1
    for level, element in enumerate((body, *islice(around(body), levels))):
        yield from ((level, below) for below in islice(following(element), _NEXT_BELOW))
