"""The dates that pages print: finding one in a line, and reading it as Beijing time."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache
from typing import Any

from zjnews.items import Precision

BEIJING = timezone(timedelta(hours=8))
"""China keeps one time zone and has had no summer time since 1991."""

_LONGEST = 1000  # characters of a line that are looked at
_PLAIN: dict[int, str] = {
    **{0xFF10 + digit: str(digit) for digit in range(10)},
    **dict.fromkeys(map(ord, "：∶︰"), ":"),
    **dict.fromkeys(map(ord, "－‐‑‒–—―−─"), "-"),
    **dict(zip(map(ord, "／．，（）【】［］〔〕"), "/.,()[][][]", strict=True)),
}
"""Full-width digits and marks, each with the one plain character that it stands for."""

Parts = dict[str, Any]  # the named groups of a date, those that it lacks as None

_HALVES = {
    "morning": "凌晨 清晨 早晨 清早 早上 早间 拂晓 今晨 上午",
    "noon": "中午 正午 午间",
    "afternoon": "下午 午后 傍晚 黄昏",
    "night": "晚上 晚间 夜晚 夜间 夜里 深夜 半夜 午夜 晚",
}
_HALF_OF = {word: half for half, words in _HALVES.items() for word in words.split()}
_HOURS: dict[str, tuple[int, ...]] = {
    "morning": (*range(12), 0),
    "noon": (*range(12, 22), 10, 11, 12),
    "afternoon": (*range(12, 24), 12),
    "night": (0, *range(25, 29), *range(17, 24), 24),
}
"""Hours from the beginning of the day for each hour of its halves, 0 to 12. After midnight a night
is on the next day, unless its clock is at 0."""

_HALF = "|".join(_HALF_OF)
_MERIDIEM = r"[AaPp]\.?\s?[Mm](?![A-Za-z])\.?"
CLOCK_SIGN = re.compile(r"\d[:：]\d\d")
"""What the clock of a date is known by: `8:30`."""
_CLOCK = (
    rf"(?P<half>{_HALF}|{_MERIDIEM})?\s?(?P<hour>\d{{1,2}})"
    # After a minute, `-13:15` is no zone but the end of a span.
    r"(?:\s?:\s?(?P<minute>\d{1,2})"
    r"(?:\s?:\s?(?P<second>\d{1,2})(?:[.,]\d{1,9})?(?P<zone_west>-\d\d:?\d\d(?!\d))?)?"
    rf"(?:\s?(?P<meridiem>{_MERIDIEM}))?"
    r"(?:\s?(?P<zone>(?:GMT|UTC)?[+]\d\d(?::?\d\d)?(?!\d)|(?:GMT|UTC|CST|Z)(?![A-Za-z+])))?"
    r"|\s?[时時点點](?:\s?(?P<half_past>半)"
    r"|\s?(?P<minute_zh>\d{1,2})(?!\d)\s?分?(?:\s?(?P<second_zh>\d{1,2})\s?秒)?)?"
    rf"|\s?(?P<meridiem_alone>{_MERIDIEM}))"
)
_LUNAR = (
    "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥鼠牛虎兔龙蛇马羊"
    "猴鸡狗猪年闰正冬腊〇零一二三四五六七八九十月初廿卅日"
)
_ENGLISH_WEEKDAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6}\b\.?"
_WEEKDAY = (
    # 周一鸣 is a person.
    rf"(?:星期|礼拜)[一二三四五六日天]|周[一二三四五六日天](?:(?![\u4e00-\u9fff])|(?={_HALF}))"
    rf"|{_ENGLISH_WEEKDAY}"
)
_REMARK = rf"(?:[\s,]{{0,3}}[(\[]?(?:{_WEEKDAY}|(?:农历|阴历|夏历)[{_LUNAR}]{{2,14}})[)\]]?)"
"""`星期日`, `(周日)`, `农历二月初二`"""
_BRACKET = r"(?:\s?[(\[][^()\[\]:]{1,24}[)\]])"
"""Whatever is in brackets between a day and its clock."""
_PLACE = (
    r"(?:\s?\(?(?:(?:GMT|UTC|GSM)\s?\+\s?0?8(?::?00)?(?!\d)(?:\s?北京时间)?"
    r"|北京时间|中国标准时间|Beijing [Tt]ime)\)?)?"
)
"""`(GSM+8 北京时间)`: the zone that all dates are in anyway."""
_TIME = (
    rf"(?:(?:{_REMARK}|{_BRACKET}){{0,3}}(?:[\s,T|]{{0,4}}(?:at\s)?|-(?=\d\d:)){_CLOCK}"
    rf"|{_REMARK}{{1,3}})?{_PLACE}"
)
_DAY_NAME = rf"(?:{_ENGLISH_WEEKDAY},?\s)?"
_YEAR = r"(?P<year>(?:19|20)\d\d)"
_NAMED_MONTH = (
    r"(?P<name>(?ai:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec))"
    r"(?:(?<=[a-z])[a-z]{0,6}|[A-Z]{0,6})\.?"
)
_DAY_OF_MONTH = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_FULL = tuple(
    map(
        re.compile,
        (
            rf"(?<!\d){_YEAR}\s?(?:[-/.]|年)\s?(?P<month>\d{{1,2}})\s?(?:[-/.]|月)\s?"
            rf"(?P<day>\d{{1,2}})(?!\d)(?:\s?[日号])?{_TIME}",
            # Nov. 22, 2019 4:03 PM
            rf"(?<![A-Za-z]){_DAY_NAME}{_NAMED_MONTH}\s{_DAY_OF_MONTH},?\s{_YEAR}(?!\d){_TIME}",
            # 22 Nov 2019, 22-Nov-2019
            rf"(?<!\d)(?<![A-Za-z]){_DAY_NAME}{_DAY_OF_MONTH}[\s-]{_NAMED_MONTH},?[\s-]{_YEAR}(?!\d){_TIME}",
            # Sun Mar 18 10:12:33 CST 2018
            rf"(?<![A-Za-z]){_DAY_NAME}{_NAMED_MONTH}\s{{1,2}}{_DAY_OF_MONTH}\s{_CLOCK}\s{_YEAR}(?!\d)",
        ),
    )
)
_NO_YEAR = (
    re.compile(rf"(?<!\d)(?P<month>\d{{1,2}})月(?P<day>\d{{1,2}})日{_TIME}"),
    re.compile(rf"(?<![\d-])(?P<month>\d\d)-(?P<day>\d\d)\s(?=\d\d:\d\d){_CLOCK}"),
)
_SHORT_YEAR = re.compile(
    rf"(?<![\d-])(?P<short_year>\d\d)-(?P<month>\d\d)-(?P<day>\d\d)(?![\d-]){_TIME}"
)
_DAY_NAMES = ("今天", "昨天", "前天")
_NAMED_DAY = re.compile(rf"(?P<named_day>{'|'.join(_DAY_NAMES)}){_TIME}")
_RELATIVE = re.compile(
    r"(?<!\d)\d{1,4}\s?(?:秒|秒钟|分钟|小时|天|周|个月)前|刚刚"
    r"|(?<!\d)\d{1,4}\s(?:second|minute|hour|day|week)s?\sago|(?:[Yy]ester|[Tt]o)day"
)
_SIGN = re.compile(r"\d|刚刚|[今昨前]天|day")  # what no date does without; many lines do
_RELATIVE_PRECISION: tuple[tuple[re.Pattern[str], Precision], ...] = (
    (re.compile(r"秒|刚刚|second"), "second"),
    (re.compile(r"分钟|minute"), "minute"),
    (re.compile(r"小时|hour"), "hour"),
)

_DAY_AFTER = re.compile(
    rf"\s{_YEAR}[年./-]?\d\d?[月./-]?\d\d?日?(?:\s?\d?{CLOCK_SIGN.pattern}(?:[:：]\d\d)?)?$"
)
_SENTENCE = re.compile(r"[。！？；]|[a-z]{2}[.!?](?:\s|$)")
_LABEL = re.compile(r"[^:,]{0,40}:\s?|[\s\[(|]*")
"""What may be before a date that does not say its year."""
_AFTER = re.compile(r"$|[\s\[\]()|]")  # what follows a date that is no part of a sentence
_NAMED = re.compile(r"[\s\[\]()|]{0,3}(?:$|[^\s:]{1,8}\s?:)")
"""What follows a date without a clock: nothing, or a label."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in Beijing time and the smallest part that was given."""

    at: datetime
    precision: Precision


