"""`scrapy report`: the last runs as one page."""

import argparse
from pathlib import Path

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from zjnews.commands import (
    file_and_error,
    print_lines,
    refuse_in_one_line,
    refuse_options,
    short_path,
)
from zjnews.feeds.drafts import Draft
from zjnews.review import report
from zjnews.state.database import StateError
from zjnews.state.opening import is_server, name_of
from zjnews.watch.runs import runs

RUNS = 500
"""Of all spiders and lists together, the newest."""


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False
    default_settings = {"LOG_ENABLED": False}  # noqa: RUF012  as Scrapy has it

    def syntax(self) -> str:
        return "[STATE.db] [-o FILE.html]"

    def short_desc(self) -> str:
        return "Write the last runs as one web page: charts, findings, warnings, rejects, hosts"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        refuse_in_one_line("report", parser)
        parser.add_argument(
            "-o", "--output", metavar="FILE", default="report.html", help="default %(default)s"
        )

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        refuse_options("report", args)
        assert self.settings is not None
        [state] = args or [self.settings["STATE_DB"]] if len(args) < 2 else [""]
        if not state:
            raise UsageError("give one state, such as state/zjnews.db")
        if not is_server(state) and not Path(state).is_file():
            raise UsageError(f"{state}: no such file; a crawl that keeps state makes it")
        try:
            write_report(state, opts.output)
        except StateError as error:
            raise UsageError(str(error)) from error
        except OSError as error:
            raise UsageError(file_and_error(error)) from error
        print_lines([f"written to {short_path(opts.output)}"])


def write_report(state: str, target: str) -> None:
    """Write the page of the runs that a state has noted. Raises OSError, StateError."""
    name = name_of(state) if is_server(state) else short_path(state)
    page = report.html_of(runs(state, RUNS), name)
    try:
        with Draft(target) as file:
            file.write(page)
    except OSError as error:
        raise OSError(error.errno, error.strerror, target) from error
