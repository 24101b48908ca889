"""Everything WeChat is asked without changing anything: outcomes, listings, figures."""

from __future__ import annotations

import html
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import parse_qs, urlsplit

from adapters.http import Fields
from adapters.wechat import errors
from adapters.wechat.api import Api
from adapters.wechat.render import plain
from bot.clock import Clock
from bot.contract import Checkpoint, Item, Pending, Receipt, Stat
from bot.domain.post import Method, Variant
from bot.domain.quota import PLATFORM_ZONE
from bot.errors import AuthFailed, ContractBroken, OutcomeUnknown
from bot.i18n import _

DRAFT = "draft"  # checkpoint keys: the draft's media_id,
SUBMITS = "submits"  # and the platform's count of publishing calls just before the commit
COMMITTED_AT = "committed_at"  # set by the engine
DOUBT_SINCE = "doubt_since"  # likewise
# The statistics of a day come the next morning; production collectors ask from 08:05 on.
READY_AT = time(8)
FIRST_DAY = date(2025, 11, 1)  # the endpoint knows nothing before
_SLACK = timedelta(seconds=60)  # WeChat's clock and ours need not agree
_NEXT_DAY_POLL_S = 3600  # when only tomorrow's statistics can tell
_NOTIFIED = 0  # publish_type: 0 已通知 (群发), 1 未开启通知 (发布)


class Reading:
    """Read-only questions about one account."""

    def __init__(
        self,
        api: Api,
        clock: Clock,
        *,
        find_pages: int,
        recent_pages: int,
    ) -> None:
        self._api = api
        self._clock = clock
        self._find_pages = find_pages
        self._recent_pages = recent_pages

    async def job(
        self, variant: Variant, done: Checkpoint, ref: Mapping[str, str]
    ) -> Receipt | Pending:
        """How far the accepted job `ref` is; raises Rejected when it ended without publishing."""
        if ref.get("publish_id"):
            return await self._publish_job(ref)
        return await self._mass_job(variant, done, ref)

    async def lost(self, variant: Variant, done: Checkpoint) -> Receipt | Pending | None:
        """What became of a commit without a trustworthy answer.

        A draft leaves the box once it is public. One that is still there may be under review,
        unless WeChat has counted no publishing call since just before ours: that alone is the sure
        "not there" (None). Otherwise this raises OutcomeUnknown, because no time is known after
        which a review has ended. A draft that is gone and an article not listed yet are Pending,
        without an id.
        """
        draft = done.data.get(DRAFT, "")
        if not draft:
            if done.data.get(DOUBT_SINCE):
                raise OutcomeUnknown(
                    _("An earlier call is in doubt and its draft is not known any more."),
                    platform="wechat",
                    action="draft/get",
                )
            return None
        receipt = await self._listed(variant, done)
        if receipt is not None:
            return receipt
        push = variant.method is Method.PUSH
        if not await self._api.has_draft(draft):
            # Mass sends are in no list; the next day's statistics have them.
            return Pending(ref={}, poll_s=_NEXT_DAY_POLL_S if push else 60)
        # A mass send may be asked for again: its clientmsgid keeps it from going out twice.
        if push or await self._never_arrived(done):
            return None
        raise OutcomeUnknown(
            _("WeChat got the call and may still be reviewing; nothing is published yet."),
            platform="wechat",
            action="freepublish/batchget",
        )

    async def submits(self) -> str:
        """Day and number of publishing calls WeChat has counted; "" where it does not tell."""
        try:
            used = await self._api.submits_today()
        except (AuthFailed, ContractBroken):
            return ""  # the permission for this question is not needed for publishing
        return f"{self._clock.now().astimezone(PLATFORM_ZONE).date()} {used}"

    async def _never_arrived(self, done: Checkpoint) -> bool:
        before = done.data.get(SUBMITS, "")
        return bool(before) and before == await self.submits()

    async def recent(self, since: datetime) -> list[Item]:
        """What the account shows since then, newest first.

        发布 come at once with their text; 群发 only from complete past days, without text and with
        noon as their time, because WeChat gives no more than the day.
        """
        found = [item async for item in self._mass_sent(since)]
        found += [item async for item in self._published(since)]
        known = {item.platform_id: item for item in found}
        return sorted(known.values(), key=lambda item: item.published_at, reverse=True)

    async def stat(self, receipts: Sequence[Receipt]) -> list[Stat]:
        """The newest cumulated figures; articles younger than a day are left out."""
        wanted = {receipt.platform_id: receipt for receipt in receipts}
        rows: dict[str, Fields] = {}
        for day in sorted({day for receipt in receipts for day in _days_of(receipt)}):
            if self._complete(day):
                rows |= {row.text("msgid"): row for row in await self._api.articles_of(day)}
        stats = (_stat(row) for msgid, row in rows.items() if msgid in wanted)
        return [stat for stat in stats if stat is not None]

    async def _publish_job(self, ref: Mapping[str, str]) -> Receipt | Pending:
        answer = await self._api.publish_job(ref["publish_id"])
        status = answer.number("publish_status")
        if status == 1:
            return Pending(ref=ref)
        if status != 0:
            raise errors.verdict(answer.origin, f"publish_status:{status}")
        article = next(answer.fields("article_detail").each("item"), None)
        url = article.text("article_url", "") if article is not None else ""
        push_id = ref.get("msg_data_id") or _ids(url)[0]
        platform_id = f"{push_id}_1" if push_id else f"{answer.text('article_id')}_1"
        return Receipt(
            platform_id=platform_id, url=url, published_at=self._clock.now(), push_id=push_id
        )

    async def _mass_job(
        self, variant: Variant, done: Checkpoint, ref: Mapping[str, str]
    ) -> Receipt | Pending:
        answer = await self._api.mass_job(ref["msg_id"])
        status = answer.text("msg_status")
        if status == "SENDING":
            return Pending(ref=ref)
        if status != "SEND_SUCCESS":
            raise errors.verdict(answer.origin, f"mass:{status}")
        push_id = ref.get("msg_data_id", "")
        if push_id:
            return Receipt(
                platform_id=f"{push_id}_1",
                url="",
                published_at=self._clock.now(),
                push_id=push_id,
                notified=True,
            )
        # 45065 names no msg_data_id, and without it the article cannot be told from a manual one.
        receipt = await self._mass_listed(variant, done)
        return receipt or Pending(ref=ref, poll_s=_NEXT_DAY_POLL_S)

    async def _listed(self, variant: Variant, done: Checkpoint) -> Receipt | None:
        if variant.method is Method.PUSH:
            return await self._mass_listed(variant, done)
        after = _committed_at(done) - _SLACK
        async for entry in self._api.published(pages=self._find_pages, content=False):
            if _moment(entry) < after:
                return None
            for item in _items(entry):
                # The title alone: one made by hand meanwhile must not be doubled either.
                if item.title == variant.title:
                    return _receipt(item)
        return None

    async def _mass_listed(self, variant: Variant, done: Checkpoint) -> Receipt | None:
        async for item in self._mass_sent(_committed_at(done)):
            if item.title == variant.title:
                return _receipt(item)
        return None

    async def _published(self, since: datetime) -> AsyncIterator[Item]:
        async for entry in self._api.published(pages=self._recent_pages, content=True):
            if _moment(entry) < since:
                return
            for item in _items(entry):
                yield item

    async def _mass_sent(self, since: datetime) -> AsyncIterator[Item]:
        day = max(since.astimezone(PLATFORM_ZONE).date(), FIRST_DAY)
        while self._complete(day):
            for row in await self._api.articles_of(day):
                if row.number("publish_type", 1) == _NOTIFIED:
                    yield _mass_item(row, day)
            day += timedelta(days=1)

    def _complete(self, day: date) -> bool:
        ready = datetime.combine(day + timedelta(days=1), READY_AT, PLATFORM_ZONE)
        return self._clock.now() >= ready


