"""What the charts show, asked of the ledger: sums by the database, labels from the roster."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo

from bot.domain import charting, days
from bot.domain.charting import (
    Curve,
    Day,
    Delays,
    Flow,
    Outcome,
    Punctuality,
    Silences,
    SilentAccount,
    Slot,
    Weeks,
    Year,
)
from bot.domain.counts import CountRow, Span, count
from bot.domain.gaps import AccountPosts, GapRules, account_gap
from bot.domain.post import Kind
from bot.domain.publication import State
from bot.domain.register import History
from bot.domain.roster import Account, AccountStatus, Roster, Unit
from bot.engine import answers
from bot.engine.knowing import known_of
from bot.engine.ports import Core
from bot.ledger import answers as rows_of
from bot.ledger import charting as ledger
from bot.ledger import roster
from bot.ledger.connection import Connection
from bot.ledger.roster import Health

_INSTANT = timedelta(microseconds=1)
_QUARTER_S = 900


async def silences(
    core: Core, *, zone: tzinfo, rules: GapRules, units: Sequence[str] = ()
) -> Silences:
    """How long each active account has been silent, of these units or of all."""
    now = core.clock.now()
    async with core.ledger.read() as conn:
        members = await roster.load(conn)
        health = await roster.health(conn)
        last = await ledger.last_posts(conn)
    found = []
    for account in _by_unit(members):
        unit = members.units[account.unit]
        if account.status_at(now) is AccountStatus.ACTIVE and unit.id in (units or members.units):
            at, known = last.get(account.id), health[account.id]
            found.append(_silence(account, unit, at, known, now=now, zone=zone, rules=rules))
    return Silences(as_of=now, zone=zone, accounts=tuple(found))


def _by_unit(members: Roster) -> Iterable[Account]:
    order = {unit: number for number, unit in enumerate(members.units)}
    return sorted(members.accounts.values(), key=lambda account: order[account.unit])


def _silence(
    account: Account,
    unit: Unit,
    last: datetime | None,
    health: Health,
    *,
    now: datetime,
    zone: tzinfo,
    rules: GapRules,
) -> SilentAccount:
    posts = AccountPosts(
        account=account.id,
        unit=unit.id,
        platform=account.platform,
        regime=unit.regime,
        opened=account.opened,
        posted=(last,) if last else (),
        read_from=health.read_from,
        read_until=health.read_until,
    )
    # Where no post is known, silence is counted from where the readings begin.
    since = min(health.read_from or now, now)
    gap = account_gap(posts, since=since, until=now + _INSTANT, as_of=now, zone=zone, rules=rules)
    return SilentAccount(
        account=account.id,
        name=account.name,
        unit=unit.short or unit.name,
        platform=account.platform,
        state=gap.state,
        days=gap.gap_days,
        last_post_at=gap.last_post_at,
        limits=gap.limits,
    )


async def curve(core: Core, post: str, *, zone: tzinfo) -> Curve | None:
    """When the units carried a key item; None when there is no such key item."""
    found = await answers.covered(core, ids=[post])
    return charting.curve_of(found.items[0], zone) if found.items else None


async def year(
    core: Core,
    number: int,
    *,
    zone: tzinfo,
    unit: str = "",
    health_days: Sequence[days.HealthDay] | None = None,
) -> Year:
    """Posts on each day of a year: of one unit, or of the whole matrix.

    What was deleted does not count. An account counts for the unit it belonged to then. A health
    day of several days stands at its first.
    """
    now, first = core.clock.now(), date(number, 1, 1)
    slots = list(charting.days_of(first, date(number + 1, 1, 1), zone))
    async with core.ledger.read() as conn:
        members = await roster.load(conn)
        history = await roster.history(conn)
        twice = await _twice(conn, history, slots)
        if unit:
            posts = await _of_unit(conn, history, unit, slots)
            twice = [row for row in twice if row.unit == unit]
        else:
            posts = await _of_all(conn, slots)
        posts = _less(posts, slots, (row.published_at for row in twice))
        readings = answers.readings(core, members, await roster.health(conn))
    asked = [one for one in members.accounts.values() if unit in {"", one.unit}]
    known = known_of(asked, readings, now, zone)
    marks = _marks(number, health_days)
    dates = [first + timedelta(days=at) for at in range(len(slots))]
    return Year(
        title=members.units[unit].short if unit else "",
        year=number,
        today=now.astimezone(zone).date(),
        days=tuple(
            Day(
                day=day,
                posts=count if count or known.over(slot) else None,
                health=marks.get(day, ()),
            )
            for day, slot, count in zip(dates, slots, posts, strict=True)
        ),
        unreadable=sum(not readings[one.id].readable for one in asked),
    )


async def _of_all(conn: Connection, slots: Sequence[Slot]) -> list[int]:
    gone = (row.published_at for row in await ledger.deleted(conn))
    return _less(await ledger.posted(conn, slots), slots, gone)


def _less(every: Sequence[int], slots: Sequence[Slot], moments: Iterable[datetime]) -> list[int]:
    """The counts without what came out at these moments."""
    gone = charting.placed(slots, moments)
    return [all_ - less for all_, less in zip(every, gone, strict=True)]


async def _twice(conn: Connection, history: History, slots: Sequence[Slot]) -> list[CountRow]:
    """What was entered twice, by a person's link and by the account's own list."""
    since, until = slots[0][0], slots[-1][1]
    names = await ledger.with_links(conn, since, until)
    shown = await rows_of.shown(conn, since, until, of=names) if names else []
    span = Span(label="", since=since, until=until)
    counted = count((answers.count_row(row, history) for row in shown), by=(), span=span, zone=UTC)
    return [left.row for left in counted.left_out if left.reason == "twice"]


async def _of_unit(
    conn: Connection, history: History, unit: str, slots: Sequence[Slot]
) -> list[int]:
    mine = _ever_of(history, unit)
    rows = await ledger.of_accounts(conn, mine, slots[0][0], slots[-1][1])
    rows = [row for row in rows if history.unit_of(row.account, row.published_at) == unit]
    return charting.placed(slots, (row.published_at for row in rows))


def _ever_of(history: History, unit: str) -> list[str]:
    return [
        name
        for name, course in history.accounts.items()
        if any(state.unit == unit for state in course.states)
    ]


def _marks(
    number: int, health_days: Sequence[days.HealthDay] | None
) -> dict[date, tuple[str, ...]]:
    marks: dict[date, tuple[str, ...]] = {}
    for one in days.between(date(number, 1, 1), date(number, 12, 31), health_days):
        if one.first is not None and one.first.year == number:
            marks[one.first] = (*marks.get(one.first, ()), one.day.names[0])
    return marks


async def punctuality(
    core: Core, since: datetime, until: datetime, *, zone: tzinfo, on_time_min: int
) -> Punctuality:
    """How late what was planned in [since, until) went out."""
    async with core.ledger.read() as conn:
        rows = await ledger.delays(conn, since, until)
        planned = sum(row.found for row in await ledger.ends(conn, since, until))
    found = tuple(
        Delays(
            due_at=datetime.fromtimestamp(row.quarter * _QUARTER_S, UTC),
            delay_min=row.minutes,
            by_hand=row.by_hand,
            count=row.found,
        )
        for row in rows
    )
    return Punctuality(
        since=since,
        until=until,
        zone=zone,
        on_time_min=on_time_min,
        planned=planned,
        delays=found,
    )


async def flow(core: Core, since: datetime, until: datetime, *, zone: tzinfo) -> Flow:
    """What became of what was planned in [since, until)."""
    async with core.ledger.read() as conn:
        rows = await ledger.ends(conn, since, until)
    counts: dict[tuple[Kind, Outcome], int] = {}
    for row in rows:
        come_to = charting.outcome(State(row.state), carried_by_hand=row.by_unit)
        key = (Kind(row.kind), come_to)
        counts[key] = counts.get(key, 0) + row.found
    return Flow(since=since, until=until, zone=zone, counts=counts)


async def weeks(core: Core, first: date, end: date, *, zone: tzinfo) -> Weeks:
    """Posts in each week that touches the days from `first` up to, without, `end`."""
    now = core.clock.now()
    slots = list(charting.weeks_of(first, end, zone))
    async with core.ledger.read() as conn:
        members = await roster.load(conn)
        readings = answers.readings(core, members, await roster.health(conn))
        every = await ledger.posted_on(conn, slots)
        gone = await ledger.deleted(conn)
        twice = await _twice(conn, await roster.history(conn), slots)
    busy: dict[str, tuple[int, ...]] = {}
    for name, counts in every.items():
        less = (row.published_at for row in (*gone, *twice) if row.platform == name)
        left = tuple(_less(counts, slots, less))
        if any(left):
            busy[name] = left
    order = sorted(busy, key=lambda name: (-sum(busy[name]), name))
    known = known_of(members.accounts.values(), readings, now, zone)
    return Weeks(
        weeks=tuple(slot[0].astimezone(zone).date() for slot in slots),
        today=now.astimezone(zone).date(),
        known=tuple(known.over(slot) for slot in slots),
        platforms={name: busy[name] for name in order},
    )
