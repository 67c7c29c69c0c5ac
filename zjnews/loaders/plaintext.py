"""Layout `plaintext`: a page that survives only as text, a line a paragraph, no markup at all.

您当前的位置 :浙江在线 > 浙江新闻 > 杭州 正文        breadcrumb, after the navigation
西博会烟花10月江上怒放                             title, perhaps with a subtitle after it
2005年08月10日 08:31:49 来源: 浙江在线             date line; may be first, last or absent
…                                               the body
标签: 西博会;烟花 责任编辑: 张三                   tags and credits
Copyright © 1999-2017 Zjol                      notices, and what is for sharing
"""

import re
from datetime import UTC, date, datetime, timedelta
from functools import cached_property

from zjnews.items import Article, Block, Image, Payload, Rejected
from zjnews.loaders.base import SENTENCE, ArticleLoader
from zjnews.loaders.paper import Tail, strip_in, tail_in
from zjnews.loaders.walk import Line, Piece
from zjnews.pages.page import Page
from zjnews.pages.tree import Element
from zjnews.site.addresses import Kind
from zjnews.text import credits, dates, furniture
from zjnews.text.cleaning import fold, squeeze
from zjnews.text.credits.persons import HAN

_PICTURE_FILE = re.compile(r"[\w.-]{1,80}\.(?:jpe?g|png|gif|webp)", re.I)
_LABEL = re.compile(
    r"(?:来\s?源|作\s?者|编\s?辑|责任编辑|责编|记\s?者|通讯员|摄\s?影|标\s?签)\s?[:：]"
)
_VALUE_LENGTH = 40
_STRIP_LINES = 12
_TAIL_LINES = 4
_HEAD_OF_PAPER = re.compile(r"(?P<paper>[\u4e00-\u9fff]{1,10}[报刊])\s?数字报(?:纸)?")
_PROSE = 40  # a line from this length on that has a comma or a full stop is no title
_LETTERS_A_CHARACTER = 3  # English takes so many letters where Chinese takes one character
_STOP = re.compile(r"[，。！？；、,;!?…]|\.\s")
_SENTENCE_LENGTH = 15
_DATELINE = re.compile(r"(?:浙江在线|本报|本网|新华社|中新网)\S{0,16}(?:讯|电)\b")
_TITLE_LENGTH = 80
_MOST_TITLES = 3
_TITLE_AND_SUBTITLE = 2
_DATE_LINE_LENGTH = 160
_LATER = datetime(2100, 1, 1, tzinfo=UTC)
"""What relative dates would count from; only whole dates are read here."""
_NEAR = timedelta(days=31)
_SITE = re.compile(r"(?:https?://)?www\.[\w.-]{1,60}|浙江在线(?:新闻网站)?")
_BEFORE_DATE = re.compile(
    rf"(?:{_SITE.pattern}|(?:发布|发表)?(?:时间|日期)\s?[:：]|来\s?源\s?[:：].{{1,30}})?"
)
_AFTER_DATE = re.compile(
    r"[,，]?\s?(?:[(（]?(?:星期|周)[一二三四五六日天][)）]?)?\s?(?:\(GSM[^()]{0,20}\))?\s?"
    r"(?:(?:[\[【(（][^\[\]【】()（）]{0,12}[\]】)）]\s?){1,6}"
    r"|(?:来\s?源|作\s?者|编\s?辑|责任编辑|记者|source|editor|by)(?:\b|[:：]).{0,120}"
    r"|[\w·（）()\-— ]{0,24})",
    re.I,
)
"""What else a date line says: weekday, buttons, labels, the name of a medium; no sentence."""


