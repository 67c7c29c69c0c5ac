"""Layout `fallback`: no known layout fits. Tries the containers seen anywhere on the site, then
asks trafilatura where the text is."""

import logging
import re
from collections.abc import Mapping
from functools import cached_property

from lxml import etree

from zjnews.loaders.base import ANYWHERE, HEADINGS, SENTENCE, ArticleLoader, lines_in
from zjnews.loaders.walk import lines_of
from zjnews.pages.elements import outermost, text_of_small
from zjnews.pages.tree import Element, Text, around, children_of
from zjnews.text.cleaning import squeeze
from zjnews.text.furniture import is_notice, names_site

_VAGUE = ("div.content", "div#content", "div.article", "div#article", "article")
"""Containers that may hold the page's frame as well."""
_CONTAINERS = tuple(
    "html body form center main article section div table tbody tr td span founder-content".split()
)
_ENOUGH_BODY = 80  # characters of text (white space apart) that make a container a body
_BRIEF = 30  # the same at an article's address, which speaks for a short text
_GUESS_LENGTH = 400_000
"""Characters of markup that are too many for trafilatura, which is not linear in all of them."""
_GUESS_DEPTH = 100  # levels of elements, the same
_GUESS_ATTRIBUTES = 1000  # of an element; libxml2 takes the square of them
_PIECE = 65536  # bytes of markup
_LINKED_SHARE = 0.4  # a container with more of its text in links is a list
_TAIL = re.compile(r"\s*(?:_|\||--|-{1,2}(?=[^-]*$))\s*")
"""What separates a title from section and site in `<title>`."""
_AROUND_TITLE = 20  # characters that may be beside a title in its element: `[北京日记]`, `(图)`
_TITLE_TAGS = ("div", "td", "p", "span")
_TITLE_NAME = re.compile(r"(?:^|[\s_-])(?:title|tit|bt|biaoti|headline)(?=$|[\s_\d-])", re.I)
_SHORTEST_TITLE, _LONGEST_TITLE = 4, 80
_FOUND_SHARE = 0.9  # share of what trafilatura found that the chosen element must hold
_SAMPLE = 100  # so many lines and more are enough to tell where the text is

# What they cannot read is counted and named by us; their own lines for that are of the level ERROR.
for _library in ("trafilatura", "htmldate"):
    logging.getLogger(_library).setLevel(logging.CRITICAL)


