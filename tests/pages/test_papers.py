"""Newspapers: what a printed page names, and the issues of a month."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reading import FETCHED
from zjnews.pages import page, papers
from zjnews.pages.papers import PrintedPage, front_of, issues_of, read_issues
from zjnews.site import addresses
from zjnews.site.addresses import Kind

ISSUE = "http://zjrb.zjol.com.cn/html/2026-09/14"
ISSUES = "https://zjrb.zjol.com.cn/html/2026-09/paper_existed.xml"
FIRST = date(2026, 9, 1)
FOLDER = "https://zjrb.zjol.com.cn/html/2026-09/01"


def read(markup: str, url: str = f"{ISSUE}/node_3.htm") -> PrintedPage:
    body = f"<html><body>{markup}</body></html>".encode()
    return papers.read_printed_page(page.read_page(url, body, "text/html; charset=utf-8", FETCHED))


def articles(printed: PrintedPage) -> list[str | None]:
    return [address.number for address in printed.articles]


def nodes(printed: PrintedPage) -> list[str | None]:
    return [address.number for address in printed.pages]


LINES = (
    '<ul class="main-ed-articlenav-list"><li><a href="content_11.htm">一</a></li>'
    '<li><a href="content_12.htm?div=-1">二</a></li></ul>'
)
MAP = (
    '<map name="PagePicMap"><area coords="1,2,3,4" href="content_12.htm">'
    '<area coords="1,2,3,4" href="content_13.htm?div=1"></map>'
)
WAYS = (
    '<a id="pageLink" href="node_2.htm">第00001版：要闻</a>'
    '<a id="pageLink" href="./node_3.htm">第00002版：文化·读书</a>'
    '<a id="pageLink" href="/html/2026-09/14/node_4.htm">第00003版：体育</a>'
)


def test_the_articles_of_a_list() -> None:
    assert articles(read(LINES)) == ["11", "12"]


def test_the_articles_of_a_picture_map() -> None:
    assert articles(read(MAP)) == ["12", "13"]


def test_the_map_adds_what_the_list_leaves_out() -> None:
    assert sorted(filter(None, articles(read(MAP + LINES)))) == ["11", "12", "13"]


@pytest.mark.parametrize(
    "href",
    [
        "content_11.htm",
        "./content_11.htm",
        "../14/content_11.htm",
        "/html/2026-09/14/content_11.htm",
        "//zjrb.zjol.com.cn/html/2026-09/14/content_11.htm",
        "https://zjrb.zjol.com.cn//html/2026-09/14/content_11.htm?div=-1#a",
    ],
)
def test_every_way_to_link_an_article(href: str) -> None:
    (article,) = read(f'<a href="{href}">一</a>').articles
    assert (article.id, article.date) == ("paper:zjrb:11", date(2026, 9, 14))


@pytest.mark.parametrize(
    "href",
    [
        "../13/content_10.htm",
        "../13/node_2.htm",
        "../../2025-09/14/content_10.htm",
        "http://qjwb.zjol.com.cn/html/2026-09/14/content_10.htm",
        "http://qjwb.zjol.com.cn/html/2026-09/14/node_2.htm",
        "https://evil.com/html/2026-09/14/content_10.htm",
        "/paperindex.htm",
        "zjrbindex.htm",
        "../paper_existed.xml",
        "https://zjnews.zjol.com.cn/202609/t20260914_1.shtml",
        "/images/2026-09/14/zjrb2026091400010v01n.pdf",
        "#",
        "javascript:void(0)",
        "",
    ],
)
def test_other_issues_and_other_things_are_left_out(href: str) -> None:
    printed = read(f'{LINES}<a href="{href}">x</a><area href="{href}">')
    assert (articles(printed), nodes(printed)) == (["11", "12"], [])


def test_the_other_pages_of_the_issue() -> None:
    assert nodes(read(WAYS)) == ["2", "4"]


def test_each_page_is_named_once() -> None:
    assert nodes(read(WAYS + WAYS.replace("http:", "https:"))) == ["2", "4"]


def test_the_front_of_an_issue_may_be_a_printed_page() -> None:
    printed = read(LINES + WAYS, f"{ISSUE}/zjrbindex.htm")
    assert (articles(printed), nodes(printed)) == (["11", "12"], ["2", "3", "4"])


def test_an_empty_page_names_nothing() -> None:
    assert read("<p></p>") == PrintedPage(articles=[], pages=[], number=None, name=None)


# --- Number and name of the printed page ------------------------------------------------------


def test_number_and_name_stand_in_the_link_to_the_page_itself() -> None:
    printed = read(WAYS)
    assert (printed.number, printed.name) == ("00002", "文化·读书")


def test_the_address_of_the_page_itself_may_have_a_query() -> None:
    assert read(WAYS, f"{ISSUE}/node_4.htm?v=1").number == "00003"


@pytest.mark.parametrize(
    ("heading", "number", "name"),
    [
        ("第00003版：要闻", "00003", "要闻"),
        ("第00003版:要闻", "00003", "要闻"),
        ("第A01版：头版", "A01", "头版"),
        ("第 3 版　要闻", "3", "要闻"),
        ("浙江日报 2026年9月14日 第00003版：要闻", "00003", "要闻"),
        ("<b>第00003版</b>：<i>要闻</i>", "00003", "要闻"),
        ("第00003版", "00003", None),
        ("要闻", None, None),
        ("第三届茶博会开幕", None, None),
    ],
)
@pytest.mark.parametrize("tag", ["div", "span", "strong", "td", "h2"])
def test_number_and_name_as_printed(
    tag: str, heading: str, number: str | None, name: str | None
) -> None:
    around = f"<table><tr><td>{heading}</td></tr></table>"
    printed = read(around if tag == "td" else f"<{tag}>{heading}</{tag}>")
    assert (printed.number, printed.name) == (number, name)


def test_a_line_of_all_pages_is_no_heading() -> None:
    ways = "<div>第00001版：要闻 第00002版：体育</div>"
    printed = read(f"{ways}<div>第00005版：副刊</div>")
    assert (printed.number, printed.name) == ("00005", "副刊")


# --- Issues of a month ------------------------------------------------------------------------

DECLARATION = '<?xml version="1.0" encoding="utf-8"?>\n'


def period(day: str, front: str | None = None) -> str:
    page_ = "" if front is None else f"<front_page>{front}</front_page>"
    return f"<period><period_date>{day}</period_date>{page_}</period>"


def issues(*periods: str, before: str = "", url: str = ISSUES) -> dict[date, str]:
    markup = f"{before}<period_list>\n{''.join(periods)}</period_list>"
    return read_issues(markup.encode(), url)


@pytest.mark.parametrize(
    ("front", "address"),
    [
        ("node_2.htm", f"{FOLDER}/node_2.htm"),
        (" node_2.htm\n", f"{FOLDER}/node_2.htm"),
        ("01/node_2.htm", f"{FOLDER}/node_2.htm"),
        ("/html/2026-09/01/node_2.htm", f"{FOLDER}/node_2.htm"),
        ("//zjrb.zjol.com.cn/html/2026-09/01/node_2.htm", f"{FOLDER}/node_2.htm"),
        ("http://zjrb.zjol.com.cn/html/2026-09/01/node_2.htm", f"http{FOLDER[5:]}/node_2.htm"),
        ("", f"{FOLDER}/zjrbindex.htm"),
        (None, f"{FOLDER}/zjrbindex.htm"),
    ],
)
def test_the_front_page_of_an_issue(front: str | None, address: str) -> None:
    assert issues(period("2026-09-01", front)) == {FIRST: address}


@pytest.mark.parametrize("before", ["", DECLARATION, "\ufeff" + DECLARATION, "\n\n"])
def test_the_declaration_may_be_missing(before: str) -> None:
    assert list(issues(period("2026-09-01"), before=before)) == [FIRST]


def test_names_may_be_in_upper_case() -> None:
    body = b"<PERIOD_LIST><PERIOD><PERIOD_DATE>2026-09-01</PERIOD_DATE><FRONT_PAGE>node_2.htm</FRONT_PAGE></PERIOD></PERIOD_LIST>"
    assert read_issues(body, ISSUES) == {FIRST: f"{FOLDER}/node_2.htm"}


@pytest.mark.parametrize("day", ["2026-09-01", "20260901", " 2026-09-01 ", "2026-09-01 00:00:00"])
def test_forms_of_the_day(day: str) -> None:
    assert list(issues(period(day))) == [FIRST]


def test_every_issue_has_its_own_front_page() -> None:
    found = issues(period("2026-09-01", "node_2.htm"), period("2026-09-02", "node_7.htm"))
    assert [url.rsplit("/", 1)[1] for url in found.values()] == ["node_2.htm", "node_7.htm"]


def test_the_front_page_may_stand_before_its_day() -> None:
    one = (
        "<period><front_page>node_2.htm</front_page><period_date>2026-09-01</period_date></period>"
    )
    assert issues(one, period("2026-09-02", "node_7.htm"))[FIRST] == f"{FOLDER}/node_2.htm"


def test_an_element_without_an_end_is_empty() -> None:
    one = "<period><period_date>2026-09-01</period_date><front_page/></period>"
    assert issues(one, period("2026-09-02", "node_7.htm"))[FIRST] == f"{FOLDER}/zjrbindex.htm"


def test_periods_need_no_element_around_them() -> None:
    flat = (
        "<period_date>2026-09-01</period_date><front_page>node_2.htm</front_page>"
        "<period_date>2026-09-02</period_date><front_page>node_7.htm</front_page>"
    )
    assert [url.rsplit("/", 1)[1] for url in issues(flat).values()] == ["node_2.htm", "node_7.htm"]


def test_texts_may_be_written_as_cdata() -> None:
    one = period("<![CDATA[2026-09-01]]>", "<![CDATA[node_2.htm]]>")
    assert issues(one) == {FIRST: f"{FOLDER}/node_2.htm"}


@pytest.mark.parametrize("day", ["2026-02-30", "2026-13-01", "0000-00-00", "", "昨天"])
def test_a_day_no_calendar_has_is_left_out(day: str) -> None:
    assert list(issues(period(day), period("2026-09-01"))) == [FIRST]


def test_a_month_may_have_no_issue() -> None:
    assert issues() == {}


def test_a_list_whose_days_cannot_be_read_is_not_an_empty_month() -> None:
    with pytest.raises(ValueError, match="issues"):
        issues(period("Sept 1"), period("Sept 2"))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" \n",
        b"\x00\x01\x02",
        b"{}",
        b"<!-- -->",
        b"no such page",
        b"<html><body><h1>404 Not Found</h1></body></html>",
        b'<?xml version="1.0"?><rss><channel/></rss>',
    ],
)
def test_nonsense_is_no_list_of_issues(body: bytes) -> None:
    with pytest.raises(ValueError, match="issues"):
        read_issues(body, ISSUES)


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_value_error(body: bytes) -> None:
    try:
        found = read_issues(body, ISSUES)
    except ValueError:
        return
    assert found == {}


_papers = st.from_regex(r"[a-z]{2,6}", fullmatch=True)
_days = st.dates(date(2001, 1, 1), date(2030, 12, 31))


@given(_papers, _days)
def test_the_front_of_an_issue_is_known_by_its_address(paper: str, day: date) -> None:
    address = addresses.address_of(front_of(paper, day))
    assert (address.kind, address.paper, address.date) == (Kind.PAPER_FRONT, paper, day)


@given(_papers, _days)
def test_the_list_of_issues_is_known_by_its_address(paper: str, day: date) -> None:
    address = addresses.address_of(issues_of(paper, day))
    assert (address.kind, address.paper) == (Kind.PAPER_ISSUES, paper)
    assert f"/{day:%Y-%m}/" in address.url


@given(_papers, st.lists(_days, unique=True, max_size=20))
def test_every_day_of_a_list_comes_back(paper: str, days: list[date]) -> None:
    periods = [period(day.isoformat()) for day in days]
    found = issues(*periods, url=issues_of(paper, FIRST))
    assert found == {day: front_of(paper, day) for day in days}
