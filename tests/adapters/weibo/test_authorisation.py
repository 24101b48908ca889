"""Weibo's authorisation cannot be refreshed: its end is known, or asked for once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.errors import AuthFailed, Unavailable
from tests.adapters.stage import START
from tests.adapters.weibo.stage import WeiboStage

DAY = timedelta(days=1)
INFO = "oauth2/get_token_info"


async def test_the_entered_end_is_told_without_a_call(stage: WeiboStage) -> None:
    assert (await stage.adapter.renew()).until == START + 30 * DAY
    assert await stage.requests(INFO) == 0
    assert stage.credentials.stores == 0


async def test_an_end_nobody_entered_is_asked_for_once(stage: WeiboStage) -> None:
    del stage.credentials.fields["expires_at"]
    for _ in range(3):
        assert (await stage.adapter.renew()).until == START + 30 * DAY
    assert await stage.requests(INFO) == 1
    assert stage.credentials.expires_at == START + 30 * DAY


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
