"""The access token of one account: fetched from `stable_token`, stored before it is used.

`POST /cgi-bin/stable_token` gives the same token to everybody until five minutes before its end,
so several workers never knock each other out.
https://developers.weixin.qq.com/doc/subscription/api/base/api_getstableaccesstoken
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

from adapters.http import Fields, Http
from adapters.wechat import errors, limits
from adapters.wechat.errors import Context, Stage
from bot.clock import Clock
from bot.contract import Credentials
from bot.errors import AuthFailed, PlatformError
from bot.i18n import _

PATH = "/cgi-bin/stable_token"
ACTION = "stable_token"
USABLE_S = 60.0  # with less to live a token may die on its way
_ASK_AGAIN = timedelta(seconds=60)


@dataclass(frozen=True, kw_only=True)
class Token:
    """An access token and until when it holds."""

    text: str
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """A token just given out, and what of the credential changed with it."""

    token: Token
    changed: Mapping[str, str] = field(default_factory=dict)  # e.g. a rotated refresh token


class Source(Protocol):
    """Who gives out an account's access token: WeChat for its secret, or a third-party platform."""

    async def ready(self, fields: Mapping[str, str]) -> None:
        """Does what `fetch` needs that is not this account's, before the account is locked.

        Accounts that share something would otherwise wait for it while each holds its own lock.
        """
        ...

    async def fetch(self, fields: Mapping[str, str], *, force: bool) -> Fetched:
        """A token for the credential's fields; nobody else asks for this account meanwhile.

        `force`: another than the one given before, which the platform refuses.
        """
        ...


class Tokens:
    """Hands out living tokens; one fetch at a time for an account, in all workers together."""

    def __init__(self, source: Source, credentials: Credentials, clock: Clock) -> None:
        self._source = source
        self._credentials = credentials
        self._clock = clock
        self._lock = asyncio.Lock()
        self._unchanged: tuple[str, datetime] | None = None  # a token WeChat gave again, and when

    async def get(self, *, left_s: float = USABLE_S) -> str:
        """A token with at least `left_s` to live, as far as WeChat gives one.

        Between 10 and 5 minutes before its end WeChat still gives the old one; it is used then,
        and likewise while the endpoint does not answer. Errors: those of the endpoint, once there
        is no usable token.
        """
        token = _token(await self._credentials.load())
        if self._good(token, left_s):
            return token.text
        async with self._lock:
            token = _token(await self._credentials.load())
            if self._good(token, left_s):
                return token.text  # another publication of the account was faster
            await self._source.ready(await self._credentials.load())
            async with self._credentials.exclusively() as fields:
                token = _token(fields)
                if self._good(token, left_s):
                    return token.text  # another worker was
                return (await self._prolonged(fields, token)).text

    async def replace(self, dead: str) -> str:
        """Another token than `dead`, which the platform has just refused."""
        await self._source.ready(await self._credentials.load())
        async with self._lock, self._credentials.exclusively() as fields:
            token = _token(fields)
            if token.text != dead and self._left_s(token) >= USABLE_S:
                return token.text
            fetched = await self._source.fetch(fields, force=False)
            if fetched.token.text == dead:
                # Only now: forcing kills the token for whoever else is using it.
                fields = {**fields, **fetched.changed}
                fetched = await self._source.fetch(fields, force=True)
            return (await self._kept(fields, fetched)).text

    async def drop(self, dead: str) -> None:
        """Forgets a refused token where it is stored; the next `get` fetches one."""
        async with self._lock, self._credentials.exclusively() as fields:
            if _token(fields).text == dead:  # else it was replaced meanwhile
                kept = {k: v for k, v in fields.items() if k not in {"access_token", "expires_at"}}
                await self._credentials.store(kept, expires_at=None)

    async def _prolonged(self, fields: Mapping[str, str], token: Token) -> Token:
        try:
            fresh = await self._source.fetch(fields, force=False)
        except PlatformError:
            if self._left_s(token) < USABLE_S:
                raise
            fresh = Fetched(token=token)
        same = fresh.token.text == token.text and not fresh.changed
        if same and fresh.token.expires_at - token.expires_at < _ASK_AGAIN:
            self._unchanged = (token.text, self._clock.now())
            return token
        return await self._kept(fields, fresh)

    def _good(self, token: Token, left_s: float) -> bool:
        left = self._left_s(token)
        if left >= left_s or left < USABLE_S or self._unchanged is None:
            return left >= left_s
        text, asked_at = self._unchanged
        return text == token.text and self._clock.now() - asked_at < _ASK_AGAIN

    def _left_s(self, token: Token) -> float:
        return (token.expires_at - self._clock.now()).total_seconds()

    async def _kept(self, fields: Mapping[str, str], fetched: Fetched) -> Token:
        token = fetched.token
        made = {"access_token": token.text, "expires_at": token.expires_at.isoformat()}
        # What it is made from has no end, so nobody has to authorise again.
        await self._credentials.store({**fields, **fetched.changed, **made}, expires_at=None)
        return token


class BySecret:
    """Tokens for an account's own appid and secret."""

    def __init__(self, http: Http, clock: Clock, context: Callable[[], Context]) -> None:
        self._http = http
        self._clock = clock
        self._context = context

    async def ready(self, fields: Mapping[str, str]) -> None:
        """There is nothing it needs beforehand."""

    async def fetch(self, fields: Mapping[str, str], *, force: bool) -> Fetched:
        """The account's stable token; forced, the former dies at once (20 times a day)."""
        answer = await self._ask(fields.get("appid", ""), fields.get("secret", ""), force=force)
        life_s = min(answer.number("expires_in"), limits.TOKEN_MAX_LIFE_S)
        expires_at = self._clock.now().astimezone(UTC) + timedelta(seconds=life_s)
        return Fetched(token=Token(text=answer.text("access_token"), expires_at=expires_at))

    async def _ask(self, appid: str, secret: str, *, force: bool) -> Fields:
        if not appid or not secret:
            raise AuthFailed(
                _("The account has no appid and secret; store both as its credential."),
                platform="wechat",
                action=ACTION,
            )
        body = {"grant_type": "client_credential", "appid": appid, "secret": secret}
        answer = await self._http.read(
            "POST", PATH, action=ACTION, json_body=body | ({"force_refresh": True} if force else {})
        )
        code = errors.code_of(answer.fields)
        if code != 0:
            raise errors.error_for(code, answer.origin, Stage.TOKEN, self._context())
        return answer.fields


_NONE = Token(text="", expires_at=datetime.min.replace(tzinfo=UTC))


def _token(fields: Mapping[str, str]) -> Token:
    """The stored token; one that has ended when there is none, or its end cannot be read."""
    text = fields.get("access_token", "")
    try:
        ends_at = datetime.fromisoformat(fields.get("expires_at", ""))
    except ValueError:
        return _NONE
    return Token(text=text, expires_at=ends_at) if text and ends_at.tzinfo else _NONE
