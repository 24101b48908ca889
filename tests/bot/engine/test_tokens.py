"""The hourly care for tokens, and what the officer is told weeks before it is too late."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.domain.authorisation import Authorisation, Outlook
from bot.domain.publication import Hold, State
from bot.engine import people, tokens
from bot.ledger import credentials, roster
from tests.bot.engine.entering import ends, enter
from tests.bot.engine.world import START, TEN, World, account, article, open_world, status, video
from tests.bot.wiring.test_credentials import statements

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A district with a post on each platform at ten."""
    async with open_world(tmp_path) as opened:
        await opened.plan(article("p1"), status("p2"), video("p3"))
        yield opened


async def cared(world: World) -> dict[str, Authorisation]:
    """What the hourly care finds, by account."""
    return {one.account: one for one in await tokens.refresh_due(world.app.core)}


async def paused(world: World, name: str) -> str:
    """Why the account is paused."""
    async with world.app.core.ledger.read() as conn:
        return (await roster.health(conn))[name].paused


async def test_only_accounts_with_an_authorisation_are_cared_for(world: World) -> None:
    found = await cared(world)
    assert {name.partition("-")[2] for name in found} == {"wechat", "weibo", "douyin"}
    assert {one.state for one in found.values()} == {Outlook.FINE}


async def test_a_second_round_within_the_hour_asks_nobody(world: World) -> None:
    await cared(world)
    before = await world.outside.call("GET", "requests")
    with statements("UPDATE credentials") as seen:
        await cared(world)
    assert await world.outside.call("GET", "requests") == before
    assert seen == []


async def test_a_date_is_told_weeks_before_with_the_posts_after_it(world: World) -> None:
    end = START + 20 * DAY
    await ends(world, "u01-weibo", expires_at=end)
    await world.plan(
        status("p2"), status("p4", "2026-05-27 10:00"), status("p5", "2026-05-28 10:00")
    )
    found = (await cared(world))["u01-weibo"]
    assert (found.state, found.until, found.posts_after) == (Outlook.SOON, end, 2)
    # It stands in the ledger, for whoever asks without a platform at hand.
    known = {one.account: one for one in await tokens.authorisations(world.app.core)}
    assert known["u01-weibo"] == found


async def test_what_ran_out_pauses_the_account_and_names_it(world: World) -> None:
    await ends(world, "u01-weibo", expires_at=START + HOUR / 2)
    await cared(world)
    await world.at(START + HOUR / 2)
    found = (await cared(world))["u01-weibo"]
    assert found.state is Outlook.RUN_OUT
    assert await paused(world, "u01-weibo")
    await world.run(TEN + HOUR)
    assert await world.state("p1@u01-wechat") is State.PUBLISHED
    assert await world.state("p3@u01-douyin") is State.PUBLISHED
    pub = await world.pub("p2@u01-weibo")
    assert (pub.state, pub.reason) == (State.HELD, Hold.PAUSED)
    assert await world.requests("statuses/share") == 0


async def test_a_new_credential_lets_go_what_was_held(world: World) -> None:
    await ends(world, "u01-weibo", expires_at=START + HOUR / 2)
    await world.at(START + HOUR / 2)
    await cared(world)
    await world.run(TEN)
    assert await world.state("p2@u01-weibo") is State.HELD
    await ends(world, "u01-weibo", expires_at=START + 30 * DAY)
    await world.run(TEN + HOUR)
    assert await world.state("p2@u01-weibo") is State.PUBLISHED
    assert (await cared(world))["u01-weibo"].state is Outlook.FINE


async def test_an_invalid_grant_pauses_and_is_asked_for_once(world: World) -> None:
    """The secret was reset on the platform: 40125. Nobody asks again until a person acted."""
    known = {"platform": "wechat", "account": "u01-wechat", "dead": True}
    await world.outside.call("POST", "tokens/expire", known)
    found = (await cared(world))["u01-wechat"]
    assert found.state is Outlook.REFUSED
    assert "40125" in found.reason
    assert await paused(world, "u01-wechat") == found.reason
    asked = await world.requests("stable_token")
    await cared(world)
    await cared(world)
    assert await world.requests("stable_token") == asked
    await world.run(TEN + HOUR)
    assert await world.state("p2@u01-weibo") is State.PUBLISHED
    assert await world.state("p1@u01-wechat") is State.HELD
    await world.outside.call("POST", "tokens/expire", {**known, "dead": False})
    await people.resume(world.app.core, "u01-wechat")
    assert (await cared(world))["u01-wechat"].state is Outlook.FINE
    await world.run(TEN + 2 * HOUR)
    assert await world.state("p1@u01-wechat") is State.PUBLISHED


