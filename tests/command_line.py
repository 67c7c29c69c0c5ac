"""Runs `scrapy` commands as a user does and reads what comes out."""

import json
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import scrapy.cmdline

ROOT = Path(__file__).parent.parent
SCRAPY = [sys.executable, "-m", "scrapy"]
MOST_SECONDS = 600
"""After which a command hangs; ten times as long as any takes on a busy machine."""

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.preloaded"])
_READERS = ThreadPoolExecutor(32)


class Fork:
    """A running `scrapy` command, used as `subprocess.Popen` is. It is forked from a process that
    has loaded all modules, which saves most of a second each time."""

    def __init__(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        folder: Path,
        first: Callable[[], object],
    ) -> None:
        readers, writers = zip(_FORKS.Pipe(duplex=False), _FORKS.Pipe(duplex=False), strict=True)
        given = (list(arguments), dict(environment), folder, first, writers)
        self._process = _FORKS.Process(target=_execute, args=given)
        self._process.start()
        for writer in writers:
            writer.close()
        self._written = [_READERS.submit(_read, reader) for reader in readers]

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self.returncode

    def communicate(self, timeout: float = MOST_SECONDS) -> tuple[str, str]:
        """Standard output and standard error, as soon as it has ended."""
        self._process.join(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired("scrapy", timeout)
        output, errors = (written.result(timeout) for written in self._written)
        return output, errors

    def send_signal(self, number: int) -> None:
        if self.returncode is None:
            with suppress(ProcessLookupError):  # it has just ended, as in Popen's
                os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


Process = Fork | subprocess.Popen[str]


def _read(reader: Connection) -> str:
    with reader, open(reader.fileno(), encoding="utf-8", closefd=False) as file:
        return file.read()


def _execute(
    arguments: list[str],
    environment: dict[str, str],
    folder: Path,
    first: Callable[[], object],
    writers: tuple[Connection, ...],
) -> None:
    for number, writer in enumerate(writers, 1):
        os.dup2(writer.fileno(), number)
        writer.close()
    # Those of the process that forks may be files, where one can seek.
    sys.stdout = os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", 1, errors="backslashreplace", closefd=False)
    os.environ.clear()
    os.environ.update(environment)
    sys.modules.pop("zjnews.settings", None)  # which reads the environment
    time.tzset()
    os.chdir(folder)
    sys.argv = arguments
    first()
    scrapy.cmdline.execute(arguments)


def start(
    command: Sequence[str],
    environment: Mapping[str, str] | None = None,
    *,
    folder: Path = ROOT,
    first: Callable[[], object] = int,
) -> Process:
    """Start a command. The environment is added to ours; `first`, which must be fit for pickle, is
    called in the new process before all else."""
    both = {**os.environ, **(environment or {})}
    asks_for_python = any(name.startswith("PYTHON") for name in environment or ())
    if list(command[: len(SCRAPY)]) == SCRAPY and not asks_for_python:
        return Fork(["scrapy", *command[len(SCRAPY) :]], both, folder, first)
    assert first is int, "only a fork calls it"
    return subprocess.Popen(
        command,
        cwd=folder,
        env=both,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


def wait_until(holds: Callable[[], object]) -> None:
    """Wait for what comes, however busy the machine; fail where it never comes."""
    end = time.monotonic() + MOST_SECONDS
    while not holds():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def run(command: Sequence[str], *given: Any, **how: Any) -> subprocess.CompletedProcess[str]:
    """What `start` starts, to its end."""
    process = start(command, *given, **how)
    output, errors = process.communicate(timeout=MOST_SECONDS)
    assert process.returncode is not None
    return subprocess.CompletedProcess(command, process.returncode, output, errors)


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
    return [*SCRAPY, "crawl", *given, *arguments]


def command_line(folder: Path, *arguments: str, out: Path) -> list[str]:
    return scrapy_crawl(folder, *arguments, "-O", str(out))


def crawl(
    folder: Path, *arguments: str, environment: Mapping[str, str] | None = None, **how: Any
) -> Run:
    """Run a crawl from the project's own folder; what it writes and remembers lies in `folder`."""
    out = folder / "out.jsonl"
    done = run(command_line(folder, *arguments, out=out), environment, **how)
    lines = out.read_text("utf-8").splitlines() if out.exists() else []
    return Run(done.returncode, done.stderr, [json.loads(line) for line in lines])
