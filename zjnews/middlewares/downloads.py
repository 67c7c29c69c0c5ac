"""Scrapy's downloads, with limits, with a reason for what is refused, and recorded."""

import math
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from datetime import UTC, datetime
from functools import partial
from ipaddress import ip_address
from typing import Any, Self
from urllib.parse import urlsplit

from OpenSSL import SSL
from scrapy import Request
from scrapy.core.downloader.handlers import http11
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.resolver import CachingThreadedResolver
from service_identity import CertificateError, VerificationError
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionAborted, DNSLookupError
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from twisted.web._newclient import HEADER, STATUS

from zjnews.archives.recorder import Exchange
from zjnews.extensions.leases import LapsedError, Leases
from zjnews.extensions.recording import Recording
from zjnews.items import Rejected
from zjnews.site import addresses

MOST_HEADERS = 256 * 1024
"""Bytes of the headers of an answer, with those of informational answers (1xx) before it."""
Keep = Callable[[Exchange], None]
MaySend = Callable[[str], bool]


class SiteDownloadHandler(http11.HTTP11DownloadHandler):
    """Scrapy's own, with connections that end answers without end and, if the crawl is recorded,
    record what passes. Raises Rejected if another try is of no use: `too-large`,
    `bad-certificate`, `private-address`."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self.leases = crawler.get_extension(Leases)
        recording = crawler.get_extension(Recording)
        kind = partial(RecordingProtocol, keep=recording.keep) if recording else BoundedProtocol
        most = crawler.settings.getint("DOWNLOAD_MAXSIZE")
        may_send = self.leases.may_send if self.leases else None
        self._pool._factory = _factory_for(kind, most, may_send)

    async def download_request(self, request: Request) -> Response:
        host = urlsplit(request.url).hostname or ""
        while True:
            try:
                async with self.leases.turn(host) if self.leases else nullcontext():
                    return await super().download_request(request)
            except Exception as error:
                if any(isinstance(cause, LapsedError) for cause in _causes(error)):
                    continue  # it was not sent, and waits for its turn again
                if rejected := _refusal(error, host):
                    raise rejected from error
                raise


def _refusal(error: BaseException, host: str) -> Rejected | None:
    """Why an answer was refused; None for a failure that may be the network's."""
    for cause in _causes(error):
        if isinstance(cause, Rejected):
            return cause
        is_bad = isinstance(cause, (CertificateError, VerificationError)) or (
            isinstance(cause, SSL.Error) and "certificate verify failed" in str(cause)
        )
        if is_bad:
            detail = f"that of {host} is not valid; DOWNLOAD_VERIFY_CERTIFICATES=False takes any"
            return Rejected("bad-certificate", detail)
    if ip := SiteResolver.refused.get(host):
        detail = f"{host} is {ip}; ALLOW_PRIVATE_ADDRESSES=True asks it all the same"
        return Rejected("private-address", detail)
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An exception, and those that caused it."""
    yield error
    for reason in getattr(error, "reasons", None) or []:
        yield from _causes(reason.value)
    if error.__cause__ is not None:
        yield from _causes(error.__cause__)


class SiteResolver(CachingThreadedResolver):
    """Scrapy's own, but a name of the site is not resolved to this machine or a network that is not
    public, unless ALLOW_PRIVATE_ADDRESSES is set. An attacker who controls such a name could
    otherwise make the crawler send requests inside the network that it runs in."""

    refused: dict[str, str] = {}  # noqa: RUF012  shared, as Scrapy's cache of names is
    """IP addresses by name."""

    def __init__(self, reactor: Any, cache_size: int, timeout: float) -> None:
        super().__init__(reactor, cache_size, timeout)
        self.allows_private = False

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: Any) -> Self:
        resolver: Self = super().from_crawler(crawler, reactor)
        resolver.allows_private = crawler.settings.getbool("ALLOW_PRIVATE_ADDRESSES")
        return resolver

    def getHostByName(self, name: str, timeout: Any = ()) -> Deferred[str]:  # noqa: N802  Twisted's
        found = super().getHostByName(name, timeout)
        # A proxy may be in a private network.
        if addresses.is_host_of_site(name) and not self.allows_private:
            found.addCallback(self.checked, name)
        return found

    def checked(self, ip: str, name: str) -> str:
        """Raises DNSLookupError, the only error that Twisted expects of a resolver."""
        if not is_public(ip):
            self.refused[name] = ip
            raise DNSLookupError(f"{name} is {ip}")
        self.refused.pop(name, None)
        return ip


def is_public(ip: str) -> bool:
    """Whether an IP address can be reached from everywhere."""
    address = ip_address(ip)
    return address.is_global and not address.is_multicast


def _factory_for(
    kind: "Callable[..., BoundedProtocol]", most: int, may_send: MaySend | None
) -> type[http11._LenientHTTP11ClientFactory]:
    class Factory(http11._LenientHTTP11ClientFactory):
        def buildProtocol(self, addr: Any) -> BoundedProtocol:  # noqa: N802  Twisted's
            return kind(self._quiescentCallback, most, may_send)

    return Factory


class BoundedProtocol(http11._LenientHTTP11ClientProtocol):
    """One connection, which ends if an answer has too many headers, or far more bytes around its
    body than in it, or if a request may not be sent any more."""

    def __init__(
        self, quiescent: Callable[[Any], None], most: int, may_send: MaySend | None
    ) -> None:
        """`most`: bytes of a body; 0 for any number. `may_send`: whether a request to a host may
        be sent, asked at the last moment; None if any may."""
        super().__init__(quiescent)  # type: ignore[no-untyped-call]
        self.most = 2 * most + MOST_HEADERS if most else math.inf
        self.may_send = may_send
        self.received = 0
        self.is_given_up = False

    def connectionMade(self) -> None:  # noqa: N802  Twisted's
        super().connectionMade()
        if self.may_send:
            socket: Any = getattr(self.transport, "transport", self.transport)  # below TLS
            self.write = socket.writeSomeData
            socket.writeSomeData = self.write_in_time

    def request(self, request: Any) -> Any:
        self.url = request.absoluteURI.decode("ascii")
        self.received = 0
        return super().request(request)

    def write_in_time(self, data: bytes) -> int | BaseException:
        """Write to the socket what Twisted has held until now: for TLS to be agreed upon, or for
        other work to be done. Returns bytes written."""
        is_sending = self._parser is not None and not self.received
        if is_sending and self.may_send and not self.may_send(urlsplit(self.url).hostname or ""):
            self.give_up(LapsedError())
            return 0
        written: int | BaseException = self.write(data)
        return written

    def dataReceived(self, data: bytes) -> None:  # noqa: N802  Twisted's
        self.received += len(data)
        super().dataReceived(data)  # type: ignore[no-untyped-call]
        parser = self._parser
        if parser is None:
            return
        if parser.state in (STATUS, HEADER) and self.received > MOST_HEADERS:
            self.give_up(Rejected("too-large", f"more than {MOST_HEADERS:,} bytes of headers"))
        elif self.received > self.most:
            why = f"more than {self.most:,} bytes with all that is around the body"
            self.give_up(Rejected("too-large", why))

    def give_up(self, error: Exception) -> None:
        self.is_given_up = True
        self._giveUp(Failure(error))  # type: ignore[no-untyped-call]
        assert self.transport is not None
        self.transport.abortConnection()


class RecordingProtocol(BoundedProtocol):
    """Gives `keep` an exchange when its answer is whole, before Scrapy gets it; an answer that
    breaks off is not recorded."""

    def __init__(self, *given: Any, keep: Keep) -> None:
        super().__init__(*given)
        self.keep = keep

    def request(self, request: Any) -> Any:
        self.sent = _head_of(request)
        self.served = bytearray()
        return super().request(request)

    def dataReceived(self, data: bytes) -> None:  # noqa: N802  Twisted's
        self.served += data
        super().dataReceived(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802  Twisted's
        self.is_given_up |= isinstance(reason.value, ConnectionAborted)
        super().connectionLost(reason)  # type: ignore[no-untyped-call]

    def _finishResponse(self, rest: bytes) -> None:  # noqa: N802  Twisted's
        # A body of unknown length ends with the connection.
        if not self.is_given_up:
            served = bytes(self.served[: len(self.served) - len(rest)])
            self.keep(Exchange(self.url, datetime.now(UTC), self.sent, served))
        super()._finishResponse(rest)


class _Lines(list[bytes]):
    """A transport that collects what is written."""

    writeSequence = list.extend  # noqa: N815  Twisted's


def _head_of(request: Any) -> bytes:
    """A request as it is sent; ours have no body."""
    lines = _Lines()
    request._writeHeaders(lines, None)
    return b"".join(lines)
