"""Settings of the Kuaishou adapter, and its calls made with them."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from adapters.http import Http
from adapters.kuaishou.api import KuaishouApi
from adapters.kuaishou.limits import FRAGMENT_BYTES, WHOLE_BYTES
from bot.contract import Tools

PLATFORM = "kuaishou"
_MB = 1024 * 1024


class KuaishouConfig(BaseModel):
    """Settings of the Kuaishou adapter."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: str = "https://open.kuaishou.com"
    timeout_s: float = 30.0
    upload_timeout_s: float = 300.0
    read_wait_s: float = 0.5  # between the tries of a call that only reads
    whole_bytes: int = Field(default=WHOLE_BYTES, gt=0, le=WHOLE_BYTES)
    fragment_bytes: int = Field(default=8 * _MB, gt=0, le=FRAGMENT_BYTES)
    upload_scheme: Literal["http", "https"] = "http"
    upload_hosts: str = ""  # how the host it names must end, separated by commas; "": any
    compare_checksum: bool = False  # the checksum of a fragment is the MD5 of its bytes
    token_left_s: float = Field(default=600.0, ge=0)
    refresh_before_s: float = Field(default=24 * 3600.0, ge=0)
    poll_s: int = Field(default=30, gt=0)
    gone_after_s: float = Field(default=600.0, ge=0)  # before, "not there" says nothing
    list_pages: int = Field(default=10, gt=0)


def api_of(tools: Tools, config: KuaishouConfig) -> KuaishouApi:
    """Kuaishou's calls; those to its upload hosts are not counted with the others."""

    def http(base_url: str, timeout_s: float, *, counted: bool) -> Http:
        return Http(
            tools.session,
            platform=PLATFORM,
            base_url=base_url,
            timeout_s=timeout_s,
            read_wait_s=config.read_wait_s,
            pace=tools.pace if counted else None,
        )

    def data_plane(endpoint: str) -> Http:
        url = f"{config.upload_scheme}://{endpoint}"
        return http(url, config.upload_timeout_s, counted=False)

    return KuaishouApi(
        http(config.base_url, config.timeout_s, counted=True), data_plane, tools.clock
    )
