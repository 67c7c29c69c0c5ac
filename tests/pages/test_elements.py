"""What is asked of many elements at once is what each would answer by itself."""

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from zjnews.pages.elements import Inside, short_texts
from zjnews.text.cleaning import fold

_markup = st.lists(
    st.sampled_from(
        ["<div>", "<div id=x>", "</div>", "<i>", "</i>", "<p>", "甲", "乙 丙", " ", "\n"]
    )
).map("".join)


def tree(markup: str) -> etree._Element:
    return etree.fromstring(f"<html><body>{markup}</body></html>", etree.HTMLParser())


@given(_markup)
def test_what_elements_stand_in(markup: str) -> None:
    root = tree(markup)
    asked: list[etree._Element] = []

    def is_marked(element: etree._Element) -> bool:
        asked.append(element)
        return element.get("id") == "x"

    is_inside = Inside(is_marked)
    for element in reversed(list(root.iter())):
        marks = [around.get("id") for around in (element, *element.iterancestors())]
        assert is_inside(element) is ("x" in marks)
    assert len(asked) == len(set(asked))


def test_nothing_stands_around_a_page() -> None:
    assert not Inside(lambda element: element.tag is not None)(tree("").getparent())


@given(_markup, st.sampled_from(["", " "]), st.integers(0, 9))
def test_short_texts_are_those_of_the_elements(markup: str, joint: str, longest: int) -> None:
    root = tree(markup)
    texts = {e: fold(joint.join(e.itertext())) for e in root.iter("div", "p")}
    expected = [(e, text) for e, text in texts.items() if len(text) <= longest]
    assert list(short_texts(root, {"div", "p"}, longest, joint).items()) == expected
