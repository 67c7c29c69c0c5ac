"""One fetched page: its bytes as text in the right charset, the payload lifted out, the tree."""

import re
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from w3lib.encoding import (
    html_body_declared_encoding,
    http_content_type_encoding,
    read_bom,
    to_unicode,
)
from w3lib.html import get_meta_refresh

from zjnews.items import LeadsOn, Payload, Rejected
from zjnews.pages import includes, paging, payload
from zjnews.pages.tree import Document, Element, Node, Text, document_of, root_of
from zjnews.site import addresses
from zjnews.text.cleaning import fold, unique

MAX_BYTES = 8 * 1024 * 1024  # larger pages are no articles; the heaviest known one is below 1 MB

_CHARSETS = ("utf-8", "gb18030")  # what the site has ever been written in
_OF_THE_WEB = frozenset(
    "utf-8 utf-16 utf-16-be utf-16-le gb18030 big5hkscs euc_jp iso2022_jp cp932 cp949 cp866 cp874"
    " cp1250 cp1251 cp1252 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 iso8859-2 iso8859-3 iso8859-4"
    " iso8859-5 iso8859-6 iso8859-7 iso8859-8 iso8859-10 iso8859-13 iso8859-14 iso8859-15"
    " iso8859-16 koi8-r koi8-u mac-roman mac-cyrillic".split()
)
"""Those of https://encoding.spec.whatwg.org/#names-and-labels, by Python's names. It has others
under the same kind of name that make no text (`base64`), or markup of what is none (`utf-7`)."""
_SINGLE_BYTE = re.compile(r"cp125|cp8|iso8859|koi8|mac-")
_MARKUP = re.compile(
    r"<(?:!doctype|html|head|body|div|p|table|span|section|article|meta|title|script|h1)\b", re.I
)
_OTHER_TYPE = re.compile(
    r"(?:image|audio|video|font)/|application/(?!xhtml|octet-stream|xml)|text/css"
)
_TAGS = re.compile(r"<[^<>]*>")
_NOT_ASCII = re.compile(rb"[\x80-\xff]")
_DECLARING = 16384  # bytes in which a page declares its charset
_FEW = 0.02
_HEAD = 65536  # characters in which a page has its first tag
_SAMPLE = 4096  # bytes beyond ASCII, and what is around them, that tell a charset
_SCRIPT_REDIRECT = re.compile(
    r"(?<![\w.])(?:(?:window|document|top|self|parent)\.)*"
    r"location(?:(?:\.href)?\s*=(?!=)|\.(?:replace|assign)\s*\()\s*[\"']([^\"'\s]+)[\"']"
)
_NO_PAGE = ("about:", "javascript:", "#")
_BY_DEVICE = re.compile(r"userAgent|navigator\.platform|Android|iPhone", re.I)
_AT_ONCE = 10  # seconds after which a meta refresh is no longer what a page is there for
_LITTLE_TEXT = 80  # characters; a page with more of them is there for itself


