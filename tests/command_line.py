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
        found = re.findall(r"^  rejected +([\d,]+)  (\S+)$", self.errors, re.M)
        return {reason: int(count.replace(",", "")) for count, reason in found}

    @property
    def lines(self) -> list[str]:
        """The log lines about what was rejected."""
        return [line for line in self.errors.splitlines() if ": rejected " in line]


def crawl(folder: Path, *arguments: str, environment: dict[str, str] | None = None) -> Run:
    """`scrapy crawl ARGUMENTS -O out.jsonl`, from the project's own folder."""
    out = folder / "out.jsonl"
    command = [sys.executable, "-m", "scrapy", "crawl", *arguments, "-O", str(out)]
    done = subprocess.run(
        [*command, "-s", "LOG_LEVEL=WARNING", "-s", "DOWNLOAD_DELAY=0"],
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    lines = out.read_text("utf-8").splitlines() if out.exists() else []
    return Run(done.returncode, done.stderr, [json.loads(line) for line in lines])
