"""The line under a picture, taken apart into caption, credit and photographers."""

from __future__ import annotations

import re
from dataclasses import dataclass

from zjnews.credits import HAN, people_in
from zjnews.text import fold

_CREDITED = r"[^\s。！？；，,、（()）]{1,20}?"
_CREDIT_BEFORE = re.compile(
    r"(?:^|(?<=[\s。！？；，,.!?）)”\"])|(?=[（(]))[（(]?\s*"
    rf"(?P<credit>(?:[^\s。！？；，,（()）]{{0,16}}(?:记者|通讯员|摄影师|作者)\s)?{_CREDITED}(?:、{_CREDITED})*)"
    r"\s*(?P<verb>摄影|摄|供图|提供|/图)\s*[）)]?[。.]?$"
)
_CREDIT_NAMES = re.compile(
    r"^[（(]?(?P<credit>[\u3400-\u9fff]{2,4}(?:[\s、][\u3400-\u9fff]{2,4})+)\s*(?P<verb>摄影|摄)\s*[）)]?$"
)
_CREDIT_AFTER = re.compile(
    r"[（(\[]?\s*(?:图源|图片来源|图自|供图|摄影|图片|资料图|图"
    r"|photos?(?: by)?|photo credit|credit|source)"
    r"\s*(?:[:：/｜|]|(?<=by)\s)\s*(?P<credit>[^（()）。]{1,60}?)\s*[）)\]]?[。.]?$",
    re.I,
)
_CREDIT_ISSUED = re.compile(
    r"(?P<agency>[\u3400-\u9fff]{0,8}(?:社|网|报|视觉中国))(?:记者)?发?\s*[（(]\s*(?P<credit>[^（()）]{2,20}?)\s*摄\s*[）)]$"
)
_CREDIT_ALONE = re.compile(
    r"(?:^|(?<=[\s。！？]))[（(]?(?P<credit>资料图片?|资料照片?|新华社发|视觉中国)[）)]?$"
)
_AROUND_CAPTION = " （(◎▲△▼■□●○↑↓←→|｜/／"
_SPACED_NAME = re.compile(
    r"(?<![\u3400-\u9fff])([\u3400-\u9fff])\s([\u3400-\u9fff]{1,2})(?=\s*(?:摄|供图))"
)
_BY = re.compile(r"^photos? by ", re.I)


@dataclass(frozen=True, slots=True)
class Caption:
    """The line under a picture, taken apart."""

    caption: str | None
    credit: str | None
    photographers: tuple[str, ...] = ()


def read_caption(text: str, hinted: bool) -> Caption | None:
    """Read a line that stands right after a picture. `hinted`: the markup says it is a caption.
    None where it is none: without a hint, only a line that ends in a credit is one."""
    if len(text) > 300:
        return None
    text = _SPACED_NAME.sub(r"\1\2", text)
    for form in (_CREDIT_ISSUED, _CREDIT_AFTER, _CREDIT_ALONE, _CREDIT_NAMES, _CREDIT_BEFORE):
        if match := form.search(text):
            return _caption(text[: match.start()], match)
    if hinted and len(text) <= 160:
        return Caption(text, None)
    return None


def _caption(before: str, match: re.Match[str]) -> Caption:
    groups = match.groupdict()
    credit = fold(_BY.sub("", match["credit"]))
    taken_by_person = groups.get("verb") in ("摄", "摄影") or "agency" in groups
    if match.re is _CREDIT_AFTER:
        taken_by_person = bool(re.match(r"\W*(?:摄影|photos? by)", match[0], re.I))
    photographers = _photographers(credit) if taken_by_person else ()
    if groups.get("agency"):
        credit = f"{groups['agency']} {credit}"
    return Caption(before.strip(_AROUND_CAPTION) or None, credit or None, photographers)


def _photographers(credit: str) -> tuple[str, ...]:
    """`新华社记者 李四` gives 李四; `Lin Qiao/Zhejiang Online` gives Lin Qiao."""
    if not HAN.search(credit):
        credit = credit.split("/", 1)[0]
    people = people_in(credit, strict=True)
    return tuple(people.get("authors", []) + people.get("photographers", []))
