"""What is typed: the commands of the project, and how all of them print.

May import anything.
"""

import argparse
import os
import sys
from collections.abc import Iterable
from io import TextIOWrapper
from pathlib import Path
from typing import NoReturn

from scrapy.exceptions import UsageError

from zjnews.state.verdict import Status
from zjnews.text.cleaning import error_in_words, printable, without_user

DIFFERENT = 1
"""Exit status if something differs, like that of diff."""
PROGRAM = "zjnews" if Path(sys.argv[0]).stem == "zjnews" else "scrapy"
"""What the user has typed."""


def print_error(command: str, line: str) -> None:
    """Print one line about a run to standard error."""
    print(f"{PROGRAM} {command}: {printable(without_user(line))}", file=sys.stderr)


def refuse_in_one_line(command: str, parser: argparse.ArgumentParser) -> None:
    """Have a parser refuse bad arguments, and Scrapy every UsageError, in one line, without the
    usage text that hides it."""

    def refuse(message: str) -> NoReturn:
        print_error(command, message)
        sys.exit(Status.BAD_ARGUMENTS)

    parser.error = refuse  # type: ignore[method-assign]


def refuse_options(command: str, args: Iterable[str]) -> None:
    """Raises UsageError for an unknown option, which Scrapy takes for an argument."""
    for argument in args:
        if argument.startswith("-") and not Path(argument).exists():
            raise UsageError(f"no option '{argument}'; {PROGRAM} {command} -h shows them")


def print_lines(lines: Iterable[str]) -> None:
    """Print to standard output, with escapes for characters that a terminal does not know, until it
    is closed. Raises OSError."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        print("\n".join(lines), flush=True)
    except OSError as error:
        # Python flushes once more at its end, and would fail once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            raise OSError(error.errno, error.strerror, "standard output") from error


def short_path(path: Path | str) -> str:
    """A path, relative if it is below the current folder."""
    return os.path.relpath(path) if Path(path).absolute().is_relative_to(Path.cwd()) else str(path)


def file_and_error(error: OSError) -> str:
    """`out/a.jsonl: Permission denied`."""
    where = f"{short_path(error.filename)}: " if error.filename else ""
    return where + error_in_words(error)
