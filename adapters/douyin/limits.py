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
