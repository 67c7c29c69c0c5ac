"""How the time for reading grows with what is read: for each reader its worst known inputs.

Run as `make bench-growth`, or with `--only list` for the rows that begin so. Each row is read in a
child process at 50, 100, 200 and 400 KB, up to three times while it is too slow, and the least time
of each size counts. Exit status 1 where twice the size takes more than 2.5 times as long, or 100 KB
more than a second of CPU.
"""

import argparse
import math
import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import pairwise
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

from bench.pages_that_repeat import INPUTS
from zjnews import settings
from zjnews.archives import cdxj
from zjnews.archives import saved as archives
from zjnews.items import Rejected
from zjnews.loaders import reading
from zjnews.pages import lists, page, papers
from zjnews.text import captions, credits, dates

SIZES = tuple(kilobytes * 1000 for kilobytes in (50, 100, 200, 400))
MOST_GROWTH = 2.5
MOST_SECONDS = 1.0
"""Of CPU, at 100 KB."""
NOISE = 0.02
"""Seconds below which a ratio says nothing."""
MOST_RUNS = 3
LIMIT = 30
"""Seconds of CPU after which a child process is killed."""
MEMORY = 4 * 1024**3
"""Bytes of addresses that it may have."""

FETCHED = datetime(2026, 9, 15, 2, tzinfo=UTC)
SITE = "https://zjnews.zjol.com.cn/zjnews"
ARTICLE = f"{SITE}/202609/t20260914_31908230.shtml"
PRINTED = "https://zjrb.zjol.com.cn/html/2026-09/14/node_18.htm"
PIPELINES = reading.pipelines_of(settings.ITEM_PIPELINES)
FAULTS = ("reader-fault", "too-slow")

Maker = Callable[[int], Any]


class Row(NamedTuple):
    """An input and its reader."""

    make: Maker
    """Of a number of bytes, more or less."""
    read: Callable[[Any], object]


def read_page(markup: str) -> None:
    """From bytes to a finished article, as spiders and `reread` do."""
    with rejection():
        _, article = reading.load(ARTICLE, markup.encode(), None, FETCHED)
        reading.finish(article, PIPELINES)


def read_list(markup: str) -> None:
    with rejection():
        lists.read_list(page.read_page(f"{SITE}/", markup.encode(), None, FETCHED))


def read_printed_page(markup: str) -> None:
    with rejection():
        papers.read_printed_page(page.read_page(PRINTED, markup.encode(), None, FETCHED))


@contextmanager
def rejection() -> Iterator[None]:
    """A page may be refused, but for no fault of the reader's."""
    try:
        yield
    except Rejected as rejected:
        if rejected.reason in FAULTS:
            raise


def read_issues(text: str) -> None:
    papers.read_issues(text.encode(), "https://zjrb.zjol.com.cn/html/2026-09/paper_existed.xml")