def of_line(line: str) -> str | None:
    """The date of a line of date and source, as printed. None where the line is a sentence that
    speaks of a date.

    `03-18 10:12 来源：浙江在线`  ->  `03-18 10:12`; `2月14日上午，杭州下雪。`  ->  None
    """
    match = _first(line)
    if match is None:
        return None
    plain = match.string
    before, after = plain[: match.start()], plain[match.end() :]
    is_apart = bool(_AFTER.match(after)) and (_has_clock(match) or bool(_NAMED.match(after)))
    if _has_year(match):
        is_date = is_apart and not _SENTENCE.search(before)
        is_date = is_date or not (after.startswith((",", "、")) or _SENTENCE.search(plain))
    else:
        is_date = is_apart and bool(_LABEL.fullmatch(before)) and not _SENTENCE.search(plain)
    return _as_printed(line, match) if is_date else None


def without_day_after(line: str) -> str:
    """A line without the day, or the moment, that follows it: `编辑：张三 2018年3月18日 10:20`."""
    return _DAY_AFTER.sub("", line)


def first_date(text: str) -> str | None:
    """The first date of any form somewhere in a text, as printed, or None."""
    match = _first(text)
    return _as_printed(text, match) if match else None


def find_full(text: str) -> str | None:
    """The first date somewhere in a text that says its year, as printed, or None."""
    match = _first(text)
    return _as_printed(text, match) if match and _has_year(match) else None


