"""A corpus in a browser: datasette with our search, pages and charts."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from datasette import hookimpl
from datasette.app import Datasette
from datasette.database import Database
from datasette.filters import FilterArguments
from datasette.plugins import pm
from datasette.utils import tilde_encode
from lxml.html import tostring
from markupsafe import Markup

from zjnews.review import web
from zjnews.review.corpus import CorpusError, check, query_of

NAME = "corpus"
"""Of the database in addresses, whatever its file is called."""
_TEMPLATES = Path(__file__).parent / "templates"
_MOST_FOUND = 1_000
"""Articles that a search gives, those added last: to sort all that have a common word takes seconds
where there are a million."""
_LEADING = 12
"""Channels, sources and layouts of the first page."""
_POLICY = b"default-src 'self' 'unsafe-inline'; img-src 'self' data:; form-action 'self'"
_HIDDEN = ("search", "sqlite_stat1", "sqlite_stat4")
_METADATA = {
    "title": "News of Zhejiang",
    "databases": {
        NAME: {
            "tables": {
                "articles": {
                    "sort_desc": "published_at",
                    "label_column": "title",
                    "facets": ["day", "channel", "section", "source", "layout", "editor"],
                    "size": 30,
                },
                "people": {"facets": ["role"], "size": 50},
                "pictures": {"size": 50},
                "sections": {"size": 50},
                **{name: {"hidden": True} for name in _HIDDEN},
            }
        }
    },
}
_SETTINGS = {
    "default_facet_size": 15,
    "facet_time_limit_ms": 1_000,
    "sql_time_limit_ms": 5_000,
    "suggest_facets": False,
}
_FOUND = (
    "number IN"
    " (SELECT rowid FROM search WHERE search MATCH :words ORDER BY rowid DESC LIMIT :most_found)"
)
_BY_YEAR = "SELECT substr(day, 1, 4), count(*) FROM articles WHERE day IS NOT NULL GROUP BY 1"
_BY = "SELECT {0}, count(*) FROM articles WHERE {0} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC LIMIT ?"


def application(path: str | Path) -> Datasette:
    """The server of a corpus. Raises CorpusError."""
    if not pm.is_registered(_Plugin):
        pm.register(_Plugin, "zjnews")
    datasette = Datasette([], metadata=_METADATA, settings=_SETTINGS, template_dir=str(_TEMPLATES))
    if not Path(path).is_file():
        raise CorpusError(f"{path}: no such file; the command `corpus` makes one")
    check(path)
    datasette.add_database(Database(datasette, path=str(path), is_mutable=True), name=NAME)
    return datasette


class _Plugin:
    """What datasette asks of a plug-in."""

    @staticmethod
    @hookimpl
    def filters_from_request(request: Any, table: str) -> Any:
        """The search; datasette's own knows neither our index nor when to stop."""
        words = request.args.get("_search")
        if table != "articles" or not words:
            return None
        said = f"with {words!r}, {_MOST_FOUND:,} at most"
        return FilterArguments(
            [_FOUND], {"words": query_of(words) or '""', "most_found": _MOST_FOUND}, [said]
        )

    @staticmethod
    @hookimpl
    def extra_template_vars(datasette: Datasette, view_name: str) -> Any:
        async def more() -> dict[str, Any]:
            found: dict[str, Any] = {
                "zjnews_style": Markup(web.LIGHT + web.CHART_STYLE),  # noqa: S704  a constant
                "key_in_address": tilde_encode,
                "from_json": json.loads,
                "web_link": lambda url: _markup(web.link(url or "")),
            }
            if view_name == "index":
                found["charts"] = await charts(datasette)
            return found

        return more

    @staticmethod
    @hookimpl
    def asgi_wrapper() -> Callable[[Any], Any]:
        return _with_policy


async def charts(datasette: Datasette) -> list[Markup]:
    """Articles by year, layout, channel and source."""
    rows = await datasette.get_database(NAME).execute(_BY_YEAR)
    found = [web.columns("Articles by year", [tuple(row) for row in rows])]
    for column in ("layout", "channel", "source"):
        rows = await datasette.get_database(NAME).execute(_BY.format(column), [_LEADING])
        found.append(web.bars((column, "articles"), [tuple(row) for row in rows]))
    return list(map(_markup, found))


def _markup(element: Any) -> Markup:
    """An element of a page of ours for a template, which escapes text by itself."""
    if isinstance(element, str):
        return Markup.escape(element)
    return Markup(tostring(element, encoding="unicode"))  # noqa: S704  escaped by lxml


def _with_policy(app: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """The server, with a header that keeps its pages from loading anything from elsewhere."""

    async def wrapped(scope: Any, receive: Any, send: Callable[[Any], Awaitable[None]]) -> None:
        async def send_with_policy(event: Any) -> None:
            if event["type"] == "http.response.start":
                headers = [*event.get("headers", []), (b"content-security-policy", _POLICY)]
                event = {**event, "headers": headers}
            await send(event)

        await app(scope, receive, send_with_policy)

    return wrapped
