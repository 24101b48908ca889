"""Tokens: refreshed before they end, stored before they are used, dropped when refused."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from adapters.douyin.config import DouyinConfig
from bot.contract import Checkpoint
from bot.errors import AuthFailed, PlatformError, Unavailable
from tests.adapters.douyin.stage import ACCESS, REFRESH, DouyinStage, LaggingCredentials
from tests.adapters.stage import START

DAY = timedelta(days=1)


async def lives(stage: DouyinStage) -> bool:
    """True while the account can prepare without a person."""
    try:
        await stage.prepared()
    except AuthFailed:
        return False
    return True


async def test_a_young_token_costs_no_call(stage: DouyinStage) -> None:
    await stage.prepared()
    assert await stage.requests("refresh_token/") == 0
    assert stage.credentials.stores == 0


async def test_a_token_that_ends_soon_is_refreshed_and_stored(stage: DouyinStage) -> None:
    """The same string comes back with a later end while the old one still lives."""
    await stage.forward(15 * DAY - timedelta(minutes=9))
    await stage.prepared()
    assert await stage.requests("oauth/refresh_token/") == 1
    assert stage.credentials.fields["access_token"] == ACCESS
    ends_at = datetime.fromisoformat(stage.credentials.fields["expires_at"])
    assert ends_at == stage.clock.now() + 15 * DAY
    assert stage.credentials.fields["client_secret"] == "cs01-secret"


async def test_the_hourly_care_refreshes_a_day_before_the_end(stage: DouyinStage) -> None:
    await stage.forward(14 * DAY - timedelta(minutes=1))
    await stage.adapter.renew()
    assert await stage.requests("oauth/refresh_token/") == 0
    await stage.forward(timedelta(minutes=2))
    await stage.adapter.renew()
    await stage.adapter.renew()
    assert await stage.requests("oauth/refresh_token/") == 1


def test_the_margin_is_ten_times_what_a_refresh_may_take() -> None:
    """A renewal and a refresh, each with its longest wait."""
    config = DouyinConfig()
    assert config.token_left_s >= 10 * 2 * config.timeout_s
    assert config.refresh_before_s >= 10 * 3600  # many hourly tries


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("status_before", {"status": 503}),
        ("drop_before", {}),
        ("lost_answer", {}),
        ("code", {"code": 28001003}),
        ("code", {"code": 2190001}),  # a quota
    ],
)
async def test_a_failed_early_refresh_stops_nobody(
    stage: DouyinStage, kind: str, more: dict[str, object]
) -> None:
    """The old token lives on; the next try succeeds."""
    await stage.forward(15 * DAY - timedelta(minutes=9))
    await stage.fault(kind, path="oauth/refresh_token", **more)
    assert (await stage.prepared()).ready
    await stage.adapter.renew()
    assert datetime.fromisoformat(stage.credentials.fields["expires_at"]) > (
        stage.clock.now() + 14 * DAY
    )


async def test_ends_nobody_entered_are_learnt_once(stage: DouyinStage) -> None:
    for name in ("expires_at", "refresh_expires_at"):
        del stage.credentials.fields[name]
    for _ in range(3):
        known = await stage.adapter.renew()
        assert known.until is not None
    assert await stage.requests("oauth/refresh_token/") == 1
    assert "refresh_expires_at" in stage.credentials.fields


async def test_the_end_counts_the_renewals_still_to_come(stage: DouyinStage) -> None:
    """30 days, and 25 more with each of five renewals; never later than it really ends."""
    promised = (await stage.adapter.renew()).until
    assert promised == START + (30 + 5 * 25) * DAY
    while stage.clock.now() < promised - DAY:
        await stage.forward(DAY)
        until = (await stage.adapter.renew()).until
        assert until is not None
        assert until >= promised
    assert (await stage.prepared()).ready
    assert stage.credentials.fields["renewals"] == "5"
    assert await stage.requests("renew_refresh_token/") == 5


async def test_an_app_without_the_scope_is_told_weeks_before(stage: DouyinStage) -> None:
    """The first refresh names the scopes; from then on the refresh token's own end counts."""
    await stage.account_is(scopes="user_info,video.create.bind")
    await stage.forward(14 * DAY + timedelta(minutes=1))
    assert (await stage.adapter.renew()).until == START + 30 * DAY
    await stage.forward(12 * DAY)
    await stage.adapter.renew()
    assert await stage.requests("renew_refresh_token/") == 0


async def test_a_refused_renewal_is_not_asked_for_again(stage: DouyinStage) -> None:
    await stage.forward(26 * DAY)
    await stage.fault("code", path="renew_refresh_token", code=10020, times=-1)
    for _ in range(3):
        assert (await stage.adapter.renew()).until == START + 30 * DAY
        await stage.prepared()
    assert await stage.requests("renew_refresh_token/") == 1


async def test_a_crash_after_the_platforms_answer_is_clear_and_no_loop(
    stage: DouyinStage,
) -> None:
    """The new refresh token was never stored, the old one is dead: the account works until the
    access token ends, says so, and asks the platform no more."""
    await stage.forward(14 * DAY + timedelta(minutes=1))
    await stage.adapter.renew()
    before = dict(stage.credentials.fields)
    await stage.forward(12 * DAY)
    await stage.adapter.renew()
    assert stage.credentials.fields["refresh_token"] != before["refresh_token"]
    stage.credentials.fields = before  # what a crash before the store leaves behind
    ends_at = datetime.fromisoformat(before["expires_at"])
    asked = await stage.requests("renew_refresh_token/")
    for _ in range(3):
        known = await stage.adapter.renew()
        assert known.until == ends_at
        assert "10010" in known.trouble
        assert (await stage.prepared()).ready
    assert await stage.requests("renew_refresh_token/") == asked + 1
    await stage.forward(ends_at - stage.clock.now() + timedelta(seconds=1))
    with pytest.raises(AuthFailed):
        await stage.adapter.renew()


