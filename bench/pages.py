"""Pages a second on one core: parsing alone, this project from bytes to record, trafilatura.

Run as `make bench`. The three take turns on the same pages, so that the ratios hold on a
noisy machine; the pages are the articles in samples/zjol.warc.gz.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import lxml.html
import trafilatura

from zjnews import settings
from zjnews.archives import saved as archives
from zjnews.archives.saved import SavedPage
from zjnews.items import Article, Rejected
from zjnews.loaders import reading

SAMPLES = Path(__file__).parent.parent / "samples" / "zjol.warc.gz"
PIPELINES = reading.pipelines_of(settings.ITEM_PIPELINES)

Read = Callable[[SavedPage], object]


def parse_only(saved: SavedPage) -> object:
    """The least that any reader does: bytes to a tree of elements."""
    parser = lxml.html.HTMLParser(encoding="gb18030" if is_gbk(saved) else "utf-8")
    return lxml.html.document_fromstring(saved.body, parser=parser)


def is_gbk(saved: SavedPage) -> bool:
    return b"charset=gb" in saved.body[:2048].lower()


def load(saved: SavedPage) -> Article:
    return reading.load(saved.url, saved.body, saved.content_type, saved.fetched_at)[1]


def ours(saved: SavedPage) -> object:
    return reading.finish(load(saved), PIPELINES).record()


def by_trafilatura(saved: SavedPage) -> object:
    """As people use it for news: text with metadata."""
    return trafilatura.bare_extraction(saved.body, url=saved.url, with_metadata=True)


READERS: dict[str, Read] = {
    "lxml.html, parsing alone": parse_only,
    "zjnews, bytes to record": ours,
    "trafilatura, bytes to text": by_trafilatura,
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


def seconds(read: Read, pages: list[SavedPage]) -> float:
    start = time.perf_counter()
    for saved in pages:
        read(saved)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--archive", type=Path, default=SAMPLES)
    options = parser.parse_args()
    pages = articles(options.archive)
    size = statistics.mean(len(saved.body) for saved in pages)
    print(f"{len(pages)} pages of {size / 1024:.0f} KB on average, {options.rounds} rounds")
    times: dict[str, list[float]] = {name: [] for name in READERS}
    for read in READERS.values():
        seconds(read, pages)  # warm up
    for _ in range(options.rounds):
        for name, read in READERS.items():
            times[name].append(seconds(read, pages))
    parsing = next(iter(times.values()))
    for name, taken in times.items():
        rate = len(pages) / statistics.median(taken)
        ratio = statistics.median(a / b for a, b in zip(parsing, taken, strict=True))
        print(f"{name:28} {rate:8,.0f} pages/s   {ratio:6.3f} of parsing alone")


if __name__ == "__main__":
    main()
