"""Douyin 抖音 in server mode (scope video.create.bind): upload, create, wait for the review.

Few organisations get this permission; all others use the hand-off (account mode "handoff"). There
is no idempotency key and, for new callers, no list of works: a lost answer goes to a person.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from adapters.douyin.api import ABILITY_CODES, TOKEN_CODES, DouyinApi, Page, Totals, Work
from adapters.douyin.check import caption, problems
from adapters.douyin.limits import PART_MIN_BYTES, RENEWALS, STAT_DAYS, STAT_HOUR, WORKS_PER_DAY
from adapters.douyin.tokens import Margins, Tokens
from adapters.douyin.upload import Uploads
from adapters.http import Http, Origin
from bot.contract import (
    Authorised,
    Capabilities,
    Checkpoint,
    Finding,
    Item,
    Pending,
    Receipt,
    Stat,
    Tools,
)
from bot.domain.post import Variant
from bot.domain.problem import Problem
from bot.domain.quota import Budget, Period, period_end
from bot.domain.roster import Account
from bot.errors import AuthFailed, ContractBroken, Gone, Rejected, Unavailable
from bot.i18n import _

PLATFORM = "douyin"
_MB = 1024 * 1024
_CLOCKS_DIFFER = timedelta(hours=2)  # also a clock an hour wrong must not hide our work
_EVER = "1970-01-02T00:00:00+00:00"  # nothing known: as far back as it goes
_REJECTED, _REVIEWING, _PUBLIC, _HIDDEN = 2, 4, (1, 5), (6, 7)  # video_status


class DouyinConfig(BaseModel):
    """Settings of the Douyin adapter."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: str = "https://open.douyin.com"
    timeout_s: float = 30.0
    upload_timeout_s: float = 600.0
    read_wait_s: float = 0.5  # between the tries of a call that only reads
    single_bytes: int = Field(default=50 * _MB, gt=0)  # larger files go in parts
    part_bytes: int = Field(default=20 * _MB, ge=PART_MIN_BYTES)
    token_left_s: float = Field(default=600.0, ge=0)  # life a token must have before a commit
    refresh_before_s: int = 24 * 3600
    renew_before_s: int = 5 * 24 * 3600
    renewals: int = Field(default=RENEWALS, ge=0)
    poll_s: int = 30
    video_list: bool = False  # the app still owns the call withdrawn in 2025-03
    list_pages: int = 10  # how far back that list is read


