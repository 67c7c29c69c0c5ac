"""Spider `channel`: the articles that channels list, newest first."""

from collections.abc import AsyncIterator, Iterator
from typing import Any, ClassVar

from scrapy import Request
from scrapy.exceptions import UsageError
from twisted.python.failure import Failure

from zjnews.items import Rejected
from zjnews.pages import lists
from zjnews.pages.lists import Listing
from zjnews.pages.page import Page
from zjnews.site import addresses
from zjnews.site.channels import find_channels
from zjnews.spiders.fetching import is_gone
from zjnews.spiders.finding import FindingSpider, Walk
from zjnews.state.outcomes import logger

_PATIENCE = 2
"""Pages in a row that may repeat earlier ones: a list moves on while its articles are fetched."""
_WALKS_ALL = (
    "without since, every list is walked to its last page, through years of articles, and each new"
    " one is requested: at one request a second and host that is 3,600 an hour, and the whole site"
    " has millions; -a since=7d asks for a week"
)


class ChannelSpider(FindingSpider):
    """Domain: the channels of the site, see `scrapy channels`.

    Arguments, beside `since`, `until` and `full`:
        channels: names, `all`, or addresses of lists, separated by commas
        max_pages: list pages to read of each channel at most
    """

    name = "channel"
    find_listed = staticmethod(lists.read_list)
    arguments = ("channels", *FindingSpider.window_arguments, "max_pages")
    example: ClassVar[dict[str, str]] = {"channels": "zjnews"}

    def __init__(self, channels: str = "", max_pages: str = "", **others: str) -> None:
        super().__init__(**others)
        examples = (
            "-a channels=zjxc,gnxw, -a channels=all or -a channels=https://china.zjol.com.cn/gjxw/"
        )
        self.channels = self.named(find_channels, channels, examples)
        self.max_pages = read_count(max_pages)

    @property
    def lists(self) -> tuple[str, ...]:
        return tuple(sorted(channel.name for channel in self.channels))

    @property
    def column(self) -> tuple[str, str] | None:
        """Title and address of the one channel that is crawled."""
        [channel, *others] = self.channels
        return None if others else (channel.title, channel.list)

    async def start(self) -> AsyncIterator[Any]:
        if self.window.since is None and not self.max_pages and self.asks_the_site:
            logger.warning(_WALKS_ALL)
        for channel in self.channels:
            self.count_given()
            walk = self.begin_walk(addresses.address_of(channel.list).canonical, channel.name)
            yield self.ask_list(channel.list, walk)

    def ask_list(self, url: str, walk: Walk, number: int = 1, is_guess: bool = False) -> Request:
        walk.asked.add(addresses.address_of(url).canonical)
        return self.ask_listing(url, walk, number=number, is_guess=is_guess)

    def ask_listed(
        self, page: Page, listing: Listing, walk: Walk, number: int, is_guess: bool
    ) -> Iterator[Request]:
        folder = page.address.canonical.rsplit("/", 1)[0]
        walk.folder = walk.folder or folder
        if listing.entries and folder == walk.folder:
            walk.pages += 1
            self.current = walk.title
            yield from self.read_list(listing, walk, number)
        elif is_guess:
            self.end_walk(walk, "no further page")
        else:
            self.list_failed(Rejected("empty-list", "no link to an article"), page.url, walk)

    def read_list(self, listing: Listing, walk: Walk, number: int) -> Iterator[Request]:
        """The requests for the articles of a list page, then for the next page, if there is one."""
        ids = {entry.address.id for entry in listing.entries}
        if number == 1:
            self.note_listed(walk, len(ids))
        walk.repeats = walk.repeats + 1 if ids <= walk.ids else 0
        walk.ids |= ids
        if walk.is_linked is None:
            walk.is_linked = not listing.next_is_guess
        if walk.repeats or (walk.is_linked and listing.next_is_guess):
            walk.has_failed = True  # no page of this list, it seems; perhaps for today only
        is_new = False
        for entry in listing.entries:
            request = self.request_if_new(entry.address, entry.day, walk)
            # Requested by this run: no earlier one has delivered it.
            is_new = is_new or request is not None or entry.address.id in self.askers
            if request is not None:
                yield request
        for other in listing.others:
            self.skip("no-article-address", other.url)
        why = self.why_last(listing, walk, number, is_new)
        if why:
            self.end_walk(walk, why)
        elif listing.next:
            yield self.ask_list(listing.next, walk, number + 1, listing.next_is_guess)

    def why_last(self, listing: Listing, walk: Walk, number: int, is_new: bool) -> str | None:
        """Why no further page of a list is requested; None if one is."""
        days = [entry.day for entry in listing.entries]
        if all(day and self.window.begins_after(day) for day in days):
            return "older than since"
        if walk.repeats >= _PATIENCE:
            return "nothing more listed"
        # Old articles may be pinned to the top; what comes next is older than the last one.
        if not is_new and self.is_covered(walk, days[-1]):
            return "nothing new"
        is_lost = walk.is_linked and listing.next_is_guess
        asked = walk.asked
        if not listing.next or is_lost or addresses.address_of(listing.next).canonical in asked:
            return "last page"
        if self.max_pages and number >= self.max_pages:
            walk.has_failed = True  # what comes after it has not been seen
            return f"max_pages={self.max_pages}"
        return None

    def failed_list(self, failure: Failure) -> None:
        """A further page that is not there is the end of the list; if it was linked, perhaps only
        for today."""
        request: Request = failure.request  # type: ignore[attr-defined]
        walk = self.walk_of(request)
        if request.cb_kwargs["number"] > 1 and is_gone(failure):
            walk.has_failed = walk.has_failed or not request.cb_kwargs["is_guess"]
            self.end_walk(walk, "no further page")
        else:
            super().failed_list(failure)


def read_count(text: str) -> int:
    """A number of pages, 0 for no limit. Raises UsageError."""
    if not text.strip():
        return 0
    if not (text.strip().isascii() and text.strip().isdigit() and int(text)):
        raise UsageError(f"channel: max_pages={text} is no number of pages")
    return int(text)
