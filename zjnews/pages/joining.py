"""Articles of several pages: which pages an article has, and how they become one record."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain

from zjnews.items import Article, Payload, Rejected
from zjnews.pages.page import Page
from zjnews.site import addresses
from zjnews.text.cleaning import unique

_MOST = 100  # no article has more pages; whatever counts further is a loop
_NAMES = ("authors", "editors", "translators", "photographers", "keywords")


def pages_of(page: Page) -> dict[int, str]:
    """The other pages of the article on a page that it links to or announces, address by number."""
    address = page.address
    # Nearly every article has one page, and says nothing that looks like another.
    may_have = address.page > 1 or page.may_have_further_pages or page.announced.urls
    if not address.is_article or not may_have:
        return {}
    leading = (page.document.find_all(tag) for tag in ("a", "link", "option"))
    elements = chain.from_iterable(leading)
    links = (each.attr("value" if each.tag == "option" else "href") or "" for each in elements)
    urls = [link for link in links if address.number and address.number in link]
    found: dict[int, str] = {}
    for url in [*urls, *page.announced.urls]:
        other = addresses.address_of(url, page.base)
        if other.id == address.id and other.page != address.page and other.page <= _MOST:
            found.setdefault(other.page, other.url.split("#", 1)[0])
    return found


def may_lack_pages(page: Page) -> bool:
    """Whether scripts draw links to further pages of an article that nothing else names."""
    return page.address.is_article and not page.announced.is_readable and not pages_of(page)


@dataclass
class Pages:
    """The pages of one article, as far as they have been read."""

    read: dict[int, Article] = field(default_factory=dict)
    urls: dict[int, str] = field(default_factory=dict)
    """Every page that is known of, the first one apart."""
    missing: set[int] = field(default_factory=set)  # those that the site does not have

    def add(self, article: Article, number: int, others: dict[int, str]) -> None:
        """`others`: the pages that this one leads to, address by number."""
        self.read[number] = article
        for other, url in others.items():
            if other > 1:
                self.urls.setdefault(other, url)

    @property
    def next(self) -> tuple[int, str] | None:
        """Number and address of the next page to read; None when all have been."""
        wanted = sorted(self.urls.keys() - self.read.keys() - self.missing)
        return (wanted[0], self.urls[wanted[0]]) if wanted else None

    @property
    def is_whole(self) -> bool:
        return 1 in self.read and self.next is None

    def joined(self) -> Article:
        """The first page's article with the others' bodies and names; `page-missing` if one is."""
        article = self.read[1]
        for number in sorted(self.read)[1:]:
            later = self.read[number]
            article.body = article.body + later.body
            for names in _NAMES:
                setattr(article, names, unique([*getattr(article, names), *getattr(later, names)]))
            article.payloads = _joined_payloads(article.payloads, later.payloads)
            article.warnings = [*article.warnings, *later.warnings]
            article.modified_raw = article.modified_raw or later.modified_raw
        article.page_count = len(self.read)
        if len(self.read) > 1:
            # What they say of the first page says nothing of the others.
            article.etag = article.last_modified = None
        if self.missing or self.next or len(self.read) < max(self.read):
            article.warnings = unique([*article.warnings, "page-missing"])
        return article


class Gathering:
    """The pages of articles as they come out of an archive, in any order."""

    def __init__(self) -> None:
        self.incomplete: dict[str, Pages] = {}  # by id, articles of which some pages have come

    def add(self, article: Article, number: int, others: dict[int, str]) -> Article | None:
        """The article, once its last page has come. `others`: address by number of page."""
        pages = self.incomplete.pop(article.id, None) or Pages()
        pages.add(article, number, others)
        if pages.is_whole:
            return pages.joined()
        self.incomplete[article.id] = pages
        return None

    def leave(self) -> Iterator[tuple[Article, Rejected | None]]:
        """The articles that lack pages; with a rejection, those that lack the first."""
        for pages in self.incomplete.values():
            if 1 in pages.read:
                yield pages.joined(), None
                continue
            for number, article in pages.read.items():
                # By itself it would pass for the whole article.
                yield article, Rejected("later-page", f"page {number} of {article.id}")
        self.incomplete.clear()


def number_of(page: Page) -> int:
    """Which page of its article a page is, from 1."""
    return page.address.page if page.address.is_article else 1


def _joined_payloads(first: list[Payload], later: list[Payload]) -> list[Payload]:
    """The payloads of both pages; one that goes on has its texts put together."""
    by_number = {payload.number: payload for payload in first}
    for payload in later:
        known = by_number.setdefault(payload.number, payload)
        if payload.text not in known.text:
            known.text = f"{known.text}\n{payload.text}"
    return list(by_number.values())
