"""Which layout a page has, and what is no article at all."""

from __future__ import annotations

import pytest

from tests.reading import read_record
from zjnews.items import Rejected

LONG = "这一段写得够长，也有完整的句子，足以让任何一个读者相信它是正文。" * 4


def reason(markup: str, url: str = "https://zjnews.zjol.com.cn/about/x.shtml") -> str:
    with pytest.raises(Rejected) as raised:
        read_record(markup.encode(), url=url)
    return raised.value.reason


@pytest.mark.parametrize(
    "markup",
    [
        f"<html><head><title>404 Not Found</title></head><body><p>{LONG}</p></body></html>",
        f"<html><head><title>浙江在线</title></head><body><h1>抱歉，您访问的页面不存在</h1><p>{LONG}</p></body></html>",
        "<html><body>文章不存在</body></html>",
    ],
)
def test_pages_that_say_there_is_nothing(markup: str) -> None:
    assert reason(markup) == "not-found-page"


def test_a_number_is_no_error() -> None:
    record = read_record(
        f"<html><head><title>404名学生植树</title></head><body><h1>404名学生植树</h1><p>{LONG}</p></body></html>".encode()
    )
    assert record["title"] == "404名学生植树"


def test_a_line_break_in_a_title_of_an_unknown_layout_is_a_space() -> None:
    record = read_record(f"<html><body><h1>茶季<br>来了</h1><p>{LONG}</p></body></html>".encode())
    assert record["title"] == "茶季 来了"


def test_a_later_page_is_read_as_it_stands() -> None:
    record = read_record(
        "<h1 class=artTitle>题</h1><div class=artCon><p>第二页。</p></div>".encode(),
        url="http://jx.zjol.com.cn/system/2015/06/30/020717765_01.shtml",
    )
    assert (record["id"], record["text"]) == ("system:020717765", "第二页。")


def test_a_mobile_redirect_in_an_article_is_none() -> None:
    record = read_record(
        "<script>if (m) location.replace('http://m.zjol.com.cn/');</script><h1 class=artTitle>题</h1>"
        "<div class=artCon><p>短。</p></div></html>".encode()
    )
    assert record["text"] == "短。"


@pytest.mark.parametrize("kind", ["index.shtml", "index_3.shtml", ""])
def test_a_list_by_its_address(kind: str) -> None:
    assert (
        reason(f"<html><body><p>{LONG}</p></body></html>", f"https://china.zjol.com.cn/gnxw/{kind}")
        == "list-page"
    )
