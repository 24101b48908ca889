"""What 微博 refuses."""

from __future__ import annotations

from typing import Final

from bot.domain.rule import Group, table
from bot.i18n import N_

_MEANINGS: Final = {
    "weibo-text-missing": N_("Weibo: there is no text."),
    "weibo-text-too-long": N_("Weibo: the text is too long with label and links."),
    "weibo-link-missing": N_("Weibo: there is no link to a registered domain of the unit."),
    "weibo-topic": N_("Weibo: the text has a topic, which its interface refuses."),
    "weibo-video": N_("Weibo: its interface takes no video."),
    "weibo-too-many-pictures": N_("Weibo: its interface takes one picture only."),
    "weibo-picture-type": N_("Weibo: a picture cannot be converted to a type it takes."),
    "weibo-picture-size": N_("Weibo: a picture is too large."),
    "weibo-option-unknown": N_("Weibo: an option is not known."),
    "weibo-reprint-unknown": N_("Weibo: the account's way of reprinting is not known."),
    "weibo-ai-label": N_("Weibo: AI-made content does not say so in its words."),
}
_WARNINGS: Final = frozenset({"weibo-ai-label"})

RULES: Final = table(Group.PLATFORM, _MEANINGS, _WARNINGS)
