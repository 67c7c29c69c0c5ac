"""What the docs say of the code is true: every key, warning, reason and exit status."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.command_line import ROOT
from zjnews import items, settings
from zjnews.state.reasons import REJECTED, SKIPPED, Trait, name_of
from zjnews.state.verdict import Status

PACKAGE = ROOT / "zjnews"
MODULES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_says_what_it_knows(module: Path) -> None:
    assert ast.get_docstring(ast.parse(module.read_text("utf-8")))


def test_every_key_and_warning_is_documented() -> None:
    text = (ROOT / "docs" / "record.md").read_text("utf-8")
    for key in items.RECORD_KEYS:
        assert f"`{key}`" in text, key
    source = "".join(module.read_text("utf-8") for module in MODULES)
    for code in set(re.findall(r'warnings(?:\.append\(|", )"([a-z-]+)"', source)):
        assert f"`{code}`" in text, code


def documented(title: str) -> dict[str, str]:
    """Of a table in docs/logs.md, the first cells with the second ones."""
    text = (ROOT / "docs" / "logs.md").read_text("utf-8")
    table = text.partition(f"| {title} |")[2].partition("\n\n")[0]
    return dict(re.findall(r"^\| `([^`]+)` \| ([^|]*) \|", table, re.M))


TRAITS_IN_WORDS = {
    Trait.PASSING: "asks again",
    Trait.DOUBTFUL: "three days",
    Trait.GONE: "gone",
    Trait.ELSEWHERE: "elsewhere",
    Trait.FAILS: "fails",
}


def in_words(traits: Trait) -> str:
    words = [word for trait, word in TRAITS_IN_WORDS.items() if trait in traits]
    return ", ".join(words) or "–"


def test_the_docs_have_every_reason_with_its_traits() -> None:
    assert documented("rejected") == {name: in_words(t) for name, t in REJECTED.items()}
    found = {name: "found" if Trait.FOUND in t else "–" for name, t in SKIPPED.items()}
    assert documented("skipped") == found


def test_every_reason_that_is_given_is_in_the_table() -> None:
    source = "".join(module.read_text("utf-8") for module in MODULES)
    rejected = set(re.findall(r'(?:Rejected|LeadsOn)\(\s*"([a-z-]+)"', source))
    assert len(rejected) > 15
    assert {name for name in rejected if name_of(name) is None} == set()
    skipped = set(re.findall(r'(?:Skipped|skip)\(\s*"([a-z-]+)"', source))
    assert len(skipped) > 5
    assert skipped <= SKIPPED.keys()


def test_the_docs_have_every_exit_status() -> None:
    text = (ROOT / "docs" / "logs.md").read_text("utf-8")
    table = text.partition("| status | meaning |")[2]
    assert {int(number) for number in re.findall(r"^\| (\d) \|", table, re.M)} == set(Status)


def test_the_feed_has_the_keys_of_the_record() -> None:
    assert tuple(settings.FEED_EXPORT_FIELDS) == items.RECORD_KEYS
