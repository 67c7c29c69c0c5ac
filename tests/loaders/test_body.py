"""What a body container becomes: blocks in reading order, and nothing of the page's frame."""

from typing import Any

import pytest

from tests.reading import read_record

HEAD = "<h1 class=artTitle>标题</h1><div class=info><span>2026-09-14 11:02:33</span></div>"
TALL = "　　这是一个够长的段落，用来让正文看起来像正文，句子也要完整地说完。"


def body(html: str) -> list[dict[str, Any]]:
    page = f"{HEAD}<div class=content><div class=artCon>{html}</div></div></body></html>"
    return read_record(page.encode())["body"]


def texts(html: str) -> list[str]:
    return [block["text"] for block in body(html) if "text" in block]


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>甲</p><p>乙</p>", ["甲", "乙"]),
        ("甲<br>乙<br/><br>丙", ["甲", "乙", "丙"]),
        ("<div>甲<div>乙</div>丙</div>", ["甲", "乙", "丙"]),
        ("<p>甲<span>乙</span><a href=/>丙</a><font>丁</font></p>", ["甲乙丙丁"]),
        ("<ul><li>甲</li><li>乙</li></ul><ol><li>丙</ol>", ["甲", "乙", "丙"]),
        ("<blockquote>甲</blockquote><pre>乙</pre>", ["甲", "乙"]),
        ("<dl><dt>甲</dt><dd>乙</dd></dl>", ["甲", "乙"]),
        ("<section><p><span leaf>甲</span><span leaf>乙</span></p></section>", ["甲乙"]),
        ("<table><tr><td><p>甲</p><p>乙</p></td></tr></table>", ["甲", "乙"]),
        ("<P>甲<P>乙", ["甲", "乙"]),
        ("　　甲&nbsp;&nbsp;乙\u200b丙", ["甲 乙丙"]),
        ("<p>甲</p><p>&nbsp;</p><p>　</p><p>乙</p>", ["甲", "乙"]),
        ("<p>标题</p><p>甲</p><p>标题</p>", ["甲", "标题"]),
    ],
)
def test_lines(html: str, expected: list[str]) -> None:
    assert texts(html) == expected


@pytest.mark.parametrize(
    "html",
    [
        "<div style='display:none'>藏</div>",
        "<p hidden>藏</p>",
        "<script>藏</script>",
        "<style>藏</style>",
        "<noscript>藏</noscript>",
        "<textarea>藏</textarea>",
        "<div class=bdsharebuttonbox>藏</div>",
        "<div class='share clearfix'>藏</div>",
        "<div class=fenye>藏</div>",
        "<div class=cprtip>藏</div>",
        "<!-- 藏 -->",
        "<p>（原标题：藏）</p>",
        "<p>责任编辑：张三</p>",
        "<p>1/8</p>",
        "<p>上一页 1 2 3 下一页</p>",
        "<p>read more</p>",
    ],
)
def test_what_is_no_body(html: str) -> None:
    assert texts(f"<p>甲</p>{html}<p>乙</p>") == ["甲", "乙"]


@pytest.mark.parametrize(
    "line",
    [
        "版权所有 浙江在线",
        "浙江在线版权所有",
        "未经授权不得转载",
        "© 2026 zjol.com.cn",
        "Copyright © 2026 ZJOL",
    ],
)
def test_copyright_lines_stand_behind_the_article(line: str) -> None:
    assert texts(f"<p>{TALL}</p><p>{line}</p>") == [TALL.strip()]


@pytest.mark.parametrize(
    "html",
    [
        "<div class=page><p>正文在这里。</p></div>",
        "<div class=editor><p>正文在这里。</p></div>",
        "<div class=hotel><p>正文在这里。</p></div>",
        "<div class=shared-content><p>正文在这里。</p></div>",
        "<p>版权所有者昨天说，正文在这里。</p>",
        "<p>编辑部的正文在这里。</p>",
        "<p>未经同意，村民的照片不得转载，这是法律规定。</p>",
        "<p>他们的版权所有人是浙江大学。</p>",
        "<p><strong>1/3</strong></p>",
        "<p>2026</p>",
    ],
)
def test_what_only_looks_like_the_frame(html: str) -> None:
    assert len(texts(f"<p>甲</p>{html}<p>乙</p>")) == 3


