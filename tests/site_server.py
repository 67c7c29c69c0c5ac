"""A real HTTP server on loopback that answers for the hosts of the site, as a proxy does."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Answer:
    body: bytes = b""
    status: int = 200
    content_type: str = "text/html; charset=utf-8"
    location: str | None = None


@dataclass
class Site:
    """Answers by absolute address, and the requests that came, in order."""

    answers: dict[str, Answer]
    port: int = 0
    requests: list[str] = field(default_factory=list)
    user_agents: set[str] = field(default_factory=set)

    @property
    def environment(self) -> dict[str, str]:
        """What makes any HTTP client come here for every host."""
        return {"http_proxy": f"http://127.0.0.1:{self.port}", "no_proxy": ""}


@contextmanager
def serve(answers: dict[str, Answer]) -> Iterator[Site]:
    """Serve until the block ends; what is not there is 404."""
    site = Site(answers)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.requests.append(self.path)
            site.user_agents.add(self.headers.get("User-Agent", ""))
            answer = site.answers.get(self.path, Answer(b"not there", 404, "text/plain"))
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(answer.body)))
            if answer.location:
                self.send_header("Location", answer.location)
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *args: Any) -> None:
            """Tests read `requests` instead."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
