"""People at Douyin: who agrees on the OAuth page, scans a share, or takes an authorisation back.

Sources: https://developer.open-douyin.com/docs/resource/zh-CN/dop/develop/sdk/web-app/h5/share-to-h5
and …/openapi/account-permission/douyin-get-permission-code (read 2026-11-21).
"""

import hashlib
import html
import json
from typing import Any, Final
from urllib.parse import unquote, urlencode, urlsplit

from bot.simulator.douyin_state import (
    CODE_LIFE_S,
    IMAGES,
    PUBLIC,
    REJECTED,
    VIDEO,
    Account,
    DouyinState,
)
from bot.simulator.store import ControlError, Json, digest
from bot.simulator.wire import Call

CONNECT: Final = "/platform/oauth/connect/"
_BAD_SIGNATURE: Final = "verify signature fail"
# Since version 30.5.0 of the app, the second beside the first.
_SHARE_SCOPES: Final = frozenset({"h5.share", "aweme.share"})


def connect(state: DouyinState, call: Call) -> str:
    """The page the owner's browser opens: one link for each person who could scan its code.

    A scope the app does not hold breaks the whole page.
    """
    query = call.query
    app = [a for a in state.accounts.values() if a.client_key == query.get("client_key")]
    scopes = [scope for scope in query.get("scope", "").split(",") if scope]
    redirect = urlsplit(query.get("redirect_uri", ""))
    if not app:
        return _page("client_key错误")
    if query.get("response_type") != "code" or not scopes or not redirect.scheme:
        return _page("参数错误")
    if any(scope not in state.app_scopes(app[0].client_key) for scope in scopes):
        return _page("scope权限非法")
    hosts = {a.redirect_host for a in app} - {""}
    if hosts and redirect.hostname not in hosts:
        return _page("重定向地址与授权回调域不一致")
    links = [_agree(state, account, scopes, call) for account in app]
    refuse = _back(query["redirect_uri"], {"state": query.get("state", "")})
    return _page("抖音授权", *links, f'<a href="{html.escape(refuse)}">拒绝</a>')


def _agree(state: DouyinState, account: Account, scopes: list[str], call: Call) -> str:
    code = digest("code", state.core.serial())[:32]
    state.codes[code] = (account, state.core.now() + CODE_LIFE_S)
    state.code_scopes[code] = ",".join(scopes)
    given = {"code": code, "scopes": ",".join(scopes), "state": call.query.get("state", "")}
    address = html.escape(_back(call.query["redirect_uri"], given))
    return f'<a data-account="{html.escape(account.account)}" href="{address}">同意</a>'


def _back(redirect: str, given: dict[str, str]) -> str:
    return f"{redirect}{'&' if '?' in redirect else '?'}{urlencode(given)}"


def _page(*parts: str) -> str:
    body = "".join(f"<p>{part}</p>" for part in parts)
    return f'<html><head><meta charset="utf-8"></head><body>{body}</body></html>'


def revoke(state: DouyinState, account: Account) -> Json:
    """The owner takes the authorisation back in the app: the tokens are dead at once."""
    account.dead = True
    scopes = account.scopes.split(",")
    told = {"scopes": scopes}
    state.hooks.send(account.client_key, "unauthorize", account.open_id, told)
    if bound := [scope for scope in scopes if scope.endswith(".bind")]:
        told = {"scopes": bound}
        state.hooks.send(account.client_key, "contract_unauthorize", account.open_id, told)
    return {"account": account.account, "dead": True}


def scan(state: DouyinState, account: Account, data: Json) -> Json:
    """A person scans a share with the app, and publishes it unless `publish` is false.

    `text` is what the person has made of the caption. Answers what the app shows when it refuses.
    """
    link, text = data.get("link"), data.get("text", "")
    if not isinstance(link, str) or not isinstance(text, str):
        raise ControlError("link and text must be texts")
    given, trouble = _content(state, link)
    trouble = trouble or _media_trouble(given)
    if trouble or data.get("publish") is False:
        return {"opened": not trouble, "shown": trouble, "id": ""}
    refused, seconds = state.review_fate(account)
    now = state.core.now()
    work = state.add_work(
        account,
        text or _caption(given),
        media_type=VIDEO if given.get("video_path") else IMAGES,
        via="h5",
        at=now,
        ready_at=now + seconds,
        verdict=REJECTED if refused else PUBLIC,
    )
    if str(given.get("state", "")) in state.share_ids:  # without one there is no event
        content = {
            "share_id": str(given["state"]),
            "item_id": work.post.id,
            "video_id": work.video_id,
        }
        key = state.share_ids[str(given["state"])]
        state.hooks.send(key, "create_video", account.open_id, content)
    return {"opened": True, "shown": "", "id": work.post.id}


def _content(state: DouyinState, link: str) -> tuple[Json, str]:
    """What the share holds, and what the app shows instead when it does not open it."""
    parts = urlsplit(link)
    if parts.scheme != "snssdk1128":
        return {}, "not a link of Douyin"
    if parts.netloc == "webview":
        kept = state.short_links.get(link)
        if kept is None or kept["expire_at"] <= state.core.now():
            return {}, "the link has expired"
        return kept, ""
    # A plus is a plus here, not a blank.
    pairs = (pair.partition("=") for pair in parts.query.split("&"))
    given = {unquote(name): unquote(value) for name, _equals, value in pairs}
    if (parts.netloc, parts.path) != ("openplatform", "/share") or given.get("share_type") != "h5":
        return {}, "not a share"
    return given, "" if _signed(state, given) else _BAD_SIGNATURE


def _signed(state: DouyinState, given: dict[str, str]) -> bool:
    key = given.get("client_key", "")
    if not state.app_scopes(key) >= _SHARE_SCOPES:
        return False
    nonce, timestamp = given.get("nonce_str", ""), given.get("timestamp", "")
    if not nonce or not timestamp.isdecimal():
        return False
    now = state.core.now()
    live = [t for t, (owner, end) in state.tickets.items() if owner == key and end > now]
    return given.get("signature", "") in {_signature(nonce, t, timestamp) for t in live}


def _signature(nonce: str, ticket: str, timestamp: str) -> str:
    text = f"nonce_str={nonce}&ticket={ticket}&timestamp={timestamp}"
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _media_trouble(given: Json) -> str:
    """What the app says about the addresses of the files; a video wins over pictures."""
    if video := given.get("video_path"):
        good = _public(video) and urlsplit(video).path.lower().endswith((".mp4", ".mov", ".3gp"))
        return "" if good else "视频获取失败"
    images = _listed(given.get("image_list_path")) or [given.get("image_path")]
    return "" if images and all(map(_public, images)) else "图片获取失败"


def _public(address: Any) -> bool:
    """An https address; http only on this machine, where tests have no certificate."""
    if not isinstance(address, str):
        return False
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme, parts.hostname) == ("http", "127.0.0.1")


def _caption(given: Json) -> str:
    text = str(given.get("title", ""))
    missing = [tag for tag in _listed(given.get("hashtag_list")) if f"#{tag}" not in text]
    return " ".join([text, *(f"#{tag}" for tag in missing)]).strip()


def _listed(value: Any) -> list[Any]:
    """A JSON list in a link, a plain one from the helper."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return []
    return value if isinstance(value, list) else []
