"""What every platform may refuse in pictures and videos."""

from __future__ import annotations

from typing import Final

from bot.domain.rule import Group, table
from bot.i18n import N_

_MEANINGS: Final = {
    "picture-too-small": N_("A picture has fewer pixels than the platform takes."),
    "video-type": N_("A video's container is not one the platform takes."),
    "video-codec": N_("A video is coded in a way the platform does not take."),
    "video-audio": N_("A video's sound is coded in a way the platform does not take."),
    "video-too-big": N_("A video file is larger than the platform takes."),
    "video-too-short": N_("A video is shorter than the platform takes."),
    "video-too-long": N_("A video is longer than the platform takes."),
    "video-too-small": N_("A video has fewer pixels than the platform takes."),
    "video-too-large": N_("A video has more pixels than the platform takes."),
    "video-shape": N_("A video's sides stand in a proportion the platform does not take."),
    "video-frame-rate": N_("A video has more frames a second than the platform takes."),
    "video-bit-rate": N_("A video has more bits a second than the platform takes."),
}

RULES: Final = table(Group.PLATFORM, _MEANINGS)
