"""A post as WeChat shows it: the message in a chat, and behind it each article."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from adapters.phone import SCHEMES, Screen, found, page
from adapters.wechat import layout, options, themes
from adapters.wechat.articles import articles, gallery_text, is_gallery
from adapters.wechat.render import Notices, lay_out, pictures
from bot.domain.post import Media, Variant
from bot.domain.quota import PLATFORM_ZONE
from bot.domain.roster import Account
from bot.i18n import _

ORIGINAL = "阅读原文"  # WeChat's own word


def preview_html(
    variant: Variant,
    images: Mapping[str, str],
    *,
    account: Account | None = None,
    at: datetime | None = None,
    theme: str = themes.DEFAULT,
) -> str:
    """A whole page for a browser; `images` gives a `data:` or `file:` address by path.

    Pictures without one are drawn as a box with their path. `at` is when it will go out; `theme`
    holds unless the post or the account chooses one.
    """
    if is_gallery(variant):
        screens = [Screen(content=_gallery(variant, images, account, at))]
    else:
        every = articles(variant)
        screens = [Screen(content=_message(every, images), note=_("In the chat"), edged=False)]
        screens += [_article(article, images, account, at, theme) for article in every]
    return page(variant.title, screens)


def _article(
    article: Variant,
    images: Mapping[str, str],
    account: Account | None,
    at: datetime | None,
    default: str,
) -> Screen:
    theme = themes.chosen(article, account, default)
    urls = found(images, pictures(article.body))
    content = lay_out(article.body, Notices.of(article), urls, theme, SCHEMES)
    size = layout.measure(article.body, Notices.of(article), theme)
    note = _("Theme {theme}; {chars} characters with the layout, {text} of them text")
    return Screen(
        content=f"{_head(article, account, at)}<div class='content'>{content}</div>"
        f"{_original(article.link)}",
        note=note.format(theme=theme, chars=size.chars, text=size.text),
    )


def _gallery(
    variant: Variant, images: Mapping[str, str], account: Account | None, at: datetime | None
) -> str:
    shown = found(images, [media.path for media in variant.images])
    strip = "".join(_img(shown[media.path]) for media in variant.images)
    text = f'<p class="text">{html.escape(gallery_text(variant))}</p>'
    return f'<div class="gallery">{strip}</div>{_head(variant, account, at)}{text}'


def _message(every: Sequence[Variant], images: Mapping[str, str]) -> str:
    return "".join(_cards(every, images))


def _cards(every: Sequence[Variant], images: Mapping[str, str]) -> Iterator[str]:
    for number, article in enumerate(every):
        kind, ratio = ("small", options.SQUARE) if number else ("wide", options.WIDE)
        box = options.crop(article.options, article.cover, ratio)
        # Without the property (Firefox, Safari) the middle is shown.
        cut = f"object-view-box:inset({_inset(box)})" if box else ""
        title = f"<b>{html.escape(article.title)}</b>"
        yield f'<div class="card {kind}">{title}{_img(_cover(article.cover, images), cut)}</div>'


def _inset(box: options.Box) -> str:
    edges = (box.y1, 1 - box.x2, 1 - box.y2, box.x1)
    return " ".join(f"{edge:.2%}" for edge in edges)


def _cover(cover: Media | None, images: Mapping[str, str]) -> str:
    path = cover.path if cover else ""
    return found(images, [path])[path]


def _img(url: str, style: str = "") -> str:
    return f'<img src="{html.escape(url)}" alt="" style="{html.escape(style)}">'


def _head(article: Variant, account: Account | None, at: datetime | None) -> str:
    parts = [
        ("author", article.author),
        ("name", account.name if account else ""),
        ("date", _moment(at) if at else ""),
    ]
    meta = "".join(f'<span class="{k}">{html.escape(text)}</span>' for k, text in parts if text)
    return f'<h1 class="title">{html.escape(article.title)}</h1><p class="meta">{meta}</p>'


def _moment(at: datetime) -> str:
    local = at.astimezone(PLATFORM_ZONE)
    return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}"


def _original(link: str) -> str:
    if not link.startswith(("https://", "http://")):
        return ""
    return f'<p class="original"><a href="{html.escape(link)}" rel="noreferrer">{ORIGINAL}</a></p>'
