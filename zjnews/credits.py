"""Who made an article, as pages print it in Chinese and English: labels, bylines, names.

Works on lines of folded text only; knows no markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from zjnews.text import fold

Credits = dict[str, list[str]]
"""Field (`authors`, `editors`, `translators`, `photographers`, `source`) to values."""

_LABEL = re.compile(
    r"(?<![A-Za-z])(?:"
    r"(?P<editors>责任编辑|选稿|值班编辑|实习编辑|网络编辑|本期编辑|见习编辑|责编|编辑"
    r"|executive editors?|editors?|edited by)"
    r"|(?P<authors>作者|记者|通讯员|文字|撰文|撰稿|采写|执笔"
    r"|authors?|reporters?|writers?|(?:written )?by)"
    r"|(?P<translators>翻译|译者|编译|translation|translators?|translated by)"
    r"|(?P<photographers>摄影|摄像|photographers?|photos? by)"
    r"|(?P<source>(?:文章|信息|稿件)?来源|稿源|source)"
    # Credits that the record has no key for.
    r"|(?P<other>审核|校对|初审|复审|终审|签发|监制|监审|一审|二审|三审|美编|视觉|制图|策划|统筹|剪辑|值班主任)"
    # Labels of the same line that credit nobody.
    r"|(?P<control>字号|字体|分享到?|浏览量?|阅读量?|点击量?|打印|发布时间|发表时间|发布日期|时间|日期)"
    r")\s*[:：]\s*",
    re.I,
)

_BRACKETS = "()（）[]【】〔〕「」 "
_BETWEEN_NAMES = re.compile(r"[、，,;；/|&\s]+|\band\b")
_HAN_NAME = re.compile(r"[\u3400-\u9fff]{2,4}|[\u3400-\u9fff]+(?:[·•][\u3400-\u9fff]+)+")
_LATIN_NAME = re.compile(r"[A-Z][\w.'’-]*(?:\s[A-Z][\w.'’-]*){0,4}")
HAN = re.compile(r"[\u3400-\u9fff]")
_ROLE = re.compile(
    r"(?P<employer>[\u3400-\u9fff·•A-Za-z0-9]{0,16}?)"
    r"(?:见习|实习|首席|特约|特派|资深|全媒体|融媒体|驻站)*"
    r"(?P<role>记者|通讯员|实习生|撰稿人|作者|评论员|责任编辑|责编|编辑|摄影报道|摄影师|摄影|摄像)"
    r"(?P<name>[\u3400-\u9fff·]{2,4})?"
    # One letter stands alone: 李文 and 王图 are names.
    r"|(?P<mark>文字|文|供图|摄|图片|图)"
)
_ROLE_WORDS = ("记者", "通讯员", "实习生", "撰稿人", "作者", "评论员", "编", "摄", "供图")
"""A line of credits has one of these; most lines have none, and telling so is quick."""
_FIELD_OF_ROLE = {
    **dict.fromkeys(
        ("摄影报道", "摄影师", "摄影", "摄像", "供图", "摄", "图片", "图"), "photographers"
    ),
    **dict.fromkeys(("责任编辑", "责编", "编辑"), "editors"),
}
"""Any other role writes."""
_WEAK_ROLES = frozenset({"文字", "文", "图片", "图"})
"""They do not make a line a line of credits by themselves."""
_BOTH_ROLES = frozenset({"摄影报道"})
_MEDIUM = re.compile(r".*(?:社|报|网|新闻|客户端|在线)|本报|本网|本社")
_EMPLOYER = re.compile(
    r".*(?:社|报|网|台|新闻|客户端|在线|中心|发布|集团|公司|学校|学院|大学|局|委|办|部|院|馆|会)"
    r"|共享联盟.*"
)
_NO_NAME = frozenset(
    "本报 本网 本社 记者 通讯员 实习生 作者 编辑 摄影 报道 整理 综合 综合报道 供稿 供图 图文"
    " 讯 摄 文 图 未知 佚名 无 暂无".split()
)

LINE_LENGTH = 120
"""Longer lines are no credits."""
_VALUE_LENGTH = 40
_SLASHED = re.compile(r"[文图摄]\s?[/｜|]\s?\S")
_BYLINE = re.compile(r"\s*[（(](?P<inside>[^（()）]{2,120})[）)]\s*")
_DATELINE_ROOM = 48
"""How far into a paragraph a byline in brackets may begin."""


def names(text: str) -> list[str]:
    """The names in the value of a label: `张 三、李四` gives 张三 and 李四, `Wu Ziyi, Chen Wenjing`
    the two of them. Roles and employers before a name are left out."""
    found = people_in(text, strict=False)
    return unique(
        name for field in ("authors", "editors", "photographers") for name in found.get(field, [])
    )


def unique(values: Iterable[str]) -> list[str]:
    """The values in their order, each once."""
    return list(dict.fromkeys(values))


def read_line(text: str) -> Credits:
    """The line under the title: `来源：浙江在线 作者：张三 责任编辑：李四`, in any order."""
    found: Credits = {}
    labelled = _labelled(text)
    for label, value in labelled:
        _add(found, str(label.lastgroup), value)
    return found if labelled else _role_line(text) or {}


def credit_line(text: str) -> Credits | None:
    """The credits of a line that is nothing else: `（责任编辑：张三）`, `Translation: Wu Ziyi`,
    `本报记者 张三 通讯员 李四`. None for any other line; `记者：你怎么看？` is one."""
    inner = text.strip(_BRACKETS)
    if len(inner) > LINE_LENGTH or "。" in inner[:-1]:
        return None
    labelled = _labelled(inner) if ":" in inner or "：" in inner else []
    if not labelled:
        return _role_line(inner)
    if not all(_is_plausible(str(label.lastgroup), value) for label, value in labelled):
        return None
    found = read_line(inner)
    if lead := inner[: labelled[0][0].start()].strip(_BRACKETS):
        people = _role_line(lead)
        return {**people, **found} if people else None
    return found


def take_byline(text: str) -> tuple[str, Credits]:
    """Take bylines in brackets, `（记者 张三 通讯员 李四）`, off the head or end of a paragraph.
    The dateline before one stays."""
    found: Credits = {}
    rest = text
    if "（" not in text and "(" not in text:
        return text, found
    for match in reversed(list(_BYLINE.finditer(text))):
        at_edge = match.start() <= _DATELINE_ROOM or not text[match.end() :].strip("。. ")
        people = _role_line(match["inside"].strip()) if at_edge else None
        if people:
            for field, values in people.items():
                found[field] = values + found.get(field, [])
            rest = f"{rest[: match.start()]} {rest[match.end() :]}"
    return fold(rest), found


def _add(into: Credits, field: str, value: str) -> None:
    value = value.strip(" |｜,，;；" + _BRACKETS)
    if field == "source":
        source, people = _split_source(value)
        if source:
            into.setdefault("source", []).append(source)
        for key, values in people.items():
            into.setdefault(key, []).extend(values)
    elif field == "authors":
        for key, values in people_in(value, strict=False).items():
            into.setdefault(key, []).extend(values)
    elif field in ("editors", "translators", "photographers"):
        into.setdefault(field, []).extend(names(value))


def _split_source(value: str) -> tuple[str, Credits]:
    """`萧山日报 记者 张三` is a source and a reporter, so is `Zhejiang Online By Shen Anlan`."""
    if by := re.search(r"\s[Bb]y\s(?=[A-Z])", value):
        return value[: by.start()], people_in(value[by.end() :], strict=False)
    tokens = value.split()
    if tokens and not HAN.search(tokens[0]):
        return value, {}
    for index, token in enumerate(tokens):
        if (
            index
            and (match := _ROLE.fullmatch(token))
            and _FIELD_OF_ROLE.get(_word(match), "authors") == "authors"
        ):
            return " ".join(tokens[:index]), people_in(" ".join(tokens[index:]), strict=False)
    return tokens[0] if tokens else "", {}  # what follows are controls, `打印 字号`


def _role_line(text: str) -> Credits | None:
    """The people of a line of roles and names without colons, or None if it says more."""
    if not HAN.search(text):
        match = re.fullmatch(r"By (?P<names>.{3,60})", text)
        people = people_in(match["names"], strict=True) if match else {}
        return people or None
    if not any(word in text for word in _ROLE_WORDS) and not _SLASHED.match(text):
        return None
    roles = filter(None, map(_ROLE.fullmatch, _tokens(text)))
    if any(_word(role) not in _WEAK_ROLES for role in roles) or _SLASHED.match(text):
        return people_in(text, strict=True) or None
    return None


def _word(role: re.Match[str]) -> str:
    return str(role["role"] or role["mark"])


def _tokens(text: str) -> list[str]:
    return _join_spaced([token for token in _BETWEEN_NAMES.split(text) if token])


def _join_spaced(tokens: list[str]) -> list[str]:
    """Put names together that were spaced out: 张 三 is one name, so is 刘 乐平."""
    joined: list[str] = []
    single = ""
    for token in tokens:
        if single:
            joined.append(single + token)
            single = ""
        elif len(token) == 1 and HAN.match(token) and token not in _NO_NAME:
            single = token
        else:
            joined.append(token)
    return [*joined, single] if single else joined


def people_in(text: str, strict: bool) -> Credits:
    """The people of a run of roles, employers and names. Strict: nothing unless every word is
    one of the three."""
    text = fold(text).strip(_BRACKETS)
    if not HAN.search(text):
        return _latinpeople_in(text, strict)
    found: Credits = {}
    field = "authors"
    tokens = _tokens(text)
    for index, token in enumerate(tokens):
        role = _ROLE.fullmatch(token)
        if role:
            field = _enter_role(role, found, is_last=index == len(tokens) - 1)
        elif _is_employer(tokens, index):
            continue
        elif (_HAN_NAME.fullmatch(token) or not strict) and token not in _NO_NAME:
            found.setdefault(field, []).append(token)
        elif strict:
            return {}
    return found


def _enter_role(role: re.Match[str], found: Credits, is_last: bool) -> str:
    """Note the role's own name, if it is glued to it, and say which field the next names go to.
    A picture role at the very end, `张三 文/摄`, speaks of the names before it."""
    word, name = _word(role), role["name"]
    field = _FIELD_OF_ROLE.get(word, "authors")
    if not name and (word in _BOTH_ROLES or (field == "photographers" and is_last)):
        found[field] = unique(found.get(field, []) + found.get("authors", []))
    elif name:
        found.setdefault(field, []).append(name)
    return field


def _is_employer(tokens: list[str], index: int) -> bool:
    token = tokens[index]
    if token in _NO_NAME:
        return True
    next_is_role = index + 1 < len(tokens) and bool(_ROLE.fullmatch(tokens[index + 1]))
    if next_is_role or len(token) > 4:
        return bool(_EMPLOYER.fullmatch(token))
    return index == 0 and len(tokens) > 1 and bool(_MEDIUM.fullmatch(token))


def _latinpeople_in(text: str, strict: bool) -> Credits:
    pieces = [fold(piece).strip(" .") for piece in re.split(r"[,，、;；/|&]|\band\b", text)]
    pieces = [piece for piece in pieces if piece]
    if strict and not all(_LATIN_NAME.fullmatch(piece) for piece in pieces):
        return {}
    return {"authors": pieces} if pieces else {}


def _labelled(text: str) -> list[tuple[re.Match[str], str]]:
    """The labels of a line, each with what stands between it and the next."""
    labels = list(_LABEL.finditer(text))
    ends = [label.start() for label in labels[1:]] + [len(text)]
    return [(label, text[label.end() : end]) for label, end in zip(labels, ends, strict=False)]


def _is_plausible(field: str, value: str) -> bool:
    """Whether what follows a label in the body reads like a credit, not like a sentence."""
    value = value.strip(_BRACKETS + ".。")
    if field == "control" or re.search(r"[。？！?!]", value):
        return False
    if field in ("source", "other"):
        return len(value) <= _VALUE_LENGTH
    # A column may sign as 之江轩; every other credit is a name.
    is_pen_name = field == "authors" and re.fullmatch(r"[\u3400-\u9fff]{2,8}", value)
    return bool(people_in(value, strict=True) or is_pen_name)
