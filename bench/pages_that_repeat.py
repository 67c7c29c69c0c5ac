"""Pages, of any size, that are the worst known for the loaders, credits and furniture.

INPUTS["headings in headings"](100_000)  ->  markup of about 100,000 bytes in UTF-8
"""

from collections.abc import Callable
from itertools import count

SENTENCE = (
    "雨停以后，村里的人都到桥头来看新修的路，路的尽头是一所小学，"
    "孩子们已经在门口排好了队，等着第一辆车开过来。"
)
LINKED = '"datePublished":"'
DEEP = 1_500
"""Levels; libxml2 stops at 2,048."""

Maker = Callable[[int], str]


def trs(body: str, title: str = "桥通了", info: str = "2018-03-18 10:11", below: str = "") -> str:
    """A page of a known layout."""
    return (
        f"<html><head><title>{title}_浙江新闻_浙江在线</title></head><body>"
        f"<h1 class=artTitle>{title}</h1>"
        f"<div class=info>{info}</div><div class=artCon>{body}</div>{below}</body></html>"
    )


def unknown(body: str, title: str = "桥通了_浙江在线") -> str:
    """A page of no known layout."""
    return f"<html><head><title>{title}</title></head><body>{body}</body></html>"


def paper(before: str, between: str = "") -> str:
    """A page of a newspaper."""
    return (
        f"<html><body>{before}<div class=main-article-title>桥通了</div>{between}"
        f"<div class=main-article-content><p>{SENTENCE}</p></div></body></html>"
    )


def text(lines: str) -> str:
    """A page that survives only as text."""
    return f"首页 > 浙江\n桥\n{lines}\n{SENTENCE}"


