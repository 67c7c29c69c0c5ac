"""Layout `fallback`: no known layout fits. Tries the containers seen anywhere on the site, then
asks trafilatura where the text is."""

from __future__ import annotations

import logging
import re
from functools import cached_property

from lxml import etree

from zjnews.loaders.base import ArticleLoader, outermost, text_in
from zjnews.loaders.body import Line, pieces_of
from zjnews.text import squeeze

_VAGUE = ("div.content", "div.article", "article")
"""Containers that may hold the page's frame as well."""
_CONTAINERS = tuple(
    "html body form center main article section div table tbody tr td span founder-content".split()
)
SENTENCE = re.compile(r"[。！？；]|[.!?][\"”’)]*(?:\s|$)")
_ENOUGH_BODY = 80
"""Characters of text (white space apart) that make a container a body."""
_GUESS_LIMIT = 1_000_000
"""Characters of a page from which on trafilatura takes seconds."""
_LINKED_SHARE = 0.4
"""A container with more of its text in links is a list."""
_TAIL = re.compile(r"\s*(?:_|\||--|-{1,2}(?=[^-]*$))\s*")
"""What separates a title from section and site in `<title>`."""
_FOUND_SHARE = 0.9
"""Share of what trafilatura found that the chosen element must hold."""

logging.getLogger("trafilatura").setLevel(logging.ERROR)  # it warns of every page without a text


class FallbackLoader(ArticleLoader):
    layout = "fallback"
    body_css = (
        "div.contTxt",
        "div.artCon",
        "div.artical_real",
        "div.TRS_Editor",
        "div.content.cf",
        ".atricle_inner",
        "div.art-con",
        "founder-content",
    )
    furniture = "cprtip"

    def title_element(self) -> etree._Element | None:
        """The heading that `<title>` begins with, else the first one that says anything."""
        whole = squeeze(self.page.title)
        headings = [
            (squeeze("".join(h.itertext())), h) for h in self.page.root.iter("h1", "h2", "h3")
        ]
        headings = [(text, heading) for text, heading in headings if text]
        named = (heading for text, heading in headings if whole.startswith(text))
        return super().title_element() if not headings else next(named, headings[0][1])

    def fill_title(self) -> None:
        heading = self.title_element()
        self.add_value("title", None if heading is None else text_in(heading))
        self.add_value("title", self.title_elsewhere())

    def title_elsewhere(self) -> str | None:
        return _TAIL.split(self.page.title, maxsplit=1)[0] or None

    @cached_property
    def containers(self) -> list[etree._Element]:
        container = self.known_container()
        if container is None:
            container = self.found_container()
        return [] if container is None else [container]

    def known_container(self) -> etree._Element | None:
        for css in self.body_css:
            for element in filter(_is_body, outermost(self.page.select(css))):
                return element
        for css in _VAGUE:
            for element in filter(_is_body, outermost(self.page.select(css))):
                return _smallest_holding(_sentences(element), element)
        return None

    def found_container(self) -> etree._Element | None:
        """The smallest element that holds what trafilatura takes for the text. Reading the element
        ourselves keeps the paragraphs, captions and pictures that trafilatura leaves out."""
        lines = self.guessed_lines()
        lines = [line for line in lines if SENTENCE.search(line)] or lines
        if sum(map(len, lines)) < _ENOUGH_BODY:
            return None
        found = _smallest_holding(lines, self.page.root)
        if not _is_body(found):
            return None
        self.add_value("warnings", "body-guessed")
        return found

    def guessed_lines(self) -> list[str]:
        """What trafilatura takes for the text; of a very large page, every sentence."""
        if len(self.page.markup) > _GUESS_LIMIT:
            return _sentences(self.page.root)
        import trafilatura  # noqa: PLC0415  half a second, which most crawls never need

        text = trafilatura.extract(self.page.markup, fast=True, include_comments=False) or ""
        return list(map(squeeze, text.splitlines()))


def _sentences(element: etree._Element) -> list[str]:
    """The texts of an element that are sentences rather than titles and links."""
    pieces = pieces_of(element, "")
    return [squeeze(p.text) for p in pieces if isinstance(p, Line) and SENTENCE.search(p.text)]


def _is_body(element: etree._Element) -> bool:
    """Whether a container holds a text rather than links."""
    length = len(squeeze("".join(element.itertext())))
    linked = sum(len(squeeze("".join(link.itertext()))) for link in element.iter("a"))
    return length >= _ENOUGH_BODY and linked < length * _LINKED_SHARE


def _smallest_holding(lines: list[str], root: etree._Element) -> etree._Element:
    """Go down from the root as long as one child alone holds most of the lines."""
    enough = _FOUND_SHARE * sum(map(len, lines))
    element = root
    while True:
        for child in element.iterchildren(*_CONTAINERS):
            text = squeeze("".join(child.itertext()))
            if sum(len(line) for line in lines if line in text) >= enough:
                element = child
                break
        else:
            return element
