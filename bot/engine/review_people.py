"""Who may review at which level, in their own right or in somebody's place."""

from __future__ import annotations

from datetime import datetime

from bot.domain.review import Level
from bot.engine.ports import Core
from bot.errors import UsageError
from bot.i18n import _
from bot.ledger import approvals
from bot.ledger.approvals import Deputy
from bot.ledger.connection import Connection


async def powers(conn: Connection, login: str, now: datetime) -> dict[Level, str]:
    """The levels a person may act at now → in whose place; "" in their own right.

    Empty for somebody without an account, or whose account has ended.
    """
    mine = await approvals.own_levels(conn, [login])
    if login not in mine:
        return {}
    stands_in = [
        one for one in await approvals.deputies_at(conn, now, deputy=login) if one.since <= now
    ]
    others = await approvals.own_levels(conn, {one.login for one in stands_in})
    found = {
        level: one.login
        for one in reversed(stands_in)
        for level in others.get(one.login, frozenset())
    }
    return found | dict.fromkeys(mine[login], "")


async def deputies(core: Core, *, deputy: str = "") -> list[Deputy]:
    """Deputies in force now or later; of one person only if named."""
    async with core.ledger.read() as conn:
        return await approvals.deputies_at(conn, core.clock.now(), deputy=deputy)


async def name_deputy(
    core: Core, login: str, deputy: str, *, since: datetime, until: datetime, by: str
) -> int:
    """Lets `deputy` review in the place of `login` from `since` until `until`; its number.

    Raises UsageError where it makes no sense.
    """
    async with core.ledger.write() as conn:
        known = await approvals.own_levels(conn, [login, deputy])
        fault = _fault(login, deputy, known, since, until, core.clock.now())
        if fault:
            raise UsageError(fault)
        return await approvals.add_deputy(
            conn,
            {"login": login, "deputy": deputy, "since": since, "until": until, "by": by},
        )


def _fault(
    login: str,
    deputy: str,
    known: dict[str, frozenset[Level]],
    since: datetime,
    until: datetime,
    now: datetime,
) -> str:
    if not known.get(login):
        return _("{login} reviews at no level, so nobody can stand in.").format(login=login)
    if deputy not in known:
        message = _("{login} has no account that may log in; make one first.")
        return message.format(login=deputy)
    if login == deputy:
        return _("Nobody is their own deputy.")
    if since >= until or until <= now:
        return _("The end must be after the beginning, and not in the past.")
    return ""


async def end_deputy(core: Core, number: int) -> None:
    """Ends a deputy's time now; what was said stays. UsageError when it has ended already."""
    async with core.ledger.write() as conn:
        if not await approvals.end_deputy(conn, number, core.clock.now()):
            message = _("There is no deputy no. {number}, or the time has ended already.")
            raise UsageError(message.format(number=number))