class FallbackLoader(ArticleLoader):
    layout = "fallback"
    body_css = (*ANYWHERE, "div.content.cf", "div.art-con")
    furniture = "cprtip"

    title_css = (
        "div.contTit",
        "h1.artTitle",
        "div.artTitle",
        "div.detail-title",
        ".atricle_title",
        ".main-article-title",
    )

    @property
    def enough(self) -> int:
        """Characters that make a text an article."""
        return _BRIEF if self.page.address.is_article else _ENOUGH_BODY

    @cached_property
    def title_element(self) -> Element | None:
        """That of a known layout, else the one `<title>` names, else a heading above the body."""
        known = next(filter(text_of_small, self.select(self.title_css)), None)
        if known is not None:
            return known
        headings = list(filter(text_of_small, self.page.root.iter_elements(HEADINGS)))
        whole = squeeze(self.page.title)
        named = next((h for h in headings if whole.startswith(squeeze(text_of_small(h)))), None)
        if named is None:
            named = self.element_named()
        if named is None and headings and self.is_above_body(headings[0]):
            return headings[0]
        return named or self.element_called_title()

    def element_named(self) -> Element | None:
        """The smallest element that holds the title named by `<title>`, and little more."""
        title = self.title_elsewhere()
        if title is None or names_site(title):
            return None
        texts = (node for node in self.page.root.descendants if isinstance(node, Text))
        for holder in (text.parent for text in texts if title in text.data):
            if not isinstance(holder, Element) or holder.tag in ("script", "style", "title", "a"):
                continue
            if 0 < len(text_of_small(holder)) <= len(title) + _AROUND_TITLE:
                return holder
        return None

    def element_called_title(self) -> Element | None:
        """The first element above the body that has the class or id of a title, where `<title>`
        names no more than the site."""
        if not names_site(self.page.title):
            return None
        for element in self.page.root.iter_elements(_TITLE_TAGS):
            names = f"{element.attr('class') or ''} {element.attr('id') or ''}"
            if element in self.containers:
                break
            if _TITLE_NAME.search(names):
                text = text_of_small(element)
                if _SHORTEST_TITLE <= len(text) <= _LONGEST_TITLE and not names_site(text):
                    return element
        return None

    def is_above_body(self, element: Element) -> bool:
        """Whether an element comes before the body, or inside it."""
        if not self.containers:
            return True
        body = self.containers[0]
        ahead = (e for e in self.page.root.iter_elements() if e is element or e is body)
        return next(ahead) is element or body in around(element)

    def fill_title(self) -> None:
        if self.title_element is not None:
            self.fill_title_lines(lines_in(self.title_element))
        self.add_value("title", self.title_elsewhere())

    def title_elsewhere(self) -> str | None:
        return _TAIL.split(self.page.title, maxsplit=1)[0] or None

    @cached_property
    def containers(self) -> list[Element]:
        container = self.known_container()
        if container is None:
            container = self.found_container()
        return [] if container is None else [container]

    def known_container(self) -> Element | None:
        for css in (*self.body_css, *_VAGUE):
            for element in filter(self.is_body, outermost(self.page.select(css))):
                is_vague = css in _VAGUE
                return _smallest_holding(_sentences(element), element) if is_vague else element
        return None

    def filled_container(self) -> Element | None:
        """A container that holds sentences enough for a body, and not the title as well."""
        container = self.known_container()
        if container is None or sum(map(len, _sentences(container))) < _ENOUGH_BODY:
            return None
        title = self.title_element
        return None if title is not None and container in around(title) else container

    def found_container(self) -> Element | None:
        """The smallest element that holds what trafilatura finds, which leaves out captions and
        pictures."""
        lines = self.guessed_lines()
        lines = [line for line in lines if SENTENCE.search(line)] or lines
        if sum(map(len, lines)) < self.enough:
            return None
        found = _smallest_holding(lines, self.page.root)
        if not self.is_body(found):
            return None
        self.add_value("warnings", "body-guessed")
        return found

    def guessed_lines(self) -> list[str]:
        """What trafilatura takes for the text; of a very large or deep page, every sentence."""
        if not _is_simple(self.page.markup):
            return _sentences(self.page.root)
        import trafilatura  # noqa: PLC0415  half a second, which most crawls never need

        text = trafilatura.extract(self.page.markup, fast=True, include_comments=False) or ""
        cells = (line.strip("|") for line in map(squeeze, text.splitlines()))
        lines = [line for line in cells if line and not is_notice(line)]
        is_brief = sum(map(len, lines)) < _ENOUGH_BODY and self.page.address.is_article
        return _sentences(self.page.root) if is_brief else lines

    def is_body(self, element: Element) -> bool:
        """Whether a container holds a text rather than links."""
        length = len(squeeze(element.text))
        linked = sum(len(squeeze(link.text)) for link in outermost(element.find_all("a")))
        return length >= self.enough and linked < length * _LINKED_SHARE


class _TooComplexError(Exception):
    """A page that would cost trafilatura very much."""


class _Counting:
    """What lxml is to count on its way through a page."""

    depth = 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        self.depth += 1
        if self.depth > _GUESS_DEPTH or len(attributes) > _GUESS_ATTRIBUTES:
            raise _TooComplexError

    def end(self, tag: str) -> None:
        self.depth -= 1

    def close(self) -> None:
        """What lxml calls at the end."""


def _is_simple(markup: str) -> bool:
    """Whether trafilatura, which parses a page by lxml, will do with it in a time that is linear in
    its length."""
    if len(markup) > _GUESS_LENGTH:
        return False
    source = markup.encode("utf-8", "replace")
    parser = etree.HTMLParser(encoding="utf-8", huge_tree=True, target=_Counting())
    try:
        # In pieces, since libxml2 reads on to the end after what is raised within.
        for start in range(0, len(source), _PIECE):
            parser.feed(source[start : start + _PIECE])
        parser.close()
    except _TooComplexError:
        return False
    return True


def _sentences(element: Element) -> list[str]:
    """The texts of an element that are sentences rather than titles and links."""
    lines = (line for line in lines_of(element) if not line.is_link and not is_notice(line.text))
    return [squeeze(line.text) for line in lines if SENTENCE.search(line.text)]


def _smallest_holding(lines: list[str], root: Element) -> Element:
    """Go down from the root as long as one child alone holds most of the lines."""
    lines = lines[:: len(lines) // _SAMPLE + 1]
    enough = _FOUND_SHARE * sum(map(len, lines))
    element = root
    for _ in range(_GUESS_DEPTH):
        for child in (each for each in children_of(element) if each.tag in _CONTAINERS):
            text = squeeze(child.text)
            if sum(len(line) for line in lines if line in text) >= enough:
                element = child
                break
        else:
            break
    return element
