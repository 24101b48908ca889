"""The words of the desk's roles and levels, for people."""

from __future__ import annotations

from collections.abc import Mapping

from bot.domain.people import DeskRole, Level
from bot.i18n import N_, _

_ROLES: Mapping[DeskRole, str] = {
    DeskRole.OFFICER: N_("publicity officer"),
    DeskRole.LIAISON: N_("liaison"),
    DeskRole.REVIEWER: N_("reviewer"),
    DeskRole.MANAGER: N_("manager"),
    DeskRole.ADMINISTRATOR: N_("system administrator"),
}
_LEVELS: Mapping[Level, str] = {
    Level.FIRST: N_("first review"),
    Level.SECOND: N_("second review"),
    Level.FINAL: N_("final review"),
}


def role(value: str) -> str:
    """The role in words."""
    return _(_ROLES[DeskRole(value)])


def level(value: str) -> str:
    """The level of review in words."""
    return _(_LEVELS[Level(value)])
