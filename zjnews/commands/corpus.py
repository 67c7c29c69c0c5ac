"""`scrapy corpus`: a searchable SQLite file made of feeds."""

import argparse
import re
import sqlite3
import sys
from pathlib import Path

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError
from tqdm import tqdm

from zjnews.commands import (
    PROGRAM,
    file_and_error,
    print_error,
    print_lines,
    refuse_in_one_line,
    refuse_options,
)
from zjnews.state.verdict import Status

_FEED = re.compile(r"[^.].*\.(jsonl|jl|jsonlines|json|csv|parquet)(\.(gz|bz2|xz|zst))?")
"""Names of the files of a folder that are read."""


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False
    default_settings = {"LOG_ENABLED": False}  # noqa: RUF012  as Scrapy has it

    def syntax(self) -> str:
        return "FEED… -o CORPUS.db"

    def short_desc(self) -> str:
        return "Add the records of feeds to a SQLite file that can be searched"

    def long_desc(self) -> str:
        return (
            f"{self.short_desc()}. Feeds are files, or folders of them, of JSON Lines, JSON, CSV "
            "or Parquet, packed or not. Of the revisions of an article the latest stays. Exit "
            "status: "
            "0 all well, 2 bad arguments, 3 the file cannot be written, 4 interrupted, 6 something "
            "was no record."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        refuse_in_one_line("corpus", parser)
        parser.add_argument("-o", "--output", metavar="FILE", help="the SQLite file")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        refuse_options("corpus", args)
        if not args or not opts.output:
            raise UsageError(f"give feeds and a file: {PROGRAM} corpus FEED… -o CORPUS.db")
        paths = [path for arg in args for path in files_of(arg)]
        if any(path.resolve() == Path(opts.output).resolve() for path in paths):
            raise UsageError(f"{opts.output} is among the feeds")
        try:
            self.exitcode = add(paths, opts.output)
        except sqlite3.Error as error:
            print_error("corpus", f"{opts.output}: {error}")
            self.exitcode = Status.NOT_SHIPPED
        except OSError as error:
            raise UsageError(file_and_error(error)) from error
        except KeyboardInterrupt:
            print_error("corpus", "interrupted; what was added so far is in the file")
            self.exitcode = Status.ENDED_EARLY


def files_of(arg: str) -> list[Path]:
    """The files that an argument names. Raises UsageError."""
    path = Path(arg)
    if path.is_dir():
        return sorted(part for part in path.rglob("*") if _FEED.fullmatch(part.name))
    if not path.exists():
        raise UsageError(f"{arg}: no such file or folder")
    return [path]


def add(paths: list[Path], output: str) -> int:
    """Add the files, and return the exit status. Raises OSError, sqlite3.Error, UsageError."""
    try:
        from zjnews.review import corpus  # noqa: PLC0415  an optional install
    except ImportError as error:
        raise UsageError("this needs sqlite-utils: pip install 'zjnews[browse]'") from error
    added = corpus.Added()
    try:
        with corpus.Corpus(output) as file:
            with tqdm(desc="corpus", unit=" records", disable=not sys.stderr.isatty()) as bar:
                for added in file.add(paths):
                    bar.update(added.seen - bar.n)
            total = file.count
    except corpus.CorpusError as error:
        raise UsageError(str(error)) from error
    for line in added.named:
        print_error("corpus", line)
    print_lines([f"{output}: {added}; {total:,} in all"])
    return Status.ERRORS if added.broken else Status.WELL
