"""The work of `bot export xlsx`, `csv` and `yaml`: the calendar as a file that is read back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.cli.calendar import read_calendar
from bot.errors import UsageError
from bot.i18n import _
from bot.schedule.exports import Calendar, Plain, Unsayable, to_csv, to_yaml, unsayable
from bot.schedule.gathering import gather, months
from bot.schedule.reader import Reading
from bot.schedule.workbook import Sheet, to_xlsx
from bot.settings import Settings

_MONTH: Final = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])", re.ASCII)
_ALL: Final = "all"


@dataclass(frozen=True, kw_only=True)
class Made:
    """A file's content, and the name it has when nobody gives another."""

    name: str
    data: bytes


def workbook(settings: Settings, month: str, *, template: bool) -> Made:
    """The workbook of a month, of all months, or with no posts."""
    wanted = _month(month, settings)
    reading = read_calendar(settings) if template else _whole(settings)
    if template:
        calendar = Calendar(zone=settings.office.timezone)
    else:
        calendar = gather(reading, None if wanted == _ALL else wanted)
    try:
        data = to_xlsx(
            calendar,
            _sheets(calendar, months(reading), _now(settings) if wanted == _ALL else wanted),
            reading.roster,
            created=datetime.now(settings.zone),
            example=template,
        )
    except Unsayable as error:
        raise UsageError(unsayable(error)) from error
    return Made(name="calendar-template.xlsx" if template else f"{wanted}.xlsx", data=data)


def _sheets(calendar: Calendar, month_of: Mapping[str, str], empty: str) -> list[Sheet]:
    """One sheet for each month that has posts; an empty one when none has."""
    posts: dict[str, list[Plain]] = {}
    for post in calendar.posts:
        posts.setdefault(month_of[post["id"]], []).append(post)
    return [Sheet(title=_title(name), posts=found) for name, found in sorted(posts.items())] or [
        Sheet(title=_title(empty), posts=())
    ]


def text(settings: Settings, month: str, suffix: str) -> Made:
    """The month as CSV or YAML."""
    wanted = _month(month, settings)
    calendar = gather(_whole(settings), None if wanted == _ALL else wanted)
    try:
        data = to_csv(calendar) if suffix == "csv" else to_yaml(calendar)
    except Unsayable as error:
        raise UsageError(unsayable(error)) from error
    return Made(name=f"{wanted}.{suffix}", data=data)


def _whole(settings: Settings) -> Reading:
    """The calendar, with every file read to its end: nothing may be lost on the way."""
    reading = read_calendar(settings)
    if reading.broken:
        message = _("{files} cannot be read in full. Run `bot check` and put that right first.")
        raise UsageError(message.format(files=", ".join(sorted(reading.broken))))
    return reading


def _month(text: str, settings: Settings) -> str:
    if text and text != _ALL and not _MONTH.fullmatch(text):
        message = _("{text} is no month; write it as 2026-05, or all.")
        raise UsageError(message.format(text=text))
    return text or _now(settings)


def _now(settings: Settings) -> str:
    return f"{datetime.now(settings.zone):%Y-%m}"


def _title(month: str) -> str:
    year, _dash, number = month.partition("-")
    return f"{year}年{int(number)}月"
