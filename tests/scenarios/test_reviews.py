"""Nothing that needs a review goes out without: three levels, bound to the version they saw."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, update

from bot.domain.publication import Role, State, owed_by
from bot.domain.recall import RecallKind
from bot.domain.review import Level
from bot.engine import people, recall_work, recalling, reminding, review_people, reviewing
from bot.engine import plan as plans
from bot.engine import tasks as open_tasks
from bot.engine.dispatch import tick
from bot.engine.reviewing import Case, CaseState
from bot.errors import UsageError
from bot.ledger.desk_tables import audit
from bot.ledger.desk_tables import people as members
from bot.settings import ReviewPart
from tests.bot.engine.world import (
    START,
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
from tests.pairs import Pair

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
THREE = ReviewPart(levels=[Level.FIRST, Level.SECOND, Level.FINAL])
NAME = "p1@u01-weibo"
SITE = {"mode": "wordpress", "options": {"site": "https://yy1.lanting.example"}}
STEPS = (("first", "chu"), ("second", "fu"), ("final", "zhong"))
PEOPLE: dict[str, tuple[list[str], list[str]]] = {
    "chu": (["reviewer"], ["first"]),
    "fu": (["reviewer"], ["second"]),
    "zhong": (["reviewer"], ["final"]),
    "each": (["reviewer", "officer"], ["first", "second", "final"]),
    "officer": (["officer"], ["first"]),
    "gone": (["reviewer"], ["first"]),
}


async def enrol(world: World) -> None:
    """The people of the office who take part; one of them has left it."""
    async with world.app.core.ledger.write() as conn:
        for login, (roles, levels) in PEOPLE.items():
            values: Data = {"login": login, "name": login, "roles": roles, "levels": levels}
            await conn.execute(insert(members).values(**values, made_at=START))
        left = update(members).where(members.c.login == "gone")
        await conn.execute(left.values(ended_at=START))


@pytest.fixture
async def world(tmp_path: Path, pair: Pair) -> AsyncIterator[World]:
    """The district, with three levels of review for everything."""
    changes: dict[str, Data] = {
        "u02_weibo": {"reprint": "auto"},
        "u02_website": {"reprint": "auto", **SITE},
        "u03_weibo": {"reprint": "manual"},
    }
    async with open_world(tmp_path, roster(**changes), pair=pair) as opened:
        opened.review = THREE
        await opened.start()
        await enrol(opened)
        yield opened


async def case(world: World, post: str = "p1") -> Case:
    found = await reviewing.case(world.app.core, post)
    assert found is not None
    return found


async def approve(world: World, level: str, by: str, post: str = "p1") -> Case:
    seen = (await case(world, post)).content_hash
    return await reviewing.approve(world.app.core, post, seen, Level(level), by=by)


async def approve_all(world: World, post: str = "p1") -> Case:
    for level, by in STEPS:
        await approve(world, level, by, post)
    return await case(world, post)


async def refuse(world: World, level: str, by: str, post: str = "p1") -> Case:
    seen, why = (await case(world, post)).content_hash, "剂量写错了"
    return await reviewing.refuse(world.app.core, post, seen, Level(level), by=by, note=why)


async def held(world: World, name: str = NAME) -> bool:
    pub = await world.pub(name)
    return (pub.state, pub.reason) == (State.HELD, "review_missing")


async def restart(world: World, review: ReviewPart) -> None:
    """The settings were changed."""
    world.review = review
    await world.start()


@pytest.mark.both_ways
async def test_approved_in_three_steps_it_goes_at_its_time(world: World) -> None:
    """Held from the moment it is planned, by the reviewers; the last word lets it go."""
    await world.plan(status())
    pub = await world.pub(NAME)
    assert await held(world)
    assert owed_by(pub.state, pub.reason, pub.next_at) is Role.REVIEWER
    first = await case(world)
    assert (first.state, first.next_level) == (CaseState.WAITING, Level.FIRST)
    assert (first.publications, first.planned_at, first.deadline_at) == (1, TEN, START)
    assert (await approve(world, "first", "chu")).next_level is Level.SECOND
    assert (await approve(world, "second", "fu")).next_level is Level.FINAL
    await world.run(until=START + MINUTE)
    assert await held(world)
    assert (await approve(world, "final", "zhong")).state is CaseState.APPROVED
    await world.run(until=START + 2 * MINUTE)
    assert await world.state(NAME) is State.PLANNED
    await world.run(until=TEN)
    assert await world.state(NAME) is State.PUBLISHED
    assert await reviewing.case(world.app.core, "p1") is None


async def test_an_edit_voids_every_approval_and_says_so(world: World) -> None:
    """Not even a comma goes out on another text's approval; moving the post is no edit."""
    await world.plan(status())
    seen = (await approve_all(world)).content_hash
    await world.plan(status(at="2026-05-06 10:30", column="防病"))
    assert (await case(world)).state is CaseState.APPROVED
    assert await world.state(NAME) is State.PLANNED
    await world.plan(status(at="2026-05-06 10:30", text="【勤洗手】改过，先洗手。"))
    assert await held(world)
    events = await world.history(NAME)
    assert [event["facts"]["voided"] for event in events if "voided" in event["facts"]] == [
        ["final", "first", "second"]
    ]
    now = await case(world)
    assert (now.next_level, now.last_approved, now.changed) == (Level.FIRST, seen, ("text",))
    assert [one.before for one in now.levels] == [seen] * 3
    [text] = await reviewing.diff(world.app.core, seen, now.content_hash)
    assert [line.sign for line in text.lines] == ["-", "+"]
    with pytest.raises(UsageError):  # the reviewer still has the old page open
        await reviewing.approve(world.app.core, "p1", seen, Level.FIRST, by="chu")
    await world.run(until=TEN + HOUR)
    assert await world.posts() == []
    await approve_all(world)
    await world.run(until=TEN + HOUR)
    [post] = await world.posts()
    assert "改过" in post["text"]


