"""A worker: takes jobs from the queue and runs one crawl at a time, as a process of its own."""

import asyncio
import logging
import os
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from procrastinate import App, JobContext
from procrastinate.exceptions import ProcrastinateException
from procrastinate.jobs import Job as QueuedJob
from procrastinate.worker import Worker
from scrapy.exceptions import UsageError

from zjnews.cluster import child, database, schedules
from zjnews.cluster.jobs import Job, job_of
from zjnews.cluster.outcomes import MOST_TRIES, Ended, Outcome, pause
from zjnews.cluster.queue import (
    HEARTBEAT,
    KEPT_HOURS,
    LOST,
    QUEUE,
    STALLED,
    TAKEN_FOR_DEAD,
    Jobs,
    Over,
    app_of,
    logger,
)
from zjnews.cluster.schedules import Schedule
from zjnews.cluster.telling import Teller, take_given_up
from zjnews.state.database import StateError
from zjnews.state.verdict import Status
from zjnews.text.cleaning import error_in_words, printable, without_user

_POLL = 2.0
"""Seconds between two looks for jobs that are due; new ones are announced by the database."""
_CHORES = 3600.0
"""Seconds between two removals of old jobs."""
_TAIL = 4_096
"""Bytes of what a crawl has said last."""
_FORMAT = "%(asctime)s [%(name)s] %(levelname)s: %(message)s"
_DATES = "%Y-%m-%d %H:%M:%S"
"""As in the log of a crawl."""
_MOST_WORDS = 300
"""Characters of a reason that are kept."""


@dataclass
class Crawls:
    """The crawls of one worker."""

    address: str = field(repr=False)
    """Of the database; it goes to a crawl by its environment, which no other user can see."""
    options: list[str]
    """Of `scrapy crawl`, for all of them."""
    process: Process | None = None
    is_stopping: bool = False
    """Whether the worker is to end after the crawl that is under way."""
    went_badly: bool = False
    """Whether a job has ended in any other way than DONE."""
    jobs: Jobs = field(init=False)
    worker: "CrawlWorker" = field(init=False)

    async def crawl(self, context: JobContext, **row: Any) -> None:
        """One try of a job. Raises Over for one that is not DONE."""
        queued = context.job
        await self.jobs.begin_try(queued)
        try:
            job = job_of(row)
        except UsageError as error:
            await self.end_try(queued, "a job", Outcome.FAILED, f"it cannot be read: {error}")
            return
        if self.is_stopping:
            ended = Ended(Status.ENDED_EARLY, "not begun")
        else:
            logger.info("job %s, %s: try %d", queued.id, job.title, queued.attempts + 1)
            try:
                ended = await self.run(job)
            except OSError as error:  # no memory for a process, no Python any more
                ended = Ended(Status.NOT_STARTED, error_in_words(error))
        await self.end_try(queued, job.title, ended.outcome(self.is_stopping), str(ended))

    async def end_try(self, queued: QueuedJob, title: str, outcome: Outcome, words: str) -> None:
        before = await self.jobs.count_tries(queued, outcome)
        if outcome is Outcome.LATER and before + 1 >= MOST_TRIES:
            outcome, words = Outcome.FAILED, f"{words}, {MOST_TRIES} times"
        if not await self.jobs.end_try(queued, outcome, words):
            logger.warning("job %s, %s: %s", queued.id, title, TAKEN_FOR_DEAD)
            self.worker.stop()
            return
        if self.is_stopping:
            self.worker.stop()
        if outcome is Outcome.DONE:
            logger.info("job %s, %s: done: %s", queued.id, title, words)
            return
        self.went_badly = True
        seconds = pause(outcome, before)
        how = "given up" if outcome is Outcome.FAILED else f"again in {seconds:.0f} s"
        logger.warning("job %s, %s: %s: %s", queued.id, title, how, words)
        raise Over(outcome, words, seconds)

    async def run(self, job: Job) -> Ended:
        """Crawl, and pass on what the crawl says."""
        crawl = ("crawl", *self.options, *job.command())
        self.process = process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", child.__name__, str(os.getpid()), *crawl),
            env={
                **os.environ,
                "ZJNEWS_STATE_DB": self.address,
                "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            },
            stdin=asyncio.subprocess.DEVNULL,
            stderr=PIPE,
            start_new_session=True,  # Ctrl-C is for the worker, which passes it on once
        )
        assert process.stderr is not None
        tail = b""
        while part := await process.stderr.read(_TAIL):
            with suppress(OSError):
                sys.stderr.buffer.write(part)
                sys.stderr.buffer.flush()
            tail = (tail + part)[-_TAIL:]
        status = await process.wait()
        self.process = None
        return Ended(status, last_words(tail))

    def stop(self) -> None:
        """End after the crawl that is under way, which is asked to end now. To be called for each
        signal; a second one has Scrapy end without closing anything."""
        self.is_stopping = True
        if self.process is None:
            self.worker.stop()
        else:
            self.end_crawl()

    def end_crawl(self) -> None:
        if self.process is not None:
            with suppress(ProcessLookupError):
                self.process.terminate()


