"""The line under a picture, taken apart into caption, credit and photographers."""

import re
from dataclasses import dataclass

from zjnews.text.cleaning import fold
from zjnews.text.credits import people_in
from zjnews.text.credits.chinese import is_employer
from zjnews.text.credits.persons import HAN, is_name, is_transcribed, may_be_name
from zjnews.text.credits.words import ROLES

_CAPTION_LENGTH = 160
_LINE_LENGTH = 300
_LENDER_LENGTH = 14
_MOST_WORDS = 20  # of a credit: roles, papers and names
_AROUND = " （(◎▲△▼■□●○↑↓←→|｜/／"
_STOPS = "。！？；，…”"

_TAKEN = re.compile(
    r"\s?[/／|｜]?\s?(?<![拍录])(?P<verb>摄影报道|摄影|摄|航拍|供图|(?<=\s)拍摄)\s*[）)]?[。.]?$"
)
"""`张三 摄`, `张三/摄`, `村文化站供图`."""
_ISSUED = re.compile(
    r"(?P<agency>[\u3400-\u9fff]{0,8}(?:社|网|报|视觉中国))(?:记者)?发?"
    r"\s*[（(]\s*(?P<credit>[^（()）]{2,20}?)\s*摄\s*[）)]$"
)
"""`新华社发（刘满仓摄）`."""
_LENT = re.compile(
    r"(?:^|(?<=[\s。！？…”/／（(]))[（(\[]?\s*(?:(?P<sure>图源|图片来源|(?<=[。！？”])来源|图自|供图|图片提供)|摄影|图片|图文|图|摄)"
    r"(?:\s*[:：/／|｜丨]\s*|(?<=摄影)\s)(?P<credit>[^（()）。，]{1,40}?)\s*[）)\]]?[。.]?$"
)
"""`图源：新华社`; what follows 图 alone may be a caption."""
_LATIN = re.compile(
    r"(?:^|(?<=[.!?\s]))[(\[]\s*"
    r"(?:photos?\s*(?:(?P<by>by)\s+|(?:provided )?to\s+|[:/]\s*|courtesy of\s+)"
    r"|(?:credit|source)\s*[:/]\s*|(?=(?:Xinhua|VCG|CNS|IC)\b))"
    r"(?P<credit>[^()\[\]]{2,60}?)\s*[)\]]\.?$",
    re.I,
)
"""`(Photo/VCG)`, `(Photo by Lin Qiao/Zhejiang Online)`, `(Xinhua/Lin Qiao)`."""
_LATIN_TAIL = re.compile(
    r"(?:^|(?<=\s))(?:P(?:hotos?(?:graphs?)?|HOTOS?))"
    r"(?:\s(?P<by>by|BY)\s|(?:\scredits?)?\s?[:/]\s?|\s(?:courtesy of|provided (?:by|to)|from)\s)"
    r"(?P<credit>[A-Za-z][^.!?]{2,60}(?:\.(?:com|cn|net)[^.!?]{0,10}){0,2})\.?$"
)
"""`Lanterns over the river. Photo by Lin Qiao`: without brackets, after a sentence."""
_LATIN_AGENCY = re.compile(
    r"(?:^|(?<=[.!?]\s))/\s?(?P<credit>VCG|CFP|CNS|IC|Xinhua|AP|AFP|Reuters)(?:\s[Pp]hotos?)?\.?$"
)
"""`A ferry. /VCG Photo`"""
_PICTURES = re.compile(r"^(?:本组|本版|本文|文中|以上)?(?:图片|照片)$")
_SMALL_WORDS = frozenset({"and", "of", "the", "for"})
_ALONE = re.compile(
    r"(?:^|(?<=[。！？])|(?<=[。！？]\s)|(?=[（(]))"
    r"[（(]?(?P<credit>资料图片?|资料照片?|网络图片?|视频截图|新华社发|视觉中国|人民图片|IC photo"
    r"|受访者(?=提供))(?:(?<=受访者)提供)?[）)]?[。.]?$"
)
_GIVEN = re.compile(
    r"(?:^|(?<=[。！？\s])|(?=[（(]))"
    r"[（(]?(?:本组|本版|本文|文中|以上)?(?:图片|照片)均?由?(?P<credit>[^（()）。，]{2,20}?)"
    r"(?:提供|(?P<taken>拍?摄))[）)]?[。.]?$"
)
"""`图片由市红十字会提供`; a sentence may end in 提供 too."""
_FROM = re.compile(
    r"(?:^|(?<=[。！？\s])|(?=[（(]))[（(]?(?:(?:图片|照片|图)(?:来自|来源于|源于|源自)|图[据自])\s?[:：]?"
    r"(?P<credit>[^（()）。，]{2,20}?)[）)]?[。.]?$"
)
"""`图片来自网络`, `图据江心日报`"""
_LENDER = re.compile(
    r".{0,10}(?:社|报|网|网络|新闻|客户端|视觉中国|受访者|资料图?片?|提供)|VCG|CFP|(?:东方)?IC.{0,8}"
)
_SIGN = re.compile(r"[图摄照航(\[/]|源\s?[:：]|新华社发|视觉中国|受访者|photo", re.I)
"""What no credit does without; most lines do, and telling so is quick."""
_SPACED_NAME = re.compile(
    r"(?:(?<![\u3400-\u9fff])|(?<=记者)|(?<=通讯员))"
    r"([\u3400-\u9fff])\s([\u3400-\u9fff]{1,2})(?=\s*(?:摄|供图))"
)


