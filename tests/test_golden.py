"""A deliberate change of a loader, seen through the three commands: read, read again, compare."""

import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.command_line import MOST_SECONDS, ROOT
from zjnews.items import RECORD_KEYS

SAMPLES = ROOT / "samples" / "zjol.warc.gz"


def scrapy(folder: Path, *arguments: str, status: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "scrapy", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=MOST_SECONDS,
        check=False,
    )
    assert done.returncode == status, done.stderr
    return done.stdout


def changed_project(folder: Path, module: str, old: str, new: str) -> Path:
    """A copy of the project with one line of a loader changed."""
    shutil.copytree(ROOT / "zjnews", folder / "zjnews")
    shutil.copy(ROOT / "scrapy.cfg", folder)
    path = folder / "zjnews" / module
    source = path.read_text("utf-8")
    assert source.count(old) == 1
    path.write_text(source.replace(old, new), "utf-8")
    return folder


def fields_that_differ(report: str) -> dict[str, int]:
    counts = re.findall(r"^(\w+): (\d+) records?$", report, re.M)
    return {field: int(count) for field, count in counts if field in RECORD_KEYS}


def fields_by_hand(before: Path, after: Path) -> dict[str, int]:
    """The same, by the two files side by side."""
    records = (map(json.loads, path.read_text("utf-8").splitlines()) for path in (before, after))
    differing = Counter(
        key for one, other in zip(*records, strict=True) for key in one if one[key] != other[key]
    )
    return dict(differing)


@pytest.mark.parametrize(
    ("module", "old", "new", "touched"),
    [
        # Nothing else follows from the description.
        (
            "loaders/base.py",
            '"summary", self.page.meta.get("description")',
            '"summary", self.page.meta.get("none")',
            {"summary"},
        ),
        # The body, what is computed of it, and the names that stand in it.
        (
            "loaders/forms.py",
            'body_css = ("div.artCon",)',
            'body_css = ("div.artCon p:nth-of-type(1)",)',
            {
                "authors",
                "body",
                "content_hash",
                "images",
                "photographers",
                "text",
                "videos",
                "warnings",
            },
        ),
    ],
)
def test_a_change_of_a_loader_shows_in_just_the_fields_it_touches(
    tmp_path: Path, module: str, old: str, new: str, touched: set[str]
) -> None:
    changed = changed_project(tmp_path, module, old, new)
    before, after = tmp_path / "before.jsonl", tmp_path / "after.jsonl"
    scrapy(ROOT, "reread", str(SAMPLES), "-O", str(before))
    scrapy(changed, "reread", str(SAMPLES), "-O", str(after))
    html = tmp_path / "report.html"
    report = scrapy(ROOT, "compare", str(before), str(after), "--html", str(html), status=1)
    assert set(fields_that_differ(report)) == touched
    assert fields_that_differ(report) == fields_by_hand(before, after)
    assert "lost: 0 records" in report
    assert "gained: 0 records" in report
    assert "<del>" in html.read_text("utf-8")


def test_no_change_shows_as_none(tmp_path: Path) -> None:
    for name in ("before", "after"):
        scrapy(ROOT, "reread", str(SAMPLES), "-O", str(tmp_path / f"{name}.jsonl"))
    scrapy(ROOT, "compare", str(tmp_path / "before.jsonl"), str(tmp_path / "after.jsonl"))
