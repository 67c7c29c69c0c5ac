"""The workers of a Dask cluster as readers of `reread`."""

import logging
import math
import pickle
import time
import uuid
from concurrent.futures import CancelledError

from distributed import Client, Future, wait
from distributed.scheduler import KilledWorker
from scrapy.settings import Settings

from zjnews.review import dask_worker
from zjnews.review.dask_worker import Job, OtherVersionError
from zjnews.review.orders import Order, Outcomes
from zjnews.review.reader_process import ReaderDiedError
from zjnews.review.readers import AHEAD, Answer, Ended, uninterrupted
from zjnews.text.cleaning import error_in_words

logger = logging.getLogger("zjnews")

_CONNECT_SECONDS = 10
_CLOSE_SECONDS = 2
_LOOK_SECONDS = 2.0
"""Between two looks at which workers there are."""
_TELL_SECONDS = 60.0
"""Between two lines that say there is none."""
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
        # As bytes, which Dask does not look into. A key that was never used: one whose workers have
        # died stays dead.
        given = pickle.dumps((self.job, order))
        key = f"reread-{uuid.uuid4().hex}"
        try:
            with uninterrupted():
                future = self.client.submit(
                    dask_worker.read, dask_worker.versions(), given, key=key
                )
        except (OSError, RuntimeError) as error:
            raise self.gone() from error
        return lambda: self.answer(future)

    def answer(self, future: Future[bytes]) -> Outcomes:
        """Raises ReaderDiedError, ReaderError; Ended for what no other try mends."""
        try:
            while not self.is_done(future):
                self.look()
            outcomes: Outcomes = pickle.loads(future.result())  # noqa: S301
        except KilledWorker as error:
            raise ReaderDiedError(str(error)) from error
        except OtherVersionError as error:
            raise Ended("other_version", str(error)) from error
        except (CancelledError, OSError) as error:
            raise self.gone() from error
        except (ImportError, AttributeError, RuntimeError) as error:  # unpickling `read`
            why = error_in_words(error.__cause__ or error)
            why = f"the scheduler or a worker has no zjnews: {why}"
            raise Ended("other_version", why) from error
        return outcomes

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
