"""Exemptions end and are never deleted; the calendar's word and a manager's stand side by side."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select

from bot.ledger import exemptions, posts
from bot.ledger.tables import exemptions as rows
from tests.bot.ledger.stand import NOW, add, ledger
from tests.pairs import Pair

DAY = timedelta(days=1)


async def test_what_ended_was_in_force_until_then(pair: Pair) -> None:
    async with ledger(pair) as opened:
        await add(opened, 1)
        async with opened.write() as conn:
            await exemptions.follow(conn, "p0", {"u01": "不相关"}, NOW)
            await exemptions.follow(conn, "p0", {"u01": "不相关"}, NOW + DAY)  # nothing new
            await exemptions.follow(conn, "p0", {"u01": "停诊"}, NOW + 2 * DAY)
            await exemptions.follow(conn, "p0", {}, NOW + 3 * DAY)
        async with opened.read() as conn:
            told = [
                (await exemptions.in_force(conn, ["p0"], at=NOW + number * DAY)).get("p0", {})
                for number in range(4)
            ]
            assert await exemptions.in_force(conn, ["p0"]) == {}
            assert await conn.scalar(select(func.count()).select_from(rows)) == 2
    assert [one["u01"].reason if one else "" for one in told] == ["不相关", "不相关", "停诊", ""]
    assert [one["u01"].at for one in told[:3]] == [NOW, NOW, NOW + 2 * DAY]


async def test_a_managers_exemption_outlives_the_calendars(pair: Pair) -> None:
    async with ledger(pair) as opened:
        await add(opened, 1)
        async with opened.write() as conn:
            await exemptions.follow(conn, "p0", {"u01": "不相关"}, NOW)
            await exemptions.grant(conn, "p0", "u01", reason="停诊", by="宣传科", now=NOW)
            await exemptions.follow(conn, "p0", {"u01": "不相关"}, NOW + DAY)
            await exemptions.follow(conn, "p0", {}, NOW + DAY)
        async with opened.write() as conn:
            known = (await exemptions.in_force(conn, ["p0"]))["p0"]["u01"]
            assert (known.reason, known.by, known.at) == ("停诊", "宣传科", NOW)
            assert await exemptions.end(conn, "p0", "u01", by="宣传科", now=NOW + DAY)
            assert not await exemptions.end(conn, "p0", "u01", by="宣传科", now=NOW + DAY)
            assert await posts.some_posts(conn, ["p0"])
