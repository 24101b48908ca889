"""What bilibili's open platform takes, as numbers.

Sources: https://open.bilibili.com/doc/4/ (视频稿件投递) and the copies of its pages at
https://apifox.com/apidoc/docs-site/1106400 (doc-885734, api-23693239, api-23706538; read
2026-11-21).
"""

from __future__ import annotations

from adapters.pictures import Fit
from adapters.videos import VideoLimits

VIDEO = VideoLimits(
    # The page recommends mp4 and flv; products send more, so other containers only warn.
    mimes=frozenset({"video/mp4", "video/x-flv"}),
    max_bytes=4_000_000_000,  # 4 GB; the smaller reading
    max_duration_s=5 * 3600 - 1,
    max_short_side=4096,
    max_long_side=4096,
    max_fps=120.0,
    max_bit_rate=60_000_000,  # the peak; what is known of a file is its mean
    unsure=frozenset({"mimes", "max_bit_rate"}),
)
# The name at upload must carry the right extension.
EXTENSIONS = {
    "video/mp4": "mp4",
    "video/x-flv": "flv",
    "video/quicktime": "mov",
    "video/x-matroska": "mkv",
    "video/webm": "webm",
    "video/x-msvideo": "avi",
}
# 5 MB, JPEG or PNG, at least 960×600; 1146×717 is advised.
COVER = Fit(formats=("image/jpeg", "image/png"), max_bytes=5_000_000, min_width=960, min_height=600)
SMALL_BYTES = 100_000_000  # one request takes files up to 100 MB
PART_BYTES = 8 * 1024 * 1024  # advised

TITLE_CHARS = 79  # "fewer than 80"
DESC_CHARS = 249  # "fewer than 250"
TAG_CHARS = 199  # all names with their commas, "fewer than 200"

# 5 a day for an account that is no 正式会员; no figure is published for others, and institutions'
# accounts are such, so none is counted.
WORKS_PER_DAY = 0

# After a submission the platform needs about ten minutes until "not there" says something.
SETTLE_S = 600

SCOPES = ("USER_INFO", "USER_DATA", "ARC_BASE", "ARC_DATA")
NEEDED = "ARC_BASE"
