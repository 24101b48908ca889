"""How the office writes a rule, in Chinese and as RFC 5545; and what is refused."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from bot.domain.holidays import kind_of
from bot.domain.slots import Recurrence, Slots
from bot.schedule.codes import RULES
from bot.schedule.recurring import parse_rule

CHINESE = {
    "每天": "FREQ=DAILY",
    "每周三": "FREQ=WEEKLY;BYDAY=WE",
    "每星期天": "FREQ=WEEKLY;BYDAY=SU",
    "每周一、三、五": "FREQ=WEEKLY;BYDAY=MO,WE,FR",
    "每周二四": "FREQ=WEEKLY;BYDAY=TU,TH",
    "每周二和周四": "FREQ=WEEKLY;BYDAY=TU,TH",
    "每周末": "FREQ=WEEKLY;BYDAY=SA,SU",
    "每月第一个周一": "FREQ=MONTHLY;BYDAY=1MO",
    "每月第2个星期三": "FREQ=MONTHLY;BYDAY=2WE",
    "每月最后一个周五": "FREQ=MONTHLY;BYDAY=-1FR",
    "每月15日": "FREQ=MONTHLY;BYMONTHDAY=15",
    "每月 １ 号、15号": "FREQ=MONTHLY;BYMONTHDAY=1,15",
    "每月最后一天": "FREQ=MONTHLY;BYMONTHDAY=-1",
    "每年5月12日": "FREQ=YEARLY;BYMONTH=5;BYMONTHDAY=12",
}


@pytest.mark.parametrize(("written", "rule"), CHINESE.items())
def test_plain_chinese_is_a_rule(written: str, rule: str) -> None:
    found = parse_rule(written)
    assert (found.text, found.needs_start, found.workdays) == (rule, False, False)


@pytest.mark.parametrize("written", ["隔周三", "每两周周三", "每隔2周周三"])
def test_every_other_week_needs_a_beginning(written: str) -> None:
    found = parse_rule(written)
    assert (found.text, found.needs_start) == ("FREQ=WEEKLY;INTERVAL=2;BYDAY=WE", True)


def test_workdays_are_days_that_are_worked() -> None:
    assert parse_rule("工作日").workdays


@pytest.mark.parametrize(
    ("written", "needs_start"),
    [
        ("RRULE:FREQ=WEEKLY;BYDAY=WE", False),
        ("freq=weekly;byday=we;wkst=su", False),
        ("FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=-1", False),
        ("FREQ=WEEKLY", True),
        ("FREQ=DAILY;INTERVAL=2", True),
        ("FREQ=WEEKLY;BYDAY=WE;COUNT=4", True),
        ("FREQ=YEARLY;BYMONTH=5", True),
    ],
)
def test_rules_of_rfc_5545(written: str, needs_start: bool) -> None:
    assert parse_rule(written).needs_start == needs_start


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("", "bad-rule"),
        ("周三", "bad-rule"),
        ("每周八", "bad-rule"),
        ("每月32日", "bad-rule"),
        ("每年13月1日", "bad-rule"),
        ("每0周周三", "bad-rule"),
        ("FREQ=", "bad-rule"),
        ("FREQ=WEEKLY;BYDAY=XX", "bad-rule"),
        ("FREQ=WEEKLY;BYDAY=2MO", "bad-rule"),
        ("FREQ=WEEKLY;FREQ=DAILY", "bad-rule"),
        ("FREQ=MONTHLY;BYDAY=1MO,FR", "bad-rule"),
        ("FREQ=MONTHLY;BYDAY=6MO", "bad-rule"),
        ("FREQ=WEEKLY;INTERVAL=0", "bad-rule"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "bad-rule"),
        ("FREQ=YEARLY;BYMONTH=13", "bad-rule"),
        ("FREQ=DAILY;BYHOUR=10", "bad-rule"),
        ("FREQ=DAILY;INTERVAL=7;BYDAY=MO", "bad-rule"),
        ("FREQ=WEEKLY;BYEASTER=1", "bad-rule"),
        ("FREQ=HOURLY", "rule-too-often"),
        ("FREQ=SECONDLY;BYSECOND=1", "rule-too-often"),
        ("FREQ=WEEKLY;UNTIL=20261231", "rule-with-until"),
    ],
)
def test_what_is_no_rule_is_refused_with_a_way_out(written: str, code: str) -> None:
    with pytest.raises(PydanticCustomError) as caught:
        parse_rule(written)
    assert (caught.value.type, code in RULES) == (code, True)
    assert caught.value.context
    assert caught.value.context["hint"]


NUMBERS = st.integers(-60, 60).map(str)
PARTS = st.one_of(
    st.sampled_from(["FREQ=DAILY", "FREQ=WEEKLY", "FREQ=MONTHLY", "FREQ=YEARLY", "WKST=SU"]),
    st.tuples(
        st.sampled_from(["INTERVAL", "COUNT", "BYMONTH", "BYMONTHDAY", "BYWEEKNO", "BYYEARDAY"]),
        st.lists(NUMBERS, min_size=1, max_size=2).map(",".join),
    ).map("=".join),
    st.tuples(NUMBERS, st.sampled_from(["MO", "WE", "SU"])).map(lambda p: f"BYDAY={p[0]}{p[1]}"),
    st.text(";=,ABDEFQRY12", max_size=9),
)
CHARACTERS = st.text("每周月年一三第个天日1 隔", max_size=9)


@given(st.one_of(st.lists(PARTS, max_size=5).map(";".join), CHARACTERS))
def test_whatever_is_written_is_a_rule_or_refused(written: str) -> None:
    with suppress(PydanticCustomError):
        assert parse_rule(written).text


@pytest.mark.parametrize("end", [1, -1])
@pytest.mark.parametrize(
    "written",
    [
        "FREQ=MONTHLY;BYDAY={5}MO,{5}SU",
        "FREQ=MONTHLY;BYMONTHDAY={31}",
        "FREQ=MONTHLY;BYDAY=MO;BYSETPOS={5}",
        "FREQ=YEARLY;BYDAY={52}MO,{52}SU",
        "FREQ=YEARLY;BYMONTH=12;BYDAY={5}WE",
        "FREQ=YEARLY;BYWEEKNO={53};BYDAY=MO,SU",
        "FREQ=YEARLY;BYYEARDAY={366}",
        "FREQ=YEARLY;BYYEARDAY={366};INTERVAL=4",
    ],
)
def test_the_last_number_that_is_taken_is_one_the_library_knows(written: str, end: int) -> None:
    """Beyond it the library fails with an IndexError, or looks for ever."""
    rule = re.sub(r"\{(\d+)\}", lambda number: str(end * int(number[1])), written)
    start = date(2024, 1, 1)
    made = Recurrence(clock=time(10), zone=ZoneInfo("UTC"), rule=parse_rule(rule).text, start=start)
    found = Slots(recurrence=made, kind_of=kind_of).between(start, date(2034, 1, 1))
    assert found
    assert not made.empty()
