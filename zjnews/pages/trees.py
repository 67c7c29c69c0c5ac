"""What many elements of a page are asked for at once, in time that is linear in the page."""

from __future__ import annotations

from collections.abc import Callable, Collection
from itertools import chain

from lxml import etree

from zjnews.text.cleaning import fold


class Inside:
    """Whether an element has a mark or stands in one that has; every element is looked at once."""

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
    """The elements of some tags whose whole text, white space folded, is at most that long, with
    it, in page order. `joint`: what is put between the texts of different elements."""
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
