"""Quota spent per account, counted in the transaction that grants the send."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import insert, select, update

from bot.domain.quota import Budget, Period, period_end, period_start
from bot.ledger.connection import Connection
from bot.ledger.tables import usage


async def spend(
    conn: Connection, account: str, wanted: Sequence[Budget], now: datetime
) -> datetime | None:
    """Spends one of each budget, or nothing at all; then says when the scarcest is whole again."""
    used = [await _used(conn, account, budget, now) for budget in wanted]
    spent = [
        period_end(now, budget.period)
        for budget, count in zip(wanted, used, strict=True)
        if count >= budget.limit
    ]
    if spent:
        return max(spent)
    for budget, count in zip(wanted, used, strict=True):
        await set_used(conn, account, budget.action, budget.period, now, count + 1)
    return None


def unpaid(
    wanted: Sequence[Budget], committed_at: datetime | None, now: datetime
) -> tuple[Budget, ...]:
    """The budgets a further `commit` of one publication must pay.

    An earlier call in the same period came to nothing, or there would be no further one; what it
    spent here is still to be had.
    """
    if committed_at is None:
        return tuple(wanted)
    return tuple(
        budget
        for budget in wanted
        if period_start(committed_at, budget.period) != period_start(now, budget.period)
    )


async def _used(conn: Connection, account: str, budget: Budget, now: datetime) -> int:
    query = select(usage.c.used).where(
        usage.c.account == account,
        usage.c.action == budget.action,
        usage.c.period == budget.period.value,
        usage.c.start == period_start(now, budget.period),
    )
    return int(await conn.scalar(query.with_for_update()) or 0)


async def set_used(
    conn: Connection, account: str, action: str, period: Period, now: datetime, used: int
) -> None:
    """Sets what is spent in the period that holds `now` (also after the platform corrected us)."""
    where = (
        usage.c.account == account,
        usage.c.action == action,
        usage.c.period == period.value,
        usage.c.start == period_start(now, period),
    )
    changed = await conn.execute(update(usage).where(*where).values(used=used))
    if changed.rowcount == 0:
        await conn.execute(
            insert(usage).values(
                account=account,
                action=action,
                period=period.value,
                start=period_start(now, period),
                used=used,
            )
        )
