"""Tells people of jobs that were given up, by the messages that crawls leave in the state, too."""

import asyncio
import time
from dataclasses import dataclass

from zjnews.cluster.queue import Jobs
from zjnews.state.opening import open_database
from zjnews.watch.notices import Notices, Target

_GIVEN_UP = (
    "SELECT job.id, job.args->>'spider', job.args->>'name', given_up.words, job.attempts"
    " FROM given_up JOIN procrastinate_jobs job ON job.id = given_up.job AND job.status = 'failed'"
    " ORDER BY job.id FOR UPDATE OF given_up SKIP LOCKED"
)
_TOLD = "DELETE FROM given_up WHERE job = ANY(%s)"


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A job that is not tried again."""

    number: int
    spider: str
    name: str
    words: str
    tries: int

    def message(self) -> tuple[str, str]:
        """Title and text."""
        what = f"{self.spider} {self.name}"
        tries = f"{self.tries} {'try' if self.tries == 1 else 'tries'}"
        text = f"job {self.number}, {what}: given up after {tries}\n{self.words}"
        return f"zjnews: {what}: job given up", text


class Teller:
    """Of one worker. Its methods wait for answers, and are for a thread."""

    def __init__(self, address: str, targets: list[Target]) -> None:
        """`address`: of the state."""
        self.address = address
        self.targets = targets

    def put(self, jobs: list[GivenUp]) -> None:
        """Write a message for each address. Raises StateError."""
        db = open_database(self.address)
        try:
            notices = Notices(db, self.targets)
            with db.transaction(is_durable=True):
                for job in jobs:
                    for target in notices.targets.values():
                        notices.put(target, *job.message(), int(time.time()))
        finally:
            db.close()

    def send(self) -> None:
        """Send those that wait; what cannot be sent is tried again by the next crawl or worker.
        Raises StateError."""
        db = open_database(self.address)
        try:
            asyncio.run(_send_all(Notices(db, self.targets)))
        finally:
            db.close()


async def _send_all(notices: Notices) -> None:
    async for _ in notices.send():
        pass


async def take_given_up(jobs: Jobs, teller: Teller) -> bool:
    """Write the messages of jobs that were given up; each is one worker's matter. Whether there
    were any. Raises psycopg.Error, StateError."""
    async with jobs.connector.pool.connection() as db, db.transaction():
        rows = await (await db.execute(_GIVEN_UP)).fetchall()
        given_up = [GivenUp(n, str(spider), str(name), *rest) for n, spider, name, *rest in rows]
        if given_up:
            await asyncio.to_thread(teller.put, given_up)
            await db.execute(_TOLD, ([job.number for job in given_up],))
    return bool(given_up)
