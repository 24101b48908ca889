"""The calendar changes while posts are under way: what follows it, and what cannot any more."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.planning import ChangeKind
from bot.domain.publication import State
from bot.engine import people
from bot.errors import UsageError
from tests.bot.engine.world import START, TEN, Data, World, article, roster, status, video

SHARE = "statuses/share"
NAME = "p1@u01-weibo"


async def test_reading_the_same_calendar_again_changes_nothing(world: World) -> None:
    """Before, while and after its posts go out."""
    posts = [article("p1"), status("p2"), video("p3"), status("p4", "2026-05-07 10:00")]
    assert {c.kind for c in (await world.plan(*posts)).changes} == {ChangeKind.NEW}
    for moment in (START, TEN, TEN + timedelta(minutes=10), TEN + timedelta(days=2)):
        await world.run(until=moment)
        assert (await world.plan()).changes == ()


async def test_an_edit_before_publishing_goes_out_in_its_new_words(world: World) -> None:
    """A minute before its time is early enough."""
    await world.plan(article())
    await world.run(until=TEN - timedelta(minutes=1))
    world.write_body("p1", "改正后的正文，以此为准。\n")
    made = await world.plan(article(title="改正后的标题"))
    assert [change.kind for change in made.changes] == [ChangeKind.CHANGED]
    await world.run()
    (post,) = await world.posts()
    assert post["title"] == "改正后的标题"
    assert "以此为准" in post["text"]


async def test_an_edit_while_the_old_draft_waits_replaces_the_draft(world: World) -> None:
    """The preparation had come as far as the cover when the text was corrected."""
    await world.plan(article())
    await world.fault("u01-wechat", "status_before", path="draft/add", status=502, times=-1)
    await world.run(until=TEN + timedelta(minutes=2))
    assert await world.state("p1@u01-wechat") is State.WAITING
    world.write_body("p1", "改正后的正文，以此为准。\n")
    await world.plan(article())
    await world.outside.call("DELETE", "faults")
    await world.run()
    (post,) = await world.posts()
    assert "以此为准" in post["text"]


async def test_an_edit_after_publishing_is_a_notice_and_never_a_second_post(world: World) -> None:
    """The officer is told which posts carry the old words."""
    await world.plan(article(), status("p2"))
    await world.run()
    world.write_body("p1", "改正后的正文。\n")
    made = await world.plan(article(), status("p2", text="改过的文字。"))
    assert {change.kind for change in made.changes} == {ChangeKind.CHANGED_AFTER}
    await world.run()
    assert (await world.plan()).changes == ()
    assert len(await world.posts()) == 2
    for name in ("p1@u01-wechat", "p2@u01-weibo"):
        pub = await world.pub(name)
        assert pub.state is State.PUBLISHED
        assert pub.changed_hash not in {"", pub.content_hash}


async def test_an_edit_while_in_review_is_a_notice_too(world: World) -> None:
    """It is the platform's already."""
    await world.plan(article())
    await world.fault("u01-wechat", "slow_review", seconds=3600)
    await world.run(until=TEN + timedelta(minutes=5))
    await world.plan(article(title="改正后的标题"))
    await world.run()
    pub = await world.pub("p1@u01-wechat")
    assert (pub.state, pub.commits) == (State.PUBLISHED, 1)
    assert pub.changed_hash != ""
    assert await world.requests("freepublish/submit") == 1


async def test_a_moved_post_goes_at_its_new_time_only(world: World) -> None:
    """Later, and earlier."""
    await world.plan(status("p1"), status("p2", text="第二条。"))
    await world.plan(
        status("p1", "2026-05-06 11:00"), status("p2", "2026-05-06 09:30", text="第二条。")
    )
    await world.run()
    assert (await world.pub("p1@u01-weibo")).committed_at == TEN + timedelta(hours=1)
    assert (await world.pub("p2@u01-weibo")).committed_at == TEN - timedelta(minutes=30)


@pytest.mark.both_ways
async def test_a_removed_post_is_called_off_and_one_put_back_goes(world: World) -> None:
    """Its file was whole, so it was taken out on purpose."""
    await world.plan(status("p1"), status("p2", text="第二条。"), status("p3", text="第三条。"))
    made = await world.plan(status("p3", text="第三条。"))
    assert [change.kind for change in made.changes] == [ChangeKind.REMOVED] * 2
    assert await world.state("p1@u01-weibo") is State.CANCELLED
    made = await world.plan(status("p2", text="第二条。"), status("p3", text="第三条。"))
    assert [change.kind for change in made.changes] == [ChangeKind.RESTORED]
    await world.run()
    assert await world.state("p1@u01-weibo") is State.CANCELLED
    assert len(await world.posts()) == 2


