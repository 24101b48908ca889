"""Weibo's ways to read: one's newest five, single posts, counters, reposts, users.

Sources: https://open.weibo.com/wiki/2/statuses/user_timeline, …/count, …/repost_timeline,
https://open.weibo.com/wiki/2/users/show (read 2026-11-21).
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

from bot.simulator.clock import HOUR_S, day_start
from bot.simulator.store import Json
from bot.simulator.weibo_state import (
    CALLS_PER_DAY,
    POSTS_PER_HOUR,
    Status,
    User,
    WeiboError,
    WeiboState,
    counters,
    shown_status,
    shown_user,
    weibo_time,
)
from bot.simulator.wire import Call

TIMELINE_MAX: Final = 5
PAID_PAGE: Final = 100
IDS_MAX: Final = 100


def user_timeline(state: WeiboState, user: User, call: Call) -> Json:
    """The caller's own newest five posts, whatever is asked for."""
    return _own(state, user, call, islice(_newest(state, user), TIMELINE_MAX), 20)


def user_timeline_biz(state: WeiboState, user: User, call: Call) -> Json:
    """The caller's own posts, up to a hundred a page, for an app with a contract."""
    if not user.paid:
        raise WeiboError(10014, "Insufficient app permissions!")
    return _own(state, user, call, _newest(state, user), PAID_PAGE)


def _own(state: WeiboState, user: User, call: Call, found: Iterable[Status], size_max: int) -> Json:
    low, high = _number(call, "since_id", 0), _number(call, "max_id", 0)
    wanted = [s for s in found if s.mid > low and (not high or s.mid <= high)]
    size = min(_number(call, "count", 20), size_max)
    begin = (max(_number(call, "page", 1), 1) - 1) * size
    page = wanted[begin : begin + size]
    return {
        "statuses": [shown_status(state, s) for s in page],
        "total_number": state.core.posts.alive("weibo", user.account),
        "previous_cursor": 0,
        "next_cursor": 0,
    }


def _newest(state: WeiboState, user: User) -> Iterator[Status]:
    now = state.core.now()
    return (s for s in reversed(user.statuses) if s.post.public(now))


def show(state: WeiboState, user: User, call: Call) -> Json:
    """One post of a user who authorised the same app; 20101 once it is gone."""
    status = state.find(call.query.get("id"))
    if not state.users[status.post.account].authorised(user.app_key):
        raise WeiboError(20101)
    return shown_status(state, status)


def count(state: WeiboState, user: User, call: Call) -> list[Json]:
    """Counters as strings; ids that are not known are left out without a word."""
    ids = [i for i in call.query.get("ids", "").split(",") if i]
    if not ids:
        raise WeiboError(20001)
    if len(ids) > IDS_MAX:
        raise WeiboError(20009)
    now = state.core.now()
    known = (state.by_mid.get(i) for i in ids)
    return [_counted(state, s) for s in known if s is not None and s.post.public(now)]


def _counted(state: WeiboState, status: Status) -> Json:
    numbers = counters(state, status)
    return {
        "id": status.post.id,
        "comments": str(numbers["comments_count"]),
        "reposts": str(numbers["reposts_count"]),
        "attitudes": str(numbers["attitudes_count"]),
    }


def _reposts(state: WeiboState, user: User, call: Call, default: int) -> tuple[list[Status], int]:
    """A page of the reposts the caller may see, and how many there are in all."""
    now = state.core.now()
    target = state.find(call.query.get("id"))
    standing = [s for s in reversed(target.reposts) if s.post.public(now)]
    low, high = _number(call, "since_id", 0), _number(call, "max_id", 0)
    visible = [
        s
        for s in standing
        if state.users[s.post.account].authorised(user.app_key)
        and s.mid > low
        and (not high or s.mid <= high)
    ]
    size = min(_number(call, "count", default), 200)
    begin = (max(_number(call, "page", 1), 1) - 1) * size
    return visible[begin : begin + size], len(standing) + target.strangers


def repost_timeline(state: WeiboState, user: User, call: Call) -> Json:
    """Reposts by users of the same app, while `total_number` counts everybody's."""
    page, total = _reposts(state, user, call, 20)
    return {
        "reposts": [shown_status(state, s) for s in page],
        "total_number": total,
        "previous_cursor": 0,
        "next_cursor": 0,
    }


def repost_ids(state: WeiboState, user: User, call: Call) -> Json:
    """As `repost_timeline`, ids only."""
    page, total = _reposts(state, user, call, 50)
    return {
        "statuses": [s.post.id for s in page],
        "total_number": total,
        "previous_cursor": 0,
        "next_cursor": 0,
    }


def users_show(state: WeiboState, user: User, call: Call) -> Json:
    """One user by uid or by screen_name, not both."""
    uid, name = call.query.get("uid"), call.query.get("screen_name")
    if (uid is None) == (name is None):
        raise WeiboError(10008)
    found = state.by_uid.get(uid or "")
    if name is not None:
        found = next((u for u in state.users.values() if u.screen_name == name), None)
    if found is None:
        raise WeiboError(20003)
    if not found.authorised(user.app_key):
        raise WeiboError(21335)
    return shown_user(found, state.core.posts.alive("weibo", found.account))


def get_uid(state: WeiboState, user: User, call: Call) -> Json:
    """Whose token it is; not counted. https://open.weibo.com/wiki/2/account/get_uid"""
    return {"uid": int(user.uid)}


def rate_limit_status(state: WeiboState, user: User, call: Call) -> Json:
    """What is left; not counted. https://open.weibo.com/wiki/2/account/rate_limit_status"""
    core, now = state.core, state.core.now()
    limit = core.limit("weibo", "calls", CALLS_PER_DAY)
    used = core.quotas.used(("weibo", user.account, "calls"), state.calls_window())
    ip_limit = core.limit("weibo", "ip", 15_000)
    resets_at = day_start(state.calls_window() + 1)
    posting = {
        "api": "/statuses/share",
        "limit": core.limit("weibo", "push", POSTS_PER_HOUR),
        "limit_time_unit": "HOURS",
        "remaining_hits": max(state.posts_left(user), 0),
    }
    return {
        "ip_limit": ip_limit,
        "limit_time_unit": "HOURS",
        "remaining_ip_hits": ip_limit - core.quotas.used(("weibo", "", "ip"), int(now // HOUR_S)),
        "remaining_user_hits": max(limit - used, 0),
        "reset_time": weibo_time(resets_at),
        "reset_time_in_seconds": int(resets_at - now),
        "user_limit": limit,
        "api_rate_limits": [posting],
    }


def _number(call: Call, name: str, default: int) -> int:
    given = call.query.get(name)
    if given is None or given == "":
        return default
    if not given.isdecimal():
        raise WeiboError(10017, f"{name} value is invalid!")
    return int(given)