async def test_what_is_claimed_already_meets_the_newest_word_at_its_grant(world: World) -> None:
    """An edit, or a refusal, between the claim and the call."""
    later = status("p2", accounts=["u01-weibo"], at="2026-05-06 10:01")
    await world.plan(status(), later)
    await approve_all(world)
    await approve_all(world, "p2")
    await world.at(TEN)
    holding = Holding()
    await tick(world.app.core, holding)
    await world.plan(status(text="【勤洗手】改过，先洗手。"), later)
    for message in holding.messages:
        await world.queue.put(message)
    await world.queue.join()
    assert await held(world)
    await world.at(TEN + MINUTE)
    holding = Holding()
    await tick(world.app.core, holding)
    await refuse(world, "second", "fu", "p2")
    for message in holding.messages:
        await world.queue.put(message)
    await world.run(until=TEN + HOUR)
    assert await held(world, "p2@u01-weibo")
    assert await world.posts() == []


async def test_a_refusal_sends_it_back_to_its_author(world: World) -> None:
    """At any level, after approval too; until the text changes or that level thinks better."""
    await world.plan(status())
    await approve_all(world)
    await world.run(until=START + MINUTE)
    assert await world.state(NAME) is State.PLANNED
    no = await refuse(world, "second", "fu")
    said = no.level(Level.SECOND)
    assert (no.state, no.next_level) == (CaseState.REFUSED, Level.SECOND)
    assert said is not None
    assert (said.by, said.note) == ("fu", "剂量写错了")
    assert await held(world)
    _members, due = await reminding.due(world.app.core, world.app.reminders)
    assert [(one.what, one.party) for one in due] == [("review-p1", "@officer")]
    assert (await approve(world, "second", "fu")).state is CaseState.APPROVED
    assert [one.said.value for one in await reviewing.history(world.app.core, "p1")] == [
        *["approved"] * 3,
        "refused",
        "approved",
    ]
    await refuse(world, "first", "chu")
    await world.plan(status(text="【勤洗手】改过，先洗手。"))
    assert (await case(world)).state is CaseState.WAITING
    await world.run()
    pub = await world.pub(NAME)
    assert (pub.state, pub.reason) == (State.MISSED, "review_missing")
    await people.retry(world.app.core, pub, by="王主任")
    await world.run(until=world.clock.now() + MINUTE)
    assert await held(world)
    assert (await case(world)).next_level is Level.FIRST
    assert await world.posts() == []


@pytest.mark.both_ways
async def test_of_two_reviewers_at_once_one_is_told_in_words(world: World) -> None:
    """In two processes; the record has one word."""
    await world.plan(status())
    seen = (await case(world)).content_hash
    async with AsyncExitStack() as stack:
        other = await world.second_bot(stack)
        results = await asyncio.gather(
            reviewing.approve(world.app.core, "p1", seen, Level.FIRST, by="chu"),
            reviewing.approve(other.core, "p1", seen, Level.FIRST, by="each"),
            return_exceptions=True,
        )
    [fault] = [one for one in results if isinstance(one, BaseException)]
    assert isinstance(fault, UsageError)
    [said] = await reviewing.history(world.app.core, "p1")
    assert said.by in str(fault)


