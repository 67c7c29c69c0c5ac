"""The tree of a page, as a browser builds it (HTML5). Nothing else knows which parser that is."""

import re
from collections.abc import Iterator
from typing import cast

from turbohtml import Document, Element, Node, Text, parse

__all__ = [
    "Document",
    "Element",
    "Node",
    "Text",
    "around",
    "children_of",
    "document_of",
    "following",
    "parent_of",
    "preceding",
    "root_of",
]

_UNSEEN = "//comment()|//processing-instruction()"
_MANY = 2000  # tags; a page with more may hold what takes the square of it
_REOPENED = re.compile(r"<(b|big|code|em|font|i|s|small|strike|strong|tt|u)[\s/][^>]*", re.I)
"""Elements that HTML5, where they are not closed, opens anew in every paragraph: up to 512, of
which no more than three are the same."""
_MOST_REOPENED = 4_000_000
_MANY_REOPENED = 6000  # tags; with fewer there cannot be so many
_MERGED = re.compile(r"<([bBhH][oOtT][dDmM][yYlL])(?<=(?i:body|html))[\s/][^>]*")
"""Elements that every later tag of theirs gives more attributes, each of which is looked for among
all before it, and copied. By their letters first, which takes half the time."""
_LONG = 100_000  # characters; in fewer that takes half a second at most

# glibc keeps the memory of a page for the next one once as much has been freed, see mallopt(3).
# Otherwise it asks the system for it each time, and a page of 100 KB takes a seventh longer.
bytes(8 * 1024 * 1024)


def document_of(markup: str) -> Document:
    """A page. Its `html` element has no comments in it, and each text is one node. Look-ups in the
    document are faster than those in its `html`: it has an index of the tags."""
    document = parse(_bounded(markup), positions=False)
    unseen = cast("list[Node]", document.xpath(_UNSEEN))
    for node in unseen:
        node.extract()
    if unseen:
        root_of(document).normalize()
    return document


def root_of(document: Document) -> Element:
    """The `html` element, which every page has in HTML5."""
    assert document.root is not None
    return document.root


def _bounded(markup: str) -> str:
    """The markup, without some attributes where they would fill the memory."""
    tags = markup.count("<")
    if tags > _MANY or len(markup) > _LONG:
        merged = [name.lower() for name in _MERGED.findall(markup)]
        if len(merged) > len(set(merged)):
            markup = _MERGED.sub(r"<\1", markup)
    if tags > _MANY_REOPENED:
        bare, reopened = _REOPENED.subn(r"<\1", markup)
        return bare if reopened * tags > _MOST_REOPENED else markup
    return markup


def parent_of(element: Element) -> Element | None:
    """The element around another one."""
    parent = element.parent
    return parent if isinstance(parent, Element) else None


def around(node: Node) -> Iterator[Element]:
    """The elements around a node, from the nearest on."""
    return (each for each in node.ancestors if isinstance(each, Element))


def children_of(element: Element) -> Iterator[Element]:
    """The elements right in an element."""
    return (child for child in element if isinstance(child, Element))


def following(element: Element) -> Iterator[Element]:
    """The elements after another one, in the same element."""
    return (each for each in element.next_siblings if isinstance(each, Element))


def preceding(element: Element) -> Iterator[Element]:
    """The elements before another one, in the same element, the nearest first."""
    return (each for each in element.previous_siblings if isinstance(each, Element))
