"""What WeChat is asked about posts without changing anything: outcomes and listings."""

from __future__ import annotations

import html
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import parse_qs, urlsplit

from adapters.http import Fields, Origin
from adapters.wechat import errors, results
from adapters.wechat.api import Api
from adapters.wechat.articles import articles
from adapters.wechat.preparing import DRAFT, DRAFTED_AT
from adapters.wechat.render import plain
from adapters.wechat.statistics import FIRST_DAY, Statistics
from bot.clock import Clock
from bot.contract import Checkpoint, Item, Pending, Receipt
from bot.domain.post import Method, Variant
from bot.domain.quota import PLATFORM_ZONE
from bot.errors import AuthFailed, ContractBroken, OutcomeUnknown, PlatformError, Rejected
from bot.i18n import _

# Checkpoint key: the platform's count of publishing calls just before the commit.
SUBMITS = "submits"
COMMITTED_AT = "committed_at"  # set by the engine
DOUBT_SINCE = "doubt_since"  # likewise
_SLACK = timedelta(seconds=60)  # WeChat's clock and ours need not agree
_NEXT_DAY_POLL_S = 3600  # when only tomorrow's statistics can tell
# freepublish/get: publish_status; 2 and 4 name the articles they stopped
_PUBLISHED, _RUNNING, _BY_ARTICLE = 0, 1, (2, 4)


class Reading:
    """Read-only questions about one account."""

    def __init__(
        self,
        api: Api,
        statistics: Statistics,
        clock: Clock,
        *,
        find_pages: int,
        recent_pages: int,
    ) -> None:
        self._api = api
        self._statistics = statistics
        self._clock = clock
        self._find_pages = find_pages
        self._recent_pages = recent_pages

    async def job(
        self, variant: Variant, done: Checkpoint, ref: Mapping[str, str]
    ) -> Receipt | Pending:
        """How far the accepted job `ref` is; raises Rejected when it ended without publishing."""
        if ref.get("publish_id"):
            return await self._publish_job(variant, ref)
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

    async def article_id(self, receipt: Receipt) -> str:
        """WeChat's id of the 发布 an article is part of; "" when it is not listed."""
        async for entry in self._api.published(pages=self._recent_pages, content=False):
            for item in _items(entry):
                if item.platform_id == receipt.platform_id or item.url == receipt.url != "":
                    return entry.text("article_id")
        return ""

    async def refuse_published_by_hand(self, variant: Variant, data: Mapping[str, str]) -> None:
        """Raises Rejected when the list shows a post of this title since our draft was made.

        A reviewer who sees the draft in the console can publish it there; another one must not
        follow. A 群发 made by hand is in no list before the next morning, so it is not seen here.
        """
        since = datetime.fromisoformat(data[DRAFTED_AT])
        async for item in self._published(since - _SLACK):
            if item.title == variant.title and not item.deleted:
                raise Rejected(
                    _("The draft was published by hand in WeChat's console: {url}").format(
                        url=item.url
                    ),
                    platform="wechat",
                    action="freepublish/batchget",
                    advice=_(
                        "Record it with `bot publications confirm`; to have the bot publish it, "
                        "delete it there first."
                    ),
                )

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

    async def _publish_job(self, variant: Variant, ref: Mapping[str, str]) -> Receipt | Pending:
        answer = await self._api.publish_job(ref["publish_id"])
        status = answer.number("publish_status")
        if status == _RUNNING:
            return Pending(ref=ref)
        if status != _PUBLISHED:
            failed = _failed(variant, answer) if status in _BY_ARTICLE else ""
            raise errors.verdict(answer.origin, f"publish_status:{status}", failed)
        article_id = answer.text("article_id", "")
        items = answer.fields("article_detail").each("item")
        urls = {item.number("idx"): item.text("article_url", "") for item in items}
        push_id = ref.get("msg_data_id") or _ids(urls.get(1, ""))[0]
        known = {"article_id": article_id}
        return self._receipt_of(variant, push_id or article_id, push_id, urls, known)

    def _receipt_of(
        self,
        variant: Variant,
        base: str,
        push_id: str,
        urls: Mapping[int, str],
        ref: Mapping[str, str],
    ) -> Receipt:
        """Proof of the whole push: the first article, and the others below it."""
        receipts = [
            Receipt(
                platform_id=f"{base}_{number}",
                url=urls.get(number, ""),
                published_at=self._clock.now(),
                push_id=push_id,
                notified=variant.method is Method.PUSH,
                ref={name: value for name, value in ref.items() if value},
            )
            for number in range(1, 2 + len(variant.more))
        ]
        return _whole(receipts)

    async def _mass_job(
        self, variant: Variant, done: Checkpoint, ref: Mapping[str, str]
    ) -> Receipt | Pending:
        answer = await self._api.mass_job(ref["msg_id"])
        status = answer.text("msg_status")
        if status == "SENDING":
            return Pending(ref=ref)  # also while the administrator is asked to confirm
        if status != "SEND_SUCCESS":
            raise _not_sent(answer.origin, status, ref)
        push_id = ref.get("msg_data_id", "")
        if push_id:
            known = {"msg_id": ref["msg_id"]}
            return self._receipt_of(variant, push_id, push_id, results.urls_in(ref), known)
        # 45065 names no msg_data_id, and without it the article cannot be told from a manual one.
        receipt = await self._mass_listed(variant, done)
        if receipt is not None:
            return replace(receipt, ref={"msg_id": ref["msg_id"]})
        return Pending(ref=ref, poll_s=_NEXT_DAY_POLL_S)

    async def _listed(self, variant: Variant, done: Checkpoint) -> Receipt | None:
        if variant.method is Method.PUSH:
            return await self._mass_listed(variant, done)
        after = _committed_at(done) - _SLACK
        async for entry in self._api.published(pages=self._find_pages, content=False):
            if _moment(entry) < after:
                return None
            items = list(_items(entry))
            for number, item in enumerate(items):
                # The title alone: one made by hand meanwhile must not be doubled either.
                if item.title == variant.title:
                    ref = {"article_id": entry.text("article_id", "")}
                    return _push(items[number : number + 1 + len(variant.more)], ref)
        return None

    async def _mass_listed(self, variant: Variant, done: Checkpoint) -> Receipt | None:
        items = [item async for item in self._mass_sent(_committed_at(done))]
        for item in items:
            if item.title == variant.title:
                later = [i for i in items if i.push_id == item.push_id and _index(i) > _index(item)]
                return _push([item, *sorted(later, key=_index)[: len(variant.more)]], {})
        return None

    async def _published(self, since: datetime) -> AsyncIterator[Item]:
        async for entry in self._api.published(pages=self._recent_pages, content=True):
            if _moment(entry) < since:
                return
            for item in _items(entry):
                yield item

    async def _mass_sent(self, since: datetime) -> AsyncIterator[Item]:
        day = max(since.astimezone(PLATFORM_ZONE).date(), FIRST_DAY)
        while self._statistics.complete(day):
            for row in await self._statistics.rows(day):
                if self._statistics.notified(row):
                    yield _mass_item(row, day)
            day += timedelta(days=1)


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


