"""The CMS payload: wherever it stands and however it is written, the page reads as if it did not."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.reading import SAVED_PAGES, read_record, record_of
from zjnews.pages import includes, payload
from zjnews.pages.page import decode
from zjnews.review.snapshots import Snapshot

BODY = "<div class=TRS_Editor><p>　　另一篇稿件的第一段。</p><p>第二段，<b>加粗</b>。</p></div>"
BEFORE = "<html><body><div class=artCon><p>甲</p>"
AFTER = "<p>乙</p></div></body></html>"


def block(
    body: str = BODY, number: str = "777001", keywords: str = "茶;水", end: str = "]]></content>"
) -> str:
    return (
        f"<id>{number}</id>\n<title>A &amp; B</title><x>public</x><y>html</y>"
        f"<content><![CDATA[{body}{end}<keywords>{keywords}</keywords>"
    )


def lift(markup: str) -> tuple[str, list[tuple[str, str, list[str], str]]]:
    rest, found = payload.lift(markup)
    return rest, [(p.number, p.title, p.keywords, p.body) for p in found]


FOUND = ("777001", "A & B", ["茶", "水"], BODY)


@pytest.mark.parametrize(
    "wrapper",
    [
        "{}",
        '<div style="display:none">{}</div>',
        '<div style="DISPLAY: none;" id=x>\n{}\n</div>',
        "<div hidden>{}</div>",
        "<script type=text/xml>{}</script>",
        "<textarea>{}</textarea>",
        "<textarea style='display:none'>{}</textarea>",
        "<xml>{}</xml>",
    ],
)
def test_wrappers_leave_with_the_block(wrapper: str) -> None:
    assert lift(BEFORE + wrapper.format(block()) + AFTER) == (BEFORE + AFTER, [FOUND])


@pytest.mark.parametrize(
    "body", [BODY, "<p>一段。</p>", "只有文字，没有标签。", "", "a]] b ]> c", "<p>a<p>b"]
)
def test_bodies(body: str) -> None:
    assert lift(BEFORE + block(body) + AFTER) == (BEFORE + AFTER, [(*FOUND[:3], body)])


def test_an_end_mark_inside_the_body_is_split_by_xml() -> None:
    rest, found = lift(BEFORE + block("<p>写作 ]]]]><![CDATA[> 三个字符</p>") + AFTER)
    assert (rest, found[0][3]) == (BEFORE + AFTER, "<p>写作 ]]> 三个字符</p>")


@pytest.mark.parametrize(
    "block_",
    [
        "<DOCID>777001</DOCID><TITLE>A &amp; B</TITLE><F1>public</F1><F2>html</F2><BODY1><![CDATA["
        + BODY
        + "]]></BODY1><KEYS>茶;水</KEYS>",
        "<编号>777001</编号><标题>A &amp; B</标题><a>public</a><b>html</b><正文><![CDATA["
        + BODY
        + "]]></正文><关键词>茶;水</关键词>",
        "<trs:id n='1'>777001</trs:id> <trs:t>A &amp; B</trs:t> <trs:s>public</trs:s> <trs:k>html</trs:k>"
        " <trs:c><![CDATA[" + BODY + "]]></trs:c> <trs:w>茶;水</trs:w>",
        "<span>777001</span><span>A &amp; B</span><span>public</span><span>html</span><span><![CDATA["
        + BODY
        + "]]></span><span>茶;水</span>",
        "<id><![CDATA[777001]]></id><title><![CDATA[A & B]]></title><x>public</x><y>html</y><content><![CDATA["
        + BODY
        + "]]></content><keywords><![CDATA[茶;水]]></keywords>",
    ],
)
def test_element_names_do_not_matter(block_: str) -> None:
    assert lift(BEFORE + block_ + AFTER) == (BEFORE + AFTER, [FOUND])


@pytest.mark.parametrize(
    "between",
    [
        "<sub></sub>",
        "<sub/>",
        "<author>张三</author>",
        "<!-- c -->",
        "<br/>",
        "&nbsp;",
        "<n>12</n>",
    ],
)
@pytest.mark.parametrize("place", ["</title>", "</x>", "</y>"])
def test_more_between_the_fields(between: str, place: str) -> None:
    rest, found = lift(BEFORE + block().replace(place, place + between, 1) + AFTER)
    assert (rest, found) == (BEFORE + AFTER, [FOUND])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<id>", "<doc><meta1><id>"),
        ("<title>A &amp; B</title>", "<title><font color=red>A &amp; B</font></title>"),
        ("</title>", "</title></meta1><more>"),
    ],
)
def test_a_nested_head(old: str, new: str) -> None:
    rest, found = lift(BEFORE + block().replace(old, new, 1) + AFTER)
    assert found == [FOUND]
    assert rest.replace("<doc><meta1>", "") == BEFORE + AFTER


def test_two_adjacent_payloads() -> None:
    rest, found = lift(BEFORE + block() + block(number="888002") + AFTER)
    assert (rest, [number for number, *_ in found]) == (BEFORE + AFTER, ["777001", "888002"])


def test_fields_behind_the_body() -> None:
    more = block().replace("<keywords>", "<abstract>一个摘要</abstract><empty/><keywords>")
    assert lift(BEFORE + more + AFTER) == (BEFORE + AFTER, [FOUND])


def test_an_ordinary_script_inside_the_body() -> None:
    body = "<p>甲</p><script>//<![CDATA[\nvar a;\n//]]></script><p>乙</p>"
    rest, found = lift(BEFORE + block(body) + AFTER)
    assert (rest, found[0][2]) == (BEFORE + AFTER, ["茶", "水"])


def test_no_page_has_hundreds_of_payloads() -> None:
    rest, found = lift(BEFORE + block() * 60 + AFTER)
    assert (rest, len(found)) == (BEFORE + block() * 10 + AFTER, 50)


def test_two_payloads() -> None:
    other = block("只有文字", number="888002", keywords="山")
    rest, found = lift(other + BEFORE + f"<div style='display:none'>{block()}</div>" + AFTER)
    assert rest == BEFORE + AFTER
    assert found == [("888002", "A & B", ["山"], "只有文字"), FOUND]


@pytest.mark.parametrize(
    ("markup", "rest"),
    [
        # No end mark, but the element closes.
        (BEFORE + block(end="</content>") + AFTER, BEFORE + AFTER),
        # Neither, but the hidden element around closes.
        (
            BEFORE
            + "<div style='display:none'>"
            + block(end="").split("<keywords>")[0]
            + "</div>"
            + AFTER,
            BEFORE + AFTER,
        ),
        # A text area that never closes would swallow the article.
        ("<textarea>" + block() + BEFORE + AFTER, BEFORE + AFTER),
        # The page ends inside the block.
        (BEFORE + AFTER + block(end="").split("<keywords>")[0], BEFORE + AFTER),
    ],
)
def test_unclosed(markup: str, rest: str) -> None:
    left, found = lift(markup)
    assert (left, [f[0] for f in found]) == (rest, ["777001"])


def test_as_a_browser_saves_it() -> None:
    saved = (
        BEFORE
        + '<div style="display:none"><id>777001</id><title>A &amp; B</title><x>public</x><y>html</y>'
        "<content><!--[CDATA[<div class=TRS_Editor--><p>一段。</p></content></div>]]&gt;<keywords>茶;水</keywords>"
        + AFTER
    )
    rest, found = lift(saved)
    assert rest == BEFORE + AFTER
    assert found == [(*FOUND[:3], "<div class=TRS_Editor><p>一段。</p>")]


@pytest.mark.parametrize(
    "markup",
    [
        "<script>//<![CDATA[\nvar a = '<p>1</p>';\n//]]></script>" + BEFORE + AFTER,
        "<script><!--//--><![CDATA[//><!--\nvar a;\n//--><!]]></script>" + BEFORE + AFTER,
        "<style>/*<![CDATA[*/ a { b: c } /*]]>*/</style>" + BEFORE + AFTER,
        BEFORE + "<p>写作 &lt;![CDATA[ … ]]&gt;，也写作 ]]></p>" + AFTER,
        BEFORE + "<code>&lt;id&gt;1&lt;/id&gt;&lt;![CDATA[x]]&gt;</code>" + AFTER,
        "<span>2026</span><span>茶</span>" + BEFORE + AFTER,
    ],
)
def test_what_is_no_payload_stays(markup: str) -> None:
    assert payload.lift(markup) == (markup, [])


def test_what_the_page_shows_before_and_behind_stays() -> None:
    shown = "<span>2026</span><span>88</span>"
    rest, found = lift(BEFORE + shown + block() + "<p>阅读全文</p><span>9</span>" + AFTER)
    assert rest == BEFORE + shown + "<p>阅读全文</p><span>9</span>" + AFTER
    assert found == [FOUND]


def test_payload_as_text() -> None:
    text = "T\n\n2019-11-22 source: x\n\nOne.\n\nread more\n\n11385584 T public html\n\nOne.\n\n]]>\na;b c"
    rest, found = payload.lift_text(text)
    assert "public html" not in rest and "]]>" not in rest and "a;b" not in rest
    assert payload.lift_text(text.replace("\n", "\r\n")) == (rest, found)
    assert (found[0].number, found[0].title, found[0].body, found[0].keywords) == (
        "11385584",
        "T",
        "One.",
        ["a", "b c"],
    )


def test_several_payloads_as_text() -> None:
    one = "\n1234 渡口 public html\n早班船\n]]>\n渡口;船\n正文"
    rest, found = payload.lift_text("甲" + one * 3)
    assert rest == "甲\n正文\n正文\n正文"
    assert [(p.number, p.title, p.body, p.keywords) for p in found] == [
        ("1234", "渡口", "早班船", ["渡口", "船"])
    ] * 3


# --- Injected into every saved page ---------------------------------------------------------

_RAW = re.compile(
    r"<(script|style|textarea|title)\b.*?</\1\s*>|<!--.*?-->|<!\[CDATA\[.*?\]\]>", re.S | re.I
)


_OWN = re.compile(r"(?<!//)<!\[CDATA\[.*?\]\]>", re.S)
"""The payload that a page brings; its other elements stand within 500 characters."""


def places(markup: str) -> list[int]:
    """Behind which tags a block may be put: not inside scripts, and not inside another payload."""
    blocked = [match.span() for match in _RAW.finditer(markup)]
    blocked += [(match.start() - 500, match.end() + 500) for match in _OWN.finditer(markup)]
    ends = [match.end() for match in re.finditer(r"<[a-zA-Z/][^<>]*>", markup)]
    return [end for end in ends if not any(start < end < stop for start, stop in blocked)]


MARKUP_PAGES = [saved for saved in SAVED_PAGES if saved.folder.parent.name != "plaintext"]
TEXTS = {saved: decode(saved.page.body, saved.page.content_type).text for saved in MARKUP_PAGES}
PLACES = {saved: places(text) for saved, text in TEXTS.items()}

WHOLE_PAGES = [saved for saved in MARKUP_PAGES if not includes.lift(TEXTS[saved])[1]]
"""An error page that the server has put into a page has nothing in the middle of it."""

_names = st.lists(
    st.from_regex(r"[a-zA-Z][a-zA-Z0-9_.-]{0,9}", fullmatch=True).filter(
        lambda name: name.lower() not in payload._PAGE_ELEMENTS | payload._VOID
    ),
    min_size=6,
    max_size=6,
)
_bodies = st.sampled_from(
    [
        BODY,
        "<p>别处的一段。</p>",
        "别处的文字",
        "<p>没有关上<p>的段落",
        "<table><tr><td>1</td><td>2</td></tr></table>",
        "<h1>标题</h1><p>a</p>",
    ]
)
_wrappers = st.sampled_from(
    [
        "{}",
        '<div style="display:none">{}</div>',
        "<div hidden>{}</div>",
        "<script>{}</script>",
        "<textarea>{}</textarea>",
        "\n{}\n",
    ]
)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    saved=st.sampled_from(WHOLE_PAGES),
    where=st.floats(0, 1, exclude_max=True),
    names=_names,
    body=_bodies,
    wrapper=_wrappers,
    number=st.integers(10_000, 999_999_999),
    copies=st.integers(1, 2),
)
def test_a_payload_of_another_article_changes_nothing(
    saved: Snapshot,
    where: float,
    names: list[str],
    body: str,
    wrapper: str,
    number: int,
    copies: int,
) -> None:
    a, b, c, d, e, f = names
    xml = (
        f"<{a}>{number}</{a}><{b}>别处的标题</{b}><{c}>public</{c}><{d}>html</{d}>"
        f"<{e}><![CDATA[{body}]]></{e}><{f}>别;处</{f}>"
    )
    text, spots = TEXTS[saved], PLACES[saved]
    spot = spots[int(where * len(spots))]
    # White space around a payload is the page's own, and may part two words.
    spaces = wrapper.format("") if wrapper.format("").isspace() else ""
    expected = read_injected(saved, text[:spot] + spaces + text[spot:])
    injected = text[:spot] + wrapper.format(xml) * copies + text[spot:]
    assert read_injected(saved, injected) == expected


WITHOUT_PAYLOAD = [
    saved
    for saved in MARKUP_PAGES
    if not payload.lift(TEXTS[saved])[1] and not record_of(saved)["id"].startswith("url:")
]


@pytest.mark.parametrize("saved", WITHOUT_PAYLOAD, ids=lambda saved: saved.name)
def test_its_own_payload_gives_only_the_keywords(saved: Snapshot) -> None:
    expected = without_charset(record_of(saved))
    number = expected["id"].rsplit(":", 1)[-1]
    body = "".join(
        f"<p>{block['text'].replace('<', '&lt;')}</p>"
        for block in expected["body"]
        if block.get("text")
    )
    text = TEXTS[saved]
    spot = PLACES[saved][len(PLACES[saved]) // 2]
    injected = read_injected(
        saved, text[:spot] + block(body, number=number, keywords="新;词") + text[spot:]
    )
    assert injected["keywords"] == ["新", "词"]
    changed = {key for key in expected if injected[key] != expected[key]}
    assert changed == {"keywords"}


def read_injected(saved: Snapshot, markup: str) -> dict[str, object]:
    record = read_record(
        markup.encode(),
        url=saved.page.url,
        content_type="text/html; charset=utf-8",
        fetched_at=saved.page.fetched_at,
    )
    return without_charset(record)


def without_charset(record: dict[str, object]) -> dict[str, object]:
    """The injected page is UTF-8, whatever the saved one was."""
    warnings = record["warnings"]
    assert isinstance(warnings, list)
    return {**record, "warnings": [code for code in warnings if code != "charset-guessed"]}
