"""Undoes the Content-Encoding of what is fetched, with the code that reads archives."""

from typing import Any, Self

from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.http import Response, TextResponse
from scrapy.responsetypes import responsetypes

from zjnews.items import Rejected
from zjnews.pages import codings
from zjnews.pages.page import MAX_BYTES


class DecodingMiddleware(HttpCompressionMiddleware):
    """Replaces Scrapy's, which reads an answer with a wrong or missing label differently than its
    recording is read."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler=crawler)
        self.most = crawler.settings.getint("DOWNLOAD_MAXSIZE") or MAX_BYTES

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def process_response(
        self, request: Request, response: Response, spider: Spider | None = None
    ) -> Response:
        """Raises Rejected (`unreadable`, `too-large`)."""
        labels = response.headers.getlist("Content-Encoding")
        try:
            body = codings.decoded(
                response.body, (label.decode("latin-1") for label in labels), self.most
            )
        except Rejected:
            if response.status != 200:
                return response  # its status says enough
            raise
        if body is response.body:
            return response
        headers = response.headers.copy()
        headers.pop("Content-Encoding", None)
        kind = responsetypes.from_args(headers=headers, url=response.url, body=body)
        how: dict[str, Any] = {"encoding": None} if issubclass(kind, TextResponse) else {}
        return response.replace(cls=kind, body=body, headers=headers, **how)
