"""Pages that survive only as text: where the head ends, and that no line of the body is lost."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reading import read_record
from zjnews.items import Rejected

SYSTEM = "http://zjnews.zjol.com.cn/system/2013/02/01/019129671.shtml"
PAPER = "http://zjrb.zjol.com.cn/html/2018-06/21/content_3145778.htm?div=-1"
FIRST = "浙江在线02月01日讯 老茶厂停产二十年后，村里的年轻人把旧厂房改成了图书馆，周末还办读书会。"
SECOND = "邻村的孩子也来，最远的要走四里山路。馆里只有一条规矩：带走一本书，就得留下一个故事。"
CRUMB = "您当前的位置 :浙江在线 > 浙江新闻 > 浙江纵横 > 衢州 正文"
TITLE = "老茶厂里办起图书馆"


def read(*lines: str, url: str = SYSTEM) -> dict[str, Any]:
    return read_record("\n".join(lines).encode(), url=url, content_type="text/plain; charset=utf-8")


def paragraphs(record: dict[str, Any]) -> list[str]:
    return [block["text"] for block in record["body"] if block["type"] != "image"]


@pytest.mark.parametrize(
    "head",
    [
        (CRUMB, TITLE, "2013年02月01日 10:53:28", ""),
        (TITLE, "", "2013年02月01日 10:53:28 来源: 衢州日报", ""),
        (
            "首页 | 新闻 | 视听",
            "·别的新闻一条",
            CRUMB,
            TITLE,
            "www.zjol.com.cn  2013年02月01日 10:53:28  浙江在线新闻网站",
        ),
        (
            CRUMB,
            "文字: 大 中 小 打印",
            "",
            TITLE,
            "",
            "2013年02月01日 10:53:28 [大 中 小] [打印]",
            "",
        ),
        (CRUMB, TITLE, "www.zjol.com.cn", "2013年02月01日 10:53:28", "浙江在线新闻网站"),
        (TITLE + " | ||||||||", "2013年02月01日 10:53:28 浙江在线新闻网站 | ||||||||"),
    ],
)
def test_heads_with_a_date_line(head: tuple[str, ...]) -> None:
    record = read(*head, FIRST, "", SECOND)
    assert record["title"] == TITLE
    assert record["published_at"] == "2013-02-01T10:53:28+08:00"
    assert record["warnings"] == []
    assert paragraphs(record) == [FIRST, SECOND]


def test_a_subtitle_between_title_and_date() -> None:
    record = read(
        CRUMB, TITLE, "旧厂房里的新邻居", "2013年02月01日 10:53:28 来源: 衢州日报", "", FIRST
    )
    assert (record["title"], record["subtitle"]) == (TITLE, "旧厂房里的新邻居")
    assert (record["source"], record["sections"]) == ("衢州日报", ["浙江新闻", "浙江纵横", "衢州"])


def test_without_a_date_line_the_address_has_the_day() -> None:
    record = read(
        "导航",
        "更多",
        CRUMB,
        "404 Not Found",
        "404 Not Found",
        "ZJOL/1.24.96",
        TITLE,
        "",
        FIRST,
        SECOND,
    )
    assert (record["title"], record["published_at"]) == (TITLE, "2013-02-01T00:00:00+08:00")
    assert (record["published_raw"], record["warnings"]) == (None, ["date-from-address"])
    assert paragraphs(record) == [FIRST, SECOND]


@pytest.mark.parametrize(
    "line",
    [
        "昨天，市里召开了读书会的筹备会议，来的人比椅子还多，窗台上也坐满了孩子。",
        "2月14日，第一批借书卡发到了村民手里，一共四十张，当天就被领完了，有人连夜排队。",
        "2013年1月28日，图书馆迎来了第一位读者，他是邻村的一位老石匠，今年已经八十一岁。",
        "3小时前，雨刚停，山路还滑，孩子们已经背着书包在门口等着了，鞋上全是泥。",
        "关键词：担当",
        "记者：您为什么把厂房改成图书馆？",
    ],
)
@pytest.mark.parametrize("head", [(CRUMB, TITLE), (TITLE, "2013年02月01日 10:53:28"), ()])
def test_no_line_of_a_body_is_taken_for_the_date(line: str, head: tuple[str, ...]) -> None:
    record = read(*head, FIRST, line, SECOND)
    assert paragraphs(record) == [FIRST, line, SECOND]
    assert record["published_at"].startswith("2013-02-01")


def test_labels_and_values_on_lines_of_their_own() -> None:
    record = read(
        TITLE,
        "2013年02月01日 10:53:28",
        FIRST,
        "来源:",
        "衢州日报",
        "作者:",
        "丁小岚",
        "编辑:",
        "翁书影",
        "|",
    )
    assert (record["source"], record["authors"], record["editors"]) == (
        "衢州日报",
        ["丁小岚"],
        ["翁书影"],
    )
    assert paragraphs(record) == [FIRST]


def test_tags_notices_and_what_is_there_for_sharing() -> None:
    record = read(
        CRUMB,
        TITLE,
        "2013年02月01日 10:53:28",
        FIRST,
        SECOND,
        "标签: 茶厂;读书 责任编辑: 翁书影",
        "分享到:",
        "版权和免责申明",
        '凡注有"浙江在线"或电头为"浙江在线"的稿件,均为浙江在线独家版权所有,未经许可不得转载或镜像。',
        "Copyright © 1999-2017 Zjol. All Rights Reserved 浙江在线版权所有",
        "",
        FIRST,
    )
    assert (record["keywords"], record["editors"]) == (["茶厂", "读书"], ["翁书影"])
    assert paragraphs(record) == [FIRST, SECOND]


def test_a_third_line_of_the_head_is_not_lost() -> None:
    record = read("第A03版：经济新闻", TITLE, "——衢州北乡见闻", "■ 余夏", FIRST, SECOND, url=PAPER)
    assert (record["title"], record["subtitle"]) == (TITLE, "——衢州北乡见闻")
    assert paragraphs(record) == ["■ 余夏", FIRST, SECOND]
    assert record["sections"] == ["A03", "经济新闻"]


def test_a_newspaper_page() -> None:
    record = read(
        "浙江日报 数字报纸",
        "",
        "00002版:要闻",
        "",
        "山村夜读",
        "老茶厂里",
        "办起图书馆",
        "——一座旧厂房的新生",
        "",
        "本报记者 丁小岚 通讯员 翁书影",
        FIRST,
        "",
        "浙江日报 要闻 00002 老茶厂里",
        "办起图书馆",
        "2018-06-21 浙江日报2018-06-2100010 2 2018年06月21日 星期四",
        url=PAPER,
    )
    assert record["sections"] == ["浙江日报", "00002", "要闻"]
    assert (record["kicker"], record["title"]) == ("山村夜读", "老茶厂里 办起图书馆")
    assert record["subtitle"] == "——一座旧厂房的新生"
    assert record["authors"] == ["丁小岚", "翁书影"]
    assert paragraphs(record) == [FIRST]


def test_an_old_newspaper_with_its_date_first() -> None:
    record = read(
        "2005年10月11日,星期二(GSM+8 北京时间)",
        "浙江法制报 > 第二版:时政 改变文字大小:   | 打印 | 关闭 ",
        TITLE,
        "丁小岚 摄",
        "",
        SECOND,
        url="http://zjfzb.zjol.com.cn/old/7.htm",
    )
    assert (record["title"], record["sections"]) == (TITLE, ["浙江法制报", "第二版", "时政"])
    assert (record["published_at"], record["photographers"]) == (
        "2005-10-11T00:00:00+08:00",
        ["丁小岚"],
    )


def test_a_text_without_a_title() -> None:
    record = read(FIRST, SECOND)
    assert (record["title"], record["warnings"]) == (None, ["date-from-address", "no-title"])
    assert paragraphs(record) == [FIRST, SECOND]


@pytest.mark.parametrize("url", ["https://zjnews.zjol.com.cn/about.txt", "file:///tmp/a.txt"])
def test_a_text_that_nothing_speaks_for(url: str) -> None:
    with pytest.raises(Rejected) as raised:
        read(FIRST, SECOND, url=url)
    assert raised.value.reason == "no-article"


_sentences = st.lists(
    st.text("茶厂书山路孩子老人灯火，", min_size=42, max_size=90).map(lambda text: f"山{text}书。"),
    min_size=1,
    max_size=8,
)


@given(body=_sentences, has_crumb=st.booleans(), has_date=st.booleans())
def test_every_sentence_is_in_the_record(body: list[str], has_crumb: bool, has_date: bool) -> None:
    head = [CRUMB] * has_crumb + [TITLE] + ["2013年02月01日 10:53:28"] * has_date
    body = [f"{number}号{line}" for number, line in enumerate(body)]  # the same twice is a copy
    assert paragraphs(read(*head, *body)) == body
