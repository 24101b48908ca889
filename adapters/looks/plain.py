"""The look of a platform that has none of its own: by what it takes."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.looks import article, short, video
from bot.contract import Capabilities, Scene, Screen
from bot.domain.post import Variant


def screens(variant: Variant, scene: Scene, can: Capabilities) -> Sequence[Screen]:
    """A video, an article or a short post, under the platform's own name."""
    if can.video_only or (variant.video is not None and not variant.body):
        return video.screens(variant, scene, tabs=(can.title,))
    if can.article and variant.body:
        return article.feed(variant, scene, can.title)
    return short.post(variant, scene, can.title)