@dataclass
class Page:
    """A page that can be read. `read` makes it."""

    url: str
    address: addresses.Address
    fetched_at: datetime
    """Aware."""
    markup: str
    """The page as text, payloads taken out."""
    payloads: list[Payload] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    is_markup: bool = True
    """False for a page that survives only as text."""
    _selected: dict[str, list[Element]] = field(default_factory=dict, repr=False)
    """By selector what it has found; layouts ask for the same."""

    @cached_property
    def document(self) -> Document:
        """The parsed page."""
        return document_of(self.markup)

    @cached_property
    def root(self) -> Element:
        """Its `html` element."""
        return root_of(self.document)

    @cached_property
    def meta(self) -> dict[str, str]:
        """`<meta name=… content=…>`, the first of each name, names in lower case."""
        found: dict[str, str] = {}
        for element in self.document.find_all("meta"):
            given = element.attr
            name = given("name") or given("property") or given("itemprop")
            if name and (content := fold(given("content") or "")):
                found.setdefault(name.lower(), content)
        return found

    @cached_property
    def title(self) -> str:
        """The text of `<title>`, or empty."""
        title = self.document.find("title")
        return "" if title is None else fold(title.text)

    @cached_property
    def base(self) -> str:
        """What relative addresses on the page are joined with: its own, or what `<base>` says."""
        bases = (element.attr("href") for element in self.document.find_all("base"))
        named = next(filter(None, bases), "")
        is_long = len(named) > addresses.LONGEST  # it would be copied for every picture
        return (not is_long and named and addresses.join(self.url, named)) or self.url

    @cached_property
    def visible_text(self) -> str:
        """All text of the body but scripts and styles, white space folded."""
        texts = (node for node in self.root.descendants if isinstance(node, Text))
        return fold(" ".join(text.data for text in texts if _is_shown(text.parent)))

    @cached_property
    def scripts(self) -> list[str]:
        """The texts of the scripts on the page."""
        return list(filter(None, (script.text for script in self.document.find_all("script"))))

    @property
    def leads_on(self) -> LeadsOn | None:
        """Where a page leads at once: by meta refresh, or by script if it has next to no text. To
        itself, or for some devices, is nowhere."""
        reason, target = "meta-refresh", self.refresh_target
        if target is None:
            reason, target = "script-redirect", self.script_target
        if target is None:
            return None
        address = addresses.address_of(target, self.base)
        return LeadsOn(reason, address.url) if address.canonical != self.address.canonical else None

    @property
    def refresh_target(self) -> str | None:
        """Where a meta refresh leads at once."""
        head = self.markup[:_HEAD]
        try:
            seconds, target = get_meta_refresh(head, self.base, ignore_tags=("script", "noscript"))
        except ValueError:  # a broken address leads nowhere
            return None
        return target if target and seconds is not None and seconds <= _AT_ONCE else None

    @property
    def script_target(self) -> str | None:
        """Where a script leads that is all there is on the page."""
        if "location" not in self.markup or len(self.visible_text) >= _LITTLE_TEXT:
            return None
        for script in self.scripts:
            if _BY_DEVICE.search(script):
                continue
            for found in _SCRIPT_REDIRECT.finditer(script):
                target = found[1].replace("\\/", "/")
                if not target.startswith(_NO_PAGE):
                    return target
        return None

    @cached_property
    def announced(self) -> paging.Announced:
        """The pages of a list or article, where scripts draw the links to them."""
        number = self.address.number or "createPageHTML"
        together = "\n".join(self.scripts)
        is_drawn = "reatePageHTML" in together or ".write" in together
        if is_drawn or (number in together and self.may_have_further_pages):
            return paging.announced(self.scripts, self.address, self.base)
        return paging.Announced()

    @cached_property
    def may_have_further_pages(self) -> bool:
        """Whether the page names one as those are named that follow the first of an article."""
        return f"{self.address.number}_" in self.markup

    def select(self, css: str) -> list[Element]:
        """The elements that a CSS selector finds, in page order."""
        if css not in self._selected:
            self._selected[css] = self.document.select(css)
        return self._selected[css]


def _is_shown(holder: Node | None) -> bool:
    """Whether a text right in an element is to be read."""
    return isinstance(holder, Element) and holder.tag not in ("script", "style", "title")


def read_page(url: str, body: bytes, content_type: str | None, fetched_at: datetime) -> Page:
    """Make a page of an answer's body and its Content-Type header.

    Raises `Rejected` with the reason `empty-page`, `too-large`, `not-html` or `unreadable`.
    """
    if not body or body.isspace():
        raise Rejected("empty-page", f"{len(body)} bytes")
    if len(body) > MAX_BYTES:
        raise Rejected("too-large", f"{len(body):,} bytes, limit {MAX_BYTES:,}")
    if content_type and _OTHER_TYPE.match(content_type.strip().lower()):
        raise Rejected("not-html", content_type)
    decoded = decode(body, content_type)
    text = decoded.text.rstrip("\ufffd")  # half a character, where the page was cut off
    is_markup = bool(_MARKUP.search(text, 0, _HEAD))
    dead = 0
    if not is_markup:
        text, dead = includes.lift_text(text)
    elif includes.may_be_in(body):
        text, dead = includes.lift(text)
    markup, payloads = (payload.lift if is_markup else payload.lift_text)(text)
    if dead and not re.search(r"\w", _TAGS.sub("", markup)):
        raise Rejected("not-found-page", "nothing but the server's error page")
    if not is_markup and text.lstrip()[:1] in ("{", "["):
        raise Rejected("not-html", "looks like JSON")
    return Page(
        url=url,
        address=addresses.address_of(url),
        fetched_at=fetched_at,
        markup=markup,
        payloads=payloads,
        warnings=["charset-guessed"] if decoded.guessed else [],
        is_markup=is_markup,
    )


