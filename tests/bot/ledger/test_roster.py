"""The ledger's roster and its register: nothing is overwritten, and any day can be asked for."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from sqlalchemy import func, select

from bot.domain.roster import Account, AccountStatus, ReprintPolicy, Roster, Unit, start_of
from bot.ledger import roster
from bot.ledger.store import open_ledger
from bot.ledger.tables import register
from tests.pairs import Pair

DAY = timedelta(days=1)
FIRST = start_of(date(2026, 5, 1))
NOON = timedelta(hours=12)


def unit(name: str, **more: object) -> Unit:
    return replace(Unit(id=name, name=f"单位{name}", short=name), **more)  # type: ignore[arg-type]


def account(name: str, owner: str, **more: object) -> Account:
    made = Account(id=name, unit=owner, platform="weibo", name=name, verified_name=f"单位{owner}")
    return replace(made, **more)  # type: ignore[arg-type]


FULL = {
    "filing": "备案1",
    "reprint": ReprintPolicy.AUTO,
    "reprint_in": {"通知": ReprintPolicy.NONE},
    "opened": date(2019, 1, 2),
    "filed": date(2019, 6, 3),
    "verified_until": date(2027, 6, 3),
    "whitelisted": False,
    "options": {"tid": "201"},
}


def matrix(*units: Unit, accounts: tuple[Account, ...]) -> Roster:
    return Roster(units={one.id: one for one in units}, accounts={one.id: one for one in accounts})


async def test_a_year_of_changes(pair: Pair) -> None:
    """A merger, a move in mid-month told late, an account and a unit that leave the file."""
    mine = account("a1", "u01", **FULL)
    first = matrix(
        unit("u01", contacts=("env:A",), reprint=ReprintPolicy.CONFIRM, opened=date(2015, 3, 1)),
        unit("u02"),
        unit("u03"),
        accounts=(mine, account("a2", "u02"), account("a3", "u03")),
    )
    moved = matrix(
        first.units["u01"],
        unit("u02", closed=date(2026, 5, 10), merged_into="u01"),
        replace(first.units["u03"], name="新名", changed=date(2026, 5, 15)),
        accounts=(mine, account("a2", "u01", changed=date(2026, 5, 10)), account("a3", "u03")),
    )
    left = matrix(moved.units["u01"], accounts=(mine, moved.accounts["a2"]))
    ledger = await open_ledger(pair.ledger_url)
    try:
        async with ledger.write() as conn:
            await roster.save(conn, first, FIRST + NOON)
            await roster.save(conn, first, FIRST + DAY)  # the same again notes nothing
            assert await conn.scalar(select(func.count()).select_from(register)) == 6
            assert await roster.load(conn) == first
            await roster.save(conn, moved, FIRST + 20 * DAY, by="钱老师")
            await roster.save(conn, left, FIRST + 25 * DAY + NOON)
        async with ledger.read() as conn:
            history = await roster.history(conn)
            today = await roster.load(conn)
            may_12 = await roster.load(conn, FIRST + 11 * DAY)
            who = (await conn.execute(select(register.c.by).order_by(register.c.id))).scalars()
    finally:
        await ledger.close()
    assert list(who)[6] == "钱老师"
    midnight = start_of(date(2026, 5, 10))
    assert [history.unit_of("a2", midnight - s) for s in (timedelta(seconds=1), DAY * 0)] == [
        *("u02", "u01")
    ]
    assert (may_12.units["u03"].name, today.units["u03"].name) == ("单位u03", "新名")
    assert may_12.accounts["a1"] == mine == today.accounts["a1"]
    # Who is no unit any more keeps its place and its name, and is not asked for.
    assert list(today.units) == ["u01", "u02", "u03"]
    assert history.at(midnight - DAY).open_units(midnight - DAY) == ["u01", "u02", "u03"]
    assert history.at(midnight).open_units(midnight) == ["u01", "u03"]
    assert today.open_units(FIRST + 26 * DAY) == ["u01"]
    assert history.at(FIRST + 24 * DAY).open_units(FIRST + 24 * DAY) == ["u01", "u03"]
    ended = [known.accounts["a3"].status for known in (may_12, today)]
    assert ended == [AccountStatus.ACTIVE, AccountStatus.CLOSED]
    assert history.at(midnight) is history.at(midnight + NOON)
