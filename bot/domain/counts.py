"""How much did each account post: 推送次数 and 篇数, two different counts.

    pushes   推送次数 = distinct (account, push_id); an item without push_id is its own push
    articles 篇数     = items

One push holds several articles. In 2018 accounts in Shanghai averaged 115 pushes and 247 articles
a year, so a report that mixes them is wrong by a factor of two. Every number comes with the items
behind it. Deleted items do not count; they are listed as left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from typing import Literal

from bot.domain.post import Kind
from bot.errors import UsageError
from bot.i18n import _

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


@dataclass(frozen=True, kw_only=True)
class CountRow:
    """An item an account has shown."""

    item: str  # the ledger's name for it; drilling down ends here
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


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """An item of the period that does not count, and why."""

    row: CountRow
    reason: Literal["deleted"]


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
    if not (1 <= int(year) < 9999 and 1 <= first <= 12):
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
    counted = tuple(row for row in within if row.deleted_at is None)
    groups: dict[tuple[str, ...], list[CountRow]] = {}
    for row in counted:
        groups.setdefault(tuple(_value(row, key, zone) for key in by), []).append(row)
    return Counts(
        span=span,
        groups=tuple(_group(by, values, groups[values]) for values in sorted(groups)),
        total=_group((), (), counted),
        counted=counted,
        left_out=tuple(
            LeftOut(row=row, reason="deleted") for row in within if row.deleted_at is not None
        ),
    )


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
    original = sum(row.kind is Kind.ORIGINAL for row in rows)
    by_bot = sum(row.via == "bot" for row in rows)
    return Group(
        keys={key.value: value for key, value in zip(by, values, strict=True)},
        pushes=len({_push(row) for row in rows}),
        notified=len({_push(row) for row in rows if row.notified}),
        articles=len(rows),
        original=original,
        reprints=len(rows) - original,
        by_bot=by_bot,
        by_hand=len(rows) - by_bot,
        items=tuple(row.item for row in rows),
    )


def _push(row: CountRow) -> tuple[str, str, str]:
    # The third place keeps an item's name from being taken for a push of the same name.
    return (row.account, row.push_id, "" if row.push_id else row.item)
