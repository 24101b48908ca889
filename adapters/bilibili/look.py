"""A video as bilibili shows it: player, title, description, tags; and its card in a list."""

from __future__ import annotations

from html import escape

from adapters.bilibili.check import choices, desc, tags
from adapters.bilibili.limits import DESC_CHARS, TAG_CHARS, TITLE_CHARS
from adapters.looks import parts, video
from bot.contract import Length, Scene, Screen
from bot.domain.post import Variant
from bot.domain.roster import Account
from bot.i18n import _


def screens(variant: Variant, scene: Scene) -> list[Screen]:
    """The video's own page with the card below it that others see in lists."""
    content = (
        f'<div class="pt-page"><div class="bl-stage">{video.stage(variant, scene)}</div>'
        f'<div class="bl-tabs"><b>简介</b><span>评论</span></div>'
        f'<div class="bl-body">{_words(variant, scene)}</div>'
        f'<p class="bl-list">在列表中</p>{_card(variant, scene)}</div>'
    )
    return [Screen(content=content, css=parts.css(video.__file__) + parts.css(__file__))]


def lengths(variant: Variant, account: Account) -> list[Length]:
    """Title, description and tags."""
    fields = (
        (_("title"), variant.title.strip(), TITLE_CHARS),
        (_("description"), desc(variant), DESC_CHARS),
        (_("list of tags"), tags(variant, choices(variant, account)), TAG_CHARS),
    )
    return [Length(name=name, length=_chars(text), limit=most) for name, text, most in fields]


def _chars(text: str) -> int:
    return max(len(text), len(text.encode("utf-16-le", "surrogatepass")) // 2)


def _words(variant: Variant, scene: Scene) -> str:
    chosen = choices(variant, scene.account)
    named = [name for name in tags(variant, chosen).split(",") if name]
    shown = "".join(f"<span>{escape(name)}</span>" for name in named)
    partition = f"<span>分区 {escape(chosen['tid'])}</span>" if chosen.get("tid") else ""
    buttons = (("heart", "点赞"), ("coin", "投币"), ("star", "收藏"), ("share", "分享"))
    return (
        f'<div class="bl-by">{parts.avatar(scene.account.name)}<div>'
        f"<b>{escape(scene.account.name)}</b></div>"
        f'<span class="bl-follow">+ 关注</span></div><h4 class="bl-title">'
        f'{escape(variant.title.strip())}</h4><p class="bl-faint">{parts.moment(scene.at)}</p>'
        f'<p class="bl-desc">{parts.words(desc(variant))}</p>{parts.ai_notice(variant, scene)}'
        f'<div class="bl-tags">{partition}{shown}</div>'
        f'<div class="bl-buttons">{"".join(parts.sign(*one) for one in buttons)}</div>'
    )


def _card(variant: Variant, scene: Scene) -> str:
    seconds = variant.video.duration_s if variant.video else 0
    return (
        f'<div class="bl-card"><div>{parts.cover(scene, variant.cover)}'
        f"<i>{parts.length_s(seconds)}</i></div><p><b>{escape(variant.title.strip())}</b>"
        f"<span>{escape(scene.account.name)}</span></p></div>"
    )