@pytest.mark.parametrize(
    ("html", "is_heading"),
    [
        ("<h2>小标题</h2>", True),
        ("<p><strong>小标题</strong></p>", True),
        ("<p><b>小</b>&nbsp;<b>标题</b></p>", True),
        ("<p style='font-weight:bold'>小标题</p>", True),
        ("<p><span style='font-weight: 700'>小标题</span></p>", True),
        ("<p><strong>不是标题。</strong></p>", False),
        ("<p><strong>“不是标题！”</strong></p>", False),
        ("<p><strong>半</strong>个标题</p>", False),
        (f"<p><strong>{'长' * 41}</strong></p>", False),
    ],
)
def test_headings(html: str, is_heading: bool) -> None:
    assert body(f"<p>{TALL}</p>{html}<p>{TALL}</p>")[1]["type"] == (
        "heading" if is_heading else "paragraph"
    )


@pytest.mark.parametrize(
    ("html", "caption", "credit"),
    [
        ("<p><img src=a.jpg></p><p align=center>说明</p>", "说明", None),
        ("<p><img src=a.jpg></p><p style='text-align:center'>说明。张三 摄</p>", "说明。", "张三"),
        ("<figure><img src=a.jpg><figcaption>说明</figcaption></figure>", "说明", None),
        ("<p><img src=a.jpg><br>说明。 图源：新华社</p>", "说明。", "新华社"),
        ("<p><img src=a.jpg></p><p class=pic-text>说明</p><p>张三 摄</p>", "说明", "张三"),
        ("<p><img src=a.jpg></p><p>这一段不是说明。</p>", None, None),
    ],
)
def test_captions(html: str, caption: str | None, credit: str | None) -> None:
    image = body(html)[0]
    assert (image["caption"], image["credit"]) == (caption, credit)


def test_a_credit_further_down_belongs_to_the_picture_that_has_none() -> None:
    page = f"{HEAD}<div class=artCon><p><img src=a.jpg></p><p>{TALL}</p><p>新华社发（刘满仓摄）</p></div></html>"
    record = read_record(page.encode())
    assert record["images"][0]["credit"] == "新华社 刘满仓"
    assert record["photographers"] == ["刘满仓"]
    assert "新华社发" not in record["text"]


def test_images() -> None:
    found = body(
        "<img src=./W02.jpg alt=' 图 '><img src=//img.zjol.com.cn/a.png><img data-src=https://x.zjol.com.cn/b.jpg src=loading.gif>"
        "<img src=share_icon.png><img src=dot.gif width=1 height=1><img><img src=data:image/gif;base64,R0l>"
    )
    base = "https://zjnews.zjol.com.cn/zjnews/202609/"
    urls = [block["url"] for block in found]
    assert urls == [
        f"{base}W02.jpg",
        "https://img.zjol.com.cn/a.png",
        "https://x.zjol.com.cn/b.jpg",
    ]
    assert [block["alt"] for block in found] == ["图", None, None]


def test_videos() -> None:
    found = body(
        "<video src=//v-cdn.zjol.com.cn/1.mp4 poster=p.jpg>不支持</video><video><source src=2.mp4></video>"
        "<script>player('https://v-cdn.zjol.com.cn/3.mp4')</script>"
    )
    assert [block["url"].rsplit("/", 1)[1] for block in found] == ["1.mp4", "2.mp4", "3.mp4"]


def test_tables() -> None:
    [table] = body(
        "<table><tr><th>品种</th><th>价</th></tr><tr><td><p>小</p><p>青菜</p></td><td>2.80&nbsp;</td></tr></table>"
    )
    assert table == {"type": "table", "rows": [["品种", "价"], ["小 青菜", "2.80"]]}


def test_doubtful_lines_in_the_middle_of_a_body_are_text() -> None:
    lines = ["《茶经新读》", "作者：张三", "来源：市统计局", "一审：判决原告胜诉", "记者手记"]
    html = "".join(f"<p>{line}</p>" for line in [TALL * 2, *lines, TALL * 3])
    assert texts(html)[1:-1] == lines


@pytest.mark.parametrize(
    "html",
    [
        "<p align=center><img src=a.jpg></p><p style='text-align:center'><strong>一、开门第一件事</strong></p>",
        "<div style='text-align:center'><p><img src=a.jpg></p><p>小店天不亮就开门了，街上还没有人。</p></div>",
    ],
)
def test_what_stands_behind_a_picture_is_not_always_its_caption(html: str) -> None:
    assert body(html + f"<p>{TALL}</p>")[0]["caption"] is None


