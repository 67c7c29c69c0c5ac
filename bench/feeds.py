"""Processor time an article with outbox and state on, against Scrapy's own feeds to the same place.

Run as `make bench-feeds`. The crawls take turns on the same made-up channel, from a real server on
loopback; what a crawl of a few articles takes is deducted, and the ratio is the median of the
rounds. The feed on S3 goes to rclone on loopback.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.crawl import ROOT, SETTINGS
from bench.plain import Taken
from tests.made_up_site import big_site
from tests.s3_server import BUCKET, S3Server
from tests.site_server import Site, serve
from zjnews import settings

_FEW = 20
_SCRAPY = (sys.executable, "-m", "scrapy")
PLAIN = {
    "EXTENSIONS": json.dumps(
        {
            **settings.EXTENSIONS,
            "zjnews.extensions.feeds.Feeds": None,
            "scrapy.extensions.feedexport.FeedExporter": 0,
        }
    ),
    "FEED_STORAGES": json.dumps(
        {
            "": "scrapy.extensions.feedexport.FileFeedStorage",
            "s3": "scrapy.extensions.feedexport.S3FeedStorage",
        }
    ),
    "STATE_DB": "",
    "FEED_PROBE": "False",
}
"""What takes Scrapy's own feed exports in place of ours."""


def crawl(
    site: Site, channel: str, feed: str, special: dict[str, str], environment: dict[str, str]
) -> Taken:
    """Seconds that a crawl took."""
    with tempfile.TemporaryDirectory() as folder:
        chosen = {**SETTINGS, "STATE_DB": f"{folder}/state.db", **special}
        given = [part for name, value in chosen.items() for part in ("-s", f"{name}={value}")]
        began = time.monotonic()
        target = feed if "://" in feed else f"{folder}/{feed}"
        running = subprocess.Popen(
            [*_SCRAPY, "crawl", "channel", *given, "-a", f"channels={channel}", "-O", target],
            cwd=ROOT,
            env={**os.environ, **site.environment, **environment},
            stderr=subprocess.DEVNULL,
        )
        _, running.returncode, used = os.wait4(running.pid, 0)
    if running.returncode:
        sys.exit(f"the crawl into {feed} failed")
    return Taken(time.monotonic() - began, used.ru_utime + used.ru_stime)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=1_500)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    kinds = {
        "Scrapy's own feeds, to a file": ("out.jsonl", PLAIN),
        "outbox and state, to a file": ("out.jsonl", {}),
        "Scrapy's own feeds, to S3": (f"s3://{BUCKET}/out.jsonl", PLAIN),
        "outbox and state, to S3": (f"s3://{BUCKET}/out.jsonl", {}),
    }
    few, many = big_site(_FEW), big_site(_FEW + options.articles)
    starts: dict[str, list[float]] = {name: [] for name in kinds}
    ends: dict[str, list[float]] = {name: [] for name in kinds}
    with tempfile.TemporaryDirectory() as folder:
        s3 = S3Server(Path(folder))
        s3.start()
        for made_up, times in ((few, starts), (many, ends)):
            with serve(made_up) as site:
                for _ in range(options.rounds):
                    for name, (feed, special) in kinds.items():
                        taken = crawl(site, made_up.list_url, feed, special, s3.environment)
                        times[name].append(taken.processor)
        s3.stop()
    each_took = {
        name: [(end - statistics.median(starts[name])) / options.articles for end in ends[name]]
        for name in kinds
    }
    for name, each in each_took.items():
        plain = each_took[name.replace("outbox and state", "Scrapy's own feeds")]
        ratio = statistics.median(a / b for a, b in zip(plain, each, strict=True))
        print(f"{name:32} {statistics.median(each) * 1e6:6,.0f} µs an article   {ratio:.2f}")


if __name__ == "__main__":
    main()
