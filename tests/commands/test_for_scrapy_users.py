"""What somebody who knows Scrapy tries first: parse, shell, check, misspelt names, the log."""

import json
import os
import re
import shutil
import stat
import subprocess
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import ROOT, SCRAPY, run, scrapy_crawl
from tests.site_server import Answer, serve
from zjnews.items import RECORD_KEYS

SAMPLES = ROOT / "samples" / "zjol.warc.gz"
ARTICLE = "http://hangzhou.zjol.com.cn/system/2017/01/12/021419208.shtml"
LIST = "https://zjnews.zjol.com.cn/zjnews/"
REPLAYED = ("-s", f"WARC_REPLAY={SAMPLES}")


def scrapy(*arguments: str, **how: Any) -> subprocess.CompletedProcess[str]:
    return run([*SCRAPY, *arguments], **how)


# --- parse ------------------------------------------------------------------------------------------


def test_parse_prints_the_record_of_an_address() -> None:
    done = scrapy("parse", *REPLAYED, ARTICLE)
    record = json.loads(done.stdout)
    assert done.returncode == 0
    assert tuple(record) == RECORD_KEYS
    assert (record["title"], record["layout"]) == ("莫干山路一段今夜起夜间封闭三天", "old")
    assert record["text"].startswith("浙江在线1月12日讯")  # which the pipelines fill in
    assert "Deprecat" not in done.stderr


def test_parse_prints_the_links_of_a_list() -> None:
    lines = scrapy("parse", *REPLAYED, LIST).stdout.splitlines()
    assert lines[0].startswith("# 12 requests ")
    assert len(lines) == 13
    assert lines[-1] == "<GET https://zjnews.zjol.com.cn/zjnews/index_1.shtml>"


def test_parse_remembers_nothing(tmp_path: Path) -> None:
    scrapy("parse", *REPLAYED, LIST, folder=_project(tmp_path))
    assert not list(tmp_path.rglob("*.db"))


def _project(folder: Path) -> Path:
    shutil.copy(ROOT / "scrapy.cfg", folder)
    return folder


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["foo"], "foo: unknown-address"),
        (["https://example.org/a.html"], "off-site"),
        ([], "give one address"),
        (["--nosuch", ARTICLE], "no option '--nosuch'"),
        (["--spider", "nosuch", ARTICLE], "Spider not found: nosuch"),
        (["-c", "nosuch", ARTICLE], "article has no method 'nosuch'"),
    ],
)
def test_parse_says_in_one_line_what_it_cannot_read(arguments: list[str], says: str) -> None:
    done = scrapy("parse", "-L", "ERROR", *REPLAYED, *arguments)
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.returncode == 2


def test_parse_ends_with_5_where_there_is_no_record() -> None:
    address = "https://zjnews.zjol.com.cn/zjnews/202601/t20260101_1.shtml"
    done = scrapy("parse", "-L", "WARNING", *REPLAYED, address)
    assert (done.returncode, done.stdout) == (5, "")
    assert f"rejected {address} (archive-miss" in done.stderr
    assert done.stderr.splitlines()[-1] == "scrapy parse: no record and no link; the log says why"
    assert "Traceback" not in done.stderr


# --- shell, check -----------------------------------------------------------------------------------


def test_shell_gives_the_answer() -> None:
    done = scrapy("shell", "--nolog", *REPLAYED, ARTICLE, "-c", "response.status")
    assert (done.returncode, done.stdout, done.stderr) == (0, "200\n", "")


@pytest.mark.parametrize("address", ["http://zjnews.zjol.com.cn/nothing.shtml", "example.org"])
def test_shell_says_in_one_line_what_it_cannot_fetch(address: str) -> None:
    done = scrapy("shell", "--nolog", *REPLAYED, address, "-c", "response.status")
    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    assert "archive-miss" in line or "off-site" in line


def test_check_finds_the_contracts_kept() -> None:
    done = scrapy("check")
    assert re.search(r"Ran 9 contracts", done.stderr), done.stderr
    assert done.returncode == 0
    assert "Traceback" not in done.stderr


def test_check_finds_a_contract_broken(tmp_path: Path) -> None:
    page = "<html><body><h1 class=artTitle>另一个标题</h1><div class=artCon><p>此文与原来的不同，而且足够长，"
    answers = {
        ARTICLE: Answer(
            f"{page}可以读成一篇稿件。{'又一句。' * 30}</p></div></body></html>".encode()
        )
    }
    with serve(answers) as site:
        scrapy(
            "crawl",
            "article",
            "-a",
            f"url={ARTICLE}",
            "-s",
            f"WARC_DIR={tmp_path}",
            "-s",
            "DOWNLOAD_DELAY=0",
            "-O",
            f"{tmp_path}/x.jsonl",
            environment=site.environment,
        )
    done = scrapy("check", "article", "-s", f"WARC_REPLAY={tmp_path}")
    assert done.returncode == 1
    assert "title is '另一个标题'" in done.stderr


def test_check_without_the_bundled_site_is_one_line(tmp_path: Path) -> None:
    done = scrapy("check", folder=_project(tmp_path))
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


# --- misspelt names ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["channel", "-a", "channels=zjnwes"], "no channel 'zjnwes'; did you mean zjnews?"),
        (["channel", "-a", "channels=浙江宣穿"], "did you mean zjxc?"),
        (["paper", "-a", "papers=zjrp"], "no newspaper 'zjrp'; did you mean zjrb?"),
        (["channel", "-a", "channels=zjxc", "-s", "REFRESH_HOUR=3"], "did you mean REFRESH_HOURS?"),
        (["channel", "-a", "channels=zjxc", "-s", "contact=a@b"], "did you mean CONTACT?"),
    ],
)
def test_a_misspelt_name_is_answered_with_the_nearest(
    tmp_path: Path, arguments: list[str], says: str
) -> None:
    done = run(scrapy_crawl(tmp_path, *arguments))
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert says in done.stderr


