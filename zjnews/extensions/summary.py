"""Counts what a crawl gave and refused, and prints it for a person when the crawl ends."""

import sys
from typing import Any, Self

from itemadapter import ItemAdapter
from scrapy import signals
from scrapy.crawler import Crawler

from zjnews.extensions.feeds import Feeds
from zjnews.extensions.recording import Recording
from zjnews.items import RECORD_VERSION
from zjnews.state.crawling import SiteSpider, stats_of
from zjnews.state.opening import name_of
from zjnews.state.verdict import FAILED, FINDING, stats_under
from zjnews.text.cleaning import counted, printable


class Summary:
    """Keeps `zjnews/articles`, `zjnews/revisions`, `zjnews/copies`, `zjnews/layout/…` and
    `zjnews/warning/…` in the stats; SUMMARY_ENABLED=False keeps it from printing."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        of_ours = issubclass(crawler.spidercls, SiteSpider)  # not that of `scrapy shell`
        self.prints = of_ours and crawler.settings.getbool("SUMMARY_ENABLED")

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        summary = cls(crawler)
        crawler.signals.connect(summary.item_scraped, signals.item_scraped)
        crawler.signals.connect(summary.engine_stopped, signals.engine_stopped)
        return summary

    def item_scraped(self, item: Any) -> None:
        article = ItemAdapter(item)
        self.count("zjnews/articles")
        self.count(f"zjnews/layout/{article.get('layout')}")
        if article.get("revision", 1) > 1:
            self.count("zjnews/revisions")
        if article.get("duplicate_of"):
            self.count("zjnews/copies")
        for warning in article.get("warnings") or ():
            self.count(f"zjnews/warning/{warning}")

    def engine_stopped(self) -> None:
        if self.prints:
            print("\n".join(map(printable, self.lines())), file=sys.stderr, flush=True)

    def count(self, key: str) -> None:
        stats_of(self.crawler).inc_value(key)

    def lines(self) -> list[str]:
        """The summary, for a person."""
        stats = stats_of(self.crawler).get_stats()
        return [*counts(str(self.crawler.spidercls.name), stats), *self.feeds(stats)]

    def feeds(self, stats: dict[str, Any]) -> list[str]:
        """Where the records were written."""
        exporter = self.crawler.get_extension(Feeds)
        lines = exporter.lines() if exporter else ["  no feed: add -O articles.jsonl"]
        if unshipped := stats.get("zjnews/unshipped", 0):
            database = name_of(self.crawler.settings["STATE_DB"])
            lines.append(f"  {counted(unshipped, 'record')} left in {database}")
        recording = self.crawler.get_extension(Recording)
        lines += recording.lines() if recording else []
        findings = stats_under(FINDING, stats).items()
        lines += [f"  finding           {name}: {words}" for name, words in findings]
        if failed := sum(stats_under(FAILED, stats).values()):
            lines.append(f"  errors: {failed:,}; do not trust the feed")
        return lines


def counts(name: str, stats: dict[str, Any]) -> list[str]:
    """What was given and refused, for a person."""
    count = stats.get("zjnews/articles", 0)
    return [
        "",
        f"{name}: {counted(count, 'article')}{_among(stats)}, record version {RECORD_VERSION}",
        *_table("layout", "zjnews/layout/", stats),
        *_table("warning", "zjnews/warning/", stats),
        *_table("skipped", "zjnews/skipped/", stats),
        *_table("rejected", "zjnews/rejected/", stats),
        *_requests(stats),
        *_table("paused", "zjnews/paused/", stats),
        *_given_up(stats),
        *_table("message", "zjnews/message/", stats),
    ]


def _among(stats: dict[str, Any]) -> str:
    """What some of the articles are."""
    kinds = (("corrected", "zjnews/revisions"), ("near copies", "zjnews/copies"))
    found = [f"{kind}: {stats[key]:,}" for kind, key in kinds if key in stats]
    return f" ({', '.join(found)})" if found else ""


def _requests(stats: dict[str, Any]) -> list[str]:
    """What the crawl has cost the site: requests, and how many for each article found."""
    count = stats.get("downloader/request_count", 0)
    found = stats.get("zjnews/articles", 0) + stats.get("zjnews/skipped/unchanged", 0)
    if not count:
        return []
    robots = stats.get("robotstxt/request_count", 0)
    retries = stats.get("retry/count", 0)
    each = f", {count / found:.2f} for each article found" if found else ""
    replayed = stats.get("zjnews/replayed", 0)
    kept = f", {replayed:,} answered by the archive" if replayed else ""
    return [
        f"  requests {count:>7,}  of them {robots:,} for robots.txt, {retries:,} again{each}{kept}"
    ]


def _given_up(stats: dict[str, Any]) -> list[str]:
    hosts = stats_under("zjnews/given-up/", stats)
    return [f"  left alone        {host}: {why}" for host, why in hosts.items()]


def _table(title: str, prefix: str, stats: dict[str, Any]) -> list[str]:
    ordered = sorted(stats_under(prefix, stats).items(), key=lambda pair: (-pair[1], pair[0]))
    return [f"  {title:<9}{n:>7,}  {key}" for key, n in ordered]
