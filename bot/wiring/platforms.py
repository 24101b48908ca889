"""The platforms' adapters, made from the settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import aiohttp
from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model
from redis.asyncio import Redis

from adapters import registry
from bot.clock import Clock
from bot.contract import Adapter, Capabilities, Desk, Length, Scene, Screen, Tools
from bot.domain import setting_faults
from bot.domain.post import Variant
from bot.domain.problem import Problem
from bot.domain.roster import Account
from bot.errors import UsageError
from bot.i18n import _
from bot.ledger.credentials import Vault
from bot.ledger.store import Ledger
from bot.settings import Settings
from bot.wiring.authorised import guarded
from bot.wiring.credentials import AccountCredentials, Terms
from bot.wiring.media import MediaFolder
from bot.wiring.pace import Counters, PlatformPace, rates_of

# What of a platform's settings is ours, not the adapter's.
_QUOTAS = "quotas"
_RATES = "rates"


def office_account(platform: str) -> Account:
    """Stands for the office itself at a platform: its app, its component. It never publishes."""
    return Account(id=f"@{platform}", unit="", platform=platform, name="", verified_name="")


class Catalog:
    """What platforms can do and refuse. Needs no ledger and no network."""

    def __init__(self, settings: Mapping[str, Mapping[str, object]]) -> None:
        self.settings = settings
        self._capabilities: dict[type[Adapter], Capabilities] = {}

    def capabilities(self, account: Account, *, by_hand: bool = False) -> Capabilities:
        """The platform's, with the office's own quotas; raises UsageError naming a wrong one."""
        kind = self.kind(account, by_hand=by_hand)
        known = self._capabilities.get(kind)
        if known is None:
            can = registry.capabilities(kind, self._config(kind))
            known = _with_quotas(kind, can, self.settings.get(kind.name, {}).get(_QUOTAS, {}))
            self._capabilities[kind] = known
        return known

    def check(self, variant: Variant, account: Account, *, by_hand: bool) -> list[Problem]:
        return self.kind(account, by_hand=by_hand).check(variant, account)

    def screens(self, variant: Variant, scene: Scene) -> Sequence[Screen]:
        """What readers see, whoever publishes it and however; UsageError for wrong settings."""
        kind = self.kind(replace(scene.account, mode=""), by_hand=False)
        return registry.screens(kind, variant, scene, self._config(kind))

    def lengths(self, variant: Variant, account: Account, *, by_hand: bool) -> Sequence[Length]:
        """What has a limit, counted as whoever publishes it counts."""
        return registry.lengths(self.kind(account, by_hand=by_hand), variant, account)

    def kind(self, account: Account, *, by_hand: bool) -> type[Adapter]:
        return registry.adapter_for(account.platform, self.mode(account, by_hand=by_hand))

    def mode(self, account: Account, *, by_hand: bool) -> str:
        """`by_hand` asks for a package; an account whose own way makes one keeps to that."""
        own = registry.adapter_for(account.platform, account.mode)
        return registry.HANDOFF if by_hand and own.capabilities.publishes else account.mode

    def _config(self, kind: type[Adapter]) -> dict[str, object]:
        settings = self.settings.get(kind.name, {})
        return {name: value for name, value in settings.items() if name not in {_QUOTAS, _RATES}}


class Adapters(Catalog):
    """The platforms' adapters at work, one for each account, made when first needed."""

    def __init__(
        self,
        settings: Settings,
        *,
        session: aiohttp.ClientSession,
        ledger: Ledger,
        vault: Vault,
        clock: Clock,
        redis: Redis | None = None,
    ) -> None:
        super().__init__(settings.platforms)
        self._session = session
        self._ledger = ledger
        self._vault = vault
        self._clock = clock
        self._media = MediaFolder(settings.office.schedules, settings.files.handoff / ".cache")
        self._out_dir = settings.files.handoff
        self._terms = Terms(lease_s=settings.tokens.lease_s, remember_s=settings.tokens.remember_s)
        self._counters = Counters(redis)
        self._paces: dict[str, PlatformPace | None] = {}
        self._made: dict[tuple[str, bool], tuple[Account, Adapter]] = {}
        self._apps: dict[str, AccountCredentials] = {}
        self._desks: dict[str, Desk | None] = {}

    def adapter(self, account: Account, *, by_hand: bool = False) -> Adapter:
        known = self._made.get((account.id, by_hand))
        if known is None or known[0] != account:
            known = (account, self._make(account, by_hand=by_hand))
            self._made[account.id, by_hand] = known
        return known[1]

    def desk(self, platform: str) -> Desk | None:
        """Who takes the platform's calls and leads through its authorisation; None: nobody."""
        if platform not in self._desks:
            kind = registry.adapter_for(platform)
            tools = self._tools(kind, self._app(platform))
            self._desks[platform] = registry.desk_of(platform, tools, self._config(kind))
        return self._desks[platform]

    def credentials(self, account: Account) -> AccountCredentials:
        """The account's secrets."""
        return AccountCredentials(
            account,
            ledger=self._ledger,
            vault=self._vault,
            clock=self._clock,
            terms=self._terms,
        )

    def _make(self, account: Account, *, by_hand: bool) -> Adapter:
        credentials = self.credentials(account)
        kind = self.kind(account, by_hand=by_hand)
        adapter = registry.make(
            replace(account, mode=self.mode(account, by_hand=by_hand)),
            replace(self._tools(kind, credentials), app=self._app(account.platform)),
            self._config(kind),
        )
        return guarded(adapter, credentials)

    def _app(self, platform: str) -> AccountCredentials:
        """The office's own secrets at a platform; one object, so that its lock holds."""
        if platform not in self._apps:
            self._apps[platform] = self.credentials(office_account(platform))
        return self._apps[platform]

    def _tools(self, kind: type[Adapter], credentials: AccountCredentials) -> Tools:
        return Tools(
            session=self._session,
            clock=self._clock,
            media=self._media,
            credentials=credentials,
            out_dir=self._out_dir,
            pace=self._pace(kind),
        )

    def _pace(self, kind: type[Adapter]) -> PlatformPace | None:
        """One for all accounts of a platform."""
        if kind.name not in self._paces:
            chosen = self.settings.get(kind.name, {}).get(_RATES, kind.capabilities.rates)
            rates = rates_of(kind.name, chosen)
            pace = PlatformPace(kind.name, rates, self._counters, self._clock) if rates else None
            self._paces[kind.name] = pace
        return self._paces[kind.name]


def _with_quotas(kind: type[Adapter], can: Capabilities, chosen: object) -> Capabilities:
    try:
        limits = _quotas_model(can).model_validate(chosen).model_dump()
    except ValidationError as error:
        prefix = ("platforms", kind.name, _QUOTAS)
        faults = [{**fault, "loc": (*prefix, *fault["loc"])} for fault in error.errors()]
        raise UsageError(
            _("The quotas of {platform} cannot be used: {details}. Known here: {names}.").format(
                platform=can.title,
                details=setting_faults.in_words(faults),
                names=", ".join(sorted({budget.name for budget in can.budgets})) or _("none"),
            )
        ) from error
    budgets = tuple(replace(budget, limit=limits[budget.name]) for budget in can.budgets)
    return replace(can, budgets=budgets)


def _quotas_model(can: Capabilities) -> type[BaseModel]:
    fields: dict[str, Any] = {
        budget.name: (int, Field(default=budget.limit, ge=0)) for budget in can.budgets
    }
    return create_model("Quotas", __config__=ConfigDict(extra="forbid"), **fields)
