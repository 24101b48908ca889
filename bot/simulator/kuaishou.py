"""Kuaishou's content platform: routes, OAuth, tokens.

HTTP status is 200 for business errors; `result` is 1 when all is well.
Sources: https://open.kuaishou.com/platform/openApi and the copies of its OAuth and error pages
https://apifox.com/apidoc/project-462993/api-7075071 and …/doc-355272 (read 2026-11-21).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from bot.simulator import kuaishou_works as works
from bot.simulator.kuaishou_state import (
    BAD_CLIENT,
    BAD_CODE,
    BAD_GRANT,
    BAD_SCOPE,
    BAD_TOKEN,
    CANCELLED,
    EXPIRED,
    MISSING,
    REFRESH_EXPIRED,
    REFRESH_LIFE_S,
    Account,
    KuaishouError,
    KuaishouState,
)
from bot.simulator.store import Core, Json
from bot.simulator.wire import Answer, BadBody, Call

PREFIX: Final = "/kuaishou"
UploadHandler = Callable[[KuaishouState, Call], Json]
UserHandler = Callable[[KuaishouState, Account, Call], Json]


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """One call made for a user."""

    handler: UserHandler
    method: str
    scope: str


USER_ROUTES: Final[dict[str, Route]] = {
    "/openapi/user_info": Route(handler=works.user_info, method="GET", scope="user_info"),
    "/openapi/photo/start_upload": Route(
        handler=works.start_upload, method="POST", scope="user_video_publish"
    ),
    "/openapi/photo/publish": Route(
        handler=works.publish, method="POST", scope="user_video_publish"
    ),
    "/openapi/photo/list": Route(handler=works.photo_list, method="GET", scope="user_video_info"),
    "/openapi/photo/info": Route(handler=works.photo_info, method="GET", scope="user_video_info"),
    "/openapi/photo/count": Route(handler=works.photo_count, method="GET", scope="user_video_info"),
    "/openapi/photo/delete": Route(
        handler=works.photo_delete, method="POST", scope="user_video_delete"
    ),
}

#: Below the host that start_upload gives out, so without our prefix.
UPLOAD_ROUTES: Final[dict[str, tuple[str, UploadHandler]]] = {
    "/api/upload": ("POST", works.whole),
    "/api/upload/multipart": ("POST", works.multipart),
    "/api/upload/fragment": ("POST", works.fragment),
    "/api/upload/resume": ("GET", works.resume),
    "/api/upload/complete": ("POST", works.complete),
}

_NAMES: Final[dict[int, str]] = {
    100200100: "invalid_request",
    100200101: "invalid_client",
    100200102: "request_denied",
    100200104: "unsupported_grant_type",
    100200105: "invalid_code",
    100200106: "invalid_scope",
    100200108: "access_token_expired",
    100200109: "authorization_cancelled",
    100200113: "refresh_token_expired",
    100200500: "server_error",
    100100402: "exceed_limit",
}


class Kuaishou:
    """The platform as the dispatcher sees it."""

    name: ClassVar[str] = "kuaishou"

    def __init__(self, core: Core) -> None:
        self.core = core
        self.state = KuaishouState(core)

    def identify(self, call: Call) -> str | None:
        """The account by its token, upload_token, refresh_token or code."""
        given, state = _given(call), self.state
        found, _end = state.tokens.get(given.get("access_token", ""), (None, None))
        upload = state.uploads.get(given.get("upload_token", ""))
        if found is None and upload is not None:
            return upload.account
        found = found or state.by_refresh.get(given.get("refresh_token", ""))
        if found is None:
            found, _until = state.codes.get(given.get("code", ""), (None, 0.0))
        return None if found is None else found.account

    def serve(self, call: Call) -> Answer:
        """Carry out one call."""
        try:
            return Answer(body={"result": 1, **self._result(call)})
        except KuaishouError as error:
            return self._error(error)

    def _result(self, call: Call) -> Json:
        path = call.path.removeprefix(PREFIX)
        if path in UPLOAD_ROUTES:
            method, handler = UPLOAD_ROUTES[path]
            _check_method(method, call)
            return handler(self.state, call)
        if path in _OAUTH:
            return _OAUTH[path](self.state, _given(call))
        route = USER_ROUTES.get(path)
        if route is None:
            raise KuaishouError(MISSING, "no such interface")
        _check_method(route.method, call)
        return route.handler(self.state, self._account(route, call), call)

    def _account(self, route: Route, call: Call) -> Account:
        given = _given(call)
        if not given.get("access_token") or not given.get("app_id"):
            raise KuaishouError(MISSING, "access_token and app_id are required")
        account, end = self.state.tokens.get(given["access_token"], (None, None))
        if account is None:
            raise KuaishouError(BAD_TOKEN)
        if account.app_id != given["app_id"]:
            raise KuaishouError(BAD_CLIENT)
        if account.dead:
            raise KuaishouError(CANCELLED)
        if end is not None and end <= self.core.now():
            raise KuaishouError(EXPIRED)
        if route.scope not in account.scopes.split(","):
            raise KuaishouError(BAD_SCOPE, "ACCESS_DENIED", name="ACCESS_DENIED")
        self.state.spend_call(account)
        return account

    def refuse(self, code: int, call: Call) -> Answer:
        """An error answer."""
        return self._error(KuaishouError(code))

    def _error(self, error: KuaishouError) -> Answer:
        name = error.name or _NAMES.get(error.code, "error")
        text = error.text or name.upper()
        return Answer(body={"result": error.code, "error": name, "error_msg": text})

    def without_code(self, body: Any) -> Any:
        """The body without `result`."""
        return {k: v for k, v in body.items() if k != "result"} if isinstance(body, dict) else body


def _check_method(method: str, call: Call) -> None:
    if call.method != method:
        raise KuaishouError(MISSING, f"{method} expected")


def _given(call: Call) -> Mapping[str, str]:
    """Parameters of the query, and of a form where one came."""
    try:
        form = call.form if call.content_type.startswith("application/x-www") else {}
    except BadBody:
        form = {}
    return {**form, **call.query}


def access_token(state: KuaishouState, given: Mapping[str, str]) -> Json:
    """Both tokens for a code, which works once."""
    if given.get("grant_type") != "authorization_code":
        raise KuaishouError(BAD_GRANT)
    if not given.get("code"):
        raise KuaishouError(MISSING, "code is required")
    account, end = state.codes.get(given["code"], (None, 0.0))
    if account is None or end <= state.core.now():
        raise KuaishouError(BAD_CODE)
    _check_client(account, given)
    del state.codes[given["code"]]
    account.dead = False
    state.fresh_access(account)
    state.fresh_refresh(account)
    account.refresh_expires_at = state.core.now() + REFRESH_LIFE_S
    return _tokens(state, account)


def refresh_token(state: KuaishouState, given: Mapping[str, str]) -> Json:
    """New tokens; the new refresh_token ends when the old one would have."""
    if given.get("grant_type") != "refresh_token":
        raise KuaishouError(BAD_GRANT)
    account = state.by_refresh.get(given.get("refresh_token", ""))
    if account is None:
        raise KuaishouError(BAD_TOKEN)
    _check_client(account, given)
    if account.dead:
        raise KuaishouError(CANCELLED)
    if account.refresh_token != given["refresh_token"]:
        raise KuaishouError(BAD_TOKEN, "refreshToken.discarded", name="refreshToken.discarded")
    if account.refresh_expires_at is not None and account.refresh_expires_at <= state.core.now():
        raise KuaishouError(REFRESH_EXPIRED)
    state.fresh_access(account)
    state.fresh_refresh(account)
    return _tokens(state, account)


def _check_client(account: Account, given: Mapping[str, str]) -> None:
    if (account.app_id, account.app_secret) != (given.get("app_id"), given.get("app_secret")):
        raise KuaishouError(BAD_CLIENT)


def _tokens(state: KuaishouState, account: Account) -> Json:
    now = state.core.now()
    ends = [account.expires_at, account.refresh_expires_at]
    left = [REFRESH_LIFE_S if end is None else int(end - now) for end in ends]
    return {
        "access_token": account.access_token,
        "expires_in": left[0],
        "refresh_token": account.refresh_token,
        "refresh_token_expires_in": left[1],
        "open_id": account.open_id,
        "scopes": account.scopes.split(","),
    }


_OAUTH: Final[dict[str, Callable[[KuaishouState, Mapping[str, str]], Json]]] = {
    "/oauth2/access_token": access_token,
    "/oauth2/refresh_token": refresh_token,
}
