"""What the store remembers, for whom and from when on; and that a crash costs no more than that."""

from __future__ import annotations

import hashlib
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
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.command_line import ROOT
from zjnews.items import Article
from zjnews.store import VERSION, Store, StoreError, digest


def story(number: int, text: str = "甲", **fields: Any) -> Article:
    given: dict[str, Any] = {
        "id": f"trs:{number}",
        "asked": f"trs:{number}",
        "url": f"https://zjnews.zjol.com.cn/202609/t20260914_{number}.shtml",
        "content_hash": hashlib.sha256(text.encode()).hexdigest(),
    }
    return Article(**{**given, **fields})


def add(store: Store, *articles: Article, batches: tuple[tuple[int, int], ...] = ((0, 1),)) -> None:
    for article in articles:
        assert store.claim(article.id, article.url) is None
        store.add(article, list(batches))


def give(store: Store, *articles: Article) -> None:
    """Add articles and deliver them."""
    add(store, *articles)
    store.deliver(0, 1)


def any_sketch(number: int) -> bytes:
    """64 bytes like no others."""
    return hashlib.sha512(str(number).encode()).digest()


def numbers_known(store: Store, among: range) -> set[int]:
    return {number for number in among if store.known(f"trs:{number}")}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


@pytest.fixture
def reopen(path: Path) -> Iterator[Callable[[], Store]]:
    """Opens the same file anew, as a run does that follows; nothing is closed before."""
    stores: list[Store] = []

    def opened() -> Store:
        stores.append(Store(path))
        return stores[-1]

    yield opened
    for store in stores:
        store.close()


@pytest.fixture
def store(reopen: Callable[[], Store]) -> Store:
    return reopen()


Reopen = Callable[[], Store]


# --- the file ---------------------------------------------------------------------------------------


