"""The saved pages, one test a field, so that a failure names page and field."""

import pytest

from tests.reading import SAVED_PAGES, record_of
from zjnews.items import RECORD_KEYS
from zjnews.loaders import LAYOUTS
from zjnews.loaders.fallback import FallbackLoader
from zjnews.review.snapshots import Snapshot


@pytest.mark.parametrize("key", RECORD_KEYS)
@pytest.mark.parametrize("saved", SAVED_PAGES, ids=lambda saved: saved.name)
def test_field(saved: Snapshot, key: str) -> None:
    assert record_of(saved)[key] == saved.expected[key]


@pytest.mark.parametrize("saved", SAVED_PAGES, ids=lambda saved: saved.name)
def test_expected_record_has_the_keys_in_order(saved: Snapshot) -> None:
    assert tuple(saved.expected) == RECORD_KEYS


@pytest.mark.parametrize("layout", [*LAYOUTS, FallbackLoader], ids=lambda loader: loader.layout)
def test_every_layout_has_three_saved_pages(layout: type) -> None:
    assert sum(saved.expected["layout"] == layout.layout for saved in SAVED_PAGES) >= 3
