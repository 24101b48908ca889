"""Douyin's user tokens: kept alive, and stored before they are used.

access_token 15 days, refresh_token 30 days, which may be renewed five times; a refresh changes
the access_token only when it is dead, a renewal kills the old refresh_token at once.
https://developer.open-douyin.com/docs/resource/zh-CN/dop/develop/openapi/account-permission/refresh-access-token
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from adapters.douyin.api import TOKEN_CODES, DouyinApi, Token
from adapters.douyin.app import App
from adapters.douyin.limits import DEAD_GRANT, REFRESH_LIFE_S, RENEW_SCOPE
from adapters.http import Fields, Origin
from bot.clock import Clock, check_aware
from bot.contract import Authorised, Credentials
from bot.errors import AuthFailed, PlatformError, Unavailable
from bot.i18n import _

T = TypeVar("T")
Kept = Mapping[str, str]
# Notes of ours beside the fields of the platform.
RENEWALS_MADE = "renewals"
NO_RENEWAL = "no_renewal"  # "yes": this app or authorisation gets none any more
TROUBLE = "trouble"  # the platform's refusal; the access token lives on to its own end


@dataclass(frozen=True, kw_only=True)
class Margins:
    """How early tokens are replaced."""

    left: timedelta  # life an access token must have before a publication is prepared
    refresh: timedelta  # life below which `renew` refreshes it
    renew: timedelta  # life below which the refresh token is renewed
    renewals: int  # how often that is possible


class Tokens:
    """The tokens of one account."""

    def __init__(
        self, api: DouyinApi, credentials: Credentials, app: App, clock: Clock, margins: Margins
    ) -> None:
        self._api = api
        self._credentials = credentials
        self._app = app
        self._clock = clock
        self._margins = margins
        # Within this process; `exclusively` keeps other workers out.
        self._one_at_a_time = asyncio.Lock()

    async def stored(self) -> Token:
        """The token as it is kept, whatever its age; raises AuthFailed when there is none."""
        return self._token(await self._credentials.load())

    async def alive(self) -> Token:
        """A token good for a while yet, refreshed if need be.

        Errors: AuthFailed only when the platform says the authorisation is over; Unavailable.
        """
        return self._token(await self._cared_for(self._margins.left))

    async def renew(self) -> Authorised:
        """Replaces what ends soon, and learns an end nobody entered."""
        fields = await self._cared_for(self._margins.refresh, learn=True)
        self._token(fields)
        return Authorised(until=self._until(fields), trouble=fields.get(TROUBLE, ""))

    async def drop(self, refused: Token) -> None:
        """Forgets a refused access token, so that the next `alive` fetches another."""
        async with self._one_at_a_time, self._credentials.exclusively() as fields:
            if fields.get("access_token") == refused.access_token:  # else it was replaced
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

    # ── what is due ───────────────────────────────────────────────────────────────────────────

    async def _cared_for(self, margin: timedelta, *, learn: bool = False) -> Kept:
        fields = await self._credentials.load()
        if not self._due(fields, margin, learn):
            return fields
        async with self._one_at_a_time:
            fields = await self._credentials.load()
            if not self._due(fields, margin, learn):
                return fields  # another publication of the account was faster
            async with self._credentials.exclusively() as fields:
                if self._renewal_due(fields):
                    fields = await self._renewed(fields)
                if self._refresh_due(fields, margin, learn):
                    fields = await self._refreshed(fields)
                return fields

    def _due(self, fields: Kept, margin: timedelta, learn: bool) -> bool:
        return self._renewal_due(fields) or self._refresh_due(fields, margin, learn)

    def _refresh_due(self, fields: Kept, margin: timedelta, learn: bool) -> bool:
        if fields.get(TROUBLE) and self._lives(fields):
            return False  # the answer is known; the token is used while it lives
        ends_at = self._moment(fields, "expires_at")
        if not fields.get("access_token"):
            return True
        if learn and not {"expires_at", "refresh_expires_at"} <= set(fields):
            return True  # harmless while the token lives: the same one comes back, with both ends
        return ends_at is not None and ends_at - self._clock.now() < margin

    def _renewal_due(self, fields: Kept) -> bool:
        ends_at = self._moment(fields, "refresh_expires_at")
        now = self._clock.now()
        soon = ends_at is not None and now < ends_at < now + self._margins.renew
        return soon and not fields.get(TROUBLE) and self._renewals_left(fields) > 0

    def _renewals_left(self, fields: Kept) -> int:
        scopes = fields.get("scope", "")
        if fields.get(NO_RENEWAL) or (scopes and RENEW_SCOPE not in scopes.split(",")):
            return 0
        made = fields.get(RENEWALS_MADE, "0")
        return max(self._margins.renewals - (int(made) if made.isdecimal() else 0), 0)

    def _lives(self, fields: Kept) -> bool:
        ends_at = self._moment(fields, "expires_at")
        return bool(fields.get("access_token")) and (ends_at is None or ends_at > self._clock.now())

    def _until(self, fields: Kept) -> datetime | None:
        """Before when a person must authorise again, with all renewals that are still to come."""
        if fields.get(TROUBLE):
            return self._moment(fields, "expires_at")
        ends_at = self._moment(fields, "refresh_expires_at")
        if ends_at is None:
            return None
        return prolonged(ends_at, self._renewals_left(fields), self._margins.renew)

    # ── asking the platform; only within `exclusively` ────────────────────────────────────────

    async def _refreshed(self, fields: Kept) -> Kept:
        form = {
            "client_key": await self._app.key(),
            "grant_type": "refresh_token",
            "refresh_token": self._field(fields, "refresh_token"),
        }
        try:
            data = await self._api.oauth("refresh_token", form)
        except AuthFailed as error:
            return await self._refused(fields, error)
        except PlatformError:
            if self._lives(fields):
                return fields  # early enough to try again later
            raise
        return await self._store(
            {
                "refresh_expires_at": "",  # in case nobody tells it: not to be asked for again
                **{name: value for name, value in fields.items() if name != TROUBLE},
                "access_token": data.text("access_token"),
                "refresh_token": data.text("refresh_token", "") or fields["refresh_token"],
                "expires_at": self._after(data.number("expires_in")),
                **self._told(data),
            }
        )

    def _told(self, data: Fields) -> dict[str, str]:
        """What a refresh tells beside the token, as far as it does."""
        left_s, scopes = data.number("refresh_expires_in", 0), data.text("scope", "")
        ends = {"refresh_expires_at": self._after(left_s)} if left_s > 0 else {}
        return {**ends, **({"scope": scopes} if scopes else {})}

    async def _renewed(self, fields: Kept) -> Kept:
        """The fields with a new refresh_token.

        A renewal that fails changes nothing yet: the old tokens hold until they end.
        """
        form = {
            "client_key": await self._app.key(),
            "refresh_token": self._field(fields, "refresh_token"),
        }
        try:
            data = await self._api.oauth("renew_refresh_token", form)
        except AuthFailed as error:
            if error.code == DEAD_GRANT and self._lives(fields):
                return await self._refused(fields, error)
            if error.code == DEAD_GRANT:
                return fields  # the refresh says so again
            return await self._store({**fields, NO_RENEWAL: "yes"})
        except PlatformError:
            return fields
        left = self._renewals_left(fields)
        return await self._store(
            {
                **fields,
                "refresh_token": data.text("refresh_token"),
                "refresh_expires_at": self._after(data.number("expires_in")),
                RENEWALS_MADE: str(self._margins.renewals - left + 1),
            }
        )

    async def _refused(self, fields: Kept, error: AuthFailed) -> Kept:
        current = await self._credentials.load()
        if current.get("refresh_token") != fields.get("refresh_token"):
            return current  # another worker was slow to store what it had got; ours was old
        if not self._lives(fields):
            raise error
        return await self._store({**fields, TROUBLE: str(error)})

    async def _store(self, fields: Kept) -> Kept:
        await self._credentials.store(fields, expires_at=self._until(fields))
        return fields

    def _after(self, seconds: int) -> str:
        return (self._clock.now() + timedelta(seconds=seconds)).isoformat()

    # ── fields ────────────────────────────────────────────────────────────────────────────────

    def _token(self, fields: Kept) -> Token:
        if not fields.get("access_token") and fields.get("refresh_token"):
            # Dropped by another publication of the account, which is no reason to pause it.
            raise _origin().error(
                Unavailable, _("The Douyin token is being replaced; nothing was sent.")
            )
        return Token(
            access_token=self._field(fields, "access_token"),
            open_id=self._field(fields, "open_id"),
        )

    def _field(self, fields: Kept, name: str) -> str:
        if not fields.get(name):
            message = _('The Douyin credential has no "{field}".')
            raise self._bad(message.format(field=name))
        return fields[name]

    def _moment(self, fields: Kept, name: str) -> datetime | None:
        text = fields.get(name, "")
        try:
            return check_aware(datetime.fromisoformat(text)) if text else None
        except ValueError as error:
            message = _('The Douyin credential has an unreadable "{field}".')
            raise self._bad(message.format(field=name)) from error

    def _bad(self, message: str) -> AuthFailed:
        advice = _("Have the account's administrator authorise it again.")
        return _origin().error(AuthFailed, message, advice=advice)


def prolonged(ends_at: datetime, renewals: int, margin: timedelta) -> datetime:
    """When a refresh token that ends then is over for good, each renewal made `margin` before."""
    return ends_at + renewals * (timedelta(seconds=REFRESH_LIFE_S) - margin)


def _origin() -> Origin:
    return Origin(platform="douyin", action="credential", effect=False)
