"""`scrapy canary`: reads one known article of each layout again, and says what it has lost."""

import argparse
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError
from scrapy.http import Response
from scrapy.settings import SETTINGS_PRIORITIES

from zjnews import state
from zjnews.commands import print_error, print_lines, refuse_in_one_line, refuse_options
from zjnews.extensions.watch import Watch
from zjnews.items import Article, Rejected
from zjnews.loaders import reading
from zjnews.loaders.reading import Pipeline
from zjnews.site import addresses
from zjnews.spiders.article import ArticleSpider
from zjnews.state import outcomes, verdict
from zjnews.state.crawling import stats_of
from zjnews.state.database import BusyError, Database, StateError
from zjnews.state.opening import name_of
from zjnews.state.reasons import Trait, traits_of
from zjnews.state.verdict import Status
from zjnews.watch import canaries
from zjnews.watch.canaries import Canary
from zjnews.watch.figures import keys_of

_WELL, _NEW, _SILENT = "as before", "first reading", "no answer"


class Command(ScrapyCommand):
    requires_project = True

    def syntax(self) -> str:
        return "[options]"

    def short_desc(self) -> str:
        return "Read one known article of each layout again, and say what the site has changed"

    def long_desc(self) -> str:
        return (
            "Asks for the newest article of each layout that crawls with this STATE_DB have read,"
            " or for the addresses of a list, and compares what is read now with what was read"
            " then: its layout, and the keys of its record. The exit statuses are those of scrapy"
            " crawl: 0 all as before, 9 something is lost, 5 no answer at all."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        refuse_in_one_line("canary", parser)
        parser.add_argument("--list", metavar="FILE", help="addresses of your own, one a line")
        parser.add_argument(
            "--accept", action="store_true", help="what is read now is what is expected from now on"
        )

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super().process_options(args, opts)
        assert self.settings is not None
        refuse_options("canary", args)
        if args:
            raise UsageError("addresses go into a file: --list FILE")
        if opts.list is not None and not Path(opts.list).is_file():
            raise UsageError(f"--list {opts.list}: no such file")
        if not self.settings["STATE_DB"]:
            raise UsageError("STATE_DB is empty: what was read before is not known")
        self.settings.set("WATCH", True, priority="cmdline")
        if self.settings.getpriority("LOG_LEVEL") != SETTINGS_PRIORITIES["cmdline"]:
            self.settings.set("LOG_LEVEL", "WARNING", priority="cmdline")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.crawler_process is not None and self.settings is not None
        try:
            pipelines = reading.pipelines_of(self.settings.getwithbase("ITEM_PIPELINES"))
            crawler = self.crawler_process.create_crawler(CanarySpider)
            known = canaries.known(state.state_of(crawler).db)
            Watch.check(crawler)
        except (StateError, TypeError) as error:
            raise UsageError(str(error)) from error
        except BusyError as error:
            print_error("canary", str(error))
            self.exitcode = Status.BUSY
            return
        if opts.list is None and not any(map(is_of_layout, known)):
            name = name_of(self.settings["STATE_DB"])
            raise UsageError(f"{name} knows no article yet: crawl, or --list")
        read = {"known": known, "file": opts.list or "", "accepts": opts.accept}
        self.crawler_process.crawl(crawler, pipelines=pipelines, **read)
        self.crawler_process.start()
        if self.crawler_process.bootstrap_failed:
            self.exitcode = Status.NOT_STARTED
            return
        status, words = verdict.verdict_of(stats_of(crawler).get_stats())
        print_error("canary", f"exit status {status:d}, {words}")
        self.exitcode = status


class CanarySpider(ArticleSpider):
    """Asks for known articles, and compares them with what they were."""

    name = "canary"
    gives_records = False
    keeps_state = True
    custom_settings = {  # noqa: RUF012  as Scrapy has it
        "FEEDS": {},
        "ITEM_PIPELINES": {},  # it calls those that need no crawl
        "PROGRESS_ENABLED": False,
        "SUMMARY_ENABLED": False,
    }

    def __init__(
        self, known: list[Canary], pipelines: list[Pipeline], file: str, accepts: bool
    ) -> None:
        of_layouts = [canary.address for canary in known if is_of_layout(canary)]
        super().__init__(url="" if file else ",".join(of_layouts), file=file)
        self.names = {a: n for a, n in ((c.address, c.name) for c in known) if not file or a == n}
        """By canonical address, the name of what is asked for."""
        self.known = {canary.name: canary for canary in known}
        self.pipelines = pipelines
        self.accepts = accepts
        self.outcomes: dict[str, str] = {}
        """By name, how it was read."""
        self.lost: dict[str, str] = {}

    @property
    def db(self) -> Database:
        return state.state_of(self.crawler).db

    @property
    def findings(self) -> dict[str, str]:
        return {f"canary/{name}": words for name, words in self.lost.items()}

    async def start(self) -> AsyncIterator[Any]:
        async for request in super().start():
            self.outcomes[self.name_of(addresses.address_of(request.url).canonical)] = _SILENT
            yield request

    def name_of(self, address: str) -> str:
        return self.names.get(address, address)

    def parse_article(self, response: Response) -> Iterator[Any]:
        assert response.request is not None
        for found in super().parse_article(response):
            if not isinstance(found, Article):
                yield found
                continue
            try:
                article = reading.finish(found, self.pipelines)
            except Rejected as rejected:
                self.refuse(rejected, response.request)
            else:
                self.compare(article)
                yield article

    def compare(self, article: Article) -> None:
        asked = article.asked or article.canonical_url
        name, keys = self.name_of(asked), tuple(keys_of(article.record()))
        now = Canary(name, asked, article.layout, keys, article.published_at or "")
        then = self.known.get(name)
        words = then.lost(now) if then else ""
        if then is None or (words and self.accepts):
            canaries.put(self.db, now)
        self.outcomes[name] = words or (_WELL if then else _NEW)
        if words and not self.accepts:
            self.lost[name] = f"{words} ({asked})"

    def reject(self, rejected: Rejected, where: str, asked: str | None = None) -> None:
        """A page that is there and gives no record has lost all; one that is not there says
        nothing."""
        outcomes.reject(self.crawler, rejected, where)  # nothing is remembered of it
        if asked is None:
            return
        name, traits = self.name_of(asked), traits_of(rejected.reason)
        is_silent = Trait.PASSING in traits and Trait.DOUBTFUL not in traits
        self.outcomes[name] = f"{_SILENT}: {rejected.reason}"
        if not is_silent and Trait.GONE not in traits and name in self.known:
            self.outcomes[name] = f"no record: {rejected.reason}"
            self.lost[name] = f"no record any more, {rejected.reason} ({asked})"

    def closed(self, reason: str) -> None:
        width = max(map(len, self.outcomes), default=0)
        print_lines(f"{name:{width}}  {how}" for name, how in sorted(self.outcomes.items()))


def is_of_layout(canary: Canary) -> bool:
    """Whether it is the newest of its layout, not one of a list."""
    return canary.name != canary.address
