"""Hostile inputs are read in time that is linear in their size: a child process that takes the
square of it would come to its limit of CPU."""

import math

import pytest

from bench.growth import ROWS, cpu_seconds, grows_too_fast

SIZE = 500_000
LARGER = {
    "page: ends of what was not opened": 1_000_000,
    "page: attributes": 1_000_000,
    "page: attributes with brackets": 1_000_000,
    "payload: section in sections": 1_000_000,
    "payload: in xml": 2_000_000,
    "payload: in scripts": 2_000_000,
    "paper: issues": 1_000_000,
}
"""Where the square of less is not yet much."""
SECONDS = 10
"""Of CPU; some ten times what the slowest takes."""


LOADERS = [
    "loaders: icons in an address",
    "loaders: loading in an address",
    "loaders: comments",
    "loaders: notices",
    "loaders: editors at the foot",
    "loaders: tags",
    "loaders: buttons",
    "loaders: numbers of pages",
    "loaders: titles in titles",
    "loaders: lines in lines",
    "loaders: named spans in each other",
    "loaders: titles in text",
    "loaders: a word on an English page",
    "loaders: boxes of text",
    "loaders: marks on a letter",
]
"""Of some ninety, those that were slow once; `make bench-growth` has all."""


@pytest.mark.parametrize(
    "name", [*(row for row in ROWS if not row.startswith("loaders")), *LOADERS]
)
def test_no_input_takes_longer_than_its_size(name: str) -> None:
    assert cpu_seconds(ROWS[name], LARGER.get(name, SIZE), SECONDS) < math.inf


@pytest.mark.parametrize(
    ("times", "is_bad"),
    [
        ([0.1, 0.2, 0.4, 0.8], False),
        ([0.1, 0.2, 0.4, 1.1], True),
        ([0.001, 0.01, 0.04, 0.1], False),
        ([0.6, 1.2, 2.4, 4.8], True),
        ([0.1, math.inf, math.inf, math.inf], True),
    ],
)
def test_what_grows_too_fast(times: list[float], is_bad: bool) -> None:
    assert grows_too_fast(times) is is_bad
