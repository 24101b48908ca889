"""What a cell means: its value as the text the calendar's shapes take.

Generous where only one meaning is possible, since people fill in sheets; never a guess.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final, NoReturn, TypeGuard

from bot.i18n import _
from bot.schedule.grid import Value, shown

NONE_WORD: Final = "（无）"  # says that a list or text is empty on purpose
_PLAIN_MARK: Final = re.compile(r"'+(?:[=+\-@\t\r]|（无）$)")
_SEPARATORS: Final = re.compile(r"[、，,；;\n]")
_PAIRS_APART: Final = re.compile(r"[；;\n]")
_PAIR: Final = re.compile(r"[:：=＝]")
_YES: Final = frozenset({"是", "√", "✓", "✔", "☑", "对", "有", "true", "yes", "y", "1", "1.0"})
_NO: Final = frozenset({"否", "×", "✗", "✘", "☐", "x", "不", "无", "false", "no", "n", "0", "0.0"})
_SERIALS: Final = (36_526, 73_051)  # days from 2000 to 2099 as Excel counts them
_DAY_ZERO: Final = datetime(1899, 12, 30)  # noqa: DTZ001 — a sheet's times have no zone
_DAYS_1904: Final = 1_462
_WEEKDAY: Final = r"(?:[(\[]?(?:星期|周|礼拜)([一二三四五六日天])[)\]]?)?"
_HALF: Final = r"(上午|下午|中午|晚上|晚|早上|早晨|早|凌晨|傍晚|AM|PM|am|pm)?"
_CLOCK: Final = (
    rf"{_HALF}\s*(\d{{1,2}})(?:\s*[:.时点]\s*(?:(\d{{1,2}})(?::(\d\d)(?:\.0+)?)?\s*分?|(半|整|钟)?))"
    r"\s*(AM|PM|am|pm)?"
)
_DAY_FORMS: Final = (
    re.compile(r"(\d{4})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*[日号]"),
    re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})"),
    re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})"),
    re.compile(r"(\d{4})\.(\d{1,2})\.(\d{1,2})"),
    re.compile(r"((?:19|20)\d{2})(\d{2})(\d{2})(?!\d)"),
)
_REST: Final = re.compile(rf"\s*{_WEEKDAY}\s*T?\s*(?:{_CLOCK})?", re.ASCII)
_CLOCK_ONLY: Final = re.compile(_CLOCK)
_COMPACT_CLOCK: Final = re.compile(r"\s*(\d{2})(\d{2})")
_NO_YEAR: Final = re.compile(r"\d{1,2}\s*[-/.月]\s*\d{1,2}(?![\d/.-])\s*[日号]?(?:\D.*)?")
_RELATIVE: Final = re.compile(r"[Tt]\s*[+-]")
_WEEKDAYS: Final = "一二三四五六日"
_SPAN: Final = re.compile(r"(\d{1,4})\s*(分钟|分|个小时|小时|时|天|日|m|h|d|min)", re.IGNORECASE)
_SPAN_UNITS: Final = {"分": "m", "个": "h", "小": "h", "时": "h", "天": "d", "日": "d"}


class Refused(Exception):
    """The cell's value cannot be taken; carries code, message and hint, already translated."""

    def __init__(self, code: str, message: str, hint: str) -> None:
        super().__init__(code)
        self.told = (code, message, hint)


def clean(text: str) -> str:
    """Text without the white space round it, and with the line ends of our own files."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def narrow(text: str) -> str:
    """Text with its full-width figures, colons and spaces made half-width."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def text_of(value: Value) -> str:
    """Text as it is written. Raises Refused for what only looks like text on the screen."""
    if isinstance(value, str):
        text = clean(value)
        # As in Excel itself an apostrophe in front says that what follows is nothing but text.
        return text[1:] if _PLAIN_MARK.match(text) else text
    if isinstance(value, bool):
        return shown(value)
    if isinstance(value, int | float):
        return _figures(value)
    raise Refused(
        "cell-became-date",
        _("The program has made a date or time of this cell: {value}.").format(value=shown(value)),
        _("Format the column as text, then type the value again."),
    )


def _figures(value: int | float) -> str:
    """The digits of a number, where all of them are known."""
    if float(value).is_integer() and abs(value) < 1e15:
        return str(int(value))
    raise Refused(
        "cell-is-number",
        _("The cell holds the number {value}, whose writing cannot be told.").format(
            value=shown(value)
        ),
        _("Format the column as text, then type the value again."),
    )


def flag(value: Value) -> str:
    """ "true" or "false"."""
    if isinstance(value, date | datetime | time | timedelta):
        text_of(value)
    word = narrow(shown(value)).lower()
    if word in _YES or word in _NO:
        return "true" if word in _YES else "false"
    raise Refused(
        "unknown-value",
        _("“{text}” is neither yes nor no.").format(text=shown(value)),
        _("Write 是 or 否."),
    )


