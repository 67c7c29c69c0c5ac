"""Who made an article, as pages print it in Chinese and English: labels, bylines, names.

Works on lines of folded text only; knows no markup. In the line under the title anything after a
label is taken. In the body a line must be names and roles throughout, for prose speaks of 记者 and
编辑 too, and a sentence lost is worse than a credit left. All words are in `words.toml`.
"""

import re
from collections.abc import Mapping
from functools import lru_cache

from zjnews.text.cleaning import fold, unique
from zjnews.text.credits import english
from zjnews.text.credits.chinese import Reader, is_medium, may_credit
from zjnews.text.credits.persons import HAN, is_name
from zjnews.text.credits.words import (
    CONTACT,
    CONTROL,
    ROLES,
    SOURCE,
    Credits,
    Role,
    one_of,
    plain,
    word_list,
)
from zjnews.text.dates import without_day_after

LINE_LENGTH = 120  # longer lines are no credits
_HEAD_LENGTH = 300  # longer lines under a title are cut

_MOST_BYLINES = 4  # so many brackets may be at one end of a paragraph
_BULLETS = "□■●○◎▲△▼▽★☆◆◇▪◾◼▇▍▎▌⬤►▶➤☞✎✍📝📷\ufe0f＊*•· 　"
_SIGNING_BULLETS = {"□": 1, "■": 2, "◎": 2}
"""How many names it takes after a bullet to sign: `□ 张三`; `■ 雁荡山` is a heading."""
_PAIRS = {**dict.fromkeys("(（", ")）"), **dict.fromkeys("[【〔［", "]】〕］")}
"""What closes a bracket; editors mix full and half width."""
_OPENERS = re.escape("".join(_PAIRS))
_CLOSERS = frozenset("".join(_PAIRS.values()))
_OPENING = re.compile(f"[{_OPENERS}]")
_CLOSING = re.compile(f"[{re.escape(''.join(sorted(_CLOSERS)))}]")
_NOTE_LENGTH = 120
_SIGNATURE_LENGTH = 60
_MARK_LENGTH = 4  # of `（完）` with the space before it
_SOURCE_LENGTH = 30
_SENTENCE = re.compile(r"[。？！?!“”《》…\"]")  # what no line of credits has
_SENTENCE_ENDS = ("。", "！", "？", "”", "…")
_CLOSED = frozenset({"", *_SENTENCE_ENDS, *_CLOSERS})
"""How a paragraph ends that is not signed without a bracket."""
_OCCUPATIONS = one_of(frozenset(word for word, role in ROLES.items() if role.is_occupation))
_OCCUPATION = re.compile(_OCCUPATIONS)
_OCCUPATION_ALONE = re.compile(rf"[\u3400-\u9fff·]{{0,8}}(?:{_OCCUPATIONS})")
_LABEL_LENGTH = 12
_SIGNS_ANYWHERE = re.compile(
    rf"{one_of(frozenset(word for word, role in ROLES.items() if role.is_anywhere))}"
    "|ditor|DITOR|ranslat|RANSLAT"
)
"""What a line of credits in the middle of a body has one of."""
_QUOTED_SOURCE = re.compile(
    r"((?:来\s?源|稿源)\s?[:：|｜丨/／]\s?)《([^《》]{2,20})》(?=[\s）)】\]]|$)"
)
"""`来源：《江心日报》`"""
_LABEL = re.compile(rf"(?:{one_of(frozenset(ROLES))})\s?[:：]|来源|稿源|Source|source")
"""What makes a line under the title one of credits for sure."""
_WORD_RUN = re.compile(r"[^\s、，,;；/／|｜丨:：()（）\[\]【】&·]{26}")
"""So much without a break is a sentence."""
_SIGNED = re.compile(
    rf"(?<=[。！？”])\s?(?P<dash>[-－—–]{{1,2}}\s?)?"
    rf"(?P<people>[\u3400-\u9fff·]{{0,12}}?(?:{_OCCUPATIONS})[^。！？]{{2,40}})$"
)
"""`……成了新商圈。 -摄影记者冯三坤`, `……成了新商圈。本报记者 冯三坤`"""
_LABELLED_END = re.compile(
    r"(?<=[。！？”])\s?(?P<line>(?:责任编辑|责编|编辑|来源|作者)\s?[:：][^。！？]{2,60})$"
)
"""`……成了新商圈。责任编辑：张三`"""
_FINISHED = re.compile(r"\s?[（(]完[）)]$")
_BYLINE_SIGN = re.compile(rf"[-－—–{_OPENERS}]")
_DATELINE = re.compile(r"[^。，！？]{0,40}(?:(?<!通)[讯訊]|[电電]|消息)[】\]]?\s?")
_WIRED = re.compile(r"\d日[电電讯訊]\s?$")
_DATELINE_IN_BRACKETS = re.compile(r"[【\[][^。，！？】\]]{0,30}(?:讯|电|消息)[】\]]")
_REPORTING = re.compile(
    r"(?P<dateline>(?:[^。，！？:：]{0,40}?(?:(?<!通)讯|电|消息)[】\]]?\s?)?)(?P<people>[^。！？:：]{2,60}?)报道\s?[:：]\s?"
)
"""`记者张三、通讯员李四报道：` before the first sentence."""
_WORK = re.compile(
    rf"\s*(?:《[^《》]{{1,60}}》[^。！？]{{0,20}}\Z|(?:{one_of(word_list('works'))})\s?[:：])", re.I
)
_LABELLED_WORK = re.compile(
    r"[^。！？，《》:：]{0,6}(?:奖|名|书目|书单|作品|佳作)\s?[:：]\s?《[^《》]{1,60}》[^。！？]{0,20}"
)
"""`一等奖：《晨曦》`"""
_ENGLISH_WORK = re.compile(r"(?:title|publisher|isbn|price|director|cast|starring)\s?:", re.I)


