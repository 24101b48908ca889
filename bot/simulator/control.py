"""The `/_sim/` API: what a test, a demo or a person does to the simulator.

Control calls touch no quota and meet no fault. Wrong input answers 400 with `{"error": …}`.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.simulator import console, douyin_people
from bot.simulator.clock import day_number, iso, parse_moment
from bot.simulator.douyin_state import Account as DouyinAccount
from bot.simulator.faults import Fault
from bot.simulator.store import ControlError, Json, digest
from bot.simulator.text import plain
from bot.simulator.wechat import DAILY as WECHAT_DAILY
from bot.simulator.wechat import PREFIX as WECHAT_PREFIX
from bot.simulator.wechat_state import Original
from bot.simulator.weibo import EXPIRED_TOKEN
from bot.simulator.weibo_oauth import new_code
from bot.simulator.weibo_state import CALLS_PER_DAY, POSTS_PER_HOUR
from bot.simulator.world import World, text

CODE_LIFE_S = 600


@dataclass(frozen=True, kw_only=True, slots=True)
class Ask:
    """A control request: body, query and the id in its path."""

    data: Json
    query: Mapping[str, str]
    id: str


Control = Callable[[World, Ask], Json | Awaitable[Json]]


def clock_get(world: World, ask: Ask) -> Json:
    """The simulator's time and whether it stands still."""
    clock = world.core.clock
    return {"now": iso(clock.time()), "virtual": clock.virtual}


def clock_set(world: World, ask: Ask) -> Json:
    """Stand at a moment, or go back to wall time."""
    if ask.data.get("real") is True:
        world.core.clock.release()
    else:
        moment = parse_moment(ask.data.get("now"))
        world.core.clock.set(moment, force=ask.data.get("force") is True)
    return clock_get(world, ask)


def accounts_get(world: World, ask: Ask) -> Json:
    """Every registered account."""
    return {"accounts": [_readable(a) for a in world.accounts()]}


def _readable(account: Json) -> Json:
    moments = {k: v for k, v in account.items() if k.endswith("expires_at") and v is not None}
    return account | {name: iso(value) for name, value in moments.items()}


def accounts_set(world: World, ask: Ask) -> Json:
    """Register or update accounts."""
    given = ask.data.get("accounts")
    if not isinstance(given, list):
        raise ControlError("accounts must be a list")
    for account in given:
        world.register(account)
    return {"count": len(given)}


def posts_get(world: World, ask: Ask) -> Json:
    """The simulator's own record of posts, oldest first within an account."""
    now = world.core.now()
    platform, account = ask.query.get("platform"), ask.query.get("account")
    if platform is not None:
        world.platform(platform)
    found = world.core.posts.select(platform, account)
    if ask.query.get("public") == "1":
        found = (p for p in found if p.public(now))
    posts = [p.describe(now) for p in found]
    return {"posts": posts, "count": len(posts)}


def post_delete(world: World, ask: Ask) -> Json:
    """A person deletes a post."""
    return console.take_down(world, ask.id, banned=False)


def post_ban(world: World, ask: Ask) -> Json:
    """The platform bans a post."""
    return console.take_down(world, ask.id, banned=True)


def console_post(world: World, ask: Ask) -> Json:
    """A person posts in the platform's own console."""
    return console.post(world, ask.data)


def faults_get(world: World, ask: Ask) -> Json:
    """All faults with how often each fired."""
    return {"faults": [fault.describe() for fault in world.core.faults.all()]}


def faults_add(world: World, ask: Ask) -> Json:
    """Set a fault."""
    fault: Fault = world.core.faults.add(dict(ask.data))
    return {"id": fault.id}


def faults_clear(world: World, ask: Ask) -> Json:
    """Remove one fault or all."""
    gone = world.core.faults.clear(ask.id or None)
    if ask.id and not gone:
        raise ControlError(f"there is no fault {ask.id!r}")
    return {"cleared": gone}


