"""What a platform does wrong, and what becomes of the post."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.publication import MAX_COMMITS, Role, State, owed_by
from bot.engine import people
from tests.bot.engine.world import TEN, Data, World, article, status, video

SUBMIT, SHARE, CREATE = "freepublish/submit", "statuses/share", "create_video"
# Wherever the answer of the one call is lost or worthless after it took effect.
SPOILT: list[Data] = [
    {"kind": "lost_answer"},
    {"kind": "status_after", "status": 502},
    {"kind": "status_after", "status": 500},
    {"kind": "html"},
    {"kind": "empty"},
]


async def test_a_planned_post_goes_out_at_its_time_on_every_platform(world: World) -> None:
    """An article, a Weibo text with a picture and a video: planned at ten, public at ten."""
    await world.plan(
        article("p1"), status("p2", images=["media/photo-02.jpg"]), video("p3"), status("p4")
    )
    await world.run()
    for name in ("p1@u01-wechat", "p2@u01-weibo", "p3@u01-douyin", "p4@u01-weibo"):
        pub = await world.pub(name)
        assert pub.state is State.PUBLISHED
        assert pub.committed_at == TEN
        assert pub.url in [post["url"] for post in await world.posts(pub.account)]


async def test_nothing_goes_out_before_its_time(world: World) -> None:
    """A second before ten no platform has heard of it; at ten all have."""
    await world.plan(article("p1"), status("p2"), video("p3"))
    await world.run(until=TEN - timedelta(seconds=1))
    assert await world.requests("") == 0
    await world.run(until=TEN)
    assert await world.requests(SUBMIT) == await world.requests(SHARE) == 1


@pytest.mark.both_ways
@pytest.mark.parametrize("fault", SPOILT, ids=lambda fault: "-".join(map(str, fault.values())))
async def test_a_lost_answer_of_wechat_is_looked_up_not_repeated(world: World, fault: Data) -> None:
    """The article is found in the lists; the draft is submitted once."""
    await world.plan(article())
    await world.fault("u01-wechat", path=SUBMIT, **fault)
    await world.run()
    assert await world.state("p1@u01-wechat") is State.PUBLISHED
    assert "lost" in await world.events("p1@u01-wechat")
    assert await world.requests(SUBMIT) == 1
    assert len(await world.posts("u01-wechat")) == 1


@pytest.mark.both_ways
@pytest.mark.parametrize("fault", SPOILT, ids=lambda fault: "-".join(map(str, fault.values())))
async def test_a_lost_answer_of_weibo_is_looked_up_not_repeated(world: World, fault: Data) -> None:
    """The text is found among the newest five; it is shared once."""
    await world.plan(status())
    await world.fault("u01-weibo", path=SHARE, **fault)
    await world.run()
    assert await world.state("p1@u01-weibo") is State.PUBLISHED
    assert "lost" in await world.events("p1@u01-weibo")
    assert await world.requests(SHARE) == 1
    assert len(await world.posts("u01-weibo")) == 1


@pytest.mark.both_ways
@pytest.mark.parametrize("kind", ["status_before", "drop_before"])
@pytest.mark.parametrize(
    ("post", "name", "path"),
    [(article(), "p1@u01-wechat", SUBMIT), (status(), "p1@u01-weibo", SHARE)],
    ids=["wechat", "weibo"],
)
async def test_a_call_that_never_took_effect_is_sent_again_after_a_look(
    world: World, post: Data, name: str, path: str, kind: str
) -> None:
    """A 502 or a cut line before the effect looks like one after it, so the look decides."""
    more = {"status": 502} if kind == "status_before" else {}
    await world.plan(post)
    await world.fault(name.partition("@")[2], kind, path=path, **more)
    await world.run()
    pub = await world.pub(name)
    events = await world.events(name)
    assert pub.state is State.PUBLISHED
    assert pub.commits == 2
    assert events.index("lost") < events.index("not_there") < events.index("published")
    assert len(await world.posts(pub.account)) == 1


async def test_an_outage_of_an_hour_does_not_use_up_the_permitted_calls(world: World) -> None:
    """502 for an hour, each followed by a look: the post still goes out in its window."""
    await world.plan(status())
    fault = await world.fault("u01-weibo", "status_before", path=SHARE, status=502, times=-1)
    await world.run(until=TEN + timedelta(hours=1))
    await world.outside.call("DELETE", f"faults/{fault}")
    await world.run()
    assert await world.state("p1@u01-weibo") is State.PUBLISHED
    assert len(await world.posts("u01-weibo")) == 1


async def test_an_outage_that_never_ends_is_said_when_the_window_closes(world: World) -> None:
    """No more than five calls, and somebody is told: the bot does not wait for ever."""
    await world.plan(status())
    await world.fault("u01-weibo", "status_before", path=SHARE, status=502, times=-1)
    await world.run()
    pub = await world.pub("p1@u01-weibo")
    assert owed_by(pub.state, pub.reason, pub.next_at) in {Role.AUTHOR, Role.OFFICER}, pub
    assert await world.requests(SHARE) <= MAX_COMMITS
    assert await world.posts() == []


@pytest.mark.parametrize("path", ["media/uploadimg", "material/add_material", "draft/add"])
async def test_an_outage_while_preparing_is_waited_out(world: World, path: str) -> None:
    """Three times 502 in the preparation: waiting, then one post, one draft, one permission."""
    await world.plan(article())
    await world.fault("u01-wechat", "status_before", path=path, status=502, times=3)
    await world.run()
    pub = await world.pub("p1@u01-wechat")
    assert (pub.state, pub.commits) == (State.PUBLISHED, 1)
    assert "postponed" in await world.events("p1@u01-wechat")
    assert len(await world.posts("u01-wechat")) == 1


@pytest.mark.parametrize("minutes", [1, 20, 150])
async def test_a_refused_connection_was_surely_not_a_post(world: World, minutes: int) -> None:
    """While nothing listens there, it is tried again and again; then it goes out once."""
    right = world.platform_urls["weibo"]
    world.platform_urls["weibo"] = "http://127.0.0.1:9/weibo"  # the discard port: nobody there
    await world.start()
    await world.plan(status())
    await world.run(until=TEN + timedelta(minutes=minutes))
    assert await world.state("p1@u01-weibo") is State.WAITING
    world.platform_urls["weibo"] = right
    await world.start()
    await world.run()
    assert await world.state("p1@u01-weibo") is State.PUBLISHED
    assert "lost" not in await world.events("p1@u01-weibo")
    assert len(await world.posts("u01-weibo")) == 1


@pytest.mark.parametrize(
    ("post", "name"), [(article(), "p1@u01-wechat"), (video(), "p1@u01-douyin")]
)
async def test_an_expired_token_is_renewed_without_anybody_noticing(
    world: World, post: Data, name: str
) -> None:
    """The platform ends the access token; the next call gets a new one."""
    account = name.partition("@")[2]
    first = {**post, "id": "p0", "at": "2026-05-06 09:30"}
    if "text" in post:
        first["text"] = "另一段文字。"
    await world.plan(first, post)
    await world.run(until=TEN - timedelta(minutes=1))
    body = {"platform": account.partition("-")[2], "account": account}
    await world.outside.call("POST", "tokens/expire", body)
    await world.run()
    assert await world.state(name) is State.PUBLISHED
    assert (await world.pub(name)).error == {}


@pytest.mark.both_ways
async def test_a_dead_token_pauses_its_account_and_no_other(world: World) -> None:
    """Its posts are held for the administrator; when they are let go on, each goes out once."""
    await world.plan(
        status("p1", accounts=["u01-weibo", "u02-weibo"], window="2d"),
        status("p2", "2026-05-06 10:30", window="2d"),
    )
    body = {"platform": "weibo", "account": "u01-weibo", "dead": True}
    await world.outside.call("POST", "tokens/expire", body)
    await world.run(until=TEN.replace(hour=6))
    for name in ("p1@u01-weibo", "p2@u01-weibo"):
        pub = await world.pub(name)
        assert (pub.state, pub.reason) == (State.HELD, "account_paused")
    assert await world.state("p1@u02-weibo") is State.PUBLISHED

    await world.outside.call("POST", "tokens/expire", {**body, "dead": False})
    assert await people.resume(world.app.core, "u01-weibo") == 2
    await world.run()
    assert len(await world.posts("u01-weibo")) == 2
    assert {await world.state("p1@u01-weibo"), await world.state("p2@u01-weibo")} == {
        State.PUBLISHED
    }


async def test_an_authorisation_that_dies_while_looking_never_leads_back_to_sending(
    world: World,
) -> None:
    """The answer is lost, then the token: it stays unknown, and is found once that is mended."""
    await world.plan(status())
    await world.fault("u01-weibo", "lost_answer", path=SHARE)
    await world.run(until=TEN)
    body = {"platform": "weibo", "account": "u01-weibo", "dead": True}
    await world.outside.call("POST", "tokens/expire", body)
    await world.run(until=TEN.replace(hour=4))
    assert await world.state("p1@u01-weibo") is State.UNKNOWN
    await world.outside.call("POST", "tokens/expire", {**body, "dead": False})
    await world.run()
    assert await world.state("p1@u01-weibo") is State.PUBLISHED
    assert await world.requests(SHARE) == 1


async def test_when_douyin_cannot_tell_a_person_looks(world: World) -> None:
    """A lost answer of Douyin ends with the officer, never with a second video."""
    await world.plan(video())
    await world.fault("u01-douyin", "lost_answer", path=CREATE)
    await world.run()
    pub = await world.pub("p1@u01-douyin")
    assert (pub.state, pub.next_at, pub.reason) == (State.UNKNOWN, None, "platform_cannot_tell")
    assert await world.requests(CREATE) == 1
    url = (await world.posts("u01-douyin"))[0]["url"]
    await people.confirm(world.app.core, pub, url=url, at=None, by="officer")
    told = await world.pub(f"{pub.post}@{pub.account}")
    await people.take_back(world.app.core, told, by="officer", reason="看错了")
    pub = await world.pub(f"{pub.post}@{pub.account}")
    assert (pub.state, pub.next_at, pub.url) == (State.UNKNOWN, None, "")  # a person looks again
    await people.confirm(world.app.core, pub, url=url, at=None, by="officer")
    assert await world.state("p1@u01-douyin") is State.PUBLISHED


async def test_a_network_drive_that_is_away_when_a_post_is_due(world: World) -> None:
    """Its pictures are back after two minutes, and nobody has to do anything."""
    await world.plan(article())
    away = world.schedules.with_name("away")
    world.schedules.rename(away)
    await world.run(until=TEN + timedelta(minutes=2))
    away.rename(world.schedules)
    pub = await world.pub("p1@u01-wechat")
    assert (pub.state, pub.reason) == (State.WAITING, "file")
    await world.run(until=TEN + timedelta(minutes=10))
    assert await world.state("p1@u01-wechat") is State.PUBLISHED


async def test_a_picture_that_stays_away_is_told_its_author(world: World) -> None:
    """Within the hour, long before the window closes; put back and changed, the post goes out."""
    await world.plan(article())
    picture = world.schedules / "media/photo-01.jpg"
    raw = picture.read_bytes()
    picture.unlink()
    await world.run(until=TEN + timedelta(hours=1))
    pub = await world.pub("p1@u01-wechat")
    assert (pub.state, pub.reason) == (State.FAILED, "rejected")
    picture.write_bytes(raw)
    await world.plan(article(digest="改过的摘要"))
    await world.run()
    assert await world.state("p1@u01-wechat") is State.PUBLISHED
