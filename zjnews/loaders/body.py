"""The pieces of a body, sorted into blocks and credits."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import accumulate, pairwise

from zjnews.items import Block, Image
from zjnews.loaders.walk import Line, Piece
from zjnews.text import captions, credits, dates, furniture
from zjnews.text.captions import Caption
from zjnews.text.cleaning import squeeze, unique
from zjnews.text.credits.words import Credits

_SENTENCE_LENGTH = 50
"""Lines from this length on that end like a sentence are the article itself; credits are before
the first and after the last of them."""
_SAID_LENGTH = 30  # characters of a sentence that is looked for on both sides of a notice
_REPEATED = 20  # characters by which a sentence is known again
_SHARED = 5  # so many sentences may be below an article once more, for sharing
_HEADING_LENGTH = 40
_HEADING_WORDS = 12
_SENTENCE_END = tuple("。！？；：，…!?;:,.")
_LABELLED_LINE = re.compile(r"\W{0,3}[A-Z][\w’' ]{1,24}:\s")
"""`Getting there: Bus 27` is no heading."""
_DATE_LINE_LENGTH = 80
_DATE_LABEL = re.compile(r"(?:发布|发表)?(?:时间|日期)\s?[:：]")
_CLOCK_OR_SOURCE = re.compile(rf"{dates.CLOCK_SIGN.pattern}|源\s?[:：]")
_CLOSING = "”’」』）)】\"' "


@dataclass(slots=True)
class Body:
    """What a body container holds."""

    blocks: list[Block] = field(default_factory=list)
    credits: Credits = field(default_factory=dict)
    picture: Image | None = None  # the picture right before what is read now
    uncredited: Image | None = None  # the last picture that nobody has been credited with
    has_text: bool = False
    items: set[int] = field(default_factory=set)
    """The numbers of the blocks that are items of a list."""

    def add(self, block: Block) -> None:
        self.blocks.append(block)
        self.picture = block.image
        if block.image is not None:
            self.uncredited = block.image
        self.has_text = self.has_text or block.text is not None


def read_body(
    pieces: Iterable[Piece], heads: Iterable[str | None], short_line_headings: bool = False
) -> Body:
    """Sort the pieces of a body into blocks and credits.

    `heads`: title, kicker and subtitle, which some bodies repeat before their first line.
    `short_line_headings`: a short line without an end mark before a paragraph is a heading, as on
    English pages, where nothing in the markup says so.
    """
    pieces = _with_labels_joined(_without_foot(_without_boxes(list(pieces))))
    lines = [piece for piece in pieces if isinstance(piece, Line)]
    body = Body()
    printed = {squeeze(head) for head in heads if head}
    first, last = _extent(lines)
    listed = _listed(lines)
    number = -1
    for piece in pieces:
        if isinstance(piece, Block):
            body.add(piece)
            continue
        number += 1
        if _take_caption(piece, body):
            continue
        body.picture = None
        if not body.has_text and squeeze(piece.text) in printed:
            continue
        if number in listed:
            _add_text(piece, piece.text, body)
        elif _is_furniture(piece):
            credits.merge(body.credits, _credits_of_frame(piece.text))
        else:
            _take_line(piece, body, at_edge=not first < number < last, at_foot=number > last)
    if short_line_headings:
        _mark_short_lines(body)
    body.credits = {field: unique(values) for field, values in body.credits.items()}
    return body


def _with_labels_joined(pieces: list[Piece]) -> list[Piece]:
    """The pieces with a label on a line of its own, `来源：` or `本报记者`, joined to its value,
    before and after the article's own sentences."""
    lines = [piece for piece in pieces if isinstance(piece, Line)]
    if not any(credits.is_label(line.text) for line in lines):
        return pieces
    first, last = _extent(lines)
    joined: list[Piece] = []
    number = -1
    for piece in pieces:
        label = joined[-1] if joined else None
        if isinstance(piece, Line):
            number += 1
            is_edge = not first <= number <= last
            if is_edge and isinstance(label, Line) and credits.is_label(label.text):
                text = f"{label.text} {piece.text}"
                if credits.credit_line(text) is not None:
                    joined[-1] = Line(text)
                    continue
        joined.append(piece)
    return joined


