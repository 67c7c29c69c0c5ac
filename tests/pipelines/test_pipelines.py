"""What the pipelines add, warn of and refuse, one concern at a time."""

import hashlib
from contextlib import closing
from typing import Any

import pytest

from tests.reading import read_record
from zjnews.items import Article, Block, Payload, Rejected
from zjnews.pipelines.checks import ChecksPipeline
from zjnews.pipelines.dates import DatesPipeline
from zjnews.pipelines.derived import DerivedPipeline
from zjnews.pipelines.duplicates import DuplicatesPipeline
from zjnews.pipelines.payload import PayloadPipeline
from zjnews.state import State

URL = "https://zjnews.zjol.com.cn/zjnews/202609/t20260914_31908230.shtml"
FETCHED = "2026-09-15T02:00:00+00:00"


def article(**fields: Any) -> Article:
    given: dict[str, Any] = {
        "id": "trs:20260914:31908230",
        "url": URL,
        "canonical_url": URL,
        "layout": "trs",
        "language": "zh",
        "title": "标题",
        "fetched_at": FETCHED,
        "body": [
            Block("paragraph", text="甲乙丙丁" * 30),
            Block("paragraph", text="戊己庚辛" * 30),
        ],
    }
    return Article(**{**given, **fields})


# --- dates ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "at", "precision", "warnings"),
    [
        ("2026-09-14 11:02:33", "2026-09-14T11:02:33+08:00", "second", []),
        ("2026-09-07 11:02", "2026-09-07T11:02:00+08:00", "minute", []),
        ("2026-09-06 23:59", "2026-09-06T23:59:00+08:00", "minute", ["date-differs-from-address"]),
        ("2026-09-16 09:59", "2026-09-16T09:59:00+08:00", "minute", []),
        (
            "2026-09-16 10:01",
            "2026-09-14T00:00:00+08:00",
            "day",
            ["future-date", "date-from-address"],
        ),
        ("1998-12-31 10:01", "2026-09-14T00:00:00+08:00", "day", ["date-from-address"]),
        ("2026-02-30", "2026-09-14T00:00:00+08:00", "day", ["date-from-address"]),
        (None, "2026-09-14T00:00:00+08:00", "day", ["date-from-address"]),
        ("3小时前", "2026-09-15T07:00:00+08:00", "hour", []),
        ("9月14日 08:30", "2026-09-14T08:30:00+08:00", "minute", []),
    ],
)
def test_dates(raw: str | None, at: str, precision: str, warnings: list[str]) -> None:
    item = DatesPipeline().process_item(article(published_raw=raw))
    assert (item.published_at, item.published_precision, item.warnings) == (at, precision, warnings)
    is_from_address = "date-from-address" in warnings
    assert item.published_raw == (None if is_from_address else raw)


def test_a_date_without_a_year_has_that_of_the_address() -> None:
    url = URL.replace("202609/t20260914", "201801/t20180102")
    item = article(url=url, published_raw="12月31日 23:40", modified_raw="01月03日 08:00")
    dated = DatesPipeline().process_item(item)
    assert (dated.published_at, dated.warnings) == ("2017-12-31T23:40:00+08:00", [])
    assert dated.modified_at == "2018-01-03T08:00:00+08:00"


def test_a_newspaper_is_dated_by_its_address_without_a_warning() -> None:
    url = "http://zjrb.zjol.com.cn/html/2022-06/27/content_3566527.htm"
    item = DatesPipeline().process_item(article(id="paper:zjrb:3566527", url=url))
    assert (item.published_at, item.published_precision) == ("2022-06-27T00:00:00+08:00", "day")
    assert item.warnings == []


@pytest.mark.parametrize("day", ["20260917", "20991231", "99991231", "19981231", "20261340"])
def test_digits_that_can_be_no_day_of_the_page_date_nothing(day: str) -> None:
    url = URL.replace("20260914", day)
    item = DatesPipeline().process_item(article(url=url))
    assert (item.published_at, item.warnings) == (None, ["no-date"])
    item = DatesPipeline().process_item(article(url=url, published_raw="9月14日 08:30"))
    assert (item.published_at, item.warnings) == ("2026-09-14T08:30:00+08:00", [])


def test_the_address_may_be_a_day_ahead_of_the_fetch() -> None:
    item = DatesPipeline().process_item(article(url=URL.replace("20260914", "20260916")))
    assert item.published_at == "2026-09-16T00:00:00+08:00"


def test_no_date_at_all() -> None:
    item = DatesPipeline().process_item(article(url="https://zj.zjol.com.cn/news/993408.html"))
    assert (item.published_at, item.published_precision, item.warnings) == (None, None, ["no-date"])


def test_an_update_time_in_the_future_is_none() -> None:
    item = DatesPipeline().process_item(
        article(published_raw="2026-09-14", modified_raw="2027-01-01")
    )
    assert item.modified_at is None
    item = DatesPipeline().process_item(
        article(published_raw="2026-09-14", modified_raw="2026-09-14 12:00")
    )
    assert item.modified_at == "2026-09-14T12:00:00+08:00"


# --- payload ----------------------------------------------------------------------------------------


