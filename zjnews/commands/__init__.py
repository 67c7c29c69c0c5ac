"""The commands of the project, and how all of them speak to a person."""

from __future__ import annotations

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
"""Exit status where something differs, as diff has it."""


def say(command: str, line: str) -> None:
    """Tell something about a run, in one line on standard error."""
    print(f"scrapy {command}: {printable(without_user(line))}", file=sys.stderr)


def refuse_in_one_line(command: str, parser: argparse.ArgumentParser) -> None:
    """Have a parser refuse bad arguments, and Scrapy every UsageError, in one line: the usage text
    that both put in front hides what is wrong."""

    def refuse(message: str) -> NoReturn:
        say(command, message)
        sys.exit(Status.BAD_ARGUMENTS)

    parser.error = refuse  # type: ignore[method-assign]


def refuse_options(command: str, args: Iterable[str]) -> None:
    """Raise UsageError over an option that there is not; Scrapy takes it for an argument."""
    for argument in args:
        if argument.startswith("-") and not Path(argument).exists():
            raise UsageError(f"no option '{argument}'; scrapy {command} -h shows them")


def show(lines: Iterable[str]) -> None:
    """Print to the end, or as far as somebody reads, with escapes where a terminal does not know a
    character. Raises OSError."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        print("\n".join(lines), flush=True)
    except OSError as error:
        # Python flushes once more at its end, and would complain once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            raise OSError(error.errno, error.strerror, "standard output") from error


def near(path: Path | str) -> str:
    """A path for a person: from here, where it is below."""
    return os.path.relpath(path) if Path(path).absolute().is_relative_to(Path.cwd()) else str(path)


def file_and_error(error: OSError) -> str:
    """What went wrong, with which file."""
    where = f"{near(error.filename)}: " if error.filename else ""
    return where + error_in_words(error)
