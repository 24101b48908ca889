"""Exempting a unit from a key item 免转, and ending that: with reason, by whom and when."""

from __future__ import annotations

from bot.engine.ports import Core
from bot.errors import UsageError
from bot.i18n import _
from bot.ledger import exemptions, posts, roster
from bot.ledger.connection import Connection


async def exempt(core: Core, post: str, unit: str, *, reason: str, by: str) -> None:
    """Exempts the unit from now on. Raises UsageError for an unknown key item or unit."""
    if not reason.strip():
        raise UsageError(_("An exemption needs its reason: --reason."))
    async with core.ledger.write() as conn:
        await _check(conn, post, unit, by)
        await exemptions.grant(
            conn, post, unit, reason=reason.strip(), by=by.strip(), now=core.clock.now()
        )


async def end(core: Core, post: str, unit: str, *, by: str) -> None:
    """Has the unit required again. Raises UsageError when there is nothing to end here."""
    async with core.ledger.write() as conn:
        await _check(conn, post, unit, by)
        known = (await exemptions.in_force(conn, [post])).get(post, {}).get(unit)
        if known is None:
            message = _("{unit} is not exempt from {post}.")
            raise UsageError(message.format(unit=unit, post=post))
        if known.by == exemptions.CALENDAR:
            message = _("{unit} is exempt by the calendar: take it out of {post}'s entry there.")
            raise UsageError(message.format(unit=unit, post=post))
        await exemptions.end(conn, post, unit, by=by.strip(), now=core.clock.now())


async def _check(conn: Connection, post: str, unit: str, by: str) -> None:
    if not by.strip() or by.strip() == exemptions.CALENDAR:
        raise UsageError(_("Say on whose word: --by, e.g. --by 宣传科."))
    if not await posts.key_items(conn, ids=[post]):
        raise UsageError(_("There is no key item {names}.").format(names=post))
    if unit not in (await roster.load(conn)).units:
        raise UsageError(_("There is no unit {unit}.").format(unit=unit))
