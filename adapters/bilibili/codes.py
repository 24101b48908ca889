"""What bilibili refuses."""

from __future__ import annotations

from typing import Final

from bot.domain.rule import Group, table
from bot.i18n import N_

_MEANINGS: Final = {
    "bilibili-title-missing": N_("bilibili: there is no title, or it is too long."),
    "bilibili-video-missing": N_("bilibili: there is no video."),
    "bilibili-cover-missing": N_("bilibili: there is no cover."),
    "bilibili-tid-missing": N_("bilibili: the section is missing."),
    "bilibili-tags-missing": N_("bilibili: the tags are missing or too many."),
    "bilibili-source-missing": N_("bilibili: a reprint does not say where it comes from."),
    "bilibili-option": N_("bilibili: an option is not known or has a wrong value."),
    "bilibili-ai-label": N_("bilibili: AI-made content does not say so in its words."),
}
_WARNINGS: Final = frozenset({"bilibili-ai-label"})

RULES: Final = table(Group.PLATFORM, _MEANINGS, _WARNINGS)
