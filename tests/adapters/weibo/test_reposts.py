"""A unit that chose to repost: the flagship's status is passed on instead of copied."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.weibo.text import bid_of
from bot.contract import Pending, Receipt, TellsReposts
from bot.domain.post import Kind
from bot.errors import AlreadyThere, OutcomeUnknown, Rejected
from tests.adapters.contract import PublishingContract
from tests.adapters.stage import Stage
from tests.adapters.weibo.stage import SAFE_LINK, WeiboStage

MARKER = "HT-9F3A61C2"
LABEL = f"转载｜来源：健康澜汀｜稿号 {MARKER}"
FLAGSHIP = {
    "platform": "weibo",
    "account": "u00-weibo",
    "uid": "9876543210",
    "access_token": "2.00flagship",
    "app_key": "1000000001",
    "screen_name": "健康澜汀",
}


class RepostStage(WeiboStage):
    """The flagship has one status, which is to be passed on; the account's posts are counted."""

    commit_path = "statuses/repost"

    async def start(self) -> RepostStage:
        """The stage, running."""
        self.account = replace(
            self.account, options={**self.account.options, "reprint_as": "repost"}
        )
        await super().start()
        await self.control("POST", "accounts", {"accounts": [FLAGSHIP]})
        self.original = await self.flagship("流感季到了，请勤洗手。https://jk.lanting.example/1 ")
        self.variant = replace(
            self.variant,
            kind=Kind.REPRINT,
            label=LABEL,
            marker=MARKER,
            link="https://mp.weixin.qq.com/s/AbCdEfGh",
            release=f"https://weibo.com/9876543210/{bid_of(self.original)}",
        )
        return self

    async def flagship(self, text: str) -> str:
        """The flagship posts; the id."""
        data = {"platform": "weibo", "account": "u00-weibo", "text": text}
        return str((await self.control("POST", "console", data))["ids"][0])


class TestRepost(PublishingContract):
    @pytest.fixture
    async def stage(self, tmp_path: Path) -> AsyncIterator[Stage]:
        stage = await RepostStage(tmp_path).start()
        yield stage
        await stage.close()

    async def test_prepare_without_a_platform_is_unavailable(self, stage: Stage) -> None:
        """Nothing is prepared on the platform, so its absence shows at commit only."""
        await stage.unplug()
        assert (await stage.prepared()).ready

    async def test_refused_content_is_rejected(self, stage: Stage) -> None:
        """The original is not there any more."""
        assert isinstance(stage, RepostStage)
        await stage.control("DELETE", f"posts/{stage.original}")
        done = stage.granted(await stage.prepared())
        with pytest.raises(Rejected) as raised:
            await stage.commit(done)
        assert raised.value.code == "20101"
        assert await stage.public_posts() == 0


@pytest.fixture
async def unit(tmp_path: Path) -> AsyncIterator[RepostStage]:
    stage = await RepostStage(tmp_path).start()
    yield stage
    await stage.close()


async def test_the_repost_points_at_the_original_and_is_labelled(unit: RepostStage) -> None:
    _, receipt = await unit.published()
    (item,) = [item async for item in unit.adapter.recent(unit.clock.now() - timedelta(days=1))]
    assert (item.platform_id, item.repost_of) == (receipt.platform_id, unit.original)
    assert item.text == LABEL


async def test_a_repost_carries_a_safe_link_where_the_office_says_so(unit: RepostStage) -> None:
    unit.adapter = unit.another_adapter(repost_link=True)
    await unit.published()
    (item,) = [item async for item in unit.adapter.recent(unit.clock.now() - timedelta(days=1))]
    assert item.text == f"{LABEL} {SAFE_LINK}"


@pytest.mark.parametrize("release", ["", "https://mp.weixin.qq.com/s/AbCdEfGh"])
async def test_without_an_original_on_weibo_it_goes_out_as_a_copy(
    unit: RepostStage, release: str
) -> None:
    unit.variant = replace(unit.variant, release=release)
    await unit.published()
    (post,) = await unit.posts()
    assert post["kind"] == "share"
    assert MARKER in post["text"]


