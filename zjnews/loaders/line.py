"""The line under the title, wherever it is: texts with date, source and names in them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from lxml import etree

from zjnews.loaders.elements import FEW, above, text_in, texts_between
from zjnews.pages.page import Page

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
    r"(?:最[后近新]|上次)?(?:(?:更新|修改|编辑)(?:时间|日期|于)\s?[:：]?|(?:更新|修改)\s?[:：]"
    r"|\b(?:last )?(?:updated|modified)\b(?: (?:on|at))?\s?[:：]?)\s?(?P<raw>.+)",
    re.I,
)
"""`更新时间：2018-03-19 08:00`"""
ROOM = 1000
"""Characters of an element that are looked at for dates, credits and summaries."""
_NEAR_BEFORE = 8  # how many elements before the body may be its line of date and source
_CLOCK = re.compile(r"\d[:：]\d\d")
_LINE_LENGTH = 200  # longer texts between title and body are no line of date and source


def labelled_spans(page: Page) -> Iterator[str]:
    """The `*_baidu` spans that most layouts have, each with its label, and what else stands
    between them with a label of its own."""
    lines: dict[etree._Element, None] = {}
    for name, label in LABELS_OF_SPANS.items():
        for span in page.select(f"#{name}")[:FEW]:
            text = text_in(span, " ")[:ROOM]
            yield text if _LABELLED.match(text) or not text else label + text
            lines[span.getparent()] = None
    for line in lines:
        for element in islice(line, _PARTS_OF_LINE) if line is not None else ():
            if element.get("id") not in LABELS_OF_SPANS:
                text = text_in(element, " ")[:ROOM]
                if _LABELLED.match(text) or UPDATED.match(text):
                    yield text


def lines_above(title: etree._Element | None, body: etree._Element) -> Iterator[str]:
    """What stands between the title and the body; where no element is known to hold the title,
    what stands over the body with a clock in it."""
    if title is None:
        over = islice(above(body), _NEAR_BEFORE)
        texts: Iterator[str] = filter(_CLOCK.search, (text_in(e, " ") for e in over))
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
