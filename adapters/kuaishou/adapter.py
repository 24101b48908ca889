"""Kuaishou 快手: upload a video to the host it names, publish it, wait for the review.

There is no idempotency key, and a refused video just vanishes. A lost answer is looked for in the
list of works; when it is not there, only a person may send it again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import ClassVar, TypeVar

from pydantic import BaseModel

from adapters.http import Origin
from adapters.kuaishou.api import SCOPE_CODES, TOKEN_CODES, Slot, Work
from adapters.kuaishou.check import caption, caption_length, problems
from adapters.kuaishou.config import PLATFORM, KuaishouConfig, api_of
from adapters.kuaishou.desk import KuaishouDesk, app_of, check_scopes, margins, tokens
from adapters.kuaishou.limits import (
    COVER,
    READS_PER_DAY,
    SCOPES,
    WORKS_PER_DAY,
)
from adapters.kuaishou.upload import Uploads
from adapters.looks import video
from adapters.oauth import Kept, Tokens
from adapters.pictures import fit, mime_of
from bot.contract import (
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
from bot.domain.quota import READ, Budget, Period
from bot.domain.roster import Account
from bot.errors import AuthFailed, Rejected, Unavailable
from bot.i18n import _

T = TypeVar("T")
_CLOCKS_DIFFER = timedelta(seconds=60)
_EVER = "1970-01-02T00:00:00+00:00"  # nothing known: as far back as it goes
_PAGE = 20


class KuaishouAdapter:
    """One Kuaishou account."""

    name: ClassVar[str] = PLATFORM
    capabilities: ClassVar[Capabilities] = Capabilities(
        title="快手",
        video_only=True,
        finding=Finding.NEVER,
        settle_s=600,
        pending_limit_s=24 * 3600,
        recent=True,
        stat=True,
        budgets=(
            Budget(action="publish", limit=WORKS_PER_DAY, period=Period.DAY),
            Budget(action=READ, limit=READS_PER_DAY, period=Period.DAY, looks=True),
        ),
    )
    Config: ClassVar[type[BaseModel]] = KuaishouConfig

    def __init__(self, account: Account, tools: Tools, config: KuaishouConfig) -> None:
        self._tools = tools
        self._config = config
        self._api = api_of(tools, config)
        self._tokens = Tokens(
            PLATFORM,
            self._refresh,
            tools.credentials,
            tools.clock,
            refused=TOKEN_CODES,
            **margins(config.token_left_s, config.refresh_before_s),
        )
        self._uploads = Uploads(
            self._api,
            tools.media,
            self._slot,
            whole_bytes=config.whole_bytes,
            fragment_bytes=config.fragment_bytes,
            md5=config.compare_checksum,
        )

    @classmethod
    def check(cls, variant: Variant, account: Account) -> list[Problem]:
        """What Kuaishou would refuse in this variant."""
        return list(problems(variant))

    @classmethod
    def screens(cls, variant: Variant, scene: Scene, config: BaseModel) -> Sequence[Screen]:
        """The video, and its cover on the account's page."""
        return video.screens(variant, scene, tabs=("关注", "发现"))

    @classmethod
    def lengths(cls, variant: Variant, account: Account) -> Sequence[Length]:
        """The caption."""
        return [caption_length(variant)]

    async def prepare(self, variant: Variant, done: Checkpoint) -> Checkpoint:
        """Makes sure of a living token and of the cover, and uploads the video step by step.

        Errors: AuthFailed, Rejected (file refused), RateLimited, Unavailable, MediaError.
        """
        if variant.video is None or variant.cover is None:
            message = _("Kuaishou takes nothing without a video and a cover.")
            raise _origin("prepare").error(Rejected, message)
        check_scopes(await self._tokens.alive())
        await self._cover(variant.cover)
        data = await self._uploads.step(variant.video, done.data)
        return Checkpoint(data=data, ready="uploaded" in data)

    async def commit(self, variant: Variant, done: Checkpoint, *, key: str) -> Receipt | Pending:
        """Publishes what was uploaded; anybody sees it once the review is over.

        The token is used as it is kept: refreshing belongs before the intent. When the platform
        refuses it, nothing was published; it is dropped and Unavailable raised.
        """
        if not done.ready or "uploaded" not in done.data or variant.cover is None:
            message = _("The post was not prepared; nothing was sent.")
            raise _origin("commit").error(Unavailable, message)
        cover = await self._cover(variant.cover)
        token, text = done.data["upload_token"], caption(variant)
        app_id = await self._app_id(await self._tokens.stored())
        work = await self._tokens.once(
            lambda kept: self._api.publish(app_id, kept, token, text, cover)
        )
        return self._pending(work.photo_id) if work.pending else self._receipt(work)

    async def find(
        self, variant: Variant, done: Checkpoint, *, key: str, pending: Pending | None = None
    ) -> Receipt | Pending | None:
        """Asks after the review, or looks for a lost work in the list of works.

        Never None: raises Rejected when a work has vanished, Unavailable when a lost one is not
        listed and a person must look.
        """
        if pending is not None:
            return await self._reviewed(pending.ref)
        text, since = _bare(caption(variant)), _since(done)
        async for work in self._listed(since):
            if _bare(work.caption) == text:
                return self._pending(work.photo_id) if work.pending else self._receipt(work)
        raise _origin("photo/list").error(
            Unavailable,
            _("The video is not among the account's works on Kuaishou, at least not yet."),
            advice=_("A person must look in Kuaishou's app before it may be sent again."),
        )

    async def recent(self, since: datetime) -> AsyncIterator[Item]:
        """The account's works that are through the review, newest first."""
        async for work in self._listed(since):
            if not work.pending and work.created_at is not None:
                yield Item(
                    platform_id=work.photo_id,
                    url=_url(work.photo_id),
                    title="",
                    text=work.caption,
                    published_at=work.created_at,
                )

    async def stat(self, receipts: Sequence[Receipt]) -> list[Stat]:
        """Counters as they are now; works that are gone are left out. Shares are not told."""
        stats = []
        for receipt in receipts:
            work = await self._work(receipt.platform_id) if receipt.platform_id else None
            if work is not None:
                stats.append(
                    Stat(
                        platform_id=receipt.platform_id,
                        as_of=self._tools.clock.now(),
                        reads=work.reads,
                        likes=work.likes,
                        comments=work.comments,
                    )
                )
        return stats

    async def renew(self) -> Authorised:
        """Refreshes the access token a day before its end; nothing prolongs the authorisation."""
        return await self._tokens.renew()

    async def profile(self) -> Profile:
        """The account's name, and which of the permissions its owner gave."""
        name = await self._asked(self._api.name)
        scopes = (await self._tokens.stored()).get("scopes", "")
        known: Mapping[str, bool] = {scope: scope in scopes.split(",") for scope in SCOPES}
        return Profile(name=name, permissions=known if scopes else {})

    async def withdraw(self, receipt: Receipt) -> None:
        """Deletes the work for good; needs the permission user_video_delete."""
        try:
            await self._asked(
                lambda app_id, kept: self._api.delete(app_id, kept, receipt.platform_id)
            )
        except AuthFailed as error:
            if error.code not in SCOPE_CODES:
                raise
            raise _origin("photo/delete").error(
                Rejected,
                _("This account has not allowed the bot to delete its videos."),
                code=error.code,
                advice=_("Delete the video in Kuaishou's app, or authorise with deletion ticked."),
            ) from error

    # ── tokens ────────────────────────────────────────────────────────────────────────────────

    async def _refresh(self, fields: Kept) -> Kept:
        app_id, secret = await app_of(fields, self._tools.app)
        told = await self._api.oauth(
            "refresh_token",
            {
                "app_id": app_id,
                "app_secret": secret,
                "refresh_token": fields["refresh_token"],
                "grant_type": "refresh_token",
            },
        )
        fresh = tokens(told, self._tools.clock)
        # Where an answer does not say, what was known still holds: a refresh prolongs nothing.
        return {name: value for name, value in fresh.items() if value}

    async def _app_id(self, kept: Kept) -> str:
        return kept.get("app_id") or (await app_of(kept, self._tools.app))[0]

    async def _asked(self, call: Callable[[str, Kept], Awaitable[T]]) -> T:
        """What a call without effect gives."""

        async def with_app(kept: Kept) -> T:
            return await call(await self._app_id(kept), kept)

        return await self._tokens.with_token(with_app)

    # ── works ─────────────────────────────────────────────────────────────────────────────────

    async def _slot(self) -> Slot:
        slot = await self._asked(self._api.start_upload)
        ends = [end.strip() for end in self._config.upload_hosts.split(",") if end.strip()]
        host = slot.endpoint.partition(":")[0]
        if ends and not any(host == end or host.endswith(f".{end}") for end in ends):
            message = _("Kuaishou wants the video at {host}, which the settings do not allow.")
            raise _origin("start_upload").broken(message.format(host=host))
        return slot

    async def _cover(self, cover: Media) -> tuple[Path, str]:
        """The cover as Kuaishou takes it, with its type; the same copy each time."""
        path = await asyncio.to_thread(self._tools.media.path, cover)
        copy = await asyncio.to_thread(fit, cover, path, COVER, self._tools.cache_dir)
        return copy, mime_of(copy)

    async def _work(self, photo_id: str) -> Work | None:
        return await self._asked(lambda app_id, kept: self._api.work(app_id, kept, photo_id))

    async def _reviewed(self, ref: Mapping[str, str]) -> Receipt | Pending:
        """How the review stands; "not there" counts only some minutes after publishing."""
        photo_id = ref.get("photo_id", "")
        work = await self._work(photo_id)
        if work is None and self._young(ref):
            return Pending(ref=ref, poll_s=self._config.poll_s)
        if work is None:
            work = await self._from_list(photo_id, ref)
        return Pending(ref=ref, poll_s=self._config.poll_s) if work.pending else self._receipt(work)

    def _young(self, ref: Mapping[str, str]) -> bool:
        age = self._tools.clock.now() - datetime.fromisoformat(ref.get("published_at", _EVER))
        return age < timedelta(seconds=self._config.gone_after_s)

    async def _from_list(self, photo_id: str, ref: Mapping[str, str]) -> Work:
        """The work, though Kuaishou says there is none; raises Rejected when it is not listed."""
        since = datetime.fromisoformat(ref.get("published_at", _EVER)) - _CLOCKS_DIFFER
        async for work in self._listed(since):
            if work.photo_id == photo_id:
                return work
        raise _origin("find").error(
            Rejected,
            _("The video is no longer among the account's works on Kuaishou."),
            advice=_("Kuaishou refused it without a word: see the notices in its app."),
        )

    async def _listed(self, since: datetime) -> AsyncIterator[Work]:
        """Works made since then, newest first."""
        cursor = ""
        for _nth in range(self._config.list_pages):
            page = await self._asked(self._page(cursor))
            for work in page:
                if work.created_at is None or work.created_at >= since:
                    yield work
            old = [work for work in page if work.created_at and work.created_at < since]
            if old or len(page) < _PAGE:
                return
            cursor = page[-1].photo_id

    def _page(self, cursor: str) -> Callable[[str, Kept], Awaitable[list[Work]]]:
        return lambda app_id, kept: self._api.works(app_id, kept, cursor, _PAGE)

    def _pending(self, photo_id: str) -> Pending:
        ref = {"photo_id": photo_id, "published_at": self._tools.clock.now().isoformat()}
        return Pending(ref=ref, poll_s=self._config.poll_s)

    def _receipt(self, work: Work) -> Receipt:
        made_at = work.created_at or self._tools.clock.now()
        return Receipt(platform_id=work.photo_id, url=_url(work.photo_id), published_at=made_at)


ADAPTER = KuaishouAdapter
DESK = KuaishouDesk


def _origin(action: str) -> Origin:
    return Origin(platform=PLATFORM, action=action, effect=False)


def _since(done: Checkpoint) -> datetime:
    """From when on a work can be ours: a little before the commit, because clocks differ."""
    text = done.data.get("doubt_since") or done.data.get("committed_at") or _EVER
    return datetime.fromisoformat(text) - _CLOCKS_DIFFER


def _url(photo_id: str) -> str:
    return f"https://www.kuaishou.com/short-video/{photo_id}"


def _bare(text: str) -> str:
    return "".join(text.split())
