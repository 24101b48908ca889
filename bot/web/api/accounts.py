"""/accounts: what keeps accounts from publishing, and what is left of their quotas."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from bot.domain.authorisation import Outlook
from bot.domain.papers import Lack, papers
from bot.domain.roster import Account, AccountStatus
from bot.engine import health, shapes, syncing, tokens
from bot.engine.shapes import Json
from bot.i18n import N_, _
from bot.ledger import roster
from bot.web.api.declared import Asked, Call, Told, get
from bot.web.api.faults import missing


class AuthorisedTold(Told):
    """How its authorisation stands."""

    state: Outlook
    until: datetime | None
    reason: str
    posts_after: int


class AccountTold(Told):
    """As `bot accounts list --format json` has it."""

    id: str
    unit: str
    platform: str
    name: str
    status: AccountStatus
    paused: str
    read_until: datetime | None
    read_error: str
    authorisation: AuthorisedTold | None
    filing: str
    verified_until: date | None
    lacks: list[Lack]


class AccountsTold(Told):
    """All accounts of the roster."""

    accounts: list[AccountTold]


class QuotaTold(Told):
    """What is left of one quota in the period that is now."""

    action: str
    period: str
    left: int


class WholeAccountTold(AccountTold):
    """With its quotas."""

    quotas: list[QuotaTold]


async def list_(call: Call, _asked: Asked) -> Json:
    """In the roster's order."""
    async with call.core.ledger.read() as conn:
        members = await roster.load(conn)
    return {"accounts": await _shown(call, list(members.accounts.values()))}


async def one(call: Call, _asked: Asked) -> Json:
    """With what is left of its quotas."""
    name = call.part("account")
    async with call.core.ledger.read() as conn:
        account = (await roster.load(conn)).accounts.get(name)
        if account is None:
            raise missing(_("There is no account {account}.").format(account=name))
        left = await health.quota_left(conn, call.core.platforms, [account], call.now)
    (shown,) = await _shown(call, [account])
    quotas = [{"action": each.action, "period": each.period, "left": each.left} for each in left]
    return {**shown, "quotas": quotas}


async def _shown(call: Call, known: Sequence[Account]) -> list[Json]:
    settings = call.app.settings
    async with call.core.ledger.read() as conn:
        standing = await roster.health(conn)
        certified = await syncing.certified_until(conn)
    warn = timedelta(days=settings.tokens.warn_days)
    authorised = {one.account: one for one in await tokens.authorisations(call.core, warn=warn)}
    lacks = papers(
        [(account, certified.get(account.id)) for account in known],
        call.now,
        warn=timedelta(days=settings.registry.verified_warn_days),
        filing=timedelta(days=settings.registry.filing_days),
    )
    return [
        shapes.account(
            account,
            standing[account.id],
            authorised.get(account.id),
            certified.get(account.id),
            lacks,
            now=call.now,
            zone=call.zone,
        )
        for account in known
    ]


ENDPOINTS = (
    get("/accounts", list_, AccountsTold, N_("Accounts and what keeps them from publishing")),
    get("/accounts/{account}", one, WholeAccountTold, N_("One account with its quotas")),
)
