"""Feeds written to real files, read back by programs that are not ours."""

import csv
import gzip
import io
import json
import sys
from dataclasses import asdict, fields
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import duckdb
import feedparser
import lxml.html
import pandas
import pyarrow.json
import pyarrow.parquet
import pytest
from lxml import etree
from scrapy.exceptions import NotConfigured
from scrapy.exporters import BaseItemExporter, JsonLinesItemExporter
from scrapy.extensions.postprocessing import PostProcessingManager
from scrapy.utils.misc import build_from_crawler
from scrapy.utils.test import get_crawler

from tests.command_line import command_line, run
from tests.reading import PAGES, SAVED_PAGES, read_article, record_of
from zjnews.feeds.csv_files import CsvExporter
from zjnews.feeds.parquet import ParquetExporter
from zjnews.feeds.syndication import AtomExporter, RssExporter, SyndicationExporter
from zjnews.items import RECORD_KEYS, Image

csv.field_size_limit(10_000_000)

BLOCK_KEYS = {
    "paragraph": ("text",),
    "heading": ("text",),
    "image": tuple(field.name for field in fields(Image)),
    "table": ("rows",),
    "video": ("url",),
}
FEEDS = [RssExporter, AtomExporter]
EXPORTERS = [CsvExporter, ParquetExporter, *FEEDS]
ATOM = "{http://www.w3.org/2005/Atom}"
SAVED = [record_of(saved) for saved in SAVED_PAGES]
LISTS = [key for key, value in SAVED[0].items() if isinstance(value, list)]
TIMES = ["published_at", "modified_at", "fetched_at"]


def altered(number: int, **changes: Any) -> dict[str, Any]:
    return {**SAVED[0], "id": f"trs:{number}", **changes}


def paragraphs(*texts: str) -> dict[str, Any]:
    body = [{"type": "paragraph", "text": text} for text in texts]
    return {"body": body, "text": "\n\n".join(texts)}


def picture(**known: str) -> dict[str, Any]:
    return {"type": "image", **asdict(Image(**known))}


QUOTES = altered(
    1,
    title='He said "hi", she\tleft; 他说：“好”，🎉\'',
    summary='第一行\n第二行\r\n,""\n',
    authors=["a, b", 'c"d', "e;f", "['g']", "null", ""],
    **paragraphs("<script>alert(1)</script> & &amp; ]]>", "👨‍👩‍👧 𠮷野家", "=1+1"),
)
NOTHING = altered(
    2,
    **{
        key: None
        for key, value in SAVED[0].items()
        if isinstance(value, str)
        and key
        not in (
            "id",
            "url",
            "canonical_url",
            "layout",
            "language",
            "text",
            "content_hash",
            "fetched_at",
        )
    },
    **{key: [] for key in LISTS},
    text="",
)
FORBIDDEN = altered(
    3, title="a\x01b\x0bc\x1b\x7f", summary="\x08", keywords=["\x0c"], **paragraphs("x\ufffey\x02z")
)
BLOCKS = altered(
    4,
    body=[
        {"type": "heading", "text": "标题 <b>"},
        picture(alt="a.jpg"),
        picture(caption="说明"),
        picture(url="https://a.cn/b?c=1&d=2", credit="张三", alt='"'),
        {"type": "table", "rows": [["a", ""], ["b\tc", "<td>"]]},
        {"type": "video", "url": "https://a.cn/v.mp4"},
    ],
)
RECORDS = [*SAVED, QUOTES, NOTHING, FORBIDDEN, BLOCKS]


def days(count: int) -> list[dict[str, Any]]:
    """Records of one day each, the latest first."""
    last = datetime(2026, 9, 15, 8, tzinfo=timezone(timedelta(hours=8)))
    return [
        altered(n, published_at=(last - timedelta(days=n)).isoformat(), modified_at=None)
        for n in range(count)
    ]


def exporter(
    cls: type[BaseItemExporter],
    file: Any,
    settings: dict[str, Any] | None = None,
    **options: Any,
) -> Any:
    """Made as Scrapy makes it."""
    options.setdefault("fields_to_export", list(RECORD_KEYS))
    return build_from_crawler(cls, get_crawler(settings_dict=settings), file, **options)


