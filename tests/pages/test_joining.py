"""Articles of several pages: which pages there are, and how they become one record."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reading import FETCHED
from zjnews.items import Article, Block, Payload
from zjnews.pages import page
from zjnews.pages.joining import Gathering, Pages, may_lack_pages, pages_of
from zjnews.pages.page import Page

FOLDER = "https://zjnews.zjol.com.cn/zjnews/202609/"
NAME = "t20260914_31908230"
TRS = f"{FOLDER}{NAME}.shtml"
OLD = "http://jx.zjol.com.cn/system/2015/06/30/020717765.shtml"


def read(markup: str, url: str = TRS) -> Page:
    body = f"<html><body><p>正文。</p>{markup}</body></html>".encode()
    return page.read_page(url, body, "text/html; charset=utf-8", FETCHED)


def links(*hrefs: str) -> str:
    return "".join(f'<a href="{href}">x</a>' for href in hrefs)


def trs(*pages: int) -> str:
    """Links to pages of the article, counted from 1."""
    return links(*(f"./{NAME}{f'_{page - 1}' if page > 1 else ''}.shtml" for page in pages))


# --- Which pages there are --------------------------------------------------------------------


def test_the_pages_that_are_linked() -> None:
    assert pages_of(read(trs(1, 2, 3))) == {
        2: f"{FOLDER}{NAME}_1.shtml",
        3: f"{FOLDER}{NAME}_2.shtml",
    }


def test_the_pages_of_an_old_article() -> None:
    found = pages_of(read(links("020717765_01.shtml", "./020717765_02.shtml"), OLD))
    assert found == {2: OLD.replace("765.", "765_01."), 3: OLD.replace("765.", "765_02.")}


@pytest.mark.parametrize("linked", [(1,), (1, 2)])
def test_a_later_page_knows_the_first_one(linked: tuple[int, ...]) -> None:
    assert pages_of(read(trs(*linked), f"{FOLDER}{NAME}_1.shtml")) == {1: TRS}


@pytest.mark.parametrize(
    "href",
    [
        f"./{NAME}_1.shtml",
        f"//zjnews.zjol.com.cn/zjnews/202609/{NAME}_1.shtml",
        f"//zjnews.zjol.com.cn//zjnews/202609/{NAME}_1.shtml",
        f"http://zjnews.zjol.com.cn/zjnews/202609/{NAME}_1.shtml",
        f"{NAME}_1.shtml#p=1",
        f"{NAME}_1.shtml?x=1",
        f" {NAME}_1.shtml ",
        f"{NAME}_01.shtml",
        f"{NAME}_ext_1.shtml",
    ],
)
def test_every_way_to_link_the_second_page(href: str) -> None:
    found = pages_of(read(links(href)))
    assert list(found) == [2]
    assert "#" not in found[2]


def test_a_page_that_is_linked_twice_counts_once() -> None:
    assert list(pages_of(read(trs(2, 2) + links(f"{NAME}_1.shtml#x")))) == [2]


def test_the_copy_of_an_article_has_the_pages_that_it_links() -> None:
    found = pages_of(read(links(f"{NAME}_ext_1.shtml"), f"{FOLDER}{NAME}_ext.shtml"))
    assert found == {2: f"{FOLDER}{NAME}_ext_1.shtml"}


@pytest.mark.parametrize(
    "href",
    [
        "t20260914_31908231_1.shtml",
        "t20260914_319082301_1.shtml",
        "t20260914_1.shtml",
        "/system/2026/09/14/031908230_01.shtml",
        "index_1.shtml",
        f"{NAME}.shtml#p=1",
        f"{NAME}.shtml?p=2",
        f"{NAME}_ext.shtml",
        f"https://evil.com/zjnews/202609/{NAME}_1.shtml",
        f"javascript:open('{NAME}_1.shtml')",
        "#",
        "",
    ],
)
def test_what_is_no_other_page_of_the_article(href: str) -> None:
    assert pages_of(read(links(href))) == {}


@pytest.mark.parametrize("url", [f"{FOLDER}index.shtml", "https://zjnews.zjol.com.cn/about.html"])
def test_what_is_no_article_has_no_pages(url: str) -> None:
    assert pages_of(read(links("index_1.shtml") + trs(2), url)) == {}


def test_links_to_nowhere_are_passed_over() -> None:
    assert list(pages_of(read("<a name=top>x</a>" + trs(2)))) == [2]


def test_pages_that_cannot_be_told_are_lacking_unless_they_are_linked() -> None:
    script = f'<script>createPageHTML(total, 0, "{NAME}", "shtml");</script>'
    assert may_lack_pages(read(script))
    assert not may_lack_pages(read(script + trs(2)))
    assert not may_lack_pages(read(script, f"{FOLDER}index.shtml"))
    assert not may_lack_pages(read(trs(2)))


def test_pages_announced_by_script() -> None:
    script = f'<script>createPageHTML(3, 0, "{NAME}", "shtml");</script>'
    assert pages_of(read(script)) == {2: f"{FOLDER}{NAME}_1.shtml", 3: f"{FOLDER}{NAME}_2.shtml"}


def test_pages_announced_for_another_article_are_none_of_this() -> None:
    script = '<script>createPageHTML(3, 0, "t20260914_1", "shtml");</script>'
    assert pages_of(read(script)) == {}


@pytest.mark.parametrize("count", [101, 5000])
def test_no_script_announces_pages_without_end(count: int) -> None:
    script = f'<script>createPageHTML({count}, 0, "{NAME}", "shtml");</script>'
    assert max(pages_of(read(script))) == 100


@given(st.sets(st.integers(1, 100)), st.integers(1, 100))
def test_all_linked_pages_but_the_own_one_are_known(numbers: set[int], own: int) -> None:
    url = f"{FOLDER}{NAME}_{own - 1}.shtml" if own > 1 else TRS
    assert set(pages_of(read(f"<p>{trs(*numbers)}</p>", url))) == numbers - {own}


# --- How they become one ----------------------------------------------------------------------


def article(text: str, **values: object) -> Article:
    made = Article(id="trs:31908230", url=TRS, title="题", body=[Block("paragraph", text)])
    for name, value in values.items():
        setattr(made, name, value)
    return made


def add(pages: Pages, page: Page, article: Article, number: int) -> None:
    pages.add(article, number, pages_of(page))


def texts(joined: Article) -> list[str | None]:
    return [block.text for block in joined.body]


def test_an_article_of_one_page_is_whole_at_once() -> None:
    pages = Pages()
    add(pages, read(""), article("一"), 1)
    assert pages.is_whole
    joined = pages.joined()
    assert (texts(joined), joined.page_count, joined.warnings) == (["一"], 1, [])


def test_an_article_is_whole_when_its_last_page_is_there() -> None:
    pages = Pages()
    add(pages, read(trs(2, 3)), article("一"), 1)
    assert pages.next == (2, f"{FOLDER}{NAME}_1.shtml")
    add(pages, read(trs(1, 3)), article("二"), 2)
    assert pages.next == (3, f"{FOLDER}{NAME}_2.shtml")
    assert not pages.is_whole
    add(pages, read(trs(1, 2)), article("三"), 3)
    assert pages.is_whole
    joined = pages.joined()
    assert (texts(joined), joined.page_count, joined.warnings) == (["一", "二", "三"], 3, [])


def test_later_pages_alone_are_not_whole() -> None:
    pages = Pages()
    add(pages, read("", f"{FOLDER}{NAME}_1.shtml"), article("二"), 2)
    assert not pages.is_whole


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 3, 1), (3, 1, 2)])
def test_the_order_of_reading_does_not_matter(order: tuple[int, ...]) -> None:
    pages = Pages()
    for number in order:
        suffix = f"_{number - 1}" if number > 1 else ""
        markup = trs(*({1, 2, 3} - {number}))
        add(pages, read(markup, f"{FOLDER}{NAME}{suffix}.shtml"), article(str(number)), number)
    assert pages.is_whole
    assert texts(pages.joined()) == ["1", "2", "3"]


def test_further_pages_may_be_found_on_the_way() -> None:
    pages = Pages()
    add(pages, read(trs(2)), article("一"), 1)
    add(pages, read(trs(1, 3)), article("二"), 2)
    assert pages.next == (3, f"{FOLDER}{NAME}_2.shtml")


def test_title_and_date_are_those_of_the_first_page() -> None:
    pages = Pages()
    add(pages, read(trs(2)), article("一", published_raw="2026-09-14"), 1)
    add(pages, read(trs(1)), article("二", title="题（2）", published_raw="2026-09-15"), 2)
    joined = pages.joined()
    assert (joined.title, joined.published_raw) == ("题", "2026-09-14")


@pytest.mark.parametrize(
    ("first", "later", "kept"), [(None, "09-15", "09-15"), ("09-14", "09-15", "09-14")]
)
def test_the_time_of_change_is_that_of_the_first_page_that_has_one(
    first: str | None, later: str, kept: str
) -> None:
    pages = Pages()
    add(pages, read(trs(2)), article("一", modified_raw=first), 1)
    add(pages, read(trs(1)), article("二", modified_raw=later), 2)
    assert pages.joined().modified_raw == kept


@pytest.mark.parametrize(
    "field", ["authors", "editors", "translators", "photographers", "keywords"]
)
def test_names_of_all_pages_each_once(field: str) -> None:
    pages = Pages()
    add(pages, read(trs(2)), article("一", **{field: ["封思远", "朱荻"]}), 1)
    add(pages, read(trs(1)), article("二", **{field: ["朱荻", "何淼"]}), 2)
    assert getattr(pages.joined(), field) == ["封思远", "朱荻", "何淼"]


def test_warnings_of_all_pages() -> None:
    pages = Pages()
    add(pages, read(trs(2)), article("一", warnings=["no-date"]), 1)
    add(pages, read(trs(1)), article("二", warnings=["charset-guessed"]), 2)
    assert set(pages.joined().warnings) == {"no-date", "charset-guessed"}


def test_a_page_that_the_site_does_not_have_is_told() -> None:
    pages = Pages()
    add(pages, read(trs(2, 3)), article("一"), 1)
    pages.missing.add(2)
    assert pages.next == (3, f"{FOLDER}{NAME}_2.shtml")
    add(pages, read(trs(1, 2)), article("三"), 3)
    assert pages.is_whole
    joined = pages.joined()
    assert (texts(joined), joined.page_count, joined.warnings) == (
        ["一", "三"],
        2,
        ["page-missing"],
    )


def test_a_page_that_was_never_read_is_told() -> None:
    pages = Pages()
    add(pages, read(trs(2)), article("一"), 1)
    assert pages.joined().warnings == ["page-missing"]


def test_a_page_between_two_others_that_nobody_links_is_told() -> None:
    pages = Pages()
    add(pages, read(trs(3)), article("一"), 1)
    add(pages, read(trs(1)), article("三"), 3)
    assert "page-missing" in pages.joined().warnings


def test_what_recognises_one_answer_does_not_recognise_several() -> None:
    pages = Pages()
    add(pages, read(trs(2)), article("一", etag='"a"', last_modified="x"), 1)
    add(pages, read(trs(1)), article("二", etag='"b"'), 2)
    joined = pages.joined()
    assert (joined.etag, joined.last_modified) == (None, None)


def test_what_recognises_an_answer_of_one_page_is_kept() -> None:
    pages = Pages()
    add(pages, read(""), article("一", etag='"a"', last_modified="x"), 1)
    joined = pages.joined()
    assert (joined.etag, joined.last_modified) == ('"a"', "x")


def test_pages_that_each_announce_one_more_come_to_an_end() -> None:
    pages = Pages()
    add(pages, read(trs(2)), article("1"), 1)
    for _ in range(1000):
        if pages.next is None:
            break
        number, url = pages.next
        add(pages, read(trs(number + 1), url), article(str(number)), number)
    assert pages.is_whole
    assert pages.joined().page_count == 100


def payload(text: str, number: str = "31908230") -> Payload:
    return Payload(number, "题", ["茶"], body=f"<p>{text}</p>", text=text)


def payloads_of(*of_pages: list[Payload]) -> list[tuple[str, list[str]]]:
    pages = Pages()
    for number, found in enumerate(of_pages, 1):
        add(pages, read(trs(2)), article(str(number), payloads=found), number)
    return [(joined.number, joined.text.split()) for joined in pages.joined().payloads]


def test_a_payload_that_goes_on_is_put_together() -> None:
    joined = payloads_of([payload("甲")], [payload("乙")], [payload("丙")])
    assert joined == [("31908230", ["甲", "乙", "丙"])]


def test_a_payload_that_every_page_repeats_is_one() -> None:
    assert payloads_of([payload("甲 乙")], [payload("甲 乙")]) == [("31908230", ["甲", "乙"])]


def test_a_payload_that_only_a_later_page_has_is_kept() -> None:
    assert payloads_of([], [payload("乙")]) == [("31908230", ["乙"])]


def test_payloads_of_different_articles_stay_apart() -> None:
    joined = payloads_of([payload("甲")], [payload("乙", "777001")])
    assert joined == [("31908230", ["甲"]), ("777001", ["乙"])]


@given(st.permutations(range(1, 7)), st.integers(1, 6))
def test_any_order_gives_the_same_article(order: list[int], count: int) -> None:
    pages = Pages()
    wanted = [number for number in order if number <= count]
    for number in wanted:
        add(pages, read(trs(*range(1, count + 1))), article(str(number)), number)
    joined = pages.joined()
    assert texts(joined) == [str(number) for number in range(1, count + 1)]
    assert (joined.page_count, joined.warnings) == (count, [])


def test_a_page_that_is_missing_is_told_once() -> None:
    pages = Pages()
    add(pages, read(trs(2)), article("一", warnings=["page-missing"]), 1)
    assert pages.joined().warnings == ["page-missing"]


# --- As they come out of an archive -------------------------------------------------------------


def test_pages_are_gathered_in_any_order() -> None:
    gathering = Gathering()
    assert gathering.add(article("二"), 2, {1: TRS}) is None
    whole = gathering.add(article("一"), 1, {2: f"{FOLDER}{NAME}_1.shtml"})
    assert whole is not None
    assert texts(whole) == ["一", "二"]
    assert list(gathering.leave()) == []


def test_what_is_not_whole_in_the_end_is_left_once() -> None:
    gathering = Gathering()
    gathering.add(article("一", id="trs:1"), 1, {2: f"{FOLDER}{NAME}_1.shtml"})
    gathering.add(article("二", id="trs:2"), 2, {})
    left = {made.id: (made.warnings, rejected) for made, rejected in gathering.leave()}
    assert left["trs:1"] == (["page-missing"], None)
    assert str(left["trs:2"][1]) == "later-page: page 2 of trs:2"
    assert list(gathering.leave()) == []