def _extent(lines: list[Line]) -> tuple[int, int]:
    """The numbers of the first and last line that are the article's own sentences."""
    own = [
        number
        for number, line in enumerate(lines)
        if len(line.text) >= _SENTENCE_LENGTH and _ends_sentence(line.text)
    ]
    own = own or [
        number
        for number, line in enumerate(lines)
        if _ends_sentence(line.text) and not credits.is_label(line.text)
    ]
    return (own[0], own[-1]) if own else (1, len(lines) - 2)


def _listed(lines: list[Line]) -> set[int]:
    """The numbers of the lines that credit a book or film: `作者：张三` below `《活着》`."""
    found: set[int] = set()
    works = [number for number, line in enumerate(lines) if credits.describes_work(line.text)]
    for work in works:
        for way in (range(work - 1, -1, -1), range(work + 1, len(lines))):
            for number in way:
                if number in found or not credits.is_of_works(lines[number].text):
                    break
                found.add(number)
    return found


def _without_boxes(pieces: list[Piece]) -> list[Piece]:
    """The pieces without boxes of links, such as `相关阅读`, and readers' comments at the end."""
    kept: list[Piece] = []
    last_sentence: int | None = None
    in_box = False
    for number, piece in enumerate(pieces):
        if isinstance(piece, Line):
            if furniture.heads_comments(piece.text):
                if last_sentence is None:
                    last_sentence = max(_sentences(pieces, _SENTENCE_LENGTH), default=-1)
                if number > last_sentence:
                    break
            following = pieces[number + 1] if number + 1 < len(pieces) else None
            begins = furniture.heads_box(piece.text) and (following is None or _is_link(following))
            in_box = begins or (piece.is_link and (in_box or furniture.heads_box(piece.own or "")))
            if in_box:
                continue
        kept.append(piece)
    return kept


def _is_link(piece: Piece) -> bool:
    return isinstance(piece, Line) and piece.is_link


def _without_foot(pieces: list[Piece]) -> list[Piece]:
    """The pieces before the site's notices, if only the frame or repeated sentences follow."""
    texts = [piece.text if isinstance(piece, Line) else "" for piece in pieces]
    first = next((n for n, text in enumerate(texts) if _ends_sentence(text)), len(texts))
    others = (n for n in reversed(range(len(pieces))) if not _is_frame(pieces[n]))
    last_other = next(others, -1)
    said: _Said | None = None
    for number, text in enumerate(texts):
        if first < number and furniture.is_notice(text):
            said = said or _Said(texts, _sentences(pieces, _SAID_LENGTH))
            ends = not said.more_from(number)
        else:
            ends = last_other <= number and furniture.heads_box(text)
        if ends:
            return pieces[:number]
    return pieces


def _is_frame(piece: Piece) -> bool:
    return isinstance(piece, Line) and (piece.is_link or _is_furniture(piece))


def _sentences(pieces: list[Piece], length: int) -> list[int]:
    """The numbers of the pieces that are whole sentences of an article, at least so long."""
    return [
        number
        for number, piece in enumerate(pieces)
        if isinstance(piece, Line)
        and len(piece.text) >= length
        and _ends_sentence(piece.text)
        and not furniture.is_notice(piece.text)
    ]


class _Said:
    """Where a text says its last sentences for the first time."""

    def __init__(self, texts: list[str], sentences: list[int]) -> None:
        squeezed = list(map(squeeze, texts))
        whole = "".join(squeezed)
        self.starts = [0, *accumulate(map(len, squeezed))]
        self.sentences = sentences
        last = (squeezed[number][:_REPEATED] for number in sentences[-_SHARED:])
        self.ends = [whole.find(text) + len(text) for text in last]

    def more_from(self, number: int) -> bool:
        """Whether sentences from a line on have not been said before it."""
        later = sum(sentence >= number for sentence in self.sentences[-_SHARED - 1 :])
        return later > _SHARED or any(
            end > self.starts[number] for end in self.ends[len(self.ends) - later :]
        )


