"""Settings of the bilibili adapter, and its calls made with them."""

from __future__ import annotations

import secrets

from pydantic import BaseModel, ConfigDict, Field

from adapters.bilibili.api import BilibiliApi
from adapters.bilibili.limits import PART_BYTES, SMALL_BYTES
from adapters.http import Http
from bot.contract import Tools

PLATFORM = "bilibili"


class BilibiliConfig(BaseModel):
    """Settings of the bilibili adapter."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: str = "https://member.bilibili.com"
    upload_url: str = "https://openupos.bilivideo.com"
    oauth_url: str = "https://api.bilibili.com"
    authorise_url: str = "https://account.bilibili.com/pc/account-pc/auth/oauth"
    timeout_s: float = 30.0
    upload_timeout_s: float = 300.0
    read_wait_s: float = 0.5  # between the tries of a call that only reads
    small_bytes: int = Field(default=PART_BYTES, gt=0, le=SMALL_BYTES)  # larger go in parts
    part_bytes: int = Field(default=PART_BYTES, gt=0, le=SMALL_BYTES)
    token_left_s: float = Field(default=600.0, ge=0)
    refresh_before_s: float = Field(default=24 * 3600.0, ge=0)
    poll_s: int = Field(default=30, gt=0)
    gone_after_s: float = Field(default=600.0, ge=0)  # before, "not there" says nothing
    list_pages: int = Field(default=10, gt=0)


def api_of(tools: Tools, config: BilibiliConfig) -> BilibiliApi:
    """bilibili's calls; those that carry a video's bytes are not counted with the others."""

    def http(base_url: str, timeout_s: float, *, counted: bool) -> Http:
        return Http(
            tools.session,
            platform=PLATFORM,
            base_url=base_url,
            timeout_s=timeout_s,
            read_wait_s=config.read_wait_s,
            pace=tools.pace if counted else None,
        )

    return BilibiliApi(
        http(config.base_url, config.timeout_s, counted=True),
        http(config.upload_url, config.upload_timeout_s, counted=False),
        http(config.oauth_url, config.timeout_s, counted=True),
        tools.clock,
        lambda: secrets.token_hex(16),
    )
