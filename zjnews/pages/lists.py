"""List pages of channels: the articles that one lists, and where its next page is."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from urllib.parse import urlsplit

from zjnews.pages.elements import Inside, short_texts
from zjnews.pages.page import Page
from zjnews.pages.tree import Element, Text, around, children_of, following, parent_of
from zjnews.site import addresses
from zjnews.site.addresses import Address, Kind
from zjnews.text import dates
from zjnews.text.cleaning import fold

FORMS = (
    "ul.listUl",
    ".listUl",
    "#pageContent .textList",
    "ul[class*=newslist]",
    "ul[id*=Ullist]",
    "#main div ul",
    ".main div ul",
)
"""Where the lists of known forms are; the first that holds an article counts."""

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
"""Names of what is around a list: navigation, hot and related articles."""
_BOX_TAGS = ("nav", "header", "footer", "aside")
_ITEM_TAGS = ("li", "tr", "dd", "article")
_NEAR = 20  # elements around a link of which one may be its item
_LABEL = 40  # characters; a longer link is none to another page of the list

Links = dict[Element, Address]  # links that lead somewhere, in page order
Hrefs = dict[Element, str | None]


@dataclass(frozen=True, slots=True)
class Entry:
    """One article of a list."""

    address: Address
    day: date | None  # when it was published, by its address, else as the list prints it


@dataclass(frozen=True, slots=True)
class Listing:
    """What one page of a list tells."""

    entries: list[Entry] = field(default_factory=list)  # the articles, in page order, each once
    others: list[Address] = field(default_factory=list)
    """Links among them that lead to no article of the site, as far as addresses tell."""
    next: str | None = None  # address of the next page, if there is one
    next_is_guess: bool = False
    """Nothing on the page speaks of pages: `next` is where the next one would be."""


def read_list(page: Page) -> Listing:
    """Read a list page of any form."""
    every = _links(page)
    listed = _listed(every, page)
    entries: dict[str, Entry] = {}
    others: dict[str, Address] = {}
    is_undated = any(every[link].is_article and not every[link].date for link in listed)
    sole = _sole_hrefs(every) if is_undated else {}
    for link in listed:
        address = every[link]
        if address.is_article:
            if address.id not in entries:
                day = address.date or _printed_day(link, sole, page)
                entries[address.id] = Entry(address, day)
        elif address.kind is not Kind.LIST:
            others.setdefault(address.canonical, address)
    return Listing(list(entries.values()), list(others.values()), *_next_page(every, page))


def _links(page: Page) -> Links:
    hrefs = {link: _href(link) for link in page.document.find_all("a")}
    return {link: addresses.address_of(href, page.base) for link, href in hrefs.items() if href}


def _href(link: Element) -> str:
    href = (link.attr("href") or "").strip()
    return "" if href.lower().startswith(("#", "javascript:", "mailto:")) else href


def _listed(every: Links, page: Page) -> list[Element]:
    """The links of the list: of a known form, else all outside boxes, else all there are."""
    in_box = Inside(_is_box)

    def is_apart(link: Element) -> bool:
        items = (each for each in islice(around(link), _NEAR) if each.tag in _ITEM_TAGS)
        # The item itself may be marked as hot.
        return not in_box(parent_of(next(items, link)))

    for form in FORMS:
        is_in_form = Inside(set(page.select(form)).__contains__)
        links = [link for link in every if is_in_form(link) and is_apart(link)]
        if any(every[link].is_article for link in links):
            return links
    articles = [link for link, address in every.items() if address.is_article]
    return list(filter(is_apart, articles)) or articles


def _is_box(element: Element) -> bool:
    if element.tag in ("body", "html"):
        return False
    names = f"{element.attr('class', '')} {element.attr('id', '')}"
    return element.tag in _BOX_TAGS or bool(_BOX.search(names))


def _sole_hrefs(links: Iterable[Element]) -> Hrefs:
    """The one address that each element around links leads to, None where there are several."""
    found: Hrefs = {}
    for link in links:
        href = _href(link)
        for each in around(link):
            if each in found and found[each] in (href, None):
                break  # and so are those around it
            found[each] = None if each in found else href
    return found


def _printed_day(link: Element, sole: Hrefs, page: Page) -> date | None:
    """The day beside a link, else inside it, where it is plainly this link's."""
    item = link
    for each in around(link):
        if sole[each] != _href(link):
            break
        item = each
    beside = [*_texts_outside_links(item), *_texts_after(item)]
    inside = [text for part in children_of(link) for text in part.strings]
    for texts in (beside, inside):
        # A summary speaks of days too; the date has an element of its own, or all of its parts.
        of_lines = map(dates.of_line, map(fold, texts))
        raw = next(filter(None, of_lines), None) or dates.find_full(fold(" ".join(texts)))
        moment = dates.moment_of(raw, page.fetched_at) if raw else None
        if moment:
            return moment.at.astimezone(dates.BEIJING).date()
    return None


def _texts_outside_links(item: Element) -> Iterator[str]:
    opened = [iter(() if item.tag == "a" else item)]
    while opened:
        for node in opened[-1]:
            if isinstance(node, Text):
                yield node.data
            elif isinstance(node, Element) and node.tag != "a":
                opened.append(iter(node))
                break
        else:
            opened.pop()


def _texts_after(item: Element) -> Iterator[str]:
    """What follows up to the next link."""
    for sibling in following(item):
        if sibling.tag == "a" or sibling.find("a") is not None:
            return
        yield from sibling.strings


def _next_page(every: Links, page: Page) -> tuple[str | None, bool]:
    """Address of the next page, and whether it is guessed."""
    texts = short_texts(page.root, {"a"}, _LABEL)
    labels = {link: text for link, text in texts.items() if link.attr("href")}
    if named := [link for link, text in labels.items() if _NEXT.fullmatch(text)]:
        led_to = (every[link] for link in named if link in every)
        others = (a.url for a in led_to if a.on_site and a.canonical != page.address.canonical)
        return next(others, None), False
    number = page.address.page
    if announced := page.announced.urls:
        return (announced[number] if number < len(announced) else None), False
    if numbered := _numbered_pages(every.values(), page):
        return numbered.get(number + 1), False
    if any(map(_PREVIOUS.fullmatch, labels.values())) or any(map(page.select, _PAGING)):
        return None, False
    return _guess(page), True


def _numbered_pages(found: Iterable[Address], page: Page) -> dict[int, str]:
    """The other pages of the same list that are linked to, by their number."""
    own = page.address
    return {
        address.page: address.url
        for address in found
        if address.kind is Kind.LIST
        and address.page not in (1, own.page)
        and _folder(address) == _folder(own)
    }


def _folder(address: Address) -> str:
    return address.canonical.rsplit("/", 1)[0]


def _guess(page: Page) -> str | None:
    """Where the next page would be."""
    if page.address.kind is not Kind.LIST:
        return None
    path = urlsplit(page.url).path
    ending = path.rsplit(".", 1)[-1] if "." in path else "shtml"
    return addresses.join(page.url, f"index_{page.address.page}.{ending}")
