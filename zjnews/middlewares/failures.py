"""Failures that Scrapy only logs."""

from collections.abc import AsyncIterator
from typing import Any

from scrapy.exceptions import CloseSpider
from scrapy.spidermiddlewares.base import BaseSpiderMiddleware

from zjnews.state import outcomes
from zjnews.state.database import StateError


class StartFailures(BaseSpiderMiddleware):
    """Counts an error in a spider's `start`, after which it makes no more requests."""

    async def process_start(self, start: AsyncIterator[Any]) -> AsyncIterator[Any]:
        try:
            async for one in start:
                yield one
        except StateError:
            return  # reported by `Delivery`, which ends the crawl
        except CloseSpider:
            raise
        except Exception as fault:
            outcomes.fail(self.crawler, "spider", "the spider could not go on asking", fault)
