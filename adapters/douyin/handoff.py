"""Douyin by hand: the hand-off package, with what Douyin's own composing page takes."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel

from adapters.douyin.config import PLATFORM, DouyinConfig
from adapters.handoff.adapter import HandoffAdapter, HandoffConfig
from adapters.handoff.check import problems
from bot.contract import Capabilities, Tools
from bot.domain.post import Variant
from bot.domain.problem import Problem
from bot.domain.roster import Account


class DouyinPackage(HandoffAdapter):
    """One Douyin account that is served by hand."""

    name: ClassVar[str] = PLATFORM
    capabilities: ClassVar[Capabilities] = Capabilities(
        title="抖音（人工发布）", publishes=False, video_only=True
    )
    Config: ClassVar[type[BaseModel]] = DouyinConfig

    def __init__(self, account: Account, tools: Tools, config: DouyinConfig) -> None:
        super().__init__(account, tools, HandoffConfig())

    @classmethod
    def check(cls, variant: Variant, account: Account) -> list[Problem]:
        """What a person could not enter on Douyin's page; pictures (图文) are good there too."""
        found = problems(variant, PLATFORM)
        return [
            problem
            for problem in found
            if not (variant.images and problem.code == "handoff-video-missing")
        ]
