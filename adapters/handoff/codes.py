"""What a person cannot publish by hand from a package."""

from __future__ import annotations

from typing import Final

from bot.domain.rule import Group, table
from bot.i18n import N_

_MEANINGS: Final = {
    "handoff-content-missing": N_("By hand: there is nothing to hand over."),
    "handoff-media-missing": N_("By hand: the platform takes nothing without picture or video."),
    "handoff-video-missing": N_("By hand: the platform takes nothing without a video."),
    "handoff-title-length": N_("By hand: the title is too short or too long for the platform."),
    "handoff-short-title-comma": N_("By hand: the short title of 视频号 has a comma."),
    "handoff-short-title-sign": N_("By hand: the short title has signs the platform may refuse."),
    "handoff-images": N_("By hand: there are more pictures than the platform may take."),
    "handoff-cover-missing": N_("By hand: the video has no cover."),
    "handoff-cover-size": N_("By hand: the cover may be too large for the platform."),
    "handoff-cover-small": N_("By hand: the cover may be too small for the platform."),
    "handoff-text-length": N_("By hand: the text may be too long for the platform."),
    "handoff-body-length": N_("By hand: the article may be too long for the platform."),
    "handoff-topics": N_("By hand: the text has more topics than the platform may take."),
}
_WARNINGS: Final = frozenset(
    {
        "handoff-short-title-sign",
        "handoff-images",
        "handoff-cover-missing",
        "handoff-cover-size",
        "handoff-cover-small",
        "handoff-text-length",
        "handoff-body-length",
        "handoff-topics",
    }
)

RULES: Final = table(Group.PLATFORM, _MEANINGS, _WARNINGS)
