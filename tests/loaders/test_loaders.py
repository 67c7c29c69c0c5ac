"""Which layout a page has, and what is no article at all."""

from collections.abc import Callable
from typing import Any

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
    assert (record["id"], record["text"]) == ("system:20150630:020717765", "第二页。")


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


ARTICLE = "https://zjnews.zjol.com.cn/zjnews/202602/t20260211_31502288.shtml"
DEAD = (
    "<html>\r\n<head><title>404 Not Found</title></head>\r\n<body>\r\n<center><h1>404 Not Found</h1></center>"
    "\r\n<hr><center>ZJOL/1.24.96</center>\r\n</body>\r\n</html>\r\n"
)
"""What the server prints where an include is gone."""


def in_template_of_2022(title: str, body: str) -> str:
    return (
        f"<html><head><title>{title}_浙江新闻_浙江在线</title></head><body><h1 class=artTitle>{title}</h1>"
        "<div class=info><span>2026-02-11 10:00:00</span><span>来源：浙江在线</span><span>责任编辑：</span></div>"
        f"<div class=artCon>{body}</div><div class=cprtip>版权所有</div></body></html>"
    )


def in_template_of_2016(title: str, body: str) -> str:
    return (
        f"<html><head><title>{title}</title></head><body><div class=contTit>{title}</div><div class=time>"
        "<span id=pubtime_baidu>2018-03-02 08:15:00</span> <span id=source_baidu>来源：浙江在线</span></div>"
        f"<div class=contTxt>{body}</div></body></html>"
    )


@pytest.mark.parametrize("template", [in_template_of_2022, in_template_of_2016])
@pytest.mark.parametrize(
    ("title", "body"),
    [
        ("提示信息", "<p>该信息已被删除！</p>"),
        ("系统提示", "<p>您要查看的内容不存在或者已经下线。</p><p>3秒后自动返回首页</p>"),
        ("提示", "<p>　　抱歉，该稿件已撤销。</p><p><a href='/'>返回首页</a></p>"),
    ],
    ids=["deleted", "offline", "withdrawn"],
)
def test_a_message_in_the_template_of_an_article(
    template: Callable[[str, str], str], title: str, body: str
) -> None:
    assert reason(template(title, body), ARTICLE) == "not-found-page"


def test_a_page_that_is_a_dead_include_and_no_more() -> None:
    assert reason(DEAD * 2, ARTICLE) == "not-found-page"


@pytest.mark.parametrize("template", [in_template_of_2022, in_template_of_2016])
@pytest.mark.parametrize("tag", ["li", "p"])
def test_a_list_in_the_template_of_an_article(
    template: Callable[[str, str], str], tag: str
) -> None:
    links = "".join(
        f"<{tag}><a href='./t2026021{n}_3150{n}044.shtml'>山城里的第{n}家旧书铺今天开张了</a> 2026-02-1{n}</{tag}>"
        for n in range(9)
    )
    assert (
        reason(template("更多新闻", links if tag == "p" else f"<ul>{links}</ul>"), ARTICLE)
        == "list-page"
    )


@pytest.mark.parametrize("template", [in_template_of_2022, in_template_of_2016])
@pytest.mark.parametrize(
    ("row", "around"),
    [
        ("<tr><td><a href=/{0}.shtml>第{0}件好事</a></td><td>2026-02-0{0}</td></tr>", "table"),
        ("<li><a href=/{0}.shtml>山城里的第{0}家旧书铺</a> 江心日报 2026-02-0{0}</li>", "ul"),
    ],
)
def test_a_list_with_dates_and_sources_beside_its_links(
    template: Callable[[str, str], str], row: str, around: str
) -> None:
    rows = "".join(row.format(number) for number in range(1, 6))
    markup = template("二月好事", f"<{around}>{rows}</{around}>")
    assert reason(markup, "https://zjnews.zjol.com.cn/zjnews/202602/t20260203_31500001.shtml") == (
        "list-page"
    )


def test_a_table_with_links_among_other_cells_is_one() -> None:
    rows = "<tr><td>线路</td><td>车站</td></tr><tr><td>一路</td><td><a href=/1>渡口</a></td></tr>"
    markup = in_template_of_2022("公交线路", f"<p>{LONG}</p><table>{rows}</table>")
    table = read_record(markup.encode(), url="https://zjnews.zjol.com.cn/1.shtml")["body"][-1]
    assert table["rows"] == [["线路", "车站"], ["一路", "渡口"]]


@pytest.mark.parametrize("template", [in_template_of_2022, in_template_of_2016])
def test_an_article_about_deleted_messages_and_with_links_is_one(
    template: Callable[[str, str], str],
) -> None:
    links = "".join(f"<p><a href='/zt/{n}/'>专题之{n}：一条街的记忆</a></p>" for n in range(4))
    body = (
        f"<p>“该信息已被删除！”老人点开儿子发来的链接，屏幕上只有这一行字。</p><p>{LONG}</p>{links}"
    )
    record = read_record(template("谁删了父亲的信", body).encode(), url=ARTICLE)
    assert record["title"] == "谁删了父亲的信"
    assert record["text"].startswith("“该信息已被删除！”")