def moment_of(raw: str, now: datetime, near: date | None = None) -> Moment | None:
    """Read a printed date. `now` (aware) is what relative dates count from; a date without a year
    gets the year that brings it closest to `near`, or the last one before `now`.

    None where the text is no date, or a day that no calendar has.
    """
    match = _first(raw)
    if match is None:
        return None
    found = match.groupdict()
    try:
        if "year" in found:
            return _moment(found, int(found["year"]), _month(found), int(found["day"]))
        if "short_year" in found:
            short = int(found["short_year"])
            year = 1900 + short if short > 90 else 2000 + short
            return _moment(found, year, _month(found), int(found["day"]))
        now = now.astimezone(BEIJING)
        if "named_day" in found:
            day = now - timedelta(days=_DAY_NAMES.index(found["named_day"]))
            return _moment(found, day.year, day.month, day.day)
        return _without_year(found, now, near) if "month" in found else _relative(match[0], now)
    except OverflowError:  # `now` is at an end of the calendar
        return None


def start_of(day: date) -> Moment:
    """The moment of a date in an address."""
    return Moment(datetime(day.year, day.month, day.day, tzinfo=BEIJING), "day")


@lru_cache(maxsize=16)
def _first(text: str) -> re.Match[str] | None:
    """The first date of the surest form, those with their year, in the text with plain digits. Each
    date of a page is asked for several times."""
    if not _SIGN.search(text, 0, _LONGEST):
        return None
    plain = text[:_LONGEST].translate(_PLAIN)
    for form in (*_FULL, *_NO_YEAR, _SHORT_YEAR, _NAMED_DAY, _RELATIVE):
        if match := form.search(plain):
            return match
    return None


