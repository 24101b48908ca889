"""Douyin through a person's phone (H5 share): a QR code opens the app with the post prepared.

This is what the platform offers to organisations without video.create.bind. The person presses
"publish"; a create_video event with the share id then says which work it became.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote

from adapters.douyin.app import app_of
from adapters.douyin.check import caption, h5_problems, topics
from adapters.douyin.config import DouyinConfig
from adapters.douyin.handoff import DouyinPackage
from adapters.douyin.page import Invitation, qr_file, scan_page
from adapters.douyin.parts import api_of, http_of, permissions_of, tokens_of, works_of
from adapters.douyin.share import Share, sealed, signed_link
from adapters.douyin.works import link, origin
from adapters.handoff.package import media_of, package_of, write
from bot.contract import Capabilities, Checkpoint, Item, Pending, Profile, Receipt, Tools
from bot.domain.post import Media, Variant
from bot.domain.problem import Problem
from bot.domain.roster import Account
from bot.errors import AuthFailed
from bot.i18n import _

PAGE, QR = "扫码投稿.html", "二维码.svg"


class DouyinH5(DouyinPackage):
    """One Douyin account whose officer publishes from the phone."""

    capabilities: ClassVar[Capabilities] = Capabilities(
        title="抖音（扫码投稿）", publishes=False, video_only=True
    )

    def __init__(self, account: Account, tools: Tools, config: DouyinConfig) -> None:
        super().__init__(account, tools, config)
        self._config = config
        self._api = api_of(tools, config)
        self._app = app_of(http_of(tools, config, config.timeout_s), tools)
        self._tokens = tokens_of(self._api, tools, config)
        self._works = works_of(account, self._api, self._tokens, tools, config)

    @classmethod
    def check(cls, variant: Variant, account: Account) -> list[Problem]:
        """What Douyin's app would not take from the link."""
        return list(h5_problems(variant, account.options))

    async def prepare(self, variant: Variant, done: Checkpoint) -> Checkpoint:
        """Gets a share id, then writes the package with the QR code.

        Called again later it renews a link that has ended; the share id stays. Errors: AuthFailed
        (no application, no permission, no public address of the files), RateLimited, Unavailable,
        MediaError.
        """
        data = dict(done.data)
        share = self._share(variant, data.get("share_id", ""))
        if not share.share_id:
            return Checkpoint(data={**data, "share_id": await self._app.share_id()})
        fresh = hashlib.sha256(repr(share).encode()).hexdigest()
        if data.get("share_of") != fresh or self._ended(data):
            data |= {"share_of": fresh, **await self._target(share)}
        folder = await asyncio.to_thread(self._write_page, variant, data)
        return Checkpoint(data={**data, "package": str(folder)}, ready=True)

    async def find(
        self, variant: Variant, done: Checkpoint, *, key: str, pending: Pending | None = None
    ) -> Receipt | Pending | None:
        """What became of the share, once an event has named the work (`item_id` in the ref).

        The event is signed and enough; where the account's owner has authorised us to, the work
        is looked at too. None: nobody has published it, as far as the platform tells.
        """
        known = {**done.data, **({} if pending is None else pending.ref)}
        item_id, video_id = known.get("item_id", ""), known.get("video_id", "")
        if not item_id:
            return None
        seen = await self._looked_at(item_id, video_id)
        if seen is not None:
            return seen
        now = self._tools.clock.now()
        return Receipt(platform_id=item_id, url=link(video_id), published_at=now)

    async def _looked_at(self, item_id: str, video_id: str) -> Receipt | Pending | None:
        """How the review stands; None without an authorisation that says so, which is optional."""
        if not await self._authorised():
            return None
        try:
            return await self._works.seen(item_id, video_id)
        except AuthFailed:
            return None  # it has ended, which must not pause an account that works without it

    async def recent(self, since: datetime) -> AsyncIterator[Item]:
        """The account's public works where the app still owns the list, else nothing."""
        if self._works.lists and await self._authorised():
            async for item in self._works.recent(since):
                yield item

    async def profile(self) -> Profile:
        """The account's name and permissions; raises AuthFailed for one nobody has connected."""
        name = await self._tokens.with_token(self._api.nickname)
        kept = await self._tools.credentials.load()
        return Profile(name=name, permissions=permissions_of(kept.get("scope", ""), self._config))

    async def _authorised(self) -> bool:
        try:
            return bool((await self._tools.credentials.load()).get("access_token"))
        except AuthFailed:
            return False

    def _share(self, variant: Variant, share_id: str) -> Share:
        """What the app is to open with; raises AuthFailed when it could not fetch the files."""
        if not self._config.share_media_url:
            raise origin("prepare").error(
                AuthFailed,
                _("Nobody has entered where Douyin's app can fetch the office's files."),
                advice=_(
                    "Serve the schedules folder's media on a public https address, entered as "
                    "platforms.douyin.share_media_url; or set the account's mode to "
                    "handoff_package."
                ),
            )
        text = caption(variant) if self._config.share_title else ""
        share = Share(share_id=share_id, caption=text, topics=tuple(topics(caption(variant))))
        if variant.video is not None:
            return replace(share, video=self._address(variant.video))
        return replace(share, images=tuple(map(self._address, variant.images)))

    def _address(self, media: Media) -> str:
        return f"{self._config.share_media_url.rstrip('/')}/{quote(media.path)}"

    async def _target(self, share: Share) -> dict[str, str]:
        """What the QR code holds, and when it ends; a caption that is too long is left out."""
        target, ends_at = await self._link(share)
        if len(target.encode()) > self._config.share_qr_bytes:
            target, ends_at = await self._link(replace(share, caption="", topics=()))
        return {"link": target, "link_ends_at": ends_at}

    async def _link(self, share: Share) -> tuple[str, str]:
        key, secret = await self._app.key_and_secret()
        if self._config.share_page_url:
            address = f"{self._config.share_page_url.rstrip('/')}/{quote(self._account.id)}"
            return f"{address}?share={sealed(share, secret)}", ""
        ticket = await self._app.ticket()
        if self._config.share_short_link:
            target = await self._app.short_link(share.body(ticket))
        else:
            target = signed_link(share, key, ticket.text, self._tools.clock.now())
        return target, ticket.ends_at.isoformat()

    def _ended(self, data: dict[str, str]) -> bool:
        ends_at = data.get("link_ends_at", "")
        return bool(ends_at) and datetime.fromisoformat(ends_at) <= self._tools.clock.now()

    def _write_page(self, variant: Variant, data: dict[str, str]) -> Path:
        ends_at = data["link_ends_at"]
        about = Invitation(
            title=variant.title,
            caption=caption(variant),
            account_name=self._account.name,
            target=data["link"],
            ends_at=datetime.fromisoformat(ends_at) if ends_at else None,
            video=variant.video is not None,
        )
        paths = {media: self._tools.media.path(media) for media in media_of(variant)}
        package = package_of(variant, self._account, paths)
        texts = {**package.texts, PAGE: scan_page(about), QR: qr_file(about.target)}
        return write(replace(package, texts=texts), self._tools.out_dir)
