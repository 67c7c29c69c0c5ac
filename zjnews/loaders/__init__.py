"""Which layout a page has, and the article its loader reads; or why the page is no article."""

from __future__ import annotations

import re

from zjnews.addresses import Kind
from zjnews.items import Article, Rejected, text_of
from zjnews.loaders.app import AppLoader
from zjnews.loaders.base import ArticleLoader
from zjnews.loaders.county import CountyLoader
from zjnews.loaders.english import EnglishLoader
from zjnews.loaders.fallback import SENTENCE, FallbackLoader
from zjnews.loaders.housing import HousingLoader
from zjnews.loaders.old import OldLoader
from zjnews.loaders.paper import PaperLoader
from zjnews.loaders.plaintext import PlaintextLoader
from zjnews.loaders.trs import TrsLoader
from zjnews.loaders.trs2016 import Trs2016Loader
from zjnews.page import Page

LAYOUTS: tuple[type[ArticleLoader], ...] = (
    EnglishLoader,  # before the Chinese layouts, whose containers English pages borrow
    TrsLoader,
    Trs2016Loader,  # before `old`: the same containers and a `div.time` more
    OldLoader,
    AppLoader,
    PaperLoader,
    CountyLoader,
    HousingLoader,
    PlaintextLoader,
)
"""Asked in this order; a new layout is one more module and one more line."""

_NOT_FOUND = re.compile(
    r"\b404\b|页面(?:不存在|没有找到|未找到)|找不到(?:该|您)?.{0,6}(?:页|网页|文章)"
    r"|(?:page )?not found"
    r"|(?:您|你)(?:访问|查看|请求)的(?:页面|文章|内容).{0,8}(?:不存在|已删除|被删除)|文章(?:不存在|已(?:被)?删除)",
    re.I,
)
_NOT_FOUND_ROOM = 200
"""Characters at the top of a page in which it says that it holds nothing."""
_ENOUGH_TEXT = 80
"""Characters that an article of no known layout must have, since nothing else speaks for it."""


def load(page: Page) -> Article:
    """Read the article of a page. Raises `Rejected` where the page is none, with the reason
    `not-found-page`, `list-page` or `no-article`, or `LeadsOn` where it leads to another page.
    One page of several is read as it stands; `joining` puts them together."""
    for layout in LAYOUTS:
        if layout.recognises(page):
            article = layout(page).load()
            return article if article.body else _without_body(page, article)
    return _load_unknown(page)


def _without_body(page: Page, article: Article) -> Article:
    """A known layout with nothing in it is an article still, unless the page only leads on."""
    _refuse_redirect(page)
    return article


def _load_unknown(page: Page) -> Article:
    if not page.is_markup:
        raise Rejected("no-article", "text without the shape of a page")
    _refuse_redirect(page)
    if page.address.kind in (Kind.LIST, Kind.PAPER_PAGE, Kind.PAPER_FRONT):
        raise Rejected("list-page", f"address of a {page.address.kind.value}")
    if found := _NOT_FOUND.search(f"{page.title} {page.visible_text[:_NOT_FOUND_ROOM]}"):
        raise Rejected("not-found-page", f"says {found[0]}")
    article = FallbackLoader(page).load()
    text = text_of(article.body)
    if len(text) < _ENOUGH_TEXT or not SENTENCE.search(text):
        raise _nothing_there(page)
    return article


def _nothing_there(page: Page) -> Rejected:
    links = sum(1 for link in page.root.iter("a") if link.get("href"))
    if links >= 10:
        return Rejected("list-page", f"{links} links and no text")
    return Rejected("no-article", "no known layout and no body of text")


def _refuse_redirect(page: Page) -> None:
    if leads_on := page.leads_on:
        raise leads_on
