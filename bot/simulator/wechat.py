"""WeChat official accounts: routes, tokens, permissions, daily budgets, error bodies.

HTTP status is 200 for business errors, and most success bodies carry no errcode. `D` in source
notes stands for https://developers.weixin.qq.com/doc (read 2026-11-21).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from bot.simulator import wechat_comments as comments
from bot.simulator import wechat_content as content
from bot.simulator import wechat_mass as mass
from bot.simulator import wechat_publish as publish
from bot.simulator import wechat_stats as stats
from bot.simulator import wechat_tokens as tokens
from bot.simulator.clock import day_number
from bot.simulator.store import Core, Json, digest
from bot.simulator.wechat_callbacks import Outbox
from bot.simulator.wechat_component import PAGES, ThirdParty
from bot.simulator.wechat_events import Events
from bot.simulator.wechat_state import Account, WechatError, WechatState
from bot.simulator.wire import Answer, BadBody, Call

PREFIX: Final = "/wechat"
Handler = Callable[[WechatState, Account, Call], Json]

# JSON with \uXXXX escapes ends up as literal text or is refused; an escaped backslash before the
# u is plain text, hence the pairs.
_ESCAPED = re.compile(rb"(?<!\\)(?:\\\\)*\\u[0-9a-fA-F]{4}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """One call: who may make it and how often a day."""

    handler: Handler
    method: str = "POST"
    daily: int = 10_000  # UNVERIFIED where the document gives no number
    verified: bool = False  # only accounts whose verification stands
    quiet: bool = False  # success without errcode and errmsg
    upload: bool = False  # multipart instead of JSON


def _quota_get(state: WechatState, account: Account, call: Call) -> Json:
    """D/subscription/api/apimanage/api_getapiquota"""
    path = call.json.get("cgi_path")
    if not isinstance(path, str) or path not in DAILY:
        raise WechatError(76021)
    limit = state.core.limit("wechat", path, DAILY[path])
    window = day_number(state.core.now())
    used = state.core.quotas.used(("wechat", account.account, path), window)
    quota = {"daily_limit": limit, "used": used, "remain": max(limit - used, 0)}
    return {"quota": quota, "rate_limit": {}, "component_rate_limit": {}}


#: Daily limits of a new account: D/service/Message_Management/API_Call_Limits.html
#: freepublish left unverified accounts in July 2025: D/subscription/guide/product/publish.html
ROUTES: Final[dict[str, Route]] = {
    "/cgi-bin/media/uploadimg": Route(handler=content.uploadimg, quiet=True, upload=True),
    "/cgi-bin/material/add_material": Route(handler=content.add_material, quiet=True, upload=True),
    "/cgi-bin/material/batchget_material": Route(handler=content.batchget_material, quiet=True),
    "/cgi-bin/material/get_materialcount": Route(
        handler=content.material_count, method="GET", quiet=True
    ),
    "/cgi-bin/material/add_news": Route(handler=content.add_news),
    "/cgi-bin/material/del_material": Route(handler=content.del_material),
    "/cgi-bin/draft/add": Route(handler=content.draft_add, daily=1000, quiet=True),
    "/cgi-bin/draft/get": Route(handler=content.draft_get, daily=500, quiet=True),
    "/cgi-bin/draft/batchget": Route(handler=content.draft_batchget, daily=1000, quiet=True),
    "/cgi-bin/draft/update": Route(handler=content.draft_update, daily=1000),
    "/cgi-bin/draft/delete": Route(handler=content.draft_delete, daily=1000),
    "/cgi-bin/draft/count": Route(
        handler=content.draft_count, method="GET", daily=1000, quiet=True
    ),
    "/cgi-bin/freepublish/submit": Route(handler=publish.submit, daily=100, verified=True),
    "/cgi-bin/freepublish/get": Route(handler=publish.get, daily=100, verified=True, quiet=True),
    "/cgi-bin/freepublish/batchget": Route(
        handler=publish.batchget, daily=100, verified=True, quiet=True
    ),
    "/cgi-bin/freepublish/getarticle": Route(
        handler=publish.getarticle, daily=100, verified=True, quiet=True
    ),
    "/cgi-bin/freepublish/delete": Route(handler=publish.delete, daily=10, verified=True),
    "/cgi-bin/message/mass/sendall": Route(handler=mass.sendall, daily=100, verified=True),
    "/cgi-bin/message/mass/get": Route(handler=mass.get, verified=True, quiet=True),
    "/cgi-bin/message/mass/preview": Route(handler=mass.preview, verified=True),
    "/cgi-bin/message/mass/delete": Route(handler=mass.delete, daily=10, verified=True),
    "/cgi-bin/message/mass/speed/get": Route(handler=mass.speed, verified=True, quiet=True),
    "/cgi-bin/comment/list": Route(handler=comments.listed, verified=True),
    "/cgi-bin/comment/open": Route(handler=comments.opened, verified=True),
    "/cgi-bin/comment/close": Route(handler=comments.closed, verified=True),
    "/datacube/getarticleread": Route(handler=stats.article_read, verified=True, quiet=True),
    "/datacube/getarticleshare": Route(handler=stats.article_share, verified=True, quiet=True),
    "/datacube/getarticletotal": Route(handler=stats.article_total, verified=True, quiet=True),
    "/datacube/getarticletotaldetail": Route(
        handler=stats.article_total_detail, verified=True, quiet=True
    ),
    **{f"/datacube/{name}": Route(handler=stats.offline) for name in stats.OFFLINE},
    "/cgi-bin/openapi/quota/get": Route(handler=_quota_get),
    "/cgi-bin/clear_quota": Route(handler=tokens.clear_quota),
}

#: Daily limits of every call, the credentials' own included.
DAILY: Final[dict[str, int]] = {
    "/cgi-bin/token": tokens.TOKENS_PER_DAY,
    "/cgi-bin/stable_token": tokens.STABLE_TOKENS_PER_DAY,
    **{path: route.daily for path, route in ROUTES.items()},
}

#: Short glosses; the real texts differ and are not stable.
_MESSAGES: Final[dict[int, str]] = {
    -1: "system error",
    40001: "invalid credential, access_token is invalid or not latest",
    40002: "invalid grant_type",
    40005: "invalid file type",
    40007: "invalid media_id",
    40009: "invalid image size",
    40013: "invalid appid",
    40014: "invalid access_token",
    40125: "invalid appsecret",
    41001: "access_token missing",
    41005: "media data missing",
    42001: "access_token expired",
    43002: "require POST method",
    45003: "title size out of limit",
    45004: "description size out of limit",
    45009: "reach max api daily quota limit",
    45028: "has no masssend quota",
    45065: "clientmsgid exist",
    45066: "same clientmsgid retry too fast",
    47001: "data format error",
    47002: "data format error, do not use json unicode encode",
    47009: "this api is offline, please use the new api",
    48001: "api unauthorized",
    53600: "invalid article id",
}


class Wechat:
    """The platform as the dispatcher sees it."""

    name: ClassVar[str] = "wechat"

    def __init__(self, core: Core) -> None:
        self.core = core
        self.state = WechatState(core)
        self.outbox = Outbox(core=core)
        self.party = ThirdParty(self.state, self.outbox)
        self.events = Events(self.state, self.party, self.outbox)
        self.state.accepted = self.events.accepted

    def identify(self, call: Call) -> str | None:
        """The account by its token, living or dead, or by its appid."""
        given = call.query.get("access_token")
        if given is not None:
            token = self.state.tokens.get(given)
            return None if token is None else token.account
        appid = call.query.get("appid")
        if appid is None and call.path.endswith("/stable_token"):
            appid = _appid_in_body(call)
        account = self.state.by_appid.get(appid or "")
        return None if account is None else account.account

    def serve(self, call: Call) -> Answer:
        """Carry out one call."""
        path = call.path.removeprefix(PREFIX)
        if path in PAGES and call.method == "GET":
            return self.party.page(call)
        try:
            if self.party.serves(path):
                _check_method("POST", call)
                _check_json(call)
                return _answer(self.party.call(path, call))
            if path in _CREDENTIALS:
                return _answer(self._credential(path, call))
            route = ROUTES.get(path)
            if route is None:
                return Answer(body=None, status=404, raw="Not Found", content_type="text/plain")
            return _answer(self._business(path, route, call))
        except WechatError as error:
            return self._refusal(error.code, error.extra)

    def _credential(self, path: str, call: Call) -> Json:
        method, handler = _CREDENTIALS[path]
        _check_method(method, call)
        return handler(self.state, call)

    def _business(self, path: str, route: Route, call: Call) -> Json:
        _check_method(route.method, call)
        account = self._account(call, path)
        if route.verified and not account.verified:
            raise WechatError(48001)
        tokens.charge(self.state, account, path, route.daily)
        if route.method == "POST" and not route.upload:
            _check_json(call)
        result = route.handler(self.state, account, call)
        return result if route.quiet else {"errcode": 0, "errmsg": "ok"} | result

    def _account(self, call: Call, path: str) -> Account:
        given = call.query.get("access_token")
        if not given:
            raise WechatError(41001)
        token = self.state.tokens.get(given)
        if token is None:
            raise WechatError(_foreign(given))
        account = self.state.accounts[token.account]
        if token.killed or account.dead:
            raise WechatError(40001)
        if token.expires_at <= self.core.now():
            raise WechatError(42001)
        if token.by_component:
            self.party.check(account, path)
        return account

    def refuse(self, code: int, call: Call) -> Answer:
        """An error body with a request id, as every errmsg tends to end with."""
        return self._refusal(code, {})

    def _refusal(self, code: int, extra: Json) -> Answer:
        message = _MESSAGES.get(code, f"error {code}")
        mark = digest("rid", self.core.serial())
        rid = f"{mark[:8]}-{mark[8:16]}-{mark[16:24]}"
        return _answer({"errcode": code, "errmsg": f"{message} rid: {rid}"} | extra)

    def without_code(self, body: Any) -> Any:
        """The body without errcode and errmsg."""
        if not isinstance(body, dict):
            return body
        return {k: v for k, v in body.items() if k not in ("errcode", "errmsg")}


_CREDENTIALS: Final[dict[str, tuple[str, Callable[[WechatState, Call], Json]]]] = {
    "/cgi-bin/token": ("GET", tokens.token),
    "/cgi-bin/stable_token": ("POST", tokens.stable_token),
}


def _foreign(token: str) -> int:
    """Why no account has this token: it is a component's, it ended long ago, or it is none."""
    if token.startswith("c_"):
        return 61015
    return 40001 if token.startswith("70_") else 40014


def _answer(body: Json) -> Answer:
    # Real answers do not always say JSON, so a client must decode them by itself.
    return Answer(body=body, content_type="text/plain")


def _check_method(method: str, call: Call) -> None:
    if call.method != method:
        raise WechatError(43001 if method == "GET" else 43002)


def _check_json(call: Call) -> None:
    if not call.body:
        raise WechatError(44002)
    if _ESCAPED.search(call.body):
        raise WechatError(47002)
    try:
        _ = call.json
    except BadBody as error:
        raise WechatError(47001) from error


def _appid_in_body(call: Call) -> str | None:
    try:
        return str(call.json.get("appid"))
    except BadBody:
        return None
