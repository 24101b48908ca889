"""Hand-off 人工发布: a checked, complete package for a person, where no interface publishes.

Serves 视频号, 头条号, 学习强国 and others, any account in mode "handoff", and what goes by hand.
Driving a platform's page with a robot is not built: it breaks the platforms' terms.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from adapters.handoff.check import problems
from adapters.handoff.package import media_of, package_of, write
from adapters.handoff.text import blocks
from adapters.http import Origin
from adapters.looks import short, video
from bot.contract import (
    Capabilities,
    Checkpoint,
    Item,
    Length,
    Pending,
    Receipt,
    Scene,
    Screen,
    Stat,
    Tools,
)
from bot.domain.post import Variant
from bot.domain.problem import Problem
from bot.domain.roster import Account
from bot.errors import Rejected
from bot.i18n import _


class HandoffConfig(BaseModel):
    """The hand-off has no settings of its own; where packages go is a setting of the program."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class HandoffAdapter:
    """One account that is served by hand."""

    name: ClassVar[str] = "handoff"
    capabilities: ClassVar[Capabilities] = Capabilities(
        title="人工发布", publishes=False, article=True, short_text=True
    )
    Config: ClassVar[type[BaseModel]] = HandoffConfig

    def __init__(self, account: Account, tools: Tools, config: HandoffConfig) -> None:
        self._account = account
        self._tools = tools

    @classmethod
    def check(cls, variant: Variant, account: Account) -> list[Problem]:
        """What a person could not enter on the account's platform."""
        return list(problems(variant, account.platform))

    @classmethod
    def lengths(cls, variant: Variant, account: Account) -> Sequence[Length]:
        """The pieces of the package whose field has a limit."""
        return [
            Length(name=block.name, length=len(block.text), limit=block.limit)
            for block in blocks(variant, account.platform)
            if block.limit
        ]

    async def prepare(self, variant: Variant, done: Checkpoint) -> Checkpoint:
        """Writes the package; `data["package"]` is its folder. Raises MediaError."""
        folder = await asyncio.to_thread(self._write, variant)
        return Checkpoint(data={"package": str(folder)}, ready=True)

    def _write(self, variant: Variant) -> Path:
        """Checks, reads and copies the files; large ones take long, so not on the event loop."""
        paths = {media: self._tools.media.path(media) for media in media_of(variant)}
        return write(package_of(variant, self._account, paths), self._tools.out_dir)

    async def commit(self, variant: Variant, done: Checkpoint, *, key: str) -> Receipt | Pending:
        """Always raises Rejected: a machine never publishes here."""
        raise Origin(platform=self.name, action="commit", effect=False).error(
            Rejected,
            _("This account is served by hand; the package is for a person."),
            advice=_("Publish the package on the platform and enter the link."),
        )

    async def find(
        self, variant: Variant, done: Checkpoint, *, key: str, pending: Pending | None = None
    ) -> Receipt | Pending | None:
        """None: what a person published is known only when the person says so."""
        return None

    async def recent(self, since: datetime) -> AsyncIterator[Item]:
        """Nothing: these accounts cannot be read."""
        nothing: tuple[Item, ...] = ()
        for item in nothing:
            yield item

    async def stat(self, receipts: Sequence[Receipt]) -> list[Stat]:
        """Nothing: these accounts cannot be read."""
        return []


class _Channels(HandoffAdapter):
    """One 视频号."""

    @classmethod
    def screens(cls, variant: Variant, scene: Scene, config: BaseModel) -> Sequence[Screen]:
        """The video, and its cover on the account's page."""
        return video.screens(variant, scene, tabs=("关注", "朋友", "推荐"))


class _Xiaohongshu(HandoffAdapter):
    """One 小红书 account."""

    @classmethod
    def screens(cls, variant: Variant, scene: Scene, config: BaseModel) -> Sequence[Screen]:
        """The note: pictures first."""
        return short.note(variant, scene)


def _of(
    title: str,
    *,
    article: bool = False,
    short_text: bool = False,
    video_only: bool = False,
    kind: type[HandoffAdapter] = HandoffAdapter,
) -> type[HandoffAdapter]:
    """The adapter of a platform that has nothing but its title, what it takes and its look."""

    class OfPlatform(kind):  # type: ignore[misc, valid-type]
        capabilities: ClassVar[Capabilities] = Capabilities(
            title=title,
            publishes=False,
            article=article,
            short_text=short_text,
            video_only=video_only,
        )

    return OfPlatform


ADAPTER = HandoffAdapter
# Platforms that no adapter of their own serves.
BY_PLATFORM: Mapping[str, type[HandoffAdapter]] = {
    "channels": _of("视频号", video_only=True, kind=_Channels),
    "toutiao": _of("头条号", article=True, short_text=True),
    "xiaohongshu": _of("小红书", short_text=True, kind=_Xiaohongshu),
    "zhihu": _of("知乎", article=True),
    "xuexi": _of("学习强国", article=True),
    "renminhao": _of("人民号", article=True),
    "pengpai": _of("澎湃号·政务", article=True),
    "qiehao": _of("企鹅号", article=True),
}
