"""Levels of review and what was said at them, as people read them."""

from __future__ import annotations

from bot.domain.review import Level, Said
from bot.i18n import N_, _

_LEVELS = {
    Level.FIRST: N_("first review"),
    Level.SECOND: N_("second review"),
    Level.FINAL: N_("final review"),
}
_SAID = {Said.APPROVED: N_("approved"), Said.REFUSED: N_("refused")}


def level(value: Level) -> str:
    """A level in words."""
    return _(_LEVELS[value])


def said(value: Said | None) -> str:
    """What a level said; nobody yet for None."""
    return _("nothing yet") if value is None else _(_SAID[value])