async def test_without_the_choice_it_goes_out_as_a_copy(unit: RepostStage) -> None:
    unit.account = replace(unit.account, options={"safe_link": SAFE_LINK})
    unit.adapter = unit.another_adapter()
    await unit.published()
    assert [post["kind"] for post in await unit.posts()] == ["share"]


async def test_a_lost_copy_is_found_after_the_unit_chose_to_repost(unit: RepostStage) -> None:
    """Which form went out must not matter: a look for the other one would double it."""
    chosen, unit.variant = unit.variant, replace(unit.variant, release="")
    done = unit.granted(await unit.prepared())
    await unit.fault("lost_answer", path="statuses/share")
    with pytest.raises(OutcomeUnknown):
        await unit.commit(done)
    unit.variant = chosen
    await unit.forward(timedelta(seconds=150))
    assert isinstance(await unit.look(done), Receipt)


async def test_what_others_said_before_is_not_ours(unit: RepostStage) -> None:
    """A hand-made repost of another unit's labelled repost quotes its words after //@."""
    quoting = {
        "platform": "weibo",
        "account": unit.account.id,
        "kind": "repost",
        "target": unit.original,
        "text": f"转发微博//@望汀社区卫生:{LABEL}",
    }
    done = unit.granted(await unit.prepared())
    await unit.control("POST", "console", quoting)
    assert await unit.look(done) is None


async def test_a_second_equal_repost_is_a_signal_to_look(unit: RepostStage) -> None:
    done, receipt = await unit.published()
    with pytest.raises(AlreadyThere) as raised:
        await unit.commit(done)
    assert raised.value.code == "20111"
    assert await unit.look(done) == receipt
    assert await unit.public_posts() == 1


async def test_the_own_status_cannot_be_reposted(unit: RepostStage) -> None:
    own = await unit.console("自己的")
    unit.variant = replace(unit.variant, release=f"https://weibo.com/1/{bid_of(own)}")
    with pytest.raises(Rejected) as raised:
        await unit.commit(unit.granted(await unit.prepared()))
    assert raised.value.code == "20103"


async def test_a_slow_repost_is_pending(unit: RepostStage) -> None:
    await unit.control("POST", "settings", {"weibo_slow_s": 90.0})
    done = unit.granted(await unit.prepared())
    outcome = await unit.commit(done)
    assert isinstance(outcome, Pending)
    assert isinstance(await unit.settled(done, outcome), Receipt)


async def test_a_repost_of_what_was_removed_is_still_a_repost(unit: RepostStage) -> None:
    _, receipt = await unit.published()
    await unit.control("DELETE", f"posts/{unit.original}")
    (item,) = [item async for item in unit.adapter.recent(unit.clock.now() - timedelta(days=1))]
    assert (item.platform_id, item.repost_of) == (receipt.platform_id, unit.original)


async def test_the_flagship_is_told_who_passed_its_post_on(unit: RepostStage) -> None:
    """Of the same app only; the total counts all, so a short list under it is normal."""
    _, receipt = await unit.published()
    stranger = FLAGSHIP | {
        "account": "x",
        "uid": "55",
        "access_token": "2.00x",
        "app_key": "2",
        "screen_name": "市民",
    }
    await unit.control("POST", "accounts", {"accounts": [stranger]})
    data = {"platform": "weibo", "account": "x", "kind": "repost", "target": unit.original}
    await unit.control("POST", "console", data)
    unit.credentials.fields |= {"access_token": "2.00flagship", "uid": "9876543210"}
    assert isinstance(unit.adapter, TellsReposts)
    original = replace(receipt, platform_id=unit.original)
    (told,) = await unit.adapter.reposts(original)
    assert told.author == unit.account.name
    assert (told.item.platform_id, told.item.url) == (receipt.platform_id, receipt.url)
    assert told.item.repost_of == unit.original
