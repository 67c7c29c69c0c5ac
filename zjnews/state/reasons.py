"""Every reason for which there is no record, with what follows from it; docs/logs.md explains
them."""

import re
from enum import Flag, auto


class Trait(Flag):
    """What follows from a reason."""

    NONE = 0
    PASSING = auto()
    """May be gone tomorrow: a run that follows asks again."""
    DOUBTFUL = auto()
    """Looks like a page of maintenance or of a guard against robots, or took too long on a machine
    that may have been slow: believed when it was met on several days."""
    GONE = auto()
    """The page is no longer there."""
    ELSEWHERE = auto()
    """The article may still be found at another address."""
    FOUND = auto()
    """There is an article, which is not wanted."""
    FAILS = auto()
    """A fault of zjnews: the run has failed."""


_NONE, _PASSING = Trait.NONE, Trait.PASSING
_DOUBTFUL = Trait.PASSING | Trait.DOUBTFUL
_GONE = Trait.GONE | Trait.ELSEWHERE

REJECTED = {
    # A duplicate is remembered with the article that it repeats, once that is known.
    "archive-miss": Trait.PASSING | Trait.ELSEWHERE,
    "bad-certificate": _PASSING,
    "broken-article-json": _NONE,
    "broken-issues": _NONE,
    "broken-response-json": _NONE,
    "broken-warc": _NONE,
    "broken-warc-date": _NONE,
    "cookie-wall": _PASSING,
    "download-failed": _PASSING,
    "duplicate": _PASSING,
    "empty-list": _NONE,
    "empty-page": _DOUBTFUL,
    "host-paused": _PASSING,
    "http-404": _GONE,
    "http-410": _GONE,
    "http-<status>": _PASSING,
    "interrupted": _PASSING,
    "later-page": _NONE,
    "list-page": _DOUBTFUL,
    "meta-refresh": _NONE,
    "missing-file": _NONE,
    "no-<key>": _NONE,
    "no-article": _DOUBTFUL,
    "no-plain-file": _NONE,
    "not-found-page": _DOUBTFUL | _GONE,
    "not-html": _DOUBTFUL,
    "off-site": _NONE,
    "page-failed": _PASSING,
    "private-address": _PASSING,
    "reader-fault": Trait.PASSING | Trait.FAILS,
    "redirect-loop": _NONE,
    "robots-forbidden": _PASSING,
    "script-redirect": _NONE,
    "too-large": _NONE,
    "too-slow": _DOUBTFUL,
    "unknown-address": _NONE,
    "unknown-file": Trait.FAILS,
    "unreadable": _DOUBTFUL,
    "unreadable-file": Trait.FAILS,
}
"""Counted as `zjnews/rejected/<reason>`. `http-<status>` and `no-<key>` stand for all of their form
that are not named."""
OF_HOST = ("bad-certificate", "private-address")
"""Those that all pages of a host have alike: one line in the log is enough."""
SKIPPED = {
    "claimed": Trait.FOUND,
    "gone": Trait.FOUND,
    "known": Trait.FOUND,
    "known-issue": Trait.FOUND,
    "listed-again": _NONE,
    "near-copy": Trait.FOUND,
    "no-article-address": _NONE,
    "no-issue": _NONE,
    "not-http": _NONE,
    "outside-window": Trait.FOUND,
    "revisit": _NONE,
    "robots-txt": _NONE,
    "seen-before": Trait.FOUND,
    "unchanged": Trait.FOUND,
}
"""Counted as `zjnews/skipped/<reason>`."""
_FORMS = ((re.compile(r"http-\d{3}"), "http-<status>"), (re.compile(r"no-[a-z-]+"), "no-<key>"))


def name_of(reason: str) -> str | None:
    """The entry of REJECTED for a reason; None for one that a user's own pipeline gives."""
    if reason in REJECTED:
        return reason
    return next((name for form, name in _FORMS if form.fullmatch(reason)), None)


def traits_of(reason: str) -> Trait:
    """What follows from a rejected address or page."""
    name = name_of(reason)
    return REJECTED[name] if name else Trait.NONE
