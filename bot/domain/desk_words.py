"""The words of the desk's roles, for people."""

from __future__ import annotations

from collections.abc import Mapping

from bot.domain.people import DeskRole, Right
from bot.i18n import N_, _

_ROLES: Mapping[DeskRole, str] = {
    DeskRole.OFFICER: N_("publicity officer"),
    DeskRole.LIAISON: N_("liaison"),
    DeskRole.REVIEWER: N_("reviewer"),
    DeskRole.MANAGER: N_("manager"),
    DeskRole.ADMINISTRATOR: N_("system administrator"),
}

_SCOPES: Mapping[Right, str] = {
    Right.SEE: N_("read"),
    Right.WRITE: N_("decide about publications and key items"),
    Right.ANSWER: N_("answer tasks"),
    Right.REVIEW: N_("review"),
    Right.LOG: N_("read the log"),
}
_DELIVERIES: Mapping[str, str] = {
    "waiting": N_("on its way"),
    "sending": N_("is being sent"),
    "sent": N_("taken"),
    "failed": N_("given up"),
}


def role(value: str) -> str:
    """The role in words."""
    return _(_ROLES[DeskRole(value)])


def scope(right: Right) -> str:
    """What a token may do, in words."""
    return _(_SCOPES[right])


def delivery(state: str) -> str:
    """How far a delivery to a webhook is, in words."""
    return _(_DELIVERIES[state])
