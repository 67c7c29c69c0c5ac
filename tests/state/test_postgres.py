"""The state in PostgreSQL: several crawls at a time, crawls that die, and a server in trouble."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.command_line import ROOT, wait_until
from tests.postgres_server import PASSWORD, PostgresServer
from tests.state.stories import (
    ONE,
    OTHER,
    add,
    any_sketch,
    give,
    lines_of,
    record_of,
    sketched,
    story,
)
from zjnews.items import Skipped
from zjnews.state import State, sql
from zjnews.state.database import VERSION, Lock, StateError
from zjnews.state.leases import Leases
from zjnews.state.opening import reading
from zjnews.state.outbox import Batch
from zjnews.state.postgres import PostgresDatabase
from zjnews.state.run import Run

Begin = Callable[[], State]


@pytest.fixture
def begin(address: str) -> Iterator[Begin]:
    """Begins a crawl beside those that are under way."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(closing(State(address, "channel")))


def kill(state: State) -> None:
    """As if the process were killed: nothing is written any more."""
    state.db.close()
    state.is_closed = True


@contextmanager
def crawling(address: str, work: str) -> Iterator[subprocess.Popen[str]]:
    """A process with a `state` that does some work, says so, and goes on for ever."""
    script = f"""
import sys, time
from tests.state.stories import *
state = State(sys.argv[1], "channel")
{work}
print("done", flush=True)
time.sleep(10_000)
"""
    command = [sys.executable, "-c", script, address]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "done\n"
        yield process
        process.kill()


# --- articles of two crawls -------------------------------------------------------------------------


def test_an_article_that_another_crawl_has_asked_for_is_left_to_it(begin: Begin) -> None:
    one, other = begin(), begin()
    assert one.run.claim_to_ask("trs:1")
    assert one.run.claim_to_ask("trs:1")
    assert not other.run.claim_to_ask("trs:1")
    assert other.run.claim_to_ask("trs:2")


def test_an_article_that_another_crawl_has_read_is_left_to_it(begin: Begin) -> None:
    one, other = begin(), begin()
    assert one.claim(story(1)) is None
    with pytest.raises(Skipped, match="claimed"):
        other.claim(story(1))
    assert one.claim(story(1)) == story(1).url


def test_an_article_that_was_asked_for_is_read_once(begin: Begin) -> None:
    state = begin()
    assert state.run.claim_to_ask("trs:1")
    assert state.run.claim("trs:1", "a") is None
    assert state.run.claim("trs:1", "b") == "a"


def test_what_a_crawl_had_claimed_is_free_when_it_ends(begin: Begin) -> None:
    one, other = begin(), begin()
    for number in (1, 2):
        assert one.run.claim_to_ask(f"trs:{number}")
    assert one.claim(story(1)) is None
    one.close()
    assert other.run.claim_to_ask("trs:1")
    assert other.claim(story(2)) is None


def test_what_a_killed_crawl_had_claimed_is_free(address: str, begin: Begin) -> None:
    other = begin()
    with crawling(address, "assert state.run.claim_to_ask('trs:1')") as process:
        assert not other.run.claim_to_ask("trs:1")
        process.kill()
        wait_until(lambda: other.run.claim_to_ask("trs:1"))


def test_a_crawl_that_is_stopped_keeps_what_it_has_claimed(address: str, begin: Begin) -> None:
    with crawling(address, "assert state.run.claim_to_ask('trs:1')") as process:
        process.send_signal(signal.SIGSTOP)
        assert not begin().run.claim_to_ask("trs:1")


def test_what_a_killed_crawl_has_left_over_is_shipped_by_another(
    address: str, begin: Begin
) -> None:
    with crawling(address, "add(state, story(1))") as process:
        assert lines_of(begin()) == {}
        process.kill()
    other = begin()
    wait_until(lambda: other.run.bury() or lines_of(other))
    assert lines_of(other) == {"out.jsonl": [record_of(1)]}
    assert other.run.is_left_over("trs:1")
    assert lines_of(begin()) == {}


def test_only_one_of_many_takes_what_was_left_over(address: str, begin: Begin) -> None:
    others = [begin() for _ in range(6)]
    dead = begin()
    add(dead, *[story(number) for number in range(20)])
    kill(dead)
    with ThreadPoolExecutor(6) as pool:
        wait_until(
            lambda: (
                list(pool.map(lambda state: state.run.bury(), others))
                and any(map(lines_of, others))
            )
        )
    assert sorted(map(len, map(lines_of, others))) == [0, 0, 0, 0, 0, 1]


def test_what_waits_in_the_batch_of_another_is_not_asked_for(begin: Begin) -> None:
    one, other = begin(), begin()
    add(one, story(1))
    assert other.run.is_left_over("trs:1")
    assert not one.run.is_left_over("trs:1")


def test_the_batches_of_a_crawl_that_has_ended_are_the_next_ones(begin: Begin) -> None:
    one, other = begin(), begin()
    add(one, story(1))
    one.close()
    wait_until(lambda: other.run.bury() or lines_of(other))
    assert lines_of(other) == {"out.jsonl": [record_of(1)]}


