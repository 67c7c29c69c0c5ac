"""The window of a crawl: what its two ends mean, and what lies between them."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from zjnews.items import Precision
from zjnews.site.windows import FORMS, Window, window_of
from zjnews.text.dates import BEIJING, Moment, start_of

NOW = datetime(2026, 9, 15, 10, 30, 45, tzinfo=BEIJING)
SECOND = timedelta(seconds=1)


def beijing(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BEIJING)


def moment(text: str, precision: Precision) -> Moment:
    return Moment(beijing(text), precision)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026-09-01", "2026-09-01T00:00:00", "2026-09-01T23:59:59"),
        (" 2026-09-01 ", "2026-09-01T00:00:00", "2026-09-01T23:59:59"),
        ("2026-09-01T08:00", "2026-09-01T08:00:00", "2026-09-01T08:00:59"),
        ("2026-09-01T08:00:30", "2026-09-01T08:00:30", "2026-09-01T08:00:30"),
        ("2026-09-01T08:00+08:00", "2026-09-01T08:00:00", "2026-09-01T08:00:59"),
        ("2026-09-01T08:00+00:00", "2026-09-01T16:00:00", "2026-09-01T16:00:59"),
        ("2026-09-01T16:00Z", "2026-09-02T00:00:00", "2026-09-02T00:00:59"),
        ("2026-09-01T16:00:00Z", "2026-09-02T00:00:00", "2026-09-02T00:00:00"),
        ("2026-09-01T08:00:30-05:30", "2026-09-01T21:30:30", "2026-09-01T21:30:30"),
        ("today", "2026-09-15T00:00:00", "2026-09-15T23:59:59"),
        ("yesterday", "2026-09-14T00:00:00", "2026-09-14T23:59:59"),
    ],
)
def test_a_time_is_wholly_inside_as_either_end(text: str, first: str, last: str) -> None:
    since = window_of(text, "", NOW)
    assert since.overlaps(moment(first, "second"))
    assert not since.overlaps(Moment(beijing(first) - SECOND, "second"))
    until = window_of("", text, NOW)
    assert until.overlaps(moment(last, "second"))
    assert not until.overlaps(Moment(beijing(last) + SECOND, "second"))


@pytest.mark.parametrize(
    ("text", "since"),
    [
        ("7d", "2026-09-08T10:30:45"),
        ("1d", "2026-09-14T10:30:45"),
        ("12h", "2026-09-14T22:30:45"),
        ("0h", "2026-09-15T10:30:45"),
        ("400d", "2025-08-11T10:30:45"),
    ],
)
def test_a_span_counts_back_from_now(text: str, since: str) -> None:
    assert window_of(text, "", NOW).since == beijing(since)


@pytest.mark.parametrize("empty", ["", " ", "\t"])
def test_an_empty_end_is_open(empty: str) -> None:
    assert window_of(empty, empty, NOW) == Window(None, None)


def test_one_day_may_be_both_ends() -> None:
    window = window_of("2026-09-01", "2026-09-01", NOW)
    assert window.days(NOW.date(), NOW.date()) == [date(2026, 9, 1)]


def test_today_is_the_day_in_beijing() -> None:
    now = datetime(2026, 9, 14, 16, 0, tzinfo=UTC)
    assert window_of("today", "", now).since == beijing("2026-09-15T00:00:00")
    assert window_of("today", "", now - SECOND).since == beijing("2026-09-14T00:00:00")


def test_yesterday_is_the_day_in_beijing() -> None:
    now = datetime(2026, 9, 14, 16, 0, tzinfo=UTC)
    assert window_of("yesterday", "", now).since == beijing("2026-09-14T00:00:00")


def test_until_may_lie_in_the_future() -> None:
    assert window_of("today", "2026-12-31", NOW).overlaps(moment("2026-12-31T23:59:59", "second"))


WRONG = [
    "2026-13-01",
    "2026-02-30",
    "2026-9-1",
    "2026/09/01",
    "20260901",
    "2026-09",
    "2026-09-01T",
    "2026-09-01T8:00",
    "2026-09-01T24:01",
    "2026-09-01T08",
    "2026-09-01T08:00+8",
    "7",
    "7w",
    "-3d",
    "1.5d",
    "d",
    "tomorrow",
    "99999999d",
    "9999999999999999999d",
    "٧d",
    "２０２６-09-01",
    "abc",
    "0",
]


@pytest.mark.parametrize("name", ["since", "until"])
@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_time_is_told_in_one_line(name: str, text: str) -> None:
    arguments = {"since": "", "until": "", name: text}
    with pytest.raises(ValueError, match=name) as raised:
        window_of(**arguments, now=NOW)
    message = str(raised.value)
    assert f"{name}={text}" in message
    assert FORMS in message
    assert len(message.splitlines()) == 1


@pytest.mark.parametrize("text", ["2026-09-16", "2026-09-15T10:30:46", "2026-09-15T02:31Z"])
def test_since_in_the_future_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="future") as raised:
        window_of(text, "", NOW)
    assert f"since={text}" in str(raised.value)


@pytest.mark.parametrize(
    ("since", "until"),
    [
        ("2026-09-02", "2026-09-01"),
        ("today", "yesterday"),
        ("1d", "2d"),
        ("2026-09-01T08:01", "2026-09-01T08:00"),
    ],
)
def test_since_after_until_is_refused(since: str, until: str) -> None:
    with pytest.raises(ValueError, match="since") as raised:
        window_of(since, until, NOW)
    message = str(raised.value)
    assert f"since={since}" in message
    assert f"until={until}" in message
    assert len(message.splitlines()) == 1


def test_a_line_break_in_an_argument_does_not_break_the_message() -> None:
    with pytest.raises(ValueError, match="since") as raised:
        window_of("2026-09-01\n2026-09-02", "", NOW)
    assert len(str(raised.value).splitlines()) == 1


def test_the_last_day_of_the_calendar_is_a_time() -> None:
    assert window_of("", "9999-12-31", NOW).overlaps(Moment(NOW, "second"))


@given(st.text(max_size=20), st.text(max_size=20))
def test_no_text_raises_anything_but_value_error(since: str, until: str) -> None:
    try:
        window = window_of(since, until, NOW)
    except ValueError as error:
        assert "since=" in str(error) or "until=" in str(error)
    else:
        assert window.since is None or window.since <= NOW


# --- What lies in a window --------------------------------------------------------------------

WINDOW = Window(beijing("2026-09-01T08:30:30"), beijing("2026-09-10T20:15:10"))


@pytest.mark.parametrize(
    ("text", "precision", "expected"),
    [
        # A moment is a stretch of time; one that only ends where the window begins is outside.
        ("2026-09-01T08:30:29", "second", False),
        ("2026-09-01T08:30:30", "second", True),
        ("2026-09-01T08:29:00", "minute", False),
        ("2026-09-01T08:30:00", "minute", True),
        ("2026-09-01T07:00:00", "hour", False),
        ("2026-09-01T08:00:00", "hour", True),
        ("2026-08-31T00:00:00", "day", False),
        ("2026-09-01T00:00:00", "day", True),
        ("2026-09-10T20:15:09", "second", True),
        ("2026-09-10T20:15:10", "second", False),
        ("2026-09-10T20:15:00", "minute", True),
        ("2026-09-10T20:16:00", "minute", False),
        ("2026-09-10T20:00:00", "hour", True),
        ("2026-09-10T21:00:00", "hour", False),
        ("2026-09-10T00:00:00", "day", True),
        ("2026-09-11T00:00:00", "day", False),
    ],
)
def test_what_may_lie_in_a_window(text: str, precision: Precision, expected: bool) -> None:
    assert WINDOW.overlaps(moment(text, precision)) is expected


@pytest.mark.parametrize("precision", ["second", "minute", "hour", "day"])
def test_both_ends_of_a_time_that_is_given_belong_to_it(precision: Precision) -> None:
    window = window_of("2026-09-01T08:00:00", "2026-09-01T08:00:00", NOW)
    starts = {"day": "2026-09-01T00:00:00"}
    assert window.overlaps(moment(starts.get(precision, "2026-09-01T08:00:00"), precision))


def test_everything_lies_in_an_open_window() -> None:
    assert Window().overlaps(moment("2001-01-01T00:00:00", "second"))


def test_an_unknown_day_may_lie_in_any_window() -> None:
    assert WINDOW.overlaps_day(None)


@pytest.mark.parametrize(
    ("since", "day", "expected"),
    [
        ("2026-09-01T16:00:00+00:00", date(2026, 9, 1), True),
        ("2026-09-01T15:59:59+00:00", date(2026, 9, 1), False),
        ("2026-09-01T16:00:00+00:00", date(2026, 9, 2), False),
    ],
)
def test_a_day_ends_at_midnight_in_beijing(since: str, day: date, expected: bool) -> None:
    window = Window(since=datetime.fromisoformat(since))
    assert window.begins_after(day) is expected
    assert window.overlaps_day(day) is not expected


def test_an_open_window_begins_after_no_day() -> None:
    assert not Window(until=NOW).begins_after(date(1999, 1, 1))


def test_the_days_of_a_window_come_newest_first() -> None:
    window = window_of("2026-08-30", "2026-09-02", NOW)
    days = [date(2026, 9, 2), date(2026, 9, 1), date(2026, 8, 31), date(2026, 8, 30)]
    assert window.days(date(2001, 1, 1), NOW.date()) == days


def test_the_days_of_an_open_window_are_those_of_the_ends_given() -> None:
    first, last = date(2026, 9, 13), date(2026, 9, 14)
    assert Window().days(first, last) == [last, first]


def test_the_days_of_a_window_are_days_in_beijing() -> None:
    since = datetime(2026, 9, 1, 16, 0, tzinfo=UTC)
    window = Window(since, since + timedelta(hours=24))
    assert window.days(date(2001, 1, 1), NOW.date()) == [date(2026, 9, 2)]


def test_a_window_behind_the_last_day_has_no_days() -> None:
    assert Window(since=NOW).days(date(2026, 9, 1), date(2026, 9, 14)) == []


def test_a_window_that_ends_within_the_first_second_of_a_day_touches_it() -> None:
    until = beijing("2026-09-02T00:00:00") + timedelta(microseconds=500_000)
    window = Window(beijing("2026-09-01T00:00:00"), until)
    assert window.overlaps_day(date(2026, 9, 2))
    assert window.days(date(2026, 9, 1), date(2026, 9, 30))[0] == date(2026, 9, 2)


_times = st.datetimes(datetime(2001, 1, 1), datetime(2030, 1, 1)).map(
    lambda at: at.replace(microsecond=0, tzinfo=BEIJING)
)
_precisions: st.SearchStrategy[Precision] = st.sampled_from(["second", "minute", "hour", "day"])
_ends = st.none() | _times
_CUTS: dict[Precision, dict[str, int]] = {
    "second": {},
    "minute": {"second": 0},
    "hour": {"second": 0, "minute": 0},
    "day": {"second": 0, "minute": 0, "hour": 0},
}


@given(_ends, _ends, _times, _precisions)
def test_what_happened_inside_always_overlaps(
    since: datetime | None, until: datetime | None, at: datetime, precision: Precision
) -> None:
    assume(since is None or since <= at)
    assume(until is None or at < until)
    printed = Moment(at.replace(**_CUTS[precision]), precision)
    assert Window(since, until).overlaps(printed)


@given(_times, st.integers(1, 400), _times)
def test_a_second_outside_never_overlaps(since: datetime, hours: int, at: datetime) -> None:
    until = since + timedelta(hours=hours)
    assume(not since <= at < until)
    assert not Window(since, until).overlaps(Moment(at, "second"))


@given(_ends, _ends, _times)
def test_a_day_overlaps_if_a_moment_of_it_lies_inside(
    since: datetime | None, until: datetime | None, at: datetime
) -> None:
    window = Window(since, until)
    assume(window.overlaps(Moment(at, "second")))
    assert window.overlaps_day(at.astimezone(BEIJING).date())


@given(_times, st.integers(1, 400 * 3600), st.integers(-3, 20))
def test_a_day_overlaps_only_if_a_moment_of_it_lies_inside(
    since: datetime, seconds: int, after: int
) -> None:
    window = Window(since, since + timedelta(seconds=seconds))
    day = since.date() + timedelta(days=after)
    begin = start_of(day).at
    touched = max(begin, since) < min(begin + timedelta(days=1), since + timedelta(seconds=seconds))
    assert window.overlaps_day(day) is touched


@given(_ends, _ends, st.dates(date(2001, 1, 1), date(2029, 12, 31)))
def test_no_window_begins_after_a_day_that_overlaps(
    since: datetime | None, until: datetime | None, day: date
) -> None:
    window = Window(since, until)
    assert not (window.begins_after(day) and window.overlaps_day(day))


@given(_times, st.integers(1, 400 * 3600))
def test_the_days_are_those_that_overlap(since: datetime, seconds: int) -> None:
    window = Window(since, since + timedelta(seconds=seconds))
    around = [since.date() + timedelta(days=after) for after in range(20, -3, -1)]
    expected = [day for day in around if window.overlaps_day(day)]
    assert window.days(date(2001, 1, 1), date(2031, 1, 1)) == expected
