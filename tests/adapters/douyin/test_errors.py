"""Douyin's error table, row by row, over HTTP from the simulator."""

from __future__ import annotations

from datetime import timedelta

import pytest

from adapters.douyin.api import ERRORS, TOKEN_CODES
from adapters.errortable import Row
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
from tests.adapters.douyin.stage import ACCESS, DouyinStage

KINDS: dict[str, type[PlatformError]] = {
    kind.__name__: kind
    for kind in (Rejected, AuthFailed, RateLimited, Unavailable, OutcomeUnknown, ContractBroken)
}


@pytest.mark.parametrize("row", ERRORS.rows, ids=lambda row: row.code)
async def test_each_code_becomes_its_error(stage: DouyinStage, row: Row) -> None:
    done = stage.granted(await stage.prepared())
    await stage.fault("code", code=int(row.code), path=stage.commit_path)
    with pytest.raises(PlatformError) as raised:
        await stage.commit(done)
    error = raised.value
    assert type(error) is KINDS[row.raises]
    assert (error.code, error.platform, error.action) == (row.code, "douyin", "create_video")
    assert error.advice == row.advice
    assert error.raw
    assert ACCESS not in str(error.facts())
    assert await stage.public_posts() == 0


@pytest.mark.parametrize("row", ERRORS.rows, ids=lambda row: row.code)
async def test_an_upload_is_never_an_unknown_outcome(stage: DouyinStage, row: Row) -> None:
    """Nothing is public yet, so an upload with an open end is simply made again."""
    await stage.fault("code", code=int(row.code), path="upload_video")
    if row.code in TOKEN_CODES:
        assert (await stage.prepared()).ready
        return
    with pytest.raises(PlatformError) as raised:
        await stage.prepared()
    expected = Unavailable if row.raises == "OutcomeUnknown" else KINDS[row.raises]
    assert type(raised.value) is expected


@pytest.mark.parametrize("code", [2114007, 2190001, 28003017])
async def test_a_spent_quota_is_whole_after_midnight_in_beijing(
    stage: DouyinStage, code: int
) -> None:
    done = stage.granted(await stage.prepared())
    await stage.fault("code", code=code, path=stage.commit_path)
    with pytest.raises(RateLimited) as raised:
        await stage.commit(done)
    assert raised.value.retry_at == period_end(stage.clock.now(), Period.DAY)


@pytest.mark.parametrize(("code", "seconds"), [(28003018, 60), (28001052, 600)])
async def test_too_many_calls_wait_a_while(stage: DouyinStage, code: int, seconds: int) -> None:
    done = stage.granted(await stage.prepared())
    await stage.fault("code", code=code, path=stage.commit_path)
    with pytest.raises(RateLimited) as raised:
        await stage.commit(done)
    assert raised.value.retry_at == stage.clock.now() + timedelta(seconds=seconds)


def test_every_row_has_advice() -> None:
    assert all(row.advice and row.meaning for row in ERRORS.rows)
    assert {row.code for row in ERRORS.rows} >= TOKEN_CODES
