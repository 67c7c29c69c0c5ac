"""A page's bytes as text: the charset by evidence, and what is no page at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reading import FETCHED, read_record
from zjnews.items import Rejected
from zjnews.pages import page
from zjnews.pages.joining import pages_of
from zjnews.pages.page import MAX_BYTES, Page, decode
from zjnews.pages.tree import Element
from zjnews.site.addresses import address_of

TEXT = "<p>浙江在线讯，茶农们说：“今年的春茶”长势喜人——堃、祎也来了。</p>" * 20
PLAIN = "<p>浙江在线讯，茶农们说：“今年的春茶”长势喜人。</p>" * 20


def read(body: bytes, content_type: str | None = "text/html") -> Page:
    return page.read_page("https://zjnews.zjol.com.cn/", body, content_type, FETCHED)


@pytest.mark.parametrize(
    ("body", "content_type", "guessed"),
    [
        (TEXT.encode("utf-8"), "text/html; charset=utf-8", False),
        (TEXT.encode("utf-8"), None, False),
        (b"\xef\xbb\xbf" + TEXT.encode("utf-8"), "text/html; charset=gbk", False),
        (TEXT.encode("utf-16"), "text/html; charset=utf-8", False),
        (TEXT.encode("gb18030"), "text/html; charset=gbk", False),
        (TEXT.encode("gb18030"), "text/html; charset=gb2312", False),
        (b"<meta charset=gb2312>" + TEXT.encode("gb18030"), "text/html", False),
        (
            b'<meta http-equiv="Content-Type" content="text/html; charset=GBK">'
            + TEXT.encode("gb18030"),
            None,
            False,
        ),
        (TEXT.encode("gb18030"), "text/html; charset=utf-8", True),
        (b"<meta charset=gb2312>" + TEXT.encode("gb18030"), "text/html; charset=utf-8", True),
        (TEXT.encode("gb18030"), "text/html; charset=iso-8859-1", True),
        (TEXT.encode("gb18030"), None, True),
        (TEXT.encode("utf-8"), "text/html; charset=gbk", True),
        (b"<meta charset=gbk>" + TEXT.encode("utf-8"), None, True),
        (PLAIN.encode("gb2312"), "text/html; charset=x-nonsense", True),
    ],
)
def test_charset(body: bytes, content_type: str | None, guessed: bool) -> None:
    decoded = decode(body, content_type)
    assert decoded.text.endswith((TEXT, PLAIN))
    assert decoded.guessed is guessed
    assert read(body, content_type).warnings == (["charset-guessed"] if guessed else [])


@pytest.mark.parametrize("charset", ["windows-1251", "koi8-r", "ibm866", "x-mac-cyrillic"])
def test_letters_of_one_byte_each_are_doubted(charset: str) -> None:
    """Any bytes are Russian text, and Russian letters are in GB 2312."""
    text = (
        "<p>上桥早市热闹，老铁年年卖鱼卖米，天晴人们上桥</p>" * 20
    )  # of bytes that are letters there
    decoded = decode(text.encode("gb18030"), f"text/html; charset={charset}")
    assert (decoded.text, decoded.guessed) == (text, True)


@pytest.mark.parametrize("charset", ["windows-1251", "koi8-r"])
@pytest.mark.parametrize(("signs", "guessed"), [(100, False), (101, True), (300, True)])
def test_a_page_of_letters_of_one_byte_is_believed_up_to_200(
    charset: str, signs: int, guessed: bool
) -> None:
    """More of them, all in GB 2312, are Chinese: each two bytes are a sign there, too."""
    text = ("上桥早市热闹老铁年年卖鱼卖米天晴人们" * 20)[:signs]
    body = f"<p>{text}</p>".encode("gb18030")
    decoded = decode(body, f"text/html; charset={charset}")
    assert (decoded.text == f"<p>{text}</p>", decoded.guessed) == (guessed, guessed)


@pytest.mark.parametrize(
    ("text", "guessed"),
    [
        ("上" * 10 + "國" * 5 + "，" * 5, True),  # 0.62 as declared, 0.75 in gb18030
        ("上" * 14 + "國" * 3 + "，" * 3, False),  # 0.77 and 0.85
        ("上" * 14 + "，" * 6, True),  # 0.7 and 1
    ],
)
def test_what_is_declared_wins_where_it_fits_nearly_as_well(text: str, guessed: bool) -> None:
    decoded = decode(text.encode("gb18030"), "text/html; charset=windows-1251")
    assert (decoded.text == text, decoded.guessed) == (guessed, guessed)


def test_a_charset_in_which_half_of_the_signs_are_common_is_believed() -> None:
    assert decode("上國".encode("gb18030"), None).text == "上國"
    with pytest.raises(Rejected, match="unreadable"):
        decode("上國國".encode("gb18030"), None)


@pytest.mark.parametrize("charset", ["gbk", "gb2312", "iso-8859-1", "windows-1251"])
def test_a_page_of_ascii_is_whatever_it_declares(charset: str) -> None:
    assert not decode(b"<p>The ferry is back.</p>", f"text/html; charset={charset}").guessed


def test_a_dead_include_before_the_declared_charset_does_not_hide_it() -> None:
    dead = (
        "<html><head><title>404 Not Found</title></head><body><center><h1>404 Not Found</h1>"
        "</center><hr><center>nginx/1.20.1</center></body></html>"
    )
    body = f"{dead}<html><head><meta charset=gbk></head><body>{PLAIN}</body></html>"
    assert read(body.encode("gb18030")).warnings == []


def test_a_foreign_sign_in_the_first_line_does_not_tell_the_charset() -> None:
    decoded = decode(b"<title>Caf\xe9 2018</title>\n" + PLAIN.encode("gb18030"), None)
    assert (decoded.charset, decoded.text.endswith(PLAIN)) == ("gb18030", True)


@pytest.mark.parametrize("byte", [b"\x92", b"\xe9", b"\xa0"])
@pytest.mark.parametrize("content_type", ["text/html; charset=utf-8", None])
def test_an_english_page_with_a_foreign_byte_is_read(byte: bytes, content_type: str | None) -> None:
    decoded = decode(b"<p>The caf" + byte + b" by the river opens at six.</p>" * 20, content_type)
    assert decoded.text.count("opens at six") == 20
    assert decoded.guessed


def test_one_bad_byte_does_not_overturn_what_is_declared() -> None:
    for charset in ("utf-8", "gb18030"):
        body = TEXT.encode(charset)
        decoded = decode(body[:900] + b"\xff" + body[900:], f"text/html; charset={charset}")
        assert not decoded.guessed
        assert decoded.text.count("浙江在线") >= 19


@pytest.mark.parametrize("charset", ["utf-8", "gb18030"])
def test_half_a_character_at_the_end_is_left_out(charset: str) -> None:
    text = "<p>" + "雨停了，" * 50 + "班列集装箱"
    markup = read(text.encode(charset)[:-1], f"text/html; charset={charset}").markup
    assert markup == text[:-1]


@pytest.mark.parametrize(
    ("body", "content_type", "reason"),
    [
        (b"", None, "empty-page"),
        (b" \n\t ", None, "empty-page"),
        (b"\xff" * 3000, None, "unreadable"),
        (b"<html>" + b" " * MAX_BYTES, None, "too-large"),
        (b"<html></html>", "image/png", "not-html"),
        (b"<html></html>", "application/json", "not-html"),
        (b'{"a": "<b>"}', "text/html", "not-html"),
        (b'["a"]', None, "not-html"),
    ],
)
def test_what_is_no_page(body: bytes, content_type: str | None, reason: str) -> None:
    with pytest.raises(Rejected) as raised:
        read(body, content_type)
    assert raised.value.reason == reason


def test_nul_does_not_end_the_page() -> None:
    assert read(b"<html><p>a\0b</p><p>c</p>").root.text == "abc"


@pytest.mark.parametrize(
    "markup",
    [
        b"<div>" * 100_000,
        b"<b>" * 100_000,
        b"<table><tr><td>" * 50_000,
        b"</x>" * 1_000_000,
        b"<p " + b" ".join(b"a%d" % n for n in range(100_000)) + b">",
        b"<p " + b" ".join(b"a%d='<>'" % n for n in range(100_000)) + b">",
        b"".join(b"<body a%d>" % n for n in range(50_000)),
        b"".join(
            b"<body %s>" % b" ".join(b"%c%d" % (c, n) for n in range(100_000)) for c in b"abc"
        ),
        b"<p><a href=/><svg><b><template>" * 20_000,
    ],
    ids=["div", "b", "table", "end-tags", "attributes", "quoted", "bodies", "few-bodies", "mixed"],
)
def test_hostile_markup_is_read(markup: bytes) -> None:
    assert "x" in read(b"<html><p>x</p>" + markup).root.text


@pytest.mark.parametrize(("length", "kept"), [(1_000, ["a", "b"]), (100_000, [])])
def test_repeated_bodies_of_a_long_page_lose_their_attributes(length: int, kept: list[str]) -> None:
    page = read(b"<html><body a=1><p>" + b"x" * length + b"</p><body b=2>")
    body = page.document.find("body")
    assert body is not None
    assert list(body.attrs) == kept


def test_formatting_that_is_opened_anew_in_every_paragraph_does_not_fill_the_memory() -> None:
    fonts = b"".join(b"<font size=%d>" % n for n in range(600))
    root = read(b"<html><p>" + fonts + b"<p>x" * 100_000).root
    assert root.text == "x" * 100_000
    assert sum(1 for _ in root.iter_elements("font")) < 400_000


def test_formatting_of_a_large_page_has_its_attributes() -> None:
    paragraph = b"<p><font color=red>x</font></p>"
    root = read(b"<html><font size=7>y</font>" + paragraph * 50 + b"<p>z</p>" * 20_000).root
    assert len(root.select("font[color=red]")) == 50


def test_the_tree_has_no_comments() -> None:
    root = read(b"<html><p>a<!-- b -->c<?php d ?>e<![CDATA[ f ]]>g</p><!-- h -->").root
    assert [node.text for node in root.descendants if not isinstance(node, Element)] == ["aceg"]


def test_paragraphs_end_as_in_a_browser() -> None:
    found = read(
        b"<html><body><p>a<div>b</div>c</p><b>d<p>e</b>f</p><table>g<tr><td>h</table>"
        b"<video><source src=i.mp4>j</video>"
    )
    tags = [element.tag for element in found.root.iter_elements()]
    assert "".join(found.root.strings) == "abcdefghj"
    assert tags == "head body p div p b p b table tbody tr td video source".split()


@given(
    st.binary(max_size=300),
    st.sampled_from([None, "text/html; charset=gbk", "text/html; charset=utf-8"]),
)
def test_no_bytes_raise_anything_but_rejected(body: bytes, content_type: str | None) -> None:
    try:
        found = read(body, content_type)
    except Rejected:
        return
    assert isinstance(found.markup, str)


@given(
    st.text(
        alphabet=st.characters(codec="gb18030", exclude_categories=["Cs", "Cc", "Co", "Cn"]),
        min_size=1,
    )
)
def test_declared_text_comes_back(text: str) -> None:
    for charset in ("utf-8", "gb18030"):
        decoded = decode(
            b"<p>" + TEXT.encode(charset) + text.encode(charset), f"text/html; charset={charset}"
        )
        assert decoded.text.endswith(text)
        assert not decoded.guessed


# --- Where a page leads, and what it announces ------------------------------------------------

HERE = "https://zjnews.zjol.com.cn/zt/x.shtml"
THERE = "https://zjnews.zjol.com.cn/zjxc/"


def leads(markup: str, url: str = HERE) -> tuple[str, str] | None:
    found = page.read_page(url, f"<html>{markup}</html>".encode(), "text/html", FETCHED).leads_on
    return (found.reason, found.url) if found else None


def script(code: str, text: str = "") -> str:
    return f"<head><script>{code}</script></head><body><p>{text}</p></body>"


@pytest.mark.parametrize(
    "code",
    [
        'location.replace("{}")',
        "location.replace('{}');",
        'location.assign("{}")',
        'window.location.replace( "{}" )',
        "window.location.href = '{}';",
        'window.location.href="{}"',
        "window.location='{}'",
        "top.location='{}';",
        'self.location.href = "{}"',
        "parent.location.href='{}'",
        'document.location = "{}"',
        "document.location.href='{}'",
        "if (top != self) top.location='{}'; else location.href='{}';",
        "if (location.href == '/a') {{ }} location.href = '{}'",
        "\nlocation.href =\n '{}'\n",
        "setTimeout(\"location.href='{}'\", 100)",
    ],
)
def test_scripts_that_lead_on(code: str) -> None:
    assert leads(script(code.format(THERE, THERE))) == ("script-redirect", THERE)


@pytest.mark.parametrize(
    "tag",
    [
        '<meta http-equiv="refresh" content="0; url={}">',
        '<meta http-equiv="refresh" content="0;URL={}">',
        '<META HTTP-EQUIV="REFRESH" CONTENT="0; URL={}">',
        "<meta http-equiv=refresh content='0;url={}'/>",
        '<meta content="1;url={}" http-equiv="Refresh">',
        '<meta http-equiv="refresh" content="0;url=\'{}\'">',
    ],
)
def test_a_refresh_leads_on(tag: str) -> None:
    assert leads(f"<head>{tag.format(THERE)}</head>") == ("meta-refresh", THERE)


@pytest.mark.parametrize(
    "target", ["../zjxc/", "/zjxc/", "//zjnews.zjol.com.cn/zjxc/", "./../zjxc/", "/zt/../zjxc/"]
)
def test_targets_may_be_relative(target: str) -> None:
    refresh = f'<head><meta http-equiv="refresh" content="0;url={target}"></head>'
    for found in (leads(script(f"location.href='{target}'")), leads(refresh)):
        assert found is not None
        assert address_of(found[1]).canonical == THERE


@pytest.mark.parametrize(
    "target",
    [HERE, "x.shtml", "#top", HERE.replace("https:", "http:"), "//zjnews.zjol.com.cn//zt/x.shtml"],
)
def test_to_itself_is_nowhere(target: str) -> None:
    assert leads(script(f"location.href='{target}'")) is None
    assert leads(f'<head><meta http-equiv="refresh" content="0;url={target}"></head>') is None


def test_a_refresh_without_a_target_is_none() -> None:
    assert leads('<head><meta http-equiv="refresh" content="600"></head>') is None


def test_a_refresh_after_minutes_does_not_lead_on_at_once() -> None:
    refresh = f'<head><meta http-equiv="refresh" content="600;url={THERE}"></head>'
    assert leads(f"{refresh}<body>{PLAIN}</body>") is None


def test_a_refresh_for_those_without_script_is_none() -> None:
    refresh = f'<noscript><meta http-equiv="refresh" content="0;url={THERE}"></noscript>'
    assert leads(f"<head>{refresh}</head><body>{PLAIN}</body>") is None


def test_a_refresh_that_a_script_writes_for_mobiles_is_none() -> None:
    tag = f'<meta http-equiv="refresh" content="0;url={THERE}">'
    code = f"if (/iPhone/.test(navigator.userAgent)) document.write('{tag}')"
    assert leads(script(code, PLAIN)) is None


def test_a_script_in_a_page_with_text_leads_nowhere() -> None:
    assert leads(script(f"if (x) location.replace('{THERE}')", PLAIN)) is None


@pytest.mark.parametrize(
    "condition",
    [
        "if (/Android|iPhone/i.test(navigator.userAgent))",
        "var u = navigator.userAgent.toLowerCase(); if (u.match(/mobile/))",
        "if (navigator.platform.indexOf('Win') < 0)",
    ],
)
def test_a_script_for_mobiles_leads_nowhere(condition: str) -> None:
    code = f"{condition} {{ location.replace('http://m.zjol.com.cn/'); }}"
    assert leads(script(code, "短讯。")) is None


def test_a_long_script_does_not_hide_where_it_leads() -> None:
    code = "var a = 1;\n" * 30_000 + f"location.replace('{THERE}')"
    assert leads(script(code)) == ("script-redirect", THERE)


@pytest.mark.parametrize(
    "code",
    [
        "var a = location.href;",
        "if (location.href == '/zjxc/') x();",
        "if (location.href === '/zjxc/') x();",
        "if (location.href != '/zjxc/') x();",
        "location.hash = '/zjxc/';",
        "location.reload();",
        "location.href = target;",
        "var s = location.href.replace('/zjxc/', '');",
    ],
)
def test_scripts_that_lead_nowhere(code: str) -> None:
    assert leads(script(code)) is None


def test_a_word_that_ends_like_location_is_another() -> None:
    assert leads(script("var geolocation = 'hangzhou';")) is None


def test_a_script_that_is_commented_out_leads_nowhere() -> None:
    assert (
        leads(f"<body><!-- <script>location.href='{THERE}'</script> --><p>短。</p></body>") is None
    )


@pytest.mark.parametrize(
    "markup",
    [
        "<button onclick=\"location.href='/'\">返回首页</button>",
    ],
)
def test_a_button_leads_nowhere_before_it_is_pressed(markup: str) -> None:
    assert leads(f"<body><p>文章不存在</p>{markup}</body>") is None


def test_a_page_without_any_leads_nowhere() -> None:
    assert leads(f"<body>{PLAIN}</body>") is None


@given(st.text(alphabet="locatin.href='\"/zjx()<> ;", max_size=60))
def test_no_script_raises(code: str) -> None:
    found = leads(script(code))
    assert found is None or found[0] == "script-redirect"


def announced(code: str, url: str = THERE) -> list[str]:
    body = f"<p><script>{code}</script>".encode()
    return page.read_page(url, body, "text/html", FETCHED).announced.urls


@pytest.mark.parametrize(
    "code",
    [
        'createPageHTML(3, 1, "index", "shtml");',
        "createPageHTML(3,0,'index','shtml')",
        "createPageHTML( 3 , 2 , 'index' , 'shtml' );",
    ],
)
@pytest.mark.parametrize("url", [THERE, f"{THERE}index.shtml", f"{THERE}index_2.shtml"])
def test_a_script_announces_all_pages(code: str, url: str) -> None:
    names = ["index.shtml", "index_1.shtml", "index_2.shtml"]
    assert announced(code, url) == [THERE + name for name in names]


@pytest.mark.parametrize(
    "code", ["", "createPageHTML(n, 0, 'index', 'shtml')", "function createPageHTML(a, b, c, d) {}"]
)
def test_nothing_is_announced(code: str) -> None:
    assert announced(code) == []


def test_the_ending_that_a_script_announces_is_kept() -> None:
    assert announced("createPageHTML(2, 0, 'list', 'html')") == [
        f"{THERE}list.html",
        f"{THERE}list_1.html",
    ]


def visible(markup: str) -> str:
    return page.read_page(HERE, markup.encode(), "text/html", FETCHED).visible_text


def test_visible_text_is_that_of_the_body() -> None:
    assert visible("<html><head><title>题</title></head><body><p>文</p></body></html>") == "文"


@pytest.mark.parametrize(
    "markup", ["<script>a()</script>", "<style>p {}</style>", "<!-- a -->", "<img alt=a>"]
)
def test_what_is_no_visible_text(markup: str) -> None:
    assert visible(f"<body><p>前{markup}</p>{markup}<p>后</p></body>") == "前 后"


def test_white_space_of_visible_text_is_folded() -> None:
    assert visible("<body><p>\n　　前&nbsp;\t后\u200b </p></body>") == "前 后"


def test_a_page_without_a_body_has_no_visible_text() -> None:
    assert visible("<html><frameset><frame src=a.htm></frameset></html>") == ""


ARTICLE = "https://zjnews.zjol.com.cn/zjnews/202609/t20260914_31908230.shtml"


@pytest.mark.parametrize(
    "code",
    [
        "var n = 2; createPageHTML(n, 0, 't20260914_31908230', 'shtml');",
        "createPageHTML('t20260914_31908230', 2, 0, 'shtml')",
        "var name='t20260914_31908230', all=2;\nfunction createPageHTML(a,b){}\ncreatePageHTML(all,0,name,'shtml')",
        "/* createPageHTML(9,0,'x','shtml') */ createPageHTML(2,0,'t20260914_31908230','shtml')",
    ],
)
def test_scripts_that_announce_pages_in_other_ways(code: str) -> None:
    names = ["t20260914_31908230.shtml", "t20260914_31908230_1.shtml"]
    assert [url.rpartition("/")[2] for url in announced(code, ARTICLE)] == names


@pytest.mark.parametrize(
    ("code", "is_missing"),
    [
        ("createPageHTML(pages(), 0, 't20260914_31908230', 'shtml')", True),
        ("createPageHTML(total, 0, name, 'shtml')", True),
        ("createPageHTML(1, 0, name, 'shtml')", False),
        ("// createPageHTML(total, 0, name, 'shtml')", False),
    ],
)
def test_pages_that_cannot_be_told_are_missing(code: str, is_missing: bool) -> None:
    markup = (
        f"<h1 class=artTitle>题</h1><div class=artCon><p>第一页。</p><script>{code}</script></div>"
    )
    assert ("page-missing" in read_record(markup.encode(), url=ARTICLE)["warnings"]) is is_missing


def test_links_to_pages_that_a_script_writes() -> None:
    script = r"""document.write('<a href=\"t20260914_31908230_1.shtml\">2</a>')"""
    markup = f"<div class=artCon><p>第一页。</p><script>{script}</script></div>"
    read = page.read_page(ARTICLE, markup.encode(), "text/html", FETCHED)
    assert pages_of(read) == {2: ARTICLE.replace(".shtml", "_1.shtml")}


def test_the_double_space_of_gbk_is_white_space() -> None:
    markup = "<meta charset=gbk><h1 class=artTitle>题</h1><div class=artCon><p>AA甲B乙。</p></div>"
    body = markup.encode("gbk").replace(b"AA", b"\xa3\xa0\xa3\xa0").replace(b"B", b"\xa3\xa0")
    assert read_record(body, content_type="text/html", url=ARTICLE)["text"] == "甲 乙。"


@pytest.mark.parametrize(
    "head",
    [
        "<meta name=PubDate content='2026-09-14 08:08'>",
        "<meta property='article:published_time' content='2026-09-14T08:08+08:00'>",
        "<meta itemprop=datePublished content='2026-09-14 08:08'>",
        '<script type="application/ld+json">{"@graph": [{"datePublished": "2026-09-14T08:08+08:00"}]}</script>',
        "<time datetime='2026-09-14T08:08+08:00'></time>",
    ],
)
def test_a_date_that_only_machines_see(head: str) -> None:
    markup = f"<html><head>{head}</head><body><h1 class=artTitle>题</h1><div class=artCon><p>文。</p></div></body></html>"
    record = read_record(markup.encode(), url=ARTICLE)
    assert (record["published_at"], record["warnings"]) == ("2026-09-14T08:08:00+08:00", [])


@pytest.mark.parametrize(
    "line",
    [
        "<span>2026-09-14 08:08</span> <span>更新时间：2026-09-15 09:00</span>",
        "<span>编辑时间：2026-09-15 09:00</span> <span>发布时间：2026-09-14 08:08</span>",
        "<span>2026-09-14 08:08 最后更新于 2026-09-15 09:00</span>",
        "<span>2026-09-14 08:08</span></div><div class=upd>修改时间：2026-09-15 09:00",
    ],
)
def test_the_time_of_an_update_is_not_that_of_publication(line: str) -> None:
    markup = (
        f"<h1 class=artTitle>题</h1><div class=info>{line}</div><div class=artCon><p>文。</p></div>"
    )
    record = read_record(markup.encode(), url=ARTICLE)
    assert record["published_at"] == "2026-09-14T08:08:00+08:00"
    assert record["modified_at"] == "2026-09-15T09:00:00+08:00"


@pytest.mark.parametrize(
    "charset",
    "base64 hex idna punycode undefined zip bz2 rot13 uu quopri unicode_escape raw_unicode_escape"
    " utf-7 utf_8_sig mbcs oem charmap no-such".split(),
)
@pytest.mark.parametrize("where", ["header", "meta"])
@pytest.mark.parametrize(
    ("text", "encoding"),
    [("渡口的早班船" * 9, "gb18030"), ("The ferry is back. " * 9 + "caf\xe9", "latin-1")],
)
def test_a_charset_that_is_none_of_the_web_is_as_if_not_declared(
    charset: str, where: str, text: str, encoding: str
) -> None:
    meta = f"<meta charset='{charset}'>" if where == "meta" else ""
    content_type = f"text/html; charset={charset}" if where == "header" else "text/html"
    decoded = decode(f"<html>{meta}<p>{text}</p></html>".encode(encoding), content_type)
    undeclared = decode(f"<html><p>{text}</p></html>".encode(encoding), "text/html")
    assert text in decoded.text
    assert (decoded.charset, decoded.guessed) == (undeclared.charset, undeclared.guessed)


@pytest.mark.parametrize("url", ["http://[::1", "http://[", "//[::1]:x/", "http://a:99999999/"])
def test_a_refresh_to_a_broken_address_leads_nowhere(url: str) -> None:
    body = f"<meta http-equiv=refresh content='0;url={url}'><p>早</p>".encode()
    read = page.read_page("http://zjnews.zjol.com.cn/a.html", body, None, FETCHED)
    assert read.leads_on is None
