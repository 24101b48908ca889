"""A short text with pictures, as a stream shows it."""

from __future__ import annotations

from html import escape

from adapters.looks import parts
from bot.contract import Scene, Screen
from bot.domain.post import Variant


def post(variant: Variant, scene: Scene, platform: str) -> list[Screen]:
    """A post of a few lines below the name of its account."""
    text = "\n".join(filter(None, [(variant.text or variant.title).strip(), variant.label]))
    return [
        screen(
            scene,
            platform,
            f'<p class="sh-text">{parts.words(text)}</p>{gallery(variant, scene)}'
            f"{parts.ai_notice(variant, scene)}",
        )
    ]


def note(variant: Variant, scene: Scene) -> list[Screen]:
    """A note whose pictures come first, with a title and a text below them."""
    strip = "".join(parts.picture(scene, image) for image in variant.images)
    strip = strip or parts.cover(scene, variant.cover)
    text = "\n".join(filter(None, [variant.text.strip(), variant.label]))
    return [
        _screen(
            f'<div class="pt-page">{_by(scene, parts.sign("back"))}'
            f'<div class="sh-strip">{strip}</div><div class="sh-body">'
            f'<h4 class="sh-title">{escape(variant.title)}</h4>'
            f'<p class="sh-text">{parts.words(text)}</p>{parts.ai_notice(variant, scene)}'
            f'<p class="sh-when">{parts.moment(scene.at)}</p></div>{_buttons()}</div>'
        )
    ]


def screen(scene: Scene, platform: str, content: str, badge: str = "") -> Screen:
    """A phone with one post: whose it is, `content`, the buttons below it."""
    return _screen(
        f'<div class="pt-page">{parts.top(platform)}<div class="sh-body">'
        f"{_by(scene, '', badge)}{content}</div>{_buttons()}</div>"
    )


def gallery(variant: Variant, scene: Scene) -> str:
    """The pictures: one large, more of them in rows of three."""
    count = len(variant.images)
    if not count:
        return ""
    shown = "".join(parts.picture(scene, image) for image in variant.images)
    return f'<div class="sh-pictures {"sh-one" if count == 1 else ""}">{shown}</div>'


def _by(scene: Scene, left: str, badge: str = "") -> str:
    when = f'<p class="sh-when">{parts.moment(scene.at)}</p>'
    return (
        f'<div class="sh-by">{left}{parts.avatar(scene.account.name)}<div>'
        f"<b>{escape(scene.account.name)}</b>{badge}{'' if left else when}</div>"
        f'<span class="sh-follow">关注</span></div>'
    )


def _buttons() -> str:
    return parts.bottom(("share", "转发"), ("talk", "评论"), ("heart", "赞"))


def _screen(content: str) -> Screen:
    return Screen(content=content, css=parts.css(__file__))
