"""Which layout a page has, and the article its loader reads; or why the page is no article."""

from zjnews.items import Article, Rejected, text_of
from zjnews.loaders.base import SENTENCE, ArticleLoader
from zjnews.loaders.doubts import doubts
from zjnews.loaders.english import EnglishLoader
from zjnews.loaders.fallback import FallbackLoader
from zjnews.loaders.forms import (
    AppLoader,
    CountyLoader,
    HousingLoader,
    OldLoader,
    Trs2016Loader,
    TrsLoader,
)
from zjnews.loaders.paper import PaperLoader
from zjnews.loaders.plaintext import PlaintextLoader
from zjnews.loaders.walk import lines_of
from zjnews.pages.page import Page
from zjnews.site.addresses import Kind
from zjnews.text import furniture
from zjnews.text.furniture import Message

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
"""Asked in this order; a new layout is one more form and one more line."""


def load(page: Page) -> Article:
    """Read the article of a page. Raises `Rejected` where the page is none, with the reason
    `not-found-page`, `list-page` or `no-article`, or `LeadsOn` where it leads to another page.
    One page of several is read as it is; `joining` puts them together."""
    article = _load(page)
    article.warnings.extend(doubts(page, article))
    return article


def _load(page: Page) -> Article:
    loader = next((layout(page) for layout in LAYOUTS if layout.recognises(page)), None)
    if loader is None:
        return _load_unknown(page)
    article = loader.load()
    _refuse_message(article)
    if not article.body:
        _refuse_redirect(page)
        return _with_body_elsewhere(page, type(loader)) or article
    if loader.is_list:
        raise Rejected("list-page", "links where the article would be")
    return article


def _with_body_elsewhere(page: Page, layout: type[ArticleLoader]) -> Article | None:
    """The article of a page whose own container is empty, with the text of a container of pages
    that have no layout; None if no such container holds sentences."""
    container = FallbackLoader(page).filled_container() if page.is_markup else None
    if container is None:
        return None
    loader = layout(page)
    loader.containers = [container]
    article = loader.load()
    return article if SENTENCE.search(text_of(article.body)) else None


def _load_unknown(page: Page) -> Article:
    _refuse_redirect(page)
    if page.address.kind in (Kind.LIST, Kind.PAPER_PAGE, Kind.PAPER_FRONT):
        raise Rejected("list-page", f"address of a {page.address.kind.value}")
    loader = FallbackLoader(page)
    article = loader.load()
    text = text_of(article.body)
    if len(text) < loader.enough or not SENTENCE.search(text):
        raise _nothing_there(page)
    if message := furniture.message_of(article.title or ""):
        raise _rejected(message)
    _refuse_message(article)
    return article


def _refuse_message(article: Article) -> None:
    """Raises Rejected where all that the article says is a message of the site."""
    if any(block.text is None for block in article.body):
        return
    title = article.title or ""
    lines = [block.text for block in article.body if block.text]
    message = furniture.message_in(lines or [title])
    if message := message or furniture.message_below(title, lines):
        raise _rejected(message)


def _rejected(message: Message) -> Rejected:
    # What is there later, or for others, must not be remembered as gone.
    reason = "not-found-page" if message.is_gone else "no-article"
    return Rejected(reason, f"says {message.line}")


def _nothing_there(page: Page) -> Rejected:
    own = (line.text for line in lines_of(page.root) if not line.is_link)
    messages = list(filter(None, map(furniture.message_of, (page.title.split("_")[0], *own))))
    if messages:
        return _rejected(min(messages, key=lambda message: message.is_gone))
    links = sum(1 for link in page.document.find_all("a") if link.attr("href"))
    if links >= 10:
        return Rejected("list-page", f"{links} links and no text")
    return Rejected("no-article", "no known layout and no body of text")


def _refuse_redirect(page: Page) -> None:
    if leads_on := page.leads_on:
        raise leads_on
