"""Settings of the Weibo adapter; docs/settings.md explains each."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from adapters.weibo.limits import TIMELINE, TIMELINE_PAID


class WeiboConfig(BaseModel):
    """Settings of the Weibo adapter."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: str = "https://api.weibo.com"
    timeout_s: float = 30.0
    read_wait_s: float = 0.5  # between the tries of a call that only reads
    timeline_size: int = Field(default=TIMELINE, ge=1, le=TIMELINE_PAID)
    timeline_url: str = ""  # the paid list's whole address; "" is the ordinary one
    slow_poll_s: int = 60  # 20032 promises the post in one or two minutes
    token_check_s: int = 86_400  # so often the platform is asked about the authorisation
    force_login: bool = True  # one officer authorises several accounts in one browser
    verified_names: bool = True  # 认证说明 is a free text that mostly is the name
    repost_link: bool = False  # whether a repost needs a safe link too is not documented
