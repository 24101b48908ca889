"""WeChat's daily statistics of what an account published.

`D` in source notes stands for https://developers.weixin.qq.com/doc (read 2026-11-21).
"""

from bisect import bisect_left
from datetime import date, timedelta
from typing import Any, Final

from bot.simulator.clock import HOUR_S, day_number, day_start
from bot.simulator.store import Json, Post, digest, figure
from bot.simulator.wechat_publish import listed_url
from bot.simulator.wechat_state import PUBLISHED, Account, Push, WechatError, WechatState
from bot.simulator.wire import Call

READY_HOUR: Final = 8
FIGURES_DAYS: Final = 30
FIRST_DAY: Final = date(2025, 11, 1)
_EPOCH: Final = date(1970, 1, 1)

#: The old set of endpoints; two integrations report 47009 in 2026.
OFFLINE: Final = (
    "getarticlesummary",
    "getuserread",
    "getuserreadhour",
    "getusershare",
    "getusersharehour",
)


def article_total_detail(state: WechatState, account: Account, call: Call) -> Json:
    """Every article published on one day, with figures cumulated since.

    Ready at 08:00 of the next day; before that the list is empty and `is_delay` true.
    D/subscription/api/wedata/news/api_getarticletotaldetail
    """
    begin, end = (_date(call.json.get(name)) for name in ("begin_date", "end_date"))
    today = day_number(state.core.now())
    wanted = (end - _EPOCH).days
    if begin != end or wanted >= today:
        raise WechatError(61501)
    ready_at = day_start(wanted + 1) + READY_HOUR * HOUR_S
    if state.core.now() < ready_at:
        return {"list": [], "is_delay": True}
    if end < FIRST_DAY:
        return {"list": [], "is_delay": False}
    pushes = _published_on(state, account, wanted)
    rows = [_row(state, account, push, i) for push in pushes for i in range(len(push.posts))]
    return {"list": rows, "is_delay": False}


def _date(value: object) -> date:
    try:
        parsed = date.fromisoformat(str(value))
    except ValueError as error:
        raise WechatError(61500) from error
    if parsed.isoformat() != value:
        raise WechatError(61500)
    return parsed


def _published_on(state: WechatState, account: Account, day: int) -> list[Push]:
    first = bisect_left(account.pushes, day_start(day), key=lambda p: p.ready_at)
    last = bisect_left(account.pushes, day_start(day + 1), key=lambda p: p.ready_at)
    return [p for p in account.pushes[first:last] if p.outcome == PUBLISHED]


def _row(state: WechatState, account: Account, push: Push, index: int) -> Json:
    post = push.posts[index]
    published = day_number(push.ready_at)
    # Numbers of yesterday are the newest there are, and they end after 30 days.
    newest = min(day_number(state.core.now()) - 1, published + FIGURES_DAYS)
    days = range(published, newest + 1)
    return {
        "ref_date": _day_text(published),
        "msgid": post.id,
        "publish_type": 0 if push.kind == "mass" else 1,
        "title": post.title,
        "content_url": listed_url(state, post),
        "detail_list": [_figures(account, post, day, day - published + 1) for day in days],
    }


def _figures(account: Account, post: Post, day: int, age: int) -> Json:
    reach = account.followers if post.kind == "mass" else max(account.followers // 10, 20)
    readers = figure(post.id, "read", age, reach)
    return {
        "stat_date": _day_text(day),
        "read_user": readers,
        "read_user_source": [{"user_count": readers, "scene_desc": "全部"}],
        "share_user": readers // 20,
        "zaikan_user": readers // 50,
        "like_user": readers // 30,
        "comment_count": readers // 100,
        "collection_user": readers // 80,
        "praise_money": 0,
        "read_subscribe_user": readers // 200,
        "read_delivery_rate": round(readers / max(account.followers, 1), 4),
        "read_finish_rate": int(digest(post.id)[:2], 16) / 256,
        "read_avg_activetime": 1.5,
        "read_jump_position": [{"position": p, "rate": 0.2} for p in range(1, 6)],
    }


def _day_text(number: int) -> str:
    return (_EPOCH + timedelta(days=number)).isoformat()


def offline(state: WechatState, account: Account, call: Call) -> Json:
    """The old statistics: always 47009."""
    raise WechatError(47009)


def article_total(state: WechatState, account: Account, call: Call) -> Json:
    """The old figures of one day's mass sends: 47009, unless a setting brings them back."""
    if not state.core.settings.wechat_old_stats:
        raise WechatError(47009)
    rows = article_total_detail(state, account, call)["list"]
    return {"list": [_old(row) for row in rows if row["publish_type"] == 0]}


def _old(row: Json) -> Json:
    details = [
        {
            "stat_date": day["stat_date"],
            "target_user": day["read_user"] * 3,
            "int_page_read_user": day["read_user"],
            "int_page_read_count": day["read_user"] + day["read_user"] // 5,
            "share_user": day["share_user"],
            "share_count": day["share_user"],
            "add_to_fav_user": day["collection_user"],
        }
        for day in row["detail_list"]
    ]
    kept = {name: row[name] for name in ("ref_date", "msgid", "title")}
    return kept | {"details": details}


def article_read(state: WechatState, account: Account, call: Call) -> Json:
    """Who read what on one day. D/subscription/api/wedata/news/api_getarticleread"""
    return _of_day(state, account, call, ("read_user", "read_user_source"))


def article_share(state: WechatState, account: Account, call: Call) -> Json:
    """Who shared what on one day. D/subscription/api/wedata/news/api_getarticleshare"""
    return _of_day(state, account, call, ("share_user",))


def _of_day(state: WechatState, account: Account, call: Call, names: tuple[str, ...]) -> Json:
    begin, end = (_date(call.json.get(name)) for name in ("begin_date", "end_date"))
    wanted = (end - _EPOCH).days
    if begin != end or wanted >= day_number(state.core.now()):
        raise WechatError(61501)
    if state.core.now() < day_start(wanted + 1) + READY_HOUR * HOUR_S:
        return {"list": [], "is_delay": True}
    rows = []
    for push in account.pushes:
        age = wanted - day_number(push.ready_at) + 1
        if push.outcome != PUBLISHED or not 1 <= age <= FIGURES_DAYS:
            continue
        for post in push.posts:
            today, before = (_figures(account, post, wanted, days) for days in (age, age - 1))
            read = {name: _gain(today[name], before[name]) for name in names}
            rows.append({"ref_date": end.isoformat(), "msgid": post.id, "detail": read})
    return {"list": rows, "is_delay": False}


def _gain(today: Any, before: Any) -> Any:
    return today - before if isinstance(today, int) else today
