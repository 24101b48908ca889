"""Websites 官网: by hand unless the account's mode says otherwise.

Mode "feed" reads what the site shows while a person goes on publishing; mode "wordpress" does
both through WordPress's interface. No other system for websites has a public way to write.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic import BaseModel

from adapters.handoff.adapter import HandoffAdapter
from adapters.looks.article import site
from adapters.website.config import WebsiteConfig
from adapters.website.feed import ReadWebsite
from adapters.website.wordpress import PLATFORM, WordPress
from bot.contract import Adapter, Capabilities, Scene, Screen
from bot.domain.post import Variant


class Website(HandoffAdapter):
    """One institution's site that is neither read nor written: a person gets the package."""

    name: ClassVar[str] = PLATFORM
    capabilities: ClassVar[Capabilities] = Capabilities(
        title="官网（人工发布）", publishes=False, article=True
    )
    Config: ClassVar[type[BaseModel]] = WebsiteConfig

    @classmethod
    def screens(cls, variant: Variant, scene: Scene, config: BaseModel) -> Sequence[Screen]:
        """The article's page."""
        return site(variant, scene)


ADAPTER = Website
MODES: Mapping[str, type[Adapter]] = {"feed": ReadWebsite, "wordpress": WordPress}
