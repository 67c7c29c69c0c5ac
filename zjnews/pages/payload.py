"""The CMS payload: a second copy of the article, as XML, inside the page. Lifts it out of the text.

On the page it reads `<a>11385584</a><b>Title</b><c>public</c><d>html</d><e><![CDATA[…]]></e>
<f>keywords</f>`; the element names are not known. HTML has no CDATA, so every HTML parser turns
the body into live markup and lets its closing tags close the page's own elements. The block must
therefore leave the text before anything is parsed.
"""

import html
import re
from collections import Counter, deque
from collections.abc import Iterator

from zjnews.items import Payload
from zjnews.text.cleaning import fold, places_of, unique

_NAME = r"[^\s<>/!?\"'=]+"
_CDATA_TEXT = r"<!\[CDATA\[(?:(?!\]\]>|<!\[CDATA\[).)*\]\]>"
_INLINE = r"</?(?:b|br|em|font|i|strong|sub|sup|u)\b[^<>]*>"
_INLINE_TAG = re.compile(_INLINE)
_LEAF = re.compile(
    rf"<(?P<name>{_NAME}+)(?:\s[^<>]*+)?>"
    rf"(?P<text>[^<]*+(?:{_INLINE}[^<]*+){{0,40}}|\s*{_CDATA_TEXT}\s*)</(?P=name)\s*>",
    re.S,
)
_FILLER = re.compile(
    rf"\s+|&nbsp;|<!--(?!\[CDATA\[)(?:(?!<!--).)*?-->|<{_NAME}(?:\s[^<>]*)?/>|<br\b[^<>]*>",
    re.S | re.I,
)
"""What may be between the elements of a payload."""
_OPENER = re.compile(rf"<(?P<name>{_NAME})(?:\s[^<>]*)?>\s*\Z")
_TAG = re.compile(rf"<(?P<close>/?)(?P<name>{_NAME})(?:\s[^<>]*?)?(?P<empty>/?)>")
_CDATA = re.compile(r"<!(?P<comment>--)?\[CDATA\[")
"""A browser that saves the page it shows writes the opening as a comment."""
_NEXT_SECTION = re.compile(rf"(?<!\]\])>\s*(?={_CDATA.pattern})")
"""Before the next CDATA section that does not merely continue the one before it."""
_END = re.compile(r"\]\](?:>|&gt;)")
_JOINT = re.compile(r"\]\]><!\[CDATA\[")
"""How XML writes `]]>` inside a CDATA section: by ending it and starting another."""
_HIDDEN_OPENER = re.compile(
    r"<(?P<name>script|textarea|xml|noscript|template|xmp)\b[^<>]*>\s*\Z"
    r"|<(?P<styled>[a-z]+)\b[^<>]*(?:display\s*:\s*none|\shidden\b)[^<>]*>\s*\Z",
    re.I,
)
_TEXT_HEAD = re.compile(
    r"^[ \t]*(?P<number>\d{3,12})[ \t]+(?P<title>\S.*?)[ \t]public[ \t]+html\s*$", re.M
)
_TEXT_END = re.compile(r"^[ \t]*\]\]>[ \t]*$", re.M)
_TEXT_KEYWORDS = re.compile(r"\s*(?P<line>[^\n]*)\n?")
_SENTENCE = re.compile(r"[。！？]|[.!?]\s")

_MOST = 50  # payloads of a page; more are none
_MOST_FIELDS = 20  # elements before the CDATA section of which the last are the payload's

_HEAD_ROOM = 8192
"""Characters before the CDATA section in which its number and title are looked for."""
_FIELD_LENGTH = 500
"""A longer text after the body is no list of keywords, but something of the page's."""
_PLAIN_LENGTH = 2000
_VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())
_RAW_TEXT = frozenset({"script", "textarea", "xmp", "noscript"})
_PAGE_ELEMENTS = frozenset(
    "a abbr address article aside b big blockquote body center code dd div dl dt em figcaption"
    " figure font footer form founder-content h1 h2 h3 h4 h5 h6 head header html i iframe ins label"
    " li main nav ol option p pre s script section select small span strong style sub sup table"
    " tbody td textarea tfoot th thead title tr u ul video".split()
)
"""Elements that belong to the page when they follow the block, so never to the block itself."""


def lift(markup: str) -> tuple[str, list[Payload]]:
    """The page's markup without its payloads, and the payloads in page order."""
    rest: list[str] = []
    payloads: list[Payload] = []
    position = 0
    fields = _Fields(markup)
    for opening in _openings(markup):
        if opening.start() < position:
            continue
        block = _block_at(markup, opening, position, fields)
        if block is not None:
            start, end, found = block
            rest.append(markup[position:start])
            payloads.append(found)
            position = end
        if len(payloads) == _MOST:
            break
    return "".join([*rest, markup[position:]]) if payloads else markup, payloads