class PlaintextLoader(ArticleLoader):
    layout = "plaintext"

    @classmethod
    def recognises(cls, page: Page) -> bool:
        return not page.is_markup

    def load(self) -> Article:
        if not self.text.is_page:
            raise Rejected("no-article", "text without the shape of a page")
        return super().load()

    @cached_property
    def text(self) -> "Text":
        return Text(self.page)

    def fill_title(self) -> None:
        for field, title in zip(("title", "subtitle"), self.text.titles, strict=False):
            self.add_value(field, title)
        self.add_value("kicker", self.text.kicker)

    def fill_head(self) -> None:
        self.add_value("sections", self.text.sections)
        summaries = map(furniture.summary_in, self.text.body)
        self.add_value("summary", next(filter(None, summaries), None))

    def fill_line(self) -> None:
        for text in self.text.date_lines:
            line = self.fill_dates(text, dates.first_date)
            if not re.search("[:：]", line):  # a label says that the site is the source
                line = _SITE.sub(" ", line).strip()
            self.add_value(None, credits.read_line(line))

    def pieces(self) -> list[Piece]:
        return list(map(_piece, self.text.body))

    def payload_pieces(self, payload: Payload) -> list[Piece]:
        return [_piece(line) for line in _lines(payload.body) if line]

    @cached_property
    def containers(self) -> list[Element]:
        return []


class Text:
    """The lines of a page, told apart: the frame above the title, the head, the body, the tail."""

    def __init__(self, page: Page) -> None:
        self.address = page.address
        lines = _lines(page.markup)
        tail, end = _hidden_tail(lines)
        self.lines = lines[:end]
        self.sections: list[str] = []
        start = self.end_of_frame(tail)
        self.dated = self.date_line(start)
        self.kicker: str | None = None
        self.titles: list[str] = []  # title and subtitle, as far as the page has them
        after = self.read_head(start, tail)
        body = [
            line
            for number, line in enumerate(self.lines[after:], after)
            if line and number != self.dated and not _SITE.fullmatch(line)
        ]
        self.body = _without_related(body)

    @property
    def is_page(self) -> bool:
        """Whether it is an article by its head or address; one without a sentence is none."""
        has_head = bool(self.sections) or self.dated is not None
        return any(map(_is_prose, self.body)) and (has_head or self.address.is_article)

    @property
    def date_lines(self) -> list[str]:
        """None for a newspaper: its address has the day."""
        if self.dated is None or self.address.kind is Kind.PAPER:
            return []
        return [self.lines[self.dated]]

    def end_of_frame(self, tail: Tail | None) -> int:
        """Where the page's frame ends: after the strip of a newspaper, or after the breadcrumb."""
        paper = tail.paper if tail else ""
        for number, line in enumerate(self.lines[:_STRIP_LINES]):
            if head := _HEAD_OF_PAPER.fullmatch(line):
                paper = head["paper"]
            if strip := strip_in(line, paper):
                self.sections = strip
                return number + 1
        for number in reversed(range(len(self.lines))):
            steps = furniture.breadcrumb_in(self.lines[number])
            if steps is not None:
                self.sections = steps
                return number + 1
        return 0

    def date_line(self, start: int) -> int | None:
        """The number of the date line: the first after the frame, else the first anywhere."""
        day = self.address.date
        found = [n for n, line in enumerate(self.lines) if _is_date_line(line, day)]
        return next((number for number in found if number >= start), next(iter(found), None))

    def read_head(self, start: int, tail: Tail | None) -> int:
        """Find the titles; returns where what follows them begins."""
        prose = (n for n in range(start, len(self.lines)) if _is_prose(self.lines[n]))
        first = next(prose, len(self.lines))
        if tail and (run := self.find_title(tail.title, start, first)):
            return self.take_titles_around(*run, start)
        if self.dated is not None and start <= self.dated < first:
            first = self.dated
        return self.take_titles_above(first, start)

    def find_title(self, title: str, start: int, stop: int) -> tuple[int, int] | None:
        """The lines that together are the title which the tail names."""
        for begin in (n for n in range(start, stop) if self.lines[n]):
            joined = ""
            for end in range(begin, min(stop, begin + _MOST_TITLES)):
                joined += squeeze(self.lines[end])
                if joined and joined == squeeze(title):
                    return begin, end + 1
        return None

    def take_titles_around(self, begin: int, end: int, start: int) -> int:
        self.kicker = " ".join(filter(None, self.lines[start:begin])) or None
        self.titles = [" ".join(self.lines[begin:end])]
        following = next((n for n in range(end, len(self.lines)) if self.lines[n]), None)
        if following is not None and self.lines[following].startswith(("——", "--", "──")):
            self.titles.append(self.lines[following])
            return following + 1
        return end

    def take_titles_above(self, stop: int, start: int) -> int:
        """The last group of lines before a line: the title, and what follows it."""
        number = stop - 1
        while number >= start and not self.may_be_title(number):
            number -= 1
        end = number + 1
        while number >= start and self.may_be_title(number):
            number -= 1
        titles = self.lines[number + 1 : end]
        if len(titles) > _MOST_TITLES or (len(titles) > 1 and start == 0):
            titles = titles[-1:]  # the frame's lines come before it
        # Credits and datelines between the title and the first sentence belong to the body, and so
        # does what follows the subtitle.
        self.titles = titles[:_TITLE_AND_SUBTITLE]
        return end - len(titles[_TITLE_AND_SUBTITLE:]) if titles else start

    def may_be_title(self, number: int) -> bool:
        line = self.lines[number]
        return (
            bool(line)
            and len(line) <= _TITLE_LENGTH
            and not _is_prose(line)
            and not _SITE.fullmatch(line)
            and not furniture.is_frame(line)
            and credits.credit_line(line) is None
            and not _DATELINE.match(line)
            and number != self.dated
        )


