"""The office's third-party platform (第三方平台): accounts are used with their owners' leave.

A chain of credentials: the ticket WeChat pushes every ten minutes → the platform's own token (2 h)
→ each account's refresh token, which may change with every use → the account's token (2 h).
DOCS is https://developers.weixin.qq.com/doc/oplatform (pages as of 2025-2026).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Literal

from adapters.http import Answer, Fields, Http
from adapters.wechat import errors, limits
from adapters.wechat.errors import Context, Stage
from adapters.wechat.tokens import Fetched, Source, Token, Tokens
from bot.clock import Clock
from bot.contract import Credentials, Profile
from bot.errors import AuthFailed, PlatformError, Unavailable
from bot.i18n import _

# Fields of the office's credential: the first four are entered by a person, the ticket is kept as
# it comes, `access_token` and `expires_at` are the platform's own token.
APPID, SECRET = "component_appid", "component_secret"
CALLBACK_TOKEN, CALLBACK_KEY = "callback_token", "callback_aes_key"
TICKET, TICKET_AT = "component_verify_ticket", "ticket_at"
_PUSH_ASKED_AT = "ticket_asked_at"
# Of an account's credential, beside its appid.
REFRESH_TOKEN = "authorizer_refresh_token"  # noqa: S105

# How the platform's own token is named in the query.
TokenName = Literal["both", "component_access_token", "access_token"]
_BOTH = ("component_access_token", "access_token")
LIST_PAGE = 500  # DOCS/openApi/authorization-management/api_getauthorizerlist
TOKEN_LEFT_S = 600.0  # the documents advise a new token after 1 h 50 min
_ASK_PUSH_EVERY = timedelta(hours=1)

_OWN_TOKEN_DEAD = frozenset({40001, 40014, 42001, 42006})
_TICKET_DEAD = frozenset({"61005", "61006"})
_REFRESH_TOKEN_DEAD = frozenset({"61023", "42002"})
# What concerns this one account; every other refusal concerns the office and must stop no account.
_OWNERS = _REFRESH_TOKEN_DEAD | {"42007", "61003", "61007", "61016", "61017", "50004", "50007"}

# DOCS/Third-party_Platforms/2.0/product/offical_account_authority.html
PERMISSION_SETS = {1: "消息管理", 7: "群发与通知", 11: "素材管理"}
_RIGHTS = {1: "messages", 7: "publish", 11: "material"}
_SERVICE_TYPES = {0: "subscription", 1: "subscription", 2: "service"}
_NORMAL = 1  # account_status


class Component:
    """What the third-party platform may ask WeChat."""

    def __init__(
        self, http: Http, app: Credentials | None, clock: Clock, *, parameter: TokenName
    ) -> None:
        self._http = http
        self._app = app or _Nothing()
        self._clock = clock
        self._token_names = _BOTH if parameter == "both" else (parameter,)
        self._tokens = Tokens(ByTicket(http, self._app, clock), self._app, clock)

    async def ready(self) -> None:
        """Makes sure of the platform's own token."""
        await self._tokens.get(left_s=TOKEN_LEFT_S)

    async def appid(self) -> str:
        """The platform's own appid; raises AuthFailed while the office has not entered it."""
        return _given(await self._app.load(), APPID)

    async def preauth_code(self) -> str:
        """A code for one authorisation, good for some ten to thirty minutes.

        DOCS/openApi/ticket-token/api_getpreauthcode
        """
        answer = await self._ask("api_create_preauthcode", {})
        return answer.text("pre_auth_code")

    async def redeem(self, code: str) -> Fields:
        """The account an owner has just authorised, with its tokens; each code works once.

        DOCS/openApi/ticket-token/api_getauthorizerrefreshtoken
        """
        answer = await self._ask("api_query_auth", {"authorization_code": code})
        return answer.fields("authorization_info")

    async def refresh(self, appid: str, refresh_token: str) -> Fields:
        """A token for an account, and the refresh token that holds from now on.

        DOCS/openApi/ticket-token/api_getauthorizeraccesstoken
        """
        body = {"authorizer_appid": appid, REFRESH_TOKEN: refresh_token}
        return await self._ask("api_authorizer_token", body)

    async def members(self) -> dict[str, str]:
        """Appid → refresh token ("" when WeChat does not tell it) of all who authorised us.

        DOCS/openApi/authorization-management/api_getauthorizerlist
        """
        found: dict[str, str] = {}
        for offset in range(0, 100 * LIST_PAGE, LIST_PAGE):
            body = {"offset": offset, "count": LIST_PAGE}
            answer = await self._ask("api_get_authorizer_list", body)
            page = list(answer.each("list"))
            for entry in page:
                found[entry.text("authorizer_appid")] = entry.text("refresh_token", "")
            if len(page) < LIST_PAGE:
                break
        return found

    async def profile(self, appid: str) -> Profile:
        """An account as WeChat has it. DOCS/…/authorization-management/api_getauthorizerinfo"""
        answer = await self._ask("api_get_authorizer_info", {"authorizer_appid": appid})
        info = answer.fields("authorizer_info")
        granted = sets_in(answer.fields("authorization_info"))
        kind = _inner(info, "service_type_info")
        permissions = {name: number in granted for number, name in _RIGHTS.items()}
        permissions["verified"] = _inner(info, "verify_type_info") >= 0
        permissions["in-order"] = info.number("account_status", _NORMAL) == _NORMAL
        return Profile(
            name=info.text("nick_name", ""),
            verified_name=info.text("principal_name", ""),
            kind=_SERVICE_TYPES.get(kind, ""),
            permissions=permissions,
        )

    async def _ask(self, name: str, body: Mapping[str, object]) -> Fields:
        full = {"component_appid": await self.appid(), **body}
        token = await self._tokens.get(left_s=TOKEN_LEFT_S)
        answer = await self._call(name, token, full)
        if errors.code_of(answer.fields) in _OWN_TOKEN_DEAD:
            answer = await self._call(name, await self._tokens.replace(token), full)
        return _checked(answer, self._clock)

    async def _call(self, name: str, token: str, body: Mapping[str, object]) -> Answer:
        # Each of these may be asked again: a refresh token that changed with a lost answer is
        # found in the list, and a code that was used up with one is no worse off.
        return await self._http.read(
            "POST",
            f"/cgi-bin/component/{name}",
            action=name,
            # Old pages call the parameter component_access_token, new ones access_token.
            params=dict.fromkeys(self._token_names, token),
            json_body=body,
        )


