"""A page's bytes as text: the charset by evidence, and what is no page at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reading import FETCHED
from zjnews import page
from zjnews.items import Rejected
from zjnews.page import MAX_BYTES, Page, decode

TEXT = "<p>浙江在线讯，茶农们说：“今年的春茶”长势喜人——堃、祎也来了。</p>" * 20
PLAIN = "<p>浙江在线讯，茶农们说：“今年的春茶”长势喜人。</p>" * 20


def read(body: bytes, content_type: str | None = "text/html") -> Page:
    return page.read("https://zjnews.zjol.com.cn/", body, content_type, FETCHED)


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
    assert "".join(read(b"<html><p>a\0b</p><p>c</p>").root.itertext()) == "abc"


def test_deep_markup_is_cut_off_not_fatal() -> None:
    assert read(b"<div>" * 1_000_000 + b"x").root is not None


def test_selectors_of_one_element_and_others_find_the_same() -> None:
    found = read(b'<div class="a b" id=c><p class=d>1</p></div><p class="d a">2</p>')
    for css in ("div.a", ".a", "#c", "div#c", ".a.b", "p.d", "p.d.a", "div > p.d", "div p, p.a"):
        assert found.select(css) == [hit.root for hit in found.selector.css(css)], css


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