def words(value: Value) -> str:
    """Text, "" where the cell says that there is none on purpose."""
    return "" if value == NONE_WORD else text_of(value)


def names(value: Value) -> list[str]:
    """The pieces of a list: between commas, semicolons or line ends."""
    text = words(value)
    if text.startswith("["):
        found = _json(text)
        if isinstance(found, list) and all(isinstance(item, str) for item in found):
            return found
    return [piece.strip() for piece in _SEPARATORS.split(text) if piece.strip()]


def ids(value: Value) -> list[str]:
    """Ids, each perhaps followed by a space and what it stands for, or by a delay: "T+30m"."""
    return [_without_note(name.split()) for name in names(value) if name.strip()]


def _without_note(parts: Sequence[str]) -> str:
    delay = next((narrow(part) for part in parts[1:] if _RELATIVE.match(narrow(part))), "")
    return f"{parts[0]} {delay}".strip()


def pairs(value: Value) -> Mapping[str, str]:
    """ "name：value；name：value", each on a line of its own or parted by semicolons."""
    text = text_of(value)
    if text.startswith("{"):
        found = _json(text)
        if isinstance(found, dict) and all(isinstance(item, str) for item in found.values()):
            return found
    made: dict[str, str] = {}
    for piece in filter(None, map(str.strip, _PAIRS_APART.split(text))):
        sides = _PAIR.split(piece, maxsplit=1)
        name = sides[0].strip()
        if len(sides) < 2 or not name or name in made:
            raise Refused(
                "bad-pair",
                _("“{text}” is no name with its value.").format(text=piece),
                _("Write “name：value”, one below the other or parted by “；”."),
            )
        made[name] = sides[1].strip()
    return made


def tree(value: Value) -> dict[str, object]:
    """A group of names and values as JSON."""
    found = _json(text_of(value))
    if isinstance(found, dict):
        return found
    raise Refused(
        "bad-pair",
        _("“{text}” is no group of names and values.").format(text=shown(value)[:60]),
        _("Leave this to `bot export`, or define it in a calendar file in YAML."),
    )


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def span(value: Value) -> str:
    """A duration such as "6h"; what is none stays as it is, for the shape to refuse."""
    text = narrow(shown(value))
    found = _SPAN.fullmatch(text)
    if found is None:
        return text
    unit = found[2].lower()
    return found[1] + _SPAN_UNITS.get(unit[0], unit[0])


def deadline(value: Value) -> str:
    """A deadline such as "T+24h"."""
    text = span(value)
    if re.match(r"[tT]\s*\+", text):
        return "T+" + span(text.partition("+")[2])
    return f"T+{text}" if re.fullmatch(r"\d+[mhd]", text) else text


def is_plain_moment(value: Value) -> TypeGuard[datetime]:
    """True for a date and time to the minute, as the cells of a sheet usually hold them."""
    return isinstance(value, datetime) and not value.second and not value.microsecond


def relative(value: Value) -> str:
    """A time counted from another post ("T+4h"), "" when it is none."""
    text = narrow(value) if isinstance(value, str) else ""
    return text[0].upper() + text[1:] if _RELATIVE.match(text) else ""


def day(value: Value, *, epoch_1904: bool = False) -> str:
    """A day such as "2026-05-06". Raises Refused when that is not certain."""
    found = moment(value, epoch_1904=epoch_1904)
    if found.day is None or found.clock is not None:
        raise Refused(
            "bad-date",
            _("“{text}” is no date.").format(text=shown(value)),
            _("Write it as YYYY-MM-DD, for example 2015-03-01."),
        )
    return found.day.isoformat()


@dataclass(frozen=True, kw_only=True)
class Moment:
    """A day, a time of day, or both; what is not said is None."""

    day: date | None
    clock: time | None

    def __str__(self) -> str:
        assert self.day is not None
        assert self.clock is not None
        return f"{self.day:%Y-%m-%d} {self.clock:%H:%M}"


def moment(value: Value, *, epoch_1904: bool = False) -> Moment:
    """The day and time a cell means. Raises Refused when that is not certain."""
    if isinstance(value, datetime):
        return Moment(day=_rounded(value).date(), clock=_minute(_rounded(value).time()))
    if isinstance(value, date):
        return Moment(day=value, clock=None)
    if isinstance(value, time):
        return Moment(day=None, clock=_minute(value))
    if isinstance(value, timedelta):
        return _of_serial(value / timedelta(days=1), epoch_1904=False)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _of_number(value, epoch_1904)
    return _of_text(narrow(str(value)))