class _Nothing:
    """The secrets of an office without a third-party platform."""

    async def load(self) -> Mapping[str, str]:
        return {}

    @asynccontextmanager
    async def exclusively(self) -> AsyncIterator[Mapping[str, str]]:
        yield {}

    async def store(self, fields: Mapping[str, str], *, expires_at: datetime | None) -> None:
        raise AssertionError("there is nothing to keep")


class ByTicket:
    """The platform's own token, for the ticket WeChat has pushed last."""

    def __init__(self, http: Http, app: Credentials, clock: Clock) -> None:
        self._http = http
        self._app = app
        self._clock = clock

    async def ready(self, fields: Mapping[str, str]) -> None:
        """There is nothing it needs beforehand."""

    async def fetch(self, fields: Mapping[str, str], *, force: bool) -> Fetched:
        """A new token. DOCS/openApi/ticket-token/api_getcomponentaccesstoken

        Raises Unavailable while there is no ticket that holds; one is asked for then.
        """
        appid, secret = _given(fields, APPID), _given(fields, SECRET)
        if not fields.get(TICKET):
            raise await self._without_ticket(fields)
        body = {"component_appid": appid, "component_appsecret": secret, TICKET: fields[TICKET]}
        try:
            answer = await self._post("api_component_token", body)
        except AuthFailed as error:
            if error.code not in _TICKET_DEAD:
                raise
            raise await self._without_ticket(fields) from error
        name = "component_access_token"
        return Fetched(token=_token(answer, name, self._clock.now()))

    async def _without_ticket(self, fields: Mapping[str, str]) -> PlatformError:
        now = self._clock.now()
        asked_at = fields.get(_PUSH_ASKED_AT, "")
        if not asked_at or now - datetime.fromisoformat(asked_at) >= _ASK_PUSH_EVERY:
            # DOCS/openApi/ticket-token/api_startpushticket
            body = {"component_appid": fields[APPID], "component_secret": fields[SECRET]}
            await self._post("api_start_push_ticket", body)
            await self._app.store({**fields, _PUSH_ASKED_AT: now.isoformat()}, expires_at=None)
        return Unavailable(
            _(
                "WeChat has not pushed a component_verify_ticket to this office's third-party "
                "platform. It comes every ten minutes: check that the authorisation event URL "
                "(授权事件接收URL) in its console leads here and that callback_token and "
                "callback_aes_key are the same on both sides."
            ),
            platform="wechat",
            action="component_verify_ticket",
        )

    async def _post(self, name: str, body: Mapping[str, str]) -> Fields:
        path = f"/cgi-bin/component/{name}"
        answer = await self._http.read("POST", path, action=name, json_body=body)
        return _checked(answer, self._clock)


