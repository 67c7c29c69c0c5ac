"""What a user sees: the command, its status, the feed, the summary. Every crawl here is a real one."""

import gzip
import shutil
from pathlib import Path

import pytest

from tests.command_line import ROOT, Run, crawl, run, scrapy_crawl
from tests.reading import PAGES
from tests.site_server import Answer, serve
from zjnews.items import RECORD_KEYS

SAMPLES = ROOT / "samples" / "zjol.warc.gz"
ARTICLE_TXT = ROOT.parent / "shared" / "site" / "article.txt"
ARTICLE = "http://zjnews.zjol.com.cn/zjnews/202503/t20250318_30845127.shtml"
VIDEO_PAGE = (PAGES / "trs" / "video" / "page.html").read_bytes()


# --- archive ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return crawl(tmp_path_factory.mktemp("samples"), "archive", "-a", f"path={SAMPLES}")


def test_the_bundled_site_gives_every_article_once(samples: Run) -> None:
    ids = [record["id"] for record in samples.records]
    assert samples.status == 0
    assert len(ids) == len(set(ids)) == 54


def test_every_record_has_the_keys_in_their_order(samples: Run) -> None:
    assert {tuple(record) for record in samples.records} == {RECORD_KEYS}


def test_the_bundled_site_shows_every_layout_and_both_languages(samples: Run) -> None:
    layouts = {"old", "trs2016", "trs", "county", "housing", "app", "paper", "english", "fallback"}
    assert {record["layout"] for record in samples.records} == layouts
    assert {record["language"] for record in samples.records} == {"zh", "en"}


def test_what_is_no_article_is_counted_by_reason(samples: Run) -> None:
    assert samples.rejected == {
        "duplicate": 5,
        "list-page": 7,
        "not-html": 2,
        "empty-page": 1,
        "http-301": 1,
        "http-404": 1,
        "meta-refresh": 1,
        "not-found-page": 1,
        "script-redirect": 1,
    }
    assert len(samples.lines) == sum(samples.rejected.values())
    assert samples.skipped == {"robots-txt": 23}


def test_the_summary_says_what_came_and_where_it_lies(samples: Run) -> None:
    assert "archive: 54 articles" in samples.errors
    assert "  layout        12  trs\n" in samples.errors
    assert "out.jsonl" in samples.errors.splitlines()[-2]
    assert samples.errors.splitlines()[-1] == "scrapy crawl: exit status 0, all well"


def test_no_text_of_the_bundled_site_holds_what_is_no_text(samples: Run) -> None:
    for record in samples.records:
        for trace in (
            "read more",
            "责任编辑",
            "Executive Editor",
            "版权所有",
            "原标题",
            "public html",
        ):
            assert trace not in record["text"], record["id"]
        if record["id"] != "trs:20241209:30697312":  # it writes about XML
            assert "]]>" not in record["text"]


def test_a_folder_takes_addresses_from_beside_its_pages(tmp_path: Path) -> None:
    folder = tmp_path / "pages"
    shutil.copytree(PAGES / "trs" / "video", folder / "with-response")
    for name, head in (("canonical", f'<link rel="canonical" href="{ARTICLE}">'), ("nothing", "")):
        (folder / name).mkdir()
        page = VIDEO_PAGE.replace(b"<head>", b"<head>" + head.encode(), 1)
        (folder / name / "saved.html").write_bytes(page)
    run = crawl(tmp_path, "archive", "-a", f"path={folder}")
    assert run.status == 0
    urls = {record["url"] for record in run.records}
    assert ARTICLE in urls
    assert (folder / "nothing" / "saved.html").as_uri() in urls
    assert len(urls) == 3


