"""WeChat's front desk: its calls to us, and how a unit's administrator authorises the office.

One desk for the office. An account with its own AppSecret may have its calls sent to an address of
its own, with its own Token and EncodingAESKey; all others come through the third-party platform.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol
from urllib.parse import urlencode

from adapters.http import Fields, Http
from adapters.wechat import results
from adapters.wechat.callbacks import Keys, Message, Seen, message, opened, text_of
from adapters.wechat.component import (
    APPID,
    CALLBACK_KEY,
    CALLBACK_TOKEN,
    PERMISSION_SETS,
    TICKET,
    TICKET_AT,
    Component,
    TokenName,
    granted_fields,
    sets_in,
)
from bot.contract import Call, Credentials, Granted, Heard, Member, Profile, Tools
from bot.domain.roster import Account
from bot.errors import AuthFailed, CallRefused, Rejected
from bot.i18n import _

SUCCESS = "success"  # the answer WeChat wants; without it within 5 s the call comes again
NEEDED_SETS = (7, 11)  # publishing, and material with drafts; 1 only for being told the results
_OFFICIAL_ACCOUNTS = "1"  # auth_type: not mini-programs
_CODES_KEPT = 500
_CODE_DEAD = frozenset({"61009", "61010"})  # used up or too old


class Config(Protocol):
    """The settings it uses, of [platforms.wechat]."""

    @property
    def base_url(self) -> str: ...
    @property
    def page_url(self) -> str: ...
    @property
    def timeout_s(self) -> float: ...
    @property
    def read_wait_s(self) -> float: ...
    @property
    def callback_age_s(self) -> float: ...
    @property
    def component_parameter(self) -> TokenName: ...


class WechatDesk:
    """Hears WeChat, connects accounts by scanning a code, and lists who has authorised us."""

    def __init__(self, tools: Tools, config: Config) -> None:
        http = Http(
            tools.session,
            platform="wechat",
            base_url=config.base_url,
            timeout_s=config.timeout_s,
            read_wait_s=config.read_wait_s,
            pace=tools.pace,
        )
        self._app = tools.credentials
        self._clock = tools.clock
        self._config = config
        self._component = Component(
            http, self._app, tools.clock, parameter=config.component_parameter
        )
        self._seen = Seen(config.callback_age_s)
        self._redeemed: dict[str, Fields] = {}  # by code: event and browser bring the same one
        self._redeeming = asyncio.Lock()

    async def hear(self, call: Call, account: Credentials | None) -> Heard:
        """Understands one call; what is no news, and what came before, is answered "success".

        DOCS/oplatform/Third-party_Platforms/2.0/api/Before_Develop/authorize_event and
        DOCS/subscription/guide/dev/push/encryption
        """
        keys = _keys_of(await account.load()) if account else await self._office_keys()
        now = self._clock.now()
        found = opened(call, keys, now, self._config.callback_age_s)
        if call.method == "GET":
            return Heard(body=found.text)
        if found.mark in self._seen:
            return Heard(body=SUCCESS)
        appid = call.path if account is None else keys.appid
        heard = await self._understood(message(found.text), appid, office=account is None)
        self._seen.add(found.mark, now)
        return heard

    async def _office_keys(self) -> Keys:
        fields = await self._app.load()
        if not fields.get(CALLBACK_KEY):
            raise CallRefused(_("No callback_aes_key is stored for the third-party platform."))
        return Keys(
            token=fields.get(CALLBACK_TOKEN, ""),
            aes_key=fields[CALLBACK_KEY],
            appid=fields.get(APPID, ""),
        )

    async def _understood(self, fields: Message, appid: str, *, office: bool) -> Heard:
        kind = text_of(fields, "InfoType") if office else ""
        if kind == "component_verify_ticket":
            await self._keep_ticket(text_of(fields, "ComponentVerifyTicket"), _moment(fields))
        elif kind in ("authorized", "updateauthorized"):
            # The code must be used while it lives, or WeChat no longer lists a refresh token.
            await self._redeem_if_alive(text_of(fields, "AuthorizationCode"))
        elif kind == "unauthorized" and text_of(fields, "AuthorizerAppid"):
            return Heard(body=SUCCESS, revoked={"appid": text_of(fields, "AuthorizerAppid")})
        return Heard(
            body=SUCCESS, posts=results.posts_in(fields, appid), learned=results.learned_in(fields)
        )

    async def _keep_ticket(self, ticket: str, moment: int) -> None:
        """Keeps the newest ticket: pushes are repeated, and may come in any order."""
        async with self._app.exclusively() as fields:
            if ticket and moment >= int(fields.get(TICKET_AT, "0")):
                kept = {**fields, TICKET: ticket, TICKET_AT: str(moment)}
                await self._app.store(kept, expires_at=None)

    async def invite(self, account: Account, *, redirect: str, state: str) -> str:
        """WeChat's page with the code to scan, for a computer; good for ten minutes or more.

        It opens only by a click on a page of the registered domain (授权发起页域名).
        DOCS/Third-party_Platforms/2.0/api/Before_Develop/Authorization_Process_Technical_Description
        """
        return await self._page("/cgi-bin/componentloginpage", {}, redirect, state)

    async def invite_phone(self, account: Account, *, redirect: str, state: str) -> str:
        """The same for a phone: opened within WeChat, it needs no scanning."""
        more = {"action": "bindcomponent", "no_scan": "1"}
        page = await self._page("/safe/bindcomponent", more, redirect, state)
        return page + "#wechat_redirect"

    async def _page(self, path: str, more: Mapping[str, str], redirect: str, state: str) -> str:
        query = {
            **more,
            "auth_type": _OFFICIAL_ACCOUNTS,
            "component_appid": await self._component.appid(),
            "pre_auth_code": await self._component.preauth_code(),
            "redirect_uri": f"{redirect}?{urlencode({'state': state})}",
        }
        return f"{self._config.page_url.rstrip('/')}{path}?{urlencode(query)}"

    async def accept(self, query: Mapping[str, str], *, redirect: str) -> Granted:
        """The credential of the account whose administrator has just agreed.

        Raises Rejected when permission sets the bot needs were left out, AuthFailed for a code
        that is used up or too old.
        """
        code = query.get("auth_code", "")
        if not code:
            message = _("WeChat sent no auth_code: the administrator did not agree. Scan again.")
            raise AuthFailed(message, platform="wechat", action="api_query_auth")
        info = await self._redeem(code)
        _check_sets(info)
        profile = await self._component.profile(info.text("authorizer_appid"))
        return Granted(
            fields=granted_fields(info, self._clock.now()),
            expires_at=None,
            name=profile.name,
            verified_name=profile.verified_name,
        )

    async def _redeem_if_alive(self, code: str) -> None:
        try:
            await self._redeem(code)
        except AuthFailed as error:
            if error.code not in _CODE_DEAD:
                raise

    async def _redeem(self, code: str) -> Fields:
        async with self._redeeming:
            if code not in self._redeemed:
                while len(self._redeemed) >= _CODES_KEPT:
                    self._redeemed.pop(next(iter(self._redeemed)))
                self._redeemed[code] = await self._component.redeem(code)
            return self._redeemed[code]

    async def members(self) -> Sequence[Member]:
        """Every account whose administrator has authorised the office, with what it may do."""
        return [
            Member(fields={"appid": appid}, profile=await self._profile(appid))
            for appid in await self._component.members()
        ]

    async def _profile(self, appid: str) -> Profile:
        try:
            return await self._component.profile(appid)
        except AuthFailed:  # it left between list and question; it must not hide the others
            return Profile()


def _keys_of(fields: Mapping[str, str]) -> Keys:
    return Keys(
        token=fields.get(CALLBACK_TOKEN, ""),
        aes_key=fields.get(CALLBACK_KEY, ""),
        appid=fields.get("appid", ""),
    )


def _moment(fields: Message) -> int:
    created = text_of(fields, "CreateTime")
    return int(created) if created.isdecimal() else 0


def _check_sets(info: Fields) -> None:
    missing = [str(number) for number in NEEDED_SETS if number not in sets_in(info)]
    if missing:
        names = "、".join(f"{PERMISSION_SETS[int(number)]}（{number}）" for number in missing)
        message = _(
            "The administrator left out permission sets the bot needs: {names}. Nothing was "
            "stored; scan again and leave all of them ticked."
        )
        raise Rejected(message.format(names=names), platform="wechat", action="api_query_auth")
