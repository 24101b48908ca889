"""What 抖音 refuses."""

from __future__ import annotations

from typing import Final

from bot.domain.rule import Group, table
from bot.i18n import N_

_MEANINGS: Final = {
    "douyin-caption-missing": N_("Douyin: there is no caption."),
    "douyin-caption-too-long": N_("Douyin: the caption is too long."),
    "douyin-media-missing": N_("Douyin: there is neither video nor picture."),
    "douyin-too-many-pictures": N_("Douyin: there are more pictures than it takes."),
    "douyin-h5-picture": N_("Douyin: a picture cannot be handed over in this mode."),
    "douyin-option-unknown": N_("Douyin: an option is not known."),
    "douyin-option-value": N_("Douyin: an option has a wrong value."),
    "douyin-pictures-unused": N_("Douyin: pictures beside a video are left out."),
    "douyin-cover-twice": N_("Douyin: cover picture and moment of the video are both given."),
    "douyin-topics": N_("Douyin: the caption has too many topics."),
    "douyin-ai-label": N_("Douyin: AI-made content does not say so in its words."),
}
_WARNINGS: Final = frozenset(
    {"douyin-pictures-unused", "douyin-cover-twice", "douyin-topics", "douyin-ai-label"}
)

RULES: Final = table(Group.PLATFORM, _MEANINGS, _WARNINGS)
