"""List pages: which articles each form lists, of what day, and where the next page is."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reading import FETCHED
from zjnews.pages import lists, page
from zjnews.pages.lists import Listing

LIST = "https://zjnews.zjol.com.cn/zjxc/"
ARTICLE = "./202609/t20260914_{}.shtml"
APP = "https://zj.zjol.com.cn/news/{}.html"
"""An address without a date."""
DAY = date(2026, 9, 14)


def read(markup: str, url: str = LIST, charset: str = "utf-8") -> Listing:
    content_type = f"text/html; charset={charset}"
    body = f"<html><body>{markup}</body></html>".encode(charset)
    return lists.read_list(page.read_page(url, body, content_type, FETCHED))


def ids(listing: Listing) -> list[str]:
    return [entry.address.id for entry in listing.entries]


def link(number: int, text: str = "茶季来了") -> str:
    return f'<a href="{ARTICLE.format(number)}">{text}</a>'


def app(number: int, text: str = "茶季来了") -> str:
    return f'<a href="{APP.format(number)}" target="_blank">{text}</a>'


FORMS = {
    "listUl": (
        '<ul class="listUl">{}</ul>',
        '<li class="listLi">{}<span class="listSpan">2026年09月14日11时</span></li>',
    ),
    "listUl with h4": (
        '<div class="listUl"><ul>{}</ul></div>',
        '<li><h4>{}</h4><p class="time">2026-09-14 10:12</p></li>',
    ),
    "textList": (
        '<div id="pageContent">{}</div>',
        '<div class="textList"><h3>{}</h3><p>2026-09-14</p></div>',
    ),
    "main": ('<div id="main"><div><ul>{}</ul></div></div>', "<li>{}<span>2026-09-14</span></li>"),
    "main as a class": (
        '<div class="main cf"><div><ul>{}</ul></div></div>',
        "<li>{}<span>2026-09-14</span></li>",
    ),
    "newslist": ('<ul class="my-newslist2">{}</ul>', "<li>{} (2026-09-14)</li>"),
    "Ullist": ('<ul id="leftUllist">{}</ul>', "<li>{}<em>2026/09/14</em></li>"),
    "unknown": ('<table class="x">{}</table>', "<tr><td>{}</td><td>2026-09-14</td></tr>"),
}
BOX = '<div class="{}"><ul><li><a href="./202609/t20260901_99.shtml">x</a></li></ul></div>'


def form(name: str, *links: str) -> str:
    around, item = FORMS[name]
    return around.format("\n".join(map(item.format, links)))


@pytest.mark.parametrize("name", FORMS)
def test_every_form_gives_its_articles_in_their_order(name: str) -> None:
    assert ids(read(form(name, link(3), link(1), link(2)))) == [
        "trs:20260914:3",
        "trs:20260914:1",
        "trs:20260914:2",
    ]


@pytest.mark.parametrize("name", FORMS)
def test_every_form_gives_the_day_that_it_prints(name: str) -> None:
    assert [entry.day for entry in read(form(name, app(1), app(2))).entries] == [DAY, DAY]


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("box", ["nav", "hot", "rankList", "footer", "sidebar", "relateNews"])
def test_boxes_around_a_list_do_not_count(name: str, box: str) -> None:
    markup = BOX.format(box) + form(name, link(1)) + BOX.format(box)
    assert ids(read(markup)) == ["trs:20260914:1"]


@pytest.mark.parametrize("name", [name for name in FORMS if name != "unknown"])
def test_what_stands_beside_a_known_form_does_not_count(name: str) -> None:
    markup = BOX.format("x") + form(name, link(1)) + BOX.format("x")
    assert ids(read(markup)) == ["trs:20260914:1"]


@pytest.mark.parametrize("tag", ["nav", "header", "footer", "aside"])
def test_elements_that_are_boxes_do_not_count(tag: str) -> None:
    assert ids(read(f"<{tag}>{link(9)}</{tag}><div>{link(1)}</div>")) == ["trs:20260914:1"]


@pytest.mark.parametrize("box", ["nav", "hot", "paihang", "aside"])
def test_boxes_count_where_there_is_nothing_else(box: str) -> None:
    assert ids(read(BOX.format(box))) == ["trs:20260901:99"]


@pytest.mark.parametrize("tag", ["body", "html"])
def test_a_name_of_the_whole_page_makes_no_box_of_it(tag: str) -> None:
    body = f'<{tag} class="nav-page hot">{form("listUl", link(1))}{link(2)}</{tag}>'.encode()
    listing = lists.read_list(page.read_page(LIST, body, "text/html; charset=utf-8", FETCHED))
    assert ids(listing) == ["trs:20260914:1"]


@pytest.mark.parametrize(
    "name",
    [
        "photo-list",
        "hotel",
        "snapshots",
        "football-list",
    ],
)
def test_words_that_hold_the_name_of_a_box_are_none(name: str) -> None:
    markup = f'<div class="{name}"><ul><li>{link(1)}</li></ul></div><div>{link(2)}</div>'
    assert ids(read(markup)) == ["trs:20260914:1", "trs:20260914:2"]


def test_an_entry_that_is_marked_as_hot_is_listed() -> None:
    markup = f'<ul class="listUl"><li class="hot">{link(1)}</li><li>{link(2)}</li></ul>'
    assert ids(read(markup)) == ["trs:20260914:1", "trs:20260914:2"]


def test_an_empty_known_form_gives_way_to_another() -> None:
    markup = f'<ul class="listUl"><li><a href="/zt/">专题</a></li></ul><div>{link(1)}</div>'
    assert ids(read(markup)) == ["trs:20260914:1"]


def test_all_lists_of_a_front_page_count() -> None:
    assert ids(read(form("listUl", link(1)) + form("listUl", link(2)))) == [
        "trs:20260914:1",
        "trs:20260914:2",
    ]


def test_a_page_without_links_lists_nothing() -> None:
    assert read("<p>暂无内容</p>").entries == []


def test_a_list_in_gbk_is_read() -> None:
    markup = form("listUl", app(1, "浙江在线讯：“春茶”来了"))
    markup += '<span class="fenye"><a href="index_1.shtml">下一页</a></span>'
    listing = read(markup, charset="gb18030")
    assert [entry.day for entry in listing.entries] == [DAY]
    assert listing.next == f"{LIST}index_1.shtml"


# --- Links ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "href",
    [
        "./202609/t20260914_31908230.shtml",
        "202609/t20260914_31908230.shtml",
        "../zjxc/202609/t20260914_31908230.shtml",
        "/zjxc/202609/t20260914_31908230.shtml",
        "//zjnews.zjol.com.cn/zjxc/202609/t20260914_31908230.shtml",
        "//zjnews.zjol.com.cn//zjxc/202609/t20260914_31908230.shtml",
        "http://zjnews.zjol.com.cn/zjxc/202609/t20260914_31908230.shtml",
        "./202609/t20260914_31908230_ext.shtml",
        "./202609/t20260914_31908230.shtml?from=list",
        "./202609/t20260914_31908230.shtml#p=1",
        " ./202609/t20260914_31908230.shtml\n",
    ],
)
def test_every_way_to_link_an_article(href: str) -> None:
    (entry,) = read(form("listUl", f'<a href="{href}">x</a>')).entries
    assert entry.address.canonical == f"{LIST}202609/t20260914_31908230.shtml"
    assert entry.address.url.startswith(("https://zjnews.", "http://zjnews."))
    assert entry.day == DAY


@pytest.mark.parametrize(
    ("href", "id_"),
    [
        (
            "http://zjnews.zjol.com.cn/system/2015/10/31/020895443.shtml",
            "system:20151031:020895443",
        ),
        (
            "http://qjwb.zjol.com.cn/html/2013-04/11/content_2087686.htm?div=-1",
            "paper:qjwb:2087686",
        ),
        ("https://zj.zjol.com.cn/news.html?id=993408", "app:993408"),
    ],
)
def test_articles_of_every_kind_are_listed(href: str, id_: str) -> None:
    assert ids(read(form("listUl", f'<a href="{href}">x</a>'))) == [id_]


def test_an_article_with_picture_and_title_is_listed_once() -> None:
    markup = form("listUl", link(1, "<img src=a.jpg>") + link(1), link(2))
    assert ids(read(markup)) == ["trs:20260914:1", "trs:20260914:2"]


def test_a_copy_is_the_same_article() -> None:
    copy = '<a href="/other/202609/t20260914_1_ext.shtml">x</a>'
    assert ids(read(form("listUl", link(1), copy))) == ["trs:20260914:1"]


@pytest.mark.parametrize(
    "href",
    [
        "https://zj.zjol.com.cn/subject.html?id=1146710",
        "https://tidenews.com.cn/news.html?id=2565525",
        "https://v-cdn.zjol.com.cn/108733.mp4",
    ],
)
def test_entries_that_are_no_articles_are_told_apart(href: str) -> None:
    listing = read(form("listUl", link(1), f'<a href="{href}">x</a>', f'<a href="{href}">y</a>'))
    assert ids(listing) == ["trs:20260914:1"]
    assert [other.url for other in listing.others] == [href]


@pytest.mark.parametrize("href", ["/zt/", "index_1.shtml", "#", "javascript:void(0)", "mailto:a@b"])
def test_links_to_lists_and_to_nowhere_are_no_entries(href: str) -> None:
    listing = read(form("listUl", link(1), f'<a href="{href}">x</a>'))
    assert (ids(listing), listing.others) == (["trs:20260914:1"], [])


# --- Days -------------------------------------------------------------------------------------


def test_the_day_of_the_address_wins_over_the_printed_one() -> None:
    markup = f'<ul class="listUl"><li>{link(1)}<span>2026-09-13</span></li></ul>'
    assert [entry.day for entry in read(markup).entries] == [DAY]


@pytest.mark.parametrize(
    ("item", "day"),
    [
        ("{} <span>09月13日</span>", date(2026, 9, 13)),
        ("{} <span>[09-13 08:30]</span>", date(2026, 9, 13)),
        ("<span>2026-09-13</span> {}", date(2026, 9, 13)),
        ("{} <span>2小时前</span>", date(2026, 9, 15)),
        ("{} <span>昨天</span>", DAY),
        ("{} <span>更多</span>", None),
        ("{}", None),
    ],
)
def test_printed_days(item: str, day: date | None) -> None:
    markup = f'<ul class="listUl"><li>{item.format(app(1))}</li></ul>'
    assert [entry.day for entry in read(markup).entries] == [day]


def test_a_day_in_the_title_is_not_the_day_of_the_article() -> None:
    title = app(1, "2020年1月1日起施行")
    assert [entry.day for entry in read(form("listUl", title)).entries] == [DAY]


def test_a_day_in_the_title_alone_is_none() -> None:
    markup = f'<ul class="listUl"><li>{app(1, "2020年1月1日起施行")}</li></ul>'
    assert [entry.day for entry in read(markup).entries] == [None]


def test_a_picture_before_the_title_does_not_make_the_title_a_date() -> None:
    item = app(1, "<img src=a.jpg>") + app(1, "9月1日起施行") + " <span>09月14日</span>"
    markup = f'<ul class="listUl"><li>{item}</li></ul>'
    assert [entry.day for entry in read(markup).entries] == [DAY]


def test_entries_without_an_item_of_their_own_have_each_their_day() -> None:
    items = f"<h3>{app(1)}</h3><p>2026-09-14</p><h3>{app(2)}</h3><p>2026-09-10</p>"
    listing = read(f'<div id="pageContent"><div class="textList">{items}</div></div>')
    assert [entry.day for entry in listing.entries] == [DAY, date(2026, 9, 10)]


@pytest.mark.parametrize(
    "item", ["{}<em>12</em><i>2026-09-14</i>", "{}<i>2026-09-14</i><i>10:21</i>"]
)
def test_elements_side_by_side_do_not_run_into_one_another(item: str) -> None:
    markup = f'<ul class="listUl"><li>{item.format(app(1))}</li></ul>'
    assert [entry.day for entry in read(markup).entries] == [DAY]


def test_a_day_inside_the_link_is_found() -> None:
    item = app(1, "<h4>茶季来了</h4><span>2026-09-14</span>")
    markup = f'<ul class="listUl"><li>{item}</li></ul>'
    assert [entry.day for entry in read(markup).entries] == [DAY]


# --- The next page ----------------------------------------------------------------------------

ENTRY = form("listUl", link(1))


@pytest.mark.parametrize(
    "text",
    [
        "下一页",
        "下页",
        "下一页>",
        "下一页 &gt;&gt;",
        "下一页»",
        " 下一页 › ",
        "下一頁",
        "后一页",
        "Next",
        "next page",
    ],
)
@pytest.mark.parametrize(
    "around",
    ['<span class="fenye">{}</span>', '<span class="fenye"><div>{}</div></span>', "<p>{}</p>"],
)
def test_the_link_to_the_next_page(around: str, text: str) -> None:
    ways = f'<a href="index.shtml">上一页</a><a href="more_7.shtml">{text}</a>'
    assert read(ENTRY + around.format(ways)).next == f"{LIST}more_7.shtml"


def test_the_link_to_the_next_page_wins_over_numbers() -> None:
    ways = '<a href="index_1.shtml">2</a><a href="index_8.shtml">下一页</a>'
    assert read(ENTRY + ways).next == f"{LIST}index_8.shtml"


@pytest.mark.parametrize(
    "href", ["javascript:void(0)", "javascript:;", "#", "", "index_4.shtml", "./index_4.shtml#x"]
)
def test_a_next_link_that_leads_nowhere_ends_the_list(href: str) -> None:
    ways = (
        f'<span class="fenye"><a href="index_3.shtml">上一页</a><a href="{href}">下一页</a></span>'
    )
    assert read(ENTRY + ways, url=f"{LIST}index_4.shtml").next is None


@pytest.mark.parametrize("href", ["https://evil.com/index_1.shtml", "https://tidenews.com.cn/"])
def test_the_next_page_never_leaves_the_site(href: str) -> None:
    assert read(ENTRY + f'<a href="{href}">下一页</a>').next is None


def test_a_link_without_an_address_ends_the_list() -> None:
    ways = '<span class="fenye"><a href="index.shtml">上一页</a><a>下一页</a></span>'
    assert read(ENTRY + ways, url=f"{LIST}index_1.shtml").next is None


def test_the_next_picture_of_a_slide_show_is_not_the_next_page() -> None:
    show = '<div class="slides"><a href="javascript:;">下一页</a></div>'
    ways = '<span class="fenye"><a href="index_1.shtml">下一页</a></span>'
    assert read(show + ENTRY + ways).next == f"{LIST}index_1.shtml"


@pytest.mark.parametrize(
    ("url", "following"),
    [
        (LIST, "index_1.shtml"),
        (f"{LIST}index.shtml", "index_1.shtml"),
        (f"{LIST}index_1.shtml", "index_2.shtml"),
        (f"{LIST}index_2.shtml", None),
    ],
)
@pytest.mark.parametrize("call", ['(3, {}, "index", "shtml")', "(3,{},'index','shtml')"])
def test_pages_drawn_by_script(call: str, url: str, following: str | None) -> None:
    number = page.read_page(url, b"<p>", "text/html", FETCHED).address.page - 1
    script = f"<script>createPageHTML{call.format(number)};</script>"
    assert read(ENTRY + script, url=url).next == (f"{LIST}{following}" if following else None)


def test_the_only_page_drawn_by_script_is_the_last() -> None:
    script = '<script>createPageHTML(1, 0, "index", "shtml");</script>'
    assert read(ENTRY + script).next is None


def test_the_script_that_defines_the_drawing_announces_nothing() -> None:
    script = "<script>function createPageHTML(_nPageCount, _nCurrIndex, _sPageName, _sPageExt){}</script>"
    assert read(ENTRY + script).next == f"{LIST}index_1.shtml"


@pytest.mark.parametrize(
    ("url", "following"),
    [(LIST, "index_1"), (f"{LIST}index.shtml", "index_1"), (f"{LIST}index_4.shtml", "index_5")],
)
def test_a_numbered_link_leads_to_the_next_page(url: str, following: str) -> None:
    ways = "".join(f'<a href="index_{n}.shtml">{n + 1}</a>' for n in range(1, 8))
    assert read(ENTRY + ways, url=url).next == f"{LIST}{following}.shtml"


def test_a_page_of_another_list_is_not_the_next_one() -> None:
    ways = '<p><a href="/gnxw/index_1.shtml">2</a></p><p class="pagination">1</p>'
    assert read(ENTRY + ways).next is None


@pytest.mark.parametrize(
    ("url", "following"),
    [
        (LIST, "index_1.shtml"),
        (f"{LIST}index.shtml", "index_1.shtml"),
        (f"{LIST}index_4.shtml", "index_5.shtml"),
        (f"{LIST}?from=nav", "index_1.shtml"),
    ],
)
def test_where_nothing_speaks_of_pages_the_next_one_is_guessed(url: str, following: str) -> None:
    assert read(ENTRY, url=url).next == f"{LIST}{following}"


def test_the_scheme_of_the_list_is_kept() -> None:
    assert (
        read(ENTRY, url="http://ec.zjol.com.cn/ezx/").next
        == "http://ec.zjol.com.cn/ezx/index_1.shtml"
    )


@pytest.mark.parametrize(
    "text", ["上一页", "<上一页", "« 上一页", "上页", "上一頁", "尾页", "末页"]
)
def test_a_last_page_is_told_by_its_way_back(text: str) -> None:
    ways = f'<p><a href="index_3.shtml">{text.replace("<", "&lt;")}</a></p>'
    assert read(ENTRY + ways, url=f"{LIST}index_4.shtml").next is None


@pytest.mark.parametrize(
    "around", ['<span class="fenye">{}</span>', '<div class="pagination">{}</div>']
)
def test_paging_without_a_way_on_is_the_end(around: str) -> None:
    ways = around.format('<a href="index_3.shtml">4</a><b>5</b>')
    assert read(ENTRY + ways, url=f"{LIST}index_4.shtml").next is None


def test_numbers_that_end_at_this_page_are_the_end() -> None:
    ways = '<p><a href="index.shtml">1</a><a href="index_1.shtml">2</a><b>3</b></p>'
    assert read(ENTRY + ways, url=f"{LIST}index_2.shtml").next is None


def test_a_title_that_begins_like_a_way_back_is_none() -> None:
    markup = form("listUl", link(1, "Previously unseen scrolls on show"))
    assert read(markup).next == f"{LIST}index_1.shtml"


def test_the_guess_keeps_the_ending_of_the_list() -> None:
    assert read(ENTRY, url=f"{LIST}index.html").next == f"{LIST}index_1.html"


def test_an_address_of_no_list_has_no_page_to_guess() -> None:
    assert read(ENTRY, url="https://zjnews.zjol.com.cn/about/x.shtml").next is None


@given(st.lists(st.integers(1, 30), min_size=1, max_size=30), st.sampled_from(sorted(FORMS)))
def test_each_article_is_listed_once_in_the_order_of_the_page(
    numbers: list[int], name: str
) -> None:
    expected = [f"trs:20260914:{number}" for number in dict.fromkeys(numbers)]
    assert ids(read(form(name, *map(link, numbers)))) == expected


@given(st.text(alphabet="<>ahref=\"'/ .lisu下页1#:", max_size=80))
def test_no_markup_raises(markup: str) -> None:
    following = read("<p>" + markup).next
    assert following is None or "zjol.com.cn" in following
