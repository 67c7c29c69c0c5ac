"""A corpus: what `scrapy corpus` makes of feeds, what a search finds, and what a browser is served."""

import asyncio
import bz2
import gzip
import json
import lzma
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html

from tests.command_line import ROOT, SCRAPY, run, start, wait_until
from zjnews.items import Article, Block, Image
from zjnews.review import browsing, records
from zjnews.review.browsing import application
from zjnews.review.corpus import Corpus, indexed, query_of

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

SAMPLES = ROOT / "samples" / "zjol.warc.gz"
CHROMIUM = shutil.which("chromium")
TITLE = "莫干山路一段今夜起夜间封闭三天"


def scrapy(*arguments: str, **how: Any) -> subprocess.CompletedProcess[str]:
    return run([*SCRAPY, *arguments], **how)


@pytest.fixture(scope="module")
def feeds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled site in every format that holds whole records."""
    folder = tmp_path_factory.mktemp("feeds")
    out = [
        part
        for kind in ("jsonl", "json", "csv", "parquet")
        for part in ("-O", f"{folder}/a.{kind}")
    ]
    done = scrapy("crawl", "archive", "-a", f"path={SAMPLES}", "-L", "ERROR", *out)
    assert done.returncode == 0, done.stderr
    return folder


def corpus(*arguments: object) -> subprocess.CompletedProcess[str]:
    return scrapy("corpus", *map(str, arguments))


def rows(path: Path, statement: str, *values: object) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as db:
        return db.execute(statement, values).fetchall()


def found(path: Path, words: str) -> set[str]:
    statement = (
        "SELECT id FROM articles WHERE number IN (SELECT rowid FROM search WHERE search MATCH ?)"
    )
    return {id_ for [id_] in rows(path, statement, query_of(words))}


def article(id_: str, **values: Any) -> str:
    return json.dumps(Article(id=id_, **values).record(), ensure_ascii=False) + "\n"


# --- what is read -----------------------------------------------------------------------------------

PACKED: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": zstd.compress,
}


def test_every_format_gives_the_same_corpus(feeds: Path, tmp_path: Path) -> None:
    lines = (feeds / "a.jsonl").read_bytes()
    expected = [json.loads(line) for line in lines.splitlines()]
    for path in feeds.iterdir():
        assert list(records.records_in(path)) == expected, path.name
    for name, pack in PACKED.items():
        (tmp_path / name).write_bytes(pack(lines))
        assert list(records.records_in(tmp_path / name)) == expected, name
    (tmp_path / "indented.json").write_text(json.dumps(expected, indent=4), "utf-8")
    assert list(records.records_in(tmp_path / "indented.json")) == expected


def test_the_tables_hold_what_the_feed_does(feeds: Path, tmp_path: Path) -> None:
    made = tmp_path / "c.db"
    done = corpus(feeds / "a.jsonl", "-o", made)
    assert (done.returncode, done.stdout) == (
        0,
        f"{made}: 54 new articles, 0 replaced; 54 in all\n",
    )
    written = [json.loads(line) for line in (feeds / "a.jsonl").read_text("utf-8").splitlines()]
    for record in written:
        [(title, text, body, day)] = rows(
            made, "SELECT title, text, body, day FROM articles WHERE id = ?", record["id"]
        )
        assert (title, text, json.loads(body)) == (record["title"], record["text"], record["body"])
        assert day == record["published_at"][:10]
    people = {(record["id"], "author", name) for record in written for name in record["authors"]}
    assert set(rows(made, "SELECT article, role, name FROM people WHERE role = 'author'")) == people
    pictures = sum(len(record["images"]) for record in written)
    assert rows(made, "SELECT count(*) FROM pictures") == [(pictures,)]
    sections = sum(len(record["sections"]) for record in written)
    assert rows(made, "SELECT count(*) FROM sections") == [(sections,)]


def test_a_later_run_adds_and_a_correction_replaces(tmp_path: Path) -> None:
    made, first, second = (tmp_path / name for name in ("c.db", "1.jsonl", "2.jsonl"))
    first.write_text(
        article("a", title="旧的题目", text="旧文", authors=["张三", "李四"]) + article("b")
    )
    second.write_text(
        article("a", title="新的题目", text="新文", revision=2, authors=["王五"]) + article("c")
    )
    corpus(first, "-o", made)
    assert "1 new article, 1 replaced; 3 in all" in corpus(second, "-o", made).stdout
    assert rows(made, "SELECT title, revision FROM articles WHERE id = 'a'") == [("新的题目", 2)]
    assert rows(made, "SELECT name FROM people") == [("王五",)]
    assert (found(made, "旧的"), found(made, "新的")) == (set(), {"a"})
    assert "1 older than what is there" in corpus(first, "-o", made).stdout
    assert found(made, "新的题目") == {"a"}


BROKEN = {
    "no JSON": ("{nonsense\n", "line 2: not JSON"),
    "no object": ("[1]\n", "line 2: not an object"),
    "no id": ('{"title": "x"}\n', "line 2: no id"),
    "a list that is none": ('{"id": "x", "authors": "张三"}\n', "line 2: authors is '张三'"),
    "a torn line": ('{"id": "x"', "line 2: the file ends inside it"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_record_is_named_and_loses_no_other(tmp_path: Path, name: str) -> None:
    line, says = BROKEN[name]
    feed = tmp_path / "a.jsonl"
    feed.write_text(article("a") + line + ("" if name == "a torn line" else article("b")))
    done = corpus(feed, "-o", tmp_path / "c.db")
    assert done.returncode == 6
    assert done.stderr.splitlines() == [f"scrapy corpus: {feed}: {says}"]
    assert len(rows(tmp_path / "c.db", "SELECT id FROM articles")) == (
        1 if name == "a torn line" else 2
    )


@pytest.mark.parametrize("name", PACKED)
def test_a_damaged_file_gives_what_is_before_the_damage(tmp_path: Path, name: str) -> None:
    lines = "".join(article(f"{n}", text=os.urandom(200).hex()) for n in range(2_000)).encode()
    packed = PACKED[name](lines)
    (tmp_path / "a").write_bytes(packed[: len(packed) // 2])
    done = corpus(tmp_path / "a", "-o", tmp_path / "c.db")
    assert (done.returncode, "Traceback" in done.stderr) == (6, False)
    assert re.search(r"damaged after|ends inside it|not JSON", done.stderr)
    if name != "bz2":  # whose blocks are larger than this file
        assert rows(tmp_path / "c.db", "SELECT count(*) > 0 FROM articles") == [(1,)]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["-o", "c.db"], "give feeds and a file"),
        (["nothing.jsonl", "-o", "c.db"], "nothing.jsonl: no such file"),
        (["README.md"], "give feeds and a file"),
        (["--nosuch", "-o", "c.db"], "no option '--nosuch'"),
    ],
)
def test_bad_arguments_are_one_line(arguments: list[str], says: str) -> None:
    done = corpus(*arguments)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert says in done.stderr


def test_another_database_is_refused(tmp_path: Path) -> None:
    other, feed = tmp_path / "other.db", tmp_path / "a.jsonl"
    feed.write_text(article("a"))
    with closing(sqlite3.connect(other)) as db:
        db.execute("CREATE TABLE mine (x)")
    done = corpus(feed, "-o", other)
    assert done.returncode == 2
    assert "a database of another kind" in done.stderr


def test_a_corpus_of_another_version_is_refused(tmp_path: Path) -> None:
    made, feed = tmp_path / "c.db", tmp_path / "a.jsonl"
    feed.write_text(article("a"))
    corpus(feed, "-o", made)
    with closing(sqlite3.connect(made)) as db:
        db.execute("PRAGMA user_version = 99")
    done = corpus(feed, "-o", made)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "is of version 99" in done.stderr


def test_of_a_folder_only_feeds_are_read(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.jsonl.gz").write_bytes(gzip.compress(article("a").encode()))
    (tmp_path / "b.jsonl").write_text(article("b"))
    (tmp_path / ".c.jsonl.part").write_text("unfinished")
    (tmp_path / "README.md").write_text("# not a feed")
    done = corpus(tmp_path, "-o", tmp_path / "c.db")
    assert (done.returncode, done.stderr) == (0, "")
    assert "2 new articles" in done.stdout


def test_half_a_character_is_stored_as_a_mark(tmp_path: Path) -> None:
    feed = tmp_path / "a.jsonl"
    feed.write_text('{"id": "a", "title": "x\\ud83d", "authors": ["\\ud83d"]}\n')
    assert corpus(feed, "-o", tmp_path / "c.db").returncode == 0
    assert rows(tmp_path / "c.db", "SELECT title FROM articles") == [("x\ufffd",)]


# --- search -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    ["莫干山", "莫干", "干山路", "路", "封闭三天", "莫干山路 三天", "莫干山 通益路"],
)
def test_a_word_of_any_length_finds_its_article(feeds: Path, tmp_path: Path, words: str) -> None:
    made = tmp_path / "c.db"
    corpus(feeds / "a.jsonl", "-o", made)
    assert "system:20170112:021419208" in found(made, words)


@given(st.text("浙江在线路ab1，。 ", max_size=30), st.text("浙江在线路ab1", min_size=1, max_size=4))
@settings(max_examples=300, deadline=None)
def test_a_search_finds_what_stands_in_the_text_and_nothing_else(text: str, word: str) -> None:
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute("CREATE VIRTUAL TABLE search USING fts5 (text, content='')")
        db.execute("INSERT INTO search (rowid, text) VALUES (1, ?)", [indexed(text)])
        hits = db.execute("SELECT rowid FROM search WHERE search MATCH ?", [query_of(word)])
        # Words of letters are found as a whole, runs of Chinese anywhere; between the two there may
        # be a space.
        parts = [re.escape(part) for part in re.findall("[ab1]+|[^ab1]+", word)]
        edges = ("(?<![ab1])" if word[0] in "ab1" else "", "(?![ab1])" if word[-1] in "ab1" else "")
        expected = bool(re.search("[，。 ]*".join(parts).join(edges), text))
        assert bool(hits.fetchall()) == expected


@given(st.text(max_size=40))
@settings(max_examples=300, deadline=None)
def test_whatever_is_typed_is_a_query(words: str) -> None:
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute("CREATE VIRTUAL TABLE search USING fts5 (text, content='')")
        db.execute(
            "SELECT rowid FROM search WHERE search MATCH ?", [query_of(words) or '""']
        ).fetchall()


# --- in a browser -----------------------------------------------------------------------------------

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def hostile(feeds: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled site, and an article whose page meant no good."""
    folder = tmp_path_factory.mktemp("hostile")
    bad = Article(
        id=f"url:{HOSTILE}",
        url="javascript:alert(1)",
        title=HOSTILE,
        source=HOSTILE,
        layout=HOSTILE,
        authors=[HOSTILE],
        sections=[HOSTILE],
        text=f"恶意文章{HOSTILE}",
        published_at="2030-01-01T00:00:00+08:00",
        body=[
            Block("paragraph", f"恶意文章{HOSTILE}"),
            Block("image", image=Image(url="javascript:alert(2)", caption=HOSTILE)),
            Block("table", rows=[[HOSTILE, "x"]]),
        ],
    )
    (folder / "bad.jsonl").write_text(json.dumps(bad.record()) + "\n")
    with Corpus(folder / "c.db") as made:
        list(made.add([feeds / "a.jsonl", folder / "bad.jsonl"]))
    return folder / "c.db"