def _receipt(item: Item, ref: Mapping[str, str]) -> Receipt:
    return Receipt(
        platform_id=item.platform_id,
        url=item.url,
        published_at=item.published_at,
        push_id=item.push_id,
        notified=item.notified,
        ref={name: value for name, value in ref.items() if value},
    )


def _push(items: Sequence[Item], ref: Mapping[str, str]) -> Receipt:
    return _whole([_receipt(item, ref) for item in items])


def _whole(receipts: Sequence[Receipt]) -> Receipt:
    return replace(receipts[0], more=tuple(receipts[1:]))


def _index(item: Item) -> int:
    number = item.platform_id.rpartition("_")[2]
    return int(number) if number.isdecimal() else 0


def _failed(variant: Variant, answer: Fields) -> str:
    """Which articles of the push the review stopped; "" when it is plain or not told."""
    numbers = answer.value.get("fail_idx")
    titles = [article.title for article in articles(variant)]
    if len(titles) == 1 or not isinstance(numbers, list):
        return ""
    known = [int(n) for n in numbers if str(n).isdecimal() and 0 < int(n) <= len(titles)]
    stopped = [titles[number - 1] for number in known]
    return _("It concerns: {titles}").format(titles="; ".join(stopped)) if stopped else ""


def _not_sent(origin: Origin, status: str, ref: Mapping[str, str]) -> PlatformError:
    """Why a mass send failed: WeChat's call tells it (`learned`), an answer to a look does not."""
    code = f"mass:{status}"
    told = f"mass:{ref.get(results.STATUS, '')}"
    if status == "SEND_FAIL" and told in errors.table():
        return errors.verdict(origin, told, results.copies_in(ref))
    return errors.verdict(origin, code, _unconfirmed() if status == "SEND_FAIL" else "")


def _unconfirmed() -> str:
    return _(
        "If the account protects mass sends by API (API群发保护), its administrator must confirm "
        "each within 30 minutes and did not, or refused; agree on a time and send it again."
    )


def _ids(url: str) -> tuple[str, str]:
    # …/s?__biz=…&mid=…&idx=…&sn=…: mid and idx name the article; chksm, scene and sn vary.
    query = parse_qs(urlsplit(url).query)
    return query.get("mid", [""])[0], query.get("idx", ["1"])[0]
