"""What the state remembers, for whom and from when on; and that a crash costs no more than that."""

import hashlib
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import ROOT
from zjnews.items import Article
from zjnews.state import State, run, sql
from zjnews.state.database import VERSION, BusyError, Database, StateError
from zjnews.state.known import digest
from zjnews.state.outbox import Appended, Batch


def story(number: int, text: str = "甲", **fields: Any) -> Article:
    given: dict[str, Any] = {
        "id": f"trs:{number}",
        "asked": f"trs:{number}",
        "url": f"https://zjnews.zjol.com.cn/202609/t20260914_{number}.shtml",
        "content_hash": hashlib.sha256(text.encode()).hexdigest(),
    }
    return Article(**{**given, **fields})


def record_of(number: int) -> str:
    return json.dumps({"id": f"trs:{number}"})


def add(state: State, *articles: Article, batches: tuple[Batch, ...] | None = None) -> None:
    """Articles that wait in batches, by default in one."""
    chosen = (Batch("out.jsonl", {}),) if batches is None else batches
    for article in articles:
        assert state.claim(article) is None
        state.add(article, json.dumps({"id": article.id}), list(chosen))


def give(state: State, *articles: Article) -> None:
    """Articles that are known, and that no feed takes."""
    add(state, *articles, batches=())


def any_sketch(number: int) -> bytes:
    """64 bytes like no others."""
    return hashlib.sha512(str(number).encode()).digest()


def numbers_known(state: State, among: range) -> set[int]:
    return {number for number in among if state.known.find(f"trs:{number}")}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


@pytest.fixture
def reopen(path: Path) -> Iterator[Callable[[], State]]:
    """Opens the same file anew, as a run does that follows; the one before has ended."""
    states: list[State] = []

    def opened() -> State:
        for before in states:
            before.close()
        states.append(State(path))
        return states[-1]

    yield opened
    for state in states:
        state.close()


@pytest.fixture
def state(reopen: Callable[[], State]) -> State:
    return reopen()


Reopen = Callable[[], State]


# --- the file ---------------------------------------------------------------------------------------


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


def test_an_empty_file_becomes_a_store(path: Path, reopen: Reopen) -> None:
    path.touch()
    give(reopen(), story(1))
    assert reopen().known.find("trs:1")


def test_reopening_keeps_everything(reopen: Reopen) -> None:
    first = reopen()
    since = datetime(2026, 9, 1, tzinfo=UTC)
    article = story(1, asked="trs:9", etag='"1"', last_modified="Mon", revision=3)
    give(first, article)
    first.known.note_passed("trs:2", "no-article")
    first.known.note_walk("list", since, since + timedelta(days=1))
    seen = (
        first.known.find("trs:1"),
        first.known.find("trs:9"),
        first.known.passed("trs:2"),
        first.known.walked("list"),
    )
    first.close()
    again = reopen()
    assert None not in seen
    assert seen == (
        again.known.find("trs:1"),
        again.known.find("trs:9"),
        again.known.passed("trs:2"),
        again.known.walked("list"),
    )


# --- known and waiting ------------------------------------------------------------------------------


def lines_of(state: State) -> dict[str, list[str]]:
    """What waits, by the address of its batch."""
    box = state.outbox
    return {batch.uri: [line for _, line in box.records(batch)] for batch in box.batches()}


def test_what_was_only_claimed_is_not_known(state: State, reopen: Reopen) -> None:
    state.claim(story(1))
    assert state.known.find("trs:1") is None
    assert reopen().known.find("trs:1") is None


def test_what_was_added_is_known_and_waits_though_the_run_dies(
    state: State, reopen: Reopen
) -> None:
    article = story(1, revision=2, etag='"1"', last_modified="Mon")
    add(state, article)
    after = reopen()
    known = after.known.find("trs:1")
    assert known is not None
    assert (known.id, known.revision, known.content_hash) == ("trs:1", 2, digest(article))
    assert (known.etag, known.last_modified) == ('"1"', "Mon")
    assert lines_of(after) == {"out.jsonl": [record_of(1)]}


