"""Connects an account: its owner allows it on the platform's page, and we keep what comes back."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.clock import check_aware
from bot.contract import Connects, Granted
from bot.domain import words
from bot.domain.roster import Account, same_name
from bot.engine import people
from bot.engine.ports import Core
from bot.errors import UsageError
from bot.i18n import _
from bot.ledger import roster

STATE = "state"  # the field by which our state comes back, on all platforms
INVITATION = timedelta(days=1)  # an owner must be found and must find the time
Sign = Callable[[str], str]


@dataclass(frozen=True, kw_only=True)
class Connected:
    """An account that is connected now."""

    account: str
    name: str  # as the platform shows it, "" when it does not say
    until: datetime | None  # before when it must be authorised again
    released: int  # publications that go on


def invitation(core: Core, account: Account, *, sign: Sign) -> str:
    """The state of a new invitation, good for a day.

    Raises UsageError where a platform has nothing like it.
    """
    _desk(core, account.platform)
    return state_of(account.id, core.clock.now() + INVITATION, sign)


async def page_of(
    core: Core, platform: str, state: str, *, redirect: str, sign: Sign, phone: bool = False
) -> str:
    """The platform's page for an invitation, perhaps good for minutes only.

    `phone`: it is opened within the platform's own app. Raises UsageError when the invitation is
    not ours or has run out, PlatformError when the platform refuses.
    """
    desk = _desk(core, platform)
    account = await _invited(core, platform, state, sign)
    ask = getattr(desk, "invite_phone", desk.invite) if phone else desk.invite
    return str(await ask(account, redirect=redirect, state=state))


async def accept(
    core: Core, platform: str, query: Mapping[str, str], *, redirect: str, sign: Sign
) -> Connected:
    """Takes what the owner's browser brought back, and lets the account go on.

    Raises UsageError when it was not we who asked, when it is too late, and when the platform
    names another account than the roster; PlatformError when the platform refuses.
    """
    desk = _desk(core, platform)
    account = await _invited(core, platform, query.get(STATE, ""), sign)
    granted = await desk.accept(query, redirect=redirect)
    _check_name(account, granted)
    await core.platforms.credentials(account).enter(granted.fields, expires_at=granted.expires_at)
    released = await people.resume(core, account.id, authorised=True)
    return Connected(
        account=account.id,
        name=granted.name or granted.verified_name,
        until=granted.expires_at,
        released=released,
    )


async def enter(core: Core, holder: Account, fields: Mapping[str, str]) -> int:
    """Keeps a credential that a person entered, and lets the account go on.

    Returns how many publications go on.
    """
    held = core.platforms.credentials(holder)
    await held.enter(fields, expires_at=_expiry(fields))
    return await people.resume(core, holder.id, authorised=True)


def _expiry(fields: Mapping[str, str]) -> datetime | None:
    """Before when a person must authorise again, as far as the fields tell.

    An access token that is refreshed by a refresh token says nothing about that.
    """
    name = "refresh_expires_at" if "refresh_token" in fields else "expires_at"
    try:
        return check_aware(datetime.fromisoformat(fields[name]))
    except (KeyError, ValueError):
        return None


async def _invited(core: Core, platform: str, state: str, sign: Sign) -> Account:
    name = account_of(state, core.clock.now(), sign)
    async with core.ledger.read() as conn:
        account = (await roster.load(conn)).accounts.get(name)
    if account is None or account.platform != platform:
        raise UsageError(_("There is no account {account}.").format(account=name))
    return account


def _desk(core: Core, platform: str) -> Connects:
    desk = core.platforms.desk(platform)
    if not isinstance(desk, Connects):
        raise UsageError(
            _(
                "Accounts of {platform} are not connected through a page of the platform: enter "
                "the credential with `bot accounts set-credential ACCOUNT`."
            ).format(platform=words.platform(platform))
        )
    return desk


def _check_name(account: Account, granted: Granted) -> None:
    """An owner signed in with another account than the one meant, or the roster is wrong."""
    pairs = ((granted.verified_name, account.verified_name), (granted.name, account.name))
    for theirs, ours in pairs:
        if theirs and not same_name(theirs, ours):
            raise UsageError(
                _(
                    "The platform names this account “{theirs}”, the roster has “{ours}” for "
                    "{account}. Nothing was stored. Sign in with the right account, or correct "
                    "the roster, and connect it again."
                ).format(theirs=theirs, ours=ours, account=account.id)
            )


def state_of(account: str, until: datetime, sign: Sign) -> str:
    """What goes through the platform and back, and proves that we asked: about 60 characters."""
    text = f"{account}.{int(until.timestamp()):x}.{secrets.token_hex(4)}"
    return f"{text}.{sign(text)}"


def account_of(state: str, now: datetime, sign: Sign) -> str:
    """The account `state` was made for; raises UsageError when we did not make it, or long ago."""
    text, _dot, mark = state.rpartition(".")
    if not text or not secrets.compare_digest(sign(text).encode(), mark.encode()):
        raise UsageError(
            _(
                "This answer does not belong to an invitation of ours. Begin again with "
                "`bot accounts connect ACCOUNT`."
            )
        )
    account, until, _once = text.split(".")
    if datetime.fromtimestamp(int(until, 16), UTC) < now:
        message = _(
            "The invitation of {account} has run out. Begin again with "
            "`bot accounts connect {account}`."
        )
        raise UsageError(message.format(account=account))
    return account
