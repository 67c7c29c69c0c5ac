"""Fixtures that several files share: a sound made-up site, a server for it, and a database."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.made_up_site import MadeUpSite
from tests.postgres_server import PostgresServer
from tests.site_server import Site, serve

# By default an example that takes 200 ms fails, as any may on a busy machine.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


def pytest_xdist_auto_num_workers() -> int:
    """Twice as many as processors, since most tests wait for the crawls that they have begun."""
    return 2 * (os.cpu_count() or 1)


@pytest.fixture
def made_up() -> MadeUpSite:
    return MadeUpSite(datetime.now(UTC), trouble=False)


@pytest.fixture
def site(made_up: MadeUpSite) -> Iterator[Site]:
    with serve(made_up.answer) as running:
        yield running


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    server = PostgresServer()
    server.start()
    yield server
    server.remove()


@pytest.fixture
def address(postgres: PostgresServer) -> str:
    """Of a state in PostgreSQL that is not there yet."""
    return postgres.new()


@pytest.fixture(params=["sqlite", "postgresql"])
def state_address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of a state that is not there yet, in each kind of database."""
    if request.param == "sqlite":
        return str(tmp_path / "state.db")
    return str(request.getfixturevalue("postgres").new())
