"""Keys of other programs: made by the administrator, shown once, good for a year at most."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.domain.people import DeskRole, Right
from bot.engine.entrance import digest
from bot.engine.ports import Core
from bot.i18n import _
from bot.ledger import audit, keys, people
from bot.ledger.connection import Connection
from bot.ledger.keys import Key

SCOPES = (Right.SEE, Right.WRITE, Right.ANSWER, Right.REVIEW, Right.LOG)  # never RULE or CONNECT
LONGEST = timedelta(days=366)
_NAME = re.compile(r"[^\W_][\w .·-]{1,39}")
_PREFIX = "xfb_"  # so that a key that got out is known for what it is
_NOTED_EVERY = timedelta(minutes=10)


@dataclass(frozen=True, kw_only=True)
class Typed:
    """A key as the form says it."""

    name: str = ""
    scopes: frozenset[str] = frozenset()
    reviewer: str = ""
    until: str = ""  # a day, its last


@dataclass(frozen=True, kw_only=True)
class Made:
    """What a form came to: the faults by field, or the secret, which is kept nowhere."""

    faults: Mapping[str, str] = field(default_factory=dict)
    secret: str = ""


async def make(core: Core, typed: Typed, *, by: str, address: str, zone: ZoneInfo) -> Made:
    """A new key."""
    now, until = core.clock.now(), _end_of(typed.until, zone)
    async with core.ledger.write() as conn:
        faults = await _faults(conn, typed, until, now)
        if faults or until is None:
            return Made(faults=faults)
        secret = _PREFIX + secrets.token_urlsafe(32)
        await keys.add(
            conn,
            digest(secret),
            name=typed.name,
            rights=[right for right in SCOPES if right.value in typed.scopes],
            reviewer=typed.reviewer,
            by=by,
            until=until,
            now=now,
        )
        facts = {"scopes": sorted(typed.scopes), "reviewer": typed.reviewer, "until": typed.until}
        await _note(conn, now, by, address, "token.made", typed.name, facts)
    return Made(secret=secret)


def _end_of(day: str, zone: ZoneInfo) -> datetime | None:
    try:
        last = date.fromisoformat(day)
        return datetime.combine(last + timedelta(days=1), time(), zone)
    except (ValueError, OverflowError):
        return None


async def _faults(
    conn: Connection, typed: Typed, until: datetime | None, now: datetime
) -> dict[str, str]:
    found = {}
    if not _NAME.fullmatch(typed.name):
        found["name"] = _("Name the program in 2 to 40 letters, for example 区门户网站.")
    elif any(
        one.name == typed.name and not one.is_over(now) for one in await keys.everything(conn)
    ):
        found["name"] = _("Another token has this name. End it first, or choose another name.")
    if not typed.scopes or typed.scopes - {right.value for right in SCOPES}:
        found["scopes"] = _("Choose what the program may do.")
    if until is None or until <= now:
        found["until"] = _("Give the last day, still to come, as 2027-05-31.")
    elif until > now + LONGEST:
        found["until"] = _("A token is good for a year at most.")
    if fault := await _reviewer_fault(conn, typed):
        found["reviewer"] = fault
    return found


async def _reviewer_fault(conn: Connection, typed: Typed) -> str:
    if Right.REVIEW not in typed.scopes:
        return _("Only for tokens that may review.") if typed.reviewer else ""
    person = await people.find(conn, typed.reviewer)
    if person is None or person.ended_at or DeskRole.REVIEWER not in person.roles:
        return _("Choose the reviewer in whose name the program speaks.")
    return ""


async def end(core: Core, number: int, *, by: str, address: str) -> bool:
    """Ends a key from now on; False when there is none to end."""
    now = core.clock.now()
    async with core.ledger.write() as conn:
        name = await keys.end(conn, number, now)
        if name:
            await _note(conn, now, by, address, "token.ended", name, {})
    return bool(name)


async def recognise(core: Core, secret: str) -> Key | None:
    """The key that this secret is, also one that holds no more; notes now and then its use.

    It is looked up by its hash, so how long that takes tells nothing about it.
    """
    now = core.clock.now()
    async with core.ledger.read() as conn:
        found = await keys.find(conn, digest(secret))
    if found is None or not found.holds(now):
        return found
    if found.used_at is None or now - found.used_at >= _NOTED_EVERY:
        async with core.ledger.write() as conn:
            await keys.used(conn, found.id, now)
    return found


async def _note(
    conn: Connection,
    now: datetime,
    by: str,
    address: str,
    action: str,
    name: str,
    facts: Mapping[str, object],
) -> None:
    entry = audit.Entry(
        at=now, by=by, action=action, subject=name, facts=dict(facts), address=address
    )
    await audit.note(conn, entry)