def test_styles_in_capitals() -> None:
    found = body(
        "<P align=CENTER><IMG src=a.jpg></P><P ALIGN=Center>小店外景</P><DIV style='DISPLAY: none'>藏</DIV>"
        "<P style='FONT-WEIGHT: bold'>小标题</P><P>甲</P>"
    )
    assert found[0]["caption"] == "小店外景"
    assert [(block["type"], block.get("text")) for block in found[1:]] == [
        ("heading", "小标题"),
        ("paragraph", "甲"),
    ]


def test_a_hidden_container_is_no_body() -> None:
    page = f"{HEAD}<div class=artCon><p>甲</p></div><div class=artCon style='display:none'><p>藏</p></div></html>"
    assert read_record(page.encode())["text"] == "甲"


def test_tags_that_are_never_closed() -> None:
    assert len(texts("".join(f"<font size=2>第{n}段的文字。<br>" for n in range(300)))) == 300


def test_a_player_and_its_script_are_one_video() -> None:
    found = body(
        '<video src="https://v-cdn.zjol.com.cn/9.mp4"></video><script>p("https:\\/\\/v-cdn.zjol.com.cn/9.mp4")</script>'
        "<iframe src=//v.zjol.com.cn/player.html?id=1></iframe><iframe src=//ad.zjol.com.cn/1.html></iframe>"
    )
    assert [block["url"] for block in found] == [
        "https://v-cdn.zjol.com.cn/9.mp4",
        "https://v.zjol.com.cn/player.html?id=1",
    ]


def test_a_photograph_may_have_logo_in_its_name() -> None:
    assert len(body("<img src=hangzhou-logo-design.jpg><img src=logo.png>")) == 1


def test_a_table_of_paragraphs_only_lays_out() -> None:
    assert (
        len(
            texts(
                f"<table><tr><td>{TALL * 9}</td><td>乙</td></tr><tr><td>丙</td><td>丁</td></tr></table>"
            )
        )
        == 4
    )


def test_a_table_keeps_its_caption() -> None:
    [caption, table] = body(
        "<table><caption>表1 人口</caption><tr><td>a<td>b<tr><td>c<td>d</table>"
    )
    assert (caption["text"], table["rows"]) == ("表1 人口", [["a", "b"], ["c", "d"]])


@pytest.mark.parametrize(
    "line",
    [
        "未经授权，商家使用了他的照片",
        "Copyright law in China",
        "点击查看如何办理",
        "扫一扫墙上的二维码，老人就能听到评弹。",
    ],
)
def test_prose_is_no_furniture(line: str) -> None:
    assert texts(f"<p>甲</p><p>{line}</p><p>乙</p>") == ["甲", line, "乙"]


ENGLISH = "<h2>Title of it</h2><p>2019-11-22 04:03:34 source: www.zjol.com.cn</p>"
STORY = "The market opens at four in the morning, when the boats come in and the lamps are lit along the quay."


def test_an_english_byline_before_the_article_does_not_end_it() -> None:
    record = read_record(
        f"<html><body>{ENGLISH}<div><p>By Lin Qiao</p><p>{STORY}</p><p>{STORY} Twice.</p></div></html>".encode()
    )
    assert record["text"].count("market opens") == 2
    assert record["authors"] == ["Lin Qiao"]


def test_an_english_brief_has_a_body() -> None:
    record = read_record(
        f"<html><body>{ENGLISH}<div><p>Ferries stop tonight at nine.</p></div></html>".encode()
    )
    assert record["text"] == "Ferries stop tonight at nine."


def test_a_title_of_three_lines() -> None:
    page = (
        "<html><head><title>茶季来了_浙江新闻_浙江在线</title></head><div class=contTit><font>春到龙井</font><br>"
        "<font>茶季来了</font><br>——三代人的山</div><div class=time>2019-06-24 10:12</div><div class=contTxt><p>甲</p></div></html>"
    )
    record = read_record(page.encode())
    assert [record[key] for key in ("kicker", "title", "subtitle")] == [
        "春到龙井",
        "茶季来了",
        "——三代人的山",
    ]


