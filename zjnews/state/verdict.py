"""How a crawl ended: its exit status, and what that means in words."""

from enum import IntEnum
from typing import Any

from zjnews.state.reasons import SKIPPED, Trait
from zjnews.text.cleaning import counted

FAILED = "zjnews/failed/"
"""Stats that count failures, by what has failed."""
UNREAD = "zjnews/unread/"
"""Stats that say why a channel's or newspaper's list could not be read, by its name."""

FINDING = "zjnews/finding/"
"""Stats that say what deviates from the runs before, by what it is about."""


class Status(IntEnum):
    """Exit statuses of `scrapy crawl`."""

    WELL = 0
    NOT_STARTED = 1
    BAD_ARGUMENTS = 2
    NOT_SHIPPED = 3
    ENDED_EARLY = 4
    NOTHING_FOUND = 5
    ERRORS = 6
    BUSY = 7
    LIST_UNREAD = 8
    CHANGED = 9


_NOT_WRITTEN = {
    "feed_failed": "the records could not be written",
    "archive_failed": "the archive could not be written",
    "state_failed": "the state could not be read or written",
}


def verdict_of(stats: dict[str, Any], reason: str | None = None) -> tuple[Status, str]:
    """The status of a crawl that has run, by its stats, and its meaning; the worst counts.
    `reason`: why it ended, where the stats do not say so yet."""
    articles = stats.get("zjnews/articles", 0) + stats.get("zjnews/recovered", 0)
    skipped = (name for name, traits in SKIPPED.items() if Trait.FOUND in traits)
    found = articles + sum(stats.get(f"zjnews/skipped/{name}", 0) for name in skipped)
    reason = reason or stats.get("finish_reason", "no end")
    unshipped, lost, aside = (
        stats.get(f"zjnews/{name}", 0) for name in ("unshipped", "lost", "set-aside")
    )
    failed, unread = stats_under(FAILED, stats), stats_under(UNREAD, stats)
    findings = stats_under(FINDING, stats)
    lists = ", ".join(f"{name} ({why})" for name, why in unread.items())
    worst_first = (
        (not stats.get("zjnews/given"), Status.BAD_ARGUMENTS, "no argument could be used"),
        (reason in _NOT_WRITTEN, Status.NOT_SHIPPED, _NOT_WRITTEN.get(reason, "")),
        (unshipped, Status.NOT_SHIPPED, f"{counted(unshipped, 'record')} left in the outbox"),
        (lost, Status.NOT_SHIPPED, f"{counted(lost, 'record')} could not be stored; run it again"),
        (
            aside,
            Status.NOT_SHIPPED,
            f"{counted(aside, 'record')} could not be written to their feed",
        ),
        (reason != "finished", Status.ENDED_EARLY, f"ended early ({reason})"),
        (failed, Status.ERRORS, f"{counted(sum(failed.values()), 'error')} ({', '.join(failed)})"),
        (unread, Status.LIST_UNREAD, f"could not be read: {lists}"),
        (findings, Status.CHANGED, f"the site may have changed: {', '.join(findings)}"),
        (not found, Status.NOTHING_FOUND, "no article was found"),
    )
    is_so = ((status, words) for applies, status, words in worst_first if applies)
    return next(is_so, (Status.WELL, "all well"))


def stats_under(prefix: str, stats: dict[str, Any]) -> dict[str, Any]:
    """The stats with a prefix, sorted, by the rest of their names."""
    return {key.removeprefix(prefix): stats[key] for key in sorted(stats) if key.startswith(prefix)}
