"""What a page says of itself above its text: the sections of its breadcrumb, and the dates of its
head, which are for machines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from lxml import etree
from w3lib.html import remove_tags, replace_entities

from zjnews.loaders.elements import FEW
from zjnews.pages.page import Page
from zjnews.text import dates, furniture
from zjnews.text.cleaning import fold

_PUBLISHED_META = (
    "publishdate pubdate publishtime pubtime publishedtime publisheddate datepublished releasedate"
    " published articlecreateat createat dcdate dcdateissued dctermsissued date"
).split()
_MODIFIED_META = "modifiedtime datemodified updatedtime lastmodified updatetime update".split()
_NOT_LETTERS = re.compile(r"[^a-z]")
_LINKED_DATA = re.compile(
    r"\"(?P<name>datePublished|pubDate|dateModified|upDate)\"\s{0,9}:\s{0,9}\"(?P<raw>[^\"\\]{8,40})\""
)
"""A date in JSON-LD."""
_BOXES = ("li", "aside", "nav", "footer", "a")  # what a `<time>` of another article stands in
_CRUMB_SIGNS = tuple(map(str.encode, ("位置", "浙江在线</", "首页</")))
"""What a breadcrumb begins with, or its first link ends with."""
_CRUMB_END = re.compile(
    rb"</(?:div|td|p|li|ul|h\d|dd|section|nav|table)\b|<(?:br|div|p|table|h\d)\b", re.I
)
_ARROWS = (b"&gt;", b"&raquo;", b"&rsaquo;", *map(str.encode, "＞»›→"))
_CRUMB_ROOM = 2000  # bytes of markup that a breadcrumb takes at most
_MOST_CRUMBS = 10


def breadcrumb(source: bytes) -> list[str]:
    """The sections after `您当前的位置 :` in a page in UTF-8, whatever the markup."""
    for start in _starts(source, _CRUMB_SIGNS):
        crumb = _CRUMB_END.split(source[start : start + _CRUMB_ROOM], maxsplit=1)[0]
        if not any(arrow in crumb for arrow in _ARROWS):
            continue
        inside = crumb.decode("utf-8", "ignore")
        steps = furniture.breadcrumb_in(fold(remove_tags(replace_entities(inside))))
        if steps is not None:
            return steps
    return []


def _starts(source: bytes, signs: Iterable[bytes]) -> Iterator[int]:
    """Where signs are in a page, the first few of each. Bytes are searched faster than text."""
    for sign in signs:
        start = -1
        for _ in range(_MOST_CRUMBS):
            start = source.find(sign, start + 1)
            if start < 0:
                break
            yield start


def sections_in(title: str) -> list[str]:
    """The sections in `标题_栏目_频道_浙江在线`, outermost first."""
    parts = [part.strip() for part in title.split("_")]
    if len(parts) < 3 or not parts[-1].startswith("浙江在线"):
        return []
    return [part for part in reversed(parts[-3:-1] if len(parts) > 3 else parts[1:-1]) if part]


def dates_in(page: Page, body: Iterable[etree._Element]) -> tuple[str | None, str | None]:
    """When a page says in `<meta>`, JSON-LD and `<time>` that it was published and changed. A
    `<time>` in the body, in a list or in a box is not the article's."""
    told: dict[str, str] = {}
    for name, content in page.meta.items():
        told.setdefault(_NOT_LETTERS.sub("", name.rsplit(":", 1)[-1]), content)
    for script in page.scripts:
        if "datePublished" in script or "pubDate" in script:
            for found in _LINKED_DATA.finditer(script):
                told.setdefault(found["name"].lower(), found["raw"])
    elsewhere = set(body)
    for time in islice((t for t in page.root.iter("time") if t.get("datetime")), FEW):
        if not any(e.tag in _BOXES or e in elsewhere for e in time.iterancestors()):
            told["time"] = time.get("datetime", "")
            break
    published = (dates.find_full(told.get(name, "")) for name in (*_PUBLISHED_META, "time"))
    modified = (dates.find_full(told.get(name, "")) for name in _MODIFIED_META)
    return next(filter(None, published), None), next(filter(None, modified), None)
