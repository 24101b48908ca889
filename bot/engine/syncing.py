"""Roster and platforms side by side: what they say differently, and what a person makes of it.

Nothing is ever taken over silently. A difference has a number; a person takes it into the roster
file, or refuses it, and both are kept with who and when.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from bot.contract import Profile
from bot.domain.roster import Account, Roster, Unit, same_name
from bot.engine import profiles
from bot.engine.ports import Core
from bot.engine.profiles import Checked, Stranger
from bot.errors import UsageError
from bot.i18n import _
from bot.ledger import profiles as stored
from bot.ledger.connection import Connection
from bot.ledger.profiles import Claim, Decision, Noted
from bot.schedule.roster_writing import Changes, write_roster
from bot.schedule.writing import NotWritten

NOT_THERE: Final = "account"  # the field of who authorised us and stands on no account
_KINDS: Final = frozenset({"subscription", "service"})


@dataclass(frozen=True, kw_only=True)
class Synced:
    """What the platforms said just now, beside the roster."""

    asked: Sequence[Checked]
    strangers: Sequence[Stranger]
    errors: Mapping[str, str]  # platform → why it was not asked
    open: Sequence[Noted]
    refused: Sequence[Noted]


async def record(core: Core, asked: Sequence[Checked]) -> None:
    """Keeps what the platforms said, with when."""
    told = {one.account: said_of(one.profile) for one in asked if one.profile is not None}
    async with core.ledger.write() as conn:
        await stored.enter(conn, told, core.clock.now())


def said_of(profile: Profile) -> dict[str, Any]:
    """A profile as the ledger keeps it."""
    until = profile.verified_until
    return {
        "name": profile.name,
        "verified_name": profile.verified_name,
        "kind": profile.kind,
        "verified_until": until.isoformat() if until else None,
        "permissions": dict(profile.permissions),
    }


async def certified_until(conn: Connection) -> dict[str, datetime]:
    """Account → until when its platform certifies it, as it said last."""
    known = await stored.said(conn)
    return {
        name: datetime.fromisoformat(said["verified_until"])
        for name, (said, _as_of) in known.items()
        if said["verified_until"]
    }


async def sync(core: Core, members: Roster) -> Synced:
    """Asks all platforms and notes where they and these accounts do not agree."""
    asked = await profiles.check(core, members=members)
    strangers, errors = await profiles.strangers(core)
    unknown = [one for one in strangers if not _is_known(one, members)]
    claims = [_claim(one.account, found) for one in asked for found in one.differences]
    claims += [_claim_of(one) for one in unknown]
    subjects = {one.account for one in asked if one.profile is not None}
    subjects |= {account.platform for account in members.accounts.values()} - errors.keys()
    await record(core, asked)
    async with core.ledger.write() as conn:
        await stored.note(conn, claims, subjects, core.clock.now())
        found = await stored.find(conn, Decision.OPEN, Decision.REFUSED)
    return Synced(
        asked=asked,
        strangers=unknown,
        errors=errors,
        open=[one for one in found if one.state is Decision.OPEN],
        refused=[one for one in found if one.state is Decision.REFUSED],
    )


async def compare(core: Core, account: str) -> Checked:
    """Asks one account's platform, and notes where it and the roster do not agree."""
    (asked,) = await profiles.check(core, [account])
    await record(core, [asked])
    if asked.profile is not None:
        claims = [_claim(account, found) for found in asked.differences]
        async with core.ledger.write() as conn:
            await stored.note(conn, claims, {account}, core.clock.now())
    return asked


def _is_known(stranger: Stranger, members: Roster) -> bool:
    """True for one that stands in the roster, and only is not connected yet."""
    profile = stranger.member.profile
    return any(
        account.platform == stranger.platform
        and same_name(account.name, profile.name)
        and same_name(account.verified_name, profile.verified_name)
        for account in members.accounts.values()
    )


def _claim(account: str, found: profiles.Difference) -> Claim:
    return Claim(subject=account, field=found.field, ours=found.ours, theirs=found.theirs, facts={})


