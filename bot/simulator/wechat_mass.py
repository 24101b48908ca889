"""WeChat's 群发: messages to all followers, with their quotas and their idempotency key.

`D` in source notes stands for https://developers.weixin.qq.com/doc (read 2026-11-21).
"""

from dataclasses import dataclass
from typing import Any, Final

from bot.simulator.clock import DAY_S, day_number
from bot.simulator.store import Json, digest
from bot.simulator.wechat_publish import remove_from, review_fate
from bot.simulator.wechat_state import (
    NOT_ORIGINAL,
    PUBLISHED,
    REFUSED,
    REVIEWING,
    Account,
    Draft,
    Push,
    WechatError,
    WechatState,
)
from bot.simulator.wire import Call

CLIENT_ID_MAX_BYTES: Final = 64
CLIENT_ID_LIFE_S: Final = DAY_S
CLIENT_ID_GUARD_S: Final = 60
PREVIEWS_PER_DAY: Final = 100
CONFIRM_WITHIN_S: Final = 30 * 60
CONFIRM_TAKES_S: Final = 60.0
CALLS_PER_MINUTE: Final = 60

_MEDIA_TYPES: Final = {"voice", "image", "images", "mpvideo", "wxcard"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """What a mass send carries."""

    articles: list[Json]
    draft: Draft | None


def sendall(state: WechatState, account: Account, call: Call) -> Json:
    """A msg_id, or 45065 with the msg_id of the send that already has this clientmsgid.

    D/service/api/notify/message/api_sendall
    """
    _keep_pace(state, account)
    data = call.json
    to_all = _target(data)
    client_id = _client_id(data)
    _refuse_repeat(state, account, client_id)
    message = _message(state, account, data)
    _check_push_quota(state, account, to_all=to_all)
    push = _send(state, account, message, ignore_reprint=data.get("send_ignore_reprint") == 1)
    account.sends[client_id] = (state.core.now(), push.id)
    # A send that review stops is not a successful one, so it costs no quota.
    if push.outcome == PUBLISHED and _counts(account, to_all=to_all):
        spend_push(state, account)
    if push.outcome == PUBLISHED and to_all and message.draft is not None:
        message.draft.consumed_at = push.ready_at
    answer: Json = {
        "errcode": 0,
        "errmsg": "send job submission success",
        "msg_id": state.shown_id(push.id),
    }
    if message.draft is not None:
        answer["msg_data_id"] = state.shown_id(push.msg_data_id)
    return answer


def _keep_pace(state: WechatState, account: Account) -> None:
    # 60 requests a minute over the mass interface: D/service/guide/product/message/Batch_Sends
    key, window = ("wechat", account.account, "mass minute"), int(state.core.now() // 60)
    limit = state.core.limit("wechat", "mass minute", CALLS_PER_MINUTE)
    if state.core.quotas.add(key, window) > limit:
        raise WechatError(45011)


def _target(data: Json) -> bool:
    target = data.get("filter")
    if not isinstance(target, dict):
        raise WechatError(40035)
    if target.get("is_to_all") is True:
        return True
    if not isinstance(target.get("tag_id"), int):
        raise WechatError(45159)
    return False


def _client_id(data: Json) -> str:
    given = data.get("clientmsgid")
    if given is None or given == "":
        # Without the field the server derives one from target and content.
        kind = str(data.get("msgtype"))
        return digest("derived", data.get("filter"), kind, data.get(kind))
    if len(str(given).encode()) > CLIENT_ID_MAX_BYTES:
        raise WechatError(45067)
    return str(given)


def _refuse_repeat(state: WechatState, account: Account, client_id: str) -> None:
    sent_at, msg_id = account.sends.get(client_id, (None, 0))
    if sent_at is None or state.core.now() - sent_at >= CLIENT_ID_LIFE_S:
        return
    soon = state.core.now() - sent_at < CLIENT_ID_GUARD_S
    if soon and state.core.settings.mass_guard:
        raise WechatError(45066)
    raise WechatError(45065, msg_id=state.shown_id(msg_id))


def _message(state: WechatState, account: Account, data: Json) -> Message:
    kind = str(data.get("msgtype"))
    body = data.get(kind)
    if kind not in {"mpnews", "text"} | _MEDIA_TYPES or not isinstance(body, dict):
        raise WechatError(40008)
    if kind == "mpnews":
        draft = state.draft(account, body.get("media_id"))
        return Message(articles=[dict(a) for a in draft.articles], draft=draft)
    if kind == "text":
        if not body.get("content"):
            raise WechatError(44004)
        text = str(body["content"])
        return Message(articles=[{"title": "", "content": text}], draft=None)
    _check_media(account, body)
    return Message(articles=[{"title": "", "content": ""}], draft=None)


def _check_media(account: Account, body: Json) -> None:
    ids: Any = body.get("media_ids", [body.get("media_id")])
    if "card_id" in body:
        return
    if not isinstance(ids, list) or not ids or any(str(i) not in account.media for i in ids):
        raise WechatError(40007)


def _counts(account: Account, *, to_all: bool) -> bool:
    # A 服务号's sends to a tag count per follower, which is not modelled.
    return to_all or account.kind == "subscription"


def _check_push_quota(state: WechatState, account: Account, *, to_all: bool) -> None:
    limit, window = state.push_window(account)
    used = state.core.quotas.used(("wechat", account.account, "push"), window)
    if _counts(account, to_all=to_all) and used >= limit:
        raise WechatError(45028)


def spend_push(state: WechatState, account: Account) -> None:
    """Count one mass send, made by API or in the console."""
    _, window = state.push_window(account)
    state.core.quotas.add(("wechat", account.account, "push"), window)


def _send(state: WechatState, account: Account, message: Message, *, ignore_reprint: bool) -> Push:
    outcome, seconds = review_fate(state.core, account.account)
    reprint = not ignore_reprint and state.unoriginal(account, message.articles)
    if outcome == PUBLISHED and reprint:
        outcome = NOT_ORIGINAL
    if account.protection == "confirm":
        seconds += CONFIRM_TAKES_S
    elif account.protection:
        outcome = REFUSED
        seconds = CONFIRM_WITHIN_S if account.protection == "silent" else CONFIRM_TAKES_S
    return state.accept(
        account,
        message.articles,
        kind="mass",
        via="api",
        outcome=outcome,
        ready_at=state.core.now() + seconds,
    )


def _job(account: Account, data: Json) -> Push:
    given = data.get("msg_id")
    number = int(given) if isinstance(given, int | str) and str(given).isdecimal() else -1
    push = account.jobs.get(number)
    if push is None or push.kind != "mass":
        raise WechatError(40059)
    return push


def get(state: WechatState, account: Account, call: Call) -> Json:
    """How far a mass send is. D/service/api/notify/message/api_massmsgget"""
    push = _job(account, call.json)
    now = state.core.now()
    status = push.status(now)
    shown = "SEND_FAIL"
    if status == REVIEWING:
        shown = "SENDING"
    elif push.outcome == PUBLISHED:
        shown = "SEND_SUCCESS" if status == PUBLISHED else "DELETE"
    return {"msg_id": state.shown_id(push.id), "msg_status": shown}


def preview(state: WechatState, account: Account, call: Call) -> Json:
    """A msg_id of a message only its receiver sees; nothing becomes public.

    D/service/api/notify/message/api_preview
    """
    data = call.json
    if not data.get("touser") and not data.get("towxname"):
        raise WechatError(40003)
    if data.get("towxname"):
        key = ("wechat", account.account, "preview towxname")
        window = day_number(state.core.now())
        if state.core.quotas.used(key, window) >= PREVIEWS_PER_DAY:
            raise WechatError(45009)
        state.core.quotas.add(key, window)
    _message(state, account, data)
    return {"errmsg": "preview success", "msg_id": state.shown_id(state.core.serial())}


def speed(state: WechatState, account: Account, call: Call) -> Json:
    """How fast mass sends go: 0 (fastest) to 4, and what that is in 10,000 a minute.

    D/service/api/notify/message/api_getspeed
    """
    return {"speed": 3, "realspeed": 15}


def delete(state: WechatState, account: Account, call: Call) -> Json:
    """Take down a mass send by msg_id and `article_idx` (from 1, 0 for all), or by url.

    Only messages sent by API can go this way. D/service/api/notify/message/api_deletemassmsg
    """
    data = call.json
    if "url" in data and "msg_id" not in data:
        for push in account.pushes:
            for index, post in enumerate(push.posts, 1):
                if push.via == "api" and push.kind == "mass" and post.url == data["url"]:
                    remove_from(state, push, index)
                    return {}
        raise WechatError(40059)
    remove_from(state, _job(account, data), data.get("article_idx") or 0)
    return {}
