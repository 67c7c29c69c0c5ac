"""`scrapy compare`: what changed between two readings of the same articles."""

from __future__ import annotations

import argparse
import os
import sys
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import Any, NoReturn

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from zjnews import comparing, comparing_html
from zjnews.comparing import ChangedError, Comparison, Reading
from zjnews.items import RECORD_KEYS
from zjnews.text import printable
from zjnews.verdict import Status

DIFFERENT = 1
"""Exit status where the files differ, as diff has it."""
FEWEST_ON_PAGE = 20
"""Examples of each field on the page, where no more are asked for."""


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False
    default_settings = {"LOG_ENABLED": False}  # noqa: RUF012  as Scrapy has it

    def syntax(self) -> str:
        return "OLD.jsonl NEW.jsonl [options]"

    def short_desc(self) -> str:
        return "Tell what changed between two readings of the same articles"

    def long_desc(self) -> str:
        return (
            f"{self.short_desc()}. Records are matched by id and revision; of several alike the "
            "last one counts. Exit status: 0 no difference, 1 differences, 2 bad arguments, "
            "4 interrupted, 6 lines that are no record."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        # Its own puts the usage text in front, which hides what is wrong.
        parser.error = refuse  # type: ignore[method-assign]
        parser.add_argument("--html", metavar="FILE", help="write it as one web page, too")
        parser.add_argument(
            "--ignore",
            metavar="KEY[,KEY…]",
            action="append",
            default=[],
            help="keys that may differ (may be repeated)",
        )
        parser.add_argument(
            "--examples",
            metavar="N",
            type=number,
            default=3,
            help=f"examples of each field (default 3; on the page at least {FEWEST_ON_PAGE})",
        )

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        try:
            check_files(args)
            if opts.html is not None:
                check_page(opts.html, args)
            comparison, lines = compare(args, keys(opts.ignore), opts.html, opts.examples)
            for line in (*comparison.old.named, *comparison.new.named):
                print(f"scrapy compare: {line}", file=sys.stderr)
            show(lines)
        except OSError as error:
            told = (str(error.filename or ""), error.strerror or str(error))
            raise UsageError(": ".join(filter(None, told))) from error
        except ChangedError as error:
            raise UsageError(str(error)) from error
        except KeyboardInterrupt:
            print("scrapy compare: interrupted", file=sys.stderr)
            self.exitcode = Status.ENDED_EARLY
            return
        self.exitcode = status_of(comparison)


def refuse(message: str) -> NoReturn:
    """What Scrapy calls for every UsageError: one line, exit status 2."""
    print(f"scrapy compare: {printable(message)}", file=sys.stderr)
    sys.exit(Status.BAD_ARGUMENTS)


def number(given: str) -> int:
    """An option's number. Raises ArgumentTypeError."""
    try:
        value = int(given)
    except ValueError:
        value = -1
    if value < 0:
        raise argparse.ArgumentTypeError(f"'{given}' is no number of 0 or more")
    return min(value, sys.maxsize)


def keys(given: list[str]) -> list[str]:
    """The keys of --ignore. Raises UsageError."""
    named = [name.strip() for part in given for name in part.split(",") if name.strip()]
    for name in named:
        if name not in RECORD_KEYS:
            raise UsageError(f"--ignore: no key '{name}'; known: {', '.join(RECORD_KEYS)}")
    return list(dict.fromkeys(named))


def check_files(args: list[str]) -> None:
    """Raises UsageError."""
    for argument in args:
        if argument.startswith("-") and not Path(argument).exists():
            raise UsageError(f"no option '{argument}'; known: --html, --ignore, --examples")
    if len(args) != 2:
        raise UsageError(f"give two files, OLD.jsonl and NEW.jsonl, not {len(args)}")


def check_page(html: str, args: list[str]) -> None:
    """See that the page can be written, before a long comparison. Raises UsageError, OSError."""
    target = Path(os.path.realpath(html))
    if not os.access(target.parent, os.W_OK):
        raise UsageError(f"--html {html}: nothing can be written to that folder")
    if not target.exists():
        return
    if not target.is_file():
        raise UsageError(f"--html {html}: not a file")
    if any(target.samefile(path) for path in args):
        raise UsageError(f"--html {html}: would overwrite what is compared")


def compare(
    paths: list[str], ignored: list[str], html: str | None, examples: int
) -> tuple[Comparison, list[str]]:
    """The comparison, and what to print of it; writes the page. Raises OSError, ChangedError."""
    with Reading(paths[0]) as old, Reading(paths[1]) as new:
        comparison = Comparison(old, new, ignored)
        if html:
            write_whole(html, comparing_html.page(comparison, max(examples, FEWEST_ON_PAGE)))
        return comparison, report(comparison, examples)


def write_whole(path: str, content: bytes) -> None:
    """Write a file that is under its name whole or not at all. Raises OSError."""
    target = Path(os.path.realpath(path))
    draft = target.with_name(f".{target.name}.part")
    try:
        draft.write_bytes(content)
        draft.replace(target)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise OSError(error.errno, error.strerror, path) from error


def report(comparison: Comparison, examples: int) -> list[str]:
    """Line by line, what a person reads on the terminal. Raises OSError, ChangedError."""
    lost = map(titled, islice(comparison.lost_records(), examples))
    gained = map(titled, islice(comparison.gained_records(), examples))
    lines = [
        *comparison.summary(),
        f"lost: {comparing.counted(comparison.lost, 'record')}",
        *lost,
        f"gained: {comparing.counted(comparison.gained, 'record')}",
        *gained,
    ]
    for key, count in comparison.counts().items():
        name = printable(key)
        lines += ["", f"{name}: {comparing.counted(count, 'record')}"]
        for record, difference in islice(comparison.changed_records(key), examples):
            how = str(difference).removeprefix(f"{name}: ")
            lines.append(f"  {comparing.name_of(record)}  {how}")
    return lines


def titled(record: dict[str, Any]) -> str:
    return f"  {comparing.name_of(record)}  {comparing.title_of(record)}"


def show(lines: list[str]) -> None:
    """Print to the end, or as far as somebody reads. Raises OSError."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        print("\n".join(lines), flush=True)
    except OSError as error:
        # Python flushes once more at its end, and would complain once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            raise OSError(error.errno, error.strerror, "standard output") from error


def status_of(comparison: Comparison) -> int:
    """The exit status; the worst counts."""
    if comparison.broken:
        return Status.ERRORS
    is_different = comparison.lost or comparison.gained or comparison.differing
    return DIFFERENT if is_different else Status.WELL
