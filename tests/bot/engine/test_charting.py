"""The charts' values out of a ledger: days of the office's zone, deleted and unknown told apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, insert, select, update

from bench.coverage import matrix_of
from bench.matrix import NOW, Size
from bot.app import App
from bot.domain.charting import Outcome
from bot.domain.counts import By, parse_span
from bot.domain.gaps import GapRules, GapState
from bot.domain.post import Kind
from bot.engine import answers, charting
from bot.ledger.tables import accounts, items, publications
from tests.pairs import Pair

SIZE = Size(units=5, accounts=12, key_items=8)
HERE = ZoneInfo("Asia/Shanghai")
FAR = ZoneInfo("America/New_York")  # its clocks are put forward and back


@pytest.fixture
async def app(tmp_path: Path, pair: Pair) -> AsyncIterator[App]:
    async with matrix_of(tmp_path, SIZE, pair.ledger_url) as opened:
        yield opened


async def test_sums_of_the_database_are_those_of_the_counts(app: App, pair: Pair) -> None:
    """On both databases, and where a day has 23 or 25 hours: what one sums the other lists."""
    async with app.core.ledger.write() as conn:
        for key in (3, 5):
            await conn.execute(update(items).where(items.c.id == key).values(deleted_at=NOW))
        # Known by the account's own list, and once more by a person's link to the same page.
        one = (await conn.execute(select(items).where(items.c.id == 9))).one()
        link = "https://here.example/9"
        await conn.execute(update(items).where(items.c.id == 9).values(url=link))
        # The matrix was filled with ids of its own, which PostgreSQL's counter does not know.
        twin = {**one._mapping, "url": link, "platform_id": link, "id": 1_000_000}
        await conn.execute(insert(items).values(**twin))
        # A minute before and after midnight of a night in which clocks change.
        for key, minute in ((7, 59), (8, 60)):
            at = datetime(2026, 3, 9, 3, tzinfo=UTC) + timedelta(minutes=minute)
            await conn.execute(
                update(items).where(items.c.id == key).values(published_at=at, deleted_at=None)
            )
    for zone in (HERE, FAR):
        span = parse_span("2026", zone)
        counted = (await answers.counts(app.core, span, by=[By.PLATFORM], zone=zone)).counted
        by_day = Counter(row.published_at.astimezone(zone).date() for row in counted)
        year = await charting.year(app.core, 2026, zone=zone)
        assert {one.day: one.posts for one in year.days if one.posts} == by_day
        mine = Counter(
            row.published_at.astimezone(zone).date() for row in counted if row.unit == "u002"
        )
        year = await charting.year(app.core, 2026, zone=zone, unit="u002")
        assert {one.day: one.posts for one in year.days if one.posts} == mine
        weeks = await charting.weeks(app.core, date(2026, 1, 1), date(2027, 1, 1), zone=zone)
        assert {name: sum(counts) for name, counts in weeks.platforms.items()} == Counter(
            row.platform for row in counted
        )
    await _check_publications(app)


async def _check_publications(app: App) -> None:
    since, until = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    async with app.core.ledger.write() as conn:
        late = {"published_at": datetime(2026, 5, 1, 2, 30, tzinfo=UTC)}
        due = {"due_at": datetime(2026, 5, 1, 1, 50, 30, tzinfo=UTC), "state": "published"}
        first = select(func.min(publications.c.id)).scalar_subquery()
        await conn.execute(
            update(publications).where(publications.c.id == first).values(late | due)
        )
        total = await conn.scalar(select(func.count()).select_from(publications))
    flow = await charting.flow(app.core, since, until, zone=HERE)
    assert sum(flow.counts.values()) == total
    assert flow.counts[Kind.REPRINT, Outcome.CARRIED_BY_HAND]
    found = await charting.punctuality(app.core, since, until, zone=HERE, on_time_min=5)
    out = (
        flow.counts[Kind.ORIGINAL, Outcome.PUBLISHED] + flow.counts[Kind.REPRINT, Outcome.PUBLISHED]
    )
    assert sum(one.count for one in found.delays) == out
    late_ones = [one for one in found.delays if one.delay_min]
    assert [(one.due_at, one.delay_min) for one in late_ones] == [
        (datetime(2026, 5, 1, 1, 45, tzinfo=UTC), 39)
    ]


async def test_days_nobody_read_are_unknown_and_days_to_come_too(app: App) -> None:
    async with app.core.ledger.write() as conn:
        await conn.execute(
            update(accounts)
            .where(accounts.c.id == "u001-wechat")
            .values(read_gaps=[["2026-06-01T00:00:00+08:00", "2026-06-03T12:00:00+08:00"]])
        )
        await conn.execute(
            update(items)
            .where(items.c.unit == "u001")
            .values(published_at=datetime(2026, 7, 1, tzinfo=UTC))
        )
    year = await charting.year(app.core, 2026, zone=HERE, unit="u001")
    posts = {one.day: one.posts for one in year.days}
    assert [posts[date(2026, 6, day)] for day in (1, 2, 3, 4)] == [None, None, None, 0]
    assert posts[date(2026, 1, 1)] is None  # readings begin on the second
    assert posts[date(2026, 7, 1)]
    later = await charting.year(app.core, 2027, zone=HERE)
    assert {one.posts for one in later.days} == {None}
    weeks = await charting.weeks(app.core, date(2026, 5, 25), date(2026, 6, 15), zone=HERE)
    assert weeks.weeks == (date(2026, 5, 25), date(2026, 6, 1), date(2026, 6, 8))
    assert weeks.known == (True, False, True)
    assert any("无烟" in name for one in year.days for name in one.health)


async def test_silence_is_what_the_gaps_say_and_unread_is_no_nought(app: App) -> None:
    async with app.core.ledger.write() as conn:
        one = accounts.c.id == "u004-wechat"
        await conn.execute(update(accounts).where(one).values(read_until=NOW - timedelta(days=30)))
        await conn.execute(
            update(items).where(items.c.account == "u003-wechat").values(deleted_at=NOW)
        )
    rules = GapRules()
    found = await charting.silences(app.core, zone=HERE, rules=rules)
    gaps, _members = await answers.gaps(
        app.core, since=NOW - timedelta(days=400), until=NOW, zone=HERE, rules=rules
    )
    said = {gap.account: (gap.state, gap.gap_days) for gap in gaps}
    assert {one.account: (one.state, one.days) for one in found.accounts} == said
    of = {one.account: one for one in found.accounts}
    assert of["u004-wechat"].state is GapState.UNKNOWN
    assert of["u004-wechat"].days is None
    assert of["u003-wechat"].last_post_at is None
    order = [one.unit for one in found.accounts]
    assert order == sorted(order)
    some = await charting.silences(app.core, zone=HERE, rules=rules, units=["u001"])
    assert {one.unit for one in some.accounts} == {of["u001-wechat"].unit}


async def test_the_curve_ends_where_coverage_stands(app: App) -> None:
    [item, *_more], _members = await answers.coverage(app.core)
    curve = await charting.curve(app.core, item.post, zone=HERE)
    assert curve is not None
    assert len(curve.carried) == item.on_time + item.late
    assert curve.by(item.deadline_at) == item.on_time
    assert (curve.unknown, curve.missing, curve.exempt) == (item.unknown, item.missing, item.exempt)
    assert await charting.curve(app.core, "nothing", zone=HERE) is None
