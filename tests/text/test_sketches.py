"""How alike two texts are, by their sketches, and which are found as copies."""

import random
from collections.abc import Iterator
from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zjnews.state import State
from zjnews.text.sketches import ALIKE, bands, likeness, sketch

HAN = [chr(number) for number in range(0x4E00, 0x4E00 + 2000)]
HAN_TEXTS = st.text(st.sampled_from(HAN), min_size=60, max_size=300)
SPACES = st.text(st.sampled_from(" \n\r\t\u3000\xa0\u200b\ufeff"), max_size=3)


def some_text(seed: object, length: int = 600) -> str:
    return "".join(random.Random(str(seed)).choices(HAN, k=length))  # noqa: S311  repeatable


def shingles(text: str) -> set[str]:
    return {text[start : start + 5] for start in range(len(text) - 4)}


def shared(one: str, other: str) -> float:
    """The share of the shingles that two texts have in common, counted."""
    a, b = shingles(one), shingles(other)
    return len(a & b) / len(a | b)


def rewritten(text: str, share: float, seed: object) -> str:
    """A text of the same length that has about this share of its shingles in common."""
    same = round(len(text) * 2 * share / (1 + share))
    return text[:same] + some_text(f"other {seed}", len(text) - same)


def sketch_of(text: str) -> bytes:
    made = sketch(text)
    assert made is not None
    return made


# --- a sketch ---------------------------------------------------------------------------------------


@given(HAN_TEXTS)
def test_equal_texts_have_equal_sketches(text: str) -> None:
    assert sketch_of(text) == sketch_of("".join(list(text)))
    assert likeness(sketch_of(text), sketch_of(text)) == 1


def test_the_sketch_of_a_text_stays_what_it_is() -> None:
    """It is kept in files: where this fails, the scheme must be another."""
    assert sketch_of(some_text(1)).hex() == (
        "fbf6ae21faa5441965a36bf7b2257153f02c6613618de197f17f60606671df4e9c6c3d740f6f00224c8e0618b169c6a58ebe529549ed8308752c33fead38abab"
    )


@given(st.text(max_size=59))
def test_a_short_text_has_no_sketch(text: str) -> None:
    assert sketch(text) is None


@given(HAN_TEXTS)
def test_a_sketch_is_64_bytes(text: str) -> None:
    assert len(sketch_of(text)) == 64


@pytest.mark.parametrize("half", ["\ud83d", "\udc00"])
def test_half_a_character_does_not_hide_a_copy(half: str) -> None:
    text = some_text(1)
    assert likeness(sketch_of(text[:300] + half + text[300:]), sketch_of(text)) > 0.9
    assert sketch_of(text + half) == sketch_of(text + "?")


def test_white_space_makes_no_text_longer() -> None:
    assert sketch(some_text(1, 59) + " \n" * 50) is None
    assert sketch(some_text(1, 60))


@given(st.lists(st.tuples(st.sampled_from(HAN), SPACES), min_size=60, max_size=120))
def test_white_space_and_line_breaks_make_no_difference(parts: list[tuple[str, str]]) -> None:
    plain = "".join(character for character, _ in parts)
    spaced = "".join(character + space for character, space in parts)
    assert sketch(spaced) == sketch(plain)


def test_the_order_of_paragraphs_makes_little_difference() -> None:
    one, other = some_text(1, 300), some_text(2, 300)
    assert likeness(sketch_of(f"{one}\n\n{other}"), sketch_of(f"{other}\n\n{one}")) > 0.9


@given(st.binary(min_size=64, max_size=64))
def test_bands_are_eight_numbers_that_a_database_takes(of_text: bytes) -> None:
    numbers = bands(of_text)
    assert len(numbers) == 8
    assert all(isinstance(number, int) and -(2**63) <= number < 2**63 for number in numbers)


@given(st.binary(min_size=64, max_size=64), st.integers(0, 63))
def test_a_byte_changes_one_band(of_text: bytes, place: int) -> None:
    changed = bytearray(of_text)
    changed[place] ^= 1
    pairs = zip(bands(of_text), bands(bytes(changed)), strict=True)
    assert sum(one != other for one, other in pairs) == 1


