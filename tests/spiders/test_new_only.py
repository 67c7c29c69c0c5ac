"""Runs that follow each other: what is given, what is left out, and what the record says of it."""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem
from scrapy.utils.misc import load_object
from scrapy.utils.test import get_crawler

from tests.reading import FETCHING
from zjnews import settings, state
from zjnews.extensions.delivery import Delivery
from zjnews.items import Article, Block, Rejected, Skipped
from zjnews.loaders.reading import COMPARING
from zjnews.pipelines.copies import CopiesPipeline
from zjnews.pipelines.derived import DerivedPipeline
from zjnews.pipelines.duplicates import DuplicatesPipeline
from zjnews.pipelines.revisions import RevisionsPipeline
from zjnews.pipelines.window import WindowPipeline
from zjnews.site import addresses
from zjnews.spiders.channel import ChannelSpider
from zjnews.state import State
from zjnews.state.outbox import Batch

DAY = date(2025, 3, 18)
CHANNEL = "https://zjnews.zjol.com.cn/zjnews/"
LONG = "".join(random.Random(1).choices([chr(0x4E00 + n) for n in range(2000)], k=600))  # noqa: S311
OTHER_LONG = LONG[::-1]


def url_of(number: int) -> str:
    return f"http://zjnews.zjol.com.cn/zjnews/202503/t20250318_{number}.shtml"


def canonical(number: int) -> str:
    """What an article is asked for by."""
    return addresses.address_of(url_of(number)).canonical


def article(number: int, text: str = "第一段。", **fields: Any) -> Article:
    """An article as it comes from its loader, dated long ago."""
    given: dict[str, Any] = {
        "id": f"trs:{number}",
        "asked": canonical(number),
        "url": url_of(number),
        "title": "标题",
        "published_at": "2025-03-18T11:02:00+08:00",
        "published_precision": "minute",
        "fetched_at": "2025-03-18T04:00:00+00:00",
        "body": [Block("paragraph", text=text)],
    }
    return DerivedPipeline().process_item(Article(**{**given, **fields}))


class Run:
    """A crawl of `channel` without its network: the real pipelines, delivery and store."""

    def __init__(self, path: Path, drops: bool = False, **arguments: str) -> None:
        self.crawler: Crawler = get_crawler(
            ChannelSpider,
            {"STATE_DB": str(path), "REFRESH_HOURS": 48, "DROP_DUPLICATES": drops},
        )
        self.spider = ChannelSpider.from_crawler(self.crawler, channels=CHANNEL, **arguments)
        self.crawler.spider = self.spider
        self.delivery = Delivery.from_crawler(self.crawler)
        self.walk = self.spider.begin_walk("list", "list")
        self.pipelines = [
            load_object(name).from_crawler(self.crawler)
            for name, order in sorted(settings.ITEM_PIPELINES.items(), key=lambda pair: pair[1])
            if COMPARING <= order < FETCHING
        ]

    def asks_for(self, number: int) -> Request | None:
        """The request for an article that the list names, if any."""
        return self.spider.request_if_new(addresses.address_of(url_of(number)), DAY, self.walk)

    def give(self, item: Article) -> str:
        """Put an article through; the reason for which it is left out, or `given`."""
        try:
            for pipeline in self.pipelines:
                item = pipeline.process_item(item)
        except DropItem as drop:
            self.delivery.item_dropped(item, drop)
            return drop.reason
        state.state_of(self.crawler).add(item, "{}", [])
        return "given"

    def end(self) -> None:
        self.close()

    def close(self) -> None:
        state.state_of(self.crawler).close()


Begin = Callable[..., Run]


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Begin]:
    """Begins a run on the same state; the one before it has ended, or dies now."""
    runs: list[Run] = []

    def begun(drops: bool = False, **arguments: str) -> Run:
        for before in runs:
            before.close()
        runs.append(Run(tmp_path / "state.db", drops, **arguments))
        return runs[-1]

    yield begun
    for run in runs:
        run.close()


@pytest.fixture
def kept() -> Iterator[State]:
    kept = State()
    yield kept
    kept.close()


def deliver(kept: State, item: Article) -> None:
    kept.claim(item)
    kept.add(item, "{}", [])


