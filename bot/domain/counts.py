"""How much did each account post: 推送次数 and 篇数, two different counts.

    pushes   推送次数 = distinct (account, push_id); an item without push_id is its own push
    articles 篇数     = items = original 原创 + reprints 转载 + reposts 转发

One push holds several articles. In 2018 accounts in Shanghai averaged 115 pushes and 247 articles
a year, so a report that mixes them is wrong by a factor of two.

Counted is what an account shows as a post of its own, whoever made it and however we know of it.
A repost 转发 passes another's post on within the platform. The platform shows and counts it as a
post, so it is one here; but it is no text of the account's, so it is neither original nor a
reprint 转载. An item counts for the unit its account belonged to when it came out, in the period
the office's clock showed then. Deleted items do not count, nor does one that was entered twice, by
a person's link and by the account's own list. Every number comes with the items behind it, and
what does not count is listed as left out, with the reason.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from typing import Literal

from bot.domain.normalise import canonical_url
from bot.domain.post import Kind
from bot.errors import UsageError
from bot.i18n import _

_FIRST = dict.fromkeys(("wechat", "weibo"))
_FIRST_YEAR = 1900  # before it there is nothing to count
_SPAN = re.compile(r"(\d{4})(?:-(?:Q([1-4])|(\d{2})))?")


class By(StrEnum):
    """What counts can be told apart by, in any combination."""

    UNIT = "unit"
    ACCOUNT = "account"
    PLATFORM = "platform"
    COLUMN = "column"
    MONTH = "month"  # "2026-05", in the office's zone
    QUARTER = "quarter"  # "2026-Q2"
    YEAR = "year"  # "2026"


class Form(StrEnum):
    """What an item is, for counting."""

    ORIGINAL = "original"
    REPRINT = "reprint"  # copied, with its source
    REPOST = "repost"  # passed on within the platform


@dataclass(frozen=True, kw_only=True)
class CountRow:
    """An item an account has shown."""

    item: str  # the ledger's name for it; drilling down ends here
    title: str = ""
    url: str = ""
    account: str
    unit: str
    platform: str
    published_at: datetime
    kind: Kind
    via: Literal["bot", "hand"]
    push_id: str = ""  # the message it was part of
    column: str = ""
    deleted_at: datetime | None = None
    notified: bool = False  # followers were told
    repost: bool = False  # 转发: another's post passed on within the platform
    by_link: bool = False  # a person's link is all that is known of it

    @property
    def form(self) -> Form:
        """What it is: never two of these."""
        if self.repost:
            return Form.REPOST
        return Form.ORIGINAL if self.kind is Kind.ORIGINAL else Form.REPRINT


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """An item of the period that does not count, and why."""

    row: CountRow
    reason: Literal["deleted", "twice"]


@dataclass(frozen=True, kw_only=True)
class Span:
    """A period of time: `since` counts, `until` does not."""

    label: str
    since: datetime  # UTC
    until: datetime


@dataclass(frozen=True, kw_only=True)
class Group:
    """The counts of the items that agree in `keys`."""

    keys: Mapping[str, str]  # e.g. {"unit": "u02", "month": "2026-05"}; empty for the total
    pushes: int
    notified: int  # pushes whose followers were told
    articles: int
    original: int
    reprints: int
    reposts: int
    by_bot: int
    by_hand: int
    items: tuple[str, ...]  # the items behind the numbers, oldest first

    def as_row(self) -> dict[str, str | int]:
        """The keys, then the numbers, as one flat row."""
        return {
            **self.keys,
            "pushes": self.pushes,
            "notified": self.notified,
            "articles": self.articles,
            "original": self.original,
            "reprints": self.reprints,
            "by_bot": self.by_bot,
            "by_hand": self.by_hand,
            "reposts": self.reposts,
        }


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Counts of a period. A push whose articles fall into two groups counts in each, in `total`
    once, so groups by column may add up to more pushes than the total."""

    span: Span
    groups: tuple[Group, ...]  # sorted by their keys
    total: Group
    counted: tuple[CountRow, ...]  # oldest first
    left_out: tuple[LeftOut, ...]

    @property
    def by_platform(self) -> dict[str, int]:
        """Articles by platform: WeChat and Weibo first, as yearly reports have them, then by size.

        Those two are always there; they may be 0.
        """
        sums = dict.fromkeys(_FIRST, 0)
        for row in self.counted:
            sums[row.platform] = sums.get(row.platform, 0) + 1
        others = sorted(sums.keys() - _FIRST.keys(), key=lambda name: (-sums[name], name))
        return {name: sums[name] for name in (*_FIRST, *others)}


