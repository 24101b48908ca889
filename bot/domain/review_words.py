"""Levels of review and what was said at them, as people read them."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain import wording
from bot.domain.review import Level, Said
from bot.i18n import N_, _

_LEVELS = {
    Level.FIRST: N_("first review"),
    Level.SECOND: N_("second review"),
    Level.FINAL: N_("final review"),
}
_SAID = {Said.APPROVED: N_("approved"), Said.REFUSED: N_("not approved")}


def level(value: Level) -> str:
    """A level in words."""
    return _(_LEVELS[value])


def said(value: Said | None) -> str:
    """What a level said; nobody yet for None."""
    return _("nothing yet") if value is None else _(_SAID[value])


def asked(
    title: str,
    level_: Level,
    planned_at: datetime,
    deadline_at: datetime,
    left: timedelta | None,
    zone: ZoneInfo,
) -> str:
    """What a level is asked; `left`: until the deadline, where that is what it is about."""
    return "\n".join(
        [
            wording.heading(title, left),
            _("Please review it: {level}. It is to go out at {when}.").format(
                level=level(level_), when=wording.moment(planned_at, zone)
            ),
            wording.due(deadline_at, left, zone),
        ]
    )


def late(
    title: str,
    level_: Level,
    planned_at: datetime,
    deadline_at: datetime,
    left: timedelta | None,
    zone: ZoneInfo,
) -> str:
    """What the office hears of a review that nobody has done in time."""
    return "\n".join(
        [
            wording.heading(title, timedelta(0)),
            _("The {level} is missing. It was to go out at {when}, and does not without.").format(
                level=level(level_), when=wording.moment(planned_at, zone)
            ),
            wording.due(deadline_at, left, zone),
            _("All of it: `bot reviews list`"),
        ]
    )


def refused(title: str, level_: Level, by: str, note: str) -> str:
    """What its author hears."""
    return "\n".join(
        [
            wording.heading(title, None),
            _("Refused at the {level} by {login}: {note}").format(
                level=level(level_), login=by, note=note
            ),
            _("Mend it in the calendar; the new text is reviewed again."),
        ]
    )
