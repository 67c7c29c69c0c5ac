"""Faults at chosen points of a crawl, as an extension: `-s EXTENSIONS={"tests.faults.Fault": 900}`
with FAULT_POINT, FAULT_KIND (`kill`, `stop`, `full` or `locked`) and FAULT_SKIP (how often the
point is passed)."""

import os
import resource
import signal
import sqlite3
from collections.abc import Callable
from typing import Any, Self

import boto3.s3.transfer
from scrapy.crawler import Crawler

from zjnews import state
from zjnews.extensions.watch import Watch
from zjnews.feeds import storages
from zjnews.feeds.batches import Shipping
from zjnews.middlewares.downloads import BoundedProtocol
from zjnews.state import State, outcomes
from zjnews.state.outbox import Outbox
from zjnews.state.run import Run
from zjnews.watch.notices import Sender

POINTS = (
    "after the transaction",
    "in the middle of the upload",
    "after the upload",
    "in the middle of the mark",
    "after the mark",
)
CLAIMING = "after the claim"
WRITING = "while the feed is written"
TELLING = ("before messages are written", "before a message is sent")
SENDING = "before the bytes of a request leave"
DROPPING = "while an item that is left out is remembered"
_AT: dict[str, list[tuple[Any, str, bool]]] = {
    POINTS[0]: [(State, "add", True)],
    POINTS[1]: [(os, "fsync", False), (boto3.s3.transfer.S3Transfer, "upload_file", False)],
    POINTS[2]: [(Outbox, "delivered", False)],
    POINTS[3]: [(Outbox, "remove", True)],
    POINTS[4]: [(Outbox, "delivered", True)],
    CLAIMING: [(Run, "claim_to_ask", True)],
    WRITING: [(Shipping, "export", False)],
    TELLING[0]: [(Watch, "write_messages", False)],
    TELLING[1]: [(Sender, "send", False)],
    SENDING: [(BoundedProtocol, "request", True)],
    DROPPING: [(outcomes, "note_passed", False)],
}
"""What is called at each point, and whether the fault comes after it."""


class Fault:
    def __init__(self, crawler: Crawler) -> None:
        settings = crawler.settings
        self.crawler = crawler
        self.left = settings.getint("FAULT_SKIP")
        kinds = {
            "kill": kill,
            "stop": self.stop,
            "full": fill_the_disk,
            "locked": self.lock_the_state,
        }
        self.strike = kinds[settings["FAULT_KIND"]]
        point = settings["FAULT_POINT"]
        for owner, name, after in _AT[point]:
            self.wrap(owner, name, after)
        if point == POINTS[1]:
            self.break_upload()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def wrap(self, owner: Any, name: str, after: bool) -> None:
        inner: Callable[..., Any] = getattr(owner, name)

        def wrapped(*args: Any, **kwargs: Any) -> Any:
            if not after:
                self.pass_by()
            result = inner(*args, **kwargs)
            if after:
                self.pass_by()
            return result

        setattr(owner, name, wrapped)

    def break_upload(self) -> None:
        """S3 reads the file piece by piece: strike at the first of them."""
        inner = storages.S3Storage._store_in_thread

        def broken(storage: Any, file: Any) -> None:
            read = file.file.read if hasattr(file, "file") else file.read

            def reading(size: int = -1) -> bytes:
                piece: bytes = read(min(size, 1000) if size > 0 else 1000)
                self.pass_by()
                return piece

            file.read = reading
            inner(storage, file)

        storages.S3Storage._store_in_thread = broken  # type: ignore[method-assign]

    def pass_by(self) -> None:
        self.left -= 1
        if self.left < 0:
            self.strike()

    def stop(self) -> None:
        """Once, until SIGCONT."""
        self.strike = lambda: None
        os.kill(os.getpid(), signal.SIGSTOP)

    def lock_the_state(self) -> None:
        """From now on another connection writes, and the crawl soon loses its patience."""
        self.strike = lambda: None
        ours = state.state_of(self.crawler).db.db
        assert ours is not None
        ours.execute("PRAGMA busy_timeout = 100")
        self.other = sqlite3.connect(self.crawler.settings["STATE_DB"], isolation_level=None)
        self.other.execute("BEGIN IMMEDIATE")


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def fill_the_disk() -> None:
    """From now on no file can grow."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