async def test_who_may_not(world: World) -> None:
    """Everybody is told why, and nothing is entered."""
    await world.plan(status())
    seen = (await case(world)).content_hash

    async def refused(level: str, by: str, **more: str) -> bool:
        facts = {"post": "p1", "seen": seen} | more
        with pytest.raises(UsageError):
            await reviewing.approve(
                world.app.core, facts["post"], facts["seen"], Level(level), by=by
            )
        return True

    for by in ("officer", "gone", "nobody", "fu", ""):
        assert await refused("first", by)
    assert await refused("second", "fu")  # it is not their turn yet
    assert await refused("first", "chu", post="p9")
    assert await refused("first", "chu", seen="0" * 64)
    with pytest.raises(UsageError):  # says not why
        await reviewing.refuse(world.app.core, "p1", seen, Level.FIRST, by="chu", note=" ")
    async with world.app.core.ledger.write() as conn:
        for by, digest in (("each", seen), ("zhong", seen), ("chu", "0" * 64)):
            values: Data = {"by": by, "action": "post.saved", "subject": "p1", "address": ""}
            values |= {"at": START, "facts": {"content_hash": digest}}
            await conn.execute(insert(audit).values(**values))
    assert (await case(world)).saved_by == "zhong"
    assert await refused("first", "each")  # nor who saved it before
    await approve(world, "first", "chu")  # saved another version
    assert await refused("first", "chu")
    await restart(world, THREE.model_copy(update={"same_person": True}))
    assert await refused("second", "each")
    assert [one.by for one in await reviewing.history(world.app.core, "p1")] == ["chu"]


async def test_one_person_acts_once_and_a_deputy_in_their_place(world: World) -> None:
    """Unless the office is so small that it says otherwise."""
    await world.plan(status())
    core = world.app.core
    await approve(world, "first", "each")
    for by in ("each", "officer"):
        with pytest.raises(UsageError):
            await approve(world, "second", by)
    day = timedelta(days=1)
    with pytest.raises(UsageError):
        await review_people.name_deputy(
            core, "officer", "chu", since=START, until=START + day, by="王主任"
        )
    number = await review_people.name_deputy(
        core, "fu", "officer", since=START + MINUTE, until=START + day, by="王主任"
    )
    with pytest.raises(UsageError):  # not yet
        await approve(world, "second", "officer")
    await world.at(START + MINUTE)
    done = (await approve(world, "second", "officer")).level(Level.SECOND)
    assert done is not None
    assert (done.by, done.deputy_of) == ("officer", "fu")
    await review_people.end_deputy(core, number)
    with pytest.raises(UsageError):
        await review_people.end_deputy(core, number)
    with pytest.raises(UsageError):  # what was said stays, and may no longer be taken back
        await refuse(world, "second", "officer")
    await restart(world, THREE.model_copy(update={"same_person": True}))
    assert (await approve(world, "final", "each")).state is CaseState.APPROVED


async def test_the_settings_in_force_count_and_a_column_has_its_own(world: World) -> None:
    """Also for what was planned when they were others, approved or not."""
    await restart(world, ReviewPart(columns={"科普": [Level.FIRST]}))
    await world.plan(status(), status("p2", column="科普"), status("p3", column="科普"))
    assert await world.state(NAME) is State.PLANNED
    assert await held(world, "p2@u01-weibo")
    assert (await approve(world, "first", "chu", "p2")).state is CaseState.APPROVED
    await restart(world, ReviewPart(levels=THREE.levels, columns={"通知": []}))
    await world.plan()
    assert await held(world)
    assert await held(world, "p2@u01-weibo")
    assert (await case(world, "p2")).next_level is Level.SECOND
    await world.plan(status(), status("p2", column="通知"), status("p3", column="科普"))
    await restart(world, ReviewPart())
    await world.run(until=START + MINUTE)
    assert await world.state("p2@u01-weibo") is State.PLANNED
    await restart(world, THREE)  # with no plan in between
    await world.run(until=TEN + MINUTE)
    assert [await held(world, f"{post}@u01-weibo") for post in ("p1", "p2", "p3")] == [True] * 3
    assert await world.posts() == []