def _committed_at(done: Checkpoint) -> datetime:
    # The first call in doubt, not the last one: its post counts too. Without either, anything that
    # looks like ours counts as ours: better than sending it again.
    text = done.data.get(DOUBT_SINCE) or done.data.get(COMMITTED_AT)
    return datetime.fromisoformat(text) if text else datetime.combine(FIRST_DAY, time(), UTC)


def _moment(entry: Fields) -> datetime:
    content = entry.fields("content")
    seconds = content.number("create_time", entry.number("update_time", 0))
    return datetime.fromtimestamp(seconds, UTC)


def _items(entry: Fields) -> Iterator[Item]:
    for number, news in enumerate(entry.fields("content").each("news_item"), 1):
        url = html.unescape(news.text("url", ""))
        push_id, index = _ids(url)
        platform_id = f"{push_id}_{index}" if push_id else f"{entry.text('article_id')}_{number}"
        yield Item(
            platform_id=platform_id,
            url=url,
            title=news.text("title", ""),
            text=plain(news.text("content", "")),
            published_at=_moment(entry),
            push_id=push_id,
            source_url=news.text("content_source_url", ""),
            deleted=news.flag("is_deleted", False),
        )


def _mass_item(row: Fields, day: date) -> Item:
    msgid = row.text("msgid")
    return Item(
        platform_id=msgid,
        url=row.text("content_url", ""),
        title=row.text("title", ""),
        text="",
        published_at=datetime.combine(day, time(12), PLATFORM_ZONE).astimezone(UTC),
        push_id=msgid.rpartition("_")[0],
        notified=True,
    )


def _receipt(item: Item) -> Receipt:
    return Receipt(
        platform_id=item.platform_id,
        url=item.url,
        published_at=item.published_at,
        push_id=item.push_id,
        notified=item.notified,
    )


def _ids(url: str) -> tuple[str, str]:
    # …/s?__biz=…&mid=…&idx=…&sn=…: mid and idx name the article; chksm, scene and sn vary.
    query = parse_qs(urlsplit(url).query)
    return query.get("mid", [""])[0], query.get("idx", ["1"])[0]


def _days_of(receipt: Receipt) -> Iterable[date]:
    moment = receipt.published_at.astimezone(PLATFORM_ZONE)
    # Found by polling, so just after midnight it may have been public since the day before.
    return {moment.date(), (moment - timedelta(hours=1)).date()}


def _stat(row: Fields) -> Stat | None:
    days = sorted(row.each("detail_list"), key=lambda day: day.text("stat_date"))
    if not days:
        return None
    newest = days[-1]
    end = date.fromisoformat(newest.text("stat_date")) + timedelta(days=1)
    return Stat(
        platform_id=row.text("msgid"),
        as_of=datetime.combine(end, time(), PLATFORM_ZONE).astimezone(UTC),
        reads=_figure(newest, "read_user"),
        likes=_figure(newest, "like_user"),
        shares=_figure(newest, "share_user"),
        comments=_figure(newest, "comment_count"),
    )


def _figure(day: Fields, name: str) -> int | None:
    return day.number(name) if name in day else None
