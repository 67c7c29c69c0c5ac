"""`scrapy snapshot`: adds pages to the tests, and compares their records with those expected."""

import argparse
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scrapy import Request
from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError
from scrapy.http import Response
from scrapy.settings import SETTINGS_PRIORITIES
from scrapy.utils.conf import closest_scrapy_cfg

from zjnews.archives import warcs
from zjnews.archives.saved import SavedPage
from zjnews.commands import (
    DIFFERENT,
    file_and_error,
    print_error,
    print_lines,
    refuse_in_one_line,
    refuse_options,
    short_path,
)
from zjnews.commands.crawl import check_archives
from zjnews.feeds.storages import FeedError, probe_folder
from zjnews.items import LeadsOn, Rejected
from zjnews.loaders import reading
from zjnews.loaders.reading import Pipeline
from zjnews.review import snapshots
from zjnews.review.comparing import title_of
from zjnews.review.snapshots import KEPT_HEADERS, Shelf, Snapshot, ThereAlreadyError
from zjnews.site.addresses import Address
from zjnews.spiders.article import ArticleSpider
from zjnews.spiders.fetching import answer, header
from zjnews.state import verdict
from zjnews.state.carried import first_asked
from zjnews.state.crawling import stats_of
from zjnews.state.verdict import Status
from zjnews.text.cleaning import counted

_SECRET = re.compile(r"(?:https?:)?//[^/?#]*@", re.IGNORECASE)
"""The beginning of an address with a user name or password in it."""
_SAME, _OTHER, _ACCEPTED = "as expected", "not as expected", "accepted"
_UNREAD, _UNWRITTEN = "not to be read", "not to be written"
_HOW = (_SAME, _OTHER, _ACCEPTED, _UNREAD, _UNWRITTEN)


