"""The grammar of Chinese credits: a line is roles, names and employers, in any order."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property, lru_cache

from zjnews.text.cleaning import unique
from zjnews.text.credits import persons
from zjnews.text.credits.words import (
    CONTACT,
    CONTROL,
    MODIFIERS,
    PEOPLE,
    ROLES,
    SOURCE,
    Credits,
    Role,
    one_of,
    word_list,
)


class Gap(IntEnum):
    """What parts a word from the one before; a higher one ties closer."""

    START = 0
    COMMA = 1
    SPACE = 2
    SLASH = 3
    GLUED = 4
    COLON = 5


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a line with what it was taken for."""

    text: str
    gap: Gap
    raw_gap: str = ""
    role: Role | None = None
    employer: str = ""  # what a role's word begins with: 天目新闻 of 天目新闻首席记者
    is_foreign: bool = False  # a country or dynasty stood before it: [美], （清）


_GAP = re.compile(r"([\s、，,;；/／|｜丨&＆\\:：+＋]+)")
_HAN = r"\u3400-\u9fff"
_BRACKET = re.compile(r"[\[\]［］【】〔〕()（）]")
_NOTE = re.compile(r"[（(]([^（()）]{0,60})[）)]")
_COUNTRY = re.compile(
    r"(?:^|(?<=[\s、，,;；/／|｜丨:：]))"
    rf"(?:[\[［【〔](?P<square>[{_HAN}]{{1,6}})[\]］】〕]|[（(](?P<round>[{_HAN}]{{1,3}})[）)])\s?(?=[{_HAN}A-Z])"
)
_FOREIGN = "^"  # marks a name that a country stood before
_FOREIGN_NAME = re.compile(rf"(?=..)[{_HAN}A-Z.]{{1,9}}(?:[·•・‧．.][{_HAN}A-Z]{{1,9}}){{0,3}}")
_WHOLE_WORDS = frozenset(word for word, role in ROLES.items() if not role.is_letter)
_LABEL_NEXT = re.compile(rf"(?:{one_of(_WHOLE_WORDS)})\s?[:：]")
_LETTERS = "".join(word for word, role in ROLES.items() if role.is_letter)
_ROLE_WORD = re.compile(
    rf"(?P<employer>[{_HAN}·•A-Za-z0-9-]{{0,16}}?)"
    rf"(?P<role>(?:{one_of(MODIFIERS)}){{0,3}}(?:{one_of(_WHOLE_WORDS)}))(?P<rest>[{_HAN}·]{{0,8}})"
)
_GLUED_VERB = re.compile(
    rf"(?P<name>[{_HAN}·]{{2,8}}?)(?P<verb>摄影报道|摄影|摄|供图|报道|拍摄|整理)"
)
"""张三摄: the verb sticks to the name."""
_OCCUPATION = re.compile(one_of(frozenset(w for w, r in ROLES.items() if r.is_occupation)))
_PLACES = word_list("places")
_EMPLOYERS = word_list("employer") | _PLACES
_MEDIUM = re.compile(r"在线|新闻|联盟|融媒|客户端|报道组|[日晚早商快时都]报")
_EMPLOYER_ENDS = tuple(word_list("employer", "ends"))
_EMPLOYER_STARTS = tuple(word_list("employer", "starts"))
_WORKS = word_list("works")
_PROSE = re.compile(f"[{''.join(word_list('names', 'prose'))}]")
_LATIN_WORD = re.compile(r"[A-Z][\w.'’-]*")
_FURNITURE = re.compile(
    r"打印|收藏|评论|关闭|转发|字[体号大小].*|[大中小]字?号?|(?:分享|阅读|浏览|点击|责任|手机看).*|[A-Za-z+\-]{1,2}"
    r"|[\d.,]+[万千]?[次人+]?(?:阅读|浏览|评论|点击|点赞|分享|参与)?|\d{1,4}[年月日时点.-][\d年月日时点分秒.-]*|\W+"
)
"""What a line under the title has beside credits."""
_UNKNOWN_ROLE = re.compile(rf"[{_HAN}]{{2,6}}")
_FOLLOWED = [ROLES[word] for word in ("编辑", "责编", "责任编辑", "摄影")]
_SENT_FROM = "发自"