def test_the_line_under_the_title_may_stand_inside_the_body() -> None:
    page = (
        "<div class=contTit>题</div><div class=contTxt><div class=time><span id=pubtime_baidu>2019-06-24 10:12</span>"
        "<span id=source_baidu>来源：浙江在线</span></div><p>甲</p></div></html>"
    )
    record = read_record(page.encode())
    assert (record["text"], record["source"], record["published_raw"]) == (
        "甲",
        "浙江在线",
        "2019-06-24 10:12",
    )


def test_spans_without_space_between_them() -> None:
    page = (
        "<h1 class=artTitle>题</h1><div class=info><span>2026-09-14 11:02:33</span><span>来源：浙江宣传</span>"
        "<span>记者 张三 通讯员 李四</span><span>阅读 123</span></div><div class=artCon><p>甲</p></div></html>"
    )
    record = read_record(page.encode())
    assert (record["source"], record["authors"]) == ("浙江宣传", ["张三", "李四"])


@pytest.mark.parametrize(
    "line",
    [
        "记者：什么时候开始",
        "记者：您好",
        "记者 解读",
        "评论员文章",
        "记者连线专家",
        "记者：难点在哪里",
    ],
)
def test_an_interview_keeps_its_questions(line: str) -> None:
    assert line in texts(f"<p>{TALL * 2}</p><p>{line}</p><p>{TALL * 3}</p>")
    assert line in texts(f"<p>{TALL * 2}</p><p>{line}</p>")


@pytest.mark.parametrize(
    "text",
    [
        "他喜欢《活着》（作者余华）。",
        "去年全市农民收入上涨（来源：杭州市统计局）。",
        "一等奖：《春光》（张三 摄）",
    ],
)
def test_a_bracket_that_belongs_to_the_sentence_stays(text: str) -> None:
    assert texts(f"<p>{TALL * 2}</p><p>{text}</p><p>{TALL * 3}</p>")[1] == text


def test_a_clock_in_a_side_box_does_not_date_the_page() -> None:
    page = (
        "<div class=side><div class=time>2026-09-15 08:00</div></div><div class=main><div class=contTit>题</div>"
        "<div class=time>2019-06-24 10:12 来源：浙江在线</div><div class=contTxt><p>甲</p></div></div></html>"
    )
    record = read_record(
        page.encode(), url="https://zjnews.zjol.com.cn/zjnews/201906/t20190624_10371900.shtml"
    )
    assert (record["published_raw"], record["source"]) == ("2019-06-24 10:12", "浙江在线")


def test_a_hidden_container_does_not_mislead_to_a_date_of_the_frame() -> None:
    page = (
        "<div class=atricle_inner style='display:none'>藏</div><h1 class=atricle_title>题</h1>"
        "<div class=atricle_inner>甲</div><div class=foot>2026-09-12 08:00</div></html>"
    )
    record = read_record(page.encode())
    assert (record["text"], record["published_raw"]) == ("甲", None)


def test_lines_of_preformatted_text_are_lines() -> None:
    assert texts("<pre>甲\n　乙\n\n丙</pre><p>丁\n戊</p>") == ["甲", "乙", "丙", "丁 戊"]


def test_an_item_of_a_list_is_no_heading() -> None:
    blocks = body(f"<ul><li><b>路线</b></li></ul><p><b>路线</b></p><p>{TALL}</p>")
    assert [block["type"] for block in blocks] == ["paragraph", "heading", "paragraph"]


@pytest.mark.parametrize(
    ("markup", "urls"),
    [
        ("<picture><source srcset=a.webp><img src=a.jpg></picture>", ["202609/a.jpg"]),
        ("<picture><source srcset=a.webp><img data-src=a.jpg src=></picture>", ["202609/a.jpg"]),
        ("<img srcset='b.jpg 1x, a.jpg 2x'>", ["202609/a.jpg"]),
        ("<img src='..\\pic\\a.jpg'>", ["pic/a.jpg"]),
        ("<img src='\na.jpg '>", ["202609/a.jpg"]),
        (
            "<img src='file:///C:/a.jpg'><img src='javascript:x'><img src='data:image/png;base64,x'>",
            [],
        ),
        ("<div class=gg><img src=a.jpg></div>", []),
        ("<p><a href=#><img src='http://ad.zjol.com.cn/960x90.jpg'></a></p>", []),
        ("<img src='http://[::1'>", []),
    ],
)
def test_pictures(markup: str, urls: list[str]) -> None:
    found = [
        block["url"].partition("/zjnews/")[2]
        for block in body(f"<p>{TALL}</p>{markup}")
        if "url" in block
    ]
    assert found == urls


