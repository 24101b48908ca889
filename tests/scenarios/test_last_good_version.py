"""What must not go out any more: an edit has an error, or a person has an old post tried again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain import transitions
from bot.domain.publication import State
from bot.domain.step import Step
from bot.engine import people
from bot.engine import plan as plans
from bot.ledger.journal import Move
from tests.bot.engine.world import START, TEN, Data, World, article, roster, status

NAME = "p1@u01-weibo"
CURE = "此方药到病除。"
HOUR = timedelta(hours=1)
STORY: Data = {"patient_story": "true", "consent": "同意书-2026-014"}
UNAGREED: Data = {"patient_story": "true"}
EMBARGOED: Data = {"at": "2026-05-06 12:30", "embargo": "2026-05-06 12:00"}
BARRED: dict[str, tuple[Data, Data]] = {
    "embargo later than the post": ({}, {"embargo": "2026-05-06 12:00"}),
    "embargo and moved behind it, words wrong": ({}, EMBARGOED | {"text": CURE}),
    "consent gone and put off": (STORY, UNAGREED | {"at": "2026-05-07 10:00"}),
    "consent gone and other words": (STORY, UNAGREED | {"text": "改过。"}),
    "now known for a patient's story": ({}, UNAGREED | {"text": "改过。"}),
    "reviewer gone": (
        {"topic": "science", "reviewer": "区疾控中心"},
        {"topic": "science", "text": "改过。"},
    ),
    "ignore gone": (
        {"text": CURE, "ignore": {"efficacy-claim": "古籍书名，已核"}},
        {"text": CURE + "改过。"},
    ),
}


@pytest.mark.parametrize("edit", BARRED)
async def test_a_last_good_version_that_has_lost_its_ground_is_held(
    world: World, edit: str
) -> None:
    """An edit with an error keeps it in force, but not against what the calendar says now."""
    before, after = BARRED[edit]
    await world.plan(status(**before))
    assert (await world.plan(status(**after), faulty=True)).kept == frozenset()
    pub = await world.pub(NAME)
    assert (pub.state, pub.reason) == (State.HELD, "check_failed")
    await world.run(until=TEN + HOUR)
    assert await world.posts() == []


async def test_a_word_the_office_forbids_is_looked_for_in_the_last_good_version(
    world: World,
) -> None:
    """Forbidden while the post is in the middle of an edit that has another error."""
    await world.plan(status(text="某某词在此。"))
    edit = status(text="某某词在此。" + CURE)
    assert (await world.plan(edit, faulty=True)).kept == {"p1"}
    (world.schedules / "words").mkdir()
    (world.schedules / "words" / "mine.txt").write_text("某某词 = error\n", encoding="utf-8")
    assert (await world.plan(edit, faulty=True)).kept == frozenset()
    await world.run(until=TEN + HOUR)
    assert await world.posts() == []


async def test_a_correction_noted_for_a_post_in_doubt_loses_its_ground_too(world: World) -> None:
    """Not public yet, perhaps; the good correction is not sent without the consent it needs."""
    await world.plan(status(**STORY))
    await world.fault("u01-weibo", "drop_before", path="statuses/share")
    await world.run(until=TEN)
    await world.plan(status(text="改过。", **STORY))
    await world.plan(status(text="又改过。", **UNAGREED), faulty=True)
    await world.run(until=TEN + HOUR)
    assert await world.posts() == []


async def test_a_post_that_moved_to_another_file_in_a_faulty_edit_is_not_taken_for_removed(
    world: World,
) -> None:
    """That file cannot be read afterwards; the post once stood in one that can."""
    await world.plan(status(), status("p2", text="第二条。"))
    world.write_calendar(status("p2", text="第二条。"))
    world.write_calendar(status(text=CURE), file="new.yaml")
    assert (await world.plan(faulty=True)).kept == {"p1"}
    (world.schedules / "new.yaml").write_text("posts: [\n", encoding="utf-8")
    assert (await world.plan(faulty=True)).changes == ()
    assert await world.state(NAME) is State.PLANNED


async def test_an_account_the_roster_no_longer_has_publishes_no_last_good_version(
    world: World,
) -> None:
    """The post is kept because of an error in its edit, the account is gone all the same."""
    await world.plan(article(accounts=["u01-wechat", "u01-weibo"], text="短文。"))
    members = roster()
    left = [one for one in members["units"][0]["accounts"] if one["id"] != "u01-weibo"]
    members["units"][0]["accounts"] = left
    world.write_roster(members)
    world.write_calendar(article(text=CURE))
    made = await plans.apply(world.app.core, world.app.read(), confirmed=True)
    assert made.kept == {"p1"}
    await world.run(until=TEN + HOUR)
    assert {post["account"] for post in await world.posts()} == {"u01-wechat"}


# ── a person has it tried again ───────────────────────────────────────────────────────────────


async def _step(world: World, step: Step) -> None:
    pub = await world.pub(NAME)
    await world.app.core.journal.apply(Move(publication=pub.id, step=step), now=START)


@pytest.mark.both_ways
@pytest.mark.parametrize("how", ["cancelled", "failed"])
async def test_a_retry_heeds_what_the_calendar_said_meanwhile(world: World, how: str) -> None:
    """Its new words, its new time and the embargo that came after it was called off, or failed."""
    await world.plan(status())
    if how == "cancelled":
        await people.cancel(world.app.core, await world.pub(NAME), by="officer")
    else:
        await _step(world, transitions.claim(lease_until=START))
        await _step(world, transitions.fail(reason="too_many_commits", error={}))
    await world.plan(status(text="新的文字。", **EMBARGOED))
    assert (await world.plan()).changes == ()
    await people.retry(world.app.core, await world.pub(NAME), by="officer")
    await world.run(until=TEN + 2 * HOUR - timedelta(seconds=1))
    assert await world.posts() == []
    await world.run()
    (post,) = await world.posts()
    assert post["text"].startswith("新的文字。")


async def test_a_retry_long_after_its_window_goes_out_in_the_new_words(world: World) -> None:
    """What was noted has the old window; the person's word gives it another."""
    await world.plan(status())
    await people.cancel(world.app.core, await world.pub(NAME), by="officer")
    await world.plan(status(text="新的文字。"))
    await world.run(until=TEN + 30 * HOUR)
    await people.retry(world.app.core, await world.pub(NAME), by="officer")
    await world.run(until=TEN + 31 * HOUR)
    (post,) = await world.posts()
    assert post["text"].startswith("新的文字。")


