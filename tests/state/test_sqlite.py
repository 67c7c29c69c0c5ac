"""The state in a file of SQLite: the file itself, others that use it, damage, and what it costs."""

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.state.stories import ONE, add, any_sketch, form, give, lines_of, story
from zjnews.state import State
from zjnews.state.database import VERSION, BusyError, StateError
from zjnews.state.outbox import Batch
from zjnews.state.sqlite import SqliteDatabase


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


@pytest.fixture
def state(path: Path) -> Iterator[State]:
    with closing(State(path)) as state:
        yield state


def test_folders_are_made(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "state.db"
    State(path).close()
    assert path.is_file()


def test_nobody_else_may_read_what_waits(path: Path) -> None:
    before = os.umask(0)
    try:
        with closing(State(path)) as state:
            give(state, story(1))
            modes = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
    finally:
        os.umask(before)
    names = ("state.db", "state.db-wal", "state.db-shm", "state.db.lock")
    assert modes == dict.fromkeys(names, 0o600)


def test_a_store_that_is_there_keeps_its_mode(path: Path) -> None:
    State(path).close()
    path.chmod(0o640)
    State(path).close()
    assert path.stat().st_mode & 0o777 == 0o640


DAMAGES = {
    "a text for a revision": "UPDATE articles SET revision = 'many'",
    "a number for a hash": "UPDATE articles SET content_hash = 7",
    "a text for a time": "UPDATE articles SET scraped_at = 'today', published_at = NULL",
    "a time without end": "UPDATE articles SET published_at = 4611686018427387904, precision = 'day'",
    "a precision that is none": "UPDATE articles SET published_at = 1, precision = 'week'",
    "a blob for an ETag": "UPDATE articles SET etag = x'00ff'",
    "a sketch that is none": "UPDATE articles SET sketch = 'x', revision = 'many'",
    "nothing at all": "UPDATE articles SET revision = NULL, content_hash = NULL",
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_row_of_wrong_types_costs_itself_and_is_told_once(
    path: Path, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    with closing(State(path)) as state:
        give(state, story(1), story(2))
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"{damage} WHERE id = 'trs:1'")
        db.commit()
    with closing(State(path)) as state:
        assert state.known.find("trs:1") is state.known.find("trs:1") is None
        [line] = [record.getMessage() for record in caplog.records]
        assert "trs:1" in line and "damaged" in line
        assert state.known.find("trs:2")
        give(state, story(1))  # fetched again, which mends it
        known = state.known.find("trs:1")
        assert known is not None and known.revision == 1


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE passed SET asked_at = 'x'",
        "UPDATE passed SET days = 'x'",
        "UPDATE passed SET published_at = 1 << 62, precision = 'day'",
        "UPDATE walks SET since = 'x'",
        "UPDATE walks SET until = NULL",
    ],
)
def test_other_rows_of_wrong_types_cost_themselves(path: Path, damage: str) -> None:
    address, now = "https://zjol.com.cn/a.shtml", datetime.now(UTC)
    with closing(State(path)) as state:
        state.known.note_passed(address, "no-article")
        state.known.note_walk("list", now, now)
    with closing(sqlite3.connect(path)) as db:
        db.execute(damage)
        db.commit()
    with closing(State(path)) as state:
        assert (state.known.passed(address) is None) == ("passed" in damage)
        assert (state.known.walked("list") is None) == ("walks" in damage)


BATCH_DAMAGES = {
    "no JSON": "UPDATE batches SET options = '{\"format\":' WHERE key = 1",
    "deep JSON": "UPDATE batches SET options = replace(hex(zeroblob(99999)), '00', '[') WHERE key = 1",
    "no object": "UPDATE batches SET options = '[]' WHERE key = 1",
    "no format": "UPDATE batches SET options = '{}' WHERE key = 1",
    "a blob for options": "UPDATE batches SET options = x'00ff' WHERE key = 1",
    "a blob for an address": "UPDATE batches SET uri = x'00ff' WHERE key = 1",
    "no address": "UPDATE batches SET uri = 's3://[' WHERE key = 1",
    "words for a place": "UPDATE batches SET begins = 'x', length = 'y', digest = 7 WHERE key = 1",
    "half a mark": "UPDATE batches SET begins = 5 WHERE key = 1",
    "no row": "DELETE FROM batches WHERE key = 1",
}


