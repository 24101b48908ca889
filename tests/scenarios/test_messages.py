"""The queue may double, lose or delay messages, and workers may meet: one post all the same."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest

from bot.domain.message import Message, Work
from bot.domain.publication import State
from bot.engine.dispatch import tick
from bot.engine.publish import Publisher
from bot.engine.reconcile import Reconciler
from tests.bot.engine.world import (
    NAMES,
    TEN,
    Holding,
    World,
    account,
    article,
    open_world,
    status,
    video,
)

pytestmark = pytest.mark.both_ways

LEASE = timedelta(seconds=120)
SHARE = "statuses/share"


async def _due(world: World) -> Holding:
    await world.at(TEN)
    queue = Holding()
    await tick(world.app.core, queue)
    return queue


async def test_a_doubled_message_is_one_post(world: World) -> None:
    """Twice at the same moment, and once more after it is done."""
    await world.plan(status("p1"), article("p2"), video("p3"))
    queue = await _due(world)
    for message in queue.messages * 2:
        await world.queue.put(message)
    await world.queue.join()
    for message in queue.messages:
        await world.queue.put(message)
    await world.run()
    assert len(await world.posts()) == 3
    assert await world.requests(SHARE) == 1
    assert await world.requests("freepublish/submit") == 1
    assert await world.requests("create_video") == 1


async def test_a_lost_message_comes_again_when_its_lease_runs_out(world: World) -> None:
    """The ledger has the row, so nothing depends on the queue."""
    await world.plan(status())
    await _due(world)
    await world.run()
    pub = await world.pub("p1@u01-weibo")
    assert (pub.state, pub.commits) == (State.PUBLISHED, 1)
    assert pub.committed_at == TEN + LEASE
    assert "given_back" in await world.events("p1@u01-weibo")


async def test_a_message_that_comes_a_day_late_changes_nothing(world: World) -> None:
    """It carries ids only; what they mean is in the ledger."""
    await world.plan(status())
    queue = await _due(world)
    await world.run()
    await world.at(TEN + timedelta(days=1))
    for message in queue.messages:
        await world.queue.put(message)
    await world.run()
    assert await world.requests(SHARE) == 1


async def test_messages_about_nothing_known_are_harmless(world: World) -> None:
    """Ids of no publication, and of one not yet due."""
    await world.plan(status())
    pub = await world.pub("p1@u01-weibo")
    for work in Work:
        await world.queue.put(Message(work=work, ids=(pub.id, 4711)))
    await world.queue.join()
    assert await world.state("p1@u01-weibo") is State.PLANNED
    await world.run()
    assert await world.requests(SHARE) == 1


async def test_two_workers_with_the_same_message_send_once(world: World) -> None:
    """Two processes on one ledger: the second finds the row taken."""
    await world.plan(status("p1"), status("p2", text="另一条。"), article("p3"))
    queue = await _due(world)
    async with AsyncExitStack() as stack:
        other = await world.second_bot(stack)
        workers = [Publisher(world.app.core), Publisher(other.core)]
        await asyncio.gather(*(work(m) for m in queue.messages for work in workers))
        await world.run()
    assert await world.requests(SHARE) == 2
    assert await world.requests("freepublish/submit") == 1


async def test_two_workers_claim_and_look_side_by_side(world: World) -> None:
    """Two whole bots tick over the same rows, a lost answer among them."""
    posts = [status(f"p{n}", text=f"第{n}条提示。") for n in range(1, 6)]
    await world.plan(*posts)
    await world.fault("u01-weibo", "lost_answer", path=SHARE)
    async with AsyncExitStack() as stack:
        other = await world.second_bot(stack)
        for minutes in (0, 1, 5, 30):
            await world.at(TEN + timedelta(minutes=minutes))
            for _round in range(4):
                await asyncio.gather(
                    tick(world.app.core, world.queue), tick(other.core, other.local)
                )
                await asyncio.gather(world.queue.join(), other.local.join())
    assert await world.requests(SHARE) == 5
    assert {post["text"] for post in await world.posts()} != set()
    assert len(await world.posts()) == 5


async def test_an_account_s_posts_keep_their_order(world: World) -> None:
    """The first is still with a worker when the second comes due; another account's is not held."""
    later = "2026-05-06 10:01"
    await world.plan(status("p1"), status("p2", at=later), article("p3", at=later))
    queue = await _due(world)
    await world.at(TEN + timedelta(minutes=1))
    await tick(world.app.core, queue)
    first, other = queue.messages
    assert [await world.state(name) for name in ("p1@u01-weibo", "p2@u01-weibo")] == [
        State.QUEUED,
        State.PLANNED,
    ]
    await world.queue.put(other)
    await world.queue.put(first)  # and with it, at once, what waited behind it
    await world.queue.join()
    assert await world.state("p2@u01-weibo") is State.PUBLISHED
    first_done = (await world.history("p1@u01-weibo"))[-1]
    assert first_done["name"] == "publication.published"
    assert (await world.history("p2@u01-weibo"))[1]["id"] > first_done["id"]  # claimed after it


