"""Douyin's OAuth calls, all in envelope B: `{data:{…,error_code}, message}`.

Sources: https://developer.open-douyin.com/docs/resource/zh-CN/dop/develop/openapi/account-permission/
(pages refresh-token, refresh-access-token, get-access-token; read 2026-11-21).
"""

from collections.abc import Callable, Mapping
from typing import Final

from bot.simulator.douyin_state import (
    ACCESS_LIFE_S,
    CLIENT_LIFE_S,
    REFRESH_LIFE_S,
    RENEWALS_MAX,
    Account,
    DouyinError,
    DouyinState,
)
from bot.simulator.store import Json, digest
from bot.simulator.wire import BadBody, Call

CLIENT_OVERLAP_S: Final = 300


def _error(code: int) -> DouyinError:
    return DouyinError(code, shape="B")


def _fields(call: Call) -> Mapping[str, object]:
    """The form; JSON is taken too where SDKs send it and are answered."""
    try:
        return call.json if call.content_type.startswith("application/json") else call.form
    except BadBody as error:
        raise _error(10002) from error


def _form(call: Call) -> Mapping[str, str]:
    try:
        return call.form
    except BadBody as error:
        raise _error(10002) from error


def _check_client(state: DouyinState, key: object) -> None:
    if not key:
        raise _error(10005)
    if all(a.client_key != key for a in state.accounts.values()):
        raise _error(10003)


def access_token(state: DouyinState, call: Call) -> Json:
    """Both tokens for a code, which works once and for ten minutes."""
    data = _fields(call)
    if data.get("grant_type") != "authorization_code" or not data.get("code"):
        raise _error(10005)
    _check_client(state, data.get("client_key"))
    account, expires_at = state.codes.pop(str(data["code"]), (None, 0.0))
    if account is None or expires_at <= state.core.now():
        raise _error(10007)
    if account.client_key != data["client_key"]:
        raise _error(10014)
    if account.client_secret != data.get("client_secret"):
        raise _error(10013)
    account.renewals, account.dead = 0, False
    account.scopes = state.code_scopes.pop(str(data["code"]), account.scopes)
    state.fresh_access(account)
    state.fresh_refresh(account)
    _tell(state, account)
    return _tokens(state, account)


def _tell(state: DouyinState, account: Account) -> None:
    scopes = account.scopes.split(",")
    state.hooks.send(account.client_key, "authorize", account.open_id, {"scopes": scopes})
    if bound := [scope for scope in scopes if scope.endswith(".bind")]:
        told = {"scopes": bound}
        state.hooks.send(account.client_key, "contract_authorize", account.open_id, told)


def _tokens(state: DouyinState, account: Account) -> Json:
    now = state.core.now()
    return {
        "access_token": account.access_token,
        "refresh_token": account.refresh_token,
        "open_id": account.open_id,
        "scope": account.scopes,
        "expires_in": _left(account.expires_at, now, ACCESS_LIFE_S),
        "refresh_expires_in": _left(account.refresh_expires_at, now, REFRESH_LIFE_S),
    }


def _left(end: float | None, now: float, full: int) -> int:
    return full if end is None else int(end - now)


def _by_refresh(state: DouyinState, form: Mapping[str, str]) -> Account:
    if not form.get("refresh_token"):
        raise _error(10005)
    _check_client(state, form.get("client_key"))
    account = state.by_refresh.get(form["refresh_token"])
    if account is None or account.dead or account.refresh_token != form["refresh_token"]:
        raise _error(10010)
    if account.refresh_expires_at is not None and account.refresh_expires_at <= state.core.now():
        raise _error(10010)
    if account.client_key != form["client_key"]:
        raise _error(10014)
    return account


def refresh_token(state: DouyinState, call: Call) -> Json:
    """A new access_token if the old one is expired, else the same one for longer.

    The refresh_token and its end do not change.
    """
    form = _form(call)
    if form.get("grant_type") != "refresh_token":
        raise _error(10005)
    account = _by_refresh(state, form)
    now = state.core.now()
    if account.expires_at is not None and account.expires_at <= now:
        state.fresh_access(account)
    account.expires_at = now + ACCESS_LIFE_S
    return _tokens(state, account)


def renew_refresh_token(state: DouyinState, call: Call) -> Json:
    """A new refresh_token; the old one is dead at once. Five times, then 10020."""
    account = _by_refresh(state, _form(call))
    if "renew_refresh_token" not in account.scopes.split(","):
        raise _error(10004)
    if account.renewals >= RENEWALS_MAX:
        raise _error(10020)
    account.renewals += 1
    state.fresh_refresh(account)
    return {"refresh_token": account.refresh_token, "expires_in": REFRESH_LIFE_S}


def client_token(state: DouyinState, call: Call) -> Json:
    """A token of the app; a new one ends the old after five minutes."""
    data = _fields(call)
    key = data.get("client_key")
    _check_client(state, key)
    if data.get("grant_type") != "client_credential":
        raise _error(10005)
    secrets = {a.client_secret for a in state.accounts.values() if a.client_key == key}
    if data.get("client_secret") not in secrets:
        raise _error(10013)
    now = state.core.now()
    for token, (owner, end) in state.client_tokens.items():
        if owner == key:
            state.client_tokens[token] = (owner, min(end, now + CLIENT_OVERLAP_S))
    fresh = f"clt.{digest('clt', key, state.core.serial())}"
    state.client_tokens[fresh] = (str(key), now + CLIENT_LIFE_S)
    return {"access_token": fresh, "expires_in": CLIENT_LIFE_S}


def userinfo(state: DouyinState, call: Call) -> Json:
    """Nickname and avatar of the account whose token this is."""
    form = _form(call)
    # The platform's own SDK sends it as a header with an underscore.
    token = form.get("access_token") or call.headers.get("access_token", "")
    account = state.by_token.get(token)
    if account is None or account.dead or account.access_token != token:
        raise _error(10008)
    if account.expires_at is not None and account.expires_at <= state.core.now():
        raise _error(10008)
    if account.open_id != form.get("open_id"):
        raise _error(2190015)
    return {
        "open_id": account.open_id,
        "union_id": digest("union", account.open_id)[:32],
        "nickname": account.nickname,
        "avatar": "https://p3.douyinpic.com/avatar.jpeg",
        "e_account_role": "EAccountK",
    }


ROUTES: Final[dict[str, Callable[[DouyinState, Call], Json]]] = {
    "/oauth/access_token/": access_token,
    "/oauth/refresh_token/": refresh_token,
    "/oauth/renew_refresh_token/": renew_refresh_token,
    "/oauth/client_token/": client_token,
    "/oauth/userinfo/": userinfo,
}
