"""Articles of several pages: which pages an article has, and how they become one record."""

from __future__ import annotations

from dataclasses import dataclass, field

from zjnews import addresses
from zjnews.items import Article, Payload
from zjnews.page import Page
from zjnews.text import unique

_MOST = 100
"""No article has more pages; whatever counts further is a loop."""
_NAMES = ("authors", "editors", "translators", "photographers", "keywords")


def pages_of(page: Page) -> dict[int, str]:
    """The other pages of the article on a page that it links to or announces, address by number."""
    address = page.address
    if not address.is_article:
        return {}
    links = (link.get("href") or "" for link in page.root.iter("a"))
    urls = [link for link in links if address.number and address.number in link]
    found: dict[int, str] = {}
    for url in [*urls, *page.pages_announced]:
        other = addresses.read(url, page.url)
        if other.id == address.id and other.page != address.page and other.page <= _MOST:
            found.setdefault(other.page, other.url.split("#", 1)[0])
    return found


@dataclass
class Pages:
    """The pages of one article, as far as they have been read."""

    read: dict[int, Article] = field(default_factory=dict)
    urls: dict[int, str] = field(default_factory=dict)
    """Every page that is known of, the first one apart."""
    missing: set[int] = field(default_factory=set)
    """Those that the site does not have."""

    def add(self, page: Page, article: Article, number: int) -> None:
        self.read[number] = article
        for other, url in pages_of(page).items():
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
        """The article of the first page with the bodies of the others behind it, each name once;
        `page-missing` where a page was not to be had."""
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
            article.warnings = [*article.warnings, "page-missing"]
        return article


def _joined_payloads(first: list[Payload], later: list[Payload]) -> list[Payload]:
    """The payloads of both pages; one that goes on has its texts put together."""
    by_number = {payload.number: payload for payload in first}
    for payload in later:
        known = by_number.setdefault(payload.number, payload)
        if payload.text not in known.text:
            known.text = f"{known.text}\n{payload.text}"
    return list(by_number.values())