def test_adding_is_all_or_nothing(state: State, reopen: Reopen) -> None:
    state.claim(story(1))
    broken = Batch("b", {"x": {1, 2}.__iter__})
    broken.options = {1: object(), (2, 3): 4}  # nobody can write that down
    with pytest.raises(TypeError):
        state.add(story(1), "{}", [Batch("a", {}), broken])
    after = reopen()
    assert after.known.find("trs:1") is None
    assert lines_of(after) == {}


def test_a_batch_that_is_delivered_waits_no_more_and_stays_known(
    state: State, reopen: Reopen
) -> None:
    one, other = Batch("one", {}), Batch("other", {})
    add(state, story(1), story(2), batches=(one, other))
    state.outbox.delivered(one)
    assert state.outbox.waiting() == 2
    after = reopen()
    assert lines_of(after) == {"other": [record_of(1), record_of(2)]}
    assert numbers_known(after, range(4)) == {1, 2}


def test_delivering_twice_changes_nothing(state: State) -> None:
    one, other = Batch("one", {}), Batch("other", {})
    add(state, story(1), batches=(one, other))
    state.outbox.delivered(one)
    state.outbox.delivered(one)
    assert lines_of(state) == {"other": [record_of(1)]}


def test_a_batch_comes_back_as_it_was(state: State, reopen: Reopen) -> None:
    options = {"format": "csv", "fields": ["id"], "item_classes": [Article], "encoding": None}
    batch = Batch("s3://news/%20.csv", options, 7)
    add(state, story(1), batches=(batch,))
    state.outbox.seal(batch, Appended(3, 4, "ab"))
    [again] = reopen().outbox.batches()
    assert (again.uri, again.number, again.count) == ("s3://news/%20.csv", 7, 1)
    assert again.appended == Appended(3, 4, "ab")
    assert again.options == {**options, "item_classes": ["zjnews.items.Article"]}


def test_a_correction_takes_the_place_of_what_waits_in_the_same_batch(state: State) -> None:
    batch = Batch("out.jsonl", {})
    add(state, story(1), story(2), batches=(batch,))
    state.add(story(1, "乙", revision=2), "corrected", [batch])
    assert lines_of(state) == {"out.jsonl": ["corrected", record_of(2)]}


def test_left_over_batches_are_gone_on_with_the_newer_record_counts(
    state: State, reopen: Reopen
) -> None:
    first, second = Batch("out.jsonl", {}), Batch("out.jsonl", {})
    add(state, story(1), story(2), batches=(first,))
    state.add(story(1, "乙", revision=2), "corrected", [second])
    after = reopen()
    own = Batch("out.jsonl", {"overwrite": True})
    for left in after.outbox.batches():
        after.outbox.adopt(left, own)
    assert own.count == 2
    add(after, story(3), batches=(own,))
    assert {k: sorted(v) for k, v in lines_of(after).items()} == {
        "out.jsonl": sorted(["corrected", record_of(2), record_of(3)])
    }


def test_what_is_set_aside_waits_no_more_and_is_kept_with_its_reason(state: State) -> None:
    batch = Batch("out.csv", {})
    add(state, story(1), story(2), batches=(batch,))
    [(key, _), _] = state.outbox.records(batch)
    assert state.outbox.set_aside(batch, {key: "no such letter"}) == {"trs:1": "no such letter"}
    assert (batch.count, lines_of(state)) == (1, {"out.csv": [record_of(2)]})
    [row] = state.db.rows("SELECT uri, reason, record FROM set_aside")
    assert row == ("out.csv", "no such letter", record_of(1))


def test_only_what_waited_when_the_run_began_is_left_over(state: State, reopen: Reopen) -> None:
    add(state, story(1))
    assert not state.run.is_left_over("trs:1")
    after = reopen()
    assert after.run.is_left_over("trs:1")
    assert not after.run.is_left_over("trs:2")


