"""The access token: stored before use, renewed once, never forced without need."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from bot.contract import Checkpoint
from bot.errors import AuthFailed, OutcomeUnknown, RateLimited, Unavailable
from tests.adapters.wechat.stage import WechatStage

DAY = timedelta(days=1)


async def step(stage: WechatStage) -> Checkpoint:
    return await stage.adapter.prepare(stage.variant, Checkpoint())


def token_ends_at(stage: WechatStage) -> datetime:
    return datetime.fromisoformat(stage.credentials.fields["expires_at"])


async def listing(stage: WechatStage) -> None:
    async for _ in stage.adapter.recent(stage.clock.now() - DAY):
        pass


async def test_a_token_is_stored_with_its_end(stage: WechatStage) -> None:
    await step(stage)
    assert stage.credentials.fields["access_token"].startswith("70_")
    assert stage.credentials.fields["secret"] == "s3cret-of-wx01"
    assert token_ends_at(stage) == stage.clock.now() + timedelta(seconds=7200)
    assert stage.credentials.expires_at is None  # a secret has no end a person must act before


async def test_a_second_worker_uses_the_stored_token(stage: WechatStage) -> None:
    await step(stage)
    await stage.another_adapter().prepare(stage.variant, Checkpoint())
    assert await stage.requests("stable_token") == 1
    assert stage.credentials.stores == 1


async def test_prepare_wants_a_token_that_outlives_the_commit(stage: WechatStage) -> None:
    await step(stage)
    await stage.forward(timedelta(seconds=7200 - 299))
    done = stage.granted(await stage.prepared())
    assert token_ends_at(stage) > stage.clock.now() + timedelta(minutes=10)
    asked = await stage.requests("stable_token")
    await stage.commit(done)
    assert await stage.requests("stable_token") == asked


async def test_a_token_refused_when_asking_is_replaced_once(stage: WechatStage) -> None:
    await step(stage)
    await stage.expire_token()
    await listing(stage)
    assert await stage.requests("stable_token") == 2


async def test_a_token_that_wechat_gives_again_is_forced(stage: WechatStage) -> None:
    """40001 on a token the server itself still hands out: only force_refresh helps."""
    await step(stage)
    first = stage.credentials.fields["access_token"]
    await stage.fault("code", path="freepublish/batchget", code=40001)
    await listing(stage)
    assert stage.credentials.fields["access_token"] != first


@pytest.mark.parametrize("code", [40001, 40014, 42001])
async def test_a_token_refused_twice_is_reported(stage: WechatStage, code: int) -> None:
    await step(stage)
    await stage.fault("code", path="freepublish/batchget", code=code, times=-1)
    with pytest.raises(AuthFailed):
        await listing(stage)
    assert await stage.requests("freepublish/batchget") == 2


async def test_a_wrong_secret_is_not_tried_again(stage: WechatStage) -> None:
    stage.credentials.fields["secret"] = "wrong-secret"
    with pytest.raises(AuthFailed) as raised:
        await step(stage)
    assert raised.value.code == "40125"
    assert "wrong-secret" not in str(raised.value.facts())
    assert await stage.requests("stable_token") == 1


@pytest.mark.parametrize("missing", ["appid", "secret"])
async def test_an_account_without_credentials_is_told_so(stage: WechatStage, missing: str) -> None:
    del stage.credentials.fields[missing]
    with pytest.raises(AuthFailed):
        await step(stage)
    assert await stage.requests("stable_token") == 0


async def test_a_spent_token_quota_is_no_authorisation_problem(stage: WechatStage) -> None:
    await stage.fault("code", path="stable_token", code=45009)
    with pytest.raises(RateLimited):
        await step(stage)


async def test_a_short_outage_of_the_token_endpoint_is_survived(stage: WechatStage) -> None:
    await stage.fault("status_before", path="stable_token", status=502, times=2)
    await step(stage)


async def test_a_longer_outage_disconnects_nobody(stage: WechatStage) -> None:
    await stage.fault("status_before", path="stable_token", status=502, times=-1)
    with pytest.raises(Unavailable):
        await step(stage)


@pytest.mark.parametrize("kept", ["not a time", "2026-05-06T04:00:00", ""])
async def test_a_stored_end_that_makes_no_sense_is_ignored(stage: WechatStage, kept: str) -> None:
    stage.credentials.fields |= {"access_token": "70_old", "expires_at": kept}
    await step(stage)
    assert stage.credentials.fields["access_token"] != "70_old"


async def test_a_lost_commit_keeps_the_token(stage: WechatStage) -> None:
    done = stage.granted(await stage.prepared())
    await stage.fault("lost_answer", path=stage.commit_path)
    with pytest.raises(OutcomeUnknown):
        await stage.commit(done)
    assert "access_token" in stage.credentials.fields


async def test_a_living_token_outlasts_an_outage_of_the_endpoint(stage: WechatStage) -> None:
    await step(stage)
    await stage.forward(timedelta(seconds=7200 - 120))
    await stage.fault("status_before", path="stable_token", status=503, times=-1)
    await step(stage)
    await stage.forward(timedelta(seconds=61))
    with pytest.raises(Unavailable):
        await step(stage)


async def test_a_token_that_wechat_gives_again_is_not_asked_for_each_time(
    stage: WechatStage,
) -> None:
    """Between ten and five minutes before its end; the burst of a due minute asks once."""
    await step(stage)
    await stage.forward(timedelta(seconds=7200 - 400))
    for _ in range(5):
        await step(stage)
    assert await stage.requests("stable_token") == 2
    await stage.forward(timedelta(seconds=110))
    await step(stage)
    assert await stage.requests("stable_token") == 3
    assert token_ends_at(stage) == stage.clock.now() + timedelta(seconds=7200)


async def test_many_at_once_fetch_once(stage: WechatStage) -> None:
    other = stage.another_adapter()
    adapters = [stage.adapter, other] * 4
    await asyncio.gather(*(one.prepare(stage.variant, Checkpoint()) for one in adapters))
    assert await stage.requests("stable_token") == 1


async def test_another_appid_takes_effect_with_the_next_call(stage: WechatStage) -> None:
    """The credential a person stores has no token, so none of the old account is used on."""
    await step(stage)
    stage.credentials.fields = {"appid": stage.credentials.fields["appid"], "secret": "other"}
    with pytest.raises(AuthFailed):
        await step(stage)


async def test_only_a_known_refusal_stops_an_account(stage: WechatStage) -> None:
    await stage.fault("code", path="stable_token", code=98765)
    with pytest.raises(Unavailable):
        await step(stage)


async def test_the_hourly_care_shows_whether_the_secret_holds(stage: WechatStage) -> None:
    assert (await stage.adapter.renew()).until is None
    await stage.control("POST", "tokens/expire", {**who(stage), "dead": True})
    await stage.forward(timedelta(seconds=7200))
    with pytest.raises(AuthFailed) as raised:
        await stage.adapter.renew()
    assert raised.value.code == "40125"


def who(stage: WechatStage) -> dict[str, object]:
    return {"platform": "wechat", "account": stage.account.id}
