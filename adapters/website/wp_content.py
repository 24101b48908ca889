"""What goes to WordPress: the page's HTML, its files, its slug, and what `check` says of them.

https://developer.wordpress.org/rest-api/reference/posts/#arguments-2 (read 2026-11-21). Users
without `unfiltered_html` lose style, iframe and script without a word; none is sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html import escape
from urllib.parse import urlsplit

from adapters.markdown import pictures, to_html
from bot.domain.post import Media, Variant
from bot.domain.problem import Problem, Severity
from bot.domain.roster import Account
from bot.i18n import _

# https://developer.wordpress.org/reference/functions/wp_get_mime_types/ (read 2026-11-21)
EXTENSIONS: Mapping[str, str] = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "image/webp": "webp",
    "video/mp4": "mp4",
    "video/webm": "webm",
    "video/quicktime": "mov",
}
_NUMBERS = ("categories", "tags")  # ids, never names
_SWITCHES: Mapping[str, Mapping[str, object]] = {
    "comments": {"on": "open", "off": "closed"},
    "sticky": {"yes": True, "no": False},
}
_WP_NAMES: Mapping[str, str] = {"comments": "comment_status"}
OPTIONS = (*_NUMBERS, *_SWITCHES)
_IDS = re.compile(r"\d+( *, *\d+)*")


def files(variant: Variant) -> list[Media]:
    """Every file that is uploaded, each once."""
    every = [variant.cover, variant.video, *variant.images, *variant.inline]
    return list({media.sha256: media for media in every if media is not None}.values())


def slug_of(variant: Variant, key: str) -> str:
    """The post's name in its address: readable, and its publication's own."""
    readable = re.sub(r"[^a-z0-9]+", "-", (variant.marker or variant.post).lower()).strip("-")
    return f"{readable[:60]}-{key[:8]}".lstrip("-").lower()


def content(variant: Variant, by_digest: Mapping[str, str]) -> str:
    """The article as clean HTML: label, video, text, pictures, link to the original.

    `by_digest`: the address of each uploaded file by its SHA-256.
    """
    label = f"<blockquote><p>{escape(variant.label)}</p></blockquote>" if variant.label else ""
    video, shown = variant.video, ""
    if video is not None:
        shown = f'<p><video controls src="{escape(by_digest[video.sha256])}"></video></p>'
    body = (
        to_html(variant.body, _inline(variant, by_digest))
        if variant.body
        else _paragraphs(variant.text)
    )
    gallery = "".join(
        f'<figure><img src="{escape(by_digest[i.sha256])}" alt=""></figure>' for i in variant.images
    )
    link = escape(variant.link)
    original = f'<p>原文链接：<a href="{link}">{link}</a></p>' if link else ""
    return "\n".join(part for part in (label, shown, body, gallery, original) if part)


def _inline(variant: Variant, by_digest: Mapping[str, str]) -> dict[str, str]:
    """Address of each picture of the body by the path the body writes."""
    known = {media.path: by_digest[media.sha256] for media in variant.inline}
    # Texts may point at a picture from their own folder, so leading ../ are taken too.
    plain = {path: re.sub(r"^(\.{1,2}/)+", "", path) for path in pictures(variant.body)}
    return {path: known[name] for path, name in plain.items() if name in known}


def _paragraphs(text: str) -> str:
    return "\n".join(f"<p>{escape(line)}</p>" for line in text.splitlines() if line.strip())


def settings(variant: Variant, account: Account) -> dict[str, object]:
    """The chosen columns, tags and switches; the post's own choice wins over the account's."""
    chosen = {n: v for n, v in account.options.items() if n in OPTIONS} | dict(variant.options)
    found: dict[str, object] = {}
    for name, value in chosen.items():
        if name in _NUMBERS:
            found[name] = [int(number) for number in value.split(",")]
        else:
            found[_WP_NAMES.get(name, name)] = _SWITCHES[name][value]
    return found


def problems(variant: Variant, account: Account) -> Iterator[Problem]:
    """What the site would refuse or lose."""
    site = urlsplit(account.options.get("site", ""))
    if site.scheme != "https" or not site.hostname:
        yield Problem(
            code="website-site",
            message=_("{account} has no address of its site that begins with https://.").format(
                account=account.name
            ),
            hint=_("Give the account the option site; WordPress takes passwords over https only."),
        )
    if not variant.title.strip():
        yield Problem(
            code="website-title",
            message=_("The page has no title."),
            hint=_("Give the post a title."),
        )
    has_media = variant.video is not None or bool(variant.images)
    if not (variant.body or variant.text).strip() and not has_media:
        yield Problem(
            code="website-empty",
            message=_("The page has no text."),
            hint=_("Write a body or a text."),
        )
    yield from _files(variant)
    yield from _options(variant, account)
    if variant.more:
        yield Problem(
            code="website-more",
            message=_("Only the first article of this push goes to the website."),
            hint=_("Plan the others as posts of their own if the website is to have them."),
            severity=Severity.WARNING,
        )


def _files(variant: Variant) -> Iterator[Problem]:
    for media in files(variant):
        if media.mime not in EXTENSIONS:
            yield Problem(
                code="website-file-type",
                message=_("WordPress does not take {path} ({mime}).").format(
                    path=media.path, mime=media.mime
                ),
                hint=_("Save pictures as JPEG or PNG and videos as MP4."),
            )


def _options(variant: Variant, account: Account) -> Iterator[Problem]:
    ours = {name: value for name, value in account.options.items() if name in OPTIONS}
    for name, value in {**ours, **variant.options}.items():
        if name not in OPTIONS:
            known = ", ".join(OPTIONS)
            message = _('Websites know no option "{name}".').format(name=name)
            hint = _("Known are {known}.").format(known=known)
        elif name in _NUMBERS and not _IDS.fullmatch(value.strip()):
            message = _('The option "{name}" cannot be "{value}".').format(name=name, value=value)
            hint = _("Write the numbers WordPress shows, separated by commas.")
        elif name in _SWITCHES and value not in _SWITCHES[name]:
            message = _('The option "{name}" cannot be "{value}".').format(name=name, value=value)
            hint = _("Known are {known}.").format(known=", ".join(_SWITCHES[name]))
        else:
            continue
        yield Problem(code="website-option", message=message, hint=hint)