def test_crawls_that_have_ended_leave_nothing(address: str, begin: Begin) -> None:
    one = begin()
    sketched(one, 1, ONE)
    one.outbox.delivered(Batch("", {}, key=1))
    one.close()
    with psycopg.connect(address, options="-c search_path=zjnews") as db:
        for table in ("crawls", "claims", "held"):
            assert db.execute(f"TABLE {table}".encode()).fetchall() == []


# --- near copies of two crawls ----------------------------------------------------------------------


def test_a_copy_is_found_while_the_first_is_not_yet_known(begin: Begin) -> None:
    one, other = begin(), begin()
    one.claim(story(1))
    other.claim(story(2))
    assert one.run.first_like("trs:1", ONE) is None
    assert other.run.first_like("trs:2", ONE) == "trs:1"


def test_of_many_copies_that_come_at_once_one_is_the_first(begin: Begin) -> None:
    states = [begin() for _ in range(6)]
    for kind in range(20):
        sketch = any_sketch(kind)
        ids = [f"trs:{100 * kind + number}" for number in range(6)]
        for state, id_ in zip(states, ids, strict=True):
            state.run.claim(id_, "")
        with ThreadPoolExecutor(6) as pool:
            runs = [state.run for state in states]
            found = list(pool.map(Run.first_like, runs, ids, [sketch] * 6))
        [first] = {each for each in found if each}
        assert found.count(None) == 1
        assert ids[found.index(None)] == first


def test_a_copy_of_what_a_killed_crawl_has_given_is_found(begin: Begin) -> None:
    one, other = begin(), begin()
    sketched(one, 1, ONE)
    kill(one)
    wait_until(lambda: other.run.bury() or len(other.db.rows(sql.CRAWLS)) == 1)
    assert sketched(other, 2, ONE) == "trs:1"


def test_what_a_killed_crawl_has_not_given_has_no_copies(begin: Begin) -> None:
    one, other = begin(), begin()
    one.claim(story(1))
    one.run.first_like("trs:1", ONE)
    kill(one)
    wait_until(lambda: other.run.bury() or len(other.db.rows(sql.CRAWLS)) == 1)
    assert sketched(other, 2, ONE) is None


def test_a_correction_by_another_crawl_has_copies_by_its_new_text_only(begin: Begin) -> None:
    one, other = begin(), begin()
    sketched(one, 1, ONE)
    one.close()
    assert sketched(other, 1, OTHER) is None
    assert sketched(begin(), 2, ONE) is None
    assert sketched(begin(), 3, OTHER) == "trs:1"


# --- places, messages -------------------------------------------------------------------------------


def test_a_place_is_written_by_one_crawl_at_a_time(begin: Begin) -> None:
    one, other = begin(), begin()
    batch = Batch("feeds/out.jsonl", {})
    assert one.outbox.lock(batch)
    assert not other.outbox.lock(batch)
    one.outbox.unlock(batch)
    assert other.outbox.lock(batch)


# --- leases -----------------------------------------------------------------------------------------


def leases_of(state: State) -> Leases:
    return Leases(state.db, state.run.key)


def test_a_host_is_one_crawls_at_a_time(begin: Begin) -> None:
    one, other = leases_of(begin()), leases_of(begin())
    lease = one.take("zjnews.zjol.com.cn", 60)
    assert lease is not None
    assert lease.free_in <= 0
    assert other.take("zjnews.zjol.com.cn", 60) is None
    assert other.take("gotrip.zjol.com.cn", 60) is not None


def test_the_one_who_has_it_hears_that_it_is_wanted(begin: Begin) -> None:
    one, other = leases_of(begin()), leases_of(begin())
    one.take("a", 60)
    assert one.renew("a", 60, 1) is False
    other.take("a", 60)
    assert one.renew("a", 60, 1) is True


def test_a_lease_that_is_given_back_is_free_after_the_pause(begin: Begin) -> None:
    one, other = leases_of(begin()), leases_of(begin())
    one.take("a", 60)
    one.release("a", ago=2, pause=7)
    lease = other.take("a", 60)
    assert lease is not None
    assert 4 < lease.free_in <= 5


def test_a_lease_lapses_by_itself_and_the_pause_follows(begin: Begin) -> None:
    one, other = leases_of(begin()), leases_of(begin())
    one.take("a", 60)
    one.renew("a", 0.5, 60)
    wait_until(lambda: other.take("a", 60))
    assert one.renew("a", 60, 1) is None
    assert one.take("a", 60) is None


def test_one_that_lapsed_and_is_taken_again_keeps_the_pause(begin: Begin) -> None:
    one = leases_of(begin())
    one.take("a", 60)
    one.renew("a", 0.1, 60)
    time.sleep(0.2)
    assert one.renew("a", 60, 60) is None
    lease = one.take("a", 60)
    assert lease is not None
    assert 55 < lease.free_in < 60


def test_a_pause_and_why_a_host_was_given_up_hold_for_the_next_one(begin: Begin) -> None:
    one, other = leases_of(begin()), leases_of(begin())
    one.take("a", 60)
    one.leave_alone("a", 900, "five addresses failed")
    one.release("a", 0, 1)
    lease = other.take("a", 60)
    assert lease is not None
    assert 890 < lease.left_for <= 900
    assert lease.why == "five addresses failed"


