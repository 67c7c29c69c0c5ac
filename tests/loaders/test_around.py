"""What stands over the body: title and subtitle, and where a page tells its dates."""

from typing import Any

import pytest

from tests.reading import read_record

URL = "https://zjnews.zjol.com.cn/zjnews/201803/t20180318_6823456.shtml"
TEXT = "<p>雨停了，第三批志愿者已经打点好行囊，下周一他们就要出发去往海拔四千米的高原。</p>" * 3
LINKED = '<script type="application/ld+json">%s</script>'
PLACES = ("published_at", "published_precision", "published_raw", "modified_at")


def old(title: str = "桥通了", line: str = "", head: str = "", after: str = "") -> dict[str, Any]:
    markup = (
        f"<html><head><title>桥通了_浙江新闻_浙江在线</title>{head}</head><body>"
        f"<div class=contTit>{title}</div><div class=time>{line}</div>"
        f"<div class=contTxt>{TEXT}</div>{after}</body></html>"
    )
    return read_record(markup.encode(), url=URL)


def unnamed(between: str, head: str = "") -> dict[str, Any]:
    """A page of no known layout."""
    markup = (
        f"<html><head><title>桥通了_浙江在线</title>{head}</head><body><h1>桥通了</h1>"
        f"{between}<div class=TRS_Editor>{TEXT}</div></body></html>"
    )
    return read_record(markup.encode(), url=URL)


@pytest.mark.parametrize("tag", ["p", "div", "h2", "center"])
def test_a_subtitle_in_a_block_of_its_own(tag: str) -> None:
    record = old(title=f"桥通了<{tag} class=x>——两岸不再隔江相望</{tag}>")
    assert (record["title"], record["subtitle"]) == ("桥通了", "——两岸不再隔江相望")


def test_a_kicker_in_a_block_of_its_own() -> None:
    record = old(title="<p>交通建设又有新进展</p>桥通了")
    assert (record["kicker"], record["title"]) == ("交通建设又有新进展", "桥通了")


def test_a_subtitle_after_a_dash_where_the_title_is_named() -> None:
    record = old(title="桥通了<span>——两岸不再隔江相望</span>")
    assert (record["title"], record["subtitle"]) == ("桥通了", "——两岸不再隔江相望")


def test_a_subtitle_after_a_dash_where_no_title_is_named() -> None:
    record = old(title="大桥<br>通车了<br>——两岸不再隔江相望")
    assert (record["title"], record["subtitle"]) == ("大桥 通车了", "——两岸不再隔江相望")


@pytest.mark.parametrize(
    "crumb",
    [
        "当前位置：<a href=/>首页</a> > <a href=/x/>浙江新闻</a> > <a href=/y/>杭州</a> > 正文",
        "<a href=/>首页</a>>><a href=/x/>浙江新闻</a>>><a href=/y/>杭州</a>>>正文",
        "您的位置：首页 > 浙江新闻 > 杭州 > 文章内容",
        "您的位置：<a href=/>首页</a>&gt;<a href=/x/>浙江新闻</a>&gt;<b>杭州</b>&gt;详情",
    ],
)
def test_a_breadcrumb_as_pages_write_it(crumb: str) -> None:
    markup = (
        f"<html><head><title>桥通了</title></head><body><div class=x>{crumb}</div><div class=contTit>桥通了"
        f"</div><div class=contTxt>{TEXT}</div></body></html>"
    )
    assert read_record(markup.encode(), url=URL)["sections"] == ["浙江新闻", "杭州"]


def test_a_place_in_a_text_is_no_breadcrumb() -> None:
    text = "<p>新校区的位置：<b>江心洲</b> <i>渡口</i>，2 > 1 的道理谁都懂。</p>"
    assert unnamed(text)["sections"] == []


def test_a_subtitle_after_a_space_and_a_dash() -> None:
    record = old(title="桥通了 ——两岸不再隔江相望")
    assert (record["title"], record["subtitle"]) == ("桥通了", "——两岸不再隔江相望")


@pytest.mark.parametrize(
    "head", ["桥通了-江心新闻网", "江心新闻网 - 桥通了", "江心新闻网 | 桥通了"]
)
def test_a_kicker_where_the_title_of_the_page_names_the_site_too(head: str) -> None:
    markup = (
        f"<html><head><title>{head}</title></head><body><div class=detail-title>江心洲的一天<br>桥通了"
        f"</div><div class=list-style>{TEXT}</div></body></html>"
    )
    record = read_record(markup.encode(), url=URL)
    assert (record["kicker"], record["title"]) == ("江心洲的一天", "桥通了")


@pytest.mark.parametrize("title", ["", "&nbsp;", "<p></p>", "<font></font>"])
def test_an_empty_title_is_the_one_of_the_head(title: str) -> None:
    record = old(title=title)
    assert (record["title"], record["warnings"]) == ("桥通了", ["date-from-address"])


