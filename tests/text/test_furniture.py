"""Lines of the page that are no part of the article, and lines of articles that look like them."""

import pytest

from tests.reading import read_record
from zjnews.items import Rejected
from zjnews.text import furniture

SENTENCE = "老茶厂停产二十年后，村里的年轻人把旧厂房改成了图书馆，周末还办读书会，邻村的孩子也来。"
URL = "https://zjnews.zjol.com.cn/zjnews/202104/t20210426_22442858.shtml"


@pytest.mark.parametrize(
    "line",
    [
        "read more",
        "查看更多内容 >>",
        "【打印本页】【关闭窗口】",
        "【打印】 【关闭】",
        "[大 中 小] [打印]",
        "放大 原大 缩小 打印",
        "文字: 大 中 小 打印",
        "上一篇：一座桥的三次搬家",
        "下一条: 没有了",
        "（原题为：《一封迟到的家书》）",
        "原标题：老茶厂里读书忙",
        "赞 (128)",
        "评论 3",
        "阅读 1.2万",
        "分享到：微信 微博 QQ空间",
        "分享到新浪微博",
        "看浙江新闻,关注浙江在线微信",
        "扫码关注本网",
        "上一页 1 2 3 下一页",
        "上一页 1 2 3 下一页 共3页",
        "第1页 共3页",
        "click here to read more",
        "Share this:",
        "- END -",
        "—— END ——",
        "Share to: WeChat",
        "〖打印此稿〗〖关闭〗",
        "【我要打印】【返回顶部】",
        "[发表评论] [加入收藏] [打印] [关闭]",
        "【纠错】",
        "[返回]",
        "返回首页",
        "< 上一篇：一座桥的三次搬家",
        "【下一篇】一座桥的三次搬家",
        "上一篇 一座桥的三次搬家",
        "上一篇 | 下一篇",
        "下一组图：老茶厂",
        "原标题《老茶厂里读书忙》",
        "（原标题 老茶厂里读书忙）",
        "（原標題：老茶廠裏讀書忙）",
        "点击次数：128",
    ],
)
def test_frame(line: str) -> None:
    assert furniture.is_frame(line)


@pytest.mark.parametrize(
    "line",
    [
        "打印店老板老周每天七点开门。",
        "上一篇文章发表后，读者来信不断。",
        "扫一扫墙上的二维码，老人就能听到评弹。",
        "评论员文章",
        "赞成的有128人。",
        "大",
        "大中小学同上一堂课",
        "关闭了十年的老戏台又响起锣鼓。",
        "分享到最后，她哭了。",
        "阅读空间",
        "返回",
        "上篇：起源",
        "下一篇 文章写给那条河，也写给岸上的人。",
        "原标题党的套路",
        "Share of the harbor",
        "END",
        "— 完 —",
        "共3页的遗嘱",
        "推荐文章",
    ],
)
def test_lines_of_an_article(line: str) -> None:
    assert not furniture.is_frame(line)
    assert not furniture.is_notice(line)


@pytest.mark.parametrize(
    "line",
    [
        "版权和免责申明",
        '凡注有"浙江在线"或电头为"浙江在线"的稿件，均为浙江在线独家版权所有。',
        "Copyright © 1999-2017 Zjol. All Rights Reserved 浙江在线版权所有",
        "浙江在线新闻网站版权所有 Copyright © 1999-2023 Zjol. All Rights Reserved",
        "未经书面授权，不得转载或镜像。",
        "© 浙江日报报业集团版权所有",
        "转载请注明来源：浙江在线",
        "声明：本文转载自江心日报，版权归原作者所有。",
        "【版权声明】本文版权归浙江在线所有，未经授权不得转载。",
        "江心新闻网 版权所有",
        "（未经授权不得转载）",
        "本文系浙江在线原创稿件，未经授权禁止转载。",
        "浙江在线原创，转载请注明出处",
        "此文仅供参考，不代表本网立场。",
        "部分图片来源于网络，版权归原作者所有，如有侵权请联系我们删除。",
        "若本文侵犯了您的权益，请与我们联系，我们将及时更正、删除，谢谢。",
        "如因作品内容、版权和其他问题需要同本网联系的，请在30日内进行。",
        "违法和不良信息举报电话：0571-85310961",
        "网站简介 | 版权声明 | 联系我们",
        "浙公网安备 33010302000000号",
    ],
)
def test_notices(line: str) -> None:
    assert furniture.is_notice(line)


@pytest.mark.parametrize(
    ("line", "words", "rest"),
    [
        ("标签: 环保;水库", ["环保", "水库"], ""),
        (
            "标签：图书馆；老茶厂;乡村 责任编辑: 杨柳",
            ["图书馆", "老茶厂", "乡村"],
            "责任编辑: 杨柳",
        ),
        ("标签: 读书 茶厂 编辑：陆遥", ["读书", "茶厂"], "编辑：陆遥"),
        ("Tags: tea, library", ["tea", "library"], ""),
        ("标签:", [], ""),
    ],
)
def test_tags(line: str, words: list[str], rest: str) -> None:
    assert furniture.tags_in(line, at_foot=False) == (words, rest)


