"""Names, labels, bylines and captions, in Chinese and English."""

import re
import time
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from zjnews.text import captions, credits
from zjnews.text.captions import Caption
from zjnews.text.cleaning import fold
from zjnews.text.credits import words
from zjnews.text.credits.persons import is_name
from zjnews.text.credits.words import Credits


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("张三", ["张三"]),
        ("张三、李四", ["张三", "李四"]),
        ("张三，李四, 王五", ["张三", "李四", "王五"]),
        ("张三 李四", ["张三", "李四"]),
        ("张\u00a0三", ["张三"]),
        ("张　三、李　四", ["张三", "李四"]),
        ("王 芳 李小明", ["王芳", "李小明"]),
        ("刘 乐平", ["刘乐平"]),
        ("记者 张三 通讯员 李四", ["张三", "李四"]),
        ("浙江日报首席记者 张三", ["张三"]),
        ("新华社记者张三", ["张三"]),
        ("阿布都·热合曼", ["阿布都·热合曼"]),
        ("欧阳修文", ["欧阳修文"]),
        ("Wu Ziyi, Chen Wenjing", ["Wu Ziyi", "Chen Wenjing"]),
        ("Wu\u00a0Ziyi and Chen Wenjing", ["Wu Ziyi", "Chen Wenjing"]),
        ("浙江宣传", ["浙江宣传"]),
        ("本报", []),
        ("", []),
    ],
)
def test_names(text: str, expected: list[str]) -> None:
    found = credits.people_in(text, strict=False)
    assert [name for names in found.values() for name in names] == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("来源：浙江在线", {"source": ["浙江在线"]}),
        (
            "来源: 浙江日报 作者: 张三 责任编辑: 李四",
            {"source": ["浙江日报"], "authors": ["张三"], "editors": ["李四"]},
        ),
        ("责任编辑：张三 来源：浙江在线", {"editors": ["张三"], "source": ["浙江在线"]}),
        ("来源：萧山日报 记者 张三", {"source": ["萧山日报"], "authors": ["张三"]}),
        ("source: www.zjol.com.cn", {"source": ["www.zjol.com.cn"]}),
        (
            "Source: Zhejiang Online By Shen Anlan",
            {"source": ["Zhejiang Online"], "authors": ["Shen Anlan"]},
        ),
        ("来源：浙江在线 字号：大 中 小", {"source": ["浙江在线"]}),
        ("记者 伊然 编辑 周未", {"authors": ["伊然"], "editors": ["周未"]}),
        ("文/张三", {"authors": ["张三"]}),
        ("2019-06-24", {}),
    ],
)
def test_line_under_the_title(line: str, expected: Credits) -> None:
    assert credits.read_line(line) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("责任编辑：张三", {"editors": ["张三"]}),
        ("（责任编辑：张三、李四）", {"editors": ["张三", "李四"]}),
        ("【责任编辑:张三】", {"editors": ["张三"]}),
        ("编辑：张三", {"editors": ["张三"]}),
        ("作者：张三", {"authors": ["张三"]}),
        ("本报记者 张三 李四", {"authors": ["张三", "李四"]}),
        ("通讯员　倪素心", {"authors": ["倪素心"]}),
        ("文/张三 图/李四", {"authors": ["张三"], "photographers": ["李四"]}),
        ("张三 文/摄", {"authors": ["张三"], "photographers": ["张三"]}),
        ("翻译：张三", {"translators": ["张三"]}),
        ("Executive Editor: Wu Ziyi", {"editors": ["Wu Ziyi"]}),
        ("Translation: Wu Ziyi, Chen Wenjing", {"translators": ["Wu Ziyi", "Chen Wenjing"]}),
        ("By Lin Qiao", {"authors": ["Lin Qiao"]}),
        ("来源：新华社", {"source": ["新华社"]}),
        ("浙江在线记者 张三 来源：浙江日报", {"authors": ["张三"], "source": ["浙江日报"]}),
        ("一审：张三 二审：李四", {}),
    ],
)
def test_credit_lines(line: str, expected: Credits) -> None:
    assert credits.credit_line(fold(line)) == expected


