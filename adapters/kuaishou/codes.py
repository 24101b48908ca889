"""What 快手 refuses."""

from __future__ import annotations

from typing import Final

from bot.domain.rule import Group, table
from bot.i18n import N_

_MEANINGS: Final = {
    "kuaishou-video-missing": N_("Kuaishou: there is no video."),
    "kuaishou-cover-missing": N_("Kuaishou: there is no cover."),
    "kuaishou-caption-missing": N_("Kuaishou: there is no caption."),
    "kuaishou-option": N_("Kuaishou: an option is not known or has a wrong value."),
    "kuaishou-caption-too-long": N_("Kuaishou: the caption may be too long."),
    "kuaishou-topics": N_("Kuaishou: the caption has too many topics."),
    "kuaishou-ai-label": N_("Kuaishou: AI-made content does not say so in its words."),
}
_WARNINGS: Final = frozenset({"kuaishou-caption-too-long", "kuaishou-topics", "kuaishou-ai-label"})

RULES: Final = table(Group.PLATFORM, _MEANINGS, _WARNINGS)
