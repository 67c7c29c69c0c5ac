"""The dates that pages print: finding one in a line, and reading it as Beijing time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

import dateparser

from zjnews.items import Precision

BEIJING = timezone(timedelta(hours=8))
"""China keeps one time zone and has had no summer time since 1991."""

_CLOCK = (
    r"(?:\(?(?:星期|周)[一二三四五六日天]\)?\s?)?(?P<half>上午|下午|晚上|凌晨|早上|中午)?\s?"
    r"(?P<hour>\d{1,2})(?:\s?[:：]\s?(?P<minute>\d{1,2})"
    # Behind a minute, `-13:15` is no zone but the end of a span.
    r"(?:\s?[:：]\s?(?P<second>\d{1,2})(?:\.\d+)?(?P<zone>Z|[+-]\d\d:?\d\d)?"
    r"|(?P<short_zone>Z|\+\d\d:?\d\d))?(?:\s?(?P<meridiem>[AaPp])\.?[Mm]\b)?"
    r"|\s?[时点](?:\s?(?P<minute_zh>\d{1,2})\s?分(?:\s?(?P<second_zh>\d{1,2})\s?秒)?)?)"
)
_FULL = re.compile(
    r"(?<!\d)(?P<year>(?:19|20)\d\d)\s?(?:-|/|\.|年)\s?(?P<month>\d{1,2})\s?(?:-|/|\.|月)\s?"
    rf"(?P<day>\d{{1,2}})(?!\d)\s?日?(?:[\sT]*{_CLOCK})?"
)
_NO_YEAR = re.compile(rf"(?<!\d)(?P<month>\d{{1,2}})月(?P<day>\d{{1,2}})日(?:\s*{_CLOCK})?")
_NO_YEAR_DASH = re.compile(rf"(?<![\d-])(?P<month>\d\d)-(?P<day>\d\d)\s(?=\d\d:\d\d){_CLOCK}")
_LOOSE = re.compile(
    r"\d+\s?(?:秒|秒钟|分钟|小时|天|周|个月)前|刚刚"
    r"|(?:今天|昨天|前天)(?:\s*\d{1,2}[:：]\d\d)?"
    r"|\d+\s(?:second|minute|hour|day|week)s?\sago|(?:[Yy]ester|[Tt]o)day"
    r"|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)[a-z]*\.?\s\d{1,2},?\s\d{4}"
    r"(?:,?\s\d{1,2}:\d\d(?::\d\d)?)?"
    r"|\d{1,2}\s(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)[a-z]*\.?\s\d{4}"
    r"|(?<!\d)\d\d-\d\d-\d\d(?:\s\d{1,2}:\d\d(?::\d\d)?)?(?!\d)"
)
_SIGN = re.compile(r"\d|刚刚|[今昨前]天|day")
"""What no date does without; many lines do."""
_LOOSE_PRECISION: tuple[tuple[re.Pattern[str], Precision], ...] = (
    (re.compile(r"\d:\d\d:\d\d|秒|刚刚|second"), "second"),
    (re.compile(r"\d[:：]\d\d|分钟|minute"), "minute"),
    (re.compile(r"小时|hour"), "hour"),
)


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in Beijing time and the smallest part that was given."""

    at: datetime
    precision: Precision


def find(text: str) -> str | None:
    """The first date in a line of text, as printed, or None."""
    if not _SIGN.search(text):
        return None
    match = _FULL.search(text) or _without_year_in(text) or _LOOSE.search(text)
    return match[0].strip() if match else None


def read(raw: str, now: datetime, near: date | None = None) -> Moment | None:
    """Read a printed date. `now` (aware) is what relative dates count from; a date without a year
    gets the year that brings it closest to `near`, or the last one before `now`.

    None where the text is no date, or a day that no calendar has.
    """
    if not raw:
        return None
    if match := _FULL.search(raw):
        return _moment(match, int(match["year"]))
    if match := _without_year_in(raw):
        return _without_year(match, now.astimezone(BEIJING), near)
    return _loose(raw, now.astimezone(BEIJING))


def _without_year_in(text: str) -> re.Match[str] | None:
    return _NO_YEAR.search(text) or _NO_YEAR_DASH.search(text)


def start_of(day: date) -> Moment:
    """The moment of a date that stands in an address."""
    return Moment(datetime(day.year, day.month, day.day, tzinfo=BEIJING), "day")


def _moment(match: re.Match[str], year: int) -> Moment | None:
    hour = _hour(match)
    minute = match["minute"] or match["minute_zh"]
    second = match["second"] or match["second_zh"]
    precision: Precision = "second" if second else "minute" if minute else "hour"
    if hour is None:
        precision = "day"
    try:
        at = datetime(
            year,
            int(match["month"]),
            int(match["day"]),
            hour or 0,
            int(minute or 0),
            int(second or 0),
            tzinfo=_zone(match["zone"] or match["short_zone"]),
        )
        return Moment(at.astimezone(BEIJING), precision)
    except (ValueError, OverflowError):
        return None


def _hour(match: re.Match[str]) -> int | None:
    """The hour of the day, 0 to 23, from a clock of twelve or twenty-four hours."""
    if match["hour"] is None:
        return None
    hour = int(match["hour"])
    meridiem = (match["meridiem"] or "").lower()
    if hour < 12 and (meridiem == "p" or match["half"] in ("下午", "晚上")):
        return hour + 12
    return 0 if hour == 12 and meridiem == "a" else hour


def _zone(text: str | None) -> timezone:
    if not text:
        return BEIJING
    if text == "Z":
        return timezone.utc
    sign = -1 if text[0] == "-" else 1
    return timezone(sign * timedelta(hours=int(text[1:3]), minutes=int(text[-2:])))


def _without_year(match: re.Match[str], now: datetime, near: date | None) -> Moment | None:
    if near is not None:
        around = start_of(near).at
        moments = [_moment(match, near.year + step) for step in (0, -1, 1)]
        return min(filter(None, moments), key=lambda m: abs(m.at - around), default=None)
    moments = [_moment(match, now.year), _moment(match, now.year - 1)]
    return next((m for m in moments if m and m.at <= now + timedelta(days=1)), None)


def _loose(raw: str, now: datetime) -> Moment | None:
    at = dateparser.parse(
        raw,
        languages=["zh", "en"],
        settings={
            "DATE_ORDER": "YMD",
            "RELATIVE_BASE": now.replace(tzinfo=None),
            "PREFER_DATES_FROM": "past",
        },
    )
    if at is None:
        return None
    at = at.astimezone(BEIJING) if at.tzinfo else at.replace(tzinfo=BEIJING)
    precision: Precision = "day"
    for form, smallest in _LOOSE_PRECISION:
        if form.search(raw):
            precision = smallest
            break
    return Moment(_cut(at, precision), precision)


def _cut(at: datetime, precision: Precision) -> datetime:
    """Zero the parts below the precision, which dateparser fills from the clock."""
    at = at.replace(microsecond=0)
    if precision == "second":
        return at
    at = at.replace(second=0)
    if precision == "minute":
        return at
    at = at.replace(minute=0)
    return at if precision == "hour" else at.replace(hour=0)
