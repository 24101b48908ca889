"""A key item's day, as the people hear of it: asked, reminded, escalated; each thing once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bot.domain.publication import State
from bot.domain.recall import RecallKind
from bot.engine import people, recalling
from bot.engine.reminding import URGED, remind
from bot.ledger import audit, notices
from bot.ledger import roster as stored
from bot.ledger.audit import Entry
from bot.ledger.notices import Progress, Told
from bot.ledger.tables import handles
from bot.settings import NotifyPart
from tests.bot.engine.world import TEN, Data, World, key_item, open_world, roster
from tests.notify.mail import Post, serve_mail
from tests.notify.robots import Robots, serve_robots

HOUR = timedelta(hours=1)
MAIL = "liaison@lixi.example"
OFFICE = "office@lanting.example"
DEADLINE = TEN + 24 * HOUR
MORNING = DEADLINE - 2.5 * HOUR  # 07:30
RELEASED = TEN + timedelta(minutes=10)


@dataclass(kw_only=True)
class Town:
    """The district and the ways its people are told."""

    world: World
    robots: Robots
    post: Post

    async def told(self, moment: datetime) -> list[tuple[str, str]]:
        """What a round at that moment makes people hear: where and what."""
        await self.world.at(moment)
        robots, letters = len(self.robots.said), len(self.post.letters)
        await remind(self.world.app.core, self.world.app.reminders)
        mail = [
            (to, f"{letter['Subject']}\n{letter.get_content()}")
            for to, letter in self.post.letters[letters:]
        ]
        return self.robots.said[robots:] + mail

    async def rows(self, party: str = "") -> list[Told]:
        """What the ledger has, of one party or of all."""
        async with self.world.app.core.ledger.read() as conn:
            found = await notices.about(conn, {"post-k1", *await self._tasks()})
        return [told for rows in found.values() for told in rows if party in ("", told.party)]

    async def _tasks(self) -> list[str]:
        names = ("k1@u02-weibo", "k1@u03-weibo")
        ids = [(await self.world.pub(name)).id for name in names]
        return [f"{kind}-{number}" for kind in ("accept", "hand_off") for number in ids]


def members() -> Data:
    """The second unit says yes or no and has a robot; the third publishes by hand and has mail."""
    data = roster(u02_weibo={"reprint": "confirm"}, u03_weibo={"reprint": "manual"})
    data["units"][1]["contacts"] = ["env:U02_ROBOT"]
    data["units"][2]["contacts"] = [f"mailto:{MAIL}"]
    return data


@pytest.fixture
def post() -> Iterator[Post]:
    with serve_mail() as running:
        yield running


@pytest.fixture
async def town(tmp_path: Path, post: Post, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Town]:
    async with serve_robots() as robots, open_world(tmp_path, members()) as world:
        monkeypatch.setenv("U02_ROBOT", robots.wecom)
        monkeypatch.setenv("MANAGERS", robots.feishu)
        world.notify = NotifyPart(
            managers=["env:MANAGERS"],
            smtp_host="127.0.0.1",
            smtp_port=post.port,
            smtp_from="bot@lanting.example",
            smtp_mode="insecure",
            wecom_url=robots.url,
            feishu_url=robots.url,
        )
        world.public_url = "https://bot.lanting.example"
        await world.start()
        await world.plan(key_item(accounts=["u01-weibo"]))
        await world.run(until=RELEASED)
        assert await world.state("k1@u01-weibo") is State.PUBLISHED
        yield Town(world=world, robots=robots, post=post)


async def test_a_day_of_reminders(town: Town) -> None:
    world = town.world
    await world.run(until=TEN + 3 * HOUR)  # the package for the third unit is ready by now
    asked = dict(await town.told(TEN + 3 * HOUR))
    assert set(asked) == {"wecom", MAIL}
    for said, unit in ((asked["wecom"], "u02"), (asked[MAIL], "u03")):
        for part in (unit, "流感季防护提示k1", f"健康{unit}", "05-07 10:00"):
            assert part in said
        assert "https://bot.lanting.example/t/" in said
        assert len(said) < 400
    assert await town.told(TEN + 3 * HOUR + timedelta(minutes=1)) == []

    await people.accept(world.app.core, await world.pub("k1@u02-weibo"), by="二院")
    await world.run(until=TEN + 6 * HOUR)
    assert await world.state("k1@u02-weibo") is State.PUBLISHED
    assert await town.told(DEADLINE - 4 * HOUR) == []  # 06:00
    ((to, said),) = await town.told(MORNING)
    assert to == MAIL
    assert "05-07 10:00" in said
    ((to, _reminder),) = await town.told(DEADLINE - HOUR)
    assert to == MAIL
    assert await town.told(DEADLINE + HOUR) == []
    ((to, _late),) = await town.told(DEADLINE + 2 * HOUR)
    assert to == MAIL
    ((robot, said),) = await town.told(DEADLINE + 4 * HOUR)
    assert robot == "feishu"
    assert "流感季防护提示k1" in said
    assert [line for line in said.splitlines() if line.startswith("- ")] == [
        line for line in said.splitlines() if "u03" in line
    ]
    for later in (5, 20, 27):
        assert await town.told(DEADLINE + later * HOUR) == []
    assert {told.state for told in await town.rows()} == {Progress.SENT}
    assert all("/t/" not in told.text for told in await town.rows())  # links are for their readers


async def urge(town: Town, *units: str) -> None:
    """An officer presses the button of the key item's page."""
    entry = Entry(
        at=town.world.clock.now(),
        by="officer",
        action=URGED,
        subject="k1",
        facts={"units": list(units)},
        address="",
    )
    async with town.world.app.core.ledger.write() as conn:
        await audit.note(conn, entry)


