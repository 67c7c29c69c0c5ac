"""The workers of a Dask cluster as readers of `reread`. What was given to one that dies is given to
another; what all die of is left out."""

import logging
import math
import pickle
import time
import uuid
from concurrent.futures import CancelledError

from distributed import Client, Future, wait
from distributed.scheduler import KilledWorker
from scrapy.settings import Settings

from zjnews.archives.saved import Found, SavedPage, Unusable
from zjnews.items import Rejected
from zjnews.review import dask_worker
from zjnews.review.dask_worker import Job, OtherVersionError, WorkerError
from zjnews.review.orders import Order, Outcome, Outcomes
from zjnews.review.reader import ReaderDiedError
from zjnews.review.rereading import AHEAD, Answer, Ended, is_unseen, pages_in, uninterrupted
from zjnews.text.cleaning import error_in_words

logger = logging.getLogger("zjnews")

_CONNECT_SECONDS = 10
_CLOSE_SECONDS = 2
_LOOK_SECONDS = 2.0
"""Between two looks at which workers there are."""
_TELL_SECONDS = 60.0
"""Between two lines that say there is none."""
_TRIES = 3
"""For each order. Dask itself gives a task to four workers before it says that all have died."""
_NEEDED = ("PAGE_SECONDS", "LOG_LEVEL")


class OnDask:
    """Readers on a Dask cluster."""

    take_stretches = True

    def __init__(self, address: str, settings: Settings) -> None:
        """`address`: that of the scheduler, `tcp://HOST:PORT`. Raises OSError, ValueError."""
        for name in [
            name for name in logging.root.manager.loggerDict if name.startswith("distributed")
        ]:
            logging.getLogger(name).setLevel(logging.CRITICAL)  # we say it in a line
        self.address = address
        self.client = Client(address, timeout=_CONNECT_SECONDS)
        pipelines = settings.getwithbase("ITEM_PIPELINES").copy_to_dict()
        needed = {name: settings[name] for name in _NEEDED}
        self.job = Job({**needed, "ITEM_PIPELINES": pipelines})
        self.most_without = settings.getfloat("WORKERS_SECONDS")
        self.threads = 0
        self.looked_at = -math.inf
        self.last_worker_at = time.monotonic()
        self.told_at = -math.inf

    def __enter__(self) -> None: ...

    def __exit__(self, *error: object) -> None:
        self.client.close(timeout=_CLOSE_SECONDS)

    @property
    def ahead(self) -> int:
        if time.monotonic() - self.looked_at >= _LOOK_SECONDS:
            self.look()
        return AHEAD * max(self.threads, 1)

    def begin(self, order: Order) -> Answer:
        future = self.submit(order)
        return lambda: self.answer(order, future)

    def submit(self, order: Order) -> Future[bytes]:
        # As bytes, which Dask does not look into. A key that was never used: one whose workers have
        # died stays dead.
        given = pickle.dumps((self.job, order))
        key = f"reread-{uuid.uuid4().hex}"
        try:
            with uninterrupted():
                return self.client.submit(dask_worker.read, dask_worker.versions(), given, key=key)
        except (OSError, RuntimeError) as error:
            raise self.gone() from error

    def answer(self, order: Order, future: Future[bytes]) -> Outcomes:
        """What an order gives, however many workers die. Raises Ended."""
        failure = None
        for number in range(1, _TRIES + 1):
            if number > 1:
                future = self.submit(order)
            try:
                outcomes: Outcomes = pickle.loads(self.result(future))  # noqa: S301
            except (KilledWorker, ReaderDiedError):
                logger.warning("reread: what read %s has died (%d)", _named(order), number)
                failure = None
            except WorkerError as error:
                failure = str(error)
            else:
                return outcomes
        if failure:
            raise Ended("worker_failed", f"a worker cannot read: {failure}")
        return None if is_unseen(order) else self.each_alone(order)

    def each_alone(self, order: Order) -> list[Outcome]:
        """The pages of an order of which what reads it dies; the one to blame is left out."""
        pages = pages_in(order)
        if isinstance(order, list) and len(pages) == 1:
            return [_deadly(pages[0])]
        return [one for page in pages for one in self.answer([page], self.submit([page])) or ()]

    def result(self, future: Future[bytes]) -> bytes:
        """Raises KilledWorker, ReaderDiedError, WorkerError; Ended for what no other try mends."""
        try:
            while not self.is_done(future):
                self.look()
            result: bytes = future.result()
        except OtherVersionError as error:
            raise Ended("other_version", str(error)) from error
        except (CancelledError, OSError) as error:
            raise self.gone() from error
        except (ImportError, AttributeError, RuntimeError) as error:  # unpickling `read`
            why = error_in_words(error.__cause__ or error)
            why = f"the scheduler or a worker has no zjnews: {why}"
            raise Ended("other_version", why) from error
        return result

    def is_done(self, future: Future[bytes]) -> bool:
        try:
            wait(future, timeout=_LOOK_SECONDS)
        except TimeoutError:
            return False
        return True

    def look(self) -> None:
        """See which workers there are. Raises Ended if there was none for too long."""
        self.looked_at = time.monotonic()
        try:
            self.threads = sum(self.client.nthreads().values())
        except (OSError, RuntimeError) as error:
            raise self.gone() from error
        if self.threads:
            self.last_worker_at = self.looked_at
        elif self.looked_at - self.last_worker_at > self.most_without:
            why = f"no worker at {self.address} for {self.most_without:g} s; its own log says why"
            raise Ended("no_workers", why)
        elif self.looked_at - self.told_at >= _TELL_SECONDS:
            self.told_at = self.looked_at
            logger.warning("reread: no worker at %s; waiting for one", self.address)

    def gone(self) -> Ended:
        return Ended("scheduler_gone", f"the scheduler at {self.address} has gone")


def _named(order: Order) -> str:
    if isinstance(order, list):
        names = [one.url for one in order if isinstance(one, SavedPage)]
        return f"{len(order)} pages from {names[0]} on" if names else "nothing"
    return f"{order.path} from byte {order.offset:,} on"


def _deadly(page: Found) -> Outcome:
    if not isinstance(page, SavedPage):
        return page
    detail = f"what read it has died {_TRIES} times"
    return Unusable(page.url, Rejected("reader-fault", detail))