# --- window -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "precision", "reason"),
    [
        ("2025-03-18T11:02:00+08:00", "minute", "given"),
        ("2025-03-18T00:00:00+08:00", "day", "given"),
        ("2025-03-18T10:59:00+08:00", "minute", "outside-window"),
        ("2025-03-18T12:00:00+08:00", "minute", "outside-window"),
        ("2025-03-17T00:00:00+08:00", "day", "outside-window"),
        (None, None, "given"),
    ],
)
def test_only_what_may_lie_in_the_window_is_given(
    begin: Begin, at: str | None, precision: Any, reason: str
) -> None:
    run = begin(since="2025-03-18T11:00", until="2025-03-18T11:59")
    assert run.give(article(1, published_at=at, published_precision=precision)) == reason


def test_without_a_window_everything_is_given() -> None:
    item = article(1, published_at="1999-01-01T00:00:00+08:00")
    crawler = get_crawler(settings_dict={})
    assert WindowPipeline.from_crawler(crawler).process_item(item) is item


def test_what_lay_outside_is_asked_for_by_a_window_that_holds_it(begin: Begin) -> None:
    first = begin(since="2025-03-18T12:00")
    assert first.give(article(1)) == "outside-window"
    first.end()
    again = begin(since="2025-03-18T12:00")
    assert again.asks_for(1) is None
    again.end()
    assert begin(since="2025-03-18T08:00").asks_for(1)


# --- duplicates -------------------------------------------------------------------------------------


def test_the_second_reading_is_refused_by_the_address_of_the_first(kept: State) -> None:
    pipeline = DuplicatesPipeline(kept)
    pipeline.process_item(article(1))
    with pytest.raises(Rejected) as raised:
        pipeline.process_item(article(1, url=url_of(2)))
    assert raised.value.reason == "duplicate"
    assert url_of(1) in raised.value.detail


def test_what_an_earlier_run_delivered_is_no_duplicate(kept: State, begin: Begin) -> None:
    first = begin()
    first.give(article(1))
    first.end()
    assert begin().give(article(1, "Neues.")) == "given"


# --- revisions --------------------------------------------------------------------------------------


def test_an_article_is_first_given_as_revision_1(begin: Begin) -> None:
    item = article(1)
    assert begin().give(item) == "given"
    assert (item.record()["revision"], item.record()["duplicate_of"]) == (1, None)


def test_what_has_not_changed_is_left_out(begin: Begin) -> None:
    for reason in ("given", "unchanged", "unchanged"):
        run = begin()
        assert run.give(article(1)) == reason
        run.end()


@pytest.mark.parametrize("fields", [{"text": "第二段。"}, {"title": "新标题"}])
def test_a_correction_is_the_next_revision(begin: Begin, fields: dict[str, Any]) -> None:
    first = begin()
    first.give(article(1))
    first.end()
    item = article(1, **fields)
    assert begin().give(item) == "given"
    assert item.record()["revision"] == 2


def test_every_correction_counts_and_so_does_taking_it_back(begin: Begin) -> None:
    revisions = []
    for text in ("甲", "乙", "乙", "甲"):
        run = begin()
        item = article(1, text)
        if run.give(item) == "given":
            revisions.append(item.revision)
        run.end()
    assert revisions == [1, 2, 3]


@pytest.mark.parametrize("text", ["第一段。 ", "\u3000\u3000第一段。", "第一段。\u200b"])
def test_white_space_is_no_correction(kept: State, text: str) -> None:
    deliver(kept, article(1))
    with pytest.raises(Skipped):
        RevisionsPipeline(kept).process_item(article(1, text))


def test_full_gives_what_has_not_changed_as_the_same_revision(begin: Begin) -> None:
    revisions = []
    for text in ("甲", "乙", "乙", "乙"):
        run = begin(full="1")
        item = article(1, text)
        assert run.give(item) == "given"
        revisions.append(item.revision)
        run.end()
    assert revisions == [1, 2, 2, 2]