async def test_an_officer_has_units_reminded_once_an_hour_also_at_night(town: Town) -> None:
    """Of what is still to be done; a freeze stays a freeze."""
    world, night = town.world, TEN + 13 * HOUR
    await world.run(until=TEN + 3 * HOUR)
    await town.told(TEN + 3 * HOUR)
    await world.at(night)
    for minute in (0, 10):
        await urge(town, "u02", "u03", "u01")
        told = dict(await town.told(night + timedelta(minutes=minute + 1)))
        assert set(told) == (set() if minute else {"wecom", MAIL})
        assert all("流感季防护提示k1" in said and "/t/" in said for said in told.values())
    await people.accept(world.app.core, await world.pub("k1@u02-weibo"), by="二院")
    await world.at(night + HOUR)
    await people.freeze(world.app.core, True, by="officer", reason="哀悼日")
    await urge(town, "u02", "u03")
    assert await town.told(night + HOUR) == []
    await people.freeze(world.app.core, False, by="officer", reason="")
    ((to, _said),) = await town.told(night + HOUR + timedelta(minutes=1))
    assert to == MAIL


async def test_what_dies_between_sending_and_noting_is_not_told_twice(town: Town) -> None:
    town.robots.answers = ["slow"]
    await town.world.at(RELEASED)
    dying = asyncio.create_task(remind(town.world.app.core, town.world.app.reminders))
    while town.robots.calls == 0:
        await asyncio.sleep(0.01)
    dying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await dying
    await town.world.crash()
    (claimed,) = await town.rows("u02")
    assert claimed.state is Progress.SENDING
    for minutes in (1, 11, 30):
        told = await town.told(RELEASED + timedelta(minutes=minutes))
        assert [where for where, _said in told if where == "wecom"] == []
    (row,) = await town.rows("u02")
    assert (row.state, town.robots.calls) == (Progress.UNCLEAR, 1)
    assert "wecom" in dict(await town.told(MORNING))  # the next stage comes all the same


async def test_a_refusal_is_tried_again_until_it_is_accepted(town: Town) -> None:
    busy = {"errcode": 45009, "errmsg": "api freq out of limit"}
    town.robots.answers = [busy, busy]
    for minutes in (0, 1, 2, 3, 4, 5, 6, 7):
        await town.told(RELEASED + timedelta(minutes=minutes))
    assert town.robots.calls == 3  # at once, two minutes later, four minutes later
    (told,) = await town.rows("u02")
    assert (told.state, told.tries) == (Progress.SENT, 2)
    assert len(town.robots.said) == 1


async def test_what_is_refused_for_good_is_shown_at_the_end(town: Town) -> None:
    town.robots.answers = [{"errcode": 93000, "errmsg": "invalid webhook url"}] * 100
    for hours in (0, 27, 29, 47, 49):
        await town.told(RELEASED + hours * HOUR)
    async with town.world.app.core.ledger.read() as conn:
        stuck = await notices.in_trouble(conn, RELEASED)
    assert {(told.party, told.state) for told in stuck} == {("u02", Progress.FAILED)}
    assert "93000" in stuck[-1].answer


