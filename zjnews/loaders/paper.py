"""Layout `paper`: newspaper articles (`zjrb`, `qjwb`, `msb` …), dated by their address."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from zjnews.loaders.base import ArticleLoader, text_in
from zjnews.loaders.body import Piece, pieces_of

_STRIP = re.compile(
    r"(?P<paper>[\u4e00-\u9fff]{1,10}[报刊])\s.*?"
    r"第\s?(?P<page>[A-Z]?\d{1,6})\s?版\s?[:：]?\s?(?P<name>[^\s:：]{1,20})(?!.*第\s?[A-Z]?\d+\s?版)"
)
"""`浙江日报 2021年01月21日 第00003版：要闻`, the strip over the title; it names one page only."""
_STRIP_LENGTH = 80
_STRIP_PARTS = 8


class PaperLoader(ArticleLoader):
    layout = "paper"
    signs = (".main-article-title",)
    title_css = (".main-article-title",)
    kicker_css = (".main-article-pretitle",)
    subtitle_css = (".main-article-subtitle",)
    body_css = (".main-article-content", "#ozoom", "founder-content")

    def sections(self) -> list[str]:
        """Paper, page number and page name from the strip over the title."""
        title = self.title_element()
        for element in self.page.root.iter("div", "p", "td", "ul", "span"):
            if element is title:
                break
            if len(element) > _STRIP_PARTS:
                continue
            text = text_in(element, " ")
            if len(text) <= _STRIP_LENGTH and (strip := _STRIP.match(text)):
                return [strip["paper"], strip["page"], strip["name"]]
        return []

    def pieces(self) -> list[Piece]:
        return [*self.pictures_above(), *super().pieces()]

    def pictures_above(self) -> list[Piece]:
        """The pictures, with captions, that stand between title and body."""
        title = self.title_element()
        found: list[Piece] = []
        if not self.containers or title is None or self.containers[0] in title.iterancestors():
            return found
        for element in above(self.containers[0]):
            if element is title or element in title.iterancestors():
                break
            if element.find(".//img") is not None:
                found = pieces_of(element, self.page.url, self.furniture) + found
        return found

    def fill_dates(self, text: str) -> str:
        """A date on such a page is one the article speaks of."""
        return text


def above(element: etree._Element) -> Iterator[etree._Element]:
    """What stands before an element, nearest first, from its own siblings outwards."""
    for level in (element, *element.iterancestors()):
        yield from level.itersiblings(preceding=True)
