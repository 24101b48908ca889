"""A running platform with one account on it, and the hands to make things go wrong there."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from bot.clock import VirtualClock
from bot.contract import Adapter, Checkpoint, Pending, Receipt
from bot.domain.post import Variant
from bot.domain.roster import Account

MAX_STEPS = 60  # no prepare needs more; one that does never ends
MAX_LOOKS = 40


class Stage(ABC):
    """What the inherited suite needs of a platform; one per test.

    `commit_path` is the part of the URL path only the publishing call has, so that a fault can
    strike it alone.
    """

    adapter: Adapter
    account: Account
    variant: Variant
    clock: VirtualClock
    commit_path: str
    key: str = "0123456789abcdef01234567"

    @abstractmethod
    async def public_posts(self) -> int:
        """How many posts of the account anybody can see now."""

    @abstractmethod
    async def fault(self, kind: str, *, path: str = "", **more: object) -> None:
        """Sets a fault by the simulator's name for it; it strikes once unless `times` is given."""

    @abstractmethod
    async def forward(self, span: timedelta) -> None:
        """Moves the clocks of the platform and of the adapter on."""

    @abstractmethod
    async def expire_token(self) -> None:
        """Makes the platform refuse the access token in use; a refresh helps if there is one."""

    @abstractmethod
    async def unplug(self) -> None:
        """Takes the platform away: connections are refused from now on."""

    async def prepared(self, variant: Variant | None = None) -> Checkpoint:
        """The checkpoint `prepare` ends with."""
        return (await self.checkpoints(variant))[-1]

    async def checkpoints(self, variant: Variant | None = None) -> list[Checkpoint]:
        """Every checkpoint on the way, the empty one first."""
        seen = [Checkpoint()]
        while not seen[-1].ready:
            assert len(seen) < MAX_STEPS, "prepare never becomes ready"
            seen.append(await self.adapter.prepare(variant or self.variant, seen[-1]))
        return seen

    def granted(self, done: Checkpoint) -> Checkpoint:
        """The checkpoint as the engine hands it on once it has granted the commit."""
        return replace(done, data={**done.data, "committed_at": self.clock.now().isoformat()})

    async def commit(self, done: Checkpoint) -> Receipt | Pending:
        """Calls `commit` as the engine would."""
        return await self.adapter.commit(self.variant, done, key=self.key)

    async def look(
        self, done: Checkpoint, pending: Pending | None = None
    ) -> Receipt | Pending | None:
        """Calls `find` as the engine would."""
        return await self.adapter.find(self.variant, done, key=self.key, pending=pending)

    async def settled(
        self, done: Checkpoint, outcome: Receipt | Pending | None
    ) -> Receipt | Pending | None:
        """What `outcome` comes to once the platform has stopped reviewing."""
        for _ in range(MAX_LOOKS):
            if not isinstance(outcome, Pending):
                return outcome
            await self.forward(timedelta(seconds=outcome.poll_s))
            outcome = await self.look(done, outcome)
        return outcome

    async def published(self) -> tuple[Checkpoint, Receipt]:
        """Publishes the variant without any fault; the checkpoint and the receipt."""
        done = self.granted(await self.prepared())
        receipt = await self.settled(done, await self.commit(done))
        assert isinstance(receipt, Receipt)
        return done, receipt


class MemoryCredentials:
    """An account's secrets, kept in memory; counts how often they were replaced."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        self.fields = dict(fields)
        self.expires_at: datetime | None = None
        self.stores = 0

    async def load(self) -> Mapping[str, str]:
        return dict(self.fields)

    async def store(self, fields: Mapping[str, str], *, expires_at: datetime | None) -> None:
        self.fields, self.expires_at = dict(fields), expires_at
        self.stores += 1
