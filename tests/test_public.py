"""What Python users import: `zjnews.read`, `Article`, `Rejected`; and the command `zjnews`."""

import logging
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

import zjnews
from tests.command_line import ROOT
from tests.reading import SAVED_PAGES
from zjnews.review.snapshots import Snapshot

AT = datetime(2026, 9, 15, 2, 0, 3, tzinfo=UTC)
URL = "https://zjnews.zjol.com.cn/zjnews/202609/t20260914_31234567.shtml"
PAGE = """<html><head><meta charset="gbk"></head><body><h1 class="artTitle">晨雾里的渡口</h1>
<div class="artInfo">2026-09-14 08:30 来源：浙江在线</div>
<div class="artCon"><p>渡口的早班船今天晚点了，艄公说雾太大，要等太阳出来。</p></div></body></html>"""


def test_a_page_is_read_without_settings() -> None:
    article = zjnews.read(PAGE.encode("gbk"), url=URL, fetched_at=AT)
    assert isinstance(article, zjnews.Article)
    assert article.title == "晨雾里的渡口"
    assert article.record()["published_at"] == "2026-09-14T08:30:00+08:00"
    assert article.record()["fetched_at"] == "2026-09-15T02:00:03+00:00"


def test_text_is_read_whatever_charset_it_names() -> None:
    assert zjnews.read(PAGE, url=URL).title == "晨雾里的渡口"


def test_a_page_without_a_time_is_read_now() -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    article = zjnews.read(PAGE, url=URL)
    assert before <= datetime.fromisoformat(article.fetched_at) <= datetime.now(UTC)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="fetched_at"):
        zjnews.read(PAGE, url=URL, fetched_at=datetime(2026, 9, 15))


@pytest.mark.parametrize(
    ("body", "content_type", "reason"),
    [
        (b"<p>", None, "no-article"),
        (b"%PDF-1.7", "application/pdf", "not-html"),
        (b"", None, "empty-page"),
    ],
)
def test_what_is_no_article_is_rejected_by_its_reason(
    body: bytes, content_type: str | None, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises(zjnews.Rejected) as rejected:
        zjnews.read(body, url=URL, content_type=content_type)
    assert rejected.value.reason == reason
    assert not caplog.records


@pytest.mark.parametrize("saved", SAVED_PAGES[::12], ids=lambda saved: saved.name)
def test_it_gives_the_record_of_a_crawl(saved: Snapshot) -> None:
    page = saved.page
    article = zjnews.read(
        page.body, url=page.url, content_type=page.content_type, fetched_at=page.fetched_at
    )
    assert article.record() == saved.expected


def test_importing_it_loads_neither_scrapy_nor_a_parser() -> None:
    code = "import sys, zjnews; print(sorted({'scrapy', 'lxml', 'twisted'} & sys.modules.keys()))"
    out = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True)
    assert out.stdout == b"[]\n"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which the wheel of the project was installed; its dependencies are ours."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"  # setuptools leaves a build/ where it builds
    source.mkdir()
    for path in ROOT.iterdir():
        if not path.name.startswith(".") and path.name != "build" and path.suffix != ".egg-info":
            (source / path.name).symlink_to(path)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    offline = ["--no-index", "--no-deps"]
    build = [*pip, "wheel", *offline, "--no-build-isolation", f"--wheel-dir={folder}", str(source)]
    subprocess.run(build, check=True)
    [wheel] = folder.glob("*.whl")
    target = folder / "installed"
    subprocess.run([*pip, "install", *offline, f"--target={target}", str(wheel)], check=True)
    return target


def test_the_wheel_holds_the_package_with_its_data_and_nothing_else(installed: Path) -> None:
    in_tree = {
        path.relative_to(ROOT)
        for path in (ROOT / "zjnews").rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    in_wheel = {
        path.relative_to(installed)
        for path in installed.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    others = {path for path in in_wheel - in_tree if not path.parts[0].endswith(".dist-info")}
    assert in_tree <= in_wheel
    assert others == {Path("bin/zjnews")}


def test_the_installed_command_crawls_from_any_folder(installed: Path, tmp_path: Path) -> None:
    site = f"path={ROOT}/samples/zjol.warc.gz"
    run = subprocess.run(
        [installed / "bin" / "zjnews", "crawl", "archive", "-a", site, "-O", "out.jsonl"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(installed)},
        capture_output=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr.decode()
    assert run.stderr.decode().splitlines()[-1] == "zjnews crawl: exit status 0, all well"
    assert len((tmp_path / "out.jsonl").read_text("utf-8").splitlines()) > 50