@dataclass(frozen=True, slots=True)
class Caption:
    """The line under a picture, taken apart."""

    caption: str | None
    credit: str | None
    photographers: tuple[str, ...] = ()


def read_caption(text: str, hinted: bool) -> Caption | None:
    """Read a line right after a picture. `hinted`: the markup says it is a caption; otherwise only
    a line that ends in a credit is one, and any other gives None."""
    if len(text) > _LINE_LENGTH:
        return None
    caption = None
    if _SIGN.search(text):
        text = _SPACED_NAME.sub(r"\1\2", text)
        caption = _issued(text) or _lent(text) or _taken(text, hinted)
    if caption is None and hinted and len(text) <= _CAPTION_LENGTH:
        return Caption(text, None)
    return caption


def _issued(text: str) -> Caption | None:
    match = _ISSUED.search(text) if text.endswith(("）", ")")) else None
    if match is None:
        return None
    credit = fold(match["credit"])
    return _caption(text[: match.start()], f"{match['agency']} {credit}", _photographers(credit))


def _lent(text: str) -> Caption | None:
    """Credits to whoever lent the picture, and English ones, which name persons after `by`."""
    for form in (_LATIN, _LATIN_TAIL, _LATIN_AGENCY, _LENT, _GIVEN, _FROM, _ALONE):
        if match := form.search(text):
            break
    else:
        return None
    credit, found = fold(match["credit"]), match.groupdict()
    is_taken = bool(found.get("by") or found.get("taken"))
    is_taken = is_taken or (form is _LENT and not found["sure"])
    if form is _LENT and credit.endswith("摄"):  # 图源：江心日报 张三 摄
        credit, is_taken = credit[:-1].rstrip(" /／"), True
    people = _photographers(credit)
    words = credit.replace("/", " ").split()
    is_lender = all(w[0].isupper() or "." in w or w in _SMALL_WORDS for w in words)
    if form is _LATIN_TAIL and not (people if is_taken else is_lender):
        return None  # `Photo: A day in Wuzhen` is a caption
    needs_lender = form is _FROM or (form is _LENT and is_taken and not people)
    can_lend = _LENDER.fullmatch(credit) or (match.start() and is_employer(credit))
    if needs_lender and not can_lend:
        return None  # 图 may also begin a caption
    return _caption(text[: match.start()], credit, people if is_taken else ())


def _taken(text: str, hinted: bool) -> Caption | None:
    """`现场图。本报记者 张三 李四 摄`: the longest run of roles and names before the verb."""
    match = _TAKEN.search(text)
    if match is None:
        return None
    left = text[: match.start()]
    start = max(map(left.rfind, _STOPS)) + 1
    if text.rstrip("。.").endswith(("）", ")")):
        start = max(start, left.rfind("（") + 1, left.rfind("(") + 1)
    words = left[start:].split()
    if match["verb"] == "供图":
        if not words or len(words[-1]) > _LENDER_LENGTH:
            return None
        first = len(words) - (2 if words[-2:-1] and words[-2] in ROLES else 1)  # 通讯员 张三
        return _caption(left[: left.rfind(words[first])], " ".join(words[first:]))
    if found := _longest_run(left, start, words):
        return found
    if hinted and words and may_be_name(words[-1]):
        return _caption(left[: len(left) - len(words[-1])], words[-1], (words[-1],))
    return None


def _longest_run(left: str, start: int, words: list[str]) -> Caption | None:
    """The caption before the longest run of roles and names. Where no stop parts them, the run
    begins with a name for sure: 晒秋 of `晒秋 张三 摄` is the caption."""
    found: Caption | None = None
    for first in range(max(0, len(words) - _MOST_WORDS), len(words)):
        credit = " ".join(words[first:])
        if people := _photographers(credit):
            before = left[: left.rfind(words[first]) if first else start]
            found = found or _caption(before, credit, people)
            if start or is_name(people[0]) or is_transcribed(people[0]):
                return _caption(before, credit, people)
    return found


def _caption(before: str, credit: str, photographers: tuple[str, ...] = ()) -> Caption:
    before = _PICTURES.sub("", before.strip(_AROUND))
    return Caption(before or None, credit or None, photographers)


def _photographers(credit: str) -> tuple[str, ...]:
    """`新华社记者 李四` gives 李四; `Lin Qiao/Zhejiang Online` gives Lin Qiao."""
    if HAN.search(credit) and is_name(credit):
        return (credit,)
    people = people_in(credit, strict=True)
    return tuple(people.get("authors", []) + people.get("photographers", []))
