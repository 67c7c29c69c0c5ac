"""A crawl against servers that drip, break off, lie about lengths and never come to an end."""

import gzip
import os
import re
import subprocess
import sys
import zlib
from pathlib import Path

import brotli

from tests.command_line import ROOT, Run, command_line, crawl
from tests.site_server import Answer, Site, serve

HOST = "http://zjnews.zjol.com.cn"
PARAGRAPH = "<p>山路通车以后，两个村的班车从一天两趟改成一天六趟。</p>"


def article(number: int) -> str:
    return f"{HOST}/zjnews/202609/t20260914_{number}.shtml"


def page(number: int) -> bytes:
    return (
        f"<html><head><meta charset='utf-8'><title>第{number}趟班车</title></head><body>"
        f"<div class='content'><h1 class='artTitle'>第{number}趟班车</h1>"
        f"<div class='info'><span>2026-09-14 08:15:30</span></div>"
        f"<div class='artCon'>{PARAGRAPH * 4}</div></div></body></html>"
    ).encode()


def answered(body: bytes, *headers: str) -> Answer:
    head = "\r\n".join(["HTTP/1.1 200 OK", "Content-Type: text/html; charset=utf-8", *headers])
    return Answer(raw=f"{head}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)


def raw(text: bytes) -> Answer:
    return Answer(raw=text)


GOOD = 40000001
BOMB = gzip.compress(bytes(300 * 1024 * 1024), mtime=0)


HEADERS = b"".join(b"X-%d: %s\r\n" % (n, b"x" * 1000) for n in range(60_000))
HOSTILE = {
    40000002: (raw(b"HTTP/1.1 200 OK\r\n" + HEADERS), "too-large"),
    40000003: (raw(b"HTTP/1.1 100 Continue\r\n\r\n" * 400_000), "too-large"),
    40000004: (answered(BOMB, "Content-Encoding: gzip"), "too-large"),
    40000005: (answered(BOMB), "too-large"),
    40000006: (answered(gzip.compress(BOMB), "Content-Encoding: gzip, gzip"), "too-large"),
    40000007: (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nshort"), "download-failed"),
    40000008: (raw(b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n" + page(1)), "download-failed"),
    40000009: (raw(b""), "download-failed"),
    40000010: (raw(b"\x00\xff" * 20_000), "download-failed"),
    40000011: (
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffff0\r\nabc"),
        "download-failed",
    ),
    40000012: (
        raw(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            + (b"1;" + b"e" * 900 + b"\r\nx\r\n") * 30_000
        ),
        "too-large",
    ),
    40000013: (Answer(status=302, location="http://[::1"), "download-failed"),
    40000014: (Answer(status=302, location="http://zjol.com.cn:22/a.shtml"), "off-site"),
    40000015: (
        Answer(page(15), content_type="text/html; charset=base64"),
        "",
    ),
    40000016: (Answer(b"<meta http-equiv=refresh content='0;url=http://[::1'>"), "no-article"),
    40000017: (answered(zlib.compress(page(17))[:-40], "Content-Encoding: deflate"), "unreadable"),
    40000018: (answered(page(18), "Content-Encoding: br"), ""),
    40000019: (answered(brotli.compress(page(19))), ""),
    40000020: (answered(gzip.compress(page(20)), "Content-Encoding: \xff\xfe"), ""),
}


def answers(site_of: dict[int, Answer]) -> dict[str, Answer]:
    return {article(number): answer for number, answer in site_of.items()} | {
        article(GOOD): Answer(page(GOOD))
    }


def run(folder: Path, site: Site, numbers: list[int], *more: str) -> Run:
    urls = ",".join(map(article, numbers))
    quick = ("-s", "RETRY_TIMES=0", "-s", "DOWNLOAD_TIMEOUT=5", "-s", "HOST_FAILURES=1000")
    slow = ("-s", "AUTOTHROTTLE_ENABLED=0", "-s", "CONCURRENT_REQUESTS_PER_DOMAIN=2")
    arguments = ("article", "-a", f"url={urls}", *quick, *slow, *more)
    return crawl(folder, *arguments, environment=site.environment)


def test_each_hostile_answer_costs_itself(tmp_path: Path) -> None:
    with serve(answers({n: answer for n, (answer, _) in HOSTILE.items()})) as site:
        run_ = run(tmp_path, site, [*HOSTILE, GOOD], "-s", f"WARC_DIR={tmp_path}/warc")
    assert run_.status == 0, run_.errors
    told = dict(re.findall(r"rejected \S+_(\d+)\.shtml \(([a-z-]+)", run_.errors))
    assert {int(n): why for n, why in told.items()} == {
        n: why for n, (_, why) in HOSTILE.items() if why
    }
    read = {f"trs:20260914:{n}" for n, (_, why) in HOSTILE.items() if not why}
    assert run_.ids == read | {f"trs:20260914:{GOOD}"}
    again = crawl(tmp_path, "archive", "-a", f"path={tmp_path}/warc")
    assert again.ids == run_.ids


def test_an_answer_that_drips_is_given_up(tmp_path: Path) -> None:
    dripping = [raw(b"HTTP/1.1 200 OK\r\nX: 1\r\n" * 100), answered(page(2) * 20)]
    slow = {n: Answer(raw=answer.raw, drips=0.2) for n, answer in enumerate(dripping, 40000030)}
    with serve(answers(slow)) as site:
        run_ = run(tmp_path, site, [*slow, GOOD], "-s", "DOWNLOAD_TIMEOUT=2")
    assert (run_.status, run_.rejected) == (0, {"download-failed": 2})
    assert run_.ids == {f"trs:20260914:{GOOD}"}


def test_memory_does_not_grow_with_what_servers_send(tmp_path: Path) -> None:
    heavy = {n: answer for n, (answer, why) in HOSTILE.items() if why == "too-large"}
    with serve(answers(heavy)) as site:
        peaks = [peak(tmp_path / str(n), site, list(heavy)[:n]) for n in (0, len(heavy))]
    assert peaks[1] < peaks[0] + 60, peaks


def test_a_broken_address_on_a_list_costs_itself(tmp_path: Path) -> None:
    listed = (
        "<meta http-equiv=refresh content='0;url=http://[::1'><base href='http://[::1/'>"
        "<ul class=listUl><li><a href='http://[::1'>x</a></li><li><a href='//a:b@[::1]c]'>y</a></li>"
        f"<li><a href='{article(GOOD)}'>z</a></li></ul>"
    )
    site_of = {f"{HOST}/a/": Answer(listed.encode()), **answers({})}
    with serve(site_of) as site:
        arguments = ("channel", "-a", f"channels={HOST}/a/", "-s", "AUTOTHROTTLE_ENABLED=0")
        run_ = crawl(tmp_path, *arguments, environment=site.environment)
    assert (run_.status, run_.ids) == (0, {f"trs:20260914:{GOOD}"}), run_.errors


MEASURED = """
import resource, subprocess, sys
status = subprocess.run(sys.argv[1:], stderr=subprocess.DEVNULL).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
sys.exit(status)
"""
"""A small process between: a child begins with what its parent has needed at most."""


def peak(folder: Path, site: Site, numbers: list[int]) -> int:
    """Megabytes that a crawl of some articles needs at most."""
    folder.mkdir()
    urls = ",".join(map(article, [*numbers, GOOD]))
    line = command_line(folder, "article", "-a", f"url={urls}", out=folder / "out.jsonl")
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, *line],
        cwd=ROOT,
        env={**os.environ, **site.environment},
        capture_output=True,
        check=True,
    )
    return int(done.stdout)


def test_certificates_are_verified_unless_told_otherwise(tmp_path: Path) -> None:
    url = article(GOOD).replace("http:", "https:")
    arguments = ("article", "-a", f"url={url}", "-s", "ROBOTSTXT_OBEY=0")
    two = (*arguments[:2], f"url={url},{url.replace(str(GOOD), '40000009')}", *arguments[3:])
    with serve({url: Answer(page(GOOD))}) as site:
        untrusted = {**site.environment, "SSL_CERT_FILE": os.devnull}
        refused = crawl(tmp_path, *two, environment=untrusted)
        taken = "DOWNLOAD_VERIFY_CERTIFICATES=False"
        read = crawl(tmp_path, *arguments, "-s", taken, environment=untrusted)
        trusted = crawl(tmp_path, *arguments, environment=site.environment)
        assert len(site.requests) == 2
    assert (refused.status, refused.rejected) == (5, {"bad-certificate": 2})
    [line] = refused.lines  # one a host
    assert taken in line and "zjnews.zjol.com.cn" in line
    assert read.ids == trusted.ids == {f"trs:20260914:{GOOD}"}


def test_a_name_that_leads_inside_is_refused(tmp_path: Path) -> None:
    # Instead of a name server that has been poisoned.
    (tmp_path / "sitecustomize.py").write_text(
        "import socket\n"
        "def poisoned(name):\n"
        "    return {'a': '127.0.0.1', 'b': '10.1.2.3', 'c': '169.254.169.254'}[name[0]]\n"
        "socket.gethostbyname = poisoned\n",
        "utf-8",
    )
    given = [(GOOD, name) for name in "abc"] + [(GOOD + n, "a") for n in (1, 2)]
    urls = ",".join(article(n).replace("zjnews.zjol", f"{name}.zjol") for n, name in given)
    no_proxy = dict.fromkeys(("http_proxy", "https_proxy", "no_proxy"), "")
    environment = {**no_proxy, "PYTHONPATH": str(tmp_path)}
    quick = ("-s", "RETRY_TIMES=0", "-s", "DOWNLOAD_TIMEOUT=2", "-s", "ROBOTSTXT_OBEY=0")
    run_ = crawl(tmp_path, "article", "-a", f"url={urls}", *quick, environment=environment)
    assert (run_.status, run_.rejected) == (5, {"private-address": 5})
    assert len(run_.lines) == 3  # one a host
    assert all("ALLOW_PRIVATE_ADDRESSES" in line for line in run_.lines)
    mirror = article(GOOD).replace("zjnews.zjol", "a.zjol")
    allowed = ("-s", "ALLOW_PRIVATE_ADDRESSES=True")
    at_home = crawl(
        tmp_path, "article", "-a", f"url={mirror}", *quick, *allowed, environment=environment
    )
    assert "private-address" not in at_home.rejected
