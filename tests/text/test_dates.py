"""Printed dates: every form that pages use, and that what is printed comes back."""

import time
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zjnews.text.dates import BEIJING, find_full, first_date, moment_of, of_line, start_of

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
        (
            "2019-11-22T04:03:34-05:30",
            "2019-11-22T04:03:34-05:30",
            "2019-11-22T17:33:34+08:00",
            "second",
        ),
        ("2019-11-22 04:03 UTC", "2019-11-22 04:03 UTC", "2019-11-22T12:03:00+08:00", "minute"),
        ("19-11-22", "19-11-22", "2019-11-22T00:00:00+08:00", "day"),
        ("24-11-22", "24-11-22", "2024-11-22T00:00:00+08:00", "day"),
        ("99-11-22", "99-11-22", "1999-11-22T00:00:00+08:00", "day"),
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
        ("2026-09-14 | 11:02", "2026-09-14 | 11:02", "2026-09-14T11:02:00+08:00", "minute"),
        ("2026-09-14-11:02:33", "2026-09-14-11:02:33", "2026-09-14T11:02:33+08:00", "second"),
        ("2026-09-14-15", "2026-09-14", "2026-09-14T00:00:00+08:00", "day"),
        ("2026年9月14日 今晨6:02", "2026年9月14日 今晨6:02", "2026-09-14T06:02:00+08:00", "minute"),
        ("2026-09-14 00时", "2026-09-14 00时", "2026-09-14T00:00:00+08:00", "hour"),
        ("08-06 10:21", "08-06 10:21", "2026-08-06T10:21:00+08:00", "minute"),
        ("09月14日 08:30", "09月14日 08:30", "2026-09-14T08:30:00+08:00", "minute"),
        ("09月16日 08:30", "09月16日 08:30", "2026-09-16T08:30:00+08:00", "minute"),
        ("09月17日 08:30", "09月17日 08:30", "2025-09-17T08:30:00+08:00", "minute"),
        ("11月22日 08:30", "11月22日 08:30", "2025-11-22T08:30:00+08:00", "minute"),
    ],
)
def test_forms(line: str, raw: str, at: str, precision: str) -> None:
    assert first_date(line) == raw
    moment = moment_of(raw, NOW)
    assert moment is not None
    assert (moment.at.isoformat(), moment.precision) == (at, precision)


def test_a_date_is_looked_for_in_the_first_thousand_characters() -> None:
    assert first_date("潮" * 980 + " 2019-11-22") == "2019-11-22"
    assert first_date("潮" * 1000 + " 2019-11-22") is None


@pytest.mark.parametrize(
    ("line", "raw", "at"),
    [
        ("9月5日 10:12 来源：x", "9月5日 10:12", "2026-09-05T10:12"),
        ("9月16日 10:30:45", "9月16日 10:30:45", "2026-09-16T10:30"),  # the last one so near
        ("9月16日 10:30:46", "9月16日 10:30:46", "2025-09-16T10:30"),
        ("9月14日 | 来源：x", "9月14日", "2026-09-14T00:00"),
        ("[9月14日] 来源：x", "9月14日", "2026-09-14T00:00"),
        ("9月14日 || 来源：x", None, None),
        ("2018-03-17 12:05+0812345", "2018-03-17 12:05", "2018-03-17T12:05"),
        ("2018-03-17 12:05 +08:00", "2018-03-17 12:05 +08:00", "2018-03-17T12:05"),
        (f"2018-03-17 ({'湖' * 24}) 12:05", f"2018-03-17 ({'湖' * 24}) 12:05", "2018-03-17T12:05"),
        (f"2018-03-17 ({'湖' * 25}) 12:05", "2018-03-17", "2018-03-17T00:00"),
        ("2018年3月17日 ， 周六 12:05", "2018年3月17日 ， 周六 12:05", "2018-03-17T12:05"),
        ("2018年3月17日 12时2018场", "2018年3月17日 12时", "2018-03-17T12:00"),
        ("12018-03-17", None, None),
        ("NOVel 22, 2019", None, None),
        ("demarch 22, 2019", None, None),
        ("demarch 22 10:12 2019", None, None),
        ("T14 Nov 2018", None, None),
        ("114 Nov 2018", None, None),
        ("14 Nov 20181", None, None),
        ("Nov 14, 20181", None, None),
        ("2018-11-145", None, None),
        ("14 SEP 2018", "14 SEP 2018", "2018-09-14T00:00"),
        ("14 ſep 2018", None, None),  # which is an s in another form
        *(
            (f"{day}, 14 Nov 2018 10:12", f"{day}, 14 Nov 2018 10:12", "2018-11-14T10:12")
            for day in "Mon Tue Wed Thu Fri Sat Sun Wednesday Thurs Fri.".split()
        ),
    ],
)
def test_where_a_date_of_a_line_ends(line: str, raw: str | None, at: str | None) -> None:
    assert of_line(line) == raw
    moment = moment_of(raw or "", NOW)
    assert (moment and moment.at.isoformat()[:16]) == at