@pytest.mark.parametrize(
    "line",
    [
        "记者：请问您怎么看这件事？",
        "记者从会上获悉，今年的目标已经完成。",
        "编辑：这件事很重要，大家要注意安全。",
        "作者：他是一位年轻的诗人，住在杭州。",
        "By the river, an old man mends nets.",
        "Editor's note: this is a story of two towns. It begins in spring.",
        "来源于生活的艺术最动人。",
        "他说，摄影是一种记录。",
        "编辑部的灯亮到凌晨",
        "图/文/影",
    ],
)
def test_sentences_are_no_credits(line: str) -> None:
    assert credits.credit_line(line) is None


@pytest.mark.parametrize(
    ("text", "rest", "authors"),
    [
        (
            "浙江在线11月27日讯（记者 刘乐平）昨天，雨停了。",
            "浙江在线11月27日讯 昨天，雨停了。",
            ["刘乐平"],
        ),
        ("（记者 张三 通讯员 李四）", "", ["张三", "李四"]),
        ("雨停了。（记者 张三 通讯员 李四）", "雨停了。", ["张三", "李四"]),
        ("本报讯（通讯员 王五 记者 张三）昨天，", "本报讯 昨天，", ["王五", "张三"]),
        ("他（记者从会上获悉）说。", "他（记者从会上获悉）说。", []),
        ("雨停了（图一）。", "雨停了（图一）。", []),
    ],
)
def test_bylines_in_brackets(text: str, rest: str, authors: list[str]) -> None:
    left, found = credits.take_byline(text)
    assert (left, found.get("authors", [])) == (rest, authors)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("现场图。 张三 摄", Caption("现场图。", "张三", ("张三",))),
        ("会场。图源：新华社", Caption("会场。", "新华社")),
        ("新华社记者 李四 摄", Caption(None, "新华社记者 李四", ("李四",))),
        ("张三、李四 摄", Caption(None, "张三、李四", ("张三", "李四"))),
        (
            "灶间里热气腾腾，蒸花的火候全凭经验（沈一舟 摄）",
            Caption("灶间里热气腾腾，蒸花的火候全凭经验", "沈一舟", ("沈一舟",)),
        ),
        ("修伞。通讯员 简 溪 摄", Caption("修伞。", "通讯员 简溪", ("简溪",))),
        ("受访者供图", Caption(None, "受访者")),
        ("(Photo/VCG)", Caption(None, "VCG")),
        ("A barge at dawn. (Photo/VCG)", Caption("A barge at dawn.", "VCG")),
        (
            "Tea. (Photo by Lin Qiao/Zhejiang Online)",
            Caption("Tea.", "Lin Qiao/Zhejiang Online", ("Lin Qiao",)),
        ),
        ("新华社发（刘满仓摄）", Caption(None, "新华社 刘满仓", ("刘满仓",))),
    ],
)
def test_captions(line: str, expected: Caption) -> None:
    assert captions.read_caption(line, hinted=False) == expected


def test_how_long_a_line_under_a_picture_may_be() -> None:
    assert captions.read_caption("潮" * 160, hinted=True) == Caption("潮" * 160, None)
    assert captions.read_caption("潮" * 161, hinted=True) is None
    credited = "潮" * 294 + "。陶三摄"
    assert captions.read_caption(credited[2:], hinted=False) is not None
    assert captions.read_caption("潮潮潮" + credited, hinted=False) is None


def test_how_many_bylines_a_paragraph_has() -> None:
    names = ["张伟", "王芳", "李娜", "赵敏", "陈静"]
    text = "雨停了。" + "".join(f"（记者 {name}）" for name in names)
    assert credits.take_byline(text) == ("雨停了。（记者 张伟）", {"authors": names[1:]})


