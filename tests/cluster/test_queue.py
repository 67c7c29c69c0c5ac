"""The queue itself, on a real database: whoever ends a try that is no longer theirs changes nothing,
and a job that is put back is not stopped by one that asks for the same."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import psycopg
from procrastinate import App
from procrastinate.jobs import Job as QueuedJob
from procrastinate.jobs import Status
from procrastinate.periodic import PeriodicDeferrer

from tests.cluster.conftest import Cluster
from tests.command_line import wait_until
from zjnews.cluster import queue, schedules
from zjnews.cluster.jobs import Job
from zjnews.cluster.outcomes import Outcome
from zjnews.cluster.queue import Jobs
from zjnews.cluster.schedules import Schedule

NEWS = Job("channel", "gnxw", {"since": "3d"})
OTHER = Job("channel", "jkxw", {"since": "3d"})


def with_jobs(address: str, act: Callable[[Jobs, App], Awaitable[None]]) -> None:
    async def run() -> None:
        app, jobs, _ = queue.app_of(address)
        async with app.open_async():
            await act(jobs, app)

    asyncio.run(run())


def put(address: str, *wanted: Job) -> list[int | None]:
    with psycopg.connect(address, autocommit=True, options="-c search_path=zjnews_jobs") as db:
        return [number for _, number in queue.add(db, address, wanted)]


async def taken(jobs: Jobs) -> QueuedJob:
    worker = await jobs.register_worker()
    job = await jobs.fetch_job([queue.QUEUE], worker)
    assert job is not None
    await jobs.begin_try(job)
    return job


def states(address: str) -> list[str]:
    with psycopg.connect(address, options="-c search_path=zjnews_jobs") as db:
        rows = db.execute("SELECT status FROM procrastinate_jobs ORDER BY id").fetchall()
    return [status for [status] in rows]


def test_a_try_that_others_have_ended_cannot_be_ended(address: str) -> None:
    put(address, NEWS)

    async def act(jobs: Jobs, _: App) -> None:
        first = await taken(jobs)
        await jobs.retry_job(first)
        second = await taken(jobs)
        for late in (Status.SUCCEEDED, Status.FAILED):
            await jobs.finish_job(first, late, delete_job=False)
        await jobs.retry_job(first)
        assert states(address) == ["doing"]
        assert second.attempts == 1
        await jobs.finish_job(second, Status.SUCCEEDED, delete_job=False)
        assert states(address) == ["succeeded"]

    with_jobs(address, act)


def test_what_is_put_back_takes_the_place_of_one_that_asks_for_the_same(address: str) -> None:
    put(address, NEWS)

    async def act(jobs: Jobs, _: App) -> None:
        first = await taken(jobs)
        assert put(address, OTHER, NEWS, NEWS) == [2, 3, None]
        await jobs.retry_job(first)

    with_jobs(address, act)
    assert states(address) == ["todo", "todo", "cancelled"]


def test_several_workers_may_rescue_at_once(address: str) -> None:
    put(address, NEWS, OTHER)

    async def act(jobs: Jobs, _: App) -> None:
        await taken(jobs)
        await taken(jobs)
        async with jobs.connector.pool.connection() as db:
            await db.execute("UPDATE procrastinate_workers SET last_heartbeat = '-infinity'")
        await asyncio.gather(*(jobs.rescue() for _ in range(4)))
        assert states(address) == ["todo", "todo"]
        again = await taken(jobs)
        assert again.attempts == 1
        assert await jobs.count_tries(again, Outcome.DIED) == 1
        await asyncio.gather(*(jobs.rescue() for _ in range(4)))
        assert states(address) == ["doing", "todo"]

    with_jobs(address, act)


def test_of_many_workers_one_puts_a_due_job_into_the_queue(address: str) -> None:
    planned = [Schedule("news", "* * * * *", (NEWS, OTHER))]
    now = time.time()

    async def defer() -> None:
        app, _, task = queue.app_of(address)
        schedules.register(app, task, planned)
        async with app.open_async():
            deferrer = PeriodicDeferrer(app.periodic_registry)
            await deferrer.defer_jobs(deferrer.get_previous_tasks(at=now))

    async def both() -> None:
        await asyncio.gather(defer(), defer(), defer())
        await defer()

    asyncio.run(both())
    assert states(address) == ["todo", "todo"]


def test_two_workers_with_a_schedule(cluster: Cluster) -> None:
    path = Path(cluster.folder / "s.toml")
    path.write_text(
        '[often]\ncron = "* * * * *"\nspider = "channel"\n'
        'arguments = { channels = "jkxw", since = "90d" }\n',
        "utf-8",
    )
    cluster.worker("--schedule", str(path))
    cluster.worker("--schedule", str(path))
    wait_until(lambda: len(cluster.rows("SELECT 1 FROM machines")) == 2)
    done = "SELECT 1 FROM procrastinate_jobs WHERE status = 'succeeded'"
    wait_until(lambda: cluster.rows(done))
    by_time = "SELECT count(*) FROM procrastinate_jobs GROUP BY args->>'timestamp'"
    assert {count for [count] in cluster.rows(by_time)} == {1}
    assert cluster.ids() == cluster.expected("jkxw")
