"""Lines that belong to the page and not to the article: buttons, notices, boxes, tags, and the
messages that a site shows in place of an article. The words are in `text/furniture.toml`."""

import re
import tomllib
from importlib.resources import files
from typing import Any, NamedTuple

from zjnews.text.cleaning import fold

_WORDS: dict[str, Any] = tomllib.loads(
    files("zjnews.text").joinpath("furniture.toml").read_text("utf-8")
)


def _pattern(name: str) -> re.Pattern[str]:
    forms = "|".join(_WORDS[name])
    for word, meaning in _WORDS["message_words"].items():
        forms = forms.replace(f"{{{word}}}", meaning)
    return re.compile(forms, re.I)


_LINES = _pattern("lines")
_NOTICES = _pattern("notices")
_BOXES = _pattern("boxes")
_COMMENTS = _pattern("comments")
_GONE = _pattern("gone")
_PASSING = _pattern("passing")
_BESIDE_MESSAGES = _pattern("beside_messages")
_MESSAGE_TITLES = _pattern("message_titles")
_SURE_MESSAGE_TITLES = _pattern("sure_message_titles")
_LOST = _pattern("lost")
_SUSPECTS = _pattern("suspects")

LINE_LENGTH = 400  # characters; no line of the page's frame is longer
_BUTTON_LENGTH = 160
_SENTENCE_LENGTH = 40
_BOX_LENGTH = 20
_MESSAGE_LENGTH = 80
_SUSPECT_LENGTH = 60
_FRAME = "【】[]（）()《》>»·•:： |｜-—"
_NAME_OF_SITE = (
    r"浙江在线|印象浙江|in ?zhejiang|.{0,8}(?:新闻网|新闻客户端|频道|数字报纸?)"
    r"|[\u4e00-\u9fff]{2,8}报"
)
_BUTTON = re.compile(
    r"[〖〔【\[（(]\s?(?:我要)?(?:打印|关闭|收藏|纠错|推荐|评论|返回|(?:字[号体]\s?[:：]?\s?)?大\s中\s小)"
    r"(?:[本此][页文稿]|窗口|顶部|首页)?\s?[】\]）)〗〕]"
)
_CREDITS_AFTER_TITLE = re.compile(
    r"[（(【\[]?\s*原.{1,120}?[\s）)】\]]{1,3}"
    r"(?P<credits>[（(【\[]?(?:责任编辑|责编|编辑|来源|作者)\s?[:：].{1,80}?)[）)】\]]?"
)
_SITE = re.compile(rf"(?:\W{{0,3}}(?:{_NAME_OF_SITE})){{1,3}}\W{{0,3}}", re.I)
_TAGS = re.compile(
    r"(?:标\s?签|tags?|(?P<keyword>关键[词字]|keywords))\s?[:：]\s?(?P<words>.{0,300}?)"
    r"\s?(?P<rest>(?:(?:[\u4e00-\u9fff]{0,4}编辑|责编|作者|来源|记者)\s?[:：].{0,80})?)",
    re.I,
)
_TAG_SEPARATORS = re.compile(r"[;；,，、|｜]|\s")


def is_frame(line: str) -> bool:
    """Whether a line is never part of an article: `read more`, `【打印本页】`, `上一篇：…`."""
    if len(line) > _BUTTON_LENGTH or (len(line) > _SENTENCE_LENGTH and line.endswith("。")):
        return False
    return bool(_LINES.fullmatch(line))


def may_be_frame(line: str) -> bool:
    """Whether a short line may be part of the page: words of buttons and no end of a sentence."""
    is_short = len(line) <= _SUSPECT_LENGTH and line[-1] not in "。！？；，"
    return is_short and bool(_SUSPECTS.search(line))


def without_buttons(line: str) -> str:
    """`责任编辑：张三 【打印】 【关闭】`  ->  `责任编辑：张三`"""
    is_candidate = len(line) <= _BUTTON_LENGTH and _BUTTON.search(line)
    return fold(_BUTTON.sub(" ", line)) if is_candidate else line


def credits_after_title(frame: str) -> str:
    """The credits on the line of another title: `（原标题：归乡）责任编辑：张三`."""
    found = _CREDITS_AFTER_TITLE.fullmatch(frame)
    return found["credits"] if found else ""


def is_notice(line: str) -> bool:
    """Whether a line is a notice of the site, `版权和免责申明`. It counts at the foot only:
    articles write about such things."""
    return len(line) <= LINE_LENGTH and bool(_NOTICES.fullmatch(line))


def names_site(title: str) -> bool:
    """Whether a title is no more than the name of the site, a part of it, or a paper."""
    return bool(_SITE.fullmatch(title))


def heads_box(line: str) -> bool:
    """Whether a line is the title of a box of links, such as `相关阅读` or `【推荐阅读】`."""
    return len(line) <= _BOX_LENGTH and bool(_BOXES.fullmatch(line.strip(_FRAME)))


