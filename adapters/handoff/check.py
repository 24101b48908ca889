"""What a person could not enter on the platform, found before the package is made."""

from __future__ import annotations

from collections.abc import Iterator

from adapters import videos
from adapters.handoff.limits import (
    ANY,
    LIMITS,
    SHORT_TITLE_REFUSED,
    SHORT_TITLE_SIGNS,
    Limits,
)
from adapters.handoff.text import topics, without_topics
from bot.domain import words
from bot.domain.plain import plain_text
from bot.domain.post import Media, Variant
from bot.domain.problem import Problem, Severity
from bot.i18n import _


def problems(variant: Variant, platform: str) -> Iterator[Problem]:
    """Everything in this variant a person would stumble over on the platform's page."""
    limits = LIMITS.get(platform, ANY)
    yield from _content(variant, limits, platform)
    yield from _title(variant.title, limits)
    if platform == "channels":
        yield from _short_title(variant.title)
    yield from _text(variant, limits)
    if variant.video is not None:
        yield from videos.problems(variant.video, limits.video, words.platform(platform))
    if variant.cover is not None:
        yield from _cover(variant.cover, limits)


def _content(variant: Variant, limits: Limits, platform: str) -> Iterator[Problem]:
    if limits.video_needed and variant.video is None:
        yield Problem(
            code="handoff-video-missing",
            message=_("{platform} takes nothing without a video.").format(
                platform=words.platform(platform)
            ),
            hint=_("Give the post a video, or take this account out of it."),
        )
    media = variant.video is not None or bool(variant.images)
    if limits.media_needed and not media:
        yield Problem(
            code="handoff-media-missing",
            message=_("{platform} takes nothing without a picture or a video.").format(
                platform=words.platform(platform)
            ),
            hint=_("Give the post pictures, or take this account out of it."),
        )
    if limits.images_max and len(variant.images) > limits.images_max:
        yield _warning(
            "handoff-images",
            _("There are {count} pictures; the platform may take only {limit}.").format(
                count=len(variant.images), limit=limits.images_max
            ),
            _("Keep the {limit} that matter most.").format(limit=limits.images_max),
        )
    if not (variant.text or variant.body).strip() and not media:
        yield Problem(
            code="handoff-content-missing",
            message=_("There is no text, picture or video to hand over."),
            hint=_("Write a text for this platform."),
        )
    if limits.video_needed and variant.video is not None and variant.cover is None:
        yield _warning(
            "handoff-cover-missing",
            _("The video has no cover."),
            _("Choose a cover picture, or the person takes a frame of the video."),
        )


def _title(title: str, limits: Limits) -> Iterator[Problem]:
    length = len(title.strip())
    if length == 0 or (limits.title_certain and not _fits(len(title), limits)):
        yield Problem(
            code="handoff-title-length",
            message=_("The title has {length} characters, here it must be {low} to {high}.").format(
                length=len(title), low=limits.title_min, high=limits.title_max
            ),
            hint=_("Give the platform a title of its own under variants."),
        )
    elif not _fits(length, limits):
        yield _warning(
            "handoff-title-length",
            _("The title has {length} characters; the platform may take only {high}.").format(
                length=length, high=limits.title_max
            ),
            _("Give the platform a title of its own under variants."),
        )


def _fits(length: int, limits: Limits) -> bool:
    return limits.title_min <= length <= limits.title_max


def _short_title(title: str) -> Iterator[Problem]:
    """短标题: letters, digits and a few signs; spaces count, commas are refused."""
    if any(sign in title for sign in SHORT_TITLE_REFUSED):
        yield Problem(
            code="handoff-short-title-comma",
            message=_("The short title of a channels video may not contain a comma."),
            hint=_("Put a space in its place."),
        )
    odd = [c for c in title if not (c.isalnum() or c in SHORT_TITLE_SIGNS + SHORT_TITLE_REFUSED)]
    if odd:
        yield _warning(
            "handoff-short-title-sign",
            _("The short title has signs the platform may refuse: {signs}").format(
                signs=" ".join(dict.fromkeys(odd))
            ),
            _("Leave them out, or put a space in their place."),
        )


def _text(variant: Variant, limits: Limits) -> Iterator[Problem]:
    text = without_topics(variant.text) if limits.topics_apart else variant.text
    if len(text) > limits.text_max:
        yield _warning(
            "handoff-text-length",
            _("The text has {length} characters; the platform may take only {limit}.").format(
                length=len(text), limit=limits.text_max
            ),
            _("Shorten it for this platform under variants."),
        )
    length = len(plain_text(variant.body))
    if limits.body_max and length > limits.body_max:
        yield _warning(
            "handoff-body-length",
            _("The article has {length} characters; the platform may take only {limit}.").format(
                length=length, limit=limits.body_max
            ),
            _("Shorten it, or split it into several posts."),
        )
    if len(topics(variant.text)) > limits.topics_max:
        yield _warning(
            "handoff-topics",
            _("The text has more than {limit} topics.").format(limit=limits.topics_max),
            _("Keep the {limit} that matter most.").format(limit=limits.topics_max),
        )


def _cover(cover: Media, limits: Limits) -> Iterator[Problem]:
    if cover.size > limits.cover_bytes:
        yield _warning(
            "handoff-cover-size",
            _("The cover {path} may be too large for the platform.").format(path=cover.path),
            _("Save it smaller than {limit_mb} MB.").format(
                limit_mb=limits.cover_bytes // 1_000_000
            ),
        )
    width, height = limits.cover_sides
    if cover.width and (cover.width < width or cover.height < height):
        yield _warning(
            "handoff-cover-small",
            _("The cover {path} may be too small for the platform.").format(path=cover.path),
            _("Take one of {width}×{height} pixels or more.").format(width=width, height=height),
        )


def _warning(code: str, message: str, hint: str) -> Problem:
    return Problem(code=code, message=message, hint=hint, severity=Severity.WARNING)