async def test_what_is_removed_after_publishing_stays_as_it_is(world: World) -> None:
    """The ledger keeps what happened; deleting on the platform is for people."""
    await world.plan(status("p1"), status("p2", text="第二条。"))
    await world.run()
    assert (await world.plan(status("p2", text="第二条。"))).changes == ()
    assert await world.state(NAME) is State.PUBLISHED


@pytest.mark.both_ways
async def test_a_post_removed_while_its_answer_is_lost_is_not_sent_again(world: World) -> None:
    """The call never took effect; by the time that is known nobody wants the post any more."""
    await world.plan(status("p1"), status("p2", "2026-05-08 10:00", text="第二条。"))
    await world.fault("u01-weibo", "drop_before", path=SHARE)
    await world.run(until=TEN)
    assert await world.state(NAME) is State.UNKNOWN
    await world.plan(status("p2", "2026-05-08 10:00", text="第二条。"))
    await world.run(until=TEN + timedelta(hours=5))
    assert await world.posts() == []
    assert await world.state(NAME) is State.CANCELLED


async def test_a_post_corrected_while_its_answer_is_lost_goes_in_its_new_words(
    world: World,
) -> None:
    """The call never took effect, so the old words are not public and never will be."""
    await world.plan(status())
    await world.fault("u01-weibo", "drop_before", path=SHARE)
    await world.run(until=TEN)
    await world.plan(status(text="改正后的文字。"))
    await world.run()
    (post,) = await world.posts()
    assert "改正后的文字" in post["text"]
    assert await world.state(NAME) is State.PUBLISHED


async def test_a_file_that_cannot_be_read_keeps_its_posts(world: World) -> None:
    """A slip of the keyboard must not call off a month."""
    world.write_calendar(status("p1"), file="a.yaml")
    world.write_calendar(article("p2"), file="b.yaml")
    await world.plan()
    (world.schedules / "a.yaml").write_text("posts: [\n", encoding="utf-8")
    assert (await world.plan(faulty=True)).changes == ()
    assert await world.state(NAME) is State.PLANNED
    await world.run()
    assert await world.state(NAME) is State.PUBLISHED


@pytest.mark.both_ways
async def test_a_refused_post_goes_again_once_its_author_has_changed_it(world: World) -> None:
    """A second call, and still one public post."""
    await world.plan(video())
    await world.fault("u01-douyin", "refuse_review", status=2)
    await world.run(until=TEN + timedelta(hours=1))
    assert await world.state("p1@u01-douyin") is State.FAILED
    assert (await world.plan()).changes == ()
    await world.plan(video(text="改得合规的说明。"))
    await world.run()
    assert await world.state("p1@u01-douyin") is State.PUBLISHED
    assert len(await world.posts()) == 1


async def test_a_post_changed_from_mass_send_to_publishing_does_not_tell_followers(
    world: World,
) -> None:
    """The officer took push out before its time."""
    await world.plan(article(push=True))
    await world.plan(article())
    await world.run()
    assert await world.requests("mass/sendall") == 0
    assert await world.requests("freepublish/submit") == 1


async def test_a_post_with_an_error_is_held_until_it_is_put_right(world: World) -> None:
    """A science post without a reviewer does not go out; with one it does."""
    await world.plan(status(topic="science"), faulty=True)
    pub = await world.pub(NAME)
    assert (pub.state, pub.reason) == (State.HELD, "check_failed")
    await world.run(until=TEN + timedelta(hours=1))
    assert await world.posts() == []
    await world.plan(status(topic="science", reviewer="区疾控中心"))
    await world.run()
    assert await world.state(NAME) is State.PUBLISHED


@pytest.mark.both_ways
async def test_an_edit_with_an_error_leaves_the_last_good_version_in_force(world: World) -> None:
    """It was fine yesterday; in the middle of an edit it promises a cure. Others are taken over."""
    await world.plan(status(), status("p2", "2026-05-06 11:00"))
    made = await world.plan(
        status(text="此方药到病除。"), status("p2", "2026-05-06 11:00", text="改过。"), faulty=True
    )
    assert made.kept == {"p1"}
    assert [change.post for change in made.changes] == ["p2"]
    await world.run()
    assert [post["text"][:3] for post in await world.posts()] == [status()["text"][:3], "改过。"]
    # Nothing is forgotten: put right, the edit is one after publishing.
    made = await world.plan(status(text="此方有助于康复。"), status("p2", text="改过。"))
    assert (made.kept, made.changes[0].kind) == (frozenset(), ChangeKind.CHANGED_AFTER)


