"""Keeps what a crawl fetches as WARC files."""

from pathlib import Path
from typing import Self

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured

from zjnews import __version__
from zjnews.archives import recorder
from zjnews.archives.recorder import Exchange, Recorder
from zjnews.items import Rejected
from zjnews.state import outcomes
from zjnews.state.crawling import stats_of
from zjnews.state.outcomes import logger
from zjnews.text.cleaning import counted, error_in_words


class Recording:
    """Where WARC_DIR is set, everything that goes over the wire is kept: robots.txt, redirects and
    errors too. Counts `zjnews/recorded` and `zjnews/revisits`. A crawl that cannot be kept ends."""

    def __init__(self, crawler: Crawler) -> None:
        if not crawler.settings["WARC_DIR"]:
            raise NotConfigured
        self.crawler = crawler
        self.folder = Path(crawler.settings["WARC_DIR"])
        self.is_broken = False
        for mended in recorder.mend(self.folder):
            logger.info(
                "%s, left by a run that died, %s, %d bytes of half a record cut off",
                mended.path.name,
                "is finished now" if mended.is_kept else "held nothing and is gone",
                mended.cut_off,
            )
        self.recorder = Recorder(
            self.folder,
            prefix=str(crawler.spidercls.name),
            most_bytes=int(crawler.settings.getfloat("WARC_BYTES")),
            info=self.info(),
        )

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        recording = cls(crawler)
        crawler.signals.connect(recording.engine_stopped, signals.engine_stopped)
        return recording

    def info(self) -> dict[str, str]:
        settings = self.crawler.settings
        return {
            "software": f"zjnews/{__version__}",
            "format": "WARC File Format 1.1",
            "conformsTo": "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
            "operator": settings["CONTACT"],
            "http-header-user-agent": settings["USER_AGENT"],
            "robots": "obey" if settings.getbool("ROBOTSTXT_OBEY") else "ignore",
        }

    def keep(self, exchange: Exchange) -> None:
        if self.is_broken:
            return
        try:
            is_revisit = self.recorder.write(exchange)
        except OSError as error:
            self.stop(error_in_words(error))
            return
        except Rejected as rejected:  # the downloader takes more for an answer
            logger.warning("%s is not kept: %s", exchange.url, rejected)
            return
        except Exception as fault:  # Twisted would pass over it in silence
            self.stop(f"fault while keeping {exchange.url}: {fault!r}", fault)
            return
        stats_of(self.crawler).inc_value("zjnews/recorded")
        if is_revisit:
            stats_of(self.crawler).inc_value("zjnews/revisits")

    def stop(self, why: str, fault: Exception | None = None) -> None:
        """End a crawl whose pages have no place to go."""
        self.is_broken = True
        line = f"the archive {self.folder} cannot be written: {why}"
        outcomes.stop(self.crawler, "archive", "archive_failed", line, fault)

    def lines(self) -> list[str]:
        """What was kept, and where, for a person."""
        count = stats_of(self.crawler).get_value("zjnews/recorded", 0)
        revisits = stats_of(self.crawler).get_value("zjnews/revisits", 0)
        files = len(self.recorder.finished)
        known = f" ({revisits:,} of them known before)" if revisits else ""
        where = f"{counted(files, 'file')} in {self.folder.absolute()}"
        return [f"  kept {counted(count, 'answer')}{known} in {where}"]

    def engine_stopped(self) -> None:
        try:
            self.recorder.close()
        except OSError as error:
            self.stop(error_in_words(error))