# --- the server in trouble --------------------------------------------------------------------------


def test_nobody_there_is_one_line_without_the_password(postgres: PostgresServer) -> None:
    address = postgres.address("news").replace(f":{postgres.port}/", ":1/")
    with pytest.raises(StateError) as raised:
        State(address)
    assert "cannot be used" in str(raised.value)
    assert "refused" in str(raised.value)
    assert_is_discreet(str(raised.value))


def assert_is_discreet(line: str) -> None:
    assert len(line.splitlines()) == 1
    assert PASSWORD not in line
    assert "not%2Ffor" not in line


@pytest.mark.parametrize("change", [("owner:", "nobody:"), ("/news", "/none")])
def test_what_the_server_refuses_is_one_line(address: str, change: tuple[str, str]) -> None:
    with pytest.raises(StateError) as raised:
        State(address.replace(*change))
    assert_is_discreet(str(raised.value))


def test_a_state_of_another_version_is_one_line(address: str) -> None:
    State(address).close()
    with psycopg.connect(address) as db:
        db.execute("UPDATE zjnews.facts SET value = '99' WHERE name = 'version'")
    with pytest.raises(StateError, match=f"version is 99, this zjnews reads version {VERSION}"):
        State(address)
    with reading(address) as rows:
        assert rows(sql.CRAWLS) == []


def test_a_database_without_a_state_cannot_be_reported(address: str) -> None:
    with pytest.raises(StateError, match="is no state of zjnews"), reading(address):
        pass


def test_crawls_that_begin_at_once_make_the_tables_once(address: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        states = list(pool.map(lambda _: State(address), range(8)))
    assert len({state.run.key for state in states}) == 8
    for state in states:
        state.close()


def test_a_session_that_is_ended_is_one_line_and_never_opened_anew(
    address: str, begin: Begin
) -> None:
    state = begin()
    told: list[StateError] = []
    state.db.on_failure = told.append
    give(state, story(1))
    with psycopg.connect(address, autocommit=True) as db:
        db.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
            " AND datname = current_database()"
        )
    for _ in range(3):
        with pytest.raises(StateError):
            give(state, story(2))
    assert len(told) == 1
    assert_is_discreet(str(told[0]))
    assert begin().known.find("trs:2") is None


def test_a_server_that_hangs_ends_the_crawl_in_time(address: str) -> None:
    db = PostgresDatabase(address, "news", patience=0.5)
    [pid] = db.one("SELECT pg_backend_pid()")
    os.kill(pid, signal.SIGSTOP)
    try:
        with pytest.raises(StateError):
            db.one("SELECT 1")
    finally:
        os.kill(pid, signal.SIGCONT)
    db.close()


def test_a_transaction_that_nobody_goes_on_with_does_not_hold_up_others(address: str) -> None:
    """A crawl was stopped in the middle of it."""
    stopped, other = PostgresDatabase(address, "one"), PostgresDatabase(address, "other")
    stopped.run("SET idle_in_transaction_session_timeout = '200ms'")
    done = threading.Event()

    def change() -> None:
        with other.transaction(is_alone=True):
            other.run(sql.PUT_FACT, "x", "other")
        done.set()

    thread = threading.Thread(target=change)
    with pytest.raises(StateError), stopped.transaction(is_alone=True):
        stopped.run(sql.PUT_FACT, "x", "stopped")
        thread.start()
        done.wait()
    thread.join()
    assert other.one(sql.FACT, "x") == ("other",)
    stopped.close()
    other.close()


def test_a_server_that_is_restarted_keeps_what_was_delivered(tmp_path: Path) -> None:
    server = PostgresServer()
    server.start()
    try:
        address = server.new()
        state = State(address)
        add(state, story(1))
        [batch] = state.outbox.batches()
        state.outbox.seal(batch)
        server.stop(signal.SIGQUIT)
        with pytest.raises(StateError):
            add(state, story(2))
        state.close()
        server.start()
        with closing(State(address)) as after:
            assert lines_of(after) == {"out.jsonl": [record_of(1)]}
    finally:
        server.remove()


def test_locks_are_counted(begin: Begin) -> None:
    one, other = begin(), begin()
    for _ in range(2):
        assert one.db.lock(Lock.NOTICE, 7)
    one.db.unlock(Lock.NOTICE, 7)
    assert not other.db.lock(Lock.NOTICE, 7)
    one.db.unlock(Lock.NOTICE, 7)
    assert other.db.lock(Lock.NOTICE, 7)


def test_many_records_are_read_piece_by_piece(begin: Begin) -> None:
    state = begin()
    batch = Batch("out.jsonl", {})
    for number in range(1200):
        state.claim(story(number))
        state.add(story(number), record_of(number), [batch])
    assert [line for _, line in state.outbox.records(batch)] == [
        record_of(number) for number in range(1200)
    ]
    records = state.outbox.records(batch)
    next(records)
    records.close()
    assert state.outbox.waiting() == 1200