def people_in(text: str, strict: bool) -> Credits:
    """The people of a run of roles, employers and names. Strict: none unless all words are such,
    and one of them for sure."""
    text = _bare(text[:LINE_LENGTH])
    if not HAN.search(text):
        people = english.people(text, strict)
        return {"authors": people} if people else {}
    reader = Reader(text, strict, leading=ROLES["作者"])
    return reader.found if reader.read() and (reader.is_sure or not strict) else {}


def merge(into: Credits, found: Mapping[str, list[str]]) -> None:
    """Add credits to credits, names perhaps twice: to look for each would take quadratic time."""
    for key, values in found.items():
        into.setdefault(key, []).extend(values)


def read_line(text: str) -> Credits:
    """The line under the title: `来源：浙江在线 作者：张三 责任编辑：李四`, in any order."""
    found = _read_head(text[:_HEAD_LENGTH])
    return {field: list(values) for field, values in found.items()}


@lru_cache(maxsize=512)
def _read_head(text: str) -> Credits:
    """What a line under the title gives; the same sources and editors come again and again."""
    if not HAN.search(text):
        read = english.credits_in(text, strict=False)
        return read[0] if read else {}
    text = plain(text)
    if not _LABEL.search(text):
        return credit_line(text.strip(" |｜丨-")) or {}
    if by := re.search(r"\s[Bb]y\s(?=[A-Z])", text):
        return {**_read_head(text[: by.start()]), **people_in(text[by.end() :], strict=False)}
    reader = Reader(text, strict=False)
    reader.read()
    return reader.found


def credit_line(text: str, at_edge: bool = True) -> Credits | None:
    """The credits of a line that is nothing else: `（责任编辑：张三）`, `Translation: Wu Ziyi`,
    `本报记者 张三 通讯员 李四`. None for any other line; `记者：你怎么看？` is one.

    `at_edge`: the line is at the head or foot of a body, where less is needed to believe it.
    """
    read = _read_credits(text, at_edge)
    return None if read is None else read[0]


def is_label(text: str) -> bool:
    """Whether a line is a label whose value may be on the next one: `来源：`, `本报记者`."""
    if len(text) > _LABEL_LENGTH:
        return False
    return text.endswith((":", "：")) or bool(_OCCUPATION_ALONE.fullmatch(text))


def is_of_works(text: str) -> bool:
    """Whether a line of credits could be one of a book, film or exhibit: `作者：张三`."""
    read = _read_credits(text, at_edge=True)
    return read is not None and all(role.is_of_works for role in read[1])


