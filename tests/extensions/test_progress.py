"""What a person sees while a crawl runs: a line in place on a terminal, log lines elsewhere."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import unicodedata
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.command_line import MOST_SECONDS, ROOT, command_line
from tests.made_up_site import big_site
from tests.site_server import Answer, Asked, serve

PAGES = big_site(60)
MISSING = "5.shtml"
"""Six of the sixty articles are not there."""
COUNT = re.compile(r"(?<![\d.])(\d+) (pages|articles|skipped|rejected)\b(?!/)")
RATE = re.compile(r"\d\.\d+(?: pages)?/s")
LOG = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \[\S+\] [A-Z]+: .+")


def slowly(asked: Asked) -> Answer:
    """The site, at a pace at which the line is drawn several times."""
    if asked.url.endswith(MISSING):
        return Answer(b"gone", 404, "text/plain", delay=0.05)
    return replace(PAGES(asked), delay=0.05)


def command(folder: Path, *settings: str) -> list[str]:
    chosen = ("AUTOTHROTTLE_ENABLED=False", "DOWNLOAD_DELAY=0.05", *settings)
    options = [part for setting in chosen for part in ("-s", setting)]
    out = folder / "out.jsonl"
    return command_line(folder, "channel", "-a", "channels=zjxc", *options, out=out)


def on_terminal(folder: Path, *settings: str, columns: int = 160) -> str:
    """What a crawl writes to a terminal."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    with serve(slowly) as site:
        process = subprocess.Popen(
            command(folder, *settings),
            cwd=ROOT,
            env={**os.environ, **site.environment},
            stdin=its,
            stdout=its,
            stderr=its,
        )
        os.close(its)
        written = bytearray()
        try:
            while part := os.read(ours, 65536):
                written += part
        except OSError:  # so ends a terminal that nobody writes to any more
            pass
        finally:
            os.close(ours)
            process.wait(MOST_SECONDS)
    assert process.returncode == 0
    return written.decode()


def off_terminal(folder: Path, *settings: str) -> str:
    """What a crawl writes to a pipe."""
    with serve(slowly) as site:
        done = subprocess.run(
            command(folder, *settings),
            cwd=ROOT,
            env={**os.environ, **site.environment},
            stderr=subprocess.PIPE,
            timeout=MOST_SECONDS,
            check=True,
        )
    return done.stderr.decode()


@dataclass
class Screen:
    """A terminal that only knows how to begin a line anew, to go up, and to wrap."""

    columns: int
    lines: list[list[str]]
    row: int = 0
    column: int = 0

    def write(self, text: str) -> None:
        for part in re.findall(r"\x1b\[[\d;]*[A-Za-z]|.", text, re.S):
            if part == "\r":
                self.column = 0
            elif part == "\n":
                self.go_down()
            elif part == "\x1b[A":
                self.row = max(0, self.row - 1)
            else:
                self.put(part)

    def put(self, character: str) -> None:
        width = 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if self.column + width > self.columns:
            self.column = 0
            self.go_down()
        line = self.lines[self.row]
        line += [" "] * (self.column + width - len(line))
        line[self.column : self.column + width] = [character] + [""] * (width - 1)
        self.column += width

    def go_down(self) -> None:
        self.row += 1
        if self.row == len(self.lines):
            self.lines.append([])


def shown(text: str, columns: int = 160) -> list[str]:
    """The lines that remain to be seen."""
    screen = Screen(columns, [[]])
    screen.write(text)
    return ["".join(line).rstrip() for line in screen.lines]


def counts(line: str) -> dict[str, int]:
    """Pages and the like, of a line that tells of them."""
    return {what: int(count) for count, what in COUNT.findall(line)}


@dataclass(frozen=True)
class Seen:
    written: str

    @property
    def drawn(self) -> list[str]:
        """The line with its counts, each time that it was drawn."""
        return [part for part in self.written.split("\r") if len(counts(part)) == 4]

    @property
    def remains(self) -> list[str]:
        return shown(self.written)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    return Seen(on_terminal(tmp_path_factory.mktemp("terminal")))


# --- On a terminal ----------------------------------------------------------------------------------


def test_a_line_tells_how_far_the_crawl_is(seen: Seen) -> None:
    last = counts(seen.drawn[-1])
    assert 0 < last["articles"] < last["pages"]
    assert last["skipped"] == 0
    assert 0 < last["rejected"] <= 6


def test_the_line_tells_where_the_crawl_is(seen: Seen) -> None:
    assert re.search(r"\bzjxc\b", seen.drawn[-1])


def test_the_line_tells_the_pages_a_second(seen: Seen) -> None:
    assert RATE.search(seen.drawn[-1])


def test_the_line_moves_on(seen: Seen) -> None:
    pages = [counts(line)["pages"] for line in seen.drawn]
    assert pages == sorted(pages)
    assert len(set(pages)) > 2


def test_the_line_is_drawn_in_place(seen: Seen) -> None:
    for line in seen.drawn:
        assert "\n" not in line


def test_no_log_line_is_glued_to_the_line(seen: Seen) -> None:
    lines = [line for line in seen.remains if "rejected http" in line]
    assert len(lines) == 6
    assert all(LOG.fullmatch(line) for line in lines)


def test_the_line_is_gone_in_the_end(seen: Seen) -> None:
    assert not [line for line in seen.remains if counts(line).get("pages")]


def test_the_summary_is_whole(seen: Seen) -> None:
    remains = seen.remains
    first = remains.index("channel: 54 articles, record version 3")
    summary = [line.split()[0] for line in remains[first + 1 :] if line]
    assert summary == ["layout", "rejected", "requests", "written", "scrapy"]


def test_eighty_columns_are_enough(tmp_path: Path) -> None:
    line = Seen(on_terminal(tmp_path, columns=80)).drawn[-1]
    assert RATE.search(line)
    assert re.search(r"\bzjxc\b", line)


def test_without_progress_a_terminal_shows_no_line(tmp_path: Path) -> None:
    written = on_terminal(tmp_path, "PROGRESS_ENABLED=False")
    assert "pages/s" not in written
    assert "\r" not in written.replace("\r\n", "\n")
    assert "channel: 54 articles" in written


# --- Elsewhere --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def logged(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("pipe")
    return off_terminal(folder, "LOGSTATS_INTERVAL=0.5", "LOG_LEVEL=INFO")


def test_off_a_terminal_the_log_tells_how_far_the_crawl_is(logged: str) -> None:
    lines = [line for line in logged.splitlines() if len(counts(line)) == 4 and RATE.search(line)]
    assert len(lines) > 2
    assert all(LOG.fullmatch(line) and "zjxc" in line for line in lines)


def test_off_a_terminal_nothing_is_drawn(logged: str) -> None:
    assert "54 articles" in logged
    assert not re.search(r"[\r\x1b]", logged)


def test_without_progress_the_log_does_not_tell_how_far_the_crawl_is(tmp_path: Path) -> None:
    written = off_terminal(
        tmp_path, "LOGSTATS_INTERVAL=0.5", "LOG_LEVEL=INFO", "PROGRESS_ENABLED=False"
    )
    assert "channel: 54 articles" in written
    assert "pages/s" not in written