async def test_to_let_an_account_go_on_forgets_no_refusal(world: World) -> None:
    """Only a call that works, or a new credential, proves that the platform takes it again."""
    await world.fault("u01-weibo", "code", code=21332, path="statuses/share", times=2)
    await world.run(TEN + HOUR)
    assert await world.state("p2@u01-weibo") is State.HELD
    why = await paused(world, "u01-weibo")
    await people.resume(world.app.core, "u01-weibo")
    core = world.app.core

    async def now_is() -> Authorisation:
        return {one.account: one for one in await tokens.authorisations(core)}["u01-weibo"]

    assert await paused(world, "u01-weibo") == ""
    assert ((await now_is()).state, (await now_is()).reason) == (Outlook.REFUSED, why)
    await world.run(TEN + 2 * HOUR)  # tried once
    assert await paused(world, "u01-weibo") == why
    await people.resume(core, "u01-weibo")
    await world.run(TEN + 3 * HOUR)
    assert await world.state("p2@u01-weibo") is State.PUBLISHED
    assert (await now_is()).state is Outlook.FINE


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status_before", "status": 503},
        {"kind": "drop_before"},
        {"kind": "lost_answer"},
        {"kind": "html"},
        {"kind": "code", "code": 45009},
        {"kind": "code", "code": -1},
    ],
)
async def test_a_blip_pauses_nobody(world: World, fault: dict[str, object]) -> None:
    """Whatever it was, the next hour's try succeeds and the post goes out."""
    await world.fault("u01-wechat", path="stable_token", times=-1, **fault)  # type: ignore[arg-type]
    await cared(world)
    assert await paused(world, "u01-wechat") == ""
    await world.outside.call("DELETE", "faults")
    assert (await cared(world))["u01-wechat"].state is Outlook.FINE
    await world.run(TEN + HOUR)
    assert await world.state("p1@u01-wechat") is State.PUBLISHED


async def test_a_refused_renewal_warns_while_the_token_lives(world: World) -> None:
    """The account goes on publishing until its access token ends; then it is paused."""
    access = START + 2 * DAY
    await ends(world, "u01-douyin", expires_at=access, refresh_expires_at=START + 4 * DAY)
    await world.fault("u01-douyin", "code", path="renew_refresh_token", code=10010, times=-1)
    found = (await cared(world))["u01-douyin"]
    assert (found.state, found.until) == (Outlook.REFUSED, access)
    assert "10010" in found.reason
    assert await paused(world, "u01-douyin") == ""
    await world.run(TEN + HOUR)
    assert await world.state("p3@u01-douyin") is State.PUBLISHED
    await world.fault("u01-douyin", "code", path="oauth/refresh_token", code=10010, times=-1)
    await world.at(access)
    assert (await cared(world))["u01-douyin"].state is Outlook.RUN_OUT
    assert await paused(world, "u01-douyin")


async def test_no_account_is_paused_for_a_credential_just_replaced(world: World) -> None:
    """The bot still works with what it remembers; the platform refuses that, and rightly so."""
    await world.at(TEN - timedelta(seconds=10))
    await cared(world)
    new = {"access_token": "2.00new"}
    known = {"platform": "weibo", "account": "u01-weibo", **new}
    await world.outside.call("POST", "accounts", {"accounts": [known]})
    await enter(world, "u01-weibo", new)
    await world.run(TEN + HOUR)
    assert await world.requests("statuses/share") == 2
    assert await world.state("p2@u01-weibo") is State.PUBLISHED
    assert "held" not in await world.events("p2@u01-weibo")


async def test_a_refusal_of_the_old_credential_is_not_noted_on_the_new(world: World) -> None:
    async with world.app.core.ledger.read() as conn:
        before = (await credentials.known(conn))["u01-weibo"]
    await world.at(START + HOUR / 2)
    await enter(world, "u01-weibo")
    async with world.app.core.ledger.write() as conn:
        noted = await credentials.note(
            conn,
            "u01-weibo",
            entered_at=before.entered_at,
            expires_at=None,
            refused="the old one",
            now=world.clock.now(),
        )
    assert not noted
    assert (await cared(world))["u01-weibo"].state is Outlook.FINE


async def test_an_outage_while_looking_never_sends_again(world: World) -> None:
    """The authorisation fails while a lost answer is looked for: paused, looked for, not sent."""
    await world.fault("u01-weibo", "lost_answer", path="statuses/share")
    await world.run(TEN)
    await world.outside.call("POST", "tokens/expire", {**_WEIBO})
    await world.run(TEN + HOUR)
    assert await paused(world, "u01-weibo")
    assert await world.requests("statuses/share") == 1
    await world.outside.call("POST", "tokens/expire", {**_WEIBO, "dead": False})
    await enter(world, "u01-weibo")
    await world.run(TEN + 2 * HOUR)
    assert await world.state("p2@u01-weibo") is State.PUBLISHED
    assert await world.requests("statuses/share") == 1


async def test_a_burst_reads_each_credential_once(tmp_path: Path) -> None:
    """1,000 posts of 50 accounts due in one minute: 50 readings, not 2,000."""
    members = _fifty()
    names = [f"u{number:02}-weibo" for number in range(1, 51)]
    posts = [status(f"b{number:02}", accounts=names) for number in range(20)]
    async with open_world(tmp_path, members) as world:
        await world.plan(*posts)
        await world.at(TEN)
        with statements("FROM credentials") as seen:
            await world.run(TEN + HOUR)
        assert len(await world.posts()) == 1000
        assert 50 <= len(seen) <= 60


_WEIBO = {"platform": "weibo", "account": "u01-weibo"}


def _fifty() -> dict[str, Any]:
    units = []
    for number in range(1, 51):
        unit, name = f"u{number:02}", f"澜汀区第{number}社区卫生服务中心"
        weibo = account("u01", "weibo", id=f"{unit}-weibo", verified_name=name)
        units.append({"id": unit, "name": name, "short": unit, "accounts": [weibo]})
    return {"matrix": "澜汀区卫生健康新媒体矩阵", "units": units}