def describes_work(text: str) -> bool:
    """Whether a line tells of a book, film or exhibit: `《活着》`, `出版社：作家出版社`."""
    if _WORK.match(text) or _ENGLISH_WORK.match(text):
        return True
    return "《" in text and bool(_LABELLED_WORK.fullmatch(text))


def take_byline(text: str) -> tuple[str, Credits]:
    """Take bylines, `（记者 张三 通讯员 李四）` or `记者张三、通讯员李四报道：`, off a paragraph:
    from its start, after its dateline, which stays, and from its end."""
    found: Credits = {}
    if _BYLINE_SIGN.search(text) or "报道" in text or _may_be_signed(text):
        text = _take_first(text, found)
        closing: list[Credits] = []
        is_marked = text.endswith(("完）", "完)"))
        finished = _FINISHED.search(text, max(0, len(text) - _MARK_LENGTH)) if is_marked else None
        text, end = (text[: finished.start()], finished[0]) if finished else (text, "")
        while len(closing) < _MOST_BYLINES and (last := _last_byline(text)):
            text, people = last
            closing.append(people)
        for people in reversed(closing):
            merge(found, people)
        text += end
    return text, {field: unique(names) for field, names in found.items()}


def _may_be_signed(text: str) -> bool:
    if text.endswith(_SENTENCE_ENDS) or not any(mark in text for mark in "。！？”"):
        return False
    start = max(0, len(text) - _SIGNATURE_LENGTH)
    return bool(_OCCUPATION.search(text, start) or _LABEL.search(text, start))


def _take_first(text: str, found: Credits) -> str:
    """Take the bylines before the first sentence."""
    bracketed = _DATELINE_IN_BRACKETS.match(text)
    dateline, position = (bracketed[0], bracketed.end()) if bracketed else ("", 0)
    start_of_text = position
    for _ in range(_MOST_BYLINES):
        start, end = _bracket_from(text, position)
        if start < 0:
            break
        before = dateline + text[position:start]
        people = _people_after(before, text[start:end])
        if people is None:
            break
        merge(found, people)
        dateline, position = before, end
    if position > start_of_text:
        return fold(f"{dateline} {text[position:]}")
    if "报道" in text[:_NOTE_LENGTH] and (match := _REPORTING.match(text)):
        people = _trusted_people(match["people"]) if _OCCUPATION.search(match["people"]) else None
        if people and not match["people"].startswith("据"):
            merge(found, people)
            return fold(match["dateline"] + " " + text[match.end() :])
    return text


def _people_after(before: str, bracket: str) -> Credits | None:
    """The people of a bracket after a dateline, which agencies fill with names alone,
    `中新网杭州3月18日电（张三）`, or of one that a paragraph begins with."""
    if not before.strip():
        return _byline(bracket) if _OCCUPATION.search(plain(bracket)) else None
    if not _DATELINE.fullmatch(before):
        return None
    people = _byline(bracket)
    if people is None and _WIRED.search(before):
        return people_in(bracket, strict=True) or None
    return people


def _bracket_from(text: str, position: int) -> tuple[int, int]:
    """Where the next bracket begins and ends; -1, -1 if none is where a byline is."""
    opening = _OPENING.search(text, position, position + _NOTE_LENGTH)
    start = opening.start() if opening else -1
    closing = _CLOSING.search(text, start, start + _NOTE_LENGTH) if opening else None
    return (start, closing.end()) if closing else (-1, -1)


def _last_byline(text: str) -> tuple[str, Credits] | None:
    """A paragraph without the byline after its last sentence, and the people of that."""
    is_open = text[-1:] not in _CLOSED
    if is_open and (signed := _SIGNED.search(text, max(0, len(text) - _NOTE_LENGTH))):
        run = signed["people"]
        people = _trusted_people(run) if signed["dash"] else people_in(run, strict=True)
        return (text[: signed.start()], people) if people else None
    if is_open and (labelled := _LABELLED_END.search(text, max(0, len(text) - _NOTE_LENGTH))):
        people = credit_line(labelled["line"])
        return None if people is None else (text[: labelled.start()], people)
    ended = text.rstrip("。. ")
    if ended[-1:] not in _CLOSERS:
        return None
    start = _opening_of_last(ended)
    if start < 0:
        return None
    before = text[:start].rstrip()
    reports = bool(_OCCUPATION.search(plain(ended[start:])))
    if not reports and not before.endswith((*_SENTENCE_ENDS, *".!?）)】〕］")):
        return None
    people = _byline(ended[start:])
    return None if people is None else (before, people)


