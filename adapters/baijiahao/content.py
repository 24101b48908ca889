"""What goes to 百家号: title, HTML, covers, origin; and what `check` says of them.

Figures: https://baijiahao.baidu.com/docs/#/normalcomplex/developer/publishPT (as read by others
2026-09): title 5–40, content up to 20,000, covers 1 or 3 of 218×146 or more. The platform fetches
pictures from addresses; it takes no files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from urllib.parse import quote

from adapters.markdown import pictures, to_html
from bot.contract import Length
from bot.domain.post import Media, Variant
from bot.domain.problem import Problem, Severity
from bot.domain.roster import Account
from bot.i18n import _

TITLE_MIN, TITLE_MAX = 5, 40
CONTENT_MAX = 20_000
COVER_WIDTH, COVER_HEIGHT = 218, 146


def origin_url(variant: Variant, account: Account, key: str) -> str:
    """The article's own address, different for every publication: the platform compares it."""
    base = variant.link or account.options.get("site", "")
    return f"{base}{'&' if '?' in base else '?'}xf={key[:12]}"


def content(variant: Variant, account: Account) -> str:
    """The article as clean HTML: label, text with pictures, link to the original."""
    label = f"<blockquote><p>{escape(variant.label)}</p></blockquote>" if variant.label else ""
    plain = {path: re.sub(r"^(\.{1,2}/)+", "", path) for path in pictures(variant.body)}
    known = {media.path: address(media, account) for media in variant.inline}
    urls = {path: known[name] for path, name in plain.items() if name in known}
    return "\n".join(part for part in (label, to_html(variant.body, urls)) if part)


def cover_urls(variant: Variant, account: Account) -> list[str]:
    """The covers' public addresses."""
    return [address(variant.cover, account)] if variant.cover is not None else []


def address(media: Media, account: Account) -> str:
    """Where the public can fetch one of the office's files."""
    return f"{account.options.get('media', '').rstrip('/')}/{quote(media.path)}"


def lengths(variant: Variant, account: Account) -> list[Length]:
    """Title, and the article as HTML."""
    return [
        Length(name=_("title"), length=len(variant.title.strip()), limit=TITLE_MAX),
        Length(name=_("article"), length=len(content(variant, account)), limit=CONTENT_MAX),
    ]


def problems(variant: Variant, account: Account) -> Iterator[Problem]:
    """What would be refused or kept as a draft."""
    length = len(variant.title.strip())
    if not TITLE_MIN <= length <= TITLE_MAX:
        yield Problem(
            code="baijiahao-title",
            message=_("The title has {length} characters, here it must be {low} to {high}.").format(
                length=length, low=TITLE_MIN, high=TITLE_MAX
            ),
            hint=_("Give the platform a title of its own under variants."),
        )
    if not variant.body.strip():
        yield Problem(
            code="baijiahao-body",
            message=_("Baijiahao takes articles only, and there is no body."),
            hint=_("Write a body, or take this account out of the post."),
        )
    if len(content(variant, account)) > CONTENT_MAX:
        yield Problem(
            code="baijiahao-content",
            message=_("The article is longer than {limit} characters of HTML.").format(
                limit=CONTENT_MAX
            ),
            hint=_("Shorten it, or split it into several posts."),
        )
    yield from _cover(variant)
    yield from _addresses(variant, account)
    for name in variant.options:
        yield Problem(
            code="baijiahao-option",
            message=_('Baijiahao knows no option "{name}".').format(name=name),
            hint=_("Take it out of the post's variants."),
        )
    if variant.more or variant.video is not None or variant.images:
        yield Problem(
            code="baijiahao-left-out",
            message=_("Only the first article with its own pictures goes to Baijiahao."),
            hint=_("Publish the rest by hand if it is wanted there."),
            severity=Severity.WARNING,
        )


def _cover(variant: Variant) -> Iterator[Problem]:
    cover = variant.cover
    if cover is None:
        yield Problem(
            code="baijiahao-cover",
            message=_("Without a cover Baijiahao keeps the article as a draft."),
            hint=_("Choose a cover picture."),
        )
    elif cover.width and (cover.width < COVER_WIDTH or cover.height < COVER_HEIGHT):
        yield Problem(
            code="baijiahao-cover",
            message=_("The cover {path} is smaller than {width}×{height} pixels.").format(
                path=cover.path, width=COVER_WIDTH, height=COVER_HEIGHT
            ),
            hint=_("Choose a larger picture."),
        )


def _addresses(variant: Variant, account: Account) -> Iterator[Problem]:
    within = [media.path for media in variant.inline if ".docx#" in media.path.lower()]
    if within:
        yield Problem(
            code="baijiahao-media-in-word",
            message=_("Baidu cannot fetch pictures that lie within a Word file: {paths}").format(
                paths=", ".join(within)
            ),
            hint=_("Write this body as .md with its pictures in media/, or publish it by hand."),
        )
    needed = {"media": variant.cover is not None or bool(variant.inline), "site": not variant.link}
    for name, wanted in needed.items():
        if wanted and not account.options.get(name, "").startswith("https://"):
            yield Problem(
                code=f"baijiahao-{name}",
                message=_('{account} has no option "{name}" that begins with https://.').format(
                    account=account.name, name=name
                ),
                hint=_(
                    'Say under "media" where the office\'s files are public, as Baidu fetches '
                    'pictures itself, and under "site" the office\'s own address.'
                ),
            )
