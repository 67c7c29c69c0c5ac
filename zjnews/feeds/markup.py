"""The body of a record as HTML."""

from collections.abc import Callable
from typing import Any

from lxml.html import HtmlElement, tostring
from lxml.html.builder import E


def html_of(body: list[dict[str, Any]]) -> str:
    """The blocks in their order, one element a line."""
    elements = (_ELEMENTS[block["type"]](block) for block in body)
    return "\n".join(
        tostring(element, encoding="unicode") for element in elements if element is not None
    )


def is_web(url: str | None) -> bool:
    """Whether a reader may be led to an address: nothing but http and https."""
    return bool(url) and str(url).lower().startswith(("http://", "https://"))


def _image(block: dict[str, Any]) -> HtmlElement | None:
    """A picture with what is said of it; where it has no address, only what is said."""
    parts = []
    if is_web(block["url"]):
        parts.append(E.img(src=block["url"], alt=block["alt"] or block["caption"] or ""))
    if said := [words for words in (block["caption"], block["credit"]) if words]:
        parts.append(E.figcaption(" · ".join(said)))
    return E.figure(*parts) if parts else None


def _video(block: dict[str, Any]) -> HtmlElement:
    url = block["url"]
    return E.p(E.a(url, href=url) if is_web(url) else url)


_ELEMENTS: dict[str, Callable[[dict[str, Any]], HtmlElement | None]] = {
    "paragraph": lambda block: E.p(block["text"]),
    "heading": lambda block: E.h2(block["text"]),
    "image": _image,
    "table": lambda block: E.table(*(E.tr(*map(E.td, row)) for row in block["rows"])),
    "video": _video,
}
