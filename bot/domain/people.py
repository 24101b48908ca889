"""Who works at the desk, and what each role may do there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.review import Level

LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{1,31}", re.ASCII)


class DeskRole(StrEnum):
    """What a person is to the office; one person may be several."""

    OFFICER = "officer"  # 宣传干事
    LIAISON = "liaison"  # 联络员, of one unit
    REVIEWER = "reviewer"  # 审核人, at one or more levels
    MANAGER = "manager"  # 管理者: reads
    ADMINISTRATOR = "administrator"  # 系统管理员


class Right(StrEnum):
    """What a page or a call needs."""

    SEE = "see"  # read what the matrix does; a liaison: of the own unit
    WRITE = "write"  # the calendar, publications, key items
    ANSWER = "answer"  # do the tasks of a unit
    REVIEW = "review"
    CONNECT = "connect"  # accounts with their platforms
    LOG = "log"  # read who did what
    RULE = "rule"  # people, tokens, settings


_RIGHTS: Mapping[DeskRole, frozenset[Right]] = {
    DeskRole.OFFICER: frozenset({Right.SEE, Right.WRITE, Right.ANSWER, Right.CONNECT, Right.LOG}),
    DeskRole.LIAISON: frozenset({Right.SEE, Right.ANSWER}),
    DeskRole.REVIEWER: frozenset({Right.SEE, Right.REVIEW}),
    DeskRole.MANAGER: frozenset({Right.SEE, Right.LOG}),
    DeskRole.ADMINISTRATOR: frozenset({Right.SEE, Right.CONNECT, Right.LOG, Right.RULE}),
}


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody who may log in."""

    login: str
    name: str
    roles: frozenset[DeskRole]
    unit: str = ""  # of a liaison
    levels: frozenset[Level] = frozenset()  # of a reviewer
    has_password: bool = False
    subject: str = ""  # who it is at the OpenID provider
    made_at: datetime
    ended_at: datetime | None = None  # None: may log in

    def may(self, right: Right) -> bool:
        """True when one of the roles gives this right."""
        return any(right in _RIGHTS[role] for role in self.roles)

    @property
    def only_unit(self) -> str:
        """The one unit this person may see and act for; "" for who sees all of them."""
        return self.unit if self.roles == {DeskRole.LIAISON} else ""