def test_one_number_on_two_days_is_two_articles(tmp_path: Path) -> None:
    folder = tmp_path / "pages"
    folder.mkdir()
    addresses = {
        "dinghai": "https://dhnews.zjol.com.cn/rd/202010/t20201015_2952164.shtml",
        "hangzhou": "https://zjnews.zjol.com.cn/zjnews/hznews/201703/t20170301_2952164.shtml",
        "copy": "https://www.zjol.com.cn/yw/201703/t20170301_2952164_ext.shtml",
    }
    for name, address in addresses.items():
        head = f'<head><link rel="canonical" href="{address}">'.encode()
        (folder / f"{name}.html").write_bytes(VIDEO_PAGE.replace(b"<head>", head, 1))
    run = crawl(tmp_path, "archive", "-a", f"path={folder}")
    assert run.ids == {"trs:20201015:2952164", "trs:20170301:2952164"}
    assert len(run.records) == 2


BAD_PAGES = {
    "empty-page": b"",
    "unreadable": b"\xff" * 4000,
    "too-large": b"<div>" * 4_200_000,
    "list-page": b"<ul class=listUl>"
    + "".join(
        f"<li class=listLi><a href=/a/{n}.shtml>第{n}条</a><span>2026年09月14日11时</span></li>"
        for n in range(40)
    ).encode(),
    "not-found-page": "<html><head><title>404</title></head><body>您访问的页面不存在</body></html>".encode(),
    "script-redirect": b'<script>location.replace("https://zjnews.zjol.com.cn/x.shtml")</script>',
    "meta-refresh": b'<meta http-equiv=refresh content="0; url=https://www.zjol.com.cn/">',
    "not-html": b'{"title": "\xe8\x8c\xb6"}',
    "no-article": "<html><body><div>短</div></body></html>".encode(),
}


def test_bad_pages_are_counted_and_the_crawl_goes_on(tmp_path: Path) -> None:
    folder = tmp_path / "pages"
    folder.mkdir()
    for reason, body in BAD_PAGES.items():
        (folder / f"{reason}.html").write_bytes(body)
    (folder / "zzz-good.html").write_bytes(VIDEO_PAGE)
    run = crawl(tmp_path, "archive", "-a", f"path={folder}")
    assert run.rejected == dict.fromkeys(BAD_PAGES, 1)
    assert len(run.lines) == len(BAD_PAGES)
    assert len(run.records) == 1
    assert "Traceback" not in run.errors
    assert run.status == 0


def test_a_missing_file_is_one_line_one_count_and_status_2(tmp_path: Path) -> None:
    run = crawl(tmp_path, "archive", "-a", "path=/nowhere.warc.gz")
    assert (run.status, run.rejected, len(run.lines)) == (2, {"missing-file": 1}, 1)
    assert "Traceback" not in run.errors


def test_of_several_paths_the_missing_one_is_counted(tmp_path: Path) -> None:
    run = crawl(tmp_path, "archive", "-a", f"path=/nowhere.html,{PAGES / 'trs'}")
    assert (run.status, run.rejected) == (0, {"missing-file": 1})
    assert len(run.records) == len(list((PAGES / "trs").iterdir()))


def test_a_broken_warc_loses_only_what_is_damaged(tmp_path: Path) -> None:
    damaged = bytearray(SAMPLES.read_bytes())
    damaged[200_000:200_050] = bytes(50)
    (tmp_path / "damaged.warc.gz").write_bytes(damaged)
    run = crawl(tmp_path, "archive", "-a", f"path={tmp_path / 'damaged.warc.gz'}")
    assert run.rejected["broken-warc"] == 1
    assert len(run.records) == 53
    assert "Traceback" not in run.errors


def test_a_cut_off_warc_gives_what_is_whole(tmp_path: Path) -> None:
    (tmp_path / "cut.warc.gz").write_bytes(SAMPLES.read_bytes()[:300_000])
    run = crawl(tmp_path, "archive", "-a", f"path={tmp_path / 'cut.warc.gz'}")
    assert run.rejected["broken-warc"] == 1
    assert 20 < len(run.records) < 54


@pytest.mark.parametrize("name", ["junk.warc.gz", "junk.warc"])
def test_junk_is_no_warc(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"not a warc at all\n" * 100)
    run = crawl(tmp_path, "archive", "-a", f"path={tmp_path / name}")
    assert run.rejected == {"broken-warc": 1}
    assert "Traceback" not in run.errors


