"""What other people's tools make of our archives: pywb serves them, cdxj-indexer agrees with our index.

They need libraries that ours do not go with: `make interop` installs them apart and runs this.
"""

import json
import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.command_line import ROOT, crawl
from tests.made_up_site import MadeUpSite
from tests.site_server import Site
from zjnews.archives import cdxj, warcs

TOOLS = Path(os.environ.get("ZJNEWS_TOOLS", "/nowhere"))
SAMPLES = ROOT / "samples" / "zjol.warc.gz"

pytestmark = pytest.mark.skipif(not (TOOLS / "wayback").exists(), reason="run by `make interop`")


@pytest.fixture
def recorded(tmp_path: Path, made_up: MadeUpSite, site: Site) -> Path:
    """The one WARC file of a crawl of the made-up site."""
    arguments = ("article", "-a", f"url={made_up.articles[0].url},{made_up.articles[1].url}")
    run = crawl(
        tmp_path, *arguments, "-s", f"WARC_DIR={tmp_path / 'warc'}", environment=site.environment
    )
    assert len(run.records) == 2
    [archive] = warcs.files(tmp_path / "warc")
    return archive


def tool(name: str, *arguments: str, folder: Path) -> str:
    done = subprocess.run(
        [str(TOOLS / name), *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout


@pytest.mark.parametrize("which", ["bundled", "recorded"])
def test_cdxj_indexer_makes_the_same_index(
    which: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    archive = SAMPLES if which == "bundled" else request.getfixturevalue("recorded")
    theirs = tool("cdxj-indexer", "--sort", str(archive), folder=tmp_path)
    ours = cdxj.path_of(archive).read_text("utf-8")
    assert fields(theirs) == fields(ours)


def fields(index: str) -> list[tuple[str, str, dict[str, str]]]:
    """Key, time and fields of each line; an empty field may be left out."""
    lines = (line.split(" ", 2) for line in index.splitlines())
    return [
        (key, at, {name: value for name, value in json.loads(rest).items() if value})
        for key, at, rest in lines
    ]


@contextmanager
def pywb(folder: Path, archive: Path) -> Iterator[str]:
    """A server of an archive's pages; its address."""
    tool("wb-manager", "init", "news", folder=folder)
    tool("wb-manager", "add", "news", str(archive), folder=folder)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [str(TOOLS / "wayback"), "-p", str(port), "-b", "127.0.0.1"],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(port)
        yield f"http://127.0.0.1:{port}/news"
    finally:
        server.terminate()
        server.wait()


def wait_for(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError("pywb does not answer")


def get(url: str) -> bytes:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=60) as answer:
        return bytes(answer.read())


def test_pywb_serves_a_recorded_page_back(
    tmp_path: Path, made_up: MadeUpSite, recorded: Path
) -> None:
    article = made_up.articles[0]
    with pywb(tmp_path, recorded) as address:
        # `id_` asks for the bytes as they were served.
        body = get(f"{address}/2id_/{article.url}")
        found = get(f"{address}/cdx?url={article.url}&output=json").decode()
    assert article.title.encode() in body
    assert json.loads(found.splitlines()[0])["status"] == "200"
