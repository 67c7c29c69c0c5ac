"""`scrapy cluster`: crawls as jobs on several machines that share a state in PostgreSQL."""

import argparse
import asyncio
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from os import environ
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError
from scrapy.settings import SETTINGS_PRIORITIES
from scrapy.utils.conf import arglist_to_dict, feed_process_params_from_cli

from zjnews.cluster import jobs
from zjnews.cluster.jobs import Job
from zjnews.commands import (
    PROGRAM,
    print_error,
    print_lines,
    refuse_in_one_line,
    refuse_options,
)
from zjnews.state.database import StateError
from zjnews.state.opening import check_server, is_server
from zjnews.state.verdict import Status
from zjnews.watch.notices import targets_of

if TYPE_CHECKING:
    from zjnews.spiders.channel import ChannelSpider
    from zjnews.spiders.paper import PaperSpider

ADDRESS = "ZJNEWS_STATE_DB"
"""The variable of the environment that names the database."""


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False
    default_settings = {"LOG_ENABLED": False}  # noqa: RUF012  as Scrapy has it

    def syntax(self) -> str:
        return "init|add|work|status [options]"

    def short_desc(self) -> str:
        return "Crawl on several machines: jobs in PostgreSQL, and workers that do them"

    def long_desc(self) -> str:
        return (
            f"{self.short_desc()}. The database is that of the state, STATE_DB=postgresql://…,"
            f" best given as {ADDRESS} in the environment. Exit status: 0 all well, 2 bad"
            " arguments, or a database that cannot be used, 3 a worker has lost the database,"
            " 6 with --drain, a job that was not done."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        refuse_in_one_line("cluster", parser)
        actions = parser.add_subparsers(metavar="init|add|work|status", required=True)
        for add in (self.add_init, self.add_add, self.add_work, self.add_status):
            add(actions)

    def action(
        self, actions: Any, name: str, run: Callable[[argparse.Namespace], int | None], say: str
    ) -> argparse.ArgumentParser:
        """The parser of one of the four."""
        usage = f"{PROGRAM} cluster {name} [options]"
        parser: argparse.ArgumentParser = actions.add_parser(
            name, usage=usage, help=say, description=say
        )
        super().add_options(parser)
        refuse_in_one_line(f"cluster {name}", parser)
        parser.set_defaults(act=run, name=name)
        return parser

    def add_init(self, actions: Any) -> None:
        self.action(actions, "init", self.init, "Make the tables, or bring them up to date")

    def add_add(self, actions: Any) -> None:
        say = "Put a job into the queue for each channel or newspaper; -s sets what jobs may set"
        parser = self.action(actions, "add", self.add, say)
        parser.usage = f"{PROGRAM} cluster add channel|paper -a NAME=VALUE [options]"
        parser.add_argument("spider", metavar="channel|paper")
        parser.add_argument(
            "-a",
            dest="spargs",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="an argument of the spider (may be repeated)",
        )

    def add_work(self, actions: Any) -> None:
        say = "Do jobs, one at a time; -s and -o are those of each crawl"
        parser = self.action(actions, "work", self.work, say)
        parser.add_argument(
            "-o", "--output", metavar="FEED", action="append", default=[], help="as of crawl"
        )
        parser.add_argument(
            "--schedule", metavar="FILE", help="jobs that are due by the clock; docs/cluster.md"
        )
        parser.add_argument("--drain", action="store_true", help="end when no job is due")

    def add_status(self, actions: Any) -> None:
        say = "Show workers, jobs, hosts, what waits, and the last runs"
        parser = self.action(actions, "status", self.status, say)
        parser.add_argument("--json", action="store_true", help="for machines")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        refuse_options(f"cluster {opts.name}", args)
        if args:
            raise UsageError(f"cluster {opts.name} takes no '{args[0]}'")
        try:
            import zjnews.cluster.queue  # noqa: F401, PLC0415  an optional install
        except ImportError as error:
            why = f"this needs {error.name}: pip install 'zjnews[cluster]'"
            raise UsageError(why) from error
        with one_line():
            self.exitcode = opts.act(opts) or Status.WELL

    # --- the four ----------------------------------------------------------------------------

    def init(self, opts: argparse.Namespace) -> None:
        from zjnews.cluster import database  # noqa: PLC0415  an optional install

        if given := given_settings(opts):
            raise UsageError(f"init takes no setting but STATE_DB: {', '.join(given)}")
        print_lines([f"tables of state and jobs: {database.init(self.address())}"])

    def add(self, opts: argparse.Namespace) -> None:
        from zjnews.cluster import database, queue  # noqa: PLC0415  an optional install

        wanted = jobs_of(opts.spider, given(opts.spargs, "-a"), given_settings(opts))
        with database.connected(address := self.address()) as db:
            database.check(db, address)
            added = queue.add(db, address, wanted)
        print_lines(in_words(job, number) for job, number in added)

    def work(self, opts: argparse.Namespace) -> int:
        from zjnews.cluster import database, schedules, work  # noqa: PLC0415  an optional install
        from zjnews.cluster.telling import Teller  # noqa: PLC0415

        assert self.settings is not None
        if sys.platform != "linux":
            raise UsageError("workers run on Linux, whose kernel ends a crawl with its worker")
        address = self.address()
        # What each crawl would refuse, and its job with it, is refused now.
        spider_of("channel").update_settings(self.settings.copy())
        feed_process_params_from_cli(self.settings, opts.output)
        planned = schedules.read_schedules(opts.schedule) if opts.schedule else []
        for job in (job for schedule in planned for job in schedule.jobs):
            check(job, f"{opts.schedule}: ")
        told = targets_of(self.settings["NOTIFY"] or environ.get("ZJNEWS_NOTIFY", ""), "NOTIFY")
        teller = Teller(address, told) if told else None
        with database.connected(address) as db:
            database.check(db, address)
        level = self.settings["LOG_LEVEL"]
        is_given = self.settings.getpriority("LOG_LEVEL") == SETTINGS_PRIORITIES["cmdline"]
        work.log_to_standard_error(level if is_given else "INFO")
        try:
            return asyncio.run(work.work(address, passed_on(opts), planned, teller, opts.drain))
        except StateError as error:
            print_error("cluster work", str(error))
            return Status.NOT_SHIPPED

    def status(self, opts: argparse.Namespace) -> None:
        from zjnews.cluster import status  # noqa: PLC0415  an optional install

        found = status.status(self.address())
        if opts.json:
            text = json.dumps(status.as_json(found), ensure_ascii=False, indent=1)
            print_lines([text])
        else:
            print_lines(status.lines_of(found))

    def address(self) -> str:
        """Of the database. Raises UsageError, StateError."""
        assert self.settings is not None
        address = str(self.settings["STATE_DB"])
        if not is_server(address):
            raise UsageError(
                f"a cluster needs a database: {ADDRESS}=postgresql://USER@HOST/NAME"
                " in the environment"
            )
        is_typed = self.settings.getpriority("STATE_DB") == SETTINGS_PRIORITIES["cmdline"]
        check_server(address)
        user, _, host = urlsplit(address).netloc.rpartition("@")
        if is_typed and (":" in user or "password" in address):
            raise UsageError(
                f"others on the machine see what is typed: a password belongs into {ADDRESS} or"
                " ~/.pgpass"
            )
        if not host.replace(":", ""):
            raise UsageError("STATE_DB names no host: postgresql://USER@HOST/NAME")
        return address


@contextmanager
def one_line() -> Iterator[None]:
    """What the database refuses is a UsageError."""
    try:
        yield
    except StateError as error:
        raise UsageError(str(error)) from error


def given(pairs: Sequence[str], option: str) -> dict[str, str]:
    """NAME=VALUE as a mapping. Raises UsageError."""
    try:
        return dict(arglist_to_dict(list(pairs)))
    except ValueError:
        raise UsageError(f"{option} is not followed by NAME=VALUE") from None


def given_settings(opts: argparse.Namespace) -> dict[str, str]:
    """Those of -s but STATE_DB, which names the database of the command itself."""
    settings = given(opts.set, "-s")
    settings.pop("STATE_DB", None)
    return settings


def passed_on(opts: argparse.Namespace) -> list[str]:
    """The options of each crawl of a worker."""
    options = [part for feed in opts.output for part in ("-o", feed)]
    options += [part for pair in given_settings(opts).items() for part in ("-s", "=".join(pair))]
    return options + (["-L", opts.loglevel] if opts.loglevel else [])


def jobs_of(spider: str, arguments: dict[str, str], settings: dict[str, str]) -> list[Job]:
    """The jobs that are typed. Raises UsageError."""
    found = jobs.jobs_of(spider, arguments, settings)
    check(found[0])
    return found


def spider_of(name: str) -> "type[ChannelSpider] | type[PaperSpider]":
    # Only here, as they take time to load.
    from zjnews.spiders.channel import ChannelSpider  # noqa: PLC0415
    from zjnews.spiders.paper import PaperSpider  # noqa: PLC0415

    return ChannelSpider if name == ChannelSpider.name else PaperSpider


def check(job: Job, where: str = "") -> None:
    """Raises UsageError where the spider would refuse the arguments."""
    try:
        spider_of(job.spider)(**{jobs.KINDS[job.spider].names: job.name, **job.arguments})
    except UsageError as error:
        raise UsageError(f"{where}{error}") from error


def in_words(job: Job, number: int | None) -> str:
    if number is None:
        return f"{job.title}: waits already"
    return f"{job.title}: job {number}"
