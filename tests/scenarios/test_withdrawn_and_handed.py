"""What a person took back stays back; what a person has in hand is not sent by the bot as well."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.publication import State
from bot.domain.recall import How, RecallKind, StepState
from bot.engine import people, recall_tasks, recall_work, recalling
from bot.engine.collect import collect
from bot.engine.dispatch import tick
from bot.ledger import recalls
from tests.bot.engine.world import (
    TEN,
    Data,
    Holding,
    World,
    article,
    key_item,
    open_world,
    roster,
    status,
)

ARTICLE = "p1@u01-wechat"
AUTO: Data = {"reprint": "auto"}
SITE: Data = {"mode": "wordpress", "options": {"site": "https://yy1.lanting.example"}}


@pytest.mark.parametrize("by", ["person", "calendar"])
async def test_a_withdrawal_stands_though_the_text_was_corrected_before_it(
    tmp_path: Path, by: str
) -> None:
    """Corrected during the review, then taken back, then the review refuses the first text."""
    async with open_world(tmp_path) as world:
        await _corrected_then_taken_back(world, by)
        await world.run(until=TEN + timedelta(hours=5))
        assert await world.posts() == []
        assert await world.state(ARTICLE) is State.CANCELLED


async def _corrected_then_taken_back(world: World, by: str) -> None:
    other = status("p2", at="2026-05-20 10:00", text="另一条提示。")
    await world.plan(article(), other)
    await world.fault("u01-wechat", "slow_review", seconds=600)
    await world.fault("u01-wechat", "refuse_review")
    await world.run(until=TEN + timedelta(minutes=1))
    await world.plan(article(title="改好的标题"), other)
    if by == "person":
        await people.cancel(world.app.core, await world.pub(ARTICLE), by="officer")
    else:
        await world.plan(other)


async def test_a_refused_copy_that_was_withdrawn_goes_to_nobody(tmp_path: Path) -> None:
    """The platform refuses it as a copy after an officer took it back: no package is made."""
    async with open_world(tmp_path, roster(u02_wechat=AUTO)) as world:
        text = "".join(
            f"第{number}条：接种疫苗，勤洗手，常通风，发热时先测体温。" for number in range(20)
        )
        whose = {"platform": "wechat", "account": "u01-wechat", "whitelist": []}
        await world.outside.call("POST", "original", whose | {"text": text})
        item = key_item()
        world.write_body("long", text)
        item["body"] = "posts/long.md"
        await world.plan(item)
        await world.fault("u02-wechat", "slow_review", seconds=600)
        await world.run(until=TEN + timedelta(hours=1, minutes=2))
        pub = await world.pub("k1@u02-wechat")
        assert pub.state is State.PENDING
        await people.cancel(world.app.core, pub, by="officer")
        await world.run(until=TEN + timedelta(hours=5))
        assert await world.state("k1@u02-wechat") is State.CANCELLED


@pytest.mark.parametrize("by_way_of", ["", "none"])
async def test_what_the_liaison_has_is_not_sent_by_the_bot(tmp_path: Path, by_way_of: str) -> None:
    """They published the package and said nothing yet; then the roster lets the bot do it."""
    async with open_world(tmp_path, roster(u02_wechat={"reprint": "manual"})) as world:
        await world.plan(key_item())
        await world.run(until=TEN + timedelta(minutes=30))
        assert await world.state("k1@u02-wechat") is State.HANDED_OFF
        if by_way_of:
            world.write_roster(roster(u02_wechat={"reprint": by_way_of}))
            await world.plan()
        world.write_roster(roster(u02_wechat=AUTO))
        await world.plan()
        await world.run(until=TEN + timedelta(hours=5))
        assert await world.posts("u02-wechat") == []
        assert await world.state("k1@u02-wechat") is State.HANDED_OFF


async def test_a_call_that_did_nothing_takes_no_place_under_the_cap(tmp_path: Path) -> None:
    """Its token was refused; once it is renewed the reprint goes, not an hour later."""
    async with open_world(tmp_path, roster(u02_weibo=AUTO)) as world:
        world.reprints_per_hour = 1
        await world.start()
        item = key_item()
        item["key"]["spread"] = "0m"
        await world.plan(item)
        await world.fault("u02-weibo", "code", code=21327, path="statuses/share")
        await world.run(until=TEN + timedelta(minutes=5))
        assert await world.state("k1@u02-weibo") is State.HELD
        await people.resume(world.app.core, "u02-weibo")
        await world.run(until=TEN + timedelta(minutes=10))
        assert await world.state("k1@u02-weibo") is State.PUBLISHED


async def test_what_is_known_by_a_persons_link_alone_is_not_called_taken_down(
    tmp_path: Path,
) -> None:
    """The site lists it under another address; asked for no name at all it would say "gone"."""
    async with open_world(tmp_path, roster(u02_website=SITE)) as world:
        await world.plan(article(accounts=["u02-website"]))
        await world.fault("u02-website", "lost_answer", path="posts/")
        await world.run(until=TEN + timedelta(seconds=1))
        pub = await world.pub("p1@u02-website")
        [post] = await world.posts("u02-website")
        link = f"{post['url']}?from=timeline"
        await people.confirm(world.app.core, pub, url=link, at=None, by="officer")
        made = await recalling.order(
            world.app.core, "p1", RecallKind.WITHDRAW, reason="数据有误", by="王主任"
        )
        await recall_work.work_due(world.app.core)
        async with world.app.core.ledger.read() as conn:
            [step] = await recalls.steps(conn, [made.id])
        assert (step.how, step.state) == (How.TASK, StepState.OPEN)
        assert "taken_down" not in await world.events("p1@u02-website")
        now = world.clock.now()
        async with world.app.core.ledger.write() as conn:
            assert await recall_tasks.say_done(conn, step.id, by="李四", note="已删", now=now)


async def test_what_was_only_not_listed_counts_again_when_it_shows(tmp_path: Path) -> None:
    """A listing was behind when the bot looked whether a withdrawal had worked."""
    async with open_world(tmp_path) as world:
        await world.plan(article())
        await world.run(until=TEN + timedelta(minutes=20))
        async with world.app.core.ledger.write() as conn:
            [item] = await recalls.shown(conn, "p1")
            await recalls.gone(conn, [item.id], world.clock.now(), vanished=True)
            [item] = await recalls.shown(conn, "p1")
        assert item.deleted_at is not None
        await collect(world.app.core)
        async with world.app.core.ledger.read() as conn:
            [item] = await recalls.shown(conn, "p1")
        assert item.deleted_at is None


async def test_what_is_being_prepared_is_not_sent_beside_the_units_own_copy(tmp_path: Path) -> None:
    """The copy made by hand is read after the claim and before the grant."""
    async with open_world(tmp_path, roster(u02_wechat=AUTO)) as world:
        await world.plan(key_item())
        await world.run(until=TEN + timedelta(minutes=50))
        text = "<p>转载自：健康u01</p><p>流感季来了，及时接种疫苗，勤洗手。</p><p>发热请就诊。</p>"
        copy: Data = {"platform": "wechat", "account": "u02-wechat", "kind": "publish"}
        copy["articles"] = [{"title": "流感季防护提示k1", "content": text}]
        await world.outside.call("POST", "console", copy)
        await world.at(TEN + timedelta(minutes=70))
        claimed = Holding()
        await tick(world.app.core, claimed)
        assert await world.state("k1@u02-wechat") is State.QUEUED
        await collect(world.app.core)
        for message in claimed.messages:
            await world.queue.put(message)
        await world.queue.join()
        assert await world.state("k1@u02-wechat") is State.CANCELLED
        assert len(await world.posts("u02-wechat")) == 1
