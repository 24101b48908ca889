"""What the modes and the front desk are made of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from adapters.douyin.api import DouyinApi
from adapters.douyin.app import app_of
from adapters.douyin.config import PLATFORM, DouyinConfig
from adapters.douyin.tokens import Margins, Tokens
from adapters.douyin.works import Works
from adapters.http import Http
from bot.contract import Tools
from bot.domain.roster import Account


def http_of(tools: Tools, config: DouyinConfig, timeout_s: float) -> Http:
    """Calls of the platform with this longest wait."""
    return Http(
        tools.session,
        platform=PLATFORM,
        base_url=config.base_url,
        timeout_s=timeout_s,
        read_wait_s=config.read_wait_s,
        pace=tools.pace,
    )


def api_of(tools: Tools, config: DouyinConfig) -> DouyinApi:
    """The calls made for an account."""
    return DouyinApi(
        http_of(tools, config, config.timeout_s),
        http_of(tools, config, config.upload_timeout_s),
        tools.clock,
    )


def tokens_of(api: DouyinApi, tools: Tools, config: DouyinConfig) -> Tokens:
    """The tokens of the account these tools are for."""
    margins = Margins(
        left=timedelta(seconds=config.token_left_s),
        refresh=timedelta(seconds=config.refresh_before_s),
        renew=timedelta(seconds=config.renew_before_s),
        renewals=config.renewals,
    )
    app = app_of(http_of(tools, config, config.timeout_s), tools)
    return Tokens(api, tools.credentials, app, tools.clock, margins)


def works_of(
    account: Account, api: DouyinApi, tokens: Tokens, tools: Tools, config: DouyinConfig
) -> Works:
    """The account's works."""
    lists = config.video_list or account.options.get("video_list") == "yes"
    return Works(api, tokens, tools.clock, config, lists=lists)


def permissions_of(granted: str, config: DouyinConfig) -> Mapping[str, bool]:
    """Which scopes the account's owner has given us; empty when the platform never said."""
    if not granted:
        return {}
    given = granted.split(",")
    return {scope: scope in given for scope in dict.fromkeys([*config.scopes.split(","), *given])}
