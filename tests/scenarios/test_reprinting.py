"""Who is asked to reprint, how fast, in which words, and what becomes of a copy WeChat refuses."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.publication import State
from bot.domain.tasks import TaskKind
from bot.engine import exempting
from bot.engine.tasks import open_tasks
from tests.bot.engine.world import TEN, Data, World, key_item, open_world, roster

AUTO: Data = {"reprint": "auto"}


@pytest.fixture
async def matrix(tmp_path: Path) -> AsyncIterator[World]:
    """A district whose units have all opted in."""
    members = roster(u02_wechat=AUTO, u02_weibo=AUTO, u03_wechat=AUTO, u03_weibo=AUTO)
    async with open_world(tmp_path, members) as opened:
        yield opened


@pytest.mark.parametrize(
    ("asked", "carries"),
    [
        ({"must": ["u02"]}, {"u02"}),
        ({"must": ["u02"], "may": ["u03"]}, {"u02", "u03"}),
        ({"may": ["u03"]}, {"u02", "u03"}),
        ({"exempt": {"u03": "与本单位无关"}}, {"u02"}),
    ],
)
async def test_units_that_must_or_may_are_asked_and_no_others(
    matrix: World, asked: Data, carries: set[str]
) -> None:
    item = key_item()
    item["key"] |= asked
    await matrix.plan(item)
    await matrix.run(until=TEN + timedelta(hours=3))
    units = {post["account"].partition("-")[0] for post in await matrix.posts()}
    assert units == {"u01"} | carries


async def test_no_more_than_the_cap_go_out_within_an_hour(matrix: World) -> None:
    """Without a spread all four would go at once; also after an outage of the worker."""
    matrix.reprints_per_hour = 2
    await matrix.stop()
    await matrix.start()
    item = key_item()
    item["key"]["spread"] = "0m"
    await matrix.plan(item)
    await matrix.run(until=TEN + timedelta(hours=6))
    names = ("k1@u02-wechat", "k1@u02-weibo", "k1@u03-wechat", "k1@u03-weibo")
    moments = [(await matrix.pub(name)).committed_at for name in names]
    sent = sorted(moment for moment in moments if moment is not None)
    assert len(sent) == 4
    for first, third in zip(sent, sent[2:], strict=False):
        assert third - first >= timedelta(hours=1)
    await matrix.check_laws()


async def test_a_units_own_line_stands_above_its_reprint_only(matrix: World) -> None:
    lines = {"u02": "二院呼吸科提醒您：", "u03": "三院说：", "u03-wechat": "三院公众号说："}
    await matrix.plan(key_item(variants={name: {"intro": line} for name, line in lines.items()}))
    await matrix.run(until=TEN + timedelta(hours=3))
    (second,) = await matrix.posts("u02-wechat")
    (third,) = await matrix.posts("u03-wechat")
    assert [line for line in lines.values() if line in second["text"]] == [lines["u02"]]
    assert [line for line in lines.values() if line in third["text"]] == [lines["u03-wechat"]]
    assert second["title"] == third["title"]


async def test_a_unit_may_not_change_title_or_text(matrix: World) -> None:
    plan = await matrix.plan(key_item(variants={"u02": {"title": "另一个标题"}}), faulty=True)
    assert {problem.code for problem in plan.problems} == {"variant-changes-words"}


async def test_without_a_whitelist_entry_the_liaison_gets_it(matrix: World) -> None:
    """WeChat refuses a copy of a declared original: that unit reprints by hand, others go on."""
    text = "".join(
        f"第{number}条：接种疫苗，勤洗手，常通风，发热时先测体温。" for number in range(20)
    )
    whose = {"platform": "wechat", "account": "u01-wechat", "whitelist": ["u03-wechat"]}
    await matrix.outside.call("POST", "original", whose | {"text": text})
    item = key_item()
    matrix.write_body("long", text)
    item["body"] = "posts/long.md"
    await matrix.plan(item)
    await matrix.run(until=TEN + timedelta(hours=3))
    pub = await matrix.pub("k1@u02-wechat")
    assert (pub.state, pub.by_hand, pub.fallback) == (State.HANDED_OFF, True, "not_whitelisted")
    assert await matrix.state("k1@u03-wechat") is State.PUBLISHED
    async with matrix.app.core.ledger.read() as conn:
        [task] = [task for task in await open_tasks(conn) if task.account == "u02-wechat"]
    assert (task.kind, task.why) == (TaskKind.HAND_OFF, "not_whitelisted")
    await matrix.plan(item)  # reading the calendar again takes nothing back
    assert (await matrix.pub("k1@u02-wechat")).state is State.HANDED_OFF


async def test_where_the_whitelist_is_known_nothing_is_tried(tmp_path: Path) -> None:
    """Not on the whitelist: handed over at once. A policy by column is asked first."""
    no = AUTO | {"whitelisted": False}
    by_column = {"reprint": {"usual": "auto", "周三科普": "confirm"}}
    async with open_world(tmp_path, roster(u02_wechat=no, u03_wechat=by_column)) as world:
        item = key_item(column="周三科普")
        item["key"]["declared_original"] = True
        await world.plan(item)
        await world.run(until=TEN + timedelta(hours=3))
        assert await world.state("k1@u02-wechat") is State.HANDED_OFF
        assert (await world.pub("k1@u02-wechat")).commits == 0
        held = await world.pub("k1@u03-wechat")
        assert (held.state, held.reason) == (State.HELD, "unit_must_accept")


async def test_an_exemption_ends_what_the_unit_was_asked_for(tmp_path: Path) -> None:
    """And its end brings it back: nothing is lost, and nobody is reminded in between.

    That goes for an account that joins meanwhile as well.
    """
    by_hand = {"reprint": "manual"}
    first = {"u02_wechat": {"reprint": "confirm"}, "u02_weibo": by_hand, "u03_wechat": AUTO}
    members = roster(**first)
    async with open_world(tmp_path, members) as world:
        core = world.app.core
        await world.plan(key_item())
        await world.run(until=TEN + timedelta(hours=1))
        names = ["k1@u02-wechat", "k1@u02-weibo"]
        before = [await world.state(name) for name in names]
        assert before == [State.HELD, State.HANDED_OFF]
        await exempting.exempt(core, "k1", "u02", reason="停诊", by="宣传科")
        async with core.ledger.read() as conn:
            assert await open_tasks(conn, units=["u02"]) == []
        world.write_roster(roster(**first, u02_website=by_hand))
        await world.plan()  # the calendar does not bring it back
        names, before = [*names, "k1@u02-website"], [*before, State.HANDED_OFF]
        assert {await world.state(name) for name in names} == {State.CANCELLED}
        assert await world.state("k1@u03-wechat") is not State.CANCELLED
        await exempting.end(core, "k1", "u02", by="宣传科")
        await world.run(until=TEN + timedelta(hours=2))
        assert [await world.state(name) for name in names] == before
