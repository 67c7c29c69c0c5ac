"""Nothing off zjol.com.cn is asked for."""

from __future__ import annotations

from scrapy import Request

from zjnews import addresses
from zjnews.items import Rejected


class OnSiteMiddleware:
    """In place of Scrapy's, which lets retries and other requests pass that are not to be filtered,
    and drops the rest without a word to whoever asked."""

    def process_request(self, request: Request) -> None:
        """Raises Rejected, which the request's errback is given."""
        if not addresses.is_on_site(request.url):
            raise Rejected("off-site", f"leads to {request.url}")