def test_how_many_names_a_credit_has() -> None:
    names = [family + given for family in "张王李赵陈刘杨" for given in "伟芳娜"]
    found = captions.read_caption(f"渡口。{' '.join(names)} 摄", hinted=False)
    assert found == Caption(f"渡口。{names[0]}", " ".join(names[1:]), tuple(names[1:]))


def test_an_unusual_name_is_a_photographer_only_where_the_markup_says_caption() -> None:
    assert captions.read_caption("渡口 海燕 摄", hinted=False) is None
    for caption in ("渡口", "早班船靠岸了"):
        found = captions.read_caption(f"{caption} 海燕 摄", hinted=True)
        assert found == Caption(caption, "海燕", ("海燕",))
    assert captions.read_caption("海燕 早班船靠岸了 摄", hinted=True) == Caption(
        "海燕 早班船靠岸了 摄", None
    )


def test_a_line_without_credit_is_a_caption_only_where_the_markup_says_so() -> None:
    assert captions.read_caption("图为会场", hinted=False) is None
    assert captions.read_caption("图为会场", hinted=True) == Caption("图为会场", None)


_han_name = st.builds(
    lambda family, given_name: family + given_name,
    st.sampled_from("张王李赵陈刘杨黄周吴徐孙胡朱高林何郭马罗"),
    st.text(alphabet="伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂", min_size=1, max_size=2),
)
_latin_name = st.from_regex(r"[A-Z][a-z]{2,7} [A-Z][a-z]{2,7}", fullmatch=True)


@given(
    names=st.lists(_han_name, min_size=1, max_size=5, unique=True),
    separator=st.sampled_from(["、", "，", ",", " ", "　", " 、 ", "，\u00a0"]),
    label=st.sampled_from(["责任编辑", "编辑", "责编"]),
    colon=st.sampled_from([":", "：", " : ", "：\u00a0"]),
)
def test_any_chinese_editors(names: list[str], separator: str, label: str, colon: str) -> None:
    line = fold(label + colon + separator.join(names))
    assert credits.credit_line(line) == {"editors": names}


@given(
    names=st.lists(_han_name, min_size=1, max_size=4, unique=True),
    space=st.sampled_from(["\u00a0", "　", " "]),
)
def test_any_spaced_out_names(names: list[str], space: str) -> None:
    spaced = "、".join(space.join([name[0], name[1:]]) for name in names)
    assert credits.people_in(spaced, strict=False) == {"authors": names}


@given(
    names=st.lists(_latin_name, min_size=1, max_size=4, unique=True),
    label=st.sampled_from(["Translation", "Translator"]),
)
def test_any_english_translators(names: list[str], label: str) -> None:
    assume(not any("By " in name for name in names))
    assert credits.credit_line(f"{label}: {', '.join(names)}") == {"translators": names}


@pytest.mark.parametrize(
    "line",
    ["ſource: Xinhua Daily", "Edİtor: Lin Qiao", "Tranſlated by Lin Qiao", "Edıtor Lin Qiao"],
)
def test_letters_that_only_look_like_those_of_a_role_are_others(line: str) -> None:
    assert credits.credit_line(line) is None


@given(st.text(max_size=140))
def test_no_line_raises(text: str) -> None:
    line = fold(text)
    credits.read_line(line)
    credits.credit_line(line)
    credits.take_byline(line)
    captions.read_caption(line, hinted=True)


@pytest.mark.parametrize(
    "line",
    [
        "首位登上珠峰的女摄影师",
        "他爱上了摄影",
        "禁止摄影",
        "绘画、书法、摄影",
        "老人、孩子与摄影",
        "记者：为什么呢",
        "记者：喜欢杭州吗",
        "记者：谢谢您",
        "编辑：王老师，您好",
        "记者手记",
        "【记者观察】",
        "编辑点评",
        "评论员观察",
        "作者简介",
        "摄影作品",
        "老师、记者、作家",
        "一审：判决原告胜诉，被告赔偿3万元",
        "二审：维持原判",
        "初审：9月1日—9月10日",
        "审核：提交材料后5个工作日内完成",
        "统筹：发展与安全",
        "图书、文具、玩具",
    ],
)
def test_no_line_of_prose_is_lost(line: str) -> None:
    assert credits.credit_line(line) is None


