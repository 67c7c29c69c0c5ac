"""`scrapy reread` against bare parsing: pages a second on one process, on two, on two workers of
Dask, and its memory.

Run as `make bench`. The archive holds the articles of samples/zjol.warc.gz, again and again under
other numbers and in other words, so that each is an article of its own. Every run is a process of
its own, and they take turns, so that the ratios hold on a noisy machine.
"""

import argparse
import logging
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from io import BytesIO
from pathlib import Path

from distributed import LocalCluster
from scrapy.utils.project import get_project_settings
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from bench.crawl import ROOT, resident
from bench.pages import SAMPLES, articles, charset_of, parse_only
from zjnews.archives.saved import SavedPage
from zjnews.commands.reread import Reread, records_of
from zjnews.review.outputs import Output
from zjnews.site import addresses

NOW = datetime.now(UTC)
BATCH = 500
"""Pages that a process writes at a time."""
HAN = re.compile("[\u4e00-\u9fff]")


# --- the archive ---------------------------------------------------------------------------------


class Variants:
    """The sample articles in other words: every character that zjnews does not look for becomes
    another one."""

    @cached_property
    def pages(self) -> list[SavedPage]:
        return articles(SAMPLES)

    @cached_property
    def free(self) -> list[str]:
        source = "".join(file.read_text("utf-8") for file in (ROOT / "zjnews").rglob("*.py"))
        texts = "".join(page.body.decode(charset_of(page), "replace") for page in self.pages)
        return sorted(set(HAN.findall(texts)) - set(HAN.findall(source)))

    def page(self, number: int) -> SavedPage:
        turn, index = divmod(number, len(self.pages))
        page = self.pages[index]
        shift = turn % len(self.free)
        others = self.free[shift:] + self.free[:shift]
        text = page.body.decode(charset_of(page), "replace").translate(
            str.maketrans("".join(self.free), "".join(others))
        )
        old = addresses.address_of(page.url).number or "-"
        new = f"{turn:04}{old[4:]}" if turn else old
        return replace(
            page,
            url=page.url.replace(old, new),
            body=text.replace(old, new).encode(charset_of(page), "replace"),
        )


VARIANTS = Variants()


def members(first: int) -> list[bytes]:
    """The records of a batch of pages, each as a WARC file has it."""
    return [member(VARIANTS.page(number)) for number in range(first, first + BATCH)]


def member(page: SavedPage) -> bytes:
    out = BytesIO()
    writer = WARCWriter(out, gzip=True, warc_version="1.1")
    headers = [("Content-Type", page.content_type or "text/html")]
    record = writer.create_warc_record(
        page.url,
        "response",
        payload=BytesIO(page.body),
        length=len(page.body),
        http_headers=StatusAndHeaders("200 OK", headers, "HTTP/1.1"),
        warc_headers_dict={"WARC-Date": page.fetched_at.strftime("%Y-%m-%dT%H:%M:%SZ")},
    )
    writer.write_record(record)
    return out.getvalue()


def make_archive(folder: Path, count: int) -> Path:
    """A WARC file, and beside it the lengths of its records."""
    path = folder / f"{count}.warc.gz"
    lengths = []
    with path.open("wb") as file, ProcessPoolExecutor() as pool:
        for batch in pool.map(members, range(0, count, BATCH)):
            file.writelines(batch)
            lengths += [f"{len(record)}\n" for record in batch]
    path.with_suffix(".lengths").write_text("".join(lengths))
    return path


# --- what is measured, each in a process of its own ----------------------------------------------


def bare(path: Path) -> None:
    """The least that any reader does: gunzip every record, and parse its page."""
    lengths = path.with_suffix(".lengths").read_text().split()
    with path.open("rb") as file:
        for length in map(int, lengths):
            record = zlib.decompress(file.read(length), 31)
            body = record.split(b"\r\n\r\n", 2)[2]
            parse_only(SavedPage("", body, None, NOW))


def reread(path: Path, processes: int, on: str | None = None) -> None:
    settings = get_project_settings()
    settings.set("PROGRESS_ENABLED", value=False)
    run = Reread(settings, records_of(settings, processes, on), [path])
    said = run.write(Output(str(path.with_suffix(f".{processes}.jsonl"))))
    assert said.startswith("written to "), said


