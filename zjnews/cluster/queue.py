"""The queue: Procrastinate's, with what it leaves open for jobs whose workers die.

A job that is run again has another number of tries. Whoever ends a run names that number, so that a
worker that was stopped for a while, and whose job another one has by now, ends nothing.
"""

import logging
import os
import socket
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from procrastinate import App, JobContext, PsycopgConnector, RetryDecision
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import Job as QueuedJob
from procrastinate.jobs import Status
from procrastinate.manager import JobManager
from procrastinate.retry import BaseRetryStrategy
from procrastinate.tasks import Task
from psycopg import AsyncConnection, Connection
from psycopg.rows import TupleRow

from zjnews.cluster import database
from zjnews.cluster.jobs import Job
from zjnews.cluster.outcomes import DEATHS, Outcome

logger = logging.getLogger("zjnews.cluster")

QUEUE = "crawls"
TASK = "zjnews.crawl"
HEARTBEAT = 10.0
"""Seconds between two signs of life of a worker."""
STALLED = 30.0
"""A worker that has given none for so many seconds is taken for dead."""
TAKEN_FOR_DEAD = "others have taken this worker for dead"
KEPT_HOURS = 24 * 30
"""For which jobs are kept that are over."""

_MINE = (
    "SELECT 1 FROM procrastinate_jobs"
    " WHERE id = %s AND status = 'doing' AND attempts = %s FOR UPDATE"
)
_CANCEL_TWIN = (
    "UPDATE procrastinate_jobs SET status = 'cancelled' WHERE status = 'todo'"
    " AND queueing_lock = (SELECT queueing_lock FROM procrastinate_jobs WHERE id = %s)"
)
_RETRY = "SELECT procrastinate_retry_job_v2(%s, %s, NULL, NULL, NULL)"
_FINISH = "SELECT procrastinate_finish_job_v1(%s, %s, false)"
_GIVE_UP = (
    "INSERT INTO given_up (job, words) VALUES (%s, %s)"
    " ON CONFLICT (job) DO UPDATE SET words = excluded.words"
)
_FAULT = (
    "INSERT INTO given_up (job, words) VALUES (%s, 'a fault of the worker, see its log')"
    " ON CONFLICT DO NOTHING"
)
_BEGIN_TRY = (
    "INSERT INTO tries (job, number, machine, pid) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING"
)
_END_TRY = (
    "UPDATE tries SET ended_at = now(), outcome = %s, words = %s"
    " WHERE job = %s AND number = %s AND ended_at IS NULL"
)
_COUNT_TRIES = "SELECT count(*) FROM tries WHERE job = %s AND outcome = %s"
# A worker that has lost the database since the try began was not killed by its job.
_DIES = (
    "UPDATE tries SET ended_at = now(), words = 'its worker has died',"
    " outcome = CASE WHEN began_at > pg_postmaster_start_time() THEN %s ELSE %s END"
    " WHERE job = %s AND number = %s AND ended_at IS NULL"
)
_SAY_WHY = "UPDATE tries SET words = %s WHERE job = %s AND number = %s"


LOST = (ConnectorException, psycopg.Error)
"""What is raised where the database does not do its part."""


class Over(Exception):  # noqa: N818  it is no error, but how Procrastinate is told
    """How a try has ended that was not DONE; the message is one line."""

    def __init__(self, outcome: Outcome, words: str, seconds: float = 0.0) -> None:
        super().__init__(words)
        self.outcome = outcome
        self.again_in = None if outcome is Outcome.FAILED else seconds


class Again(BaseRetryStrategy):
    """Reads from `Over` whether and when there is another try; anything else is a fault."""

    def get_retry_decision(
        self, *, exception: BaseException, job: QueuedJob
    ) -> RetryDecision | None:
        if isinstance(exception, LOST):  # the try is noted nowhere
            return RetryDecision(retry_at=_in(HEARTBEAT))
        if not isinstance(exception, Over) or exception.again_in is None:
            return None
        return RetryDecision(retry_at=_in(exception.again_in))