@pytest.mark.parametrize(
    "line", ["作者：张三", "译者：李四", "来源：市统计局", "By West Lake", "摄影 王五"]
)
def test_in_the_middle_of_a_body_a_doubtful_line_is_text(line: str) -> None:
    assert credits.credit_line(line, at_edge=False) is None
    assert credits.credit_line("责任编辑：张三", at_edge=False) == {"editors": ["张三"]}
    assert credits.credit_line("本报记者 张三", at_edge=False) == {"authors": ["张三"]}


@pytest.mark.parametrize("text", ["(张三）", "（本报)", "[竺可】", "【文)"])
def test_brackets_of_two_forms_without_a_role_are_no_credit(text: str) -> None:
    assert credits.credit_line(text) is None
    assert credits.take_byline(f"{text}船开了") == (f"{text}船开了", {})


@pytest.mark.parametrize(
    "text",
    [
        "《活着》（作者 余华）卖了一百万册，很多人排队。",
        "受害人小张（作者化名）说。",
        "昨天，老王（通讯员 李四）说。",
        "老王（摄影师）在现场。",
    ],
)
def test_brackets_in_prose_stay(text: str) -> None:
    assert credits.take_byline(text) == (text, {})


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("□ 本报记者 张三", {"authors": ["张三"]}),
        ("■本报记者 张三", {"authors": ["张三"]}),
        ("撰文丨张三 编辑丨李四", {"authors": ["张三"], "editors": ["李四"]}),
        ("文丨张三", {"authors": ["张三"]}),
        ("记者｜张三 编辑｜李四", {"authors": ["张三"], "editors": ["李四"]}),
        ("记者 张三 县委报道组 李四", {"authors": ["张三", "李四"]}),
        ("记者／张三", {"authors": ["张三"]}),
        ("责任编辑：张三（实习）", {"editors": ["张三"]}),
        ("供图：王五", {"photographers": ["王五"]}),
        ("张三 摄", {"photographers": ["张三"]}),
        ("记者 张三/文 李四/摄", {"authors": ["张三"], "photographers": ["李四"]}),
        ("摄影记者 李四", {"photographers": ["李四"]}),
        ("责编|张三 校对|李四", {"editors": ["张三"]}),
        ("本报记者 张三 北京报道", {"authors": ["张三"]}),
        ("Edited by Lin Qiao", {"editors": ["Lin Qiao"]}),
        ("Translated by Lin Qiao", {"translators": ["Lin Qiao"]}),
        ("BY LIN QIAO", {"authors": ["LIN QIAO"]}),
        ("By Lin Qiao, Zhejiang Online", {"authors": ["Lin Qiao"]}),
    ],
)
def test_further_credit_lines(line: str, expected: Credits) -> None:
    assert credits.credit_line(line) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("来源：浙江日报 | 记者 张三", {"source": ["浙江日报"], "authors": ["张三"]}),
        ("来源：人民日报 海外版", {"source": ["人民日报 海外版"]}),
        ("来源：新华网 打印 字大 字小", {"source": ["新华网"]}),
        ("责任编辑：丁一(实习)", {"editors": ["丁一"]}),
        ("作者：张三（浙江大学教授）", {"authors": ["张三"]}),
    ],
)
def test_further_lines_under_the_title(line: str, expected: Credits) -> None:
    assert credits.read_line(line) == expected


