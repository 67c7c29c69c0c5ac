"""Printed dates: every form that pages use, and that what is printed comes back."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zjnews.dates import BEIJING, find, read

NOW = datetime(2026, 9, 15, 10, 30, 45, tzinfo=BEIJING)


@pytest.mark.parametrize(
    ("line", "raw", "at", "precision"),
    [
        (
            "2016年04月29日 08:04:12",
            "2016年04月29日 08:04:12",
            "2016-04-29T08:04:12+08:00",
            "second",
        ),
        ("2019-06-24 10:12", "2019-06-24 10:12", "2019-06-24T10:12:00+08:00", "minute"),
        ("2019-06-24 10:12:33", "2019-06-24 10:12:33", "2019-06-24T10:12:33+08:00", "second"),
        ("2026年09月14日11时", "2026年09月14日11时", "2026-09-14T11:00:00+08:00", "hour"),
        ("2026年9月4日 11时05分", "2026年9月4日 11时05分", "2026-09-04T11:05:00+08:00", "minute"),
        ("2021/04/16", "2021/04/16", "2021-04-16T00:00:00+08:00", "day"),
        ("2021.4.16 9:05", "2021.4.16 9:05", "2021-04-16T09:05:00+08:00", "minute"),
        (
            "发布时间：2017年03月08日 09:10 来源：x",
            "2017年03月08日 09:10",
            "2017-03-08T09:10:00+08:00",
            "minute",
        ),
        (
            "2019-11-22 04:03:34 source: x",
            "2019-11-22 04:03:34",
            "2019-11-22T04:03:34+08:00",
            "second",
        ),
        ("2019-11-22T04:03:34Z", "2019-11-22T04:03:34Z", "2019-11-22T12:03:34+08:00", "second"),
        (
            "2019-11-22T04:03:34+09:00",
            "2019-11-22T04:03:34+09:00",
            "2019-11-22T03:03:34+08:00",
            "second",
        ),
        ("19-11-22", "19-11-22", "2019-11-22T00:00:00+08:00", "day"),
        ("3小时前", "3小时前", "2026-09-15T07:00:00+08:00", "hour"),
        ("5分钟前", "5分钟前", "2026-09-15T10:25:00+08:00", "minute"),
        ("昨天 08:00", "昨天 08:00", "2026-09-14T08:00:00+08:00", "minute"),
        ("Nov. 22, 2019", "Nov. 22, 2019", "2019-11-22T00:00:00+08:00", "day"),
        ("2026-09-14 03:02 PM", "2026-09-14 03:02 PM", "2026-09-14T15:02:00+08:00", "minute"),
        ("2026-09-14T03:02Z", "2026-09-14T03:02Z", "2026-09-14T11:02:00+08:00", "minute"),
        ("2026-09-14 10:12-13:15", "2026-09-14 10:12", "2026-09-14T10:12:00+08:00", "minute"),
        (
            "2026年9月14日 星期一 11:02",
            "2026年9月14日 星期一 11:02",
            "2026-09-14T11:02:00+08:00",
            "minute",
        ),
        ("2026年9月14日 下午3:02", "2026年9月14日 下午3:02", "2026-09-14T15:02:00+08:00", "minute"),
        ("2026-09-14 00时", "2026-09-14 00时", "2026-09-14T00:00:00+08:00", "hour"),
        ("08-06 10:21", "08-06 10:21", "2026-08-06T10:21:00+08:00", "minute"),
        ("09月14日 08:30", "09月14日 08:30", "2026-09-14T08:30:00+08:00", "minute"),
        ("11月22日 08:30", "11月22日 08:30", "2025-11-22T08:30:00+08:00", "minute"),
    ],
)
def test_forms(line: str, raw: str, at: str, precision: str) -> None:
    assert find(line) == raw
    moment = read(raw, NOW)
    assert moment is not None
    assert (moment.at.isoformat(), moment.precision) == (at, precision)


@pytest.mark.parametrize("line", ["", "来源：浙江在线", "第2019期", "10:12", "电话 0571-85310000"])
def test_no_date(line: str) -> None:
    assert find(line) is None


@pytest.mark.parametrize("raw", ["2019-02-30", "2019年13月01日", "2019-01-01 25:00", "02月30日"])
def test_impossible_dates_are_none(raw: str) -> None:
    assert read(raw, NOW) is None


def test_a_missing_year_comes_from_the_nearest_day() -> None:
    moment = read("12月31日 23:00", NOW, near=date(2013, 1, 1))
    assert moment is not None
    assert moment.at.date() == date(2012, 12, 31)


def test_relative_dates_count_from_the_fetch_time() -> None:
    utc = datetime(2020, 1, 1, 23, 0, tzinfo=timezone.utc)
    moment = read("1天前", utc)
    assert moment is not None
    assert moment.at.date() == date(2020, 1, 1)  # it is 2 January in Beijing


@given(
    at=st.datetimes(datetime(1999, 1, 1), datetime(2030, 1, 1)),
    form=st.sampled_from(
        [
            "%Y-%m-%d %H:%M:%S",
            "%Y年%m月%d日 %H:%M:%S",
            "%Y/%m/%d %H:%M:%S",
            "%Y年%m月%d日%H时%M分%S秒",
        ]
    ),
    around=st.sampled_from(
        ["{}", "发布时间：{}", "{} 来源：浙江在线", "　{}　", "浙江在线 {} 记者"]
    ),
)
def test_what_is_printed_comes_back(at: datetime, form: str, around: str) -> None:
    at = at.replace(microsecond=0)
    raw = find(around.format(at.strftime(form)))
    assert raw is not None
    moment = read(raw, NOW)
    assert moment is not None
    assert (moment.at, moment.precision) == (at.replace(tzinfo=BEIJING), "second")


@given(st.text(max_size=40))
def test_no_text_raises(text: str) -> None:
    raw = find(text)
    if raw is not None:
        moment = read(raw, NOW)
        assert moment is None or moment.at.utcoffset() == timedelta(hours=8)


@pytest.mark.parametrize(
    ("printed", "at"),
    [
        ("2019-06-24 4:03 PM", "2019-06-24T16:03"),
        ("2019-06-24 12:03 AM", "2019-06-24T00:03"),
        ("June 24, 2019 9:05 p.m.", "2019-06-24T21:05"),
        ("24 June 2019 16:03", "2019-06-24T16:03"),
        ("2019年6月24日凌晨12:30", "2019-06-24T00:30"),
        ("2019年6月24日 凌晨1点20分", "2019-06-24T01:20"),
        ("2019年6月24日 清晨5:40", "2019-06-24T05:40"),
        ("2019年6月24日 上午11:02", "2019-06-24T11:02"),
        ("2019年6月24日 中午12:30", "2019-06-24T12:30"),
        ("2019年6月24日 中午1:30", "2019-06-24T13:30"),
        ("2019年6月24日 下午2:15", "2019-06-24T14:15"),
        ("2019年6月24日 傍晚6:05", "2019-06-24T18:05"),
        ("2019年6月24日 晚上9:30", "2019-06-24T21:30"),
        ("2019年6月24日 晚上12:30", "2019-06-25T00:30"),
        ("2019年6月24日24:00", "2019-06-25T00:00"),
        ("2019年6月24日 农历五月廿二 08:01", "2019-06-24T08:01"),
        ("2019年6月24日（农历五月廿二）星期一 08:01", "2019-06-24T08:01"),
        ("2019年06月24日 周一 08:01", "2019-06-24T08:01"),
        ("２０１９年６月２４日　０８：０１", "2019-06-24T08:01"),
        ("2019年6月24日 08:01 [大 中 小] [打印]", "2019-06-24T08:01"),
        ("Mon Jun 24 08:01:00 CST 2019", "2019-06-24T08:01"),
        ("Mon Jun 24 00:01:00 GMT 2019", "2019-06-24T08:01"),
        ("2019年6月24日,星期一(GSM+8 北京时间)", "2019-06-24T00:00"),
    ],
)
def test_clocks_of_all_kinds(printed: str, at: str) -> None:
    moment = read(find(printed) or "", NOW)
    assert moment is not None
    assert moment.at.isoformat(timespec="minutes") == f"{at}+08:00"


@pytest.mark.parametrize(
    "sentence",
    [
        "昨天，读书会在老茶厂举行。",
        "2月14日，第一批借书卡发到村民手里。",
        "3小时前，雨刚停，山路还滑。",
        "刚刚，航班落地。",
        "今天上午9时30分，龙舟下水！",
    ],
)
def test_a_sentence_gives_no_date_without_a_year(sentence: str) -> None:
    assert find(sentence) is None


@pytest.mark.parametrize(
    "printed", ["2019-06-24 25:00", "2019-06-24 10:61", "2019-02-30", "0000-00-00"]
)
def test_what_no_clock_and_no_calendar_has(printed: str) -> None:
    assert read(printed, NOW) is None
