"""What a person's name looks like, in Chinese and in Latin letters."""

import re

from zjnews.text.credits.words import ROLES, one_of, word_list

HAN = re.compile(r"[\u3400-\u9fff]")
_HAN_NAME = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]{2,4}")
_LONGEST_NAME = 15
_DOTTED_NAME = re.compile(r"[\u3400-\u9fff]{1,9}(?:[·•・‧．.][\u3400-\u9fff]{1,9}){1,3}")
_DOT = re.compile(r"[·•・‧．.]")
_STATION = re.compile(r"在线|新闻|联盟|记者|[报站台网]")  # 浙江在线·东阳支站 has a dot too
_SURNAMES = frozenset("".join(word_list("names", "surnames")))
DOUBLE_SURNAMES = word_list("names", "double_surnames")
_DOUBLE = tuple(DOUBLE_SURNAMES)
_TRANSCRIBED = re.compile(f"[{''.join(word_list('names', 'transcribing'))}]{{4,8}}")
_PLACES = word_list("places")
_EMPLOYERS = word_list("employer")
_NEVER = _PLACES | _EMPLOYERS | frozenset(ROLES)
_ALSO_NAMES = word_list("names", "also_names")
_COMMON = word_list("names", "words_like_names") | _ALSO_NAMES
_NEVER_ENDS = tuple(word_list("names", "never_ends"))
_PROSE = re.compile(f"[{''.join(word_list('names', 'prose'))}]")
_PEN_NAME = re.compile(r"[\u3400-\u9fff·]{2,8}")
_LATIN_NAME = re.compile(r"[A-Z][\w.'’-]{0,20}(?:\s[A-Z][\w.'’-]{0,20}){1,4}")
_LATIN_NEVER = re.compile(rf"\b(?:{one_of(word_list('names', 'latin_never'))})\b")


def is_name(text: str) -> bool:
    """Whether a word can only be a name: surname and one or two characters, or 阿布都·热合曼."""
    if _DOTTED_NAME.fullmatch(text):
        parts = _DOT.split(text)
        is_place = _STATION.search(text) or not _PLACES.isdisjoint(parts)
        return len(text) <= _LONGEST_NAME and not is_place
    is_double = len(text) > 2 and text.startswith(_DOUBLE)
    if not (is_double or text[:1] in _SURNAMES) or len(text) > (4 if is_double else 3):
        return False
    if text in _COMMON or not has_shape_of_name(text):
        return False
    return not _PROSE.search(text[1:2] if len(text) > 2 else "")


def may_be_name(text: str) -> bool:
    """Whether a word beside a name or a sure role can be a name too: 海燕, 扎西, 吾买尔江."""
    return has_shape_of_name(text) and (text not in _COMMON or text in _ALSO_NAMES)


def is_also_name(text: str) -> bool:
    """Whether a common word is what people are called as well: 高峰, 田野."""
    return text in _ALSO_NAMES


def has_shape_of_name(text: str) -> bool:
    """Whether a word can be a name where nothing else ever is: 责任编辑：高兴."""
    if text in _NEVER or not (_HAN_NAME.fullmatch(text) or _TRANSCRIBED.fullmatch(text)):
        return False
    return not text.endswith(_NEVER_ENDS)


def is_transcribed(text: str) -> bool:
    """Whether a word is of the letters by which names of other languages are written: 努尔比亚."""
    return bool(_TRANSCRIBED.fullmatch(text)) and has_shape_of_name(text)


def may_be_pen_name(text: str) -> bool:
    """Whether a word can be what a column signs with: 之江轩, 一叶, 半枝莲."""
    if text in _NEVER or not _PEN_NAME.fullmatch(text) or text.endswith(_NEVER_ENDS):
        return False
    return not _PROSE.search(text)


def is_latin_name(text: str) -> bool:
    """Two to five capitalised words: Wu Ziyi, Jean-Luc O’Brien."""
    return bool(_LATIN_NAME.fullmatch(text))


def names_a_thing(text: str) -> bool:
    """Whether capitalised words are those of a thing: West Lake."""
    return bool(_LATIN_NEVER.search(text))
