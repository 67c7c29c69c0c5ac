"""Kinds of input that have cost articles, files or a right word, each from a real server or file."""

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from scrapy.utils.project import get_project_settings

from tests import warc_files
from tests.command_line import ROOT, SCRAPY, Run, crawl, run
from tests.review.test_reread import archive_of, article_page
from tests.site_server import Answer, serve
from tests.warc_files import Given
from zjnews.archives import cdxj, recorder
from zjnews.archives.cdxj import Index
from zjnews.review import rereading
from zjnews.review.orders import Whole
from zjnews.review.rereading import Records
from zjnews.site import channels
from zjnews.site.windows import Window
from zjnews.spiders.finding import end_of

FOLDER = "http://zjnews.zjol.com.cn/zjnews/202503/"
ONE = f"{FOLDER}t20250318_30845127.shtml"
TWO = f"{FOLDER}t20250318_30845127_1.shtml"
FAST = ("-s", "AUTOTHROTTLE_ENABLED=False", "-s", "RETRY_TIMES=0")


def page_of(title: str, links: str = "") -> Answer:
    return Answer(article_page(title, f"{title}的正文。" * 30, links))


def fetched(folder: Path, answers: dict[str, Answer], *arguments: str) -> Run:
    with serve(answers) as site:
        return crawl(folder, *arguments, *FAST, environment=site.environment)


# --- pages ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", [ONE, TWO, f"{FOLDER}t20250318_1.shtml"])
def test_a_further_page_that_leads_on_costs_no_more_than_itself(
    tmp_path: Path, target: str
) -> None:
    leads_on = f'<meta http-equiv=refresh content="0; url={target}">'
    answers = {
        ONE: page_of("甲", f'<a href="{TWO}">2</a>'),
        TWO: Answer(leads_on.encode()),
        f"{FOLDER}t20250318_1.shtml": page_of("乙"),
    }
    addresses = f"url={FOLDER}t20250318_1.shtml,{ONE}"
    done = fetched(tmp_path, answers, "article", "-a", addresses)
    assert done.status == 0
    records = {record["title"]: record for record in done.records}
    assert records.keys() == {"甲", "乙"}
    assert "page-missing" in records["甲"]["warnings"]


@pytest.mark.parametrize("cookie", [True, False])
def test_redirects_in_a_circle_are_told_apart_by_their_cookie(tmp_path: Path, cookie: bool) -> None:
    more = {"Set-Cookie": "seen=1"} if cookie else {}
    answers = {ONE: Answer(status=302, location=ONE, headers=more)}
    done = fetched(tmp_path, answers, "article", "-a", f"url={ONE}")
    assert done.rejected == {"cookie-wall" if cookie else "redirect-loop": 1}


def test_what_is_too_large_when_it_is_unpacked_is_called_that(tmp_path: Path) -> None:
    packed = gzip.compress(b"<p>" + b"x" * 9_000_000)
    answers = {ONE: Answer(packed, headers={"Content-Encoding": "gzip"})}
    done = fetched(tmp_path, answers, "article", "-a", f"url={ONE}")
    assert done.rejected == {"too-large": 1}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8", "utf-8-sig"])
def test_a_list_of_addresses_in_any_unicode(tmp_path: Path, encoding: str) -> None:
    listed = tmp_path / "list.txt"
    listed.write_bytes(f"{ONE} # 一篇\n{FOLDER}t20250318_1.shtml\n".encode(encoding))
    answers = {ONE: page_of("甲"), f"{FOLDER}t20250318_1.shtml": page_of("乙")}
    done = fetched(tmp_path, answers, "article", "-a", f"file={listed}")
    assert (done.status, done.rejected) == (0, {})
    assert {record["title"] for record in done.records} == {"甲", "乙"}


# --- odd days ---------------------------------------------------------------------------------------


def test_a_day_that_is_none_breaks_no_window() -> None:
    for day in (date(1, 1, 1), date(9999, 12, 31)):
        window = Window(datetime(2026, 9, 1, tzinfo=UTC))
        assert window.overlaps_day(day) in (True, False)
        assert window.begins_after(day) in (True, False)
        assert end_of(day).tzinfo is not None