def test_a_keyword_may_be_a_heading() -> None:
    assert furniture.tags_in("关键词：担当", at_foot=False) is None
    assert furniture.tags_in("关键词：担当", at_foot=True) == (["担当"], "")
    assert furniture.tags_in("标签里写着产地和采摘的日子。", at_foot=True) is None


@pytest.mark.parametrize(
    ("line", "sections"),
    [
        (
            "您当前的位置 :浙江在线 > 浙江新闻 > 浙江纵横 > 杭州 正文",
            ["浙江新闻", "浙江纵横", "杭州"],
        ),
        ("您当前的位置：首 页 > 新闻中心 > 嘉兴新闻", ["新闻中心", "嘉兴新闻"]),
        ("当前位置：桐乡新闻网>>桐乡新闻>>民生", ["桐乡新闻网", "桐乡新闻", "民生"]),
        ("浙江在线 > 金义新区新闻网 > 综合新闻", ["金义新区新闻网", "综合新闻"]),
        ("首页 » 时政", ["时政"]),
        ("他的位置：从前锋到后卫", None),
        ("首页 | 新闻中心 | 视听", None),
        ("这个位置 > 那个位置的说法并不准确，" * 5, None),
    ],
)
def test_breadcrumbs(line: str, sections: list[str] | None) -> None:
    assert furniture.breadcrumb_in(line) == sections


@pytest.mark.parametrize(
    ("line", "is_gone"),
    [
        ("该信息已被删除！", True),
        ("对不起，您访问的页面不存在", True),
        ("很抱歉，您要找的页面飞走了～ 去首页看看吧", True),
        ("该稿件已撤回。", True),
        ("文章已下线", True),
        ("Sorry, the page you requested was not found.", True),
        ("404 Not Found", True),
        ("该内容正在审核，请稍后再试", False),
        ("您没有权限查看该内容，请先登录。", False),
        ("系统维护中，预计今晚恢复", False),
        ("您的访问请求存在异常，请完成下方滑块验证后继续访问。", False),
        ("本文已被删除", True),
        ("应作者要求，该文已删除", True),
        ("因版权原因，该内容无法展示", True),
        ("此篇文章已经不存在", True),
        ("访问的页面不存在，点击返回首页", True),
        ("该图集已被撤下", True),
        ("查无此文", True),
        ("The requested URL was not found on this server.", True),
        ("内容加载失败，请刷新重试", False),
        ("参数错误", False),
        ("栏目建设中，敬请期待", False),
        ("请使用微信客户端打开", False),
        ("请输入验证码", False),
        ("您的浏览器版本过低，请升级", False),
    ],
)
def test_messages(line: str, is_gone: bool) -> None:
    assert furniture.message_of(line) == (line, is_gone)


@pytest.mark.parametrize(
    "line",
    [
        "这条新闻已经传遍了整个村子。",
        "文章写得好，读者都说好。",
        "404名学生上山植树",
        "信息化让老厂焕发新生",
        "页面设计大赛昨天开幕",
        "因台风影响，文章里写到的渡口停航了。",
        "原文化站站长老周说，书还在。",
        "本稿费已捐给村里的小学。",
        "请升级你的早餐",
        "网络维护员小周的一天",
        "A moment of calm settled over the lake on Sunday.",
        "Please wait for the ferry at the second pier.",
        "Access to the village was easy, the driver said.",
    ],
)
def test_lines_that_are_no_message(line: str) -> None:
    assert furniture.message_of(line) is None


