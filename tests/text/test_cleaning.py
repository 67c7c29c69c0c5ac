"""Folding: white space of any kind to one space, nothing that cannot be seen; and the language."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zjnews.text.cleaning import fold, language_of, normal_form, squeeze

INVISIBLE = [
    *"\xad\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e",
    *"\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\ufeff\x00\x08\x7f\x9f",
]


@pytest.mark.parametrize("character", INVISIBLE, ids=lambda character: f"{ord(character):04x}")
def test_invisible_characters_are_taken_out(character: str) -> None:
    assert fold(f"全长{character}12公里{character}") == "全长12公里"
    assert fold(f"{character} 全长 {character} 12\u3000公里") == "全长 12 公里"
    assert squeeze(f" 全{character}长 ") == "全长"


@pytest.mark.parametrize("space", [" ", "\t", "\n", "\xa0", "\u2003", "\u2028", "\u3000", "\x1f"])
def test_white_space_is_folded(space: str) -> None:
    assert fold(f"{space}全长{space}{space} 12{space}") == "全长 12"


@pytest.mark.parametrize("text", ["👨‍👩‍👧一家", "🏳️‍🌈", "❤️", "👍🏽", "堃祎", "\U00020bb7野家", "é"])
def test_what_can_be_seen_stays(text: str) -> None:
    assert fold(text) == text


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    folded = fold(text)
    assert fold(folded) == folded
    assert not any(unicodedata.category(c) == "Cc" or c in "\u200b\u2060\u202e" for c in folded)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("渡口的早班船停了三天", "zh"),
        ("The early ferry is back", "en"),
        ("APP、5G、VR 进了渡口", "zh"),
        ("浙江 Zhejiang Online, a news site", "en"),
        ("潮 tide", "zh"),
        ("\uf9dc\uf9dd two", "zh"),
        ("", "zh"),
        ("2026 12:30", "zh"),
        ("Zhejiang Online News Portal App " + "潮" * 30, "zh"),
        ("tide " * 60 + "潮" * 1000, "en"),
    ],
)
def test_the_language_that_more_characters_or_words_of_the_beginning_speak_for(
    text: str, language: str
) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize(
    "text", ["e\u0301" * 40, "—" * 90, "“……”！？" * 20, "é\u0316\u0301", "ﬁ①ｅ"]
)
def test_the_normal_form_is_that_of_unicode(text: str) -> None:
    assert normal_form(text) == unicodedata.normalize("NFKC", text)
