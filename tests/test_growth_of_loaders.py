"""Reading a page takes time that is linear in its size, whatever it repeats."""

from __future__ import annotations

import contextlib
import multiprocessing
import resource

import pytest

from bench.inputs_of_loaders import INPUTS
from tests.reading import read_article
from zjnews.items import Rejected

SIZE = 1_000_000
SECONDS = 20
"""Of CPU. What is linear takes one or two of them, what is not takes a minute and more."""


def read(markup: str) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))
    with contextlib.suppress(Rejected):
        read_article(markup.encode())


@pytest.mark.parametrize(
    "name",
    [
        "icons in an address",
        "loading in an address",
        "comments",
        "notices",
        "editors at the foot",
        "tags",
        "buttons",
        "numbers of pages",
        "titles in titles",
        "lines in lines",
        "named spans in each other",
        "titles in text",
        "a word on an English page",
        "boxes of text",
        "marks on a letter",
    ],
)
def test_a_page_of_a_megabyte(name: str) -> None:
    process = multiprocessing.get_context("fork").Process(target=read, args=(INPUTS[name](SIZE),))
    process.start()
    process.join()
    assert process.exitcode == 0
