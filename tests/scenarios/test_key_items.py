"""Key items: reprinted openly on the units' accounts, after the first release and never before."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.coverage import CellState
from bot.domain.publication import State
from bot.domain.variants import marker
from bot.engine.answers import coverage
from bot.engine.collect import collect
from tests.bot.engine.world import TEN, Data, World, key_item, open_world, roster
from tests.pairs import Pair

AUTO: Data = {"reprint": "auto"}
REPRINTS = ("k1@u02-wechat", "k1@u02-weibo", "k1@u03-wechat", "k1@u03-weibo")


@pytest.fixture
async def matrix(tmp_path: Path, pair: Pair) -> AsyncIterator[World]:
    """A district whose units have all opted in."""
    members = roster(u02_wechat=AUTO, u02_weibo=AUTO, u03_wechat=AUTO, u03_weibo=AUTO)
    async with open_world(tmp_path, members, pair) as opened:
        yield opened


async def test_reprints_follow_the_first_release_spread_over_the_window(matrix: World) -> None:
    """Two hours, four accounts: each a step later, none at the release itself."""
    await matrix.plan(key_item())
    await matrix.run()
    release = await matrix.pub("k1@u01-wechat")
    pubs = [await matrix.pub(name) for name in REPRINTS]
    assert {pub.state for pub in pubs} == {State.PUBLISHED}
    began = sorted(pub.committed_at for pub in pubs if pub.committed_at)
    assert release.committed_at is not None
    assert began[0] > release.committed_at
    assert began[-1] <= release.committed_at + timedelta(hours=2, minutes=5)
    assert len(set(began)) == len(REPRINTS)


async def test_a_unit_may_repost_the_flagships_own_weibo_post(tmp_path: Path, pair: Pair) -> None:
    """Within the platform, with the label; the other unit goes on copying."""
    chosen = {"options": {"safe_link": "https://u02.lanting.example/", "reprint_as": "repost"}}
    members = roster(u02_weibo=AUTO | chosen, u03_weibo=AUTO)
    async with open_world(tmp_path, members, pair) as world:
        await world.plan(key_item())
        await world.run()
        (passed_on,) = await world.posts("u02-weibo")
        (copied,) = await world.posts("u03-weibo")
        assert (passed_on["kind"], copied["kind"]) == ("repost", "share")
        assert marker("k1") in passed_on["text"]
        assert (await world.pub("k1@u02-weibo")).url == passed_on["url"]
        await world.check_laws()


async def test_nothing_is_reprinted_before_it_is_released(matrix: World) -> None:
    """The flagship's review takes five hours: the reprints wait, whatever the calendar says."""
    await matrix.plan(key_item(accounts=["u01-wechat"]))
    await matrix.fault("u01-wechat", "slow_review", seconds=5 * 3600)
    await matrix.run(until=TEN + timedelta(hours=4, minutes=59))
    assert await matrix.posts() == []
    for name in REPRINTS:
        assert await matrix.state(name) is State.HELD
    await matrix.run()
    for name in REPRINTS:
        pub = await matrix.pub(name)
        assert pub.state is State.PUBLISHED
        assert pub.committed_at is not None
        assert pub.committed_at > TEN + timedelta(hours=5)


async def test_an_item_that_is_never_released_is_never_reprinted(matrix: World) -> None:
    """Refused in review: the units have nothing to point at."""
    await matrix.plan(key_item(accounts=["u01-wechat"]))
    await matrix.fault("u01-wechat", "refuse_review", status=4)
    await matrix.run()
    assert await matrix.posts() == []
    for name in REPRINTS:
        pub = await matrix.pub(name)
        assert (pub.state, pub.reason) == (State.MISSED, "awaiting_first_release")


async def test_a_reprint_says_openly_where_it_comes_from(matrix: World) -> None:
    """Link to the first release, source and 稿号 in an article; the 稿号 and a link on Weibo."""
    await matrix.plan(key_item())
    await matrix.run()
    (release,) = await matrix.posts("u01-wechat")
    sign = marker("k1")
    (copy,) = await matrix.posts("u02-wechat")
    assert copy["source_url"] == release["url"]
    assert "转载" in copy["text"]
    assert "健康u01" in copy["text"]
    assert sign in copy["text"]
    assert copy["title"] == release["title"]
    assert sign in release["text"]
    (short,) = await matrix.posts("u03-weibo")
    assert sign in short["text"]
    assert "转" in short["text"]


