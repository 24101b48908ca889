"""WeChat's third-party platforms (第三方平台): one component, and who authorised it.

`P` in source notes stands for https://developers.weixin.qq.com/doc/oplatform (read 2026-11-21).
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from html import escape
from typing import Final
from urllib.parse import urlencode, urlsplit

from bot.simulator.store import ControlError, Json, digest
from bot.simulator.wechat_callbacks import Delivery, Outbox, Target, call_to, xml_of
from bot.simulator.wechat_state import TOKEN_LIFE_S, Account, WechatError, WechatState
from bot.simulator.wire import Answer, BadBody, Call

TICKET_EVERY_S: Final = 600.0
TICKET_LIFE_S: Final = 12 * 3600.0
PREAUTH_LIFE_S: Final = 600.0
CODE_LIFE_S: Final = 600.0
LIST_MAX: Final = 500
PAGES: Final = ("/cgi-bin/componentloginpage", "/safe/bindcomponent")
_PATH: Final = "/cgi-bin/component/"

#: Permission sets: P/Third-party_Platforms/2.0/product/offical_account_authority.html
_SETS: Final = {
    "/cgi-bin/freepublish/": 7,
    "/cgi-bin/message/mass/": 7,
    "/cgi-bin/comment/": 7,
    "/datacube/": 7,
    "/cgi-bin/draft/": 11,
    "/cgi-bin/material/": 11,
    "/cgi-bin/media/": 11,
}


@dataclass(kw_only=True, slots=True)
class Authorisation:
    """What one account's administrator allowed."""

    account: Account
    sets: tuple[int, ...]
    refresh_token: str
    auth_time: float
    listed: bool = False  # its code was used, so lists tell the refresh token


@dataclass(frozen=True, kw_only=True, slots=True)
class AuthCode:
    """An authorisation code not used yet."""

    account: str
    expires_at: float


@dataclass(kw_only=True)
class Component:
    """One third-party platform."""

    appid: str
    secret: str
    token: str
    aes_key: str
    events_url: str  # 授权事件接收URL
    messages_url: str = ""  # 消息与事件接收URL, with $APPID$
    rotate: bool = False  # every use of a refresh token gives another
    tickets: dict[str, float] = field(default_factory=dict)  # when each was pushed
    tokens: dict[str, float] = field(default_factory=dict)  # until when each holds
    preauth: dict[str, float] = field(default_factory=dict)
    codes: dict[str, AuthCode] = field(default_factory=dict)
    members: dict[str, Authorisation] = field(default_factory=dict)  # by our id of the account

    def target(self, url: str) -> Target:
        """An address of the platform: always encrypted, with one key, for the component itself."""
        return Target(url=url, token=self.token, aes_key=self.aes_key, receiver=self.appid)


INPUT: Final = ("appid", "secret", "token", "aes_key", "events_url", "messages_url", "rotate")


