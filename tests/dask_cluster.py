"""A real Dask cluster on loopback: a scheduler and workers, each a process of its own."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.command_line import ROOT, wait_until

DASK = [sys.executable, "-m", "dask"]


@contextmanager
def cluster_of(folder: Path, workers: int, **environment: str) -> "Iterator[DaskCluster]":
    running = DaskCluster(folder, environment)
    try:
        running.start(workers)
        yield running
    finally:
        running.stop()


@dataclass
class DaskCluster:
    """What it logs is in `folder`. Its workers may be killed: each has a nanny, which starts it
    again."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    port: int = 0
    scheduler: subprocess.Popen[bytes] | None = None
    nannies: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, workers: int = 0) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        where = ("--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard")
        self.scheduler = self._started("scheduler", *where)
        wait_until(self._answers)
        for _ in range(workers):
            self.add_worker()

    def add_worker(self, root: Path = ROOT) -> None:
        """`root`: the folder that `zjnews` is imported from."""
        given = (self.address, "--nthreads", "1", "--no-dashboard", "--host", "127.0.0.1")
        nanny = self._started("worker", *given, root=root)
        self.nannies.append(nanny)
        wait_until(lambda: _workers_of(nanny))

    def kill_workers(self) -> int:
        """Kill each of them, and give their number as soon as all were started again."""
        killed = {nanny.pid: _workers_of(nanny) for nanny in self.nannies}
        for pids in killed.values():
            for pid in pids:
                os.kill(pid, signal.SIGKILL)
        for nanny in self.nannies:
            wait_until(lambda nanny=nanny: set(_workers_of(nanny)) - set(killed[nanny.pid]))
        return sum(map(len, killed.values()))

    def stop(self) -> None:
        processes = [*self.nannies, *([self.scheduler] if self.scheduler else [])]
        for process in processes:
            process.kill()  # what a nanny has started ends by itself then
        for process in processes:
            process.wait()

    @property
    def address(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    @property
    def on(self) -> tuple[str, str]:
        return ("--on", f"dask:{self.address}")

    def _started(self, what: str, *given: str, root: Path = ROOT) -> subprocess.Popen[bytes]:
        with (self.folder / f"{what}.log").open("ab") as log:
            return subprocess.Popen(
                [*DASK, what, *given],
                cwd=root,
                env={**os.environ, **self.environment},
                stdout=log,
                stderr=log,
            )

    def _answers(self) -> bool:
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", self.port)) == 0


def _workers_of(nanny: subprocess.Popen[bytes]) -> list[int]:
    """The process that a nanny looks after, besides those of multiprocessing."""
    threads = Path(f"/proc/{nanny.pid}/task").glob("*/children")
    children = [pid for thread in threads for pid in _content(thread).split()]
    lines = {int(pid): Path(f"/proc/{int(pid)}/cmdline") for pid in children}
    return [pid for pid, line in lines.items() if b"spawn_main" in _content(line)]


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
