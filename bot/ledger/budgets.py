"""Quota spent per account, counted in the transaction that grants the send."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from sqlalchemy import bindparam, insert, select, update

from bot.domain.quota import Budget, period_end, period_start
from bot.ledger.connection import Connection
from bot.ledger.tables import usage

Key = tuple[str, str, str, datetime]  # account, action, period, its start


class Purse:
    """What the accounts of one transaction have spent, read once and written once."""

    def __init__(self, used: dict[Key, int], now: datetime) -> None:
        self._known = dict(used)
        self._used = used
        self._now = now

    def spend(self, account: str, wanted: Sequence[Budget]) -> datetime | None:
        """Spends one of each, or nothing at all; then says when the scarcest is whole again."""
        keys = [(budget, _key(account, budget, self._now)) for budget in wanted]
        spent = [
            period_end(self._now, budget.period)
            for budget, key in keys
            if self._used.get(key, 0) >= budget.limit
        ]
        if spent:
            return max(spent)
        for _budget, key in keys:
            self._used[key] = self._used.get(key, 0) + 1
        return None

    async def save(self, conn: Connection) -> None:
        """Writes what was spent."""
        changed = {key: used for key, used in self._used.items() if self._known.get(key) != used}
        new = [key for key in changed if key not in self._known]
        if new:
            names = ("account", "action", "period", "start")
            rows = [dict(zip(names, key, strict=True)) | {"used": changed[key]} for key in new]
            await conn.execute(insert(usage), rows)
        old = [key for key in changed if key in self._known]
        if old:
            statement = (
                update(usage)
                .where(
                    usage.c.account == bindparam("k_account"),
                    usage.c.action == bindparam("k_action"),
                    usage.c.period == bindparam("k_period"),
                    usage.c.start == bindparam("k_start"),
                )
                .values(used=bindparam("new_used"))
            )
            names = ("k_account", "k_action", "k_period", "k_start")
            rows = [dict(zip(names, key, strict=True)) | {"new_used": changed[key]} for key in old]
            await conn.execute(statement, rows)


async def open_purse(
    conn: Connection, accounts: Collection[str], budgets: Collection[Budget], now: datetime
) -> Purse:
    """What these accounts have spent of these budgets in the periods that hold `now`."""
    starts = {period_start(now, budget.period) for budget in budgets}
    query = (
        select(usage)
        .where(usage.c.account.in_(sorted(accounts)), usage.c.start.in_(sorted(starts)))
        .with_for_update()
    )
    rows = await conn.execute(query) if accounts and budgets else ()
    used = {
        (row.account, row.action, row.period, row.start.astimezone(UTC)): int(row.used)
        for row in rows
    }
    return Purse(used, now)


def unpaid(
    wanted: Sequence[Budget], *, last: datetime | None, paid: str, now: datetime
) -> tuple[Budget, ...]:
    """Those of `wanted` that a call by method `paid` at `last` has not spent in this period."""
    return tuple(
        budget
        for budget in wanted
        if last is None or budget.action != paid or last < period_start(now, budget.period)
    )


def _key(account: str, budget: Budget, now: datetime) -> Key:
    start = period_start(now, budget.period).astimezone(UTC)
    return (account, budget.action, budget.period.value, start)
