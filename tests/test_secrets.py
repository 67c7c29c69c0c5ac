"""What is shown: nothing secret, and nothing that steers a terminal or forges a line."""

import csv
import json
import logging
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.command_line import crawl, run, scrapy_crawl
from tests.site_server import Answer, serve
from zjnews.feeds.storages import has_credentials, place
from zjnews.state import logs
from zjnews.text.cleaning import fit_for_log, without_user

KEY, SECRET = "AKIAMADEUPKEY", "Sec/RET+made/up=1"
ARTICLE = "zjnews.zjol.com.cn/zjnews/202609/t20260914_60000001.shtml"
TEXT = "<p>渡口的早班船停了三天，今天又开了，船老大说风小了。</p>" * 6
PAGE = f"<html><h1>=早班船\x1b[2J\u202e又开了</h1><div class='artCon'>{TEXT}</div></html>"


@pytest.mark.parametrize(
    "arguments",
    [
        ("-o", f"s3://{KEY}:{SECRET}@bucket/x.jsonl", "-s", "FEED_EXPORT_BATCH_ITEM_COUNT=5"),
        ("-o", f"s3://{KEY}:{SECRET}@bucket/x-%(batch_id)d.jsonl", "-s", "FEED_PROBE=0"),
        ("-o", f"s3://{KEY}:{SECRET}@bucket/x.jsonl"),
        ("-o", f"s3://{SECRET}@bucket/x.jsonl", "-s", "FEED_PROBE=0"),
        ("-s", f"IMAGES_STORE=s3://{KEY}:{SECRET}@bucket"),
        ("-s", f"AWS_ACCESS_KEY_ID={KEY}", "-s", f"AWS_SECRET_ACCESS_KEY={SECRET}"),
        ("-s", f"FTP_PASSWORD={SECRET}", "-s", f"MAIL_PASS={SECRET}"),
    ],
)
def test_no_secret_is_shown_or_kept(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    url = f"http://{ARTICLE}"
    with serve({url: Answer(PAGE.encode())}) as site:
        run = crawl(
            tmp_path, "article", "-a", f"url={url}", "-s", "LOG_LEVEL=DEBUG", *arguments,
            environment=site.environment,
        )  # fmt: skip
    kept = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    for secret in (KEY, SECRET):
        assert secret not in run.errors
        assert not any(secret.encode() in text for text in kept)
    assert run.errors.strip()


def test_passwords_in_addresses_go_nowhere(tmp_path: Path) -> None:
    plain = f"http://{ARTICLE}"
    leads = "http://zjnews.zjol.com.cn/zjnews/202609/t20260914_60000002.shtml"
    gone = "http://zjnews.zjol.com.cn/zjnews/202609/t20260914_60000003.shtml"
    answers = {
        plain: Answer(PAGE.encode()),
        leads: Answer(status=302, location=f"http://me:geheim@{ARTICLE.replace('/', ':80/', 1)}"),
    }
    urls = [leads, gone.replace("://", "://me:geheim@"), "http://me:geheim@example.org/a.html"]
    with serve(answers) as site:
        run = crawl(
            tmp_path, "article", "-a", f"url={','.join(urls)}",
            "-s", f"WARC_DIR={tmp_path}/warc", "-s", "LOG_LEVEL=DEBUG",
            environment=site.environment,
        )  # fmt: skip
        assert not any(
            "geheim" in asked.url or "authorization" in asked.headers for asked in site.asked
        )
    assert run.rejected == {"http-404": 1, "off-site": 1}
    assert [record["url"] for record in run.records] == [plain]
    assert "geheim" not in run.errors.replace(f"url={','.join(urls)}", "")


def test_no_page_steers_a_terminal_or_forges_a_line(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    for n, end in enumerate(("\x1b]0;x\x07\nWARNING: rejected b", "\u202egpj.html")):
        url = f"http://{ARTICLE}?{end}"
        (folder / str(n)).mkdir(parents=True)
        (folder / str(n) / "page.html").write_text(PAGE, "utf-8")
        headers = {"Content-Type": "image/png\r\n\x1b[31m2026-01-01 [zjnews] ERROR: no"}
        answer = {"url": url, "headers": headers}
        (folder / str(n) / "response.json").write_text(json.dumps(answer), "utf-8")
    (folder / "x\x1b[2J\nERROR: y.warc.bz2").write_bytes(b"BZh")
    run = crawl(tmp_path, "archive", "-a", f"path={folder}", "-s", "LOG_LEVEL=DEBUG")
    assert run.rejected == {"not-html": 2, "unknown-file": 1}
    assert len(run.lines) == 3
    bad = {c for c in run.errors if not c.isprintable() and c != "\n"}
    assert not bad, bad
    assert not [line for line in run.errors.splitlines() if line.startswith(("WARNING", "ERROR"))]


@given(st.text())
def test_a_line_of_the_log_is_one_line(text: str) -> None:
    record = logs.FitRecord("zjnews", logging.INFO, "", 0, "rejected %s (%s)", (text, text), None)
    assert record.getMessage().isprintable()


@given(st.text(alphabet="ab:/@s3.?# ", max_size=60))
def test_what_stands_before_a_host_is_taken_off_and_nothing_else(text: str) -> None:
    assert without_user(f"http://host/{text.replace('://', '')}") == (
        f"http://host/{text.replace('://', '')}"
    )
    assert without_user(without_user(text)) == without_user(text)


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        (f"s3://{KEY}:{SECRET}@bucket/x.jsonl", "s3://bucket/x.jsonl"),
        ("http://me:geheim@zjol.com.cn/a@b", "http://zjol.com.cn/a@b"),
        ("see http://me@zjol.com.cn, ftp://u:p@h/x", "see http://zjol.com.cn, ftp://h/x"),
        ("s3://bucket/2026:09/a@b.jsonl", "s3://bucket/2026:09/a@b.jsonl"),
    ],
)
def test_passwords_are_taken_off(uri: str, shown: str) -> None:
    assert without_user(uri) == fit_for_log(uri) == shown
    assert has_credentials(uri) == (uri != shown)
    assert SECRET not in place(uri)


@pytest.mark.parametrize(("switch", "cell"), [("0", "=早班船"), ("1", "'=早班船")])
def test_a_cell_of_csv_is_no_formula_where_that_is_asked_for(
    tmp_path: Path, switch: str, cell: str
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "page.html").write_text(PAGE.replace("\x1b[2J\u202e又开了", ""), "utf-8")
    out = tmp_path / "out.csv"
    given = ("-s", f"CSV_FOR_SPREADSHEETS={switch}", "-a", f"path={folder}", "-O", str(out))
    done = run(scrapy_crawl(tmp_path, "archive", *given))
    assert done.returncode == 0, done.stderr
    with out.open(encoding="utf-8", newline="") as file:
        [row] = csv.DictReader(file)
    assert row["title"] == cell