_SIGN = re.compile(
    rf"{one_of(_WHOLE_WORDS)}|[摄绘译著]|(?<![{_HAN}])[{_LETTERS}](?![{_HAN}])|[{_LETTERS}]丨|^\W|{_SENT_FROM}"
    rf"|{_MEDIUM.pattern}"
)


def may_credit(text: str) -> bool:
    """Whether a line has a sign of credits at all: a quick test."""
    return bool(_SIGN.search(text))


def tokens(text: str, strict: bool) -> list[Word]:
    """The words of a line. Names that were spaced out, 张 三 or 刘 乐平, are put together."""
    text = text.replace(_FOREIGN, " ")
    if _BRACKET.search(text):
        text = _COUNTRY.sub(_mark_country, text)
        text = _NOTE.sub(lambda note: _read_note(note[1].strip(), strict), text)
        text = text if strict else _BRACKET.sub(" ", text)
    found: list[Word] = []
    parts = _GAP.split(text)
    for raw_gap, part in zip(["", *parts[1::2]], parts[::2], strict=True):
        if part:
            _add(found, part, raw_gap if found else "")
    return found


def _mark_country(match: re.Match[str]) -> str:
    """`[美]张三` is a name, `【编辑】张三` a role and a name, `来源：[江心日报] ` a value."""
    inside = match["square"] or match["round"]
    if inside in ROLES:
        return f" {inside}:"
    is_name_of_medium = inside not in _PLACES and is_employer(inside)
    is_value = is_name_of_medium or _LABEL_NEXT.match(match.string, match.end())
    return f" {inside} " if is_value else _FOREIGN


def _read_note(note: str, strict: bool) -> str:
    """What a note in brackets adds: 张三（文） is 张三/文, but 张三（实习） is 张三."""
    parts = [part for part in _GAP.split(note)[::2] if part]
    if parts and all(part in ROLES for part in parts):
        return f"/{note} "
    names_someone = persons.is_name(note) or persons.is_latin_name(note)
    if _OCCUPATION.match(note) or (names_someone and not strict):
        return f" {note} "
    return " "


def _add(found: list[Word], part: str, raw_gap: str) -> None:
    gap = _kind_of(raw_gap)
    last = found[-1] if found else None
    if last and last.role is None and gap is Gap.SPACE:
        joins_han = (_is_fragment(last.text) and persons.HAN.match(part) and part not in ROLES) or (
            last.text in persons.DOUBLE_SURNAMES and len(part) <= 2
        )
        joins_latin = _LATIN_WORD.fullmatch(part) and _LATIN_WORD.match(last.text)
        if joins_han or joins_latin:
            found.pop()
            part = f"{last.text} {part}" if joins_latin else last.text + part
            gap, raw_gap = last.gap, last.raw_gap
    found.extend(_split(part, gap, raw_gap))


@lru_cache(maxsize=256)
def _kind_of(raw_gap: str) -> Gap:
    if not raw_gap:
        return Gap.START
    if ":" in raw_gap or "：" in raw_gap:
        return Gap.COLON
    if any(mark in raw_gap for mark in "/／|｜丨\\"):
        return Gap.SLASH
    return Gap.SPACE if raw_gap.isspace() else Gap.COMMA


def _is_fragment(text: str) -> bool:
    is_letter = len(text) == 1 and bool(persons.HAN.match(text))
    return is_letter and text not in ROLES and text not in "大中小"