def test_what_has_not_changed_renews_what_the_server_said(kept: State) -> None:
    deliver(kept, article(1, etag='"1"', last_modified="Mon"))
    with pytest.raises(Skipped):
        pipeline = RevisionsPipeline(kept, refresh=timedelta(days=9999))
        pipeline.process_item(article(1, etag='"2"', last_modified="Tue"))
    known = kept.known.find("trs:1")
    assert known is not None
    assert (known.etag, known.last_modified, known.revision) == ('"2"', "Tue", 1)


def test_an_article_is_no_revision_of_what_its_address_led_to_before(begin: Begin) -> None:
    first = begin()
    first.give(article(2, asked=canonical(1)))
    first.end()
    item = article(1, "别的")
    begin().give(item)
    assert item.revision == 1


# --- copies -----------------------------------------------------------------------------------------


def test_a_copy_names_the_first(begin: Begin) -> None:
    run = begin()
    items = [article(number, LONG) for number in (3, 1, 2)]
    assert [run.give(item) for item in items] == ["given"] * 3
    assert [item.record()["duplicate_of"] for item in items] == [None, "trs:3", "trs:3"]


def test_a_copy_names_the_first_of_an_earlier_run(begin: Begin) -> None:
    run = begin()
    run.give(article(1, LONG))
    run.end()
    item = article(2, LONG)
    begin().give(item)
    assert item.duplicate_of == "trs:1"


def test_a_copy_is_told_by_its_text_whatever_its_title(begin: Begin) -> None:
    run = begin()
    run.give(article(1, LONG[:100]))
    item = article(2, LONG[:100], title=OTHER_LONG[:50])
    run.give(item)
    assert item.duplicate_of == "trs:1"


def test_short_texts_are_never_copies(begin: Begin) -> None:
    run = begin()
    run.give(article(1))
    item = article(2)
    assert run.give(item) == "given"
    assert item.duplicate_of is None


def test_a_small_correction_is_no_copy_of_itself(begin: Begin) -> None:
    run = begin()
    run.give(article(1, LONG))
    run.end()
    item = article(1, f"{LONG}（更正）")
    assert begin().give(item) == "given"
    assert (item.revision, item.duplicate_of) == (2, None)


def test_what_is_given_again_is_no_copy_of_its_copies(begin: Begin) -> None:
    for _ in range(2):
        run = begin(full="1")
        items = [article(number, LONG) for number in (1, 2)]
        for item in items:
            run.give(item)
        assert [item.duplicate_of for item in items] == [None, "trs:1"]
        run.end()


def test_what_is_given_again_in_another_order_names_the_same_first(begin: Begin) -> None:
    first = begin()
    first.give(article(1, LONG))
    first.give(article(2, LONG))
    first.end()
    again = begin(full="1")
    items = [article(number, LONG) for number in (2, 1)]
    for item in items:
        again.give(item)
    assert [item.duplicate_of for item in items] == ["trs:1", None]


def test_a_text_that_is_gone_after_a_correction_has_no_copies(begin: Begin) -> None:
    for text in (LONG, OTHER_LONG):
        run = begin()
        run.give(article(1, text))
        run.end()
    items = [article(2, LONG), article(3, OTHER_LONG)]
    run = begin()
    for item in items:
        run.give(item)
    assert [item.duplicate_of for item in items] == [None, "trs:1"]


def test_what_was_left_out_of_the_window_has_no_copies(begin: Begin) -> None:
    run = begin(since="2025-03-18")
    run.give(article(1, LONG, published_at="2025-03-17T10:00:00+08:00"))
    item = article(2, LONG)
    assert run.give(item) == "given"
    assert item.duplicate_of is None


def test_near_copies_are_left_out_where_the_setting_says_so(begin: Begin) -> None:
    run = begin(drops=True)
    given = [
        run.give(article(number, text)) for number, text in enumerate([LONG, LONG, "短", "短"])
    ]
    assert given == ["given", "near-copy", "given", "given"]


def test_a_near_copy_left_out_is_not_asked_for_again(begin: Begin) -> None:
    first = begin(drops=True)
    first.give(article(1, LONG))
    first.give(article(2, LONG))
    first.end()
    assert begin(drops=True).asks_for(2) is None


def test_a_correction_of_the_first_is_given_though_copies_are_left_out(begin: Begin) -> None:
    first = begin(drops=True)
    first.give(article(1, LONG))
    first.give(article(2, LONG))
    first.end()
    item = article(1, f"{LONG}（更正）")
    assert begin(drops=True).give(item) == "given"
    assert item.duplicate_of is None


