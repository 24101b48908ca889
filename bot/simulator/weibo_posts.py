"""Weibo's ways to write: share, repost, destroy.

Sources: https://open.weibo.com/wiki/2/statuses/share, …/repost, …/destroy (read 2026-11-21).
"""

import re
from ipaddress import ip_address
from typing import Final

from bot.simulator.store import Json, digest
from bot.simulator.text import URL, host_of
from bot.simulator.weibo_state import (
    Status,
    User,
    WeiboError,
    WeiboState,
    check_length,
    shown_status,
)
from bot.simulator.wire import BadBody, Call, Part

PICTURE_MAX: Final = 5 * 1024 * 1024
_TOPIC = re.compile(r"#[^#\s][^#]*#")
_PICTURES: Final = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a")
_SLOW_S: Final = 90.0


def share(state: WeiboState, user: User, call: Call) -> Json:
    """The Status of a new post: text with a link of a safe domain, at most one picture."""
    form = call.form
    text = _required(form.get("status"), "status")
    _check_ip(form.get("rip"))
    if not text.strip():
        raise WeiboError(20008)
    text = _topics(state, text)
    check_length(text)
    _check_domain(user, text)
    picture = _picture(call)
    state.remember(user, text)
    return _accept(state, user, text, kind="share", picture=picture)


def repost(state: WeiboState, user: User, call: Call) -> Json:
    """The Status of a repost, with the root original in `retweeted_status`."""
    form = call.form
    if not form.get("id"):
        raise WeiboError(20109)
    _check_ip(form.get("rip"))
    target = state.find(form["id"])
    if target.post.account == user.account:
        raise WeiboError(20103)
    text = form.get("status") or "转发微博"
    if form.get("is_comment", "0") not in ("0", "1", "2", "3"):
        raise WeiboError(10017, "is_comment value is invalid!")
    check_length(text)
    state.remember_repost(user, target, text)
    return _accept(state, user, text, kind="repost", target=target)


def destroy(state: WeiboState, user: User, call: Call) -> Json:
    """The Status that was taken down; only one's own (20102)."""
    given = call.form.get("id") or call.query.get("id")
    if not given:
        raise WeiboError(20109)
    status = state.find(given)
    if status.post.account != user.account:
        raise WeiboError(20102)
    shown = shown_status(state, status)
    state.core.posts.remove(status.post, state.core.now())
    return shown | {"deleted": "1"}


def _accept(
    state: WeiboState,
    user: User,
    text: str,
    *,
    kind: str,
    target: Status | None = None,
    picture: str = "",
) -> Json:
    if state.posts_left(user) <= 0:
        raise WeiboError(10024)
    state.spend_post(user)
    now, delay, hidden = state.core.now(), state.core.settings.weibo_slow_s, False
    for fault in state.core.faults.take_review("weibo", user.account):
        hidden = hidden or fault.kind == "refuse_review"
        if fault.kind == "slow_review":
            delay = fault.seconds or _SLOW_S
    status = state.add(
        user,
        text,
        kind=kind,
        via="api",
        at=now,
        public_at=None if hidden else now + delay,
        target=target,
        picture=picture,
    )
    if delay:
        # Accepted; shows in one or two minutes. To send again would double the post.
        raise WeiboError(20032)
    return shown_status(state, status)


def _required(value: str | None, name: str) -> str:
    if value is None:
        raise WeiboError(10016, f"miss required parameter ({name})")
    return value


def _check_ip(given: str | None) -> None:
    if not given:
        raise WeiboError(10016, "miss required parameter (rip)")
    try:
        ip_address(given)
    except ValueError as error:
        raise WeiboError(10017, "rip value is invalid!") from error


def _topics(state: WeiboState, text: str) -> str:
    if not _TOPIC.search(URL.sub(" ", text)):
        return text
    if state.core.settings.weibo_topics == "strip":
        return _TOPIC.sub("", text)
    # The document forbids topics without naming the code; a parameter error fits best.
    raise WeiboError(10017, "status contains topic!")


def _check_domain(user: User, text: str) -> None:
    if not user.safe_domains or not user.domains_audited:
        raise WeiboError(10017, "appkey not bind domain!")
    hosts = [host_of(url) for url in URL.findall(text)]
    for host in hosts:
        if any(host == d or host.endswith(f".{d}") for d in user.safe_domains):
            return
    raise WeiboError(10017, "text not find domain!")


def _picture(call: Call) -> str:
    if not call.content_type.startswith("multipart/"):
        return ""
    pictures = [p for p in _parts(call) if p.name == "pic"]
    if not pictures:
        raise WeiboError(20007)
    if len(pictures) > 1:
        raise WeiboError(10008)
    data = pictures[0].data
    if not bytes(data[:8]).startswith(_PICTURES):
        raise WeiboError(20005)
    if len(data) >= PICTURE_MAX:
        raise WeiboError(20006)
    return f"http://wx1.sinaimg.cn/thumbnail/{digest(len(data), bytes(data[:256]))[:24]}.jpg"


def _parts(call: Call) -> list[Part]:
    try:
        return call.parts
    except BadBody as error:
        raise WeiboError(21301, "auth by Null spi!") from error
