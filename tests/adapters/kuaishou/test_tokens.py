"""Tokens: refreshed before they end, stored before they are used, rotated once only."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from adapters.kuaishou.config import KuaishouConfig
from bot.contract import Checkpoint
from bot.errors import AuthFailed, PlatformError, Unavailable
from tests.adapters.kuaishou.stage import ACCESS, APP, REFRESH, KuaishouStage, LaggingCredentials
from tests.adapters.stage import START, MemoryCredentials

DAY = timedelta(days=1)
NEARLY = 2 * DAY - timedelta(minutes=9)  # when the access token has nine minutes left


async def test_a_young_token_costs_no_call(stage: KuaishouStage) -> None:
    await stage.prepared()
    assert await stage.requests("refresh_token") == 0
    assert stage.credentials.stores == 0


async def test_a_refresh_rotates_both_and_prolongs_nothing(stage: KuaishouStage) -> None:
    """The new refresh token ends when the old one would have: after 180 days a person acts."""
    await stage.forward(NEARLY)
    await stage.prepared()
    fields = stage.credentials.fields
    assert fields["access_token"] != ACCESS
    assert fields["refresh_token"] != REFRESH
    assert datetime.fromisoformat(fields["expires_at"]) == stage.clock.now() + 2 * DAY
    assert stage.credentials.expires_at == START + 180 * DAY
    assert "app_secret" not in fields


async def test_the_hourly_care_refreshes_a_day_before_the_end(stage: KuaishouStage) -> None:
    await stage.forward(DAY - timedelta(minutes=1))
    await stage.adapter.renew()
    assert await stage.requests("refresh_token") == 0
    await stage.forward(timedelta(minutes=2))
    known = await stage.adapter.renew()
    await stage.adapter.renew()
    assert await stage.requests("refresh_token") == 1
    assert (known.until, known.trouble) == (START + 180 * DAY, "")


def test_the_margin_is_ten_times_what_a_refresh_may_take() -> None:
    config = KuaishouConfig()
    assert config.token_left_s >= 10 * config.timeout_s
    assert config.refresh_before_s >= 10 * 3600  # many hourly tries


async def test_an_account_lives_until_its_authorisation_ends(stage: KuaishouStage) -> None:
    while stage.clock.now() < START + 178 * DAY:
        await stage.forward(30 * DAY if stage.clock.now() < START + 150 * DAY else DAY)
        assert (await stage.prepared()).ready
    await stage.forward(5 * DAY)
    with pytest.raises(AuthFailed) as raised:
        await stage.prepared()
    assert raised.value.code == "100200113"
    assert raised.value.advice


async def test_ends_nobody_entered_are_learnt(stage: KuaishouStage) -> None:
    for name in ("expires_at", "refresh_expires_at"):
        del stage.credentials.fields[name]
    assert (await stage.adapter.renew()).until == START + 180 * DAY
    await stage.adapter.renew()
    assert await stage.requests("refresh_token") == 1


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("status_before", {"status": 503}),
        ("drop_before", {}),
        ("code", {"code": 100200500}),
        ("code", {"code": 100100402}),
    ],
)
async def test_a_failed_early_refresh_stops_nobody(
    stage: KuaishouStage, kind: str, more: dict[str, object]
) -> None:
    """The old token lives on; the next try succeeds."""
    await stage.forward(NEARLY)
    await stage.fault(kind, path="oauth2/refresh_token", **more)
    assert (await stage.prepared()).ready
    await stage.adapter.renew()
    assert datetime.fromisoformat(stage.credentials.fields["expires_at"]) > stage.clock.now() + DAY


@pytest.mark.parametrize("kind", ["html", "empty", "status_before"])
async def test_a_blip_while_refreshing_never_disables_the_account(
    stage: KuaishouStage, kind: str
) -> None:
    await stage.forward(3 * DAY)
    more = {"status": 503} if kind == "status_before" else {}
    await stage.fault(kind, path="oauth2/refresh_token", **more)
    with pytest.raises(PlatformError) as raised:
        await stage.prepared()
    assert not isinstance(raised.value, AuthFailed)


async def test_a_lost_new_token_is_clear_and_no_loop(stage: KuaishouStage) -> None:
    """The platform rotated, its answer was lost: the account works until the access token ends,
    says why it will end, and asks the platform no more."""
    await stage.forward(NEARLY)
    await stage.fault("lost_answer", path="oauth2/refresh_token")
    assert (await stage.prepared()).ready
    ends_at = datetime.fromisoformat(stage.credentials.fields["expires_at"])
    for _ in range(3):
        known = await stage.adapter.renew()
        assert known.until == ends_at
        assert "refreshToken.discarded" in known.trouble
    assert await stage.requests("refresh_token") == 2
    await stage.forward(timedelta(minutes=10))
    with pytest.raises(AuthFailed) as raised:
        await stage.adapter.renew()
    assert raised.value.code == "refreshToken.discarded"


async def test_many_at_once_refresh_once(stage: KuaishouStage) -> None:
    """A refresh kills the old refresh token at once, so two of them would lose the account."""
    await stage.forward(3 * DAY)
    empty = Checkpoint()
    await asyncio.gather(*(stage.adapter.prepare(stage.variant, empty) for _ in range(8)))
    assert await stage.requests("oauth2/refresh_token") == 1


async def test_a_token_another_worker_refreshed_is_taken_over(stage: KuaishouStage) -> None:
    old = dict(stage.credentials.fields)
    await stage.forward(3 * DAY)
    await stage.prepared()
    stage.credentials = LaggingCredentials(stage.credentials.fields, old)
    stage.adapter = stage.another_adapter()
    assert (await stage.prepared()).ready
    assert await stage.requests("oauth2/refresh_token") == 1


async def test_a_token_refused_at_commit_is_dropped_and_nothing_sent_again(
    stage: KuaishouStage,
) -> None:
    done = stage.granted(await stage.prepared())
    await stage.expire_token()
    with pytest.raises(Unavailable):
        await stage.commit(done)
    assert await stage.requests("photo/publish") == 1
    assert stage.credentials.fields["access_token"] == ""
    await stage.published()
    assert await stage.public_posts() == 1


async def test_a_token_refused_while_asking_is_refreshed_and_asked_again(
    stage: KuaishouStage,
) -> None:
    """It leads back to the question, never to a second publishing call."""
    done = stage.granted(await stage.prepared())
    pending = await stage.commit(done)
    await stage.expire_token()
    assert await stage.settled(done, pending) is not None
    assert await stage.requests("photo/publish") == 1


async def test_a_new_token_that_is_refused_too_needs_a_person(stage: KuaishouStage) -> None:
    await stage.fault("code", code=100200102, path="start_upload", times=-1)
    with pytest.raises(AuthFailed) as raised:
        await stage.prepared()
    assert raised.value.code == "100200102"
    assert await stage.requests("oauth2/refresh_token") == 1


async def test_an_owner_who_took_it_back_is_asked_again(stage: KuaishouStage) -> None:
    known = {"platform": "kuaishou", "account": stage.account.id, "dead": True}
    await stage.control("POST", "tokens/expire", known)
    with pytest.raises(AuthFailed) as raised:
        await stage.prepared()
    assert raised.value.code == "100200109"


async def test_a_token_being_replaced_is_no_reason_to_pause(stage: KuaishouStage) -> None:
    done = stage.granted(await stage.prepared())
    stage.credentials.fields["access_token"] = ""
    with pytest.raises(Unavailable):
        await stage.commit(done)
    assert await stage.requests("photo/publish") == 0


@pytest.mark.parametrize("field", ["refresh_token"])
async def test_an_incomplete_credential_says_what_is_missing(
    stage: KuaishouStage, field: str
) -> None:
    await stage.forward(3 * DAY)
    del stage.credentials.fields[field]
    with pytest.raises(AuthFailed, match=field):
        await stage.prepared()


async def test_an_unreadable_end_is_reported(stage: KuaishouStage) -> None:
    stage.credentials.fields["expires_at"] = "bald"
    with pytest.raises(AuthFailed, match="expires_at"):
        await stage.prepared()


@pytest.mark.parametrize(
    ("app", "told"), [({"app_id": "ks7001"}, "app_secret"), ({**APP, "app_id": "x"}, "另一个")]
)
async def test_an_app_that_does_not_fit_is_named(
    stage: KuaishouStage, app: dict[str, str], told: str
) -> None:
    stage.app = MemoryCredentials(app)
    stage.adapter = stage.another_adapter()
    await stage.forward(3 * DAY)
    with pytest.raises(AuthFailed, match=told):
        await stage.prepared()


async def test_an_account_may_bring_an_app_of_its_own(stage: KuaishouStage) -> None:
    stage.app = MemoryCredentials({})
    stage.credentials.fields |= APP
    stage.adapter = stage.another_adapter()
    await stage.forward(3 * DAY)
    assert (await stage.prepared()).ready