class DouyinAdapter:
    """One Douyin account."""

    name: ClassVar[str] = PLATFORM
    capabilities: ClassVar[Capabilities] = Capabilities(
        title="抖音",
        video_only=True,
        finding=Finding.NEVER,
        settle_s=600,
        stat=True,
        budgets=(Budget(action="publish", limit=WORKS_PER_DAY, period=Period.DAY),),
    )
    Config: ClassVar[type[BaseModel]] = DouyinConfig

    def __init__(self, account: Account, tools: Tools, config: DouyinConfig) -> None:
        self._tools = tools
        self._config = config
        self._lists = config.video_list or account.options.get("video_list") == "yes"
        self._api = DouyinApi(
            _http(tools, config, config.timeout_s),
            _http(tools, config, config.upload_timeout_s),
            tools.clock,
        )
        self._tokens = Tokens(
            self._api,
            tools.credentials,
            tools.clock,
            Margins(
                left=timedelta(seconds=config.token_left_s),
                refresh=timedelta(seconds=config.refresh_before_s),
                renew=timedelta(seconds=config.renew_before_s),
                renewals=config.renewals,
            ),
        )
        self._uploads = Uploads(
            self._api,
            self._tokens,
            tools.media,
            tools.clock,
            single_bytes=config.single_bytes,
            part_bytes=config.part_bytes,
        )

    @classmethod
    def check(cls, variant: Variant, account: Account) -> list[Problem]:
        """What Douyin would refuse in this variant."""
        return list(problems(variant))

    async def prepare(self, variant: Variant, done: Checkpoint) -> Checkpoint:
        """Makes sure of a living token and uploads, one request a call.

        Errors: AuthFailed, Rejected (file refused), RateLimited, Unavailable, MediaError.
        """
        if variant.video is None:
            raise _origin("prepare").error(Rejected, _("Douyin takes nothing without a video."))
        await self._tokens.alive()
        data, ready = await self._uploads.step(variant.video, variant.cover, done.data)
        return Checkpoint(data=data, ready=ready)

    async def commit(self, variant: Variant, done: Checkpoint, *, key: str) -> Receipt | Pending:
        """Creates the work; only its author sees it until the review is over.

        The token is used as it is kept: refreshing belongs before the intent. When the platform
        refuses it, nothing was created; it is dropped and Unavailable raised.
        """
        if not done.ready or "video_id" not in done.data:
            message = _("The post was not prepared; nothing was sent.")
            raise _origin("commit").error(Unavailable, message)
        token = await self._tokens.stored()
        try:
            created = await self._api.create(
                token, done.data["video_id"], caption(variant), done.data.get("image_id", "")
            )
        except Unavailable as error:
            if error.code in TOKEN_CODES:
                await self._tokens.drop(token)
            raise
        return self._pending(created.item_id, created.video_id)

    async def find(
        self, variant: Variant, done: Checkpoint, *, key: str, pending: Pending | None = None
    ) -> Receipt | Pending | None:
        """Asks after the review, or looks for a lost work in the list of works.

        Raises Rejected when the review refused it or it is not public, Unavailable when the
        platform shows nothing and a person must look.
        """
        if pending is not None:
            return await self._reviewed(pending)
        text = caption(variant)
        since = _since(done)
        async for work in self._listed(since):
            if _bare(work.text) == _bare(text):
                return self._outcome(work, public_only=False)
        return None

    async def recent(self, since: datetime) -> AsyncIterator[Item]:
        """The account's public works, for apps that still own the list; Unavailable otherwise."""
        async for work in self._listed(since):
            if work.status in _PUBLIC and work.created_at is not None:
                yield Item(
                    platform_id=work.item_id,
                    url=_url(work),
                    title="",
                    text=work.text,
                    published_at=work.created_at,
                )

    async def stat(self, receipts: Sequence[Receipt]) -> list[Stat]:
        """Counters of works of the last 30 days, from the morning after; others are left out."""
        stats = []
        for receipt in receipts:
            now = self._tools.clock.now()
            totals = await self._totals(receipt, now)
            if totals is not None:
                stats.append(
                    Stat(
                        platform_id=receipt.platform_id,
                        as_of=now,
                        reads=totals.plays,
                        likes=totals.likes,
                        shares=totals.shares,
                        comments=totals.comments,
                    )
                )
        return stats

    async def renew(self) -> Authorised:
        """Refreshes the access token a day before its end, the refresh token in its last days."""
        return await self._tokens.renew()

    async def _totals(self, receipt: Receipt, now: datetime) -> Totals | None:
        first = period_end(receipt.published_at, Period.DAY) + timedelta(hours=STAT_HOUR)
        last = receipt.published_at + timedelta(days=STAT_DAYS)
        if not receipt.platform_id or not first <= now <= last:
            return None  # before, the platform says 0 and means: not counted yet
        try:
            return await self._tokens.with_token(
                lambda token: self._api.totals(token, receipt.platform_id)
            )
        except Rejected:
            return None  # it no longer knows this work

    async def _reviewed(self, pending: Pending) -> Receipt | Pending:
        """How the review stands; the public call first, because its silence tells something."""
        item_id, video_id = pending.ref.get("item_id", ""), pending.ref.get("video_id", "")
        refused = 0
        for call in ("video_basic_info", "video_data"):
            try:
                works = await self._works(call, item_id)
            except AuthFailed as error:
                if error.code not in ABILITY_CODES:
                    raise
                refused += 1
                continue
            for work in works:
                return self._outcome(work, public_only=call == "video_basic_info")
        if refused == 2:
            raise _origin("find").error(
                Unavailable,
                _("Douyin does not tell this app how the review of a work stands."),
                advice=_("Look in Douyin's creator centre and enter the link when it is public."),
            )
        return self._pending(item_id, video_id)

    async def _works(self, call: str, item_id: str) -> list[Work]:
        works = await self._tokens.with_token(lambda token: self._api.works(token, call, [item_id]))
        return [work for work in works if work.item_id == item_id]

    def _outcome(self, work: Work, *, public_only: bool) -> Receipt | Pending:
        """What a work's status means; `public_only`: the call lists nothing but public works."""
        if work.status == _REJECTED:
            raise _origin("find").error(
                Rejected,
                _("Douyin's review refused the video."),
                advice=_("See the reason in Douyin's creator centre, and change text or video."),
            )
        if work.status in _HIDDEN:
            raise _origin("find").error(
                Gone,
                _("The video is on Douyin, but not everybody may see it."),
                advice=_("Set it to public in Douyin's creator centre and enter its link here."),
            )
        if work.status not in (None, _REVIEWING, *_PUBLIC):
            message = _("Douyin gives the unknown video status {status}.")
            raise _origin("find").error(ContractBroken, message.format(status=work.status))
        public = work.status in _PUBLIC or (work.status is None and public_only)
        if not public or work.created_at is None:
            return self._pending(work.item_id, work.video_id)
        return Receipt(platform_id=work.item_id, url=_url(work), published_at=work.created_at)

    async def _listed(self, since: datetime) -> AsyncIterator[Work]:
        """Works made since then, newest first; Unavailable when this app may not list them."""
        if not self._lists:
            raise _person_must_look()
        cursor = 0
        for _nth in range(self._config.list_pages):
            page = await self._page(cursor)
            for work in page.works:
                if work.created_at is not None and work.created_at >= since:
                    yield work
            old = [w for w in page.works if not w.pinned and w.created_at and w.created_at < since]
            if old or not page.more:
                return
            cursor = page.cursor

    async def _page(self, cursor: int) -> Page:
        try:
            return await self._tokens.with_token(lambda token: self._api.page(token, cursor))
        except AuthFailed as error:
            if error.code in ABILITY_CODES:
                raise _person_must_look() from error
            raise

    def _pending(self, item_id: str, video_id: str) -> Pending:
        return Pending(ref={"item_id": item_id, "video_id": video_id}, poll_s=self._config.poll_s)


ADAPTER = DouyinAdapter


def _http(tools: Tools, config: DouyinConfig, timeout_s: float) -> Http:
    return Http(
        tools.session,
        platform=PLATFORM,
        base_url=config.base_url,
        timeout_s=timeout_s,
        read_wait_s=config.read_wait_s,
        pace=tools.pace,
    )


def _origin(action: str) -> Origin:
    return Origin(platform=PLATFORM, action=action, effect=False)


def _person_must_look() -> Unavailable:
    return _origin("video_list").error(
        Unavailable,
        _("Douyin does not let this app list the account's works."),
        code="28001056",
        advice=_("A person must look in Douyin's creator centre and enter the link, if it is out."),
    )


def _since(done: Checkpoint) -> datetime:
    """From when on a work can be ours: some time before the commit, because clocks differ."""
    text = done.data.get("doubt_since") or done.data.get("committed_at") or _EVER
    return datetime.fromisoformat(text) - _CLOCKS_DIFFER


def _url(work: Work) -> str:
    if work.video_id.isdigit():  # only the number is good in a link, not an encrypted id
        return f"https://www.douyin.com/video/{work.video_id}"
    return work.share_url.partition("?")[0]


def _bare(text: str) -> str:
    return "".join(text.split())
