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
from bot.ledger.prepared import Prepared
from bot.ledger.tables import usage

_KEY = ("k_account", "k_action", "k_period", "k_start")
_ADD = Prepared(
    insert(usage).values(
        account=bindparam("k_account"),
        action=bindparam("k_action"),
        period=bindparam("k_period"),
        start=bindparam("k_start"),
        used=bindparam("now_used"),
    ),
    (*_KEY, "now_used"),
)
_SET = Prepared(
    update(usage)
    .where(
        usage.c.account == bindparam("k_account"),
        usage.c.action == bindparam("k_action"),
        usage.c.period == bindparam("k_period"),
        usage.c.start == bindparam("k_start"),
    )
    .values(used=bindparam("now_used")),
    (*_KEY, "now_used"),
)
_SPENT = (
    select(usage)
    .where(
        usage.c.account.in_(bindparam("accounts", expanding=True)),
        usage.c.start.in_(bindparam("starts", expanding=True)),
    )
    .order_by(*usage.primary_key)  # two processes lock in one order, or they lock each other out
    .with_for_update()
)

__all__ = ["Purse", "counted", "open_purse", "spent_since", "unpaid"]


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
        rows = [
            (key in self._known, dict(zip(_KEY, key, strict=True)) | {"now_used": used})
            for key, used in changed.items()
        ]
        _ADD.run(conn, [row for known, row in rows if not known])
        _SET.run(conn, [row for known, row in rows if known])


def open_purse(
    conn: SyncConnection, accounts: Collection[str], budgets: Collection[Budget], now: datetime
) -> Purse:
    """What these accounts have spent of these budgets in the periods that hold `now`."""
    if not accounts or not budgets:
        return Purse({}, now)
    starts = {period_start(now, budget.period) for budget in budgets}
    asked = {"accounts": sorted(accounts), "starts": sorted(starts)}
    used = _by_key(conn.execute(_SPENT, asked))
    if conn.dialect.name != "sqlite":  # where one process writes at a time anyway
        keys = {key_of(account, budget, now) for account in accounts for budget in budgets}
        if missing := keys - used.keys():
            _make(conn, missing)
            used = _by_key(conn.execute(_SPENT, asked))
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


async def spent_since(conn: Connection, since: datetime) -> dict[Key, int]:
    """What all accounts have spent in each period that began at `since` or later."""
    return _by_key(await conn.execute(select(usage).where(usage.c.start >= since)))


def _by_key(rows: Iterable[Any]) -> dict[Key, int]:
    return {
        (row.account, row.action, row.period, row.start.astimezone(UTC)): int(row.used)
        for row in rows
    }
