"""Connections of our own, to a server without a proxy in between."""

import sys

import pytest

from tests.command_line import run
from tests.site_server import Answer, serve


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_request_leaves_only_while_it_may(scheme: str) -> None:
    """The first one by a new connection, the others by one that was kept. The server answers 502 to
    whoever asks for its own host."""
    with serve(lambda _: Answer(b"an answer"), by_tls=scheme == "https") as site:
        urls = [f"{scheme}://127.0.0.1:{site.port}/{number}" for number in range(3)]
        done = run([sys.executable, "-m", "tests.direct_requests", *urls])
    assert done.stdout.splitlines() == ["502 2", "502 4", "502 6"], done.stderr
    assert [url.rpartition("/")[2] for url in site.requests] == ["0", "1", "2"]
