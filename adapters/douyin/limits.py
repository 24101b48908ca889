"""What Douyin's server interface (video.create.bind) takes, as numbers.

Sources: https://open.douyin.com/platform/resource/docs/openapi/video-management/douyin/create/upload/
and https://developer.open-douyin.com/docs/resource/zh-CN/dop/ (read 2026-11-21).
"""

from __future__ import annotations

VIDEO_TYPES = {"video/mp4": "mp4", "video/webm": "webm"}
VIDEO_BYTES = 4_000_000_000  # 4 GB; the smaller reading
VIDEO_S = 15 * 60  # error 2190006
COVER_TYPES = {"image/jpeg": "jpg", "image/png": "png"}
COVER_BYTES = 20_000_000

# Two products of 2026 keep to these; no official page could be read.
CAPTION_CHARS = 1000
TOPICS = 5

# 图文: image_list takes so many pictures; wording of 2023, repeated in
# https://github.com/zhangshuai/douyin-go (read 2026-11-21).
IMAGES = 30
IMAGE_TYPES = COVER_TYPES
IMAGE_BYTES = COVER_BYTES

# The H5 share lets the app fetch a video or pictures from an address:
# https://developer.open-douyin.com/docs/resource/zh-CN/dop/develop/sdk/web-app/h5/share-to-h5
H5_VIDEO_TYPES = {"video/mp4": "mp4", "video/quicktime": "mov", "video/3gpp": "3gp"}
H5_VIDEO_BYTES = 128_000_000
H5_IMAGE_TYPES = {**COVER_TYPES, "image/gif": "gif"}  # gif: only a single picture

SINGLE_MAX_BYTES = 300 * 1024 * 1024  # what a product of 2026 sends at once; a page says 128 MB
PART_MIN_BYTES = 5 * 1024 * 1024  # every part but the last
PARTS_MAX = 100  # ours: larger files go in larger parts, so that a preparation always ends
UPLOAD_LIFE_S = 2 * 3600  # how long an upload_id lives
STAT_DAYS = 30  # data.external.item knows works of so many days
STAT_HOUR = 10  # and has first numbers about this hour of the next day, Beijing time

# There is a cap of works a day and user (error 2114007), but no page says how high it is, so none
# is counted: https://developer.open-douyin.com/docs/resource/zh-CN/dop/ (read 2026-11-21). The
# platform then says until when. The app's own quota stands in its console (能力管理).
WORKS_PER_DAY = 0

# A refresh_token lives 30 days and may be renewed five times while it does:
# https://developer.open-douyin.com/docs/resource/zh-CN/dop/develop/openapi/account-permission/refresh-token
REFRESH_LIFE_S = 30 * 24 * 3600
RENEWALS = 5
RENEW_SCOPE = "renew_refresh_token"
DEAD_GRANT = "10010"  # the refresh_token holds no more
