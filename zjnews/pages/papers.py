"""Newspapers: what a printed page names, articles and further pages, and the issues of a month."""

import re
from dataclasses import dataclass
from datetime import date

from lxml import etree

from zjnews.pages.elements import short_texts
from zjnews.pages.page import Page
from zjnews.pages.tree import Element
from zjnews.site import addresses
from zjnews.site.addresses import Address, Kind
from zjnews.text.cleaning import fold

_HEADING = re.compile(r"第\s?(?P<page>[A-Z]?\d{1,6})\s?版\s?[:：]?\s?(?P<name>[^\s:：]{1,20})?")
"""`第00003版：要闻`, of one page only."""
_HEADING_LENGTH = 60
_HEADING_TAGS = frozenset("a div span strong td p h1 h2 title".split())
_DATE = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)")


@dataclass(frozen=True, slots=True)
class PrintedPage:
    """One printed page of an issue."""

    articles: list[Address]  # from its list and its picture map, each once
    pages: list[Address]  # the other printed pages of the issue that it links to
    number: str | None  # `00003`
    name: str | None  # `要闻`


def read_printed_page(page: Page) -> PrintedPage:
    """Read a printed page. Links to other issues are left out."""
    hrefs = {e: e.attr("href") for e in page.root.iter_elements(("a", "area"))}
    links = {
        element: addresses.address_of(href, page.base) for element, href in hrefs.items() if href
    }
    found: dict[str, Address] = {}
    for address in links.values():
        is_same_issue = (address.paper, address.date) == (page.address.paper, page.address.date)
        if is_same_issue and address.canonical != page.address.canonical:
            found.setdefault(address.canonical, address)
    heading = _heading(page, links)
    return PrintedPage(
        articles=[address for address in found.values() if address.kind is Kind.PAPER],
        pages=[address for address in found.values() if address.kind is Kind.PAPER_PAGE],
        number=heading["page"] if heading else None,
        name=heading["name"] if heading else None,
    )


def _heading(page: Page, links: dict[Element, Address]) -> re.Match[str] | None:
    """Number and name of the page: as the link to itself has them, else those it prints first."""
    texts = short_texts(page.root, _HEADING_TAGS, _HEADING_LENGTH, joint=" ")
    own = [e for e in texts if e in links and links[e].canonical == page.address.canonical]
    for element in (*own, *(element for element in texts if element.tag != "a")):
        headings = list(_HEADING.finditer(texts[element]))
        if len(headings) == 1:
            return headings[0]
    return None


def front_of(paper: str, day: date) -> str:
    """Address of the front page of an issue, which leads to its first printed page."""
    return f"{_month_of(paper, day)}/{day:%d}/{paper}index.htm"


def issues_of(paper: str, day: date) -> str:
    """Address of the list of the issues of a month."""
    return f"{_month_of(paper, day)}/paper_existed.xml"


def _month_of(paper: str, day: date) -> str:
    return f"https://{addresses.paper_host(paper)}/html/{day:%Y-%m}"


def read_issues(body: bytes, url: str) -> dict[date, str]:
    """The days of a month with an issue, each with its first printed page. Raises ValueError."""
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True)
    try:
        root = etree.fromstring(body, parser) if body.strip() else None
    except etree.XMLSyntaxError as error:
        raise ValueError("no list of issues") from error
    elements = [] if root is None else [e for e in root.iter() if isinstance(e.tag, str)]
    days = [element for element in elements if element.tag.lower() == "period_date"]
    if not days and not any(element.tag.lower() == "period_list" for element in elements):
        raise ValueError("no list of issues")
    found = {day: _join(url, day, _front_beside(e)) for e in days if (day := _day(e.text or ""))}
    if days and not found:
        raise ValueError(f"no date in {len(days)} issues")
    return found


def _front_beside(element: etree._Element) -> str:
    """The front page that is named for the day of an element, or empty."""
    for sibling in element.itersiblings():
        tag = str(sibling.tag).lower()
        if tag == "front_page":
            return fold(sibling.text or "")
        if tag == "period_date":
            return ""
    before = element.itersiblings(preceding=True)
    fronts = (e.text for e in before if str(e.tag).lower() == "front_page")
    return fold(next(fronts, None) or "")


def _day(text: str) -> date | None:
    digits = _DATE.search(text)
    try:
        return date(*map(int, digits.groups())) if digits else None
    except ValueError:
        return None


def _join(url: str, day: date, front: str) -> str:
    """The address of a front page; a bare name is in the folder of its day."""
    named = addresses.join(url, front if "/" in front else f"{day:%d}/{front}") if front else None
    return named or front_of(addresses.address_of(url).paper or "", day)