async def test_a_dead_token_is_replaced(stage: DouyinStage) -> None:
    await stage.forward(16 * DAY)
    await stage.published()
    assert stage.credentials.fields["access_token"] != ACCESS
    assert stage.credentials.fields["refresh_token"] == REFRESH
    assert await stage.public_posts() == 1


async def test_the_refresh_token_is_renewed_in_its_last_days(stage: DouyinStage) -> None:
    await stage.forward(26 * DAY)
    await stage.prepared()
    assert stage.credentials.fields["refresh_token"] != REFRESH
    refresh_ends_at = datetime.fromisoformat(stage.credentials.fields["refresh_expires_at"])
    assert refresh_ends_at == stage.clock.now() + 30 * DAY
    # What a person must act before: with the four renewals that are left.
    assert stage.credentials.expires_at == refresh_ends_at + 4 * 25 * DAY


async def test_an_account_lives_through_all_renewals(stage: DouyinStage) -> None:
    """30 days and five renewals; after that a person must authorise again."""
    spans = 0
    while await lives(stage):
        await stage.forward(4 * DAY)
        spans += 1
        assert spans < 60
    assert await stage.requests("renew_refresh_token/") >= 5
    assert spans * 4 > 150


async def test_a_renewal_that_may_not_be_made_changes_nothing(stage: DouyinStage) -> None:
    await stage.account_is(scopes="user_info,video.create.bind")
    await stage.forward(26 * DAY)
    assert (await stage.prepared()).ready
    assert stage.credentials.fields["refresh_token"] == REFRESH


@pytest.mark.parametrize("kind", ["lost_answer", "html", "drop_before"])
async def test_a_blip_while_refreshing_never_disables_the_account(
    stage: DouyinStage, kind: str
) -> None:
    await stage.forward(16 * DAY)
    await stage.fault(kind, path="oauth/refresh_token")
    with pytest.raises(PlatformError) as raised:
        await stage.prepared()
    assert not isinstance(raised.value, AuthFailed)
    assert (await stage.prepared()).ready


async def test_an_ended_authorisation_needs_a_person(stage: DouyinStage) -> None:
    await stage.forward(31 * DAY)
    with pytest.raises(AuthFailed) as raised:
        await stage.prepared()
    assert raised.value.code == "10010"
    assert raised.value.advice


async def test_many_at_once_renew_once(stage: DouyinStage) -> None:
    """A renewal kills the old refresh token at once, so two of them would lose the account."""
    await stage.forward(26 * DAY)
    empty = Checkpoint()
    await asyncio.gather(*(stage.adapter.prepare(stage.variant, empty) for _ in range(8)))
    assert await stage.requests("renew_refresh_token/") == 1
    assert await stage.requests("oauth/refresh_token/") == 1


@pytest.mark.parametrize("known_end", [True, False])
async def test_a_token_another_worker_renewed_is_taken_over(
    stage: DouyinStage, known_end: bool
) -> None:
    """Our old refresh token is refused; the stored one is newer, so nobody is disturbed."""
    old = dict(stage.credentials.fields)
    await stage.forward(26 * DAY)
    await stage.prepared()
    if not known_end:
        del old["refresh_expires_at"]  # then the refusal comes from the refresh itself
    stage.credentials = LaggingCredentials(stage.credentials.fields, old)
    stage.adapter = stage.another_adapter()  # type: ignore[assignment]
    assert (await stage.prepared()).ready


async def test_a_token_being_replaced_is_no_reason_to_pause(stage: DouyinStage) -> None:
    done = stage.granted(await stage.prepared())
    stage.credentials.fields["access_token"] = ""
    with pytest.raises(Unavailable):
        await stage.commit(done)
    assert await stage.requests("create_video/") == 0


async def test_a_token_refused_at_commit_is_dropped_and_nothing_sent_again(
    stage: DouyinStage,
) -> None:
    done = stage.granted(await stage.prepared())
    await stage.expire_token()
    with pytest.raises(Unavailable):
        await stage.commit(done)
    assert await stage.requests("create_video/") == 1
    assert stage.credentials.fields["access_token"] == ""
    await stage.published()
    assert await stage.public_posts() == 1


async def test_a_token_refused_while_asking_is_refreshed_and_asked_again(
    stage: DouyinStage,
) -> None:
    """It leads back to the question, never to a second create."""
    done = stage.granted(await stage.prepared())
    pending = await stage.commit(done)
    await stage.expire_token()
    assert await stage.settled(done, pending) is not None
    assert await stage.requests("create_video/") == 1
    assert await stage.public_posts() == 1


@pytest.mark.parametrize("field", ["open_id", "refresh_token"])
async def test_an_incomplete_credential_says_what_is_missing(
    stage: DouyinStage, field: str
) -> None:
    await stage.forward(16 * DAY)
    del stage.credentials.fields[field]
    with pytest.raises(AuthFailed, match=field):
        await stage.prepared()


async def test_an_unreadable_end_is_reported(stage: DouyinStage) -> None:
    stage.credentials.fields["expires_at"] = "bald"
    with pytest.raises(AuthFailed, match="expires_at"):
        await stage.prepared()
