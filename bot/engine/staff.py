"""People of the desk: who may come in, and as what. The administrator's work."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.people import LOGIN, DeskRole, Person
from bot.domain.review import Level
from bot.engine import entrance
from bot.engine.ports import Core
from bot.i18n import _
from bot.ledger import audit, people, roster
from bot.ledger.connection import Connection

_NAME_MAX = 60


@dataclass(frozen=True, kw_only=True)
class Typed:
    """A person as the form says it."""

    login: str
    name: str
    roles: frozenset[str]
    unit: str = ""
    levels: frozenset[str] = frozenset()
    subject: str = ""


@dataclass(frozen=True, kw_only=True)
class Change:
    """What a form came to: the faults by field, or the secret of a new one-time link."""

    faults: dict[str, str]
    secret: str = ""


async def add(core: Core, typed: Typed, *, by: str, address: str) -> Change:
    """Enters somebody new and gives the one-time link for the password."""
    now = core.clock.now()
    async with core.ledger.write() as conn:
        faults = await _faults(conn, typed)
        if await people.find(conn, typed.login) is not None:
            faults["login"] = _("This login name is taken.")
        if faults:
            return Change(faults=faults)
        await people.add(conn, _person(typed, made_at=now))
        await _note(conn, now, by, address, "person.added", typed)
        return Change(faults={}, secret=await entrance.invite(conn, typed.login, now=now, by=by))


async def change(core: Core, typed: Typed, *, by: str, address: str) -> Change:
    """Another name, other roles. Nobody takes the own administration away."""
    now = core.clock.now()
    async with core.ledger.write() as conn:
        known = await people.find(conn, typed.login)
        if known is None:
            return Change(faults={"login": _("Nobody has this login name.")})
        faults = await _faults(conn, typed)
        if typed.login == by and DeskRole.ADMINISTRATOR not in typed.roles:
            faults["roles"] = _("Another administrator must take this role from you.")
        if faults:
            return Change(faults=faults)
        await people.change(
            conn, replace(_person(typed, made_at=known.made_at), ended_at=known.ended_at)
        )
        await _note(conn, now, by, address, "person.changed", typed)
    return Change(faults={})


async def end(core: Core, login: str, ended: bool, *, by: str, address: str) -> Change:
    """Keeps somebody out from now on, sessions included, or lets them in again."""
    now = core.clock.now()
    async with core.ledger.write() as conn:
        known = await people.find(conn, login)
        if known is None:
            return Change(faults={"login": _("Nobody has this login name.")})
        if login == by:
            return Change(faults={"login": _("Nobody can lock out themselves.")})
        await people.change(conn, replace(known, ended_at=now if ended else None))
        if ended:
            await people.end_sessions(conn, now, login=login)
        action = "person.ended" if ended else "person.restored"
        entry = audit.Entry(at=now, by=by, action=action, subject=login, address=address)
        await audit.note(conn, entry)
    return Change(faults={})


async def invite(core: Core, login: str, *, by: str, address: str) -> Change:
    """A new one-time link; the password stays as it is until the link is used."""
    now = core.clock.now()
    async with core.ledger.write() as conn:
        known = await people.find(conn, login)
        if known is None or known.ended_at is not None:
            return Change(faults={"login": _("Nobody has this login name.")})
        entry = audit.Entry(at=now, by=by, action="person.invited", subject=login, address=address)
        await audit.note(conn, entry)
        return Change(faults={}, secret=await entrance.invite(conn, login, now=now, by=by))


async def _faults(conn: Connection, typed: Typed) -> dict[str, str]:
    faults = {}
    if not LOGIN.fullmatch(typed.login):
        faults["login"] = _(
            "A login name is 2 to 32 small letters, digits, dots or dashes, for example li.min"
        )
    if not typed.name or len(typed.name) > _NAME_MAX:
        faults["name"] = _("Write a name of at most {count} signs.").format(count=_NAME_MAX)
    if not typed.roles or not typed.roles <= {role.value for role in DeskRole}:
        faults["roles"] = _("Choose at least one role.")
    if DeskRole.LIAISON in typed.roles:
        members = await roster.load(conn)
        if typed.unit not in members.units:
            faults["unit"] = _("Choose the unit of the liaison.")
    if DeskRole.REVIEWER in typed.roles and (
        not typed.levels or not typed.levels <= {level.value for level in Level}
    ):
        faults["levels"] = _("Choose at least one level of review.")
    if typed.subject:
        other = await people.find_subject(conn, typed.subject)
        if other is not None and other.login != typed.login:
            message = _("{login} has this identity already.")
            faults["subject"] = message.format(login=other.login)
    return faults


def _person(typed: Typed, *, made_at: datetime) -> Person:
    roles = frozenset(DeskRole(role) for role in typed.roles)
    reviews = DeskRole.REVIEWER in roles
    return Person(
        login=typed.login,
        name=typed.name,
        roles=roles,
        unit=typed.unit if DeskRole.LIAISON in roles else "",
        levels=frozenset(Level(level) for level in typed.levels) if reviews else frozenset(),
        subject=typed.subject,
        made_at=made_at,
    )


async def _note(
    conn: Connection, now: datetime, by: str, address: str, action: str, typed: Typed
) -> None:
    facts = {
        "name": typed.name,
        "roles": sorted(typed.roles),
        "unit": typed.unit,
        "levels": sorted(typed.levels),
    }
    entry = audit.Entry(
        at=now, by=by, action=action, subject=typed.login, facts=facts, address=address
    )
    await audit.note(conn, entry)