class CrawlWorker(Worker):
    """Procrastinate's, for one crawl at a time."""

    def __init__(self, app: App, crawls: Crawls, drains: bool) -> None:
        super().__init__(
            app,
            queues=[QUEUE],
            wait=not drains,
            fetch_job_polling_interval=_POLL,
            install_signal_handlers=False,
            update_heartbeat_interval=HEARTBEAT,
            stalled_worker_timeout=STALLED,
        )
        self.crawls = crawls

    def stop(self) -> None:
        """Also called where it can give no sign of life any more: others will have its job soon."""
        super().stop()  # type: ignore[no-untyped-call]
        self.crawls.end_crawl()


def last_words(tail: bytes) -> str:
    """The last line of a crawl, without its exit status: `all well`."""
    lines = tail.decode(errors="replace").split("\n")
    said = [line.strip() for line in lines if line.strip()]
    words = said[-1] if said else "it said nothing"
    words = words.removeprefix("zjnews crawl: ")
    if words.startswith("exit status "):
        words = words.partition(", ")[2]
    return printable(without_user(words))[:_MOST_WORDS]


async def work(
    address: str,
    options: list[str],
    planned: list[Schedule],
    teller: Teller | None,
    drains: bool,
) -> Status:
    """Work until asked to stop by SIGTERM or SIGINT; `drains`: until no job is due. Raises
    StateError if the database is lost."""
    crawls = Crawls(address, options)
    app, crawls.jobs, task = app_of(address, crawls.crawl)
    schedules.register(app, task, planned)
    worker = crawls.worker = CrawlWorker(app, crawls, drains)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, crawls.stop)
    try:
        async with app.open_async():
            await look_after(crawls.jobs, teller)
            await both(worker, asyncio.create_task(keep(worker, teller)))
            await look_after(crawls.jobs, teller)
    except LOST as error:
        raise database.failure(address, error) from error
    if drains:
        return Status.ERRORS if crawls.went_badly else Status.WELL
    return Status.WELL if crawls.is_stopping else Status.NOT_SHIPPED


async def both(worker: CrawlWorker, keeper: "asyncio.Task[None]") -> None:
    """A worker to its end; what looks after the others ends with it, or ends it."""
    working = asyncio.create_task(worker.run())  # type: ignore[no-untyped-call]
    await asyncio.wait((working, keeper), return_when=asyncio.FIRST_COMPLETED)
    if not working.done():
        worker.stop()
    keeper.cancel()
    for done in await asyncio.gather(working, keeper, return_exceptions=True):
        if isinstance(done, Exception):
            raise done


async def keep(worker: CrawlWorker, teller: Teller | None) -> None:
    """Look after the jobs of all workers as long as this one works, and is known to the others."""
    jobs, chores_at = worker.crawls.jobs, 0.0
    while True:
        if time.monotonic() >= chores_at:
            chores_at = time.monotonic() + _CHORES
            await jobs.delete_old_jobs(KEPT_HOURS, None, True, True, True)
            if teller:
                await send(teller)
        await asyncio.sleep(HEARTBEAT)
        # Procrastinate gives signs of life, too, but goes on where they are of no use.
        if worker.worker_id is not None:
            await jobs.update_heartbeat(worker.worker_id)
        await look_after(jobs, teller)


async def look_after(jobs: Jobs, teller: Teller | None) -> None:
    """Put back what dead workers have left, and tell of what was given up."""
    await jobs.rescue()
    if teller and await take_given_up(jobs, teller):
        await send(teller)


async def send(teller: Teller) -> None:
    with suppress(StateError):  # the next round will tell
        await asyncio.to_thread(teller.send)


# --- the log of a worker --------------------------------------------------------------------------


def _is_news(record: logging.LogRecord) -> bool:
    """Without tracebacks of what is no fault of ours. Procrastinate repeats what was said of a
    job."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, (ProcrastinateException, *LOST, StateError)):
        record.exc_info = record.exc_text = None
    return not isinstance(error, Over)


def log_to_standard_error(level: str) -> None:
    """The lines of the worker itself; those of its crawls are passed on as they are."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter(_FORMAT, _DATES))
    handler.addFilter(_is_news)
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)  # a line for each of many tries
    logger.setLevel(level)
