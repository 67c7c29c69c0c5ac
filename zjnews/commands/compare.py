"""`scrapy compare`: what changed between two readings of the same articles."""

import argparse
import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from zjnews.commands import (
    DIFFERENT,
    file_and_error,
    print_error,
    print_lines,
    refuse_in_one_line,
    refuse_options,
)
from zjnews.feeds.drafts import Draft
from zjnews.items import RECORD_KEYS
from zjnews.review import comparing, comparing_html
from zjnews.review.comparing import Comparison, Feed, name_of, title_of
from zjnews.state.verdict import Status
from zjnews.text.cleaning import printable

FEWEST_ON_PAGE = 20
"""Examples of each field on the page, at least."""


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False
    default_settings = {"LOG_ENABLED": False}  # noqa: RUF012  as Scrapy has it

    def syntax(self) -> str:
        return "OLD.jsonl NEW.jsonl [options]"

    def short_desc(self) -> str:
        return "Show what changed between two readings of the same articles"

    def long_desc(self) -> str:
        return (
            f"{self.short_desc()}. Records are matched by id and revision; of several alike the "
            "last one counts. Exit status: 0 no difference, 1 differences, 2 bad arguments, "
            "4 interrupted, 6 lines that are no record."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        refuse_in_one_line("compare", parser)
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
        refuse_options("compare", args)
        if len(args) != 2:
            raise UsageError(f"give two files, OLD.jsonl and NEW.jsonl, not {len(args)}")
        try:
            if opts.html is not None:
                check_page(opts.html, args)
            self.exitcode = self.compare(args, keys(opts.ignore), opts.html, opts.examples)
        except (OSError, sqlite3.Error) as error:
            words = file_and_error(error) if isinstance(error, OSError) else str(error)
            raise UsageError(words) from error
        except KeyboardInterrupt:
            print_error("compare", "interrupted")
            self.exitcode = Status.ENDED_EARLY

    def compare(self, paths: list[str], ignored: list[str], html: str | None, examples: int) -> int:
        """Print what differs, and return the exit status. Raises OSError, sqlite3.Error."""
        wanted = max(examples, FEWEST_ON_PAGE) if html else examples
        with closing(Feed(paths[0])) as old, closing(Feed(paths[1])) as new:
            found = comparing.compare(old, new, ignored, wanted)
        if html:
            page = comparing_html.html_of(found)
            try:
                with Draft(html) as file:
                    file.write(page)
            except OSError as error:
                raise OSError(error.errno, error.strerror, html) from error
        for line in (*old.named, *new.named):
            print_error("compare", line)
        print_lines(report(found, examples))
        if old.broken or new.broken:
            return Status.ERRORS
        return DIFFERENT if any(section.count for section in found.sections) else Status.WELL


def number(given: str) -> int:
    """An option's number. Raises ArgumentTypeError."""
    if not (given.isascii() and given.isdigit()):
        raise argparse.ArgumentTypeError(f"'{given}' is no number of 0 or more")
    return min(int(given), sys.maxsize)


def keys(given: list[str]) -> list[str]:
    """The keys of --ignore. Raises UsageError."""
    named = [name.strip() for part in given for name in part.split(",") if name.strip()]
    for name in named:
        if name not in RECORD_KEYS:
            raise UsageError(f"--ignore: no key '{name}'; known: {', '.join(RECORD_KEYS)}")
    return list(dict.fromkeys(named))


def check_page(html: str, args: list[str]) -> None:
    """Raises UsageError or OSError, before a long comparison, if the page cannot be written."""
    target = Path(os.path.realpath(html))
    if not os.access(target.parent, os.W_OK):
        raise UsageError(f"--html {html}: nothing can be written to that folder")
    if target.exists() and not target.is_file():
        raise UsageError(f"--html {html}: not a file")
    if target.exists() and any(target.samefile(path) for path in args):
        raise UsageError(f"--html {html}: would overwrite what is compared")


def report(found: Comparison, examples: int) -> Iterator[str]:
    """The lines that are printed."""
    yield from found.summary()
    for section in found.sections:
        if section.name in found.by_key:
            yield ""
        yield str(section)
        for record, difference in section.examples[:examples]:
            how = str(difference).removeprefix(f"{printable(section.name)}: ")
            yield f"  {name_of(record)}  {how if difference else title_of(record)}"
