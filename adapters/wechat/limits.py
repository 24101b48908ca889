"""What WeChat takes, each figure with where it was read.

The enforced limits change without notice, so an account may say otherwise in its `options`
(`title_chars: "64"`). DOCS is https://developers.weixin.qq.com/doc (pages as of 2025-2026).
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

MB = 1024 * 1024


class Limits(BaseModel):
    """Limits of one article; lengths in Unicode code points, because 字 is defined nowhere.

    DOCS/subscription/api/draftbox/draftmanage/api_draft_add
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    title_chars: int = 32  # since 2025-12-19; 64 before
    author_chars: int = 16
    digest_chars: int = 120  # 120 was read on the 服务号 page, 128 on the 公众号 page
    content_chars: int = 20_000  # fewer than this many
    content_bytes: int = MB  # fewer than this many
    link_bytes: int = 1024
    articles: int = 8  # of one push; no page says it any more (UNVERIFIED)
    gallery: int = 20  # pictures of a picture message (newspic)
    gallery_chars: int = 1000  # its text; too long is 45166, no page gives the figure (UNVERIFIED)


# DOCS/subscription/api/material/permanent/api_addmaterial (type=image): covers and galleries
MATERIAL_MAX_BYTES = 10 * MB
MATERIAL_TYPES = ("image/jpeg", "image/png", "image/gif", "image/bmp")
# DOCS/subscription/api/material/permanent/api_uploadimage: jpg and png only, less than 1 MB
INLINE_MAX_BYTES = MB
INLINE_TYPES = ("image/jpeg", "image/png")
# An uploaded picture's address is about this long; only used to foresee the length of a text.
PICTURE_URL_CHARS = 150

# https://developers.weixin.qq.com/doc/service/guide/product/message/Batch_Sends: a 订阅号 one
# mass send a day; of a 服务号 each follower gets at most four a calendar month, and the newer text
# lets it send to all followers once a day.
PUSHES_PER_DAY = 1
PUSHES_PER_MONTH_SERVICE = 4
# https://developers.weixin.qq.com/doc/service/Message_Management/API_Call_Limits.html, for new
# accounts: freepublish/submit 100 a day, freepublish/batchget 100 a day.
PUBLISHES_PER_DAY = 100
# Ours: a reading asks batchget for a page or two, so these leave half of its calls for looks, which
# ask mostly freepublish/get. That has 100 a day of its own.
READS_PER_DAY = 24
# DOCS/service/api/notify/message/api_sendall: the same clientmsgid answers 45065 for 24 h
CLIENT_ID_LIFE_S = 86_400
CLIENT_ID_WAIT_S = 60  # 45066: repeated too quickly
# https://developers.weixin.qq.com/doc/service/guide/product/message/Batch_Sends: with API群发保护
# the administrator must confirm within 30 minutes, or the send fails (err(40001), err(40002)).
CONFIRM_S = 30 * 60

# DOCS/subscription/api/base/api_getstableaccesstoken: at most 7200 s
TOKEN_MAX_LIFE_S = 7200
# Lists give at most this many in a page: …/draftmanage/api_draft_batchget and freepublish/batchget
PAGE = 20
