"""Spider `paper`: newspapers, issue by issue."""

from collections.abc import AsyncIterator, Iterator
from datetime import date, datetime
from itertools import groupby
from typing import Any, ClassVar

from scrapy import Request
from scrapy.exceptions import UsageError
from scrapy.http import Response
from twisted.python.failure import Failure

from zjnews.items import Rejected
from zjnews.pages import papers
from zjnews.pages.guard import bounded
from zjnews.pages.page import Page
from zjnews.pages.papers import PrintedPage
from zjnews.site.addresses import Address
from zjnews.site.channels import Paper, find_papers
from zjnews.site.windows import SPANS
from zjnews.spiders.fetching import is_gone, why_failed
from zjnews.spiders.finding import FindingSpider, Walk, end_of
from zjnews.state import outcomes
from zjnews.text.dates import BEIJING


class PaperSpider(FindingSpider):
    """Domain: the newspapers of the site, see `scrapy channels`.

    Arguments, beside `since`, `until` and `full`:
        papers: names or `all`, separated by commas

    Without `since` today's issue is read.
    """

    name = "paper"
    find_listed = staticmethod(papers.read_printed_page)
    arguments = ("papers", *FindingSpider.window_arguments)
    example: ClassVar[dict[str, str]] = {"papers": "zjrb"}

    def __init__(self, papers: str = "", since: str = "", until: str = "", **others: str) -> None:
        if until.strip() and not since.strip():
            raise UsageError("paper: until needs since")
        super().__init__(since=since.strip() or "today", until=until, **others)
        self.papers = self.named(find_papers, papers, "-a papers=zjrb,qjwb or -a papers=all")
        self.today = self.started.astimezone(BEIJING).date()
        self.days = self.window.days(self.today, self.today)
        self.unlisted: dict[str, str] = {}
        """Newspapers of which neither the list of issues nor an issue was read, and why."""

    @property
    def lists(self) -> tuple[str, ...]:
        return tuple(sorted(paper.name for paper in self.papers))

    @property
    def column(self) -> tuple[str, str] | None:
        """Title and address of the one newspaper that is crawled."""
        [paper, *others] = self.papers
        return None if others else (paper.title, paper.address)

    async def start(self) -> AsyncIterator[Any]:
        for paper in self.papers:
            self.count_given()
            days = [day for day in self.days if not self.is_done(paper, day)]
            for month, of_month in groupby(days, key=lambda day: day.replace(day=1)):
                yield Request(
                    papers.issues_of(paper.name, month),
                    callback=self.parse_issues,
                    errback=self.failed_issues,
                    cb_kwargs={"paper": paper, "days": list(of_month)},
                    dont_filter=True,
                )

    def is_done(self, paper: Paper, day: date) -> bool:
        """Whether all of an issue is known for good."""
        may_change = self.full or self.is_young(end_of(day))
        if may_change or not self.state.known.walked(issue_key(paper, day)):
            return False
        self.skip("known-issue", papers.front_of(paper.name, day))
        return True

    def closed(self, reason: str) -> None:
        """A missing issue is no issue only if the list of issues could be read."""
        for name, why in self.unlisted.items():
            self.count_unread(name, why)

    # --- issues -----------------------------------------------------------------------------

    def parse_issues(self, response: Response, paper: Paper, days: list[date]) -> Iterator[Request]:
        """The requests for the issues of a month."""
        fronts = None
        try:
            with bounded(response.url):
                fronts = read_issues(response)
        except Rejected as rejected:
            self.reject(rejected, response.url)
            self.unlisted[paper.name] = rejected.reason
        yield from self.ask_issues(paper, days, fronts)

    def failed_issues(self, failure: Failure) -> Iterator[Request]:
        """Without a list of issues, an issue is requested for every day."""
        rejected = why_failed(failure)
        request: Request = failure.request  # type: ignore[attr-defined]
        self.unlisted[request.cb_kwargs["paper"].name] = rejected.reason
        if not is_gone(failure):
            self.reject(rejected, request.url)
        yield from self.ask_issues(**request.cb_kwargs, fronts=None)

    def ask_issues(
        self, paper: Paper, days: list[date], fronts: dict[date, str] | None
    ) -> Iterator[Request]:
        for day in days:
            front = papers.front_of(paper.name, day) if fronts is None else fronts.get(day)
            # Today's issue may be out before it is in the list.
            if front is None and day == self.today:
                front = papers.front_of(paper.name, day)
            if front is None:
                self.skip("no-issue", papers.front_of(paper.name, day))
            else:
                walk = self.begin_walk(issue_key(paper, day), f"{paper.name} {day}")
                yield self.ask_page(front, paper, day, walk)

    def covers(self, walk: Walk) -> tuple[datetime, datetime] | None:
        """The day of an issue, where all of it was read."""
        if not walk.has_ended or walk.has_failed:
            return None
        end = end_of(date.fromisoformat(walk.name.rsplit(":", 1)[-1]))
        return end - SPANS["day"], end

    # --- printed pages ----------------------------------------------------------------------

    def ask_page(self, url: str, paper: Paper, day: date, walk: Walk) -> Request:
        return self.ask_listing(url, walk, paper=paper, day=day)

    def ask_listed(
        self, page: Page, printed: PrintedPage, walk: Walk, paper: Paper, day: date
    ) -> Iterator[Request]:
        if (page.address.paper, page.address.date) != (paper.name, day):
            walk.has_failed = True  # there may be one tomorrow
            self.skip("no-issue", page.url)
        elif not printed.articles and not printed.pages:
            self.list_failed(Rejected("empty-list", "no link to an article"), page.url, walk)
        else:
            yield from self.read_printed(printed, page.address, paper, day, walk)

    def read_printed(
        self, printed: PrintedPage, address: Address, paper: Paper, day: date, walk: Walk
    ) -> Iterator[Request]:
        """The requests for the articles of a printed page, and for the other pages of the issue."""
        self.found.add(address.canonical)
        self.unlisted.pop(paper.name, None)
        walk.pages += 1
        self.note_listed(walk, len(printed.articles))
        self.current = walk.title
        if not walk.has_ended:  # the first page names all others
            walk.has_ended = True
            outcomes.logger.info("paper %s: %d pages", walk.title, 1 + len(printed.pages))
        sections = tuple(filter(None, (paper.title, printed.number, printed.name)))
        for article in printed.articles:
            if request := self.request_if_new(article, article.date, walk, sections):
                yield request
        for other in printed.pages:
            if other.canonical not in self.found:
                self.found.add(other.canonical)
                yield self.ask_page(other.url, paper, day, walk)

    def failed_list(self, failure: Failure) -> None:
        """Without a front page there is no issue on that day, so far."""
        request: Request = failure.request  # type: ignore[attr-defined]
        walk = self.walk_of(request)
        if is_gone(failure) and not walk.pages:
            walk.has_failed = True
            self.skip("no-issue", request.url)
        else:
            super().failed_list(failure)


def read_issues(response: Response) -> dict[date, str]:
    """The days of a month that have an issue, with their front pages. Raises Rejected."""
    try:
        return papers.read_issues(response.body, response.url)
    except ValueError as error:
        raise Rejected("broken-issues", str(error)) from error


def issue_key(paper: Paper, day: date) -> str:
    """The key of an issue in the state."""
    return f"paper:{paper.name}:{day}"
