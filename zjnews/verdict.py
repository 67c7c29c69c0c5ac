"""How a crawl ended: its exit status, and what that means in words."""

from __future__ import annotations

from enum import IntEnum
from typing import Any


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


_FOUND = ("known", "known-issue", "unchanged", "seen-before", "outside-window", "near-copy", "gone")
"""What is skipped for these reasons was found."""


def of(stats: dict[str, Any], has_feeds: bool) -> tuple[Status, str]:
    """The status of a crawl that has run, by its stats, and its meaning; the worst counts.
    `has_feeds`: whether the feeds that were asked for could be set up."""
    articles = stats.get("zjnews/articles", 0) + stats.get("zjnews/recovered", 0)
    found = articles + sum(stats.get(f"zjnews/skipped/{reason}", 0) for reason in _FOUND)
    reason = stats.get("finish_reason", "no end")
    unshipped = stats.get("zjnews/unshipped", 0)
    errors = stats.get("log_count/ERROR", 0)
    worst_first = (
        (not stats.get("zjnews/given"), Status.BAD_ARGUMENTS, "no argument could be used"),
        (unshipped, Status.NOT_SHIPPED, f"{unshipped:,} records wait in the spool"),
        (not has_feeds, Status.NOT_SHIPPED, "a feed could not be set up"),
        (reason == "feed_failed", Status.NOT_SHIPPED, "the records could not be written"),
        (reason == "archive_failed", Status.NOT_SHIPPED, "the archive could not be written"),
        (reason == "spool_failed", Status.NOT_SHIPPED, "the spool could not be written"),
        (reason != "finished", Status.ENDED_EARLY, f"ended early ({reason})"),
        (errors, Status.ERRORS, f"{errors:,} errors in the log"),
        (not found, Status.NOTHING_FOUND, "no article was found"),
    )
    is_so = ((status, words) for applies, status, words in worst_first if applies)
    return next(is_so, (Status.WELL, "all well"))
