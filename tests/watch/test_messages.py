"""What is news, and what a layout has lost."""

from dataclasses import replace

import pytest

from tests.watch.test_runs import RUN
from zjnews.watch.canaries import Canary
from zjnews.watch.messages import is_news
from zjnews.watch.runs import Finding

WELL = replace(RUN, status=0, findings=[])
OTHER = Finding(name="key/authors", words="")


@pytest.mark.parametrize(
    ("now", "before", "expected"),
    [
        (RUN, [], True),
        (RUN, [WELL], True),
        (RUN, [RUN], False),
        (replace(RUN, findings=[*RUN.findings, OTHER]), [RUN], True),
        (replace(RUN, findings=[]), [RUN], False),
        (replace(RUN, status=8), [RUN], True),
        (WELL, [RUN, WELL], True),
        (WELL, [WELL, RUN], False),
        (replace(WELL, status=5), [WELL], False),
        (WELL, [], False),
    ],
)
def test_news(now: object, before: list[object], expected: bool) -> None:
    assert is_news(now, before) is expected  # type: ignore[arg-type]


def test_what_a_canary_has_lost() -> None:
    then = Canary("trs", "https://x", "trs", ("title", "editors", "warnings", "duplicate_of"))
    assert then.lost(replace(then, keys=("title", "editors", "summary"))) == ""
    assert then.lost(replace(then, keys=("title",))) == "lost: editors"
    assert then.lost(replace(then, layout="old")) == "layout trs is gone, read as old"