def served(path: Path, *addresses: str) -> list[Any]:
    async def fetch() -> list[Any]:
        datasette = application(path)
        await datasette.invoke_startup()
        return [await datasette.client.get(address) for address in addresses]

    return asyncio.run(fetch())


def test_a_search_in_the_browser_finds_a_word_of_three_characters(hostile: Path) -> None:
    [page] = served(hostile, "/corpus/articles?_search=莫干山")
    links = html.fromstring(page.text).cssselect(".articles a")
    assert [each.text_content() for each in links] == [TITLE]
    [row] = served(hostile, links[0].get("href"))
    assert row.status_code == 200
    assert "因污水管道检修" in html.fromstring(row.text).cssselect(".text")[0].text_content()


def test_a_search_in_the_browser_stops_where_a_word_is_common(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = tmp_path / "a.jsonl"
    feed.write_text("".join(article(f"{n}", title=f"浙江第{n}条", text="x") for n in range(9)))
    corpus(feed, "-o", tmp_path / "c.db")
    monkeypatch.setattr(browsing, "_MOST_FOUND", 4)
    [page] = served(tmp_path / "c.db", "/corpus/articles.json?_search=浙江&_shape=objects")
    assert {row["id"] for row in page.json()["rows"]} == {"5", "6", "7", "8"}
    assert "4 at most" in page.json()["human_description_en"]


def test_articles_can_be_chosen_by_day_channel_source_layout_and_editor(hostile: Path) -> None:
    [page] = served(hostile, "/corpus/articles")
    titles = {
        each.text_content().split()[0]
        for each in html.fromstring(page.text).cssselect(".facet-info-name")
    }
    assert titles == {"day", "channel", "section", "source", "layout", "editor"}


def test_the_first_page_has_charts(hostile: Path) -> None:
    [page] = served(hostile, "/")
    tree = html.fromstring(page.text)
    [chart] = tree.cssselect("figure svg")
    years = {each.text_content().split(":")[0] for each in chart.cssselect("title")}
    assert {"2007", "2017", "2030"} <= years
    assert "trs2016" in tree.cssselect(".leading")[0].text_content()


def test_no_page_runs_or_links_what_a_page_of_the_site_says(hostile: Path) -> None:
    [listed] = served(hostile, "/corpus/articles?_search=恶意文章")
    [link] = html.fromstring(listed.text).cssselect(".articles a")
    pages = [
        listed,
        *served(
            hostile, "/", link.get("href"), "/corpus/people", "/corpus/pictures", "/corpus/articles"
        ),
    ]
    for page in pages:
        assert page.status_code == 200
        assert HOSTILE not in page.text
        assert not html.fromstring(page.text).xpath("//a[starts-with(@href, 'javascript')]")
        assert "default-src 'self'" in page.headers["content-security-policy"]
    assert HOSTILE in html.fromstring(pages[2].text).cssselect(".text")[0].text_content()


def test_no_page_loads_anything_from_elsewhere(hostile: Path) -> None:
    for page in served(
        hostile, "/", "/corpus/articles", "/corpus/articles/system~3A20170112~3A021419208"
    ):
        tree = html.fromstring(page.text)
        loaded = tree.xpath(
            "//script/@src | //img/@src | //link[@rel='stylesheet']/@href | //iframe/@src"
        )
        assert loaded
        assert all(each.startswith("/") and not each.startswith("//") for each in loaded)


def test_browse_serves_until_it_is_stopped(hostile: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = start([*SCRAPY, "browse", str(hostile), "--port", str(port)])
    address = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        connection = HTTPConnection("127.0.0.1", port)
        try:
            connection.request("GET", "/")
            return connection.getresponse().status == 200
        except ConnectionError:
            return False
        finally:
            connection.close()

    wait_until(answers)
    taken = scrapy("browse", str(hostile), "--port", str(port))
    assert (taken.returncode, len(taken.stderr.splitlines())) == (2, 1)
    if CHROMIUM:
        page = _in_chromium(f"{address}/corpus/articles?_search=莫干山", hostile.parent / "profile")
        assert [each.text_content() for each in page.cssselect(".articles a")] == [TITLE]
    server.send_signal(signal.SIGINT)
    _, errors = server.communicate()
    assert errors == f"scrapy browse: {hostile} on {address}/, until Ctrl-C\n"


def _in_chromium(address: str, profile: Path) -> Any:
    """The page as a real browser has it."""
    flags = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync"
    more = "--disable-background-networking --disable-component-update --dump-dom"
    command = [str(CHROMIUM), *flags.split(), *more.split(), f"--user-data-dir={profile}", address]
    done = subprocess.run(command, capture_output=True, check=True, encoding="utf-8")
    return html.fromstring(done.stdout)


@pytest.mark.parametrize("name", ["nothing.db", "feed.jsonl", "other.db"])
def test_browse_says_what_is_no_corpus(tmp_path: Path, name: str) -> None:
    (tmp_path / "feed.jsonl").write_text(article("a"))
    with closing(sqlite3.connect(tmp_path / "other.db")) as db:
        db.execute("CREATE TABLE mine (x)")
    done = scrapy("browse", str(tmp_path / name))
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert name in done.stderr
