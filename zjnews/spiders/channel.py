"""Spider `channel`: the articles that channels list, newest first."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

from scrapy import Request
from scrapy.exceptions import UsageError
from scrapy.http import Response
from twisted.python.failure import Failure

from zjnews import addresses, channels, lists
from zjnews.channels import Channel
from zjnews.items import LeadsOn, Rejected
from zjnews.lists import Listing
from zjnews.outcomes import GONE
from zjnews.spiders.fetching import read_page, why_failed
from zjnews.spiders.finding import FindingSpider, Walk

_PATIENCE = 2
"""Pages that may repeat the one before them: a list moves on while its articles are fetched."""


class ChannelSpider(FindingSpider):
    """Domain: the channels of zjol.com.cn, see `scrapy channels`.

    Arguments, beside `since`, `until` and `full`:
        channels: names, `all`, or addresses of lists, separated by commas
        max_pages: list pages to read of each channel at most
    """

    name = "channel"
    arguments = ("channels", *FindingSpider.window_arguments, "max_pages")

    def __init__(self, channels: str = "", max_pages: str = "", **others: str) -> None:
        super().__init__(**others)
        self.channels = chosen(channels)
        self.max_pages = read_count(max_pages)

    async def start(self) -> AsyncIterator[Any]:
        for channel in self.channels:
            self.count_given()
            walk = self.begin_walk(addresses.read(channel.list).canonical, channel.name)
            yield self.ask_list(channel.list, walk)

    def ask_list(self, url: str, walk: Walk, number: int = 1) -> Request:
        walk.asked.add(addresses.read(url).canonical)
        return Request(
            url,
            callback=self.parse_list,
            errback=self.failed_list,
            meta={"walk": walk.name},
            cb_kwargs={"number": number},
            priority=-1,  # the articles of a page come first, so that few requests ever wait
        )

    def parse_list(self, response: Response, number: int) -> Iterator[Any]:
        walk = self.walks[response.meta["walk"]]
        try:
            listing = lists.read(read_page(response))
        except LeadsOn as lead:
            yield from self.follow(lead, response)
            return
        except Rejected as rejected:
            self.read_failed(rejected, response)
            return
        walk.pages += 1
        self.current = walk.title
        if number == 1 and not listing.entries:
            self.read_failed(Rejected("empty-list", "no link to an article"), response)
            return
        yield from self.read_list(listing, walk, number)

    def read_list(self, listing: Listing, walk: Walk, number: int) -> Iterator[Request]:
        """Ask for the articles of a list page, then for its next page, unless this was the last."""
        ids = {entry.address.id for entry in listing.entries}
        walk.repeats = walk.repeats + 1 if ids <= walk.last_ids else 0
        walk.last_ids = ids
        wished = [self.wish(entry.address, entry.day, walk) for entry in listing.entries]
        requests = [request for request in wished if request is not None]
        yield from requests
        for other in listing.others:
            self.skip("no-article-address", other.url)
        why = self.why_last(listing, walk, number, bool(requests))
        if why:
            self.end_walk(walk, why)
        elif listing.next:
            yield self.ask_list(listing.next, walk, number + 1)

    def why_last(self, listing: Listing, walk: Walk, number: int, is_new: bool) -> str | None:
        """Why no further page of a list is asked for; None where it goes on."""
        days = [entry.day for entry in listing.entries if entry.day]
        if days and all(map(self.window.begins_after, days)):
            return "older than since"
        if not listing.entries or walk.repeats >= _PATIENCE:
            return "nothing more listed"
        if not is_new and self.is_covered(walk, min(days, default=None)):
            return "nothing new"
        if listing.next is None or addresses.read(listing.next).canonical in walk.asked:
            return "last page"
        if self.max_pages and number >= self.max_pages:
            walk.has_failed = True  # what lies behind it has not been seen
            return f"max_pages={self.max_pages}"
        return None

    def failed_list(self, failure: Failure) -> None:
        """A further page that is not there is the end of the list."""
        request: Request = failure.request  # type: ignore[attr-defined]
        if request.cb_kwargs["number"] > 1 and why_failed(failure).reason in GONE:
            self.end_walk(self.walks[request.meta["walk"]], "no further page")
        else:
            super().failed_list(failure)


def chosen(text: str) -> list[Channel]:
    """The channels of the argument. Raises UsageError."""
    try:
        found = channels.find_channels(text)
    except ValueError as error:
        raise UsageError(f"channel: {error}") from error
    if not found:
        raise UsageError(
            "channel: channels is missing; for example: -a channels=zjxc,gnxw,"
            " -a channels=all or -a channels=https://china.zjol.com.cn/gjxw/"
        )
    return found


def read_count(text: str) -> int:
    """A number of pages, 0 for no limit. Raises UsageError."""
    if not text.strip():
        return 0
    if not (text.strip().isascii() and text.strip().isdigit() and int(text)):
        raise UsageError(f"channel: max_pages={text} is no number of pages")
    return int(text)