"""Of the first of two batches that wait."""


@pytest.mark.parametrize("damage", BATCH_DAMAGES.values(), ids=BATCH_DAMAGES)
def test_a_damaged_batch_is_named_and_costs_no_other(path: Path, damage: str) -> None:
    with closing(State(path)) as state:
        for number, name in ((1, "one"), (2, "two")):
            add(state, story(number), batches=(Batch(name, {"format": "jsonl"}),))
    with closing(sqlite3.connect(path)) as db:
        db.execute(damage)
        db.commit()
    with closing(State(path)) as state:
        by_key = {batch.key: batch for batch in state.outbox.batches()}
        assert "damaged" in by_key[1].damage
        assert (by_key[2].uri, by_key[2].options) == ("two", {"format": "jsonl"})
        assert not by_key[2].damage
        assert by_key[1].count == by_key[2].count == 1
        assert list(state.outbox.set_aside(by_key[1], {1: by_key[1].damage})) == ["trs:1"]
        state.outbox.delivered(by_key[1])
        assert [batch.key for batch in state.outbox.batches()] == [2]
        assert state.outbox.waiting() == 1


def test_a_sketch_that_is_damaged_is_like_none(path: Path) -> None:
    with closing(State(path)) as state:
        assert state.claim(story(1)) is None
        assert state.run.first_like("trs:1", any_sketch(1)) is None
        state.add(story(1), "{}", [])
    with closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE articles SET sketch = 'x'")
        db.commit()
    with closing(State(path)) as state:
        state.claim(story(2))
        assert state.run.first_like("trs:2", any_sketch(1)) is None


def test_a_temporary_store_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with closing(State()) as state:
        give(state, story(1))
        assert state.known.find("trs:1")
        assert not list(tmp_path.iterdir())


def make_text(path: Path) -> None:
    path.write_text("no database\n" * 100, "utf-8")


def make_other_kind(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE places (name TEXT)")
        db.execute(f"PRAGMA user_version = {VERSION}")


def make_newer(path: Path) -> None:
    State(path).close()
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {VERSION + 1}")


def make_folder(path: Path) -> None:
    path.mkdir()


UNUSABLE = [make_text, make_other_kind, make_newer, make_folder]


@pytest.mark.parametrize("make", UNUSABLE)
def test_what_cannot_be_used_is_one_line_that_names_it(
    make: Callable[[Path], None], path: Path
) -> None:
    make(path)
    with pytest.raises(StateError) as raised:
        State(path)
    assert str(path) in str(raised.value)
    assert len(str(raised.value).splitlines()) == 1


@pytest.mark.parametrize("make", [make_text, make_other_kind, make_newer])
def test_what_cannot_be_used_is_left_as_it_is(make: Callable[[Path], None], path: Path) -> None:
    make(path)
    before = path.read_bytes()
    with pytest.raises(StateError):
        State(path)
    assert path.read_bytes() == before


def test_a_database_of_another_kind_is_called_that(path: Path) -> None:
    make_other_kind(path)
    with pytest.raises(StateError, match="another kind"):
        State(path)


def test_a_file_where_a_folder_is_needed_is_one_line_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    with pytest.raises(StateError) as raised:
        State(tmp_path / "state" / "zjnews.db")
    assert str(tmp_path / "state" / "zjnews.db") in str(raised.value)
    assert len(str(raised.value).splitlines()) == 1


@pytest.mark.parametrize(
    "mode",
    [
        0o000,
        0o400,
    ],
)
def test_no_permission_is_one_line_that_names_it(path: Path, mode: int) -> None:
    State(path).close()
    path.chmod(mode)
    if os.access(path, os.W_OK):
        pytest.skip("this user may write everywhere")
    with pytest.raises(StateError) as raised:
        State(path).close()
    assert str(path) in str(raised.value)
    assert len(str(raised.value).splitlines()) == 1


def test_an_empty_file_becomes_a_store(path: Path) -> None:
    path.touch()
    with closing(State(path)) as state:
        give(state, story(1))
    with closing(State(path)) as state:
        assert state.known.find("trs:1")


def test_space_is_given_back(state: State, path: Path) -> None:
    batch = Batch("out.jsonl", {})
    for number in range(200):
        state.claim(story(number))
        state.add(story(number), "x" * 100_000, [batch])
    state.outbox.delivered(batch)
    state.close()
    assert path.stat().st_size < 500_000


def test_a_full_disk_is_one_line_and_nothing_of_the_article_is_known(
    state: State, path: Path
) -> None:
    told: list[StateError] = []
    state.db.on_failure = told.append
    [pages] = state.db.one("PRAGMA page_count")
    state.db.run(f"PRAGMA max_page_count = {pages + 4}")
    state.claim(story(1))
    for _ in range(2):
        with pytest.raises(StateError, match=r"state .*state.db cannot be used: .* full"):
            state.add(story(1), "x" * 100_000, [Batch("out.jsonl", {})])
    assert len(told) == 1
    state.close()
    with closing(State(path)) as after:
        assert after.known.find("trs:1") is None
        assert lines_of(after) == {}


def test_a_database_that_another_process_writes_is_waited_for(state: State, path: Path) -> None:
    def hold() -> None:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            ready.set()
            time.sleep(0.5)
            other.execute("COMMIT")

    ready = threading.Event()
    thread = threading.Thread(target=hold)
    thread.start()
    ready.wait()
    add(state, story(1))
    thread.join()
    assert state.known.find("trs:1")


def test_a_database_that_another_process_holds_is_one_line(path: Path) -> None:
    State(path).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StateError, match="locked"):
            SqliteDatabase(path, patience=0.1)


