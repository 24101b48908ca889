"""bilibili 哔哩哔哩: upload a video and its cover, submit them, wait for the review.

Every call is signed. There is no idempotency key; a lost answer is looked for in the list of
submissions by its title, which the platform takes only once in a while.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import ClassVar, TypeVar

from pydantic import BaseModel

from adapters.bilibili import look
from adapters.bilibili.api import (
    ABILITY_CODES,
    DELETED,
    NOT_THERE,
    PROCESSING,
    TOKEN_CODES,
    Archive,
)
from adapters.bilibili.check import problems, submission
from adapters.bilibili.config import PLATFORM, BilibiliConfig, api_of
from adapters.bilibili.desk import BilibiliDesk, app_of, check_scopes, tokens
from adapters.bilibili.limits import SCOPES, SETTLE_S, WORKS_PER_DAY
from adapters.bilibili.signature import Key
from adapters.bilibili.upload import Uploads
from adapters.http import Origin
from adapters.oauth import ACCESS, Kept, Tokens
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
from bot.domain.post import Variant
from bot.domain.problem import Problem
from bot.domain.quota import Budget, Period
from bot.domain.roster import Account
from bot.errors import AuthFailed, Gone, PlatformError, Rejected, Unavailable
from bot.i18n import _

T = TypeVar("T")
_CLOCKS_DIFFER = timedelta(seconds=60)
_EVER = "1970-01-02T00:00:00+00:00"  # nothing known: as far back as it goes
_PAGE = 50


class BilibiliAdapter:
    """One bilibili account."""

    name: ClassVar[str] = PLATFORM
    capabilities: ClassVar[Capabilities] = Capabilities(
        title="哔哩哔哩",
        video_only=True,
        finding=Finding.SURE,
        settle_s=SETTLE_S,
        recent=True,
        stat=True,
        budgets=(Budget(action="publish", limit=WORKS_PER_DAY, period=Period.DAY),),
    )
    Config: ClassVar[type[BaseModel]] = BilibiliConfig

    def __init__(self, account: Account, tools: Tools, config: BilibiliConfig) -> None:
        self._account = account
        self._tools = tools
        self._config = config
        self._api = api_of(tools, config)
        self._tokens = Tokens(
            PLATFORM,
            self._refresh,
            tools.credentials,
            tools.clock,
            left=timedelta(seconds=config.token_left_s),
            early=timedelta(seconds=config.refresh_before_s),
            refused=TOKEN_CODES,
        )
        self._uploads = Uploads(
            self._api,
            tools.media,
            self._asked,
            tools.cache_dir,
            small_bytes=config.small_bytes,
            part_bytes=config.part_bytes,
        )

    @classmethod
    def check(cls, variant: Variant, account: Account) -> list[Problem]:
        """What bilibili would refuse in this variant."""
        return list(problems(variant, account))

    @classmethod
    def screens(cls, variant: Variant, scene: Scene, config: BaseModel) -> Sequence[Screen]:
        """The video's page and its card."""
        return look.screens(variant, scene)

    @classmethod
    def lengths(cls, variant: Variant, account: Account) -> Sequence[Length]:
        """Title, description and tags."""
        return look.lengths(variant, account)

    async def prepare(self, variant: Variant, done: Checkpoint) -> Checkpoint:
        """Makes sure of a living token, and uploads cover and video step by step.

        Errors: AuthFailed, Rejected (file refused), RateLimited, Unavailable, MediaError.
        """
        if variant.video is None or variant.cover is None:
            message = _("bilibili takes nothing without a video and a cover.")
            raise _origin("prepare").error(Rejected, message)
        check_scopes(await self._tokens.alive())
        data, ready = await self._uploads.step(variant.video, variant.cover, done.data)
        return Checkpoint(data=data, ready=ready)

    async def commit(self, variant: Variant, done: Checkpoint, *, key: str) -> Receipt | Pending:
        """Submits what was uploaded; anybody sees it once the review is over.

        The token is used as it is kept: refreshing belongs before the intent. When the platform
        refuses it, nothing was submitted; it is dropped and Unavailable raised.
        """
        data = done.data
        if not done.ready or "uploaded" not in data or "cover_url" not in data:
            message = _("The post was not prepared; nothing was sent.")
            raise _origin("commit").error(Unavailable, message)
        fields = {**submission(variant, self._account), "cover": data["cover_url"]}

        async def add(kept: Kept) -> str:
            return await self._api.add(await self._key(kept), data["upload_token"], fields)

        return self._pending(await self._tokens.once(add))

    async def find(
        self, variant: Variant, done: Checkpoint, *, key: str, pending: Pending | None = None
    ) -> Receipt | Pending | None:
        """Asks after the review, or looks for a lost submission in the list by its title.

        Raises Rejected when the review refused it, Gone when it was deleted.
        """
        if pending is not None:
            return await self._reviewed(pending.ref)
        title, since = variant.title.strip(), _since(done)
        async for archive in self._listed(since, "all", whole=True):
            if archive.title == title and archive.created_at >= since:
                return self._outcome(archive)
        return None

    async def recent(self, since: datetime) -> AsyncIterator[Item]:
        """The account's public videos, newest first."""
        async for archive in self._listed(since, "pubed"):
            published_at = archive.public_at or archive.created_at
            if archive.public and published_at >= since:
                yield Item(
                    platform_id=archive.resource_id,
                    url=archive.url,
                    title=archive.title,
                    text=archive.desc,
                    published_at=published_at,
                )

    async def stat(self, receipts: Sequence[Receipt]) -> list[Stat]:
        """Counters as they are now; videos that are gone are left out.

        Nothing at all when the account did not allow ARC_DATA: that is no reason to pause it.
        """
        stats = []
        for receipt in receipts:
            try:
                stat = await self._stat(receipt.platform_id)
            except AuthFailed as error:
                if error.code not in ABILITY_CODES:
                    raise
                return []
            stats += [stat] if stat is not None else []
        return stats

    async def renew(self) -> Authorised:
        """Refreshes the access token a day before its end; no end of the authorisation is known."""
        return await self._tokens.renew()

    async def profile(self) -> Profile:
        """The account's name, and which of the permissions its owner gave."""
        name = await self._asked(self._api.name)
        _open_id, scopes = await self._asked(self._api.scopes)
        return Profile(name=name, permissions={scope: scope in scopes for scope in SCOPES})

    async def withdraw(self, receipt: Receipt) -> None:
        """Deletes the video for good."""
        await self._asked(lambda key: self._api.delete(key, receipt.platform_id))

    # ── tokens ────────────────────────────────────────────────────────────────────────────────

    async def _refresh(self, fields: Kept) -> Kept:
        client_id, secret = await app_of(fields, self._tools.app)
        told = await self._api.oauth(
            "refresh_token",
            {
                "client_id": client_id,
                "client_secret": secret,
                "grant_type": "refresh_token",
                "refresh_token": fields["refresh_token"],
            },
        )
        return tokens(told, self._tools.clock)

    async def _key(self, kept: Kept) -> Key:
        client_id, secret = await app_of(kept, self._tools.app)
        return Key(client_id=client_id, secret=secret, access_token=kept[ACCESS])

    async def _asked(self, call: Callable[[Key], Awaitable[T]]) -> T:
        """What a call without effect gives."""

        async def with_key(kept: Kept) -> T:
            return await call(await self._key(kept))

        return await self._tokens.with_token(with_key)

    # ── submissions ───────────────────────────────────────────────────────────────────────────

    async def _reviewed(self, ref: Mapping[str, str]) -> Receipt | Pending:
        """How the review stands; "not there" counts only some minutes after submitting."""
        resource_id = ref.get("resource_id", "")
        still = Pending(ref=ref, poll_s=self._config.poll_s)
        try:
            archive = await self._asked(lambda key: self._api.view(key, resource_id))
        except PlatformError as error:
            if error.code == PROCESSING or (error.code in NOT_THERE and self._young(ref)):
                return still
            if error.code in NOT_THERE | {DELETED}:
                raise _gone(error) from error
            raise
        found = self._outcome(archive)
        return found if isinstance(found, Receipt) else still

    def _outcome(self, archive: Archive) -> Receipt | Pending:
        """What the state of a submission means."""
        if archive.refused:
            message = _("bilibili's review refused the video: {reason}")
            raise _origin("archive/view").error(
                Rejected,
                message.format(reason=archive.refused),
                code="review",
                advice=_("Change it as said there; it must be uploaded again."),
            )
        if not archive.public:
            return self._pending(archive.resource_id)
        return Receipt(
            platform_id=archive.resource_id,
            url=archive.url,
            published_at=archive.public_at or archive.created_at,
        )

    def _young(self, ref: Mapping[str, str]) -> bool:
        age = self._tools.clock.now() - datetime.fromisoformat(ref.get("submitted_at", _EVER))
        return age < timedelta(seconds=self._config.gone_after_s)

    async def _listed(
        self, since: datetime, status: str, *, whole: bool = False
    ) -> AsyncIterator[Archive]:
        """Submissions back to those of `since` at least, newest first.

        `whole`: raises Unavailable when the list could not be read so far back.
        """
        for number in range(1, self._config.list_pages + 1):
            page = await self._asked(self._page(number, status))
            for archive in page:
                yield archive
            if len(page) < _PAGE or all(one.created_at < since for one in page):
                return
        if whole:
            raise _origin("viewlist").error(
                Unavailable,
                _("The account has more videos on bilibili than the list is read for."),
                advice=_("A person must look in bilibili's creation centre."),
            )

    def _page(self, number: int, status: str) -> Callable[[Key], Awaitable[list[Archive]]]:
        return lambda key: self._api.page(key, number, _PAGE, status)

    async def _stat(self, resource_id: str) -> Stat | None:
        try:
            totals = await self._asked(lambda key: self._api.totals(key, resource_id))
        except PlatformError as error:
            if error.code in NOT_THERE | {DELETED}:
                return None
            raise
        return Stat(
            platform_id=resource_id,
            as_of=self._tools.clock.now(),
            reads=totals.views,
            likes=totals.likes,
            shares=totals.shares,
            comments=totals.replies,
        )

    def _pending(self, resource_id: str) -> Pending:
        at = self._tools.clock.now().isoformat()
        ref = {"resource_id": resource_id, "submitted_at": at}
        return Pending(ref=ref, poll_s=self._config.poll_s)


ADAPTER = BilibiliAdapter
DESK = BilibiliDesk


def _origin(action: str) -> Origin:
    return Origin(platform=PLATFORM, action=action, effect=False)


def _gone(error: PlatformError) -> Gone:
    return _origin("archive/view").error(
        Gone,
        _("The video is no longer on bilibili."),
        code=error.code,
        advice=_("See the notices of bilibili's creation centre: it was deleted or removed."),
    )


def _since(done: Checkpoint) -> datetime:
    """From when on a submission can be ours: a little before the commit; clocks differ."""
    text = done.data.get("doubt_since") or done.data.get("committed_at") or _EVER
    return datetime.fromisoformat(text) - _CLOCKS_DIFFER