class Decoded(NamedTuple):
    """The body of a page as text."""

    text: str
    charset: str
    guessed: bool
    """What the page declares is plainly wrong, or it declares nothing and is not UTF-8."""


def decode(body: bytes, content_type: str | None) -> Decoded:
    """Choose the charset of a body by evidence: byte order mark, header, meta, the bytes.

    Raises `Rejected("unreadable")` where no charset makes sense of the bytes.
    """
    charset, bom = read_bom(body)
    if charset and bom:
        return Decoded(to_unicode(body[len(bom) :], charset), "bom", guessed=False)
    in_header = _of_the_web(http_content_type_encoding(content_type))
    declared = in_header or _declared_in(body)
    for candidate in ("utf-8", "gb18030") if declared == "gb18030" else ("utf-8",):
        # Strictly valid UTF-8 is never anything else; nor is GBK, once it is not UTF-8.
        with suppress(UnicodeDecodeError):
            text = _with_spaces(body.decode(candidate), candidate)
            guessed = declared not in (None, candidate) and not body.isascii()
            return Decoded(text, candidate, guessed)
    return _best_guess(body, declared)


def _declared_in(body: bytes) -> str | None:
    """The charset that the markup declares; a dead include may come before it."""
    head = body[:_DECLARING]
    declared = html_body_declared_encoding(head)
    if declared is None and includes.may_be_in(head):
        declared = html_body_declared_encoding(includes.lift(head.decode("latin-1"))[0])
    return _of_the_web(declared)


def _of_the_web(charset: str | None) -> str | None:
    """A charset that a page may declare; None for anything else that Python knows by a name."""
    return charset if charset in _OF_THE_WEB else None


def _best_guess(body: bytes, declared: str | None) -> Decoded:
    """Choose by the share of characters in Chinese or English use; what is declared wins unless
    another charset is clearly better."""
    sample = _foreign_part(body)
    candidates = unique(filter(None, (declared, _declared_in(body), *_CHARSETS)))
    fits = {charset: _fit(sample, charset) for charset in candidates}
    best = max(candidates, key=lambda charset: fits[charset])
    if declared and fits[declared] >= 0.7 and fits[best] - fits[declared] < 0.2:
        best = declared
    if fits[best] < 0.5 and len(_NOT_ASCII.findall(body)) < len(body) * _FEW:
        best = "cp1252"  # an English page with some bytes of another kind
    elif fits[best] < 0.5:
        raise Rejected("unreadable", f"no charset fits, {best} does by {fits[best]:.0%}")
    return Decoded(_with_spaces(to_unicode(body, best), best), best, guessed=best != declared)


def _with_spaces(text: str, charset: str) -> str:
    """GBK's A3A0 as browsers read it, an ideographic space; Python makes a private character."""
    return text.replace("\ue5e5", "\u3000") if charset == "gb18030" else text


def _foreign_part(body: bytes) -> bytes:
    """Enough of the lines that are not plain ASCII to judge a charset by."""
    lines: list[bytes] = []
    size = 0
    for line in body.splitlines(keepends=True):
        if not line.isascii():
            lines.append(line)
            size += len(line)
        if size > _SAMPLE:
            break
    return b"".join(lines)[: 4 * _SAMPLE]


def _fit(sample: bytes, charset: str) -> float:
    """Share of the characters beyond ASCII that are in common Chinese use (GB 2312), 0 to 1."""
    foreign = [character for character in to_unicode(sample, charset) if character > "\x7f"]
    if not foreign:
        return 1.0
    common = "".join(foreign).encode("gb2312", "ignore").decode("gb2312")
    weight = 0.7 if _SINGLE_BYTE.match(charset) and len(foreign) > 200 else 1.0
    return weight * len(common) / len(foreign)
