"""Exempting a unit from a key item 免转, and ending that: with reason, by whom and when."""

from __future__ import annotations

from bot.domain import transitions
from bot.domain.planning import OPEN
from bot.domain.post import Kind
from bot.domain.publication import Publication
from bot.domain.step import blocked_note
from bot.engine.ports import Core
from bot.errors import UsageError
from bot.i18n import _
from bot.ledger import exemptions, journal, posts, publications, roster
from bot.ledger.connection import Connection
from bot.ledger.journal import Event, Move

EXEMPTED = "exempted"


async def exempt(core: Core, post: str, unit: str, *, reason: str, by: str) -> None:
    """Exempts the unit from now on; its reprints that were not sent, and its tasks, end with it.

    Raises UsageError for an unknown key item or unit.
    """
    if not reason.strip():
        raise UsageError(_("An exemption needs its reason: --reason."))
    now, made = core.clock.now(), list[Event]()
    async with core.ledger.write() as conn:
        await _check(conn, post, unit, by)
        await exemptions.grant(conn, post, unit, reason=reason.strip(), by=by.strip(), now=now)
        moves = [
            Move(
                publication=pub.id,
                step=transitions.cancel(reason=EXEMPTED, by=by.strip(), wanted=blocked_note(pub)),
            )
            for pub in await _reprints(conn, post, unit)
            # What may be out already is looked for all the same.
            if pub.state in OPEN and pub.doubt_since is None
        ]
        await journal.apply(conn, moves, now, made)
    core.journal.tell(made)


async def end(core: Core, post: str, unit: str, *, by: str) -> None:
    """Has the unit required again, and what its exemption ended go on while there is time.

    Raises UsageError when there is nothing to end here.
    """
    now, made = core.clock.now(), list[Event]()
    async with core.ledger.write() as conn:
        await _check(conn, post, unit, by)
        known = (await exemptions.in_force(conn, [post])).get(post, {}).get(unit)
        if known is None:
            message = _("{unit} is not exempt from {post}.")
            raise UsageError(message.format(unit=unit, post=post))
        if known.by == exemptions.CALENDAR:
            message = _("{unit} is exempt by the calendar: take it out of {post}'s entry there.")
            raise UsageError(message.format(unit=unit, post=post))
        await exemptions.end(conn, post, unit, by=by.strip(), now=now)
        moves = [
            Move(
                publication=pub.id,
                step=transitions.retry(
                    pub.state, now=max(now, pub.due_at), not_after=pub.not_after, by=by.strip()
                ),
            )
            for pub in await _reprints(conn, post, unit)
            if pub.reason == EXEMPTED and pub.not_after > now
        ]
        await journal.apply(conn, moves, now, made)
    core.journal.tell(made)


async def _reprints(conn: Connection, post: str, unit: str) -> list[Publication]:
    found = await publications.of_posts(conn, [post])
    return [pub for pub in found if pub.unit == unit and pub.kind is Kind.REPRINT]


async def _check(conn: Connection, post: str, unit: str, by: str) -> None:
    if not by.strip() or by.strip() == exemptions.CALENDAR:
        raise UsageError(_("Say on whose word: --by, e.g. --by 宣传科."))
    if not await posts.key_items(conn, ids=[post]):
        raise UsageError(_("There is no key item {names}.").format(names=post))
    if unit not in (await roster.load(conn)).units:
        raise UsageError(_("There is no unit {unit}.").format(unit=unit))