@pytest.mark.parametrize("odd", ["t99991231_7", "t00010101_8", "t99999999_9", "t20251399_6"])
def test_one_odd_link_costs_a_list_no_other_entry(tmp_path: Path, odd: str) -> None:
    names = ["t20250318_30845127", odd, "t20250317_30845100"]
    items = "".join(
        f'<li class=listLi><a href="./202503/{name}.shtml">第{n}条新闻</a></li>'
        for n, name in enumerate(names)
    )
    listing = f"<html><body><ul class=listUl>{items}</ul></body></html>"
    answers = {
        "http://zjnews.zjol.com.cn/zjnews/": Answer(listing.encode()),
        **{f"{FOLDER}{name}.shtml": page_of(name) for name in names},
    }
    arguments = ("channel", "-a", "channels=http://zjnews.zjol.com.cn/zjnews/", "-a", "full=0")
    for since in ("since=2025-01-01", "since=1990-02-01"):
        with serve(answers) as site:
            done = crawl(tmp_path, *arguments, "-a", since, *FAST, environment=site.environment)
        assert "Traceback" not in done.errors
        assert done.status == 0
        if since == "since=2025-01-01":
            titles = {record["title"] for record in done.records}
            assert titles >= {names[0], names[2]}


# --- archives ---------------------------------------------------------------------------------------


def many_archives(folder: Path, count: int) -> list[Path]:
    return [
        warc_files.write(folder / f"{n:04}.warc.gz", Given(f"{FOLDER}t20250318_{n}.shtml", b"x"))
        for n in range(count)
    ]


def test_a_look_up_costs_no_more_with_more_than_200_archives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_into = 0
    real = cdxj._lines_under

    def counted(key: bytes, lines: bytes) -> Iterator[bytes]:
        nonlocal looked_into
        looked_into += 1
        return real(key, lines)

    monkeypatch.setattr(cdxj, "_lines_under", counted)
    archives = many_archives(tmp_path, 460)
    index = Index(archives[:190])
    for number, archive in enumerate(archives[190:], 190):
        index.add(archive)
        looked_into = 0
        [capture] = index.captures(f"{FOLDER}t20250318_{number}.shtml")
        assert capture.archive == archive
        assert looked_into <= cdxj._OPEN + 1
    [first] = index.captures(f"{FOLDER}t20250318_0.shtml")
    assert first.archive == archives[0]


def test_answers_are_found_in_their_order_among_many_archives(tmp_path: Path) -> None:
    archives = [
        warc_files.write(
            tmp_path / f"{n:04}.warc.gz", Given(ONE, b"%d" % n, date=f"2026-09-15T0{n % 5}:00:00Z")
        )
        for n in range(230)
    ]
    apart = [Index([archive]).captures(ONE)[0] for archive in archives]
    together = Index(archives).captures(ONE)
    assert together == sorted(apart, key=lambda capture: capture.timestamp)


_INDEXES = """
import sys, time
from pathlib import Path
from zjnews.archives import cdxj

real = cdxj.write_index
def told(lines, path):
    print("made", path.name, flush=True)
    time.sleep(0.02)  # for the others to come by
    real(lines, path)
cdxj.write_index = told
print("ready", flush=True)
sys.stdin.readline()
cdxj.Index(sorted(Path(sys.argv[1]).glob("*.warc.gz")))
"""