async def test_a_bot_with_older_settings_asks_for_what_newer_ones_ask(world: World) -> None:
    """It was started before the office asked for reviews, and nobody has started it again."""
    await restart(world, ReviewPart())
    await world.plan(status(), status("p2", at="2026-05-06 11:00"))
    assert await world.state(NAME) is State.PLANNED
    await world.at(START + MINUTE)
    async with AsyncExitStack() as stack:
        world.review = THREE
        newer = await world.second_bot(stack)
        await plans.apply(newer.core, newer.read())
    assert await held(world)
    await world.plan()  # by the older one: it takes nothing back
    await approve_all(world)
    await world.run(until=TEN + HOUR)
    assert await world.state(NAME) is State.PUBLISHED
    assert await held(world, "p2@u01-weibo")
    await restart(world, ReviewPart())
    await world.plan()
    await world.run(until=TEN + HOUR + MINUTE)
    assert await world.state("p2@u01-weibo") is State.PUBLISHED


async def test_a_key_item_is_reviewed_once_for_all_accounts(world: World) -> None:
    """First release, reprint by the bot, and the package for a person; an edit stops the rest."""
    item: Data = {"key": {"deadline": "T+24h", "spread": "2h"}}
    await world.plan(status("k1", **item))
    await world.run(until=TEN)
    assert await world.state("k1@u03-weibo") is State.HELD
    assert await world.requests("share") == 0
    await approve_all(world, "k1")
    await world.run(until=TEN + 2 * MINUTE)
    assert await world.state("k1@u03-weibo") is State.HANDED_OFF
    assert await world.state("k1@u02-weibo") is State.PLANNED
    await world.plan(status("k1", text="【勤洗手】改过，先洗手。", **item))
    await world.run(until=TEN + 3 * HOUR)
    assert await held(world, "k1@u02-weibo")
    assert await held(world, "k1@u03-weibo")
    assert {post["account"] for post in await world.posts()} == {"u01-weibo"}
    await approve_all(world, "k1")
    await world.run(until=TEN + 6 * HOUR)
    assert await world.state("k1@u02-weibo") is State.PUBLISHED
    assert await world.state("k1@u03-weibo") is State.HANDED_OFF


async def test_a_correction_in_place_waits_for_its_review(world: World) -> None:
    """The page on the site, and what liaisons are asked to correct by hand."""
    await world.plan(key_item())
    await approve_all(world, "k1")
    await world.run(until=TEN + 3 * HOUR)
    world.write_body("k1", "改过的正文，流感季来了，发热请到发热门诊就诊。\n")
    await world.plan()
    core = world.app.core
    await recalling.order(core, "k1", RecallKind.CORRECT, reason="数据有误", by="王主任")
    await recall_work.work_due(core)

    async def shown() -> tuple[bool, bool]:
        [page] = await world.posts("u02-website")
        async with core.ledger.read() as conn:
            asked = [one.kind.value for one in await open_tasks.open_tasks(conn)]
        return "改过的正文" in page["text"], "correct" in asked

    assert await shown() == (False, False)
    waiting = await case(world, "k1")
    assert (waiting.state, waiting.correction, waiting.publications) == (
        CaseState.WAITING,
        True,
        1,  # the package that nobody has used yet is made anew
    )
    await approve_all(world, "k1")
    await recall_work.work_due(core)
    assert await shown() == (True, True)
    await refuse(world, "final", "zhong", "k1")
    assert await shown() == (True, False)


async def test_called_off_and_back_faulty_and_late_it_keeps_to_its_version(world: World) -> None:
    """A post that comes back as it was needs no other review; a faulty one is not offered."""
    await world.plan(status(), status("p2"))
    await approve_all(world)
    await world.plan(status("p2"))
    assert await world.state(NAME) is State.CANCELLED
    assert await reviewing.case(world.app.core, "p1") is None
    await world.plan(status(), status("p2"))
    assert await world.state(NAME) is State.PLANNED
    await world.plan(status(text="此方药到病除。"), status("p2"), faulty=True)  # the last good one
    await world.plan(
        status(), article("p3", digest=""), status("p2", text="此方药到病除。"), faulty=True
    )
    await world.run(until=TEN + MINUTE)
    assert await world.state(NAME) is State.PUBLISHED
    assert await held(world, "p2@u01-weibo")
    async with world.app.core.ledger.read() as conn:
        found = await reviewing.cases(world.app.core, conn)
    assert [one.post for one in found] == ["p2", "p3"]
    assert all(one.late for one in found)
