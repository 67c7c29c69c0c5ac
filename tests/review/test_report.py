"""The page of the last runs: what it says, what it never does, where it comes from."""

import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from lxml import html

from tests.command_line import ROOT, SCRAPY, run, scrapy_crawl
from zjnews.review import report
from zjnews.state.sqlite import SqliteDatabase
from zjnews.watch import runs
from zjnews.watch.runs import Finding, HostFigures, RunFigures

SAMPLES = ROOT / "samples" / "zjol.warc.gz"
REPLAYED = ("-s", f"WARC_REPLAY={SAMPLES}")
CHROMIUM = shutil.which("chromium")
HOSTILE = '<img src=x onerror="alert(1)">'


def a_run(number: int, **values: object) -> RunFigures:
    started = datetime(2026, 9, 1, 0, 0, tzinfo=UTC) + timedelta(hours=number)
    usual = {
        "id": f"{number}",
        "spider": "channel",
        "lists": ("gnxw", "zjxc"),
        "started": started,
        "ended": started + timedelta(minutes=9),
        "verdict": "all well",
        "articles": 40 + number % 7,
        "read": 60,
        "layouts": {"trs": 58, "fallback": 2},
        "warnings": {"no-source": 3},
        "examples": {"no-source": [f"https://zjnews.zjol.com.cn/a/t{number}.shtml"]},
        "rejected": {"http-404": number % 3},
        "requests": 90,
        "seconds": 540.0,
        "hosts": {"zjnews.zjol.com.cn": HostFigures(answers=80, seconds=40.0)},
    }
    return RunFigures(**(usual | values))  # type: ignore[arg-type]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Twenty runs, the last of which met another markup, and one of a newspaper."""
    path = tmp_path / "state.db"
    db = SqliteDatabase(path)
    for number in range(19):
        runs.note(db, a_run(number))
    runs.note(db, a_run(19, spider="paper", lists=("zjrb",), articles=7))
    findings = [
        Finding(name="layout/fallback", words=f"45 of 60 articles, usually 2 of 60 {HOSTILE}")
    ]
    runs.note(
        db,
        a_run(
            20,
            status=9,
            verdict="the site has changed",
            layouts={"trs": 15, "fallback": 45},
            warnings={"no-source": 3, HOSTILE: 1},
            examples={
                "no-source": ["javascript:alert(1)"],
                HOSTILE: [f"https://x.zjol.com.cn/{HOSTILE}"],
            },
            rejected={"http-404": 2, HOSTILE: 1},
            findings=findings,
            unread={"gnxw": HOSTILE},
            hosts={HOSTILE: HostFigures(answers=1, seconds=1.0)},
        ),
    )
    db.close()
    return path


def page_of(state: Path, folder: Path) -> html.HtmlElement:
    target = folder / "report.html"
    done = run([*SCRAPY, "report", str(state), "-o", str(target)])
    assert (done.returncode, done.stderr) == (0, "")
    return html.fromstring(target.read_bytes())


def section(page: html.HtmlElement, heading: str) -> html.HtmlElement:
    [found] = page.xpath(f"//section[h2 = '{heading}']")
    return found


def test_each_spider_with_its_lists_has_a_section(state: Path, tmp_path: Path) -> None:
    page = page_of(state, tmp_path)
    assert page.xpath("//h2/text()") == ["channel gnxw, zjxc", "paper zjrb"]
    assert "7 articles of 60 read" in section(page, "paper zjrb").text_content()


def test_the_charts_have_a_column_a_run_oldest_first(state: Path, tmp_path: Path) -> None:
    charts = section(page_of(state, tmp_path), "channel gnxw, zjxc").xpath(".//figure")
    [articles] = [
        each for each in charts if each.xpath("figcaption")[0].text.startswith("Articles")
    ]
    said = articles.xpath(".//title/text()")
    assert [words.split(": ")[1].split(",")[0] for words in said] == [
        str(40 + number % 7) for number in (*range(19), 20)
    ]
    assert said[0].startswith("2026-09-01 08:00")  # in Beijing
    assert len(articles.xpath(".//rect[@class = 'bad']")) == 1
    [fallback] = [each for each in charts if "known layout" in each.xpath("figcaption")[0].text]
    heights = [float(each.get("height")) for each in fallback.xpath(".//rect")]
    assert max(heights) == heights[-1] == 100
    assert heights[0] == pytest.approx(100 * 2 / 45, abs=0.02)


