"""Dead server-side includes: where an include is gone, the server prints its whole error page into
the middle of a good page. They are lifted out of the page's text before it is parsed.

    <html><head><title>404 Not Found</title></head><body><center><h1>404 Not Found</h1></center>
    <hr><center>ZJOL/1.24.96</center></body></html>
"""

import re
from collections.abc import Iterable
from functools import partial

_STATUS = r"(?:[45]\d\d\s[A-Za-z][A-Za-z \-]{2,40}|Not Found|Forbidden)"
_GAP = r"\s{0,40}"
_TAG_END = r"[^<>]{0,200}>"

_CORE = re.compile(
    rf"<center{_TAG_END}{_GAP}<h1{_TAG_END}{_GAP}{_STATUS}{_GAP}</h1>{_GAP}</center>{_GAP}"
    rf"<hr{_TAG_END}{_GAP}<center{_TAG_END}[^<>]{{0,60}}</center>"
    rf"|<h1{_TAG_END}{_GAP}{_STATUS}{_GAP}</h1>{_GAP}<p>[^<>]{{0,400}}(?:<br{_TAG_END}{_GAP})?[^<>]{{0,60}}</p>{_GAP}"
    rf"(?:<p>[^<>]{{0,400}}</p>{_GAP})?<hr{_TAG_END}{_GAP}<address>[^<>]{{0,120}}</address>",
    re.I,
)
"""What nginx and Apache print between `<body>` and `</body>`."""
_HEAD = re.compile(
    rf"(?:<!doctype{_TAG_END}{_GAP})?(?:<html{_TAG_END}{_GAP})?(?:<head{_TAG_END}{_GAP})?"
    rf"<title{_TAG_END}{_GAP}{_STATUS}{_GAP}</title>{_GAP}(?:</head>{_GAP})?(?:<body{_TAG_END}{_GAP})?\Z",
    re.I,
)
_TAIL = re.compile(
    rf"(?:{_GAP}</body>)?(?:{_GAP}</html>)?"
    rf"(?:{_GAP}<!-- a padding to disable MSIE[^<>]{{0,80}}-->){{0,10}}",
    re.I,
)
"""The white space after it is the page's own: it may part two words."""
_HEAD_ROOM = 1000  # characters in front of the core in which its own head is found

_SERVER = r"(?:ZJOL|nginx|openresty|Tengine|Apache)/[\w.-]{1,20}"
_IN_TEXT = re.compile(
    r"(?:\b[45]\d\d [A-Z][A-Za-z]{1,12}(?: [A-Z][A-Za-z]{1,12}){0,3}\s{1,40}){1,2}"
    rf"{_SERVER}"
)
"""The same where a page survives only as text."""


def may_be_in(body: bytes) -> bool:
    """Whether a page's bytes have what no dead include is without; most pages have not."""
    if b"</h1>" not in body or b"<hr" not in body:  # the longer one first, it is found sooner
        return False
    return b"</center>" in body or b"</address>" in body


def lift(markup: str) -> tuple[str, int]:
    """The page's markup without dead includes, and how many there were."""
    return _without(markup, map(partial(_extent, markup), _CORE.finditer(markup)), "")


def lift_text(text: str) -> tuple[str, int]:
    """The same for a page that survives only as text: `404 Not Found` and the server."""
    return _without(text, (core.span() for core in _IN_TEXT.finditer(text)), "\n")


def _without(text: str, spans: Iterable[tuple[int, int]], joint: str) -> tuple[str, int]:
    kept: list[str] = []
    end = 0
    for start, stop in spans:
        kept.append(text[end : max(start, end)])
        end = stop
    return (joint.join((*kept, text[end:])), len(kept)) if kept else (text, 0)


def _extent(markup: str, core: re.Match[str]) -> tuple[int, int]:
    """Where an error page begins and ends; its closing tags belong to it if its opening ones do."""
    room = max(0, core.start() - _HEAD_ROOM)
    head = _HEAD.search(markup, room, core.start())
    if head is None:
        return core.span()
    tail = _TAIL.match(markup, core.end())
    return head.start(), tail.end() if tail else core.end()