class ThirdParty:
    """The calls of a component, the page its link leads to, and its events."""

    def __init__(self, state: WechatState, outbox: Outbox) -> None:
        self.state = state
        self.core = state.core
        self.outbox = outbox
        self.component: Component | None = None

    # ── control ───────────────────────────────────────────────────────────────────────────────

    def register(self, data: Json) -> None:
        """Make the component, or change it; then tickets come every ten minutes."""
        unknown = sorted(set(data) - set(INPUT))
        if unknown:
            raise ControlError(f"a component has no field {unknown[0]!r}")
        before = self.component
        missing = [n for n in INPUT[:5] if before is None and not isinstance(data.get(n), str)]
        if missing:
            raise ControlError(f"a component needs {missing[0]!r}")
        changed = Component(**data) if before is None else replace(before, **data)
        changed.target(changed.events_url)  # refuses a bad key
        self.component = changed
        self.state.component_appid = changed.appid
        if before is None:
            self._ticket_at(self.core.now() + TICKET_EVERY_S)

    def known(self) -> Component:
        """The component; `ControlError` while there is none."""
        if self.component is None:
            raise ControlError("there is no component yet")
        return self.component

    def push_ticket(self) -> None:
        """Push a new ticket at once."""
        self.outbox.now(self._ticket())

    def leave(self, account: str) -> None:
        """The administrator takes the authorisation back."""
        if self.known().members.pop(account, None) is None:
            raise ControlError(f"{account!r} has not authorised the component")
        appid = self.state.accounts[account].appid
        self._tell("unauthorized", {"AuthorizerAppid": appid})

    def allow(self, account: str, sets: tuple[int, ...], preauth: str = "") -> str:
        """The administrator authorises, or changes what is allowed; answers the code."""
        component = self.known()
        owner, serial = self.state.accounts[account], self.core.serial()
        before = component.members.get(account)
        code = f"queryauthcode@@@{digest('code', serial)[:40]}"
        component.codes[code] = AuthCode(account=account, expires_at=self.core.now() + CODE_LIFE_S)
        component.members[account] = Authorisation(
            account=owner,
            sets=sets,
            refresh_token=before.refresh_token if before else _refresh_token(account, serial),
            auth_time=self.core.now(),
        )
        if before is None or before.sets != sets:
            told = {
                "AuthorizerAppid": owner.appid,
                "AuthorizationCode": code,
                "AuthorizationCodeExpiredTime": int(CODE_LIFE_S),
                "PreAuthCode": preauth,
            }
            self._tell("authorized" if before is None else "updateauthorized", told)
        return code

    # ── the page ──────────────────────────────────────────────────────────────────────────────

    def page(self, call: Call) -> Answer:
        """The page a link of the component leads to: whose code is scanned is one click here.

        P/…/Before_Develop/Authorization_Process_Technical_Description
        """
        component, query = self.component, call.query
        if component is None or query.get("component_appid") != component.appid:
            return _page("没有这个第三方平台。", status=400)
        ends_at = component.preauth.get(query.get("pre_auth_code", ""), 0.0)
        if ends_at <= self.core.now():
            return _page("预授权码无效或已过期，请重新发起授权。", status=400)
        redirect = query.get("redirect_uri", "")
        if not urlsplit(redirect).scheme:
            return _page("redirect_uri 参数错误。", status=400)
        account = query.get("account", "")
        if account not in self.state.accounts:
            return _page(self._choices(call))
        del component.preauth[query["pre_auth_code"]]
        sets = tuple(int(n) for n in query.get("sets", "1,7,11").split(",") if n.isdecimal())
        code = self.allow(account, sets, query["pre_auth_code"])
        back = urlencode({"auth_code": code, "expires_in": int(CODE_LIFE_S)})
        joint = "&" if urlsplit(redirect).query else "?"
        return Answer(
            body=None,
            status=302,
            raw="",
            content_type="text/html",
            headers={"Location": redirect + joint + back},
        )

    def _choices(self, call: Call) -> str:
        links = [
            (urlencode({**call.query, "account": one.account}), one.name or one.account)
            for one in self.state.accounts.values()
        ]
        items = "".join(f'<li><a href="?{escape(q)}">{escape(name)}</a></li>' for q, name in links)
        return f"<p>请公众号管理员扫码授权：</p><ul>{items}</ul>"

    # ── calls ─────────────────────────────────────────────────────────────────────────────────

    def serves(self, path: str) -> bool:
        """True for the paths of a component's calls."""
        return path.startswith(_PATH)

    def call(self, path: str, call: Call) -> Json:
        """Carry out one call of the component."""
        name = path.removeprefix(_PATH)
        try:
            data = call.json
        except BadBody as error:
            raise WechatError(47001) from error
        component = self.component
        if component is None or data.get("component_appid") != component.appid:
            raise WechatError(61011)
        if name in _BY_SECRET:
            return _BY_SECRET[name](self, component, data)
        if name not in _BY_TOKEN:
            raise WechatError(48001)
        self._check_token(component, call)
        return _BY_TOKEN[name](self, component, data)

    def check(self, account: Account, path: str) -> None:
        """Whether the account allows the component this call: 61003 or 61007 if not."""
        member = None if self.component is None else self.component.members.get(account.account)
        if member is None:
            raise WechatError(61003)
        needed = next((number for start, number in _SETS.items() if path.startswith(start)), None)
        if needed is not None and needed not in member.sets:
            raise WechatError(61007)

    def _check_token(self, component: Component, call: Call) -> None:
        given = call.query.get("component_access_token") or call.query.get("access_token", "")
        if not given:
            raise WechatError(41001)
        if given in self.state.tokens:
            raise WechatError(61014)
        ends_at = component.tokens.get(given)
        if ends_at is None:
            raise WechatError(40001)
        if ends_at <= self.core.now():
            raise WechatError(42001)

    def member(self, component: Component, data: Json) -> Authorisation:
        """The account a call names; 61003 when it has not authorised the component."""
        appid = data.get("authorizer_appid")
        found = [one for one in component.members.values() if one.account.appid == appid]
        if not found:
            raise WechatError(61003)
        return found[0]

    def new_token(self, member: Authorisation) -> Json:
        """A token for an account, and its refresh token."""
        token = self.state.new_token(member.account)
        token.by_component = True
        return {
            "authorizer_access_token": token.text,
            "expires_in": TOKEN_LIFE_S,
            "authorizer_refresh_token": member.refresh_token,
        }

    # ── events ────────────────────────────────────────────────────────────────────────────────

    def _ticket_at(self, moment: float) -> None:
        def push() -> Delivery:
            self._ticket_at(self.core.now() + TICKET_EVERY_S)
            return self._ticket()

        self.outbox.at(moment, push)

    def _ticket(self) -> Delivery:
        """P/Third-party_Platforms/2.0/api/Before_Develop/component_verify_ticket.html"""
        component = self.known()
        ticket = f"ticket@@@{digest('ticket', component.appid, self.core.serial())[:60]}"
        component.tickets[ticket] = self.core.now()
        return self._event("component_verify_ticket", {"ComponentVerifyTicket": ticket})

    def _tell(self, kind: str, fields: Json) -> None:
        self.outbox.now(self._event(kind, fields))

    def _event(self, kind: str, fields: Json) -> Delivery:
        """P/Third-party_Platforms/2.0/api/Before_Develop/authorize_event"""
        component = self.known()
        head = {
            "AppId": component.appid,
            "CreateTime": int(self.core.now()),
            "InfoType": kind,
        }
        return call_to(
            self.core,
            component.target(component.events_url),
            kind,
            xml_of(head | fields),
            addressee=f"<AppId><![CDATA[{component.appid}]]></AppId>",
        )


