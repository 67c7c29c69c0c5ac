"""Watches the site: notes the figures of each crawl that keeps state, compares them with those
before, and tells people of what deviates, and of articles that they want to hear of."""

import time
from contextlib import suppress
from datetime import UTC, datetime
from os import environ
from typing import Any, Self
from urllib.parse import urlsplit

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured

from zjnews import state
from zjnews.feeds.records import record_of
from zjnews.items import Article, Skipped
from zjnews.site import addresses
from zjnews.state import verdict
from zjnews.state.crawling import spider_of, stats_of
from zjnews.state.database import StateError
from zjnews.watch import canaries, figures, messages, runs
from zjnews.watch.alerts import Alert, Matches, read_alerts
from zjnews.watch.figures import Tally
from zjnews.watch.findings import LOOKED_AT, Limits, findings_of
from zjnews.watch.notices import Notices, Target, targets_of
from zjnews.watch.runs import Finding, RunFigures


class Watch:
    """Leaves one row of figures in the state when a crawl ends, see `runs.RunFigures`. What
    deviates is in the stats, `zjnews/finding/<name>`. Counts `zjnews/message/sent` and
    `zjnews/message/waiting`."""

    def __init__(self, crawler: Crawler) -> None:
        """Raises NotConfigured without state, UsageError for an address or file that is of no
        use."""
        self.crawler = crawler
        self.state = state.state_of(crawler)
        self.watches = crawler.settings.getbool("WATCH")
        if not self.state.db.path:
            raise NotConfigured
        self.targets, alerts = who_is_told(crawler)
        if not self.watches and not alerts:
            raise NotConfigured
        everybody = (*self.targets, *(target for alert in alerts for target in alert.targets))
        self.notices = Notices(self.state.db, everybody)
        self.matches = Matches(self.state.db, alerts)
        if alerts:
            self.state.on_add = self.note_matches
        self.tally = Tally()
        self.renews = False
        """Whether what was read is fit to be what is expected."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        watch = cls(crawler)
        connect = crawler.signals.connect
        connect(watch.item_scraped, signals.item_scraped)
        connect(watch.item_dropped, signals.item_dropped)
        connect(watch.response_downloaded, signals.response_downloaded)
        has_feeds = bool(crawler.settings.getdict("FEEDS"))
        connect(watch.end, signals.feed_exporter_closed if has_feeds else signals.spider_closed)
        return watch

    @classmethod
    def check(cls, crawler: Crawler) -> None:
        """Raises UsageError, one line for a person, where somebody is to be told and cannot be."""
        with suppress(NotConfigured):
            cls(crawler)

    # --- what is read ------------------------------------------------------------------------

    def item_scraped(self, item: Any) -> None:
        self.tally.add(record_of(item))

    def item_dropped(self, item: Any, exception: BaseException) -> None:
        """An article that was read and is not wanted tells as much of the site."""
        if isinstance(exception, Skipped) and isinstance(item, Article):
            self.tally.add(record_of(item))

    def response_downloaded(self, request: Request) -> None:
        seconds = request.meta.get("download_latency")
        if seconds is not None:
            self.tally.add_answer(urlsplit(request.url).hostname or "", seconds)

    def note_matches(self, article: Article, line: str) -> None:
        lists = self.lists_of(article.asked or article.url)
        self.matches.note(article, line, lists, int(time.time()))

    def lists_of(self, url: str) -> set[str]:
        return spider_of(self.crawler).lists_of(addresses.address_of(url).canonical)

    # --- the end -----------------------------------------------------------------------------

    async def end(self) -> None:
        """When all records are in their feeds."""
        with suppress(StateError):  # reported by `Delivery`
            run = self.run_figures()
            before = runs.runs_like(self.state.db, run, LOOKED_AT) if self.watches else []
            if self.watches:
                self.compare(run, before)
            with self.state.db.transaction(is_durable=True, is_alone=True):
                if self.watches:
                    runs.note(self.state.db, run)
                if self.renews:
                    canaries.renew(self.state.db, self.tally.newest.values())
                self.write_messages(run if messages.is_news(run, before) else None)
            await self.send_messages()

    def run_figures(self) -> RunFigures:
        name, stats = str(self.crawler.spidercls.name), stats_of(self.crawler)
        now = datetime.now(UTC)
        return figures.run_of(spider_of(self.crawler), name, self.tally, stats.get_stats(), now)

    def compare(self, run: RunFigures, before: list[RunFigures]) -> None:
        """Find what deviates; it decides the exit status, where nothing else does."""
        given = spider_of(self.crawler).findings
        if given is None:
            run.findings = findings_of(run, before, Limits.of(self.crawler.settings))
            self.renews = not run.findings
        else:
            run.findings = [Finding(name=name, words=words) for name, words in given.items()]
        stats = stats_of(self.crawler)
        for finding in run.findings:
            stats.set_value(f"{verdict.FINDING}{finding.name}", finding.words)
        status, run.verdict = verdict.verdict_of(stats.get_stats())
        run.status = int(status)

    # --- messages ----------------------------------------------------------------------------

    def write_messages(self, run: RunFigures | None) -> None:
        """One for each address that there is something to tell. `run`: if it is news."""
        now = int(time.time())
        matches = self.matches.take(self.lists_of, now)
        for target in self.notices.targets.values():
            asked = {name for name, alert in self.matches.alerts.items() if target in alert.targets}
            wanted = [match for match in matches if match.alert in asked]
            told = run if self.watches and target in self.targets else None
            if told or wanted:
                self.notices.put(target, *messages.message(told, wanted), now)

    async def send_messages(self) -> None:
        """Send those that wait. What cannot be sent waits for the next run."""
        async for kind in self.notices.send():
            stats_of(self.crawler).inc_value(f"zjnews/message/{kind}")


def who_is_told(crawler: Crawler) -> tuple[list[Target], list[Alert]]:
    """The addresses of NOTIFY, and the alerts. Raises UsageError."""
    # From the environment, since others on the machine can see what is typed.
    given = crawler.settings["NOTIFY"] or environ.get("ZJNEWS_NOTIFY", "")
    targets = targets_of(given, "NOTIFY")
    path = crawler.settings["ALERTS"]
    return targets, read_alerts(path, targets) if path else []
