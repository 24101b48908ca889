"""A finding, and the guard that keeps one broken check from hiding the others."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.i18n import _
from bot.logs import said

LIMIT_S = 120.0  # of one check; a large file is read whole for its integrity


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    NOTE = "note"  # worth knowing, nothing to do
    WARNING = "warning"  # will become a fault
    ERROR = "error"  # posts do not go out, or soon will not


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What one check found."""

    check: str  # what was looked at, a fixed word
    code: str  # what was found, a fixed word
    level: Level
    message: str
    advice: str = ""  # what it means and what to do; "" when all is well

    @property
    def bad(self) -> bool:
        return self.level in {Level.WARNING, Level.ERROR}


def ok(check: str, message: str) -> Finding:
    """All is well here."""
    return Finding(check=check, code="ok", level=Level.OK, message=message)


async def guarded(check: str, work: Awaitable[Sequence[Finding]]) -> list[Finding]:
    """What a check found; a check that fails is itself a finding."""
    try:
        async with asyncio.timeout(LIMIT_S):
            return list(await work)
    except Exception as error:
        return [
            Finding(
                check=check,
                code="check_failed",
                level=Level.ERROR,
                message=_("This could not be checked: {cause}").format(cause=said(error)),
                advice=_("Mend what the cause names, then run `bot doctor` again."),
            )
        ]