class Command(ScrapyCommand):
    requires_project = True

    def syntax(self) -> str:
        return "[options] ADDRESS… | --check [NAME…] | --accept [NAME…]"

    def short_desc(self) -> str:
        return "Add pages to the tests, with their records"

    def long_desc(self) -> str:
        return (
            "Fetches each address, and nothing else, and saves the page with the record that it"
            " gives in tests/saved/<layout>/<name>. Exit status: 0 all is done (--check: nothing"
            " differs), 1 differences, 2 bad arguments, 3 not written, 4 ended early, 5 an address"
            " gave no article, 6 a saved page cannot be read."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        refuse_in_one_line("snapshot", parser)
        add = parser.add_argument
        add(
            "--from",
            dest="archive",
            metavar="ARCHIVE",
            help="take the pages from a WARC file, or a folder of them, not from the network",
        )
        add("--name", help="the name of the folder, for one address (default: as in the address)")
        add("--overwrite", action="store_true", help="replace pages that are there already")
        add("--pages", metavar="FOLDER", help="where pages are saved (default: tests/saved)")
        add("--check", action="store_true", help="show what saved pages give that is not expected")
        add("--accept", action="store_true", help="expect from now on what saved pages give now")

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super().process_options(args, opts)
        assert self.settings is not None
        check_options(args, opts)
        opts.pages = pages_folder(opts.pages)
        if self.settings.getpriority("LOG_LEVEL") != SETTINGS_PRIORITIES["cmdline"]:
            self.settings.set("LOG_LEVEL", "WARNING", priority="cmdline")
        if opts.archive is not None:
            self.replay(opts.archive)

    def replay(self, archive: str) -> None:
        """Answer from an archive instead of the network. Raises UsageError."""
        assert self.settings is not None
        if not archive or not warcs.files(Path(archive)):
            raise UsageError(f"--from {archive}: no WARC file, and no folder with one")
        self.settings.set("WARC_REPLAY", archive, priority="cmdline")
        if self.settings["WARC_REPLAY_MISSES"] == "reject":
            # Nothing is requested from the site, and the archive may lack its robots.txt.
            self.settings.set("ROBOTSTXT_OBEY", False, priority="cmdline")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        pages, pipelines = opts.pages, self.pipelines()
        try:
            if opts.check or opts.accept:
                checking = Checking(pages, pipelines, opts.accept)
                checking.read_pages(args)
                print_lines(checking.lines())
                self.exitcode = checking.status
            else:
                self.exitcode = self.fetch(Shelf(pages, pipelines, opts.overwrite), opts.name, args)
        except (OSError, FeedError) as error:
            words = file_and_error(error) if isinstance(error, OSError) else str(error)
            print_error("snapshot", words)
            self.exitcode = Status.NOT_SHIPPED
        except KeyboardInterrupt:
            print_error("snapshot", "interrupted")
            self.exitcode = Status.ENDED_EARLY

    def pipelines(self) -> list[Pipeline]:
        """The pipelines below reading.COMPARING. Raises UsageError."""
        assert self.settings is not None
        try:
            return reading.pipelines_of(self.settings.getwithbase("ITEM_PIPELINES"))
        except TypeError as error:
            raise UsageError(f"ITEM_PIPELINES: {error}; saved pages have no crawl") from error

    def fetch(self, shelf: Shelf, name: str | None, given: list[str]) -> int:
        """Save the pages of addresses, and return the exit status. Raises UsageError, FeedError."""
        assert self.crawler_process is not None
        crawler = self.crawler_process.create_crawler(SnapshotSpider)
        check_archives(crawler)
        probe_folder(shelf.pages, f"--pages {shelf.pages}")
        saving = Saving(shelf, name)
        self.crawler_process.crawl(crawler, addresses=given, saving=saving)
        self.crawler_process.start()
        if self.crawler_process.bootstrap_failed:
            return Status.NOT_STARTED
        status, words = saving.verdict(len(given), stats_of(crawler).get_stats())
        print_error("snapshot", f"exit status {status:d}, {words}")
        return status


@dataclass
class Saving:
    """Saves pages, and counts them."""

    shelf: Shelf
    name: str | None
    """Name of the folder, if not taken from the address."""
    written: int = 0
    unwritten: int = 0

    def save(self, page: SavedPage, headers: dict[str, str], asked: str) -> None:
        """Save the page of an address. Raises Rejected if it is no article."""
        name = self.name or snapshots.name_for(asked)
        try:
            saved = self.shelf.save(page, headers, name)
        except OSError as error:
            self.unwritten += 1
            hint = "; --overwrite replaces it" if isinstance(error, ThereAlreadyError) else ""
            print_error("snapshot", f"{asked}: {file_and_error(error)}{hint}")
        else:
            self.written += 1
            warnings = f" (warnings: {', '.join(w)})" if (w := saved.expected["warnings"]) else ""
            print_lines([f"{short_path(saved.folder)}: {title_of(saved.expected)}{warnings}"])

    def verdict(self, given: int, stats: dict[str, Any]) -> tuple[Status, str]:
        """Exit status and its meaning, for a number of addresses: 0 only if each one is saved."""
        status, words = verdict.verdict_of({**stats, "zjnews/articles": self.written})
        missing = given - self.written - self.unwritten
        if self.unwritten:
            status, words = Status.NOT_SHIPPED, "not all could be written"
        elif missing and status is Status.WELL:
            status, words = Status.NOTHING_FOUND, "not every address has an article"
        counts = {"saved": self.written, "not written": self.unwritten, "gave nothing": missing}
        words += ": " + ", ".join(f"{count:,} {how}" for how, count in counts.items() if count)
        hint = "; see that article.json is what you expect" if self.written else ""
        return status, words + hint


class SnapshotSpider(ArticleSpider):
    """Requests each address as it is given, and nothing else."""

    name = "snapshot"
    gives_records = False
    custom_settings = {  # noqa: RUF012  as Scrapy has it
        "FEEDS": {},
        "ITEM_PIPELINES": {},  # `Shelf` calls those that need no crawl
        "PROGRESS_ENABLED": False,
        "SUMMARY_ENABLED": False,
    }

    def __init__(self, addresses: Sequence[str], saving: Saving) -> None:
        super().__init__(url=" ".join(addresses))
        self.addresses = addresses
        self.saving = saving

    def given(self) -> Iterator[str]:
        for text in self.addresses:
            if _SECRET.match(text):
                # The address is saved with the page.
                self.reject(Rejected("unknown-address", "with a name or password in it"), text)
            else:
                yield text

    def ask_article(self, address: Address, *about: Any) -> Request:
        """The request for the page of this very address, whichever of the article it is."""
        return super().ask_article(address, *about).replace(url=address.url)

    def parse_article(self, response: Response) -> Iterator[Any]:
        assert response.request is not None
        headers = {name: value for name in KEPT_HEADERS if (value := header(response, name))}
        try:
            try:
                page = SavedPage(*answer(response))
                self.saving.save(page, headers, first_asked(response.request))
            except LeadsOn as lead:
                yield self.followed(lead, response)
        except Rejected as rejected:
            self.refuse(rejected, response.request)


@dataclass
class Checking:
    """Compares saved pages as read now with the records that are expected."""

    pages: Path
    pipelines: list[Pipeline]
    accepts: bool
    rows: list[tuple[str, str]] = field(default_factory=list)
    """Name of a page, and a difference."""
    found: Counter[str] = field(default_factory=Counter)
    """Pages by outcome."""
    unknown: int = 0
    """Names that no page has."""

    def read_pages(self, names: Sequence[str]) -> None:
        """Read the pages of these names, or all; report what cannot be read."""
        known = {snapshot.name: snapshot for snapshot in snapshots.snapshots_in(self.pages)}
        for name in dict.fromkeys(name.rstrip("/") for name in names or known):
            if name in known:
                self.found[self.outcome(known[name])] += 1
            else:
                self.unknown += 1
                where = short_path(self.pages)
                print_error("snapshot", f"no saved page '{name}' in {where}; a name is LAYOUT/NAME")

    def outcome(self, snapshot: Snapshot) -> str:
        """Read one page, and accept its record if wanted."""
        try:
            return self.compared(snapshot)
        except Rejected as rejected:
            print_error("snapshot", f"{snapshot.name}: {rejected}")
            return _UNREAD
        except OSError as error:
            print_error("snapshot", f"{snapshot.name}: {file_and_error(error)}")
            return _UNWRITTEN

    def compared(self, snapshot: Snapshot) -> str:
        """Raises Rejected, OSError."""
        now = snapshot.record(self.pipelines)
        try:
            changes = list(map(str, snapshots.differences(snapshot.expected, now)))
        except Rejected as rejected:
            if not self.accepts:
                raise
            changes = [f"{rejected}; written anew"]
        self.rows += [(snapshot.name, change) for change in changes]
        if not changes:
            return _SAME
        if not self.accepts:
            return _OTHER
        accepted = snapshot.accept(now)
        if accepted.name != snapshot.name:
            self.rows.append((snapshot.name, f"is {accepted.name} from now on"))
        return _ACCEPTED

    def lines(self) -> list[str]:
        """A table of the differences, and a line of counts."""
        rows = [("page", "key: expected -> read now"), *self.rows] if self.rows else []
        width = max((len(name) for name, _ in rows), default=0)
        table = [f"{name:{width}}  {what}" for name, what in rows]
        counts = ", ".join(f"{self.found[how]:,} {how}" for how in _HOW if self.found[how])
        total = counted(self.found.total(), "saved page")
        return [*table, f"{total} in {short_path(self.pages)}" + (f": {counts}" if counts else "")]

    @property
    def status(self) -> int:
        """The exit status of the worst outcome."""
        worst_first = (
            (self.unknown, Status.BAD_ARGUMENTS),
            (self.found[_UNWRITTEN], Status.NOT_SHIPPED),
            (self.found[_UNREAD], Status.ERRORS),
            (self.found[_OTHER], DIFFERENT),
            (not self.found, Status.NOTHING_FOUND),
        )
        return next((status for applies, status in worst_first if applies), Status.WELL)


def check_options(args: list[str], opts: argparse.Namespace) -> None:
    """Raises UsageError."""
    refuse_options("snapshot", args)
    if opts.check and opts.accept:
        raise UsageError("either --check or --accept")
    if opts.check or opts.accept:
        if opts.archive is not None or opts.name is not None or opts.overwrite:
            raise UsageError("--from, --name and --overwrite are for pages that are fetched")
        return
    if not any(map(str.strip, args)):
        raise UsageError("give an address; or --check, or --accept")
    if opts.name is not None and len(args) > 1:
        raise UsageError(f"--name is for one address, {len(args)} are given")
    if opts.name is not None and not snapshots.is_name(opts.name):
        raise UsageError(f"--name {opts.name}: letters a to z, digits, - and _ make a name")


def pages_folder(given: str | None) -> Path:
    """The folder of saved pages, from wherever the command is run. Raises UsageError."""
    if given is not None:
        if not given:
            raise UsageError("--pages names no folder")
        return Path(given)
    configuration = closest_scrapy_cfg()
    if not configuration:
        raise UsageError("no scrapy.cfg here or above, beside which tests/saved would be: --pages")
    return Path(configuration).parent / "tests" / "saved"
