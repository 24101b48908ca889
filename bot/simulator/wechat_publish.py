"""WeChat's 发布: submit a draft, follow the review, list and delete what was published.

`D` in source notes stands for https://developers.weixin.qq.com/doc (read 2026-11-21).
"""

from typing import Final

from bot.simulator.store import Core, Json, Post
from bot.simulator.wechat_content import page_of, shown_article
from bot.simulator.wechat_state import (
    FAILED,
    NOT_ORIGINAL,
    PUBLISHED,
    REFUSED,
    Account,
    Push,
    WechatError,
    WechatState,
)
from bot.simulator.wire import Call

_FAIL_IDX: Final = (NOT_ORIGINAL, FAILED, REFUSED)


def review_fate(core: Core, account: str) -> tuple[int, float]:
    """What the next review will say, and how many seconds it takes."""
    outcome, seconds = PUBLISHED, core.settings.review_s["wechat"]
    for fault in core.faults.take_review("wechat", account):
        if fault.kind == "refuse_review":
            outcome = fault.status
        else:
            seconds = fault.seconds
    return outcome, seconds


def submit(state: WechatState, account: Account, call: Call) -> Json:
    """Ids of a job that was accepted, not of anything public yet.

    Whether a second submit of the same draft is refused or publishes twice is not documented;
    here it makes a second job, so that a caller's double shows.
    D/subscription/api/public/api_freepublish_submit
    """
    if not call.json.get("media_id"):
        raise WechatError(41006)
    draft = state.draft(account, call.json["media_id"])
    outcome, seconds = review_fate(state.core, account.account)
    if outcome == PUBLISHED and state.unoriginal(account, draft.articles):
        outcome = NOT_ORIGINAL
    ready_at = state.core.now() + seconds
    push = state.accept(
        account,
        [dict(article) for article in draft.articles],
        kind="publish",
        via="api",
        outcome=outcome,
        ready_at=ready_at,
    )
    if outcome == PUBLISHED:
        draft.consumed_at = min(ready_at, draft.consumed_at or ready_at)
    return {
        "publish_id": state.shown_id(push.id),
        "msg_data_id": state.shown_id(push.msg_data_id),
    }


def get(state: WechatState, account: Account, call: Call) -> Json:
    """The state of a publish job, with the article links once it is through.

    D/subscription/api/public/api_freepublish_get
    """
    push = account.jobs.get(_number(call.json.get("publish_id")))
    if push is None or push.kind != "publish":
        raise WechatError(40035)
    status = push.status(state.core.now())
    answer: Json = {"publish_id": state.shown_id(push.id), "publish_status": status}
    if status == PUBLISHED:
        answer["article_id"] = push.article_id
        items = [{"idx": i, "article_url": p.url} for i, p in enumerate(push.posts, 1)]
        answer["article_detail"] = {"count": len(items), "item": items}
    answer["fail_idx"] = _failed(state, account, push) if status in _FAIL_IDX else []
    return answer


def _failed(state: WechatState, account: Account, push: Push) -> list[int]:
    unoriginal = state.unoriginal(account, push.articles) if push.outcome == NOT_ORIGINAL else []
    return unoriginal or list(range(1, len(push.articles) + 1))


def _number(value: object) -> int:
    return int(value) if isinstance(value, int | str) and str(value).isdecimal() else -1


def listed_url(state: WechatState, post: Post) -> str:
    """An article's link as lists show it: plain, or with the parts that vary between calls."""
    if not state.core.settings.url_variants:
        return post.url
    return post.url.replace("https://", "http://") + f"&chksm={post.url[-16:]}#rd"


def _news_items(state: WechatState, account: Account, push: Push, *, full: bool) -> list[Json]:
    now = state.core.now()
    return [
        shown_article(account, article, listed_url(state, post), with_content=full)
        | {"is_deleted": post.gone(now)}
        for article, post in zip(push.articles, push.posts, strict=True)
    ]


def batchget(state: WechatState, account: Account, call: Call) -> Json:
    """A page of 发布 objects, newest first; mass sends are not among them.

    D/subscription/api/public/api_freepublish_batchget
    """
    pushes = [p for p in state.finished(account) if p.kind == "publish"]
    full = not call.json.get("no_content")
    items = []
    for push in page_of(call, pushes):
        moment = int(push.ready_at)
        news = _news_items(state, account, push, full=full)
        content = {"news_item": news, "create_time": moment, "update_time": moment}
        items.append({"article_id": push.article_id, "content": content, "update_time": moment})
    return {"total_count": len(pushes), "item_count": len(items), "item": items}


def _article(state: WechatState, account: Account, call: Call) -> Push:
    push = account.articles.get(str(call.json.get("article_id")))
    now = state.core.now()
    if push is None or push.kind != "publish" or push.status(now) != PUBLISHED:
        raise WechatError(53600)
    return push


def getarticle(state: WechatState, account: Account, call: Call) -> Json:
    """The articles of one 发布; 53600 once all are gone.

    D/subscription/api/public/api_freepublishgetarticle
    """
    push = _article(state, account, call)
    return {"news_item": _news_items(state, account, push, full=True)}


def delete(state: WechatState, account: Account, call: Call) -> Json:
    """Take down one article (`index` counts from 1) or all (0 or absent).

    D/subscription/api/public/api_freepublishdelete
    """
    push = _article(state, account, call)
    remove_from(state, push, call.json.get("index") or 0)
    return {}


def remove_from(state: WechatState, push: Push, index: object) -> None:
    """Remove the article at a 1-based index, or all for 0; 40060 beyond the end."""
    if not isinstance(index, int) or not 0 <= index <= len(push.posts):
        raise WechatError(40060)
    for post in push.posts if index == 0 else [push.posts[index - 1]]:
        state.core.posts.remove(post, state.core.now())
