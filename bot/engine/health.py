"""How the bot does, measured on its work: what is due and waits, what is left, what is in the way.

A process that runs proves nothing. That due posts are tried does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError

from bot.domain.quota import Budget, key_of
from bot.domain.roster import Account, AccountStatus
from bot.engine.ports import Catalog, Core
from bot.errors import LedgerError
from bot.i18n import _
from bot.ledger import inspect, journal, publications, roster, watch
from bot.ledger.connection import Connection
from bot.logs import said
from bot.metrics import Authorised, Facts, QuotaLeft

LEDGER_GONE = (SQLAlchemyError, OSError, LedgerError)  # TimeoutError is an OSError
_ANSWER_S = 5.0  # a ledger or queue that takes longer is as good as gone

Ping = Callable[[], Awaitable[object]]


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """Something that keeps the bot from its work. `code` is a fixed word."""

    code: str
    message: str


async def look(core: Core) -> Facts:
    """What the ledger says now; raises one of LEDGER_GONE when it cannot be asked."""
    async with asyncio.timeout(_ANSWER_S), core.ledger.read() as conn:
        return await facts(
            conn,
            core.platforms,
            now=core.clock.now(),
            lease=timedelta(seconds=core.options.lease_s),
        )


async def facts(conn: Connection, catalog: Catalog, *, now: datetime, lease: timedelta) -> Facts:
    """The same from an open connection."""
    members = await roster.load(conn)
    health = await roster.health(conn)
    active = [
        one for one in members.accounts.values() if one.status_at(now) is AccountStatus.ACTIVE
    ]
    return Facts(
        now=now,
        untried_s=age_s(await watch.untried_since(conn, now, lease=lease), now),
        overdue_s=age_s(await publications.next_due(conn), now),
        open=await watch.open_states(conn),
        frozen=await journal.is_frozen(conn),
        paused=sum(bool(health[one.id].paused) for one in active),
        quota=tuple(await quota_left(conn, catalog, active, now)),
        authorised=tuple(
            Authorised(account=account, platform=platform, expires_at=expires_at)
            for account, platform, expires_at in await watch.expiries(conn)
            if account in {one.id for one in active}
        ),
    )


def age_s(since: datetime | None, now: datetime) -> float:
    """Seconds since then; 0 for nothing and for what lies ahead."""
    return 0.0 if since is None else max((now - since).total_seconds(), 0.0)


async def quota_left(
    conn: Connection, catalog: Catalog, accounts: Iterable[Account], now: datetime
) -> list[QuotaLeft]:
    """What each account has left of each of its quotas."""
    known = [(one, budget) for one in accounts for budget in _budgets(one, catalog)]
    names, budgets = {one.id for one, _budget in known}, {budget for _one, budget in known}
    used = await watch.spent(conn, names, budgets, now)
    return [
        QuotaLeft(
            account=one.id,
            platform=one.platform,
            action=str(budget.action),
            period=budget.period.value,
            left=max(budget.limit - used.get(key_of(one.id, budget, now), 0), 0),
        )
        for one, budget in known
    ]


def _budgets(account: Account, catalog: Catalog) -> list[Budget]:
    can = catalog.capabilities(account)
    return [
        budget
        for budget in can.budgets
        if budget.limit and budget.account_kind in {"", account.kind}
    ]


async def troubles(core: Core, *, limit_s: float, ping: Ping | None) -> list[Trouble]:
    """Why the bot is not doing its work; [] while it is. `ping` asks the queue, if there is one."""
    found = []
    try:
        found += await _in_ledger(core, limit_s)
    except LEDGER_GONE as error:
        message = _("The ledger cannot be read: {cause}. Start the database, or free the file.")
        found.append(Trouble(code="ledger_unreachable", message=message.format(cause=said(error))))
    if ping is not None and (cause := await silent(ping)):
        message = _("The queue (Redis) does not answer: {cause}. Start it; no post is lost.")
        found.append(Trouble(code="queue_unreachable", message=message.format(cause=cause)))
    return found


async def _in_ledger(core: Core, limit_s: float) -> list[Trouble]:
    now, lease = core.clock.now(), timedelta(seconds=core.options.lease_s)
    async with asyncio.timeout(_ANSWER_S), core.ledger.read() as conn:
        revision = await inspect.revision(conn)
        if revision != inspect.head():
            message = _("The ledger's tables are of another version ({revision}). Restart the bot.")
            return [
                Trouble(code="ledger_revision", message=message.format(revision=revision or "-"))
            ]
        waited_s = age_s(await watch.untried_since(conn, now, lease=lease), now)
    if waited_s < limit_s:
        return []
    return [Trouble(code="work_overdue", message=overdue(waited_s))]


def overdue(waited_s: float) -> str:
    """What it means that a due post was not tried, in words."""
    return _(
        "A post has been due for {seconds} seconds and nobody has tried it. Is `bot run` or "
        "`bot worker` running? Its log says what is in the way."
    ).format(seconds=int(waited_s))


async def silent(ping: Ping) -> str:
    """Why the queue does not answer; "" when it does."""
    try:
        async with asyncio.timeout(_ANSWER_S):
            await ping()
    except Exception as error:  # whatever it is, it is what the person needs to know
        return said(error)
    return ""
