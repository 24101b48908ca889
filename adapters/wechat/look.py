"""A post as WeChat shows it: each article, the message in a chat, and what a friend is sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape

from adapters.looks import parts
from adapters.wechat import layout, options, themes
from adapters.wechat.articles import articles, gallery_text, is_gallery
from adapters.wechat.limits import Limits
from adapters.wechat.render import Notices, lay_out, pictures
from bot.contract import Length, Scene, Screen
from bot.domain.post import Kind, Variant
from bot.i18n import _

ORIGINAL = "阅读原文"  # WeChat's own word


def screens(variant: Variant, scene: Scene, theme: str = themes.DEFAULT) -> list[Screen]:
    """Its articles in their order, then the message; `theme` holds unless another is chosen.

    A reprint's message is left out: it is that of the first release.
    """
    if is_gallery(variant):
        return [_screen(_gallery(variant, scene))]
    every = articles(variant)
    shown = [_article(article, scene, theme) for article in every]
    if variant.kind is Kind.REPRINT:
        return shown
    return [*shown, _screen(_message(every, scene), _("In the chat, and as friends pass it on"))]


def lengths(variant: Variant, limit: Limits) -> Iterator[Length]:
    """Title, digest, author, and the text with its layout."""
    gallery = is_gallery(variant)
    yield Length(name=_("title"), length=len(variant.title), limit=limit.title_chars)
    yield Length(name=_("digest"), length=len(variant.digest), limit=limit.digest_chars)
    yield Length(name=_("author"), length=len(variant.author), limit=limit.author_chars)
    if gallery:
        text = gallery_text(variant)
        yield Length(name=_("text"), length=len(text), limit=limit.gallery_chars)
    else:
        size = layout.measure(variant.body, Notices.of(variant), themes.chosen(variant))
        name = _("article with its layout")
        yield Length(name=name, length=size.chars, limit=limit.content_chars - 1)


def _screen(content: str, note: str = "") -> Screen:
    return Screen(content=content, css=parts.css(__file__), note=note)


def _article(article: Variant, scene: Scene, default: str) -> Screen:
    theme = themes.chosen(article, scene.account, default)
    urls = parts.found(scene.pictures, pictures(article.body))
    content = lay_out(article.body, Notices.of(article), urls, theme, parts.SCHEMES)
    talk = options.comments(
        article.options.get("comments") or options.account_comments(scene.account)
    )
    signs = [("share", "分享"), ("heart", "推荐")]
    signs += [("talk", "写留言")] if talk["need_open_comment"] else []
    return _screen(
        f'<div class="pt-page">{parts.top("", "close")}<div class="wx-article">'
        f'{_head(article, scene)}<div class="wx-content">{content}</div>'
        f"{_original(article)}</div>{parts.bottom(*signs)}</div>",
        _("The article, theme {theme}").format(theme=theme),
    )


def _gallery(variant: Variant, scene: Scene) -> str:
    strip = "".join(parts.picture(scene, media) for media in variant.images)
    text = f'<p class="wx-text">{escape(gallery_text(variant))}</p>'
    return (
        f'<div class="pt-page">{parts.top("", "close")}<div class="wx-gallery">{strip}</div>'
        f'<div class="wx-article">{_head(variant, scene)}{text}</div></div>'
    )


def _message(every: Sequence[Variant], scene: Scene) -> str:
    cards = "".join(_cards(every, scene))
    first = every[0]
    thumb = parts.cover(scene, first.cover, style=_cut(first, options.SQUARE))
    return (
        f'<div class="pt-page wx-chat">{parts.top(scene.account.name)}'
        f'<p class="wx-when">{parts.moment(scene.at)}</p><div class="wx-cards">{cards}</div>'
        f'<p class="wx-when">转发给朋友时</p><div class="wx-sent"><div class="wx-share">'
        f"<b>{escape(first.title)}</b><div><p>{escape(first.digest)}</p>{thumb}</div>"
        f"<small>{escape(scene.account.name)}</small></div>{parts.avatar('我')}</div>"
        f'<div class="wx-input"><i></i>{parts.sign("more")}</div></div>'
    )


def _cards(every: Sequence[Variant], scene: Scene) -> Iterator[str]:
    for number, article in enumerate(every):
        kind, ratio = ("wx-small", options.SQUARE) if number else ("wx-wide", options.WIDE)
        cover = parts.cover(scene, article.cover, style=_cut(article, ratio))
        title = f'<b class="wx-of-card">{escape(article.title)}</b>'
        yield f'<div class="wx-card {kind}">{title}{cover}</div>'


def _cut(article: Variant, ratio: options.Ratio) -> str:
    box = options.crop(article.options, article.cover, ratio)
    # Without the property (Firefox, Safari) the middle is shown.
    return f"object-view-box:inset({_inset(box)})" if box else ""


def _inset(box: options.Box) -> str:
    edges = (box.y1, 1 - box.x2, 1 - box.y2, box.x1)
    return " ".join(f"{edge:.2%}" for edge in edges)


def _head(article: Variant, scene: Scene) -> str:
    facts: Mapping[str, str] = {
        "wx-author": article.author,
        "wx-name": scene.account.name,
        "wx-date": parts.moment(scene.at),
    }
    meta = "".join(f'<span class="{k}">{escape(text)}</span>' for k, text in facts.items() if text)
    return f'<h4 class="wx-title">{escape(article.title)}</h4><p class="wx-meta">{meta}</p>'


def _original(article: Variant) -> str:
    """The link to the original; a reprint's does not exist before the first release."""
    link = article.link
    if not link.startswith(("https://", "http://")):
        return ""
    if article.kind is Kind.REPRINT:
        return f'<p class="wx-original">{ORIGINAL}</p>'
    return f'<p class="wx-original"><a href="{escape(link)}" rel="noreferrer">{ORIGINAL}</a></p>'