def test_the_pipeline_keeps_copies_unless_told_otherwise(kept: State) -> None:
    kept.run.claim("trs:1", "")
    kept.run.claim("trs:2", "")
    CopiesPipeline(kept).process_item(article(1, LONG))
    assert CopiesPipeline(kept).process_item(article(2, LONG)).duplicate_of == "trs:1"
    kept.run.claim("trs:3", "")
    with pytest.raises(Skipped) as raised:
        CopiesPipeline(kept, drops=True).process_item(article(3, LONG))
    assert raised.value.reason == "near-copy"


# --- each article once in its life ------------------------------------------------------------------


def test_what_was_delivered_is_not_asked_for_again(begin: Begin) -> None:
    first = begin()
    assert first.asks_for(1)
    first.give(article(1))
    first.end()
    assert begin().asks_for(1) is None


def test_what_a_dead_run_had_scraped_is_not_asked_for_again(begin: Begin) -> None:
    begin().give(article(1))
    assert begin().asks_for(1) is None


def test_what_a_dead_run_had_claimed_only_is_asked_for_again(begin: Begin) -> None:
    state.state_of(begin().crawler).claim(article(1))
    assert begin().asks_for(1)


def test_what_waits_is_not_asked_for_again_though_it_is_young(begin: Begin) -> None:
    now = datetime.now(UTC).isoformat()
    item = article(1, published_at=now, published_precision="second")
    state.state_of(begin().crawler).add(item, "{}", [Batch("out.jsonl", {})])
    after = begin()
    assert after.asks_for(1) is None
    assert state.state_of(after.crawler).outbox.waiting() == 1


def test_full_asks_for_what_was_delivered(begin: Begin) -> None:
    first = begin()
    first.give(article(1))
    first.end()
    assert begin(full="1").asks_for(1)


def test_an_address_that_led_to_an_article_is_not_asked_for_again(begin: Begin) -> None:
    first = begin()
    first.give(article(1, asked=canonical(9)))
    first.end()
    assert begin().asks_for(9) is None


def test_an_address_that_led_to_a_duplicate_is_not_asked_for_again(begin: Begin) -> None:
    first = begin()
    first.give(article(1))
    assert first.give(article(1, asked=canonical(9))) == "duplicate"
    first.end()
    assert begin().asks_for(9) is None


def test_an_address_that_led_to_what_was_known_is_not_asked_for_again(begin: Begin) -> None:
    first = begin()
    first.give(article(1))
    first.end()
    second = begin()
    assert second.asks_for(9)
    assert second.give(article(1, asked=canonical(9))) == "unchanged"
    second.end()
    assert begin().asks_for(9) is None


def test_a_near_copy_that_a_dead_run_left_out_is_not_asked_for_again(begin: Begin) -> None:
    dead = begin(drops=True)
    dead.give(article(1, LONG))
    assert dead.give(article(2, LONG)) == "near-copy"
    assert begin(drops=True).asks_for(2) is None


def test_a_duplicate_that_a_dead_run_refused_is_not_asked_for_again(begin: Begin) -> None:
    dead = begin()
    dead.give(article(1, asked=canonical(8)))
    assert dead.give(article(1, asked=canonical(9))) == "duplicate"
    assert begin().asks_for(9) is None


@pytest.mark.parametrize("number", [1, 2])
def test_full_asks_for_an_article_and_for_its_near_copy(begin: Begin, number: int) -> None:
    first = begin(drops=True)
    first.give(article(1, LONG))
    first.give(article(2, LONG))
    first.end()
    again = begin(full="1")
    again.asks_for(3 - number)
    assert again.asks_for(number)


def test_a_young_article_is_asked_for_again_though_a_near_copy_is_listed_before(
    begin: Begin,
) -> None:
    now = datetime.now(UTC).isoformat()
    first = begin(drops=True)
    first.give(article(1, LONG, published_at=now))
    first.give(article(2, LONG, published_at=now))
    first.end()
    again = begin(drops=True)
    again.asks_for(2)
    assert again.asks_for(1)
