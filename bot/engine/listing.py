"""The items behind a number of the counts, a page at a time."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from bot.domain.counts import CountRow, Span, count
from bot.domain.register import History
from bot.engine.answers import count_row
from bot.engine.ports import Core
from bot.ledger import answers, roster, tallies
from bot.ledger.connection import Connection

Cursor = tuple[datetime, int]  # when the last item of a page came out, and its id


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which items; "" and None do not narrow."""

    span: Span
    unit: str = ""
    account: str = ""
    platform: str = ""
    column: str | None = None


@dataclass(frozen=True, kw_only=True)
class Listed:
    """Some items in the order of their times."""

    rows: Sequence[tuple[CountRow, str]]  # with why it does not count; "" where it does
    next: Cursor | None  # where the next page begins; None: there is none


async def listed(
    core: Core, wanted: Wanted, *, zone: tzinfo, after: Cursor | None = None, limit: int
) -> Listed:
    """A page of at most `limit` items; fewer where an account changed its unit meanwhile."""
    async with core.ledger.read() as conn:
        history = await roster.history(conn)
        found = await tallies.listed(
            conn,
            wanted.span.since,
            wanted.span.until,
            of=_accounts(history, wanted),
            column=wanted.column,
            after=after,
            limit=limit + 1,
        )
        rows = [count_row(row, history) for row in found[:limit]]
        mine = [row for row in rows if wanted.unit in ("", row.unit)]
        why = await _why_not(conn, history, wanted.span, zone, mine)
    more = (found[limit - 1].published_at, int(found[limit - 1].id)) if len(found) > limit else None
    return Listed(rows=[(row, why.get(row.item, "")) for row in mine], next=more)


def _accounts(history: History, wanted: Wanted) -> Collection[str] | None:
    """The accounts it can be of; None: any."""
    if not (wanted.unit or wanted.account or wanted.platform):
        return None
    return [
        name
        for name, course in history.accounts.items()
        if wanted.account in ("", name)
        and wanted.platform in ("", course.states[-1].platform)
        and (not wanted.unit or any(state.unit == wanted.unit for state in course.states))
    ]


async def _why_not(
    conn: Connection, history: History, span: Span, zone: tzinfo, rows: Sequence[CountRow]
) -> dict[str, str]:
    """What does not count: deleted, or known by a link and by the account's own list too."""
    why = {row.item: "deleted" for row in rows if row.deleted_at is not None}
    doubtful = {row.account for row in rows if row.by_link}
    if doubtful:
        shown = await answers.shown(conn, span.since, span.until, of=doubtful)
        counted = count((count_row(one, history) for one in shown), by=(), span=span, zone=zone)
        why |= {left.row.item: left.reason for left in counted.left_out}
    return why
