"""Who comes in: passwords, sessions and one-time links.

Secrets are handed out once and kept as hashes only. A password is hashed in a thread: argon2 is
slow on purpose, and publishing must not wait for it.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from bot.domain.people import DeskRole, Person
from bot.engine.ports import Core
from bot.errors import UsageError
from bot.i18n import _
from bot.ledger import audit, people
from bot.ledger.connection import Connection
from bot.ledger.people import Session

T = TypeVar("T")
PASSWORD_MIN = 10
PASSWORD_MAX = 200  # argon2 would take any length, and as long
INVITATION = timedelta(days=3)
_SESSION = timedelta(hours=12)  # a working day
_IDLE = timedelta(hours=3)
_NOTED_EVERY = timedelta(minutes=10)
_WINDOW = timedelta(minutes=15)  # failed logins count so long
_TRIES_OF_LOGIN = 8
_TRIES_FROM_ADDRESS = 40  # an office is often one address
_NAME_MAX = 64  # of what somebody types as login: no more of it is kept or compared
FIRST = "admin"  # the login of the first administrator


class TooMany(UsageError):
    """Too many failed logins; nothing was looked at."""

    def __init__(self, *, of_login: bool) -> None:
        super().__init__(_("Too many wrong passwords. Try again in a quarter of an hour."))
        self.of_login = of_login  # else from that address


@dataclass(frozen=True, kw_only=True)
class Entered:
    """A session that has just begun; `cookie` is its secret and is kept nowhere."""

    session: Session
    cookie: str


def digest(secret: str) -> str:
    """How the ledger keeps a random secret: it is long enough to need no slow hash."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


@cache
def _hasher() -> PasswordHasher:
    # RFC 9106's second choice takes 64 MiB; OWASP's minimum suits a small office server better.
    return PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


@cache
def _nobody() -> str:
    """A hash nobody's password has: who does not exist costs as much time as who does."""
    return _hasher().hash(secrets.token_hex(16))


def _holds(hashed: str, password: str) -> bool:
    try:
        return _hasher().verify(hashed or _nobody(), password) and bool(hashed)
    except (Argon2Error, InvalidHashError):
        return False


@cache
def _threads() -> ThreadPoolExecutor:
    """Few, and of their own: however many guess at once, publishing finds a thread free."""
    return ThreadPoolExecutor(max_workers=2, thread_name_prefix="password")


async def _aside(work: Callable[..., T], *given: str) -> T:
    """What the slow `work` gives, done in a thread."""
    return await asyncio.get_running_loop().run_in_executor(_threads(), work, *given)


async def login(core: Core, name: str, password: str, *, address: str) -> Entered | None:
    """A new session; None for a wrong login or password.

    Raises TooMany after too many wrong ones of that login or from that address. The log is told
    of every one that was looked at, and of what is held back once in a quarter of an hour.
    """
    now, name = core.clock.now(), name.strip().lower()[:_NAME_MAX]
    try:
        return await _login(core, name, password, address, now)
    except TooMany as held:
        await _note_held(core, name, address, now, of_login=held.of_login)
        raise


async def _login(
    core: Core, name: str, password: str, address: str, now: datetime
) -> Entered | None:
    async with core.ledger.read() as conn:
        await _limit(conn, name, address, now)
        hashed = await people.password(conn, name)
        person = await people.find(conn, name)
    right = await _aside(_holds, hashed, password[:PASSWORD_MAX])
    async with core.ledger.write() as conn:
        await _limit(conn, name, address, now)  # of many guesses at once most fail meanwhile
        if not right or person is None:
            forget = now - 10 * _WINDOW
            await people.note_failure(conn, login=name, address=address, now=now, forget=forget)
            subject = await _subject(conn, name)
            entry = audit.Entry(
                at=now, by="", action="login.refused", subject=subject, address=address
            )
            await audit.note(conn, entry)
            return None
        await people.forgive(conn, [name])
        return await begin(conn, person, address=address, now=now)


async def _note_held(core: Core, name: str, address: str, now: datetime, *, of_login: bool) -> None:
    """Whoever goes on knocking must neither fill the log nor keep the writer busy."""
    action = "login.held" if of_login else "address.held"
    async with core.ledger.read() as conn:
        subject = await _subject(conn, name)
        entry = audit.Entry(at=now, by="", action=action, subject=subject, address=address)
        noted = await _is_noted(conn, entry)
    if noted:
        return
    async with core.ledger.write() as conn:
        if not await _is_noted(conn, entry):
            await audit.note(conn, entry)


async def _subject(conn: Connection, name: str) -> str:
    """The name if there is such a login: what is typed there by mistake is often a password."""
    return name if await people.find(conn, name) else ""


async def _is_noted(conn: Connection, held: audit.Entry) -> bool:
    of_login = held.action == "login.held"
    found = await audit.entries(
        conn,
        since=held.at - _WINDOW,
        actions=[held.action],
        subject=held.subject if of_login else "",
        address="" if of_login else held.address,
        limit=1,
    )
    return bool(found)


async def _limit(conn: Connection, name: str, address: str, now: datetime) -> None:
    of_login, of_address = await people.failures(
        conn, login=name, address=address, since=now - _WINDOW
    )
    if of_login >= _TRIES_OF_LOGIN or of_address >= _TRIES_FROM_ADDRESS:
        raise TooMany(of_login=of_login >= _TRIES_OF_LOGIN)


