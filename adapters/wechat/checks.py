"""What WeChat would refuse in a variant, found before anything is sent."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from adapters.wechat import limits
from adapters.wechat.limits import Limits
from adapters.wechat.render import pictures, render
from bot.domain.post import Variant
from bot.domain.problem import Problem
from bot.i18n import _


def problems(variant: Variant, limit: Limits) -> Iterator[Problem]:
    """Every mistake of the variant; none means WeChat's documented checks pass."""
    yield from _texts(variant, limit)
    yield from _cover(variant)
    yield from _body(variant, limit)
    yield from _link(variant, limit)


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
    elif variant.cover.mime not in limits.COVER_TYPES:
        message = _("WeChat does not take a cover of type {mime}.")
        yield Problem(
            code="cover-type",
            message=message.format(mime=variant.cover.mime),
            hint=_("Save the picture as JPG or PNG."),
        )
    elif variant.cover.size > limits.COVER_MAX_BYTES:
        yield Problem(
            code="cover-too-big",
            message=_("The cover is larger than 10 MB."),
            hint=_("Save the picture smaller."),
        )


def _body(variant: Variant, limit: Limits) -> Iterator[Problem]:
    if not variant.body.strip():
        yield Problem(
            code="body-missing",
            message=_("WeChat needs an article text."),
            hint=_("Add `body: posts/….md` to the post."),
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
    yield from _length(variant, limit)


def _length(variant: Variant, limit: Limits) -> Iterator[Problem]:
    address = "https://mmbiz.qpic.cn/".ljust(limits.PICTURE_URL_CHARS, "x")
    content = render(variant, {media.path: address for media in variant.inline})
    if len(content) < limit.content_chars and len(content.encode()) < limit.content_bytes:
        return
    message = _("The article comes to {length} characters with its layout; WeChat takes {most}.")
    yield Problem(
        code="body-too-long",
        message=message.format(length=len(content), most=limit.content_chars - 1),
        hint=_("Shorten or split the text; every table cell and list item adds layout."),
    )


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
