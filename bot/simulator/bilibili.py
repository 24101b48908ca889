"""bilibili's open platform: routes, signatures, OAuth.

Control host, data plane and OAuth host are one here; their paths differ. HTTP status is 200 for
business errors. Sources: https://open.bilibili.com/doc/4/ and the platform's own sample
https://github.com/bilibili-openplatform/SignatureAlgorithm_DotnetDemo (read 2026-11-21).
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from bot.simulator import bilibili_works as works
from bot.simulator.bilibili_state import (
    BAD_CLIENT,
    BAD_CODE,
    BAD_REFRESH,
    BAD_SECRET,
    BAD_SIGNATURE,
    BAD_TIME,
    BAD_TOKEN,
    NO_KEYS,
    NOT_ALLOWED,
    OLD_NONCE,
    REQUEST,
    WRONG_CLIENT,
    Account,
    BilibiliError,
    BilibiliState,
)
from bot.simulator.store import Core, Json, digest
from bot.simulator.wire import Answer, BadBody, Call

PREFIX: Final = "/bilibili"
CLOCKS_DIFFER_S: Final = 600  # how far a signature's time may be off; not published
UserHandler = Callable[[BilibiliState, Account, Call], Any]
UploadHandler = Callable[[BilibiliState, Call], Any]
_SIGNED: Final = (
    "x-bili-accesskeyid",
    "x-bili-content-md5",
    "x-bili-signature-method",
    "x-bili-signature-nonce",
    "x-bili-signature-version",
    "x-bili-timestamp",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """One call made for a user."""

    handler: UserHandler
    method: str = "GET"
    scope: str = "ARC_BASE"


_FN: Final = "/arcopen/fn"
USER_ROUTES: Final[dict[str, Route]] = {
    f"{_FN}/archive/video/init": Route(handler=works.video_init, method="POST"),
    f"{_FN}/archive/cover/upload": Route(handler=works.cover, method="POST"),
    f"{_FN}/archive/add-by-utoken": Route(handler=works.add, method="POST"),
    f"{_FN}/archive/delete": Route(handler=works.delete, method="POST"),
    f"{_FN}/archive/type/list": Route(handler=works.type_list),
    f"{_FN}/archive/view": Route(handler=works.view),
    f"{_FN}/archive/viewlist": Route(handler=works.viewlist),
    f"{_FN}/data/arc/stat": Route(handler=works.stat, scope="ARC_DATA"),
    f"{_FN}/user/account/info": Route(handler=works.account_info, scope="USER_INFO"),
    f"{_FN}/user/account/scopes": Route(handler=works.account_scopes, scope=""),
}
#: Calls whose only key is the upload_token. Some integrations sign `complete`, others do not.
UPLOAD_ROUTES: Final[dict[str, UploadHandler]] = {
    "/video/v2/part/upload": works.part,
    "/video/v2/upload": works.small_file,
    f"{_FN}/archive/video/complete": works.complete,
}
_OAUTH: Final = "/x/account-oauth2/v1"


class Bilibili:
    """The platform as the dispatcher sees it."""

    name: ClassVar[str] = "bilibili"

    def __init__(self, core: Core) -> None:
        self.core = core
        self.state = BilibiliState(core)

    def identify(self, call: Call) -> str | None:
        """The account by its token, upload_token, refresh_token or code."""
        state, given = self.state, _given(call)
        upload = state.uploads.get(given.get("upload_token", ""))
        found = state.by_token.get(call.headers.get("access-token", ""))
        found = found or state.by_refresh.get(given.get("refresh_token", ""))
        if found is None:
            found, _until = state.codes.get(given.get("code", ""), (None, 0.0))
        if found is None and upload is not None:
            return upload.account
        return None if found is None else found.account

    def serve(self, call: Call) -> Answer:
        """Carry out one call."""
        try:
            data = self._result(call)
        except BilibiliError as error:
            return self.refuse(error.code, call, error.text)
        body: Json = {"code": 0, "message": "0", "ttl": 1, "request_id": self._request_id()}
        return Answer(body=body if data is None else {**body, "data": data})

    def _result(self, call: Call) -> Any:
        path = call.path.removeprefix(PREFIX)
        if path in (f"{_OAUTH}/token", f"{_OAUTH}/refresh_token"):
            _check_method("POST", call)
            return self._grant(path.rpartition("/")[2], _given(call))
        if path in UPLOAD_ROUTES:
            _check_method("POST", call)
            if "x-bili-accesskeyid" in call.headers:
                self._check_signature(call)
            return UPLOAD_ROUTES[path](self.state, call)
        route = USER_ROUTES.get(path)
        if route is None:
            raise BilibiliError(REQUEST, "请求错误")
        _check_method(route.method, call)
        return route.handler(self.state, self._account(route, call), call)

    def _account(self, route: Route, call: Call) -> Account:
        client_id = self._check_signature(call)
        account = self.state.by_token.get(call.headers.get("access-token", ""))
        if account is None or account.access_token != call.headers["access-token"]:
            raise BilibiliError(BAD_TOKEN, "access_token 验证错误")
        if account.client_id != client_id:
            raise BilibiliError(WRONG_CLIENT, "client_id 验证错误")
        if account.expires_at is not None and account.expires_at <= self.core.now():
            raise BilibiliError(BAD_TOKEN, "access_token 已过期")
        if account.dead or (route.scope and route.scope not in account.scopes.split(",")):
            raise BilibiliError(NOT_ALLOWED, "该接口用户未授权")
        return account

    def _check_signature(self, call: Call) -> str:
        """The client_id of a call whose signature holds."""
        headers = {name: call.headers.get(name, "") for name in _SIGNED}
        if not all(headers.values()) or not call.headers.get("authorization"):
            raise BilibiliError(NO_KEYS, "缺少鉴权参数")
        if headers["x-bili-signature-method"] != "HMAC-SHA256":
            raise BilibiliError(BAD_SIGNATURE, "signature method")
        if headers["x-bili-signature-version"] != "2.0":
            raise BilibiliError(BAD_SIGNATURE, "signature version")
        secret = self.state.secret_of(headers["x-bili-accesskeyid"])
        if not secret:
            raise BilibiliError(WRONG_CLIENT, "client_id 验证错误")
        hashed = call.body if call.content_type.startswith("application/json") else b""
        if headers["x-bili-content-md5"] != _md5(hashed):
            raise BilibiliError(BAD_SIGNATURE, "content md5")
        text = "\n".join(f"{name}:{headers[name]}" for name in sorted(headers))
        wanted = hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(wanted, call.headers["authorization"]):
            raise BilibiliError(BAD_SIGNATURE, "签名错误")
        self._check_fresh(headers["x-bili-timestamp"], headers["x-bili-signature-nonce"])
        return headers["x-bili-accesskeyid"]

    def _check_fresh(self, stamp: str, nonce: str) -> None:
        if not stamp.isdecimal() or abs(int(stamp) - self.core.now()) > CLOCKS_DIFFER_S:
            raise BilibiliError(BAD_TIME, "时间戳错误")
        if nonce in self.state.nonces:
            raise BilibiliError(OLD_NONCE, "nonce 重复")
        self.state.nonces.add(nonce)

    def _grant(self, call: str, given: Mapping[str, str]) -> Json:
        """Both tokens; codes and refresh tokens work once."""
        state, now = self.state, self.core.now()
        if call == "token":
            account, end = state.codes.get(given.get("code", ""), (None, 0.0))
            if account is None or end <= now or given.get("grant_type") != "authorization_code":
                raise BilibiliError(BAD_CODE, "code 未找到")
            _check_client(account, given)
            del state.codes[given["code"]]
            account.dead = False
        else:
            token = given.get("refresh_token", "")
            account = state.by_refresh.get(token)
            if account is None or account.refresh_token != token or account.dead:
                raise BilibiliError(BAD_REFRESH, "refreshToken 不合法")
            _check_client(account, given)
        state.fresh(account)
        ends = int(account.expires_at or now)
        return {
            "access_token": account.access_token,
            "refresh_token": account.refresh_token,
            # One reading of the page is a moment, the other a span.
            "expires_in": ends - int(now) if self.core.settings.bilibili_relative else ends,
            "scopes": account.scopes.split(","),
        }

    def refuse(self, code: int, call: Call, text: str = "") -> Answer:
        """An error answer."""
        said = text or f"error {code}"
        body = {"code": code, "message": said, "ttl": 1, "request_id": self._request_id()}
        return Answer(body=body)

    def without_code(self, body: Any) -> Any:
        """The body without `code`."""
        return {k: v for k, v in body.items() if k != "code"} if isinstance(body, dict) else body

    def _request_id(self) -> str:
        return digest("request", self.core.serial())[:32]


def _check_client(account: Account, given: Mapping[str, str]) -> None:
    if account.client_id != given.get("client_id"):
        raise BilibiliError(BAD_CLIENT, "client_id 错误")
    if account.client_secret != given.get("client_secret"):
        raise BilibiliError(BAD_SECRET, "client_secret 错误")


def _check_method(method: str, call: Call) -> None:
    if call.method != method:
        raise BilibiliError(REQUEST, "请求错误")


def _given(call: Call) -> Mapping[str, str]:
    """Parameters of the query, and of a form where one came."""
    try:
        form = call.form if call.content_type.startswith("application/x-www") else {}
    except BadBody:
        form = {}
    return {**form, **call.query}


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()
