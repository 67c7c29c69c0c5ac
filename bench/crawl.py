"""Resident memory of a long crawl: after its first 5,000 articles, and at its end.

Run as `make bench-crawl`. The spider `channel` crawls a made-up channel from a real server on
loopback, with the settings of the project but for the pauses.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.made_up_site import big_site
from tests.site_server import Site, serve

ROOT = Path(__file__).parent.parent
SETTINGS = {
    "DOWNLOAD_DELAY": "0",
    "AUTOTHROTTLE_ENABLED": "False",
    "CONCURRENT_REQUESTS_PER_DOMAIN": "16",
    "LOG_LEVEL": "WARNING",
}


def start(site: Site, folder: Path, channel: str) -> subprocess.Popen[bytes]:
    settings = {**SETTINGS, "STATE_DB": str(folder / "state.db")}
    given = [part for name, value in settings.items() for part in ("-s", f"{name}={value}")]
    feed = ["-a", f"channels={channel}", "-O", str(folder / "out.jsonl")]
    return subprocess.Popen(
        [sys.executable, "-m", "scrapy", "crawl", "channel", *given, *feed],
        cwd=ROOT,
        env={**os.environ, **site.environment},
    )


def resident(pid: int) -> float:
    """Resident memory of a process in MB, as Linux tells it; 0 when it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text("ascii")
    except OSError:
        return 0.0
    found = [line for line in status.splitlines() if line.startswith("VmRSS:")]
    return int(found[0].split()[1]) / 1024 if found else 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=20_000)
    parser.add_argument("--first", type=int, default=5_000)
    options = parser.parse_args()
    made_up = big_site(options.articles)
    with serve(made_up) as site, tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        run = start(site, Path(folder), made_up.list_url)
        after_first = at_end = 0.0
        while run.poll() is None:
            now = resident(run.pid)
            at_end = now or at_end
            if len(site.asked) <= options.first:
                after_first = at_end
            time.sleep(0.1)
        seconds = time.monotonic() - began
        with (Path(folder) / "out.jsonl").open(encoding="utf-8") as feed:
            records = sum(1 for _ in feed)
    print(f"{records:,} records of {options.articles:,} articles, {records / seconds:,.0f}/s")
    print(f"resident after {options.first:,}: {after_first:,.0f} MB, at the end: {at_end:,.0f} MB")
    print(f"ratio {at_end / after_first:.2f}")
    if records != options.articles:
        sys.exit("not every article came out once")


if __name__ == "__main__":
    main()
