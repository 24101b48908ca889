"""What Douyin would refuse, found before anything is sent."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from adapters import pictures, videos
from adapters.douyin.limits import (
    CAPTION_CHARS,
    H5_IMAGE_BYTES,
    H5_IMAGE_TYPES,
    H5_IMAGES,
    H5_VIDEO,
    IMAGES,
    PICTURE,
    TOPICS,
    VIDEO,
)
from bot.contract import Length
from bot.domain.post import Media, Variant
from bot.domain.problem import Problem, Severity
from bot.i18n import _

TITLE = "抖音"
OPTIONS = frozenset({"cover_at"})
_TOPIC = re.compile(r"#[^#\s]+")


def caption(variant: Variant) -> str:
    """The text as it is sent: the caption, and the label of a reprint on its own line."""
    text = (variant.text or variant.title).strip()
    return f"{text}\n{variant.label}" if variant.label else text


def caption_length(variant: Variant, account: Mapping[str, str]) -> Length:
    """How long the caption is; `account`: the account's options."""
    text = caption(variant)
    # How emoji count is not documented: the larger of code points and UTF-16 units decides.
    length = max(len(text), len(text.encode("utf-16-le", "surrogatepass")) // 2)
    limit = _limit(account, "caption_chars", CAPTION_CHARS)
    return Length(name=_("caption"), length=length, limit=limit)


def topics(text: str) -> list[str]:
    """The topics 话题 in a text, each once, without #."""
    return list(dict.fromkeys(found.lstrip("#") for found in _TOPIC.findall(text)))


def problems(variant: Variant, account: Mapping[str, str]) -> Iterator[Problem]:
    """Everything the server interface would refuse; `account`: the account's options."""
    yield from _media(variant, limit=IMAGES)
    if variant.video is not None:
        yield from videos.problems(variant.video, VIDEO, TITLE)
        shown: tuple[Media, ...] = () if variant.cover is None else (variant.cover,)
    else:
        shown = variant.images
    for picture in shown:
        yield from pictures.problems(picture, PICTURE, TITLE)
    yield from _text(variant, account)
    yield from _options(variant)


def h5_problems(variant: Variant, account: Mapping[str, str]) -> Iterator[Problem]:
    """Everything the H5 share would refuse."""
    yield from _media(variant, limit=H5_IMAGES)
    if variant.video is not None:
        yield from videos.problems(variant.video, H5_VIDEO, TITLE)
    else:
        yield from _h5_pictures(variant.images)
    yield from _text(variant, account)
    yield from _options(variant)


def _media(variant: Variant, *, limit: int) -> Iterator[Problem]:
    if variant.video is None and not variant.images:
        yield Problem(
            code="douyin-media-missing",
            message=_("Douyin takes nothing without a video or pictures."),
            hint=_("Give the post a video or pictures, or take this account out of it."),
        )
    if variant.video is not None and variant.images:
        yield Problem(
            code="douyin-pictures-unused",
            message=_("Douyin gets the video; the pictures of the post are left out there."),
            severity=Severity.WARNING,
        )
    if variant.video is None and len(variant.images) > limit:
        yield Problem(
            code="douyin-too-many-pictures",
            message=_("The post has {count} pictures; Douyin takes at most {limit}.").format(
                count=len(variant.images), limit=limit
            ),
            hint=_("Choose the best of them for Douyin under variants."),
        )


def _h5_pictures(images: Iterable[Media]) -> Iterator[Problem]:
    """The app fetches them as they are, so nothing is converted on the way."""
    for image in images:
        if image.mime not in H5_IMAGE_TYPES or image.size > H5_IMAGE_BYTES:
            yield Problem(
                code="douyin-h5-picture",
                message=_(
                    "Douyin's app cannot fetch {path}: it takes JPEG and PNG to 20 MB."
                ).format(path=image.path),
                hint=_("Save it as JPEG, smaller than 20 MB."),
            )


def _text(variant: Variant, account: Mapping[str, str]) -> Iterator[Problem]:
    text, measured = caption(variant), caption_length(variant, account)
    length, chars, tags = measured.length, measured.limit, _limit(account, "topics", TOPICS)
    if not text:
        yield Problem(
            code="douyin-caption-missing",
            message=_("There is no caption for Douyin."),
            hint=_("Write a short text for Douyin."),
        )
    if length > chars:
        yield Problem(
            code="douyin-caption-too-long",
            message=_("The Douyin caption has {length} characters.").format(length=length),
            hint=_("Shorten it to at most {limit} characters.").format(limit=chars),
        )
    if len(_TOPIC.findall(text)) > tags:
        yield Problem(
            code="douyin-topics",
            message=_("The Douyin caption has more than {limit} topics.").format(limit=tags),
            hint=_("Keep the {limit} that matter most.").format(limit=tags),
            severity=Severity.WARNING,
        )
    if variant.ai_generated and "AI" not in text and "人工智能" not in text:
        yield Problem(
            code="douyin-ai-label",
            message=_("AI-made content must say so, and Douyin's interface has no field for it."),
            hint=_('Add words such as "AI" to the Douyin caption.'),
            severity=Severity.WARNING,
        )


def _limit(account: Mapping[str, str], name: str, default: int) -> int:
    given = account.get(name, "")
    return int(given) if given.isdecimal() else default


def _options(variant: Variant) -> Iterator[Problem]:
    for name in sorted(variant.options.keys() - OPTIONS):
        yield Problem(
            code="douyin-option-unknown",
            message=_('Douyin knows no option "{name}".').format(name=name),
            hint=_("Known are: {known}.").format(known=", ".join(sorted(OPTIONS))),
        )
    cover_at = variant.options.get("cover_at")
    if cover_at is None:
        return
    if not _is_moment(cover_at, variant.video):
        yield Problem(
            code="douyin-option-value",
            message=_('"{value}" is no moment of the video.').format(value=cover_at),
            hint=_("Give the second whose picture becomes the cover, such as 3.5."),
        )
    elif variant.cover is not None:
        yield Problem(
            code="douyin-cover-twice",
            message=_("The post has a cover picture; Douyin takes that, not the moment."),
            severity=Severity.WARNING,
        )


def _is_moment(text: str, video: Media | None) -> bool:
    if not re.fullmatch(r"[0-9]{1,5}(\.[0-9]{1,3})?", text) or video is None:
        return False
    return not video.duration_s or float(text) <= video.duration_s
