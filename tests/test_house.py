"""What the docs say of the code is true: every key, warning, reason, exit status, path and link."""

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
DOCS = [*ROOT.glob("*.md"), *sorted((ROOT / "docs").rglob("*.md"))]
PATH = re.compile(
    r"(?<![\w./-])(?:(?:tests|docs|deploy|bench|samples)/[a-z][\w./-]*\w/?"
    r"|zjnews/[\w/]+(?:\.\w+|/))(?![\w<*])"  # without an ending it is a count of the stats
)
LINK = re.compile(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)")


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


@pytest.mark.parametrize("doc", DOCS, ids=lambda path: path.name)
def test_every_path_in_the_docs_exists(doc: Path) -> None:
    named = set(PATH.findall(doc.read_text("utf-8")))
    assert {path for path in named if not (ROOT / path).exists()} == set()


@pytest.mark.parametrize("doc", DOCS, ids=lambda path: path.name)
def test_every_link_in_the_docs_leads_somewhere(doc: Path) -> None:
    for file, heading in LINK.findall(doc.read_text("utf-8")):
        target = doc.parent / file if file else doc
        assert target.exists(), file
        titles = re.findall(r"^#+ (.*)", target.read_text("utf-8"), re.M) if heading else [""]
        anchors = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
        assert heading in anchors, f"{file}#{heading}"


def tree(folder: Path, depth: int = 2, before: str = "") -> list[str]:
    """A folder as `tree -L 2` prints it."""
    *others, last = sorted(path for path in folder.iterdir() if path.name != "__pycache__")
    lines = []
    for path in (*others, last):
        lines.append(f"{before}{'└── ' if path is last else '├── '}{path.name}")
        if path.is_dir() and depth > 1:
            lines += tree(path, depth - 1, before + ("    " if path is last else "│   "))
    return lines


def test_the_docs_have_every_module() -> None:
    text = (ROOT / "docs" / "design.md").read_text("utf-8")
    listed = text.partition("    zjnews\n")[2].splitlines()
    assert [line.removeprefix("    ") for line in listed] == tree(PACKAGE)
