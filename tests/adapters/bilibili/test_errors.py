"""bilibili's error table, row by row, over HTTP from the simulator."""

from __future__ import annotations

from datetime import timedelta

import pytest

from adapters.bilibili.api import ERRORS, TOKEN_CODES, UPLOAD_LOST
from adapters.errortable import Row
from bot.domain.quota import Period, period_end
from bot.errors import (
    AlreadyThere,
    AuthFailed,
    ContractBroken,
    OutcomeUnknown,
    PlatformError,
    RateLimited,
    Rejected,
    Unavailable,
)
from tests.adapters.bilibili.stage import ACCESS, APP, BilibiliStage

KINDS: dict[str, type[PlatformError]] = {
    kind.__name__: kind
    for kind in (
        *(Rejected, AuthFailed, RateLimited, Unavailable),
        *(OutcomeUnknown, AlreadyThere, ContractBroken),
    )
}


@pytest.mark.parametrize("row", ERRORS.rows, ids=lambda row: row.code)
async def test_each_code_becomes_its_error(stage: BilibiliStage, row: Row) -> None:
    done = stage.granted(await stage.prepared())
    await stage.fault("code", code=int(row.code), path=stage.commit_path)
    with pytest.raises(PlatformError) as raised:
        await stage.commit(done)
    error = raised.value
    assert type(error) is KINDS[row.raises]
    assert (error.code, error.platform) == (row.code, "bilibili")
    assert error.action == "archive/add-by-utoken"
    assert error.advice == row.advice
    assert error.raw
    told = str(error.facts())
    assert ACCESS not in told
    assert APP["client_secret"] not in told
    assert await stage.public_posts() == 0


@pytest.mark.parametrize("row", ERRORS.rows, ids=lambda row: row.code)
async def test_an_upload_is_never_an_unknown_outcome(stage: BilibiliStage, row: Row) -> None:
    """Nothing is public yet, so an upload with an open end is simply made again."""
    await stage.fault("code", code=int(row.code), path="cover/upload")
    if row.code in TOKEN_CODES:
        assert (await stage.prepared()).ready
        return
    with pytest.raises(PlatformError) as raised:
        await stage.prepared()
    open_end = row.raises in ("OutcomeUnknown", "AlreadyThere")
    assert type(raised.value) is (Unavailable if open_end else KINDS[row.raises])


@pytest.mark.parametrize("code", sorted(UPLOAD_LOST))
async def test_an_upload_the_platform_has_lost_is_begun_again_once(
    stage: BilibiliStage, code: str
) -> None:
    await stage.fault("code", code=int(code), path="/video/v2/upload")
    assert (await stage.prepared()).ready
    assert await stage.requests("video/init") == 2
    stage.variant = stage.other_video()
    await stage.fault("code", code=int(code), path="/video/v2/upload", times=-1)
    with pytest.raises(Rejected) as raised:
        await stage.prepared()
    assert raised.value.advice


async def test_an_unknown_code_is_said_as_it_is(stage: BilibiliStage) -> None:
    """After a submission nobody knows what it means, so the post is looked for."""
    done = stage.granted(await stage.prepared())
    await stage.fault("code", code=987654, path=stage.commit_path)
    with pytest.raises(OutcomeUnknown, match="987654") as raised:
        await stage.commit(done)
    assert raised.value.code == "987654"
    await stage.fault("code", code=-352, path="viewlist")
    with pytest.raises(ContractBroken, match="-352"):
        await stage.look(done)


async def test_a_permission_the_owner_left_out_is_named(stage: BilibiliStage) -> None:
    await stage.account_is(scopes="USER_INFO")
    with pytest.raises(AuthFailed) as raised:
        await stage.prepared()
    assert raised.value.code == "127011"
    assert "勾选" in raised.value.advice


async def test_a_new_members_quota_is_whole_after_midnight_in_beijing(
    stage: BilibiliStage,
) -> None:
    await stage.account_is(verified=False)
    known = {"platform": "bilibili", "account": stage.account.id, "budget": "push"}
    await stage.control("POST", "quota", {**known, "used": 5})
    done = stage.granted(await stage.prepared())
    with pytest.raises(RateLimited) as raised:
        await stage.commit(done)
    assert raised.value.retry_at == period_end(stage.clock.now(), Period.DAY)


@pytest.mark.parametrize(("code", "seconds"), [(123028, 10), (123026, 60), (127009, 600)])
async def test_too_many_calls_wait_a_while(stage: BilibiliStage, code: int, seconds: int) -> None:
    done = stage.granted(await stage.prepared())
    await stage.fault("code", code=code, path=stage.commit_path)
    with pytest.raises(RateLimited) as raised:
        await stage.commit(done)
    assert raised.value.retry_at == stage.clock.now() + timedelta(seconds=seconds)


async def test_no_answer_to_a_submission_is_an_unknown_outcome(stage: BilibiliStage) -> None:
    done = stage.granted(await stage.prepared())
    stage.adapter = stage.another_adapter(timeout_s=0.3)
    await stage.fault("hang", path=stage.commit_path)
    with pytest.raises(OutcomeUnknown):
        await stage.commit(done)


def test_every_row_has_advice() -> None:
    assert all(row.advice and row.meaning for row in ERRORS.rows)
    assert {row.code for row in ERRORS.rows} >= TOKEN_CODES