@pytest.mark.both_ways
async def test_an_exempt_unit_is_left_out(matrix: World) -> None:
    """免转 with its reason; the others reprint."""
    item = key_item()
    item["key"]["exempt"] = {"u03": "与本单位无关"}
    await matrix.plan(item)
    await matrix.run()
    assert await matrix.posts("u03-wechat") == []
    assert await matrix.state("k1@u02-wechat") is State.PUBLISHED


async def test_a_lost_first_answer_still_releases_the_reprints(matrix: World) -> None:
    """Found by looking, it counts as released like any other."""
    await matrix.plan(key_item(accounts=["u01-wechat"]))
    await matrix.fault("u01-wechat", "lost_answer", path="freepublish/submit")
    await matrix.run()
    for name in REPRINTS:
        assert await matrix.state(name) is State.PUBLISHED


async def test_a_corrected_item_reaches_those_who_have_not_reprinted_yet(matrix: World) -> None:
    """Whoever has is told; nobody reprints twice."""
    await matrix.plan(key_item())
    await matrix.run(until=TEN + timedelta(hours=1))
    states = {name: await matrix.state(name) for name in REPRINTS}
    early = {name for name, state in states.items() if state is State.PUBLISHED}
    assert early
    assert early != set(REPRINTS)
    matrix.write_body("k1", "改正后的正文，以此为准。\n")
    await matrix.plan()
    await matrix.run()
    for name in REPRINTS:
        pub = await matrix.pub(name)
        assert pub.state is State.PUBLISHED
        assert (pub.changed_hash != "") == (name in early)
    assert len(await matrix.posts()) == 2 + len(REPRINTS)


async def test_taking_the_key_off_calls_the_reprints_off(matrix: World) -> None:
    """It goes out as an ordinary post."""
    await matrix.plan(key_item())
    item = key_item()
    del item["key"]
    await matrix.plan(item)
    await matrix.run()
    assert {post["account"] for post in await matrix.posts()} == {"u01-wechat", "u01-weibo"}


async def test_an_account_that_opts_in_after_the_release_still_reprints(
    tmp_path: Path, pair: Pair
) -> None:
    """In its turn after the release, not before, and once."""
    async with open_world(tmp_path, roster(u02_wechat=AUTO), pair) as world:
        await world.plan(key_item())
        await world.run(until=TEN + timedelta(hours=3))
        world.write_roster(roster(u02_wechat=AUTO, u03_wechat=AUTO))
        await world.plan()
        assert (await world.plan()).changes == ()
        await world.run()
        assert await world.state("k1@u03-wechat") is State.PUBLISHED
        assert len(await world.posts("u03-wechat")) == 1
        assert len(await world.posts("u02-wechat")) == 1


@pytest.mark.both_ways
async def test_a_unit_that_wants_to_be_asked_after_all_is_asked(matrix: World) -> None:
    """The policy changed from auto to confirm before the release."""
    await matrix.plan(key_item())
    confirm: Data = {"reprint": "confirm"}
    members = roster(u02_wechat=confirm, u02_weibo=AUTO, u03_wechat=AUTO, u03_weibo=AUTO)
    matrix.write_roster(members)
    await matrix.plan()
    await matrix.run(until=TEN + timedelta(hours=4))
    pub = await matrix.pub("k1@u02-wechat")
    assert (pub.state, pub.reason) == (State.HELD, "unit_must_accept")


@pytest.mark.both_ways
async def test_coverage_shows_all_that_was_carried(matrix: World) -> None:
    """After reading back, every unit with an account is on time."""
    await matrix.plan(key_item())
    await matrix.run(until=TEN + timedelta(days=1, hours=1))
    await collect(matrix.app.core)
    (item,), _members = await coverage(matrix.app.core)
    assert {unit.unit: unit.state for unit in item.units}["u02"] is CellState.ON_TIME
