"""The roster as the ledger holds it, so that workers need no files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update

from bot.domain.roster import Account, AccountStatus, ReprintPolicy, Roster, Unit
from bot.ledger.connection import Connection
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


async def load(conn: Connection) -> Roster:
    """Units and accounts in the order of the roster file."""
    unit_rows = await conn.execute(select(units).order_by(units.c.position))
    account_rows = await conn.execute(select(accounts).order_by(accounts.c.position))
    return Roster(
        units={
            row.id: Unit(
                id=row.id, name=row.name, short=row.short, regime=row.regime, intro=row.intro
            )
            for row in unit_rows
        },
        accounts={row.id: _account(row) for row in account_rows},
    )


def _account(row: Any) -> Account:
    return Account(
        id=row.id,
        unit=row.unit,
        platform=row.platform,
        name=row.name,
        verified_name=row.verified_name,
        kind=row.kind,
        status=AccountStatus(row.status),
        filing=row.filing,
        flagship=row.flagship,
        reprint=ReprintPolicy(row.reprint),
        mode=row.mode,
        push=row.push,
        credential=row.credential,
        opened=row.opened,
        options=row.options,
    )


async def save(conn: Connection, roster: Roster) -> None:
    """Brings the ledger's roster up to the file's; accounts no longer named there are closed."""
    for position, unit in enumerate(roster.units.values()):
        values = {"name": unit.name, "short": unit.short, "regime": unit.regime}
        await _upsert(conn, units, unit.id, {**values, "intro": unit.intro, "position": position})
    for position, account in enumerate(roster.accounts.values()):
        await _upsert(conn, accounts, account.id, {**_columns(account), "position": position})
    gone = update(accounts).where(accounts.c.id.not_in(sorted(roster.accounts)))
    await conn.execute(gone.values(status=AccountStatus.CLOSED.value))


def _columns(account: Account) -> dict[str, Any]:
    return {
        "unit": account.unit,
        "platform": account.platform,
        "name": account.name,
        "verified_name": account.verified_name,
        "kind": account.kind,
        "status": account.status.value,
        "filing": account.filing,
        "flagship": account.flagship,
        "reprint": account.reprint.value,
        "mode": account.mode,
        "push": account.push,
        "credential": account.credential,
        "opened": account.opened,
        "options": dict(account.options),
    }


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
        )
        for row in await conn.execute(query)
    }
