"""`scrapy state copy`: everything that is kept, whole or not at all, from either database to the
other."""

from contextlib import closing
from pathlib import Path

import pytest

from tests.command_line import SCRAPY, run
from tests.postgres_server import PASSWORD, PostgresServer
from tests.state.stories import ONE, OTHER, add, give, lines_of, record_of, sketched, story
from zjnews.state import State
from zjnews.state.copying import COLUMNS
from zjnews.state.opening import open_database


def copy(source: str | Path, target: str | Path) -> tuple[int, str, str]:
    done = run([*SCRAPY, "state", "copy", str(source), str(target)])
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "state.db"
    with closing(State(path)) as state:
        sketched(state, 1, ONE)
        add(state, story(2, asked="trs:9", etag='"1"'))
        state.known.note_passed("https://zjol.com.cn/a.shtml", "no-article")
    return path


def rows_of(address: str | Path) -> dict[str, list[tuple[object, ...]]]:
    with closing(open_database(address)) as db:
        return {
            table: sorted(db.rows(f"SELECT {columns} FROM {table}"))  # noqa: S608
            for table, columns in COLUMNS.items()
        }


def test_a_state_moves_to_a_server_and_back(
    source: Path, postgres: PostgresServer, tmp_path: Path
) -> None:
    address = postgres.new()
    status, out, errors = copy(source, address)
    assert (status, errors) == (0, "")
    assert "2  articles" in out
    assert PASSWORD not in out
    assert rows_of(address) == rows_of(source)
    back = tmp_path / "back.db"
    assert copy(address, back)[0] == 0
    assert rows_of(back) == rows_of(source)


def test_a_crawl_goes_on_where_the_copied_one_has_ended(
    source: Path, postgres: PostgresServer
) -> None:
    address = postgres.new()
    assert copy(source, address)[0] == 0
    with closing(State(address)) as state:
        assert lines_of(state) == {"out.jsonl": [record_of(2)]}
        assert state.known.find("trs:9") == state.known.find("trs:2") is not None
        assert sketched(state, 3, ONE) == "trs:1"
        assert sketched(state, 4, OTHER) is None


def test_a_target_that_knows_something_stays_as_it_is(
    source: Path, postgres: PostgresServer
) -> None:
    address = postgres.new()
    with closing(State(address)) as state:
        give(state, story(7))
    before = rows_of(address)
    status, _, errors = copy(source, address)
    assert status == 2
    assert "is not empty; nothing was copied" in errors
    assert PASSWORD not in errors
    assert rows_of(address) == before


def test_what_cannot_be_copied_leaves_nothing_behind(
    source: Path, postgres: PostgresServer
) -> None:
    with closing(open_database(source)) as db:
        db.run("UPDATE passed SET asked_at = 'yesterday'")
    address = postgres.new()
    status, _, errors = copy(source, address)
    assert status == 2
    [line] = errors.splitlines()
    assert "yesterday" in line
    assert not any(rows_of(address).values())


def test_a_state_that_a_crawl_uses_is_not_copied(source: Path, tmp_path: Path) -> None:
    with closing(State(source)):
        status, _, errors = copy(source, tmp_path / "other.db")
    assert status == 7
    assert "another crawl is running on" in errors


def test_a_server_on_which_crawls_are_under_way_is_not_copied(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    address = postgres.new()
    with closing(State(address)):
        status, _, errors = copy(address, tmp_path / "other.db")
    assert status == 2
    assert "crawls are under way" in errors


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ((), "state copy FROM TO"),
        (("copy", "a"), "state copy FROM TO"),
        (("move", "a", "b"), "state copy FROM TO"),
        (("copy", "none.db", "b"), "none.db: no such file"),
        (("copy", "README.md", "README.md"), "the same"),
        (("copy", "--fast", "a", "b"), "no option '--fast'"),
    ],
)
def test_bad_arguments_are_one_line(arguments: tuple[str, ...], line: str) -> None:
    done = run([*SCRAPY, "state", *arguments])
    assert done.returncode == 2
    [error] = done.stderr.splitlines()
    assert line in error
