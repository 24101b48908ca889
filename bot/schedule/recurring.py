"""How the office writes a rule: RFC 5545 as calendars know it, or plain Chinese (每周三)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import time
from typing import Annotated, Final, NoReturn

from pydantic import BeforeValidator

from bot.domain.slots import Off
from bot.i18n import _
from bot.schedule.values import narrow_only, refuse, to_text

_DAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
# Which parts a frequency takes. Times of day are the column's own `at`; what is left out besides is
# better written with another frequency, and would have the library search the years up to 9999.
_PARTS: Final = {
    "DAILY": {"BYDAY", "BYMONTH"},
    "WEEKLY": {"BYDAY", "BYMONTH"},
    "MONTHLY": {"BYDAY", "BYMONTH", "BYMONTHDAY", "BYSETPOS"},
    "YEARLY": {"BYDAY", "BYMONTH", "BYMONTHDAY", "BYSETPOS", "BYWEEKNO", "BYYEARDAY"},
}
_DAY = r"(?:MO|TU|WE|TH|FR|SA|SU)"
_WORDS_OF: Final = {  # parts made of words
    "FREQ": re.compile("|".join(_PARTS)),
    "WKST": re.compile(_DAY),
    "BYDAY": re.compile(rf"(?:[+-]?[1-9]\d?)?{_DAY}(?:,(?:[+-]?[1-9]\d?)?{_DAY})*"),
}
_LIMITS: Final = {  # parts made of numbers: the largest, and whether they count from the end too
    "INTERVAL": (366, False),
    "COUNT": (9999, False),
    "BYMONTH": (12, False),
    "BYMONTHDAY": (31, True),
    "BYSETPOS": (366, True),
    "BYWEEKNO": (53, True),
    "BYYEARDAY": (366, True),
}
_ALWAYS: Final = {"FREQ", "INTERVAL", "COUNT", "WKST"}
_ORDINAL = re.compile(r"\d+")


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule that can be worked with."""

    text: str  # RFC 5545
    workdays: bool = False  # only days that are worked
    needs_start: bool = False  # without a first day it means nothing
    limited: bool = False  # it says itself after how many times it ends


def parse_rule(written: str) -> Rule:
    """The rule, or the end of the check with what is wrong in it (`refuse`)."""
    text = unicodedata.normalize("NFKC", written).strip()
    if "=" not in text:
        return _chinese("".join(text.split()), written)
    text = text.upper().removeprefix("RRULE:").strip(";")
    parts = dict(part.partition("=")[::2] for part in text.split(";"))
    _check_parts(parts, text, written)
    days = parts.get("BYDAY", "").split(",")
    if len({_ORDINAL.search(day) is None for day in days}) > 1:
        _bad(written)  # the library takes “the first Monday or any Friday” for both at once
    # The second Monday of what? And there is no sixth one in a month.
    most = 52 if parts["FREQ"] == "YEARLY" and "BYMONTH" not in parts else 5
    most = 0 if parts["FREQ"] in {"DAILY", "WEEKLY"} or "BYWEEKNO" in parts else most
    if any(int(number) > most for number in _ORDINAL.findall(parts.get("BYDAY", ""))):
        _bad(written)
    stepped = parts.get("INTERVAL", "1") != "1"
    if parts["FREQ"] == "DAILY" and stepped and {"BYDAY", "BYMONTH"} & parts.keys():
        _bad(written)  # every seventh day, if a Monday: always or never
    fixed = parts["FREQ"] == "DAILY" or {"BYDAY", "BYMONTHDAY", "BYYEARDAY"} & parts.keys()
    limited = "COUNT" in parts
    return Rule(text=text, needs_start=stepped or limited or not fixed, limited=limited)


def _check_parts(parts: dict[str, str], text: str, written: str) -> None:
    frequency = parts.get("FREQ", "")
    if frequency in {"HOURLY", "MINUTELY", "SECONDLY"}:
        refuse(
            "rule-too-often",
            _("“{rule}” is due more than once a day.").format(rule=written),
            _("A column has one slot a day; its time is “at”. Use FREQ=DAILY or rarer."),
        )
    if frequency not in _PARTS or len(parts) < text.count(";") + 1:
        _bad(written)
    if "UNTIL" in parts:
        refuse(
            "rule-with-until",
            _("“{rule}” says within the rule when it ends.").format(rule=written),
            _("Take UNTIL out and write the last day as “until: YYYY-MM-DD” of the column."),
        )
    for name, value in parts.items():
        if name not in _PARTS[frequency] | _ALWAYS:
            refuse(
                "bad-rule",
                _("{part} is not possible with FREQ={frequency}.").format(
                    part=name, frequency=frequency
                ),
                _("Use {parts}, or another frequency.").format(
                    parts=", ".join(sorted(_PARTS[frequency]))
                ),
            )
        if not _is_value(name, value):
            _bad(written)


def _is_value(name: str, value: str) -> bool:
    if name in _WORDS_OF:
        return _WORDS_OF[name].fullmatch(value) is not None
    limit, backwards = _LIMITS[name]
    sign = "[+-]?" if backwards else ""
    numbers = value.split(",") if name.startswith("BY") else [value]
    return all(
        re.fullmatch(rf"{sign}\d{{1,4}}", number, re.ASCII) and 1 <= abs(int(number)) <= limit
        for number in numbers
    )


