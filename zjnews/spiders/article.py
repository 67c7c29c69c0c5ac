"""Spider `article`: reads given addresses."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from scrapy import Request
from scrapy.exceptions import IgnoreRequest, UsageError
from scrapy.http import Response
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from zjnews import addresses
from zjnews.items import Article, Rejected
from zjnews.spiders.base import PageSpider


class ArticleSpider(PageSpider):
    """Domain: zjol.com.cn and its subdomains.

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
                url = usable(text)
            except Rejected as rejected:
                self.reject(rejected, text)
                continue
            self.count_given()
            yield Request(url, callback=self.parse, errback=self.failed)

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

    def parse(self, response: Response, **kwargs: Any) -> Iterator[Article]:
        content_type = response.headers.get("Content-Type", b"") or b""
        yield from self.read(
            response.url,
            response.body,
            content_type.decode("latin-1"),
            datetime.now(timezone.utc).replace(microsecond=0),
        )

    def failed(self, failure: Failure) -> None:
        """Count an address that gave no page."""
        self.reject(why_failed(failure), failure.request.url)  # type: ignore[attr-defined]


def usable(text: str) -> str:
    """The absolute address, where it may be an article's. Raises Rejected."""
    address = addresses.read(text)
    if not address.on_site:
        is_web = address.url.lower().startswith(("http://", "https://"))
        if not is_web:
            raise Rejected("unknown-address", "no http or https address")
        raise Rejected("off-site", f"not on {addresses.SITE}")
    if address.kind in addresses.MEDIA_KINDS:
        raise Rejected("not-html", f"address of an {address.kind.value}")
    return address.url


def why_failed(failure: Failure) -> Rejected:
    """The reason that a failed request is counted by."""
    error = failure.value
    if isinstance(error, HttpError):
        return Rejected(f"http-{error.response.status}")
    if isinstance(error, IgnoreRequest):
        is_robots = "robots" in str(error)
        return Rejected("robots-forbidden" if is_robots else "redirect-loop", str(error))
    return Rejected("download-failed", f"{type(error).__name__}: {failure.getErrorMessage()}"[:200])