@pytest.mark.parametrize("end", ["missed", "cancelled", "removed"])
async def test_a_retry_is_no_consent(world: World, end: str) -> None:
    """Held for an error until its window passed, or it was called off; the error is still there."""
    other = status("p2", "2026-05-09 10:00", text="第二条。")
    await world.plan(status(**STORY), other)
    await world.plan(status(**UNAGREED), other, faulty=True)
    now = TEN + 7 * HOUR if end == "missed" else START
    if end == "missed":
        await world.run(until=now)
    elif end == "cancelled":
        await people.cancel(world.app.core, await world.pub(NAME), by="officer")
    else:
        await world.plan(other)
    assert (await world.state(NAME)).value == {"removed": "cancelled"}.get(end, end)
    await people.retry(world.app.core, await world.pub(NAME), by="officer")
    await world.run(until=now + 2 * HOUR)
    assert await world.posts() == []
    pub = await world.pub(NAME)
    assert (pub.state, pub.reason) == (State.HELD, "check_failed")
    await world.plan(status(**STORY), other)
    await world.run(until=now + 3 * HOUR)
    assert await world.state(NAME) is State.PUBLISHED


async def test_what_follows_a_post_waits_with_it_for_its_new_time(world: World) -> None:
    """A faulty edit moves the first to today; it stays at tomorrow, and so do its followers."""
    late, today = "2026-05-07 10:00", "2026-05-06 10:00"
    second = status("p2", "T+1h", after="p1", text="第二条。")
    third = status("p3", "T+1h", after="p2", text="第三条。")
    await world.plan(status(at=late), second, third)
    made = await world.plan(status(at=today, text=CURE), second, third, faulty=True)
    assert made.kept == {"p1", "p2", "p3"}
    assert made.changes == ()
    made = await world.plan(status(at=late, text=CURE), second | {"text": "改过。"}, faulty=True)
    assert made.kept == {"p1"}
    assert [one.post for one in made.changes] == ["p2", "p3"]
    made = await world.plan(status(at=today), second, third)
    assert (made.kept, (await world.pub("p2@u01-weibo")).due_at) == (frozenset(), TEN + HOUR)