def _openings(markup: str, start: int = 0) -> Iterator[re.Match[str]]:
    """The beginnings of CDATA sections, from a place on."""
    for at in places_of("[CDATA[", markup, start):
        begins = markup.rfind("<!", max(start, at - len("<!--")), at)
        if begins >= 0 and (opening := _CDATA.match(markup, begins)):
            yield opening


def lift_text(text: str) -> tuple[str, list[Payload]]:
    """As `lift`, for a page that survives only as text: a line with number, title, `public` and
    `html`, the body, a line `]]>` and the keywords."""
    text = text.replace("\r\n", "\n")
    rest: list[str] = []
    payloads: list[Payload] = []
    position = 0
    while len(payloads) < _MOST and (head := _TEXT_HEAD.search(text, position)):
        rest.append(text[position : head.start()])
        end = _TEXT_END.search(text, head.end())
        body = text[head.end() : end.start() if end else len(text)]
        keywords, position = _keywords_at(text, end.end() if end else len(text))
        payloads.append(
            Payload(head["number"], fold(head["title"]), _keywords(keywords), body.strip())
        )
    return "".join([*rest, text[position:]]), payloads


def _keywords_at(text: str, position: int) -> tuple[str, int]:
    """The line of keywords after a payload, which may have none, and where it ends."""
    found = _TEXT_KEYWORDS.match(text, position)
    if found is None or len(found["line"]) > _FIELD_LENGTH or _SENTENCE.search(found["line"]):
        return "", position
    return found["line"], found.end()


class _Fields:
    """The elements without children before each CDATA section, in one pass over a page."""

    def __init__(self, markup: str) -> None:
        self.markup = markup
        self.read = 0
        self.leaves: deque[re.Match[str]] = deque(maxlen=_MOST_FIELDS)

    def before(self, end: int, floor: int) -> list[re.Match[str]]:
        """The unbroken run of elements from `floor` to `end`. Ask in page order."""
        self.leaves.extend(_LEAF.finditer(self.markup, max(self.read, floor), end))
        self.read = end
        run: deque[re.Match[str]] = deque()
        while self.leaves and self.leaves[-1].start() >= floor:
            leaf = self.leaves.pop()
            if not _is_filler(self.markup[leaf.end() : run[0].start() if run else end]):
                break  # what is of the page's ends the run, for all that follows too
            run.appendleft(leaf)
        self.leaves = deque(run, maxlen=_MOST_FIELDS)
        return list(run)


def _block_at(
    markup: str, opening: re.Match[str], floor: int, fields: _Fields
) -> tuple[int, int, Payload] | None:
    """Start, end and content of the payload whose body begins at a CDATA opening; None for another
    one, such as `<script>//<![CDATA[`."""
    floor = max(floor, opening.start() - _HEAD_ROOM)
    before = markup[floor : opening.start()]
    if not before.rstrip().endswith(">"):
        return None
    opener = _at_end(before)
    head_end = floor + opener.start() if opener else opening.start()
    leaves = _number_first(fields.before(head_end, floor))
    if leaves is None:
        return None
    body_end, end = _end_of_body(markup, opening.end(), opener["name"] if opener else None)
    texts = [_plain(leaf["text"]) for leaf in leaves]
    names = {leaf["name"] for leaf in leaves}
    end, after = _fields_after(markup, end, opener["name"] if opener else None, names)
    start = leaves[0].start()
    body = markup[opening.end() : body_end]
    if opening["comment"]:
        body = _trim_to_balance(body.replace("-->", ">", 1))
        start = _start_of_unbalanced(markup, start, end)
    start, end = _with_hidden_wrapper(markup, start, end)
    listed = (field for field in (*after, *texts[2:]) if re.search("[;；]", field))
    keywords = next(listed, None) or next(filter(None, after), "")
    title = next(filter(None, texts[1:]), "")
    payload = Payload(texts[0], fold(title), _keywords(keywords), _JOINT.sub("", body))
    return start, end, payload


def _at_end(text: str, form: re.Pattern[str] = _OPENER) -> re.Match[str] | None:
    """The opening tag of that form, in which a text ends."""
    return form.match(text, max(0, text.rfind("<")))


def _is_filler(text: str) -> bool:
    if not text.strip():
        return True
    rest = _FILLER.sub("", text)
    return not rest or all(name.lower() not in _PAGE_ELEMENTS for name in _tag_names(rest))


def _tag_names(text: str) -> list[str]:
    """The tags that a text consists of; an element of the page's, if it holds anything else."""
    names = [tag["name"] for tag in _TAG.finditer(text)]
    return names if not _TAG.sub("", text).strip() else ["body"]


