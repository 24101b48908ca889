"""Weibo's OAuth: the page where an owner agrees, codes, tokens and their ages, taking back.

Sources: https://open.weibo.com/wiki/OAuth2/authorize, …/OAuth2/access_token,
…/Oauth2/get_token_info, …/Oauth2/revokeoauth2, https://open.weibo.com/wiki/授权机制说明
(read 2026-11-21).
"""

from collections.abc import Mapping
from html import escape
from typing import Final
from urllib.parse import urlencode

from bot.simulator.clock import DAY_S
from bot.simulator.store import Json, digest
from bot.simulator.weibo_state import Code, User, WeiboError, WeiboState
from bot.simulator.wire import Answer, BadBody, Call

CODE_LIFE_S: Final = 600
TEST_APP_S: Final = DAY_S - 1
APPROVED_APP_S: Final = 30 * DAY_S - 1
OWNER_S: Final = 5 * 365 * DAY_S - 1  # the developer's own account authorising its own app
TEST_USERS: Final = 15

_PAGE: Final = """<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">
<title>网站连接 - 微博（模拟）</title></head><body><h1>{app} 请求使用您的微博账号</h1>
{forms}</body></html>"""
_FORM: Final = """<form method="post" action="authorize?{query}">
<input type="hidden" name="uid" value="{uid}"><strong>{name}</strong>
<button name="action" value="submit">连接</button>
<button name="action" value="cancel">取消</button></form>"""


def authorize(state: WeiboState, call: Call) -> Answer:
    """The page, and where it sends the browser once somebody has pressed a button.

    The real page knows who is signed in; this one lets choose among the app's users.
    """
    query = call.query
    users = _asked_for(state, query)
    if call.method != "POST":
        return Answer(body=None, raw=_page(users, query), content_type="text/html")
    form = form_of(call)
    if form.get("action") == "cancel":
        refused = {
            "error_uri": "/oauth2/authorize",
            "error": "access_denied",
            "error_description": "user denied your request.",
            "error_code": "21330",
        }
        return _back(query, refused)
    user = next((u for u in users if u.uid == form.get("uid")), None)
    if user is None:
        raise WeiboError(20003)
    return _back(query, {"code": new_code(state, user, query["redirect_uri"])})


def _asked_for(state: WeiboState, query: Mapping[str, str]) -> list[User]:
    """Who may agree to this request; it is refused on the page itself, never by a redirect."""
    for name in ("client_id", "redirect_uri"):
        if not query.get(name):
            raise WeiboError(21305, f"miss required parameter ({name})")
    users = [user for user in state.users.values() if user.app_key == query["client_id"]]
    if not users:
        raise WeiboError(21324)
    if any(user.redirect_uri not in ("", query["redirect_uri"]) for user in users):
        raise WeiboError(21322)
    if query.get("response_type", "code") != "code":
        raise WeiboError(21329)
    return users


def _page(users: list[User], query: Mapping[str, str]) -> str:
    again = escape(urlencode(dict(query)))
    forms = [
        _FORM.format(query=again, uid=escape(user.uid), name=escape(user.screen_name))
        for user in users
    ]
    return _PAGE.format(app=escape(query["client_id"]), forms="\n".join(forms))


def _back(query: Mapping[str, str], said: Mapping[str, str]) -> Answer:
    fields = dict(said)
    if "state" in query:
        fields["state"] = query["state"]
    joint = "&" if "?" in query["redirect_uri"] else "?"
    where = f"{query['redirect_uri']}{joint}{urlencode(fields)}"
    return Answer(
        body=None, raw="", status=302, content_type="text/html", headers={"Location": where}
    )


def new_code(state: WeiboState, user: User, redirect_uri: str) -> str:
    """A code that works once, for ten minutes, and only with the address it was asked with."""
    code = digest("code", state.core.serial())[:32]
    end = state.core.now() + CODE_LIFE_S
    state.codes[code] = Code(user=user, redirect_uri=redirect_uri, expires_at=end)
    return code


def access_token(state: WeiboState, call: Call) -> Json:
    """A token for a code."""
    if call.method != "POST":
        raise WeiboError(10021)
    # The fields may stand in the address as well: the documents show it so.
    form = {**call.query, **form_of(call)}
    if form.get("grant_type") != "authorization_code":
        raise WeiboError(21328)
    code = state.codes.pop(form.get("code", ""), None)
    if code is None or code.expires_at <= state.core.now():
        raise WeiboError(21325)
    user = code.user
    if form.get("client_id") != user.app_key:
        raise WeiboError(21324)
    if user.app_secret and form.get("client_secret") != user.app_secret:
        raise WeiboError(21324)
    meant = code.redirect_uri or user.redirect_uri
    if meant and form.get("redirect_uri") != meant:
        raise WeiboError(21322)
    life = _life_s(user)
    return {
        "access_token": state.new_token(user, life),
        "remind_in": str(life),
        "expires_in": life,
        "uid": user.uid,
        "isRealName": "true",
    }


def _life_s(user: User) -> int:
    if not user.approved:
        return TEST_APP_S
    return OWNER_S if user.owner else APPROVED_APP_S


def token_info(state: WeiboState, user: User, call: Call) -> Json:
    """Whose token it is and for how long: the field is `expire_in` here, not `expires_in`."""
    end = user.created_at + OWNER_S if user.expires_at is None else user.expires_at
    return {
        "uid": int(user.uid),
        "appkey": user.app_key,
        "scope": None,
        "create_at": int(user.created_at),
        "expire_in": int(end - state.core.now()),
    }


def revoke(state: WeiboState, user: User, call: Call) -> Json:
    """Kill the token; the answer is a string."""
    user.token_code = 21316
    return {"result": "true"}


def check_test_user(state: WeiboState, user: User) -> None:
    """21321 when an app that was not audited has more users than it may."""
    if user.approved:
        return
    users = [u for u in state.users.values() if u.app_key == user.app_key and u.access_token]
    if users.index(user) >= state.core.limit("weibo", "test_users", TEST_USERS):
        raise WeiboError(21321, "the app has too many users before its audit")


def form_of(call: Call) -> Mapping[str, str]:
    """The form, empty when it cannot be read."""
    try:
        return call.form
    except BadBody:
        return {}
