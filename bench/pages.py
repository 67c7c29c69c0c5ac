"""Pages a second on one core, of 41 and of 100 KB: parsing alone, and this project from bytes to
record.

Run as `make bench`. They take turns on the same pages, so that the ratios hold on a noisy machine;
the pages are the articles in samples/zjol.warc.gz, and the same with as much around the article as
portals have.
"""

import argparse
import itertools
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import lxml.html

from zjnews import settings
from zjnews.archives import saved as archives
from zjnews.archives.saved import SavedPage
from zjnews.items import Article, Rejected
from zjnews.loaders import reading
from zjnews.pages.guard import ticking

SAMPLES = Path(__file__).parent.parent / "samples" / "zjol.warc.gz"
PIPELINES = reading.pipelines_of(settings.ITEM_PIPELINES)
PORTAL = 100 * 1024
"""Bytes of a page as portals have them."""
COLUMN = """
<div class="column clearfix"><div class="hd">
<h3><a href="//{host}/{n}/" target="_blank">{name}</a></h3>
<span class="more"><a href="//{host}/{n}/">更多&gt;&gt;</a></span></div><ul class="list14">
{entries}</ul></div>
"""
ENTRY = """<li><a href="//{host}/{n}/202609/t20260915_{number}.shtml" title="{name}">
<img src="//{host}/images/{number}.jpg" width="120" height="80" alt="">{name}</a>
<span>09-15</span></li>
"""
HEADLINE = "钱塘江畔新添一处亲水平台市民傍晚可以来散步"

T = TypeVar("T")


def parse_only(saved: SavedPage) -> object:
    """The least that any reader does: bytes to a tree of elements."""
    parser = lxml.html.HTMLParser(encoding=charset_of(saved))
    return lxml.html.document_fromstring(saved.body, parser=parser)


def charset_of(saved: SavedPage) -> str:
    return "gb18030" if b"charset=gb" in saved.body[:2048].lower() else "utf-8"


def load(saved: SavedPage) -> Article:
    return reading.load(saved.url, saved.body, saved.content_type, saved.fetched_at)[1]


def ours(saved: SavedPage) -> object:
    return reading.finish(load(saved), PIPELINES).record()


READERS: dict[str, Callable[[SavedPage], object]] = {
    "lxml.html, parsing alone": parse_only,
    "zjnews, bytes to record": ours,
}


def articles(path: Path) -> list[SavedPage]:
    """The pages of an archive that are articles of a known layout."""
    found = []
    for saved in archives.pages_in(path):
        if not isinstance(saved, SavedPage):
            continue
        try:
            article = load(saved)
        except Rejected:
            continue
        if article.layout != "fallback":
            found.append(saved)
    return found


def of_a_portal(saved: SavedPage, size: int = PORTAL) -> SavedPage:
    """The same page with columns of headlines below the article, up to a size in bytes."""
    before, end, after = saved.body.rpartition(b"</body>")
    columns = []
    for n in itertools.count():
        columns.append(column(n).encode(charset_of(saved)))
        if len(saved.body) + sum(map(len, columns)) >= size:
            break
    return replace(saved, body=b"".join((before, *columns, end, after)))


def column(n: int) -> str:
    turned = HEADLINE[n % 20 :] + HEADLINE[: n % 20]
    common = {"host": "zjnews.zjol.com.cn", "n": f"column{n}", "name": turned}
    entries = (ENTRY.format(number=25_000_000 + 10 * n + m, **common) for m in range(10))
    return COLUMN.format(entries="".join(entries), **common)


def seconds(read: Callable[[T], object], pages: Sequence[T]) -> float:
    """Of processor time, which other programs on the machine change least."""
    start = time.thread_time()
    with ticking():
        for page in pages:
            read(page)
    return time.thread_time() - start


def compare(readers: Mapping[str, Callable[[T], object]], pages: Sequence[T], rounds: int) -> None:
    """Print how many pages a second each reads, and its ratio to the first: median of all."""
    times: dict[str, list[float]] = {name: [] for name in readers}
    for read in readers.values():
        seconds(read, pages)  # warm up
    for _ in range(rounds):
        for name, read in readers.items():
            times[name].append(seconds(read, pages))
    first = next(iter(times.values()))
    for name, taken in times.items():
        rate = len(pages) / statistics.median(taken)
        ratio = statistics.median(a / b for a, b in zip(first, taken, strict=True))
        print(f"{name:28} {rate:8,.0f} pages/s   {ratio:6.3f} of the first")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--archive", type=Path, default=SAMPLES)
    options = parser.parse_args()
    pages = articles(options.archive)
    for chosen in (pages, [of_a_portal(saved) for saved in pages]):
        size = statistics.mean(len(saved.body) for saved in chosen)
        print(f"{len(chosen)} pages of {size / 1024:.0f} KB on average, {options.rounds} rounds")
        compare(READERS, chosen, options.rounds)


if __name__ == "__main__":
    main()