RUNS: dict[str, Callable[[Path], None]] = {
    "gunzip and lxml.html, bare": bare,
    "reread -j 1": lambda path: reread(path, 1),
    "reread -j 2": lambda path: reread(path, 2),
    "reread --on dask, 2 workers": lambda path: reread(path, 2, f"dask:{os.environ[SCHEDULER]}"),
}
ALONE = ("gunzip and lxml.html, bare", "reread -j 1", "reread -j 2")
BESIDE_DASK = ("reread -j 2", "reread --on dask, 2 workers")
SCHEDULER = "BENCH_SCHEDULER"
"""Variable of the environment that names the scheduler."""


def run(name: str, path: Path) -> None:
    """To be called in a process of its own: prints the seconds that the work takes."""
    logging.disable()
    start = time.perf_counter()
    RUNS[name](path)
    print(time.perf_counter() - start)


def command(name: str, path: Path) -> list[str]:
    return [sys.executable, "-m", "bench.reread", "--run", name, "--archive", str(path)]


def seconds(name: str, path: Path) -> float:
    done = subprocess.run(command(name, path), cwd=ROOT, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def in_turns(names: Sequence[str], path: Path, rounds: int) -> list[list[float]]:
    """Seconds of each in every round."""
    taken = [[seconds(name, path) for name in names] for _ in range(rounds)]
    return [list(each) for each in zip(*taken, strict=True)]


def ratio(one: list[float], other: list[float]) -> float:
    return statistics.median(a / b for a, b in zip(one, other, strict=True))


def compare_speed(folder: Path, count: int, rounds: int) -> None:
    path = make_archive(folder, count)
    size = path.stat().st_size / count / 1024
    print(f"{count:,} pages, {size:.1f} KB each in the archive, {rounds} rounds")
    times = in_turns(ALONE, path, rounds)
    for name, taken in zip(ALONE, times, strict=True):
        rate = count / statistics.median(taken)
        print(f"{name:28} {rate:8,.0f} pages/s   {ratio(times[0], taken):6.3f} of bare")
    print(f"-j 2 against -j 1            {ratio(times[1], times[2]):.2f}")
    # Even one that has nothing to do takes a twentieth of both processors.
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        os.environ[SCHEDULER] = cluster.scheduler_address
        two, workers = in_turns(BESIDE_DASK, path, rounds)
    rate = count / statistics.median(workers)
    print(f"{BESIDE_DASK[1]:28} {rate:8,.0f} pages/s   {ratio(two, workers):6.3f} of -j 2")


def watch_memory(folder: Path, count: int) -> None:
    """Resident memory of all processes of a reread, early and late."""
    path = make_archive(folder, count)
    reading = subprocess.Popen(command("reread -j 2", path), cwd=ROOT, stdout=subprocess.DEVNULL)
    sizes = []
    while reading.poll() is None:
        sizes.append(sum(map(resident, family(reading.pid))))
        time.sleep(0.5)
    tenth = len(sizes) // 10
    early, late = (statistics.median(part) for part in (sizes[tenth : 2 * tenth], sizes[-tenth:]))
    print(f"{count:,} pages on two processes: {early:.0f} MB in the second tenth of the time,")
    print(
        f"{late:.0f} MB in the last one, {late / early:.2f} times as much, at most {max(sizes):.0f}"
    )


def family(pid: int) -> list[int]:
    """A process and those that it has begun."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    try:
        return [pid, *map(int, children.read_text().split())]
    except OSError:
        return [pid]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--many", type=int, default=100_000, help="pages of the memory run; 0: none"
    )
    parser.add_argument("--run", choices=RUNS, help=argparse.SUPPRESS)
    parser.add_argument("--archive", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        run(options.run, options.archive)
        return
    with tempfile.TemporaryDirectory() as folder:
        compare_speed(Path(folder), options.pages, options.rounds)
        if options.many:
            watch_memory(Path(folder), options.many)


if __name__ == "__main__":
    main()
