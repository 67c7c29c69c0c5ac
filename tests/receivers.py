"""Real servers on loopback that messages are sent to: a mail server and a webhook."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope

from tests.site_server import Site

TOKEN = "geheim-t0ken"  # noqa: S105  it opens nothing
"""Stands in the path of the webhook's address."""
PASSWORD = "geheim-passw0rd"  # noqa: S105


@dataclass
class Webhook:
    """What came to `json://…`, in order."""

    port: int = 0
    status: int = 200
    """What it answers."""
    messages: list[dict[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"json://someone:{PASSWORD}@127.0.0.1:{self.port}/{TOKEN}/hook"

    @property
    def texts(self) -> list[str]:
        return [message["message"] for message in self.messages]


@contextmanager
def webhook() -> Iterator[Webhook]:
    received = Webhook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if received.status == 200:
                received.messages.append(body)
                received.paths.append(self.path)
            self.send_response(received.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            """Tests read `messages` instead."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    received.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield received
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Mailbox:
    """What came by SMTP, in order."""

    port: int = 0
    messages: list[EmailMessage] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"mailto://127.0.0.1:{self.port}?from=zjnews@example.org&to=desk@example.org"

    @property
    def texts(self) -> list[str]:
        return [
            body.get_content()
            for message in self.messages
            if (body := message.get_body(("plain",)))
        ]

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        found = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(found, EmailMessage)
        self.messages.append(found)
        return "250 OK"


@contextmanager
def mailbox() -> Iterator[Mailbox]:
    received = Mailbox()
    loop = asyncio.new_event_loop()
    make = partial(SMTP, received, hostname="127.0.0.1", loop=loop)
    server = loop.run_until_complete(loop.create_server(make, "127.0.0.1", 0))
    received.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield received
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def environment(site: Site, notify: str = "") -> dict[str, str]:
    """That of a crawl of a site which tells somebody; what is told goes past the site."""
    return {**site.environment, "no_proxy": "127.0.0.1", "ZJNEWS_NOTIFY": notify}
