"""Reads back what every account really shows, and ties it to the key items.

A reading spends the account's reading budget before it asks. With nothing left the account is
passed over until the budget is whole: what is not read stays unknown, never silent, and publishing
keeps its own share.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.contract import Capabilities, Item
from bot.domain.quota import READ, Budget, Key, budgets_of, exhausted, period_end, period_start
from bot.domain.roster import Account, AccountStatus, Roster
from bot.engine import comparing, reposts
from bot.engine.carried import take_times
from bot.engine.comparing import Known, judge, record
from bot.engine.ports import Core
from bot.engine.rematching import rematch
from bot.engine.side_by_side import side_by_side
from bot.errors import BotError, PlatformError, RateLimited
from bot.ledger import budgets, items, roster
from bot.ledger.connection import Connection
from bot.ledger.roster import Health
from bot.ledger.trouble import unusable
from bot.logs import get_logger, said

log = get_logger(__name__)
READ_EVERY = timedelta(hours=6)  # an account that shows all it has since then
FIRST_READING = timedelta(days=40)  # how far back an account is read the first time
_MATCH_AGAIN = timedelta(days=7)  # a copy may be read before the flagship's own receipt is there
OVERLAP = timedelta(minutes=10)  # clocks differ; what is listed late is covered by recent_lag_s
SWEPT = timedelta(days=8)  # so far back an account is read again as a whole …
_SWEEP_EVERY = timedelta(hours=20)  # … about once a day
KEY_ITEM_LIFE = timedelta(days=60)  # key items older than this are not looked for any more


@dataclass(frozen=True, kw_only=True)
class Collected:
    """What one reading of one account came to."""

    account: str
    seen: int
    new: int
    matched: int
    error: str
    until: datetime | None = None  # not read (again) before: the reading budget is spent


async def collect(core: Core, accounts: Sequence[str] = ()) -> list[Collected]:
    """Reads the named accounts, or all that can be read, and matches what is new.

    Key items that have changed meanwhile are looked for in what was read before.
    """
    async with core.ledger.read() as conn:
        members = await roster.load(conn)
        now = core.clock.now()
        known = await comparing.known(conn, members, since=now - KEY_ITEM_LIFE, until=now)
    gate = asyncio.Semaphore(core.options.concurrency)

    async def one(account: Account) -> Collected:
        async with gate:
            return await _account(core, account, members, known)

    wanted = [one for one in readable(core, members) if not accounts or one.id in accounts]
    found = await side_by_side(one(account) for account in wanted)
    await rematch(core)
    return found


async def collect_due(core: Core) -> list[Collected]:
    """`collect` for the accounts worth reading now. Meant to be called every few minutes."""
    names = await worth_reading(core)
    if not names:
        await rematch(core)
        return []
    return await collect(core, names)


async def worth_reading(core: Core) -> list[str]:
    """Accounts with something left of their reading budget that were not read for long enough.

    That is six hours; where a platform lists only the newest few, as often as half the budget
    allows. The other half is for looks and for people who ask.
    """
    now = core.clock.now()
    async with core.ledger.read() as conn:
        members = await roster.load(conn)
        health = await roster.health(conn)
        used = await budgets.counted(conn, now)
    return [
        account.id
        for account in readable(core, members)
        if _is_due(account, core.platforms.capabilities(account), health[account.id], used, now)
    ]


def readable(core: Core, members: Roster) -> list[Account]:
    """Active accounts on platforms that list what they show."""
    now = core.clock.now()
    return [
        account
        for account in members.accounts.values()
        if account.status_at(now) is AccountStatus.ACTIVE
        and core.platforms.capabilities(account).recent
    ]


def _is_due(
    account: Account,
    can: Capabilities,
    health: Health,
    used: Mapping[Key, int],
    now: datetime,
) -> bool:
    wanted = budgets_of(can.budgets, READ, account.kind)
    if exhausted(used, account.id, wanted, now):
        return False
    return health.tried_at is None or now >= health.tried_at + _reading_gap(can, wanted, now)


def _reading_gap(can: Capabilities, wanted: Sequence[Budget], now: datetime) -> timedelta:
    gaps = [] if can.recent_limit and wanted else [READ_EVERY]
    for budget in wanted:
        length = period_end(now, budget.period) - period_start(now, budget.period)
        gaps.append(2 * length / budget.limit)
    return max(gaps)


async def _account(core: Core, account: Account, members: Roster, known: Known) -> Collected:
    """One account's trouble, the ledger's as well, keeps no other from being read."""
    now = core.clock.now()
    wanted = budgets_of(core.platforms.capabilities(account).budgets, READ, account.kind)
    try:
        health, until = await _begin(core, account, wanted, now)
    except Exception as error:  # nothing was spent or noted: it is due the next time as well
        return _not_read(account, error)
    if until is not None:
        log.info("account.not_read", account=account.id, why="quota", until=until.isoformat())
        return Collected(account=account.id, seen=0, new=0, matched=0, error="", until=until)
    try:
        return await _read(core, account, health, members, known)
    except Exception as error:
        found = _not_read(account, error)
        try:
            await _failed(core, account, found.error, wanted, found.until, now)
        except Exception as another:
            _not_read(account, another)
        return found


def _not_read(account: Account, error: Exception) -> Collected:
    """Tells the log as well."""
    facts = error.facts() if isinstance(error, PlatformError) else {"message": said(error)}
    expected = isinstance(error, BotError) or unusable(error)
    log.warning("account.not_read", account=account.id, exc_info=not expected, **facts)
    until = error.retry_at if isinstance(error, RateLimited) else None
    return Collected(account=account.id, seen=0, new=0, matched=0, error=said(error), until=until)


async def _begin(
    core: Core, account: Account, wanted: Sequence[Budget], now: datetime
) -> tuple[Health, datetime | None]:
    """Spends one reading; when none is left, says when the budget is whole again."""
    async with core.ledger.write() as conn:
        health = (await roster.health(conn))[account.id]
        purse = await conn.run(lambda c: budgets.open_purse(c, {account.id}, wanted, now))
        until = purse.spend(account.id, wanted)
        if until is None:
            await conn.run(purse.save)
            await roster.note_reading(conn, account.id, now)
    return health, until


async def _failed(
    core: Core,
    account: Account,
    error: str,
    wanted: Sequence[Budget],
    until: datetime | None,
    now: datetime,
) -> None:
    async with core.ledger.write() as conn:
        await items.read_failed(conn, account.id, error)
        if until is not None:
            # The platform counts what we do not see; its word wins over our count.
            purse = await conn.run(lambda c: budgets.open_purse(c, {account.id}, wanted, now))
            purse.drain(account.id, wanted, until)
            await conn.run(purse.save)


async def _read(
    core: Core, account: Account, health: Health, members: Roster, known: Known
) -> Collected:
    now = core.clock.now()
    can = core.platforms.capabilities(account)
    since = (health.read_until - OVERLAP) if health.read_until else now - FIRST_READING
    sweeps = _may_sweep(health, can, now)
    if sweeps:
        since = min(since, now - SWEPT)
    listed = [item async for item in core.platforms.adapter(account).recent(since)]
    seen = list({item.platform_id: item for item in listed}.values())
    async with core.ledger.write() as conn:
        # At once: a short list may have lost it by the time the reposts are told.
        touched = await items.upsert(conn, account.id, seen, now)
    passed_on = await reposts.told(
        core,
        account,
        known.releases.get(account.id, ()),
        members,
        since=health.read_until or since,
        now=now,
    )
    async with core.ledger.write() as conn:
        for other, item in passed_on:  # compared when that account is read the next time
            await items.upsert(conn, other, [item], now)
        rows = await items.to_match(conn, account.id, touched, min(since, now - _MATCH_AGAIN))
    # Comparing texts is work; it is not done while the ledger is locked.
    found = [(row, verdict) for row in rows for verdict in judge(row, account, members, known)]
    async with core.ledger.write() as conn:
        matched = await record(conn, found, known, now)
        await take_times(conn, account.id, now)
        # Last, with the verdicts: an account counts as read once it has been compared as well.
        await items.read_done(
            conn,
            account.id,
            since=health.read_from or since,
            until=max(now - timedelta(seconds=can.recent_lag_s), since),
            gaps=[*health.read_gaps, *_gap(health, since, seen, can.recent_limit)],
        )
        if sweeps:
            await _sweep(conn, account, health, can, now)
    return Collected(
        account=account.id, seen=len(seen), new=len(touched), matched=matched, error=""
    )


def _may_sweep(health: Health, can: Capabilities, now: datetime) -> bool:
    """Once a day, where the platform lists everything: what was deleted or changed shows then."""
    last = health.swept_at
    return not can.recent_limit and (last is None or now - last >= _SWEEP_EVERY)


async def _sweep(
    conn: Connection, account: Account, health: Health, can: Capabilities, now: datetime
) -> None:
    """Compares the whole of the last days with the reading a day before."""
    if health.swept_at is not None:
        gone = await items.note_vanished(
            conn,
            account.id,
            # Both readings listed this span; at its edges clocks and lags differ.
            since=now - SWEPT + OVERLAP,
            until=health.swept_at - timedelta(seconds=can.recent_lag_s) - OVERLAP,
            last_sweep=health.swept_at,
            now=now,
        )
        if gone:
            log.info("account.items_gone", account=account.id, count=len(gone))
    await roster.note_sweep(conn, account.id, now)


def _gap(
    health: Health, since: datetime, seen: Sequence[Item], limit: int
) -> list[tuple[datetime, datetime]]:
    """The time a short list could not show: it was full, and began after the last reading."""
    if not limit or len(seen) < limit:
        return []
    # The last one listed, not the oldest: an old post may be pinned on top.
    last = seen[-1].published_at
    covered = health.read_until or since
    return [(covered, last)] if last > covered else []