def test_an_uncompressed_warc_gives_the_same(tmp_path: Path, samples: Run) -> None:
    (tmp_path / "plain.warc").write_bytes(gzip.decompress(SAMPLES.read_bytes()))
    run = crawl(tmp_path, "archive", "-a", f"path={tmp_path / 'plain.warc'}")
    assert run.records == samples.records


@pytest.mark.skipif(not ARTICLE_TXT.exists(), reason="the real page is not part of the project")
def test_the_real_page(tmp_path: Path) -> None:
    run = crawl(tmp_path, "archive", "-a", f"path={ARTICLE_TXT}")
    [record] = run.records
    assert record["id"] == "trs:11385584"
    assert record["title"] == "Zhejiang promotes modernization of provincial governance"
    assert record["published_at"] == "2019-11-22T04:03:34+08:00"
    assert record["source"] == "www.zjol.com.cn"
    assert record["editors"] == ["Wu Ziyi"]
    assert record["translators"] == ["Wu Ziyi", "Chen Wenjing"]
    assert len(record["keywords"]) == 10
    assert [image["credit"] for image in record["images"]] == ["VCG"]
    types = [block["type"] for block in record["body"]]
    assert (types.count("heading"), types.count("paragraph")) == (3, 5)
    texts = record["text"].split("\n\n")
    assert len(texts) == len(set(texts)) == 8
    for trace in ("]]>", "read more", "Editor", "Translation", "VCG"):
        assert trace not in record["text"]


# --- bad arguments ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["archive"], "path is missing"),
        (["archive", "-a", "path="], "path is missing"),
        (["archive", "-a", "pth=x"], "no argument 'pth'; accepted: -a path=…"),
        (["archive", "-a", "path"], "use -a NAME=VALUE"),
        (["article"], "give -a url="),
        (["article", "-a", "urls=x"], "no argument 'urls'; accepted: -a url=…, -a file=…"),
        (["nosuch"], "no spider 'nosuch'; known: archive, article"),
        ([], "give one spider"),
    ],
)
def test_bad_arguments_are_one_line_and_status_2(
    tmp_path: Path, arguments: list[str], says: str
) -> None:
    run = crawl(tmp_path, *arguments)
    assert run.status == 2
    assert says in run.errors
    assert len(run.errors.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("foo", "unknown-address"),
        ("https://tidenews.com.cn/news.html?id=2565525", "off-site"),
        ("https://zjol.com.cn.evil.com/202609/t20260924_1.shtml", "off-site"),
        ("http://img.zjol.com.cn/mlf/W02.jpg", "not-html"),
    ],
)
def test_addresses_that_cannot_be_read(tmp_path: Path, url: str, reason: str) -> None:
    run = crawl(tmp_path, "article", "-a", f"url={url}")
    assert (run.status, run.rejected) == (2, {reason: 1})


def test_a_missing_list_of_addresses(tmp_path: Path) -> None:
    run = crawl(tmp_path, "article", "-a", "file=/nowhere.txt")
    assert (run.status, run.rejected) == (2, {"missing-file": 1})


# --- article, from a real server --------------------------------------------------------------------


