"""What a request carries from the callback that makes it to the one that reads its answer: one
value, under one key of its meta, which Scrapy copies to retries and redirects."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from scrapy import Request

from zjnews.pages.joining import Pages

_KEY = "zjnews"


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """Of a request for an article, a list or a picture."""

    asked: str = ""
    """Canonical address of the article that was requested first; "" for anything else."""
    known: bool = False
    """Whether the article was delivered before."""
    walk: str | None = None
    """Name of the walk that found it."""
    sections: tuple[str, ...] = ()
    """Where in a newspaper the article was found."""
    way: tuple[str, ...] = ()
    """Addresses of the pages that led to this one, the first one requested first."""
    number: int = 1
    """Which page of its article is requested."""
    pages: Pages | None = None
    """The pages of its article that were read so far."""
    is_image: bool = False
    sets_cookie: bool = False
    """Whether an answer on the way here was a redirect that came with a cookie."""
    fetched_at: datetime | None = None
    """When the answer was fetched, aware; only of one that comes from an archive."""

    @property
    def meta(self) -> dict[str, Any]:
        """The meta of a new request."""
        return {_KEY: self}

    def onward(self, **changes: Any) -> "Carried":
        """For a request that follows from this one: the same, but what is true of its answer
        only."""
        return replace(self, sets_cookie=False, fetched_at=None, **changes)


_NOTHING = Carried()


def carried_by(request: Request) -> "Carried":
    """What a request carries; the defaults for a request of any other spider."""
    carried: Carried = request.meta.get(_KEY, _NOTHING)
    return carried


def carry(request: Request, **changes: Any) -> None:
    """Change fields of what a request carries."""
    request.meta[_KEY] = replace(carried_by(request), **changes)


def way_to(request: Request) -> list[str]:
    """The addresses that led to a request: pages that led on, then redirects of the server."""
    return [*carried_by(request).way, *request.meta.get("redirect_urls", [])]


def first_asked(request: Request) -> str:
    """The address that was requested first."""
    return [*way_to(request), request.url][0]
