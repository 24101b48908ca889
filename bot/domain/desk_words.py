"""The words of the desk's roles, for people."""

from __future__ import annotations

from collections.abc import Mapping

from bot.domain.people import DeskRole
from bot.i18n import N_, _

_ROLES: Mapping[DeskRole, str] = {
    DeskRole.OFFICER: N_("publicity officer"),
    DeskRole.LIAISON: N_("liaison"),
    DeskRole.REVIEWER: N_("reviewer"),
    DeskRole.MANAGER: N_("manager"),
    DeskRole.ADMINISTRATOR: N_("system administrator"),
}


def role(value: str) -> str:
    """The role in words."""
    return _(_ROLES[DeskRole(value)])
