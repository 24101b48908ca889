"""What Kuaishou would refuse, found before anything is sent."""

from __future__ import annotations

import re
from collections.abc import Iterator

from adapters import pictures, videos
from adapters.kuaishou.limits import CAPTION_CHARS, COVER, TOPICS, VIDEO
from bot.contract import Length
from bot.domain import words
from bot.domain.post import Variant
from bot.domain.problem import Problem, Severity
from bot.i18n import _

_TOPIC = re.compile(r"#[^#\s]+")


def caption(variant: Variant) -> str:
    """The text as it is sent: the caption, and the label of a reprint on its own line."""
    text = (variant.text or variant.title).strip()
    return f"{text}\n{variant.label}" if variant.label else text


def caption_length(variant: Variant) -> Length:
    """How long the caption is."""
    text = caption(variant)
    # How emoji count is not documented: the larger of code points and UTF-16 units decides.
    length = max(len(text), len(text.encode("utf-16-le", "surrogatepass")) // 2)
    return Length(name=_("caption"), length=length, limit=CAPTION_CHARS)


def problems(variant: Variant) -> Iterator[Problem]:
    """Everything the platform would refuse in this variant."""
    title = words.platform("kuaishou")
    for name in variant.options:
        yield Problem(
            code="kuaishou-option",
            message=_('Kuaishou knows no option "{name}".').format(name=name),
            hint=_("Take it out of the post's options."),
        )
    if variant.video is None:
        yield Problem(
            code="kuaishou-video-missing",
            message=_("Kuaishou takes nothing without a video."),
            hint=_("Give the post a video, or take this account out of it."),
        )
    else:
        yield from videos.problems(variant.video, VIDEO, title)
    if variant.cover is None:
        yield Problem(
            code="kuaishou-cover-missing",
            message=_("Kuaishou takes no video without a cover."),
            hint=_("Give the post a cover picture of the same shape as the video."),
        )
    else:
        yield from pictures.problems(variant.cover, COVER, title)
    yield from _text(variant)


def _text(variant: Variant) -> Iterator[Problem]:
    text, length = caption(variant), caption_length(variant).length
    if not text:
        yield Problem(
            code="kuaishou-caption-missing",
            message=_("There is no caption for Kuaishou."),
            hint=_("Write a short text for the video."),
        )
    if length > CAPTION_CHARS:
        yield _warning(
            "kuaishou-caption-too-long",
            _("The Kuaishou caption has {length} characters; it may be refused.").format(
                length=length
            ),
            _("Shorten it to at most {limit} characters.").format(limit=CAPTION_CHARS),
        )
    if len(_TOPIC.findall(text)) > TOPICS:
        yield _warning(
            "kuaishou-topics",
            _("The Kuaishou caption has more than {limit} topics.").format(limit=TOPICS),
            _("Keep the {limit} that matter most.").format(limit=TOPICS),
        )
    if variant.ai_generated and "AI" not in text and "人工智能" not in text:
        yield _warning(
            "kuaishou-ai-label",
            _("AI-made content must say so, and Kuaishou's interface has no field for it."),
            _('Add words such as "AI" to the Kuaishou caption.'),
        )


def _warning(code: str, message: str, hint: str) -> Problem:
    return Problem(code=code, message=message, hint=hint, severity=Severity.WARNING)
