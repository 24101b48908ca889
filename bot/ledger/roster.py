"""The roster as the ledger holds it, so that workers need no files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, update

from bot.domain.problem import NOWHERE
from bot.domain.register import History
from bot.domain.roster import Account, AccountStatus, ReprintPolicy, Roster, Unit, day_of
from bot.ledger import register
from bot.ledger.connection import Connection
from bot.ledger.rows import made
from bot.ledger.tables import accounts, units


@dataclass(frozen=True, kw_only=True)
class Health:
    """How an account is doing."""

    paused: str  # why it may not publish; "" while it works
    read_from: datetime | None  # its items are known from here …
    read_until: datetime | None  # … up to here; None: never read
    read_gaps: tuple[tuple[datetime, datetime], ...]  # but not within these
    read_error: str
    tried_at: datetime | None  # when reading it was last begun
    swept_at: datetime | None  # when all of its last days was last read again


# Of the accounts not how they are doing: of five hundred that would cost as much again.
_UNIT_COLUMNS = [one.name for one in fields(Unit) if one.name in units.c]
_ACCOUNT_COLUMNS = [one.name for one in fields(Account) if one.name in accounts.c]
_UNITS = select(*(units.c[name] for name in _UNIT_COLUMNS)).order_by(units.c.position)
_ACCOUNTS = select(*(accounts.c[name] for name in _ACCOUNT_COLUMNS)).order_by(accounts.c.position)


async def load(conn: Connection, at: datetime | None = None) -> Roster:
    """Units and accounts in the order of the roster file, also those that are closed by now.

    As they were taken over last; with `at` as they were in force at that moment.
    """
    if at is not None:
        return (await history(conn)).at(at)
    unit_rows = await conn.execute(_UNITS)
    account_rows = await conn.execute(_ACCOUNTS)
    return Roster(
        units={row.id: _unit(row) for row in unit_rows},
        accounts={row.id: _account(row) for row in account_rows},
    )


def _unit(row: Row[Any]) -> Unit:
    values = dict(zip(_UNIT_COLUMNS, row, strict=True))
    values["contacts"] = tuple(row.contacts)
    values["reprint"] = ReprintPolicy(row.reprint) if row.reprint else None
    values["reprint_in"] = _policies(row.reprint_in)
    return made(Unit, {**values, "place": NOWHERE})


def _account(row: Row[Any]) -> Account:
    values = dict(zip(_ACCOUNT_COLUMNS, row, strict=True))
    values["status"] = AccountStatus(row.status)
    values["reprint"] = ReprintPolicy(row.reprint)
    values["reprint_in"] = _policies(row.reprint_in)
    return made(Account, {**values, "place": NOWHERE})


def _policies(said: Mapping[str, str]) -> Mapping[str, ReprintPolicy]:
    return {column: ReprintPolicy(policy) for column, policy in said.items()}


async def save(conn: Connection, roster: Roster, now: datetime, *, by: str = "calendar") -> None:
    """Brings the ledger's roster up to the file's, and notes in the register what changed.

    Units and accounts no longer named there are closed, and stay.
    """
    before = await load(conn)
    members = _with_gone(roster, before, now)
    for position, unit in enumerate(roster.units.values()):
        await _upsert(conn, units, unit.id, {**_columns(unit), "position": position})
    for position, account in enumerate(roster.accounts.values()):
        await _upsert(conn, accounts, account.id, {**_columns(account), "position": position})
    for unit in members.units.values():
        if unit.id not in roster.units:
            await conn.execute(
                update(units).where(units.c.id == unit.id).values(closed=unit.closed)
            )
    gone = update(accounts).where(accounts.c.id.not_in(sorted(roster.accounts)))
    await conn.execute(gone.values(status=AccountStatus.CLOSED.value))
    await register.note(conn, members, now, by=by)


def _with_gone(roster: Roster, before: Roster, now: datetime) -> Roster:
    """The roster, and closed what it no longer names."""
    today = day_of(now)
    left = [unit for unit in before.units.values() if unit.id not in roster.units]
    ended = [account for account in before.accounts.values() if account.id not in roster.accounts]
    return Roster(
        units={
            **roster.units,
            **{unit.id: replace(unit, closed=unit.closed or today) for unit in left},
        },
        accounts={
            **roster.accounts,
            **{one.id: replace(one, status=AccountStatus.CLOSED) for one in ended},
        },
    )


async def history(conn: Connection) -> History:
    """Units and accounts as they were at any moment; read once for any number of questions."""
    return await register.history(conn, await load(conn))


def _columns(subject: Unit | Account) -> dict[str, Any]:
    """All fields as their columns take them."""
    values = {one.name: getattr(subject, one.name) for one in fields(subject)}
    del values["id"], values["place"]
    values["reprint_in"] = {column: word.value for column, word in subject.reprint_in.items()}
    values["reprint"] = subject.reprint and subject.reprint.value
    if isinstance(subject, Account):
        return values | {"status": subject.status.value, "options": dict(subject.options)}
    return values | {"contacts": list(subject.contacts)}


async def _upsert(conn: Connection, table: Any, key: str, values: Mapping[str, Any]) -> None:
    changed = await conn.execute(update(table).where(table.c.id == key).values(**values))
    if changed.rowcount == 0:
        await conn.execute(insert(table).values(id=key, **values))


async def pause(conn: Connection, account: str, why: str) -> None:
    """Stops an account from publishing; "" lets it go on."""
    await conn.execute(update(accounts).where(accounts.c.id == account).values(paused=why))


async def note_reading(conn: Connection, account: str, now: datetime) -> None:
    """Notes that reading an account begins."""
    await conn.execute(update(accounts).where(accounts.c.id == account).values(tried_at=now))


async def note_sweep(conn: Connection, account: str, now: datetime) -> None:
    """Notes that all of an account's last days was read again."""
    await conn.execute(update(accounts).where(accounts.c.id == account).values(swept_at=now))


async def health(conn: Connection) -> dict[str, Health]:
    """Account → how it is doing."""
    query = select(
        accounts.c.id,
        accounts.c.paused,
        accounts.c.read_from,
        accounts.c.read_until,
        accounts.c.read_gaps,
        accounts.c.read_error,
        accounts.c.tried_at,
        accounts.c.swept_at,
    )
    return {
        row.id: Health(
            paused=row.paused,
            read_from=row.read_from,
            read_until=row.read_until,
            read_gaps=tuple(
                (datetime.fromisoformat(first), datetime.fromisoformat(last))
                for first, last in row.read_gaps
            ),
            read_error=row.read_error,
            tried_at=row.tried_at,
            swept_at=row.swept_at,
        )
        for row in await conn.execute(query)
    }