def test_kicker_and_subtitle_of_an_unknown_layout() -> None:
    markup = (
        "<html><head><title>桥通了_浙江在线</title></head><body><h1>江心洲的一天<br>桥通了"
        f"<br>——两岸不再隔江相望</h1><div class=TRS_Editor>{TEXT}</div></body></html>"
    )
    record = read_record(markup.encode(), url=URL)
    assert record["layout"] == "fallback"
    titles = [record[key] for key in ("kicker", "title", "subtitle")]
    assert titles == ["江心洲的一天", "桥通了", "——两岸不再隔江相望"]


@pytest.mark.parametrize("name", ["class=title", "id=title", "class='news_title1'", "class=bt"])
def test_the_title_of_an_unknown_layout_where_the_head_names_the_site(name: str) -> None:
    markup = (
        "<html><head><title>江心新闻网</title></head><body><div class=title>江心新闻网</div>"
        f"<td><div {name}><b>江心洲桥通了</b></div></td><div>2018-03-18 10:12 来源：江心日报</div>"
        f"<div class=TRS_Editor>{TEXT}</div><div class=title>热门新闻一条</div></body></html>"
    )
    record = read_record(markup.encode(), url=URL)
    assert (record["title"], record["source"]) == ("江心洲桥通了", "江心日报")


def test_what_is_called_a_title_below_the_body_is_that_of_a_box() -> None:
    markup = (
        "<html><head><title>江心新闻网</title></head><body><div>江心新闻网</div>"
        f"<div class=TRS_Editor>{TEXT}</div><div class=title>热门新闻一条</div></body></html>"
    )
    assert read_record(markup.encode(), url=URL)["title"] == "江心新闻网"


@pytest.mark.parametrize(
    "label", ["【摘要】", "摘要：", "［摘要］", "核心提示：", "【内容提要】", "提要: "]
)
def test_a_summary_at_the_beginning_of_the_body(label: str) -> None:
    summary = "大桥合龙那天，江心洲的老人把渡船的缆绳解下来，挂在了自家的堂屋里。"
    markup = (
        "<html><head><meta name=description content=别的话></head><body><div class=contTit>桥通了</div>"
        f"<div class=contTxt><p>　　{label}{summary}</p>{TEXT}</div></body></html>"
    )
    record = read_record(markup.encode(), url=URL)
    assert record["summary"] == summary
    assert summary in record["text"]


@pytest.mark.parametrize(
    "line",
    [
        "<span>编辑时间：2018-03-20 08:00</span> <span>发布时间：2018-03-18 10:12</span>",
        "<span>发布时间：2018-03-18 10:12</span> <span>编辑时间：2018-03-20 08:00</span>",
        "<span id=pubtime_baidu>2018-03-18 10:12</span> <span>更新时间：2018-03-20 08:00</span>",
        "<span id=pubtime_baidu>2018-03-18 10:12</span> <i>最后修改于 2018年3月20日 8:00</i>",
        "<span>更新日期：</span><span>2018-03-20 08:00</span> <b>2018-03-18 10:12</b>",
        "2018-03-18 10:12 更新：2018-03-20 08:00 来源：浙江在线",
        "Updated: 2018-03-20 08:00 Published: 2018-03-18 10:12",
        "<span id=pubtime_baidu>更新于2018-03-20 08:00 发布于2018-03-18 10:12</span>",
        "<span>修订时间：2018-03-20 08:00</span> <span>发布时间：2018-03-18 10:12</span>",
    ],
)
def test_an_update_time_is_not_the_date(line: str) -> None:
    for record in (old(line=line), unnamed(f"<div class=x>{line}</div>")):
        assert record["published_at"] == "2018-03-18T10:12:00+08:00"
        assert record["modified_at"] == "2018-03-20T08:00:00+08:00"


def test_a_date_that_is_labelled_goes_before_others() -> None:
    record = old(line="创建时间：2018-03-17 08:00 发布时间：2018-03-18 10:12 来源：浙江在线")
    assert record["published_at"] == "2018-03-18T10:12:00+08:00"
    assert record["source"] == "浙江在线"


def test_labels_with_spaces_in_the_named_spans() -> None:
    record = old(
        line="<span id=source_baidu>来　源：江心日报</span><span id=author_baidu>作　者：张三</span>"
    )
    assert (record["source"], record["authors"]) == ("江心日报", ["张三"])


def test_labels_in_elements_of_their_own() -> None:
    record = unnamed(
        "<b>更新时间：</b><i>2018-03-20 08:00</i><b>发布时间：</b><i>2018-03-18 10:12</i>"
        "<b>来源：</b><i>浙江在线</i><b>作者：</b><i>张三</i>"
    )
    assert record["published_at"] == "2018-03-18T10:12:00+08:00"
    assert record["modified_at"] == "2018-03-20T08:00:00+08:00"
    assert (record["source"], record["authors"]) == ("浙江在线", ["张三"])


