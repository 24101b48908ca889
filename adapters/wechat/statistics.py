"""An account's daily figures: who read what, and which articles there are at all.

Of the statistics endpoints `getarticletotaldetail` lists every article of a day, 发布 and 群发,
with figures cumulated for thirty days. The older `getarticletotal` knew mass sends only and answers
47009 since 2026; it stays as a setting for accounts WeChat may still serve by it.
DOCS/subscription/api/wedata/news/api_getarticletotaldetail, …/api_getarticletotal
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from typing import Literal

from adapters.http import Fields
from adapters.wechat.api import Api
from bot.clock import Clock
from bot.contract import Receipt, Stat
from bot.domain.quota import PLATFORM_ZONE

# The statistics of a day come the next morning; production collectors ask from 08:05 on.
READY_AT = time(8)
FIRST_DAY = date(2025, 11, 1)  # the endpoint knows nothing before

Endpoint = Literal["getarticletotaldetail", "getarticletotal"]


@dataclass(frozen=True, kw_only=True)
class Form:
    """How an endpoint names what it tells; a figure it does not have is not named."""

    days: str  # the list with one entry a day
    publish_type: int  # of articles where it names none: 0 已通知 (群发), 1 未开启通知 (发布)
    figures: Mapping[str, str]  # our name → its name


FORMS: Mapping[Endpoint, Form] = MappingProxyType(
    {
        "getarticletotaldetail": Form(
            days="detail_list",
            publish_type=1,
            figures={
                "reads": "read_user",
                "likes": "like_user",
                "shares": "share_user",
                "comments": "comment_count",
            },
        ),
        "getarticletotal": Form(
            days="details",
            publish_type=0,
            figures={"reads": "int_page_read_user", "shares": "share_user"},
        ),
    }
)


class Statistics:
    """Figures of one account's past days."""

    def __init__(self, api: Api, clock: Clock, endpoint: Endpoint) -> None:
        self._api = api
        self._clock = clock
        self._endpoint = endpoint
        self._form = FORMS[endpoint]

    def complete(self, day: date) -> bool:
        """True when the figures of this day may be asked for."""
        ready = datetime.combine(day + timedelta(days=1), READY_AT, PLATFORM_ZONE)
        return self._clock.now() >= ready

    async def rows(self, day: date) -> list[Fields]:
        """All articles of a complete day, as the endpoint gives them."""
        return await self._api.articles_of(day, self._endpoint)

    def notified(self, row: Fields) -> bool:
        """True for 群发: followers were told."""
        return row.number("publish_type", self._form.publish_type) == 0

    async def stat(self, receipts: Sequence[Receipt]) -> list[Stat]:
        """The newest cumulated figures; articles younger than a day are left out."""
        wanted = {one.platform_id: one for whole in receipts for one in (whole, *whole.more)}
        rows: dict[str, Fields] = {}
        for day in sorted({day for receipt in wanted.values() for day in days_of(receipt)}):
            if self.complete(day):
                rows |= {row.text("msgid"): row for row in await self.rows(day)}
        stats = (self._stat(row) for msgid, row in rows.items() if msgid in wanted)
        return [stat for stat in stats if stat is not None]

    async def address(self, receipt: Receipt) -> str:
        """The article's link, which a mass send has no sooner than here; "" when not yet."""
        for day in days_of(receipt):
            for row in await self.rows(day) if self.complete(day) else ():
                if row.text("msgid") == receipt.platform_id:
                    return row.text("content_url", "")
        return ""

    def _stat(self, row: Fields) -> Stat | None:
        days = sorted(row.each(self._form.days), key=lambda day: day.text("stat_date"))
        if not days:
            return None
        newest = days[-1]
        end = date.fromisoformat(newest.text("stat_date")) + timedelta(days=1)
        as_of = datetime.combine(end, time(), PLATFORM_ZONE).astimezone(UTC)
        figures = dict(self._figures(newest))
        return Stat(platform_id=row.text("msgid"), as_of=as_of, **figures)

    def _figures(self, day: Fields) -> Iterator[tuple[str, int]]:
        for ours, theirs in self._form.figures.items():
            if theirs in day:
                yield ours, day.number(theirs)


def days_of(receipt: Receipt) -> Iterable[date]:
    """The days on which an article may have appeared that we saw at its receipt's time."""
    moment = receipt.published_at.astimezone(PLATFORM_ZONE)
    # Found by polling, so just after midnight it may have been public since the day before.
    return {moment.date(), (moment - timedelta(hours=1)).date()}