def _bad(written: str) -> NoReturn:
    refuse(
        "bad-rule",
        _("“{rule}” is no rule for the days of a column.").format(rule=written),
        _(
            "Write for example 每周三, 每月第一个周一, 每月15日, 工作日, or "
            "FREQ=WEEKLY;BYDAY=WE as in RFC 5545."
        ),
    )


# ── in Chinese ────────────────────────────────────────────────────────────────────────────────

_WEEKDAYS: Final = {"一": 0, "二": 1, "三": 2, "四": 3, "五": 4, "六": 5, "日": 6, "天": 6}
_NUMBERS: Final = {"一": 1, "二": 2, "三": 3, "四": 4, "五": 5, "两": 2}
_WEEK = r"(?:周|星期|礼拜)"
_LIST = rf"{_WEEK}([一二三四五六日天](?:[、,和]?{_WEEK}?[一二三四五六日天])*)"
_EACH_WEEK = re.compile(rf"每(?:隔?([一两二三四]|\d{{1,2}})周的?)?{_LIST}")
_EVERY_OTHER = re.compile(rf"隔{_LIST}")
_NTH = re.compile(
    rf"每个?月的?(?:(最后一|倒数第一)|第([一二三四五1-5]))个?{_WEEK}([一二三四五六日天])"
)
_MONTH_DAYS = re.compile(r"每个?月的?(\d{1,2}[日号]?(?:[、,和]\d{1,2}[日号]?)*)")
_YEAR_DAY = re.compile(r"每年的?(\d{1,2})月(\d{1,2})[日号]")
_WORDS: Final = {
    "每天": "FREQ=DAILY",
    "每日": "FREQ=DAILY",
    "每周末": "FREQ=WEEKLY;BYDAY=SA,SU",
    "周末": "FREQ=WEEKLY;BYDAY=SA,SU",
    "每月最后一天": "FREQ=MONTHLY;BYMONTHDAY=-1",
    "每月末": "FREQ=MONTHLY;BYMONTHDAY=-1",
    "月末": "FREQ=MONTHLY;BYMONTHDAY=-1",
}
_WORKDAYS: Final = {"工作日", "每个工作日", "每工作日"}


def _chinese(text: str, written: str) -> Rule:
    if text in _WORKDAYS:
        return Rule(text="FREQ=DAILY", workdays=True)
    if text in _WORDS:
        return Rule(text=_WORDS[text])
    if (found := _EACH_WEEK.fullmatch(text)) is not None:
        weeks = found[1] or "1"
        return _weekly(_NUMBERS.get(weeks) or int(weeks), found[2], written)
    if (found := _EVERY_OTHER.fullmatch(text)) is not None:
        return _weekly(2, found[1], written)
    return _monthly(text, written)


def _weekly(weeks: int, names: str, written: str) -> Rule:
    days = sorted({_WEEKDAYS[name] for name in names if name in _WEEKDAYS})
    if not weeks:
        _bad(written)
    every = f";INTERVAL={weeks}" if weeks > 1 else ""
    listed = ",".join(_DAYS[day] for day in days)
    return Rule(text=f"FREQ=WEEKLY{every};BYDAY={listed}", needs_start=weeks > 1)


def _monthly(text: str, written: str) -> Rule:
    if (found := _NTH.fullmatch(text)) is not None:
        nth = -1 if found[1] else _NUMBERS.get(found[2]) or int(found[2])
        return Rule(text=f"FREQ=MONTHLY;BYDAY={nth}{_DAYS[_WEEKDAYS[found[3]]]}")
    if (found := _MONTH_DAYS.fullmatch(text)) is not None:
        days = sorted({int(day) for day in re.findall(r"\d+", found[1])})
        if all(1 <= day <= 31 for day in days):
            return Rule(text="FREQ=MONTHLY;BYMONTHDAY=" + ",".join(map(str, days)))
    if (found := _YEAR_DAY.fullmatch(text)) is not None:
        month, day = int(found[1]), int(found[2])
        if 1 <= month <= 12 and 1 <= day <= 31:
            return Rule(text=f"FREQ=YEARLY;BYMONTH={month};BYMONTHDAY={day}")
    _bad(written)


# ── in a file ─────────────────────────────────────────────────────────────────────────────────

_OFF_WORDS: Final = {"照常": Off.KEEP, "跳过": Off.SKIP, "提前": Off.BEFORE, "顺延": Off.AFTER}
_CLOCK = re.compile(r"(\d{2}):(\d{2})", re.ASCII)


def _clock(value: object) -> time:
    text = to_text(value)
    found = _CLOCK.fullmatch(text)
    if found is None or int(found[1]) > 23 or int(found[2]) > 59:
        narrow_only(text, _CLOCK)
        refuse(
            "bad-clock",
            _("“{text}” is no time of day.").format(text=text),
            _("Write it as HH:MM, for example 10:00."),
        )
    return time(int(found[1]), int(found[2]))


def _rule(value: object) -> Rule:
    return parse_rule(to_text(value))


def _off(value: object) -> object:
    return _OFF_WORDS.get(value, value) if isinstance(value, str) else value


RuleText = Annotated[Rule, BeforeValidator(_rule)]
Clock = Annotated[time, BeforeValidator(_clock)]
Holidays = Annotated[Off, BeforeValidator(_off)]
