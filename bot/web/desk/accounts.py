"""/accounts: all accounts of the matrix, with what keeps each from publishing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from aiohttp import web

from bot.domain import account_words, words
from bot.domain.account_words import Bar
from bot.domain.authorisation import Authorisation, Outlook
from bot.domain.charting import Silences, SilentAccount
from bot.domain.gaps import GapState
from bot.domain.papers import Lack, Paper, papers, verified_until
from bot.domain.quota import READ
from bot.domain.roster import Account, AccountStatus, Roster
from bot.engine import charting, health, syncing, tokens
from bot.i18n import N_, _
from bot.ledger import roster
from bot.ledger.roster import Health
from bot.metrics import QuotaLeft
from bot.settings import RegistryPart
from bot.web.charts import silences
from bot.web.desk.paging import pages
from bot.web.desk.routes import get
from bot.web.desk.visit import Visit

_ROWS = 150
_BARS = 60  # accounts of one chart
UNREAD = timedelta(days=2)  # behind by so much, reading an account is in trouble
TROUBLES: Mapping[str, str] = {
    "any": N_("any trouble"),
    "credential": N_("authorisation"),
    "certification": N_("certification"),
    "filing": N_("filing number"),
    "name": N_("verified name differs"),
    "inactive": N_("not active"),
    "silent": N_("silent for long"),
    "paused": N_("paused"),
    "quota": N_("quota used up"),
    "unread": N_("not read lately"),
}
_LOOKS = {
    Outlook.FINE: "good",
    Outlook.SOON: "warn",
    Outlook.RUN_OUT: "bad",
    Outlook.REFUSED: "bad",
    Outlook.MISSING: "warn",
}
_SILENT = {GapState.OK: "good", GapState.WARN: "warn", GapState.FAIL: "bad"}
_FILING = {Lack.UNFILED, Lack.FILING_OVERDUE}


@dataclass(frozen=True, kw_only=True)
class Known:
    """What the ledger knows of the accounts."""

    members: Roster
    health: Mapping[str, Health]
    authorised: Mapping[str, Authorisation]
    certified: Mapping[str, datetime]
    lacks: Mapping[str, set[Lack]]
    quotas: Mapping[str, Sequence[QuotaLeft]]
    silences: Silences
    silent: Mapping[str, SilentAccount]


@dataclass(frozen=True, kw_only=True)
class Row:
    """An account, in words."""

    id: str
    name: str
    unit: str
    unit_id: str
    platform: str
    platform_id: str
    status: str
    bars: Sequence[str]  # what of its registration keeps it from publishing
    paused: str  # why; "" while it works
    credential: tuple[str, str] | None  # words and look; None: it needs none
    refused: str  # why the platform does not take the credential; "" while it does
    until: datetime | None
    certified: date | None
    certified_look: str
    filing: str
    quotas: Sequence[tuple[str, int]]  # what is allowed, and how much of it is left
    silence: SilentAccount | None
    silence_look: str
    read_until: datetime | None
    read_error: str
    troubles: frozenset[str]

    @property
    def tightest(self) -> tuple[str, int] | None:
        """The quota of which least is left."""
        return min(self.quotas, key=lambda one: one[1], default=None)


async def show_all(visit: Visit) -> web.StreamResponse:
    """The accounts, of one unit, one platform, or with one kind of trouble."""
    answer = await visit.remembered("accounts", lambda: load(visit))
    known, only = answer.value, visit.who.only_unit
    rows = [
        row(account, known, answer.at)
        for account in known.members.accounts.values()
        if only in {"", account.unit}
    ]
    chosen = {name: visit.query(name) for name in ("unit", "platform", "trouble", "view")}
    found = [one for one in rows if _wanted(one, chosen)]
    part = pages(visit, found, _BARS if chosen["view"] == "days" else _ROWS)
    return visit.render(
        "accounts",
        title=_("Accounts"),
        pages=part,
        chart=_chart(known, part.rows) if chosen["view"] == "days" else "",
        units=_choices((one.unit_id, one.unit) for one in rows),
        platforms=_choices((one.platform_id, one.platform) for one in rows),
        troubles=[
            (name, _(said), sum(_in_trouble(one, name) for one in rows))
            for name, said in TROUBLES.items()
        ],
        chosen=chosen,
        alone=bool(only),
        at=answer.at,
    )


def _choices(found: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return list(dict(found).items())


def _wanted(one: Row, chosen: Mapping[str, str]) -> bool:
    return (
        chosen["unit"] in {"", one.unit_id}
        and chosen["platform"] in {"", one.platform_id}
        and (chosen["trouble"] not in TROUBLES or _in_trouble(one, chosen["trouble"]))
    )


def _in_trouble(one: Row, name: str) -> bool:
    return bool(one.troubles) if name == "any" else name in one.troubles


def _chart(known: Known, rows: Sequence[Row]) -> object:
    names = {one.id for one in rows}
    mine = tuple(one for one in known.silences.accounts if one.account in names)
    return silences.chart(replace(known.silences, accounts=mine), "days")


async def load(visit: Visit) -> Known:
    """Everything the ledger knows of the accounts, for all units."""
    core, settings = visit.core, visit.desk.settings
    now = core.clock.now()
    async with core.ledger.read() as conn:
        members, known = await roster.load(conn), await roster.health(conn)
        certified = await syncing.certified_until(conn)
        left = await health.quota_left(conn, core.platforms, members.accounts.values(), now)
    found = await tokens.authorisations(core, warn=timedelta(days=settings.tokens.warn_days))
    quotas: dict[str, list[QuotaLeft]] = {}
    for one in left:
        if one.action != READ:
            quotas.setdefault(one.account, []).append(one)
    lacks: dict[str, set[Lack]] = {}
    for paper in _papers(members, certified, settings.registry, now):
        lacks.setdefault(paper.account, set()).add(paper.lack)
    quiet = await charting.silences(core, zone=visit.zone, rules=settings.gaps.rules)
    return Known(
        members=members,
        health=known,
        authorised={one.account: one for one in found},
        certified=certified,
        lacks=lacks,
        quotas=quotas,
        silences=quiet,
        silent={one.account: one for one in quiet.accounts},
    )


def _papers(
    members: Roster, certified: Mapping[str, datetime], part: RegistryPart, now: datetime
) -> list[Paper]:
    return papers(
        [(account, certified.get(account.id)) for account in members.accounts.values()],
        now,
        warn=timedelta(days=part.verified_warn_days),
        filing=timedelta(days=part.filing_days),
    )


def row(account: Account, known: Known, now: datetime) -> Row:
    """The account in words."""
    authorised, how = known.authorised.get(account.id), known.health[account.id]
    lacks, quiet = known.lacks.get(account.id, set()), known.silent.get(account.id)
    status = account.status_at(now)
    return Row(
        id=account.id,
        name=account.name,
        unit=known.members.units[account.unit].short,
        unit_id=account.unit,
        platform=words.platform(account.platform),
        platform_id=account.platform,
        status=account_words.status(status),
        bars=list(_bars(account, known, now).values()),
        paused=how.paused,
        credential=_credential(authorised),
        refused=_refused(authorised),
        until=authorised.until if authorised else None,
        certified=verified_until(account, known.certified.get(account.id)),
        certified_look=_certified_look(lacks),
        filing=account.filing,
        quotas=_quotas(known.quotas.get(account.id, ())),
        silence=quiet,
        silence_look=_SILENT.get(quiet.state, "") if quiet else "",
        read_until=how.read_until,
        read_error=how.read_error,
        troubles=frozenset(_troubles(account, known, lacks, quiet, now)),
    )


def _bars(account: Account, known: Known, now: datetime) -> Mapping[Bar, str]:
    """What bars it from publishing; of a closed account nothing, as it shall not."""
    if account.status_at(now) is AccountStatus.CLOSED:
        return {}
    return account_words.bars(account, known.members.units[account.unit], now)


def _credential(found: Authorisation | None) -> tuple[str, str] | None:
    return (account_words.outlook(found.state), _LOOKS[found.state]) if found else None


def _refused(found: Authorisation | None) -> str:
    return found.reason if found is not None and found.state is Outlook.REFUSED else ""


def _certified_look(lacks: set[Lack]) -> str:
    if Lack.VERIFIED_ENDED in lacks:
        return "bad"
    return "warn" if Lack.VERIFIED_SOON in lacks else ""


def _quotas(left: Sequence[QuotaLeft]) -> list[tuple[str, int]]:
    return [(words.quota_name(one.action, one.period), one.left) for one in left]


def _troubles(
    account: Account,
    known: Known,
    lacks: set[Lack],
    quiet: SilentAccount | None,
    now: datetime,
) -> Iterator[str]:
    if account.status_at(now) is AccountStatus.CLOSED:
        return
    how, authorised = known.health[account.id], known.authorised.get(account.id)
    if authorised is not None and authorised.state is not Outlook.FINE:
        yield "credential"
    yield from _bars(account, known, now)
    if lacks - _FILING:
        yield "certification"
    if quiet is not None and quiet.state in {GapState.WARN, GapState.FAIL}:
        yield "silent"
    if how.paused:
        yield "paused"
    if any(one.left == 0 for one in known.quotas.get(account.id, ())):
        yield "quota"
    if how.read_error or (how.read_until is not None and how.read_until < now - UNREAD):
        yield "unread"


ROUTES = (get("/accounts", show_all),)
