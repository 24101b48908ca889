"""A video as apps for upright videos show it: the whole phone, with the words over it."""

from __future__ import annotations

from html import escape

from adapters.looks import parts
from bot.contract import Scene, Screen
from bot.domain.post import Variant
from bot.i18n import _

_GHOSTS = 8  # other works on the account's page


def screens(variant: Variant, scene: Scene, *, tabs: tuple[str, ...]) -> list[Screen]:
    """The video playing, and its cover on the account's page.

    `tabs` stand above it, the last one chosen.
    """
    playing = Screen(
        content=_playing(variant, scene, tabs),
        css=parts.css(__file__),
        note=_("The video"),
        dark=True,
    )
    page = Screen(
        content=_page(variant, scene), css=playing.css, note=_("The cover on the account's page")
    )
    return [playing, page]


def _playing(variant: Variant, scene: Scene, tabs: tuple[str, ...]) -> str:
    chosen = len(tabs) - 1
    above = "".join(
        f"<b>{tab}</b>" if number == chosen else f"<span>{tab}</span>"
        for number, tab in enumerate(tabs)
    )
    return (
        f'<div class="vd"><div class="vd-stage">{stage(variant, scene)}</div>'
        f'<div class="vd-tabs">{above}</div><div class="vd-low"><div class="vd-words">'
        f"<b>@{escape(scene.account.name)}</b>"
        f"<p>{parts.words(caption(variant))}</p>{parts.ai_notice(variant, scene)}</div>"
        f'<div class="vd-side">{parts.avatar(scene.account.name)}{_side()}</div></div>'
        f"{_progress(variant)}</div>"
    )


def caption(variant: Variant) -> str:
    """The words below a video, and the label of a reprint on a line of its own."""
    return "\n".join(filter(None, [(variant.text or variant.title).strip(), variant.label]))


def stage(variant: Variant, scene: Scene) -> str:
    """The video itself where it can be played, else its cover, or its pictures in its place."""
    video = variant.video
    url = scene.videos.get(video.path, "") if video else ""
    poster = parts.found(scene.pictures, [variant.cover.path if variant.cover else ""])
    if url:
        shown = next(iter(poster.values()))
        return f'<video src="{escape(url)}" poster="{shown}" controls preload="none"></video>'
    if video is None and variant.images:
        shown = "".join(parts.picture(scene, image) for image in variant.images)
        return f'<div class="vd-strip">{shown}</div>'
    played = f'<span class="vd-play">{parts.sign("play")}</span>' if video else ""
    return f"{parts.cover(scene, variant.cover)}{played}"


def _side() -> str:
    named = (("heart", "赞"), ("talk", "评论"), ("star", "收藏"), ("share", "分享"))
    return "".join(parts.sign(name, label) for name, label in named)


def _progress(variant: Variant) -> str:
    if variant.video is None:
        return ""
    length = parts.length_s(variant.video.duration_s)
    return f'<div class="vd-bar"><i></i><span>00:00 / {length}</span></div>'


def _page(variant: Variant, scene: Scene) -> str:
    account = scene.account
    first = variant.cover or (variant.images[0] if variant.images else None)
    return (
        f'<div class="pt-page">{parts.top("", "back", "share")}'
        f'<div class="vd-who">{parts.avatar(account.name)}<div><b>{escape(account.name)}</b>'
        f'<p class="vd-org">{escape(account.verified_name)}</p></div></div>'
        f'<div class="vd-works"><b>作品</b><span>喜欢</span></div><div class="vd-grid">'
        f'<div class="vd-cell">{parts.cover(scene, first)}{parts.sign("play")}</div>'
        f"{'<i></i>' * _GHOSTS}</div></div>"
    )
