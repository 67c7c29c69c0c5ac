"""The figures of each run, one row of the state."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from zjnews.state import sql
from zjnews.state.database import Database, typed
from zjnews.state.logs import logger
from zjnews.state.opening import reading

FALLBACK = "fallback"
"""The layout of pages that no other one fits."""
_KEPT = 1_000
"""Runs of one spider and its channels that are kept, the newest."""


@dataclass(slots=True, kw_only=True)
class Finding:
    """What deviates from the runs before."""

    name: str
    """What it is about: `layout/fallback`, `warning/no-date`, `key/authors`, `rejected/no-article`,
    `list/zjxc`."""
    words: str
    """For a person: `45 of 60 articles, usually 1 of 60`."""


@dataclass(slots=True, kw_only=True)
class ListFigures:
    """What one channel or newspaper has listed."""

    pages: int = 0
    """Pages of lists that were counted: the first one of a channel, all printed ones of a paper."""
    entries: int = 0
    """Articles that those name."""


@dataclass(slots=True, kw_only=True)
class HostFigures:
    """How one host has answered."""

    answers: int = 0
    seconds: float = 0.0
    """From each request to the head of its answer, in all."""


@dataclass(slots=True, kw_only=True)
class RunFigures:
    """One run. Counts by name have no entry for 0."""

    id: str
    spider: str
    """`channel`, `paper`."""
    lists: tuple[str, ...]
    """Names of the channels or newspapers, sorted."""
    started: datetime
    """Aware, as `ended`, to the second."""
    ended: datetime
    status: int = 0
    """Exit status, see `verdict.Status`."""
    verdict: str = ""
    """What that means, in words."""
    reason: str = ""
    """Why it ended, in Scrapy's words: `finished`, `shutdown`."""
    articles: int = 0
    """Records that it gave, new ones and corrected ones."""
    revisions: int = 0
    """Those of them that are corrected ones."""
    copies: int = 0
    """Those of them that are near copies."""
    read: int = 0
    """Articles that were read, whether they were wanted or not: also those that have not changed,
    and those outside the window. The next four count these."""
    layouts: dict[str, int] = field(default_factory=dict)
    warnings: dict[str, int] = field(default_factory=dict)
    keys: dict[str, int] = field(default_factory=dict)
    """By key of the record, articles in which it is neither null nor empty."""
    examples: dict[str, list[str]] = field(default_factory=dict)
    """By warning, addresses of a few articles that have it."""
    skipped: dict[str, int] = field(default_factory=dict)
    """By reason, as in docs/logs.md."""
    rejected: dict[str, int] = field(default_factory=dict)
    requests: int = 0
    """All of them, those for robots.txt and second tries included."""
    robots: int = 0
    retries: int = 0
    seconds: float = 0.0
    """From start to end."""
    listed: dict[str, ListFigures] = field(default_factory=dict)
    """By name of a channel or newspaper."""
    unread: dict[str, str] = field(default_factory=dict)
    """By name of a channel or newspaper whose list could not be read, the reason."""
    hosts: dict[str, HostFigures] = field(default_factory=dict)
    """The hosts that took longest, by name."""
    paused: dict[str, int] = field(default_factory=dict)
    """How often a host in trouble was paused."""
    given_up: dict[str, str] = field(default_factory=dict)
    """Why a host was left alone for the rest of the run."""
    failed: dict[str, int] = field(default_factory=dict)
    """Failures, by what has failed."""
    findings: list[Finding] = field(default_factory=list)


_OF_ROW = ("id", "spider", "lists", "started", "ended", "status")
"""Fields that have a column of their own; all others are in the one of figures."""

_COUNTS = ("layouts", "keys", "skipped", "rejected", "paused", "failed", "warnings")


def note(db: Database, run: RunFigures) -> None:
    """Write the row of a run. Raises StateError."""
    rest = {name: value for name, value in asdict(run).items() if name not in _OF_ROW}
    lists = ",".join(run.lists)
    times = (int(run.started.timestamp()), int(run.ended.timestamp()))
    figures = json.dumps(rest, ensure_ascii=False)
    db.run(sql.PUT_RUN, run.id, run.spider, lists, *times, run.status, figures)
    db.run(sql.FORGET_RUNS, run.spider, lists, run.spider, lists, _KEPT)


def runs(state: str | Path, limit: int = 20) -> list[RunFigures]:
    """The last runs of a state, newest first; a crawl may be writing to it. Raises
    StateError."""
    with reading(state) as rows:
        return _read(rows(sql.RUNS, limit))


def runs_like(db: Database, run: RunFigures, limit: int) -> list[RunFigures]:
    """The last runs of the same spider and channels, newest first. Raises StateError."""
    return _read(db.rows(sql.RUNS_OF, run.spider, ",".join(run.lists), limit))


def _read(rows: Iterable[Any]) -> list[RunFigures]:
    """A row that is damaged is left out."""
    found = []
    for row in rows:
        try:
            found.append(_run(row))
        except (ArithmeticError, KeyError, OSError, RecursionError, TypeError, ValueError) as error:
            logger.warning("the figures of run %s are damaged: %s", row[0], error)
    return found


def _run(row: Any) -> RunFigures:
    id_, spider, lists, started, ended, status, figures = row
    run = RunFigures(
        id=typed(str, id_),
        spider=typed(str, spider),
        lists=tuple(filter(None, typed(str, lists).split(","))),
        started=datetime.fromtimestamp(started, UTC),
        ended=datetime.fromtimestamp(ended, UTC),
        status=typed(int, status),
    )
    for name, value in typed(dict, json.loads(figures)).items():
        if hasattr(run, name) and name not in _OF_ROW:
            setattr(run, name, typed(type(getattr(run, name)), value))
    for name in _COUNTS:
        for count in getattr(run, name).values():
            typed(int, count)
    run.findings = [Finding(**typed(dict, finding)) for finding in run.findings]
    run.listed = {name: ListFigures(**typed(dict, of)) for name, of in run.listed.items()}
    run.hosts = {name: HostFigures(**typed(dict, of)) for name, of in run.hosts.items()}
    return run