def test_folders_are_made(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "state.db"
    Store(path).close()
    assert path.is_file()


def test_a_temporary_store_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with closing(Store()) as store:
        give(store, story(1))
        assert store.known("trs:1")
        assert not list(tmp_path.iterdir())


def make_text(path: Path) -> None:
    path.write_text("no database\n" * 100, "utf-8")


def make_other_kind(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE places (name TEXT)")
        db.execute(f"PRAGMA user_version = {VERSION}")


def make_newer(path: Path) -> None:
    Store(path).close()
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {VERSION + 1}")


def make_older(path: Path) -> None:
    Store(path).close()
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {VERSION - 1}")


def make_folder(path: Path) -> None:
    path.mkdir()


UNUSABLE = [make_text, make_other_kind, make_newer, make_older, make_folder]


@pytest.mark.parametrize("make", UNUSABLE)
def test_what_cannot_be_used_is_one_line_that_names_it(
    make: Callable[[Path], None], path: Path
) -> None:
    make(path)
    with pytest.raises(StoreError) as raised:
        Store(path)
    assert str(path) in str(raised.value)
    assert len(str(raised.value).splitlines()) == 1


@pytest.mark.parametrize("make", [make_text, make_other_kind, make_newer, make_older])
def test_what_cannot_be_used_is_left_as_it_is(make: Callable[[Path], None], path: Path) -> None:
    make(path)
    before = path.read_bytes()
    with pytest.raises(StoreError):
        Store(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("make", [make_newer, make_older])
def test_another_version_says_what_to_do(make: Callable[[Path], None], path: Path) -> None:
    make(path)
    with pytest.raises(StoreError, match="name a new file in STATE_DB"):
        Store(path)


def test_a_database_of_another_kind_is_called_that(path: Path) -> None:
    make_other_kind(path)
    with pytest.raises(StoreError, match="another kind"):
        Store(path)


def test_a_file_where_a_folder_is_needed_is_one_line_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    with pytest.raises(StoreError) as raised:
        Store(tmp_path / "state" / "zjnews.db")
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
    Store(path).close()
    path.chmod(mode)
    if os.access(path, os.W_OK):
        pytest.skip("this user may write everywhere")
    with pytest.raises(StoreError) as raised:
        Store(path).close()
    assert str(path) in str(raised.value)
    assert len(str(raised.value).splitlines()) == 1


def test_an_empty_file_becomes_a_store(path: Path, reopen: Reopen) -> None:
    path.touch()
    give(reopen(), story(1))
    assert reopen().known("trs:1")


def test_a_new_file_may_be_opened_by_several_runs_at_once(tmp_path: Path) -> None:
    failed: list[StoreError] = []

    def run(path: Path, start: threading.Barrier) -> None:
        start.wait()
        try:
            Store(path).close()
        except StoreError as error:
            failed.append(error)

    for number in range(150):
        start = threading.Barrier(6)
        given = (tmp_path / f"{number}.db", start)
        threads = [threading.Thread(target=run, args=given) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failed:
            raise failed[0]


def test_reopening_keeps_everything(reopen: Reopen) -> None:
    first = reopen()
    since = datetime(2026, 9, 1, tzinfo=timezone.utc)
    article = story(1, asked="trs:9", etag='"1"', last_modified="Mon", revision=3)
    give(first, article)
    first.note_passed("trs:2", "no-article")
    first.note_walk("list", since, since + timedelta(days=1))
    seen = (first.known("trs:1"), first.known("trs:9"), first.passed("trs:2"), first.walked("list"))
    first.close()
    again = reopen()
    assert None not in seen
    assert seen == (
        again.known("trs:1"),
        again.known("trs:9"),
        again.passed("trs:2"),
        again.walked("list"),
    )


# --- delivering -------------------------------------------------------------------------------------


def test_what_was_only_added_is_not_known(store: Store, reopen: Reopen) -> None:
    add(store, story(1))
    assert store.known("trs:1") is None
    store.close()
    assert reopen().known("trs:1") is None


def test_what_was_delivered_is_known_to_the_run_that_follows(store: Store, reopen: Reopen) -> None:
    article = story(1, revision=2, etag='"1"', last_modified="Mon")
    give(store, article)
    known = reopen().known("trs:1")
    assert known is not None
    assert (known.id, known.revision, known.content_hash) == ("trs:1", 2, digest(article))
    assert (known.etag, known.last_modified) == ('"1"', "Mon")


def test_what_was_delivered_is_known_though_the_run_dies(store: Store, reopen: Reopen) -> None:
    give(store, story(1))
    assert reopen().known("trs:1")


def test_delivering_tells_how_many_articles_are_known_now(store: Store) -> None:
    add(store, story(1), story(2))
    add(store, story(3), batches=((0, 1), (1, 1)))
    assert (store.deliver(0, 1), store.deliver(1, 1)) == (2, 1)


def test_an_article_waits_until_the_last_of_its_feeds_is_safe(store: Store) -> None:
    add(store, story(1), batches=((0, 1), (1, 1), (2, 1)))
    store.deliver(1, 1)
    store.deliver(0, 1)
    assert store.known("trs:1") is None
    store.deliver(2, 1)
    assert store.known("trs:1")


def test_the_feeds_may_be_cut_into_batches_of_different_sizes(store: Store) -> None:
    add(store, story(1), batches=((0, 1), (1, 1)))
    add(store, story(2), batches=((0, 2), (1, 1)))
    store.deliver(0, 1)
    store.deliver(0, 2)
    assert numbers_known(store, range(3)) == set()
    store.deliver(1, 1)
    assert numbers_known(store, range(3)) == {1, 2}


def test_batches_may_become_safe_out_of_order(store: Store) -> None:
    for number in (1, 2, 3):
        add(store, story(number), batches=((0, number),))
    store.deliver(0, 3)
    assert numbers_known(store, range(4)) == {3}
    store.deliver(0, 1)
    assert numbers_known(store, range(4)) == {1, 3}


def test_batches_of_the_same_number_are_told_apart_by_their_feed(store: Store) -> None:
    add(store, story(1), batches=((0, 1),))
    add(store, story(2), batches=((1, 1),))
    store.deliver(1, 1)
    assert numbers_known(store, range(3)) == {2}


def test_delivering_twice_changes_nothing(store: Store) -> None:
    add(store, story(1), batches=((0, 1), (1, 1)))
    assert store.deliver(0, 1) == store.deliver(0, 1) == 0
    assert store.known("trs:1") is None
    store.deliver(1, 1)
    known = store.known("trs:1")
    assert store.deliver(1, 1) == 0
    assert store.known("trs:1") == known


def test_an_empty_batch_delivers_nothing(store: Store) -> None:
    add(store, story(1))
    assert store.deliver(0, 2) == 0
    assert store.known("trs:1") is None


def test_an_article_that_no_feed_takes_is_never_known(store: Store) -> None:
    add(store, story(1), batches=())
    store.deliver(0, 1)
    assert store.known("trs:1") is None


def test_waiting_counts_every_article_once(store: Store) -> None:
    add(store, story(1), story(2), batches=((0, 1), (1, 1)))
    assert store.waiting() == 2
    store.deliver(0, 1)
    assert store.waiting() == 2
    store.deliver(1, 1)
    assert store.waiting() == 0


def test_a_correction_replaces_what_was_known(store: Store, reopen: Reopen) -> None:
    give(store, story(1, etag='"1"'))
    corrected = story(1, "乙", revision=2)
    give(reopen(), corrected)
    known = reopen().known("trs:1")
    assert known is not None
    assert (known.revision, known.content_hash, known.etag) == (2, digest(corrected), None)


def test_a_delivery_that_failed_can_be_tried_again(store: Store) -> None:
    add(store, *[story(number) for number in range(2000)])
    [pages] = store.db.execute("PRAGMA main.page_count").fetchone()
    store.db.execute(f"PRAGMA main.max_page_count = {pages}")
    with pytest.raises(sqlite3.OperationalError, match="full"):
        store.deliver(0, 1)
    store.db.execute("PRAGMA main.max_page_count = 1000000")
    assert store.deliver(0, 1) == 2000


def test_a_delivery_that_failed_makes_nothing_known(store: Store, reopen: Reopen) -> None:
    add(store, *[story(number) for number in range(2000)])
    [pages] = store.db.execute("PRAGMA main.page_count").fetchone()
    store.db.execute(f"PRAGMA main.max_page_count = {pages + 4}")
    with pytest.raises(sqlite3.OperationalError, match="full"):
        store.deliver(0, 1)
    assert numbers_known(reopen(), range(2000)) == set()


def test_batches_after_one_that_failed_are_delivered(store: Store) -> None:
    add(store, *[story(number) for number in range(2000)])
    [pages] = store.db.execute("PRAGMA main.page_count").fetchone()
    store.db.execute(f"PRAGMA main.max_page_count = {pages + 4}")
    with pytest.raises(sqlite3.OperationalError, match="full"):
        store.deliver(0, 1)
    store.db.execute("PRAGMA main.max_page_count = 1000000")
    add(store, story(5000), batches=((0, 2),))
    assert store.deliver(0, 2) == 1
    assert store.known("trs:5000")


def steps_of(store: Store, work: Callable[[], object]) -> int:
    """The work that SQLite does, in steps of its machine."""
    count = 0

    def step() -> int:
        nonlocal count
        count += 1
        return 0

    store.db.set_progress_handler(step, 1)
    work()
    store.db.set_progress_handler(None, 1)
    return count


def steps_to_deliver_one(waiting: int) -> int:
    with closing(Store()) as store:
        add(store, story(0), batches=((0, 1),))
        store.first_like("trs:0", any_sketch(0))
        for number in range(1, waiting):
            add(store, story(number), batches=((0, 2),))
            store.first_like(f"trs:{number}", any_sketch(number))
        return steps_of(store, lambda: store.deliver(0, 1))


def test_delivering_an_article_costs_the_same_however_many_wait() -> None:
    assert steps_to_deliver_one(waiting=1000) < 2 * steps_to_deliver_one(waiting=50)


# --- runs at the same time --------------------------------------------------------------------------


def test_two_runs_on_one_file_lose_nothing(reopen: Reopen) -> None:
    one, other = reopen(), reopen()
    add(one, story(1))
    add(other, story(2))
    one.deliver(0, 1)
    other.deliver(0, 1)
    assert numbers_known(one, range(4)) == numbers_known(other, range(4)) == {1, 2}


def test_two_runs_may_deliver_the_same_article(reopen: Reopen) -> None:
    one, other = reopen(), reopen()
    add(one, story(1), story(2))
    add(other, story(1), story(3))
    assert (one.deliver(0, 1), other.deliver(0, 1)) == (2, 2)
    assert numbers_known(reopen(), range(4)) == {1, 2, 3}


def test_a_claim_is_none_for_another_run(reopen: Reopen) -> None:
    one, other = reopen(), reopen()
    one.claim("trs:1", "a")
    assert other.claim("trs:1", "b") is None


def test_two_runs_that_write_all_the_time_lose_nothing(path: Path) -> None:
    Store(path).close()
    failed: list[Exception] = []

    def run(numbers: range) -> None:
        try:
            with closing(Store(path)) as store:
                for number in numbers:
                    add(store, story(number), batches=((0, number),))
                    store.note_passed(f"url:{number}", "no-article")
                    store.deliver(0, number)
        except sqlite3.Error as error:
            failed.append(error)

    threads = [
        threading.Thread(target=run, args=(numbers,)) for numbers in (range(150), range(150, 300))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with closing(Store(path)) as store:
        assert failed == []
        assert numbers_known(store, range(300)) == set(range(300))
        assert all(store.passed(f"url:{number}") for number in range(300))


# --- a run that dies --------------------------------------------------------------------------------

_ADDS_AND_HANGS = """
import sys, time
from tests.test_store import add, give, story
from zjnews.store import Store

store = Store(sys.argv[1])
give(store, story(1))
add(store, story(2), batches=((0, 2),))
print("added", flush=True)
time.sleep(60)
"""

_DELIVERS_FOR_EVER = """
import sys
from itertools import count
from tests.test_store import add, story
from zjnews.store import Store

store = Store(sys.argv[1])
for batch in count():
    numbers = range(3 * batch, 3 * batch + 3)
    add(store, *[story(number) for number in numbers], batches=((0, batch),))
    if batch:
        store.deliver(0, batch - 1)
        print(batch - 1, flush=True)
"""


def started(script: str, path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, path], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )


def test_a_run_killed_before_it_delivers_leaves_what_it_delivered(
    path: Path, reopen: Reopen
) -> None:
    with started(_ADDS_AND_HANGS, path) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "added\n"
        child.kill()
    assert numbers_known(reopen(), range(4)) == {1}


@pytest.mark.parametrize("seed", range(5))
def test_a_run_killed_at_any_moment_leaves_whole_batches_that_were_delivered(
    path: Path, reopen: Reopen, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311  any moment will do
    with started(_DELIVERS_FOR_EVER, path) as child:
        assert child.stdout is not None
        told = [child.stdout.readline() for _ in range(chance.randint(1, 200))]
        time.sleep(chance.random() / 100)
        child.kill()
        told += child.stdout.readlines()
    batches = {int(line) for line in told if line.endswith("\n")}
    among = range(3 * max(batches) + 30)
    known = numbers_known(reopen(), among)
    # The one that was being delivered may be either.
    either = max(batches) + 1
    for batch in range(len(among) // 3):
        found = known & set(range(3 * batch, 3 * batch + 3))
        assert len(found) == 3 if batch in batches else len(found) in (0, 3 * (batch == either))


# --- addresses that led to an article ---------------------------------------------------------------


def test_an_article_is_known_through_the_address_that_led_to_it(
    store: Store, reopen: Reopen
) -> None:
    give(store, story(1, asked="trs:9"))
    after = reopen()
    assert after.known("trs:9") == after.known("trs:1")
    assert after.known("trs:9") is not None


def test_an_address_leads_to_an_article_only_once_that_is_delivered(store: Store) -> None:
    add(store, story(1, asked="trs:9"))
    assert store.known("trs:9") is None


def test_every_address_that_led_to_an_article_is_remembered(reopen: Reopen) -> None:
    for asked in ("trs:8", "trs:9"):
        give(reopen(), story(1, asked=asked))
    store = reopen()
    assert [store.known(id_) and store.known(id_).id for id_ in ("trs:8", "trs:9")] == ["trs:1"] * 2


def test_an_address_that_leads_elsewhere_now_leads_there(reopen: Reopen) -> None:
    give(reopen(), story(1, asked="trs:9"))
    give(reopen(), story(2, asked="trs:9"))
    known = reopen().known("trs:9")
    assert known is not None
    assert known.id == "trs:2"


def test_an_address_that_leads_to_an_article_has_not_passed(store: Store) -> None:
    store.note_passed("trs:9", "no-article")
    give(store, story(1, asked="trs:9"))
    assert store.passed("trs:9") is None


def test_an_article_stays_known_through_an_address_that_is_refused_later(
    store: Store, reopen: Reopen
) -> None:
    give(store, story(1, asked="trs:9"))
    after = reopen()
    after.note_passed("trs:9", "outside-window", story(1))
    assert after.known("trs:9")


def test_an_address_that_led_to_what_is_delivered_is_remembered_at_once(
    store: Store, reopen: Reopen
) -> None:
    give(store, story(1))
    store.note_led("trs:9", "trs:1")
    assert reopen().known("trs:9") == store.known("trs:1")


def test_all_addresses_that_led_to_what_waits_are_remembered_with_it(store: Store) -> None:
    add(store, story(1, asked="trs:8"))
    store.note_led("trs:9", "trs:1")
    assert [store.known("trs:8"), store.known("trs:9")] == [None, None]
    store.deliver(0, 1)
    assert store.known("trs:8") == store.known("trs:9") == store.known("trs:1") is not None


def test_where_an_address_led_is_forgotten_with_a_run_that_dies(
    store: Store, reopen: Reopen
) -> None:
    add(store, story(1, asked="trs:9"))
    after = reopen()
    give(after, story(1))
    assert after.known("trs:9") is None


def test_what_is_delivered_is_told_apart_from_what_leads_there(store: Store) -> None:
    give(store, story(1, asked="trs:9"))
    assert store.delivered("trs:9") is None
    assert store.delivered("trs:1") == store.known("trs:9")


# --- addresses that gave no record ------------------------------------------------------------------


def test_an_address_that_was_never_asked_for_has_not_passed(store: Store) -> None:
    assert store.passed("trs:1") is None


def test_an_address_passed_is_told_with_its_reason_and_time(store: Store, reopen: Reopen) -> None:
    before = datetime.now(timezone.utc).replace(microsecond=0)
    store.note_passed("trs:1", "no-article")
    passed = reopen().passed("trs:1")
    assert passed is not None
    assert (passed.reason, passed.published) == ("no-article", None)
    assert before <= passed.asked_at <= datetime.now(timezone.utc)


def test_an_address_passed_is_told_with_the_date_of_its_page(store: Store) -> None:
    at = "2026-09-14T11:02:00+08:00"
    article = story(1, published_at=at, published_precision="minute")
    store.note_passed("trs:1", "outside-window", article)
    passed = store.passed("trs:1")
    assert passed is not None
    assert passed.published is not None
    assert passed.published.at == datetime.fromisoformat(at)
    assert passed.published.precision == "minute"


def test_a_new_reason_replaces_the_old_one_and_its_date(store: Store) -> None:
    article = story(1, published_at="2026-09-14T00:00:00+08:00", published_precision="day")
    store.note_passed("trs:1", "outside-window", article)
    store.note_passed("trs:1", "no-article")
    passed = store.passed("trs:1")
    assert passed is not None
    assert (passed.reason, passed.published) == ("no-article", None)


def test_when_an_address_was_first_asked_for_stays(store: Store, path: Path) -> None:
    store.note_passed("trs:1", "no-article")
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("UPDATE passed SET asked_at = 1000")
    store.note_passed("trs:1", "empty-page")
    passed = store.passed("trs:1")
    assert passed is not None
    assert passed.asked_at == datetime.fromtimestamp(1000, timezone.utc)


def test_an_article_stays_known_when_its_address_is_refused_later(store: Store) -> None:
    give(store, story(1))
    known = store.known("trs:1")
    store.note_passed("trs:1", "http-404")
    assert store.known("trs:1") == known


# --- what else a run asks ---------------------------------------------------------------------------


def test_the_second_claim_is_told_who_was_first(store: Store) -> None:
    assert store.claim("trs:1", "a") is None
    assert store.claim("trs:1", "b") == "a"
    assert store.claim("trs:1", "c") == "a"


def test_an_article_that_is_known_can_be_claimed(store: Store, reopen: Reopen) -> None:
    give(store, story(1))
    assert reopen().claim("trs:1", "a") is None


def test_renewing_changes_what_the_server_said_and_nothing_else(
    store: Store, reopen: Reopen
) -> None:
    give(store, story(1, etag='"1"'), story(2, etag='"1"'))
    before = store.known("trs:1")
    store.renew("trs:1", None, "Tue")
    after, other = reopen().known("trs:1"), reopen().known("trs:2")
    assert before is not None
    assert after is not None
    assert other is not None
    assert (after.etag, after.last_modified, other.etag) == (None, "Tue", '"1"')
    assert (after.revision, after.content_hash, after.dated) == (
        before.revision,
        before.content_hash,
        before.dated,
    )


def test_renewing_what_is_not_known_makes_nothing_known(store: Store) -> None:
    store.renew("trs:1", '"1"', None)
    assert store.known("trs:1") is None


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
    store: Store, precision: Any, latest: str
) -> None:
    at = "2026-09-14T11:00:00+08:00"
    give(store, story(1, published_at=at, published_precision=precision))
    known = store.known("trs:1")
    assert known is not None
    assert known.dated == datetime.fromisoformat(latest)


def test_an_article_without_a_date_is_dated_by_its_delivery(store: Store) -> None:
    before = datetime.now(timezone.utc).replace(microsecond=0)
    give(store, story(1))
    known = store.known("trs:1")
    assert known is not None
    assert before <= known.dated <= datetime.now(timezone.utc)


def test_a_walk_is_remembered_until_it_is_forgotten(store: Store, reopen: Reopen) -> None:
    since = datetime(2026, 9, 1, tzinfo=timezone.utc)
    until = since + timedelta(days=3)
    store.note_walk("one", since, since)
    store.note_walk("one", since, until)
    store.note_walk("other", since, since)
    after = reopen()
    assert after.walked("one") == (since, until)
    after.forget_walk("one")
    assert (after.walked("one"), after.walked("other")) == (None, (since, since))


def test_a_walk_is_never_remembered_as_longer_than_it_was(store: Store) -> None:
    since = datetime(2026, 9, 1, 0, 0, 0, 900_000, tzinfo=timezone.utc)
    until = since + timedelta(days=3)
    store.note_walk("list", since, until)
    walked = store.walked("list")
    assert walked is not None
    assert since <= walked[0] <= walked[1] <= until


# --- near copies ------------------------------------------------------------------------------------


def sketched(store: Store, number: int, sketch: bytes) -> str | None:
    """An article with a sketch is added; what it is told to be a copy of."""
    store.claim(f"trs:{number}", "")
    first = store.first_like(f"trs:{number}", sketch)
    store.add(story(number), [(0, 1)])
    return first


ONE, OTHER = any_sketch(1), any_sketch(2)


def test_an_article_that_waits_has_copies(store: Store) -> None:
    assert sketched(store, 1, ONE) is None
    assert sketched(store, 2, ONE) == "trs:1"


def test_an_article_that_was_delivered_has_copies(store: Store, reopen: Reopen) -> None:
    sketched(store, 1, ONE)
    store.deliver(0, 1)
    assert sketched(store, 2, ONE) == "trs:1"
    assert sketched(reopen(), 3, ONE) == "trs:1"


def test_an_article_that_was_never_delivered_has_no_copies_in_later_runs(
    store: Store, reopen: Reopen
) -> None:
    sketched(store, 1, ONE)
    assert sketched(reopen(), 2, ONE) is None


def test_a_text_of_its_own_is_no_copy(store: Store) -> None:
    sketched(store, 1, ONE)
    assert sketched(store, 2, OTHER) is None


def test_the_copy_of_a_copy_points_to_the_first(store: Store, reopen: Reopen) -> None:
    assert [sketched(store, number, ONE) for number in (5, 3, 4)] == [None, "trs:5", "trs:5"]
    store.deliver(0, 1)
    assert sketched(reopen(), 1, ONE) == "trs:5"


def test_an_article_that_was_delivered_comes_before_one_that_waits(reopen: Reopen) -> None:
    waiting, delivered = reopen(), reopen()
    sketched(waiting, 1, ONE)
    sketched(delivered, 2, ONE)
    delivered.deliver(0, 1)
    assert sketched(waiting, 3, ONE) == "trs:2"


def test_an_article_read_again_is_no_copy_of_itself(store: Store, reopen: Reopen) -> None:
    sketched(store, 1, ONE)
    sketched(store, 2, ONE)
    store.deliver(0, 1)
    again = reopen()
    assert [sketched(again, number, ONE) for number in (2, 1)] == ["trs:1", None]
    again.deliver(0, 1)
    assert sketched(reopen(), 3, ONE) == "trs:1"


def test_a_correction_has_copies_by_its_new_text_only(store: Store, reopen: Reopen) -> None:
    sketched(store, 1, ONE)
    store.deliver(0, 1)
    corrected = reopen()
    assert sketched(corrected, 1, OTHER) is None
    corrected.deliver(0, 1)
    assert sketched(reopen(), 2, ONE) is None
    assert sketched(reopen(), 3, OTHER) == "trs:1"


def test_a_correction_too_short_for_a_sketch_has_no_copies(store: Store, reopen: Reopen) -> None:
    sketched(store, 1, ONE)
    store.deliver(0, 1)
    give(reopen(), story(1, "乙"))
    assert sketched(reopen(), 2, ONE) is None


def test_a_copy_that_is_corrected_becomes_a_first(store: Store, reopen: Reopen) -> None:
    sketched(store, 1, ONE)
    sketched(store, 2, ONE)
    store.deliver(0, 1)
    corrected = reopen()
    assert sketched(corrected, 2, OTHER) is None
    corrected.deliver(0, 1)
    assert sketched(reopen(), 3, OTHER) == "trs:2"


@pytest.fixture
def rescheme(store: Store, path: Path, reopen: Reopen) -> Store:
    """A store whose sketches were made in another way."""
    sketched(store, 1, ONE)
    store.deliver(0, 1)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("UPDATE facts SET value = 'another' WHERE name = 'sketches'")
    return reopen()


def test_articles_outlive_their_sketches(rescheme: Store) -> None:
    assert rescheme.known("trs:1")


def test_sketches_of_another_scheme_are_compared_with_none(rescheme: Store) -> None:
    assert sketched(rescheme, 2, ONE) is None


def test_sketches_of_the_new_scheme_are_kept(rescheme: Store, reopen: Reopen) -> None:
    sketched(rescheme, 1, ONE)
    rescheme.deliver(0, 1)
    assert sketched(reopen(), 2, ONE) == "trs:1"


def form(number: int) -> bytes:
    """A sketch that shares a band with all others of its kind, and no more."""
    return ONE[:8] + any_sketch(number)[8:]


def barely_like(sketch: bytes) -> bytes:
    """One that shares 57 bytes with another, and only the first band."""
    return bytes(byte ^ (place >= 8 and place % 8 == 0) for place, byte in enumerate(sketch))


def test_texts_that_are_gone_take_no_place_among_those_of_a_band(
    store: Store, reopen: Reopen
) -> None:
    for number in range(20):
        sketched(store, number, form(number))
    store.deliver(0, 1)
    corrected = reopen()
    for number in range(20):
        sketched(corrected, number, any_sketch(number + 100))
    corrected.deliver(0, 1)
    after = reopen()
    sketched(after, 50, form(50))
    after.deliver(0, 1)
    assert sketched(reopen(), 51, barely_like(form(50))) == "trs:50"


def steps_to_find(store: Store, number: int) -> int:
    store.claim(f"trs:{number}", "")
    return steps_of(store, lambda: store.first_like(f"trs:{number}", form(number)))


@pytest.mark.parametrize("is_delivered", [False, True], ids=["waiting", "delivered"])
def test_a_form_text_costs_the_same_however_often_it_was_filled_in(is_delivered: bool) -> None:
    with closing(Store()) as store:
        steps: list[int] = []
        for numbers in (range(300), range(1000, 3700)):
            for number in numbers:
                assert sketched(store, number, form(number)) is None
            if is_delivered:
                store.deliver(0, 1)
            steps.append(steps_to_find(store, numbers.stop))
    assert steps[1] < 1.2 * steps[0]


def test_no_look_up_reads_a_whole_table(store: Store) -> None:
    give(store, story(1, asked="trs:9"))
    store.claim("trs:2", "")
    asked: list[str] = []
    store.db.set_trace_callback(asked.append)
    store.claim("trs:2", "")
    store.first_like("trs:2", ONE)
    store.known("trs:8")
    store.passed("trs:8")
    store.renew("trs:8", None, None)
    store.db.set_trace_callback(None)
    plans = [row[3] for sql in asked for row in store.db.execute(f"EXPLAIN QUERY PLAN {sql}")]
    assert len(plans) > 16
    assert [plan for plan in plans if plan.startswith("SCAN")] == []


# --- any run of events ------------------------------------------------------------------------------

NUMBERS = st.integers(0, 4)
FEEDS = st.sampled_from([(0,), (1,), (0, 1)])


class Runs(RuleBasedStateMachine):
    """Runs on one file, against plain dicts."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.stores: list[Store] = []
        self.delivered: dict[str, tuple[int, bytes]] = {}
        self.led_to: dict[str, str] = {}
        self.passed: dict[str, str] = {}
        self.begin_run()

    def begin_run(self) -> None:
        self.store = Store(self.folder / "state.db")
        self.stores.append(self.store)
        self.claimed: dict[str, str] = {}
        self.waiting: dict[str, tuple[Article, set[tuple[int, int]]]] = {}
        self.batches = [1, 1]

    @rule(number=NUMBERS, url=st.sampled_from("ab"))
    def claim(self, number: int, url: str) -> None:
        id_ = f"trs:{number}"
        assert self.store.claim(id_, url) == self.claimed.get(id_)
        self.claimed.setdefault(id_, url)

    @rule(number=NUMBERS, text=st.sampled_from("甲乙"), asked=st.integers(0, 3), feeds=FEEDS)
    def add(self, number: int, text: str, asked: int, feeds: tuple[int, ...]) -> None:
        article = story(number, text, asked=f"url:{asked}" if asked else f"trs:{number}")
        if article.id in self.claimed:
            return
        article.revision = self.delivered.get(article.id, (0, b""))[0] + 1
        self.claim(number, article.url)
        places = [(feed, self.batches[feed]) for feed in feeds]
        self.store.add(article, places)
        self.waiting[article.id] = (article, set(places))
        if article.id in self.delivered and article.asked != article.id:
            self.led_to[str(article.asked)] = article.id

    @rule(feed=st.integers(0, 1))
    def begin_batch(self, feed: int) -> None:
        self.batches[feed] += 1

    @rule(feed=st.integers(0, 1), back=st.integers(0, 2))
    def deliver(self, feed: int, back: int) -> None:
        place = (feed, self.batches[feed] - back)
        done = []
        for id_, (_, places) in self.waiting.items():
            if place in places:
                places.remove(place)
                done += [id_] if not places else []
        assert self.store.deliver(*place) == len(done)
        self.batches[feed] += back == 0
        # Those that led to the same article, in the order they were added.
        for id_ in sorted(done, key=list(self.claimed).index):
            article, _ = self.waiting.pop(id_)
            assert article.asked is not None
            self.delivered[id_] = (article.revision, digest(article))
            if article.asked != id_:
                self.led_to[article.asked] = id_
                self.passed.pop(article.asked, None)

    @rule(name=st.sampled_from(["trs:0", "trs:1", "url:8"]), reason=st.sampled_from("xy"))
    def note_passed(self, name: str, reason: str) -> None:
        self.store.note_passed(name, reason)
        self.passed[name] = reason

    @rule()
    def end_run(self) -> None:
        self.store.close()
        self.begin_run()

    @precondition(lambda self: len(self.stores) < 5)
    @rule()
    def lose_run(self) -> None:
        """What a run that dies holds is lost; its file stays open as long as this test."""
        self.begin_run()

    @invariant()
    def known_is_what_was_delivered(self) -> None:
        for id_ in [f"trs:{number}" for number in range(5)]:
            known = self.store.known(id_)
            assert (known and (known.revision, known.content_hash)) == self.delivered.get(id_)

    @invariant()
    def addresses_lead_where_they_led(self) -> None:
        for id_ in [f"url:{number}" for number in range(1, 4)]:
            known = self.store.known(id_)
            assert (known and known.id) == self.led_to.get(id_)

    @invariant()
    def passed_is_what_was_noted_last(self) -> None:
        for id_ in ("trs:0", "trs:1", "url:8"):
            passed = self.store.passed(id_)
            assert (passed and passed.reason) == self.passed.get(id_)

    @invariant()
    def the_rest_waits(self) -> None:
        assert self.store.waiting() == len(self.waiting)

    def teardown(self) -> None:
        for store in self.stores:
            store.close()
        shutil.rmtree(self.folder)


class TestRuns(Runs.TestCase):  # type: ignore[misc,valid-type]
    settings = settings(
        max_examples=60,
        stateful_step_count=30,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
