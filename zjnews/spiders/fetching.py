"""Requesting articles: their further pages, pages that lead on, and what failed."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Self, TypeVar

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from zjnews.items import LeadsOn, Rejected
from zjnews.loaders import reading
from zjnews.pages import page
from zjnews.pages.guard import bounded
from zjnews.pages.joining import Pages, pages_of
from zjnews.pages.page import Page
from zjnews.site.addresses import Address
from zjnews.spiders.base import PageSpider
from zjnews.state.carried import Carried, carried_by, first_asked, way_to
from zjnews.state.known import Known
from zjnews.state.outcomes import is_passing, logger
from zjnews.state.reasons import Trait, traits_of

NOT_MODIFIED = 304
_T = TypeVar("_T")
_LONGEST_WAY = 10
"""Pages that may lead on to one another."""


class FetchingSpider(PageSpider):
    """A spider that fetches articles from the site."""

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        spider = super().from_crawler(crawler, *args, **kwargs)
        if spider.asks_the_site and not crawler.settings["CONTACT"]:
            logger.warning("CONTACT is not set: please add -s CONTACT=you@example.org")
        return spider

    @property
    def asks_the_site(self) -> bool:
        """Whether anything may be requested that no archive answers."""
        settings = self.crawler.settings
        return not settings["WARC_REPLAY"] or settings["WARC_REPLAY_MISSES"] == "fetch"

    def ask_article(
        self,
        address: Address,
        known: Known | None = None,
        walk: str | None = None,
        sections: tuple[str, ...] = (),
    ) -> Request:
        """The request for an article; for a known one, only if it has changed."""
        request = Request(
            address.first_page,
            callback=self.parse_article,
            errback=self.failed_article,
            meta=Carried(
                asked=address.canonical, known=known is not None, walk=walk, sections=sections
            ).meta,
        )
        if known is not None:
            request.meta["handle_httpstatus_list"] = [NOT_MODIFIED]
            if known.etag:
                request.headers["If-None-Match"] = known.etag
            if known.last_modified:
                request.headers["If-Modified-Since"] = known.last_modified
        return request

    def parse_article(self, response: Response) -> Iterator[Any]:
        """The article, if this was its last page, else the request for the next page.

        @url http://hangzhou.zjol.com.cn/system/2017/01/12/021419208.shtml
        @returns items 1 1
        @reads layout old
        @reads title 莫干山路一段今夜起夜间封闭三天
        """
        assert response.request is not None
        if response.status == NOT_MODIFIED:
            self.skip("unchanged", response.url)
            return
        carried = carried_by(response.request)
        pages, number = carried.pages or Pages(), carried.number
        try:
            try:
                read, article = reading.load(*answer(response))
            except LeadsOn as lead:
                yield self.followed(lead, response)
                return
        except Rejected as rejected:
            yield from self.after_failure(rejected, response.url, response.request, pages)
        else:
            if number in (1, read.address.page):
                article.asked = carried.asked
                article.sections = article.sections or list(carried.sections)
                article.etag = header(response, "ETag")
                article.last_modified = header(response, "Last-Modified")
                pages.add(article, number, pages_of(read))
            yield from self.after_page(pages, number, response.request)

    def after_page(self, pages: Pages, number: int, request: Request) -> Iterator[Any]:
        """After a page of an article: the request for the next one, or the article."""
        if number not in pages.read:
            pages.missing.add(number)
        if pages.next is None:
            yield pages.joined()
            return
        number, url = pages.next
        yield Request(
            url,
            callback=self.parse_article,
            errback=self.failed_article,
            meta=carried_by(request).onward(pages=pages, number=number, way=()).meta,
            dont_filter=True,  # a page may have been asked for as part of another copy
        )

    def failed_article(self, failure: Failure) -> Iterator[Any]:
        """A request without an answer."""
        request: Request = failure.request  # type: ignore[attr-defined]
        pages = carried_by(request).pages or Pages()
        yield from self.after_failure(why_failed(failure), first_asked(request), request, pages)

    def after_failure(
        self, rejected: Rejected, where: str, request: Request, pages: Pages
    ) -> Iterator[Any]:
        """After a page that gave nothing: a further page that will give nothing tomorrow either is
        left out; with any other the article is lost for this run."""
        number = carried_by(request).number
        if number == 1:
            yield from filter(None, [self.refuse(rejected, request)])
        elif is_passing(rejected) and Trait.DOUBTFUL not in traits_of(rejected.reason):
            self.refuse(Rejected("page-failed", f"page {number}: {rejected}"), request)
        else:
            self.reject(rejected, where)
            yield from self.after_page(pages, number, request)

    def refuse(self, rejected: Rejected, request: Request) -> Request | None:
        """Count why a request gave no article. Another request for it, if it may be elsewhere."""
        where, carried = first_asked(request), carried_by(request)
        if carried.known and Trait.GONE in traits_of(rejected.reason):
            self.skip("gone", where)
            return None
        self.reject(rejected, where, carried.asked)
        if is_passing(rejected):
            self.walk_failed(carried.walk)
        return None

    def followed(self, lead: LeadsOn, response: Response) -> Request:
        """The request for the page that this one leads to. Raises Rejected."""
        assert response.request is not None
        request = response.request
        way = [*way_to(request), response.url]
        if lead.url in way or len(way) > _LONGEST_WAY:
            raise loop_of(request, f"{response.url} leads to {lead.url}")
        carried = carried_by(request).onward(way=tuple(way))
        # A further page may have been asked for as part of another copy.
        return request.replace(
            url=lead.url, meta=carried.meta, headers={}, dont_filter=carried.number > 1
        )


def loop_of(request: Request, detail: str) -> Rejected:
    """The reason for redirects in a circle: a site that waits for a cookie, or another."""
    return Rejected("cookie-wall" if carried_by(request).sets_cookie else "redirect-loop", detail)


def answer(response: Response) -> tuple[str, bytes, str, datetime]:
    """Address, body, content type and time of an answer, the arguments of `page.read_page`."""
    assert response.request is not None
    now = datetime.now(UTC).replace(microsecond=0)
    fetched_at = carried_by(response.request).fetched_at or now
    return response.url, response.body, header(response, "Content-Type") or "", fetched_at


def read_page(response: Response, read: Callable[[Page], _T]) -> tuple[Page, _T]:
    """The page of an answer, and what `read` finds on it. Raises Rejected, as `guard.bounded` does,
    of which LeadsOn is one."""
    with bounded(response.url):
        found = page.read_page(*answer(response))
        if lead := found.leads_on:
            raise lead
        return found, read(found)


def header(response: Response, name: str) -> str | None:
    value = response.headers.get(name)
    return value.decode("latin-1") if value else None


def is_gone(failure: Failure) -> bool:
    """Whether the page is no longer there."""
    return Trait.GONE in traits_of(why_failed(failure).reason)


def why_failed(failure: Failure) -> Rejected:
    """The reason for which a request failed."""
    error = failure.value
    if isinstance(error, HttpError):
        return Rejected(f"http-{error.response.status}")
    if isinstance(error, Rejected):
        return error
    if isinstance(error, IgnoreRequest):
        if "robots" in str(error):
            return Rejected("robots-forbidden", str(error))
        return loop_of(failure.request, str(error))  # type: ignore[attr-defined]
    return Rejected("download-failed", f"{type(error).__name__}: {failure.getErrorMessage()}"[:200])
