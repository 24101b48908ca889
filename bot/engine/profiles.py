"""What the platforms say of the matrix's accounts, beside what the roster says."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from bot.contract import NO_SECRET, Knows, Lists, Member, Profile, Renews
from bot.domain.roster import Account, AccountStatus, Roster, day_of, same_name
from bot.engine.ports import Core
from bot.engine.side_by_side import side_by_side
from bot.errors import AuthFailed, BotError, UsageError
from bot.i18n import _
from bot.ledger import roster
from bot.logs import get_logger, said

log = get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A field in which roster and platform do not agree."""

    field: str  # as in the roster file
    ours: str
    theirs: str


@dataclass(frozen=True, kw_only=True)
class Checked:
    """One account, asked just now."""

    account: str
    profile: Profile | None = None  # None: the platform does not tell, or could not be asked
    differences: tuple[Difference, ...] = ()
    error: str = ""  # why it could not be asked


@dataclass(frozen=True, kw_only=True)
class Stranger:
    """Somebody who authorised the office and stands on no account of the roster."""

    platform: str
    member: Member


async def check(
    core: Core, accounts: Collection[str] = (), *, members: Roster | None = None
) -> list[Checked]:
    """Asks the platforms about `accounts`, all that are not closed if left out; roster order.

    `members` of None are those in force. Read-only but for tokens that must be refreshed to ask.
    Raises UsageError for unknown ids.
    """
    if members is None:
        async with core.ledger.read() as conn:
            members = await roster.load(conn)
    if unknown := sorted(set(accounts) - members.accounts.keys()):
        raise UsageError(_("There is no account {account}.").format(account=", ".join(unknown)))
    now = core.clock.now()
    gate = asyncio.Semaphore(core.options.concurrency)

    async def one(account: Account) -> Checked:
        async with gate:
            return await _ask(core, account)

    asked = [
        account
        for account in members.accounts.values()
        if (
            account.id in accounts
            if accounts
            else account.status_at(now) is not AccountStatus.CLOSED
        )
    ]
    return await side_by_side(one(account) for account in asked)


async def _ask(core: Core, account: Account) -> Checked:
    try:
        adapter = core.platforms.adapter(account)
        if isinstance(adapter, Knows):
            profile = await adapter.profile()
            return Checked(
                account=account.id, profile=profile, differences=differences(account, profile)
            )
        if isinstance(adapter, Renews):
            await adapter.renew()
    except Exception as error:  # one account's trouble must not hide the others
        if not isinstance(error, BotError):
            log.exception("account.not_checked", account=account.id)
        return Checked(account=account.id, error=said(error))
    return Checked(account=account.id)


def differences(account: Account, profile: Profile) -> tuple[Difference, ...]:
    """What the platform says differently from the roster; what it does not say is none."""
    pairs = (
        ("name", account.name, profile.name),
        ("verified_name", account.verified_name, profile.verified_name),
        ("kind", account.kind, profile.kind),
    )
    found = [
        Difference(field=field, ours=ours, theirs=theirs)
        for field, ours, theirs in pairs
        if theirs and not same_name(ours, theirs)
    ]
    # A day the roster does not have is no contradiction: what the platform says is kept beside it.
    until = day_of(profile.verified_until) if profile.verified_until is not None else None
    if account.verified_until not in (None, until) and until is not None:
        ours, theirs = str(account.verified_until), str(until)
        found.append(Difference(field="verified_until", ours=ours, theirs=theirs))
    return tuple(found)


async def strangers(core: Core) -> tuple[list[Stranger], Mapping[str, str]]:
    """Who authorised the office without being in the roster; and platform → why it was not asked.

    Platforms that list nobody, and those where the office has no app, are passed over.
    """
    async with core.ledger.read() as conn:
        members = await roster.load(conn)
    found: list[Stranger] = []
    errors: dict[str, str] = {}
    for platform in sorted({account.platform for account in members.accounts.values()}):
        desk = core.platforms.desk(platform)
        if not isinstance(desk, Lists):
            continue
        try:
            listed = await desk.members()
        except BotError as error:
            # Without an app of the office there, accounts are connected one by one.
            if not (isinstance(error, AuthFailed) and error.action == NO_SECRET):
                errors[platform] = said(error)
            continue
        ours = await _known_fields(core, members, platform)
        found += [
            Stranger(platform=platform, member=member)
            for member in listed
            if not any(member.fields.items() <= fields.items() for fields in ours)
        ]
    return found, errors


async def _known_fields(core: Core, members: Roster, platform: str) -> Sequence[Mapping[str, str]]:
    known = []
    for account in members.accounts.values():
        if account.platform != platform:
            continue
        try:
            known.append(await core.platforms.credentials(account).load())
        except AuthFailed:
            continue
    return known
