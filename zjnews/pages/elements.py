"""The elements of a page: their text, and which of them are near, outside or inside others. Each
question is answered in one walk, or by looking at few elements: in time that is linear in the page.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import chain, islice, pairwise

from zjnews.pages.tree import Element, Node, Text, around, children_of, parent_of, preceding
from zjnews.text.cleaning import fold

_SHOWN = ("img", "video", "iframe", "embed")
FEW = 20  # so many elements of one kind are looked at where a page should have one
_PARTS = 64  # a small element holds no more elements, all levels counted


class Inside:
    """Whether an element has a mark or is in one that has; every element is looked at once."""

    def __init__(self, is_marked: Callable[[Element], bool]) -> None:
        self.is_marked = is_marked
        self.known: dict[Element, bool] = {}

    def __call__(self, element: Element | None) -> bool:
        if element is None:
            return False
        unknown: list[Element] = []
        is_inside = False
        for each in chain((element,), around(element)):
            if each in self.known:
                is_inside = self.known[each]
                break
            unknown.append(each)
        for each in reversed(unknown):
            is_inside = self.known[each] = is_inside or self.is_marked(each)
        return is_inside


def short_texts(
    root: Element, tags: Collection[str], longest: int, joint: str = ""
) -> dict[Element, str]:
    """The elements of some tags with at most so many characters of folded text, in page order.
    `joint`: what is put between the texts of different elements."""
    parts: list[str] = []
    sizes = [0]  # characters up to each part
    found: dict[Element, str] = {}
    opened = [(root, iter(root), 0)]
    if root.tag in tags:
        found[root] = ""
    while opened:
        element, nodes, start = opened[-1]
        for node in nodes:
            if isinstance(node, Element):
                if node.tag in tags:
                    found[node] = ""
                opened.append((node, iter(node), len(parts)))
                break
            text = node.data if isinstance(node, Text) else ""
            if text.strip():
                parts.append(text)
                sizes.append(sizes[-1] + max(len(fold(text)), 1))
            elif text and parts and parts[-1] != " ":
                parts.append(" ")
                sizes.append(sizes[-1])
        else:
            opened.pop()
            if element.tag not in tags:
                continue
            if sizes[len(parts)] - sizes[start] > longest:
                del found[element]
            else:
                found[element] = fold(joint.join(parts[start:]))
    return {element: text for element, text in found.items() if len(text) <= longest}


def text_in(element: Element, between: str = "") -> str:
    """The folded text of an element, a line break as a space, `between` between its parts."""
    if element.tag in ("script", "style"):
        return ""
    if between or element.find("br") is not None:
        return fold((between or " ").join(element.strings))
    return fold(element.text)


def text_of_small(element: Element, between: str = "", parts: int = _PARTS) -> str:
    """The same, but empty for an element of many parts, so that nested ones take linear time."""
    is_large = next(islice(element.iter_elements(), parts - 1, None), None) is not None
    return "" if is_large else text_in(element, between)


def has_few_parts(element: Element, most: int) -> bool:
    """Whether there are no more than so many elements right in another one."""
    return next(islice(children_of(element), most, None), None) is None


def holds_anything(element: Element) -> bool:
    """Whether there is text, a picture or a video in an element."""
    texts = (text for text in element.strings if not text.isspace())
    return next(texts, None) is not None or any(element.find(tag) is not None for tag in _SHOWN)


def outermost(elements: list[Element]) -> list[Element]:
    """Those of some elements, in page order, that are not inside another one of them."""
    if len(elements) == 1:
        return elements
    tags = {element.tag for element in elements}
    inside: set[Element] = set()
    found = []
    for element in elements:
        if element not in inside:
            found.append(element)
            inside.update(element.iter_elements(tags))
    return found


def with_ancestors(elements: Iterable[Element]) -> set[Element]:
    """Some elements and all that they are in."""
    found: set[Element] = set()
    for element in elements:
        for each in chain((element,), around(element)):
            if each in found:
                break
            found.add(each)
    return found


def above(element: Element) -> Iterator[Element]:
    """What is before an element, nearest first, from its own siblings outwards."""
    for level in (element, *around(element)):
        yield from preceding(level)


def texts_between(first: Element, last: Element) -> Iterator[str]:
    """The texts after one element and before another, one for each child element."""
    path = [last, *around(last)]
    on_path = set(path)
    node: Element | None = first
    while node is not None and node not in on_path:
        for sibling in node.next_siblings:
            if isinstance(sibling, Element) and sibling in on_path:
                yield from _texts_down(list(reversed(path[: path.index(sibling) + 1])))
                return
            yield _text_of(sibling)
        node = parent_of(node)


def _texts_down(path: list[Element]) -> Iterator[str]:
    """The texts before the last element of a path, from the outermost inwards."""
    for element, inner in pairwise(path):
        for child in element:
            if child is inner:
                break
            yield _text_of(child)


def _text_of(node: Node) -> str:
    return text_in(node, " ") if isinstance(node, Element) else fold(node.text)
