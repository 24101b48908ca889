"""What Weibo would refuse, found before anything is sent."""

from __future__ import annotations

from collections.abc import Iterator

from adapters.pictures import EXTENSIONS
from adapters.weibo.limits import (
    PICTURE_FILE_BYTES,
    PICTURES,
    TEXT_LIMIT,
)
from adapters.weibo.text import compose, has_safe_link, length, topics
from bot.domain.post import Variant
from bot.domain.problem import Problem, Severity
from bot.domain.roster import Account
from bot.i18n import _

_REPRINTS = ("copy", "repost")


def problems(variant: Variant, account: Account) -> Iterator[Problem]:
    """Everything the platform would refuse in this variant."""
    yield from _options(variant, account)
    if not (variant.text or variant.title).strip():
        yield Problem(
            code="weibo-text-missing",
            message=_("There is no text for Weibo."),
            hint=_("Write a short text of up to {limit} characters.").format(limit=TEXT_LIMIT),
        )
        return
    yield from _text(variant, account.options.get("safe_link", ""))
    yield from _media(variant)


def _options(variant: Variant, account: Account) -> Iterator[Problem]:
    for name in sorted(variant.options):
        yield Problem(
            code="weibo-option-unknown",
            message=_('A post has no option "{name}" on Weibo.').format(name=name),
            hint=_("Take it out: Weibo's interface for posts knows no options."),
        )
    chosen = account.options.get("reprint_as", "copy")
    if chosen not in _REPRINTS:
        yield Problem(
            code="weibo-reprint-unknown",
            message=_('The account option reprint_as cannot be "{value}".').format(value=chosen),
            hint=_("Use copy or repost, in the roster under options."),
        )


def _text(variant: Variant, safe_link: str) -> Iterator[Problem]:
    text = compose(variant, safe_link)
    if length(text) > TEXT_LIMIT:
        yield Problem(
            code="weibo-text-too-long",
            message=_("With label and links the Weibo text has {length} characters.").format(
                length=length(text)
            ),
            hint=_("Shorten it so that the whole is at most {limit} characters.").format(
                limit=TEXT_LIMIT
            ),
        )
    if not has_safe_link(text, safe_link):
        yield Problem(
            code="weibo-link-missing",
            message=_("Weibo only takes posts with a link to a registered domain of the unit."),
            hint=_("Give the post a link, or the account the option safe_link."),
        )
    for topic in topics(text):
        yield Problem(
            code="weibo-topic",
            message=_('Weibo\'s interface refuses topics such as "{topic}".').format(topic=topic),
            hint=_("Take the # signs out of the Weibo text, or publish this one by hand."),
        )
    if variant.ai_generated and "AI" not in text and "人工智能" not in text:
        yield Problem(
            code="weibo-ai-label",
            message=_("AI-made content must say so, and Weibo's interface has no field for it."),
            hint=_('Add words such as "AI" to the Weibo text.'),
            severity=Severity.WARNING,
        )


def _media(variant: Variant) -> Iterator[Problem]:
    if variant.video is not None:
        yield Problem(
            code="weibo-video",
            message=_("Weibo takes no video through its interface."),
            hint=_("Publish this one by hand (account mode handoff)."),
        )
    if len(variant.images) > PICTURES:
        yield Problem(
            code="weibo-too-many-pictures",
            message=_("Weibo takes one picture through its interface, here are {count}.").format(
                count=len(variant.images)
            ),
            hint=_("Choose one under variants / weibo / images, or publish this one by hand."),
        )
    for image in variant.images:
        if image.mime not in EXTENSIONS:
            yield Problem(
                code="weibo-picture-type",
                message=_("{path} is no picture the bot can convert for Weibo.").format(
                    path=image.path
                ),
                hint=_("Save it as JPEG."),
            )
        if image.size > PICTURE_FILE_BYTES:
            yield Problem(
                code="weibo-picture-size",
                message=_("{path} is too large for Weibo ({size_mb:.1f} MB).").format(
                    path=image.path, size_mb=image.size / 1_000_000
                ),
                hint=_("Make it smaller than 50 MB; the bot makes it fit from there."),
            )
