"""What stands right after the body: its tags, and credits that no other place names."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from itertools import islice

from lxml import etree

from zjnews.loaders.elements import text_of_small
from zjnews.text import credits, furniture
from zjnews.text.credits import Credits

_NEXT = 5  # how many elements after the body may be its tags and credits
_PARTS = 16  # a line of tags has no more elements in it
_LINE_LENGTH = 200
_NEAR = 3  # a line of credits has no more parts
_NEAR_LEVELS = 2
_MOST_LEVELS = 5  # in old pages the credits are a row of the table around the table of the body
_LABEL = re.compile(r"\s*(?:标\s?签|来\s?源|作\s?者|责任编辑|责编|编\s?辑)\s?[:：]")


def credits_below(body: etree._Element, lacking: Collection[str]) -> Iterator[Credits]:
    """The tags after a body, as `keywords`, and the credits there for the fields that lack any."""
    for level, element in _elements_below(body):
        if level >= _NEAR_LEVELS and not _LABEL.match(_first_text(element)):
            continue
        text = text_of_small(element, " ", _PARTS)
        if tags := furniture.tags_in(text, at_foot=True):
            yield {"keywords": tags.words}
            text = tags.rest
        if not lacking or not 0 < len(text) <= _LINE_LENGTH:
            continue
        if _LABEL.match(text):
            found = credits.read_line(text)
        elif level < _NEAR_LEVELS and len(element) <= _NEAR:
            found = credits.credit_line(text) or {}
        else:
            continue
        yield {field: values for field, values in found.items() if field in lacking}


def _elements_below(body: etree._Element) -> Iterator[tuple[int, etree._Element]]:
    """What follows a body, from its own siblings outwards, each with its level."""
    levels = _MOST_LEVELS if body.tag == "td" else _NEAR_LEVELS - 1
    for level, element in enumerate((body, *islice(body.iterancestors(), levels))):
        yield from ((level, below) for below in islice(element.itersiblings(), _NEXT))


def _first_text(element: etree._Element) -> str:
    return next((text for text in element.itertext() if not text.isspace()), "")
