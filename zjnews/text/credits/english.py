"""The grammar of English credits: phrases that name a role, and names after them."""

import re

from zjnews.text.cleaning import fold, unique
from zjnews.text.credits.persons import is_latin_name, names_a_thing
from zjnews.text.credits.words import SOURCE, Credits, Role, english_roles, one_of

_ROLES = english_roles()
_BY = frozenset(phrase for phrase in _ROLES if phrase.endswith(" by") or phrase == "by")
_LABELS = frozenset(_ROLES) - _BY
# `(?a:`, or İ would pass for an i.
_BY_ROLE, _LABEL = rf"(?P<by>(?a:{one_of(_BY)}))", rf"(?P<label>(?a:{one_of(_LABELS)}))"
_ROLE = re.compile(rf"(?<![\w’'-])(?:{_BY_ROLE}\s*:?\s+(?=[A-Z])|{_LABEL}\s*[:：/|]\s*)", re.I)
_STARTING_ROLE = re.compile(rf"{_LABEL}\s+(?=[A-Z][a-z])", re.I)
"""`Reporter He Kexin`: without a colon only where the line begins with it."""
_UNMARKED = frozenset("reporter reporters inter intern interns correspondent photographer".split())
_UPDATED = re.compile(r"(?:updated|published)[\d: -]*|[\d: -]+", re.I)
_OCCUPATION = re.compile(
    r"^(?:(?:our|[A-Z][\w’'-]*)\s){0,3}(?:[Ss]taff |[Ss]pecial |[Ii]ntern |[Cc]hief )?"
    r"(?:[Rr]eporter|[Ww]riter|[Cc]orrespondent|[Jj]ournalist|[Pp]hotographer|[Ii]ntern?)s?\s+(?=[A-Z])"
)
"""`Xinhua writers`, `Zhejiang Online reporter`."""
_SIGNED = re.compile(
    r"(?P<name>[A-Z][\w’'-]{1,20}(?:\s[A-Z][\w’'-]{1,20}){1,2})\s?[,|]\s?"
    r"(?P<medium>[A-Z][\w.’'-]{1,20}(?:\s[A-Z][\w.’'-]{1,20}){0,3})"
)
"""`Lin Qiao, China Daily`"""
_PLACE = re.compile(
    r"\s+(?:in|from|for|at|of)\s+[A-Z].{0,60}?"
    r"(?=\s*$|\s+and\s+[A-Z][\w’'-]*\s+[A-Z][\w’'-]*\s+(?:in|from)\s+[A-Z])"
)
"""`Ma Zhenhuan in Hangzhou`, `Lin Qiao for Zhejiang Online`, `Lin Qiao in Ningbo and Chen Ye in
Beijing`."""
_BETWEEN = re.compile(r"[,，、;；/|｜&()（）\[\]]|\band\b")
_MEDIUM = re.compile(
    r"\bXinhua\b|\b(?-i:VCG)\b|\.(?:com|cn|net|org)\b|^(?:chinadaily|zjol)"
    r"|\b(?:Online|Daily|News|Agency|Times|Press|Post|TV|Television|Radio|Network|Media|Weekly|InZhejiang)\b",
    re.I,
)


def may_credit(text: str) -> bool:
    """Whether a line without a Chinese letter has a role in it, or is a name and a medium."""
    return bool(_ROLE.search(text) or _STARTING_ROLE.match(text) or _SIGNED.fullmatch(text))


def credits_in(text: str, strict: bool) -> tuple[Credits, list[Role]] | None:
    """The credits of a line and the roles that gave them. Strict: None unless the line begins with
    a role and all that follows is names and media."""
    found: Credits = {}
    roles: list[Role] = []
    matches = list(_ROLE.finditer(text))
    start = _STARTING_ROLE.match(text)
    if start and start["label"].lower() in _UNMARKED and not (matches and not matches[0].start()):
        matches = [start, *matches]
    if not matches and (signed := _SIGNED.fullmatch(text)):
        is_sure = _MEDIUM.search(signed["medium"]) and not names_a_thing(signed["name"])
        return ({"authors": [signed["name"]]}, [_ROLES["by"]]) if is_sure else None
    lead = text[: matches[0].start()].strip(" ([（【-–—") if matches else ""
    if not matches or (strict and lead and not _MEDIUM.fullmatch(lead)):
        return None
    ends = [match.start() for match in matches[1:]] + [len(text)]
    for match, end in zip(matches, ends, strict=True):
        groups = match.groupdict()
        role = _ROLES[(groups.get("by") or groups["label"]).lower()]
        value = text[match.end() : end].strip(" .,;|-–—(")
        if SOURCE in role.fields:
            given = _source(value)
        else:
            names = people(value, strict)
            is_thing = role.fields and groups.get("by") and any(map(names_a_thing, names))
            if strict and (not names or is_thing):  # By West Lake
                return None
            given = {field: names for field in role.fields if names}
        roles.append(role)
        for field, values in given.items():
            found[field] = unique(found.get(field, []) + values)
    return found, roles


def people(text: str, strict: bool) -> list[str]:
    """The names of a list without media, occupations, places. Strict: none unless all are names."""
    pieces = [fold(piece) for piece in _BETWEEN.split(_PLACE.sub("", text))]
    pieces = [_PLACE.sub("", _OCCUPATION.sub("", piece)).strip(" .") for piece in pieces]
    pieces = [
        piece
        for piece in pieces
        if piece and not _MEDIUM.search(piece) and not _UPDATED.fullmatch(piece)
    ]
    return [] if strict and not all(map(is_latin_name, pieces)) else pieces


def _source(value: str) -> Credits:
    """`Zhejiang News (Chen Ning)` is a source and an author."""
    medium, _, rest = value.partition("(")
    names = people(rest, strict=True)
    if names:
        return {SOURCE: [medium.strip()], "authors": names}
    return {SOURCE: [value]} if value else {}
