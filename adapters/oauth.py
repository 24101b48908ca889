"""An account's OAuth tokens where each refresh gives a new refresh token and kills the old one.

The access token is replaced before it ends and never in the middle of a publishing call; what the
platform gave is stored before it is used; two processes never refresh at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import TypeVar

from adapters.http import Origin
from bot.clock import Clock, check_aware
from bot.contract import Authorised, Credentials
from bot.domain import words
from bot.errors import AuthFailed, PlatformError, Unavailable
from bot.i18n import _

T = TypeVar("T")
Kept = Mapping[str, str]  # an account's credential
# Fields of it. The two ends are ISO 8601; "" or none: not known.
ACCESS, REFRESH = "access_token", "refresh_token"
EXPIRES, REFRESH_EXPIRES = "expires_at", "refresh_expires_at"
TROUBLE = "trouble"  # why the last refresh was refused; the access token lives to its own end


class Tokens:
    """The tokens of one account.

    `refresh` asks the platform, given the credential, and answers the fields that are new; raises
    AuthFailed when the authorisation is over. `left` is the life a token must have before work
    begins, `early` the life below which `renew` replaces it. `refused` are the codes by which the
    platform says that an access token does not hold; they arrive as Unavailable.
    """

    def __init__(
        self,
        platform: str,
        refresh: Callable[[Kept], Awaitable[Kept]],
        credentials: Credentials,
        clock: Clock,
        *,
        left: timedelta,
        early: timedelta,
        refused: frozenset[str],
    ) -> None:
        self._platform = platform
        self._refresh = refresh
        self._credentials = credentials
        self._clock = clock
        self._left = left
        self._early = early
        self._refused = refused
        # Within this process; `exclusively` keeps other workers out.
        self._one_at_a_time = asyncio.Lock()

    async def stored(self) -> Kept:
        """The credential with its access token, whatever its age; AuthFailed without any."""
        return self._whole(await self._credentials.load())

    async def alive(self) -> Kept:
        """The credential with a token good for a while yet, refreshed if need be.

        Errors: AuthFailed only when the platform says the authorisation is over; Unavailable.
        """
        return self._whole(await self._cared_for(self._left))

    async def renew(self) -> Authorised:
        """Replaces what ends soon; until when it holds without a person."""
        fields = self._whole(await self._cared_for(self._early))
        return Authorised(until=self._until(fields), trouble=fields.get(TROUBLE, ""))

    async def drop(self, refused: Kept) -> None:
        """Forgets a refused access token, so that the next `alive` fetches another."""
        async with self._one_at_a_time, self._credentials.exclusively() as fields:
            if fields.get(ACCESS) == refused.get(ACCESS):  # else it was replaced already
                await self._store({**fields, ACCESS: ""})

    async def with_token(self, call: Callable[[Kept], Awaitable[T]]) -> T:
        """What `call` gives, made again once with a new token when the platform refuses this one.

        For calls without effect only. A new token that is refused too is AuthFailed.
        """
        fields = await self.alive()
        try:
            return await call(fields)
        except Unavailable as error:
            if error.code not in self._refused:
                raise
            await self.drop(fields)
        try:
            return await call(await self.alive())
        except Unavailable as error:
            if error.code not in self._refused:
                raise
            raise self._over(error) from error

    async def once(self, call: Callable[[Kept], Awaitable[T]]) -> T:
        """What `call` gives with the token as it is kept; it is made once, whatever comes.

        For publishing calls. A token the platform refused is dropped: nothing was published.
        """
        fields = await self.stored()
        try:
            return await call(fields)
        except Unavailable as error:
            if error.code in self._refused:
                await self.drop(fields)
            raise

    # ── what is due ───────────────────────────────────────────────────────────────────────────

    async def _cared_for(self, margin: timedelta) -> Kept:
        fields = await self._credentials.load()
        if not self._due(fields, margin):
            return fields
        async with self._one_at_a_time:
            fields = await self._credentials.load()
            if not self._due(fields, margin):
                return fields  # another publication of the account was faster
            async with self._credentials.exclusively() as fields:
                return await self._refreshed(fields) if self._due(fields, margin) else fields

    def _due(self, fields: Kept, margin: timedelta) -> bool:
        if fields.get(TROUBLE) and self._lives(fields):
            return False  # the answer is known; the token is used while it lives
        ends_at = self._moment(fields, EXPIRES)
        return not fields.get(ACCESS) or ends_at is None or ends_at - self._clock.now() < margin

    def _lives(self, fields: Kept) -> bool:
        ends_at = self._moment(fields, EXPIRES)
        return bool(fields.get(ACCESS)) and (ends_at is None or ends_at > self._clock.now())

    def _until(self, fields: Kept) -> datetime | None:
        """Before when a person must authorise again."""
        return self._moment(fields, EXPIRES if fields.get(TROUBLE) else REFRESH_EXPIRES)

    async def _refreshed(self, fields: Kept) -> Kept:
        """New tokens, stored; the old ones when the refresh fails and they live on."""
        if not fields.get(REFRESH) and self._lives(fields):
            return fields  # entered by hand, without the means to prolong it
        self._field(fields, REFRESH)
        try:
            fresh = await self._refresh(fields)
        except AuthFailed as error:
            return await self._after_refusal(fields, error)
        except PlatformError:
            if self._lives(fields):
                return fields  # early enough to try again later
            raise
        kept = {name: value for name, value in fields.items() if name != TROUBLE}
        return await self._store({**kept, **fresh})

    async def _after_refusal(self, fields: Kept, error: AuthFailed) -> Kept:
        current = await self._credentials.load()
        if current.get(REFRESH) != fields.get(REFRESH):
            return current  # another worker was slow to store what it had got; ours was old
        if not self._lives(fields):
            raise error
        return await self._store({**fields, TROUBLE: str(error)})

    async def _store(self, fields: Kept) -> Kept:
        await self._credentials.store(fields, expires_at=self._until(fields))
        return fields

    # ── fields ────────────────────────────────────────────────────────────────────────────────

    def _whole(self, fields: Kept) -> Kept:
        if not fields.get(ACCESS) and fields.get(REFRESH):
            # Dropped by another publication of the account, which is no reason to pause it.
            message = _("The token of {platform} is being replaced; nothing was sent.")
            raise self._origin().error(Unavailable, message.format(platform=self._title))
        self._field(fields, ACCESS)
        return fields

    def _field(self, fields: Kept, name: str) -> str:
        if not fields.get(name):
            message = _('The credential for {platform} has no "{field}".')
            raise self._bad(message.format(platform=self._title, field=name))
        return fields[name]

    def _moment(self, fields: Kept, name: str) -> datetime | None:
        text = fields.get(name, "")
        try:
            return check_aware(datetime.fromisoformat(text)) if text else None
        except ValueError as error:
            message = _('The credential for {platform} has an unreadable "{field}".')
            raise self._bad(message.format(platform=self._title, field=name)) from error

    def _over(self, error: PlatformError) -> AuthFailed:
        message = _("{platform} refuses a token it has just given out.")
        found = self._bad(message.format(platform=self._title))
        found.code, found.status, found.raw = error.code, error.status, error.raw
        return found

    def _bad(self, message: str) -> AuthFailed:
        advice = _("Have the account's administrator authorise it again.")
        return self._origin().error(AuthFailed, message, advice=advice)

    @property
    def _title(self) -> str:
        return words.platform(self._platform)

    def _origin(self) -> Origin:
        return Origin(platform=self._platform, action="credential", effect=False)


def after(clock: Clock, seconds: int) -> str:
    """The moment so many seconds from now, as a credential keeps it."""
    return (clock.now() + timedelta(seconds=seconds)).isoformat()