def test_a_correction_replaces_what_was_known(state: State, reopen: Reopen) -> None:
    give(state, story(1, etag='"1"'))
    corrected = story(1, "乙", revision=2)
    give(reopen(), corrected)
    known = reopen().known.find("trs:1")
    assert known is not None
    assert (known.revision, known.content_hash, known.etag) == (2, digest(corrected), None)


def test_space_is_given_back(state: State, path: Path) -> None:
    batch = Batch("out.jsonl", {})
    for number in range(200):
        state.claim(story(number))
        state.add(story(number), "x" * 100_000, [batch])
    state.outbox.delivered(batch)
    state.close()
    assert path.stat().st_size < 500_000


# --- trouble ----------------------------------------------------------------------------------------


def test_a_full_disk_is_one_line_and_nothing_of_the_article_is_known(
    state: State, reopen: Reopen
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
    after = reopen()
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
            Database(path, patience=0.1)


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


def test_dates_that_are_none_do_not_break_later_runs(state: State, reopen: Reopen) -> None:
    for number, year in enumerate(("0001", "9999")):
        article = story(number, published_at=f"{year}-12-31T00:00:00+08:00")
        article.published_precision = "day"
        give(state, article)
        state.known.note_passed(f"url:{number}", "outside-window", article)
    after = reopen()
    for number in range(2):
        known = after.known.find(f"trs:{number}")
        assert known is not None
        assert known.dated.year > 2000
        assert after.known.passed(f"url:{number}").published is None


# --- a run that dies --------------------------------------------------------------------------------

_ADDS_FOR_EVER = """
import sys
import tempfile
from itertools import count
from tests.state.test_state import add, story
from zjnews.state import State, run, sql
from zjnews.state.outbox import Batch

state = State(sys.argv[1])
for number in count():
    batch = Batch(f"{number}", {})
    add(state, *[story(3 * number + one) for one in range(3)], batches=(batch,))
    print("added", number, flush=True)
    if number % 2:
        state.outbox.delivered(batch)
        print("delivered", number, flush=True)
"""


@pytest.mark.parametrize("seed", range(5))
def test_a_run_killed_at_any_moment_keeps_what_it_said(
    path: Path, reopen: Reopen, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311  any moment will do
    command = [sys.executable, "-c", _ADDS_FOR_EVER, str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        said = [child.stdout.readline() for _ in range(chance.randint(1, 200))]
        time.sleep(chance.random() / 100)
        child.kill()
        said += child.stdout.readlines()
    words = [line.split() for line in said if line.endswith("\n")]
    added = {int(number) for what, number in words if what == "added"}
    delivered = {int(number) for what, number in words if what == "delivered"}
    after = reopen()
    known = numbers_known(after, range(3 * max(added) + 10))
    assert known >= {3 * number + one for number in added for one in range(3)}
    waiting = {int(uri) for uri in lines_of(after)}
    assert not waiting & delivered
    assert waiting >= {number for number in added if not number % 2}
    lines = [line for lines in lines_of(after).values() for line in lines]
    assert len(lines) == len(set(lines))


# --- addresses that led to an article ---------------------------------------------------------------


def test_an_article_is_known_through_the_address_that_led_to_it(
    state: State, reopen: Reopen
) -> None:
    give(state, story(1, asked="trs:9"))
    after = reopen()
    assert after.known.find("trs:9") == after.known.find("trs:1")
    assert after.known.find("trs:9") is not None


def test_every_address_that_led_to_an_article_is_remembered(reopen: Reopen) -> None:
    for asked in ("trs:8", "trs:9"):
        give(reopen(), story(1, asked=asked))
    state = reopen()
    assert [state.known.find(id_) and state.known.find(id_).id for id_ in ("trs:8", "trs:9")] == [
        "trs:1"
    ] * 2


def test_an_address_that_leads_elsewhere_now_leads_there(reopen: Reopen) -> None:
    give(reopen(), story(1, asked="trs:9"))
    give(reopen(), story(2, asked="trs:9"))
    known = reopen().known.find("trs:9")
    assert known is not None
    assert known.id == "trs:2"


def test_an_address_that_leads_to_an_article_has_not_passed(state: State) -> None:
    state.known.note_passed("trs:9", "no-article")
    give(state, story(1, asked="trs:9"))
    assert state.known.passed("trs:9") is None


def test_an_article_stays_known_through_an_address_that_is_refused_later(
    state: State, reopen: Reopen
) -> None:
    give(state, story(1, asked="trs:9"))
    after = reopen()
    after.known.note_passed("trs:9", "outside-window", story(1))
    assert after.known.find("trs:9")


def test_an_address_that_led_to_what_is_delivered_is_remembered_at_once(
    state: State, reopen: Reopen
) -> None:
    give(state, story(1))
    state.known.note_led("trs:9", "trs:1")
    after = reopen()
    assert after.known.find("trs:9") == after.known.find("trs:1") is not None


def test_all_addresses_that_led_to_what_waits_are_remembered_with_it(state: State) -> None:
    state.claim(story(1))
    state.known.note_led("trs:9", "trs:1")
    assert state.known.find("trs:9") is None
    state.add(story(1, asked="trs:8"), "{}", [])
    assert (
        state.known.find("trs:8")
        == state.known.find("trs:9")
        == state.known.find("trs:1")
        is not None
    )


def test_what_is_delivered_is_told_apart_from_what_leads_there(state: State) -> None:
    give(state, story(1, asked="trs:9"))
    assert state.known.article("trs:9") is None
    assert state.known.article("trs:1") == state.known.find("trs:9")


# --- addresses that gave no record ------------------------------------------------------------------


def test_an_address_that_was_never_asked_for_has_not_passed(state: State) -> None:
    assert state.known.passed("trs:1") is None


def test_an_address_passed_is_told_with_its_reason_and_time(state: State, reopen: Reopen) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    state.known.note_passed("trs:1", "no-article")
    passed = reopen().known.passed("trs:1")
    assert passed is not None
    assert (passed.reason, passed.published) == ("no-article", None)
    assert before <= passed.asked_at <= datetime.now(UTC)


def test_an_address_passed_is_told_with_the_date_of_its_page(state: State) -> None:
    at = "2026-09-14T11:02:00+08:00"
    article = story(1, published_at=at, published_precision="minute")
    state.known.note_passed("trs:1", "outside-window", article)
    passed = state.known.passed("trs:1")
    assert passed is not None
    assert passed.published is not None
    assert passed.published.at == datetime.fromisoformat(at)
    assert passed.published.precision == "minute"


def test_a_new_reason_replaces_the_old_one_and_its_date(state: State) -> None:
    article = story(1, published_at="2026-09-14T00:00:00+08:00", published_precision="day")
    state.known.note_passed("trs:1", "outside-window", article)
    state.known.note_passed("trs:1", "no-article")
    passed = state.known.passed("trs:1")
    assert passed is not None
    assert (passed.reason, passed.published) == ("no-article", None)


@pytest.mark.parametrize(
    ("refused", "given", "is_doubted"), [(7, 0, False), (8, 7, True), (8, 8, False), (9, 8, True)]
)
def test_a_host_that_refuses_more_than_it_gives_is_not_believed_on_one_day(
    state: State, refused: int, given: int, is_doubted: bool
) -> None:
    for number in range(refused):
        state.known.note_passed(f"https://qx.zjol.com.cn/a/{number}.shtml", "http-403")
        state.known.note_passed(f"https://jx.zjol.com.cn/a/{number % 7}.shtml", "http-403")
        state.known.count_given("https://jx.zjol.com.cn/b.shtml")
    for number in range(given):
        state.known.count_given(f"https://qx.zjol.com.cn/b/{number}.shtml")
    assert state.known.doubt_guards() == (["qx.zjol.com.cn"] if is_doubted else [])
    passed = [state.known.passed(f"https://{host}.zjol.com.cn/a/0.shtml") for host in ("qx", "jx")]
    assert [each.is_final for each in passed if each] == [not is_doubted, True]


def test_when_an_address_was_first_asked_for_stays(state: State, path: Path) -> None:
    state.known.note_passed("trs:1", "no-article")
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("UPDATE passed SET asked_at = 1000")
    state.known.note_passed("trs:1", "empty-page")
    passed = state.known.passed("trs:1")
    assert passed is not None
    assert passed.asked_at == datetime.fromtimestamp(1000, UTC)


def test_an_article_stays_known_when_its_address_is_refused_later(state: State) -> None:
    give(state, story(1))
    known = state.known.find("trs:1")
    state.known.note_passed("trs:1", "http-404")
    assert state.known.find("trs:1") == known


# --- what else a run asks ---------------------------------------------------------------------------


def test_the_second_claim_is_told_who_was_first(state: State) -> None:
    assert state.run.claim("trs:1", "a") is None
    assert state.run.claim("trs:1", "b") == "a"
    assert state.run.claim("trs:1", "c") == "a"


def test_an_article_that_is_known_can_be_claimed(state: State, reopen: Reopen) -> None:
    give(state, story(1))
    assert reopen().run.claim("trs:1", "a") is None


def test_renewing_changes_what_the_server_said_and_nothing_else(
    state: State, reopen: Reopen
) -> None:
    give(state, story(1, etag='"1"'), story(2, etag='"1"'))
    before = state.known.find("trs:1")
    state.known.renew("trs:1", None, "Tue")
    after, other = reopen().known.find("trs:1"), reopen().known.find("trs:2")
    assert before is not None
    assert after is not None
    assert other is not None
    assert (after.etag, after.last_modified, other.etag) == (None, "Tue", '"1"')
    assert (after.revision, after.content_hash, after.dated) == (
        before.revision,
        before.content_hash,
        before.dated,
    )


def test_renewing_what_is_not_known_makes_nothing_known(state: State) -> None:
    state.known.renew("trs:1", '"1"', None)
    assert state.known.find("trs:1") is None


@pytest.mark.parametrize(
    ("precision", "latest"),
    [
        ("second", "2026-09-14T11:00:01+08:00"),
        ("minute", "2026-09-14T11:01:00+08:00"),
        ("hour", "2026-09-14T12:00:00+08:00"),
        ("day", "2026-09-15T11:00:00+08:00"),
    ],
)
def test_an_article_is_dated_by_the_end_of_what_its_page_tells(
    state: State, precision: Any, latest: str
) -> None:
    at = "2026-09-14T11:00:00+08:00"
    give(state, story(1, published_at=at, published_precision=precision))
    known = state.known.find("trs:1")
    assert known is not None
    assert known.dated == datetime.fromisoformat(latest)


def test_an_article_without_a_date_is_dated_by_its_delivery(state: State) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    give(state, story(1))
    known = state.known.find("trs:1")
    assert known is not None
    assert before <= known.dated <= datetime.now(UTC)


def test_a_walk_is_remembered_until_it_is_forgotten(state: State, reopen: Reopen) -> None:
    since = datetime(2026, 9, 1, tzinfo=UTC)
    until = since + timedelta(days=3)
    state.known.note_walk("one", since, since)
    state.known.note_walk("one", since, until)
    state.known.note_walk("other", since, since)
    after = reopen()
    assert after.known.walked("one") == (since, until)
    after.known.forget_walk("one")
    assert (after.known.walked("one"), after.known.walked("other")) == (None, (since, since))


def test_a_walk_is_never_remembered_as_longer_than_it_was(state: State) -> None:
    since = datetime(2026, 9, 1, 0, 0, 0, 900_000, tzinfo=UTC)
    until = since + timedelta(days=3)
    state.known.note_walk("list", since, until)
    walked = state.known.walked("list")
    assert walked is not None
    assert since <= walked[0] <= walked[1] <= until


# --- near copies ------------------------------------------------------------------------------------


def sketched(state: State, number: int, sketch: bytes) -> str | None:
    """An article with a sketch is added; what it is told to be a copy of."""
    state.run.claim(f"trs:{number}", "")
    first = state.run.first_like(f"trs:{number}", sketch)
    state.add(story(number), "{}", [])
    return first


ONE, OTHER = any_sketch(1), any_sketch(2)


def test_an_article_that_waits_has_copies(state: State) -> None:
    assert sketched(state, 1, ONE) is None
    assert sketched(state, 2, ONE) == "trs:1"


def test_an_article_that_was_delivered_has_copies(state: State, reopen: Reopen) -> None:
    sketched(state, 1, ONE)
    assert sketched(state, 2, ONE) == "trs:1"
    assert sketched(reopen(), 3, ONE) == "trs:1"


def bands_in(state: State) -> int:
    return int(state.db.one("SELECT count(*) FROM bands")[0])


def test_bands_are_written_many_at_a_time_and_copies_found_before_and_after(
    state: State, reopen: Reopen
) -> None:
    for number in range(700):
        assert sketched(state, number, any_sketch(number)) is None
    assert bands_in(state) == 8 * run._TOGETHER
    for number in (0, run._TOGETHER - 1, run._TOGETHER, 699):
        assert sketched(state, 1000 + number, any_sketch(number)) == f"trs:{number}"
    assert bands_in(reopen()) == 8 * 700


def test_a_sketch_whose_article_is_not_yet_known_stays_when_others_are_written(
    state: State,
) -> None:
    state.run.claim("trs:9", "")
    assert state.run.first_like("trs:9", ONE) is None
    for number in range(100, 100 + run._TOGETHER):
        sketched(state, number, any_sketch(number))
    assert sketched(state, 10, ONE) == "trs:9"


def test_a_text_of_its_own_is_no_copy(state: State) -> None:
    sketched(state, 1, ONE)
    assert sketched(state, 2, OTHER) is None


def test_the_copy_of_a_copy_points_to_the_first(state: State, reopen: Reopen) -> None:
    assert [sketched(state, number, ONE) for number in (5, 3, 4)] == [None, "trs:5", "trs:5"]
    assert sketched(reopen(), 1, ONE) == "trs:5"


def test_an_article_read_again_is_no_copy_of_itself(state: State, reopen: Reopen) -> None:
    sketched(state, 1, ONE)
    sketched(state, 2, ONE)
    again = reopen()
    assert [sketched(again, number, ONE) for number in (2, 1)] == ["trs:1", None]
    assert sketched(reopen(), 3, ONE) == "trs:1"


def test_a_correction_has_copies_by_its_new_text_only(state: State, reopen: Reopen) -> None:
    sketched(state, 1, ONE)
    corrected = reopen()
    assert sketched(corrected, 1, OTHER) is None
    assert sketched(reopen(), 2, ONE) is None
    assert sketched(reopen(), 3, OTHER) == "trs:1"


def test_a_correction_too_short_for_a_sketch_has_no_copies(state: State, reopen: Reopen) -> None:
    sketched(state, 1, ONE)
    give(reopen(), story(1, "乙"))
    assert sketched(reopen(), 2, ONE) is None


def test_a_copy_that_is_corrected_becomes_a_first(state: State, reopen: Reopen) -> None:
    sketched(state, 1, ONE)
    sketched(state, 2, ONE)
    corrected = reopen()
    assert sketched(corrected, 2, OTHER) is None
    assert sketched(reopen(), 3, OTHER) == "trs:2"


@pytest.fixture
def rescheme(state: State, path: Path, reopen: Reopen) -> State:
    """A state whose sketches were made in another way."""
    sketched(state, 1, ONE)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("UPDATE facts SET value = 'another' WHERE name = 'sketches'")
    return reopen()


def test_articles_outlive_their_sketches(rescheme: State) -> None:
    assert rescheme.known.find("trs:1")


def test_sketches_of_another_scheme_are_compared_with_none(rescheme: State) -> None:
    assert sketched(rescheme, 2, ONE) is None


def test_sketches_of_the_new_scheme_are_kept(rescheme: State, reopen: Reopen) -> None:
    sketched(rescheme, 1, ONE)
    assert sketched(reopen(), 2, ONE) == "trs:1"


def form(number: int) -> bytes:
    """A sketch that shares a band with all others of its kind, and no more."""
    return ONE[:8] + any_sketch(number)[8:]


def barely_like(sketch: bytes) -> bytes:
    """One that shares 57 bytes with another, and only the first band."""
    return bytes(byte ^ (place >= 8 and place % 8 == 0) for place, byte in enumerate(sketch))


def test_a_band_whose_article_is_gone_costs_nothing_else(path: Path, reopen: Reopen) -> None:
    sketched(reopen(), 1, ONE)
    sketched(reopen(), 2, ONE)
    reopen()
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("DELETE FROM articles WHERE id = 'trs:1'")
    assert sketched(reopen(), 3, ONE) is None


def test_texts_that_are_gone_take_no_place_among_those_of_a_band(
    state: State, reopen: Reopen
) -> None:
    for number in range(20):
        sketched(state, number, form(number))
    corrected = reopen()
    for number in range(20):
        sketched(corrected, number, any_sketch(number + 100))
    after = reopen()
    sketched(after, 50, form(50))
    assert sketched(reopen(), 51, barely_like(form(50))) == "trs:50"


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
    assert len(plans) == 13
    assert [plan for plan in plans if plan.startswith("SCAN")] == []


# --- another database -------------------------------------------------------------------------------

POSTGRES = {
    "serial": "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY",
    "bytes": "BYTEA",
    "compact": "",
}
"""What a driver for PostgreSQL would fill in."""


def as_postgres(statement: str) -> str:
    """A statement with its parameters numbered."""
    first, *rest = statement.split("?")
    return first + "".join(f"${number}{part}" for number, part in enumerate(rest, 1))


@pytest.mark.skipif(not shutil.which("initdb"), reason="needs PostgreSQL")
def test_postgresql_makes_the_tables_and_prepares_every_statement(tmp_path: Path) -> None:
    owner = {"user": "postgres", "group": "postgres"} if os.getuid() == 0 else {}
    folder = Path(tempfile.mkdtemp(prefix="zjnews-pg-"))
    statements = {
        name: value
        for name, value in vars(sql).items()
        if name.isupper() and isinstance(value, str)
    }
    assert len(statements) > 40
    script = [
        *(f"{table.format(**POSTGRES)};" for table in (*sql.TABLES, *sql.RUN_TABLES)),
        *(f"PREPARE {name} AS {as_postgres(text)};" for name, text in statements.items()),
    ]
    try:
        if owner:
            shutil.chown(folder, **owner)
        made = ["initdb", "-D", str(folder / "db"), "-A", "trust", "-U", "zjnews", "-N"]
        subprocess.run(made, check=True, capture_output=True, cwd=folder, **owner)
        # One process without a server: what it reads is a script.
        single = ["postgres", "--single", "-j", "-D", str(folder / "db"), "postgres"]
        done = subprocess.run(
            single,
            input="\n\n".join(script) + "\n\n",
            capture_output=True,
            text=True,
            cwd=folder,
            check=False,
            **owner,
        )
        errors = [line for line in done.stderr.splitlines() if "ERROR" in line]
        assert (done.returncode, errors) == (0, [])
    finally:
        shutil.rmtree(folder)
