"""Downloads as Scrapy makes them, each handed to the archive, byte for byte as sent and served."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

from scrapy.core.downloader.handlers import http11
from scrapy.crawler import Crawler
from twisted.internet.error import ConnectionAborted
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure

from zjnews.extensions.recording import Recording
from zjnews.recorder import Exchange

Keep = Callable[[Exchange], None]


class RecordingHandler(http11.HTTP11DownloadHandler):
    """Scrapy's own; where the crawl is recorded, with connections that keep what passes."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        recording = crawler.get_extension(Recording)
        if recording is not None:
            self._pool._factory = _factory_for(recording.keep)


def _factory_for(keep: Keep) -> type[http11._LenientHTTP11ClientFactory]:
    class Factory(http11._LenientHTTP11ClientFactory):
        def buildProtocol(self, addr: Any) -> RecordingProtocol:  # noqa: N802  Twisted's
            return RecordingProtocol(self._quiescentCallback, keep)

    return Factory


class RecordingProtocol(http11._LenientHTTP11ClientProtocol):
    """One connection. It hands on an exchange when the answer is whole, before anybody else gets to
    see it; one that breaks off is no answer."""

    def __init__(self, quiescent: Callable[[Any], None], keep: Keep) -> None:
        super().__init__(quiescent)  # type: ignore[no-untyped-call]
        self.keep = keep
        self.is_given_up = False

    def request(self, request: Any) -> Any:
        self.url = request.absoluteURI.decode("ascii")
        self.sent = _head_of(request)
        self.served = bytearray()
        return super().request(request)

    def dataReceived(self, data: bytes) -> None:  # noqa: N802  Twisted's
        self.served += data
        super().dataReceived(data)  # type: ignore[no-untyped-call]

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802  Twisted's
        self.is_given_up = isinstance(reason.value, ConnectionAborted)
        super().connectionLost(reason)  # type: ignore[no-untyped-call]

    def _finishResponse(self, rest: bytes) -> None:  # noqa: N802  Twisted's
        # Where nothing tells how long a body is, its end is that of the connection.
        if not self.is_given_up:
            served = bytes(self.served[: len(self.served) - len(rest)])
            self.keep(Exchange(self.url, datetime.now(timezone.utc), self.sent, served))
        super()._finishResponse(rest)


class _Lines(list[bytes]):
    """A transport that keeps what is written."""

    writeSequence = list.extend  # noqa: N815  Twisted's


def _head_of(request: Any) -> bytes:
    """A request as it is sent; ours have no body."""
    lines = _Lines()
    request._writeHeaders(lines, None)
    return b"".join(lines)
