"""What a cell means, and when that cannot be told."""

from datetime import date, datetime, time, timedelta

import pytest

from bot.schedule.cells import Refused, deadline, flag, ids, moment, names, pairs, span, text_of
from bot.schedule.codes import RULES
from bot.schedule.grid import Value

WHEN = "2026-05-06 10:00"


@pytest.mark.parametrize(
    "value",
    [
        WHEN,
        "2026/5/6 10:00",
        "2026.5.6 10:00:00",
        "2026-05-06T10:00",
        "2026年5月6日 10时",
        "2026年5月6日10点",
        "2026年5月6日上午10点整",
        "２０２６年５月６日　１０：００",
        "2026－05－06 10：00",
        "2026-05-06（周三）10:00",
        "2026年5月6日 星期三 上午10:00",
        "20260506 10:00",
        "20260506 1000",
        "2026-05-06 10:00 AM",
        " 2026-05-06\u00a010:00 ",
        datetime(2026, 5, 6, 10, 0),  # noqa: DTZ001
        datetime(2026, 5, 6, 9, 59, 59, 999_700),  # noqa: DTZ001 — as a fraction of a day comes out
        46148.416666666664,
        timedelta(days=46148, hours=10),
    ],
)
def test_one_moment_written_in_many_ways(value: Value) -> None:
    assert str(moment(value)) == WHEN


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        ("下午3点半", time(15, 30)),
        ("晚上8点", time(20, 0)),
        ("中午12点半", time(12, 30)),
        ("中午1点", time(13, 0)),
        ("凌晨0点5分", time(0, 5)),
        ("下午15:00", time(15, 0)),
        ("3:05 PM", time(15, 5)),
        ("12:00 AM", time(0, 0)),
        ("9：05", time(9, 5)),
        ("18时", time(18, 0)),
    ],
)
def test_a_time_of_day_in_words(text: str, clock: time) -> None:
    made = moment(text)
    assert (made.day, made.clock) == (None, clock)


def test_halves_of_a_moment_as_a_program_stores_them() -> None:
    assert moment(date(2026, 5, 6)).day == moment("20260506").day == moment(20260506).day
    assert moment(46148.0).day == date(2026, 5, 6)
    assert moment(44686.0, epoch_1904=True).day == date(2026, 5, 6)
    assert moment(0.4375).clock == moment(time(10, 30)).clock == time(10, 30)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("5月6日 上午10点", "time-without-year"),
        ("05-06 10:00", "time-without-year"),
        ("5/6", "time-without-year"),
        ("5/6/2026 10:00", "bad-time"),
        ("26-05-06 10:00", "bad-time"),
        ("2026-02-30 10:00", "bad-time"),
        ("2026-05-06 24:30", "bad-time"),
        ("2026-05-06 10:00:30", "bad-time"),
        ("2026-05-06 晚上12点", "bad-time"),
        ("2026-05-06 上午15点", "bad-time"),
        ("2026-05-06 凌晨9点", "bad-time"),
        ("2026-05/06 10:00", "bad-time"),
        ("2026-05-06（周二）10:00", "weekday-wrong"),
        ("下周三", "bad-time"),
        ("", "bad-time"),
        (506.0, "bad-time"),
        (True, "bad-time"),
        (1e300, "bad-time"),
        (float("nan"), "bad-time"),
        (timedelta(days=-1), "bad-time"),
    ],
)
def test_a_moment_that_is_not_certain_is_refused(value: Value, code: str) -> None:
    with pytest.raises(Refused) as refused:
        moment(value)
    assert refused.value.told[0] == code in RULES
    assert all(refused.value.told)


def test_text_is_taken_as_it_is_written() -> None:
    assert text_of(506.0) == "506"
    assert text_of(" 手卫生\r\n七步\u00a0") == "手卫生\n七步"
    assert text_of("'=1+1") == "=1+1"
    assert text_of("'''=1") == "''=1"
    assert text_of("'quoted'") == "'quoted'"
    assert text_of(True) == "TRUE"


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (0.98, "cell-is-number"),
        (1e15, "cell-is-number"),
        (date(2026, 5, 6), "cell-became-date"),
        (time(10, 0), "cell-became-date"),
        (timedelta(hours=30), "cell-became-date"),
    ],
)
def test_what_only_looks_like_text_is_refused(value: Value, code: str) -> None:
    with pytest.raises(Refused) as refused:
        text_of(value)
    assert refused.value.told[0] == code in RULES


def test_yes_and_no() -> None:
    assert {flag(value) for value in ("是", "√", "TRUE", " Yes ", "１", True, 1.0)} == {"true"}
    assert {flag(value) for value in ("否", "×", "false", "N", "0", False, 0)} == {"false"}
    for value in ("要", "", "是否", 2.0, date(2026, 5, 6)):
        with pytest.raises(Refused):
            flag(value)


def test_several_values_in_one_cell() -> None:
    assert names("a.jpg、b.jpg，c.jpg,d.jpg；e.jpg\nf.jpg") == [f"{x}.jpg" for x in "abcdef"]
    assert names('["五、六.jpg"]') == ["五、六.jpg"]
    assert names("[not json") == ["[not json"]
    assert names("（无）") == names("[]") == []
    assert ids("u01-wechat 健康澜汀（微信）、u01-weibo") == ["u01-wechat", "u01-weibo"]


def test_names_with_values() -> None:
    assert pairs("u14：与康复专科无关；u15: 无关\nu16=无") == {
        "u14": "与康复专科无关",
        "u15": "无关",
        "u16": "无",
    }
    assert pairs('{"a": "一；二"}') == {"a": "一；二"}
    for wrong in ("u14", "：无关", "a=1；a=2"):
        with pytest.raises(Refused):
            pairs(wrong)


def test_durations_in_words() -> None:
    assert [span(text) for text in ("6小时", "30 分钟", "2天", "６h", "6h", "半天")] == [
        *("6h", "30m", "2d", "6h", "6h", "半天")
    ]
    assert [deadline(text) for text in ("24小时", "T+24h", "t + 4 小时", "尽快")] == [
        *("T+24h", "T+24h", "T+4h", "尽快")
    ]
