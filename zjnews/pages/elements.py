"""The elements of a page: their text, and which of them are near, outside or inside others. Each
question is answered in one walk, or by looking at few elements: in time that is linear in the page.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import chain, islice, pairwise

from lxml import etree

from zjnews.text.cleaning import fold

_TEXTS = etree.XPath("descendant::text()", smart_strings=False)
_SHOWN = ("img", "video", "iframe", "embed")
FEW = 20  # so many elements of one kind are looked at where a page should have one
_PARTS = 64  # a small element holds no more elements, all levels counted


class Inside:
    """Whether an element has a mark or is in one that has; every element is looked at once."""

    def __init__(self, is_marked: Callable[[etree._Element], bool]) -> None:
        self.is_marked = is_marked
        self.known: dict[etree._Element, bool] = {}

    def __call__(self, element: etree._Element | None) -> bool:
        if element is None:
            return False
        unknown: list[etree._Element] = []
        is_inside = False
        for around in chain((element,), element.iterancestors()):
            if around in self.known:
                is_inside = self.known[around]
                break
            unknown.append(around)
        for around in reversed(unknown):
            is_inside = self.known[around] = is_inside or self.is_marked(around)
        return is_inside


def short_texts(
    root: etree._Element, tags: Collection[str], longest: int, joint: str = ""
) -> dict[etree._Element, str]:
    """The elements of some tags with at most so many characters of folded text, in page order.
    `joint`: what is put between the texts of different elements."""
    parts: list[str] = []
    sizes = [0]  # characters up to each part
    starts: dict[etree._Element, int] = {}
    found: dict[etree._Element, str] = {}
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if event == "start" and element.tag in tags:
            starts[element] = len(parts)
            found[element] = ""
        elif event == "end" and element.tag in tags:
            start = starts[element]
            if sizes[len(parts)] - sizes[start] > longest:
                del found[element]
            else:
                found[element] = fold(joint.join(parts[start:]))
        text = (element.text if event == "start" else element.tail) or ""
        if text.strip():
            parts.append(text)
            sizes.append(sizes[-1] + max(len(fold(text)), 1))
        elif text and parts and parts[-1] != " ":
            parts.append(" ")
            sizes.append(sizes[-1])
    return {element: text for element, text in found.items() if len(text) <= longest}


def text_in(element: etree._Element, between: str = "") -> str:
    """The folded text of an element, a line break as a space, `between` between its parts."""
    if element.tag in ("script", "style"):
        return ""
    if not len(element):
        return fold(element.text or "")
    if next(element.iter("br"), None) is not None:
        between = " "
    return fold(between.join(_TEXTS(element)))


def text_of_small(element: etree._Element, between: str = "", parts: int = _PARTS) -> str:
    """The same, but empty for an element of many parts, so that nested ones take linear time."""
    is_large = next(islice(element.iter(), parts, None), None) is not None
    return "" if is_large else text_in(element, between)


def holds_anything(element: etree._Element) -> bool:
    """Whether there is text, a picture or a video in an element."""
    texts = (text for text in element.itertext() if not text.isspace())
    return next(texts, None) is not None or next(element.iter(*_SHOWN), None) is not None


def outermost(elements: list[etree._Element]) -> list[etree._Element]:
    """Those of some elements, in page order, that are not inside another one of them."""
    if len(elements) == 1:
        return elements
    tags = {element.tag for element in elements}
    inside: set[etree._Element] = set()
    found = []
    for element in elements:
        if element not in inside:
            found.append(element)
            inside.update(element.iterdescendants(*tags))
    return found


def outermost_inside(element: etree._Element, tag: str) -> Iterator[etree._Element]:
    """The elements of a tag inside an element that are not inside another one of them."""
    steps = etree.iterwalk(element, events=("start",), tag=tag)
    for _, found in steps:
        if found is not element:
            steps.skip_subtree()
            yield found


def with_ancestors(elements: Iterable[etree._Element]) -> set[etree._Element]:
    """Some elements and all that they are in."""
    found: set[etree._Element] = set()
    for element in elements:
        around: etree._Element | None = element
        while around is not None and around not in found:
            found.add(around)
            around = around.getparent()
    return found


def above(element: etree._Element) -> Iterator[etree._Element]:
    """What is before an element, nearest first, from its own siblings outwards."""
    for level in (element, *element.iterancestors()):
        yield from level.itersiblings(preceding=True)


def texts_between(first: etree._Element, last: etree._Element) -> Iterator[str]:
    """The texts after one element and before another, one for each child element."""
    path = [last, *last.iterancestors()]
    on_path = set(path)
    node: etree._Element | None = first
    while node is not None and node not in on_path:
        yield fold(node.tail or "")
        for sibling in node.itersiblings():
            if sibling in on_path:
                yield from _texts_down(list(reversed(path[: path.index(sibling) + 1])))
                return
            yield text_in(sibling, " ")
            yield fold(sibling.tail or "")
        node = node.getparent()


def _texts_down(path: list[etree._Element]) -> Iterator[str]:
    """The texts before the last element of a path, from the outermost inwards."""
    for element, inner in pairwise(path):
        yield fold(element.text or "")
        for child in element:
            if child is inner:
                break
            yield text_in(child, " ")
            yield fold(child.tail or "")
