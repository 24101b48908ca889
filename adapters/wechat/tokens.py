"""The access token of one account: fetched from `stable_token`, stored before it is used.

`POST /cgi-bin/stable_token` gives the same token to everybody until five minutes before its end,
so several workers never knock each other out.
https://developers.weixin.qq.com/doc/subscription/api/base/api_getstableaccesstoken
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from adapters.http import Fields, Http
from adapters.wechat import errors, limits
from adapters.wechat.errors import Context, Stage
from bot.clock import Clock
from bot.contract import Credentials
from bot.errors import AuthFailed
from bot.i18n import _

PATH = "/cgi-bin/stable_token"
ACTION = "stable_token"


@dataclass(frozen=True, kw_only=True)
class Token:
    """An access token and until when it holds."""

    text: str
    expires_at: datetime


class Tokens:
    """Hands out living tokens; fetches run one at a time."""

    def __init__(
        self, http: Http, credentials: Credentials, clock: Clock, context: Callable[[], Context]
    ) -> None:
        self._http = http
        self._credentials = credentials
        self._clock = clock
        self._context = context
        self._token: Token | None = None
        self._lock = asyncio.Lock()

    async def get(self, *, left_s: float = 60) -> str:
        """A token with at least `left_s` to live, as far as WeChat gives one.

        Between 10 and 5 minutes before its end WeChat still gives the old one; it is used then.
        """
        async with self._lock:
            token = self._token or await self._stored()
            if token is None or self._left_s(token) < left_s:
                token = await self._fetch(force=False)
            self._token = token
            return token.text

    async def replace(self, dead: str) -> str:
        """Another token than `dead`, which the platform has just refused."""
        async with self._lock:
            if self._token is not None and self._token.text != dead:
                return self._token.text
            token = await self._fetch(force=False)
            if token.text == dead:
                # Only now: forcing kills the token for whoever else is using it.
                token = await self._fetch(force=True)
            self._token = token
            return token.text

    async def drop(self) -> None:
        """Forgets the token, here and where it is stored; the next `get` fetches one."""
        async with self._lock:
            self._token = None
            fields = dict(await self._credentials.load())
            fields.pop("access_token", None)
            fields.pop("expires_at", None)
            await self._credentials.store(fields, expires_at=None)

    def _left_s(self, token: Token) -> float:
        return (token.expires_at - self._clock.now()).total_seconds()

    async def _stored(self) -> Token | None:
        fields = await self._credentials.load()
        text, expires_at = fields.get("access_token", ""), fields.get("expires_at", "")
        try:
            moment = datetime.fromisoformat(expires_at)
        except ValueError:
            return None
        known = bool(text) and moment.tzinfo is not None
        return Token(text=text, expires_at=moment) if known else None

    async def _fetch(self, *, force: bool) -> Token:
        kept = dict(await self._credentials.load())
        answer = await self._ask(kept.get("appid", ""), kept.get("secret", ""), force=force)
        life_s = min(answer.number("expires_in"), limits.TOKEN_MAX_LIFE_S)
        expires_at = self._clock.now().astimezone(UTC) + timedelta(seconds=life_s)
        token = Token(text=answer.text("access_token"), expires_at=expires_at)
        kept |= {"access_token": token.text, "expires_at": expires_at.isoformat()}
        await self._credentials.store(kept, expires_at=expires_at)
        return token

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