def test_addresses_are_joined_with_the_base_of_the_page() -> None:
    head = "<head><base href='https://img.zjol.com.cn/2026/'></head>"
    page = f"{head}{HEAD}<div class=artCon><p>{TALL}</p><img src=a.jpg></div>"
    assert read_record(page.encode())["images"][0]["url"] == "https://img.zjol.com.cn/2026/a.jpg"


def test_a_base_longer_than_any_address_is_none() -> None:
    head = f"<head><base href='https://img.zjol.com.cn/{'a/' * 1_000}'></head>"
    page = f"{head}{HEAD}<div class=artCon><p>{TALL}</p><img src=/a.jpg></div>"
    assert read_record(page.encode())["images"][0]["url"] == "https://zjnews.zjol.com.cn/a.jpg"


@pytest.mark.parametrize(
    ("title", "text", "language"),
    [("桥头小集", "Photo Album", "zh"), ("A Market at the Bridge", "集市", "en")],
)
def test_the_title_tells_the_language_too(title: str, text: str, language: str) -> None:
    page = HEAD.replace("标题", title) + f"<div class=artCon><p>{text}</p></div>"
    assert read_record(page.encode())["language"] == language


def test_a_short_line_is_a_heading_on_english_pages_only() -> None:
    def types(title: str, line: str, text: str) -> list[str]:
        page = HEAD.replace("标题", title) + f"<div class=artCon><p>{text}<p>{line}<p>{text}</div>"
        return [block["type"] for block in read_record(page.encode())["body"]]

    english = "The ferry across the river is back, and its first boat leaves at six. " * 2
    assert types("The ferry is back", "A boat at six", english)[1] == "heading"
    assert types("渡口的早班船", "六点开船", TALL * 2)[1] == "paragraph"


@pytest.mark.parametrize(
    "mark", ["\u200b", "\u2060", "\u202a", "\u200c", "\u00ad", "\ufeff", "\u0007"]
)
def test_marks_that_nobody_sees_are_taken_out(mark: str) -> None:
    assert texts(f"<p>甲{mark}乙 {mark} 丙</p>") == ["甲乙 丙"]


def test_joined_emoji_stay() -> None:
    assert texts("<p>一家\U0001f468\u200d\U0001f469\u200d\U0001f467人</p>") == [
        "一家\U0001f468\u200d\U0001f469\u200d\U0001f467人"
    ]


@pytest.mark.parametrize(
    "lines",
    [
        ["《山河》", "作者：李小娟", "出版社：人民文学出版社"],
        ["书名：《山河》", "作者：[美]欧文·斯通", "译者：常小涛", "定价：58元"],
        ["作者：李小娟", "译者：常小涛", "出版社：人民文学出版社", "推荐理由：文字克制。"],
        ["片名：《远山》", "导演：郭小川", "摄影：林小深", "主演：陶小红"],
        ["《晨曦》", "摄影：林小海", "《归航》", "摄影：田小野"],
        ["《山河》/作者：李小娟", "《大海》/作者：田小野"],
    ],
)
def test_who_made_a_book_or_a_film_stays_in_the_text(lines: list[str]) -> None:
    html = "".join(f"<p>{line}</p>" for line in lines)
    assert texts(f"{html}<p>{TALL}</p>") == [*lines, TALL.strip()]
    assert texts(f"<p>{TALL}</p>{html}") == [TALL.strip(), *lines]


def test_a_credit_near_a_list_of_books_is_one() -> None:
    html = (
        f"<p>{TALL}</p><p>《山河》</p><p>作者：李小娟</p><p>责任编辑：常小涛</p><p>记者 田小野</p>"
    )
    assert texts(html) == [TALL.strip(), "《山河》", "作者：李小娟"]


