"""The window of a crawl: what `since` and `until` mean, and what is between them."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from zjnews.text.dates import BEIJING, Moment, start_of

FORMS = "2026-09-01, 2026-09-01T08:00, 7d, 12h, today or yesterday"
"""What is accepted, for messages. A date and time without an offset is Beijing time."""

SPANS = {
    "second": timedelta(seconds=1),
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
}
"""How long the stretch of time is that a moment of each precision names."""

_FIRST_YEAR, _LAST_YEAR = 1990, 2200
_LAST_DAY = date(_LAST_YEAR, 1, 1)
_LAST_MOMENT = start_of(_LAST_DAY).at
_AGO = re.compile(r"(\d{1,5})\s?([dh])", re.ASCII | re.I)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_MINUTE = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time, open at an end that is None."""

    since: datetime | None = None
    """The first moment that belongs to it, aware."""
    until: datetime | None = None
    """The first moment that no longer does, aware."""

    def overlaps(self, moment: Moment) -> bool:
        """Whether a moment may lie in it; a day without an hour may be any hour of that day."""
        if self.since is not None and moment.at + SPANS[moment.precision] <= self.since:
            return False
        return self.until is None or moment.at < self.until

    def overlaps_day(self, day: date | None) -> bool:
        """The same for a whole day in Beijing; an unknown day may lie in any window."""
        return day is None or self.overlaps(start_of(min(day, _LAST_DAY)))

    def begins_after(self, day: date) -> bool:
        """Whether a whole day is before it."""
        end = start_of(min(day, _LAST_DAY)).at + SPANS["day"]
        return self.since is not None and end <= self.since

    def days(self, first: date, last: date) -> list[date]:
        """The days in Beijing that it touches, newest first; `first` and `last` close open ends."""
        if self.since is not None:
            first = self.since.astimezone(BEIJING).date()
        if self.until is not None:
            last = min(last, (self.until - timedelta(microseconds=1)).astimezone(BEIJING).date())
        count = (last - first).days + 1
        return [last - timedelta(days=back) for back in range(max(count, 0))]


def window_of(since: str, until: str, now: datetime) -> Window:
    """The window of two arguments; an empty one leaves its end open. `now` (aware) is what `7d` and
    `today` count from. Raises ValueError with a line that says what is wrong."""
    window = Window(_read_end("since", since, now)[0], _read_end("until", until, now)[1])
    if window.since is not None and window.since > now:
        raise ValueError(f"since={since} lies in the future")
    if window.since and window.until and window.since >= window.until:
        raise ValueError(f"since={since} is not before until={until}")
    return window


def _read_end(name: str, text: str, now: datetime) -> tuple[datetime | None, datetime | None]:
    """The first moment of the time that a text names, and the first one after it."""
    text = " ".join(text.split())
    if not text:
        return None, None
    try:
        first, after = _read_time(text, now)
    except (ValueError, OverflowError):
        raise ValueError(f"{name}={text} is no time; accepted: {FORMS}") from None
    is_far = first.year <= _FIRST_YEAR if name == "since" else first.year >= _LAST_YEAR
    return (None, None) if is_far else (first, after)  # as good as no end


def _read_time(text: str, now: datetime) -> tuple[datetime, datetime]:
    today = now.astimezone(BEIJING).date()
    if ago := _AGO.fullmatch(text):
        unit = timedelta(days=1) if ago[2].lower() == "d" else timedelta(hours=1)
        at = now - int(ago[1]) * unit
        return at, at
    if text.lower() in ("today", "yesterday"):
        day = today if text.lower() == "today" else today - timedelta(days=1)
        return start_of(day).at, start_of(day).at + SPANS["day"]
    if _DAY.fullmatch(text):
        day = date.fromisoformat(text)
        return start_of(day).at, start_of(min(day, _LAST_DAY)).at + SPANS["day"]
    if minute := _MINUTE.fullmatch(text):
        at = datetime.fromisoformat(text)
        at = at if at.tzinfo else at.replace(tzinfo=BEIJING)
        return at, min(at, _LAST_MOMENT) + SPANS["second" if minute[1] else "minute"]
    raise ValueError(text)
