"""What WeChat would refuse in a variant, found before anything is sent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit

from adapters.wechat import layout, options, themes
from adapters.wechat.articles import articles, gallery_text, is_gallery
from adapters.wechat.limits import Limits
from adapters.wechat.render import pictures
from bot.domain.post import Media, Variant
from bot.domain.problem import Problem
from bot.domain.roster import Account
from bot.i18n import _

_LINK = re.compile(r"https?://|www\.|<a\s", re.IGNORECASE)


def problems(variant: Variant, account: Account, limit: Limits) -> Iterator[Problem]:
    """Every mistake of the variant; none means WeChat's documented checks pass."""
    yield from options.problems(variant, account)
    yield from themes.problems(variant, account)
    if is_gallery(variant):
        yield from _texts(variant, limit)
        yield from _gallery(variant, limit)
        yield from _link(variant, limit)
        return
    every = articles(variant)
    if len(every) > limit.articles:
        message = _("One push has {count} articles; WeChat takes {most}.")
        yield Problem(
            code="too-many-articles",
            message=message.format(count=len(every), most=limit.articles),
        )
    for number, article in enumerate(every, 1):
        for problem in _article(article, account, limit):
            yield problem if number == 1 else _placed(problem, number)


def _placed(problem: Problem, number: int) -> Problem:
    message = _("Article {number} of the push: {message}")
    return replace(problem, message=message.format(number=number, message=problem.message))


def _article(article: Variant, account: Account, limit: Limits) -> Iterator[Problem]:
    yield from _texts(article, limit)
    yield from _cover(article)
    yield from _body(article, account, limit)
    yield from _link(article, limit)


def _texts(variant: Variant, limit: Limits) -> Iterator[Problem]:
    if not variant.title.strip():
        yield Problem(code="title-missing", message=_("WeChat needs a title."))
    measured = (
        ("title-too-long", _("title"), variant.title, limit.title_chars),
        ("author-too-long", _("author"), variant.author, limit.author_chars),
        ("digest-too-long", _("digest"), variant.digest, limit.digest_chars),
    )
    for code, name, text, most in measured:
        if len(text) > most:
            message = _("The {name} has {length} characters; WeChat takes {most}.")
            yield Problem(
                code=code,
                message=message.format(name=name, length=len(text), most=most),
                hint=_("Shorten it, or give WeChat its own under `variants`."),
            )


def _cover(variant: Variant) -> Iterator[Problem]:
    if variant.cover is None:
        yield Problem(
            code="cover-missing",
            message=_("WeChat needs a cover picture."),
            hint=_("Add `cover: media/….jpg` to the post."),
        )
    elif not _is_picture(variant.cover):
        message = _("WeChat does not take a cover of type {mime}.")
        yield Problem(
            code="cover-type",
            message=message.format(mime=variant.cover.mime),
            hint=_("Save the picture as JPG or PNG."),
        )


def _is_picture(media: Media) -> bool:
    # Other kinds of pictures, and larger ones, are converted before they are uploaded.
    return media.mime.startswith("image/")


def _gallery(variant: Variant, limit: Limits) -> Iterator[Problem]:
    if variant.more:
        message = _("A picture message cannot have further articles below it.")
        hint = _("Give the post an article text, or its further articles a post of their own.")
        yield Problem(code="gallery-alone", message=message, hint=hint)
    if len(variant.images) > limit.gallery:
        message = _("The picture message has {count} pictures; WeChat takes {most}.")
        text = message.format(count=len(variant.images), most=limit.gallery)
        yield Problem(code="too-many-pictures", message=text)
    for media in variant.images:
        if not _is_picture(media):
            message = _("{path} is no picture.")
            yield Problem(code="picture-type", message=message.format(path=media.path))
    yield from _gallery_text(variant, limit)


def _gallery_text(variant: Variant, limit: Limits) -> Iterator[Problem]:
    text = gallery_text(variant)
    if not text:
        yield Problem(
            code="text-missing",
            message=_("A picture message needs a short text."),
            hint=_("Add `text: …` to the post."),
        )
    if len(text) > limit.gallery_chars:
        message = _("The text of the picture message has {length} characters; WeChat takes {most}.")
        yield Problem(
            code="text-too-long",
            message=message.format(length=len(text), most=limit.gallery_chars),
            hint=_("Shorten it, or give WeChat its own under `variants`."),
        )
    if _LINK.search(text):
        yield Problem(
            code="text-link",
            message=_("WeChat refuses links in the text of a picture message."),
            hint=_("Take the address out of the text, or give WeChat its own under `variants`."),
        )


def _body(variant: Variant, account: Account, limit: Limits) -> Iterator[Problem]:
    if not variant.body.strip():
        yield Problem(
            code="body-missing",
            message=_("WeChat needs an article text."),
            hint=_("Add `body: posts/….md` to the post, or `images` for a picture message."),
        )
        return
    known = {media.path for media in variant.inline}
    for source in pictures(variant.body):
        if source not in known:
            message = _("The text shows a picture that is not in the media folder: {source}")
            yield Problem(
                code="picture-unknown",
                message=message.format(source=source),
                hint=_("Put the picture under media/; WeChat removes pictures from elsewhere."),
            )
    yield from layout.problems(variant, account, limit)


def _link(variant: Variant, limit: Limits) -> Iterator[Problem]:
    if not variant.link:
        return
    parts = urlsplit(variant.link)
    whole = parts.scheme in ("http", "https") and bool(parts.hostname)
    if not whole or len(variant.link.encode()) > limit.link_bytes:
        yield Problem(
            code="link-unusable",
            message=_("WeChat does not take this link to the original: {link}").format(
                link=variant.link[:100]
            ),
            hint=_("Give a whole http or https address of at most 1 KB."),
        )
