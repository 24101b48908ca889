"""A person at work in a platform's own console: posting, deleting; and the platform banning."""

from typing import Any

from bot.simulator.clock import parse_moment
from bot.simulator.douyin_state import IMAGES, VIDEO
from bot.simulator.store import ControlError, Json, Post
from bot.simulator.text import plain
from bot.simulator.wechat_mass import spend_push
from bot.simulator.wechat_state import PUBLISHED
from bot.simulator.world import World, text

_KINDS = {
    "wechat": ("publish", "mass"),
    "weibo": ("share", "repost"),
    "douyin": ("video", "image_text"),
    "kuaishou": ("video",),
    "bilibili": ("video",),
    "website": ("article",),
    "baijiahao": ("news",),
}


def post(world: World, data: Json) -> Json:
    """Make a post by hand, now or `at` another time; answers its ids and links."""
    platform, account = world.check_account(data)
    at = parse_moment(data["at"]).timestamp() if data.get("at") else world.core.now()
    kind = data.get("kind", _KINDS[platform][0])
    if kind not in _KINDS[platform]:
        raise ControlError(f"kind on {platform} must be one of {_KINDS[platform]}")
    if platform == "wechat":
        posts = _wechat(world, account, data, kind, at)
    elif platform == "weibo":
        posts = [_weibo(world, account, data, kind, at)]
    elif platform == "kuaishou":
        posts = [world.kuaishou.state.console(account, text(data, "text"), at)]
    elif platform == "bilibili":
        posts = [world.bilibili.state.console(account, text(data, "text"), at)]
    elif platform == "baijiahao":
        posts = [_baijiahao(world, account, data, at)]
    elif platform == "website":
        posts = [_website(world, account, data, at)]
    else:
        posts = [_douyin(world, account, data, kind, at)]
    return {"ids": [p.id for p in posts], "urls": [p.url for p in posts]}


def _wechat(world: World, account: str, data: Json, kind: str, at: float) -> list[Post]:
    given = data.get("articles")
    if not isinstance(given, list) or not given:
        raise ControlError("articles must be a list that is not empty")
    articles = [_article(a) for a in given]
    state = world.wechat.state
    owner = state.accounts[account]
    push = state.accept(owner, articles, kind=kind, via="console", outcome=PUBLISHED, ready_at=at)
    # A send of an earlier day or month leaves the present quota alone.
    if kind == "mass" and state.push_window(owner, at) == state.push_window(owner):
        spend_push(state, owner)
    return push.posts


def _article(data: Any) -> Json:
    if not isinstance(data, dict):
        raise ControlError("an article must be an object")
    unknown = set(data) - {"title", "content", "source_url", "digest"}
    if unknown:
        raise ControlError(f"an article has no field {sorted(unknown)[0]!r}")
    content = str(data.get("content", ""))
    return {
        "title": text(data, "title"),
        "content": content,
        "digest": str(data.get("digest") or plain(content)[:54]),
        "content_source_url": str(data.get("source_url") or ""),
    }


def _weibo(world: World, account: str, data: Json, kind: str, at: float) -> Post:
    state = world.weibo.state
    target = None
    if kind == "repost":
        target = state.by_mid.get(text(data, "target"))
        if target is None:
            raise ControlError("target is no known post")
    user = state.users[account]
    words = data.get("text") or ("转发微博" if target else text(data, "text"))
    status = state.add(
        user, str(words), kind=kind, via="console", at=at, public_at=at, target=target
    )
    return status.post


def _douyin(world: World, account: str, data: Json, kind: str, at: float) -> Post:
    state = world.douyin.state
    work = state.add_work(
        state.accounts[account],
        text(data, "text"),
        media_type=VIDEO if kind == "video" else IMAGES,
        via="console",
        at=at,
        ready_at=at,
    )
    return work.post


def _baijiahao(world: World, account: str, data: Json, at: float) -> Post:
    state = world.baijiahao.state
    article = state.add(
        state.authors[account],
        text(data, "title"),
        str(data.get("content", "")),
        origin_url="",
        draft=False,
        rejected=False,
        via="console",
        at=at,
        ready_at=at,
    )
    return article.post


def _website(world: World, account: str, data: Json, at: float) -> Post:
    state = world.website.state
    fields = {"title": text(data, "title"), "content": str(data.get("content", ""))}
    if data.get("slug"):
        fields["slug"] = text(data, "slug")
    site = state.sites[account]
    return state.add(site, fields, status="publish", via="console", at=at).post


def take_down(world: World, post_id: str, *, banned: bool) -> Json:
    """Delete a post as its owner would, or ban it as the platform would."""
    found = world.core.posts.get(post_id)
    if found is None:
        raise ControlError(f"there is no post {post_id!r}")
    world.core.posts.remove(found, world.core.now(), banned=banned)
    return {"id": post_id, "public": found.public(world.core.now())}