def times(unit: str, size: int) -> str:
    """A text over and over."""
    return unit * (size // len(unit.encode()) + 1)


def numbered(form: str, size: int) -> str:
    """A text over and over, `#` in it replaced by another number each time."""
    length = len(form.encode()) + 4
    return "".join(form.replace("#", str(n)) for n in range(size // length + 1))


def named(form: str, size: int) -> str:
    """The same with names of persons, all different for 20,000 of them."""
    length = len(form.encode()) + 8
    names = (f"张{chr(0x4E00 + n // 150 % 150)}{chr(0x4F00 + n % 150)}" for n in count())
    return "".join(form.replace("#", next(names)) for _ in range(size // length + 1))


def nested(opening: str, size: int, inside: str = "<i></i>") -> str:
    """Elements in each other, as deep as the parser goes, and a text over and over in them."""
    depth = min(DEEP, size // 2 // len(opening.encode()) + 1)
    return opening * depth + times(inside, size - depth * len(opening.encode()))


INPUTS: dict[str, Maker] = {
    # body.py
    "icons in an address": lambda n: trs(f"<img src=a{times('icon', n)}>"),
    "loading in an address": lambda n: trs(f"<img src='{times('loading', n)}/'>"),
    "a long base": lambda n: trs(
        f"<base href=/{'a' * (n // 2)}>" + times("<img src=1.jpg>", n // 2)
    ),
    "pictures deep down": lambda n: trs(nested("<b>", n, "<img src=1.jpg>")),
    "pictures in links": lambda n: trs(times("<a href=/1><img src=1.jpg></a>", n)),
    "pictures in a picture": lambda n: trs("<picture>" + times("<img src=1.jpg><i></i>", n)),
    "a set of sources": lambda n: trs(f"<img srcset='{times('1.jpg 1x, ', n)}'>"),
    "classes": lambda n: trs(numbered("<p class='a#'>甲", n)),
    "a long class": lambda n: trs(f"<p class='{times('share-', n)}'>甲"),
    "styles": lambda n: trs(f"<p style='{times('display', n)}'>甲"),
    "spaces in styles": lambda n: trs(f"<p style='{times('display ' + ' ' * 90, n)}'>甲"),
    "addresses of videos": lambda n: trs(f"<script>.mp4 {times('//a/', n)}</script>"),
    "distinct videos": lambda n: trs(f"<script>{numbered('//a/#.mp4 ', n)}</script>"),
    "tables": lambda n: trs(times("<table><tr><td>1<td>2<tr><td>3<td>4</table>", n)),
    "tables in tables": lambda n: trs(nested("<table><tr><td>1<td>", n)),
    "rows in rows": lambda n: trs(
        "<table><tr><td>1<td>2" + nested("<tr><td>1<td><div>", n // 2) + times("<i></i>", n // 2)
    ),
    "one line": lambda n: trs(times("桥", n)),
    "short lines": lambda n: trs(times("桥<br>", n)),
    "links": lambda n: trs(times("<a href=/1>桥</a><br>", n)),
    "boxes": lambda n: trs(times("<p>相关阅读<p><a href=/1>桥</a>", n)),
    "titles of boxes": lambda n: trs(f"<p>{SENTENCE}" + times("<p>相关阅读", n)),
    "comments": lambda n: trs(times("<p>网友评论", n) + f"<p>{SENTENCE}"),
    "notices": lambda n: trs(f"<p>{SENTENCE}{times('<p>© 浙江在线', n)}<p>又{SENTENCE}"),
    "notices before repeated sentences": lambda n: trs(
        numbered(f"<p>#{SENTENCE}", n // 3)
        + times("<p>© 浙江在线", n // 3)
        + numbered(f"<p>#{SENTENCE}", n // 3)
    ),
    "works": lambda n: trs(times("<p>《桥》<p>作者：张三", n)),
    "credits of works": lambda n: trs("<p>《桥》" + times("<p>作者：张三", n) + "<p>《桥》"),
    "end tags too many": lambda n: trs("桥", below=times("</div><p>桥", n)),
    "paragraphs after the body": lambda n: trs("桥", below=times("<p>桥", n)),
    "stops and quotes": lambda n: trs(times("。”", n), below=f"<p>{times('.”', n)}"),
    # credits
    "sources": lambda n: trs(numbered("<p>来源：甲# ", n)),
    "sources in one line": lambda n: trs(numbered("来源：甲# ", n)),
    "authors": lambda n: trs(named("<p>文/#", n)),
    "authors in one line": lambda n: trs(named("文/# ", n)),
    "editors at the foot": lambda n: trs(f"<p>{SENTENCE}" + named("<p>责任编辑：#", n)),
    "English authors": lambda n: trs(numbered("<p>By Ab# Cd#", n)),
    "bylines": lambda n: trs(named("<p>桥通了。（记者 #）", n)),
    "brackets": lambda n: trs(times("（ab）", n)),
    "open brackets": lambda n: trs(times("（", n)),
    "capitals": lambda n: trs(f"<p>By {times('A', n)}"),
    "names of one letter": lambda n: trs(f"<p>{times('张 ', n)}", info=times("张 ", n)),
    "names under the title": lambda n: trs("桥", info=named("<span>作者：#</span> ", n)),
    "tags": lambda n: trs(f"<p>{SENTENCE}" + numbered("<p>标签：甲#", n)),
    "captions": lambda n: trs(named("<p><img src=1.jpg><p># 摄", n)),
    "late captions": lambda n: trs("<img src=1.jpg>" + times("<p>图为桥 摄", n)),
    # furniture
    "buttons": lambda n: trs(times(f"<p>{'打印||||' * 15}x", n)),
    "numbers of pages": lambda n: trs(times(f"<p>上一页{'1' * 100}x", n)),
    "messages": lambda n: trs(times("<p>该文章已被删除", n)),
    "messages on an unknown page": lambda n: unknown(times("<p>该文章已被删除", n)),
    # what stands over the body
    "headings in headings": lambda n: unknown(nested("<h1>", n, "桥")),
    "headings": lambda n: unknown(times("<h2>桥头</h2>", n), title="路_浙江在线"),
    "headings below the text": lambda n: unknown(
        f"<div class=TRS_Editor>{SENTENCE * 3}</div>{times('<h2>桥</h2>', n)}", title="路_浙江在线"
    ),
    "titles in titles": lambda n: trs("桥", below=nested("<div class=artTitle>", n, "桥")),
    "titles": lambda n: trs("桥", below=times("<div class=artTitle>桥</div>", n)),
    "lines in lines": lambda n: trs("桥", info=nested("<div class=info>", n, "2018-03-18 ")),
    "lines": lambda n: trs("桥", info=times("</div><div class=info>2018-03-18", n)),
    "lines elsewhere": lambda n: trs("桥", below=nested("<b>", n, "<div class=info>2018</div>")),
    "named spans in each other": lambda n: trs(
        "桥", info=nested("<span id=source_baidu>", n, "桥")
    ),
    "named spans": lambda n: trs("桥", info=times("<b><i id=source_baidu>桥</i></b>", n)),
    "named spans of their own": lambda n: trs(
        "桥", info=times("<b><span id=source_baidu>桥</span></b>", n)
    ),
    "update times": lambda n: trs("桥", info=times("更新时间：", n)),
    "between title and body": lambda n: (
        f"<html><body><h1 class=atricle_title>桥</h1>{times('<p>桥</p>', n)}"
        "<div class=atricle_inner>桥</div></body></html>"
    ),
    "credits between title and body": lambda n: (
        f"<html><body><h1 class=atricle_title>桥</h1>{named('<p>作者：#</p>', n)}"
        "<div class=atricle_inner>桥</div></body></html>"
    ),
    "deep between title and body": lambda n: (
        f"<html><body><h1 class=atricle_title>桥</h1>{nested('<b>', n, '<p></p>')}"
        "<div class=atricle_inner>桥</div></body></html>"
    ),
    "times": lambda n: trs(nested("<b>", n, "<time datetime=2018></time>")),
    "dates of linked data": lambda n: trs("桥", below=f"<script>{times(LINKED, n)}</script>"),
    "breadcrumbs": lambda n: trs("桥", below=times("<p>位置：&gt;", n)),
    "classed links": lambda n: trs("桥", below=times("<a class=CurrChnlCls>桥</a>", n)),
    "bodies": lambda n: trs("桥", below=times("<div class=artCon>桥</div>", n)),
    "bodies deep down": lambda n: trs("桥", below=nested("<b>", n, "<div class=artCon>桥</div>")),
    "bodies in bodies": lambda n: trs(nested("<div class=artCon>", n, "桥<br>")),
    "empty bodies": lambda n: trs(times("</div><div class=artCon>", n)),
    # doubts
    "sentences outside": lambda n: trs(
        numbered(f"<p>#{SENTENCE}", n // 2), below=numbered(f"<p>#{SENTENCE}", n // 2)
    ),
    "hidden sentences": lambda n: trs(
        "桥", below="<div style='display:none'>" + nested("<b>", n, f"<p>{SENTENCE}")
    ),
    "notices outside": lambda n: trs(
        numbered(f"<p>#{SENTENCE}", n // 2),
        below=times(
            "<p>凡注有浙江在线的稿件，未经许可不得转载，违者将被追究法律责任，请各位读者都注意。",
            n // 2,
        ),
    ),
    # fallback
    "titles in text": lambda n: unknown(nested("<b>桥", n, "桥"), title="桥"),
    "links in links": lambda n: unknown(f"<div class=article>{nested('<a><div>', n, SENTENCE)}"),
    "text deep down": lambda n: unknown(nested("<div>", n, f"<p>{SENTENCE}")),
    "text in every level": lambda n: unknown(nested(f"<div>{SENTENCE}", n, "桥")),
    "sentences": lambda n: unknown(numbered(f"<p>#{SENTENCE}</p>", n)),
    "sentences in spans": lambda n: unknown(numbered(f"<span>#{SENTENCE}</span>", n)),
    "cells": lambda n: unknown(f"<table>{numbered(f'<tr><td>#{SENTENCE}<td>桥', n)}</table>"),
    "nothing but elements": lambda n: unknown(times("<p>", n)),
    "attributes": lambda n: unknown(f"<p {numbered('a#=1 ', n)}>{SENTENCE * 3}"),
    # paper
    "strips": lambda n: paper(times("<p>第1版：要闻", n)),
    "strips in each other": lambda n: paper(nested("<div>", n, "桥")),
    "pictures over the body": lambda n: paper("", times("<p><img src=1.jpg></p>", n)),
    # English pages
    "date lines": lambda n: unknown("2019-11-22 source: a" + times("<br>source:", n)),
    "date lines deep down": lambda n: unknown(
        nested("<b>", n // 2, "<i>source:</i>") + times("<i></i>", n // 2) + "2019-11-22 source: a"
    ),
    "a word on an English page": lambda n: unknown(
        f"<p>2019-11-22 source: a</p><p>By Lin Qiao</p><p>{times('a', n)}</p>"
    ),
    # plain text
    "rules": lambda n: f"桥\n{times('|', n)}x",
    "labels": lambda n: "桥\n" + times("来源：\n", n),
    "lines of text": lambda n: text(times("桥\n", n)),
    "dates of text": lambda n: text(times("2018-03-18 10:11\n", n)),
    "boxes of text": lambda n: text(times("相关阅读\n", n)),
    "breadcrumbs of text": lambda n: text(times("首页 > \n", n)),
    # what is computed of the text
    "marks on a letter": lambda n: trs("e" + times("\u0316\u0300", n)),
}
"""What it stands for, and a maker of a page of about so many bytes."""