def _piece(line: str) -> Piece:
    """The text tells a picture's file name, not its address."""
    if _PICTURE_FILE.fullmatch(line):
        return Block("image", image=Image(alt=line))
    return Line(line)


def _lines(text: str) -> list[str]:
    """The lines, folded, empty ones too. A label on a line of its own gets the value after it."""
    lines = [_without_rule(fold(line)) for line in text.splitlines()]
    joined: list[str] = []
    label = ""
    for line in lines:
        if _LABEL.fullmatch(line):
            label = line
        elif label and line and len(line) <= _VALUE_LENGTH:
            joined.append(line if _LABEL.match(line) else f"{label} {line}")
            label = ""
        elif line or not label:
            joined.append(line)
    return joined


def _without_rule(line: str) -> str:
    """The line without what is left of the cells of a table, `| |`."""
    rest = line.rstrip("| ")
    return line if rest and line == f"{rest}|" else rest


def _without_related(lines: list[str]) -> list[str]:
    """The lines before `相关稿件`, where only titles and credits follow; the credits stay."""
    prose = (number for number in reversed(range(len(lines))) if _is_prose(lines[number]))
    last = next(prose, -1)
    for number, line in enumerate(lines):
        if number >= last and furniture.heads_box(line):
            rest = lines[number + 1 :]
            return [*lines[:number], *(line for line in rest if credits.credit_line(line))]
    return lines


def _hidden_tail(lines: list[str]) -> tuple[Tail | None, int]:
    """What a newspaper page says of itself at its end, and where that begins."""
    last = len(lines)
    while last and not lines[last - 1]:
        last -= 1
    for begin in range(last - 1, max(last - 1 - _TAIL_LINES, -1), -1):
        if tail := tail_in(" ".join(lines[begin:last])):
            return tail, begin
    return None, last


def _is_prose(line: str) -> bool:
    """Whether a line is the article's own text rather than a title."""
    length = len(line) if HAN.search(line) else len(line) // _LETTERS_A_CHARACTER
    if length >= _PROSE and _STOP.search(line):
        return True
    is_sentence = bool(SENTENCE.search(line[-2:]) or _DATELINE.match(line))
    return length >= _SENTENCE_LENGTH and is_sentence


def _is_date_line(line: str, day: date | None) -> bool:
    """Whether a line is a whole date, near the day of the address, and source: no sentence."""
    raw = dates.find_full(line) if len(line) <= _DATE_LINE_LENGTH else None
    moment = dates.moment_of(raw, _LATER) if raw else None
    if raw is None or moment is None:
        return False
    before, _, after = line.partition(raw)
    if day and abs(moment.at.date() - day) > _NEAR:
        return False
    return bool(_BEFORE_DATE.fullmatch(before.strip()) and _AFTER_DATE.fullmatch(after.strip()))
