"""`scrapy state copy`: a state in another database, such as one for several machines."""

import argparse
import sys
from pathlib import Path

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from zjnews.commands import PROGRAM, print_error, print_lines, refuse_in_one_line, refuse_options
from zjnews.state.copying import copy
from zjnews.state.database import BusyError, StateError
from zjnews.state.opening import is_server, name_of, open_database
from zjnews.state.verdict import Status


class Command(ScrapyCommand):
    """Nothing of the state that is copied is changed."""

    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "copy FROM TO"

    def short_desc(self) -> str:
        return "Copy what is known and what waits to another database"

    def long_desc(self) -> str:
        return (
            "FROM and TO are values of STATE_DB: a file, or postgresql://HOST/NAME. TO must know"
            " nothing yet. No crawl may be under way on FROM."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        refuse_in_one_line("state", parser)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        refuse_options("state", args)
        if len(args) != 3 or args[0] != "copy":
            raise UsageError(
                f"{PROGRAM} state copy FROM TO, such as state/zjnews.db postgresql://HOST/NAME"
            )
        _, given, target = args
        if not is_server(given) and not Path(given).is_file():
            raise UsageError(f"{given}: no such file")
        if given == target:
            raise UsageError("FROM and TO are the same")
        try:
            counts = self.copied(given, target)
        except BusyError as error:
            print_error("state", str(error))
            self.exitcode = Status.BUSY
        except StateError as error:
            raise UsageError(str(error)) from error
        else:
            lines = [f"  {count:>12,}  {table}" for table, count in counts.items() if count]
            print_lines([f"copied to {name_of(target)}:", *lines])

    def copied(self, given: str, target: str) -> dict[str, int]:
        """How many rows of each table were copied. Raises StateError, BusyError."""
        source = open_database(given)
        try:
            made = open_database(target)
            try:
                return copy(source, made, tell)
            finally:
                made.close()
        finally:
            source.close()


def tell(table: str, rows: int) -> None:
    """One line of progress, in place on a terminal."""
    if sys.stderr.isatty():
        print(f"\r  {rows:>12,}  {table} ", end="", file=sys.stderr, flush=True)
