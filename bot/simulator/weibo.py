"""Weibo: routes, tokens, rate limits, error bodies.

Errors come with HTTP 400 or 403 and `{"error","error_code","request"}`; the code decides, not the
status. Sources: https://open.weibo.com/wiki/Error_code, https://open.weibo.com/wiki/Rate-limiting
(read 2026-11-21).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from bot.simulator import weibo_oauth as oauth
from bot.simulator import weibo_posts as posts
from bot.simulator import weibo_reads as reads
from bot.simulator.clock import HOUR_S
from bot.simulator.store import Core
from bot.simulator.weibo_state import CALLS_PER_DAY, User, WeiboError, WeiboState
from bot.simulator.wire import Answer, BadBody, Call

PREFIX: Final = "/weibo"
DEAD_TOKEN, EXPIRED_TOKEN = 21332, 21327

_FORBIDDEN: Final = {10014, 10022, 10023, 10024}

#: Short glosses of the codes that occur; 10017 and 21301 carry their own wire texts.
_MESSAGES: Final[dict[int, str]] = {
    10001: "system error!",
    10006: "source paramter(appkey) is missing",
    10008: "param error, see doc for more info.",
    10020: "Request Api not found!",
    10021: "HTTP METHOD is not suported for this request!",
    10022: "IP requests out of rate limit!",
    10023: "User requests out of rate limit!",
    10024: "User requests for this api out of rate limit!",
    20001: "IDs is null!",
    20003: "user does not exists!",
    20005: "unsupport image type, only suport JPG, GIF, PNG!",
    20006: "image size too large.",
    20007: "does multipart has image?",
    20008: "content is null!",
    20009: "ids is too many!",
    20012: "text too long, please input text less than 140 characters!",
    20016: "out of time limit!",
    20017: "similar content!",
    20019: "repeat content!",
    20032: "accepted, please wait 1-2 minutes!",
    20101: "target weibo does not exist!",
    20102: "not your own weibo!",
    20103: "can't repost yourself!",
    20109: "weibo id is null!",
    20111: "repeated weibo text!",
    21301: "auth faild!",
    21314: "Token used!",
    21315: "Token expired!",
    21316: "Token revoked!",
    21317: "Token rejected!",
    21319: "accessor was revoked!",
    21321: "unaudited application: too many users",
    21322: "redirect_uri_mismatch",
    21324: "invalid_client",
    21325: "invalid_grant",
    21327: "expired_token",
    21328: "unsupported_grant_type",
    21329: "unsupported_response_type",
    21330: "access_denied",
    21332: "invalid_access_token",
    21335: "uid must be current user!",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """One call of a user."""

    handler: Callable[[WeiboState, User, Call], Any]
    method: str = "GET"
    counted: bool = True
    posts: bool = False  # falls under the hourly posting limit


ROUTES: Final[dict[str, Route]] = {
    "/2/statuses/share.json": Route(handler=posts.share, method="POST", posts=True),
    "/2/statuses/repost.json": Route(handler=posts.repost, method="POST", posts=True),
    "/2/statuses/destroy.json": Route(handler=posts.destroy, method="POST"),
    "/2/statuses/show.json": Route(handler=reads.show),
    "/2/statuses/count.json": Route(handler=reads.count),
    "/2/statuses/user_timeline.json": Route(handler=reads.user_timeline),
    "/2/statuses/user_timeline/biz.json": Route(handler=reads.user_timeline_biz),
    "/2/statuses/repost_timeline.json": Route(handler=reads.repost_timeline),
    "/2/statuses/repost_timeline/ids.json": Route(handler=reads.repost_ids),
    "/2/users/show.json": Route(handler=reads.users_show),
    "/2/account/get_uid.json": Route(handler=reads.get_uid, counted=False),
    "/2/account/rate_limit_status.json": Route(handler=reads.rate_limit_status, counted=False),
    "/oauth2/get_token_info": Route(handler=oauth.token_info, method="POST", counted=False),
    "/oauth2/revokeoauth2": Route(handler=oauth.revoke, method="POST", counted=False),
}

#: Closed to ordinary apps in 2017: https://github.com/michaelliao/sinaweibopy/issues/58
#: The third one is 高级接口, the last was withdrawn.
_CLOSED: Final = (
    "/2/statuses/update.json",
    "/2/statuses/upload.json",
    "/2/statuses/upload_url_text.json",
    "/2/statuses/repost_by_me.json",
)


class Weibo:
    """The platform as the dispatcher sees it."""

    name: ClassVar[str] = "weibo"

    def __init__(self, core: Core) -> None:
        self.core = core
        self.state = WeiboState(core)

    def identify(self, call: Call) -> str | None:
        """The account by its token, living or dead, or by an authorisation code."""
        user = self.state.by_token.get(_token(call) or "")
        if user is None and call.path.endswith("/oauth2/access_token"):
            code = self.state.codes.get(oauth.form_of(call).get("code", ""))
            user = None if code is None else code.user
        return None if user is None else user.account

    def serve(self, call: Call) -> Answer:
        """Carry out one call."""
        path = call.path.removeprefix(PREFIX)
        try:
            if path == "/oauth2/authorize":
                return oauth.authorize(self.state, call)
            if path == "/oauth2/access_token":
                return Answer(body=oauth.access_token(self.state, call))
            if path in _CLOSED:
                raise WeiboError(10014, "Insufficient app permissions!")
            route = ROUTES.get(path)
            if route is None:
                raise WeiboError(10020)
            return Answer(body=self._business(route, call))
        except WeiboError as error:
            return self._refusal(error.code, error.text, path)

    def _business(self, route: Route, call: Call) -> Any:
        if call.method != route.method:
            raise WeiboError(10021)
        self._check_form(call)
        user = self._user(call)
        if route.counted:
            self._count(user)
        if route.posts and self.state.posts_left(user) <= 0:
            raise WeiboError(10024)
        return route.handler(self.state, user, call)

    def _check_form(self, call: Call) -> None:
        try:
            _ = call.form
        except BadBody as error:
            # Seen on multipart bodies the server cannot read; it has nothing to do with the token.
            raise WeiboError(21301, "auth by Null spi!") from error

    def _user(self, call: Call) -> User:
        token = _token(call)
        if not token:
            raise WeiboError(10006)
        user = self.state.by_token.get(token)
        if user is None or user.dead or user.access_token != token:
            raise WeiboError(DEAD_TOKEN)
        if user.token_code:
            raise WeiboError(user.token_code)
        if user.expires_at is not None and user.expires_at <= self.core.now():
            raise WeiboError(EXPIRED_TOKEN)
        oauth.check_test_user(self.state, user)
        return user

    def _count(self, user: User) -> None:
        quotas, hour = self.core.quotas, int(self.core.now() // HOUR_S)
        # The limit per server address is off by default: on loopback all accounts share one.
        ip_limit = self.core.limit("weibo", "ip", 0)
        if quotas.add(("weibo", "", "ip"), hour) > ip_limit > 0:
            raise WeiboError(10022)
        key, window = ("weibo", user.account, "calls"), self.state.calls_window()
        if quotas.used(key, window) >= self.core.limit("weibo", "calls", CALLS_PER_DAY):
            raise WeiboError(10023)
        quotas.add(key, window)

    def refuse(self, code: int, call: Call) -> Answer:
        """An error body."""
        return self._refusal(code, "", call.path.removeprefix(PREFIX))

    def _refusal(self, code: int, text: str, path: str) -> Answer:
        status = 403 if code in _FORBIDDEN or 21300 <= code < 21400 else 400
        message = text or _MESSAGES.get(code, f"error {code}")
        body = {"error": message, "error_code": code, "request": path}
        return Answer(body=body, status=status)

    def without_code(self, body: Any) -> Any:
        """The body without error_code; successes carry none anyway."""
        if not isinstance(body, dict):
            return body
        return {k: v for k, v in body.items() if k != "error_code"}


def _token(call: Call) -> str | None:
    """The token from the query, the form or the OAuth2 header."""
    given = call.query.get("access_token") or oauth.form_of(call).get("access_token")
    if given:
        return given
    scheme, _, token = call.headers.get("Authorization", "").partition(" ")
    return token if scheme == "OAuth2" else None
