"""Counts what a crawl reads, and puts together the figures of its run."""

import secrets
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from zjnews.items import RECORD_KEYS
from zjnews.state import verdict
from zjnews.state.crawling import SiteSpider
from zjnews.state.verdict import stats_under
from zjnews.watch.canaries import Canary
from zjnews.watch.runs import FALLBACK, HostFigures, ListFigures, RunFigures

_EXAMPLES = 5
"""Addresses that are kept of each warning."""
_SLOWEST = 10
"""Hosts that are kept."""


@dataclass(slots=True)
class Tally:
    """What the stats do not have: of the articles that were read, and of hosts."""

    read: int = 0
    layouts: Counter[str] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)
    keys: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)
    hosts: dict[str, HostFigures] = field(default_factory=dict)
    newest: dict[str, Canary] = field(default_factory=dict)
    """By layout, the article that was published last."""

    def add(self, article: Mapping[str, Any]) -> None:
        """Count an article by the keys of its record."""
        self.read += 1
        layout, keys = str(article.get("layout")), keys_of(article)
        self.layouts[layout] += 1
        self.keys.update(keys)
        published_at = str(article.get("published_at") or "")
        last = self.newest.get(layout)
        if layout != FALLBACK and (last is None or published_at >= last.published_at):
            address = str(article.get("canonical_url"))
            self.newest[layout] = Canary(layout, address, layout, tuple(keys), published_at)
        for warning in article.get("warnings") or ():
            self.warnings[warning] += 1
            examples = self.examples.setdefault(warning, [])
            if len(examples) < _EXAMPLES:
                examples.append(str(article.get("canonical_url")))

    def add_answer(self, host: str, seconds: float) -> None:
        of_host = self.hosts.setdefault(host, HostFigures())
        of_host.answers += 1
        of_host.seconds += seconds

    def slowest(self) -> dict[str, HostFigures]:
        """The hosts that took longest, by the seconds of all their answers."""
        ordered = sorted(self.hosts.items(), key=lambda pair: (-pair[1].seconds, pair[0]))
        return {
            host: HostFigures(answers=of_host.answers, seconds=round(of_host.seconds, 3))
            for host, of_host in ordered[:_SLOWEST]
        }


def keys_of(article: Mapping[str, Any]) -> list[str]:
    """The keys of a record that are neither null nor empty."""
    values = ((key, article.get(key)) for key in RECORD_KEYS)
    return [key for key, value in values if value or value == 0]


def run_of(
    spider: SiteSpider, name: str, tally: Tally, stats: dict[str, Any], ended: datetime
) -> RunFigures:
    """The figures of a run that ends. `name`: that of its spider."""
    status, words = verdict.verdict_of(stats)
    started = stats.get("start_time", ended)
    return RunFigures(
        id=secrets.token_hex(6),
        spider=name,
        lists=spider.lists,
        started=started.replace(microsecond=0),
        ended=ended.replace(microsecond=0),
        status=int(status),
        verdict=words,
        reason=stats.get("finish_reason", ""),
        articles=stats.get("zjnews/articles", 0),
        revisions=stats.get("zjnews/revisions", 0),
        copies=stats.get("zjnews/copies", 0),
        read=tally.read,
        layouts=dict(tally.layouts),
        warnings=dict(tally.warnings),
        keys=dict(tally.keys),
        examples=tally.examples,
        skipped=stats_under("zjnews/skipped/", stats),
        rejected=stats_under("zjnews/rejected/", stats),
        requests=stats.get("downloader/request_count", 0),
        robots=stats.get("robotstxt/request_count", 0),
        retries=stats.get("retry/count", 0),
        seconds=round((ended - started).total_seconds(), 3),
        listed={
            of: ListFigures(pages=len(entries), entries=sum(entries))
            for of, entries in spider.listed.items()
        },
        unread=stats_under(verdict.UNREAD, stats),
        hosts=tally.slowest(),
        paused=stats_under("zjnews/paused/", stats),
        given_up=stats_under("zjnews/given-up/", stats),
        failed=stats_under(verdict.FAILED, stats),
    )
