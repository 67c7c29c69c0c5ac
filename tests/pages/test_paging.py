"""Further pages that only a script speaks of."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reading import FETCHED, read_record
from zjnews.loaders import reading
from zjnews.pages import page
from zjnews.pages.joining import may_lack_pages, pages_of
from zjnews.pages.page import Page
from zjnews.pages.paging import announced
from zjnews.site import addresses

FOLDER = "https://zjnews.zjol.com.cn/zjnews/201803/"
NAME = "t20180318_6823456"
URL = f"{FOLDER}{NAME}.shtml"
OLD = "http://zjnews.zjol.com.cn/system/2015/06/30/020717765.shtml"
SYSTEM_SCRIPT = """
var currentPage = 0;//所在页从0开始
var prevPage = currentPage-1//上一页
var countPage = %s//共多少页
document.write("共"+countPage+"页&nbsp;&nbsp;");
var num = 5;
for(var i=0+(currentPage-1-(currentPage-1)%%num) ; i<=(num+(currentPage-1-(currentPage-1)%%num))&&(i<countPage) ; i++){
  if(i==0) document.write("<a href=\\"%s.shtml\\">"+(i+1)+"</a>&nbsp;");
  else document.write("<a href=\\"%s"+"_" + i + "."+"shtml\\">"+(i+1)+"</a>&nbsp;");
}"""
"""What the content system writes into its templates; the loop is too much for a reader."""
TEXT = "<p>雨停了，第三批志愿者已经打点好行囊，下周一他们就要出发去往高原。</p>" * 4


def read(script: str, url: str = URL) -> Page:
    markup = f"<h1 class=artTitle>题</h1><div class=artCon>{TEXT}</div><script>{script}</script>"
    return page.read_page(url, f"<html><body>{markup}</body></html>".encode(), "text/html", FETCHED)


@pytest.mark.parametrize(
    "script",
    [
        f"createPageHTML(3, 0, '{NAME}', 'shtml');",
        f"createPageHTML('3', '0', '{NAME}', '.shtml');",
        f"createPageHTML('page_div', 3, 0, '{NAME}', 'shtml', 1000);",
        f"createPageHTML('{NAME}', 3, 0, 'shtml');",
        "createPageHTML('6823456', 3, 0, 'shtml');",
        f"createPageHTML('6823456', 3, 0, '{NAME}', 'shtml');",
        "createPageHTML(3, 0);",
        f"var n = 3, at = 0;\nvar f = '{NAME}';\nvar e = \"shtml\"; createPageHTML(n, at, f, e);",
        f"var n = parseInt('3'); createPageHTML(n, at, '{NAME}', 'shtml');",
        f"function createPageHTML(a, b, c, d) {{}}\n createPageHTML(3, 0, '{NAME}', 'shtml')",
        f"// createPageHTML(9, 0, '{NAME}', 'shtml');\ncreatePageHTML(3, 0, '{NAME}', 'shtml')",
        f'document.write(\'<a href="{NAME}_1.shtml">2</a><a href="{NAME}_2.shtml">3</a>\')',
        f"var pages = ['{FOLDER}{NAME}_1.shtml', '{FOLDER}{NAME}_2.shtml'];",
        f"for (var i = 1; i < 3; i++) document.write('<a href={NAME}_' + i + '.shtml>' + i + '</a>')",
        f"for(i=1;i<=2;i++){{document.write(\"<a href='{NAME}_\"+i+\".shtml'>\"+(i+1)+'</a>')}}",
        f"var n = 3; for (let k = 0; k < n; k++) {{ var u = '{NAME}_' + k + '.shtml';"
        " document.write('<a href=\"' + u + '\">') }",
        f"var f = '{NAME}', n = 2; for (var i = 1; i <= n; i++)"
        " document.write('<a href=\"' + f + '_' + i + '.shtml\">' + i + '</a>')",
        SYSTEM_SCRIPT % (3, NAME, NAME),
        SYSTEM_SCRIPT % ('parseInt("3")', NAME, NAME),
        f"CreatePageHTML(3, 0, '{NAME}', 'shtml');",
        f"createPageHTML (3, 0, '{NAME}', 'shtml');",
        f"for (let i = 1; i < 3; i++) document.write(`<a href={NAME}_${{i}}.shtml>${{i}}</a>`)",
        "var u = location.href.replace('.shtml', ''); for (var i = 1; i < 3; i++)"
        " document.write('<a href=\"' + u + '_' + i + '.shtml\">' + i + '</a>')",
    ],
)
def test_pages_of_an_article(script: str) -> None:
    found = read(script)
    assert pages_of(found) == {n: f"{FOLDER}{NAME}_{n - 1}.shtml" for n in (2, 3)}
    assert not may_lack_pages(found)


@pytest.mark.parametrize(("calls", "pages"), [(19, {2, 3}), (20, set())])
def test_so_many_calls_are_looked_at(calls: int, pages: set[int]) -> None:
    script = f"createPageHTML(1, 0, '{NAME}', 'shtml');" * calls
    found = pages_of(read(f"{script} createPageHTML(3, 0, '{NAME}', 'shtml');"))
    assert set(found) == pages


def test_pages_of_an_old_article() -> None:
    script = (
        "for (i = 1; i < 3; i++) document.write('<a href=020717765_0' + i + '.shtml>' + i + '</a>')"
    )
    found = read(script, OLD)
    assert pages_of(found) == {n: OLD.replace(".shtml", f"_0{n - 1}.shtml") for n in (2, 3)}


@pytest.mark.parametrize(
    "script",
    [
        f"createPageHTML(total(), 0, '{NAME}', 'shtml');",
        f"createPageHTML(n, 0, '{NAME}', 'shtml');",
        "createPageHTML('div', n);",
        f"createPageHTML({{count: 3, name: '{NAME}'}});",
        f"while (n--) document.write('<a href={NAME}_' + n + '.shtml>')",
        f"for (var i = 1; i < total; i++) document.write('<a href={NAME}_' + i + '.shtml>')",
        f"for (var i = start; i < 3; i++) document.write('<a href={NAME}_' + i + '.shtml>')",
        f"var f = '{NAME}'; for (var i in all) document.write('<a href=' + f + '_' + i + '.shtml>')",
    ],
)
def test_pages_that_no_reading_tells_are_missed_aloud(script: str) -> None:
    found = read(script)
    assert pages_of(found) == {}
    assert may_lack_pages(found)
    record = read_record(found.markup.encode(), url=URL)
    assert (record["warnings"].count("page-missing"), record["page_count"]) == (1, 1)


@pytest.mark.parametrize(
    "script",
    [
        "",
        f"createPageHTML(1, 0, '{NAME}', 'shtml');",
        f"var n = 1; createPageHTML(n, 0, '{NAME}', 'shtml');",
        "function createPageHTML(n, at, f, e) { for (var i = 1; i < n; i++)"
        " document.write('<a href=' + f + '_' + i + '.' + e + '>') }\n"
        f"createPageHTML(1, 0, '{NAME}', 'shtml');",
        f"for (var i = 1; i < 1; i++) document.write('<a href={NAME}_' + i + '.shtml>')",
        f"document.write('<a href=\"{NAME}.shtml\">原文</a>')",
        "document.write('<script src=\"//s.zjol.com.cn/a_' + id + '.js\"><\\/script>')",
        "var a = 'ad_' + n; document.write('<iframe src=//ad.zjol.com.cn/' + a + '.html>')",
        f"share('{NAME}_1.jpg'); var docId = '6823456_1';",
        SYSTEM_SCRIPT % (1, NAME, NAME),
        SYSTEM_SCRIPT % (3, "comments", "comments"),
    ],
)
def test_an_article_of_one_page(script: str) -> None:
    found = read(script)
    assert pages_of(found) == {}
    assert not may_lack_pages(found)


@pytest.mark.parametrize(
    "markup",
    [
        f"<select><option value={NAME}.shtml>1<option value={NAME}_1.shtml>2</select>",
        f"<link rel=next href=./{NAME}_1.shtml>",
    ],
)
def test_pages_that_no_link_leads_to(markup: str) -> None:
    body = read("").markup.replace("<script>", f"{markup}<script>")
    found = page.read_page(URL, body.encode(), "text/html", FETCHED)
    assert pages_of(found) == {2: f"{FOLDER}{NAME}_1.shtml"}


@pytest.mark.parametrize("count", [1, 3])
def test_a_list_whose_pages_the_content_system_counts(count: int) -> None:
    found = read(SYSTEM_SCRIPT % (count, "index", "index"), "https://zjnews.zjol.com.cn/zjxc/")
    names = ("index", "index_1", "index_2")[:count]
    assert found.announced.urls == [f"https://zjnews.zjol.com.cn/zjxc/{n}.shtml" for n in names]


def test_a_list_with_variables_and_an_element_first() -> None:
    script = "var n = 3; createPageHTML('pages', n, 0, 'index', 'shtml');"
    found = read(script, "https://zjnews.zjol.com.cn/zjxc/")
    names = ("index", "index_1", "index_2")
    assert found.announced.urls == [f"https://zjnews.zjol.com.cn/zjxc/{n}.shtml" for n in names]


def test_further_pages_by_links_leave_nothing_missing() -> None:
    body = read(f"createPageHTML(n, 0, '{NAME}', 'shtml')").markup
    body = body.replace("<script>", f"<a href={NAME}_1.shtml>2</a><script>")
    found, article = reading.load(URL, body.encode(), "text/html", FETCHED)
    assert set(pages_of(found)) == {2}
    assert "page-missing" not in article.warnings


@pytest.mark.parametrize(
    "unit",
    [
        "createPageHTML(",
        "createPageHTML(\n",
        "createPageHTML(3,",
        "for (i = 0; i < n; ",
        f"'{NAME}_' + i",
        f"a = '{NAME}'; ",
        "a" * 61,
        "'_' + ",
        "' + '",
    ],
)
def test_no_script_is_slow(unit: str) -> None:
    address = addresses.address_of(URL)
    started = time.process_time()
    announced([unit * (200_000 // len(unit)) + ".write <a html"], address, URL)
    assert time.process_time() - started < 1


@given(st.text(alphabet="createPageHTML(3,'t_01)+i<=;for \n\"._wa", max_size=80))
def test_no_script_raises(script: str) -> None:
    announced(
        [script, f"createPageHTML({script}", f"'{NAME}_'+{script}"], addresses.address_of(URL), URL
    )
