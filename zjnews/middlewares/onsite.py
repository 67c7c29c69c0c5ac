"""Requests go to the site only, those for pictures also to its image hosts."""

from urllib.parse import urlsplit

from scrapy import Request

from zjnews.items import Rejected
from zjnews.middlewares.robots import is_for_robots_txt
from zjnews.site import addresses
from zjnews.state.carried import carried_by


class OnSiteMiddleware:
    """Replaces Scrapy's, which lets requests with `dont_filter` pass, and drops others without
    calling their errback."""

    def process_request(self, request: Request) -> Request | None:
        """Raises Rejected for the request's errback. User name, password and a default port, as a
        redirect may have them, are removed."""
        plain = addresses.join(None, request.url)
        if plain and urlsplit(plain).netloc != urlsplit(request.url).netloc:
            return request.replace(url=plain)
        if not addresses.is_on_site(request.url) and not _is_for_image(request):
            raise Rejected("off-site", f"leads to {request.url}")
        return None


def _is_for_image(request: Request) -> bool:
    """A picture of an article, or the robots.txt that is fetched before it."""
    is_meant = carried_by(request).is_image or is_for_robots_txt(request)
    return is_meant and addresses.is_on_image_host(request.url)
