"""What becomes of a job when its crawl has ended: a table by exit status."""

from dataclasses import dataclass
from enum import StrEnum

from zjnews.state.verdict import Status

DEATHS = 3
"""A job is given up when so many workers have died while they crawled for it."""
MOST_TRIES = 8
"""That end in LATER; with the pauses between them they take about three hours."""
_LONGEST_PAUSE = 3600.0


class Outcome(StrEnum):
    """How a try of a job has ended."""

    DONE = "done"
    """The job is over."""
    SOON = "soon"
    """Something else was in its way: again in a short while, as often as it takes."""
    LATER = "later"
    """It has failed and need not fail again: once more after a pause, MOST_TRIES times."""
    FAILED = "failed"
    """It would fail in the same way again: somebody is told."""
    STOPPED = "stopped"
    """Its worker was asked to stop: again at once, elsewhere."""
    DIED = "died"
    """Its worker died: again at once, up to DEATHS times."""


OUTCOMES = {
    Status.WELL: Outcome.DONE,
    # Nothing may be there; a list that has become empty is a finding (CHANGED) or LIST_UNREAD.
    Status.NOTHING_FOUND: Outcome.DONE,
    # The crawl has delivered everything and has told what it has found.
    Status.CHANGED: Outcome.DONE,
    # What could be read is delivered; a fault of ours or of a pipeline is met again.
    Status.ERRORS: Outcome.FAILED,
    # The host may be well again in an hour, and the crawl has delivered nothing of the list.
    Status.LIST_UNREAD: Outcome.LATER,
    # By a limit, or a signal to the crawl itself; it goes on where it was.
    Status.ENDED_EARLY: Outcome.LATER,
    # A feed or the state that cannot be written now; what was scraped waits there.
    Status.NOT_SHIPPED: Outcome.LATER,
    # A machine without memory, a broken installation: another machine may be well.
    Status.NOT_STARTED: Outcome.LATER,
    # Another crawl has what this one needs.
    Status.BUSY: Outcome.SOON,
    # The same arguments are as bad the next time.
    Status.BAD_ARGUMENTS: Outcome.FAILED,
}

_FIRST_PAUSE = {Outcome.SOON: 15.0, Outcome.LATER: 60.0}
"""Seconds; each further one is twice as long."""
_LONGEST = {Outcome.SOON: 120.0, Outcome.LATER: _LONGEST_PAUSE}


@dataclass(frozen=True, slots=True)
class Ended:
    """How the process of a crawl has ended."""

    status: int
    """Its exit status; negative: the number of the signal that has killed it."""
    words: str
    """What it has said last."""

    def outcome(self, is_stopping: bool) -> Outcome:
        """What becomes of its job; LATER, too, where it was killed, or has a status that no crawl
        has."""
        known = self.status in list(Status)
        found = OUTCOMES[Status(self.status)] if known else Outcome.LATER
        return Outcome.STOPPED if found is Outcome.LATER and is_stopping else found

    def __str__(self) -> str:
        if self.status < 0:
            return f"killed by signal {-self.status}"
        return f"exit status {self.status}, {self.words}"


def pause(outcome: Outcome, before: int) -> float:
    """Seconds until the next try. `before`: tries so far that ended alike."""
    first = _FIRST_PAUSE.get(outcome, 0.0)
    return min(first * 2.0 ** min(before, 20), _LONGEST.get(outcome, 0.0))
