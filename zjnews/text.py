"""How text is compared and cleaned everywhere: white space, invisible characters, letters."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_INVISIBLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
    "|(?<![\u2600-\u27bf\ufe0f\U0001f000-\U0001faff])\u200d"  # which joins emoji to one
)
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]+")
_WIDE = (*zip("，：；？！（）", ",:;?!()", strict=True), ("…", "..."))
_LATIN = re.compile(r"[A-Za-z]+")


def fold(text: str) -> str:
    """Fold every run of white space (no-break and ideographic too) to one space, strip the ends
    and take out characters that have no width."""
    text = " ".join(text.split())
    if not text.isprintable():
        text = " ".join(_INVISIBLE.sub("", text).split())
    return text


def squeeze(text: str) -> str:
    """The text without any white space or invisible character, for comparing two readings."""
    return fold(text).replace(" ", "")


def normal_form(text: str) -> str:
    """Unicode NFKC with white space folded: what `content_hash` is computed of."""
    # Wide punctuation is all that stands in the way of most texts, and looking at every letter for
    # its other forms is slow.
    for wide, plain in _WIDE:
        text = text.replace(wide, plain)
    return fold(unicodedata.normalize("NFKC", text))


def unique(values: Iterable[str]) -> list[str]:
    """The values in their order, each once."""
    return list(dict.fromkeys(values))


def language_of(text: str) -> str:
    """`zh` or `en`, whichever more characters (Han) or words (Latin) speak for."""
    sample = text[:300]
    letters = sum(map(len, _HAN.findall(sample)))
    return "en" if len(_LATIN.findall(sample)) > letters else "zh"