async def test_two_schedulers_at_once_keep_an_account_s_order(world: World) -> None:
    """However they meet, no two batches hold posts of one account."""
    texts = [status(f"p{number}") for number in range(12)]
    await world.plan(*texts)
    await world.at(TEN)
    queues = [Holding(), Holding()]
    async with AsyncExitStack() as stack:
        other = await world.second_bot(stack)
        await asyncio.gather(
            *(tick(core, queue) for core in (world.app.core, other.core) for queue in queues)
        )
    batches = [message for queue in queues for message in queue.messages]
    assert len(batches) == 1
    assert len(batches[0].ids) == 12


async def test_a_doubled_look_decides_once(world: World) -> None:
    """Two workers look for the same lost answer; it is entered once."""
    await world.plan(status())
    await world.fault("u01-weibo", "lost_answer", path=SHARE)
    await world.run(until=TEN)
    await world.at(TEN + timedelta(minutes=1))
    queue = Holding()
    await tick(world.app.core, queue)
    look = Reconciler(world.app.core)
    await asyncio.gather(*(look(message) for message in queue.messages * 3))
    assert (await world.events("p1@u01-weibo")).count("published") == 1


async def test_a_lease_that_runs_out_in_a_slow_upload_hands_the_work_on(world: World) -> None:
    """The first worker comes back to find that it no longer holds the post, and stops."""
    await world.plan(article())
    await world.at(TEN)
    await world.fault("u01-wechat", "latency", path="media/uploadimg", seconds=0.6)
    await tick(world.app.core, world.queue)
    while not await world.requests("media/uploadimg"):
        await asyncio.sleep(0)
    async with AsyncExitStack() as stack:
        other = await world.second_bot(stack)
        await world.at(TEN + LEASE)
        for _round in range(3):
            await tick(other.core, other.local)
        await other.local.join()
        assert "granted" in await world.events("p1@u01-wechat")
        await world.queue.join()
        await world.run()
    events = await world.events("p1@u01-wechat")
    assert events.count("granted") == 1
    assert "given_back" in events
    assert await world.requests("freepublish/submit") == 1


async def test_a_lease_that_runs_out_while_sending_leads_to_a_look(world: World) -> None:
    """The answer comes after the lease: another worker has found the post by then."""
    await world.plan(status())
    await world.at(TEN)
    await world.fault("u01-weibo", "lost_answer", path="user_timeline", times=1)
    await world.fault("u01-weibo", "hang", path=SHARE)
    await tick(world.app.core, world.queue)
    while not await world.posts():
        await asyncio.sleep(0)
    await world.crash()
    await world.run()
    assert await world.state("p1@u01-weibo") is State.PUBLISHED
    assert (await world.pub("p1@u01-weibo")).commits == 1
    assert await world.requests(SHARE) == 1


async def test_a_thousand_posts_due_in_one_second_are_a_thousand_attempts(world: World) -> None:
    """Claimed by row, not by the minute: none is left out, none goes twice."""
    units = [f"u{number:02d}" for number in range(1, 41)]
    members = {
        "matrix": "澜汀",
        "units": [
            {
                "id": unit,
                "name": NAMES["u01"],
                "short": unit,
                "accounts": [account("u01", "weibo", id=f"{unit}-weibo", name=unit)],
            }
            for unit in units
        ],
    }
    everybody = [f"{unit}-weibo" for unit in units]
    async with open_world(world.folder / "large", members) as large:
        await large.plan(
            *(status(f"p{n}", accounts=everybody, text=f"第{n}条健康提示。") for n in range(25))
        )
        await large.at(TEN)
        begun = time.monotonic()
        await large.run()
        assert time.monotonic() - begun < 30
        assert await large.requests(SHARE) == 1000
        assert len(await large.posts()) == 1000