def export(
    path: Path,
    cls: type[BaseItemExporter],
    given: list[Any],
    mode: str = "wb",
    settings: dict[str, Any] | None = None,
    **options: Any,
) -> Path:
    with path.open(mode) as file:
        feed = exporter(cls, file, settings, **options)
        feed.start_exporting()
        for item in given:
            feed.export_item(item)
        feed.finish_exporting()
        assert not file.closed
    return path


# --- CSV ---------------------------------------------------------------------------------------


def uncelled(row: dict[str, str]) -> dict[str, Any]:
    """The record of a line of CSV."""
    values: dict[str, Any] = {}
    for key, cell in row.items():
        if key in LISTS or key in ("page_count", "revision"):
            values[key] = json.loads(cell)
        else:
            values[key] = cell if cell or key == "text" else None
    return values


def read_csv(path: Path, encoding: str = "utf-8") -> list[dict[str, str]]:
    with path.open(encoding=encoding, newline="") as file:
        return list(csv.DictReader(file))


def test_csv_is_read_back_whole(tmp_path: Path) -> None:
    path = export(tmp_path / "a.csv", CsvExporter, RECORDS)
    assert not path.read_bytes().startswith(b"\xef\xbb\xbf")
    rows = read_csv(path)
    assert list(rows[0]) == list(RECORD_KEYS)
    assert [uncelled(row) for row in rows] == RECORDS


def test_csv_in_pandas(tmp_path: Path) -> None:
    path = export(tmp_path / "a.csv", CsvExporter, RECORDS)
    frame = pandas.read_csv(path, dtype=str, keep_default_na=False)
    assert [uncelled(row) for row in frame.to_dict("records")] == RECORDS
    plain = pandas.read_csv(path)
    assert list(plain.title.isna()) == [record["title"] is None for record in RECORDS]
    assert plain.revision.sum() == len(RECORDS)


def test_csv_in_duckdb(tmp_path: Path) -> None:
    path = export(tmp_path / "a.csv", CsvExporter, RECORDS)
    query = "select id, from_json(authors, '[\"varchar\"]') from read_csv(?, all_varchar = true)"
    found = dict(duckdb.execute(query, [str(path)]).fetchall())
    assert found == {record["id"]: record["authors"] for record in RECORDS}


def test_csv_with_chosen_and_named_fields_and_a_mark_for_excel(tmp_path: Path) -> None:
    fields = {"title": "标题", "authors": "作者"}
    path = export(
        tmp_path / "a.csv", CsvExporter, [QUOTES], fields_to_export=fields, encoding="utf-8-sig"
    )
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    [row] = read_csv(path, "utf-8-sig")
    assert row["标题"] == QUOTES["title"]
    assert json.loads(row["作者"]) == QUOTES["authors"]


def test_csv_that_is_appended_to_has_one_line_of_headers(tmp_path: Path) -> None:
    for item in (QUOTES, BLOCKS):
        path = export(tmp_path / "a.csv", CsvExporter, [item], mode="ab", encoding="utf-8-sig")
    assert [uncelled(row) for row in read_csv(path, "utf-8-sig")] == [QUOTES, BLOCKS]


# --- Parquet -----------------------------------------------------------------------------------


def unstructured(row: dict[str, Any]) -> dict[str, Any]:
    """The record of a row of Parquet."""
    values = dict(row)
    for key in TIMES:
        values[key] = values[key].isoformat() if values[key] else None
    values["body"] = [
        {"type": block["type"], **{key: block[key] for key in BLOCK_KEYS[block["type"]]}}
        for block in row["body"]
    ]
    return values


def test_parquet_is_read_back_whole(tmp_path: Path) -> None:
    path = export(tmp_path / "a.parquet", ParquetExporter, RECORDS)
    table = pyarrow.parquet.read_table(path)
    assert table.column_names == list(RECORD_KEYS)
    assert [unstructured(row) for row in table.to_pylist()] == RECORDS
    assert table.schema.field("revision").type == pyarrow.int32()


def test_parquet_in_pandas_shows_the_day_of_the_page(tmp_path: Path) -> None:
    path = export(tmp_path / "a.parquet", ParquetExporter, RECORDS)
    frame = pandas.read_parquet(path)
    printed = [record["published_at"][:10] for record in RECORDS if record["published_at"]]
    assert [str(day) for day in frame.published_at.dropna().dt.date] == printed
    assert [list(names) for names in frame.authors] == [record["authors"] for record in RECORDS]


