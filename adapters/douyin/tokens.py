"""Douyin's user tokens: kept alive, and stored before they are used.

access_token 15 days, refresh_token 30 days, which may be renewed five times; a refresh changes
the access_token only when it is dead, a renewal kills the old refresh_token at once.
https://developer.open-douyin.com/docs/resource/zh-CN/dop/develop/openapi/account-permission/refresh-access-token
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import TypeVar

from adapters.douyin.api import TOKEN_CODES, DouyinApi, Token
from adapters.http import Origin
from bot.clock import Clock, check_aware
from bot.contract import Credentials
from bot.errors import AuthFailed, PlatformError, Unavailable
from bot.i18n import _

T = TypeVar("T")


class Tokens:
    """The tokens of one account."""

    def __init__(
        self,
        api: DouyinApi,
        credentials: Credentials,
        clock: Clock,
        *,
        refresh_before: timedelta,
        renew_before: timedelta,
    ) -> None:
        self._api = api
        self._credentials = credentials
        self._clock = clock
        self._refresh_before = refresh_before
        self._renew_before = renew_before
        self._one_at_a_time = asyncio.Lock()  # a second renewal would find its token dead

    async def stored(self) -> Token:
        """The token as it is kept, whatever its age; raises AuthFailed when there is none."""
        return self._token(await self._credentials.load())

    async def alive(self) -> Token:
        """A token good for a while yet, refreshed if need be.

        Errors: AuthFailed only when the platform says the authorisation is over; Unavailable.
        """
        async with self._one_at_a_time:
            fields = await self._renewed(await self._credentials.load())
            ends_at = self._moment(fields, "expires_at")
            ending = ends_at is not None and ends_at - self._clock.now() < self._refresh_before
            if ending or not fields.get("access_token"):
                fields = await self._refresh(fields)
            return self._token(fields)

    async def drop(self, refused: Token) -> None:
        """Forgets a refused access token, so that the next `alive` fetches another."""
        async with self._one_at_a_time:
            await self._drop(refused)

    async def _drop(self, refused: Token) -> None:
        fields = await self._credentials.load()
        if fields.get("access_token") == refused.access_token:  # else it was replaced meanwhile
            await self._store({**fields, "access_token": ""})

    async def with_token(self, call: Callable[[Token], Awaitable[T]]) -> T:
        """What `call` gives, made again once when the platform refuses the token.

        For calls without effect only: a publishing call is never made again from here.
        """
        token = await self.alive()
        try:
            return await call(token)
        except Unavailable as error:
            if error.code not in TOKEN_CODES:
                raise
            await self.drop(token)
            return await call(await self.alive())

    async def _refresh(self, fields: Mapping[str, str]) -> Mapping[str, str]:
        try:
            data = await self._api.oauth(
                "refresh_token",
                {
                    "client_key": self._field(fields, "client_key"),
                    "grant_type": "refresh_token",
                    "refresh_token": self._field(fields, "refresh_token"),
                },
            )
        except AuthFailed:
            current = await self._credentials.load()
            # Another worker may have renewed in between; then ours was simply the old one.
            if current.get("refresh_token") == fields.get("refresh_token"):
                raise
            return current
        fresh = {
            **fields,
            "access_token": data.text("access_token"),
            "expires_at": self._after(data.number("expires_in")),
        }
        await self._store(fresh)
        return fresh

    async def _renewed(self, fields: Mapping[str, str]) -> Mapping[str, str]:
        """The fields with a new refresh_token when the old one ends soon and may be renewed.

        A renewal that fails changes nothing yet: the old tokens hold until they end, and the end
        that administrators see stays as it is.
        """
        ends_at = self._moment(fields, "refresh_expires_at")
        now = self._clock.now()
        if ends_at is None or not now < ends_at < now + self._renew_before:
            return fields
        form = {
            "client_key": self._field(fields, "client_key"),
            "refresh_token": self._field(fields, "refresh_token"),
        }
        try:
            data = await self._api.oauth("renew_refresh_token", form)
        except PlatformError:
            return await self._credentials.load()
        fresh = {
            **fields,
            "refresh_token": data.text("refresh_token"),
            "refresh_expires_at": self._after(data.number("expires_in")),
        }
        await self._store(fresh)
        return fresh

    async def _store(self, fields: Mapping[str, str]) -> None:
        # The end a person must act before: that of the authorisation, not of the access token.
        ends_at = self._moment(fields, "refresh_expires_at")
        await self._credentials.store(fields, expires_at=ends_at)

    def _after(self, seconds: int) -> str:
        return (self._clock.now() + timedelta(seconds=seconds)).isoformat()

    def _token(self, fields: Mapping[str, str]) -> Token:
        if not fields.get("access_token") and fields.get("refresh_token"):
            # Dropped by another publication of the account, which is no reason to pause it.
            raise _origin().error(
                Unavailable, _("The Douyin token is being replaced; nothing was sent.")
            )
        return Token(
            access_token=self._field(fields, "access_token"),
            open_id=self._field(fields, "open_id"),
        )

    def _field(self, fields: Mapping[str, str], name: str) -> str:
        if not fields.get(name):
            message = _('The Douyin credential has no "{field}".')
            raise self._bad(message.format(field=name))
        return fields[name]

    def _moment(self, fields: Mapping[str, str], name: str) -> datetime | None:
        text = fields.get(name, "")
        try:
            return check_aware(datetime.fromisoformat(text)) if text else None
        except ValueError as error:
            message = _('The Douyin credential has an unreadable "{field}".')
            raise self._bad(message.format(field=name)) from error

    def _bad(self, message: str) -> AuthFailed:
        advice = _("Have the account's administrator authorise it again.")
        return _origin().error(AuthFailed, message, advice=advice)


def _origin() -> Origin:
    return Origin(platform="douyin", action="credential", effect=False)
