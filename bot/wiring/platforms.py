"""The platforms' adapters, made from the settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import aiohttp

from adapters import registry
from bot.clock import Clock
from bot.contract import Adapter, Capabilities, Tools
from bot.domain.post import Variant
from bot.domain.problem import Problem
from bot.domain.roster import Account
from bot.ledger.credentials import Vault
from bot.ledger.store import Ledger
from bot.settings import Settings
from bot.wiring.credentials import AccountCredentials
from bot.wiring.media import MediaFolder


class Catalog:
    """What platforms can do and refuse. Needs no ledger and no network."""

    def __init__(self, settings: Mapping[str, Mapping[str, object]]) -> None:
        self.settings = settings

    def capabilities(self, account: Account, *, by_hand: bool = False) -> Capabilities:
        return self.kind(account, by_hand=by_hand).capabilities

    def check(self, variant: Variant, account: Account, *, by_hand: bool) -> list[Problem]:
        return self.kind(account, by_hand=by_hand).check(variant, account)

    def kind(self, account: Account, *, by_hand: bool) -> type[Adapter]:
        return registry.adapter_for(account.platform, self.mode(account, by_hand=by_hand))

    def mode(self, account: Account, *, by_hand: bool) -> str:
        return registry.HANDOFF if by_hand else account.mode


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
    ) -> None:
        super().__init__(settings.platforms)
        self._session = session
        self._ledger = ledger
        self._vault = vault
        self._clock = clock
        self._media = MediaFolder(settings.office.schedules)
        self._out_dir = settings.files.handoff
        self._made: dict[tuple[str, bool], tuple[Account, Adapter]] = {}

    def adapter(self, account: Account, *, by_hand: bool = False) -> Adapter:
        known = self._made.get((account.id, by_hand))
        if known is None or known[0] != account:
            known = (account, self._make(account, by_hand=by_hand))
            self._made[account.id, by_hand] = known
        return known[1]

    def _make(self, account: Account, *, by_hand: bool) -> Adapter:
        tools = Tools(
            session=self._session,
            clock=self._clock,
            media=self._media,
            credentials=AccountCredentials(
                account=account, ledger=self._ledger, vault=self._vault, clock=self._clock
            ),
            out_dir=self._out_dir,
        )
        kind = self.kind(account, by_hand=by_hand)
        return registry.make(
            replace(account, mode=self.mode(account, by_hand=by_hand)),
            tools,
            self.settings.get(kind.name, {}),
        )
