"""Quota spent per account: publishing in the transaction that grants it, reading before it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection as SyncConnection
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.dialects import postgresql

from bot.domain import quota
from bot.domain.quota import Budget, Key, Period, key_of, period_end, period_start, unpaid
from bot.ledger.connection import Connection
from bot.ledger.tables import usage

__all__ = ["Purse", "counted", "open_purse", "unpaid"]


class Purse:
    """What the accounts of one transaction have spent, read once and written once."""

    def __init__(self, used: Mapping[Key, int], now: datetime) -> None:
        self._known = dict(used)
        self._used = dict(used)
        self._now = now

    def spend(self, account: str, wanted: Sequence[Budget]) -> datetime | None:
        """Spends one of each, or nothing at all; then says when the scarcest is whole again."""
        return quota.spend(self._used, account, wanted, self._now)

    def count(self, account: str, wanted: Sequence[Budget]) -> None:
        """Counts one of each, also beyond the limit: for what must not be refused."""
        for budget in wanted:
            key = key_of(account, budget, self._now)
            self._used[key] = self._used.get(key, 0) + 1

    def drain(self, account: str, wanted: Sequence[Budget], until: datetime) -> None:
        """Takes the platform's word that nothing is left until then, whatever was counted."""
        for budget in wanted:
            if period_end(self._now, budget.period) <= until:
                key = key_of(account, budget, self._now)
                self._used[key] = max(self._used.get(key, 0), budget.limit)

    def save(self, conn: SyncConnection) -> None:
        """Writes what was spent."""
        changed = {key: used for key, used in self._used.items() if self._known.get(key) != used}
        new = [key for key in changed if key not in self._known]
        if new:
            names = ("account", "action", "period", "start")
            rows = [dict(zip(names, key, strict=True)) | {"used": changed[key]} for key in new]
            conn.execute(insert(usage), rows)
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
            conn.execute(statement, rows)


def open_purse(
    conn: SyncConnection, accounts: Collection[str], budgets: Collection[Budget], now: datetime
) -> Purse:
    """What these accounts have spent of these budgets in the periods that hold `now`."""
    if not accounts or not budgets:
        return Purse({}, now)
    starts = {period_start(now, budget.period) for budget in budgets}
    query = (
        select(usage)
        .where(usage.c.account.in_(sorted(accounts)), usage.c.start.in_(sorted(starts)))
        .order_by(
            *usage.primary_key
        )  # two processes lock in one order, or they lock each other out
        .with_for_update()
    )
    used = _by_key(conn.execute(query))
    if conn.dialect.name != "sqlite":  # where one process writes at a time anyway
        keys = {key_of(account, budget, now) for account in accounts for budget in budgets}
        if missing := keys - used.keys():
            _make(conn, missing)
            used = _by_key(conn.execute(query))
    return Purse(used, now)


def _make(conn: SyncConnection, keys: Collection[Key]) -> None:
    """Rows for what nobody has spent of yet: only what is there can be locked."""
    names = ("account", "action", "period", "start")
    rows = [dict(zip(names, key, strict=True)) | {"used": 0} for key in sorted(keys)]
    conn.execute(postgresql.insert(usage).on_conflict_do_nothing(), rows)


async def counted(conn: Connection, now: datetime) -> dict[Key, int]:
    """What all accounts have spent in the hour, day and month that hold `now`; locks nothing."""
    starts = {period_start(now, period) for period in Period}
    query = select(usage).where(usage.c.start.in_(sorted(starts)))
    return _by_key(await conn.execute(query))


def _by_key(rows: Iterable[Any]) -> dict[Key, int]:
    return {
        (row.account, row.action, row.period, row.start.astimezone(UTC)): int(row.used)
        for row in rows
    }
