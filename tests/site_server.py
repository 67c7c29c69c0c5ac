"""A real HTTP server on loopback that answers for the hosts of the site, as a proxy does.

It takes absolute addresses and `CONNECT`, behind which it speaks TLS itself. Nothing it is asked
for leaves the machine: hosts outside the site get 502 and are noted.
"""

import atexit
import contextlib
import shutil
import socket
import ssl
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from zjnews.site import addresses

DOMAIN = "zjol.com.cn"
SISTERS = ("inzhejiang.com", "www.inzhejiang.com", "qjwb.thehour.cn")


@dataclass(frozen=True)
class Answer:
    body: bytes = b""
    status: int = 200
    content_type: str = "text/html; charset=utf-8"
    location: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    """Further headers."""
    delay: float = 0
    """Seconds before answering."""
    hangs: bool = False
    """Never answer; the client has to give up, or the server to stop."""
    etag: str | None = None
    """As sent, quotation marks included. A request that knows it is answered 304."""
    last_modified: str | None = None
    """As sent. A request that repeats it, and no ETag, is answered 304."""
    raw: bytes | None = None
    """What is sent instead, to the byte; the connection ends with it."""
    drips: float = 0
    """Seconds between two bytes of `raw`."""


@dataclass(frozen=True)
class Asked:
    """One request."""

    url: str
    """Absolute."""
    headers: dict[str, str]
    """Names in lower case."""
    at: float
    """When it came, by the monotonic clock."""


Answers = Mapping[str, Answer] | Callable[[Asked], Answer]
"""Answers by absolute address, or what makes them."""


@dataclass
class Site:
    """What is answered, and the requests that came, in order."""

    answers: Answers
    port: int = 0
    asked: list[Asked] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    """Addresses on other hosts than those of the site that somebody asked for."""
    faults: list[BaseException] = field(default_factory=list)
    """What went wrong in here; `serve` raises the first one when it ends."""
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def requests(self) -> list[str]:
        with self.lock:
            return [asked.url for asked in self.asked]

    @property
    def user_agents(self) -> set[str]:
        with self.lock:
            return {asked.headers.get("user-agent", "") for asked in self.asked}

    @property
    def environment(self) -> dict[str, str]:
        """What makes any HTTP client come here for every host."""
        proxy = f"http://127.0.0.1:{self.port}"
        trusted = str(_tls()[1])
        return {"http_proxy": proxy, "https_proxy": proxy, "no_proxy": "", "SSL_CERT_FILE": trusted}

    def answer(self, asked: Asked) -> Answer:
        with self.lock:
            self.asked.append(asked)
            if is_outside := not _is_ours(asked.url):
                self.outside.append(asked.url)
        if is_outside:
            return Answer(b"not ours", 502, "text/plain")
        if callable(self.answers):
            return self.answers(asked)
        return self.answers.get(asked.url, Answer(b"not there", 404, "text/plain"))


@contextmanager
def serve(answers: Answers, by_tls: bool = False) -> Iterator[Site]:
    """Serve until the block ends; what is not in a mapping of answers is 404. `by_tls`: not as a
    proxy, but as a server of https."""
    site = Site(answers)
    server = _Server(site, by_tls)
    site.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield site
    finally:
        server.stop()
        thread.join()
    if site.faults:
        raise site.faults[0]