def together(moments: Sequence[Moment], texts: Sequence[str]) -> Moment:
    """The day and the time that several cells say together."""
    days = {moment.day for moment in moments if moment.day is not None}
    clocks = {moment.clock for moment in moments if moment.clock is not None}
    text = " ".join(texts)
    if len(days) > 1 or len(clocks) > 1:
        raise Refused(
            "bad-time",
            _("“{text}” is no day and time.").format(text=text),
            _("Two cells say different times; keep one of them."),
        )
    if not days:
        raise Refused(
            "time-without-day",
            _("“{text}” is a time without its day.").format(text=text),
            _("Write the day before it: YYYY-MM-DD {text}").format(text=text),
        )
    if not clocks:
        raise Refused(
            "day-without-time",
            _("“{text}” is a day without a time.").format(text=text),
            _("Write the time behind it: {text} 10:00. For midnight write 00:00 as text.").format(
                text=text
            ),
        )
    return Moment(day=days.pop(), clock=clocks.pop())


def _of_number(value: int | float, epoch_1904: bool) -> Moment:
    if float(value).is_integer() and 19_000_101 <= value <= 20_991_231:
        return _of_text(str(int(value)))
    return _of_serial(float(value), epoch_1904)


def _of_serial(days: float, epoch_1904: bool) -> Moment:
    """A day and time counted in days, as Excel does."""
    days += _DAYS_1904 if epoch_1904 and days >= 1 else 0
    if not (0 <= days < 1 or _SERIALS[0] <= days < _SERIALS[1]):
        _refuse(f"{days:.15g}")
    whole = _rounded(_DAY_ZERO + timedelta(days=days))
    if days < 1:
        return Moment(day=None, clock=_minute(whole.time()))
    has_clock = not float(days).is_integer()
    return Moment(day=whole.date(), clock=_minute(whole.time()) if has_clock else None)


def _rounded(moment: datetime) -> datetime:
    """To the whole second: sheets count in fractions of days, which do not come out even."""
    return (moment + timedelta(milliseconds=500)).replace(microsecond=0)


def _minute(clock: time) -> time:
    if clock.second:
        _refuse(f"{clock:%H:%M:%S}")
    return clock.replace(microsecond=0)


def _of_text(text: str) -> Moment:
    for form in _DAY_FORMS:
        found = form.match(text)
        if found is not None:
            day = _day(text, *map(int, found.groups()))
            return Moment(day=day, clock=_rest(text, found.end(), day))
    found = _CLOCK_ONLY.fullmatch(text)
    if found is not None:
        return Moment(day=None, clock=_clock(text, found.groups()))
    if _NO_YEAR.fullmatch(text):
        raise Refused(
            "time-without-year",
            _("“{text}” does not say the year.").format(text=text),
            _("Write the day with its year, for example 2026-05-06 10:00."),
        )
    return _refuse(text)


def _day(text: str, year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        _refuse(text)


def _rest(text: str, start: int, day: date) -> time | None:
    """The time behind a day, None when there is none; a weekday between them must be right."""
    compact = _COMPACT_CLOCK.fullmatch(text, start)
    if compact is not None:
        return _clock(text, (None, compact[1], compact[2], None, None, None))
    found = _REST.fullmatch(text, start)
    if found is None:
        _refuse(text)
    weekday, *clock = found.groups()
    if weekday and _WEEKDAYS.index(weekday.replace("天", "日")) != day.weekday():
        raise Refused(
            "weekday-wrong",
            _("{day} is no 星期{said} but a 星期{right}.").format(
                day=day, said=weekday, right=_WEEKDAYS[day.weekday()]
            ),
            _("Correct the day or the weekday."),
        )
    return _clock(text, tuple(clock)) if clock[1] else None


# The hours a word may stand with; 晚上12点 may be either end of the day and is not taken.
_HOURS: Final[Mapping[str, Sequence[int]]] = {
    "": range(24),
    "AM": range(1, 13),
    "PM": range(1, 13),
    **dict.fromkeys(("上午", "早上", "早晨", "早"), range(4, 13)),
    "凌晨": range(7),
    "中午": (1, 11, 12, 13),
    "下午": range(1, 20),
    **dict.fromkeys(("晚上", "晚", "傍晚"), (*range(5, 12), *range(17, 24))),
}
_AFTERNOON: Final = frozenset({"下午", "晚上", "晚", "傍晚", "PM"})


def _clock(text: str, parts: tuple[str | None, ...]) -> time:
    half, hour_text, minute, second, word, behind = parts
    hour = int(hour_text or 0)
    half = (half or behind or "").upper()
    if half not in _HOURS or hour not in _HOURS[half] or (second or "00") != "00":
        return _refuse(text)
    if (half in _AFTERNOON and hour < 12) or (half == "中午" and hour == 1):
        hour += 12
    elif half == "AM" and hour == 12:
        hour = 0
    try:
        return time(hour, 30 if word == "半" else int(minute or 0))
    except ValueError:
        return _refuse(text)


def _refuse(text: str) -> NoReturn:
    raise Refused(
        "bad-time",
        _("“{text}” is no day and time.").format(text=text),
        _("Write it as YYYY-MM-DD HH:MM, for example 2026-05-06 10:00."),
    )