async def test_nobody_is_pressed_in_a_freeze_nor_told_what_is_done(town: Town) -> None:
    await people.freeze(town.world.app.core, on=True, reason="哀悼日", by="officer")
    assert await town.told(RELEASED) == []
    await people.freeze(town.world.app.core, on=False, reason="", by="officer")
    town.robots.answers = [{"errcode": -1, "errmsg": "system busy"}]
    assert set(dict(await town.told(RELEASED + timedelta(minutes=1)))) == {MAIL}
    # What is done before it could be told is not told any more.
    pub = await town.world.pub("k1@u02-weibo")
    await people.accept(town.world.app.core, pub, by="二院")
    assert await town.told(RELEASED + timedelta(minutes=5)) == []
    (row,) = await town.rows("u02")
    assert row.state is Progress.DROPPED


async def test_units_that_share_a_robot_share_its_letters(town: Town) -> None:
    data = members()
    data["units"][2]["contacts"] = ["env:U02_ROBOT"]
    town.world.write_roster(data)
    await town.world.plan()
    ((_robot, said),) = await town.told(RELEASED)
    assert said.count("◆") == 2
    assert said.count("流感季防护提示k1") == 2


async def test_an_account_that_lost_its_authorisation_again_is_told_again(town: Town) -> None:
    world = town.world
    world.notify = world.notify.model_copy(update={"administrator": ["env:MANAGERS"]})
    await world.start()
    for minutes in (0, 10):
        await _pause(world, "令牌已撤销")
        told = await town.told(RELEASED + timedelta(minutes=minutes))
        assert [where for where, said in told if "令牌已撤销" in said] == ["feishu"]
        assert await town.told(RELEASED + timedelta(minutes=minutes + 1)) == []
        await _pause(world, "")
        assert await town.told(RELEASED + timedelta(minutes=minutes + 2)) == []


async def _pause(world: World, why: str) -> None:
    async with world.app.core.ledger.write() as conn:
        await stored.pause(conn, "u02-weibo", why)


async def test_a_withdrawn_post_is_not_forgotten(town: Town) -> None:
    """It may be public: so it goes on, also at night, until somebody of the office knows."""
    world, night = town.world, TEN + 14 * HOUR
    world.notify = world.notify.model_copy(update={"officer": [f"mailto:{OFFICE}"]})
    await world.run(until=TEN + 3 * HOUR)
    await world.start()
    await town.told(night - 5 * HOUR)
    await world.at(night)
    await recalling.order(world.app.core, "k1", RecallKind.WITHDRAW, reason="数据有误", by="王主任")
    heard = []
    for hours in (0, 1, 2, 3, 4, 5, 24):
        told = await town.told(night + hours * HOUR)
        heard += [(hours, where) for where, said in told if "健康u03" in said]
    assert sorted(heard) == [(0, MAIL), (2, MAIL), (4, "feishu"), (4, OFFICE)]


async def test_another_text_is_told_and_no_link_is_made_for_nothing(town: Town) -> None:
    world = town.world
    data = members()
    data["units"][2]["contacts"] = ["env:U02_ROBOT"]
    world.write_roster(data)
    items = [key_item(f"k{number}", accounts=["u01-weibo"]) for number in (1, 2, 3)]
    for item in items:
        item["title"] = item["title"] + "请转" * 20
    await world.plan(*items)
    await world.run(until=TEN + 3 * HOUR)
    told = await town.told(TEN + 3 * HOUR)
    assert len(told) > 1  # more than a letter holds
    assert await _links(world) == sum(said.count("/t/") for _where, said in told) == 6

    items[0]["text"] = "【重点】流感防护，数字已改，请看全文。"
    await world.plan(*items)
    await world.run(until=TEN + 4 * HOUR)
    again = await town.told(TEN + 4 * HOUR)
    assert "".join(said for _where, said in again).count("流感季防护提示k1") == 2
    stages = {row.stage for row in await town.rows("u03")}
    assert len(stages) == 2
    assert await town.told(TEN + 4 * HOUR + timedelta(minutes=1)) == []


async def _links(world: World) -> int:
    async with world.app.core.ledger.read() as conn:
        return int(await conn.scalar(select(func.count()).select_from(handles)) or 0)
