"""How far a crawl is: one line in place on a terminal, a line in the log elsewhere."""

import re
import sys
from logging import StreamHandler
from typing import Any, Self

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from scrapy.utils.asyncio import create_looping_call
from scrapy.utils.log import get_scrapy_root_handler
from tqdm import tqdm
from tqdm.contrib import DummyTqdmFile

from zjnews.state.crawling import spider_of, stats_of
from zjnews.state.outcomes import logger
from zjnews.state.verdict import stats_under
from zjnews.text.cleaning import counted, printable

_SECONDS = 0.5
"""Between two looks at the counts, on a terminal."""
_FORM = "{{desc}}: {{n_fmt}} pages, {said} [{{elapsed}}, {{rate_fmt}}] {current}"
"""A narrow terminal cuts off the end."""


class Progress:
    """Shows pages, articles, skips, rejects, pages a second and where the crawl is. Off a terminal
    every LOGSTATS_INTERVAL seconds; PROGRESS_ENABLED=False silences both."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.on_terminal = sys.stderr.isatty()
        interval = crawler.settings.getfloat("LOGSTATS_INTERVAL")
        if not interval or not crawler.settings.getbool("PROGRESS_ENABLED"):
            raise NotConfigured  # with words, Scrapy would warn of what somebody has asked for
        self.interval = _SECONDS if self.on_terminal else interval
        self.pages = 0
        self.handler: StreamHandler[Any] | None = None
        """What prints the log to the terminal."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        progress = cls(crawler)
        crawler.signals.connect(progress.spider_opened, signals.spider_opened)
        crawler.signals.connect(progress.engine_stopped, signals.engine_stopped)
        return progress

    def spider_opened(self) -> None:
        if self.on_terminal:
            form = _FORM.format(said="begins", current="")
            self.bar: tqdm[Any] = tqdm(desc=self.name, bar_format=form, unit="", leave=False)
            # Log lines scroll by above the line in place, where they go to the terminal at all.
            handler = get_scrapy_root_handler()
            if isinstance(handler, StreamHandler) and handler.stream is sys.stderr:
                handler.setStream(DummyTqdmFile(sys.stderr))
                self.handler = handler
        self.task = create_looping_call(self.refresh if self.on_terminal else self.log)
        self.task.start(self.interval, now=False)

    def engine_stopped(self) -> None:
        if self.task.running:
            self.task.stop()
        if self.on_terminal:
            self.bar.close()
        if self.handler is not None:
            self.handler.setStream(sys.stderr)

    @property
    def name(self) -> str:
        return str(self.crawler.spidercls.name)

    def refresh(self) -> None:
        pages, said = self.counts()
        self.bar.bar_format = _FORM.format(said=said, current=re.sub(r"[{}]", "", self.current))
        self.bar.n = pages
        self.bar.refresh()

    def log(self) -> None:
        pages, said = self.counts()
        rate = (pages - self.pages) / self.interval
        self.pages = pages
        at = f", at {self.current}" if self.current else ""
        logger.info("%s: %d pages, %s, %.1f pages/s%s", self.name, pages, said, rate, at)

    def counts(self) -> tuple[int, str]:
        """Pages so far, and the other counts in words."""
        stats = stats_of(self.crawler).get_stats()
        articles = stats.get("zjnews/articles", 0)
        skipped = sum(stats_under("zjnews/skipped/", stats).values())
        rejected = sum(stats_under("zjnews/rejected/", stats).values())
        # Saved pages are no responses.
        pages = stats.get("response_received_count", 0) or articles + skipped + rejected
        return pages, f"{counted(articles, 'article')}, {skipped:,} skipped, {rejected:,} rejected"

    @property
    def current(self) -> str:
        return printable(spider_of(self.crawler).current)
