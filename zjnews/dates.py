"""The dates that pages print: finding one in a line, and reading it as Beijing time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

import dateparser

from zjnews.items import Precision

BEIJING = timezone(timedelta(hours=8))
"""China keeps one time zone and has had no summer time since 1991."""

_WEEKDAY = r"[(（]?(?:星期|周)[一二三四五六日天][)）]?"
_LUNAR = r"[(（]?农历[^\d\s()（）,，。]{2,14}[)）]?"
_BESIDE = rf"(?:[\s,，T]{{0,4}}(?:{_WEEKDAY}|{_LUNAR})){{0,3}}[\s,，T]{{0,6}}"
"""What may stand between the day and the clock."""
_CLOCK = (
    r"(?P<half>上午|下午|晚上|晚间|夜里|夜间|深夜|午夜|凌晨|早上|早晨|清晨|中午|傍晚)?\s?"
    r"(?P<hour>\d{1,2})(?!\d)(?:\s?[:：]\s?(?P<minute>\d{1,2})(?!\d)"
    # After a minute, `-13:15` is no zone but the end of a span.
    r"(?:\s?[:：]\s?(?P<second>\d{1,2})(?!\d)(?:\.\d{1,9})?(?P<zone>Z|[+-]\d\d:?\d\d)?"
    r"|(?P<short_zone>Z|\+\d\d:?\d\d))?(?:\s?(?P<meridiem>[AaPp])\.?[Mm]\b\.?)?"
    r"|\s?[时点](?:\s?(?P<minute_zh>\d{1,2})\s?分(?:\s?(?P<second_zh>\d{1,2})\s?秒)?)?)"
)
_FULL = re.compile(
    r"(?<!\d)(?P<year>(?:19|20|１９|２０)\d\d)\s?(?:[-－—/／.．]|年)\s?(?P<month>\d{1,2})\s?"
    r"(?:[-－—/／.．]|月)\s?"
    rf"(?P<day>\d{{1,2}})(?!\d)\s?日?(?:{_BESIDE}{_CLOCK})?"
)
_NO_YEAR = re.compile(rf"(?<!\d)(?P<month>\d{{1,2}})月(?P<day>\d{{1,2}})日(?:{_BESIDE}{_CLOCK})?")
_NO_YEAR_DASH = re.compile(rf"(?<![\d-])(?P<month>\d\d)-(?P<day>\d\d)\s(?=\d\d:\d\d){_CLOCK}")
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)[a-z]{0,6}\.?"
_ENGLISH_CLOCK = r"(?:,?\s(?:at\s)?\d{1,2}:\d\d(?::\d\d)?(?:\s?[AaPp]\.?[Mm]\b\.?)?)?"
_UNIX = re.compile(
    r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\s(?P<month>[A-Z][a-z][a-z])\s{1,2}(?P<day>\d{1,2})\s"
    r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)\s(?P<zone>CST|GMT|UTC|[+-]\d{4})\s(?P<year>\d{4})\b"
)
"""As `date` and Java print it; CST is China Standard Time here."""
_LOOSE = re.compile(
    r"(?<!\d)\d{1,4}\s?(?:秒钟?|分钟|小时|天|周|个月)前|刚刚"
    r"|(?:今天|昨天|前天)(?:\s?\d{1,2}[:：]\d\d)?"
    r"|(?<!\d)\d{1,4}\s(?:second|minute|hour|day|week)s?\sago|(?:[Yy]ester|[Tt]o)day"
    rf"|\b{_MONTH}\s\d{{1,2}},?\s\d{{4}}{_ENGLISH_CLOCK}"
    rf"|(?<!\d)\d{{1,2}}\s{_MONTH},?\s\d{{4}}{_ENGLISH_CLOCK}"
    r"|(?<!\d)\d\d-\d\d-\d\d(?:\s\d{1,2}:\d\d(?::\d\d)?)?(?!\d)"
)
_NIGHT = frozenset("晚上 晚间 夜里 夜间 深夜 午夜".split())
"""Twelve o'clock of these is midnight, at the end of the day."""
_AFTERNOON = _NIGHT | {"下午", "傍晚"}
_LINE_LENGTH = 400
"""No line of date and source is longer."""
_STOP = re.compile(r"[，。！？；]|,(?!\s?\d{4})")
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
    """The first date in a line of date and source, as printed, or None. A date without a year, or a
    relative one, is none where the line goes on as a sentence: `昨天，…`, `2月14日，…`."""
    text = text[:_LINE_LENGTH]
    if not _SIGN.search(text):
        return None
    match = _FULL.search(text) or _UNIX.search(text)
    if match is None and not _STOP.search(text):
        match = _without_year_in(text)
    if match is None and (found := _LOOSE.search(text)):
        has_year = re.search(r"\d{4}", found[0])
        match = found if has_year or not _STOP.search(text) else None
    return match[0].strip() if match else None


def find_whole(text: str) -> str | None:
    """The first date with year, month and day in figures, as printed, or None."""
    match = _FULL.search(text[:_LINE_LENGTH])
    return match[0].strip() if match else None


def read(raw: str, now: datetime, near: date | None = None) -> Moment | None:
    """Read a printed date. `now` (aware) is what relative dates count from; a date without a year
    gets the year that brings it closest to `near`, or the last one before `now`.

    None where the text is no date, or a day that no calendar has.
    """
    raw = raw[:_LINE_LENGTH]
    if not raw:
        return None
    if match := _FULL.search(raw):
        return _moment(match, int(match["year"]))
    if match := _UNIX.search(raw):
        return _unix(match)
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
        day = datetime(
            year,
            int(match["month"]),
            int(match["day"]),
            tzinfo=_zone(match["zone"] or match["short_zone"]),
        )
        clock = timedelta(
            hours=_below(25, hour), minutes=_below(60, minute), seconds=_below(60, second)
        )
        return Moment((day + clock).astimezone(BEIJING), precision)
    except (ValueError, OverflowError):
        return None


def _below(limit: int, digits: str | int | None) -> int:
    """A part of a clock. Raises ValueError where no clock has so many."""
    number = int(digits or 0)
    if number >= limit:
        raise ValueError(digits)
    return number


def _hour(match: re.Match[str]) -> int | None:
    """The hour after the beginning of the day, from a clock of twelve or twenty-four hours; 24 and
    more are the next day: `24:00`, `晚上12:30`."""
    if match["hour"] is None:
        return None
    hour = int(match["hour"])
    meridiem = (match["meridiem"] or "").lower()
    half = match["half"] or ""
    if hour == 12 and half in _NIGHT:
        return 24
    if hour == 12 and (meridiem == "a" or half == "凌晨"):
        return 0
    is_afternoon = meridiem == "p" or half in _AFTERNOON or (half == "中午" and hour < 6)
    return hour + 12 if hour < 12 and is_afternoon else hour


def _unix(match: re.Match[str]) -> Moment | None:
    offset = {"CST": "+0800", "GMT": "+0000", "UTC": "+0000"}.get(match["zone"], match["zone"])
    parts = (match["year"], match["month"], match["day"], match["hour"], match["minute"])
    text = " ".join((*parts, match["second"], offset))
    try:
        at = datetime.strptime(text, "%Y %b %d %H %M %S %z")
    except ValueError:
        return None
    return Moment(at.astimezone(BEIJING), "second")


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