def test_parquet_and_json_lines_are_the_same_in_duckdb(tmp_path: Path) -> None:
    parquet = export(tmp_path / "a.parquet", ParquetExporter, RECORDS)
    lines = export(tmp_path / "a.jsonl", JsonLinesItemExporter, RECORDS, encoding="utf-8")
    query = """
        select id, title, epoch_us(published_at::timestamptz), epoch_us(fetched_at::timestamptz),
            authors, text, len(body), [b.text for b in body], revision,
            [i.url for i in images], [v.url for v in videos]
        from {} order by id
    """
    found = [
        duckdb.execute(query.format(table), [str(path)]).fetchall()
        for table, path in (("read_parquet(?)", parquet), ("read_json(?)", lines))
    ]
    assert found[0] == found[1]
    assert [row[1] for row in found[0]] == [
        r["title"] for r in sorted(RECORDS, key=lambda r: r["id"])
    ]


def test_json_lines_in_pandas_and_pyarrow(tmp_path: Path) -> None:
    path = export(tmp_path / "a.jsonl", JsonLinesItemExporter, RECORDS, encoding="utf-8")
    frame = pandas.read_json(path, lines=True, dtype=False)
    assert list(frame.text) == [record["text"] for record in RECORDS]
    assert list(frame.body) == [record["body"] for record in RECORDS]
    assert pyarrow.json.read_json(path).column("authors").to_pylist() == [
        record["authors"] for record in RECORDS
    ]