@pytest.mark.parametrize("line", ["", "来源：浙江在线", "第2019期", "10:12", "电话 0571-85310000"])
def test_no_date(line: str) -> None:
    assert first_date(line) is None


@pytest.mark.parametrize("raw", ["2019-02-30", "2019年13月01日", "2019-01-01 25:00", "02月30日"])
def test_impossible_dates_are_none(raw: str) -> None:
    assert moment_of(raw, NOW) is None


@pytest.mark.parametrize(
    ("raw", "near", "day"),
    [
        ("12月31日 23:00", date(2013, 1, 1), date(2012, 12, 31)),
        ("01月02日 07:00", date(2013, 12, 30), date(2014, 1, 2)),
        ("06月30日 12:00", date(2013, 7, 1), date(2013, 6, 30)),
    ],
)
def test_a_missing_year_comes_from_the_nearest_day(raw: str, near: date, day: date) -> None:
    moment = moment_of(raw, NOW, near=near)
    assert moment is not None
    assert moment.at.date() == day


def test_relative_dates_count_from_the_fetch_time() -> None:
    utc = datetime(2020, 1, 1, 23, 0, tzinfo=UTC)
    moment = moment_of("1天前", utc)
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
    raw = first_date(around.format(at.strftime(form)))
    assert raw is not None
    moment = moment_of(raw, NOW)
    assert moment is not None
    assert (moment.at, moment.precision) == (at.replace(tzinfo=BEIJING), "second")


def read_iso(line: str, now: datetime = NOW) -> tuple[str, str] | None:
    moment = moment_of(first_date(line) or "", now)
    return (moment.at.isoformat(), moment.precision) if moment else None


@pytest.mark.parametrize(
    ("clock", "at"),
    [
        ("4:03 PM", "17T16:03"),
        ("4:03 p.m.", "17T16:03"),
        ("4:03pm", "17T16:03"),
        ("PM 4:03", "17T16:03"),
        ("11:59 A.M.", "17T11:59"),
        ("12:05 AM", "17T00:05"),
        ("12:05 PM", "17T12:05"),
        ("凌晨12:30", "17T00:30"),
        ("凌晨3:30", "17T03:30"),
        ("清晨5:30", "17T05:30"),
        ("早晨 6:30", "17T06:30"),
        ("上午12:30", "17T00:30"),
        ("上午11:30", "17T11:30"),
        ("中午11:30", "17T11:30"),
        ("中午12:30", "17T12:30"),
        ("中午1:30", "17T13:30"),
        ("中午1点30分", "17T13:30"),
        ("下午12:30", "17T12:30"),
        ("下午5点半", "17T17:30"),
        ("下午17:30", "17T17:30"),
        ("傍晚6:30", "17T18:30"),
        ("晚上8:30", "17T20:30"),
        ("夜间11:30", "17T23:30"),
        ("晚上12:30", "18T00:30"),
        ("深夜1:30", "18T01:30"),
        ("晚上0:30", "17T00:30"),
        ("24:00", "18T00:00"),
        ("周六 08:30", "17T08:30"),
        ("(星期六) 下午3:30", "17T15:30"),
        ("[周六] 08:30", "17T08:30"),
        ("农历二月初一 08:30", "17T08:30"),
        ("（农历戊戌年二月初一）08:30", "17T08:30"),
        ("星期六 农历二月初一 上午8:30", "17T08:30"),
        ("08:30 [大 中 小] [打印]", "17T08:30"),
    ],
)
@pytest.mark.parametrize("day", ["2018年3月17日", "2018-03-17"])
@pytest.mark.parametrize("source", ["", " source: x", " 来源：浙江在线"])
def test_clocks(day: str, clock: str, at: str, source: str) -> None:
    assert read_iso(f"{day} {clock}{source}") == (f"2018-03-{at}:00+08:00", "minute")


