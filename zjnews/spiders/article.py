"""Spider `article`: reads given addresses."""

import codecs
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, ClassVar

from scrapy.exceptions import UsageError

from zjnews.items import Rejected
from zjnews.site import addresses
from zjnews.site.addresses import Address
from zjnews.spiders.fetching import FetchingSpider
from zjnews.text.cleaning import error_in_words


class ArticleSpider(FetchingSpider):
    """Domain: the site, see `addresses.is_on_site`.

    Arguments:
        url: one or more addresses, separated by commas
        file: a text file (UTF-8 or UTF-16) with one address a line; `#` begins a comment
    """

    name = "article"
    arguments = ("url", "file")
    example: ClassVar[dict[str, str]] = {"url": "https://www.zjol.com.cn/"}

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
                address = article_address(text)
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
            with self.file.open(encoding=encoding_of(self.file), errors="replace") as lines:
                for line in lines:
                    address = line.split(" #", 1)[0].strip()
                    if address and not address.startswith("#"):
                        yield address
        except OSError as error:
            detail = error_in_words(error)
            self.reject(Rejected("missing-file", detail), str(self.file))


def encoding_of(file: Path) -> str:
    """`utf-16`, also without a byte order mark, or `utf-8-sig`. Raises OSError."""
    with file.open("rb") as opened:
        start = opened.read(4)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if start[1::2] == b"\0\0":
        return "utf-16-le"
    return "utf-16-be" if start[::2] == b"\0\0" else "utf-8-sig"


def article_address(text: str) -> Address:
    """The address, if it may be an article's. Raises Rejected."""
    address = addresses.address_of(text)
    if not address.on_site:
        if address.url.lower().startswith(("http://", "https://")):
            raise Rejected("off-site", f"not on {addresses.SITE}")
        raise Rejected("unknown-address", "no http or https address")
    if address.kind in addresses.MEDIA_KINDS:
        raise Rejected("not-html", f"address of an {address.kind.value}")
    return address
