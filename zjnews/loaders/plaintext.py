"""Layout `plaintext`: a page that survives only as text, one line a paragraph, no markup at all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from lxml import etree

from zjnews import credits, dates
from zjnews.items import Block, Image, Payload
from zjnews.loaders.base import ArticleLoader
from zjnews.loaders.body import Line, Piece
from zjnews.page import Page
from zjnews.text import fold

_PICTURE_FILE = re.compile(r"[\w.-]+\.(?:jpe?g|png|gif|webp)", re.I)
_LINE_LENGTH = 120
_TITLE_LINES = 6
"""The date line stands this close to the beginning, or the text is no page."""


class PlaintextLoader(ArticleLoader):
    layout = "plaintext"

    @classmethod
    def recognises(cls, page: Page) -> bool:
        return not page.is_markup and _date_line(_lines(page.markup)) is not None

    def title_elsewhere(self) -> str | None:
        lines = _lines(self.page.markup)
        return lines[0] if _date_line(lines) else None

    def fill_head(self) -> None:
        """Text has no head."""

    def line_elements(self) -> Iterator[str]:
        lines = _lines(self.page.markup)
        yield lines[_date_line(lines) or 0]

    def pieces(self) -> list[Piece]:
        lines = _lines(self.page.markup)
        head = {lines[0], lines[_date_line(lines) or 0]}
        return [_piece(line) for line in lines if line not in head]

    def payload_pieces(self, payload: Payload) -> list[Piece]:
        return [_piece(line) for line in _lines(payload.body)]

    @cached_property
    def containers(self) -> list[etree._Element]:
        return []


def _piece(line: str) -> Piece:
    """The text tells a picture's file name, not its address."""
    if _PICTURE_FILE.fullmatch(line):
        return Block("image", image=Image(alt=line))
    return Line(line)


def _lines(text: str) -> list[str]:
    return [line for line in map(fold, text.splitlines()) if line]


def _date_line(lines: list[str]) -> int | None:
    """Which line is date and source: a short one that begins with a date or names a source."""
    for number, line in enumerate(lines[1:_TITLE_LINES], start=1):
        date = dates.find(line) if len(line) <= _LINE_LENGTH else None
        if date and (line.startswith(date) or "source" in credits.read_line(line)):
            return number
    return None