def _is_furniture(line: Line) -> bool:
    """Whether a line is no part of any article, wherever it is."""
    return furniture.is_frame(line.text) and not (line.bold and line.text[0].isdigit())


def _credits_of_frame(text: str) -> Credits:
    return credits.read_line(furniture.credits_after_title(text))


def _of_date_line(text: str) -> Credits | None:
    """The credits of a line of date and source above a text; a day alone may begin a diary."""
    is_short = len(text) <= _DATE_LINE_LENGTH
    raw = dates.of_line(text) if is_short and _CLOCK_OR_SOURCE.search(text) else None
    if raw is None:
        return None
    rest = _DATE_LABEL.sub("", text.replace(raw, " ", 1)).strip(" |｜")
    return credits.credit_line(rest) if rest else {} if dates.CLOCK_SIGN.search(raw) else None


def _take_line(line: Line, body: Body, at_edge: bool, at_foot: bool) -> None:
    text = furniture.without_buttons(line.text)
    if not body.has_text and (found := _of_date_line(text)) is not None:
        credits.merge(body.credits, found)
        return
    if tags := furniture.tags_in(text, at_foot):
        credits.merge(body.credits, {"keywords": tags.words, **credits.read_line(tags.rest)})
        return
    found = credits.credit_line(text, at_edge)
    if found is not None:
        credits.merge(body.credits, found)
        return
    if _take_late_credit(line, body):
        return
    if at_foot and furniture.is_notice(line.text):
        return
    text, found = credits.take_byline(line.text)
    credits.merge(body.credits, found)
    if text:
        _add_text(line, text, body)


def _add_text(line: Line, text: str, body: Body) -> None:
    if line.is_item:
        body.items.add(len(body.blocks))
    body.add(Block("heading" if _is_heading(line, text) else "paragraph", text=text))


def _is_heading(line: Line, text: str) -> bool:
    is_short = len(text) <= _HEADING_LENGTH and not _ends_sentence(text)
    return line.bold and is_short and not line.is_item


def _take_caption(line: Line, body: Body) -> bool:
    """Give the picture right before a line its caption, or the credit after its caption."""
    picture = body.picture
    if picture is None or picture.credit is not None:
        return False
    is_byline = any(word in line.text for word in ("记者", "通讯员", "编辑"))
    hinted = line.captioning and not is_byline and not _is_heading(line, line.text)
    caption = captions.read_caption(line.text, hinted)
    if caption is None or (picture.caption and caption.caption):
        return False
    _apply(caption, picture, body.credits)
    return True


def _take_late_credit(line: Line, body: Body) -> bool:
    """Give a line that is nothing but a picture's credit to the last picture that has none."""
    picture = body.uncredited
    if picture is None or picture.credit is not None or len(line.text) > _SENTENCE_LENGTH:
        return False
    caption = captions.read_caption(line.text, hinted=False)
    if caption is None or caption.caption is not None:
        return False
    _apply(caption, picture, body.credits)
    return True


def _apply(caption: Caption, picture: Image, found: Credits) -> None:
    picture.caption = picture.caption or caption.caption
    picture.credit = caption.credit
    if caption.photographers:
        credits.merge(found, {"photographers": list(caption.photographers)})


def _mark_short_lines(body: Body) -> None:
    for number, (block, following) in enumerate(pairwise(body.blocks)):
        text = block.text or ""
        if (
            block.type == "paragraph"
            and number not in body.items
            and following.type == "paragraph"
            and len(text.split()) <= _HEADING_WORDS
            and len(text) <= 2 * _HEADING_LENGTH
            and len(following.text or "") > len(text)
            and not _ends_sentence(text)
            and not _LABELLED_LINE.match(text)
            and captions.read_caption(text, hinted=False) is None
            and credits.credit_line(text) is None
        ):
            block.type = "heading"


def _ends_sentence(text: str) -> bool:
    return text.rstrip(_CLOSING).endswith(_SENTENCE_END)