def tokens_expire(world: World, ask: Ask) -> Json:
    """Invalidate the tokens now; `dead` makes or unmakes the whole credential useless."""
    platform, account = world.check_account(ask.data)
    dead = ask.data.get("dead")
    if dead not in (None, True, False):
        raise ControlError("dead must be true or false")
    if platform == "wechat":
        owner = world.wechat.state.accounts[account]
        owner.dead = owner.dead if dead is None else dead
        world.wechat.state.kill_tokens(owner)
    elif platform == "weibo":
        user = world.weibo.state.users[account]
        user.dead = user.dead if dead is None else dead
        user.token_code = _dying(ask.data) if dead is None else 0
    elif platform == "kuaishou":
        world.kuaishou.state.expire(account, dead)
    elif platform == "bilibili":
        world.bilibili.state.expire(account, dead)
    elif platform == "baijiahao":
        world.baijiahao.state.authors[account].dead = dead is None or dead
    elif platform == "website":
        world.website.state.sites[account].dead = dead is None or dead
    else:
        author = world.douyin.state.accounts[account]
        author.dead = author.dead if dead is None else dead
        if dead is None:
            author.expires_at = world.core.now()
    return {"platform": platform, "account": account, "dead": bool(dead)}


def _dying(data: Json) -> int:
    """How a Weibo token ended: by its age, or as the code given says (a changed password, …)."""
    code = data.get("code", EXPIRED_TOKEN)
    if not isinstance(code, int) or not 21314 <= code <= 21332:
        raise ControlError("code must be one of Weibo's token codes, 21314 to 21332")
    return code


def codes_add(world: World, ask: Ask) -> Json:
    """An authorisation code, as if the account's owner had just agreed on the platform's page."""
    platform, account = world.check_account(ask.data)
    if platform == "weibo":
        weibo = world.weibo.state
        return {"code": new_code(weibo, weibo.users[account], "")}
    code, end = digest("code", world.core.serial())[:32], world.core.now() + CODE_LIFE_S
    if platform == "douyin":
        world.douyin.state.codes[code] = (world.douyin.state.accounts[account], end)
    elif platform == "kuaishou":
        world.kuaishou.state.codes[code] = (world.kuaishou.state.accounts[account], end)
    elif platform == "bilibili":
        world.bilibili.state.codes[code] = (world.bilibili.state.accounts[account], end)
    else:
        raise ControlError("a wechat account needs no code")
    return {"code": code}