def payload(**fields: Any) -> Payload:
    texts = "甲乙丙丁" * 30 + "\n\n" + "戊己 庚辛" * 30
    return Payload(
        **{
            "number": "31908230",
            "title": "标题",
            "keywords": ["茶"],
            "body": "",
            "text": texts,
            **fields,
        }
    )


def test_the_own_payload_gives_its_keywords() -> None:
    item = PayloadPipeline().process_item(article(payloads=[payload()], keywords=["旧"]))
    assert (item.keywords, item.warnings) == (["茶"], [])


def test_a_payload_without_keywords_leaves_those_of_the_page() -> None:
    item = PayloadPipeline().process_item(article(payloads=[payload(keywords=[])], keywords=["旧"]))
    assert item.keywords == ["旧"]


def test_a_payload_that_differs_is_a_warning() -> None:
    item = PayloadPipeline().process_item(article(payloads=[payload(text="别的")]))
    assert item.warnings == ["payload-differs"]


def test_the_number_is_filled_in_where_the_address_has_none() -> None:
    item = PayloadPipeline().process_item(article(id="url:0", payloads=[payload()]))
    assert item.id == "trs:31908230"


def test_the_number_of_an_address_stays_with_its_day() -> None:
    item = PayloadPipeline().process_item(article(payloads=[payload(number="777")]))
    assert item.id == "trs:20260914:31908230"


@pytest.mark.parametrize(
    ("id_", "number"),
    [
        ("trs:20260914:31908230", "31908230"),
        ("system:20141225:018853781", "18853781"),
        ("paper:zjrb:3919226", "3919226"),
    ],
)
def test_of_two_payloads_the_own_one_counts(id_: str, number: str) -> None:
    other = payload(number="20260914", keywords=["山"], text="别的")
    own = payload(number=number, title="别处")
    item = PayloadPipeline().process_item(article(id=id_, payloads=[other, own]))
    assert (item.keywords, item.warnings) == (["茶"], [])


def test_another_articles_payload_is_left_alone() -> None:
    other = payload(number="1", title="别处", keywords=["山"], text="别的")
    item = PayloadPipeline().process_item(article(id="url:0", payloads=[other], keywords=["旧"]))
    assert (item.id, item.keywords, item.warnings) == ("url:0", ["旧"], [])


def test_a_copy_left_in_the_text_is_taken_out() -> None:
    once = article().body
    left = [
        Block("paragraph", text="31908230 标题 public html"),
        *article().body,
        Block("paragraph", text="]]>"),
    ]
    item = PayloadPipeline().process_item(article(body=once + left))
    assert [block.text for block in item.body] == [block.text for block in once]
    assert item.warnings == ["copy-removed"]


def test_a_refrain_is_no_copy() -> None:
    body = [Block("paragraph", text=text) for text in ("啊，故乡", "山", "啊，故乡", "水")]
    item = PayloadPipeline().process_item(article(body=list(body)))
    assert (item.body, item.warnings) == (body, [])


# --- derived, checks, duplicates --------------------------------------------------------------------


def test_text_and_hash() -> None:
    body = [
        Block("heading", text="小标题"),
        Block("table", rows=[["a", "b"]]),
        Block("paragraph", text="Ａ　１"),
    ]
    item = DerivedPipeline().process_item(article(title="标 题", body=body))
    assert item.text == "小标题\n\nＡ　１"
    assert item.content_hash == hashlib.sha256("标 题 小标题 A 1".encode()).hexdigest()


@pytest.mark.parametrize("key", ["id", "url", "title", "language"])
def test_a_record_without_a_required_key_is_refused(key: str) -> None:
    with pytest.raises(Rejected) as raised:
        ChecksPipeline().process_item(article(**{key: ""}))
    assert raised.value.reason == f"no-{key}"


def test_warnings_are_sorted_and_an_empty_body_is_one() -> None:
    item = ChecksPipeline().process_item(
        article(text="", warnings=["no-date", "charset-guessed", "no-date"])
    )
    assert item.warnings == ["charset-guessed", "empty-body", "no-date"]


def test_a_second_reading_of_the_same_id_is_a_duplicate() -> None:
    with closing(State()) as state:
        pipeline = DuplicatesPipeline(state)
        pipeline.process_item(article())
        with pytest.raises(Rejected) as raised:
            pipeline.process_item(article(url=URL.replace(".shtml", "_ext.shtml")))
        assert raised.value.reason == "duplicate"
        with pytest.raises(Rejected):
            pipeline.process_item(article())
        pipeline.process_item(article(id="trs:2"))


# --- all of them ------------------------------------------------------------------------------------


def test_a_minimal_page() -> None:
    record = read_record(
        "<h1 class=artTitle>开渔</h1><div class=info><span>2026-09-14 11:02:33</span><span>来源：浙江宣传</span></div>"
        "<div class=content><div class=artCon><p>　　第一段。</p><p>第二段。</p></div></div>".encode()
    )
    assert (record["title"], record["source"]) == ("开渔", "浙江宣传")
    assert record["text"] == "第一段。\n\n第二段。"
    assert record["warnings"] == []