def test_a_second_run_is_told_that_another_one_is_there(state: State, path: Path) -> None:
    with pytest.raises(BusyError, match="another crawl is running on"):
        State(path)


def test_damage_in_the_middle_of_the_file_is_one_line_with_file_and_remedy(
    state: State, path: Path
) -> None:
    give(state, *[story(number) for number in range(2000)])
    state.close()
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\x55" * (size - 4096))
    with pytest.raises(StateError) as raised:
        State(path).known.find("trs:1999")
    assert "damaged: move" in str(raised.value)
    assert str(path) in str(raised.value)
    assert len(str(raised.value).splitlines()) == 1


def test_a_link_in_the_place_of_the_lock_is_not_followed(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    (tmp_path / "state.db.lock").symlink_to(other)
    with pytest.raises(StateError):
        State(path)
    assert not other.exists()


def steps_to_find(state: State, number: int) -> int:
    state.run.claim(f"trs:{number}", "")
    return steps_of(state, lambda: state.run.first_like(f"trs:{number}", form(number)))


def steps_of(state: State, work: Callable[[], object]) -> int:
    """The work that SQLite does, in steps of its machine."""
    count = 0

    def step() -> int:
        nonlocal count
        count += 1
        return 0

    assert state.db.db is not None
    state.db.db.set_progress_handler(step, 1)
    work()
    state.db.db.set_progress_handler(None, 1)
    return count


@pytest.mark.parametrize("is_known", [False, True], ids=["claimed", "known"])
def test_a_form_text_costs_the_same_however_often_it_was_filled_in(is_known: bool) -> None:
    with closing(State()) as state:
        steps: list[int] = []
        for numbers in (range(600), range(1000, 3700)):  # both longer than what is held
            for number in numbers:
                state.run.claim(f"trs:{number}", "")
                assert state.run.first_like(f"trs:{number}", form(number)) is None
                if is_known:
                    state.add(story(number), "{}", [])
            steps.append(steps_to_find(state, numbers.stop))
    assert steps[1] < 1.2 * steps[0]


def test_no_look_up_reads_a_whole_table(state: State) -> None:
    give(state, story(1, asked="trs:9"))
    state.run.claim("trs:2", "")
    asked: list[str] = []
    state.db.db.set_trace_callback(asked.append)
    state.run.claim("trs:2", "")
    state.run.first_like("trs:2", ONE)
    state.known.find("trs:8")
    state.known.passed("trs:8")
    state.known.renew("trs:8", None, None)
    state.db.db.set_trace_callback(None)
    plans = [row[3] for sql in asked for row in state.db.rows(f"EXPLAIN QUERY PLAN {sql}")]
    assert len(plans) > 50
    few = {"SCAN b", "SCAN 8 CONSTANT ROWS"}  # those of one band, and those that are written
    assert {plan for plan in plans if plan.startswith("SCAN")} == few