def test_an_editor_is_no_update_time() -> None:
    record = old(line="<span id=pubtime_baidu>2018-03-18 10:12</span> <span>编辑：张三</span>")
    assert record["modified_at"] is None


@pytest.mark.parametrize(
    "head",
    [
        "<meta name=publishdate content='2018-03-18 10:12:33'>",
        "<meta name=PubDate content='2018-03-18 10:12:33'>",
        "<meta name=publish_time content='2018年03月18日 10:12:33'>",
        "<meta property=article:published_time content='2018-03-18T10:12:33+08:00'>",
        "<meta property=og:release_date content='2018-03-18T02:12:33Z'>",
        "<meta property=bytedance:published_time content='2018-03-18T10:12:33+08:00'>",
        "<meta itemprop=datePublished content='2018-03-18T10:12:33'>",
        "<meta name=firstpublishedtime content='2018-03-18-10:12:33'>",
        "<meta name=createDate content='2018-03-18 10:12:33'>",
        LINKED % '{"@type": "NewsArticle", "datePublished": "2018-03-18T10:12:33+08:00"}',
        LINKED % '{"@graph": [{"a": 1},\n {"datePublished"\n:"2018-03-18 10:12:33",}]}',
        LINKED % '{"@id": "x", "pubDate": "2018-03-18T10:12:33"}',
    ],
)
def test_a_date_that_only_the_head_tells(head: str) -> None:
    for record in (old(head=head, line="来源：浙江在线"), unnamed("", head)):
        assert record["published_at"] == "2018-03-18T10:12:33+08:00"
        assert record["published_precision"] == "second"
        assert "date-from-address" not in record["warnings"]
        assert record["modified_at"] is None


def test_a_date_that_a_time_element_tells() -> None:
    time = "<time datetime='2018-03-18T10:12:33+08:00'>前几天</time>"
    assert old(line=time)["published_at"] == "2018-03-18T10:12:33+08:00"
    assert unnamed(time)["published_at"] == "2018-03-18T10:12:33+08:00"


def test_a_time_element_of_another_article_tells_nothing() -> None:
    time = "<time datetime='2018-03-16T10:12:33+08:00'></time>"
    record = old(after=f"<ul><li><a href=/x>{time}</a></li></ul><aside>{time}</aside>")
    assert record["warnings"] == ["date-from-address"]


def test_both_dates_of_linked_data() -> None:
    dates = '{"datePublished": "2018-03-18T10:12:33", "dateModified": "2018-03-19T08:00:00"}'
    record = old(head=LINKED % dates)
    assert record["published_at"] == "2018-03-18T10:12:33+08:00"
    assert record["modified_at"] == "2018-03-19T08:00:00+08:00"


def test_what_is_printed_goes_before_what_the_head_tells() -> None:
    head = "<meta name=publishdate content='2018-03-19 08:00:00'>"
    assert old(head=head, line="2018-03-18 10:12")["published_at"] == "2018-03-18T10:12:00+08:00"
    assert old(head=head, line="3天前")["published_at"] == "2018-03-19T08:00:00+08:00"


@pytest.mark.parametrize(
    "summary",
    [
        "昨天，两岸的居民在桥上握了手。",
        "2月14日上午，最后一段钢梁吊装完成",
        "2017年5月1日，大桥开工。",
        "3天前，工人们拆下了脚手架。",
    ],
)
def test_a_sentence_between_title_and_body_gives_no_date(summary: str) -> None:
    record = unnamed(f"<p>{summary}</p>")
    assert [record[key] for key in PLACES] == ["2018-03-18T00:00:00+08:00", "day", None, None]
    record = unnamed(f"<p>{summary}</p><div>2018-03-18 10:12 来源：浙江在线</div>")
    assert record["published_at"] == "2018-03-18T10:12:00+08:00"


@pytest.mark.parametrize(
    ("line", "at"),
    [
        ("<div class=sj>2018年3月18日 08:20 [大 中 小] [打印]</div>", "2018-03-18T08:20:00+08:00"),
        (
            "<p>www.zjol.com.cn&nbsp; 2018年03月18日 08:20:05 浙江在线</p>",
            "2018-03-18T08:20:05+08:00",
        ),
        ("<p>昨天 08:20，桥通了。</p>", "2018-03-18T00:00:00+08:00"),
    ],
)
def test_the_line_of_a_page_whose_title_is_in_no_heading(line: str, at: str) -> None:
    markup = (
        f"<title>桥通了-浙江在线</title><div>2026年11月22日 星期日</div><div class=bt>桥通了</div>{line}"
        f"<div class=TRS_Editor>{TEXT}</div>"
    )
    record = read_record(f"<html><body>{markup}</body></html>".encode(), url=URL)
    assert record["published_at"] == at
