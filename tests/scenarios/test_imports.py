"""What only an export tells: key items carried there are found, and silence can be proven."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.domain.coverage import CellState
from bot.domain.publication import State
from bot.engine import answers, importing, people
from bot.engine.export_sheet import PRESETS
from bot.engine.importing import Imported, Order
from bot.ledger import items, recalls
from tests.bot.engine.world import TEN, Data, World, account, key_item, open_world, roster
from tests.pairs import Pair

ZONE = ZoneInfo("Asia/Shanghai")
DAY = datetime(2026, 5, 6, tzinfo=ZONE)
HEAD = "标题,正文,发布时间,链接,阅读量\n"
TEXT = "来源：健康u01。流感季来了，及时接种疫苗，勤洗手。发热请就诊。"
LINK = "https://u02.lanting.example/k1.html"


def members() -> Data:
    """A hospital with nothing but a website, which nobody can read, and a district flagship."""
    data = roster()
    data["units"][1]["accounts"] = [account("u02", "website", reprint="manual")]
    return data


async def imported(
    world: World, text: str, *, proves: bool = False, as_of: datetime | None = None
) -> Imported:
    order = Order(
        file="官网.csv",
        raw=text.encode("gb18030"),
        account="u02-website",
        mapping=PRESETS["plain"],
        by="李四",
        as_of=as_of or world.clock.now(),
        covers=(DAY, DAY + timedelta(days=3)) if proves else None,
    )
    return await importing.take_over(world.app.core, order, ZONE)


async def standing(world: World) -> CellState:
    covered, _members = await answers.coverage(world.app.core, ids=["k1"])
    return next(row.state for row in covered[0].units if row.unit == "u02")


async def test_a_hand_off_reported_by_nobody_is_found_in_the_export(
    tmp_path: Path, pair: Pair
) -> None:
    """Its text tells that it is the key item: the package is done, at the time the export says."""
    async with open_world(tmp_path, members(), pair) as world:
        await world.plan(key_item())
        await world.run(until=TEN + timedelta(hours=2))
        assert await world.state("k1@u02-website") is State.HANDED_OFF
        line = f"流感季防护提示k1,{TEXT},2026-05-06 11:20:00,{LINK},31\n"
        done = await imported(world, HEAD + line)
        assert (done.problems, done.new, done.matched) == ([], 1, 1)
        pub = await world.pub("k1@u02-website")
        assert (pub.state, pub.platform_id, pub.commits) == (State.PUBLISHED, LINK, 0)
        made_at = world.clock.now()
        await world.at(TEN + timedelta(days=2))
        assert await standing(world) is CellState.ON_TIME
        async with world.app.core.ledger.write() as conn:
            shown = [one.id for one in await recalls.shown(conn, "k1") if one.url == LINK]
            await recalls.gone(conn, shown, world.clock.now(), vanished=True)
        await imported(world, HEAD + line, as_of=made_at)  # an old file tells nothing new
        assert await standing(world) is not CellState.ON_TIME


async def test_only_a_span_somebody_vouches_for_proves_that_it_is_missing(
    tmp_path: Path,
) -> None:
    async with open_world(tmp_path, members()) as world:
        await world.plan(key_item())
        await world.run(until=TEN + timedelta(days=3))
        other = HEAD + "院庆活动回顾,,2026-05-06 15:00:00,,3\n"
        await imported(world, other)
        assert await standing(world) is CellState.UNKNOWN
        done = await imported(world, other, proves=True)
        assert (done.new, done.read.since) == (0, DAY)
        assert await standing(world) is CellState.MISSING


async def test_what_a_liaison_reported_by_its_link_is_not_counted_twice(tmp_path: Path) -> None:
    async with open_world(tmp_path, members()) as world:
        await world.plan(key_item())
        await world.run(until=TEN + timedelta(hours=2))
        pub = await world.pub("k1@u02-website")
        await people.confirm(world.app.core, pub, url=LINK, at=None, by="李四")
        line = "流感季防护提示k1,,2026-05-06 11:20:00,,31\n"
        done = await imported(world, HEAD + line)
        assert (done.new, done.updated) == (0, 0)
        async with world.app.core.ledger.read() as conn:
            shown = await items.between(conn, None, None)
        mine = [row for row in shown if row.account == "u02-website"]
        assert [row.url for row in mine] == [LINK]
