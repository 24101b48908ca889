"""A post taken back, or corrected, on every account that carried it; who did what when."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.publication import State
from bot.domain.recall import How, Recall, RecallKind, RecallStep, StepState
from bot.domain.tasks import TaskKind
from bot.engine import answers, people, recall_tasks, recall_work, recalling, tasks
from bot.engine.collect import collect
from bot.errors import UsageError
from bot.ledger import recalls
from tests.bot.engine.world import (
    TEN,
    Data,
    World,
    article,
    key_item,
    open_world,
    roster,
    status,
    video,
)
from tests.pairs import Pair

HOUR = timedelta(hours=1)
SITE = {"mode": "wordpress", "options": {"site": "https://yy1.lanting.example"}}
REPRINTING: dict[str, Data] = {
    "u02_wechat": {"reprint": "auto"},
    "u02_weibo": {"reprint": "auto"},
    "u02_website": {"reprint": "manual"},
}
OLD = "流感季来了，六十岁以上居民请于周三前到社区接种疫苗。回家先洗手，出门戴好口罩。发热请就诊。\n"
NEW = OLD.replace("周三", "周五").replace("发热请就诊。", "发热请到发热门诊就诊。")
COPY = "<p>转载自：健康u01</p><p>流感季来了，及时接种疫苗，勤洗手。</p><p>发热请就诊。</p>"


@pytest.fixture
async def district(tmp_path: Path) -> AsyncIterator[World]:
    """The hospital reprints by the bot, its website by hand; the third unit does as it likes."""
    async with open_world(tmp_path, roster(**REPRINTING)) as opened:
        yield opened


async def ordered(world: World, post: str = "k1", kind: RecallKind = RecallKind.WITHDRAW) -> Recall:
    """Somebody gives the order, and the bot does at once what it can."""
    made = await recalling.order(world.app.core, post, kind, reason="数据有误", by="王主任")
    await recall_work.work_due(world.app.core)
    return made


async def steps(world: World, recall: Recall) -> dict[str, RecallStep]:
    """Its steps by account; a second one of an account is called ACCOUNT+."""
    async with world.app.core.ledger.read() as conn:
        found = await recalls.steps(conn, [recall.id])
    by_account: dict[str, RecallStep] = {}
    for step in found:
        name = step.account
        while name in by_account:
            name += "+"
        by_account[name] = step
    return by_account


async def standing(world: World, recall: Recall) -> dict[str, str]:
    """How each step stands, in one word or two."""
    found = await steps(world, recall)
    return {name: f"{step.how.value} {step.state.value}" for name, step in found.items()}


async def later(world: World, gap: timedelta = HOUR) -> None:
    """Time passes, and the bot does what it does every half minute."""
    await world.at(world.clock.now() + gap)
    await recall_work.work_due(world.app.core)


async def carry(world: World, account: str, content: str = COPY) -> None:
    """A unit copies the article in its own console."""
    platform = account.partition("-")[2]
    articles = [{"title": "流感季防护提示k1", "content": content}]
    body = {"platform": platform, "account": account, "articles": articles, "kind": "publish"}
    await world.outside.call("POST", "console", body)


async def test_a_withdrawal_reaches_what_is_out_and_what_is_not(district: World) -> None:
    """The bot takes down what it sent, calls off what waits, and asks a person for the rest."""
    world = district
    await world.plan(key_item())
    await world.run(until=TEN + timedelta(minutes=50))
    assert await world.state("k1@u01-wechat") is State.PUBLISHED
    assert await world.state("k1@u02-website") is State.HANDED_OFF
    await carry(world, "u03-wechat")
    await collect(world.app.core)
    waiting = await world.state("k1@u02-weibo")
    assert waiting is State.PLANNED
    made = await ordered(world)
    assert await world.state("k1@u02-weibo") is State.CANCELLED
    assert await world.state("k1@u02-website") is State.CANCELLED
    assert [post["account"] for post in await world.posts()] == ["u03-wechat"]
    await later(world)
    assert await standing(world, made) == {
        "u01-wechat": "auto done",
        "u01-weibo": "auto done",
        "u02-wechat": "auto done",
        "u02-weibo": "auto done",
        "u02-website": "task open",
        "u03-wechat": "task open",
    }
    found = await steps(world, made)
    assert found["u01-weibo"].evidence["seen_gone_at"]
    assert "taken_down" in await world.events("k1@u01-wechat")
    async with world.app.core.ledger.read() as conn:
        open_ones = await tasks.open_tasks(conn)
    assert {(one.kind, one.account) for one in open_ones} == {
        (TaskKind.WITHDRAW, "u02-website"),
        (TaskKind.WITHDRAW, "u03-wechat"),
    }


async def test_nobody_is_missing_what_was_withdrawn(district: World) -> None:
    """Nor before its deadline, nor after it: it is asked of nobody any more."""
    await district.plan(key_item())
    await district.run(until=TEN + 3 * HOUR)
    before, _roster = await answers.coverage(district.app.core, ids=["k1"])
    await ordered(district)
    await district.at(TEN + 40 * HOUR)
    after, _roster = await answers.coverage(district.app.core, ids=["k1"])
    assert (before[0].required, after[0].required, after[0].missing) == (3, 0, 0)
    assert {row.exemption.by for row in after[0].units if row.exemption} == {"王主任"}


async def test_nothing_brings_it_back(district: World) -> None:
    """Not the calendar, not a new account, not a person who forgot about it."""
    world = district
    await world.plan(key_item())
    made = await ordered(world)
    assert await standing(world, made) == dict.fromkeys(await steps(world, made), "auto done")
    for post in (key_item(), key_item(title="改了标题的提示"), key_item(at="2026-05-06 11:00")):
        await world.plan(post)
    world.write_roster(roster(**REPRINTING, u03_wechat={"reprint": "auto"}))
    await world.plan()
    assert await world.state("k1@u03-wechat") is State.CANCELLED
    await world.run()
    assert await world.posts() == []
    with pytest.raises(UsageError, match="k1"):
        await people.retry(world.app.core, await world.pub("k1@u01-wechat"), by="officer")
    with pytest.raises(UsageError, match="bot recalls show 1"):
        await ordered(world)


async def test_what_was_removed_from_the_calendar_before_does_not_come_back(
    district: World,
) -> None:
    """The calendar took it out, a person withdrew it, and an old copy of the file came back."""
    world = district
    await world.plan(article())
    await world.plan(status("p2"))
    assert await world.state("p1@u01-wechat") is State.CANCELLED
    await ordered(world, "p1")
    await world.plan(article(), status("p2"))
    await world.run()
    assert await world.state("p1@u01-wechat") is State.CANCELLED
    assert [post["account"] for post in await world.posts()] == ["u01-weibo"]


async def test_what_was_in_flight_is_taken_down_once_it_proves_public(district: World) -> None:
    """The answer was lost when somebody withdrew it: found public, it is not left standing."""
    world = district
    await world.plan(status("k1", at="2026-05-06 10:00"))
    await world.fault("u01-weibo", "lost_answer", path="statuses/share")
    await world.run(until=TEN)
    assert await world.state("k1@u01-weibo") is State.UNKNOWN
    made = await ordered(world)
    assert await standing(world, made) == {"u01-weibo": "auto open"}
    assert len(await world.posts()) == 1
    await world.run()
    assert await world.state("k1@u01-weibo") is State.PUBLISHED
    await later(world)
    await later(world)
    assert await standing(world, made) == {"u01-weibo": "auto done"}
    assert await world.posts() == []


async def test_what_was_in_flight_and_never_arrived_needs_nothing(district: World) -> None:
    """Law 1 holds as always: not there means not sent, and now not sent again."""
    world = district
    await world.plan(status("k1"))
    await world.fault("u01-weibo", "drop_before", path="statuses/share")
    await world.run(until=TEN)
    made = await ordered(world)
    await world.run()
    assert await world.state("k1@u01-weibo") is State.CANCELLED
    await later(world)
    assert await standing(world, made) == {"u01-weibo": "auto needless"}
    assert await world.posts() == []


async def test_a_person_who_looks_ends_what_nobody_can_know(district: World) -> None:
    """Douyin tells nothing: the officer says it is not there, and it does not go out again."""
    world = district
    await world.plan(video("k1", window="2d"))
    await world.fault("u01-douyin", "drop_before", path="create_video")
    await world.run(until=TEN + 2 * HOUR)
    made = await ordered(world)
    pub = await world.pub("k1@u01-douyin")
    await people.retry(world.app.core, pub, by="officer", not_published=True)
    await world.run()
    assert await world.state("k1@u01-douyin") is State.CANCELLED
    await later(world)
    assert await standing(world, made) == {"u01-douyin": "auto needless"}
    assert await world.posts() == []


async def test_a_reprint_found_later_gets_its_step(district: World) -> None:
    """Copied before the withdrawal or after it: it is found when the account is read."""
    world = district
    await world.plan(key_item())
    await world.run(until=TEN + timedelta(minutes=20))
    made = await ordered(world)
    await world.plan(status("p9"))  # the office takes it out of its calendar as well
    await carry(world, "u03-wechat")
    await world.at(TEN + 2 * HOUR)
    await collect(world.app.core)
    await recall_work.work_due(world.app.core)
    assert (await standing(world, made))["u03-wechat"] == "task open"
    [post] = await world.posts("u03-wechat")
    await world.outside.call("DELETE", f"posts/{post['id']}")
    await later(world, 2 * HOUR)
    assert (await standing(world, made))["u03-wechat"] == "task done"
    step = (await steps(world, made))["u03-wechat"]
    assert (step.done_by, step.evidence["word"]) == ("", "seen_gone")


async def test_a_refusal_of_the_platform_goes_to_the_unit(district: World) -> None:
    """Weibo does not let an app delete: somebody does it by hand, and says so."""
    world = district
    await world.plan(status("k1"))
    await world.run()
    await world.fault("u01-weibo", "code", path="statuses/destroy", code=10014)
    made = await ordered(world)
    step = (await steps(world, made))["u01-weibo"]
    assert (step.how, step.state) == (How.TASK, StepState.OPEN)
    assert step.error["kind"] == "Rejected"
    async with world.app.core.ledger.write() as conn:
        events = await recall_tasks.say_done(
            conn, step.id, by="李四", note="已在后台删除", now=world.clock.now()
        )
    assert events is not None
    step = (await steps(world, made))["u01-weibo"]
    assert (step.state, step.done_by) == (StepState.DONE, "李四")


async def corrected(world: World) -> None:
    """The office corrects the text in its calendar."""
    world.write_body("k1", NEW)
    await world.plan()


async def test_a_correction_reaches_what_is_public(tmp_path: Path) -> None:
    """WordPress changes the page in place; the others hear from the bot what has changed."""
    members = roster(u02_wechat={"reprint": "auto"}, u02_website={"reprint": "auto", **SITE})
    async with open_world(tmp_path, members) as world:
        world.write_body("k1", OLD)
        await world.plan(key_item())
        await world.run(until=TEN + 3 * HOUR)
        [page] = await world.posts("u02-website")
        await carry(world, "u03-wechat", f"<p>转载自：健康u01</p><p>{OLD}</p>")
        await collect(world.app.core)
        with pytest.raises(UsageError, match="bot plan --apply"):
            await ordered(world, kind=RecallKind.CORRECT)
        await corrected(world)
        before = len(await world.posts())
        (item,), _roster = await answers.coverage(world.app.core)
        outdated = {row.account for row in item.accounts if row.outdated}
        assert outdated == {"u01-wechat", "u02-wechat", "u02-website", "u03-wechat"}
        made = await ordered(world, kind=RecallKind.CORRECT)
        assert await standing(world, made) == {
            "u01-wechat": "task open",
            "u01-weibo": "auto needless",  # its short text is the same
            "u02-wechat": "task open",
            "u02-website": "auto done",
            "u03-wechat": "task open",
        }
        [now] = await world.posts("u02-website")
        assert (now["url"], "周五" in now["text"]) == (page["url"], True)
        assert "转载" in now["text"]
        assert len(await world.posts()) == before
        pub = await world.pub("k1@u02-website")
        assert (pub.state, pub.content_hash, pub.changed_hash) == (
            State.PUBLISHED,
            made.content_hash,
            "",
        )
        assert (await world.plan()).changes == ()
        step = (await steps(world, made))["u03-wechat"]
        async with world.app.core.ledger.read() as conn:
            found = await recall_tasks.changes(conn, made, step.version)
        assert [(one.part, one.sign, one.words) for one in found] == [
            ("body", "-", "流感季来了，六十岁以上居民请于周三前到社区接种疫苗。"),
            ("body", "+", "流感季来了，六十岁以上居民请于周五前到社区接种疫苗。"),
            ("body", "-", "发热请就诊。"),
            ("body", "+", "发热请到发热门诊就诊。"),
        ]


async def test_seen_by_itself_or_by_a_persons_word(tmp_path: Path) -> None:
    """A copy that is corrected on the site ends its task; on the flagship a person says so."""
    async with open_world(tmp_path, roster(u02_website={"mode": "feed", "reprint": "manual"})) as w:
        await w.outside.register(w.app.read().roster)
        w.write_body("k1", OLD)
        await w.plan(key_item())
        await w.run(until=TEN + 2 * HOUR)
        await carry(w, "u03-wechat", f"<p>转载自：健康u01</p><p>{OLD}</p>")
        await collect(w.app.core)
        await corrected(w)
        made = await ordered(w, kind=RecallKind.CORRECT)
        [post] = await w.posts("u03-wechat")
        await w.outside.call("DELETE", f"posts/{post['id']}")
        await carry(w, "u03-wechat", f"<p>转载自：健康u01</p><p>{NEW}</p>")
        await later(w, 2 * HOUR)
        found = await steps(w, made)
        assert (found["u03-wechat"].state, found["u03-wechat"].evidence["word"]) == (
            StepState.NEEDLESS,
            "gone",
        )
        assert "u03-wechat+" not in found, "what carries the new version needs nothing"
        async with w.app.core.ledger.write() as conn:
            key = found["u01-wechat"].id
            said = await recall_tasks.say_done(conn, key, by="李四", now=w.clock.now())
            assert said is not None
        pub = await w.pub("k1@u01-wechat")
        assert (pub.content_hash, pub.changed_hash) == (made.content_hash, "")
        async with w.app.core.ledger.write() as conn:
            again = await recall_tasks.say_done(conn, key, by="王五", now=w.clock.now())
        assert again is None, "it is over; the first word stands"


async def test_a_later_order_takes_the_place_of_the_earlier(district: World) -> None:
    """A correction that is not finished when the post is withdrawn has become pointless."""
    world = district
    world.write_body("k1", OLD)
    await world.plan(key_item())
    await world.run(until=TEN + timedelta(minutes=5))
    await corrected(world)
    first = await ordered(world, kind=RecallKind.CORRECT)
    second = await ordered(world)
    await later(world)
    assert set((await standing(world, first)).values()) <= {"auto needless", "task needless"}
    assert (await standing(world, second))["u01-wechat"] == "auto done"
    with pytest.raises(UsageError, match="bot recalls show 2"):
        await ordered(world, kind=RecallKind.CORRECT)


@pytest.mark.parametrize("when", ["status_before", "lost_answer"])
async def test_an_outage_only_puts_it_off(district: World, when: str) -> None:
    """The call may be made again: asked before or after it worked, the post is gone once."""
    world = district
    await world.plan(status("k1"))
    await world.run()
    more = {"status": 503} if when == "status_before" else {}
    await world.fault("u01-weibo", when, path="statuses/destroy", **more)
    made = await ordered(world)
    assert await standing(world, made) == {"u01-weibo": "auto open"}
    await later(world)
    await later(world)
    assert await standing(world, made) == {"u01-weibo": "auto done"}
    step = (await steps(world, made))["u01-weibo"]
    assert step.attempts == 2
    assert await world.posts() == []


async def test_two_processes_share_the_work(tmp_path: Path, pair: Pair) -> None:
    """Both see the order; each step is done by one of them, and told once."""
    async with open_world(tmp_path, roster(**REPRINTING), pair) as world, AsyncExitStack() as stack:
        await world.plan(key_item())
        await world.run(until=TEN + 2 * HOUR)
        other = await world.second_bot(stack)
        made = await recalling.order(
            world.app.core, "k1", RecallKind.WITHDRAW, reason="数据有误", by="王主任"
        )
        both = (world.app.core, other.core)
        await asyncio.gather(*(recall_work.work_due(core) for core in both))
        assert await world.posts() == []
        assert await world.requests("statuses/destroy") == 2
        assert await world.requests("freepublish/delete") == 2
        await world.at(world.clock.now() + HOUR)
        await asyncio.gather(*(recall_work.work_due(core) for core in both))
        async with world.app.core.ledger.read() as conn:
            told = [event["name"] for event in await recalls.events(conn, made.id)]
        assert (told.count("taken_down"), told.count("seen_gone")) == (4, 4)


async def test_the_power_fails_at_any_moment(tmp_path: Path) -> None:
    """Nothing is lost of an order that was noted, and nothing is taken down without one."""
    async with open_world(tmp_path) as world:
        names = [f"k{number}" for number in range(1, 9)]
        both = ["u01-wechat", "u01-weibo"]
        await world.plan(*(article(n, accounts=both, text=f"【提示】第{n}号。") for n in names))
        await world.run(until=TEN + 2 * HOUR)
        assert len(await world.posts()) == 16
        for number, name in enumerate(names):
            working = asyncio.create_task(ordered(world, name))
            await asyncio.wait({working}, timeout=number * 0.008)
            working.cancel()
            await asyncio.wait({working})
            await world.crash()
        async with world.app.core.ledger.read() as conn:
            noted = {one.post for one in await recalls.every(conn)}
        assert names[0] not in noted
        for _round in range(6):
            await later(world, 2 * HOUR)
        left = [f"{post['title']}{post['text']}" for post in await world.posts()]
        shown = Counter(name for name in names for text in left if name in text)
        assert shown == {name: 2 for name in names if name not in noted}
        async with world.app.core.ledger.read() as conn:
            found = await recalls.steps(conn, [one.id for one in await recalls.every(conn)])
        assert [(step.how, step.state) for step in found] == [(How.AUTO, StepState.DONE)] * len(
            found
        )
        assert len(found) == 2 * len(noted)