@pytest.mark.parametrize(
    "line",
    [
        "安置点里的被褥、饮用水、方便面和常用药品，全部由市红十字会和爱心企业提供。",
        "午餐由学校提供",
        "从那以后，他迷上了摄影。",
        "他走进店里，老板递来一杯热茶，他端起相机拍摄",
        "He said the photo by the bed was of his mother",
        "She asked for the source: nobody knew",
        "Everyone asked for a photo/video",
        "他向记者展示的照片由李某提供",
        "图：这是一张五十年前的老照片",
    ],
)
def test_sentences_are_no_captions(line: str) -> None:
    assert captions.read_caption(line, hinted=False) is None


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "老板在开门。本报记者 张三 李四 摄",
            Caption("老板在开门。", "本报记者 张三 李四", ("张三", "李四")),
        ),
        (
            "本报记者 张三 通讯员 李四 摄",
            Caption(None, "本报记者 张三 通讯员 李四", ("张三", "李四")),
        ),
        ("张三/摄", Caption(None, "张三", ("张三",))),
        ("张三／摄", Caption(None, "张三", ("张三",))),
        ("A barge at dawn. (Xinhua/Lin Qiao)", Caption("A barge at dawn.", "Xinhua/Lin Qiao")),
        ("图源网络", None),
        ("雨后的石桥。李明拍摄", None),
        ("会场。图片由主办方提供", Caption("会场。", "主办方")),
    ],
)
def test_further_captions(line: str, expected: Caption | None) -> None:
    assert captions.read_caption(line, hinted=False) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("责任编辑：海燕", {"editors": ["海燕"]}),
        ("责任编辑：小鱼", {"editors": ["小鱼"]}),
        ("本报记者 张三 通讯员 斯琴", {"authors": ["张三", "斯琴"]}),
        ("浙江在线·东阳支站 记者 张三", {"authors": ["张三"]}),
        ("通讯员 张三 浙江在线·东阳支站 李四", {"authors": ["张三", "李四"]}),
        ("文/图 张三", {"authors": ["张三"], "photographers": ["张三"]}),
        ("文/本报记者 张三 图/本报记者 李四", {"authors": ["张三"], "photographers": ["李四"]}),
        ("丁一 编辑", {"editors": ["丁一"]}),
        ("欧阳 娜 记者 李四", {"authors": ["欧阳娜", "李四"]}),
        ("By Staff Reporter Zhang Wei", {"authors": ["Zhang Wei"]}),
        ("By Land, Sea and Air", None),
        ("By Sunday", None),
    ],
)
def test_names_beyond_the_hundred_surnames(line: str, expected: Credits | None) -> None:
    assert credits.credit_line(line) == expected


def test_a_byline_behind_the_dateline_trusts_its_names() -> None:
    assert credits.take_byline("本报讯（记者 扎西 通讯员 才让）昨天，") == (
        "本报讯 昨天，",
        {"authors": ["扎西", "才让"]},
    )


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("文/张三 图/受访者提供", {"authors": ["张三"]}),
        ("文/张三 图/视觉中国", {"authors": ["张三"]}),
        ("记者 张三 图片由受访者提供", {"authors": ["张三"]}),
        ("潮声丨执笔 张三", {"authors": ["张三"]}),
        ("图文/张三", {"authors": ["张三"], "photographers": ["张三"]}),
        ("特约撰稿 张三", {"authors": ["张三"]}),
        ("陈小溪 摄，林一舟 文", {"photographers": ["陈小溪"], "authors": ["林一舟"]}),
        (
            "张三 文，李四 图，王五 编",
            {"authors": ["张三"], "photographers": ["李四"], "editors": ["王五"]},
        ),
        ("编辑 张三 审核 李四 监制 王五", {"editors": ["张三"]}),
        ("初审 张三 复审 李四 终审 王五", {}),
    ],
)
def test_lines_of_many_roles(line: str, expected: Credits) -> None:
    assert credits.credit_line(line) == expected


TABLE = Path(__file__).with_name("credit_lines.txt")


