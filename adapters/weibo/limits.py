"""What Weibo's ordinary interface takes, as numbers; `check` and the adapter read them here.

Source: https://open.weibo.com/wiki/2/statuses/share (read 2026-11-21).
"""

from __future__ import annotations

from adapters.pictures import Fit

PLATFORM = "weibo"

# 140 Chinese characters, less a reserve: how the platform counts https links today is not
# documented, and SDK authors keep ten characters back.
TEXT_CHARS = 140
RESERVE_CHARS = 10
TEXT_LIMIT = TEXT_CHARS - RESERVE_CHARS

PICTURES = 1
# "JPEG, GIF or PNG, less than 5 MB"; the smaller reading of MB. Others are converted to fit.
PICTURE = Fit(formats=("image/jpeg", "image/png", "image/gif"), max_bytes=4_999_999)
PICTURE_FILE_BYTES = 50_000_000  # ours: a file above it is no picture for a post

TIMELINE = 5  # user_timeline shows an ordinary app no more than the newest five
TIMELINE_PAID = 100  # a page of user_timeline/biz, which needs a contract
REPOSTS = 200  # a page of repost_timeline
COUNT_IDS = 100  # statuses/count takes so many ids in one call

# https://open.weibo.com/wiki/Rate-limiting (rev 16512, read 2026-09-25): one authorised user may
# post 30 times an hour, and one app may make 100 calls a day for one user, all calls together.
POSTS_PER_HOUR = 30
CALLS_PER_DAY = 100
RATE = "15000/hour"  # of one server address, all accounts together; above it: 10022
# Ours: how the 100 are shared out, so that neither reading nor publishing starves the other. Ten
# are left for calls that had to be repeated and for counters.
POSTS_PER_DAY = 60
READS_PER_DAY = 30  # looks for lost answers are counted here
