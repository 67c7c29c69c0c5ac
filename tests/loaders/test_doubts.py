"""The second look at a page: what was probably read wrongly is told, and good pages are left alone."""

import pytest

from tests.reading import SAVED_PAGES, read_record

URL = "https://zjnews.zjol.com.cn/zjnews/202104/t20210426_22442858.shtml"
SENTENCE = "老茶厂停产二十年后，村里的年轻人把旧厂房改成了图书馆，周末还办读书会，邻村的孩子也来。"
OTHER = (
    "馆里只有一条规矩：带走一本书，就得留下一个故事，墙上的故事已经贴了三层，最早的一张是前年的。"
)
CODES = {
    "credit-in-text",
    "credit-unread",
    "furniture-in-text",
    "name-doubtful",
    "source-doubtful",
    "text-outside-body",
    "title-differs",
}


def warnings(
    *lines: str,
    title: str = "老茶厂里办起图书馆",
    info: str = "<span>2021-04-26 08:35</span>",
    outside: str = "",
    named: str = "老茶厂里办起图书馆_浙江新闻_浙江在线",
) -> list[str]:
    body = "".join(
        line if line.startswith("<") else f"<p>{line}</p>" for line in (SENTENCE, *lines)
    )
    markup = (
        f"<html><head><title>{named}</title></head><body><h1 class=artTitle>{title}</h1>"
        f"<div class=info>{info}</div><div class=artCon>{body}</div>{outside}</body></html>"
    )
    found: list[str] = read_record(markup.encode(), url=URL)["warnings"]
    return found


@pytest.mark.parametrize(
    ("code", "markup"),
    [
        ("credit-in-text", {"lines": ["记者 高峰"]}),
        ("credit-in-text", {"lines": [OTHER, "Editor Chen Ye"]}),
        (
            "credit-in-text",
            {"lines": ["<p><img src=a.jpg></p><p align=center>摄影: 茶山上的清晨</p>"]},
        ),
        (
            "credit-unread",
            {"outside": "<div><b>x</b><i>y</i><u>z</u><p>美术编辑：高小山 </p></div>"},
        ),
        ("furniture-in-text", {"lines": ["本网站版权所有 翻印必究 举报电话"]}),
        ("furniture-in-text", {"lines": ["点击关注更多精彩内容"]}),
        (
            "source-doubtful",
            {"info": "<span>2021-04-26</span><span>来源：茶厂，一个有故事的地方</span>"},
        ),
        ("text-outside-body", {"outside": f"<div><p>{OTHER}</p></div>"}),
        ("title-differs", {"title": "浙江在线"}),
        ("title-differs", {"title": "夏天的雨下了一整夜"}),
    ],
)
def test_doubts(code: str, markup: dict[str, object]) -> None:
    lines = markup.pop("lines", [])
    assert isinstance(lines, list)
    assert code in warnings(*lines, **markup)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "markup",
    [
        {},
        {
            "outside": '<p class=x>凡注有"浙江在线"的稿件，均为浙江在线独家版权所有，未经许可不得转载或镜像。</p>'
        },
        {"outside": f"<div style='display:none'><p>{OTHER}</p></div>"},
        {"outside": f"<div><p>{SENTENCE}</p></div>"},
        {"outside": f"<ul><li><a href=/1.shtml>{OTHER}</a></li></ul>"},
        {"title": "[北京日记]老茶厂里办起图书馆(图)"},
        {"named": "浙江日报 数字报纸"},
        {"named": ""},
    ],
)
def test_a_good_page_raises_none(markup: dict[str, str]) -> None:
    assert CODES.isdisjoint(warnings(OTHER[::-1], "记者：您为什么留下来？", **markup))


def test_a_sentence_in_an_element_of_a_hidden_one_is_not_outside() -> None:
    hidden = f"<div style='display:none'><section><p>{OTHER}</p></section></div>"
    assert CODES.isdisjoint(warnings(outside=hidden))
    assert "text-outside-body" in warnings(outside=f"{hidden}<p>{OTHER[:-9]}还有别的话。</p>")


def test_no_saved_page_raises_any() -> None:
    told = {saved.name: CODES.intersection(saved.expected["warnings"]) for saved in SAVED_PAGES}
    assert not any(told.values()), told
