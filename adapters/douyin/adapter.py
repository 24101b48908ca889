"""Douyin 抖音 through the server interface (scope video.create.bind): upload, create, review.

Few organisations get this permission; all others use the mode "handoff_h5" or "handoff_package".
There is no idempotency key and, for new callers, no list of works: a lost answer goes to a person.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from pydantic import BaseModel

from adapters.douyin.api import TOKEN_CODES, Created, Token
from adapters.douyin.check import caption, caption_length, problems
from adapters.douyin.config import PLATFORM, DouyinConfig
from adapters.douyin.desk import DouyinDesk
from adapters.douyin.h5 import DouyinH5
from adapters.douyin.handoff import DouyinPackage
from adapters.douyin.limits import VIDEO_BYTES, WORKS_PER_DAY
from adapters.douyin.parts import api_of, permissions_of, tokens_of, works_of
from adapters.douyin.upload import Uploads
from adapters.douyin.works import origin
from adapters.looks import video
from bot.contract import (
    Adapter,
    Authorised,
    Capabilities,
    Checkpoint,
    Finding,
    Item,
    Length,
    Pending,
    Profile,
    Receipt,
    Scene,
    Screen,
    Stat,
    Tools,
)
from bot.domain.post import Media, Variant
from bot.domain.problem import Problem
from bot.domain.quota import Budget, Period
from bot.domain.roster import Account
from bot.errors import Rejected, Unavailable
from bot.i18n import _

_CLOCKS_DIFFER = timedelta(hours=2)  # also a clock an hour wrong must not hide our work
_EVER = "1970-01-02T00:00:00+00:00"  # nothing known: as far back as it goes


class DouyinAdapter:
    """One Douyin account."""

    name: ClassVar[str] = PLATFORM
    capabilities: ClassVar[Capabilities] = Capabilities(
        title="抖音",
        video_only=True,  # what is reprinted; an original may be pictures as well
        finding=Finding.NEVER,
        settle_s=600,
        stat=True,
        budgets=(Budget(action="publish", limit=WORKS_PER_DAY, period=Period.DAY),),
    )
    Config: ClassVar[type[BaseModel]] = DouyinConfig

    def __init__(self, account: Account, tools: Tools, config: DouyinConfig) -> None:
        self._config = config
        self._api = api_of(tools, config)
        self._credentials = tools.credentials
        self._tokens = tokens_of(self._api, tools, config)
        self._works = works_of(account, self._api, self._tokens, tools, config)
        self._uploads = Uploads(
            self._api,
            self._tokens,
            tools,
            single_bytes=config.single_bytes,
            part_bytes=config.part_bytes,
        )

    @classmethod
    def check(cls, variant: Variant, account: Account) -> list[Problem]:
        """What Douyin would refuse in this variant."""
        return list(problems(variant, account.options))

    @classmethod
    def screens(cls, variant: Variant, scene: Scene, config: BaseModel) -> Sequence[Screen]:
        """The video, and its cover on the account's page."""
        return video.screens(variant, scene, tabs=("关注", "推荐"))

    @classmethod
    def lengths(cls, variant: Variant, account: Account) -> Sequence[Length]:
        """The caption."""
        return [caption_length(variant, account.options)]

    async def prepare(self, variant: Variant, done: Checkpoint) -> Checkpoint:
        """Makes sure of a living token and uploads, one request a call.

        Errors: AuthFailed, Rejected (file refused), RateLimited, Unavailable, MediaError.
        """
        _refuse_what_cannot_go(variant)
        await self._tokens.alive()
        data, ready = await self._uploads.step(variant, done.data)
        return Checkpoint(data=data, ready=ready)

    async def commit(self, variant: Variant, done: Checkpoint, *, key: str) -> Receipt | Pending:
        """Creates the work; only its author sees it until the review is over.

        The token is used as it is kept: refreshing belongs before the intent. When the platform
        refuses it, nothing was created; it is dropped and Unavailable raised.
        """
        wanted = "video_id" if variant.video is not None else "image_ids"
        if not done.ready or not done.data.get(wanted):
            message = _("The post was not prepared; nothing was sent.")
            raise origin("commit").error(Unavailable, message)
        token = await self._tokens.stored()
        try:
            created = await self._create(token, variant, done.data)
        except Unavailable as error:
            if error.code in TOKEN_CODES:
                await self._tokens.drop(token)
            raise
        return self._works.pending(created.item_id, created.video_id)

    async def _create(self, token: Token, variant: Variant, data: Mapping[str, str]) -> Created:
        if variant.video is None:
            return await self._api.create_pictures(
                token, data["image_ids"].split(","), caption(variant)
            )
        return await self._api.create(
            token,
            data["video_id"],
            caption(variant),
            image_id=data.get("image_id", ""),
            cover_s=variant.options.get("cover_at", ""),
        )

    async def find(
        self, variant: Variant, done: Checkpoint, *, key: str, pending: Pending | None = None
    ) -> Receipt | Pending | None:
        """Asks after the review, or looks for a lost work in the list of works.

        Raises Rejected when the review refused it or it is not public, Unavailable when the
        platform shows nothing and a person must look.
        """
        if pending is not None:
            ref = pending.ref
            return await self._works.reviewed(ref.get("item_id", ""), ref.get("video_id", ""))
        return await self._works.with_text(caption(variant), _since(done))

    async def recent(self, since: datetime) -> AsyncIterator[Item]:
        """The account's public works, for apps that still own the list; Unavailable otherwise."""
        async for item in self._works.recent(since):
            yield item

    async def stat(self, receipts: Sequence[Receipt]) -> list[Stat]:
        """Counters of works of the last 30 days, from the morning after; others are left out."""
        return await self._works.stat(receipts)

    async def renew(self) -> Authorised:
        """Refreshes the access token a day before its end, the refresh token in its last days."""
        return await self._tokens.renew()

    async def profile(self) -> Profile:
        """The account's name, and which permissions its owner has given us."""
        name = await self._tokens.with_token(self._api.nickname)
        kept = await self._credentials.load()
        return Profile(name=name, permissions=permissions_of(kept.get("scope", ""), self._config))


ADAPTER = DouyinAdapter
MODES: Mapping[str, type[Adapter]] = {
    "server": DouyinAdapter,
    "handoff_h5": DouyinH5,
    "handoff_package": DouyinPackage,
}
DESK = DouyinDesk


def _refuse_what_cannot_go(variant: Variant) -> None:
    """Raises Rejected, before any call, for a post without media and a file that is too large."""
    files: list[Media] = [variant.video] if variant.video is not None else list(variant.images)
    if not files:
        message = _("Douyin takes nothing without a video or pictures.")
        raise origin("prepare").error(Rejected, message)
    if any(file.size > VIDEO_BYTES for file in files):
        message = _("{path} is larger than 4 GB.").format(path=files[0].path)
        advice = _("Export it with a lower bit rate.")
        raise origin("prepare").error(Rejected, message, advice=advice)


def _since(done: Checkpoint) -> datetime:
    """From when on a work can be ours: some time before the commit, because clocks differ."""
    text = done.data.get("doubt_since") or done.data.get("committed_at") or _EVER
    return datetime.fromisoformat(text) - _CLOCKS_DIFFER