def test_missing_indexes_are_made_once_by_several_processes(tmp_path: Path) -> None:
    many_archives(tmp_path, 40)
    command = [sys.executable, "-c", _INDEXES, str(tmp_path)]
    running = [
        subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    for process in running:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in running:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    made = [line for process in running for line in process.communicate()[0].splitlines()]
    assert len(made) == len(set(made)) == 40


@pytest.mark.parametrize("processes", [1, 2])
def test_an_article_survives_an_archive_in_an_archive(
    tmp_path: Path, processes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The further page comes first, behind a WARC file that is itself an answer."""
    inner = archive_of(
        tmp_path / "inner.warc", {f"{FOLDER}t20250318_9.shtml": b"<p>inner</p>" * 99}
    )
    name = ONE.rsplit("/", 1)[-1]
    pages = {
        f"{FOLDER}inner.warc": inner.read_bytes(),
        TWO: article_page("甲", "第二页。" * 60, f'<a href="{name}">1</a>'),
        f"{FOLDER}again.warc": inner.read_bytes(),
        ONE: article_page("甲", "第一页。" * 60),
    }
    outer = archive_of(tmp_path / "outer.warc", pages)
    monkeypatch.setattr(rereading, "_BATCH", 1)
    found = list(Records(get_project_settings(), processes).outcomes([outer]))
    [line] = [each.line for each in found if isinstance(each, Whole)]
    assert json.loads(line)["page_count"] == 2


# --- files of others --------------------------------------------------------------------------------


def test_files_of_others_in_a_folder_of_archives_stay_as_they_are(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("somebody's")
    folder = tmp_path / "warc"
    folder.mkdir()
    others = {
        "notes.jsonl": b'{"a": 1}\nhalf',
        "package.json": b"{}",
        "mine.warc.gz.open": b"no archive at all",
        "channel-20260915020000-00000.warc.gz.open": b"no archive at all",
        "WEB-20260915020000-00001.warc.gz.open": gzip.compress(
            b"WARC/1.0\r\nWARC-Type: warcinfo\r\n\r\nsoftware: x\r\n\r\n"
        ),
    }
    for name, body in others.items():
        (folder / name).write_bytes(body)
    (folder / "link.warc.gz.open").symlink_to(target)
    assert list(recorder.mend(folder)) == []
    assert {name: (folder / name).read_bytes() for name in others} == others
    assert target.read_text() == "somebody's"
    assert (folder / "link.warc.gz.open").is_symlink()


def test_a_draft_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("somebody's")
    (tmp_path / ".out.jsonl.part").symlink_to(target)
    done = crawl(tmp_path, "archive", "-a", "path=tests/saved/trs")
    assert done.status == 3
    assert target.read_text() == "somebody's"


# --- words ------------------------------------------------------------------------------------------


def test_a_gzipped_feed_is_compared_as_it_is(tmp_path: Path) -> None:
    crawl(tmp_path, "archive", "-a", "path=tests/saved/trs")
    plain = tmp_path / "out.jsonl"
    packed = tmp_path / "out.jsonl.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    command = [*SCRAPY, "compare", str(packed), str(plain)]
    done = run(command)
    assert done.returncode == 0, done.stdout + done.stderr
    packed.write_bytes(packed.read_bytes()[:-20])
    done = run(command)
    assert "damaged gzip" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[[channel]]\nname = "a"\ntitel = "b"\n', "channel number 1 has name, titel; it needs"),
        ("[[channel]\n", "site/channels.toml cannot be read"),
    ],
)
def test_a_broken_table_of_channels_is_one_line(
    text: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "channels.toml").write_text(text)
    monkeypatch.setattr(channels.resources, "files", lambda _: tmp_path)
    for cached in (channels._read, channels.channels):
        cached.cache_clear()
    with pytest.raises(ValueError, match=says) as raised:
        channels.channels()
    assert len(str(raised.value).splitlines()) == 1
    for cached in (channels._read, channels.channels):
        cached.cache_clear()


# --- the log on a terminal --------------------------------------------------------------------------


@pytest.mark.parametrize("log", ["LOG_ENABLED=0", "LOG_FILE="])
def test_a_crawl_on_a_terminal_ends_well_wherever_its_log_goes(tmp_path: Path, log: str) -> None:
    file = tmp_path / "log.txt"
    given = f"{log}{file}" if log == "LOG_FILE=" else log
    command = [sys.executable, "-m", "scrapy", "crawl", "archive", "-a", "path=tests/saved/trs"]
    feed = ["-O", f"{tmp_path}/out.jsonl", "-s", given]
    terminal, inside = os.openpty()
    done = subprocess.run([*command, *feed], cwd=ROOT, stderr=inside, check=False)
    os.close(inside)
    os.close(terminal)
    assert done.returncode == 0
    if log == "LOG_FILE=":
        assert "Spider closed (finished)" in file.read_text()


def test_an_error_in_the_start_of_a_spider_is_a_failure(tmp_path: Path) -> None:
    """A folder that vanishes: the same as any fault while addresses are read."""
    script = tmp_path / "sitecustomize.py"
    script.write_text(
        "import zjnews.archives.saved as a\n"
        "def broken(path):\n    raise ZeroDivisionError\n    yield\n"
        "a.pages_in = broken\n"
    )
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}:{ROOT}"}
    command = [sys.executable, "-m", "scrapy", "crawl", "archive", "-a", "path=tests/saved/trs"]
    feed = ["-O", f"{tmp_path}/out.jsonl", "-L", "CRITICAL"]
    done = subprocess.run(
        [*command, *feed], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 6
    assert done.stderr.splitlines()[-1] == "scrapy crawl: exit status 6, 1 error (spider)"
