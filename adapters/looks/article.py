"""An article as websites and article platforms show it."""

from __future__ import annotations

from html import escape

from adapters.looks import parts
from adapters.markdown import pictures, to_html
from bot.contract import Scene, Screen
from bot.domain.post import Kind, Variant
from bot.i18n import _

_BUTTONS = (("talk", "评论"), ("star", "收藏"), ("heart", "赞"), ("share", "分享"))


def site(variant: Variant, scene: Scene) -> list[Screen]:
    """On an institution's own website, as a phone shows it."""
    name = scene.account.name
    head = (
        f'<div class="ar-site"><b>{escape(name)}</b>{parts.sign("search")}</div>'
        f'<p class="ar-path">首页 › 信息发布 › 正文</p>'
        f'<h4 class="ar-title ar-middle">{escape(variant.title)}</h4>'
        f'<p class="ar-meta ar-middle">{_facts(variant, scene)}</p>'
    )
    foot = f'<p class="ar-foot">主办单位：{escape(scene.account.verified_name or name)}</p>'
    return [_screen(f'<div class="pt-page">{head}{_text(variant, scene)}{foot}</div>')]


def feed(variant: Variant, scene: Scene, platform: str) -> list[Screen]:
    """On a platform for articles: the card in its list, and the article itself."""
    card = (
        f'<div class="pt-page">{parts.top(platform, "home", "search")}'
        f'<div class="ar-card"><div><b>{escape(variant.title)}</b>'
        f'<p class="ar-meta">{escape(scene.account.name)}　刚刚</p></div>'
        f"{parts.cover(scene, variant.cover)}</div>"
        f'<div class="ar-ghost"></div><div class="ar-ghost"></div></div>'
    )
    whole = (
        f'<div class="pt-page">{parts.top(platform)}'
        f'<h4 class="ar-title">{escape(variant.title)}</h4>'
        f'<div class="ar-by">{parts.avatar(scene.account.name)}<div>'
        f'<b>{escape(scene.account.name)}</b><p class="ar-meta">{_facts(variant, scene)}</p></div>'
        f'<span class="ar-follow">关注</span></div>{_text(variant, scene)}'
        f"{parts.bottom(*_BUTTONS)}</div>"
    )
    return [_screen(whole, _("The article")), _screen(card, _("In the list"))]


def _facts(variant: Variant, scene: Scene) -> str:
    author = f"<span>{escape(variant.author)}</span> " if variant.author else ""
    return f"{author}<span>{parts.moment(scene.at)}</span>"


def _text(variant: Variant, scene: Scene) -> str:
    label = f'<p class="pt-label">{escape(variant.label)}</p>' if variant.label else ""
    urls = parts.found(scene.pictures, pictures(variant.body))
    body = to_html(variant.body, urls, schemes=parts.SCHEMES)
    text = body or f'<p class="ar-short">{parts.words(variant.text)}</p>'
    shown = "".join(f"<figure>{parts.picture(scene, image)}</figure>" for image in variant.images)
    link = f'<p class="ar-meta">原文链接：{_link(variant)}</p>' if variant.link else ""
    notice = parts.ai_notice(variant, scene)
    return f'<div class="ar-text">{label}{text}{shown}{notice}{link}</div>'


def _link(variant: Variant) -> str:
    """A reprint's does not exist before the first release."""
    words = "（首发后的链接）" if variant.kind is Kind.REPRINT else variant.link
    return f'<span class="pt-link">{escape(words)}</span>'


def _screen(content: str, note: str = "") -> Screen:
    return Screen(content=content, css=parts.css(__file__), note=note)
