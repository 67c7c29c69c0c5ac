"""A crawl of articles against a plain Scrapy spider that puts seven queries to each page.

Run as `make bench-plain`. Both ask the same server on loopback for the same addresses, without
pauses, and write JSON Lines; ours with all it does: state, outbox, checks, copies. They take turns;
what a crawl of few articles takes is deducted, and the ratios are medians of the rounds.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from bench.crawl import ROOT, SETTINGS
from bench.pages import of_a_portal
from bench.reread import VARIANTS
from tests.made_up_site import big_site
from tests.site_server import Answer, Answers, Site, serve
from zjnews.archives.saved import SavedPage
from zjnews.site import addresses

FEW = 20
SPIDER = """
import scrapy

class Plain(scrapy.Spider):
    name = "plain"

    async def start(self):
        with open(self.file) as addresses:
            for address in addresses:
                yield scrapy.Request(address.strip())

    def parse(self, response):
        yield {
            "url": response.url,
            "title": response.css("h1::text").get(),
            "date": response.css(".time::text, .date::text, .info span::text").get(),
            "source": response.css(".source::text, .info .from::text").get(),
            "editor": response.css(".editor::text").get(),
            "keywords": response.css("meta[name=keywords]::attr(content)").get(),
            "text": response.css("div p::text").getall(),
            "images": response.css("div p img::attr(src)").getall(),
        }
"""
"""Every query looks at the whole page, as such spiders do."""


class Taken(NamedTuple):
    """Seconds that a crawl took."""

    wall: float
    processor: float


def crawl(command: list[str], site: Site, listed: Path) -> Taken:
    with tempfile.TemporaryDirectory() as folder:
        chosen = {**SETTINGS, "STATE_DB": f"{folder}/state.db"}
        given = [part for name, value in chosen.items() for part in ("-s", f"{name}={value}")]
        out = Path(folder) / "out.jsonl"
        began = time.monotonic()
        running = subprocess.Popen(
            [sys.executable, "-m", "scrapy", *command, f"file={listed}", "-O", str(out), *given],
            cwd=ROOT if command[0] == "crawl" else folder,
            env={**os.environ, **site.environment},
            stderr=subprocess.DEVNULL,
        )
        _, running.returncode, used = os.wait4(running.pid, 0)
        wall = time.monotonic() - began
        count = sum(1 for _ in out.open("rb"))
    if running.returncode or count != sum(1 for _ in listed.open()):
        sys.exit(f"{command} failed: {count} records")
    return Taken(wall, used.ru_utime + used.ru_stime)


def small(count: int) -> tuple[list[str], Answers]:
    """Addresses and answers of articles of 11 KB."""
    made_up = big_site(count)
    return [f"{made_up.list_url}{made_up.path(nth)}" for nth in range(count)], made_up


def variants(count: int, *, is_portal: bool) -> tuple[list[str], Answers]:
    """The same of 41 KB, or 100 KB, on average."""
    pages: dict[str | None, SavedPage] = {}
    for page in map(VARIANTS.page, range(2 * count)):
        if len(pages) < count:  # the bundled site has some articles at several addresses
            pages.setdefault(addresses.address_of(page.url).number, page)
    answers = {
        page.url: Answer(
            (of_a_portal(page) if is_portal else page).body, 200, page.content_type or ""
        )
        for page in pages.values()
    }
    return list(answers), answers


def measure(name: str, pages: tuple[list[str], Answers], rounds: int, folder: Path) -> None:
    urls, answers = pages
    few, many = folder / "few.txt", folder / "many.txt"
    few.write_text("".join(f"{url}\n" for url in urls[:FEW]))
    many.write_text("".join(f"{url}\n" for url in urls))
    spider = folder / "plain.py"
    spider.write_text(SPIDER)
    plain = ["runspider", str(spider), "-a"]
    ours = ["crawl", "article", "-a"]
    count = len(urls) - FEW
    walls, processors = [], []
    with serve(answers) as site:
        begun = [[crawl(command, site, few) for command in (plain, ours)] for _ in range(3)]
        base = [min(each, key=lambda taken: taken.processor) for each in zip(*begun, strict=True)]
        for _ in range(rounds):
            theirs, mine = (crawl(command, site, many) for command in (plain, ours))
            walls.append((theirs.wall - base[0].wall) / (mine.wall - base[1].wall))
            processors.append(
                (theirs.processor - base[0].processor) / (mine.processor - base[1].processor)
            )
            last = (mine.processor - base[1].processor) / count
    print(
        f"{name:8} by wall {statistics.median(walls):.2f}, by processor time"
        f" {statistics.median(processors):.2f} ({last * 1e6:,.0f} µs an article);"
        f" start-up {base[1].wall:.1f} s, of the plain one {base[0].wall:.1f} s"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=1_500)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    count = FEW + options.articles
    with tempfile.TemporaryDirectory() as folder:
        measure("11 KB", small(count), options.rounds, Path(folder))
        for name, is_portal in (("41 KB", False), ("100 KB", True)):
            measure(name, variants(count, is_portal=is_portal), options.rounds, Path(folder))


if __name__ == "__main__":
    main()