class ByComponent:
    """Tokens for an account whose owner has authorised the office's third-party platform."""

    def __init__(self, component: Component, clock: Clock) -> None:
        self._component = component
        self._clock = clock

    async def ready(self, fields: Mapping[str, str]) -> None:
        """Has the platform's own token renewed before the account is locked, for all at once."""
        with suppress(PlatformError):  # `fetch` says it, if it still matters then
            await self._component.ready()

    async def fetch(self, fields: Mapping[str, str], *, force: bool) -> Fetched:
        """A new token, and the refresh token to keep with it.

        Raises AuthFailed when the owner must authorise again; what is wrong with the office's
        platform is Unavailable, because it is nothing against the account.
        """
        try:
            return await self._fetched(fields["appid"], fields[REFRESH_TOKEN])
        except AuthFailed as error:
            if error.code in _OWNERS:
                raise
            raise Unavailable(
                error.message,
                platform=error.platform,
                action=error.action,
                status=error.status,
                code=error.code,
                advice=error.advice,
                raw=error.raw,
            ) from error

    async def _fetched(self, appid: str, kept: str) -> Fetched:
        try:
            answer = await self._component.refresh(appid, kept)
        except AuthFailed as error:
            if error.code not in _REFRESH_TOKEN_DEAD:
                raise
            # Somebody else changed it, or an answer that brought a new one was lost.
            current = (await self._component.members()).get(appid, "")
            if current in ("", kept):
                raise
            kept, answer = current, await self._component.refresh(appid, current)
        return Fetched(
            token=_token(answer, "authorizer_access_token", self._clock.now()),
            changed={REFRESH_TOKEN: answer.text(REFRESH_TOKEN, "") or kept},
        )


class Either:
    """Tokens by the office's platform where the owner authorised it, else by the own secret."""

    def __init__(self, secret: Source, component: Source) -> None:
        self._secret = secret
        self._component = component

    async def ready(self, fields: Mapping[str, str]) -> None:
        await self._of(fields).ready(fields)

    async def fetch(self, fields: Mapping[str, str], *, force: bool) -> Fetched:
        return await self._of(fields).fetch(fields, force=force)

    def _of(self, fields: Mapping[str, str]) -> Source:
        return self._component if fields.get(REFRESH_TOKEN) else self._secret


def granted_fields(info: Fields, now: datetime) -> dict[str, str]:
    """The credential of an account that was just authorised."""
    token = _token(info, "authorizer_access_token", now)
    return {
        "appid": info.text("authorizer_appid"),
        REFRESH_TOKEN: info.text(REFRESH_TOKEN),
        "access_token": token.text,
        "expires_at": token.expires_at.isoformat(),
    }


def sets_in(info: Fields) -> frozenset[int]:
    """The permission sets (权限集) that may be used now.

    One that still waits for a confirmation answers 61016.
    """
    found = set()
    for entry in info.each("func_info"):
        confirm = entry.fields("confirm_info") if "confirm_info" in entry else None
        waits = confirm is not None and confirm.flag("need_confirm", False)
        if not waits or (confirm is not None and confirm.flag("already_confirm", False)):
            found.add(entry.fields("funcscope_category").number("id"))
    return frozenset(found)


def _inner(info: Fields, name: str) -> int:
    return info.fields(name).number("id", -1) if name in info else -1


def _given(fields: Mapping[str, str], name: str) -> str:
    if not fields.get(name):
        message = _(
            "The office's third-party platform has no {name}: enter it with "
            "`bot accounts set-credential @wechat`."
        )
        raise AuthFailed(message.format(name=name), platform="wechat", action="component")
    return fields[name]


def _token(answer: Fields, name: str, now: datetime) -> Token:
    life_s = min(answer.number("expires_in"), limits.TOKEN_MAX_LIFE_S)
    ends_at = now.astimezone(UTC) + timedelta(seconds=life_s)
    return Token(text=answer.text(name), expires_at=ends_at)


def _checked(answer: Answer, clock: Clock) -> Fields:
    code = errors.code_of(answer.fields)
    if code != 0:
        context = Context(now=clock.now(), account_kind="")
        raise errors.error_for(code, answer.origin, Stage.TOKEN, context)
    return answer.fields
