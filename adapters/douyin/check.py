"""What Douyin would refuse, found before anything is sent."""

from __future__ import annotations

import re
from collections.abc import Iterator

from adapters.douyin.limits import (
    CAPTION_CHARS,
    COVER_BYTES,
    COVER_TYPES,
    TOPICS,
    VIDEO_BYTES,
    VIDEO_S,
    VIDEO_TYPES,
)
from bot.domain.post import Media, Variant
from bot.domain.problem import Problem, Severity
from bot.i18n import _

_TOPIC = re.compile(r"#[^#\s]+")


def caption(variant: Variant) -> str:
    """The text as it is sent: the caption, and the label of a reprint on its own line."""
    text = (variant.text or variant.title).strip()
    return f"{text}\n{variant.label}" if variant.label else text


def problems(variant: Variant) -> Iterator[Problem]:
    """Everything the platform would refuse in this variant."""
    if variant.video is None:
        yield Problem(
            code="douyin-video-missing",
            message=_("Douyin takes nothing without a video."),
            hint=_("Give the post a video, or take this account out of it."),
        )
    else:
        yield from _video(variant.video)
    yield from _text(variant)
    if variant.cover is not None:
        yield from _cover(variant.cover)


def _video(video: Media) -> Iterator[Problem]:
    if video.mime not in VIDEO_TYPES:
        yield Problem(
            code="douyin-video-type",
            message=_("{path} is neither MP4 nor WebM.").format(path=video.path),
            hint=_("Export it as MP4 (H.264 with AAC)."),
        )
    if video.size > VIDEO_BYTES:
        yield Problem(
            code="douyin-video-size",
            message=_("{path} is larger than 4 GB.").format(path=video.path),
            hint=_("Export it with a lower bit rate."),
        )
    if video.duration_s > VIDEO_S:
        yield Problem(
            code="douyin-video-length",
            message=_("{path} is longer than 15 minutes.").format(path=video.path),
            hint=_("Cut it, or make several posts of it."),
        )


def _text(variant: Variant) -> Iterator[Problem]:
    text = caption(variant)
    # How emoji count is not documented: the larger of code points and UTF-16 units decides.
    length = max(len(text), len(text.encode("utf-16-le")) // 2)
    if not text:
        yield Problem(
            code="douyin-caption-missing",
            message=_("There is no caption for Douyin."),
            hint=_("Write a short text for the video."),
        )
    if length > CAPTION_CHARS:
        yield Problem(
            code="douyin-caption-too-long",
            message=_("The Douyin caption has {length} characters.").format(length=length),
            hint=_("Shorten it to at most {limit} characters.").format(limit=CAPTION_CHARS),
        )
    if len(_TOPIC.findall(text)) > TOPICS:
        yield Problem(
            code="douyin-topics",
            message=_("The Douyin caption has more than {limit} topics.").format(limit=TOPICS),
            hint=_("Keep the {limit} that matter most.").format(limit=TOPICS),
            severity=Severity.WARNING,
        )
    if variant.ai_generated and "AI" not in text and "人工智能" not in text:
        yield Problem(
            code="douyin-ai-label",
            message=_("AI-made content must say so, and Douyin's interface has no field for it."),
            hint=_('Add words such as "AI" to the Douyin caption.'),
            severity=Severity.WARNING,
        )


def _cover(cover: Media) -> Iterator[Problem]:
    if cover.mime not in COVER_TYPES:
        yield Problem(
            code="douyin-cover-type",
            message=_("The cover {path} is no JPEG or PNG picture.").format(path=cover.path),
            hint=_("Save it as JPEG."),
        )
    if cover.size > COVER_BYTES:
        yield Problem(
            code="douyin-cover-size",
            message=_("The cover {path} is larger than 20 MB.").format(path=cover.path),
            hint=_("Save it smaller."),
        )