def parse_span(text: str, zone: tzinfo) -> Span:
    """The year "2026", the quarter "2026-Q2" or the month "2026-05" in the office's zone.

    Raises UsageError for anything else.
    """
    found = _SPAN.fullmatch(text.strip())
    year, quarter, month = found.groups() if found else ("0", None, None)
    first, length = 1, 12
    if quarter:
        first, length = int(quarter) * 3 - 2, 3
    elif month:
        first, length = int(month), 1
    if not (_FIRST_YEAR <= int(year) < 9999 and 1 <= first <= 12):
        raise UsageError(
            _("“{text}” is not a period. Write 2026, 2026-Q2 or 2026-05.").format(text=text)
        )
    return Span(
        label=text.strip(),
        since=_month_start(int(year), first, zone),
        until=_month_start(int(year), first + length, zone),
    )


def _month_start(year: int, month: int, zone: tzinfo) -> datetime:
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    return datetime(year, month, 1, tzinfo=zone).astimezone(UTC)


def count(rows: Iterable[CountRow], *, by: Sequence[By], span: Span, zone: tzinfo) -> Counts:
    """The counts of `span`, told apart by `by`; rows outside the period are passed over.

    Months, quarters and years are those of `zone`, the office's.
    """
    within = [row for row in rows if span.since <= row.published_at < span.until]
    within.sort(key=lambda row: (row.published_at, row.account, row.item))
    left_out = tuple(_left_out(within))
    without = {left.row.item for left in left_out}
    counted = tuple(row for row in within if row.item not in without)
    groups: dict[tuple[str, ...], list[CountRow]] = {}
    for row in counted:
        groups.setdefault(tuple(_value(row, key, zone) for key in by), []).append(row)
    return Counts(
        span=span,
        groups=tuple(_group(by, values, groups[values]) for values in sorted(groups)),
        total=_group((), (), counted),
        counted=counted,
        left_out=left_out,
    )


def _left_out(rows: Sequence[CountRow]) -> Iterator[LeftOut]:
    """What does not count. Of an item entered twice the one with the platform's own name stays."""
    named = {_page(row) for row in rows if row.url and not row.by_link and row.deleted_at is None}
    for row in rows:
        if row.deleted_at is not None:
            yield LeftOut(row=row, reason="deleted")
        elif row.by_link:
            if _page(row) in named:
                yield LeftOut(row=row, reason="twice")
            named.add(_page(row))


def _page(row: CountRow) -> tuple[str, str]:
    return row.account, canonical_url(row.url) or row.url


def _value(row: CountRow, key: By, zone: tzinfo) -> str:
    local = row.published_at.astimezone(zone)
    if key is By.MONTH:
        return f"{local:%Y-%m}"
    if key is By.QUARTER:
        return f"{local:%Y}-Q{(local.month + 2) // 3}"
    if key is By.YEAR:
        return f"{local:%Y}"
    return str(getattr(row, key.value))


def _group(by: Sequence[By], values: Sequence[str], rows: Sequence[CountRow]) -> Group:
    forms = Counter(row.form for row in rows)
    by_bot = sum(row.via == "bot" for row in rows)
    return Group(
        keys={key.value: value for key, value in zip(by, values, strict=True)},
        pushes=len({_push(row) for row in rows}),
        notified=len({_push(row) for row in rows if row.notified}),
        articles=len(rows),
        original=forms[Form.ORIGINAL],
        reprints=forms[Form.REPRINT],
        reposts=forms[Form.REPOST],
        by_bot=by_bot,
        by_hand=len(rows) - by_bot,
        items=tuple(row.item for row in rows),
    )


def _push(row: CountRow) -> tuple[str, str, str]:
    # The third place keeps an item's name from being taken for a push of the same name.
    return (row.account, row.push_id, "" if row.push_id else row.item)
