"""The table of runs: what is written is read, also by others, while a crawl is running."""

from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from zjnews.state import State, sql
from zjnews.state.database import StateError
from zjnews.watch import runs
from zjnews.watch.runs import Finding, HostFigures, ListFigures, RunFigures

AT = datetime(2026, 9, 14, 2, 0, tzinfo=UTC)
RUN = RunFigures(
    id="a1",
    spider="channel",
    lists=("gnxw", "zjxc"),
    started=AT,
    ended=AT + timedelta(seconds=90),
    status=9,
    verdict="the site may have changed",
    reason="finished",
    articles=2,
    read=3,
    layouts={"trs": 3},
    warnings={"no-date": 1},
    keys={"title": 3, "authors": 1},
    examples={"no-date": ["https://zjnews.zjol.com.cn/a.shtml"]},
    skipped={"unchanged": 1},
    rejected={"http-404": 4},
    requests=12,
    seconds=90.25,
    listed={"zjxc": ListFigures(pages=1, entries=10)},
    unread={"gnxw": "http-404"},
    hosts={"zjnews.zjol.com.cn": HostFigures(answers=5, seconds=1.5)},
    findings=[Finding(name="list/gnxw", words="could not be read: http-404")],
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


def test_runs_are_read_as_they_were_written_newest_first(state_address: str) -> None:
    other = replace(RUN, id="b2", lists=("zjxc",), started=AT + timedelta(hours=1))
    with closing(State(state_address)) as state:
        runs.note(state.db, RUN)
        runs.note(state.db, other)
        assert runs.runs(state_address) == [other, RUN]  # while a crawl holds the lock
        assert runs.runs_like(state.db, RUN, 5) == [RUN]
    assert runs.runs(state_address, limit=1) == [other]


def test_only_so_many_runs_of_a_kind_are_kept(
    state_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "_KEPT", 3)
    with closing(State(state_address)) as state:
        runs.note(state.db, replace(RUN, id="other", lists=()))
        for number in range(5):
            runs.note(state.db, replace(RUN, id=str(number)))
    assert [run.id for run in runs.runs(state_address)] == ["4", "3", "2", "other"]


@pytest.mark.parametrize(
    "figures", ["", "[]", '{"keys": 1}', '{"keys": {"title": "x"}}', '{"hosts": {"a": {"b": 1}}}']
)
def test_a_damaged_row_is_left_out(state_address: str, figures: str) -> None:
    with closing(State(state_address)) as state:
        runs.note(state.db, RUN)
        state.db.run(sql.PUT_RUN, "bad", "channel", "gnxw,zjxc", 0, 0, 0, figures)
    assert runs.runs(state_address) == [RUN]


def test_what_is_no_state_is_one_line(path: Path) -> None:
    with pytest.raises(StateError, match=r"state\.db cannot be read"):
        runs.runs(path)
    path.write_text("no database\n" * 100)
    with pytest.raises(StateError, match=r"state\.db cannot be read"):
        runs.runs(path)