async def begin(conn: Connection, person: Person, *, address: str, now: datetime) -> Entered:
    """Begins a session of somebody who has shown who they are."""
    cookie = secrets.token_urlsafe(32)
    session = Session(
        hash=digest(cookie),
        person=person,
        made_at=now,
        seen_at=now,
        until=now + _SESSION,
        address=address,
    )
    await people.begin(conn, session)
    entry = audit.Entry(at=now, by=person.login, action="login", address=address)
    await audit.note(conn, entry)
    return Entered(session=session, cookie=cookie)


async def recognise(core: Core, cookie: str, *, by_itself: bool = False) -> Session | None:
    """Whose cookie it is; None when the session has ended or lay idle for too long.

    What a page asks `by_itself` keeps no session from lying idle.
    """
    found, now = await find(core, digest(cookie)), core.clock.now()
    if found is not None and not by_itself and now - found.seen_at > _NOTED_EVERY:
        async with core.ledger.write() as conn:
            await people.seen(conn, found.hash, now)
    return found


async def find(core: Core, hashed: str) -> Session | None:
    """The session that is called so, unless it has ended or lay idle for too long."""
    now = core.clock.now()
    async with core.ledger.read() as conn:
        found = await people.session(conn, hashed, now)
    return None if found is None or now - found.seen_at > _IDLE else found


async def logout(core: Core, session: Session, *, address: str) -> None:
    """Ends the session; its cookie is worth nothing from now on."""
    now = core.clock.now()
    async with core.ledger.write() as conn:
        await people.end_sessions(conn, now, hashed=session.hash)
        by = session.person.login
        await audit.note(conn, audit.Entry(at=now, by=by, action="logout", address=address))


async def invite(conn: Connection, login: str, *, now: datetime, by: str) -> str:
    """The secret of a new one-time link with which this person sets a password."""
    secret = secrets.token_urlsafe(24)
    until = now + INVITATION
    await people.invite(conn, digest(secret), login, until=until, now=now, by=by)
    return secret


async def first_link(core: Core) -> str:
    """The secret of a link for the first administrator; "" once somebody can log in.

    Makes that administrator where there is nobody at all.
    """
    now = core.clock.now()
    async with core.ledger.read() as conn:
        known = await people.everybody(conn)
    if any(one.has_password or one.subject for one in known):
        return ""
    async with core.ledger.write() as conn:
        if all(one.login != FIRST for one in known):
            roles = frozenset({DeskRole.ADMINISTRATOR, DeskRole.OFFICER})
            person = Person(login=FIRST, name=_("administrator"), roles=roles, made_at=now)
            await people.add(conn, person)
            entry = audit.Entry(at=now, by="", action="person.added", subject=FIRST)
            await audit.note(conn, entry)
        return await invite(conn, FIRST, now=now, by="")


async def redeem(core: Core, secret: str, password: str, *, address: str) -> Entered | None:
    """Sets the password and begins a session; None when the link is not good any more.

    Raises UsageError for a password that is none.
    """
    check_password(password)
    hashed = await _aside(_hasher().hash, password)
    now = core.clock.now()
    async with core.ledger.write() as conn:
        person = await people.invited(conn, digest(secret), now)
        if person is None or not await people.use_invite(conn, digest(secret), now):
            return None
        await people.set_password(conn, person.login, hashed)
        await people.end_sessions(conn, now, login=person.login)
        await people.forgive(conn, [person.login])
        entry = audit.Entry(at=now, by=person.login, action="password.set", address=address)
        await audit.note(conn, entry)
        return await begin(conn, person, address=address, now=now)


async def change_password(
    core: Core, session: Session, old: str, new: str, *, address: str
) -> bool:
    """Replaces the own password and ends the other sessions; False for a wrong old one.

    Raises UsageError for a password that is none, TooMany after too many wrong ones.
    """
    check_password(new)
    now, login = core.clock.now(), session.person.login
    async with core.ledger.read() as conn:
        await _limit(conn, login, address, now)
        held = await people.password(conn, login)
    right = await _aside(_holds, held, old[:PASSWORD_MAX])
    async with core.ledger.write() as conn:
        await _limit(conn, login, address, now)
        if not right:
            forget = now - 10 * _WINDOW
            await people.note_failure(conn, login=login, address=address, now=now, forget=forget)
            return False
    hashed = await _aside(_hasher().hash, new)
    async with core.ledger.write() as conn:
        await people.set_password(conn, login, hashed)
        await people.end_sessions(conn, now, login=login, but=session.hash)
        entry = audit.Entry(at=now, by=login, action="password.set", address=address)
        await audit.note(conn, entry)
    return True


def check_password(password: str) -> None:
    """Raises UsageError, in words, for what is no password."""
    if len(password) < PASSWORD_MIN:
        message = _("A password has at least {count} letters or signs.")
        raise UsageError(message.format(count=PASSWORD_MIN))
    if len(password) > PASSWORD_MAX:
        message = _("A password has at most {count} letters and signs.")
        raise UsageError(message.format(count=PASSWORD_MAX))
    if len(set(password)) < 4:
        raise UsageError(_("This password is too easy: it repeats very few signs."))
