"""The house as docs/design.md draws it: imports go one way, and newcomers are told the truth."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.command_line import ROOT
from zjnews import items, settings

PACKAGE = ROOT / "zjnews"
MODULES = sorted(PACKAGE.rglob("*.py"))
RANK = {
    "items": 0,
    "addresses": 0,
    "text": 0,
    "dates": 1,
    "credits": 1,
    "furniture": 1,
    "includes": 1,
    "payload": 1,
    "codings": 1,
    "channels": 1,
    "sketches": 1,
    "captions": 2,
    "page": 2,
    "windows": 2,
    "loaders": 3,
    "lists": 3,
    "papers": 3,
    "joining": 3,
    "warcs": 3,
    "store": 3,
    "logs": 3,
    "spool": 3,
    "storages": 3,
    "verdict": 3,
    "comparing": 3,
    "comparing_html": 4,
    "exporters": 3,
    "outcomes": 4,
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


def test_every_reason_is_documented() -> None:
    text = (ROOT / "docs" / "logs.md").read_text("utf-8")
    source = "".join(module.read_text("utf-8") for module in MODULES)
    for reason in set(re.findall(r'Rejected\(\s*"([a-z-]+)"', source)):
        assert f"`{reason}`" in text, reason


def test_the_feed_has_the_keys_of_the_record() -> None:
    assert tuple(settings.FEED_EXPORT_FIELDS) == items.RECORD_KEYS
