"""Deletes what nobody needs any more: deliveries, sessions and links that are long over.

What people did stays in the audit log, and what was published in the ledger's own tables.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.engine.outbox import Outbox
from bot.engine.webhooks import CARRIED, REVIEW
from bot.ledger import people, webhooks

KEPT = timedelta(days=90)
_EVERY = timedelta(hours=1)
_BATCH = 1000  # deliveries in one transaction, so that publishing need not wait for long
# That they were told is known by their rows alone: a second account of the unit may carry the item
# years later. They are few. An event of the ledger is never looked at again once it is passed.
_ONCE = frozenset({CARRIED, REVIEW})


@dataclass
class Clearing:
    """Clears the ledger now and then, in the same round as the outbox; one of a process."""

    outbox: Outbox
    _next_at: datetime | None = field(default=None)

    async def clear(self) -> None:
        """Deletes one batch, when it is time; the next at once while there may be more."""
        core = self.outbox.core
        now = core.clock.now()
        if self._next_at is not None and now < self._next_at:
            return
        await self.outbox.fill(passing=True)  # or what is deleted would be told again
        async with core.ledger.write() as conn:
            gone = await webhooks.forget(conn, now - KEPT, but=_ONCE, most=_BATCH)
            await people.forget(conn, now - KEPT)
        self._next_at = now if gone == _BATCH else now + _EVERY
