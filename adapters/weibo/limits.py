"""What Weibo's ordinary interface takes, as numbers; `check` and the adapter read them here.

Source: https://open.weibo.com/wiki/2/statuses/share (read 2026-11-21).
"""

from __future__ import annotations

# 140 Chinese characters, less a reserve: how the platform counts https links today is not
# documented, and SDK authors keep ten characters back.
TEXT_CHARS = 140
RESERVE_CHARS = 10
TEXT_LIMIT = TEXT_CHARS - RESERVE_CHARS

PICTURES = 1
PICTURE_BYTES = 5_000_000  # "less than 5 MB"; the smaller reading of MB
PICTURE_TYPES = {"image/jpeg": "jpg", "image/png": "png", "image/gif": "gif"}

TIMELINE = 5  # user_timeline shows an ordinary app no more than the newest five
COUNT_IDS = 100  # statuses/count takes so many ids in one call
POSTS_PER_HOUR = 30  # https://open.weibo.com/wiki/Rate-limiting
CALLS_PER_DAY = 100  # one app and one authorised user, all calls together
