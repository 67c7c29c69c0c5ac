"""A short run of the fuzzer, and that it finds what there is to find."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from tests import fuzz
from tests.command_line import ROOT

BROKEN_READERS = """
import os, socket
from pathlib import Path
from zjnews import loaders
inner = loaders.load
def load(page):
    what = len(page.markup) % 7
    if what == 0:
        os.abort()
    if what == 1:
        raise ZeroDivisionError
    if what == 2:
        Path({outside!r}).write_text("x")
    if what == 3:
        socket.create_connection(("127.0.0.1", 9))
    while what == 4:
        pass
    return inner(page)
loaders.load = load
"""


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.fuzz", "--out", str(folder / "faults"), *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{folder}:{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_is_changed_at_random_costs_no_more_than_itself(tmp_path: Path) -> None:
    counts = {"pages": 120, "lists": 25, "archives": 60, "indexes": 60, "addresses": 2_000}
    wanted = [part for kind, count in counts.items() for part in (f"--{kind}", str(count))]
    done = run(tmp_path, *wanted, "--seed", "test", "--seconds", "60", "--processes", "1")
    told = re.findall(r"^(\w+): ([\d,]+) tried, (\d+) faults", done.stdout, re.M)
    assert told == [(kind, f"{count:,}", "0") for kind, count in counts.items()], done.stdout
    assert done.returncode == 0
    assert not (tmp_path / "faults").exists()


def test_a_fault_is_told_and_its_input_kept(tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    broken = BROKEN_READERS.format(outside=str(outside))
    (tmp_path / "sitecustomize.py").write_text(broken, "utf-8")
    done = run(tmp_path, "--pages", "40", "--seed", "test", "--seconds", "0.3")
    assert done.returncode == 1
    kept = sorted((tmp_path / "faults").glob("*.json"))
    faults = " ".join(json.loads(path.read_text("utf-8"))["fault"] for path in kept)
    assert "the child ended by -6" in faults
    assert "reader-fault" in faults and "too-slow" in faults
    assert not outside.exists()
    assert f"pages: 40 tried, {len(kept)} faults" in done.stdout
    for path in kept:
        number = int(path.stem.rsplit("-", 1)[1])
        assert path.with_suffix(".bin").read_bytes() == fuzz.input_of("pages", "test", number)[1]