def _component_token(party: ThirdParty, component: Component, data: Json) -> Json:
    """P/openApi/ticket-token/api_getcomponentaccesstoken"""
    if data.get("component_appsecret") != component.secret:
        raise WechatError(40125)
    pushed_at = component.tickets.get(str(data.get("component_verify_ticket")))
    if pushed_at is None:
        raise WechatError(61006)
    now = party.core.now()
    if now - pushed_at > TICKET_LIFE_S:
        raise WechatError(61005)
    text = f"c_{digest('component', component.appid, party.core.serial())}"
    component.tokens[text] = now + TOKEN_LIFE_S
    return {"component_access_token": text, "expires_in": TOKEN_LIFE_S}


def _start_push_ticket(party: ThirdParty, component: Component, data: Json) -> Json:
    """P/openApi/ticket-token/api_startpushticket"""
    if data.get("component_secret") != component.secret:
        raise WechatError(40125)
    party.push_ticket()
    return {"errcode": 0, "errmsg": "ok"}


def _preauth_code(party: ThirdParty, component: Component, data: Json) -> Json:
    """P/openApi/ticket-token/api_getpreauthcode"""
    code = f"preauthcode@@@{digest('preauth', party.core.serial())[:40]}"
    component.preauth[code] = party.core.now() + PREAUTH_LIFE_S
    return {"pre_auth_code": code, "expires_in": int(PREAUTH_LIFE_S)}