class Jobs(JobManager):
    """The jobs and workers of a cluster."""

    connector: PsycopgConnector

    async def register_worker(self) -> int:
        """Note where the worker is, too."""
        worker = await super().register_worker()
        async with self.connector.pool.connection() as db:
            who = (worker, socket.gethostname(), os.getpid())
            await db.execute("INSERT INTO machines (worker, machine, pid) VALUES (%s, %s, %s)", who)
        return worker

    async def update_heartbeat(self, worker_id: int) -> None:
        """Raises ConnectorException also where others have taken this worker for dead, and may have
        its job."""
        async with self.connector.pool.connection() as db:
            beat = "UPDATE procrastinate_workers SET last_heartbeat = now() WHERE id = %s"
            if not (await db.execute(beat, (worker_id,))).rowcount:
                raise ConnectorException(TAKEN_FOR_DEAD)

    # --- the end of a try --------------------------------------------------------------------

    async def finish_job(self, job: QueuedJob, status: Status, delete_job: bool) -> None:
        async def finish(db: "AsyncConnection[TupleRow]") -> None:
            await db.execute(_FINISH, (job.id, status.value))
            if status is Status.FAILED:
                await db.execute(_FAULT, (job.id,))

        await self._end(job, finish)

    async def retry_job(
        self,
        job: QueuedJob,
        retry_at: datetime | None = None,
        priority: int | None = None,
        queue: str | None = None,
        lock: str | None = None,
    ) -> None:
        """Have it tried again. Another one that waits and asks for the same is cancelled; the tries
        of this one count."""

        async def retry(db: "AsyncConnection[TupleRow]") -> None:
            await db.execute(_CANCEL_TWIN, (job.id,))
            await db.execute(_RETRY, (job.id, retry_at or _in(0)))

        await self._end(job, retry)

    async def _end(
        self,
        job: QueuedJob,
        change: Callable[["AsyncConnection[TupleRow]"], Awaitable[Any]],
    ) -> bool:
        """Change the row of a job if it is in the try that is ended here."""
        async with self.connector.pool.connection() as db, db.transaction():
            mine = await db.execute(_MINE, (job.id, job.attempts))
            is_mine = await mine.fetchone() is not None
            if is_mine:
                await change(db)
        if not is_mine:
            logger.warning("job %s is another worker's by now", job.id)
        return is_mine

    async def begin_try(self, job: QueuedJob) -> None:
        async with self.connector.pool.connection() as db:
            await db.execute(_BEGIN_TRY, (job.id, job.attempts, socket.gethostname(), os.getpid()))

    async def end_try(self, job: QueuedJob, outcome: Outcome, words: str) -> bool:
        """Whether it was still under way; else others have taken its worker for dead."""
        async with self.connector.pool.connection() as db, db.transaction():
            ended = await db.execute(_END_TRY, (outcome, words, job.id, job.attempts))
            if ended.rowcount and outcome is Outcome.FAILED:
                await db.execute(_GIVE_UP, (job.id, words))
        return bool(ended.rowcount)

    async def count_tries(self, job: QueuedJob, outcome: Outcome) -> int:
        """Of a job, those that ended so."""
        async with self.connector.pool.connection() as db:
            found = await (await db.execute(_COUNT_TRIES, (job.id, outcome))).fetchone()
            return int(found[0]) if found else 0

    # --- workers that died -------------------------------------------------------------------

    async def rescue(self) -> None:
        """Put back the jobs of workers that are dead; one that has killed DEATHS of them is given
        up. Any number of workers may do so at once."""
        for job in await self.get_stalled_jobs(seconds_since_heartbeat=STALLED):
            async with self.connector.pool.connection() as db:
                how = (Outcome.DIED, Outcome.STOPPED)
                await db.execute(_DIES, (*how, job.id, job.attempts))
            if await self.count_tries(job, Outcome.DIED) < DEATHS:
                logger.warning("job %s: its worker has died, it is put back", job.id)
                await self.retry_job(job)
            else:
                await self._end(job, self._giving_up(job))

    def _giving_up(
        self, job: QueuedJob
    ) -> Callable[["AsyncConnection[TupleRow]"], Awaitable[None]]:
        words = f"{DEATHS} workers have died while they crawled for it"

        async def give_up(db: "AsyncConnection[TupleRow]") -> None:
            await db.execute(_FINISH, (job.id, Status.FAILED.value))
            await db.execute(_SAY_WHY, (words, job.id, job.attempts))
            await db.execute(_GIVE_UP, (job.id, words))
            logger.error("job %s: %s, it is given up", job.id, words)

        return give_up


# --- the app --------------------------------------------------------------------------------------

Crawl = Callable[..., Awaitable[None]]


async def _not_here(context: JobContext, **_: Any) -> None:
    raise RuntimeError(f"job {context.job.id} is for a worker")


def app_of(address: str, crawl: Crawl = _not_here) -> tuple[App, Jobs, "Task[..., Any, ...]"]:
    """The app of Procrastinate, its manager and its one task, which `crawl` is called for."""
    connector = PsycopgConnector(
        conninfo=address,
        name="zjnews",
        min_size=1,
        max_size=4,
        timeout=STALLED,
        kwargs={
            "options": database.SESSION,
            "application_name": "zjnews worker",
            "connect_timeout": 10,
            "keepalives_idle": 20,
            "keepalives_interval": 5,
            "keepalives_count": 4,
            "tcp_user_timeout": round(STALLED * 1000),
        },
    )
    # A job whose time came while no worker was there is done within an hour, or the next time.
    app = App(connector=connector, periodic_defaults={"max_delay": 3600})
    manager = Jobs(connector)
    app.job_manager = manager
    task = app.task(name=TASK, queue=QUEUE, pass_context=True, retry=Again())(crawl)
    return app, manager, task


def add(
    db: "Connection[TupleRow]", address: str, jobs: Iterable[Job]
) -> list[tuple[Job, int | None]]:
    """Put jobs into the queue. Each with its number; None where one that asks for the same waits
    there already. Raises psycopg.Error."""
    _, _, task = app_of(address)
    added: list[tuple[Job, int | None]] = []
    for job in jobs:
        try:
            with db.transaction():
                number = task.configure(
                    lock=job.lock, queueing_lock=job.digest, connection=db
                ).defer(**job.row())
        except AlreadyEnqueued:
            number = None
        added.append((job, number))
    return added


def _in(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)
