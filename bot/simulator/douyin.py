"""Douyin: routes, tokens, the four envelopes.

HTTP status is 200 for business errors. Shapes: A `{data, extra}`, B `{data, message}` on /oauth/,
C `{data, err_no, err_msg, log_id}` on schema calls, D an HTML page.
Source: https://developer.open-douyin.com/docs/resource/zh-CN/dop/develop/openapi/status-code
(read 2026-11-21).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from bot.simulator import douyin_oauth as oauth
from bot.simulator import douyin_people as people
from bot.simulator import douyin_works as works
from bot.simulator.douyin_state import Account, DouyinError, DouyinState
from bot.simulator.store import Core, Json, digest
from bot.simulator.wire import Answer, BadBody, Call, stringified

PREFIX: Final = "/douyin"
_V1: Final = "/api/douyin/v1/video"
INVALID_TOKEN, EXPIRED_TOKEN, FOREIGN_TOKEN = 28001003, 28001008, 28001015
NO_SCOPE, UNKNOWN_URI, NO_ABILITY = 28001012, 28001017, 28001018
UserHandler = Callable[[DouyinState, Account, Call], Json]
AppHandler = Callable[[DouyinState, str, Call], Json]


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """One call made for a user."""

    handler: UserHandler
    method: str = "POST"
    scope: str = "video.create.bind"


#: The newest paths and the older ones SDKs still carry.
USER_ROUTES: Final[dict[str, Route]] = {
    f"{_V1}/upload_video/": Route(handler=works.upload_video),
    f"{_V1}/init_video_part_upload/": Route(handler=works.init_parts),
    f"{_V1}/upload_video_part/": Route(handler=works.upload_part),
    f"{_V1}/complete_video_part_upload/": Route(handler=works.complete_parts),
    f"{_V1}/upload_image/": Route(handler=works.upload_image),
    f"{_V1}/create_video/": Route(handler=works.create_video),
    f"{_V1}/create_image_text/": Route(handler=works.create_image_text),
    f"{_V1}/video_list/": Route(handler=works.video_list, method="GET", scope=""),
    f"{_V1}/video_data/": Route(handler=works.video_data, scope="video.data.bind"),
    f"{_V1}/video_basic_info/": Route(handler=works.video_basic_info, scope="posting.behavior"),
    "/data/external/item/base/": Route(
        handler=works.external_base, method="GET", scope="data.external.item"
    ),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class AppRoute:
    """One call made for the app itself."""

    handler: AppHandler
    scope: str
    method: str = "GET"
    shape: str = "A"


APP_ROUTES: Final[dict[str, AppRoute]] = {
    "/share-id/": AppRoute(handler=works.share_id, scope="aweme.share"),
    "/open/getticket/": AppRoute(handler=works.ticket, scope="open.get.ticket"),
    "/api/douyin/v1/schema/get_share/": AppRoute(
        handler=works.get_share, scope="jump.basic", method="POST", shape="C"
    ),
}

_MESSAGES: Final[dict[int, str]] = {
    10003: "client_key错误",
    10004: "应用权限不足",
    10005: "缺少参数",
    10007: "授权码过期",
    10008: "access_token无效",
    10010: "refresh_token无效",
    10013: "client_key或client_secret错误",
    10014: "client_key不一致",
    10020: "更新refresh_token次数超限",
    2111001: "命中敏感词",
    2114007: "当日发布数量超过上限",
    2190001: "quota已用完",
    2190005: "视频文件太大",
    2190007: "无效的视频文件id",
    28001003: "access_token无效",
    28001007: "参数不合法",
    28001008: "access_token过期",
    28001012: "用户未授权该OpenAPI",
    28001015: "access_token与openId不匹配",
    28001017: "未知URI",
    28001018: "应用未获得该能力",
    28001056: "该能力API已下线",
}


class Douyin:
    """The platform as the dispatcher sees it."""

    name: ClassVar[str] = "douyin"

    def __init__(self, core: Core) -> None:
        self.core = core
        self.state = DouyinState(core)

    def identify(self, call: Call) -> str | None:
        """The account by its token, living or dead, by open_id, or by what OAuth calls carry."""
        state = self.state
        found = state.by_token.get(_token(call)) or state.by_open_id.get(
            call.query.get("open_id", "")
        )
        if found is None and call.path.startswith(f"{PREFIX}/oauth/"):
            found = self._by_form(call)
        return None if found is None else found.account

    def _by_form(self, call: Call) -> Account | None:
        try:
            form = call.form
        except BadBody:
            return None
        found = self.state.by_refresh.get(form.get("refresh_token", ""))
        found = found or self.state.by_open_id.get(form.get("open_id", ""))
        if found is None:
            found, _ = self.state.codes.get(form.get("code", ""), (None, 0.0))
        return found

    def serve(self, call: Call) -> Answer:
        """Carry out one call."""
        path = call.path.removeprefix(PREFIX)
        if path == people.CONNECT:
            page = people.connect(self.state, call)
            return Answer(body=None, raw=page, content_type="text/html")
        try:
            shape, data = self._result(path, call)
            body = self._body(shape, data | {"error_code": 0, "description": ""})
        except DouyinError as error:
            body = self._error_body(error)
        return self._switched(body)

    def _result(self, path: str, call: Call) -> tuple[str, Json]:
        if path in oauth.ROUTES:
            if call.method != "POST":
                raise DouyinError(10002, shape="B")
            return "B", oauth.ROUTES[path](self.state, call)
        if path in APP_ROUTES:
            return self._app(path, call)
        route = USER_ROUTES.get(path)
        if route is None or route.method != call.method:
            raise DouyinError(UNKNOWN_URI)
        return "A", route.handler(self.state, self._account(route, call), call)

    def _app(self, path: str, call: Call) -> tuple[str, Json]:
        route = APP_ROUTES[path]
        owner, end = self.state.client_tokens.get(_token(call), ("", 0.0))
        if route.method != call.method:
            raise DouyinError(UNKNOWN_URI, shape=route.shape)
        if not owner or end <= self.core.now():
            raise DouyinError(INVALID_TOKEN, shape=route.shape)
        if route.scope not in self.state.app_scopes(owner):
            raise DouyinError(NO_ABILITY, shape=route.shape)
        return route.shape, route.handler(self.state, owner, call)

    def _account(self, route: Route, call: Call) -> Account:
        token = _token(call)
        account = self.state.by_token.get(token)
        if account is None or account.dead:
            raise DouyinError(INVALID_TOKEN)
        expired = account.expires_at is not None and account.expires_at <= self.core.now()
        if expired or account.access_token != token:
            raise DouyinError(EXPIRED_TOKEN)
        if call.query.get("open_id") != account.open_id:
            raise DouyinError(FOREIGN_TOKEN)
        if route.scope and route.scope not in account.scopes.split(","):
            raise DouyinError(NO_SCOPE)
        return account

    def refuse(self, code: int, call: Call) -> Answer:
        """An error body in the envelope of the called path."""
        path = call.path.removeprefix(PREFIX)
        shape = "B" if path in oauth.ROUTES else "A"
        if path in APP_ROUTES:
            shape = APP_ROUTES[path].shape
        return self._switched(self._error_body(DouyinError(code, shape=shape)))

    def _error_body(self, error: DouyinError) -> Json:
        text = error.text or _MESSAGES.get(error.code, f"error {error.code}")
        return self._body(error.shape, {"error_code": error.code, "description": text})

    def _body(self, shape: str, data: Json) -> Json:
        log_id = digest("log", self.core.serial())[:32].upper()
        code, text = data["error_code"], data["description"]
        if shape == "B":
            return {"data": data, "message": "error" if code else "success"}
        if shape == "C":
            plain = {k: v for k, v in data.items() if k not in ("error_code", "description")}
            return {"data": plain, "err_no": code, "err_msg": text, "log_id": log_id}
        name = "log_id" if self.core.settings.douyin_log_id else "logid"
        extra = {
            "error_code": code,
            "description": text,
            "sub_error_code": 0,
            "sub_description": "",
            name: log_id,
            "now": int(self.core.now() * 1000),
        }
        return {"data": data, "extra": extra}

    def _switched(self, body: Json) -> Answer:
        settings = self.core.settings
        if settings.douyin_html:
            return Answer(
                body=None, raw="<html><body>gateway</body></html>", content_type="text/html"
            )
        if settings.douyin_missing_code and not body["data"].get("error_code"):
            body = self.without_code(body)
        return Answer(body=stringified(body) if settings.douyin_string_numbers else body)

    def without_code(self, body: Any) -> Any:
        """The body without data.error_code: some official samples of a success have none."""
        if not isinstance(body, dict) or not isinstance(body.get("data"), dict):
            return body
        hidden = ("error_code", "description")
        return body | {"data": {k: v for k, v in body["data"].items() if k not in hidden}}


def _token(call: Call) -> str:
    return call.headers.get("access-token") or call.query.get("access_token", "")