def subject_of(stranger: Stranger) -> str:
    """What names somebody who is no account."""
    named = sorted(stranger.member.fields.items())
    return f"{stranger.platform}:{','.join(f'{key}={value}' for key, value in named)}"


def _claim_of(stranger: Stranger) -> Claim:
    profile = stranger.member.profile
    facts = {
        "platform": stranger.platform,
        "name": profile.name,
        "verified_name": profile.verified_name,
        **({"kind": profile.kind} if profile.kind in _KINDS else {}),
    }
    theirs = f"{profile.name}（{profile.verified_name}）"
    return Claim(subject=subject_of(stranger), field=NOT_THERE, ours="", theirs=theirs, facts=facts)


async def take(
    core: Core, folder: Path, members: Roster, numbers: Collection[int] | None, *, by: str
) -> tuple[str, list[Noted]]:
    """Writes what the platforms say into the roster file; its name, and what was taken.

    `numbers` of None takes all that are open. Raises UsageError where one of them is not open, is
    not true any more, or cannot be written; then nothing is changed.
    """
    async with core.ledger.write() as conn:
        chosen = await _chosen(conn, numbers)
        if not chosen:
            return "", []
        changes = _changes(chosen, members)
        ids = [one.id for one in chosen]
        await stored.decide(conn, ids, Decision.TAKEN, by=by, reason="", now=core.clock.now())
        try:
            file = await asyncio.to_thread(write_roster, folder, changes)
        except NotWritten as error:
            raise UsageError(str(error)) from error
    return file, chosen


async def refuse(core: Core, numbers: Collection[int], *, by: str, reason: str) -> list[Noted]:
    """Records that the roster is right; they are not spoken of until either side changes."""
    async with core.ledger.write() as conn:
        chosen = await _chosen(conn, numbers)
        ids = [one.id for one in chosen]
        now = core.clock.now()
        await stored.decide(conn, ids, Decision.REFUSED, by=by, reason=reason, now=now)
    return chosen


async def _chosen(conn: Connection, numbers: Collection[int] | None) -> list[Noted]:
    found = await stored.find(conn, Decision.OPEN)
    if numbers is None:
        return found
    if unknown := sorted(set(numbers) - {one.id for one in found}):
        message = _("No open difference has the number {numbers}. Run `bot accounts sync`.")
        raise UsageError(message.format(numbers=", ".join(map(str, unknown))))
    return [one for one in found if one.id in numbers]


def _changes(chosen: Sequence[Noted], members: Roster) -> Changes:
    values: dict[str, dict[str, str]] = {}
    added: list[tuple[str, Mapping[str, str]]] = []
    taken = set(members.accounts)
    for one in chosen:
        if one.field == NOT_THERE:
            unit = _unit_of(one, members)
            name = _free(f"{unit.id}-{one.facts['platform']}", taken)
            taken.add(name)
            added.append((unit.id, {"id": name, **one.facts}))
        else:
            _check_current(one, members.accounts.get(one.subject))
            values.setdefault(one.subject, {})[one.field] = one.theirs
    return Changes(values=values, added=added)


def _check_current(one: Noted, account: Account | None) -> None:
    now = "" if account is None else str(getattr(account, one.field) or "")
    if account is None or now != one.ours:
        message = _(
            "{account} has changed in the roster since number {number} was noted. Run "
            "`bot accounts sync` again."
        )
        raise UsageError(message.format(account=one.subject, number=one.id))
    if one.field == "kind" and one.theirs not in _KINDS:
        message = _("“{value}” is no kind a roster can hold; refuse number {number}.")
        raise UsageError(message.format(value=one.theirs, number=one.id))


def _unit_of(one: Noted, members: Roster) -> Unit:
    verified = one.facts["verified_name"]
    for unit in members.units.values():
        if same_name(unit.name, verified):
            return unit
    message = _(
        "No unit of the roster is called “{name}”. Add the unit first, or refuse number {number}."
    )
    raise UsageError(message.format(name=verified, number=one.id))


def _free(name: str, taken: Collection[str]) -> str:
    number = 2
    found = name
    while found in taken:
        found, number = f"{name}-{number}", number + 1
    return found
