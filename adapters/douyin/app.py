"""The office's application at Douyin: its key, its client token, tickets and share ids.

A new client token ends the older ones after five minutes, so there is one for all processes: it
is kept beside the application's secret, with the ticket that H5 links are signed with.
https://developer.open-douyin.com/docs/resource/zh-CN/dop/develop/openapi/account-permission/client-token
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from adapters.douyin.api import TOKEN_CODES, checked
from adapters.douyin.config import PLATFORM
from adapters.http import Fields, Http, Origin
from bot.clock import Clock
from bot.contract import Credentials, Tools
from bot.errors import AuthFailed, Unavailable
from bot.i18n import _

T = TypeVar("T")
Kept = Mapping[str, str]
_LEFT = timedelta(minutes=10)  # life a token or ticket must have to be handed out
_SECRETS = ("client_key", "client_secret")
_TOKEN, _TICKET = "client_token", "client_ticket"


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """What H5 links are signed with."""

    text: str
    ends_at: datetime


class App:
    """The application an account works under.

    An account whose own credential has key and secret keeps them, also when the office has an
    application for all: its tokens were made for its own.
    """

    def __init__(
        self, http: Http, clock: Clock, office: Credentials | None, account: Credentials | None
    ) -> None:
        self._http = http
        self._clock = clock
        self._office = office
        self._account = account
        self._memory: dict[str, str] = {}

    async def key(self) -> str:
        """The client_key; raises AuthFailed when nobody has entered one."""
        return (await self._holder("client_key"))[1]["client_key"]

    async def key_and_secret(self) -> tuple[str, str]:
        """client_key and client_secret; raises AuthFailed when nobody has entered them."""
        _holder, fields = await self._holder(*_SECRETS)
        return fields["client_key"], fields["client_secret"]

    async def ticket(self) -> Ticket:
        """A ticket that lives for a while yet; scope open.get.ticket."""
        holder, fields = await self._holder(*_SECRETS)
        if not self._good(fields, _TICKET):
            told = await self._with_token(lambda token: self._get("/open/getticket/", token))
            async with holder.exclusively() as current:
                fields = await self._keep(holder, current, _TICKET, told.text("ticket"), told)
        return Ticket(text=fields[_TICKET], ends_at=datetime.fromisoformat(fields[_end(_TICKET)]))

    async def share_id(self) -> str:
        """A new id that a later create_video event names; scope aweme.share."""
        told = await self._with_token(
            lambda token: self._get("/share-id/", token, {"need_callback": "true"})
        )
        return told.text("share_id")

    async def short_link(self, body: Mapping[str, object]) -> str:
        """The platform's own short link for a share; scope jump.basic.

        https://developer.open-douyin.com/docs/resource/zh-CN/dop/develop/openapi/video-management/jump/h5-share
        """

        async def ask(token: str) -> str:
            answer = await self._http.read(
                "POST",
                "/api/douyin/v1/schema/get_share/",
                action="schema/get_share",
                json_body=body,
                headers={"access-token": token},
            )
            return checked(answer, self._clock).data.text("schema")

        return await self._with_token(ask)

    async def _get(self, path: str, token: str, params: Mapping[str, str] | None = None) -> Fields:
        answer = await self._http.read(
            "GET", path, action=path.strip("/"), params=params, headers={"access-token": token}
        )
        return checked(answer, self._clock).data

    async def _with_token(self, call: Callable[[str], Awaitable[T]]) -> T:
        """What `call` gives, made again once when the platform refuses the client token."""
        token = await self._client_token(refused="")
        try:
            return await call(token)
        except Unavailable as error:
            if error.code not in TOKEN_CODES:
                raise
            return await call(await self._client_token(refused=token))

    async def _client_token(self, *, refused: str) -> str:
        holder, fields = await self._holder(*_SECRETS)
        if not self._good(fields, _TOKEN, refused):
            async with holder.exclusively() as current:
                fields = {**current, **self._memory}
                if not self._good(fields, _TOKEN, refused):  # else another process was faster
                    told = await self._asked_token(current)
                    token = told.text("access_token")
                    fields = await self._keep(holder, current, _TOKEN, token, told)
        return fields[_TOKEN]

    async def _asked_token(self, fields: Kept) -> Fields:
        form = {name: fields[name] for name in _SECRETS} | {"grant_type": "client_credential"}
        answer = await self._http.call(
            "POST", "/oauth/client_token/", action="oauth/client_token", data=form, effect=False
        )
        return checked(answer, self._clock).data

    async def _keep(
        self, holder: Credentials, fields: Kept, name: str, value: str, told: Fields
    ) -> Kept:
        """The fields with something new; only within `exclusively`."""
        ends_at = self._clock.now() + timedelta(seconds=told.number("expires_in"))
        fresh = {name: value, _end(name): ends_at.isoformat()}
        if holder is self._office:
            await holder.store({**fields, **fresh}, expires_at=None)
        else:  # storing would overwrite until when the account's owner has authorised us
            self._memory |= fresh
        return {**fields, **self._memory, **fresh}

    def _good(self, fields: Kept, name: str, refused: str = "") -> bool:
        ends_at = fields.get(_end(name), "")
        if fields.get(name, "") in ("", refused) or not ends_at:
            return False
        return datetime.fromisoformat(ends_at) - self._clock.now() > _LEFT

    async def _holder(self, *names: str) -> tuple[Credentials, Kept]:
        """Whose fields hold all of `names`, the account's first."""
        for holder in (self._account, self._office):
            fields = await _fields(holder)
            if holder is not None and all(fields.get(name) for name in names):
                return holder, {**fields, **self._memory}
        raise Origin(platform=PLATFORM, action="credential", effect=False).error(
            AuthFailed,
            _("Nobody has entered the office's Douyin application."),
            advice=_(
                "Enter its client_key and client_secret: `bot accounts set-credential @douyin`."
            ),
        )


def app_of(http: Http, tools: Tools) -> App:
    """The application of the account these tools are for."""
    return App(http, tools.clock, tools.app, tools.credentials)


def _end(name: str) -> str:
    return f"{name}_ends_at"


async def _fields(holder: Credentials | None) -> Kept:
    if holder is None:
        return {}
    try:
        return await holder.load()
    except AuthFailed:
        return {}  # an account in H5 mode need not have authorised anything