def test_articles_from_a_list_of_addresses(tmp_path: Path) -> None:
    base = "http://zjnews.zjol.com.cn/zjnews/202503/"
    answers = {
        ARTICLE: Answer(VIDEO_PAGE),
        f"{base}t20250318_30845127_ext.shtml": Answer(VIDEO_PAGE),
        "http://cs.zjol.com.cn/moved.shtml": Answer(status=302, location=ARTICLE),
        f"{base}t20250318_1.shtml": Answer(status=302, location="http://evil.example/t.shtml"),
        f"{base}t20250318_3.shtml": Answer(b"gone", 500),
        f"{base}t20250318_4.shtml": Answer(status=302, location=f"{base}t20250318_4.shtml?"),
        f"{base}t20250318_4.shtml?": Answer(status=302, location=f"{base}t20250318_4.shtml"),
        f"{base}t20250318_5.shtml": Answer(b"{}", content_type="application/json"),
        "http://zjnews.zjol.com.cn/robots.txt": Answer(
            b"User-agent: *\nDisallow: /secret/\n", 200, "text/plain"
        ),
    }
    listed = tmp_path / "list.txt"
    listed.write_text(
        "\ufeff# a comment\n"
        f"{ARTICLE}\n{base}t20250318_30845127_ext.shtml # its copy\n\n{base}t20250318_1.shtml\n"
        f"{base}t20250318_2.shtml\n{base}t20250318_3.shtml\n{base}t20250318_4.shtml\n{base}t20250318_5.shtml\n"
        "http://zjnews.zjol.com.cn/secret/202503/t20250318_6.shtml\nnonsense\nhttp://cs.zjol.com.cn/moved.shtml\n",
        "utf-8",
    )
    with serve(answers) as site:
        run = crawl(
            tmp_path,
            "article",
            "-a",
            f"file={listed}",
            "-s",
            "RETRY_TIMES=0",
            environment=site.environment,
        )
    assert [record["id"] for record in run.records] == ["trs:20250318:30845127"]
    assert run.rejected == {
        "duplicate": 2,
        "off-site": 1,
        "http-404": 1,
        "http-500": 1,
        "redirect-loop": 1,
        "not-html": 1,
        "robots-forbidden": 1,
        "unknown-address": 1,
    }
    assert not [url for url in site.requests if "evil" in url or "secret" in url]
    assert "Traceback" not in run.errors
    assert run.status == 0


def test_who_we_say_we_are(tmp_path: Path) -> None:
    with serve({ARTICLE: Answer(VIDEO_PAGE)}) as site:
        crawl(
            tmp_path,
            "article",
            "-a",
            f"url={ARTICLE}",
            "-s",
            "CONTACT=me@example.org",
            environment=site.environment,
        )
    assert all("zjnews/" in agent and "+me@example.org" in agent for agent in site.user_agents)
    assert all(agent.startswith("Mozilla/5.0 (X11; Linux x86_64;") for agent in site.user_agents)


def test_no_server_is_a_count_not_a_traceback(tmp_path: Path) -> None:
    with serve({}) as site:
        pass
    run = crawl(
        tmp_path,
        "article",
        "-a",
        f"url={ARTICLE}",
        "-s",
        "RETRY_TIMES=0",
        environment=site.environment,
    )
    assert run.rejected == {"download-failed": 1}
    assert "Traceback" not in run.errors
    assert "errors in the log" not in run.errors


@pytest.mark.parametrize(
    ("feed", "says"),
    [
        (["-O", "nosuch://x/out.jsonl"], "nosuch://x/out.jsonl: feeds cannot be stored there"),
        (
            ["-O", "out.jsonl", "-s", "FEED_EXPORT_BATCH_ITEM_COUNT=5"],
            "out.jsonl: a feed in batches needs %(batch_id)d in its name",
        ),
        (["-O", "out.exe"], "Unrecognized output format 'exe'"),
        (["-s", "REFRESH_HOURS=soon"], "REFRESH_HOURS=soon is no number of 0 or more"),
        (["-s", "REFRESH_HOURS=-1"], "REFRESH_HOURS=-1 is no number of 0 or more"),
        (["-s", "DROP_DUPLICATES=maybe"], "DROP_DUPLICATES=maybe is neither 1 nor 0"),
    ],
)
def test_bad_feeds_and_settings_are_one_line_and_status_2(
    tmp_path: Path, feed: list[str], says: str
) -> None:
    done = run(scrapy_crawl(tmp_path, "archive", "-a", f"path={PAGES / 'app'}", *feed))
    assert done.returncode == 2
    assert says in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_nothing_is_added_to_a_format_that_is_one_whole(tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    out.write_text("[]")
    command = scrapy_crawl(tmp_path, "archive", "-a", f"path={PAGES / 'app'}", "-o", str(out))
    done = run(command)
    assert done.returncode == 2
    assert f"{out}: nothing can be added to json; use -O" in done.stderr