@lru_cache(maxsize=2048)
def _split(part: str, gap: Gap, raw_gap: str) -> tuple[Word, ...]:
    """A word, or the role and the name that are written as one: 记者张三, 张三摄."""
    if part.startswith(_FOREIGN):
        return (Word(part.lstrip(_FOREIGN), gap, raw_gap, is_foreign=True),)
    if role := ROLES.get(part):
        return (Word(part, gap, raw_gap, role),)
    if part in _EMPLOYERS:  # 摄影爱好者
        return (Word(part, gap, raw_gap),)
    if part.endswith("等") and persons.is_name(part[:-1]):
        return (Word(part[:-1], gap, raw_gap),)
    verb = _GLUED_VERB.fullmatch(part)
    if verb and persons.is_name(verb["name"]):
        return (
            Word(verb["name"], gap, raw_gap),
            Word(verb["verb"], Gap.GLUED, "", ROLES[verb["verb"]]),
        )
    match = None if persons.is_name(part) else _ROLE_WORD.fullmatch(part)
    return (match and _split_role(match, gap, raw_gap)) or (Word(part, gap, raw_gap),)


def _split_role(match: re.Match[str], gap: Gap, raw_gap: str) -> tuple[Word, ...]:
    """A role with its employer, and the name that sticks to it; empty if it is something else."""
    role = _role_of(match["role"])
    if not role.is_person:  # 视频来源, 新华社微信
        return ()
    if not _can_employ(match["employer"], role) or not _can_follow(match["rest"], role):
        return ()
    word = Word(match["role"], gap, raw_gap, role, match["employer"])
    return (word, *_split(match["rest"], Gap.GLUED, "")) if match["rest"] else (word,)


def _role_of(text: str) -> Role:
    """The role of a word that may have modifiers: 首席记者, but 摄影记者 is a role of its own."""
    return next(ROLES[text[start:]] for start in range(len(text)) if text[start:] in ROLES)


def _can_employ(employer: str, role: Role) -> bool:
    if not employer or is_employer(employer.rstrip("·•-")):
        return True
    return role.is_occupation and not _PROSE.search(employer)


def _can_follow(rest: str, role: Role) -> bool:
    """Whether what sticks to a role can be a name, or the beginning of one: 记者陶 三."""
    if len(rest) <= 1:
        return not rest or role.is_occupation
    verb = _GLUED_VERB.fullmatch(rest)
    if verb and persons.is_name(verb["name"]):
        return True
    if role.is_occupation and len(rest) <= 3:
        return persons.is_name(rest) or persons.may_be_name(rest)
    return role in _FOLLOWED and persons.is_name(rest)


def _is_button(word: Word) -> bool:
    """Whether a word of a line under a title is a button or a count: 打印, 评论, 1.2万."""
    if word.role is None:
        return bool(_FURNITURE.fullmatch(word.text))
    return CONTROL in word.role.fields


def is_employer(text: str) -> bool:
    """Whether a word is a medium, an organisation or a place: 本报, 天目新闻, 浙江在线·桐乡."""
    if text in _EMPLOYERS or text.startswith(_EMPLOYER_STARTS):
        return True
    if "·" in text:
        return any(map(is_employer, text.split("·")))
    if text[-1:] in ("电", "讯") and text[:-1] in _PLACES:
        return True
    ends = len(text) > 2 and text.endswith(_EMPLOYER_ENDS)
    return ends and not _PROSE.search(text.replace("在线", ""))


def is_medium(text: str) -> bool:
    """Whether a word is an employer of journalists: 潮新闻, 共享联盟·龙游, 县委报道组."""
    return bool(_MEDIUM.search(text)) and is_employer(text)