def _number_first(leaves: list[re.Match[str]]) -> list[re.Match[str]] | None:
    """The run from the document number on. None without a number and a title."""
    texts = [_plain(leaf["text"]) for leaf in leaves]
    marks = [text.lower() for text in texts]
    # `public` and `html` close the head; the number is the nearest before them and the title.
    last = len(texts) - 2
    if "public" in marks and "html" in marks[marks.index("public") :]:
        last = len(marks) - 1 - marks[::-1].index("public") - 2
    for index in range(last, -1, -1):
        if re.fullmatch(r"\d{1,12}", texts[index]):
            return leaves[index:]
    return None


def _plain(text: str) -> str:
    text = text.strip()
    if text.startswith("<![CDATA["):
        return text[len("<![CDATA[") : -len("]]>")].strip()
    # Python refuses to read thousands of digits as one number.
    return html.unescape(_INLINE_TAG.sub(" ", text)[:_PLAIN_LENGTH]).strip()


def _end_of_body(markup: str, start: int, name: str | None) -> tuple[int, int]:
    """Where the body ends and where the text after its end mark begins."""
    # Looked for only where there is one, since every tag may be what comes before it.
    section = _NEXT_SECTION.search(markup, start) if any(_openings(markup, start)) else None
    limit = section.end() if section else len(markup)
    closer = re.compile(rf"\s*</{re.escape(name)}\s*>") if name else re.compile(r"(?=\s*<)")
    first: re.Match[str] | None = None
    for mark in _END.finditer(markup, start, limit):
        if _JOINT.match(markup, mark.start()):
            continue
        if closer.match(markup, mark.end()):
            return mark.span()
        first = first or mark
    if first is not None:
        return first.span()
    if name and (close := re.compile(rf"</{re.escape(name)}\s*>").search(markup, start, limit)):
        return close.start(), close.start()
    end = start + len(_trim_to_balance(markup[start:limit]))
    return end, end


def _fields_after(
    markup: str, end: int, name: str | None, own_names: set[str]
) -> tuple[int, list[str]]:
    """The new end after the closing tag and the elements that follow the body, and their texts."""
    if name and (close := re.compile(rf"\s*</{re.escape(name)}\s*>").match(markup, end)):
        end = close.end()
    texts: list[str] = []
    position = end
    while True:
        if filler := _FILLER.match(markup, position):
            position = filler.end()
            continue
        leaf = _LEAF.match(markup, position)
        if leaf is None or not _belongs(leaf, texts, own_names):
            return end, texts
        texts.append(_plain(leaf["text"]))
        end = position = leaf.end()


def _belongs(leaf: re.Match[str], texts: list[str], own_names: set[str]) -> bool:
    """Whether an element after the body is the payload's: not the page's or the next one's."""
    if re.fullmatch(r"\s*\d{3,12}\s*", leaf["text"]) or len(leaf["text"]) > _FIELD_LENGTH:
        return False
    if leaf["name"].lower() in _PAGE_ELEMENTS:
        return not texts and leaf["name"] in own_names
    return True


def _trim_to_balance(text: str) -> str:
    """The text up to the first closing tag that closes something opened before it."""
    closers = _strangers(text)
    return text[: closers[0].start()] if closers else text


def _strangers(text: str) -> list[re.Match[str]]:
    """The closing tags in a piece of markup whose opening tags are outside it."""
    open_names: list[str] = []
    counts: Counter[str] = Counter()
    strangers: list[re.Match[str]] = []
    for tag in _TAG.finditer(text):
        name = tag["name"].lower()
        if not tag["close"]:
            if not tag["empty"] and name not in _VOID:
                open_names.append(name)
                counts[name] += 1
        elif counts[name]:
            closed = ""
            while closed != name:
                closed = open_names.pop()
                counts[closed] -= 1
        else:
            strangers.append(tag)
    return strangers


def _start_of_unbalanced(markup: str, start: int, end: int) -> int:
    """Move the start over the opening tags directly before it that are closed inside."""
    for closer in _strangers(markup[start:end]):
        opener = _at_end(markup[max(0, start - 512) : start])
        if opener is None or opener["name"].lower() != closer["name"].lower():
            break
        start -= len(opener[0])
    return start


def _with_hidden_wrapper(markup: str, start: int, end: int) -> tuple[int, int]:
    """Widen the block by the hidden element that held nothing else, closed or not."""
    opener = _at_end(markup[max(0, start - 512) : start], _HIDDEN_OPENER)
    if opener is None:
        return start, end
    name = opener["name"] or opener["styled"]
    if close := re.compile(rf"\s*</{name}\s*>", re.I).match(markup, end):
        return start - len(opener[0]), close.end()
    is_raw = name.lower() in _RAW_TEXT
    if is_raw and not re.compile(rf"</{name}\b", re.I).search(markup, end):
        # It would swallow the rest of the page.
        return start - len(opener[0]), end
    return start, end


def _keywords(text: str) -> list[str]:
    separators = r"[;；]" if re.search(r"[;；]", text) else r"[,，、\s]"
    return unique(filter(None, map(fold, re.split(separators, text))))
