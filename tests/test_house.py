"""The house as docs/design.md draws it: imports go one way, and newcomers are told the truth."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.command_line import ROOT
from zjnews import items, settings
from zjnews.state.reasons import REJECTED, SKIPPED, Trait, name_of
from zjnews.verdict import Status

PACKAGE = ROOT / "zjnews"
MODULES = sorted(PACKAGE.rglob("*.py"))
RANK = {
    "items": 0,
    "addresses": 0,
    "text": 0,
    "drafts": 0,
    "dates": 1,
    "credits": 1,
    "furniture": 1,
    "includes": 1,
    "payload": 1,
    "codings": 1,
    "channels": 1,
    "sketches": 1,
    "captions": 2,
    "paging": 1,
    "trees": 1,
    "page": 2,
    "windows": 2,
    "loaders": 3,
    "lists": 3,
    "papers": 3,
    "joining": 3,
    "warcs": 3,
    "state": 3,
    "needs": 3,
    "logs": 4,
    "storages": 4,
    "verdict": 4,
    "comparing": 3,
    "comparing_html": 4,
    "exporters": 3,
    "guard": 1,
    "outcomes": 5,
    "cdxj": 4,
    "playback": 5,
    "archives": 6,
    "recorder": 6,
    "reading": 7,
    "rereading": 8,
    "snapshots": 8,
    "pipelines": 8,
    "middlewares": 8,
    "extensions": 8,
    "spiders": 8,
    "handlers": 9,
    "settings": 9,
    "commands": 9,
}
"""A room may import rooms of a lower rank, and its own."""


def imported_rooms(module: Path) -> set[str]:
    rooms: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "zjnews":
            rooms |= {alias.name for alias in node.names if not alias.name.startswith("__")}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("zjnews."):
            rooms.add(str(node.module).split(".")[1])
    return rooms


def room_of(module: Path) -> str:
    return module.relative_to(PACKAGE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_one_way(module: Path) -> None:
    room = room_of(module)
    if room == "__init__":
        assert not imported_rooms(module)
        return
    for imported in imported_rooms(module) - {room}:
        assert RANK[imported] < RANK[room], f"{room} imports {imported}"


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
