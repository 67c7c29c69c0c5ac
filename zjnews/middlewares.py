"""Keeps the crawl on zjol.com.cn: what leads off it is refused, counted and named."""

from __future__ import annotations

from scrapy import Request, Spider
from scrapy.downloadermiddlewares.offsite import OffsiteMiddleware
from scrapy.exceptions import IgnoreRequest

from zjnews import addresses
from zjnews.items import Rejected
from zjnews.logs import reject


class OnSiteMiddleware(OffsiteMiddleware):
    """Scrapy's own, with the site's rule of what an address on it is."""

    def should_follow(self, request: Request, spider: Spider) -> bool:
        return addresses.is_on_site(request.url)

    def process_request(self, request: Request, spider: Spider | None = None) -> None:
        try:
            super().process_request(request)
        except IgnoreRequest:
            came_from = request.meta.get("redirect_urls", [request.url])[0]
            reject(self.crawler, Rejected("off-site", f"leads to {request.url}"), came_from)
            raise