async def test_an_edit_of_the_time_with_an_error_does_not_move_the_post(world: World) -> None:
    """Neither is it moved back when the whole entry is taken out and put in again."""
    await world.plan(status())
    late = status(at="2026-05-07 10:00", text="此方药到病除。")
    assert (await world.plan(late, faulty=True)).kept == {"p1"}
    assert (await world.pub(NAME)).due_at == TEN
    await world.plan(late | {"text": "此方有助于康复。"})
    assert (await world.pub(NAME)).due_at == TEN + timedelta(days=1)


@pytest.mark.both_ways
async def test_a_consent_that_is_gone_holds_the_post(world: World) -> None:
    """The text is the same, the ground for publishing it is not: that is no edit of its words."""
    story = status(patient_story="true", consent="同意书-2026-014")
    await world.plan(story)
    await world.plan(story | {"consent": ""}, faulty=True)
    pub = await world.pub(NAME)
    assert (pub.state, pub.reason) == (State.HELD, "check_failed")
    await world.run(until=TEN + timedelta(hours=7))
    assert await world.state(NAME) is State.MISSED
    assert await world.posts() == []


NOT_FIT: list[Data] = [
    {"filing": ""},
    {"status": "paused"},
    {"verified_name": "澜汀区第一人民医院"},
]


@pytest.mark.parametrize("change", NOT_FIT, ids=lambda change: next(iter(change)))
async def test_nothing_goes_out_from_an_account_that_is_not_fit(world: World, change: Data) -> None:
    """Not registered, not active, or under another unit's name; once mended it goes."""
    world.write_roster(roster(u01_weibo=change))
    world.write_calendar(status(window="2d"))
    await world.plan()
    await world.run(until=TEN + timedelta(hours=1))
    pub = await world.pub(NAME)
    assert (pub.state, pub.reason) == (State.HELD, "account_not_registered")
    world.write_roster(roster())
    await world.plan()
    await world.run()
    assert await world.state(NAME) is State.PUBLISHED


@pytest.mark.both_ways
async def test_a_post_withdrawn_before_it_was_granted_never_goes(world: World) -> None:
    """At any moment until then."""
    await world.plan(status())
    await people.cancel(world.app.core, await world.pub(NAME), by="officer")
    await world.run()
    assert await world.state(NAME) is State.CANCELLED
    assert (await world.plan()).changes == ()  # it is still in the file; the withdrawal stands
    assert await world.requests(SHARE) == 0


@pytest.mark.both_ways
async def test_a_post_that_was_granted_cannot_be_withdrawn_any_more(world: World) -> None:
    """The officer is told that it went, not that it was called off."""
    await world.plan(status())
    before = await world.pub(NAME)
    await world.run()
    with pytest.raises(UsageError, match="p1@u01-weibo"):
        await people.cancel(world.app.core, before, by="officer")
    assert await world.state(NAME) is State.PUBLISHED


async def test_a_withdrawal_while_its_answer_is_lost_stands(world: World) -> None:
    """A person called it off; that it still is in the file does not call it back."""
    await world.plan(status())
    await world.fault("u01-weibo", "drop_before", path=SHARE)
    await world.run(until=TEN)
    await people.cancel(world.app.core, await world.pub(NAME), by="officer")
    await world.plan()
    await world.run(until=TEN + timedelta(hours=1))
    await world.plan()
    await world.run()
    assert await world.posts() == []
    assert await world.state(NAME) is State.CANCELLED


async def test_a_correction_taken_back_while_its_answer_is_lost_is_gone(world: World) -> None:
    """What goes out in the end is what the calendar says in the end."""
    await world.plan(status())
    await world.fault("u01-weibo", "drop_before", path=SHARE)
    await world.run(until=TEN)
    await world.plan(status(text="一时写错的文字。"))
    await world.plan(status())
    await world.run()
    (post,) = await world.posts()
    assert "一时写错" not in post["text"]


async def test_a_correction_taken_back_after_publishing_is_no_notice_any_more(
    world: World,
) -> None:
    """The public words are the calendar's again."""
    await world.plan(status())
    await world.run()
    await world.plan(status(text="改过的文字。"))
    await world.plan(status())
    assert (await world.pub(NAME)).changed_hash == ""
