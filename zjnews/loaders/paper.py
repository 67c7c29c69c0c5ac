"""Layout `paper`: newspaper articles (`zjrb`, `qjwb`, `msb` …), dated by their address."""

import re
from collections.abc import Callable
from functools import cached_property
from typing import NamedTuple

from zjnews.loaders.base import ArticleLoader
from zjnews.loaders.walk import Piece, pieces_of
from zjnews.pages.elements import FEW, above, has_few_parts, text_of_small, with_ancestors
from zjnews.pages.tree import Element
from zjnews.text import credits

_STRIP = re.compile(
    r"(?:(?P<paper>[\u4e00-\u9fff]{1,10}[报刊])\s.{0,40}?)??"
    r"(?:第\s?)?(?P<page>[A-Za-z]?\d{1,6})\s?版\s?[:：]?\s?(?P<name>[^\s:：]{1,40})"
    r"(?!.{0,200}\d\s?版\s?[:：])"
)
"""The strip over the title, which names one page: `浙江日报 2021年01月21日 第00003版：要闻`,
`a0002版:小时·新闻`."""
_NUMBERED_STRIP = re.compile(
    r"(?P<paper>[\u4e00-\u9fff]{2,10}[报刊])\s?[>＞]\s?(?P<page>第\w{1,4}版)\s?[:：]\s?(?P<name>\S{1,20})"
)
"""`浙江法制报 > 第二版:时政`"""
_TITLE_PART = re.compile(r"[\s_|—-]+")
_PAPER = re.compile(r"[\u4e00-\u9fff]{1,10}[报刊]")
_BULLETS = "□■◎●◆▲△ "
_STRIP_LENGTH = 100
_STRIP_PARTS = 8


def strip_in(line: str, paper: str) -> list[str] | None:
    """Paper (else `paper`), number and name of the printed page in a strip; None if it is none."""
    found = _STRIP.fullmatch(line) or _NUMBERED_STRIP.match(line)
    if found is None:
        return None
    return [*filter(None, (found["paper"] or paper,)), found["page"], found["name"]]


class Tail(NamedTuple):
    """What a page says of itself at its end, unseen."""

    paper: str
    title: str


_TAIL = re.compile(
    r"(?P<paper>[\u4e00-\u9fff]{1,10}[报刊])\s\S{1,40}\s[A-Za-z]?\d{1,6}\s(?P<title>.{1,200}?)\s"
    r"\d{4}-\d\d-\d\d(?:\s.{0,400})?"
)


def tail_in(line: str) -> Tail | None:
    """The hidden tail `浙江日报 要闻 00006 加速过坝 2010-09-15 7587853 2 2010年09月15日 星期三`:
    paper, name and number of the page, title, day, pictures. None where the line is none."""
    found = _TAIL.fullmatch(line)
    return Tail(found["paper"], found["title"]) if found else None


class PaperLoader(ArticleLoader):
    layout = "paper"
    signs = (".main-article-title",)
    title_css = (".main-article-title",)
    kicker_css = (".main-article-pretitle",)
    subtitle_css = (".main-article-subtitle",)
    line_css = (".main-article-author",)
    body_css = (".main-article-content", "#ozoom", "founder-content")

    def sections(self) -> list[str]:
        """Paper, page number and page name from the strip over the title."""
        for element in self.page.root.iter_elements(("div", "p", "td", "ul", "span")):
            if element is self.title_element:
                break
            text = text_of_small(element, " ") if has_few_parts(element, _STRIP_PARTS) else ""
            if len(text) <= _STRIP_LENGTH and (strip := strip_in(text, self.paper)):
                return strip
        return []

    @property
    def paper(self) -> str:
        """Its name, as `<title>` has it: `浙江日报 数字报纸`, `加速过坝-浙江日报`."""
        parts = _TITLE_PART.split(self.page.title)
        return next(filter(_PAPER.fullmatch, parts), parts[0])

    def select(self, css: tuple[str, ...]) -> list[Element]:
        found = super().select(css)
        if css is not self.title_css or len(found) < 2:
            return found
        # The name of the paper wears the title's class, too.
        return [e for e in found[:FEW] if text_of_small(e) != self.paper] or found

    @cached_property
    def line(self) -> list[str]:
        lines = (text.lstrip(_BULLETS) for text in super().line)
        return [text if credits.read_line(text) else f"作者：{text}" for text in lines]

    def pieces(self) -> list[Piece]:
        return [*self.pictures_above(), *super().pieces()]

    def pictures_above(self) -> list[Piece]:
        """The pictures, with captions, between title and body."""
        around_title = set() if self.title_element is None else with_ancestors([self.title_element])
        if not self.containers or not around_title or self.containers[0] in around_title:
            return []
        found: list[list[Piece]] = []
        for element in above(self.containers[0]):
            if element in around_title:
                break
            if element.find("img") is not None:
                found.append(pieces_of(element, self.page.base, self.furniture))
        return [piece for pieces in reversed(found) for piece in pieces]

    def fill_dates(self, text: str, date_of: Callable[[str], str | None]) -> str:
        """A date on such a page is one the article speaks of."""
        return text

    def fill_dates_of_head(self) -> None:
        """The day of the issue is in the address."""
