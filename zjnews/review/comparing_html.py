"""What changed between two readings as one page: a table of fields, then examples of each."""

from collections.abc import Iterator

from lxml.html import HtmlElement
from lxml.html.builder import CLASS, E

from zjnews.review import comparing, web
from zjnews.review.comparing import (
    MISSING,
    Comparison,
    Difference,
    Mark,
    Section,
    name_of,
    title_of,
)
from zjnews.review.records import Record
from zjnews.text.cleaning import counted, printable

_AROUND = 60
"""Characters that are shown before and after a difference."""
_LONGEST = 1_000
"""Characters that are shown of a deleted or inserted piece."""
_MOST_MARKS = 100
"""Pieces that are shown of one value."""
_MOST_PLACES = 10
"""Blocks that are shown of one record."""


def html_of(found: Comparison) -> bytes:
    """The page, UTF-8."""
    # A link names its section by number, since a key may be anything.
    sections = list(enumerate(found.sections))
    rows = [(E.a(printable(each.name), href=f"#{number}"), each.count) for number, each in sections]
    return web.page(
        "What changed",
        *map(E.p, found.summary()),
        *(E.p(line, CLASS("about")) for line in (*found.old.named, *found.new.named)),
        web.table(("field", "records"), rows),
        *(E.section(*_examples(each), id=f"{number}") for number, each in sections),
    )


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
    link = web.link(str(record.get("url") or ""))
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