def _query_auth(party: ThirdParty, component: Component, data: Json) -> Json:
    """P/openApi/ticket-token/api_getauthorizerrefreshtoken"""
    code = component.codes.pop(str(data.get("authorization_code")), None)
    if code is None:
        raise WechatError(61009)
    if code.expires_at <= party.core.now():
        raise WechatError(61010)
    member = component.members.get(code.account)
    if member is None:
        raise WechatError(61003)
    member.listed = True
    return {"authorization_info": _info(member) | party.new_token(member)}


def _authorizer_token(party: ThirdParty, component: Component, data: Json) -> Json:
    """P/openApi/ticket-token/api_getauthorizeraccesstoken"""
    member = party.member(component, data)
    if data.get("authorizer_refresh_token") != member.refresh_token:
        raise WechatError(61023)
    if component.rotate:
        member.refresh_token = _refresh_token(member.account.account, party.core.serial())
    return party.new_token(member)


def _list(party: ThirdParty, component: Component, data: Json) -> Json:
    """P/openApi/authorization-management/api_getauthorizerlist"""
    offset, count = data.get("offset"), data.get("count")
    if not isinstance(offset, int) or not isinstance(count, int) or not 0 < count <= LIST_MAX:
        raise WechatError(40035)
    everyone = list(component.members.values())
    return {
        "total_count": len(everyone),
        "list": [
            {"authorizer_appid": one.account.appid, "auth_time": int(one.auth_time)}
            | ({"refresh_token": one.refresh_token} if one.listed else {})
            for one in everyone[offset : offset + count]
        ],
    }


def _authorizer_info(party: ThirdParty, component: Component, data: Json) -> Json:
    """P/openApi/authorization-management/api_getauthorizerinfo"""
    member = party.member(component, data)
    account = member.account
    shown = {
        "nick_name": account.name,
        "head_img": "",
        "service_type_info": {"id": 2 if account.kind == "service" else 0},
        "verify_type_info": {"id": 0 if account.verified else -1},
        "user_name": account.user_name,
        "alias": "",
        "qrcode_url": "",
        "principal_name": account.principal,
        "account_status": 1,
        "business_info": {"open_pay": 0, "open_shake": 0, "open_scan": 0, "open_card": 0},
    }
    told = _info(member) | {"authorizer_refresh_token": member.refresh_token}
    return {"authorizer_info": shown, "authorization_info": told}


def _info(member: Authorisation) -> Json:
    sets = [{"funcscope_category": {"id": number}} for number in member.sets]
    return {"authorizer_appid": member.account.appid, "func_info": sets}


def _refresh_token(account: str, serial: int) -> str:
    return f"refreshtoken@@@{digest('refresh', account, serial)[:40]}"


def _page(inner: str, *, status: int = 200) -> Answer:
    raw = f'<!doctype html><meta charset="utf-8"><title>授权</title>{inner}'
    return Answer(body=None, status=status, raw=raw, content_type="text/html")


Handler = Callable[[ThirdParty, Component, Json], Json]
_BY_SECRET: Final[dict[str, Handler]] = {
    "api_component_token": _component_token,
    "api_start_push_ticket": _start_push_ticket,
}
_BY_TOKEN: Final[dict[str, Handler]] = {
    "api_create_preauthcode": _preauth_code,
    "api_query_auth": _query_auth,
    "api_authorizer_token": _authorizer_token,
    "api_get_authorizer_list": _list,
    "api_get_authorizer_info": _authorizer_info,
}