@pytest.mark.parametrize(
    ("line", "at"),
    [
        ("２０２４年３月７日　０８：３０", "2024-03-07T08:30:00+08:00"),
        ("２０２４－０３－０７　０８：３０", "2024-03-07T08:30:00+08:00"),
        ("2024—03—07 08∶30", "2024-03-07T08:30:00+08:00"),
        ("Thu Mar 07 08:30:12 CST 2024", "2024-03-07T08:30:12+08:00"),
        ("Thu Mar  7 08:30:12 2024", "2024-03-07T08:30:12+08:00"),
        ("Thu, 07 Mar 2024 00:30:12 GMT", "2024-03-07T08:30:12+08:00"),
        ("Thu Mar 07 2024 08:30:12 GMT+0800 (中国标准时间)", "2024-03-07T08:30:12+08:00"),
        ("March 7, 2024, 8:30 PM", "2024-03-07T20:30:00+08:00"),
        ("07-Mar-2024 08:30", "2024-03-07T08:30:00+08:00"),
        ("2024-03-07T08:30:12.250+08:00", "2024-03-07T08:30:12+08:00"),
        ("2024-03-07 08:30:12 +0800", "2024-03-07T08:30:12+08:00"),
        ("2024-03-07T00:30:12Z", "2024-03-07T08:30:12+08:00"),
        ("2005年10月11日,星期二(GSM+8 北京时间)", "2005-10-11T00:00:00+08:00"),
        ("2020年03月26日 星期四", "2020-03-26T00:00:00+08:00"),
        ("昨天 下午3:02", "2026-09-14T15:02:00+08:00"),
    ],
)
def test_forms_of_whole_dates(line: str, at: str) -> None:
    assert first_date(f"发布时间：{line}") == line
    moment = moment_of(line, NOW)
    assert moment is not None
    assert moment.at.isoformat() == at


def test_a_weekday_is_not_cut_out_of_a_name() -> None:
    assert first_date("2018年3月18日 周一鸣 摄") == "2018年3月18日"


@pytest.mark.parametrize("clock", ["24:30", "25:00", "10:60", "10:12:61", "30时"])
def test_impossible_clocks(clock: str) -> None:
    assert read_iso(f"2018-03-18 {clock}") is None


@pytest.mark.parametrize(
    ("line", "raw"),
    [
        ("2018-03-18 10:12 浙江在线", "2018-03-18 10:12"),
        ("www.zjol.com.cn 2006年03月05日 浙江在线新闻网站", "2006年03月05日"),
        ("2018-03-18 10:12 来源：浙江在线 摘要：雨停了。", "2018-03-18 10:12"),
        ("03-18 10:12 来源：浙江在线", "03-18 10:12"),
        ("发布时间：03月18日", "03月18日"),
        ("03月18日 来源：浙江在线", "03月18日"),
        ("3小时前 浙江在线", "3小时前"),
        ("昨天 08:30", "昨天 08:30"),
        ("03-18 10:12 最后一段钢梁吊装完成。", None),
        ("昨天，杭州下了一场大雪。", None),
        ("昨天 杭州下了一场大雪", None),
        ("昨天上午，记者从省交通厅获悉", None),
        ("2月14日上午，情人节的花市里人来人往", None),
        ("2月14日 情人节的花市", None),
        ("据悉，2月14日 10:12，花市开门", None),
        ("3小时前，火被扑灭。", None),
        ("2018年3月18日，杭州迎来大雪", None),
        ("这座桥在2018年3月18日合龙。", None),
        ("On March 18, 2018, the bridge was closed.", None),
    ],
)
def test_a_sentence_is_no_date_line(line: str, raw: str | None) -> None:
    assert of_line(line) == raw


@pytest.mark.parametrize("text", ["昨天 08:30", "03-18 10:12", "3小时前", "18-03-18", "3月18日"])
def test_what_is_no_full_date(text: str) -> None:
    assert first_date(text) == text
    assert find_full(text) is None
    assert find_full(f"{text} 2018-03-18 10:12 来源：x") == "2018-03-18 10:12"


@pytest.mark.parametrize(
    "text",
    [
        "1" * 100000,
        "2018" * 25000,
        "1 " * 50000,
        "(1)" * 30000,
        "Mar 1 " * 20000,
        "2018年3月18日" + "(星期日" * 20000,
        "2018-03-18" + " " * 100000,
    ],
    ids=lambda text: text[:12],
)
def test_no_long_line_is_slow(text: str) -> None:
    started = time.process_time()
    for read_it in (first_date, find_full, of_line, lambda raw: moment_of(raw, NOW)):
        read_it(text)
    assert time.process_time() - started < 0.5


@pytest.mark.parametrize("raw", ["12月31日 23:59", "昨天 08:00", "9999个月前", "2018-03-18"])
@pytest.mark.parametrize("year", [1, 9999])
def test_the_ends_of_the_calendar(raw: str, year: int) -> None:
    now = datetime(year, 12 if year > 1 else 1, 31, 23, tzinfo=UTC)
    moment = moment_of(raw, now, date(year, now.month, 31))
    assert moment is None or moment.at.utcoffset() == timedelta(hours=8)
    assert start_of(date(year, 1, 1)).at.year == year


@given(st.text(max_size=40))
def test_no_text_raises(text: str) -> None:
    raw = first_date(text)
    if raw is not None:
        moment = moment_of(raw, NOW)
        assert moment is None or moment.at.utcoffset() == timedelta(hours=8)