def test_findings_warnings_rejects_and_hosts_are_named(state: Path, tmp_path: Path) -> None:
    words = section(page_of(state, tmp_path), "channel gnxw, zjxc").text_content()
    for what in (
        "status 9, the site has changed",
        "layout/fallback",
        "45 of 60 articles",
        "no-source",
        "http-404",
        "1.00 s",
    ):
        assert what in words


def test_examples_are_links(state: Path, tmp_path: Path) -> None:
    links = section(page_of(state, tmp_path), "paper zjrb").xpath(".//a/@href")
    assert links == ["https://zjnews.zjol.com.cn/a/t19.shtml"]


def test_nothing_that_a_page_says_is_markup_or_runs(state: Path, tmp_path: Path) -> None:
    page = page_of(state, tmp_path)
    assert HOSTILE in page.text_content()
    assert not page.xpath(
        "//img | //script | //*[@onerror] | //a[starts-with(@href, 'javascript')]"
    )


def test_the_page_is_whole_by_itself(state: Path, tmp_path: Path) -> None:
    page = page_of(state, tmp_path)
    assert not page.xpath("//@src | //link | //iframe | //object")
    [policy] = page.xpath("//meta[@http-equiv = 'Content-Security-Policy']/@content")
    assert policy.startswith("default-src 'none'")
    style = page.xpath("//style")[0].text
    assert "prefers-color-scheme: dark" in style
    assert "url(" not in style
    assert page.xpath("//meta[@name = 'viewport']")


def test_a_state_without_runs_gives_a_page(tmp_path: Path) -> None:
    assert b"0 runs" in report.html_of([], "state.db")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nothing.db"], "nothing.db: no such file"),
        (["README.md"], "README.md"),
        (["a.db", "b.db"], "give one state"),
        (["-s", "STATE_DB="], "give one state"),
    ],
)
def test_bad_arguments_are_one_line(arguments: list[str], says: str, tmp_path: Path) -> None:
    done = run([*SCRAPY, "report", *arguments, "-o", str(tmp_path / "x.html")])
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert says in done.stderr
    assert not (tmp_path / "x.html").exists()


# --- REPORT -----------------------------------------------------------------------------------------


def test_a_crawl_writes_the_page_of_its_runs(tmp_path: Path) -> None:
    target = tmp_path / "run.html"
    arguments = ("channel", "-a", "channels=zjnews", *REPLAYED, "-O", f"{tmp_path}/out.jsonl")
    done = run(scrapy_crawl(tmp_path, *arguments, "-s", f"REPORT={target}"))
    assert done.returncode == 0
    assert f"report in {target}" in done.stderr
    page = html.fromstring(target.read_bytes())
    words = section(page, "channel zjnews").text_content()
    assert "48 articles" in words
    assert "payload-differs" in words
    assert any("zjol.com.cn" in each for each in page.xpath("//a/@href"))


def test_a_report_that_cannot_be_is_refused_before_the_crawl(tmp_path: Path) -> None:
    out = ("-O", f"{tmp_path}/out.jsonl", "-s")
    archive = run(scrapy_crawl(tmp_path, "archive", "-a", f"path={SAMPLES}", *out, "REPORT=r.html"))
    channel = ("channel", "-a", "channels=zjnews", *REPLAYED, *out)
    nowhere = run(scrapy_crawl(tmp_path, *channel, f"REPORT={ROOT / 'README.md'}/r.html"))
    assert (archive.returncode, len(archive.stderr.splitlines())) == (2, 1)
    assert (nowhere.returncode, len(nowhere.stderr.splitlines())) == (3, 1)


# --- in a real browser ------------------------------------------------------------------------------


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
def test_chromium_lays_the_page_out_for_a_phone(state: Path, tmp_path: Path) -> None:
    page_of(state, tmp_path)
    done = subprocess.run(
        [
            str(CHROMIUM),
            *"--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync".split(),
            *"--disable-background-networking --disable-component-update --window-size=390,2000".split(),
            f"--user-data-dir={tmp_path / 'profile'}",
            f"--screenshot={tmp_path / 'phone.png'}",
            (tmp_path / "report.html").as_uri(),
        ],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "phone.png").stat().st_size > 20_000