def test_a_name_like_no_other_is_not_guessed(tmp_path: Path) -> None:
    done = run(scrapy_crawl(tmp_path, "channel", "-a", "channels=qqqq"))
    assert "no channel 'qqqq'; the command `channels` shows them all" in done.stderr


def test_settings_of_other_plug_ins_are_left_alone(tmp_path: Path) -> None:
    given = ["-s", "ZYTE_API_KEY=x", "-s", "SPIDERMON_ENABLED=1", "-s", "PLAYWRIGHT_MAX_CONTEXTS=1"]
    done = run(scrapy_crawl(tmp_path, "archive", "-a", f"path={SAMPLES}", *given))
    assert done.returncode == 0, done.stderr


# --- the log ----------------------------------------------------------------------------------------

DUMPS = ("Overridden settings", "Dumping Scrapy stats", "Enabled extensions", "Versions")


def crawl_loudly(folder: Path, level: str) -> str:
    out = ("-O", f"{folder}/out.jsonl")
    return run([*SCRAPY, "crawl", "archive", "-a", f"path={SAMPLES}", *out, "-L", level]).stderr


def test_settings_versions_and_stats_are_for_debugging(tmp_path: Path) -> None:
    usual, debugging = crawl_loudly(tmp_path, "INFO"), crawl_loudly(tmp_path, "DEBUG")
    assert "Spider opened" in usual
    for dump in DUMPS:
        assert dump not in usual
        assert dump in debugging


def test_the_summary_is_the_last_thing_that_is_printed(tmp_path: Path) -> None:
    log, _, summary = crawl_loudly(tmp_path, "DEBUG").partition("\narchive: 54 articles")
    assert "Spider closed" in log
    assert summary
    assert not re.search(r"^\d{4}-\d\d-\d\d ", summary, re.M)


def test_one_article_is_one_article(tmp_path: Path) -> None:
    with serve({ARTICLE: Answer(_page_of(ARTICLE))}) as site:
        arguments = ("article", "-a", f"url={ARTICLE}", "-O", f"{tmp_path}/out.jsonl")
        done = run(scrapy_crawl(tmp_path, *arguments), site.environment)
    assert "article: 1 article, record version" in done.stderr


def _page_of(url: str) -> bytes:
    done = scrapy("shell", "--nolog", *REPLAYED, url, "-c", "response.text")
    assert done.returncode == 0
    return done.stdout.encode()


def test_contact_is_asked_for_once_and_only_on_the_site(tmp_path: Path) -> None:
    both = ("-a", f"url={ARTICLE},{LIST}", "-s", "RETRY_TIMES=0")
    with serve({}) as site:
        without = run(scrapy_crawl(tmp_path, "article", *both), site.environment).stderr
        named = run(
            scrapy_crawl(tmp_path, "article", *both, "-s", "CONTACT=a@b.org"), site.environment
        ).stderr
    replayed = run(scrapy_crawl(tmp_path, "article", *both, *REPLAYED)).stderr
    assert without.count("CONTACT is not set") == 1
    assert "CONTACT" not in named + replayed


def test_a_walk_without_since_is_announced(tmp_path: Path) -> None:
    channel = ("channel", "-a", "channels=zjxc", "-s", "RETRY_TIMES=0")
    with serve({}) as site:
        all_of_it = run(scrapy_crawl(tmp_path, *channel), site.environment).stderr
        a_week = run(scrapy_crawl(tmp_path, *channel, "-a", "since=7d"), site.environment).stderr
    assert "without since, every list is walked to its last page" in all_of_it
    assert "without since" not in a_week


def test_names_of_feeds_have_one_clock_and_no_placeholder(tmp_path: Path) -> None:
    _project(tmp_path)
    arguments = ("crawl", "archive", "-a", f"path={SAMPLES}")
    done = scrapy(*arguments, folder=tmp_path, environment={"TZ": "America/New_York"})
    [file] = (tmp_path / "feeds" / "archive").rglob("*.jsonl")
    at = datetime.strptime(file.name[:26], "%Y-%m-%dT%H-%M-%S.%f")
    assert file.parent.name == f"{at:%Y-%m-%d}"
    assert file.name[26:] == "+08-00-1.jsonl"
    assert at > datetime.now() - timedelta(days=2)
    (tmp_path / "empty").mkdir()
    done = scrapy("crawl", "archive", "-a", f"path={tmp_path / 'empty'}", folder=tmp_path)
    assert "nothing written to" in done.stderr
    assert "%(" not in done.stderr


# --- make -------------------------------------------------------------------------------------------


def test_make_says_that_python_is_too_old(tmp_path: Path) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "requirements.txt").touch()
    old = tmp_path / "python3.9"
    old.write_text('#!/bin/sh\n[ "$1" = -c ] && exit 1\necho Python 3.9.2\n')
    old.chmod(old.stat().st_mode | stat.S_IXUSR)
    done = run(["make", "crawl", f"PYTHON={old}"], dict(os.environ), folder=tmp_path)
    assert done.returncode != 0
    assert "needs Python 3.11 or newer" in done.stderr
    assert not (tmp_path / ".venv").exists()
