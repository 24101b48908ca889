"""An embargo 禁发时限: nothing of a post goes out before, whoever asks for it; and delays."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain import transitions
from bot.domain.planning import ChangeKind
from bot.domain.publication import State
from bot.engine import people
from bot.ledger.journal import Move
from tests.bot.engine.world import START, TEN, World, article, key_item, roster, status

NAME = "p1@u01-weibo"
EMBARGO = "2026-05-06 12:00"
NOON = TEN + timedelta(hours=2)
AFTER = "2026-05-06 12:30"


async def test_a_retry_does_not_end_an_embargo(world: World) -> None:
    """`bot publications retry`: withdrawn in the morning, wanted at once; it goes at noon."""
    await world.plan(status(at=AFTER, embargo=EMBARGO, window="1h"))
    await people.cancel(world.app.core, await world.pub(NAME), by="officer")
    await people.retry(world.app.core, await world.pub(NAME), by="officer")
    await world.run(until=NOON - timedelta(seconds=1))
    assert (await world.posts(), await world.requests("statuses/share")) == ([], 0)
    await world.run()
    pub = await world.pub(NAME)
    assert (pub.state, pub.committed_at) == (State.PUBLISHED, NOON)


@pytest.mark.both_ways
async def test_whatever_wakes_it_early_finds_the_embargo(world: World) -> None:
    """Made due in the ledger itself: admission sends it back to wait, and says why."""
    await world.plan(status(at=AFTER, embargo=EMBARGO), article("p2", AFTER, embargo=EMBARGO))
    for name in (NAME, "p2@u01-wechat"):
        pub = await world.pub(name)
        step = transitions.claim(lease_until=START)
        await world.app.core.journal.apply(Move(publication=pub.id, step=step), now=START)
    await world.run(until=TEN)
    for name in (NAME, "p2@u01-wechat"):
        pub = await world.pub(name)
        assert (pub.state, pub.reason, pub.commits) == (State.WAITING, "embargo", 0)
        assert pub.next_at == NOON
    assert await world.requests("draft/add") == 0
    await world.run()
    assert {await world.state(name) for name in (NAME, "p2@u01-wechat")} == {State.PUBLISHED}


@pytest.mark.both_ways
async def test_an_embargo_that_comes_while_a_post_is_prepared_is_met_by_the_grant(
    world: World,
) -> None:
    """Admitted without one; the calendar gives it one before it is sent."""
    await world.plan(article())
    await world.fault("u01-wechat", "status_before", path="draft/add", status=502, times=-1)
    await world.run(until=TEN + timedelta(minutes=2))
    assert await world.state("p1@u01-wechat") is State.WAITING
    made = await world.plan(article(at=AFTER, embargo=EMBARGO))
    assert [change.kind for change in made.changes] == [ChangeKind.MOVED]
    await world.outside.call("DELETE", "faults")
    await world.run(until=NOON)
    assert await world.posts() == []
    await world.run()
    assert len(await world.posts()) == 1


async def test_an_embargo_lifted_in_the_calendar_is_over(world: World) -> None:
    """Nothing else of the post changes."""
    await world.plan(status(at=AFTER, embargo=EMBARGO))
    assert (await world.pub(NAME)).not_before == NOON
    await world.plan(status())
    await world.run(until=TEN)
    assert await world.state(NAME) is State.PUBLISHED


async def test_a_post_due_before_its_embargo_is_held(world: World) -> None:
    """`bot check` says so; nothing goes out until one of the two is changed."""
    await world.plan(status(embargo=EMBARGO), faulty=True)
    assert (await world.pub(NAME)).reason == "check_failed"
    await world.run()
    assert await world.posts() == []


async def test_no_package_is_handed_over_before_the_embargo_ends(world: World) -> None:
    """A person who has it could post it."""
    world.write_roster(roster(u01_weibo={"mode": "handoff"}))
    await world.plan(status(at=AFTER, embargo=EMBARGO))
    await people.cancel(world.app.core, await world.pub(NAME), by="officer")
    await people.retry(world.app.core, await world.pub(NAME), by="officer")
    await world.run(until=NOON - timedelta(seconds=1))
    assert await world.state(NAME) is State.PLANNED
    await world.run(until=NOON)
    assert await world.state(NAME) is State.HANDED_OFF


async def test_reprints_keep_the_embargo_too(world: World) -> None:
    """The flagship's release is confirmed by hand too early; the unit's reprint waits."""
    members = roster(u02_weibo={"reprint": "auto"})
    world.write_roster(members)
    await world.plan(key_item(at=AFTER, embargo=EMBARGO, key={"deadline": "T+24h"}))
    first = await world.pub("k1@u01-weibo")
    await people.confirm(
        world.app.core, first, url="https://weibo.com/1/early", at=START, by="officer"
    )
    await world.run(until=NOON - timedelta(seconds=1))
    reprint = await world.pub("k1@u02-weibo")
    assert (reprint.state, reprint.reason) == (State.WAITING, "embargo")
    await world.run()
    assert (await world.pub("k1@u02-weibo")).committed_at == NOON


async def test_an_account_may_follow_later_than_the_others(world: World) -> None:
    """Half an hour after the flagship, by the plan; moved with the post."""
    both = article(
        "p1", accounts=["u01-wechat", {"u01-weibo": "T+30m"}], text="【勤洗手】请看全文。"
    )
    await world.plan(both)
    assert (await world.plan()).changes == ()
    made = await world.plan(both | {"at": "2026-05-06 11:00"})
    assert {change.kind for change in made.changes} == {ChangeKind.MOVED}
    await world.run()
    at = {
        name: (await world.pub(f"p1@{name}")).committed_at for name in ("u01-wechat", "u01-weibo")
    }
    eleven = TEN + timedelta(hours=1)
    assert at == {"u01-wechat": eleven, "u01-weibo": eleven + timedelta(minutes=30)}