def read_archive(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.warc.gz"
        path.write_bytes(data)
        for _ in archives.pages_in(path):
            pass


def look_up(lines: bytes) -> None:
    """A look-up in an index of such lines."""
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / "a.warc.gz"
        archive.write_bytes(b"")
        cdxj.path_of(archive).write_bytes(lines)
        cdxj.Index([archive]).captures(ARTICLE)


def each_line(read: Callable[[str], object]) -> Callable[[str], None]:
    """A reader of lines on every line of a text."""

    def read_all(text: str) -> None:
        for line in text.split("\n"):
            read(line)

    return read_all


def again(unit: str, before: str = "", after: str = "") -> Maker:
    """A unit as often as fills the size; `%d` in it becomes a number that no other one has."""

    def make(size: int) -> str:
        count = size // len(unit.encode())
        units = (unit % n for n in range(1, count + 1)) if "%" in unit else [unit * count]
        return f"{before}{''.join(units)}{after}"

    return make


def bytes_again(unit: bytes) -> Maker:
    return lambda size: unit * (size // len(unit))


TOP = "<html><head><title>渡口开航_浙江在线</title></head><body><div class='artTitle'>渡口</div>"
HEAD = f"{TOP}<div class='info'>2026-09-15 10:00:00 来源：浙江在线</div><div class='artCon'>"
PARAGRAPH = "<p>第一段文字，今天发生了一件事情，大家都觉得很好。</p>"
APP = "<a href='https://zj.zjol.com.cn/news/%d.html'>a</a>"
"""A link to an article whose address has no date."""
PAYLOAD = "<a>%d</a><b>渡口</b><c>public</c><d>html</d><e><![CDATA[<p>早班船</p>]]></e>"
NAMES = ";".join(f'v{n}=\'31908230_"+v{n + 1}+""+v{n + 1}+"\'' for n in range(10))


def in_article(unit: str, after: str = "") -> Maker:
    return again(unit, HEAD + PARAGRAPH, after)


def in_script(unit: str, before: str = "") -> Maker:
    return again(unit, f"{HEAD}{PARAGRAPH}<script>{before}", "</script>")


def in_nest(unit: str, tag: str = "div", depth: int = 500) -> Maker:
    """A unit again and again, inside of many elements."""
    return lambda size: f"{TOP}{f'<{tag}>' * depth}{again(unit)(size - depth * (len(tag) + 2))}"


ROWS: dict[str, Row] = {
    "page: attributes": Row(again(" a%d=''", f"{HEAD}<p", f">{PARAGRAPH}"), read_page),
    "page: attributes with brackets": Row(again(" a%d='<>'", f"{HEAD}<p", ">x"), read_page),
    "page: nested": Row(again("<div>", HEAD), read_page),
    "page: end tags in a nest": Row(in_nest("</b>", depth=1900), read_page),
    "page: classes": Row(
        again("artCon ", f"{HEAD}{PARAGRAPH}<p class='", f"'>{'水' * 9000}"), read_page
    ),
    "page: redirects": Row(again('location="a";', "<html><script>", "iPhone</script>"), read_page),
    "page: redirects to nowhere": Row(
        again('location="#";', "<html><script>", "</script>"), read_page
    ),
    "page: refresh": Row(again("http-equiv refresh content ", "<html><meta ", ">"), read_page),
    "page: meta": Row(again("<meta http-equiv=refresh content='0;url=#'>", "<html>"), read_page),
    "page: open comments": Row(in_script("/* ", "createPageHTML("), read_page),
    "page: pages of a call": Row(in_script("\n", "createPageHTML("), read_page),
    "page: calls": Row(
        in_article('<script>createPageHTML(2000,0,"t20260914_31908230","shtml")</script>'),
        read_page,
    ),
    "page: names in names": Row(
        in_script("v0+'';", f"{NAMES};document.write('<a.html');"), read_page
    ),
    "page: names": Row(in_article("<script>a%d='31908230_'</script>"), read_page),
    "page: loops": Row(
        in_article("<script>for(v=1;v<2000;v++)document.write('<a 31908230_'+v+'.html')</script>"),
        read_page,
    ),
    "page: names of loops": Row(
        in_article("<script>.write<a html 31908230_'+v%d</script>"), read_page
    ),
    "page: combining marks": Row(in_article("\u0301\u0316"), read_page),
    "page: dead includes": Row(in_article(f"<h1>404 Not Found</h1><p>{'x' * 500}<hr>"), read_page),
    "payload: inline": Row(in_article("<b>" * 100 + "<![CDATA["), read_page),
    "payload: sections": Row(in_article("<k><![CDATA["), read_page),
    "payload: fields": Row(in_article("<k><![CDATA[x]]></k>"), read_page),
    "payload: no sections": Row(in_article("x<![CDATA[", PAYLOAD.replace("%d", "1")), read_page),
    "payload: section in sections": Row(
        again("x<![CDATA[", HEAD + PAYLOAD.replace("%d", "1")[:60], "</div>"), read_page
    ),
    "payload: heads": Row(in_article("<a>%d</a><b>渡口</b><e><![CDATA[<p>早"), read_page),
    "payload: in xml": Row(in_article(f"<xml>{PAYLOAD}"), read_page),
    "payload: in scripts": Row(in_article(f"<script>{PAYLOAD}"), read_page),
    "payload: comments": Row(in_article(f"{PAYLOAD}<!--"), read_page),
    "payload: comments before": Row(
        in_article("<a>1</a><!--" + "<!--" * 200 + "<k><![CDATA["), read_page
    ),
    "page: ends of what was not opened": Row(again("<k></e>", TOP), read_page),
    "payload: comment openings": Row(in_article(f"{PAYLOAD}<k><![CDATA["), read_page),
    "payload: blocks": Row(in_article(PAYLOAD), read_page),
    "payload: blocks as saved": Row(
        in_article(PAYLOAD.replace("<![CDATA[", "<!--[CDATA[").replace("]]>", "]]--&gt;")),
        read_page,
    ),
    "payload: numbers": Row(
        in_article("<a>&#" + "1" * 6000 + ";</a><b>1</b><k><![CDATA["), read_page
    ),
    "text: heads": Row(again("%d 渡口 public html\n早班船\n]]>\n渡口\n", "1234 "), read_page),
    "text: heads without an end": Row(again("12%d 渡口 public html\n"), read_page),
    "text: title and spaces": Row(again(" " * 200 + "a", "渡口\n1234 a"), read_page),
    "text: lines": Row(again("1234 a\n"), read_page),
    "text: dead includes": Row(again("404 Not Found 404 Not Found "), read_page),
    "list: links without dates": Row(
        again("<li><a href='/zjnews/x/%d.html'>a</a></li>"), read_list
    ),
    "list: articles without dates": Row(again(f"<li>{APP}</li>", "<ul>"), read_list),
    "list: anchors": Row(
        lambda size: again("<a></a>")(size // 2) + again(f"<b>{APP}</b>")(size // 2), read_list
    ),
    "list: relative dates": Row(again(f"<li>{APP}9天前</li>"), read_list),
    "list: links in a nest": Row(in_nest(f"<b>{APP}</b>"), read_list),
    "list: text in a nest": Row(in_nest("<b>a</b>"), read_list),
    "list: text in a nest of one link": Row(
        lambda size: APP % 1 + in_nest("<b>a</b>")(size), read_list
    ),
    "list: lists in lists": Row(
        in_nest("<li><a href='/a/%d.html'></a></li>", "div id=main><ul class=listUl", depth=200),
        read_list,
    ),
    "list: links in links": Row(in_nest("<b>a</b>", "a href=b><div", depth=400), read_list),
    "paper: text in a nest": Row(in_nest("<b>a</b>"), read_printed_page),
    "paper: spaces in a nest": Row(in_nest("<b> </b>"), read_printed_page),
    "paper: links": Row(again("<a href='node_18.htm?%d'>a</a>"), read_printed_page),
    "paper: issues": Row(
        again("<period_date>2026-09-14</period_date>", "<period_list>"), read_issues
    ),
    "paper: fronts": Row(
        again("<front_page>a</front_page><period_date>2026-09-14</period_date>", "<period_list>"),
        read_issues,
    ),
    "index: one address": Row(
        bytes_again(f'{cdxj.key_of(ARTICLE)} 20260915020000 {{"url": "{ARTICLE}"}}\n'.encode()),
        look_up,
    ),
    "index: one line": Row(bytes_again(b"cn,com,zjol,"), look_up),
    "WARC: magics": Row(bytes_again(b"\x1f\x8b\x08"), read_archive),
    "WARC: heads": Row(bytes_again(b"WARC/1.0\r\nContent-Length: 99999999\r\n\r\n"), read_archive),
    "dates: digits": Row(again("1", f"{TOP}<div class='info'>", f"</div>{PARAGRAPH}"), read_page),
    "dates: digits in lines": Row(again("1" * 999 + "\n"), each_line(dates.of_line)),
    "dates: days": Row(again("2020年1月1日(甲" * 60 + "\n"), each_line(dates.first_date)),
    "dates: spaces": Row(again("2020-1-1" + " ," * 400 + "\n"), each_line(dates.of_line)),
    "credits: sources": Row(
        again("来源：甲%d ", f"{TOP}<div class='info'>", f"</div>{PARAGRAPH}"), read_page
    ),
    "credits: names": Row(in_article("<p>文/张三</p>"), read_page),
    "credits: brackets": Row(again("（ab）", f"{HEAD}<p>"), read_page),
    "credits: lines": Row(
        again("来源：浙江在线 记者 张三 通讯员 李四\n"), each_line(credits.read_line)
    ),
    "captions: words": Row(
        again("甲 " * 140 + "摄\n"),
        each_line(lambda line: captions.read_caption(line, hinted=True)),
    ),
    "captions: brackets": Row(
        again("（图 " * 90 + "图\n"),
        each_line(lambda line: captions.read_caption(line, hinted=True)),
    ),
    "captions: pictures": Row(in_article("<p><img src='%d.jpg'></p><p>张三 摄</p>"), read_page),
    **{f"loaders: {name}": Row(make, read_page) for name, make in INPUTS.items()},
}
"""To add one: its reader and what makes it slow, a maker of it, and what reads it."""


def cpu_seconds(row: Row, size: int, limit: int = LIMIT) -> float:
    """What reading an input of that many bytes takes in a child process; infinity where it fails,
    after a traceback, or comes to a limit."""
    answer, of_child = multiprocessing.Pipe(duplex=False)
    arguments = (row, size, limit, of_child)
    child = multiprocessing.get_context("fork").Process(target=_read_in_child, args=arguments)
    child.start()
    of_child.close()
    child.join()
    return math.inf if child.exitcode else float(answer.recv())


def _read_in_child(row: Row, size: int, limit: int, answer: Connection) -> None:
    given = row.make(size)
    resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    began = time.process_time()
    row.read(given)
    answer.send(time.process_time() - began)


def grows_too_fast(times: list[float]) -> bool:
    """Whether the times for sizes that double are over the limits."""
    ratios = [after / max(before, NOISE) for before, after in pairwise(times)]
    return times[SIZES.index(100_000)] > MOST_SECONDS or max(ratios) > MOST_GROWTH


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="rows that begin so")
    only = parser.parse_args().only
    print(f"{'':36}" + "".join(f"{size // 1000:6} KB" for size in SIZES) + "   for twice the size")
    bad = [name for name, row in ROWS.items() if name.startswith(only) and not _measure(name, row)]
    print(
        f"{len(bad)} too slow{''.join(f'; {name}' for name in bad)}; below {NOISE} s all is noise"
    )
    sys.exit(1 if bad else 0)


def _times(row: Row) -> list[float]:
    """The times of one run over all sizes; infinity for what is larger than a size that failed."""
    times: list[float] = []
    for size in SIZES:
        times.append(cpu_seconds(row, size) if math.inf not in times else math.inf)
    return times


def _measure(name: str, row: Row) -> bool:
    """Print the times of a row. Returns whether they are within the limits."""
    times = [math.inf] * len(SIZES)
    for _ in range(MOST_RUNS):
        times = list(map(min, times, _times(row)))
        if not grows_too_fast(times):
            break
    ratios = " ".join(
        f"{b / a:4.1f}" if b < math.inf and a >= NOISE else "   -" for a, b in pairwise(times)
    )
    is_bad = grows_too_fast(times)
    print(
        f"{name:36}"
        + "".join(f"{t:9.3f}" for t in times)
        + f"   {ratios}{'   !' if is_bad else ''}",
        flush=True,
    )
    return not is_bad


if __name__ == "__main__":
    main()
