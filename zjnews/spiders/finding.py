"""Finding articles: which of those that lists name are requested, and how far lists were walked."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Self, TypeVar

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import UsageError
from scrapy.http import Response
from twisted.python.failure import Failure

from zjnews import state
from zjnews.items import LeadsOn, Rejected
from zjnews.pages.page import Page
from zjnews.site import addresses, windows
from zjnews.site.addresses import Address, Kind
from zjnews.site.windows import SPANS
from zjnews.spiders.fetching import FetchingSpider, read_page, why_failed
from zjnews.state import State, outcomes, verdict
from zjnews.state.carried import Carried, carried_by, first_asked
from zjnews.state.crawling import stats_of
from zjnews.state.known import Known
from zjnews.state.outcomes import is_passing
from zjnews.state.reasons import Trait, traits_of
from zjnews.text.cleaning import counted
from zjnews.text.dates import BEIJING

_T = TypeVar("_T")

FIRST_YEAR = 2001
"""The site has no older articles."""
_LAST_DAY = date(9999, 1, 1)
"""Later ones break the arithmetic of dates."""
_YES = ("1", "yes", "true")
_NO = ("", "0", "no", "false")


@dataclass
class Walk:
    """A way over the pages of one list, or through one issue."""

    name: str
    """Its key in the state."""
    title: str
    """Its name in the log."""
    covered: tuple[datetime, datetime] | None = None
    """The period of which earlier walks have delivered everything."""
    has_ended: bool = False
    has_failed: bool = False
    """Something that may be there tomorrow could not be fetched."""
    pages: int = 0
    articles: int = 0
    """Those that no other walk of this run had found before."""
    asked: set[str] = field(default_factory=set)
    """Canonical addresses of its list pages."""
    is_linked: bool | None = None
    """Whether its pages link to one another; None before the first."""
    folder: str = ""
    """The folder of its list pages."""
    ids: set[str] = field(default_factory=set)
    """Ids of the articles that its pages list."""
    repeats: int = 0
    """Pages in a row that list only what earlier pages do."""

    @property
    def list_name(self) -> str:
        """The name of its channel or newspaper."""
        return self.title.partition(" ")[0]


class FindingSpider(FetchingSpider):
    """A spider that finds articles in a window of time and asks for those that are new.

    Arguments:
        since, until: `2026-09-01`, `2026-09-01T08:00`, `7d`, `12h`, `today`, `yesterday`; Beijing
            time, both ends included
        full: `1` requests everything again, whatever has been delivered before
    """

    keeps_state = True
    window_arguments = ("since", "until", "full")
    find_listed: Callable[[Page], Any]
    """Reads the links of a list page."""
    ask_listed: Callable[..., Iterator[Request]]
    """The requests for the articles of a list page, and for further pages. Called with the page,
    its links, its walk, and the keyword arguments of `ask_listing`."""
    state: State
    refresh: timedelta
    """How long an article may still be corrected."""

    def __init__(self, since: str = "", until: str = "", full: str = "", **others: str) -> None:
        super().__init__(**others)
        self.started = datetime.now(UTC)
        try:
            self.window = windows.window_of(since, until, self.started)
            self.full = read_yes(full)
        except ValueError as error:
            raise UsageError(f"{self.name}: {error}") from error
        self.walks: dict[str, Walk] = {}
        self.entries: dict[str, list[int]] = {}
        self.found: set[str] = set()
        """Ids that this run has found."""
        self.askers: dict[str, set[str]] = {}
        """By the id of a requested article, the walks that found it."""
        self.lost: set[str] = set()
        """Ids of those that could not be fetched."""
        self.elsewhere: dict[str, list[Address]] = {}
        """By the id of a requested article, its other addresses."""
        self.not_there: dict[str, set[str]] = {}
        """By the id of an article, the canonical addresses at which it was not found."""

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        spider = super().from_crawler(crawler, *args, **kwargs)
        assert isinstance(spider, FindingSpider)
        spider.state = state.state_of(crawler)
        spider.refresh = timedelta(hours=crawler.settings.getfloat("REFRESH_HOURS"))
        return spider

    def named(self, find: Callable[[str], list[_T]], text: str, examples: str) -> list[_T]:
        """The channels or newspapers of the first argument. Raises UsageError."""
        try:
            found = find(text)
        except ValueError as error:
            raise UsageError(f"{self.name}: {error}") from error
        if not found:
            what = self.arguments[0]
            raise UsageError(f"{self.name}: {what} is missing; for example: {examples}")
        return found

    @property
    def listed(self) -> dict[str, list[int]]:
        return self.entries

    def note_listed(self, walk: Walk, entries: int) -> None:
        """Note how many articles a page of a list names."""
        self.entries.setdefault(walk.list_name, []).append(entries)

    def lists_of(self, asked: str) -> set[str]:
        walks = self.askers.get(addresses.address_of(asked).id, ())
        return {self.walks[name].list_name for name in walks}

    # --- which articles are requested --------------------------------------------------------

    def request_if_new(
        self, address: Address, day: date | None, walk: Walk, sections: tuple[str, ...] = ()
    ) -> Request | None:
        """The request for an article that a list names; None if it is not wanted, or not again."""
        known = self.state.known.find(address.id, address.canonical)
        ids = {address.id, known.id} if known else {address.id}
        if ids & self.found and not self.is_another_way(address):
            self.note_found_again(address, walk)
            return None
        why = self.why_not(address, day, known)
        if why == "seen-before":  # at this address; there may be another one
            self.skip(why, address.url)
            return None
        self.found |= ids
        walk.articles += 1
        if why:
            self.skip(why, address.url)
            return None
        if not self.state.run.claim_to_ask(known.id if known else address.id):
            self.skip("claimed", address.url)
            walk.has_failed = True
            return None
        self.askers[address.id] = {walk.name}
        return self.ask_article(address, None if self.full else known, walk.name, sections)

    def note_found_again(self, address: Address, walk: Walk) -> None:
        """An article that was requested at another address, or by another walk."""
        self.skip("listed-again", address.url)
        if address.id in self.askers:
            self.askers[address.id].add(walk.name)
            self.elsewhere.setdefault(address.id, []).append(address)
        if address.id in self.lost:
            walk.has_failed = True

    def is_another_way(self, address: Address) -> bool:
        """Whether an article was not found at other addresses, and not requested at this one."""
        tried = self.not_there.get(address.id)
        return tried is not None and address.canonical not in tried

    def refuse(self, rejected: Rejected, request: Request) -> Request | None:
        """As for any article; one that is gone may still be at another address."""
        carried = carried_by(request)
        id_ = addresses.address_of(carried.asked).id
        others = [a for a in self.elsewhere.pop(id_, []) if a.canonical != carried.asked]
        is_not_there = Trait.ELSEWHERE in traits_of(rejected.reason) and not carried.known
        if is_not_there:
            self.not_there.setdefault(id_, set()).add(carried.asked)
        if is_not_there and others:
            if is_passing(rejected):
                self.reject(rejected, request.url)
            else:
                outcomes.note_passed(self.crawler, carried.asked, rejected.reason)
            self.elsewhere[id_] = others[1:]
            return self.ask_article(others[0], None, carried.walk)
        if is_passing(rejected):
            self.lost.add(id_)
            for name in self.askers.get(id_, ()):
                self.walk_failed(name)
        return super().refuse(rejected, request)

    def why_not(self, address: Address, day: date | None, known: Known | None) -> str | None:
        """The reason for which an article is not requested."""
        if not self.window.overlaps_day(day):
            return "outside-window"
        if self.full:
            return None
        if known is None:
            return "seen-before" if self.is_settled(address) else None
        # What waits in the outbox is corrected once it is delivered.
        is_settled = not self.is_young(known.dated) or self.state.run.is_left_over(known.id)
        return "known" if is_settled else None

    def is_settled(self, address: Address) -> bool:
        """Whether it gave no record in an earlier run, and is too old to have changed since."""
        passed = self.state.known.passed(address.canonical)
        if passed is None or not passed.is_final:
            return False
        if passed.published and passed.reason == "outside-window":
            return not self.window.overlaps(passed.published)
        if address.date is None:
            return not self.is_young(passed.asked_at)
        return not self.is_young(end_of(address.date))

    def is_young(self, dated: datetime) -> bool:
        return max(self.started - dated, timedelta()) < self.refresh

    # --- lists ------------------------------------------------------------------------------

    def ask_listing(self, url: str, walk: Walk, **about: Any) -> Request:
        """The request for a page of a list, or a printed page."""
        return Request(
            url,
            callback=self.parse_listing,
            errback=self.failed_list,
            meta=Carried(walk=walk.name).meta,
            cb_kwargs=about,
            dont_filter=True,  # a walk never asks for a page twice; another run may
            priority=-1,  # after the articles of the page before, so that few requests wait
        )

    def parse_listing(self, response: Response, **about: Any) -> Iterator[Request]:
        assert response.request is not None
        walk = self.walk_of(response.request)
        try:
            try:
                page, listed = read_page(response, self.find_listed)
            except LeadsOn as lead:
                yield self.followed(lead, response)
                return
        except Rejected as rejected:
            self.list_failed(rejected, response.url, walk)
        else:
            asked = addresses.address_of(first_asked(response.request))
            is_listing = asked.kind in (Kind.LIST, Kind.PAPER_PAGE)
            if is_listing and asked.canonical != page.address.canonical:
                walk.has_failed = True  # another page replaces it, perhaps for today only
            yield from self.ask_listed(page, listed, walk, **about)

    # --- walks ------------------------------------------------------------------------------

    def begin_walk(self, name: str, title: str) -> Walk:
        """Begin a walk. Earlier ones are forgotten until this one has delivered everything, since
        the run may crash and leave a gap."""
        walk = Walk(name, title, None if self.full else self.state.known.walked(name))
        self.walks[name] = walk
        self.state.known.forget_walk(name)
        return walk

    def walk_of(self, request: Request) -> Walk:
        """The walk that a request for a list page belongs to."""
        return self.walks[str(carried_by(request).walk)]

    def walked(self) -> dict[str, tuple[datetime, datetime]]:
        covered = {name: self.covers(walk) for name, walk in self.walks.items()}
        return {name: stretch for name, stretch in covered.items() if stretch}

    def end_walk(self, walk: Walk, why: str) -> None:
        walk.has_ended = True
        outcomes.logger.info(
            "%s %s: %s, %s, ends: %s",
            self.name,
            walk.title,
            counted(walk.pages, "page"),
            counted(walk.articles, "article"),
            why,
        )

    def left_to_another(self, asked: str) -> None:
        for name in self.askers.get(addresses.address_of(asked).id, ()):
            self.walk_failed(name)

    def walk_failed(self, walk: str | None) -> None:
        if walk is not None:
            self.walks[walk].has_failed = True

    def is_covered(self, walk: Walk, day: date | None) -> bool:
        """Whether earlier walks have delivered all of the window up to the end of a day."""
        if walk.covered is None or day is None:
            return False
        since, until = walk.covered
        return since <= self.since and end_of(day) <= until

    def covers(self, walk: Walk) -> tuple[datetime, datetime] | None:
        """The period that is delivered now; None if the walk missed something."""
        if not walk.has_ended or walk.has_failed:
            return None
        # What is younger may still be listed late, or move from page to page.
        until = min(self.window.until or self.started, self.started) - self.refresh
        if until <= self.since:
            return walk.covered
        if walk.covered and walk.covered[0] <= self.since <= walk.covered[1]:
            return walk.covered[0], max(walk.covered[1], until)
        return self.since, until

    @property
    def since(self) -> datetime:
        return self.window.since or datetime(FIRST_YEAR, 1, 1, tzinfo=UTC)

    # --- what failed ------------------------------------------------------------------------

    def failed_list(self, failure: Failure) -> None:
        """A list page without an answer ends its walk as a failure."""
        request: Request = failure.request  # type: ignore[attr-defined]
        self.list_failed(why_failed(failure), request.url, self.walk_of(request))

    def list_failed(self, rejected: Rejected, url: str, walk: Walk) -> None:
        self.reject(rejected, url)
        self.count_unread(walk.list_name, rejected.reason)
        walk.has_failed = True
        self.end_walk(walk, f"{url} could not be read")

    def count_unread(self, name: str, reason: str) -> None:
        """Count a channel or newspaper whose list could not be read."""
        stats_of(self.crawler).set_value(f"{verdict.UNREAD}{name}", reason)


def read_yes(text: str) -> bool:
    """The value of `full`. Raises ValueError."""
    if text.strip().lower() not in (*_YES, *_NO):
        raise ValueError(f"full={text} is neither 1 nor 0")
    return text.strip().lower() in _YES


def end_of(day: date) -> datetime:
    """The first moment after a day in Beijing."""
    day = min(day, _LAST_DAY)
    return datetime(day.year, day.month, day.day, tzinfo=BEIJING) + SPANS["day"]
