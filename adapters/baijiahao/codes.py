"""What 百家号 refuses."""

from __future__ import annotations

from typing import Final

from bot.domain.rule import Group, table
from bot.i18n import N_

_MEANINGS: Final = {
    "baijiahao-title": N_("Baijiahao: the title is too short or too long."),
    "baijiahao-body": N_("Baijiahao: the article has no text, or too much."),
    "baijiahao-content": N_("Baijiahao: something in the article is not taken."),
    "baijiahao-cover": N_("Baijiahao: the cover is missing or not taken."),
    "baijiahao-option": N_("Baijiahao: an option is not known or has a wrong value."),
    "baijiahao-media-in-word": N_(
        "Baijiahao: a picture lies within a Word file, where Baidu cannot fetch it."
    ),
    "baijiahao-left-out": N_("Baijiahao: further articles, videos or galleries are left out."),
}
_WARNINGS: Final = frozenset({"baijiahao-left-out"})

RULES: Final = table(Group.PLATFORM, _MEANINGS, _WARNINGS)
