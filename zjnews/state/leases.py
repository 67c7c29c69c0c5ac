"""Leases: a host gets the requests of one crawl at a time, however many are under way.

A lease lapses by itself, by the clock of the database, so that a crawl that was killed or stopped
keeps no host. Whoever has it next waits as long as if the requests came from one crawl.
"""

from dataclasses import dataclass

from zjnews.state import sql
from zjnews.state.database import Database


@dataclass(frozen=True, slots=True)
class Lease:
    """What one who has just taken it must know. Times in seconds from now, 0 or less if past."""

    free_in: float
    """When the next request may be sent."""
    left_for: float
    """How long the host is to be left alone, as another crawl has found."""
    why: str
    """Why it was given up; empty if it is only paused."""


class Leases:
    """The leases of one crawl."""

    def __init__(self, db: Database, crawl: int) -> None:
        """`crawl`: its key."""
        self.db = db
        self.crawl = crawl

    def take(self, host: str, seconds: float) -> Lease | None:
        """The lease of a host for some seconds; None if another crawl has it, which is told that it
        is wanted. Raises StateError."""
        now = self.db.clock()
        if not self.db.changed(sql.TAKE_LEASE, host, self.crawl, now + seconds, now, now):
            self.db.run(sql.WANT_LEASE, now, host)
            return None
        free_at, left_until, why = self.db.one(sql.LEASE, host)
        return Lease(free_at - now, left_until - now, why)

    def renew(self, host: str, seconds: float, pause: float) -> bool | None:
        """Whether another crawl wants it; None if it is lost. `pause`: seconds between two
        requests. Raises StateError."""
        now = self.db.clock()
        row = self.db.one(sql.RENEW_LEASE, now + seconds, pause, host, self.crawl, now)
        return None if row is None else bool(row[0] > now - seconds)

    def release(self, host: str, ago: float, pause: float) -> None:
        """Let others have it. `ago`: seconds since the last request was sent. Raises StateError."""
        self.db.run(sql.RELEASE_LEASE, self.db.clock() - ago, pause, host, self.crawl)

    def leave_alone(self, host: str, seconds: float, why: str = "") -> None:
        """Have all crawls send nothing to a host for some seconds; `why`: if they are to give it
        up. Raises StateError."""
        self.db.run(sql.LEAVE_ALONE, self.db.clock() + seconds, why, host, self.crawl)