def _rows(section: str) -> list[tuple[str, str]]:
    """The rows of one section of the table: a line and what it gives."""
    sections = re.split(r"^\[([a-z ]+)\]$", TABLE.read_text("utf-8"), flags=re.M)
    text = sections[sections.index(section) + 1]
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(line.split(" => ")[0], line.split(" => ")[1]) for line in lines]


def _fields(given: str) -> Credits | None:
    """`authors 张三,李四; editors 王五` as credits; None for `text`."""
    if given == "text":
        return None
    pairs = [part.strip().split(" ", 1) for part in given.split(";") if part not in ("", "-")]
    return {field: names.split(",") for field, names in pairs}


@pytest.mark.parametrize(("line", "given"), _rows("line"))
def test_lines_of_the_table(line: str, given: str) -> None:
    assert credits.credit_line(fold(line)) == _fields(given)


@pytest.mark.parametrize(("line", "given"), _rows("under the title"))
def test_lines_under_the_title_of_the_table(line: str, given: str) -> None:
    assert credits.read_line(fold(line)) == _fields(given)


@pytest.mark.parametrize(("line", "given"), _rows("middle"))
def test_lines_in_the_middle_of_the_table(line: str, given: str) -> None:
    assert credits.credit_line(fold(line), at_edge=False) == _fields(given)


@pytest.mark.parametrize(("line", "given"), _rows("caption"))
def test_captions_of_the_table(line: str, given: str) -> None:
    expected = None
    if given != "text":
        caption, credit, people = (part.strip() for part in given.split(";"))
        expected = Caption(caption or None, credit, tuple(filter(None, people.split(","))))
    assert captions.read_caption(line, hinted=False) == expected


@pytest.mark.parametrize(("line", "given"), _rows("byline"))
def test_bylines_of_the_table(line: str, given: str) -> None:
    rest, _, fields = (line, "", "-") if given == "text" else given.partition("; ")
    assert credits.take_byline(line) == (rest, _fields(fields))


@pytest.mark.parametrize(
    "unit",
    ["来源：甲1 ", "文/name", "（ab）", "(记者 张三)", "（", "【英】", "记者", "张 ", "张·", "By A ",
     "Photo by ", "《", "摄 ", "报道：", "讯", "A.com "],
)  # fmt: skip
def test_a_line_of_any_length_takes_no_time(unit: str) -> None:
    line = (unit * 200_000)[:200_000]
    started = time.process_time()
    credits.credit_line(line)
    credits.read_line(line)
    credits.take_byline(line)
    credits.is_of_works(line)
    credits.describes_work(line)
    captions.read_caption(line, hinted=True)
    assert time.process_time() - started < 0.5


@pytest.mark.parametrize(
    "name",
    "厍燕 亓平 覃雪 冉明 芮雪 麻晓 佘晨 逄春 宗政雨 鲜于清 闻人笑 万俟雪 澹台明 爱新觉罗·启明 叶赫那拉·云 亢小华 贠小云"
    " 仝小雨 郗小月 缑小山 妫小河 濮阳雪 呼延平 东郭云 第五明 蔺小海".split(),
)
def test_rare_surnames(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize("text", ["阿不都克里木江·买买提依明吐尔地江", "王在此", "李与三"])
def test_what_is_too_long_or_prose_is_no_name(text: str) -> None:
    assert not is_name(text)


def test_each_word_of_the_table_has_one_meaning() -> None:
    seen: dict[str, str] = {}
    for table in ("label", "task", "letter", "occupation"):
        for key, listed in words._TABLE[table].items():
            for word in listed.split():
                assert word not in seen, f"{word}: {seen[word]}, {key}"
                seen[word] = key


@pytest.mark.parametrize(("length", "expected"), [(61, {"authors": ["Ma Zhenhuan"]}), (62, None)])
def test_the_place_after_a_name_has_an_end(length: int, expected: Credits | None) -> None:
    place = "Z" + "h" * (length - 1)
    assert credits.credit_line(f"By Ma Zhenhuan for {place}") == expected
