"""Tokens: refreshed before they end, stored before they are used, rotated once only."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from adapters.bilibili.config import BilibiliConfig
from bot.contract import Checkpoint
from bot.errors import AuthFailed, Unavailable
from tests.adapters.bilibili.stage import ACCESS, APP, REFRESH, BilibiliStage
from tests.adapters.stage import MemoryCredentials

DAY = timedelta(days=1)
NEARLY = 30 * DAY - timedelta(minutes=9)  # when the access token has nine minutes left
ASKED = "oauth2/v1/refresh_token"


async def test_a_young_token_costs_no_call(stage: BilibiliStage) -> None:
    await stage.prepared()
    assert await stage.requests(ASKED) == 0
    assert stage.credentials.stores == 0


@pytest.mark.parametrize("relative", [False, True])
async def test_a_refresh_rotates_both(stage: BilibiliStage, relative: bool) -> None:
    """Whether `expires_in` is a moment or a span is not certain; both are understood."""
    await stage.setting(bilibili_relative=relative)
    await stage.forward(NEARLY)
    await stage.prepared()
    fields = stage.credentials.fields
    assert fields["access_token"] != ACCESS
    assert fields["refresh_token"] != REFRESH
    assert datetime.fromisoformat(fields["expires_at"]) == stage.clock.now() + 30 * DAY
    assert stage.credentials.expires_at is None
    assert "client_secret" not in fields
    assert fields["scopes"].split(",") == ["USER_INFO", "USER_DATA", "ARC_BASE", "ARC_DATA"]


async def test_the_hourly_care_refreshes_a_day_before_the_end(stage: BilibiliStage) -> None:
    await stage.forward(29 * DAY - timedelta(minutes=1))
    await stage.adapter.renew()
    assert await stage.requests(ASKED) == 0
    await stage.forward(timedelta(minutes=2))
    known = await stage.adapter.renew()
    await stage.adapter.renew()
    assert await stage.requests(ASKED) == 1
    assert (known.until, known.trouble) == (None, "")


def test_the_margin_is_ten_times_what_a_refresh_may_take() -> None:
    config = BilibiliConfig()
    assert config.token_left_s >= 10 * config.timeout_s
    assert config.refresh_before_s >= 10 * 3600  # many hourly tries


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("status_before", {"status": 503}),
        ("drop_before", {}),
        ("code", {"code": 122009}),
        ("code", {"code": 127009}),
    ],
)
async def test_a_failed_early_refresh_stops_nobody(
    stage: BilibiliStage, kind: str, more: dict[str, object]
) -> None:
    await stage.forward(NEARLY)
    await stage.fault(kind, path=ASKED, **more)
    assert (await stage.prepared()).ready
    ends_at = datetime.fromisoformat(stage.credentials.fields["expires_at"])
    assert ends_at == stage.clock.now() + 30 * DAY  # the next try succeeded


async def test_a_lost_new_token_is_clear_and_no_loop(stage: BilibiliStage) -> None:
    """The platform rotated, its answer was lost, and the old tokens are dead with it."""
    await stage.forward(NEARLY)
    await stage.fault("lost_answer", path=ASKED)
    with pytest.raises(AuthFailed) as raised:
        await stage.prepared()
    assert raised.value.code == "122007"
    assert raised.value.advice
    # Early with the old token, before the next step, and once the old token was refused.
    assert await stage.requests(ASKED) == 3


async def test_many_at_once_refresh_once(stage: BilibiliStage) -> None:
    await stage.forward(31 * DAY)
    empty = Checkpoint()
    await asyncio.gather(*(stage.adapter.prepare(stage.variant, empty) for _ in range(8)))
    assert await stage.requests(ASKED) == 1


async def test_a_token_refused_at_commit_is_dropped_and_nothing_sent_again(
    stage: BilibiliStage,
) -> None:
    done = stage.granted(await stage.prepared())
    await stage.expire_token()
    with pytest.raises(Unavailable):
        await stage.commit(done)
    assert await stage.requests("add-by-utoken") == 1
    assert stage.credentials.fields["access_token"] == ""
    await stage.published()
    assert await stage.public_posts() == 1


async def test_a_token_refused_while_asking_is_refreshed_and_asked_again(
    stage: BilibiliStage,
) -> None:
    """It leads back to the question, never to a second submission."""
    done = stage.granted(await stage.prepared())
    pending = await stage.commit(done)
    await stage.expire_token()
    assert await stage.settled(done, pending) is not None
    assert await stage.requests("add-by-utoken") == 1


async def test_an_owner_who_took_it_back_is_asked_again(stage: BilibiliStage) -> None:
    known = {"platform": "bilibili", "account": stage.account.id, "dead": True}
    await stage.control("POST", "tokens/expire", known)
    with pytest.raises(AuthFailed) as raised:
        await stage.prepared()
    assert raised.value.code == "127011"


async def test_a_token_being_replaced_is_no_reason_to_pause(stage: BilibiliStage) -> None:
    done = stage.granted(await stage.prepared())
    stage.credentials.fields["access_token"] = ""
    with pytest.raises(Unavailable):
        await stage.commit(done)
    assert await stage.requests("add-by-utoken") == 0


@pytest.mark.parametrize(
    ("app", "told"),
    [
        ({"client_id": APP["client_id"]}, "client_secret"),
        ({**APP, "client_id": "x"}, "另一个"),
    ],
)
async def test_an_app_that_does_not_fit_is_named(
    stage: BilibiliStage, app: dict[str, str], told: str
) -> None:
    stage.app = MemoryCredentials(app)
    stage.adapter = stage.another_adapter()
    with pytest.raises(AuthFailed, match=told):
        await stage.prepared()


async def test_an_account_may_bring_an_app_of_its_own(stage: BilibiliStage) -> None:
    stage.app = MemoryCredentials({})
    stage.credentials.fields |= APP
    stage.adapter = stage.another_adapter()
    assert (await stage.prepared()).ready


async def test_a_known_lack_of_permission_is_said_before_anything_is_sent(
    stage: BilibiliStage,
) -> None:
    stage.credentials.fields["scopes"] = "USER_INFO,ARC_DATA"
    with pytest.raises(AuthFailed, match="ARC_BASE"):
        await stage.prepared()
    assert await stage.requests("cover/upload") == 0
