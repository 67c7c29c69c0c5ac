"""What a corpus costs: time, memory and disk of `scrapy corpus`, and milliseconds a search.

Run as `make bench-corpus`. Records are made up: texts of 600 characters, of words that are as
frequent as those of a language, in feeds of 100,000 that are added one after another, each by a
process of its own.
"""

import argparse
import itertools
import json
import random
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from zjnews.items import Article, Block
from zjnews.review.corpus import query_of

_FEED = 100_000
_WORDS = [f"{chr(0x4E00 + n % 1_500)}{chr(0x4E00 + n * 7 % 3_001)}" for n in range(20_000)]
_WEIGHTS = list(itertools.accumulate(1 / (rank + 10) for rank in range(20_000)))
_PLACES = [f"{a}{b}{c}" for a, b, c in itertools.product("莫普雁", "干陀荡", "山湖镇")]
_TEXT = 600
_SEARCHES = ("莫干山", "普陀湖", "干山", "浙江", "莫", "G20", "莫干山 浙江", "无此词")
_FIND = (
    "SELECT id, articles.title FROM search JOIN articles ON number = search.rowid"
    " WHERE search MATCH ? ORDER BY search.rowid DESC LIMIT 20"
)


def record(number: int, rng: random.Random) -> dict[str, object]:
    text = "".join(rng.choices(_WORDS, cum_weights=_WEIGHTS, k=_TEXT // 2))
    place = _PLACES[rng.randrange(len(_PLACES))] if rng.random() < 0.01 else ""
    paragraphs = [f"浙江{place}{text[start : start + 120]}" for start in range(0, _TEXT, 120)]
    day = f"20{number % 24 + 1:02}-{number % 12 + 1:02}-{number % 28 + 1:02}"
    return Article(
        id=f"trs:{day.replace('-', '')}:{number}",
        url=f"https://zjnews.zjol.com.cn/zjnews/t{number}.shtml",
        layout=rng.choice(["old", "trs2016", "trs"]),
        title=text[:20],
        published_at=f"{day}T08:00:00+08:00",
        source=f"来源{number % 300}",
        authors=[text[20:23], text[23:26]],
        editors=[text[26:29]],
        sections=[f"频道{number % 114}", f"栏目{number % 900}"],
        body=[Block("paragraph", each) for each in paragraphs],
        text="\n\n".join(paragraphs),
    ).record()


def write_feed(path: Path, first: int, count: int) -> None:
    rng = random.Random(first)
    with path.open("w", encoding="utf-8") as file:
        for number in range(first, first + count):
            file.write(json.dumps(record(number, rng), ensure_ascii=False) + "\n")


def build(folder: Path, records: int) -> Iterator[str]:
    """Seconds, processor seconds, memory and disk after each feed."""
    seconds = size = 0.0
    feed, corpus = folder / "feed.jsonl", folder / "corpus.db"
    for first in range(0, records, _FEED):
        done = min(first + _FEED, records)
        write_feed(feed, first, done - first)
        size += feed.stat().st_size
        began = time.perf_counter()
        command = [sys.executable, "-m", "scrapy", "corpus", str(feed), "-o", str(corpus)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        seconds += time.perf_counter() - began
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        yield (
            f"{done:,} records, {size / 1e9:.2f} GB of JSON Lines: {seconds:.0f} s,"
            f" {used.ru_utime + used.ru_stime:.0f} s of processor time,"
            f" {used.ru_maxrss / 1024:.0f} MB of memory at most,"
            f" {corpus.stat().st_size / 1e9:.2f} GB on disk"
        )


def search(path: Path, words: str) -> str:
    """Median time of the first twenty articles, each time by a new connection."""
    times = []
    for _ in range(7):
        db = sqlite3.connect(path)
        began = time.perf_counter()
        found = db.execute(_FIND, [query_of(words)]).fetchall()
        times.append((time.perf_counter() - began) * 1000)
        db.close()
    return (
        f"  {words:<8} {statistics.median(times):8.1f} ms, at most {max(times):.1f} ms,"
        f" {len(found)} shown"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for line in build(folder, parser.parse_args().records):
            print(line, flush=True)
        for words in _SEARCHES:
            print(search(folder / "corpus.db", words))


if __name__ == "__main__":
    main()