class Reader:
    """Reads a line into credits. `文/张三 图/李四` has its roles before the names,
    `张三/文 李四/摄` after them, `张三 文/摄` two after one.

    Strict: every word has to be understood. Else the line is one of credits for sure, and only
    what follows a label is taken.
    """

    def __init__(self, text: str, strict: bool, leading: Role | None = None) -> None:
        self.words = tokens(text, strict)
        self.strict = strict
        self.found: Credits = {}
        self.roles: list[Role] = []
        self.is_sure = False  # whether something of it can be nothing else than a credit
        self.fields: tuple[str, ...] = ("authors",)  # where the next names go
        self.leading = leading  # the role that the next names follow
        self.shares_task = False  # whether a task comes before all persons: 图/文 张三 李四
        self.is_labelled = False  # whether a colon or slash parts them
        self.waiting: list[str] = []
        self.labelled: list[Role] = []  # those that a colon, slash or bar parts from names
        self.unknown_roles: list[str] = []
        self.has_persons = False

    def read(self) -> bool:
        """Whether every word was understood; always so where the reading is not strict."""
        position = 0
        while position < len(self.words):
            word = self.words[position]
            if word.role is not None:
                position = self.take_roles(position)
            elif self.fields == (SOURCE,):
                if self.strict and word.gap not in (Gap.COLON, Gap.SLASH):
                    return False  # 来源 于生活
                position = self.take_source(position)
            elif self.fields == (CONTACT,) and (not self.strict or word.text.isascii()):
                position += 1
            elif self.is_unknown_role(position):
                self.lead((), None, is_labelled=True)
                self.unknown_roles.append(word.text)
                position += 1
            elif self.take_name(position) or self.take_employer(position):
                position += 1
            elif self.strict:
                return False
            else:
                position += 1
        self.end_names()
        return any(role.is_person for role in self.roles) or not self.unknown_roles

    # Roles

    def take_roles(self, first: int) -> int:
        """Read roles that belong together, 文/图 or 摄影/本报记者, and see whose they are."""
        last = self.end_of(first, Gap.SLASH)
        if self.trails(first, last):
            self.trail(first, last)
            return last
        last = self.end_of(first, Gap.COMMA)
        group = self.words[first:last]
        roles = self.roles_of(first, last)
        self.roles += roles
        if source := self.source_before(group[0]):
            self.found[SOURCE] = [source]
        fields = self.fields_of(first, last)
        are_occupations = [role.is_occupation for role in roles]
        is_shared = self.shares_task and fields == ("authors",) and all(are_occupations)
        if not is_shared:  # 文/图 记者 张三 通讯员 李四
            self.shares_task = any(are_occupations) and not are_occupations[0]
        self.lead(
            self.fields if is_shared else fields,
            next((role for role in roles if not role.is_occupation), roles[0]),
            is_labelled=any(
                word.gap in (Gap.COLON, Gap.SLASH) for word in self.words[first + 1 : last + 1]
            ),
        )
        if any(word.employer and word.role and word.role.is_occupation for word in group):
            self.is_sure = self.is_sure or self.is_one_name(last)
        return last

    def is_one_name(self, index: int) -> bool:
        """Whether one word is left, and that a name if any: 本报记者 海燕."""
        text = self.words[index].text if index == len(self.words) - 1 else ""
        return persons.may_be_name(text) and not _PROSE.search(text)

    def end_of(self, first: int, loosest: Gap) -> int:
        """Where the roles end that belong together; employers may be between them."""
        last = first + 1
        role = self.words[first].role
        while role and role.is_person and last < len(self.words):
            following = last
            while (
                loosest < Gap.SLASH and following < len(self.words) - 1 and self.employs(following)
            ):
                following += 1
            word = self.words[following]
            if word.role is None or not word.role.is_person or word.gap < loosest:
                break
            if self.labels(following - 1) and self.labels(following):
                break
            last = following + 1
        return last

    def labels(self, index: int) -> bool:
        """Whether a colon follows a word."""
        return index + 1 < len(self.words) and self.words[index + 1].gap is Gap.COLON

    def is_label(self, index: int) -> bool:
        word = self.words[index]
        return word.role is not None or word.text in self.unknown_roles

    def employs(self, index: int) -> bool:
        word = self.words[index]
        return word.role is None and not persons.is_name(word.text) and is_employer(word.text)

    def roles_of(self, first: int, last: int) -> list[Role]:
        return [word.role for word in self.words[first:last] if word.role is not None]

    def fields_of(self, first: int, last: int) -> tuple[str, ...]:
        """The fields of roles that belong together: of tasks, 文/图 记者, else of occupations."""
        roles = self.roles_of(first, last)
        tasks = [role for role in roles if not role.is_occupation] or roles
        return tuple(unique(field for role in tasks for field in role.fields))

    def trails(self, first: int, last: int) -> bool:
        """Whether roles come after their names."""
        word, role = self.words[first], self.words[first].role
        if not self.waiting or self.labels(last - 1) or role is None or not role.is_person:
            return False
        if word.gap is Gap.COMMA:
            return False
        if last == len(self.words):
            return True
        is_before_role = role.is_letter and self.words[last].role is not None
        is_placed_so = is_before_role or self.starts_with_name or self.ends_with_role
        return is_placed_so and not word.employer and not role.is_occupation

    @cached_property
    def starts_with_name(self) -> bool:
        """Whether the first word is neither a role nor an employer, buttons apart."""
        first = next((n for n, word in enumerate(self.words) if not _is_button(word)), 0)
        return self.words[first].role is None and not self.employs(first)

    @cached_property
    def ends_with_role(self) -> bool:
        """Whether the last word is a role, buttons such as 打印 and counts apart."""
        last = next((word for word in reversed(self.words) if not _is_button(word)), None)
        return last is not None and last.role is not None

    def trail(self, first: int, last: int) -> None:
        """Credit the names that wait with the roles after them."""
        fields, gap = self.fields_of(first, last), self.words[first].gap
        others = [role for role in self.roles if role.is_person and role is not ROLES["作者"]]
        is_by_occupation = bool(others) and all(role.is_occupation for role in others)
        self.roles += self.roles_of(first, last)
        if self.leading is ROLES["作者"] and gap is Gap.SLASH and len(self.waiting) > 1:
            last_name = self.waiting.pop()
            self.flush(self.fields)
            self.waiting = [last_name]
        elif is_by_occupation and gap in (Gap.SPACE, Gap.GLUED) and "photographers" in fields:
            # `记者 张三 通讯员 李四 摄`: persons, and at last what all of them did.
            self.waiting = self.found.pop("authors", []) + self.waiting
        self.flush(fields or (self.fields if is_by_occupation else ()))

    def lead(self, fields: tuple[str, ...], role: Role | None, is_labelled: bool) -> None:
        self.end_names()
        self.fields, self.leading, self.is_labelled = fields, role, is_labelled
        if role is not None and is_labelled:
            self.labelled.append(role)

    def is_unknown_role(self, index: int) -> bool:
        """Whether a word is a role that the table does not have: 采写：张三 道具：李四."""
        word = self.words[index]
        if not self.labels(index) or word.text in _WORKS or not _UNKNOWN_ROLE.fullmatch(word.text):
            return False
        following = self.words[index + 1]
        return following.role is None and persons.is_name(following.text) and self.strict

    # Names

    def take_name(self, index: int) -> bool:
        word = self.words[index]
        if self.was_sent(index) or (word.gap is Gap.COLON and not self.is_label(index - 1)):
            return False
        is_sure = self.is_sure_name(index)
        if not is_sure and not self.is_possible_name(index):
            return False
        self.is_sure = self.is_sure or is_sure
        self.waiting.append(word.text)
        self.has_persons = True
        return True

    def is_sure_name(self, index: int) -> bool:
        """Whether a word can be nothing but a name, by itself or by the role before it."""
        word, leading = self.words[index], self.leading
        is_foreign = self.is_labelled and self.is_foreign_name(word)
        if is_foreign or persons.is_name(word.text):
            return True
        if leading is None or self.is_employer(index):
            return False
        if self.is_pen_name(word):
            return not leading.is_letter or word.gap is not Gap.COLON
        if leading.names_only and word.gap is not Gap.GLUED:
            return persons.has_shape_of_name(word.text)
        if leading.is_occupation:
            return persons.is_transcribed(word.text)
        return self.is_labelled and bool(leading.fields) and persons.is_also_name(word.text)

    def is_foreign_name(self, word: Word) -> bool:
        """Whether a word is a name in Latin letters after a role, or one after a country."""
        if self.leading is not None and persons.is_latin_name(word.text):
            return True
        return word.is_foreign and bool(_FOREIGN_NAME.fullmatch(word.text))

    def is_possible_name(self, index: int) -> bool:
        word = self.words[index]
        return not self.is_employer(index) and (
            persons.may_be_name(word.text)
            or persons.is_latin_name(word.text)
            or self.is_pen_name(word)
            or (word.is_foreign and bool(_FOREIGN_NAME.fullmatch(word.text)))
            or (not self.strict and self.leading is not None and self.is_loosely_name(word.text))
        )

    def is_pen_name(self, word: Word) -> bool:
        signs = self.leading and self.is_labelled and self.leading.signs_pen_names
        return bool(signs) and persons.may_be_pen_name(word.text)

    def is_loosely_name(self, text: str) -> bool:
        """Whether what comes after a label of the line under the title is a name of any kind."""
        is_other = self.fields == (CONTROL,) or text in _EMPLOYERS or _FURNITURE.fullmatch(text)
        return not is_other and 2 <= len(text) <= 15

    def is_employer(self, index: int) -> bool:
        """Whether a word is an employer; the last of a line under the title may sign: 浙江宣传."""
        text = self.words[index].text
        is_last = index + 1 == len(self.words) and not self.strict and not self.waiting
        return text in _EMPLOYERS or (not is_last and is_employer(text))

    def take_employer(self, index: int) -> bool:
        word = self.words[index]
        if self.was_sent(index):
            return True
        if word.text.startswith(_SENT_FROM) and self.has_persons:
            self.roles = self.roles or [ROLES["记者"]]
            return True
        if word.gap is Gap.COLON and not self.is_label(index - 1):
            return False
        return is_employer(word.text)

    def end_names(self) -> None:
        """Credit the waiting names with the role before them, which a strict reading may lack."""
        self.flush(self.fields if self.strict or self.leading else ())

    def was_sent(self, index: int) -> bool:
        """Whether a word is the place of a report: 发自 巴黎."""
        return index > 0 and self.words[index - 1].text == _SENT_FROM

    def flush(self, fields: Iterable[str]) -> None:
        for field in fields if self.waiting else ():
            if field in PEOPLE:
                self.found[field] = unique(self.found.get(field, []) + self.waiting)
        self.waiting = []

    # Source

    def source_before(self, word: Word) -> str:
        """`来源：浙江在线记者 张三`: the employer that a role sticks to is the source."""
        is_value = self.fields == (SOURCE,) and SOURCE not in self.found
        return word.employer.rstrip("·•-") if is_value else ""

    def take_source(self, first: int) -> int:
        """`台州日报 张三 李四` is a source and two authors, `人民日报 海外版` a source."""
        last = first
        while last < len(self.words) and self.words[last].role is None:
            last += 1
        medium = self.words[first].text
        rest = first + 1
        while rest < last and not self.are_names(rest, last):
            word = self.words[rest]
            if not _FURNITURE.fullmatch(word.text):
                medium += word.raw_gap + word.text
            rest += 1
        if not _FURNITURE.fullmatch(medium):
            self.found[SOURCE] = unique([*self.found.get(SOURCE, []), medium])[:1]
        self.fields, self.leading = ("authors",), None
        self.waiting += [word.text for word in self.words[rest:last]]
        self.flush(("authors",))
        return last

    def are_names(self, first: int, last: int) -> bool:
        """Whether the words of a range are names, the first of them for sure."""
        texts = [word.text for word in self.words[first:last]]
        is_sure = persons.is_name(texts[0]) or persons.is_latin_name(texts[0])
        return is_sure and all(
            persons.is_latin_name(text) or persons.may_be_name(text) or persons.is_name(text)
            for text in texts
        )
