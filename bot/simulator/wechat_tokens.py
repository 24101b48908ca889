"""WeChat's credentials: the two token endpoints and the quota calls.

`D` in source notes stands for https://developers.weixin.qq.com/doc (read 2026-11-21).
"""

from bot.simulator.clock import day_number, month_number
from bot.simulator.store import Json
from bot.simulator.wechat_state import TOKEN_LIFE_S, Account, Token, WechatError, WechatState
from bot.simulator.wire import BadBody, Call

OVERLAP_S = 300
TOKENS_PER_DAY = 2000
STABLE_TOKENS_PER_DAY = 500_000
FORCED_PER_DAY = 20
FORCED_GAP_S = 30
CLEARS_PER_MONTH = 10


def by_secret(state: WechatState, appid: object, secret: object, grant: object) -> Account:
    """The account whose credentials these are; the documented error code otherwise."""
    if grant != "client_credential":
        raise WechatError(40002)
    if not appid:
        raise WechatError(41002)
    if not secret:
        raise WechatError(41004)
    if appid == state.component_appid:
        raise WechatError(61024)
    account = state.by_appid.get(str(appid))
    if account is None:
        raise WechatError(40013)
    if account.dead or account.secret != secret:
        raise WechatError(40125)
    return account


def token(state: WechatState, call: Call) -> Json:
    """A new token on every call; the former one lives five minutes more.

    D/oplatform/developers/dev/AccessToken.html
    """
    query = call.query
    account = by_secret(state, query.get("appid"), query.get("secret"), query.get("grant_type"))
    charge(state, account, "/cgi-bin/token", TOKENS_PER_DAY)
    if account.token is not None:
        _let_go(state, account.token)
    account.token = state.new_token(account)
    return {"access_token": account.token.text, "expires_in": TOKEN_LIFE_S}


def stable_token(state: WechatState, call: Call) -> Json:
    """The same token until five minutes before its end, or a forced new one.

    D/subscription/api/base/api_getstableaccesstoken
    """
    try:
        data = call.json
    except BadBody as error:
        raise WechatError(47001) from error
    account = by_secret(state, data.get("appid"), data.get("secret"), data.get("grant_type"))
    charge(state, account, "/cgi-bin/stable_token", STABLE_TOKENS_PER_DAY)
    now = state.core.now()
    current = account.stable
    if data.get("force_refresh") is True and _may_force(state, account):
        if current is not None:
            current.killed = True
        account.forced_at = now
        account.stable = current = state.new_token(account)
    elif current is None or current.expires_at - now <= OVERLAP_S:
        account.stable = current = state.new_token(account)
    return {"access_token": current.text, "expires_in": int(current.expires_at - now)}


def _may_force(state: WechatState, account: Account) -> bool:
    now = state.core.now()
    # A call that comes too early is not an error: it gets the token there is.
    if account.forced_at is not None and 0 <= now - account.forced_at < FORCED_GAP_S:
        return False
    key = ("wechat", account.account, "stable_token force_refresh")
    if state.core.quotas.used(key, day_number(now)) >= FORCED_PER_DAY:
        raise WechatError(45009)
    state.core.quotas.add(key, day_number(now))
    return True


def _let_go(state: WechatState, former: Token) -> None:
    former.expires_at = min(former.expires_at, state.core.now() + OVERLAP_S)


def charge(state: WechatState, account: Account, path: str, default: int) -> None:
    """Charge one call to the account's daily budget for this path; 45009 when it is spent.

    The reset hour is taken to be 00:00 Asia/Shanghai; no page names it.
    """
    key, window = ("wechat", account.account, path), day_number(state.core.now())
    if state.core.quotas.used(key, window) >= state.core.limit("wechat", path, default):
        raise WechatError(45009)
    state.core.quotas.add(key, window)


def clear_quota(state: WechatState, account: Account, call: Call) -> Json:
    """Start the account's daily counters again; ten times a month, then 48006.

    D/subscription/api/apimanage/api_clearquota
    """
    if call.json.get("appid") != account.appid:
        raise WechatError(40013)
    core = state.core
    key = ("wechat", account.account, "clear_quota month")
    window = month_number(core.now())
    if core.quotas.used(key, window) >= CLEARS_PER_MONTH:
        raise WechatError(48006)
    core.quotas.add(key, window)
    for budget in core.quotas.budgets("wechat", account.account):
        if budget.startswith("/"):
            core.quotas.put(("wechat", account.account, budget), day_number(core.now()), 0)
    return {}
