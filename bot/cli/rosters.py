"""The work of `bot export roster`: the roster as a file that is read back."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from bot.cli.calendar import read_calendar
from bot.cli.calendars import Made
from bot.domain.roster import Roster
from bot.errors import UsageError
from bot.i18n import _
from bot.schedule.exports import Unsayable, unsayable
from bot.schedule.roster_book import to_xlsx
from bot.schedule.roster_export import example, to_csv, to_yaml
from bot.settings import Settings


class Kind(StrEnum):
    """What a roster can be written as."""

    XLSX = "xlsx"
    CSV = "csv"
    YAML = "yaml"


def make(settings: Settings, kind: Kind, *, template: bool) -> Made:
    """The roster of the folder; with `template` one that only shows how it is done.

    Raises UsageError when the folder's cannot be read in full, or when a value cannot be written.
    """
    roster = Roster() if template else _whole(settings)
    try:
        if kind is Kind.XLSX:
            now = datetime.now(settings.zone)
            data = to_xlsx(roster, created=now, template=template)
        else:
            write = {Kind.CSV: to_csv, Kind.YAML: to_yaml}[kind]
            # What a sheet marks as an example is not read; YAML has no such rows.
            data = write(example("示例：" if kind is Kind.CSV else "") if template else roster)
    except Unsayable as error:
        raise UsageError(unsayable(error)) from error
    return Made(name="roster-template.xlsx" if template else f"roster.{kind.value}", data=data)


def _whole(settings: Settings) -> Roster:
    reading = read_calendar(settings)
    if not reading.roster.accounts or reading.roster_file in reading.broken:
        message = _("{files} cannot be read in full. Run `bot check` and put that right first.")
        raise UsageError(message.format(files=reading.roster_file))
    return reading.roster
