"""What may be asked for: nothing off zjol.com.cn, and nothing that robots.txt forbids."""

from __future__ import annotations

import logging
from urllib.parse import urlsplit

from scrapy import Request, Spider
from scrapy.downloadermiddlewares.offsite import OffsiteMiddleware
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.robotstxt import RobotParser
from twisted.internet.defer import Deferred

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


def _as_warning(record: logging.LogRecord) -> bool:
    record.exc_info = None
    if record.levelno == logging.ERROR:
        record.levelno, record.levelname = logging.WARNING, "WARNING"
    return True


# A host that cannot be reached is no fault of ours: its message is enough, without a traceback.
logging.getLogger(RobotsTxtMiddleware.__module__).addFilter(_as_warning)


class RobotsMiddleware(RobotsTxtMiddleware):
    """Scrapy's own, but every request that waits for a host's robots.txt gets to see it.

    In Scrapy 2.19 they await one Deferred, and each one that awaits it takes its result away: from
    the third request on, all that were waiting go ahead as if there were no robots.txt.
    """

    async def robot_parser(self, request: Request) -> RobotParser | None:
        parser = await super().robot_parser(request)
        if parser is not None:
            return parser
        settled = self._parsers[urlsplit(request.url).netloc]
        return None if isinstance(settled, Deferred) else settled
