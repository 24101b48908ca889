"""Kuaishou's error table, row by row, over HTTP from the simulator."""

from __future__ import annotations

import pytest

from adapters.errortable import Row
from adapters.kuaishou.api import ERRORS, TOKEN_CODES, UPLOAD_LOST
from bot.domain.quota import Period, period_end
from bot.errors import (
    AuthFailed,
    ContractBroken,
    OutcomeUnknown,
    PlatformError,
    RateLimited,
    Rejected,
    Unavailable,
)
from tests.adapters.kuaishou.stage import ACCESS, KuaishouStage

KINDS: dict[str, type[PlatformError]] = {
    kind.__name__: kind
    for kind in (Rejected, AuthFailed, RateLimited, Unavailable, OutcomeUnknown, ContractBroken)
}
NUMBERED = [row for row in ERRORS.rows if row.code.isdecimal()]


@pytest.mark.parametrize("row", NUMBERED, ids=lambda row: row.code)
async def test_each_code_becomes_its_error(stage: KuaishouStage, row: Row) -> None:
    done = stage.granted(await stage.prepared())
    await stage.fault("code", code=int(row.code), path=stage.commit_path)
    with pytest.raises(PlatformError) as raised:
        await stage.commit(done)
    error = raised.value
    assert type(error) is KINDS[row.raises]
    assert (error.code, error.platform, error.action) == (row.code, "kuaishou", "photo/publish")
    assert error.advice == row.advice
    assert error.raw
    assert ACCESS not in str(error.facts())
    assert await stage.public_posts() == 0


@pytest.mark.parametrize("row", NUMBERED, ids=lambda row: row.code)
async def test_an_upload_is_never_an_unknown_outcome(stage: KuaishouStage, row: Row) -> None:
    """Nothing is public yet, so an upload with an open end is simply made again."""
    await stage.fault("code", code=int(row.code), path="start_upload")
    if row.code in TOKEN_CODES:
        assert (await stage.prepared()).ready
        return
    with pytest.raises(PlatformError) as raised:
        await stage.prepared()
    expected = Unavailable if row.raises == "OutcomeUnknown" else KINDS[row.raises]
    assert type(raised.value) is expected


@pytest.mark.parametrize("code", sorted(UPLOAD_LOST))
async def test_an_upload_the_platform_has_lost_is_begun_again_once(
    stage: KuaishouStage, code: str
) -> None:
    await stage.fault("code", code=int(code), path="/api/upload")
    assert (await stage.prepared()).ready
    assert await stage.requests("start_upload") == 2
    stage.variant = stage.other_video()
    await stage.fault("code", code=int(code), path="/api/upload", times=-1)
    with pytest.raises(Rejected) as raised:
        await stage.prepared()
    assert raised.value.advice


async def test_an_unknown_code_is_said_as_it_is(stage: KuaishouStage) -> None:
    """After a publishing call nobody knows what it means, so the post is looked for."""
    done = stage.granted(await stage.prepared())
    await stage.fault("code", code=987654, path=stage.commit_path)
    with pytest.raises(OutcomeUnknown, match="987654") as raised:
        await stage.commit(done)
    assert raised.value.code == "987654"
    await stage.fault("code", code=987654, path="photo/list")
    with pytest.raises(ContractBroken, match="987654"):
        await stage.look(done)


async def test_older_and_newer_forms_of_a_code_are_one(stage: KuaishouStage) -> None:
    """Newer answers have 100 before the older number."""
    done = stage.granted(await stage.prepared())
    await stage.fault("code", code=100120003, path=stage.commit_path)
    with pytest.raises(Rejected) as raised:
        await stage.commit(done)
    assert raised.value.code == "120003"


async def test_a_permission_the_owner_left_out_is_named(stage: KuaishouStage) -> None:
    await stage.account_is(scopes="user_info,user_video_info")
    with pytest.raises(AuthFailed) as raised:
        await stage.prepared()
    assert raised.value.code == "ACCESS_DENIED"
    assert "勾选" in raised.value.advice


async def test_a_spent_quota_is_whole_after_midnight_in_beijing(stage: KuaishouStage) -> None:
    known = {"platform": "kuaishou", "account": stage.account.id, "budget": "calls"}
    await stage.control("POST", "quota", {**known, "used": 1000})
    with pytest.raises(RateLimited) as raised:
        await stage.prepared()
    assert raised.value.retry_at == period_end(stage.clock.now(), Period.DAY)


async def test_no_answer_to_publishing_is_an_unknown_outcome(stage: KuaishouStage) -> None:
    done = stage.granted(await stage.prepared())
    stage.adapter = stage.another_adapter(timeout_s=0.3)
    await stage.fault("hang", path=stage.commit_path)
    with pytest.raises(OutcomeUnknown):
        await stage.commit(done)


def test_every_row_has_advice() -> None:
    assert all(row.advice and row.meaning for row in ERRORS.rows)
    assert {row.code for row in ERRORS.rows} >= TOKEN_CODES | {
        "ACCESS_DENIED",
        "refreshToken.discarded",
    }