def _budget(world: World, platform: str, account: str, budget: str) -> tuple[str, int, int | None]:
    """The budget's own name, its present window and its limit (None: no limit)."""
    core = world.core
    if platform == "wechat" and budget == "push":
        limit, window = world.wechat.state.push_window(world.wechat.state.accounts[account])
        return "push", window, limit
    if platform == "wechat":
        path = "/" + budget.removeprefix(WECHAT_PREFIX).lstrip("/")
        if path not in WECHAT_DAILY:
            raise ControlError(f"wechat has no budget {budget!r}")
        daily = core.limit("wechat", path, WECHAT_DAILY[path])
        return path, day_number(core.now()), daily
    if platform == "weibo" and budget == "push":
        return "push", int(core.now() // 3600), core.limit("weibo", "push", POSTS_PER_HOUR)
    if platform == "weibo" and budget == "calls":
        return "calls", day_number(core.now()), core.limit("weibo", "calls", CALLS_PER_DAY)
    if platform == "douyin" and budget == "push":
        return "push", day_number(core.now()), core.limit("douyin", "push", 0) or None
    if platform == "kuaishou" and budget == "calls":
        return "calls", day_number(core.now()), world.kuaishou.state.calls_per_day()
    if platform == "bilibili" and budget == "push":
        submissions = world.bilibili.state.push_limit(world.bilibili.state.accounts[account])
        return "push", day_number(core.now()), submissions
    raise ControlError(f"{platform} has no budget {budget!r}")


def quota_set(world: World, ask: Ask) -> Json:
    """Set how much of a budget is used in its present window."""
    platform, account = world.check_account(ask.data)
    used = ask.data.get("used")
    if not isinstance(used, int) or isinstance(used, bool) or used < 0:
        raise ControlError("used must be a number that is not negative")
    budget = text(ask.data, "budget")
    name, window, limit = _budget(world, platform, account, budget)
    world.core.quotas.put((platform, account, name), window, used)
    return {"budget": name, "used": used, "limit": limit}


def quota_get(world: World, ask: Ask) -> Json:
    """The budgets of an account, `push` always among them."""
    platform, account = world.check_account(dict(ask.query))
    touched = world.core.quotas.budgets(platform, account)
    known = [b for b in touched if b == "calls" or b in WECHAT_DAILY]
    rows: Json = {}
    always = ("calls",) if platform == "kuaishou" else ("push",)
    for budget in dict.fromkeys((*always, *known)):
        name, window, limit = _budget(world, platform, account, budget)
        used = world.core.quotas.used((platform, account, name), window)
        rows[name] = {"used": used, "limit": limit}
    return {"platform": platform, "account": account, "quota": rows}


def douyin_hook(world: World, ask: Ask) -> Json:
    """Enter (GET: see) where the app of an account wants Douyin's events."""
    state = world.douyin.state
    if ask.data:
        app, url = _douyin_account(world, ask), ask.data.get("url")
        if not isinstance(url, str):
            raise ControlError("url must be a text")
        state.hooks.subscribe(app.client_key, app.client_secret, url)
    return state.hooks.describe()


def douyin_scan(world: World, ask: Ask) -> Json:
    """A person scans a share with Douyin's app."""
    return douyin_people.scan(world.douyin.state, _douyin_account(world, ask), ask.data)


def douyin_revoke(world: World, ask: Ask) -> Json:
    """An account's owner takes the authorisation back in Douyin's app."""
    return douyin_people.revoke(world.douyin.state, _douyin_account(world, ask))


def _douyin_account(world: World, ask: Ask) -> DouyinAccount:
    _platform, account = world.check_account(ask.data | {"platform": "douyin"})
    return world.douyin.state.accounts[account]


def reposts_add(world: World, ask: Ask) -> Json:
    """Have people repost a Weibo post who authorised no app of ours: only totals show them."""
    status = world.weibo.state.by_mid.get(ask.id)
    count = ask.data.get("count", 1)
    if status is None:
        raise ControlError(f"there is no post {ask.id!r}")
    if not isinstance(count, int) or isinstance(count, bool) or count < 1:
        raise ControlError("count must be at least 1")
    status.strangers += count
    return {"id": ask.id, "reposts": len(status.reposts) + status.strangers}


def original_add(world: World, ask: Ask) -> Json:
    """Declare a text 原创 of an account."""
    platform, account = world.check_account(ask.data)
    if platform != "wechat":
        raise ControlError("only wechat knows declared originals")
    allowed = ask.data.get("whitelist", [])
    if not isinstance(allowed, list) or not all(isinstance(a, str) for a in allowed):
        raise ControlError("whitelist must be a list of accounts")
    words = plain(text(ask.data, "text"))
    original = Original(account=account, text=words, whitelist=frozenset(allowed))
    world.wechat.state.originals.append(original)
    return {"count": len(world.wechat.state.originals)}


def wechat_component(world: World, ask: Ask) -> Json:
    """Make or change the third-party platform."""
    world.wechat.party.register(ask.data)
    return {"appid": world.wechat.state.component_appid}


def wechat_ticket(world: World, ask: Ask) -> Json:
    """Push a component_verify_ticket now."""
    world.wechat.party.push_ticket()
    return {"pushed": True}


def wechat_unauthorize(world: World, ask: Ask) -> Json:
    """An administrator takes the authorisation back."""
    account = _wechat_account(world, ask.data)
    world.wechat.party.leave(account)
    return {"account": account}


def wechat_permissions(world: World, ask: Ask) -> Json:
    """An administrator changes the permission sets in the console, without our page."""
    account, sets = _wechat_account(world, ask.data), ask.data.get("sets")
    if not isinstance(sets, list) or not all(isinstance(number, int) for number in sets):
        raise ControlError("sets must be a list of numbers")
    return {"code": world.wechat.party.allow(account, tuple(sets))}


async def wechat_callback(world: World, ask: Ask) -> Json:
    """Enter an account's own server, which must give the echostr back."""
    account = world.wechat.state.accounts[_wechat_account(world, ask.data)]
    given = {name: value for name, value in ask.data.items() if name != "account"}
    return {"confirmed": await world.wechat.events.enter(account, given)}


def wechat_calls(world: World, ask: Ask) -> Json:
    """What WeChat has sent to others, oldest first."""
    return {"calls": world.wechat.outbox.describe()}


def _wechat_account(world: World, data: Json) -> str:
    return world.check_account(data | {"platform": "wechat"})[1]


def settings_set(world: World, ask: Ask) -> Json:
    """Change settings; answers all of them."""
    world.core.settings.update(ask.data)
    return world.core.settings.describe()


def settings_get(world: World, ask: Ask) -> Json:
    """All settings."""
    return world.core.settings.describe()


def requests_get(world: World, ask: Ask) -> Json:
    """How many platform calls came in, by path."""
    requests = world.core.requests
    return {"count": requests.total(), "by_path": dict(requests)}


def reset(world: World, ask: Ask) -> Json:
    """Forget everything, clock and settings included."""
    world.wechat.outbox.stop()
    world.reset()
    return {"reset": True}


_ROUTES: list[tuple[str, str, Control]] = [
    ("GET", "clock", clock_get),
    ("POST", "clock", clock_set),
    ("GET", "accounts", accounts_get),
    ("POST", "accounts", accounts_set),
    ("GET", "posts", posts_get),
    ("POST", "posts/{id:.+}/ban", post_ban),
    ("DELETE", "posts/{id:.+}", post_delete),
    ("POST", "posts/{id:.+}/reposts", reposts_add),
    ("POST", "console", console_post),
    ("GET", "faults", faults_get),
    ("POST", "faults", faults_add),
    ("DELETE", "faults", faults_clear),
    ("DELETE", "faults/{id}", faults_clear),
    ("POST", "tokens/expire", tokens_expire),
    ("POST", "codes", codes_add),
    ("GET", "quota", quota_get),
    ("POST", "quota", quota_set),
    ("POST", "original", original_add),
    ("POST", "wechat/component", wechat_component),
    ("POST", "wechat/ticket", wechat_ticket),
    ("POST", "wechat/unauthorize", wechat_unauthorize),
    ("POST", "wechat/permissions", wechat_permissions),
    ("POST", "wechat/callback", wechat_callback),
    ("GET", "wechat/calls", wechat_calls),
    ("GET", "douyin/hook", douyin_hook),
    ("POST", "douyin/hook", douyin_hook),
    ("POST", "douyin/scan", douyin_scan),
    ("POST", "douyin/revoke", douyin_revoke),
    ("GET", "settings", settings_get),
    ("POST", "settings", settings_set),
    ("GET", "requests", requests_get),
    ("POST", "reset", reset),
]


def add_routes(app: web.Application, world: World) -> None:
    """Serve the control API on `app`."""
    for method, path, control in _ROUTES:
        app.router.add_route(method, f"/_sim/{path}", _handler(world, control))
    app.router.add_route("*", "/_sim/{rest:.*}", _handler(world, _unknown))


def _unknown(world: World, ask: Ask) -> Json:
    raise ControlError("there is no such control call")


def _handler(
    world: World, control: Control
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            data = _object(await request.read())
            said = control(
                world,
                Ask(data=data, query=request.query, id=request.match_info.get("id", "")),
            )
            answer = await said if isinstance(said, Awaitable) else said
        except ValueError as error:  # every input error of the simulator is one
            return _json({"error": str(error)}, 400)
        return _json(answer, 200)

    return handle


def _object(body: bytes) -> Json:
    if not body:
        return {}
    try:
        data = json.loads(body)
    except ValueError as error:
        raise ControlError("the body is not JSON") from error
    if not isinstance(data, dict):
        raise ControlError("the body must be a JSON object")
    return data


def _json(data: Any, status: int) -> web.Response:
    body = json.dumps(data, ensure_ascii=False).encode()
    return web.Response(body=body, status=status, content_type="application/json", charset="utf-8")
