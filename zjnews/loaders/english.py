"""Layout `english`: English pages, known by their date line; their markup is not of one kind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from itertools import islice

from lxml import etree

from zjnews import credits
from zjnews.loaders.base import ArticleLoader, text_in
from zjnews.loaders.body import Line, Piece, pieces_after
from zjnews.page import Page

_DATE = r"\d{4}-\d\d-\d\d(?:\s+\d\d:\d\d(?::\d\d)?)?(?:\s|&nbsp;|<[^<>]*>)*"
_DATE_LINE = re.compile(_DATE + r"[Ss]ource\s*[:：]")
"""`2019-11-22 04:03:34 source: www.zjol.com.cn`, perhaps with tags between its parts."""
_NAMING_SOURCE = etree.XPath("/descendant::text()[contains(., 'ource')]")
_SOURCE_END = re.compile(r"urce\s*[:：]")
"""From the first rare letter on, which is found sooner."""
_DATE_BEFORE = re.compile(_DATE + r"[Ss]o\Z")
_DATE_ROOM = 401
"""Characters of markup before `urce:` in which the date stands."""
_MOST_MENTIONS = 100
"""How often a page may say `source:` before the date line is looked for no more."""
_READ_MORE = re.compile(r"read more\W*", re.I)
_SENTENCE = re.compile(r"\w{2,}[.!?][\"”’)]*$")
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

    def line_elements(self) -> Iterator[str]:
        if self.date_line is not None:
            yield text_in(self.date_line, " ")

    @cached_property
    def date_line(self) -> etree._Element | None:
        """The smallest element that holds the whole date line."""
        for text in islice(_NAMING_SOURCE(self.page.root), _MOST_MENTIONS):
            element = text.getparent()
            while element is not None:
                line = " ".join(element.itertext())
                if _DATE_LINE.search(line):
                    return element
                if len(line) > 300:
                    break
                element = element.getparent()
        return None

    def pieces(self) -> list[Piece]:
        return super().pieces() or _without_tail(self.pieces_below_line())

    def pieces_below_line(self) -> list[Piece]:
        """What follows the date line in the smallest element that has a body after it; of a brief,
        in the smallest that has anything after it."""
        first: list[Piece] = []
        element = self.date_line
        while element is not None:
            pieces = pieces_after(element, self.page.base)
            first = first or pieces
            if sum(len(piece.text) for piece in pieces if isinstance(piece, Line)) >= _ENOUGH_BODY:
                return pieces
            element = element.getparent()
        return first


def _without_tail(pieces: list[Piece]) -> list[Piece]:
    """The pieces up to `read more`, or else to the credits that close the article: behind them
    stands the page's frame, which has no sentences."""
    lines = [(n, piece.text) for n, piece in enumerate(pieces) if isinstance(piece, Line)]
    for number, text in lines:
        if _READ_MORE.fullmatch(text):
            return pieces[:number]
    closing = [number for number, text in lines if credits.credit_line(text)]
    if not closing or any(n > closing[-1] and _SENTENCE.search(text) for n, text in lines):
        return pieces
    return pieces[: closing[-1] + 1]
