"""Notes the figures of each crawl that keeps state, and compares them with those before."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Self
from urllib.parse import urlsplit

from itemadapter import ItemAdapter
from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured

from zjnews import state
from zjnews.items import Article, Skipped
from zjnews.state import verdict
from zjnews.state.crawling import spider_of, stats_of
from zjnews.state.database import StateError
from zjnews.watch import figures, runs
from zjnews.watch.figures import Tally
from zjnews.watch.findings import LOOKED_AT, Limits, findings_of
from zjnews.watch.runs import RunFigures


class Watch:
    """Leaves one row of figures in the state when a crawl ends, see `runs.RunFigures`. What
    deviates is in the stats, `zjnews/finding/<name>`."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.state = state.state_of(crawler)
        if not self.state.db.path or not crawler.settings.getbool("WATCH"):
            raise NotConfigured
        self.tally = Tally()

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

    def item_scraped(self, item: Any) -> None:
        self.tally.add(ItemAdapter(item))

    def item_dropped(self, item: Any, exception: BaseException) -> None:
        """An article that was read and is not wanted tells as much of the site."""
        if isinstance(exception, Skipped) and isinstance(item, Article):
            self.tally.add(ItemAdapter(item))

    def response_downloaded(self, request: Request) -> None:
        seconds = request.meta.get("download_latency")
        if seconds is not None:
            self.tally.add_answer(urlsplit(request.url).hostname or "", seconds)

    def end(self) -> None:
        """When all records are in their feeds."""
        with suppress(StateError):  # reported by `Delivery`
            run = self.run_figures()
            before = runs.runs_like(self.state.db, run, LOOKED_AT)
            self.compare(run, before)
            runs.note(self.state.db, run)

    def run_figures(self) -> RunFigures:
        name, stats = str(self.crawler.spidercls.name), stats_of(self.crawler)
        now = datetime.now(UTC)
        return figures.run_of(spider_of(self.crawler), name, self.tally, stats.get_stats(), now)

    def compare(self, run: RunFigures, before: list[RunFigures]) -> None:
        """Find what deviates; it decides the exit status, where nothing else does."""
        run.findings = findings_of(run, before, Limits.of(self.crawler.settings))
        stats = stats_of(self.crawler)
        for finding in run.findings:
            stats.set_value(f"{verdict.FINDING}{finding.name}", finding.words)
        status, run.verdict = verdict.verdict_of(stats.get_stats())
        run.status = int(status)
