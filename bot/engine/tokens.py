"""Keeps authorisations alive, and says in time which ones a person must give again.

`refresh_due` is called every hour: tokens are replaced long before they end, so that an outage of
the platform meanwhile does no harm.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from bot.contract import Authorised, Renews
from bot.domain import authorisation
from bot.domain.authorisation import WARN, Authorisation
from bot.domain.roster import Account, AccountStatus, Roster
from bot.engine.ports import Core
from bot.engine.side_by_side import side_by_side
from bot.errors import AuthFailed, BotError
from bot.ledger import credentials, roster
from bot.ledger.credentials import Known
from bot.logs import get_logger, said

log = get_logger(__name__)
_NOTHING = Known(here=False, entered_at=None, expires_at=None, refused="")


async def refresh_due(core: Core, *, warn: timedelta = WARN) -> list[Authorisation]:
    """Refreshes what ends soon on all accounts; how each stands then.

    Only a refusal pauses an account; whatever else goes wrong is tried again the next time. May
    run in several workers at once: one token is refreshed by one of them.
    """
    async with core.ledger.read() as conn:
        members = await roster.load(conn)
        health = await roster.health(conn)
        known = await credentials.known(conn)
    gate = asyncio.Semaphore(core.options.concurrency)

    async def one(account: Account) -> None:
        before = known.get(account.id, _NOTHING)
        if health[account.id].paused and before.refused:
            return  # asking again changes nothing until a person has acted
        async with gate:
            await _refresh(core, account, before)

    await side_by_side(one(account) for account in _authorised(core, members))
    return await authorisations(core, warn=warn)


async def authorisations(core: Core, *, warn: timedelta = WARN) -> list[Authorisation]:
    """How each account's authorisation stands, from the ledger alone; in the roster's order.

    Accounts that need none (packages for a person) and closed ones are left out.
    """
    async with core.ledger.read() as conn:
        members = await roster.load(conn)
        health = await roster.health(conn)
        known = await credentials.known(conn)
        posts = await credentials.planned_after(conn)
    now = core.clock.now()
    found = []
    for account in _authorised(core, members):
        row = known.get(account.id, _NOTHING)
        found.append(
            authorisation.judge(
                account.id,
                given=row.here or account.credential != "ledger",
                until=row.expires_at,
                refused=row.refused or health[account.id].paused,
                now=now,
                warn=warn,
                posts_after=posts.get(account.id, 0),
            )
        )
    return found


def _authorised(core: Core, members: Roster) -> list[Account]:
    now = core.clock.now()
    return [
        account
        for account in members.accounts.values()
        if account.status_at(now) is not AccountStatus.CLOSED
        and core.platforms.capabilities(account).publishes
    ]


async def _refresh(core: Core, account: Account, before: Known) -> None:
    try:
        adapter = core.platforms.adapter(account)
        if isinstance(adapter, Renews):
            await _note(core, account, before, await adapter.renew())
    except AuthFailed as error:
        await _pause(core, account, before, error)
    except Exception as error:  # one account's trouble must not keep the others from being seen to
        log.warning(
            "token.not_refreshed",
            account=account.id,
            error=said(error),
            exc_info=not isinstance(error, BotError),
        )


async def _note(core: Core, account: Account, before: Known, now_has: Authorised) -> None:
    if (now_has.until, now_has.trouble) == (before.expires_at, before.refused):
        return
    async with core.ledger.write() as conn:
        await credentials.note(
            conn,
            account.id,
            entered_at=before.entered_at,
            expires_at=now_has.until,
            refused=now_has.trouble,
            now=core.clock.now(),
        )
    if now_has.trouble and now_has.trouble != before.refused:
        log.warning("token.not_prolonged", account=account.id, error=now_has.trouble)


async def _pause(core: Core, account: Account, before: Known, error: AuthFailed) -> None:
    """Stops the account, unless a person has just entered another credential."""
    async with core.ledger.write() as conn:
        noted = await credentials.note(
            conn,
            account.id,
            entered_at=before.entered_at,
            expires_at=_ended(before, core.clock.now()),
            refused=str(error),
            now=core.clock.now(),
        )
        if noted:
            await roster.pause(conn, account.id, str(error))
    if noted:
        log.warning("account.paused", account=account.id, **error.facts())


def _ended(before: Known, now: datetime) -> datetime | None:
    """The end it had, unless that is still to come: then nobody knows it any more."""
    ended = before.expires_at is not None and before.expires_at <= now
    return before.expires_at if ended else None
