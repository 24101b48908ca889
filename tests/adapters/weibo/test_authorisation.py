"""Weibo's authorisation cannot be refreshed: its end is known, or asked for once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.errors import AuthFailed, Unavailable
from tests.adapters.stage import START
from tests.adapters.weibo.stage import WeiboStage

DAY = timedelta(days=1)
INFO = "oauth2/get_token_info"


async def test_the_entered_end_is_confirmed_once_a_day(stage: WeiboStage) -> None:
    for _ in range(3):
        assert (await stage.adapter.renew()).until == START + 30 * DAY
    assert await stage.requests(INFO) == 1
    assert stage.credentials.stores == 0
    await stage.forward(DAY)
    assert (await stage.adapter.renew()).until == START + 30 * DAY
    assert await stage.requests(INFO) == 2


async def test_an_end_nobody_entered_is_asked_for_once(stage: WeiboStage) -> None:
    del stage.credentials.fields["expires_at"]
    for _ in range(3):
        assert (await stage.adapter.renew()).until == START + 30 * DAY
    assert await stage.requests(INFO) == 1
    assert stage.credentials.expires_at == START + 30 * DAY


@pytest.mark.parametrize("days", [20, 90])
async def test_the_platforms_word_on_the_end_counts(stage: WeiboStage, days: int) -> None:
    """What a person typed may be wrong; a test app's token lives one day only."""
    stage.credentials.fields["expires_at"] = (START + days * DAY).isoformat()
    assert (await stage.adapter.renew()).until == START + 30 * DAY
    assert stage.credentials.expires_at == START + 30 * DAY
    assert stage.credentials.fields["expires_at"] == (START + 30 * DAY).isoformat()


async def test_a_token_that_somebody_else_replaced_is_used_at_once(stage: WeiboStage) -> None:
    await stage.adapter.renew()
    known = {"platform": "weibo", "account": stage.account.id, "access_token": "2.00another"}
    await stage.control("POST", "accounts", {"accounts": [known]})
    await stage.expire_token()
    with pytest.raises(AuthFailed):
        await stage.commit(stage.granted(await stage.prepared()))
    await stage.control("POST", "accounts", {"accounts": [known]})
    stage.credentials.fields["access_token"] = "2.00another"
    await stage.adapter.renew()
    assert await stage.requests(INFO) == 2
    await stage.published()


async def test_a_token_of_another_app_is_told(stage: WeiboStage) -> None:
    """It works, but the office's app sees no reposts of this account."""
    stage.credentials.fields["app_key"] = "2000000002"
    told = await stage.adapter.renew()
    assert told.until == START + 30 * DAY
    assert "1000000001" in told.trouble


async def test_what_has_run_out_needs_a_person(stage: WeiboStage) -> None:
    await stage.forward(30 * DAY)
    with pytest.raises(AuthFailed):
        await stage.adapter.renew()


async def test_a_revoked_token_needs_a_person(stage: WeiboStage) -> None:
    del stage.credentials.fields["expires_at"]
    await stage.expire_token()
    with pytest.raises(AuthFailed) as raised:
        await stage.adapter.renew()
    assert raised.value.code == "21327"


async def test_a_blip_says_nothing_about_the_authorisation(stage: WeiboStage) -> None:
    del stage.credentials.fields["expires_at"]
    await stage.fault("status_before", path=INFO, status=503, times=-1)
    with pytest.raises(Unavailable):
        await stage.adapter.renew()


async def test_what_its_owner_took_back_is_seen_within_a_day(stage: WeiboStage) -> None:
    await stage.adapter.renew()
    await stage.revoke()
    await stage.forward(DAY)
    with pytest.raises(AuthFailed) as raised:
        await stage.adapter.renew()
    assert raised.value.code == "21316"
    assert raised.value.advice


async def test_the_offices_address_stands_in_for_the_accounts_own(stage: WeiboStage) -> None:
    del stage.credentials.fields["rip"]
    stage.office.fields["rip"] = "211.156.0.9"
    await stage.published()


async def test_without_any_address_it_says_where_to_enter_one(stage: WeiboStage) -> None:
    del stage.credentials.fields["rip"]
    for fields in ({}, {"app_key": "1000000001"}):
        stage.office.fields = dict(fields)
        with pytest.raises(AuthFailed, match="rip") as raised:
            await stage.prepared()
        assert "@weibo" in raised.value.advice
