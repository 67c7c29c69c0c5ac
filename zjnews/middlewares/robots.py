"""What robots.txt says: what is forbidden, and how long to wait between two requests."""

import logging
from typing import Self
from urllib.parse import urlsplit

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.http import Response
from scrapy.robotstxt import ProtegoRobotParser, RobotParser
from twisted.internet.defer import Deferred

from zjnews.state.outcomes import logger


def _as_warning(record: logging.LogRecord) -> bool:
    record.exc_info = record.exc_text = None
    if record.levelno == logging.ERROR:
        record.levelno, record.levelname = logging.WARNING, "WARNING"
    return True


# A host that cannot be reached is no fault of zjnews: no traceback.
logging.getLogger(RobotsTxtMiddleware.__module__).addFilter(_as_warning)


def is_for_robots_txt(request: Request) -> bool:
    """Whether a request is the one that `RobotsMiddleware` makes of its own."""
    is_file = urlsplit(request.url).path == "/robots.txt"
    return is_file and bool(request.meta.get("dont_obey_robotstxt"))


class RobotsMiddleware(RobotsTxtMiddleware):
    """Scrapy's own, but all requests that wait for a host's robots.txt obey it.

    In Scrapy 2.19 they await one Deferred, and each takes its result away: from the third request
    on, those that were waiting are sent as if there were no robots.txt.
    """

    async def robot_parser(self, request: Request) -> RobotParser | None:
        parser = await super().robot_parser(request)
        if parser is not None:
            return parser
        settled = self._parsers[urlsplit(request.url).netloc]
        return None if isinstance(settled, Deferred) else settled


class CrawlDelay:
    """Makes the pause between two requests to a host as long as its robots.txt asks for, if that is
    longer than ours; AutoThrottle may make it longer still."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.agent: str = crawler.settings["ROBOTSTXT_USER_AGENT"]
        self.least = crawler.settings.getfloat("DOWNLOAD_DELAY")
        self.most = crawler.settings.getfloat("HOST_PAUSE_MAX")
        self.delays: dict[str, float] = {}
        """Seconds, by host."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        delay = cls(crawler)
        crawler.signals.connect(delay.robots_parsed, signals.robots_parsed)
        # Called after AutoThrottle has set the pause, an extension with a lower number.
        crawler.signals.connect(delay.keep, signals.response_downloaded)
        return delay

    def robots_parsed(self, robotparser: RobotParser, request: Request) -> None:
        if not isinstance(robotparser, ProtegoRobotParser):
            return
        asked_for = float(robotparser.rp.crawl_delay(self.agent) or 0)
        if asked_for <= self.least:
            return
        host = urlsplit(request.url).hostname or ""
        logger.info("robots.txt of %s asks for %g s between requests", host, asked_for)
        if asked_for > self.most:
            logger.warning("%s: %g s are kept, HOST_PAUSE_MAX", host, self.most)
            asked_for = self.most
        self.delays[host] = asked_for
        downloader = self.crawler.engine.downloader
        # For a new slot, after Scrapy has removed an idle one.
        downloader.per_slot_settings.setdefault(host, {})["delay"] = asked_for
        self.keep(request)

    def keep(self, request: Request, response: Response | None = None) -> None:
        host = urlsplit(request.url).hostname or ""
        slot = self.crawler.engine.downloader.slots.get(host)
        if slot is not None:
            slot.delay = max(slot.delay, self.delays.get(host, 0))
