"""Where a new entry goes: into which calendar file, and behind which of its entries."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from bot.i18n import _
from bot.schedule.entries import Files, NotSaved
from bot.schedule.exports import Calendar, Plain, to_csv, to_yaml
from bot.schedule.folder import Folder
from bot.schedule.reader import calendar_files
from bot.schedule.roster import find_roster
from bot.schedule.sources import READERS, is_calendar
from bot.schedule.workbook import Sheet, to_xlsx

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def file_for(files: Files, fields: Plain) -> str:
    """The calendar file a new entry goes into, which may not be there yet.

    That of its month, called so; else the one with most posts of the month; else a new one of the
    kind the office uses.
    """
    when = when_of(fields)[:7] or _month_of(files, str(fields.get("after") or ""))
    if not when:
        message = _("The post needs a day and a time.")
        raise NotSaved(message, field="at")
    named = [f"{when}{suffix}" for suffix in READERS]
    there = [name for name in named if name in files.sources]
    if there:
        return there[0]
    counted = Counter(
        one.file for one in files.posts() if when_of(_plain(one.node.plain())).startswith(when)
    )
    if counted:
        return counted.most_common(1)[0][0]
    kinds = Counter("." + name.rpartition(".")[2] for name in files.sources)
    return when + (kinds.most_common(1)[0][0] if kinds else ".yaml")


def check_name(files: Files, file: str) -> None:
    """Raises NotSaved for what cannot be the name of a new calendar file."""
    names, _problems = calendar_files(files.root, {file})  # a copy's name is none of them
    if not is_calendar(file) or "\\" in file or (files.root / file).exists() or file not in names:
        message = _("{file} cannot be the name of a new calendar file.")
        raise NotSaved(message.format(file=file))


def empty_file(files: Files, file: str, fields: Plain) -> bytes:
    """A new calendar file with one entry in it."""
    calendar = Calendar(zone=files.zone, posts=[fields])
    if file.endswith(".yaml"):
        return to_yaml(calendar)
    if file.endswith(".csv"):
        return to_csv(calendar)
    roster = find_roster(Folder(root=files.root), None, None).roster
    sheets = [Sheet(title=file.removesuffix(".xlsx"), posts=[fields])]
    # When it was made is of no interest, and the same entry shall give the same file.
    created = datetime(2000, 1, 1, tzinfo=UTC)
    return to_xlsx(calendar, sheets, roster, created=created, example=False)


def place_in(posts: Sequence[Any], fields: Plain) -> int | None:
    """The entry behind which a new one goes by its time; None: behind all of them."""
    when = when_of(fields)
    times = [when_of(_plain(post)) for post in posts]
    before = [index for index, time in enumerate(times) if time and time <= when]
    return before[-1] if before else None


def when_of(fields: Plain) -> str:
    """The time or the day of an entry as it is written; "" when it has none of its own."""
    for key in ("at", "slot"):
        said = str(fields.get(key) or "")
        if _DAY.match(said):
            return said
    return ""


def _month_of(files: Files, post: str) -> str:
    found = [one.node.plain() for one in files.posts() if one.node.text("id") == post]
    return when_of(_plain(found[0]))[:7] if found else ""


def _plain(value: object) -> Plain:
    return value if isinstance(value, dict) else {}
