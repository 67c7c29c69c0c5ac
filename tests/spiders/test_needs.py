"""What is refused at the start, in one line; and that the spiders bring along what they need."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import command_line
from tests.command_line import ROOT, scrapy_crawl
from tests.reading import PAGES
from zjnews import settings
from zjnews.items import RECORD_KEYS

ARCHIVE = ("archive", "-a", f"path={PAGES / 'trs'}")


def refused(tmp_path: Path, *arguments: str) -> str:
    """The line with which a crawl is refused."""
    command = scrapy_crawl(tmp_path, *ARCHIVE, "-O", f"{tmp_path}/out.jsonl", *arguments)
    done = command_line.run(command)
    assert done.returncode == 2, done.stderr
    [line] = done.stderr.strip().splitlines()
    assert not (tmp_path / "out.jsonl").exists()
    return line


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("WARC_DRI=x", "WARC_DIR"),
        ("STATEDB=x", "STATE_DB"),
        ("REFRESH_HOUR=3", "REFRESH_HOURS"),
        ("DROP_DUPLICATE=1", "DROP_DUPLICATES"),
        ("RSS_ITEM=3", "RSS_ITEMS"),
    ],
)
def test_a_mistyped_setting_is_told_with_the_nearest_one(
    tmp_path: Path, given: str, meant: str
) -> None:
    assert f"did you mean {meant}?" in refused(tmp_path, "-s", given)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("RSS_ITEMS=abc", "RSS_ITEMS=abc is no number of 0 or more"),
        ("JOBDIR=jobs", "JOBDIR is of no use here"),
        ("RSS_URL=ftp://x", "RSS_URL=ftp://x is no http or https address"),
    ],
)
def test_settings_that_cannot_be_used_are_one_line(tmp_path: Path, given: str, says: str) -> None:
    line = refused(tmp_path, "-s", given, "-O", f"{tmp_path}/out.rss")
    assert says in line


@pytest.mark.parametrize("name", ["Payload", "Dates", "Derived", "Checks", "Duplicates", "Copies"])
@pytest.mark.parametrize("is_none", [False, True])
def test_a_pipeline_that_is_left_out_is_named(tmp_path: Path, name: str, is_none: bool) -> None:
    [path] = [path for path in settings.ITEM_PIPELINES if path.endswith(f".{name}Pipeline")]
    pipelines = {**settings.ITEM_PIPELINES, path: None}
    if not is_none:
        del pipelines[path]
    line = refused(tmp_path, "-s", f"ITEM_PIPELINES={json.dumps(pipelines)}")
    assert f"ITEM_PIPELINES lacks {path}" in line


def test_only_a_pipeline_of_ones_own_is_refused_and_the_line_shows_how_to_add_it(
    tmp_path: Path,
) -> None:
    pipelines = {"tests.pipelines_of_users.MarkTitle": 950}
    line = refused(tmp_path, "-s", f"ITEM_PIPELINES={json.dumps(pipelines)}")
    assert "{**zjnews.settings.ITEM_PIPELINES" in line


def test_pipelines_in_another_order_are_refused(tmp_path: Path) -> None:
    pipelines = {**settings.ITEM_PIPELINES, "zjnews.pipelines.checks.ChecksPipeline": 150}
    assert "order" in refused(tmp_path, "-s", f"ITEM_PIPELINES={json.dumps(pipelines)}")


_SCRIPT = """
import json, sys
from scrapy.crawler import CrawlerProcess
from zjnews.spiders.archive import ArchiveSpider

process = CrawlerProcess(json.loads(sys.argv[1]))
process.crawl(ArchiveSpider, path=sys.argv[2])
process.start()
"""


def processed(tmp_path: Path, given: dict[str, object]) -> subprocess.CompletedProcess[str]:
    """A crawl by a script that knows nothing of the project's settings."""
    command = [sys.executable, "-c", _SCRIPT, json.dumps(given), str(PAGES / "trs")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    "more",
    [{}, {"EXTENSIONS": {"scrapy.extensions.memusage.MemoryUsage": 1}}],
    ids=["plain", "own"],
)
def test_settings_travel_into_a_crawler_process(tmp_path: Path, more: dict[str, object]) -> None:
    feeds = {"out.jsonl": {"format": "jsonlines"}}
    done = processed(tmp_path, {"FEEDS": feeds, "LOG_LEVEL": "WARNING", **more})
    records = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert done.returncode == 0, done.stderr
    assert len(records) == len(list((PAGES / "trs").iterdir()))
    for record in records:
        assert tuple(record) == RECORD_KEYS
        assert record["text"]
        assert record["content_hash"]


def test_a_crawler_process_with_half_of_the_pipelines_is_refused(tmp_path: Path) -> None:
    pipelines = {"zjnews.pipelines.checks.ChecksPipeline": 400}
    feeds = {"out.jsonl": {"format": "jsonlines"}}
    done = processed(tmp_path, {"FEEDS": feeds, "ITEM_PIPELINES": pipelines})
    assert done.returncode != 0
    assert "UsageError: ITEM_PIPELINES lacks" in done.stderr.splitlines()[-1]
    assert not (tmp_path / "out.jsonl").exists()


def test_a_pipeline_that_gives_a_dict_is_taken_as_it_is(tmp_path: Path) -> None:
    pipelines = {**settings.ITEM_PIPELINES, "tests.pipelines_of_users.AsDict": 950}
    out = tmp_path / "out.jsonl"
    feeds = {str(out): {"format": "jsonlines", "fields": None}}
    given = {"ITEM_PIPELINES": pipelines, "FEEDS": feeds}
    chosen = [
        part for name, value in given.items() for part in ("-s", f"{name}={json.dumps(value)}")
    ]
    command = scrapy_crawl(tmp_path, *ARCHIVE, *chosen)
    done = command_line.run(command)
    assert done.returncode == 0, done.stderr
    assert {json.loads(line)["mine"] for line in out.read_text().splitlines()} == {"茶"}


def test_a_damaged_state_is_one_line_with_file_and_remedy(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    path.write_bytes(b"SQLite format 3\0" + b"\x55" * 8000)
    arguments = ("channel", "-a", "channels=zjnews", "-O", f"{tmp_path}/out.jsonl")
    command = scrapy_crawl(tmp_path, *arguments)
    done = command_line.run(command)
    assert done.returncode == 2
    [line] = done.stderr.strip().splitlines()
    assert str(path) in line
    assert "move" in line


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "gbk"])
def test_channels_are_listed_on_any_terminal(encoding: str) -> None:
    command = [sys.executable, "-m", "scrapy", "channels"]
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert b"zjxc" in done.stdout
