"""Settings of the Douyin adapter, in all its modes."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from adapters.douyin.limits import PART_MIN_BYTES, RENEWALS, SINGLE_MAX_BYTES

PLATFORM = "douyin"
_MB = 1024 * 1024


class DouyinConfig(BaseModel):
    """Settings of the Douyin adapter."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: str = "https://open.douyin.com"
    timeout_s: float = 30.0
    upload_timeout_s: float = 600.0
    read_wait_s: float = 0.5  # between the tries of a call that only reads
    # One page says 128 MB, a product of 2026 sends up to 300 MB.
    single_bytes: int = Field(default=50 * _MB, gt=0, le=SINGLE_MAX_BYTES)
    part_bytes: int = Field(default=20 * _MB, ge=PART_MIN_BYTES)
    token_left_s: float = Field(default=600.0, ge=0)  # life a token must have before a commit
    refresh_before_s: int = 24 * 3600
    renew_before_s: int = 5 * 24 * 3600
    renewals: int = Field(default=RENEWALS, ge=0)
    poll_s: int = 30
    video_list: bool = False  # the app still owns the call withdrawn in 2025-03
    list_pages: int = 10  # how far back that list is read
    # What an account's owner is asked for, separated by commas. One the app does not hold breaks
    # the platform's whole page, so the defaults are what the app has in any case.
    scopes: str = "user_info,video.create.bind"
    share_scopes: str = "user_info"  # of accounts in mode "handoff_h5"
    # The H5 share: where Douyin's app fetches the video from, and how the link is made.
    share_media_url: str = ""  # public address of the schedules folder
    share_page_url: str = ""  # public address of the bot's /hooks/douyin; "": links live two hours
    share_short_link: bool = False  # the app holds jump.basic: the platform makes a short link
    share_title: bool = True  # the link carries the caption; one product does so, no page says it
    share_qr_bytes: int = Field(default=1000, ge=300, le=2900)  # longer links leave the caption out
