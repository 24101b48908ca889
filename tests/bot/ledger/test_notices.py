"""The outbox on both databases: each thing once, one letter's claim for one process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from bot.domain.notices import Notice, Reply, Verdict
from bot.ledger import notices
from bot.ledger.notices import Progress, Told
from bot.ledger.store import Ledger, open_ledger
from tests.pairs import Pair

pytestmark = pytest.mark.both_ways

NOW = datetime(2026, 5, 6, 2, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
NOTICE = Notice(
    what="accept-7",
    party="u02",
    stage="asked",
    text="《流感防护》",
    until=NOW + timedelta(days=1),
)


@pytest.fixture
async def ledger(pair: Pair) -> AsyncIterator[Ledger]:
    opened = await open_ledger(pair.ledger_url)
    yield opened
    await opened.close()


async def rows(ledger: Ledger) -> list[Told]:
    async with ledger.read() as conn:
        found = await notices.about(conn, {NOTICE.what})
    return [told for mine in found.values() for told in mine]


async def enter(ledger: Ledger, *addresses: str) -> list[Told]:
    async with ledger.write() as conn:
        await notices.add(conn, NOTICE, addresses, now=NOW)
    return await rows(ledger)


class _LostError(Exception):
    pass


async def claim(ledger: Ledger, told: list[Told], lease: str, now: datetime = NOW) -> bool:
    try:
        async with ledger.write() as conn:
            mine = [(one.id, NOTICE.text) for one in told]
            if not await notices.claim(conn, mine, lease=lease, now=now, until=now + 10 * MINUTE):
                raise _LostError
    except _LostError:
        return False
    return True


async def test_the_life_of_a_notice(ledger: Ledger) -> None:
    told = await enter(ledger, "ledger", "mailto:a@b.example")
    with pytest.raises(IntegrityError):
        await enter(ledger, "ledger")
    won = await asyncio.gather(*(claim(ledger, told, f"lease-{number}") for number in range(5)))
    assert sum(won) == 1
    lease = f"lease-{won.index(True)}"

    # Refused: it waits, longer each time, and not at all for others meanwhile.
    refused = Reply(verdict=Verdict.REFUSED, said="45009")
    async with ledger.write() as conn:
        await notices.record(conn, lease, refused, tries=1, now=NOW)
    assert {(one.state, one.next_at - NOW) for one in await rows(ledger)} == {
        (Progress.WAITING, 2 * MINUTE)
    }
    assert not await claim(ledger, told, "early", NOW + MINUTE)

    # One is claimed and its process dies; the other is not needed any more, and then is again.
    first, second = told
    assert await claim(ledger, [first], "dead", NOW + 3 * MINUTE)
    async with ledger.write() as conn:
        await notices.end_overdue(conn, NOW + 12 * MINUTE)
        await notices.drop(conn, {second.id})
    assert [one.state for one in await rows(ledger)] == [Progress.SENDING, Progress.DROPPED]
    async with ledger.write() as conn:
        await notices.end_overdue(conn, NOW + 14 * MINUTE)
        await notices.revive(conn, {first.id, second.id})
    assert [one.state for one in await rows(ledger)] == [Progress.UNCLEAR, Progress.WAITING]

    # Its answer comes late, and counts; the other one is refused until it is pointless.
    async with ledger.write() as conn:
        await notices.record(conn, "dead", Reply(verdict=Verdict.SENT), tries=2, now=NOW)
        await notices.end_overdue(conn, NOTICE.until + MINUTE)
    assert [one.state for one in await rows(ledger)] == [Progress.SENT, Progress.FAILED]
    async with ledger.read() as conn:
        assert await notices.under_way(conn) == []
        assert [one.id for one in await notices.in_trouble(conn, NOW)] == [second.id]
        assert {at: one.state for at, one in (await notices.last(conn)).items()} == {
            ("u02", "ledger"): Progress.SENT,
            ("u02", "mailto:a@b.example"): Progress.FAILED,
        }


async def test_what_comes_back_is_told_again(ledger: Ledger) -> None:
    await enter(ledger, "ledger")
    async with ledger.write() as conn:
        assert await notices.standing(conn, "accept-", "asked") == {NOTICE.what}
        await notices.forget(conn, NOTICE.what, NOTICE.stage, now=NOW)
        assert await notices.standing(conn, "accept-", "asked") == set()
    assert len(await enter(ledger, "ledger")) == 2
