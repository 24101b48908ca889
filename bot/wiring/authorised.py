"""Around each adapter: no account is paused for a credential a person has just replaced.

An adapter may work with fields that are half a minute old. When the platform refuses them, and a
person has entered others meanwhile, nothing is wrong with the account: it is tried again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, cast

from bot.contract import Adapter, Authorised, Checkpoint, Item, Pending, Receipt, Renews, Stat
from bot.domain.post import Variant
from bot.errors import AuthFailed, Unavailable
from bot.i18n import _
from bot.wiring.credentials import AccountCredentials

# What only some adapters can (bot/contract.py); it is there only where it is there in theirs.
_MORE = ("profile", "reposts", "withdraw", "preview")


def guarded(adapter: Adapter, credentials: AccountCredentials) -> Adapter:
    """The adapter, behaving as said above; one without an authorisation as it is."""
    if not isinstance(adapter, Renews):
        return adapter
    # What the protocol wants of the class stands on the object here, as each has its own.
    return cast(Adapter, _Guarded(adapter, adapter, credentials))


class _Guarded:
    """Hands every call on; only what an AuthFailed means is looked at again."""

    def __init__(self, adapter: Adapter, renews: Renews, credentials: AccountCredentials) -> None:
        self._adapter = adapter
        self._renews = renews
        self._credentials = credentials
        self.name = adapter.name
        self.capabilities = adapter.capabilities
        self.Config = adapter.Config
        self.check = adapter.check
        for name in _MORE:
            if (method := getattr(adapter, name, None)) is not None:
                setattr(self, name, self._watched(method))

    def _watched(self, method: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def call(*args: Any, **more: Any) -> Any:
            async with self._doubting():
                return await method(*args, **more)

        return call

    async def prepare(self, variant: Variant, done: Checkpoint) -> Checkpoint:
        async with self._doubting():
            return await self._adapter.prepare(variant, done)

    async def commit(self, variant: Variant, done: Checkpoint, *, key: str) -> Receipt | Pending:
        async with self._doubting():
            return await self._adapter.commit(variant, done, key=key)

    async def find(
        self, variant: Variant, done: Checkpoint, *, key: str, pending: Pending | None = None
    ) -> Receipt | Pending | None:
        async with self._doubting():
            return await self._adapter.find(variant, done, key=key, pending=pending)

    async def recent(self, since: datetime) -> AsyncIterator[Item]:
        async with self._doubting():
            async for item in self._adapter.recent(since):
                yield item

    async def stat(self, receipts: Sequence[Receipt]) -> list[Stat]:
        async with self._doubting():
            return await self._adapter.stat(receipts)

    async def renew(self) -> Authorised:
        async with self._doubting():
            return await self._renews.renew()

    @asynccontextmanager
    async def _doubting(self) -> AsyncIterator[None]:
        entered = self._credentials.entered
        try:
            yield
        except AuthFailed as error:
            if not await self._credentials.replaced(entered):
                raise
            # AuthFailed says that nothing was published, so this holds after a commit too.
            raise Unavailable(
                _("A new credential was entered meanwhile; it is used next time."),
                platform=error.platform,
                action=error.action,
                status=error.status,
                code=error.code,
                raw=error.raw,
            ) from error