# --- likeness ---------------------------------------------------------------------------------------


def test_likeness_is_near_the_share_of_shingles() -> None:
    errors = []
    for number in range(300):
        text = some_text(number)
        other = rewritten(text, number / 300, number)
        errors.append(likeness(sketch_of(text), sketch_of(other)) - shared(text, other))
    assert mean(abs(error) for error in errors) < 0.05
    assert abs(mean(errors)) < 0.01


@given(HAN_TEXTS, HAN_TEXTS)
def test_likeness_is_the_same_both_ways(one: str, other: str) -> None:
    a, b = sketch_of(one), sketch_of(other)
    assert likeness(a, b) == likeness(b, a)
    assert 0 <= likeness(a, b) <= 1


# --- copies -----------------------------------------------------------------------------------------


@pytest.fixture
def state() -> Iterator[State]:
    state = State()
    yield state
    state.close()


def first_like(state: State, id_: str, text: str) -> str | None:
    state.run.claim(id_, "")
    return state.run.first_like(id_, sketch_of(text))


def copies_found(state: State, share: float) -> int:
    """In how many of 100 cases a text is found that shares this much with another."""
    count = 0
    for number in range(100):
        text = some_text(number)
        other = rewritten(text, share, number)
        assert abs(shared(text, other) - share) < 0.02
        assert first_like(state, f"trs:{number}", text) is None
        count += first_like(state, f"trs:1{number:03}", other) == f"trs:{number}"
    return count


def test_texts_that_share_nearly_all_are_copies(state: State) -> None:
    assert copies_found(state, 0.95) >= 99


def test_texts_that_share_half_are_none(state: State) -> None:
    assert copies_found(state, 0.5) == 0


def test_texts_that_are_barely_alike_are_found_as_often_as_told(state: State) -> None:
    assert copies_found(state, 0.9) >= 95


def test_a_text_with_a_line_put_before_and_after_is_a_copy(state: State) -> None:
    text = some_text(1)
    first_like(state, "trs:1", text)
    assert first_like(state, "trs:2", f"浙江在线9月14日讯\n{text}\n（完）") == "trs:1"


@pytest.mark.parametrize(("differing", "is_copy"), [(12, True), (13, False)])
def test_sketches_that_share_four_fifths_are_those_of_copies(
    state: State, differing: int, is_copy: bool
) -> None:
    one = bytes(range(64))
    other = one[:-differing] + bytes(byte ^ 1 for byte in one[-differing:])
    assert state.run.first_like("trs:1", one) is None
    assert state.run.first_like("trs:2", other) == ("trs:1" if is_copy else None)


def test_an_article_is_not_like_itself(state: State) -> None:
    sketch = sketch_of(some_text(1))
    assert [state.run.first_like("trs:1", sketch) for _ in range(2)] == [None, None]
    assert state.run.first_like("trs:2", sketch) == "trs:1"


def test_of_several_that_are_alike_the_first_is_named(state: State) -> None:
    text = some_text(1)
    other = rewritten(text, 0.75, 1)
    between = text[: len(text) * 13 // 14] + other[len(text) * 13 // 14 :]
    assert likeness(sketch_of(text), sketch_of(other)) < ALIKE
    first_like(state, "trs:9", text)
    assert first_like(state, "trs:2", other) is None
    assert first_like(state, "trs:5", between) == "trs:9"


def test_a_form_text_filled_in_in_many_ways_is_no_copy(state: State) -> None:
    form = some_text("form", 300)
    for number in range(200):
        assert first_like(state, f"trs:{number}", form + some_text(number, 300)) is None


def test_a_copy_is_found_among_many_of_the_same_form(state: State) -> None:
    form = some_text("form", 300)
    texts = [form + some_text(number, 300) for number in range(200)]
    for number, text in enumerate(texts):
        first_like(state, f"trs:{number}", text)
    found = [first_like(state, f"trs:1{number:03}", text) for number, text in enumerate(texts)]
    assert found == [f"trs:{number}" for number in range(200)]
