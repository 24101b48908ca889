"""What Douyin takes, as numbers.

Sources: https://open.douyin.com/platform/resource/docs/openapi/video-management/douyin/create/upload/
and https://developer.open-douyin.com/docs/resource/zh-CN/dop/ (read 2026-11-21).
"""

from __future__ import annotations

from typing import Final

from adapters.pictures import Fit
from adapters.videos import VideoLimits

MB: Final = 1_000_000
VIDEO_BYTES: Final = 4000 * MB  # 4 GB; the smaller reading
# "推荐使用 mp4、webm": other containers may pass; 15 minutes is error 2190006.
VIDEO: Final = VideoLimits(
    mimes=frozenset({"video/mp4", "video/webm"}),
    max_bytes=VIDEO_BYTES,
    max_duration_s=15 * 60,
    unsure=frozenset({"mimes"}),
)
PICTURE: Final = Fit(formats=("image/jpeg", "image/png"), max_bytes=20 * MB)  # cover or 图文
# 图文: image_list takes so many pictures; wording of 2023, repeated in
# https://github.com/zhangshuai/douyin-go (read 2026-11-21).
IMAGES: Final = 30

# The H5 share lets the app fetch the files from an address:
# https://developer.open-douyin.com/docs/resource/zh-CN/dop/develop/sdk/web-app/h5/share-to-h5
# Length and sides are those of the route from app to app, which may not hold here:
# https://developer.open-douyin.com/docs/resource/zh-CN/dop/develop/sdk/mobile-app/share/android
H5_VIDEO: Final = VideoLimits(
    mimes=frozenset({"video/mp4", "video/quicktime", "video/3gpp"}),
    max_bytes=128 * MB,
    max_duration_s=60 * 60,
    max_short_side=2159,
    max_long_side=4095,
    unsure=frozenset({"max_duration_s", "max_short_side", "max_long_side"}),
)
H5_IMAGES: Final = 35  # as the numbers above
H5_IMAGE_TYPES: Final = frozenset({"image/jpeg", "image/png"})
H5_IMAGE_BYTES: Final = 20 * MB

# Two products of 2026 keep to these; no official page could be read. An account's options
# `caption_chars` and `topics` change them.
CAPTION_CHARS: Final = 1000
TOPICS: Final = 5

SINGLE_MAX_BYTES: Final = 300 * 1024 * 1024  # what a product of 2026 sends at once; a page: 128 MB
PART_MIN_BYTES: Final = 5 * 1024 * 1024  # every part but the last
PARTS_MAX: Final = 100  # ours: larger files go in larger parts, so that a preparation always ends
UPLOAD_LIFE_S: Final = 2 * 3600  # how long an upload_id lives
STAT_DAYS: Final = 30  # data.external.item knows works of so many days
STAT_HOUR: Final = 10  # and has first numbers about this hour of the next day, Beijing time

# There is a cap of works a day and user (error 2114007), but no page says how high it is, so none
# is counted: https://developer.open-douyin.com/docs/resource/zh-CN/dop/ (read 2026-11-21). The
# platform then says until when. The app's own quota stands in its console (能力管理).
WORKS_PER_DAY: Final = 0

# An access_token lives 15 days, a refresh_token 30, which may be renewed five times while it does:
# https://developer.open-douyin.com/docs/resource/zh-CN/dop/develop/openapi/account-permission/refresh-token
REFRESH_LIFE_S: Final = 30 * 24 * 3600
RENEWALS: Final = 5
RENEW_SCOPE: Final = "renew_refresh_token"
DEAD_GRANT: Final = "10010"  # the refresh_token holds no more
