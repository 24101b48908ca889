"""Ids the program writes: no post goes out twice because of one, and none stays at home."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bot.domain.publication import State
from bot.engine.naming import give_ids
from bot.ledger import publications
from tests.bot.engine.world import TEN, Data, World, key_item, roster, status

ZONE = "Asia/Shanghai"
FILE = "2026-05.yaml"


def _unnamed(**more: Any) -> Data:
    return {key: value for key, value in status(**more).items() if key != "id"}


async def _take_over(world: World) -> None:
    """As `bot run` does."""
    await give_ids(world.app.core, world.app.read(), ZONE)
    await world.plan()


async def test_an_old_copy_saved_after_the_post_got_another_title_is_the_same_post(
    world: World,
) -> None:
    """The editor had the file open all the time; the post is public under its new title."""
    world.write_calendar(_unnamed(title="流感季"))
    file = world.schedules / FILE
    old = file.read_text("utf-8")
    await _take_over(world)
    file.write_text(file.read_text("utf-8").replace("流感季", "流感季到了"), encoding="utf-8")
    await world.plan()
    await world.run(until=TEN)
    assert len(await world.posts()) == 1
    file.write_text(old, encoding="utf-8")
    await _take_over(world)
    await world.run()
    assert len(await world.posts()) == 1


async def test_a_post_that_follows_another_each_month_is_a_new_one_each_time(world: World) -> None:
    """Same title, same “T+1h”, after another post: not last month's, which is public."""
    reminder = {"at": "T+1h", "title": "今天别忘了", "text": "今天记得来。"}
    world.write_calendar(status(), _unnamed(**reminder, after="p1"))
    await _take_over(world)
    await world.run()
    again = _unnamed(**reminder | {"text": "这个月也记得来。"}, after="p2")
    world.write_calendar(status("p2", "2026-06-03 10:00", text="第二条。"), again)
    await _take_over(world)
    async with world.app.core.ledger.read() as conn:
        states = [pub.state for pub in await publications.search(conn)]
    assert sorted(states) == [State.PLANNED] * 2 + [State.PUBLISHED] * 2


async def test_an_id_that_went_out_last_month_is_an_error(world: World) -> None:
    """A month's file was copied with its ids: that is no correction, and it would not go out."""
    await world.plan(status())
    await world.run()
    made = await world.plan(status(at="2026-06-03 10:00", text="六月的新内容。"), faulty=True)
    assert [problem.post for problem in made.problems if problem.code == "duplicate-post"] == ["p1"]
    made = await world.plan(status(text="改过。"), status("p2", "2026-06-03 10:00", text="六月。"))
    assert "duplicate-post" not in {problem.code for problem in made.problems}


async def test_reprints_count_from_the_flagship_that_follows_later(world: World) -> None:
    """The post's own time is that of another account; the flagship is three days behind it."""
    world.write_roster(roster(u02_weibo={"reprint": "auto"}, u01_wechat={"flagship": False}))
    await world.plan(
        key_item(
            accounts=["u01-wechat", {"u01-weibo": "T+3d"}], key={"deadline": "T+1h", "spread": "2h"}
        )
    )
    await world.run()
    assert (await world.pub("k1@u02-weibo")).committed_at == TEN + timedelta(days=3, hours=1)
