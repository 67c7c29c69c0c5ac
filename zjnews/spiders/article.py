"""Spider `article`: reads given addresses."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

from scrapy.exceptions import UsageError

from zjnews import addresses
from zjnews.addresses import Address
from zjnews.items import Rejected
from zjnews.spiders.fetching import FetchingSpider


class ArticleSpider(FetchingSpider):
    """Domain: the site, see `addresses.is_on_site`.

    Arguments:
        url: one or more addresses, separated by commas
        file: a text file (UTF-8) with one address a line; `#` begins a comment
    """

    name = "article"
    arguments = ("url", "file")

    def __init__(self, url: str = "", file: str = "", **others: str) -> None:
        super().__init__(**others)
        if not (url.strip() or file.strip()):
            raise UsageError(
                "article: give -a url=ADDRESS[,ADDRESS…] or -a file=LIST.txt (one address a line)"
            )
        self.url = url
        self.file = Path(file) if file.strip() else None

    async def start(self) -> AsyncIterator[Any]:
        for text in self.given():
            try:
                address = usable(text)
            except Rejected as rejected:
                self.reject(rejected, text)
                continue
            self.count_given()
            yield self.ask_article(address)

    def given(self) -> Iterator[str]:
        """The addresses of the arguments, as they were written."""
        yield from filter(None, map(str.strip, self.url.split(",")))
        if self.file is None:
            return
        try:
            with self.file.open(encoding="utf-8-sig", errors="replace") as lines:
                for line in lines:
                    address = line.split(" #", 1)[0].strip()
                    if address and not address.startswith("#"):
                        yield address
        except OSError as error:
            detail = error.strerror or str(error)
            self.reject(Rejected("missing-file", detail), str(self.file))


def usable(text: str) -> Address:
    """The address, where it may be an article's. Raises Rejected."""
    address = addresses.read(text)
    if not address.on_site:
        is_web = address.url.lower().startswith(("http://", "https://"))
        if not is_web:
            raise Rejected("unknown-address", "no http or https address")
        raise Rejected("off-site", f"not on {addresses.SITE}")
    if address.kind in addresses.MEDIA_KINDS:
        raise Rejected("not-html", f"address of an {address.kind.value}")
    return address
