"""Weibo's OAuth: the page where an owner agrees, the exchange of the code, a token's real end.

There is no refresh on the server: a web app gets a new token only through the page.
https://open.weibo.com/wiki/授权机制说明 (read 2026-11-21)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from adapters.http import Http
from adapters.weibo.api import check
from bot.clock import Clock


@dataclass(frozen=True, kw_only=True)
class App:
    """The application accounts authorise, as the open platform's console shows it."""

    key: str
    secret: str


@dataclass(frozen=True, kw_only=True)
class Token:
    """What a code was exchanged for."""

    access_token: str
    uid: str
    life_s: int


@dataclass(frozen=True, kw_only=True)
class TokenInfo:
    """What the platform says of a token that lives."""

    app_key: str  # whose app it was given to; "" when it does not say
    left_s: int


def authorize_url(base_url: str, app: App, *, redirect: str, state: str, force_login: bool) -> str:
    """The page where the account's owner agrees. https://open.weibo.com/wiki/OAuth2/authorize

    `redirect` must equal 授权回调页 of the console, else the page says 21322.
    """
    fields = {
        "client_id": app.key,
        "redirect_uri": redirect,
        "response_type": "code",
        "state": state,
    }
    if force_login:
        fields["forcelogin"] = "true"
    return f"{base_url.rstrip('/')}/oauth2/authorize?{urlencode(fields)}"


class OAuth:
    """The calls around a token. Codes of refusals mean the same as in all other calls."""

    def __init__(self, http: Http, clock: Clock) -> None:
        self._http = http
        self._clock = clock

    async def exchange(self, app: App, code: str, *, redirect: str) -> Token:
        """The token for a code, which works once: the call is made once, never repeated.

        https://open.weibo.com/wiki/OAuth2/access_token
        """
        answer = await self._http.call(
            "POST",
            "/oauth2/access_token",
            action="oauth2/access_token",
            data={
                "client_id": app.key,
                "client_secret": app.secret,
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": redirect,
            },
            effect=False,
        )
        check(answer, self._clock)
        fields = answer.fields
        return Token(
            access_token=fields.text("access_token"),
            uid=fields.text("uid"),
            life_s=fields.number("expires_in"),
        )

    async def token_info(self, access_token: str) -> TokenInfo:
        """Whose token it is and how long it holds. https://open.weibo.com/wiki/Oauth2/get_token_info

        The field is `expire_in` here; the page that gives the token calls it `expires_in`.
        """
        answer = await self._http.read(
            "POST",
            "/oauth2/get_token_info",
            action="oauth2/get_token_info",
            data={"access_token": access_token},
        )
        check(answer, self._clock)
        fields = answer.fields
        return TokenInfo(app_key=fields.text("appkey", ""), left_s=fields.number("expire_in"))


def app_of(fields: Mapping[str, str]) -> App | None:
    """The app in a credential's fields; None when a part is missing."""
    key, secret = fields.get("app_key", ""), fields.get("app_secret", "")
    return App(key=key, secret=secret) if key and secret else None
