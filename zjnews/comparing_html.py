"""What changed between two readings as one page: a table of fields, then examples of each.

Values come from web pages: all of them go in as text, none as markup, and the page loads nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from lxml.html import HtmlElement, tostring
from lxml.html.builder import CLASS, E

from zjnews import comparing
from zjnews.comparing import MISSING, Comparison, Difference, Mark
from zjnews.text import printable

_AROUND = 60
"""Characters that are shown of what is the same before and after a difference."""
_LONGEST = 1_000
"""Characters that are shown of what is gone or new at one place."""
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


def page(comparison: Comparison, examples: int) -> bytes:
    """The page, UTF-8, with so many examples of each field. Raises OSError, ChangedError."""
    head = E.head(
        E.meta(charset="utf-8"),
        E.meta({"http-equiv": "Content-Security-Policy", "content": _POLICY}),
        E.meta(name="referrer", content="no-referrer"),
        E.meta(name="viewport", content="width=device-width, initial-scale=1"),
        E.title("What changed"),
        E.style(_STYLE),
    )
    sections = [
        _records("lost", comparison.lost, comparison.lost_records(), examples),
        _records("gained", comparison.gained, comparison.gained_records(), examples),
        *_fields(comparison, examples),
    ]
    body = E.body(E.h1("What changed"), *_summary(comparison), _contents(comparison), *sections)
    html: bytes = tostring(
        E.html(head, body, lang="en"), doctype="<!DOCTYPE html>", encoding="utf-8"
    )
    return html


def _summary(comparison: Comparison) -> list[HtmlElement]:
    broken = [*comparison.old.named, *comparison.new.named]
    return [*map(E.p, comparison.summary()), *(E.p(line, CLASS("about")) for line in broken)]


def _contents(comparison: Comparison) -> HtmlElement:
    """The table at the top. A link names its section by number, since a key may be anything."""
    rows = [("lost", "lost", comparison.lost), ("gained", "gained", comparison.gained)]
    for number, (key, count) in enumerate(comparison.counts().items()):
        rows.append((f"field-{number}", printable(key), count))
    cells = [(E.td(E.a(name, href=f"#{anchor}")), E.td(f"{n:,}")) for anchor, name, n in rows]
    return E.table(E.tr(E.th("field"), E.th("records")), *(E.tr(*row) for row in cells))


def _records(
    name: str, count: int, records: Iterator[dict[str, Any]], examples: int
) -> HtmlElement:
    """The records that only one file has."""
    shown = [part for record in islice(records, examples) for part in _about(record)]
    return E.section(*_heading(name, count, examples), *shown, id=name)


def _fields(comparison: Comparison, examples: int) -> Iterator[HtmlElement]:
    for number, (key, count) in enumerate(comparison.counts().items()):
        found = islice(comparison.changed_records(key), examples)
        shown = [part for record, how in found for part in (*_about(record), *_values(how))]
        heading = _heading(printable(key), count, examples)
        yield E.section(*heading, *shown, id=f"field-{number}")


def _heading(name: str, count: int, examples: int) -> Iterator[HtmlElement]:
    yield E.h2(f"{name}: {comparing.counted(count, 'record')}")
    if count > examples:
        yield E.p(f"the first {examples:,} of them", CLASS("about"))


def _about(record: dict[str, Any]) -> tuple[HtmlElement, HtmlElement]:
    """Title, id and link of a record."""
    url = printable(str(record.get("url") or ""))
    link = E.a(url, href=url, rel="noopener noreferrer") if _WEB.match(url) else url
    heading = E.h3(comparing.title_of(record), lang="zh")
    return heading, E.p(comparing.name_of(record), " ", link, CLASS("about"))


def _values(difference: Difference) -> Iterator[HtmlElement]:
    """Old and new in one, block by block where it is a list of blocks."""
    places = comparing.places(difference)
    for place in places[:_MOST_PLACES]:
        if place.path != difference.path:
            yield E.p(printable(place.path), CLASS("about"))
        yield E.p(*_marked(place), CLASS("value"), lang="zh")
    if len(places) > _MOST_PLACES:
        yield E.p(f"and {len(places) - _MOST_PLACES:,} more", CLASS("about"))


def _marked(difference: Difference) -> Iterator[HtmlElement | str]:
    """The value with what is gone and what is new; what is no text is shown as JSON."""
    old, new = difference.old, difference.new
    if not (isinstance(old, str) and isinstance(new, str)):
        old, new = comparing.shown(old), comparing.shown(new)
    if difference.old is MISSING:
        yield from (E.em(old), " ", _changed("ins", new))
    elif difference.new is MISSING:
        yield from (_changed("del", old), " ", E.em(new))
    else:
        yield from _pieces(comparing.marks(old, new))


def _pieces(pieces: list[tuple[Mark, str]]) -> Iterator[HtmlElement | str]:
    for number, (mark, text) in enumerate(pieces[:_MOST_MARKS], 1):
        if mark == "same":
            yield from _same(text, is_first=number == 1, is_last=number == len(pieces))
        else:
            yield _changed(mark, text)
    if len(pieces) > _MOST_MARKS:
        yield E.span(f"… and {len(pieces) - _MOST_MARKS:,} more pieces", CLASS("cut"))


def _same(text: str, is_first: bool, is_last: bool) -> Iterator[HtmlElement | str]:
    """As much of what is the same as stands beside a difference."""
    head = "" if is_first else text[:_AROUND]
    tail = "" if is_last else text[-_AROUND:]
    if len(head) + len(tail) >= len(text):
        yield _visible(text)
        return
    yield from (_visible(head), E.span("…", CLASS("cut")), _visible(tail))


def _changed(mark: Mark, text: str) -> HtmlElement:
    # A line end that came or went would not be seen.
    parts: list[HtmlElement | str] = [_visible(text[:_LONGEST]).replace("\n", "↵\n")]
    if len(text) > _LONGEST:
        more = comparing.counted(len(text) - _LONGEST, "character")
        parts.append(E.span(f"… {more} more", CLASS("cut")))
    return E(mark, *parts)


def _visible(text: str) -> str:
    return "\n".join(map(printable, text.split("\n")))