def _byline(bracket: str) -> Credits | None:
    """The people of a bracket that is a byline by what it says."""
    inside = _bare(plain(bracket))
    reports = _OCCUPATION.search(inside)
    people = _trusted_people(inside) if reports else credit_line(inside)
    return None if people is None or list(people) == [SOURCE] else people


def _trusted_people(text: str) -> Credits | None:
    """The people of a run that can be nothing but a byline if all of it is roles and names."""
    if len(text) > LINE_LENGTH or _SENTENCE.search(text):
        return None
    reader = Reader(text, strict=True)
    return reader.found if reader.read() and reader.has_persons else None


def _read_credits(text: str, at_edge: bool) -> tuple[Credits, list[Role]] | None:
    """The credits of a line and their roles. Most have none, so quick questions come first."""
    if "《" in text and len(text) <= LINE_LENGTH:
        text = _QUOTED_SOURCE.sub(r"\1\2", text)
    if len(text) > LINE_LENGTH or _SENTENCE.search(text, 1, len(text) - 2):
        return None
    text = plain(text)
    if not at_edge and not _SIGNS_ANYWHERE.search(text):
        return None
    inner = without_day_after(_bare(text.lstrip(_BULLETS)).rstrip("。. "))
    if _SENTENCE.search(inner):
        return None
    if HAN.search(inner):
        is_prose = _WORD_RUN.search(inner) or not may_credit(text)
        return None if is_prose else _read_chinese(text, inner, at_edge)
    read = english.credits_in(inner, strict=True) if english.may_credit(inner) else None
    if read is None or (not at_edge and not all(role.is_anywhere for role in read[1])):
        return None
    return read


def _read_chinese(text: str, inner: str, at_edge: bool) -> tuple[Credits, list[Role]] | None:
    reader = Reader(inner, strict=True)
    if not reader.read():
        return None
    if not reader.roles:
        is_signed = at_edge and _is_signed(text, reader)
        return (reader.found, [ROLES["记者"]]) if is_signed else None
    is_allowed = at_edge or all(role.is_anywhere for role in reader.roles)
    return (reader.found, reader.roles) if is_allowed and _is_sure(reader) else None


def _is_sure(reader: Reader) -> bool:
    """Whether what was understood credits somebody, and can be nothing else."""
    if any(CONTROL in role.fields for role in reader.roles):
        return False
    source = reader.found.get(SOURCE, [""])[0]
    if len(source) > _SOURCE_LENGTH or re.search(r"[，,；;]", source):
        return False
    if not reader.has_persons:
        return bool(source)
    if all(CONTACT in role.fields for role in reader.roles):
        return False
    # `编辑：小鱼 审核：老张`: two labels, one of which the record has a key for.
    has_labels = len(reader.labelled) > 1 and any(role.fields for role in reader.labelled)
    return reader.is_sure or has_labels


def _is_signed(text: str, reader: Reader) -> bool:
    """Whether names without a role sign: `□ 张三`, `共享联盟·龙游 张三`."""
    texts = [word.text for word in reader.words]
    needed = _SIGNING_BULLETS.get(text[0], LINE_LENGTH)
    if texts and is_medium(texts[0]):
        texts, needed = texts[1:], 1
    return len(texts) >= needed and all(map(is_name, texts))


def _opening_of_last(text: str) -> int:
    """Where the bracket begins in which a text ends, with those inside it, `（张三（文））`; -1 if
    nowhere."""
    depth = 0
    for position in range(len(text) - 1, max(-1, len(text) - _NOTE_LENGTH - 2), -1):
        depth += (text[position] in _CLOSERS) - (text[position] in _PAIRS)
        if depth == 0:
            return position
    return -1


def _bare(text: str) -> str:
    """The text without a pair of brackets around all of it."""
    text = text.strip()
    closing = _PAIRS.get(text[:1], "")
    if text and text[-1] in closing and _opening_of_last(text) == 0:
        return text[1:-1].strip()
    return text
