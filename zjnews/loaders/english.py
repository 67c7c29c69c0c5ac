"""Layout `english`: English pages, known by their date line; their markup is not of one kind."""

import re
from collections.abc import Iterator
from functools import cached_property
from itertools import islice

from zjnews.loaders.base import ArticleLoader
from zjnews.loaders.walk import Line, Piece, pieces_after
from zjnews.pages.elements import text_in
from zjnews.pages.page import Page
from zjnews.pages.tree import Element, Text, around, parent_of
from zjnews.text import credits

_DATE = r"\d{4}-\d\d-\d\d(?:\s+\d\d:\d\d(?::\d\d)?)?(?:\s|&nbsp;|<[^<>]*>)*"
_DATE_LINE = re.compile(_DATE + r"[Ss]ource\s*[:：]")
"""`2019-11-22 04:03:34 source: www.zjol.com.cn`, perhaps with tags between its parts."""
_SOURCE_END = re.compile(r"urce\s*[:：]")  # from the first rare letter on, which is found sooner
_DATE_BEFORE = re.compile(_DATE + r"[Ss]o\Z")
_DATE_ROOM = 401  # characters of markup before `urce:` in which the date is
_MOST_MENTIONS = 100
"""How often a page may say `source:`, and in how many elements, before the date line is looked for
no more."""
_LINE_LENGTH = 300  # characters of an element around which none is the date line
_READ_MORE = re.compile(r"read more\W*", re.I)
_SENTENCE = re.compile(r"\w\w[.!?][\"”’)]*$")
_ENOUGH_BODY = 200
"""Characters after the date line that make the element around it the article's own."""


class EnglishLoader(ArticleLoader):
    layout = "english"
    title_css = ("div.contTit", "h1.artTitle")
    body_css = ("div.contTxt", "div.artCon")
    furniture = "cprtip"

    @classmethod
    def recognises(cls, page: Page) -> bool:
        # From the rare word to the date, not the other way: pages are full of digits.
        mentions = islice(_SOURCE_END.finditer(page.markup), _MOST_MENTIONS)
        starts = (found.start() for found in mentions)
        return page.is_markup and any(
            _DATE_BEFORE.search(page.markup[max(0, start - _DATE_ROOM) : start]) for start in starts
        )

    @cached_property
    def line(self) -> list[str]:
        return [] if self.date_line is None else [text_in(self.date_line, " ")]

    @cached_property
    def date_line(self) -> Element | None:
        """The smallest element that holds the whole date line."""
        for element in islice(self.elements_naming_source(), _MOST_MENTIONS):
            if _DATE_LINE.search(" ".join(element.strings)):
                return element
        return None

    def elements_naming_source(self) -> Iterator[Element]:
        """The elements with the word in them, the smallest of each place first, each once."""
        seen = set()
        for text in self.page.root.descendants:
            for element in around(text) if isinstance(text, Text) and "ource" in text.data else ():
                if element in seen:
                    break
                seen.add(element)
                yield element
                if len(" ".join(element.strings)) > _LINE_LENGTH:
                    break

    def pieces(self) -> list[Piece]:
        return super().pieces() or _without_tail(self.pieces_below_line())

    def pieces_below_line(self) -> list[Piece]:
        """What follows the date line in the smallest element with a body, or with anything."""
        first: list[Piece] = []
        before: list[Piece] = []
        element = self.date_line
        while element is not None:
            pieces = [*before, *pieces_after(element, self.page.base)]
            first = first or pieces
            lines = [piece.text for piece in pieces if isinstance(piece, Line)]
            if sum(map(len, lines)) >= _ENOUGH_BODY:
                return pieces
            if any(map(_SENTENCE.search, lines)):  # and no link or button beside the date
                before = pieces
            element = parent_of(element)
        return before or first


def _without_tail(pieces: list[Piece]) -> list[Piece]:
    """The pieces up to `read more`, or to the closing credits if no sentence follows them."""
    lines = [(n, piece.text) for n, piece in enumerate(pieces) if isinstance(piece, Line)]
    for number, text in lines:
        if _READ_MORE.fullmatch(text):
            return pieces[:number]
    closing = [number for number, text in lines if credits.credit_line(text)]
    if not closing or any(n > closing[-1] and _SENTENCE.search(text) for n, text in lines):
        return pieces
    return pieces[: closing[-1] + 1]
