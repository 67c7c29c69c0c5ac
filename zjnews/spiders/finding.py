"""Finding articles: which of those that lists name are asked for, and how far lists were walked."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from typing import Any

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import UsageError
from scrapy.http import Response
from twisted.python.failure import Failure

from zjnews import outcomes, store, windows
from zjnews.addresses import Address
from zjnews.dates import BEIJING
from zjnews.items import Rejected
from zjnews.spiders.fetching import FetchingSpider, why_failed
from zjnews.store import Known, Store
from zjnews.windows import SPANS, Window

FIRST_YEAR = 2001
"""The site has no older articles."""
_YES = ("1", "yes", "true")
_NO = ("", "0", "no", "false")


@dataclass
class Walk:
    """A way over the pages of one list, or through one issue."""

    name: str
    """What the store knows it by."""
    title: str
    """What a person calls it."""
    covered: tuple[datetime, datetime] | None = None
    """The stretch of time for which earlier walks have delivered everything."""
    has_ended: bool = False
    has_failed: bool = False
    """Something that may be there tomorrow could not be fetched."""
    pages: int = 0
    articles: int = 0
    """Those that no other walk of this run had come across."""
    asked: set[str] = field(default_factory=set)
    """Canonical addresses of its list pages."""
    last_ids: set[str] = field(default_factory=set)
    """What its last page listed."""
    repeats: int = 0
    """Pages in a row that listed nothing but what the page before them did."""


class FindingSpider(FetchingSpider):
    """A spider that finds articles in a window of time and asks for those that are new.

    Arguments:
        since, until: `2026-09-01`, `2026-09-01T08:00`, `7d`, `12h`, `today`, `yesterday`; Beijing
            time, both ends included
        full: `1` asks for everything again, whatever has been delivered before
    """

    keeps_state = True
    window_arguments = ("since", "until", "full")
    store: Store
    refresh: timedelta
    """How long an article may still be corrected."""

    def __init__(self, since: str = "", until: str = "", full: str = "", **others: str) -> None:
        super().__init__(**others)
        self.started = datetime.now(timezone.utc)
        try:
            self.window: Window = windows.read(since, until, self.started)
            self.full = read_yes(full)
        except ValueError as error:
            raise UsageError(f"{self.name}: {error}") from error
        self.walks: dict[str, Walk] = {}
        self.found: set[str] = set()
        """Ids that this run has come across."""

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> FindingSpider:
        spider: FindingSpider = super().from_crawler(crawler, *args, **kwargs)
        spider.store = store.of(crawler)
        spider.refresh = timedelta(hours=crawler.settings.getfloat("REFRESH_HOURS"))
        return spider

    # --- which articles are asked for --------------------------------------------------------

    def wish(self, address: Address, day: date | None, walk: Walk) -> Request | None:
        """The request for an article that a list names; None where it is not wanted, or not
        again."""
        known = self.store.known(address.id)
        ids = {address.id, known.id} if known else {address.id}
        if ids & self.found:
            return None
        self.found |= ids
        walk.articles += 1
        if why := self.why_not(address, day, known):
            self.skip(why, address.url)
            return None
        return self.ask_article(address, None if self.full else known, walk.name)

    def why_not(self, address: Address, day: date | None, known: Known | None) -> str | None:
        """Why an article is not asked for, in the word that it is counted by."""
        if not self.window.overlaps_day(day):
            return "outside-window"
        if self.full:
            return None
        if known is None:
            return "seen-before" if self.is_settled(address) else None
        return None if self.is_young(known.dated) else "known"

    def is_settled(self, address: Address) -> bool:
        """Whether an earlier run has asked in vain, and it is too old to have changed since."""
        passed = self.store.passed(address.id)
        if passed is None:
            return False
        if passed.published and passed.reason == "outside-window":
            return not self.window.overlaps(passed.published)
        if address.date is None:
            return not self.is_young(passed.asked_at)
        return not self.is_young(end_of(address.date))

    def is_young(self, dated: datetime) -> bool:
        return self.started - dated < self.refresh

    # --- walks ------------------------------------------------------------------------------

    def begin_walk(self, name: str, title: str) -> Walk:
        """Begin a walk. What the store knows of earlier ones is forgotten until this one has
        delivered everything, for it may die and leave a hole."""
        walk = Walk(name, title, None if self.full else self.store.walked(name))
        self.walks[name] = walk
        self.store.forget_walk(name)
        return walk

    def end_walk(self, walk: Walk, why: str) -> None:
        walk.has_ended = True
        outcomes.logger.info(
            "%s %s: %d pages, %d articles, ends: %s",
            self.name,
            walk.title,
            walk.pages,
            walk.articles,
            why,
        )

    def walk_failed(self, walk: str | None) -> None:
        if walk is not None:
            self.walks[walk].has_failed = True

    def is_covered(self, walk: Walk, day: date | None) -> bool:
        """Whether earlier walks have delivered all that the window holds up to the end of a day."""
        if walk.covered is None or day is None:
            return False
        since, until = walk.covered
        return since <= self.since and end_of(day) <= until

    def covers(self, walk: Walk) -> tuple[datetime, datetime] | None:
        """The stretch of time that is delivered now, if the walk missed nothing."""
        if not walk.has_ended or walk.has_failed:
            return None
        until = min(self.window.until or self.started, self.started)
        if walk.covered and walk.covered[0] <= self.since <= walk.covered[1]:
            return walk.covered[0], max(walk.covered[1], until)
        return self.since, until

    @property
    def since(self) -> datetime:
        return self.window.since or datetime(FIRST_YEAR, 1, 1, tzinfo=timezone.utc)

    # --- what failed ------------------------------------------------------------------------

    def failed_list(self, failure: Failure) -> None:
        """A list page that gave no answer: the end of the walk, and no good one."""
        request: Request = failure.request  # type: ignore[attr-defined]
        self.lose_list(why_failed(failure), request.url, self.walks[request.meta["walk"]])

    def lose_list(self, rejected: Rejected, url: str, walk: Walk) -> None:
        self.reject(rejected, url)
        walk.has_failed = True
        self.end_walk(walk, f"{url} could not be read")

    def read_failed(self, rejected: Rejected, response: Response) -> None:
        self.lose_list(rejected, response.url, self.walks[response.meta["walk"]])


def read_yes(text: str) -> bool:
    """An argument that is 1 or 0. Raises ValueError."""
    if text.strip().lower() not in (*_YES, *_NO):
        raise ValueError(f"full={text} is neither 1 nor 0")
    return text.strip().lower() in _YES


def end_of(day: date) -> datetime:
    """The first moment behind a day in Beijing."""
    return datetime(day.year, day.month, day.day, tzinfo=BEIJING) + SPANS["day"]
