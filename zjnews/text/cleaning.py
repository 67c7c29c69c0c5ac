"""How text is compared and cleaned everywhere: white space, invisible characters, letters."""

import re
import unicodedata
from collections.abc import Iterable, Iterator

_INVISIBLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
    "|(?<![\u2600-\u27bf\ufe0f\U0001f000-\U0001faff])\u200d"  # which joins emoji to one
)
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]+")
_WIDE = (*zip("，：；？！（）", ",:;?!()", strict=True), ("…", "..."))
_SIGNS = re.compile(r"[^\x00-\x7f\u4e00-\u9fa5](?<=[^\w\s])[^\w\s\x00-\x7f]{29}")
"""Thirty characters that are neither letters nor ASCII; the first by a set that has no classes in
it, which takes half the time."""
_LATIN = re.compile(r"[A-Za-z]+")
_USER = re.compile(r"(?<=://)(?:[^\s/?#\\@]{1,500}@)+|(?<=s3://)[^\s:/]{1,500}:[^\s@]{0,500}@")
"""What is before the host of an address. A secret key of S3 may hold slashes."""
_LONGEST_SHOWN = 1_000


def fold(text: str) -> str:
    """One space for each run of white space, none at the ends, no invisible characters."""
    text = " ".join(text.split())
    if not text.isprintable():
        text = " ".join(_INVISIBLE.sub("", text).split())
    return text


def squeeze(text: str) -> str:
    """The text without any white space or invisible character, for comparing two readings."""
    return fold(text).replace(" ", "")


def normal_form(text: str) -> str:
    """Unicode NFKC with white space folded: what `content_hash` is computed of."""
    # Wide punctuation is all that most texts have to lose, and looking at every letter for
    # its other forms is slow.
    for wide, plain in _WIDE:
        text = text.replace(wide, plain)
    return fold(unicodedata.normalize("NFKC", _SIGNS.sub(_joined, text)))


def _joined(signs: re.Match[str]) -> str:
    """The signs, and if accents are among them a joiner, which ends their run: no letter has so
    many, and putting a run in order takes time that is quadratic in it (UAX 15, stream-safe).
    """
    return f"{signs[0]}\u034f" if any(map(unicodedata.combining, signs[0])) else signs[0]


def places_of(sign: str, text: str, start: int = 0) -> Iterator[int]:
    """Where a sign is in a text, from a place on. For signs whose first letter is rare in markup:
    Python finds one letter ten times faster than several."""
    at = text.find(sign[0], start)
    while at >= 0:
        if text.startswith(sign, at):
            yield at
        at = text.find(sign[0], at + 1)


def unique(values: Iterable[str]) -> list[str]:
    """The values in their order, each once."""
    return list(dict.fromkeys(values))


def language_of(text: str) -> str:
    """`zh` or `en`, whichever more characters (Han) or words (Latin) speak for."""
    sample = text[:300]
    words = len(_LATIN.findall(sample))
    return "en" if words and words > sum(map(len, _HAN.findall(sample))) else "zh"


def printable(text: str) -> str:
    """The text with escapes for what is invisible or steers a terminal: reversed writing."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )


def without_user(text: str) -> str:
    """The text without the user names and passwords of the addresses in it."""
    return _USER.sub("", text) if "@" in text else text


def without_credentials(address: str) -> str:
    """`scheme://…` without all that is before its last @, well formed or not."""
    scheme, _, rest = address.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"


def error_in_words(error: BaseException) -> str:
    """What has gone wrong, in one line: `No such file or directory`."""
    words = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(str(words).split())


def counted(count: int, word: str) -> str:
    """`1 record`, `2 records`."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def fit_for_log(text: str) -> str:
    r"""What a page, header, file or address says, as one line that may be shown: printable, without
    passwords, cut where it is very long.

        "http://me:secret@zjol.com.cn/\n\x1b[2J"  ->  "http://zjol.com.cn/\n\x1b[2J" in escapes
    """
    cut = "…" if len(text) > _LONGEST_SHOWN else ""
    return printable(without_user(text[:_LONGEST_SHOWN])) + cut
