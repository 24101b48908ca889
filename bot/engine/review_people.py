"""Who may review at which level, in their own right or in somebody's place."""

from __future__ import annotations

from datetime import datetime

from bot.domain.people import Person, Right
from bot.domain.review import Level
from bot.engine.ports import Core
from bot.errors import UsageError
from bot.i18n import _
from bot.ledger import approvals, people
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
        known = {one.login: one for one in await people.everybody(conn)}
        fault = _fault(known.get(login), known.get(deputy), since, until, core.clock.now())
        if fault:
            raise UsageError(fault)
        return await approvals.add_deputy(
            conn,
            {"login": login, "deputy": deputy, "since": since, "until": until, "by": by},
        )


def _fault(
    person: Person | None,
    deputy: Person | None,
    since: datetime,
    until: datetime,
    now: datetime,
) -> str:
    if person is None or not reviews(person):
        return _("Only for who reviews at some level can somebody stand in.")
    if deputy is None or deputy.ended_at is not None:
        return _("The deputy has no account that may log in; make one first.")
    if not can_stand_in(deputy):
        message = _("{name} sees only what belongs to one unit, and cannot review for the office.")
        return message.format(name=deputy.name)
    if person.login == deputy.login:
        return _("Nobody is their own deputy.")
    if since >= until or until <= now:
        return _("The end must be after the beginning, and not in the past.")
    return ""


def reviews(person: Person) -> bool:
    """True for who may log in, and reviews at some level."""
    return person.ended_at is None and person.may(Right.REVIEW) and bool(person.levels)


def can_stand_in(person: Person) -> bool:
    """True for who may log in, and see the posts of the office."""
    return person.ended_at is None and person.may(Right.SEE) and not person.only_unit


async def end_deputy(core: Core, number: int) -> None:
    """Ends a deputy's time now; what was said stays. UsageError when it has ended already."""
    async with core.ledger.write() as conn:
        if not await approvals.end_deputy(conn, number, core.clock.now()):
            message = _("There is no deputy no. {number}, or the time has ended already.")
            raise UsageError(message.format(number=number))
