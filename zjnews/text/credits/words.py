"""The word lists of `words.toml`, and the roles among them."""

import re
import tomllib
from dataclasses import dataclass
from importlib import resources
from typing import Any

Credits = dict[str, list[str]]  # field to values
PEOPLE = ("authors", "editors", "translators", "photographers")

SOURCE, CONTROL, CONTACT = "source", "control", "contact"
_NO_PERSONS = frozenset({SOURCE, CONTROL, CONTACT})
FIELDS = (SOURCE, *PEOPLE)


@dataclass(frozen=True, slots=True)
class Role:
    """A word of the table: what it makes of the names beside it."""

    fields: tuple[str, ...]  # where the names go; empty for a role that the record has no key for
    is_occupation: bool = False  # what a person is (记者), not what the person did (采写)
    is_letter: bool = False
    is_anywhere: bool = False  # credits even in the middle of a body
    names_only: bool = False  # only names are ever beside it
    signs_pen_names: bool = False

    is_of_works: bool = False  # a book or a film has it too

    @property
    def is_person(self) -> bool:
        """Whether names are beside it: not for 来源 and 字号."""
        return _NO_PERSONS.isdisjoint(self.fields)


# Not by `__file__`: the package may lie in an egg.
_FILE = resources.files("zjnews.text.credits") / "words.toml"
_TABLE: dict[str, dict[str, Any]] = tomllib.loads(_FILE.read_text("utf-8"))


def word_list(table: str, key: str = "words") -> frozenset[str]:
    """The words of one list."""
    return frozenset(_TABLE[table][key].split())


def one_of(listed: frozenset[str]) -> str:
    """A pattern for any of some words, the longest first."""
    return "|".join(map(re.escape, sorted(listed, key=lambda word: (-len(word), word))))


def english_roles() -> dict[str, Role]:
    """`edited by`, `executive editor` …, in small letters."""
    anywhere = _phrases("trust", "english_anywhere")
    found: dict[str, Role] = {}
    for key in _TABLE["english"]:
        for phrase in _phrases("english", key):
            before = found[phrase].fields if phrase in found else ()
            found[phrase] = Role((*before, *_fields(key)), is_anywhere=phrase in anywhere)
    return found


def _phrases(table: str, key: str) -> list[str]:
    return [" ".join(phrase.split()) for phrase in _TABLE[table][key].split("|")]


def _fields(key: str) -> tuple[str, ...]:
    return () if key == "none" else tuple(key.split())


def _roles() -> dict[str, Role]:
    keys = ("anywhere", "names_only", "pen_names", "of_works")
    anywhere, names_only, pen_names, of_works = (word_list("trust", key) for key in keys)
    found = {}
    for table in ("label", "task", "letter", "occupation"):
        for fields, listed in _TABLE[table].items():
            for word in listed.split():
                found[word] = Role(
                    _fields(fields),
                    is_occupation=table == "occupation",
                    is_letter=table == "letter",
                    is_anywhere=table == "occupation" or word in anywhere,
                    names_only=word in names_only,
                    signs_pen_names=word in pen_names,
                    is_of_works=word in of_works,
                )
    return found


ROLES = _roles()  # Chinese role to what it means; the same with a modifier before it
_LETTERS = word_list("traditional", "letters")
_SIMPLIFIED = str.maketrans({pair[0]: pair[1] for pair in _LETTERS})
_TRADITIONAL = str.maketrans({pair[1]: pair[0] for pair in _LETTERS})
MODIFIERS = word_list("modifier").union(*(listed.split() for listed in _TABLE["task"].values()))
"""What may be before a role in one word."""

_HAN = r"[\u3400-\u9fff]"
_LONG_ROLES = frozenset(word for word in (*ROLES, *MODIFIERS) if len(word) > 1)
_TRADITIONAL_LETTER = re.compile(f"[{''.join(map(chr, _SIMPLIFIED))}]")
_TRADITIONAL_ROLE = re.compile(
    one_of(frozenset(word.translate(_TRADITIONAL) for word in _LONG_ROLES))
    + rf"|(?<!{_HAN})[攝圖譯](?!{_HAN})"
)
_SPACED = re.compile(rf"(?<!{_HAN}){_HAN}\s{_HAN}(?!{_HAN})")
_SPACED_ROLE = re.compile(
    rf"(?<!{_HAN})(?:{one_of(frozenset(map(' '.join, _LONG_ROLES)))})(?!{_HAN})"
)


def plain(text: str) -> str:
    """A line with its roles written as in the table: `編輯：張三`, `记 者 李四`."""
    if _TRADITIONAL_LETTER.search(text):
        text = _TRADITIONAL_ROLE.sub(lambda role: role[0].translate(_SIMPLIFIED), text)
    if " " in text and _SPACED.search(text):
        text = _SPACED_ROLE.sub(lambda role: role[0].replace(" ", ""), text)
    return text
