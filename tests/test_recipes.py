"""The recipes: what they have one type does what they say, and the Chinese pages type the same.

A line of a block that begins with `$ ` is run, and the lines after it must come, in their order; `…`
stands for anything. A block after a line that ends in "`NAME`:" is a file, or is appended to one.
"""

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.command_line import ROOT

RECIPES = sorted(
    path for path in (ROOT / "docs" / "recipes").glob("*.md") if ".zh." not in path.name
)
_FILE = re.compile(r"`([\w./-]+\.\w+)`:$", re.ASCII)


@dataclass(frozen=True)
class Step:
    """A file to be written or appended to, or a command with what it prints."""

    name: str
    lines: tuple[str, ...]
    is_file: bool = False
    appends: bool = False


def blocks_of(page: Path) -> list[tuple[str, list[str]]]:
    """The last line of prose before each block, and its lines."""
    blocks: list[tuple[str, list[str]]] = []
    said, block = "", None
    for line in page.read_text("utf-8").splitlines():
        if line.startswith("    "):
            if block is None:
                block = []
                blocks.append((said, block))
            block.append(line[4:])
        elif line.strip():
            said, block = line, None
        elif block is not None:
            block.append("")
    return blocks


def steps_of(page: Path) -> list[Step]:
    steps: list[Step] = []
    for said, block in blocks_of(page):
        lines = "\n".join(block).rstrip().split("\n")
        if named := _FILE.search(said):
            appends = bool(re.search(r"(?i)append to `[^`]*`:$", said))
            steps.append(Step(named[1], tuple(lines), is_file=True, appends=appends))
            continue
        for number, line in enumerate(lines):
            if line.startswith("$ "):
                rest = lines[number + 1 :]
                end = next((n for n, each in enumerate(rest) if each.startswith("$ ")), len(rest))
                steps.append(Step(line[2:], tuple(filter(str.strip, rest[:end]))))
    return steps


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project that may be changed."""
    for name in ("zjnews", "scrapy.cfg", "samples"):
        source = ROOT / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, tmp_path / name)
    return tmp_path


def run(command: str, folder: Path) -> list[str]:
    path = f"{ROOT / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env={**os.environ, "PATH": path, "PYTHONPATH": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    return done.stdout.splitlines()


@pytest.mark.parametrize("page", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_does_what_it_says(page: Path, project: Path) -> None:
    steps = steps_of(page)
    assert any(not step.is_file for step in steps)
    for step in steps:
        if step.is_file:
            target = project / step.name
            target.parent.mkdir(exist_ok=True)
            before = f"{target.read_text('utf-8')}\n\n" if step.appends else ""
            target.write_text(before + "\n".join(step.lines) + "\n", "utf-8")
            continue
        printed = run(step.name, project)
        rest = iter(printed)
        for line in step.lines:
            form = re.compile(re.escape(line.rstrip()).replace("…", ".*"))
            assert any(form.fullmatch(each.rstrip()) for each in rest), (line, printed)


def typed(page: Path) -> list[str]:
    """All blocks of a page, without their comments."""
    return [line for line in page.read_text("utf-8").splitlines() if line.startswith("    ")]


def commands(page: Path) -> list[str]:
    return [line for line in typed(page) if line.lstrip().startswith(("scrapy ", "make "))]


def test_the_chinese_readme_types_the_same() -> None:
    def without_comment(line: str) -> str:
        return line.split("  #", maxsplit=1)[0].strip()

    english, chinese = (commands(ROOT / name) for name in ("README.md", "README.zh.md"))
    assert list(map(without_comment, chinese)) == list(map(without_comment, english))
    assert len(english) > 7


def test_the_record_in_the_chinese_readme_is_part_of_the_english_one() -> None:
    english, chinese = (
        json.loads((ROOT / name).read_text("utf-8").split("```json\n")[1].split("```")[0])
        for name in ("README.md", "README.zh.md")
    )
    assert chinese == {key: english[key] for key in chinese}


@pytest.mark.parametrize("page", RECIPES, ids=lambda path: path.stem)
def test_the_chinese_page_has_the_same_blocks(page: Path) -> None:
    assert typed(page.with_suffix(".zh.md")) == typed(page)
