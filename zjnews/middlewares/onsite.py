"""Nothing off the site is asked for, but pictures where the site keeps them."""

from __future__ import annotations

from urllib.parse import urlsplit

from scrapy import Request

from zjnews.items import Rejected
from zjnews.middlewares.robots import is_for_robots_txt
from zjnews.site import addresses
from zjnews.state.carried import carried_by


class OnSiteMiddleware:
    """In place of Scrapy's, which lets retries and other requests pass that are not to be filtered,
    and drops the rest without a word to whoever asked."""

    def process_request(self, request: Request) -> Request | None:
        """Raises Rejected, which the request's errback is given. A redirect to an address with a
        user name, password or port that says nothing leads to the address without."""
        plain = addresses.join(None, request.url)
        if plain and urlsplit(plain).netloc != urlsplit(request.url).netloc:
            return request.replace(url=plain)
        if not addresses.is_on_site(request.url) and not _is_for_image(request):
            raise Rejected("off-site", f"leads to {request.url}")
        return None


def _is_for_image(request: Request) -> bool:
    """A picture of an article, or the robots.txt that is looked at before it."""
    is_meant = carried_by(request).is_image or is_for_robots_txt(request)
    return is_meant and addresses.is_on_image_host(request.url)
