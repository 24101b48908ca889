"""What an account's works are doing: the review, the list, the counters. Read-only."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta

from adapters.douyin.api import ABILITY_CODES, DouyinApi, Page, Totals, Work
from adapters.douyin.config import PLATFORM, DouyinConfig
from adapters.douyin.limits import STAT_DAYS, STAT_HOUR
from adapters.douyin.tokens import Tokens
from adapters.http import Origin
from bot.clock import Clock
from bot.contract import Item, Pending, Receipt, Stat
from bot.domain.quota import Period, period_end
from bot.errors import AuthFailed, ContractBroken, Gone, Rejected, Unavailable
from bot.i18n import _

_REJECTED, _REVIEWING, _PUBLIC, _HIDDEN = 2, 4, (1, 5), (6, 7)  # video_status


class Works:
    """The works of one account; `lists`: the app still owns the withdrawn list of works."""

    def __init__(
        self, api: DouyinApi, tokens: Tokens, clock: Clock, config: DouyinConfig, *, lists: bool
    ) -> None:
        self._api = api
        self._tokens = tokens
        self._clock = clock
        self._config = config
        self.lists = lists

    async def reviewed(self, item_id: str, video_id: str) -> Receipt | Pending:
        """How the review stands; Unavailable where no call that tells is granted."""
        seen = await self.seen(item_id, video_id)
        if seen is None:
            raise origin("find").error(
                Unavailable,
                _("Douyin does not tell this app how the review of a work stands."),
                advice=_("Look in Douyin's creator centre and enter the link when it is public."),
            )
        return seen

    async def seen(self, item_id: str, video_id: str) -> Receipt | Pending | None:
        """How the review stands; None where neither call that tells is granted.

        The call for public works goes first, because its silence tells something.
        """
        refused = 0
        for call in ("video_basic_info", "video_data"):
            try:
                works = await self._by_id(call, item_id)
            except AuthFailed as error:
                if error.code not in ABILITY_CODES:
                    raise
                refused += 1
                continue
            for work in works:
                return self._outcome(work, public_only=call == "video_basic_info")
        return None if refused == 2 else self.pending(item_id, video_id)

    async def with_text(self, text: str, since: datetime) -> Receipt | Pending | None:
        """The newest work made since then that says just this; None: there is none.

        Raises Unavailable when the platform shows nothing and a person must look.
        """
        async for work in self._listed(since):
            if _bare(work.text) == _bare(text):
                return self._outcome(work, public_only=False)
        return None

    async def recent(self, since: datetime) -> AsyncIterator[Item]:
        """The account's public works; Unavailable where the list is not owned any more."""
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
            now = self._clock.now()
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

    def pending(self, item_id: str, video_id: str) -> Pending:
        """A work that is accepted and not yet public."""
        return Pending(ref={"item_id": item_id, "video_id": video_id}, poll_s=self._config.poll_s)

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

    async def _by_id(self, call: str, item_id: str) -> list[Work]:
        works = await self._tokens.with_token(lambda token: self._api.works(token, call, [item_id]))
        return [work for work in works if work.item_id == item_id]

    def _outcome(self, work: Work, *, public_only: bool) -> Receipt | Pending:
        """What a work's status means; `public_only`: the call lists nothing but public works."""
        if work.status == _REJECTED:
            raise origin("find").error(
                Rejected,
                _("Douyin's review refused the work."),
                advice=_("See the reason in Douyin's creator centre, and change text or media."),
            )
        if work.status in _HIDDEN:
            raise origin("find").error(
                Gone,
                _("The work is on Douyin, but not everybody may see it."),
                advice=_("Set it to public in Douyin's creator centre and enter its link here."),
            )
        if work.status not in (None, _REVIEWING, *_PUBLIC):
            message = _("Douyin gives the unknown video status {status}.")
            raise origin("find").error(ContractBroken, message.format(status=work.status))
        public = work.status in _PUBLIC or (work.status is None and public_only)
        if not public or work.created_at is None:
            return self.pending(work.item_id, work.video_id)
        return Receipt(platform_id=work.item_id, url=_url(work), published_at=work.created_at)

    async def _listed(self, since: datetime) -> AsyncIterator[Work]:
        """Works made since then, newest first; Unavailable when this app may not list them."""
        if not self.lists:
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


def origin(action: str) -> Origin:
    """Where an error of ours, not of the platform, comes from."""
    return Origin(platform=PLATFORM, action=action, effect=False)


def link(video_id: str, *, pictures: bool = False) -> str:
    """The public address of a work, "" unless its id is the number of the public link.

    Pictures (图文) stand under /note/; not in a page that could be read, and /video/ leads there.
    """
    place = "note" if pictures else "video"
    return f"https://www.douyin.com/{place}/{video_id}" if video_id.isdigit() else ""


def _url(work: Work) -> str:
    return link(work.video_id, pictures=work.pictures) or work.share_url.partition("?")[0]


def _person_must_look() -> Unavailable:
    return origin("video_list").error(
        Unavailable,
        _("Douyin does not let this app list the account's works."),
        code="28001056",
        advice=_("A person must look in Douyin's creator centre and enter the link, if it is out."),
    )


def _bare(text: str) -> str:
    return "".join(text.split())
