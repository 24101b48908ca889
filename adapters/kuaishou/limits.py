"""What Kuaishou's content interface takes, as numbers, and what is not certain of it.

Sources: https://open.kuaishou.com/platform/openApi?menu=20 and the copies of its pages at
https://apifox.com/apidoc/project-462993 (api-7075074 to api-7075080; read 2026-11-21).
"""

from __future__ import annotations

COVER_BYTES = 10_000_000  # "below 10 MB"; the smaller reading
COVER_TYPES = {"image/jpeg": "jpg", "image/png": "png"}  # what products send; no page lists them
WHOLE_BYTES = 10_000_000  # one request takes files below 10 MB
FRAGMENT_BYTES = 10 * 1024 * 1024  # advised at most, and the constant of the official Java SDK

# No official page says more than "mp4" in its samples. These are what products of 2026 keep to,
# so they only warn: github.com/yikart/AiToEarn (100 MB, 30 minutes, 1000 characters, 4 topics),
# github.com/AceDataCloud/Skills (500 MB).
VIDEO_TYPES = {"video/mp4"}
VIDEO_TYPES_SEEN = {"video/mp4", "video/quicktime", "video/x-matroska", "video/webm", "video/avi"}
VIDEO_BYTES = 500_000_000
VIDEO_S = 30 * 60
CAPTION_CHARS = 1000
TOPICS = 4

# 1000 calls a day and user, 100000 a day and app, as one integration of 2026 quotes the page
# (UNVERIFIED). A video costs three and its looks; this share is for reading and looking.
READS_PER_DAY = 500

PUBLISH, INFO, DELETE, USER = (
    "user_video_publish",
    "user_video_info",
    "user_video_delete",
    "user_info",
)
SCOPES = (USER, PUBLISH, INFO, DELETE)
NEEDED = (PUBLISH, INFO)  # without these nothing goes out, or nobody learns that it did
