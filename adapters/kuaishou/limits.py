"""What Kuaishou's content interface takes, as numbers, and what is not certain of it.

Sources: https://open.kuaishou.com/platform/openApi?menu=20 and the copies of its pages at
https://apifox.com/apidoc/project-462993 (api-7075074 to api-7075080; read 2026-11-21).
"""

from __future__ import annotations

from adapters.pictures import Fit
from adapters.videos import VideoLimits

# The cover is required and may have 10 MB; types: what products send. It goes with the one call
# that is never repeated, so it is kept small: that call shall be short on a slow line too.
COVER = Fit(formats=("image/jpeg", "image/png"), max_bytes=2_000_000)
WHOLE_BYTES = 10_000_000  # one request takes files below 10 MB
FRAGMENT_BYTES = 10 * 1024 * 1024  # advised at most, and the constant of the official Java SDK

# No official page says more than "mp4" in its samples. What products of 2026 keep to only warns:
# https://github.com/yikart/AiToEarn (100 MB, 30 minutes, 1000 characters, 4 topics),
# https://github.com/AceDataCloud/Skills (500 MB; mp4, mov, mkv, avi, webm).
VIDEO = VideoLimits(
    mimes=frozenset({"video/mp4", "video/quicktime"}),
    codecs=frozenset({"AVC", "HEVC"}),
    audio=frozenset({"AAC"}),
    max_bytes=500_000_000,
    max_duration_s=30 * 60,
    unsure=frozenset({"mimes", "codecs", "audio", "max_bytes", "max_duration_s"}),
)
CAPTION_CHARS = 1000
TOPICS = 4

# 1000 calls a day and user, 100000 a day and app, as one integration of 2026 quotes the page
# (UNVERIFIED). A video costs three and its looks; this share is for reading and looking.
READS_PER_DAY = 500
# How many works a day an account may publish is nowhere said.
WORKS_PER_DAY = 0

PUBLISH, INFO, DELETE = "user_video_publish", "user_video_info", "user_video_delete"
SCOPES = ("user_info", PUBLISH, INFO, DELETE)
NEEDED = (PUBLISH, INFO)  # without these nothing goes out, or nobody learns that it did