def test_parquet_comes_in_row_groups_and_holds_no_more(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    with path.open("wb") as file:
        feed = exporter(ParquetExporter, file, row_group_size=64)
        feed.start_exporting()
        for item in days(200):
            feed.export_item(item)
            assert len(feed.rows) < 64
        feed.finish_exporting()
    about = pyarrow.parquet.ParquetFile(path).metadata
    sizes = [about.row_group(n).num_rows for n in range(about.num_row_groups)]
    assert sizes == [64, 64, 64, 8]
    assert about.row_group(0).column(0).compression == "ZSTD"


def test_parquet_without_a_record_has_the_columns(tmp_path: Path) -> None:
    path = export(tmp_path / "a.parquet", ParquetExporter, [])
    full = export(tmp_path / "b.parquet", ParquetExporter, RECORDS)
    assert pyarrow.parquet.read_schema(path) == pyarrow.parquet.read_schema(full)
    assert duckdb.execute("select count(*) from read_parquet(?)", [str(path)]).fetchall() == [(0,)]


def test_parquet_with_chosen_and_named_fields(tmp_path: Path) -> None:
    fields = {"title": "标题", "published_at": "when"}
    path = export(tmp_path / "a.parquet", ParquetExporter, [QUOTES], fields_to_export=fields)
    [row] = pyarrow.parquet.read_table(path).to_pylist()
    assert list(row) == ["标题", "when"]
    assert row["when"] == datetime.fromisoformat(QUOTES["published_at"])


def test_parquet_with_a_field_that_no_record_has() -> None:
    with pytest.raises(NotConfigured, match="the record has no writer"):
        exporter(ParquetExporter, io.BytesIO(), fields_to_export=["id", "writer"])


def test_parquet_without_pyarrow_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(NotConfigured, match="pip install pyarrow"):
        exporter(ParquetExporter, io.BytesIO())


# --- RSS and Atom ------------------------------------------------------------------------------


def parsed(path: Path) -> Any:
    feed = feedparser.parse(path.read_bytes())
    assert not feed.bozo, feed.bozo_exception
    return feed


def when(text: str) -> datetime:
    """A date as RSS or Atom has it."""
    return datetime.fromisoformat(text) if text[:4].isdigit() else parsedate_to_datetime(text)


def shown(entry: Any) -> str:
    return lxml.html.fromstring(f"<div>{entry.content[0].value}</div>").text_content()


@pytest.mark.parametrize("cls", FEEDS)
def test_feed_brings_every_article(tmp_path: Path, cls: type[SyndicationExporter]) -> None:
    feed = parsed(export(tmp_path / "a.xml", cls, RECORDS, items=0))
    assert feed.version == {"RSS": "rss20", "Atom": "atom10"}[cls.name]
    entries = {entry.id: entry for entry in feed.entries}
    assert entries.keys() == {record["id"] for record in RECORDS}
    for item in SAVED:
        entry = entries[item["id"]]
        assert entry.title == item["title"] or item["text"].startswith(entry.title.rstrip("…"))
        is_web = item["canonical_url"].startswith("http")
        links = [link.href for link in entry.get("links", []) if link.rel == "alternate"]
        assert links == ([item["canonical_url"]] if is_web else [])
        assert not is_web or not entry.guidislink
        published = item["published_at"] or (cls is RssExporter and item["fetched_at"])
        if published:
            assert when(entry.published) == datetime.fromisoformat(published)
        if item["modified_at"]:
            assert when(entry.updated) == datetime.fromisoformat(item["modified_at"])
        names = item["authors"] or ([item["source"]] if item["source"] else [])
        assert [author.name for author in entry.get("authors", [])] == names
        assert [tag.term for tag in entry.get("tags", [])] == item["sections"][-1:]
        content = shown(entry)
        assert all(text in content for text in item["text"].split("\n\n"))


@pytest.mark.parametrize("cls", FEEDS)
def test_feed_is_escaped(tmp_path: Path, cls: type[SyndicationExporter]) -> None:
    path = export(tmp_path / "a.xml", cls, [QUOTES, FORBIDDEN, BLOCKS, NOTHING], items=0)
    entries = {entry.id: entry for entry in parsed(path).entries}
    assert entries["trs:1"].title == QUOTES["title"]
    assert shown(entries["trs:1"]).split("\n") == QUOTES["text"].split("\n\n")
    assert entries["trs:3"].title == "abc\x7f"
    assert shown(entries["trs:3"]) == "xyz"
    assert entries["trs:2"].title == "trs:2"
    content = entries["trs:4"].content[0].value
    assert "<h2>标题 &lt;b&gt;</h2>" in content
    assert "<figure><figcaption>说明</figcaption></figure>" in content
    assert 'src="https://a.cn/b?c=1&amp;d=2"' in content
    assert "<td>&lt;td&gt;</td>" in content
    assert '<a href="https://a.cn/v.mp4">' in content
    assert content.count("<figure>") == 2


@pytest.mark.parametrize("cls", FEEDS)
@pytest.mark.parametrize("items", [1, 7, 50])
def test_feed_keeps_the_newest(tmp_path: Path, cls: type[SyndicationExporter], items: int) -> None:
    records = days(200)
    mixed = records[1::2] + records[-2::-2]
    path = tmp_path / "a.xml"
    with path.open("wb") as file:
        feed = exporter(cls, file, {"RSS_ITEMS": str(items)})
        feed.start_exporting()
        for item in mixed:
            feed.export_item(item)
            assert len(feed.entries) < max(2 * items, 2)
        feed.finish_exporting()
    assert [entry.id for entry in parsed(path).entries] == [r["id"] for r in records[:items]]


@pytest.mark.parametrize("cls", FEEDS)
def test_feed_has_the_last_revision_once(tmp_path: Path, cls: type[SyndicationExporter]) -> None:
    old, other = days(2)
    changed = "2026-09-16T10:00:00+08:00"
    new = {**old, "title": "更正", "revision": 2, "modified_at": changed}
    entries = parsed(export(tmp_path / "a.xml", cls, [old, other, new])).entries
    assert [entry.title for entry in entries] == ["更正", other["title"]]
    assert when(entries[0].updated) == datetime.fromisoformat(changed)
    assert when(entries[0].published) == datetime.fromisoformat(old["published_at"])


def test_rss_has_what_rss_asks_for(tmp_path: Path) -> None:
    path = export(tmp_path / "a.rss", RssExporter, RECORDS)
    [channel] = etree.parse(path).getroot()
    assert [channel.findtext(name) for name in ("title", "link", "language")] == [
        "浙江在线",
        "https://www.zjol.com.cn/",
        "zh-cn",
    ]
    assert channel.findtext("description")
    items = channel.findall("item")
    assert len(items) == 50
    for item in items:
        assert item.findtext("title")
        assert (item.findtext("link") or "https:").startswith("http")
        assert item.find("guid").get("isPermaLink") == "false"
        assert item.findtext("pubDate").endswith(("+0800", "+0000"))


def test_atom_has_what_atom_asks_for(tmp_path: Path) -> None:
    path = export(tmp_path / "a.atom", AtomExporter, RECORDS, feed_url="https://example.org/a.atom")
    feed = etree.parse(path).getroot()
    links = {link.get("rel"): link.get("href") for link in feed.findall(f"{ATOM}link")}
    assert links == {"alternate": "https://www.zjol.com.cn/", "self": "https://example.org/a.atom"}
    assert feed.findtext(f"{ATOM}author/{ATOM}name") == "浙江在线"
    for element in (feed, *feed.findall(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            assert len(element.findall(ATOM + name)) == 1 and element.findtext(ATOM + name)
        assert datetime.fromisoformat(element.findtext(f"{ATOM}updated")).tzinfo
    ids = [entry.findtext(f"{ATOM}id") for entry in feed.findall(f"{ATOM}entry")]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("cls", FEEDS)
def test_feed_names_the_first_picture(tmp_path: Path, cls: type[SyndicationExporter]) -> None:
    pictures = [
        asdict(Image(url))
        for url in (None, "https://a.cn/noname", "https://a.cn/图.png", "https://a.cn/2.jpg")
    ]
    [entry] = parsed(export(tmp_path / "a.xml", cls, [altered(1, images=pictures)])).entries
    [picture] = entry.enclosures
    assert (picture.href, picture.type) == ("https://a.cn/%E5%9B%BE.png", "image/png")


@pytest.mark.parametrize("cls", FEEDS)
def test_feed_without_a_record_or_a_title(tmp_path: Path, cls: type[SyndicationExporter]) -> None:
    settings = {"RSS_TITLE": "我的", "RSS_ITEMS": 3}
    empty = parsed(export(tmp_path / "a.xml", cls, [], settings=settings))
    assert (empty.feed.title, empty.entries) == ("我的", [])
    nameless = altered(1, title=None, **paragraphs("字" * 60, "二"))
    full = parsed(export(tmp_path / "b.xml", cls, [nameless], settings=settings, title="它的"))
    assert (full.feed.title, full.entries[0].title) == ("它的", "字" * 40 + "…")


# --- All ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("cls", EXPORTERS)
def test_behind_a_compressor_is_the_same(tmp_path: Path, cls: type[BaseItemExporter]) -> None:
    with (tmp_path / "a.gz").open("wb") as file:
        packed = PostProcessingManager(["scrapy.extensions.postprocessing.GzipPlugin"], file, {})
        feed = exporter(cls, packed)
        feed.start_exporting()
        feed.export_item(QUOTES)
        feed.finish_exporting()
        packed.close()
    plain = export(tmp_path / "a", cls, [QUOTES])
    assert gzip.decompress((tmp_path / "a.gz").read_bytes()) == plain.read_bytes()


@pytest.mark.parametrize("cls", EXPORTERS)
def test_an_article_is_exported_as_its_record(tmp_path: Path, cls: type[BaseItemExporter]) -> None:
    saved = SAVED_PAGES[0].page
    article = read_article(saved.body, saved.url, saved.content_type, saved.fetched_at)
    written = [
        export(tmp_path / str(n), cls, [item]) for n, item in enumerate((article, article.record()))
    ]
    assert written[0].read_bytes() == written[1].read_bytes()


@pytest.mark.parametrize("cls", [ParquetExporter, RssExporter, AtomExporter])
def test_a_whole_document_is_not_appended_to(tmp_path: Path, cls: type[BaseItemExporter]) -> None:
    path = export(tmp_path / "a", cls, [QUOTES], mode="ab")
    before = path.read_bytes()
    with pytest.raises(NotConfigured, match="nothing can be appended"):
        export(path, cls, [BLOCKS], mode="ab")
    assert path.read_bytes() == before


def test_all_in_one_crawl(tmp_path: Path) -> None:
    formats = {
        "csv": "csv_files.CsvExporter",
        "parquet": "parquet.ParquetExporter",
        "rss": "syndication.RssExporter",
        "atom": "syndication.AtomExporter",
    }
    exporters = {name: f"zjnews.feeds.{path}" for name, path in formats.items()}
    outs = [part for name in formats for part in ("-O", f"{tmp_path}/out.{name}")]
    command = command_line(
        tmp_path,
        *("archive", "-a", f"path={PAGES}", "-s", f"FEED_EXPORTERS={json.dumps(exporters)}"),
        *("-s", "RSS_ITEMS=0"),
        *outs,
        out=tmp_path / "out.jsonl",
    )
    done = run(command)
    assert done.returncode == 0, done.stderr
    lines = (tmp_path / "out.jsonl").read_text("utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    assert len(records) == len(SAVED)
    assert [uncelled(row) for row in read_csv(tmp_path / "out.csv")] == records
    rows = pyarrow.parquet.read_table(tmp_path / "out.parquet").to_pylist()
    assert [unstructured(row) for row in rows] == records
    for name in ("rss", "atom"):
        assert {e.id for e in parsed(tmp_path / f"out.{name}").entries} == {
            r["id"] for r in records
        }


# --- feeds for readers over several runs ------------------------------------------------------------


def rolled(path: Path, cls: type[SyndicationExporter], records: list[Any], items: int) -> list[str]:
    """Ids in a feed after another run has written it."""
    previous = path.read_bytes() if path.exists() else b""
    with path.open("wb") as file:
        feed = exporter(cls, file, {"RSS_ITEMS": str(items)})
        if previous:
            feed.roll(previous)
        feed.start_exporting()
        for item in records:
            feed.export_item(item)
        feed.finish_exporting()
    return [entry.id for entry in parsed(path).entries]


@pytest.mark.parametrize("cls", FEEDS)
def test_new_entries_join_the_newest_that_were_there(
    tmp_path: Path, cls: type[SyndicationExporter]
) -> None:
    records = days(9)  # the newest first
    ids = [record["id"] for record in records]
    path = tmp_path / "a.xml"
    assert rolled(path, cls, records[3:], 4) == ids[3:7]
    assert rolled(path, cls, records[1:3], 4) == ids[1:5]
    assert rolled(path, cls, [records[8], records[0]], 4) == ids[:4]
    assert rolled(path, cls, [], 4) == ids[:4]


@pytest.mark.parametrize("cls", FEEDS)
def test_entries_that_were_there_stay_as_they_are_and_corrections_replace(
    tmp_path: Path, cls: type[SyndicationExporter]
) -> None:
    first, second, third = days(3)
    whole = {
        **second,
        "title": "甲 & 乙 <丙>",
        "summary": "丁 &amp; 戊 <b>",
        "authors": ["己", "庚"],
    }
    path = tmp_path / "a.xml"
    rolled(path, cls, [whole, third], 9)
    before = {entry.id: entry for entry in parsed(path).entries}
    rolled(path, cls, [first, {**third, "title": "更正"}], 9)
    after = {entry.id: entry for entry in parsed(path).entries}
    assert len(after) == 3
    assert after[second["id"]] == before[second["id"]]
    assert after[third["id"]].title == "更正"


@pytest.mark.parametrize("cls", FEEDS)
@pytest.mark.parametrize(
    "previous", [b"no feed at all", b"<rss><channel><item></rss>", b"\x1f\x8b1"]
)
def test_a_file_of_another_kind_is_replaced(
    tmp_path: Path, cls: type[SyndicationExporter], previous: bytes
) -> None:
    path = tmp_path / "a.xml"
    path.write_bytes(previous)
    records = days(2)
    assert rolled(path, cls, records, 9) == [record["id"] for record in records]


@pytest.mark.parametrize("cls", FEEDS)
def test_title_and_summary_are_escaped_once(tmp_path: Path, cls: type[SyndicationExporter]) -> None:
    text = "AT&T 与 A&amp;B：1 < 2"
    path = export(tmp_path / "a.xml", cls, [altered(1, title=text, summary=text)])
    root = etree.parse(path).getroot()
    for tag in ("title", "description" if cls is RssExporter else "summary"):
        [*_, element] = root.iter(f"{{*}}{tag}")
        assert element.text == text


@pytest.mark.parametrize("cls", FEEDS)
def test_readers_are_led_to_nothing_but_the_web(
    tmp_path: Path, cls: type[SyndicationExporter]
) -> None:
    body = [
        {"type": "video", "url": "javascript:alert(1)"},
        {"type": "image", **asdict(Image("data:image/png;base64,AAAA", caption="图"))},
    ]
    images = [asdict(Image("ftp://a.cn/1.png"))]
    record = altered(1, body=body, images=images, canonical_url="file:///tmp/a.html")
    root = etree.parse(export(tmp_path / "a.xml", cls, [record])).getroot()
    [entry, *_] = [*root.iter("item"), *root.iter("{*}entry")]
    text = etree.tostring(entry, encoding="unicode")
    for bad in ("href=&quot;javascript", 'href="javascript', "data:", "ftp:", "file:"):
        assert bad not in text