def _as_printed(text: str, match: re.Match[str]) -> str:
    return text[match.start() : match.end()].strip()


def _has_year(match: re.Match[str]) -> bool:
    return "year" in match.re.groupindex


def _has_clock(match: re.Match[str]) -> bool:
    if "hour" in match.re.groupindex:
        return match["hour"] is not None
    return any(form.search(match[0]) for form, _ in _RELATIVE_PRECISION)


def _month(found: Parts) -> int:
    return _MONTHS.index(found["name"].lower()) + 1 if "name" in found else int(found["month"])


def _moment(clock: Parts, year: int, month: int, day: int) -> Moment | None:
    """The moment of a day and the named parts of a clock; None where there is no such one."""
    hours = _hours(clock)
    minute = "30" if clock["half_past"] else clock["minute"] or clock["minute_zh"]
    second = clock["second"] or clock["second_zh"]
    precision: Precision = "second" if second else "minute" if minute else "hour"
    if hours is None:
        hours, precision = 0, "day"
    try:
        time = timedelta(hours=hours, minutes=int(minute or 0), seconds=int(second or 0))
        # A night on a clock of twelve goes on after midnight.
        longest = timedelta(hours=29 if clock["half"] else 24)
        if int(minute or 0) > 59 or int(second or 0) > 59 or time > longest:
            return None
        start = datetime(year, month, day, tzinfo=_zone(clock["zone_west"] or clock["zone"]))
        return Moment((start + time).astimezone(BEIJING), precision)
    except (ValueError, OverflowError):
        return None


def _hours(clock: Parts) -> int | None:
    """Hours from the beginning of the printed day: `晚上12:30` and `24:00` are of the next."""
    if clock["hour"] is None:
        return None
    hour = int(clock["hour"])
    word = clock["half"] or clock["meridiem"] or clock["meridiem_alone"]
    if not word or hour > 12:
        return hour
    half = _HALF_OF.get(word) or ("morning" if word[0] in "aA" else "afternoon")
    return _HOURS[half][hour]


def _zone(text: str | None) -> timezone:
    """`Z`, `GMT`, `+08:00`, `GMT+0800`; CST is China's."""
    offset = (text or "").lstrip("GMTUC")
    if not text or text == "CST":
        return BEIJING
    if offset in ("", "Z"):
        return UTC
    sign = -1 if offset[0] == "-" else 1
    hours, minutes = int(offset[1:3]), int(offset[3:].lstrip(":") or 0)
    return timezone(sign * timedelta(hours=hours, minutes=minutes))


def _without_year(found: Parts, now: datetime, near: date | None) -> Moment | None:
    month, day = int(found["month"]), int(found["day"])
    if near is not None:
        around = start_of(near).at
        moments = [_moment(found, near.year + step, month, day) for step in (0, -1, 1)]
        return min(filter(None, moments), key=lambda m: abs(m.at - around), default=None)
    moments = [_moment(found, now.year - step, month, day) for step in (0, 1)]
    return next((m for m in moments if m and m.at - timedelta(days=1) <= now), None)


def _relative(raw: str, now: datetime) -> Moment | None:
    import dateparser  # noqa: PLC0415  30 ms, which most crawls never need

    at = dateparser.parse(
        raw,
        languages=["zh", "en"],
        settings={"RELATIVE_BASE": now.replace(tzinfo=None), "PREFER_DATES_FROM": "past"},
    )
    if at is None:
        return None
    smallest = (name for form, name in _RELATIVE_PRECISION if form.search(raw))
    precision: Precision = next(smallest, "day")
    # dateparser fills what is below the precision from the clock.
    below = {"day": 0, "hour": 1, "minute": 2, "second": 3}[precision]
    zeros = dict.fromkeys(("hour", "minute", "second", "microsecond")[below:], 0)
    return Moment(at.replace(tzinfo=BEIJING, **zeros), precision)
