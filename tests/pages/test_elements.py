"""What is asked of many elements at once is what each would answer by itself."""

from hypothesis import given
from hypothesis import strategies as st

from zjnews.pages.elements import Inside, short_texts
from zjnews.pages.tree import Element, around, document_of, parent_of, root_of
from zjnews.text.cleaning import fold

_markup = st.lists(
    st.sampled_from(
        ["<div>", "<div id=x>", "</div>", "<i>", "</i>", "<p>", "甲", "乙 丙", " ", "\n"]
    )
).map("".join)


def tree(markup: str) -> Element:
    return root_of(document_of(f"<html><body>{markup}</body></html>"))


@given(_markup)
def test_what_elements_stand_in(markup: str) -> None:
    root = tree(markup)
    asked: list[Element] = []

    def is_marked(element: Element) -> bool:
        asked.append(element)
        return element.attr("id") == "x"

    is_inside = Inside(is_marked)
    for element in reversed(list(root.iter_elements())):
        marks = [each.attr("id") for each in (element, *around(element))]
        assert is_inside(element) is ("x" in marks)
    assert len(asked) == len(set(asked))


def test_nothing_stands_around_a_page() -> None:
    assert not Inside(lambda element: element.tag is not None)(parent_of(tree("")))


@given(_markup, st.sampled_from(["", " "]), st.integers(0, 9))
def test_short_texts_are_those_of_the_elements(markup: str, joint: str, longest: int) -> None:
    root = tree(markup)
    texts = {e: fold(joint.join(e.strings)) for e in root.iter_elements(("div", "p"))}
    expected = [(e, text) for e, text in texts.items() if len(text) <= longest]
    assert list(short_texts(root, {"div", "p"}, longest, joint).items()) == expected
