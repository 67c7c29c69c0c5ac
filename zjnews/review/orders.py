"""What the archives are read in again, an order at a time, and what an order gives."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from zjnews.archives import saved as archives
from zjnews.archives.saved import Found, MiscutError, Passed, SavedPage, Stretch, Unusable
from zjnews.items import Article, Rejected
from zjnews.loaders import reading
from zjnews.loaders.reading import Pipeline
from zjnews.pages import guard
from zjnews.pages.joining import number_of, pages_of
from zjnews.text.sketches import sketch

_COMPARED = ("id", "url", "canonical_url", "layout", "sketch", "warnings")
"""What is compared with other articles, and counted."""


@dataclass(slots=True)
class Piece:
    """One page of an article, which may have more of them."""

    article: Article
    number: int
    others: dict[int, str]
    """The pages that it leads to, address by number."""


@dataclass(slots=True)
class Whole:
    """An article that is finished, but not yet compared with others."""

    id_of_page: str
    """The id by the address, which further pages of it have too."""
    article: Article
    """Only what is compared and counted."""
    line: bytes
    """Its record as a line of JSON, without the end of the line."""


Outcome = Piece | Whole | Unusable | Passed
Order = list[Found] | Stretch
"""What is read at a time."""
Outcomes = list[Outcome] | None
"""What an order gives; None for a stretch that is miscut."""


def read_order(order: Order, pipelines: list[Pipeline]) -> Outcomes:
    """Raises OSError or StoreError where the archive of a stretch cannot be read."""
    pages = archives.read_stretch(order) if isinstance(order, Stretch) else order
    with guard.ticking(), suppress(MiscutError):
        return list(read_all(pages, pipelines))
    return None


def read_all(
    pages: Iterable[Found], pipelines: list[Pipeline], in_pieces: bool = False
) -> Iterator[Outcome]:
    """What each page, or record of a page, gives, in their order. `in_pieces`: leave every article
    unfinished."""
    # All pages first: to change between the steps at every page is an eighth slower.
    for outcome in list(map(_outcome_of, pages)):
        if in_pieces or not isinstance(outcome, Piece) or outcome.number > 1 or outcome.others:
            yield outcome
        else:
            yield whole(outcome.article, pipelines)


def _outcome_of(found: Found) -> Piece | Unusable | Passed:
    if not isinstance(found, SavedPage):
        return found
    try:
        read, article = reading.load(found.url, found.body, found.content_type, found.fetched_at)
    except Rejected as rejected:
        return Unusable(found.url, rejected)
    return Piece(article, number_of(read), pages_of(read))


def whole(article: Article, pipelines: list[Pipeline]) -> Whole | Unusable:
    """Finish an article that has all its pages."""
    id_of_page = article.id
    try:
        finished = reading.finish(article, pipelines)
    except Rejected as rejected:
        return Unusable(article.url, rejected)
    finished.sketch = sketch(finished.text)  # here, where other processes share the work
    compared = Article(**{key: getattr(finished, key) for key in _COMPARED})
    return Whole(id_of_page, compared, reading.line_of(finished.record()))
