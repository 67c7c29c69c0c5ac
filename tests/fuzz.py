"""Reads what nobody has foreseen: saved pages, lists, archives, indexes and addresses, changed at
random. `make fuzz` runs it; the same seed gives the same inputs.

Inputs are read in child processes with a limit of memory and processor time. A fault is what costs
more than it should: an exception that is not our own, a page over the limit, a child that dies, a
file that is opened outside the folder of the child, an address taken for one of the site that a
browser, or the client that would ask for it, takes elsewhere.
"""

import argparse
import json
import logging
import multiprocessing
import os
import random
import re
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import ada_url
from scrapy import Request
from twisted.web.client import URI

from tests.command_line import ROOT
from zjnews import settings
from zjnews.archives import cdxj, warcs
from zjnews.archives import saved as archives
from zjnews.archives.playback import Playback
from zjnews.archives.saved import SavedPage, Unusable
from zjnews.items import Rejected
from zjnews.loaders import reading
from zjnews.pages import guard, lists, page, papers
from zjnews.pages.guard import bounded
from zjnews.pages.page import Page
from zjnews.site import addresses

PAGES = ROOT / "tests" / "saved"
SITE = ROOT / "samples" / "zjol.warc.gz"
NOW = datetime(2026, 9, 30, tzinfo=UTC)
_KILLED_AFTER = 10.0
"""Seconds of processor time, beyond those of an input, after which a child is killed that no
exception reaches."""
_MEMORY = 3 * 1024**3
"""Bytes of address space of a child."""
_AT_ONCE = 2_000
"""Inputs that one child reads."""
_MOST = 10**6
"""Inputs of a kind, where only the time is limited."""
_LARGEST = 120_000
"""Bytes to which an input may grow."""
_FAULTS = ("reader-fault", "too-slow")
_UNSEEN = ("a", "来", "\u00a0", "\u3000", " ", "\n", "\x00", "\ufffd", "\u202e", "\U0001f35c")
_TOKENS = [
    text.encode("utf-8", "surrogatepass")
    for text in (
        *_UNSEEN,
        *"<h1> <b> <p> <div> <table><tr><td> </div> <!-- --> <![CDATA[ ]]> <xml> <script> <style>".split(),
        *"<svg> <math> <template> <select> <option> <nobr> <frameset> <plaintext> </p> </br>".split(),
        *"< > \" ' & &#x110000; &#0; &nbsp; &amp; 0 7 2026-09-14 09-14 10:20 2026年9月14日 昨天 分钟前".split(),
        *"来源： 记者 作者： 责任编辑： 编辑 摄 文/ （ ） ( ) 【 】 通讯员 图源 下一页 上一页 _1.shtml".split(),
        *"Source: Editor: By location= location.href= createPageHTML( userAgent iPhone src= icon".split(),
        "<meta charset=base64>",
        "<meta charset=gbk>",
        "<meta charset=utf-16>",
        "<font size=7>",
        "<body a=1 b=2>",
        "<base href='http://[::1'>",
        "<meta http-equiv=refresh content='0;url=http://[::1'>",
        "<a href='http://zjnews.zjol.com.cn:22/a/202609/t20260914_1.shtml'>x</a>",
        "<!--#include virtual=",
        "[an error occurred while processing this directive]",
        "<ul class='listUl'><li>",
        "<div class='artCon'>",
        "<period_date>2026-09-14</period_date>",
        "WARC/1.0\r\n",
        "Content-Length: 99999999999\r\n",
        "Content-Encoding: gzip\r\n",
        "Transfer-Encoding: chunked\r\n",
        "HTTP/1.1 200 OK\r\n\r\n",
        "1e999",
        '{"a":',
        "[",
        "\r\n\r\n",
        "\ud800",
    )
]
_TOKENS += [b"\xff", b"\xa3\xa0", b"\x80\xed", b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd"]


# --- seeds ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Seed:
    """What inputs are made of."""

    url: str
    body: bytes
    content_type: str | None


@cache
def page_seeds() -> list[Seed]:
    """The saved pages of the tests."""
    found = [one for one in archives.pages_in(PAGES) if isinstance(one, SavedPage)]
    return [Seed(one.url, one.body, one.content_type) for one in found]


@cache
def list_seeds() -> list[Seed]:
    """The lists, printed pages and issues of the bundled site."""
    kinds = ("list", "paper-page", "paper-front", "paper-issues")
    found = [one for one in archives.pages_in(SITE) if isinstance(one, SavedPage)]
    chosen = [one for one in found if addresses.address_of(one.url).kind.value in kinds]
    return [Seed(one.url, one.body, one.content_type) for one in chosen]


@cache
def archive_seeds() -> dict[str, bytes]:
    """Small archives by the ending of their name: the first records of the bundled site."""
    records = []
    with SITE.open("rb") as file:
        for record in warcs.Reader(SITE):
            if isinstance(record, warcs.Record) and record.length < 6_000 and len(records) < 8:
                file.seek(record.offset)
                records.append(file.read(record.length))
    packed = b"".join(records)
    plain = b"".join(map(warcs.gzip.decompress, records))
    zstd = warcs.zstd
    return {
        ".warc.gz": packed,
        ".warc": plain,
        ".warc.zst": b"".join(zstd.compress(warcs.gzip.decompress(one)) for one in records),
        ".arc": _arc(plain),
    }


def _arc(plain: bytes) -> bytes:
    block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html><p>" + plain[:500]
    head = b"http://zjol.com.cn/%d 192.0.2.1 20260915020709 text/html %d\n"
    about = b"1 0 x\nURL IP-address Archive-date Content-type Archive-length\n"
    begin = b"filedesc://a.arc 0.0.0.0 20260915020000 text/plain %d\n%s\n" % (len(about), about)
    return begin + b"".join(head % (n, len(block)) + block + b"\n" for n in range(5))


# --- changes --------------------------------------------------------------------------------------


def mutated(chance: random.Random, data: bytes, other: bytes) -> bytes:
    """Bytes with one to six changes; `other`: bytes of the same kind, of which pieces are taken."""
    for _ in range(chance.randint(1, 6)):
        data = chance.choice(_CHANGES)(chance, data, other)[:_LARGEST]
    return data


def _stretch(chance: random.Random, data: bytes, most: int = 2_000) -> tuple[int, int]:
    begin = chance.randint(0, len(data))
    return begin, min(len(data), begin + int(most ** chance.random()))


def _without(chance: random.Random, data: bytes, other: bytes) -> bytes:
    begin, end = _stretch(chance, data)
    return data[:begin] + data[end:]


def _cut(chance: random.Random, data: bytes, other: bytes) -> bytes:
    return data[: chance.randint(0, len(data))]


def _flipped(chance: random.Random, data: bytes, other: bytes) -> bytes:
    found = bytearray(data)
    for _ in range(chance.choice((1, 1, 3, 30)) if found else 0):
        found[chance.randrange(len(found))] = chance.randrange(256)
    return bytes(found)


def _repeated(chance: random.Random, data: bytes, other: bytes) -> bytes:
    begin, end = _stretch(chance, data, 200)
    return data[:end] + data[begin:end] * chance.choice((1, 1, 3, 3, 50, 1_000)) + data[end:]


def _moved(chance: random.Random, data: bytes, other: bytes) -> bytes:
    begin, end = _stretch(chance, data)
    at = chance.randint(0, len(data))
    return data[:at] + data[begin:end] + data[at:]


def _spliced(chance: random.Random, data: bytes, other: bytes) -> bytes:
    begin, end = _stretch(chance, other, 8_000)
    at = chance.randint(0, len(data))
    return data[:at] + other[begin:end] + data[at:]


def _with_tokens(chance: random.Random, data: bytes, other: bytes) -> bytes:
    at = chance.randint(0, len(data))
    tokens = b"".join(chance.choices(_TOKENS, k=chance.randint(1, 4)))
    return data[:at] + tokens * chance.choice((1, 1, 1, 1, 1, 20, 20, 2_000)) + data[at:]


_CHANGES = (_without, _cut, _flipped, _repeated, _moved, _spliced, _with_tokens, _with_tokens)


# --- what is tried --------------------------------------------------------------------------------

Input = tuple[str, bytes, str | None]
"""An address or file name, what it holds, and its type."""


@dataclass(frozen=True)
class Kind:
    """One kind of input."""

    make: Callable[[random.Random], Input]
    read: Callable[[Input], str]
    """What came of it, in a word. Raises whatever is a fault."""


def _made_of(seeds: Callable[[], list[Seed]]) -> Callable[[random.Random], Input]:
    def make(chance: random.Random) -> Input:
        one, other = chance.choices(seeds(), k=2)
        kind = chance.choice((one.content_type, None, "text/html; charset=gbk", "text/plain"))
        return one.url, mutated(chance, one.body, other.body), kind

    return make


PIPELINES = reading.pipelines_of(settings.ITEM_PIPELINES)


def read_page(given: Input) -> str:
    url, body, kind = given
    try:
        found, article = reading.load(url, body, kind, NOW)
        reading.line_of(reading.finish(article, PIPELINES).record())
    except Rejected as rejected:
        return _if_no_fault(rejected)
    check_on_site(lead.url for lead in [found.leads_on] if lead)
    return "article"


def read_list(given: Input) -> str:
    url, body, kind = given
    try:
        with bounded(url):
            if addresses.address_of(url).kind is addresses.Kind.PAPER_ISSUES:
                check_on_site(_issues(body, url))
                return "issues"
            found = page.read_page(url, body, kind, NOW)
            check_on_site(_listed(found))
    except Rejected as rejected:
        return _if_no_fault(rejected)
    return "list"


def _issues(body: bytes, url: str) -> list[str]:
    try:
        return list(papers.read_issues(body, url).values())
    except ValueError as error:
        raise Rejected("broken-issues") from error


def _listed(found: Page) -> Iterator[str]:
    """The addresses that would be asked for."""
    listing, printed = lists.read_list(found), papers.read_printed_page(found)
    entries = [entry.address for entry in listing.entries]
    yield from (address.url for address in (*entries, *printed.articles, *printed.pages))
    yield from filter(None, [listing.next])


def _if_no_fault(rejected: Rejected) -> str:
    if rejected.reason in _FAULTS:
        raise rejected
    return rejected.reason


def make_archive(chance: random.Random) -> Input:
    ending, data = chance.choice(list(archive_seeds().items()))
    if ending == ".warc.gz" and chance.random() < 0.7:
        # Inside of the coding, where most of a reader is.
        plain = mutated(chance, archive_seeds()[".warc"], data)
        return "a.warc.gz", warcs.gzip.compress(plain, 1, mtime=0), None
    return f"a{ending}", mutated(chance, data, archive_seeds()[".warc"]), None


def read_archive(given: Input) -> str:
    name, data, _ = given
    path = Path("in", name)
    path.write_bytes(data)
    with bounded(name):
        found = list(archives.pages_in(path))
    for one in found:
        if isinstance(one, Unusable):
            _if_no_fault(one.rejected)
    noted: list[str] = []
    playback = Playback([path], lambda _, damage: noted.append(damage.why))
    for one in found:
        if isinstance(one, SavedPage):
            playback.answer(one.url)
    check_notes(noted)
    shutil.rmtree("in")
    Path("in").mkdir()
    return "read" if found else "nothing"


def make_index(chance: random.Random) -> Input:
    return "a.warc.gz.cdxj", mutated(chance, _index(), _index()), None


@cache
def _index() -> bytes:
    path = Path("seed", "a.warc.gz")
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(archive_seeds()[".warc.gz"])
    cdxj.write_index(cdxj.lines_in(path, path), cdxj.path_of(path))
    return cdxj.path_of(path).read_bytes()


@cache
def _indexed() -> list[str]:
    lines = _index().decode().splitlines()
    return [json.loads(line.split(" ", 2)[2])["url"] for line in lines]


def read_index(given: Input) -> str:
    name, data, _ = given
    archive = Path("in", name.removesuffix(".cdxj"))
    archive.write_bytes(archive_seeds()[".warc.gz"])
    Path("in", name).write_bytes(data)
    os.utime(archive, (1, 1))
    noted: list[str] = []
    playback = Playback([archive], lambda _, damage: noted.append(damage.why))
    answers = [playback.answer(url) for url in _indexed()]
    check_notes(noted)
    return "answered" if any(answers) else "nothing"


def check_notes(noted: list[str]) -> None:
    """Raise AssertionError where a fault was taken for damage of an archive."""
    if any("traceback" in why or "processor time" in why for why in noted):
        raise AssertionError(noted)


_HOSTS = (
    *"zjol.com.cn zjnews.zjol.com.cn www.inzhejiang.com qjwb.thehour.cn img.zjolcdn.com evil.org".split(),
    *"evilzjol.com.cn zjol.com.cn.evil.org 127.0.0.1 [::1] 0x7f.1 localhost xn--a ZJOL.com.CN".split(),
    *"ｚｊｏｌ.com.cn zjol。com。cn zjol.com.cn. zj\u00adol.com.cn zjol.com.cn%2eevil.org %7ajol.com.cn".split(),
)
_PARTS = (
    *_HOSTS,
    *_HOSTS[:3] * 3,
    *"http https HTTP ftp javascript data file ws : :// :/ // / \\ \\\\ /\\ /// ; , | ^ ` { } < >".split(),
    *"@ me@ me:pw@ %40 %2f %5c %00 %09 # ? ?a=b :80 :443 :22 :080 :65536 :-1 : . .. ./ ../ [ ]".split(),
    *"index.shtml zjnews/202609/t20260914_1.shtml html/2026-09/14/content_1.htm".split(),
    *("\t", "\n", "\r", " ", "\x00", "\x0b", "\x1f", "\x7f", "\xa0", "\u2028", "\ud800", "\u3000"),
)
_BASES = (
    None,
    "https://zjnews.zjol.com.cn/a/b.shtml",
    "http://evil.org/x",
    "http://zjol.com.cn:80",
)


def make_address(chance: random.Random) -> Input:
    """An address; in place of a type, the one of the page that it stands on."""
    if chance.random() < 0.5:
        scheme = chance.choice(("http://", "https://", "//", "http:\\\\", "http:/", ""))
        parts = [scheme, *chance.choices(("", "", "me@", "a:b@", "@"), k=1), chance.choice(_HOSTS)]
    else:
        parts = []
    parts += chance.choices(_PARTS, k=chance.randint(0, 5))
    text = list("".join(parts))
    for _ in range(chance.choice((0, 0, 1, 2))):
        text.insert(chance.randint(0, len(text)), chance.choice(_PARTS))
    return "", "".join(text).encode("utf-8", "surrogatepass"), chance.choice(_BASES)


def read_address(given: Input) -> str:
    _, text, base = given
    url = text.decode("utf-8", "surrogatepass")
    address = addresses.address_of(url, base)
    if not address.on_site:
        return "off-site"
    check_on_site([address.url, address.first_page])
    if address.is_article:
        check_on_site([address.canonical])
    # And the browser that reads the page itself comes to the same host.
    told = re.sub("[\ud800-\udfff]", "\ufffd", url)
    try:
        seen = ada_url.URL(told, base=base)
    except ValueError:  # in a file of addresses, `//host/` is one by https
        seen = ada_url.URL(told, base=base or "https://nowhere.invalid/")
    check_seen(seen, url)
    return "on-site"


def check_on_site(urls: Iterable[str]) -> None:
    """Raise AssertionError where one that would be asked for leads off the site: as a browser reads
    it, or as the client does that is used."""
    for url in urls:
        if not addresses.is_on_site(url):
            continue  # refused before it is asked for
        request = Request(url)
        seen = ada_url.URL(request.url)
        check_seen(seen, url)
        asked = URI.fromBytes(request.url.encode())
        host = asked.host.decode("ascii").lower()
        if host.rstrip(".") != seen.hostname.rstrip(".") or asked.port not in (80, 443):
            raise AssertionError(f"{url!r} leads to {host!r}, port {asked.port}")
        if seen.username or seen.password:
            raise AssertionError(f"{url!r} tells who asks")


def check_seen(seen: ada_url.URL, url: str) -> None:
    """Raise AssertionError where a browser would leave the site."""
    is_web = seen.protocol in ("http:", "https:") and not seen.port
    if not (is_web and _is_host_of_site(seen.hostname)):
        raise AssertionError(f"{url!r} leads to {seen.href!r}")


def _is_host_of_site(host: str) -> bool:
    """Told anew, by nothing of the crawler's own."""
    host = host.rstrip(".")
    sisters = ("zjol.com.cn", "inzhejiang.com", "www.inzhejiang.com", "qjwb.thehour.cn")
    return host in sisters or host.endswith(".zjol.com.cn")


KINDS = {
    "pages": Kind(_made_of(page_seeds), read_page),
    "lists": Kind(_made_of(list_seeds), read_list),
    "archives": Kind(make_archive, read_archive),
    "indexes": Kind(make_index, read_index),
    "addresses": Kind(make_address, read_address),
}


def input_of(kind: str, seed: str, number: int) -> Input:
    """The input of a number, always the same."""
    return KINDS[kind].make(random.Random(f"{seed}/{kind}/{number}"))  # noqa: S311  no secret


# --- in the children ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Task:
    kind: str
    seed: str
    numbers: range
    folder: Path
    seconds: float
    """Of processor time, for one input."""
    until: float
    """By the monotonic clock, after which no further input is tried."""

    @property
    def log(self) -> Path:
        return self.folder / "log.jsonl"


def work(task: Task) -> None:
    """Try inputs, and write a line for each."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    logging.getLogger().addHandler(logging.FileHandler(task.folder / "lines.log"))
    os.chdir(task.folder)
    Path("in").mkdir(exist_ok=True)
    tempfile.tempdir = str(task.folder)
    guard.page_seconds = task.seconds
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    sys.addaudithook(_Watch(task.folder.resolve()))
    with task.log.open("a", encoding="utf-8", buffering=1) as log:
        for number in task.numbers:
            if time.monotonic() > task.until:
                return
            given = input_of(task.kind, task.seed, number)
            signal.setitimer(signal.ITIMER_PROF, task.seconds + _KILLED_AFTER)
            began = time.process_time()
            try:
                outcome, fault = KINDS[task.kind].read(given), ""
            except (Exception, Rejected) as error:  # whatever it is, it is told
                outcome, fault = "fault", f"{type(error).__name__}: {error}"
            seconds = time.process_time() - began
            signal.setitimer(signal.ITIMER_PROF, 0)
            log.write(json.dumps([number, outcome, fault, seconds, _resident()]) + "\n")


class _Watch:
    """Raises where a file is written outside a folder, or somebody connects to anything."""

    def __init__(self, folder: Path) -> None:
        self.folder = f"{folder}{os.sep}"

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        if event in ("socket.connect", "socket.getaddrinfo", "subprocess.Popen", "os.system"):
            raise PermissionError(f"{event} {args}")
        if event == "open" and isinstance(args[0], (str, bytes)):
            writes = bool(set(args[1] or "") & set("wax+")) or bool((args[2] or 0) & 3)
            path = os.path.realpath(os.fsdecode(args[0]))
            if writes and not path.startswith(self.folder) and path != os.devnull:
                raise PermissionError(f"writes {path}")


def _resident() -> int:
    """Megabytes."""
    with Path("/proc/self/statm").open() as file:
        return int(file.read().split()[1]) * resource.getpagesize() // 1024**2


# --- in the parent --------------------------------------------------------------------------------


@dataclass
class Result:
    """What came of one kind of inputs."""

    tried: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    faults: list[tuple[int, str]] = field(default_factory=list)
    slowest: tuple[float, int] = (0.0, 0)
    """Seconds of processor time, and the number of the input."""
    first: int = 0
    peak: int = 0
    """Megabytes of a child when it has read a tenth of its inputs, and at most."""


def run(kind: str, count: int, until: float, folder: Path, given: argparse.Namespace) -> Result:
    """Try the inputs 0 to `count` of a kind; less where the time is up."""
    result = Result()
    context = multiprocessing.get_context("spawn")
    waiting = [range(n, min(n + _AT_ONCE, count)) for n in range(0, count, _AT_ONCE)][::-1]
    children: list[tuple[Any, Task]] = []
    made = 0
    while waiting or children:
        while waiting and len(children) < given.processes and time.monotonic() < until:
            made += 1
            of_its_own = folder / f"{kind}-{made}"
            task = Task(kind, given.seed, waiting.pop(), of_its_own, given.seconds, until)
            task.folder.mkdir(parents=True)
            child = context.Process(target=work, args=(task,))
            child.start()
            children.append((child, task))
        if not children:
            break
        child, task = children.pop(0)
        child.join()
        rest = collect(result, task, child.exitcode)
        if rest:
            waiting.append(rest)
        shutil.rmtree(task.folder)
    return result


def collect(result: Result, task: Task, status: int) -> range:
    """Count what a child has found. The numbers that are left where it has died."""
    lines = task.log.read_text("utf-8").splitlines() if task.log.exists() else []
    tried = [json.loads(line) for line in lines]
    for at, (number, outcome, fault, seconds, resident) in enumerate(tried):
        result.tried += 1
        result.outcomes[outcome] += 1
        result.slowest = max(result.slowest, (seconds, number))
        result.peak = max(result.peak, resident)
        if at == len(task.numbers) // 10:
            result.first = max(result.first, resident)
        if fault:
            result.faults.append((number, fault))
    if status == 0:
        return range(0)
    died = task.numbers[len(tried)]
    result.tried += 1
    result.outcomes["died"] += 1
    result.faults.append((died, f"the child ended by {status}"))
    return range(died + 1, task.numbers.stop)


def keep(kind: str, seed: str, result: Result, out: Path) -> None:
    """Write the inputs of faults, with what was seen."""
    for number, fault in result.faults:
        name, data, about = input_of(kind, seed, number)
        out.mkdir(parents=True, exist_ok=True)
        stem = out / f"{kind}-{seed}-{number}"
        stem.with_suffix(".bin").write_bytes(data)
        told = {"name": name, "type": about, "fault": fault}
        stem.with_suffix(".json").write_text(json.dumps(told, ensure_ascii=False) + "\n", "utf-8")


def line(kind: str, result: Result) -> str:
    seconds, number = result.slowest
    common = ", ".join(f"{count:,} {name}" for name, count in result.outcomes.most_common(4))
    return (
        f"{kind}: {result.tried:,} tried, {len(result.faults)} faults, slowest {seconds:.2f} s"
        f" (number {number}), memory {result.first} MB, at most {result.peak} MB; {common}"
    )


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    for kind in KINDS:
        parser.add_argument(f"--{kind}", type=int, help=f"how many {kind} to try")
    parser.add_argument("--minutes", type=float, help="at most, for all kinds together")
    parser.add_argument("--seconds", type=float, default=2, help="of processor time, for an input")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--processes", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--out", type=Path, default=Path("fuzz-faults"), help="inputs of faults")
    given = parser.parse_args(arguments)
    kinds = [kind for kind in KINDS if getattr(given, kind)]
    if not (kinds or given.minutes):
        parser.error("say how many inputs, or for how many minutes")
    kinds = kinds or list(KINDS)
    has_faults = False
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    with tempfile.TemporaryDirectory(prefix="zjnews-fuzz-") as folder:
        for kind in kinds:
            seconds = given.minutes * 60 / len(kinds) if given.minutes else float("inf")
            count = getattr(given, kind) or _MOST
            result = run(kind, count, time.monotonic() + seconds, Path(folder), given)
            keep(kind, given.seed, result, given.out)
            print(line(kind, result), flush=True)
            for number, fault in result.faults[:20]:
                print(f"  number {number}: {fault[:300]}", flush=True)
            has_faults |= bool(result.faults)
    if has_faults:
        print(f"the inputs of faults are in {given.out}")
    return int(has_faults)


if __name__ == "__main__":
    sys.exit(main())
