"""List pages of channels: the articles that one lists, and where its next page is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from urllib.parse import urljoin, urlsplit

from lxml import etree

from zjnews import addresses, dates
from zjnews.addresses import Address, Kind
from zjnews.page import Page
from zjnews.text import fold

FORMS = (
    "ul.listUl",
    ".listUl",
    "#pageContent .textList",
    "ul[class*=newslist]",
    "ul[id*=Ullist]",
    "#main div ul",
)
"""Where the lists of known forms stand; the first that holds an article counts."""

_NEXT = re.compile(r"(?:下一?页|下一頁|后一?页|next(?:\s?page)?)[\s>»›]*", re.I)
_PREVIOUS = re.compile(
    r"[\s<«‹]*(?:上一?页|上一頁|前一?页|previous(?:\s?page)?|尾页|末页)[\s>»›]*", re.I
)
_PAGING = ("span.fenye", "div.fenye", ".pagination")
_BOX = re.compile(
    r"nav|menu|(?<![ps])hot(?!el)|rank|foot(?!ball)|header|sidebar|aside|relate|recommend|tuijian|paihang"
    r"|remen|crumb",
    re.I,
)
"""Names of what stands around a list: navigation, hot and related articles."""
_BOX_TAGS = ("nav", "header", "footer", "aside")
_ITEM_TAGS = ("li", "tr", "dd", "article")


@dataclass(frozen=True, slots=True)
class Entry:
    """One article of a list."""

    address: Address
    day: date | None
    """When it was published, by its address, else as the list prints it."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What one page of a list tells."""

    entries: list[Entry] = field(default_factory=list)
    """The articles, in page order, each once."""
    others: list[Address] = field(default_factory=list)
    """Links among them that lead to no article of the site, as far as addresses tell."""
    next: str | None = None
    """Address of the next page, if there is one."""
    next_is_guess: bool = False
    """Nothing on the page speaks of pages: `next` is where the next one would be."""


def read(page: Page) -> Listing:
    """Read a list page of any form."""
    links = _links(page)
    addresses_read = [(link, addresses.read(link.get("href", ""), page.base)) for link in links]
    entries: dict[str, Entry] = {}
    others: dict[str, Address] = {}
    for link, address in addresses_read:
        if address.is_article:
            if address.id not in entries:
                entries[address.id] = Entry(address, address.date or _printed_day(link, page))
        elif address.kind is not Kind.LIST:
            others.setdefault(address.canonical, address)
    return Listing(list(entries.values()), list(others.values()), *_next_page(page))


def _links(page: Page) -> list[etree._Element]:
    """The links of the list: of a known form, else all outside boxes, else all there are."""
    for form in FORMS:
        links = _outside_boxes(_links_in(page.select(form)))
        if any(_is_article(link, page) for link in links):
            return links
    everywhere = list(_links_in([page.root]))
    articles = [link for link in everywhere if _is_article(link, page)]
    return _outside_boxes(articles) or articles


def _links_in(containers: Iterable[etree._Element]) -> Iterator[etree._Element]:
    seen: set[etree._Element] = set()
    for container in containers:
        for link in container.iter("a"):
            if link not in seen and _href(link):
                seen.add(link)
                yield link


def _href(link: etree._Element) -> str:
    href = (link.get("href") or "").strip()
    return "" if href.lower().startswith(("#", "javascript:", "mailto:")) else href


def _is_article(link: etree._Element, page: Page) -> bool:
    return addresses.read(_href(link), page.base).is_article


def _outside_boxes(links: Iterable[etree._Element]) -> list[etree._Element]:
    return [link for link in links if not any(map(_is_box, _around(link)))]


def _around(link: etree._Element) -> Iterator[etree._Element]:
    """What a link's item of a list stands in; the item itself may be marked as hot."""
    item = next(link.iterancestors(*_ITEM_TAGS), link)
    yield from item.iterancestors()


def _is_box(element: etree._Element) -> bool:
    if element.tag in ("body", "html"):
        return False
    names = f"{element.get('class') or ''} {element.get('id') or ''}"
    return element.tag in _BOX_TAGS or bool(_BOX.search(names))


def _printed_day(link: etree._Element, page: Page) -> date | None:
    """The day that stands beside a link, else inside it, where it is plainly this link's."""
    item = link
    for around in link.iterancestors():
        if any(_href(other) not in ("", _href(link)) for other in around.iter("a")):
            break
        item = around
    beside = [*_texts_outside_links(item), *_texts_behind(item)]
    inside = [text for part in link for text in part.itertext()]
    for texts in (beside, inside):
        # A summary speaks of days too; the date has an element of its own, or all of its parts.
        of_lines = map(dates.of_line, map(fold, texts))
        raw = next(filter(None, of_lines), None) or dates.find_full(fold(" ".join(texts)))
        moment = dates.read(raw, page.fetched_at) if raw else None
        if moment:
            return moment.at.astimezone(dates.BEIJING).date()
    return None


def _texts_outside_links(item: etree._Element) -> Iterator[str]:
    for event, element in etree.iterwalk(item, events=("start", "end")):
        if event == "end" and element is not item:
            yield element.tail or ""
        elif event == "start" and next(element.iterancestors("a"), None) is None:
            yield "" if element.tag == "a" else element.text or ""


def _texts_behind(item: etree._Element) -> Iterator[str]:
    """What follows up to the next link."""
    for sibling in item.itersiblings():
        if sibling.tag == "a" or next(sibling.iter("a"), None) is not None:
            return
        yield from sibling.itertext()


def _next_page(page: Page) -> tuple[str | None, bool]:
    """Address of the next page, and whether it is guessed."""
    links = [link for link in page.root.iter("a") if link.get("href")]
    texts = [fold("".join(link.itertext())) for link in links]
    named = [link for link, text in zip(links, texts, strict=True) if _NEXT.fullmatch(text)]
    if named:
        others = (_other_page(_href(link), page) for link in named)
        return next(filter(None, others), None), False
    number = page.address.page
    if announced := page.announced.urls:
        return (announced[number] if number < len(announced) else None), False
    numbered = _numbered_pages(links, page)
    if numbered:
        return numbered.get(number + 1), False
    if any(map(_PREVIOUS.fullmatch, texts)) or any(map(page.select, _PAGING)):
        return None, False
    return _guess(page), True


def _numbered_pages(links: list[etree._Element], page: Page) -> dict[int, str]:
    """The other pages of the same list that are linked to, by their number."""
    found = (addresses.read(_href(link), page.base) for link in links)
    return {
        address.page: address.url
        for address in found
        if address.kind is Kind.LIST
        and _folder(address) == _folder(page.address)
        and address.page > 1
        and address.page != page.address.page
    }


def _other_page(href: str, page: Page) -> str | None:
    address = addresses.read(href, page.base)
    is_same = not href or address.canonical == page.address.canonical
    return address.url if address.on_site and not is_same else None


def _folder(address: Address) -> str:
    return address.canonical.rsplit("/", 1)[0]


def _guess(page: Page) -> str | None:
    """Where the next page would be."""
    if page.address.kind is not Kind.LIST:
        return None
    path = urlsplit(page.url).path
    ending = path.rsplit(".", 1)[-1] if "." in path else "shtml"
    return urljoin(page.url, f"index_{page.address.page}.{ending}")
