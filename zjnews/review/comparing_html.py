"""What changed between two readings as one page: a table of fields, then examples of each.

Values come from web pages: they are written as text, never as markup, and the page loads nothing.
"""

import re
from collections.abc import Iterator

from lxml.html import HtmlElement, tostring
from lxml.html.builder import CLASS, E

from zjnews.review import comparing
from zjnews.review.comparing import (
    MISSING,
    Comparison,
    Difference,
    Mark,
    Record,
    Section,
    name_of,
    title_of,
)
from zjnews.text.cleaning import counted, printable

_AROUND = 60
"""Characters that are shown before and after a difference."""
_LONGEST = 1_000
"""Characters that are shown of a deleted or inserted piece."""
_MOST_MARKS = 100
"""Pieces that are shown of one value."""
_MOST_PLACES = 10
"""Blocks that are shown of one record."""
_WEB = re.compile(r"https?://", re.IGNORECASE)

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_STYLE = """
:root { color-scheme: light dark; --ins: #c9f2d0; --del: #ffd3d3; --dim: #5c5c5c; --line: #ccc }
@media (prefers-color-scheme: dark) {
  :root { --ins: #14532d; --del: #6b1d24; --dim: #a8a8a8; --line: #4a4a4a }
}
body {
  font: 1rem/1.6 system-ui, sans-serif; max-width: 52rem; margin: 0 auto; padding: 1rem;
  overflow-wrap: anywhere;
}
h1, h2, h3 { line-height: 1.3 }
h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--line) }
h3 { font-size: 1rem; margin: 1.5rem 0 0 }
table { border-collapse: collapse }
th, td { text-align: left; padding: .15rem 1.5rem .15rem 0; border-bottom: 1px solid var(--line) }
td + td { text-align: right; padding-right: 0; font-variant-numeric: tabular-nums }
p { margin: .25rem 0 }
.about, .cut { color: var(--dim); font-size: .875rem }
.value { white-space: pre-wrap; border-left: 3px solid var(--line); padding-left: .75rem }
ins, del { color: inherit; border-radius: 2px }
ins { background: var(--ins); text-decoration: underline }
del { background: var(--del); text-decoration: line-through }
"""


def html_of(found: Comparison) -> bytes:
    """The page, UTF-8."""
    head = E.head(
        E.meta(charset="utf-8"),
        E.meta({"http-equiv": "Content-Security-Policy", "content": _POLICY}),
        E.meta(name="referrer", content="no-referrer"),
        E.meta(name="viewport", content="width=device-width, initial-scale=1"),
        E.title("What changed"),
        E.style(_STYLE),
    )
    # A link names its section by number, since a key may be anything.
    sections = list(enumerate(found.sections))
    rows = [
        E.tr(E.td(E.a(printable(each.name), href=f"#{number}")), E.td(f"{each.count:,}"))
        for number, each in sections
    ]
    body = E.body(
        E.h1("What changed"),
        *map(E.p, found.summary()),
        *(E.p(line, CLASS("about")) for line in (*found.old.named, *found.new.named)),
        E.table(E.tr(E.th("field"), E.th("records")), *rows),
        *(E.section(*_examples(each), id=f"{number}") for number, each in sections),
    )
    html: bytes = tostring(
        E.html(head, body, lang="en"), doctype="<!DOCTYPE html>", encoding="utf-8"
    )
    return html


def _examples(section: Section) -> Iterator[HtmlElement]:
    yield E.h2(str(section))
    if len(section.examples) < section.count:
        yield E.p(f"the first {len(section.examples):,} of them", CLASS("about"))
    for record, difference in section.examples:
        yield from _about(record)
        if difference:
            yield from _values(difference)


def _about(record: Record) -> tuple[HtmlElement, HtmlElement]:
    """Title, id and link of a record."""
    url = printable(str(record.get("url") or ""))
    link = E.a(url, href=url, rel="noopener noreferrer") if _WEB.match(url) else url
    return E.h3(title_of(record), lang="zh"), E.p(name_of(record), " ", link, CLASS("about"))


def _values(difference: Difference) -> Iterator[HtmlElement]:
    """Old and new value in one, block by block if it is a list of blocks."""
    blocks = comparing.by_block(difference)
    for place in blocks[:_MOST_PLACES]:
        if place.path != difference.path:
            yield E.p(printable(place.path), CLASS("about"))
        yield E.p(*_marked(place), CLASS("value"), lang="zh")
    if len(blocks) > _MOST_PLACES:
        yield E.p(f"and {len(blocks) - _MOST_PLACES:,} more", CLASS("about"))


def _marked(place: Difference) -> Iterator[HtmlElement | str]:
    """The value with what is deleted and inserted; what is no text is shown as JSON."""
    old, new = place.old, place.new
    if not (isinstance(old, str) and isinstance(new, str)):
        old, new = comparing.as_json(old), comparing.as_json(new)
    if place.old is MISSING:
        yield from (E.em(old), " ", _changed("ins", new))
        return
    if place.new is MISSING:
        yield from (_changed("del", old), " ", E.em(new))
        return
    pieces = comparing.marks(old, new)
    for number, (mark, text) in enumerate(pieces[:_MOST_MARKS], 1):
        if mark == "same":
            head = 0 if number == 1 else _AROUND
            tail = 0 if number == len(pieces) else _AROUND
            yield from _cut(text, head, tail, "…")
        else:
            yield _changed(mark, text)
    if len(pieces) > _MOST_MARKS:
        yield E.span(f"… and {len(pieces) - _MOST_MARKS:,} more pieces", CLASS("cut"))


def _changed(mark: Mark, text: str) -> HtmlElement:
    more = counted(len(text) - _LONGEST, "character")
    # A line end alone would not be seen.
    return E(mark, *_cut(text.replace("\n", "↵\n"), _LONGEST, 0, f"… {more} more"))


def _cut(text: str, head: int, tail: int, said: str) -> Iterator[HtmlElement | str]:
    """The beginning and the end of a text, and `said` in place of the rest."""
    if len(text) <= head + tail:
        yield _visible(text)
    else:
        rest = E.span(said, CLASS("cut"))
        yield from (_visible(text[:head]), rest, _visible(text[len(text) - tail :]))


def _visible(text: str) -> str:
    return "\n".join(map(printable, text.split("\n")))