def page(title: str, *body: str, below: str = "") -> bytes:
    inside = "".join(line if line.startswith("<") else f"<p>{line}</p>" for line in body)
    return (
        f"<html><head><title>{title}_浙江新闻_浙江在线</title></head><body><h1 class=artTitle>{title}"
        f"</h1><div class=info><span>2021-04-26 08:35:37</span></div><div class=artCon>{inside}</div>"
        f"{below}</body></html>"
    ).encode()


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["该文章已被删除！"], "not-found-page"),
        (["对不起，您访问的文章不存在。", "返回首页"], "not-found-page"),
        (["该内容正在审核，请稍后再试"], "no-article"),
        (["Just a moment...", "Checking the connection of your browser first."], "no-article"),
        (["Please wait while your request is being checked."], "no-article"),
        (["Verifying that you are human. It takes a second."], "no-article"),
        (["Access to this page has been denied by the editor."], "no-article"),
        (["Please turn on cookies and load the page again."], "no-article"),
        (["The website is currently busy. Try again in an hour."], "no-article"),
        (
            [f"<p><a href='/{n}.shtml'>第{n}条标题</a> 2021-04-2{n}</p>" for n in range(5)],
            "list-page",
        ),
    ],
)
def test_messages_and_lists_in_an_articles_template(lines: list[str], reason: str) -> None:
    with pytest.raises(Rejected) as raised:
        read_record(page("提示信息", *lines), url=URL)
    assert raised.value.reason == reason


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("您看的这篇已经删掉啦", "not-found-page"),
        ("刚才那篇找不到啦，去别处逛逛吧", "not-found-page"),
        ("小编正在路上", "no-article"),
    ],
)
def test_below_the_title_of_a_message_is_one_in_any_words(message: str, reason: str) -> None:
    with pytest.raises(Rejected) as raised:
        read_record(page("信息提示", message), url=URL)
    assert raised.value.reason == reason
    assert read_record(page("信息提示", SENTENCE * 2), url=URL)["text"] == SENTENCE * 2
    assert read_record(page("温馨提示", message), url=URL)["text"] == message


@pytest.mark.parametrize(
    "line",
    [
        "（原标题：茶厂书香）责任编辑：杨柳",
        "（原标题：茶厂书香 责任编辑：杨柳）",
        "责任编辑：杨柳 【打印】 【关闭】",
        "【纠错】 责任编辑：杨柳",
        "[打印本稿] [责任编辑：杨柳]",
        "【大 中 小】 编辑：杨柳",
    ],
)
def test_an_editor_on_a_line_of_the_frame(line: str) -> None:
    record = read_record(page("老茶厂", SENTENCE, line), url=URL)
    assert (record["text"], record["editors"]) == (SENTENCE, ["杨柳"])


@pytest.mark.parametrize("head", ["往期推荐：", "【新闻延伸】", "其他报道", "为您推荐", "新闻链接"])
def test_titles_of_boxes_of_links(head: str) -> None:
    box = f"<p>{head}</p><p>1、<a href=/1.shtml>甲的故事</a></p>"
    assert read_record(page("题", SENTENCE, box, SENTENCE[::-1]), url=URL)["text"] == (
        f"{SENTENCE}\n\n{SENTENCE[::-1]}"
    )
    told = f"<p>{head}</p><p>甲的故事是老茶工讲的。</p>"
    assert head in read_record(page("题", SENTENCE, told, SENTENCE[::-1]), url=URL)["text"]


def test_links_to_the_articles_before_and_after() -> None:
    links = "<p>上一篇</p><p><a href=/1.shtml>甲的故事</a></p>"
    assert read_record(page("题", SENTENCE, links), url=URL)["text"] == SENTENCE


@pytest.mark.parametrize("head", ["网友热评：", "精选留言", "最新评论(3)"])
def test_titles_of_comments(head: str) -> None:
    comments = f"<p>{head}</p><p>钱塘江边一棵草：支持！</p>"
    assert read_record(page("题", SENTENCE, comments), url=URL)["text"] == SENTENCE


@pytest.mark.parametrize(
    "line",
    [
        "他的原创歌曲，转载了三千次。",
        "如果地基侵权，村里会联系法院。" * 3,
        "关于我们的故事",
        "本文写给那些不代表任何人的人。",
        "举报有奖：我市出台新规",
    ],
)
def test_lines_that_are_no_notice(line: str) -> None:
    assert not furniture.is_notice(line)


@pytest.mark.parametrize("notice", ["转载请注明出处。", "以上内容为转载，如有侵权请联系删除。"])
def test_an_article_goes_on_after_a_notice_with_other_sentences(notice: str) -> None:
    more = "老茶工说，那年冬天的雪下得很大，整座茶山白了半个月才露出青来。"
    assert read_record(page("题", SENTENCE, notice, more), url=URL)["text"].endswith(more)
    said_again = read_record(page("题", SENTENCE, more, notice, more), url=URL)
    assert said_again["text"] == f"{SENTENCE}\n\n{more}"


def test_what_lies_below_a_body_is_read_and_left_out() -> None:
    below = (
        "<div>标签: 茶厂;读书 责任编辑: 杨柳</div><div>分享到:</div><div>版权和免责申明</div>"
        '<p>凡注有"浙江在线"的稿件，均为浙江在线独家版权所有，未经许可不得转载或镜像，授权转载必须注明来源。</p>'
    )
    outside = read_record(page("老茶厂", SENTENCE, below=below), url=URL)
    inside = read_record(page("老茶厂", SENTENCE, below), url=URL)
    for record in (outside, inside):
        assert record["text"] == SENTENCE
        assert (record["keywords"], record["editors"]) == (["茶厂", "读书"], ["杨柳"])