def english(html: str) -> list[str]:
    line = "<h1 class=artTitle>Lights</h1><div class=info>2019-11-24 04:03:34 source: www.zjol.com.cn</div>"
    told = "<p>The county has turned disused warehouses into reading rooms and maker studios since the program began.</p>"
    page = f"{line}<div class=artCon>{told}{html}{told}</div></body></html>"
    found = read_record(page.encode(), url="https://x.zjol.com.cn/201911/t20191124_1.shtml")["body"]
    return [block["text"] for block in found if block["type"] == "heading"]


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>Lights of the old town</p>", ["Lights of the old town"]),
        ("<ul><li>Tickets at the gate</li><li>Bring a warm coat</li></ul>", []),
        ("<ol><li><p>Bring a warm coat</p></li></ol>", []),
        ("<p>Getting there: Bus 27, stop Longjing</p>", []),
    ],
)
def test_short_english_lines_are_headings_but_no_items(html: str, expected: list[str]) -> None:
    assert english(html) == expected


NOTICE = "<p>凡注有“浙江在线”的稿件，均为浙江在线独家版权所有，未经许可不得转载。</p>"
LONG = "<p>第{}天，{}</p>"


@pytest.mark.parametrize(("repeated", "further", "kept"), [(3, 0, 9), (3, 1, 14), (6, 0, 16)])
def test_a_notice_ends_the_text_if_what_follows_was_said_before(
    repeated: int, further: int, kept: int
) -> None:
    said = [LONG.format(n, TALL * 2) for n in range(9)]
    new = [LONG.format(n, TALL * 2) for n in range(20, 20 + further)]
    assert len(texts("".join([*said, NOTICE, *said[:repeated], *new]))) == kept


def test_a_row_in_a_cell_ends_the_cell_as_in_a_browser() -> None:
    inner = "<div><tr><td>内<td>里</tr></div>"
    blocks = body(f"<table><tr><td>甲<td>乙{inner}<tr><td>丙<td>丁</table>")
    rows = [["甲", "乙"], ["内", "里"], ["丙", "丁"]]
    assert [block["rows"] for block in blocks if "rows" in block] == [rows]


@pytest.mark.parametrize(
    "lines",
    [
        ["一等奖：《晨曦》", "作者：田小野", "二等奖：《归航》", "作者：沙小滩"],
        ["推荐书目：《山河故人》", "作者：李小娟"],
        ["第三名：《渡口》", "摄影：田小野"],
        ["菜名：片儿川", "制作：田小野"],
    ],
)
def test_who_made_a_listed_work_did_not_make_the_article(lines: list[str]) -> None:
    listed = "".join(f"<p>{line}</p>" for line in lines)
    assert texts(f"<p>{TALL}</p>{listed}") == [TALL.strip(), *lines]
    assert texts(f"{listed}<p>{TALL}</p>") == [*lines, TALL.strip()]
    assert texts(f"<p>{TALL}</p><p>来源：《江心日报》</p><p>作者：田小野</p>") == [TALL.strip()]


@pytest.mark.parametrize(
    "label", ["作者：", "来源：", "责任编辑：", "本报记者", "通讯员", "江心日报记者"]
)
@pytest.mark.parametrize("form", ["<p>{}</p><p>田小野</p>", "<p>{}<br>田小野</p>"])
def test_a_label_on_a_line_of_its_own(label: str, form: str) -> None:
    credit = form.format(label)
    assert texts(f"<p>{TALL}</p>{credit}") == [TALL.strip()]
    assert texts(f"{credit}<p>{TALL}</p>") == [TALL.strip()]
    assert texts(f"<p>{TALL}</p>{credit}<p>{TALL[::-1]}。</p>")[1:3] == [label, "田小野"]


def test_several_labels_on_lines_of_their_own() -> None:
    page = f"<p>{TALL}</p><p>来源：</p><p>江心日报</p><p>编辑：</p><p>田小野</p>"
    assert texts(page) == [TALL.strip()]
    assert texts(f"<p>{TALL}</p><p>记者：</p><p>你怕不怕？</p>")[1:] == ["记者：", "你怕不怕？"]


@pytest.mark.parametrize(
    ("line", "stays"),
    [
        ("2026-09-14 11:02 来源：江心日报", False),
        ("发布时间：2026年09月14日 11:02:33", False),
        ("2026年9月14日", True),
        ("2026年9月14日 晴", True),
        ("2026-09-14 11:02 江心洲起雾", True),
    ],
)
def test_a_line_of_date_and_source_in_the_body(line: str, stays: bool) -> None:
    head = "<h2>标题</h2>"
    assert texts(f"{head}<p>{line}</p><p>{TALL}</p>") == [line] * stays + [TALL.strip()]
    assert texts(f"<p>{TALL}</p><p>{line}</p>") == [TALL.strip(), line]