def _is_ours(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return host in (DOMAIN, *SISTERS) or host.endswith(f".{DOMAIN}")


class _Server(ThreadingHTTPServer):
    """One thread a connection. It knows the open ones, so that stopping can end them."""

    daemon_threads = False  # stopping waits for every thread
    request_queue_size = 128

    def __init__(self, site: Site, by_tls: bool) -> None:
        self.site = site
        self.by_tls = by_tls
        self.tls = _tls()[0]
        self.stopping = threading.Event()
        self.open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self.note_open(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self.note_closed(request)
        super().shutdown_request(request)

    def note_open(self, connection: socket.socket) -> None:
        with self.site.lock:
            self.open.add(connection)
        if self.stopping.is_set():
            _end(connection)

    def note_closed(self, connection: socket.socket) -> None:
        with self.site.lock:
            self.open.discard(connection)

    def stop(self) -> None:
        self.stopping.set()
        self.shutdown()
        with self.site.lock:
            for connection in self.open:
                _end(connection)
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep a fault for the test's own thread; a client that goes away is none."""
        error = sys.exc_info()[1]
        if error is not None and not isinstance(error, OSError):
            self.site.faults.append(error)


def _end(connection: socket.socket) -> None:
    """Wake up whoever reads from a connection or writes to it."""
    with contextlib.suppress(OSError):
        # Not TLS's own `shutdown`, which would pull the connection from under its thread.
        socket.socket.shutdown(connection, socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    """One connection, with any number of requests."""

    server: _Server
    protocol_version = "HTTP/1.1"  # keeps connections open
    disable_nagle_algorithm = True
    tunnel = ""
    """Scheme and host of what is asked for by TLS."""

    def handle(self) -> None:
        with contextlib.suppress(OSError):  # the client went away
            if self.server.by_tls:
                # Where the client goes away before it says anything, `wrap_socket` leaks a socket.
                self.connection.recv(1, socket.MSG_PEEK)
                self.tunnel = f"https://127.0.0.1:{self.server.site.port}"
                self.speak_tls()
            super().handle()

    def finish(self) -> None:
        with contextlib.suppress(OSError):
            super().finish()
        if self.tunnel:
            self.server.note_closed(self.connection)
            self.connection.close()

    def do_CONNECT(self) -> None:
        url = _tunnel(self.path)
        if self.tunnel or not _is_ours(url):
            self.send(self.server.site.answer(Asked(f"{url}/", {}, time.monotonic())))
            self.close_connection = True
            return
        self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        self.tunnel = url
        self.speak_tls()

    def speak_tls(self) -> None:
        plain = self.connection
        self.rfile.close()
        self.connection = self.server.tls.wrap_socket(
            plain, server_side=True, do_handshake_on_connect=False
        )
        self.server.note_closed(plain)
        self.server.note_open(self.connection)
        self.request = self.connection
        self.setup()
        self.connection.do_handshake()
        self.close_connection = False  # even where `CONNECT` came by HTTP/1.0

    def do_GET(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(self.absolute(), headers, time.monotonic())
        answer = self.server.site.answer(asked)
        if answer.delay:
            self.server.stopping.wait(answer.delay)
        if answer.raw is not None:
            self.send_raw(answer.raw, answer.drips)
        if answer.hangs:
            self.wait_for_end()
        elif answer.raw is None:
            self.send(answer, HTTPStatus.NOT_MODIFIED if _is_known(answer, headers) else None)

    def send_raw(self, raw: bytes, drips: float) -> None:
        self.close_connection = True
        if not drips:
            self.wfile.write(raw)
            return
        for byte in raw:
            self.wfile.write(bytes([byte]))
            if self.server.stopping.wait(drips):
                return

    def absolute(self) -> str:
        if not self.path.startswith("/"):
            return self.path
        return (self.tunnel or f"http://{self.headers.get('Host', '')}") + self.path

    def wait_for_end(self) -> None:
        self.close_connection = True
        while self.connection.recv(4096):
            pass

    def send(self, answer: Answer, status: int | None = None) -> None:
        """The whole answer in one write; 304 goes without the body."""
        code = status or answer.status
        fields = {
            "Content-Type": answer.content_type,
            "Content-Length": str(len(answer.body)),
            "Location": answer.location,
            "ETag": answer.etag,
            "Last-Modified": answer.last_modified,
            **answer.headers,
        }
        lines = [f"HTTP/1.1 {code} {_reason(code)}"]
        lines += [f"{name}: {value}" for name, value in fields.items() if value is not None]
        head = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
        self.wfile.write(head if code == HTTPStatus.NOT_MODIFIED else head + answer.body)

    def log_message(self, *args: Any) -> None:
        """Tests read `asked` instead."""


def _tunnel(authority: str) -> str:
    """Scheme and host of `host:443`."""
    host, _, port = authority.rpartition(":")
    return f"https://{host}" + ("" if port == "443" else f":{port}")


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def _is_known(answer: Answer, headers: Mapping[str, str]) -> bool:
    """Whether the client says that it has this very answer already."""
    if answer.status != HTTPStatus.OK:
        return False
    if (known := headers.get("if-none-match")) is not None:
        tags = [tag.strip().removeprefix("W/") for tag in known.split(",")]
        return answer.etag is not None and answer.etag.removeprefix("W/") in tags
    since = headers.get("if-modified-since")
    return since is not None and since == answer.last_modified


@cache
def _tls() -> tuple[ssl.SSLContext, Path]:
    """TLS with a certificate for all hosts of the site that nobody has signed but itself; and the
    file with that, for a client to trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"*.{DOMAIN}")])
    names = (DOMAIN, f"*.{DOMAIN}", addresses.IMAGES, f"*.{addresses.IMAGES}", *SISTERS)
    hosts = list(map(x509.DNSName, names))
    day = timedelta(days=1)
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - day)
        .not_valid_after(now + day)
        .add_extension(x509.SubjectAlternativeName(hosts), critical=False)
        .sign(key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    private = key.private_bytes(
        encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    folder = Path(tempfile.mkdtemp())
    # Of a TemporaryDirectory a fork that forgets what is to be done at its exit would remove it.
    atexit.register(shutil.rmtree, folder)
    trusted, pem = folder / "certificate.pem", folder / "key.pem"
    trusted.write_bytes(certificate.public_bytes(encoding))
    pem.write_bytes(private + trusted.read_bytes())
    context.load_cert_chain(pem)
    return context, trusted
