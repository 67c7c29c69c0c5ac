"""Dead includes: the server's error pages in the middle of good pages."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.pages.test_payload import MARKUP_PAGES, PLACES, TEXTS, read_injected, without_charset
from tests.reading import read_record, record_of
from zjnews.items import Rejected
from zjnews.pages import includes
from zjnews.review.snapshots import Snapshot

ZJOL = """<html>
<head><title>404 Not Found</title></head>
<body>
<center><h1>404 Not Found</h1></center>
<hr><center>ZJOL/1.24.96</center>
</body>
</html>
"""
KINDS = {
    "zjol": ZJOL,
    "crlf": ZJOL.replace("\n", "\r\n"),
    "one line": ZJOL.replace("\n", ""),
    "colour": ZJOL.replace("<body>", '<body bgcolor="white">').replace("ZJOL/1.24.96", "nginx"),
    "padded": ZJOL + "<!-- a padding to disable MSIE and Chrome friendly error page -->\n" * 6,
    "gateway": ZJOL.replace("404 Not Found", "502 Bad Gateway"),
    "without frame": "<center><h1>404 Not Found</h1></center><hr><center>openresty</center>",
    "apache": (
        '<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">\n<html><head>\n<title>404 Not Found'
        "</title>\n</head><body>\n<h1>Not Found</h1>\n<p>The requested URL /inc/top.html was not"
        " found on this server.</p>\n<hr>\n<address>Apache/2.2.3 Server</address>\n</body></html>"
    ),
}


WITHOUT_DEAD = [saved for saved in MARKUP_PAGES if not includes.lift(TEXTS[saved])[1]]


@pytest.mark.parametrize("dead", KINDS.values(), ids=KINDS.keys())
def test_a_dead_include_leaves_nothing(dead: str) -> None:
    rest, count = includes.lift(f"<html><body><p>甲</p>{dead}<p>乙</p></body></html>")
    assert ("".join(rest.splitlines()), count) == (
        "<html><body><p>甲</p><p>乙</p></body></html>",
        1,
    )


@pytest.mark.parametrize("dead", KINDS.values(), ids=KINDS.keys())
def test_a_page_that_is_nothing_else_is_not_found(dead: str) -> None:
    with pytest.raises(Rejected) as raised:
        read_record(f"{dead}\n".encode())
    assert raised.value.reason == "not-found-page"


@pytest.mark.parametrize(
    "markup",
    [
        "<p>网页显示404 Not Found，市民以为走错了门。</p>",
        "<center><h1>404名学生植树</h1></center><hr><center>浙江在线</center>",
        "<body><h1>404 Not Found</h1><p>这是一部电影的名字。</p></body>",
    ],
)
def test_what_an_article_says_is_no_dead_include(markup: str) -> None:
    assert includes.lift(markup) == (markup, 0)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    saved=st.sampled_from(WITHOUT_DEAD),
    where=st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=4),
    dead=st.sampled_from(sorted(KINDS.values())),
)
def test_dead_includes_change_nothing_wherever_they_are(
    saved: Snapshot, where: list[float], dead: str
) -> None:
    dead = dead.strip()  # white space after it is the page's own
    text, spots = TEXTS[saved], PLACES[saved]
    for spot in sorted({spots[int(w * len(spots))] for w in where}, reverse=True):
        text = text[:spot] + dead + text[spot:]
    assert read_injected(saved, dead + text) == without_charset(record_of(saved))


@pytest.mark.parametrize(
    "dead",
    ["404 Not Found\n\n404 Not Found\n\n\nZJOL/1.24.96\n", "404 Not Found\nnginx/1.26.3\n"],
)
def test_in_a_page_of_text(dead: str) -> None:
    rest, count = includes.lift_text(f"甲\n{dead}乙 {dead}丙\n404 Not Found 是什么意思")
    assert count == 2
    assert rest.split() == ["甲", "乙", "丙", "404", "Not", "Found", "是什么意思"]
