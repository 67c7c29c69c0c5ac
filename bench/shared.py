"""A crawl whose state is in PostgreSQL against one with a file of SQLite, by the clock.

Run as `make bench-shared`. The crawls take turns on the same made-up channel, from a real server on
loopback, and write to a file; what a crawl of a few articles takes is deducted, and the ratio is
the median of the rounds. Once without pauses, and once with a second between two requests.
"""

import argparse
import statistics

from bench.feeds import crawl
from tests.made_up_site import big_site
from tests.postgres_server import PostgresServer
from tests.site_server import serve

_FEW = 20


def seconds(articles: int, server: PostgresServer | None, pause: str) -> float:
    """That a crawl takes."""
    made_up = big_site(articles)
    special = {"DOWNLOAD_DELAY": pause}
    if server:
        special["STATE_DB"] = server.new()
    with serve(made_up) as site:
        return crawl(site, made_up.list_url, "out.jsonl", special, {}).wall


def measure(name: str, articles: int, rounds: int, pause: str, server: PostgresServer) -> None:
    file_began, shared_began = (seconds(_FEW, kind, pause) for kind in (None, server))
    ratios = []
    for _ in range(rounds):
        file = seconds(_FEW + articles, None, pause) - file_began
        shared = seconds(_FEW + articles, server, pause) - shared_began
        ratios.append(file / shared)
        print(f"{name:16} {articles / file:7.1f} {articles / shared:7.1f} articles a second")
    print(f"{name:16} {statistics.median(ratios):.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=1_500)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    server = PostgresServer()
    server.start()
    try:
        measure("without pauses", options.articles, options.rounds, "0", server)
        measure("with pauses", 60, 1, "1", server)
    finally:
        server.remove()


if __name__ == "__main__":
    main()
