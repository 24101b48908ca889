"""Queries of those who watch the bot; each costs what is due or open, not what was recorded."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, exists, func, or_, select

from bot.domain.publication import State
from bot.domain.quota import Budget, Key, period_start
from bot.domain.roster import AccountStatus
from bot.ledger.connection import Connection
from bot.ledger.desk_tables import audit
from bot.ledger.tables import (
    accounts,
    credentials,
    events,
    items,
    publications,
    usage,
    verdicts,
)

# Published and cancelled end it; failed and missed wait for an author, perhaps for years.
OPEN = frozenset(State) - {State.PUBLISHED, State.CANCELLED, State.FAILED, State.MISSED}
_ROWS = 500  # the longest due are enough to tell an age
# The bot's own way from planned to queued and back: none of it is a try.
_NO_TRY = ("publication.queued", "publication.given_back", "publication.prepared")


async def untried_since(conn: Connection, now: datetime, *, lease: timedelta) -> datetime | None:
    """Since when the oldest due publication waits for somebody to try it; None: none waits.

    Due is what waits for a tick, and what lies in a queue without a worker, which keeps it for up
    to `lease`. It waits since its planned time, or since what made it ready after that: a
    person's retry, the end of a freeze, of a quota's period, of a backoff. While an earlier post
    of its account is being worked on it keeps its place in the line and does not count.
    """
    rows = await conn.execute(untried(now, lease=lease))
    return min((_ready_at(row) for row in rows), default=None)


def untried(now: datetime, *, lease: timedelta) -> Select[Any]:
    """The statement: due rows with the last event that was more than the bot's own to and fro."""
    last = (
        select(func.max(events.c.id))
        .where(events.c.publication == publications.c.id, events.c.name.not_in(_NO_TRY))
        .correlate(publications)
        .scalar_subquery()
    )
    ready = publications.c.state.in_([State.PLANNED.value, State.WAITING.value])
    in_queue = and_(publications.c.state == State.QUEUED.value, publications.c.lease.is_(None))
    other = publications.alias("worked_on")
    in_line = (
        exists()
        .where(other.c.account == publications.c.account)
        .where(other.c.state.in_([State.QUEUED.value, State.SENDING.value]))
        .where(other.c.lease.is_not(None))
    )
    return (
        select(publications.c.due_at, events.c.at, events.c.facts)
        .join(events, events.c.id == last)
        .where(
            publications.c.next_at <= now + lease,
            or_(and_(ready, publications.c.next_at <= now), in_queue),
            ~in_line,
        )
        .order_by(publications.c.next_at)
        .limit(_ROWS)
    )


def _ready_at(row: Any) -> datetime:
    moments: list[datetime] = [row.due_at, row.at]
    if until := row.facts.get("until"):
        moments.append(datetime.fromisoformat(str(until)))
    return max(moments)


async def open_states(conn: Connection) -> dict[str, int]:
    """How many publications stand in each open state."""
    counts = {row.state: int(row.number) for row in await conn.execute(open_counts())}
    return {state.value: counts.get(state.value, 0) for state in OPEN}


def open_counts() -> Select[Any]:
    """The statement; asked account by account, which is what the index is made for."""
    return (
        select(publications.c.state, func.count().label("number"))
        .where(
            publications.c.account.in_(select(accounts.c.id)),
            publications.c.state.in_(sorted(state.value for state in OPEN)),
        )
        .group_by(publications.c.state)
    )


async def spent(
    conn: Connection, names: Collection[str], budgets: Collection[Budget], now: datetime
) -> Mapping[Key, int]:
    """What these accounts have spent of these budgets in the periods that run now."""
    if not names or not budgets:
        return {}
    rows = await conn.execute(spent_now(names, budgets, now))
    return {
        (row.account, row.action, row.period, row.start.astimezone(UTC)): int(row.used)
        for row in rows
    }


def spent_now(names: Collection[str], budgets: Collection[Budget], now: datetime) -> Select[Any]:
    """The statement; names every column of the key, so that past periods are not read."""
    return select(usage).where(
        usage.c.account.in_(sorted(names)),
        usage.c.action.in_(sorted({budget.action for budget in budgets})),
        usage.c.period.in_(sorted({budget.period.value for budget in budgets})),
        usage.c.start.in_(sorted({period_start(now, budget.period) for budget in budgets})),
    )


async def expiries(conn: Connection) -> list[tuple[str, str, datetime]]:
    """Account, platform and end of every stored credential that ends, of active accounts."""
    query = (
        select(accounts.c.id, accounts.c.platform, credentials.c.expires_at)
        .join(credentials, credentials.c.account == accounts.c.id)
        .where(
            accounts.c.status == AccountStatus.ACTIVE.value,
            credentials.c.expires_at.is_not(None),
        )
        .order_by(accounts.c.position)
    )
    return [(row.id, row.platform, row.expires_at) for row in await conn.execute(query)]


async def a_sealed(conn: Connection) -> bytes | None:
    """Any sealed credential, to try a key on; None when there is none."""
    query = select(credentials.c.sealed).where(credentials.c.sealed.is_not(None)).limit(1)
    sealed: bytes | None = await conn.scalar(query)
    return sealed


async def version(conn: Connection) -> str:
    """Another text as soon as something that pages show has changed."""
    newest = (select(func.max(table.c.id)).scalar_subquery() for table in _GROWING)
    row = (await conn.execute(select(*(one.label(f"n{n}") for n, one in enumerate(newest))))).one()
    return "-".join(str(value or 0) for value in row)


_GROWING = (events, items, verdicts, audit)