BOX = "<div class={}><p>相关新闻</p><p><a href=/1.shtml>甲的故事</a></p><p><a href=/2.shtml>乙的故事</a></p></div>"


@pytest.mark.parametrize("name", ["related-box", "x1", "tuijian"])
def test_a_box_of_links_in_a_body(name: str) -> None:
    record = read_record(page("题", SENTENCE, BOX.format(name), SENTENCE[::-1]), url=URL)
    assert record["text"] == f"{SENTENCE}\n\n{SENTENCE[::-1]}"


def test_related_matters_that_the_article_tells_stay() -> None:
    told = "本次调查历时三年，走访了四十个村，记录下一百多位老人的口述，先后整理出三十万字的材料。"
    record = read_record(page("题", SENTENCE, "<h3>相关链接</h3>", told), url=URL)
    assert record["text"].endswith(f"相关链接\n\n{told}")


def test_paragraphs_after_a_stray_end_tag() -> None:
    astray = f"</div><p>{SENTENCE[::-1]}。</p><p>完。</p>"
    record = read_record(page("题", SENTENCE, astray), url=URL)
    assert record["text"] == f"{SENTENCE}\n\n{SENTENCE[::-1]}。\n\n完。"


@pytest.mark.parametrize(
    ("astray", "said"),
    [
        ("</div><div>{}</div><div>完。</div>", "完。"),
        ("</div><h3>后来</h3><p>{}</p>", "后来"),
        ("</div><ul><li>渡船一条。</li></ul><p>{}</p>", "渡船一条。"),
        ("</div><p class=MsoNormal>{}</p><p>完。</p>", "完。"),
    ],
)
def test_other_blocks_after_a_stray_end_tag(astray: str, said: str) -> None:
    rest = f"{SENTENCE[::-1]}。"
    text = read_record(page("题", SENTENCE, astray.format(rest)), url=URL)["text"]
    assert set(text.split("\n\n")) == {SENTENCE, rest, said}
    as_box = astray.format(f"<a href=/1.shtml>{rest}</a>").replace("<p>", "<p class=x>")
    box = as_box.replace("MsoNormal", "x").replace("</div>", "", 1)
    assert read_record(page("题", SENTENCE, below=box), url=URL)["text"] == SENTENCE


def test_a_notice_after_a_body_without_a_sentence_is_none_of_it() -> None:
    notice = "<p>本网站所有内容未经授权不得转载，违者必究，本网保留追究责任的权利。</p>"
    record = read_record(page("题", "<img src=/a.jpg>", below=notice), url=URL)
    assert (record["text"], len(record["images"])) == ("", 1)


def test_a_table_after_a_stray_end_tag() -> None:
    table = "<table><tr><th>线路</th><th>首班</th></tr><tr><td>一路</td><td>6:05</td></tr></table>"
    page_of_two = page("题", SENTENCE, f"</div>{table}<p>{SENTENCE[::-1]}。</p>")
    kinds = [block["type"] for block in read_record(page_of_two, url=URL)["body"]]
    assert kinds == ["paragraph", "table", "paragraph"]


def test_paragraphs_after_two_stray_end_tags() -> None:
    rest = f"{SENTENCE[::-1]}。"
    holder = "<div class=content><div class=artCon>"
    cut = f"<h1 class=artTitle>题</h1>{holder}<p>{SENTENCE}</p></div></div><p>{rest}</p>"
    template = f"<html><head><title>题_浙江在线</title></head><body>{cut}"
    record = read_record(f"{template}</div></body></html>".encode(), url=URL)
    assert record["text"] == f"{SENTENCE}\n\n{rest}"
    record = read_record(f"{template}</body></html>".encode(), url=URL)
    assert record["text"] == SENTENCE  # nothing is astray: the paragraph is another part's


@pytest.mark.parametrize(
    "holder", ["class='art-con mt-20'", "class=content", "id=content", "class=article"]
)
def test_the_body_of_a_vague_container_where_the_own_is_empty(holder: str) -> None:
    text = f"<p>{SENTENCE}</p><p>{SENTENCE[::-1]}。</p>"
    record = read_record(page("题", below=f"<div {holder}>{text}</div>"), url=URL)
    assert record["layout"] == "trs"
    assert record["text"] == f"{SENTENCE}\n\n{SENTENCE[::-1]}。"
    links = "".join(f"<p><a href=/{n}>{SENTENCE}</a></p>" for n in range(4))
    for other in (links, "<p>扫一扫关注我们。</p>"):
        record = read_record(page("题", below=f"<div {holder}>{other}</div>"), url=URL)
        assert (record["text"], "empty-body" in record["warnings"]) == ("", True)


def test_the_body_of_another_container_where_the_own_is_empty() -> None:
    record = read_record(page("题", below=f"<div class=contTxt><p>{SENTENCE}</p></div>"), url=URL)
    assert record["text"] == SENTENCE
