"""The counts of a long period, without taking every item into memory.

The same numbers as `bot.engine.answers.counts` gives, but not the items behind them. The database
counts account by account; where an account needs a closer look (it changed its unit meanwhile, or
items are known by a person's link alone and may be there twice), its items are counted one by one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta, tzinfo

from bot.domain.counts import By, Group, Span, count, parse_span
from bot.domain.grid import Reading
from bot.domain.register import History
from bot.domain.roster import Account, Roster
from bot.engine.answers import count_row, readings
from bot.engine.knowing import known_of
from bot.engine.ports import Core
from bot.ledger import answers, roster, tallies
from bot.ledger.connection import Connection
from bot.ledger.tallies import Tally

NUMBERS = ("pushes", "notified", "articles", "original", "reprints", "reposts", "by_bot", "by_hand")
_TIMES = (By.MONTH, By.QUARTER, By.YEAR)  # the finest first
_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, kw_only=True)
class Line:
    """The numbers of the items that agree in `keys`."""

    keys: Mapping[str, str]
    numbers: Mapping[str, int]  # by the names of `NUMBERS`


@dataclass(frozen=True, kw_only=True)
class Tallied:
    """The numbers of a period."""

    span: Span
    lines: tuple[Line, ...]  # sorted by their keys
    total: Mapping[str, int]
    by_platform: Mapping[str, int]  # articles
    deleted: int  # left out: deleted since
    twice: int  # left out: entered twice
    members: Roster  # as it was when the period ended
    unread: tuple[str, ...]  # months of it, e.g. "2026-05", of which not all is known


@dataclass
class _Sums:
    lines: dict[tuple[str, ...], Counter[str]] = field(default_factory=dict)
    platforms: Counter[str] = field(default_factory=Counter)
    deleted: int = 0
    twice: int = 0

    def add(self, keys: tuple[str, ...], platform: str, numbers: Mapping[str, int]) -> None:
        self.lines.setdefault(keys, Counter()).update(numbers)
        self.platforms[platform] += numbers["articles"]


async def tally(
    core: Core,
    span: Span,
    *,
    by: Sequence[By],
    zone: tzinfo,
    at: datetime | None = None,
    units: Collection[str] = (),
) -> Tallied:
    """How much was posted in `span`, told apart by `by`; of some units only if named."""
    async with core.ledger.read() as conn:
        history = await roster.history(conn)
        told = await _sums(conn, history, span, by, zone, at, units)
        simple = By.COLUMN not in by and not set(by) & set(_TIMES)
        whole = told if simple else await _sums(conn, history, span, (), zone, at, units)
        now = await roster.load(conn)
        known = readings(core, now, await roster.health(conn), at)
    total: Counter[str] = Counter(dict.fromkeys(NUMBERS, 0))
    for numbers in whole.lines.values():
        total.update(numbers)
    end = min(span.until - timedelta(seconds=1), core.clock.now())
    asked = [one for one in now.accounts.values() if _is_wanted(one.unit, units)]
    return Tallied(
        span=span,
        lines=tuple(
            Line(
                keys={key.value: value for key, value in zip(by, keys, strict=True)},
                numbers={name: told.lines[keys][name] for name in NUMBERS},
            )
            for keys in sorted(told.lines)
        ),
        total=total,
        by_platform=dict(whole.platforms),
        deleted=whole.deleted,
        twice=whole.twice,
        members=history.at(end),
        unread=tuple(_unread(asked, known, span, at or core.clock.now(), zone)),
    )


def _unread(
    accounts: Sequence[Account],
    known: Mapping[str, Reading],
    span: Span,
    now: datetime,
    zone: tzinfo,
) -> Iterable[str]:
    """The months not read through; what is missing of today alone is said by the hour."""
    today = datetime.combine(now.astimezone(zone).date(), time(), zone)
    through = known_of(accounts, known, today, zone)
    for month in _pieces(span, [By.MONTH], zone):
        if month.since < today and not through.over(_ends(month)):
            yield month.label


async def _sums(
    conn: Connection,
    history: History,
    span: Span,
    by: Sequence[By],
    zone: tzinfo,
    at: datetime | None,
    units: Collection[str],
) -> _Sums:
    sums, odd = _Sums(), set[str]()
    pieces = [
        (piece, await tallies.tallies(conn, *_ends(piece), at=at, columns=By.COLUMN in by))
        for piece in _pieces(span, by, zone)
    ]
    for _piece, found in pieces:
        odd |= {one.account for one in found if one.by_link or _moves(history, one.account, span)}
    for piece, found in pieces:
        for one in found:
            if one.account not in odd:
                _add(sums, history, one, piece, by, zone, units)
    gone = await tallies.deleted(conn, *_ends(span), at=at)
    odd |= {account for account in gone if _moves(history, account, span)}
    for account, number in gone.items():
        if account not in odd and _is_wanted(_unit(history, account, span.since), units):
            sums.deleted += number
    if odd:
        await _one_by_one(conn, sums, history, span, by, zone, at, units, odd)
    return sums


def _ends(span: Span) -> tuple[datetime, datetime]:
    return span.since, span.until


def _pieces(span: Span, by: Sequence[By], zone: tzinfo) -> Iterable[Span]:
    """The span cut at the ends of the finest period that is told apart."""
    finest = next((time for time in _TIMES if time in by), None)
    if finest is None:
        return [span]
    pieces, since = [], span.since
    while since < span.until:
        whole = parse_span(_label(finest, since, zone), zone)
        until = min(whole.until, span.until)
        pieces.append(Span(label=whole.label, since=since, until=until))
        since = until
    return pieces


def _label(time: By, moment: datetime, zone: tzinfo) -> str:
    local = moment.astimezone(zone)
    if time is By.MONTH:
        return f"{local:%Y-%m}"
    return f"{local:%Y}-Q{(local.month + 2) // 3}" if time is By.QUARTER else f"{local:%Y}"


def _moves(history: History, account: str, span: Span) -> bool:
    """True when its unit differs within the span, or is known to its items alone."""
    course = history.accounts.get(account)
    if course is None:
        return True
    first, last = course.at(span.since).unit, course.at(span.until - _MOMENT).unit
    between = {
        state.unit
        for since, state in zip(course.sinces, course.states, strict=True)
        if span.since < since < span.until
    }
    return {first, last, *between} != {first}


def _unit(history: History, account: str, at: datetime) -> str:
    return history.unit_of(account, at)


def _is_wanted(unit: str, units: Collection[str]) -> bool:
    return not units or unit in units


def _add(
    sums: _Sums,
    history: History,
    one: Tally,
    piece: Span,
    by: Sequence[By],
    zone: tzinfo,
    units: Collection[str],
) -> None:
    member = history.accounts[one.account].at(piece.since)
    if not _is_wanted(member.unit, units):
        return
    known = {
        By.UNIT: member.unit,
        By.ACCOUNT: one.account,
        By.PLATFORM: member.platform,
        By.COLUMN: one.column,
        **{time: _label(time, piece.since, zone) for time in _TIMES},
    }
    numbers = {name: getattr(one, name) for name in NUMBERS if name != "by_hand"}
    numbers["by_hand"] = one.articles - one.by_bot
    sums.add(tuple(known[key] for key in by), member.platform, numbers)


async def _one_by_one(
    conn: Connection,
    sums: _Sums,
    history: History,
    span: Span,
    by: Sequence[By],
    zone: tzinfo,
    at: datetime | None,
    units: Collection[str],
    odd: Collection[str],
) -> None:
    shown = await answers.shown(conn, *_ends(span), at=at, of=odd)
    rows = [
        row for row in (count_row(one, history) for one in shown) if _is_wanted(row.unit, units)
    ]
    found = count(rows, by=(*by, By.ACCOUNT, By.PLATFORM), span=span, zone=zone)
    for group in found.groups:
        values = tuple(group.keys[key.value] for key in by)
        sums.add(values, group.keys[By.PLATFORM], _numbers(group))
    sums.deleted += sum(left.reason == "deleted" for left in found.left_out)
    sums.twice += sum(left.reason == "twice" for left in found.left_out)


def _numbers(group: Group) -> dict[str, int]:
    return {name: getattr(group, name) for name in NUMBERS}
