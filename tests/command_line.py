"""Runs `scrapy crawl` as a user does and reads what comes out."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Run:
    """What a crawl left behind."""

    status: int
    errors: str
    records: list[dict[str, Any]]

    @property
    def rejected(self) -> dict[str, int]:
        """The counts by reason in the summary."""
        return self.counts("rejected")

    @property
    def skipped(self) -> dict[str, int]:
        return self.counts("skipped")

    def counts(self, title: str) -> dict[str, int]:
        found = re.findall(rf"^  {title} +([\d,]+)  (\S+)$", self.errors, re.M)
        return {reason: int(count.replace(",", "")) for count, reason in found}

    @property
    def ids(self) -> set[str]:
        return {record["id"] for record in self.records}

    @property
    def lines(self) -> list[str]:
        """The log lines about what was rejected."""
        return [line for line in self.errors.splitlines() if ": rejected " in line]


def scrapy_crawl(folder: Path, *arguments: str) -> list[str]:
    """`scrapy crawl ARGUMENTS`, without pauses, its state kept in a folder."""
    settings = {
        "LOG_LEVEL": "WARNING",
        "DOWNLOAD_DELAY": "0",
        "STATE_DB": f"{folder}/state.db",
    }
    given = [part for name, value in settings.items() for part in ("-s", f"{name}={value}")]
    return [sys.executable, "-m", "scrapy", "crawl", *given, *arguments]


def command_line(folder: Path, *arguments: str, out: Path) -> list[str]:
    return scrapy_crawl(folder, *arguments, "-O", str(out))


def crawl(folder: Path, *arguments: str, environment: dict[str, str] | None = None) -> Run:
    """Run a crawl from the project's own folder; what it writes and remembers lies in `folder`."""
    out = folder / "out.jsonl"
    done = subprocess.run(
        command_line(folder, *arguments, out=out),
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    lines = out.read_text("utf-8").splitlines() if out.exists() else []
    return Run(done.returncode, done.stderr, [json.loads(line) for line in lines])