def heads_comments(line: str) -> bool:
    """Whether a line is the title of what readers say, such as `网友评论`."""
    return len(line) <= _BOX_LENGTH and bool(_COMMENTS.fullmatch(line.strip(_FRAME)))


_BREADCRUMB = re.compile(
    r"(?:(?:[^:：>。]{0,12})?位置\s?[:：是为]?|(?=(?:浙江在线[^\s>]{0,5}|首\s?页|Home)\s?[>＞»]))"
    r"\s?(?P<steps>[^。！？]{2,120})"
)
_STEP = re.compile(r"\s?(?:>{1,3}|＞|»|›|→|/)\s?")
_STEP_LENGTH = 20
_HOME = re.compile(
    r"(?:返回)?首\s?[页頁]|正文|(?:文章|详细)?内容|(?:内容|文章)?详情|(?:浏览|查看)文章|浙江在线(?:新闻网站|首页)?"
)
_CLOSING_STEP = re.compile(
    r"\s(?:正文|内容|浏览文章|查看文章|详细内容|阅读新闻)(?:\s.{0,40})?$|(?:\s|\|)+(?:打印|字号).{0,40}$"
)


def breadcrumb_in(line: str) -> list[str] | None:
    """The sections in `您当前的位置 :浙江在线 > 浙江新闻 > 杭州 正文`, outermost first, without
    the home of the site; None if the line is no breadcrumb."""
    found = _BREADCRUMB.match(line[:LINE_LENGTH])
    if found is None:
        return None
    steps = _STEP.split(_CLOSING_STEP.sub("", found["steps"].strip()))
    is_crumb = len(steps) > 1 and all(len(step) <= _STEP_LENGTH for step in steps[:-1])
    if not is_crumb or re.search("[，。！？]", found["steps"]):
        return None
    names = (step.strip(" |｜>") for step in steps)
    return [n for n in names if n and len(n) <= _STEP_LENGTH and not _HOME.fullmatch(n)]


_SUMMARY = re.compile(
    r"(?:[【\[［〔](?:内容|文章)?(?:摘要|提要|核心提示)[】\]］〕]\s?[:：]?"
    r"|(?:内容|文章)?(?:摘要|提要|核心提示)\s?[:：])\s?(?P<summary>.{10,500})"
)

_SUMMARY_START = 8  # characters in which it says that it is one


def may_hold_summary(text: str) -> bool:
    """Whether a text has what no line with a summary is without."""
    start = text.lstrip()[:_SUMMARY_START]
    return "要" in start or "核心" in start


def summary_in(line: str) -> str | None:
    """The summary of a line such as `【摘要】 省运会沙排比赛已经接近尾声。`"""
    found = _SUMMARY.fullmatch(line)
    return found["summary"] if found else None


class Tags(NamedTuple):
    """A line of tags: `标签: 环保;水库 责任编辑: 张三`."""

    words: list[str]
    rest: str  # the credits after the tags, on the same line


def tags_in(line: str, at_foot: bool) -> Tags | None:
    """The tags of a line, or None. `关键词：担当` may be a heading: it counts at the foot only."""
    if len(line) > LINE_LENGTH or not (found := _TAGS.fullmatch(line)):
        return None
    if found["keyword"] and not at_foot:
        return None
    words = map(fold, _TAG_SEPARATORS.split(found["words"]))
    return Tags([word for word in words if word], found["rest"])


class Message(NamedTuple):
    """What a page says in place of an article."""

    line: str
    is_gone: bool
    """Whether the article is not there any more, rather than not now or not for everybody."""


def message_in(lines: list[str]) -> Message | None:
    """The message among lines of nothing else, `提示信息`, `该信息已被删除！`, or None."""
    found: Message | None = None
    for line in lines:
        message = message_of(line)
        found = found or message
        is_short = len(line) <= _MESSAGE_LENGTH
        beside = _MESSAGE_TITLES.fullmatch(line) or _BESIDE_MESSAGES.fullmatch(line)
        if message is None and not (is_short and (beside or is_frame(line))):
            return None
    return found


def message_below(title: str, lines: list[str]) -> Message | None:
    """The message on a page that has the title of one, `提示信息`, in whatever words, or None."""
    text = " ".join(lines)
    if len(text) > _MESSAGE_LENGTH or not _SURE_MESSAGE_TITLES.fullmatch(title):
        return None
    return Message(text, is_gone=bool(_LOST.search(text)))


def message_of(line: str) -> Message | None:
    """The message that a line is, `页面不存在` or `请先登录`; None for any other line."""
    if len(line) > _MESSAGE_LENGTH:
        return None
    if _GONE.fullmatch(line):
        return Message(line, is_gone=True)
    return Message(line, is_gone=False) if _PASSING.fullmatch(line) else None
