"""Who made an article, as pages print it in Chinese and English: labels, bylines, names.

Works on lines of folded text only; knows no markup. In the line under the title anything behind a
label is taken; in the body a line must be names and roles throughout, for prose speaks of 记者 and
编辑 too, and a sentence lost is worse than a credit left.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from zjnews.text import fold, unique

Credits = dict[str, list[str]]
"""Field (`authors`, `editors`, `translators`, `photographers`, `source`) to values."""

LINE_LENGTH = 120
"""Longer lines are no credits."""
HAN = re.compile(r"[\u3400-\u9fff]")

_LABEL = re.compile(
    r"(?<![A-Za-z])(?:"
    r"(?P<editors>责任编辑|选稿|值班编辑|实习编辑|网络编辑|本期编辑|见习编辑|责编|编辑|主编"
    r"|executive editors?|editors?|edited by)"
    r"|(?P<authors>作者|记者|通讯员|文字|撰文|撰稿|采写|执笔"
    r"|authors?|reporters?|writers?|(?:written )?by)"
    r"|(?P<translators>翻译|译者|编译|translation|translators?|translated by)"
    r"|(?P<photographers>摄影|摄像|供图|photographers?|photos? by)"
    r"|(?P<source>(?:文章|信息|稿件)?来源|稿源|source)"
    # Credits that the record has no key for.
    r"|(?P<other>审核|校对|初审|复审|终审|签发|监制|监审|一审|二审|三审|美编|视觉|制图|漫画|策划|统筹"
    r"|视频|剪辑|值班主任)"
    # Labels of the same line that credit nobody.
    r"|(?P<control>字号|字体|分享到?|浏览量?|阅读量?|点击量?|打印|发布时间|发表时间|发布日期|时间|日期)"
    r")\s*[:：]\s*",
    re.I,
)
_SURE_LABEL = re.compile(r"责任编辑|责编|executive editor|translation|translator|记者|通讯员", re.I)
"""Labels that credit even in the middle of a body, where 作者 may be that of a book."""
_PEN_NAME_LABEL = re.compile(r"作者|撰文|执笔|文字")
"""A column may sign as 之江轩; every other credit is a name."""
_TRUSTED_LABEL = re.compile(r"责任编辑|责编|通讯员")
"""Nothing but names ever stands behind these."""
_CONTROL = re.compile(
    r"打印|收藏|评论|字[体号大小].*|[大中小]字?号?|(?:分享|阅读|浏览|点击|责任).*|[A-Za-z+\-]{1,2}|\d+"
)

_BRACKETS = "()（）[]【】〔〕「」 "
_OPENING, _CLOSING = tuple("(（[【〔"), tuple(")）]】〕")
_BULLETS = "□■●○◎▲△★☆◆◇▪＊* "
_NOTE = re.compile(r"[（(][^（()）]*[）)]")
_BETWEEN_NAMES = re.compile(r"[、，,;；/／|｜丨&\s]+|\band\b")
_LATIN_NAME = re.compile(r"[A-Z][\w.'’-]*(?:\s[A-Z][\w.'’-]*){1,4}")
_LATIN_BY = re.compile(
    r"(?:(?P<verb>written|reported|edited|translated|photos?) )?by (?P<names>.+)", re.I
)
_LATIN_ROLE = re.compile(r"^(?:Staff )?(?:Reporter|Writer|Correspondent)s? ")
_LATIN_FIELD = {"edited": "editors", "translated": "translators", "photo": "photographers"}
_LATIN_MEDIUM = re.compile(r"Xinhua|\b(?:Online|Daily|News|Agency|Times|Press)\b")

_HAN_NAME = re.compile(r"[\u3400-\u9fff]{2,4}")
_LONGEST_NAME = 15
_STATION = re.compile(r"在线|新闻|联盟|[报站台网]")
"""浙江在线·东阳支站 has a dot too."""
_DOTTED_NAME = re.compile(r"[\u3400-\u9fff]+(?:[·•][\u3400-\u9fff]+)+")
_SURNAMES = frozenset(
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎"
    "鲁韦昌马苗凤花方俞任袁柳酆鲍史唐费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于时傅皮卞齐康伍余元卜顾孟平黄"
    "和穆萧尹姚邵湛汪祁毛禹狄米贝明臧计伏成戴谈宋茅庞熊纪舒屈项祝董梁杜阮蓝闵席季麻强贾路娄危江童颜郭"
    "梅盛林刁钟徐邱骆高夏蔡田樊胡凌霍虞万支柯昝管卢莫经房裘缪干解应宗丁宣贲邓郁单杭洪包诸左石崔吉钮龚"
    "程嵇邢滑裴陆荣翁荀羊於惠甄曲家封芮羿储靳汲邴糜松井段富巫乌焦巴弓牧隗山谷车侯宓蓬全郗班仰秋仲伊宫"
    "宁仇栾暴甘钭厉戎祖武符刘景詹束龙叶幸司韶郜黎蓟薄印宿白怀蒲邰从鄂索咸籍赖卓蔺屠蒙池乔阴胥能苍双"
    "闻莘党翟谭贡劳逄姬申扶堵冉宰郦雍却璩桑桂濮牛寿通边扈燕冀郏浦尚农温别庄晏柴瞿阎充慕连茹习宦艾鱼容"
    "向古易慎戈廖庾终暨居衡步都耿满弘匡国文寇广禄阙东欧殳沃利蔚越夔隆师巩聂晁勾敖融冷訾辛阚那简饶空曾"
    "毋沙乜养鞠须丰巢关蒯相查后荆红游竺权逯盖益桓公肖闫付覃岳帅况商牟佘佟仉谯笪年爱阳初迟楼来占涂邸苑"
    "鹿冼母揭展鄢卿代修苟晋隋粟兰芦斯励忻吾练丘朴麦亓仝竹鲜智洛冒奕操银植矫尧辜楚闪冶雒旷闾赛扎格泽颉粘幺贠"
    "漆綦哲隽衣宛官迮玄玉海"
)
"""The Hundred Family Surnames and what is common beside them."""
_DOUBLE_SURNAMES = tuple(
    "诸葛 欧阳 上官 司马 司徒 夏侯 皇甫 尉迟 公孙 慕容 钟离 长孙 宇文 令狐 东方 南宫".split()
)
_NAME_ENDS_NEVER = re.compile(
    r".*(?:[吗呢吧的了您啊呀么嘛谢说好]|老师|先生|女士|同学|同志|教授|主任|书记|报道|手记|观察|调查|追问|点评|问答"
    r"|感言|简介|作品|体验|专访|连线|走访|探访|直击|化名|单位|名单|信息|文章|提供|网络)"
)
_WORDS_LIKE_NAMES = frozenset(
    "安全 平安 时间 时代 时刻 时尚 时政 文化 文章 文艺 文明 文字 和平 和谐 高速 "
    "高光 高兴 解读 解析 金句 金融 经济 经验 红色 黄昏 黄山 白马 江南 江湖 明天 "
    "明白 成长 成果 成功 关注 关于 方法 方案 温馨 温暖 华丽 万家 万里 马上 常见 "
    "常识 通知 通报 向前 应急 应对 严重 严格 水利 水乡 云端 花絮 花开 古镇 古村 "
    "农业 农村 农民 商业 商务 都市 国际 国内 利民 后续 后来 来自 来信 年度 初心 "
    "爱心 爱好 能力 能源 双创 公告 公益 全面 全国 项目 计划 贡献 居民 步行 车间 "
    "车站 路线 路上 童年 童话 危险 阳光 乐园 乐趣 顾客 包装 石头 毕业 夏令营 何时 "
    "何处 为何 如何 难点 海报 海洋 海边".split()
)
"""Common words that begin with a surname."""
_NO_NAME = frozenset(
    "本报 本网 本社 记者 通讯员 实习生 作者 编辑 摄影 报道 整理 综合 综合报道 供稿 供图 图文"
    " 讯 摄 文 图 资料图 资料图片 资料照片 新华社发 新华社 视觉中国 受访者 网络"
    " 未知 佚名 无 暂无".split()
)

_ROLE = re.compile(
    r"(?P<employer>[\u3400-\u9fff·•A-Za-z0-9]{0,16}?)"
    r"(?:见习|实习|首席|特约|特派|资深|全媒体|融媒体|驻站)*"
    r"(?P<role>摄影记者|记者|通讯员|实习生|撰稿人|作者|评论员|责任编辑|责编|编辑|校对|审核|制图"
    r"|监制|审读|初审|复审|终审|一审|二审|三审|策划|统筹|执笔|撰稿"
    r"|摄影报道|摄影师|摄影|摄像|撰文|采写|文字|图片|供图)"
    r"(?P<name>[\u3400-\u9fff·]{2,4})?"
)
_MARKS = {"文": "authors", "摄": "photographers", "图": "photographers"}
"""One letter stands alone, before or behind a name: 李文 and 王图 are names."""
_BOTH_MARKS = re.compile(r"(?:图文|文图)(?=[\s/／|｜丨])")
_FIELD_OF_ROLE = {
    **dict.fromkeys(
        ("摄影记者", "摄影报道", "摄影师", "摄影", "摄像", "图片", "供图"), "photographers"
    ),
    **dict.fromkeys(("责任编辑", "责编", "编辑"), "editors"),
    **dict.fromkeys(
        "校对 审核 制图 监制 审读 初审 复审 终审 一审 二审 三审 策划 统筹".split(), "other"
    ),
}
"""Any other role writes."""
_BYLINE_WORD = re.compile("记者|通讯员|实习生|评论员")
_ROLE_WORD = re.compile(_BYLINE_WORD.pattern + "|作者|撰稿|执笔|编|审|摄|供图|文|图")
"""A line of roles has one of these; most lines have none, and telling so is quick."""
_MEDIUM = re.compile(r".*(?:社|报|网|新闻|客户端|在线|浙江宣传)|本报|本网|本社")
_EMPLOYER = re.compile(
    r".*(?:社|报|网|台|新闻|客户端|在线|中心|发布|集团|公司|学校|学院|大学|局|委|办|部|院|馆|会|组|站)"
    r"|共享联盟.*|拍友|网友|读者|潮声|本报.*|.*报道|.*提供|发自.*"
)
_BYLINE = re.compile(r"[（(](?P<inside>[^（()）]{2,120})[）)]\s*")
_DATELINE = re.compile(r"[^。，！？]{0,40}(?:讯|电|消息)\s?")
_SENTENCE_ENDS = ("。", "！", "？", "”", "…")


def names(text: str) -> list[str]:
    """The names in the value of a label: `张 三、李四` gives 张三 and 李四, `Wu Ziyi, Chen Wenjing`
    the two of them. Roles and employers before a name are left out."""
    found = people_in(text, strict=False)
    fields = ("authors", "editors", "photographers")
    return unique(name for field in fields for name in found.get(field, []))


def merge(into: Credits, found: Mapping[str, list[str]]) -> None:
    """Add credits to credits, every name once."""
    for key, values in found.items():
        into[key] = unique(into.get(key, []) + values)


def is_name(text: str) -> bool:
    """Whether a word can only be a person's name: a surname and one or two characters, or parts
    joined by a dot (阿布都·热合曼)."""
    if _DOTTED_NAME.fullmatch(text):
        return len(text) <= _LONGEST_NAME and not _STATION.search(text)
    longest = 4 if text.startswith(_DOUBLE_SURNAMES) else 3
    has_surname = longest == 4 or text[:1] in _SURNAMES
    return has_surname and len(text) <= longest and may_be_name(text)


def may_be_name(text: str) -> bool:
    """Whether a word behind a name or a sure label can be a name too: 海燕, 扎西."""
    if not _HAN_NAME.fullmatch(text) or text in _NO_NAME or text in _WORDS_LIKE_NAMES:
        return False
    return not _NAME_ENDS_NEVER.fullmatch(text)


def read_line(text: str) -> Credits:
    """The line under the title: `来源：浙江在线 作者：张三 责任编辑：李四`, in any order."""
    labelled = _labelled(text)
    return _read_values(labelled) if labelled else _role_line(text) or {}


def credit_line(text: str, at_edge: bool = True) -> Credits | None:
    """The credits of a line that is nothing else: `（责任编辑：张三）`, `Translation: Wu Ziyi`,
    `本报记者 张三 通讯员 李四`. None for any other line; `记者：你怎么看？` is one.

    `at_edge`: the line stands at the head or foot of a body, where less is needed to believe it.
    """
    inner = _bare(text.lstrip(_BULLETS))
    if len(inner) > LINE_LENGTH or "。" in inner[:-1]:
        return None
    labelled = _labelled(inner)
    if not labelled:
        return _role_line(inner, at_edge)
    if not at_edge and not all(_SURE_LABEL.match(label) for _, label, _ in labelled):
        return None
    if not all(_is_plausible(*part) for part in labelled):
        return None
    found = _read_values(labelled)
    if lead := inner[: inner.find(labelled[0][1])].strip(_BRACKETS):
        people = _role_line(lead)
        return {**people, **found} if people else None
    return found


def take_byline(text: str) -> tuple[str, Credits]:
    """Take bylines in brackets, `（记者 张三 通讯员 李四）`, off a paragraph: from its start, from
    behind its dateline, which stays, and from its end."""
    found: Credits = {}
    if "（" not in text and "(" not in text:
        return text, found
    rest = ""
    position = 0
    for match in _BYLINE.finditer(text):
        people = _byline(text, match)
        if people:
            merge(found, people)
            rest += text[position : match.start()] + " "
            position = match.end()
    return fold(rest + text[position:]), found


def _byline(text: str, match: re.Match[str]) -> Credits | None:
    """The people of a bracket that is a byline by what it says and by where it stands."""
    before, behind = text[: match.start()].rstrip(), text[match.end() :].strip("。. ")
    inside = match["inside"].strip()
    reports = bool(_BYLINE_WORD.search(inside))
    at_head = not before or bool(_DATELINE.fullmatch(before))
    closes = not behind and (reports or before.endswith(_SENTENCE_ENDS))
    if not closes and not (at_head and reports):
        return None
    people = people_in(inside, strict=True, trusted=True) if reports else credit_line(inside)
    if people is None or "source" in people:
        return None
    return people or credit_line(inside)


def people_in(text: str, strict: bool, trusted: bool = False) -> Credits:
    """The people of a run of roles, employers and names. Strict: nothing unless every word is
    one of the three, and one name at least is sure; `trusted` spares the last condition."""
    text = fold(_bare(text))
    if not HAN.search(text):
        return _latin_people(text, strict)
    reader = _People(_tokens(text), strict)
    return reader.found if reader.read() and (reader.is_sure or trusted or not strict) else {}


def _bare(text: str) -> str:
    """The text without brackets around it and without notes in brackets in it."""
    text = text.strip()
    if text[:1] in _OPENING and text[-1:] in _CLOSING:
        text = text[1:-1]
    if "（" in text or "(" in text:
        text = _NOTE.sub(" ", text)
    return text.strip(_BRACKETS)


class _People:
    """Reads a run of words into credits. `文/张三 图/李四` has its marks before the names,
    `张三/文 李四/摄` behind them, `张三 文/摄` two behind one."""

    def __init__(self, tokens: list[str], strict: bool) -> None:
        self.tokens = tokens
        self.strict = strict
        self.is_sure = False
        """Whether one of the names can be nothing else."""
        self.marks_lead = bool(tokens) and tokens[0] in _MARKS
        self.found: Credits = {}
        self.fields = ["authors"]
        """Where the next names go."""
        self.waiting: list[str] = []
        self.marked: list[str] = []
        """The names that the mark just read spoke of."""

    def read(self) -> bool:
        """Whether every word was understood."""
        last = len(self.tokens) - 1
        for index, token in enumerate(self.tokens):
            if token in _MARKS:
                self.take_mark(token, is_second=index > 0 and self.tokens[index - 1] in _MARKS)
            elif role := _ROLE.fullmatch(token):
                if not self.take_role(role, is_last=index == last):
                    return False
            elif not _is_employer(self.tokens, index) and not self.take_name(token):
                return False
        self.flush(self.fields)
        self.found.pop("other", None)
        return True

    def take_name(self, token: str) -> bool:
        sure = is_name(token)
        if self.strict and not sure and not may_be_name(token):
            return False
        self.is_sure = self.is_sure or sure
        self.marked = []
        if token not in _NO_NAME and not _CONTROL.fullmatch(token):
            self.waiting.append(token)
        return True

    def take_mark(self, mark: str, is_second: bool) -> None:
        if self.marks_lead:
            self.flush(self.fields)
            self.fields = [*self.fields, _MARKS[mark]] if is_second else [_MARKS[mark]]
        elif self.waiting:
            self.marked = self.waiting
            self.flush([_MARKS[mark]])
        elif self.marked:
            merge(self.found, {_MARKS[mark]: self.marked})

    def take_role(self, role: re.Match[str], is_last: bool) -> bool:
        name = role["name"]
        if name and not is_name(name):
            return not self.strict
        self.is_sure = self.is_sure or bool(name)
        field = _FIELD_OF_ROLE.get(role["role"], "authors")
        if role["role"] == "摄影报道":
            merge(self.found, {field: list(self.waiting)})
        elif is_last and not name and field != "authors":
            self.flush([field])
        self.flush(self.fields)
        if not self.marks_lead:  # 图/本报记者 李四
            self.fields = [field]
        self.waiting = [name] if name else []
        return True

    def flush(self, fields: list[str]) -> None:
        for field in fields if self.waiting else ():
            merge(self.found, {field: self.waiting})
        self.waiting = []


def _is_employer(tokens: list[str], index: int) -> bool:
    token = tokens[index]
    if token in _NO_NAME:
        return True
    following = tokens[index + 1] if index + 1 < len(tokens) else ""
    if _ROLE.fullmatch(following) or len(token) > 4 or token.endswith(("报道", "组", "提供")):
        return bool(_EMPLOYER.fullmatch(token))
    return index == 0 and len(tokens) > 1 and bool(_MEDIUM.fullmatch(token))


def _tokens(text: str) -> list[str]:
    """The words of a run; names that were spaced out, 张 三 or 刘 乐平, are put together."""
    joined: list[str] = []
    single = ""
    words = _BETWEEN_NAMES.split(_BOTH_MARKS.sub("文/图 ", text))
    for token in filter(None, words):
        if single:
            joined.append(single + token)
            single = ""
        elif joined and joined[-1] in _DOUBLE_SURNAMES and len(token) <= 2:
            joined[-1] += token
        elif len(token) == 1 and HAN.match(token) and token not in _NO_NAME:
            single = token
        else:
            joined.append(token)
    return [*joined, single] if single else joined


def _latin_people(text: str, strict: bool) -> Credits:
    pieces = [fold(piece).strip(" .") for piece in re.split(r"[,，、;；/|&]|\band\b", text)]
    pieces = [piece for piece in pieces if piece and not _LATIN_MEDIUM.search(piece)]
    pieces = [_LATIN_ROLE.sub("", piece) for piece in pieces]
    if strict and not all(_LATIN_NAME.fullmatch(piece) for piece in pieces):
        return {}
    return {"authors": pieces} if pieces else {}


def _role_line(text: str, at_edge: bool = True) -> Credits | None:
    """The people of a line of roles and names without colons, or None if it says more."""
    if not HAN.search(text):
        match = _LATIN_BY.fullmatch(text) if at_edge else None
        people = people_in(match["names"], strict=True) if match else {}
        field = (
            _LATIN_FIELD.get((match["verb"] or "").lower().rstrip("s"), "authors") if match else ""
        )
        return {field: people["authors"]} if people else None
    if not (_ROLE_WORD if at_edge else _BYLINE_WORD).search(text):
        return None
    tokens = _tokens(text)
    if not any(token in _MARKS or _ROLE.fullmatch(token) for token in tokens):
        return None
    if "、" in text and tokens[-1] in ("摄影", "文字", "图片"):  # a list of arts: 书法、绘画、摄影
        return None
    reader = _People(_tokens(_bare(text)), strict=True)
    return reader.found if reader.read() and reader.is_sure else None


def _labelled(text: str) -> list[tuple[str, str, str]]:
    """The labels of a line: field, label, and what stands between it and the next."""
    if ":" not in text and "：" not in text:  # most lines, and searching costs
        return []
    labels = list(_LABEL.finditer(text))
    ends = [label.start() for label in labels[1:]] + [len(text)]
    return [
        (str(label.lastgroup), label[0], text[label.end() : end])
        for label, end in zip(labels, ends, strict=False)
    ]


def _read_values(labelled: list[tuple[str, str, str]]) -> Credits:
    found: Credits = {}
    for field, _, value in labelled:
        merge(found, _read_value(field, value))
    return found


@lru_cache(maxsize=512)
def _read_value(field: str, value: str) -> Mapping[str, list[str]]:
    """What a label says, whoever it credits; the same editors and sources come again and again."""
    value = _bare(value).strip(" |｜丨,，;；")
    if field == "source":
        return _split_source(value)
    if field == "authors":
        return people_in(value, strict=False)
    if field in ("editors", "translators", "photographers"):
        return {field: names(value)}
    return {}


def _split_source(value: str) -> Credits:
    """`萧山日报 记者 张三` is a source and a reporter, so is `Zhejiang Online By Shen Anlan`."""
    if by := re.search(r"\s[Bb]y\s(?=[A-Z])", value):
        return {"source": [value[: by.start()]], **people_in(value[by.end() :], strict=False)}
    if not HAN.search(value):
        return {"source": [value]} if value else {}
    medium: list[str] = []
    tokens = value.split()
    for index, token in enumerate(tokens):
        if medium and _ROLE.fullmatch(token):
            return {
                "source": [" ".join(medium)],
                **people_in(" ".join(tokens[index:]), strict=False),
            }
        if medium and (_CONTROL.fullmatch(token) or not re.search(r"\w", token)):
            continue
        medium.append(token)
    return {"source": [" ".join(medium)]} if medium else {}


def _is_plausible(field: str, label: str, value: str) -> bool:
    """Whether what follows a label in the body reads like a credit, not like a sentence."""
    value = _bare(value).strip(".。 ")
    if field == "control" or re.search(r"[。？！?!]", value):
        return False
    if field == "source":
        return len(value) <= 30 and not re.search(r"[，,；;]", value)
    if _PEN_NAME_LABEL.match(label) and re.fullmatch(r"[\u3400-\u9fff]{2,8}", value):
        return not _NAME_ENDS_NEVER.fullmatch(value)
    return bool(people_in(value, strict=True, trusted=bool(_TRUSTED_LABEL.match(label))))
