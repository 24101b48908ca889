"""The matrix's units and accounts as they were known some seconds ago."""

from __future__ import annotations

from datetime import timedelta

from bot.domain.roster import Roster
from bot.ledger import roster
from bot.web.desk.visit import Visit

_FRESH = timedelta(seconds=30)


async def members(visit: Visit) -> Roster:
    """For names and choices; who looks one up that was just added must be ready to miss it."""

    async def load() -> Roster:
        async with visit.core.ledger.read() as conn:
            return await roster.load(conn)

    answer = await visit.desk.remembered.get("members", load, fresh=_FRESH)
    return answer.value