@pytest.mark.parametrize("label", ["网络编辑", "责编", "值班编辑"])
def test_an_editor_beside_the_named_spans(label: str) -> None:
    record = read_record(
        "<div class=contTit>题</div><div class=time><span id=pubtime_baidu>2018-03-18 10:11</span>"
        f"<span id=source_baidu>来源：浙江在线</span><span>{label}：麻晓</span></div>"
        f"<div class=contTxt><p>{LONG}</p></div>".encode()
    )
    assert (record["source"], record["editors"]) == ("浙江在线", ["麻晓"])


@pytest.mark.parametrize(("length", "layout"), [(360, "english"), (380, "fallback")])
def test_tags_between_the_date_and_the_source_of_an_english_page(length: int, layout: str) -> None:
    between = f"<i title='{'x' * length}'>"
    line = f"<p>2019-11-22 04:03:34{between}source: Zhejiang Daily</i></p>"
    text = "The ferry across the river is back. " * 9
    record = read_record(f"<h1>The ferry</h1>{line}<div><p>{text}</p></div>".encode())
    assert (record["layout"], record["source"]) == (layout, "Zhejiang Daily")


@pytest.mark.parametrize(
    ("near", "text"),
    [
        (f"A{'b' * 198}.", "{near}"),  # as long as a body
        (f"A{'b' * 197}.", "{near}\n\n{far}"),
        ("Font size", "{far}"),
    ],
)
def test_the_body_of_an_english_page_begins_after_its_date_line(near: str, text: str) -> None:
    far = " ".join(["It is back in town."] * 11)
    line = "<p>2019-11-22 04:03:34 source: Zhejiang Daily</p>"
    page = f"<h1>The ferry</h1><div><div>{line}<p>{near}</p></div><p>{far}</p></div>"
    assert read_record(page.encode())["text"] == text.format(near=near, far=far)


@pytest.mark.parametrize("holder", ["id=content", "class=content", "id=article class=cf"])
def test_a_container_is_known_by_its_class_or_its_id(holder: str) -> None:
    text = "茶农说今年的春茶比往年早了一个星期。" * 6
    record = read_record(f"<title>春茶</title><div {holder}><p>{text}</p></div>".encode())
    assert (record["layout"], record["text"]) == ("fallback", text)
    assert "body-guessed" not in record["warnings"]


@pytest.mark.parametrize("source", ["<source src=/v.mp4>", "<source src=/v.mp4></source>"])
def test_what_a_video_says_to_browsers_without_videos_is_not_read(source: str) -> None:
    video = f"<video controls>{source}您的浏览器不支持视频播放</video>"
    text = "茶农说今年的春茶比往年早了一个星期。"
    page = f"<h1 class=artTitle>春茶</h1><div class=artCon><p>{text}</p>{video}</div>"
    record = read_record(page.encode())
    assert record["text"] == text
    assert record["videos"] == [{"url": "https://zjnews.zjol.com.cn/v.mp4"}]


def newspaper(title: str, head: str) -> dict[str, Any]:
    markup = (
        f"<html><head><title>{title}</title></head><body><div>第00003版：要闻</div>{head}"
        f"<div class=main-article-content><p>{LONG}</p></div></body></html>"
    )
    address = "http://zjrb.zjol.com.cn/html/2018-06/21/content_3145778.htm"
    return read_record(markup.encode(), url=address)


@pytest.mark.parametrize(
    "title", ["渡口-浙江日报", "浙江日报-渡口", "渡口 - 浙江日报", "浙江日报", "浙江日报 数字报纸"]
)
def test_the_name_of_a_newspaper_in_the_title_of_its_page(title: str) -> None:
    head = "<h1 class=main-article-title>浙江日报</h1><h1 class=main-article-title>渡口</h1>"
    record = newspaper(title, head)
    assert record["title"] == "渡口"
    assert record["sections"] == ["浙江日报", "00003", "要闻"]


def test_the_author_and_the_titles_of_a_newspaper_article() -> None:
    record = newspaper(
        "渡口-浙江日报",
        "<p class=main-article-pretitle>走千家</p><p class=main-article-pretitle>看变化</p>"
        "<p class=main-article-title>渡口</p><p class=main-article-subtitle>——一条船</p>"
        "<p class=main-article-subtitle>的四季</p><p class=main-article-author>■ 余夏</p>",
    )
    assert record["authors"] == ["余夏"]
    assert (record["kicker"], record["subtitle"]) == ("走千家 看变化", "——一条船 的四季")


def test_a_bullet_is_no_part_of_the_name_of_a_newspaper_author() -> None:
    head = "<p class=main-article-title>渡口</p><p class=main-article-author>●余夏</p>"
    assert newspaper("渡口-浙江日报", head)["authors"] == ["余夏"]
