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


def test_every_documented_code_is_a_row() -> None:
    """OAuth, the old family and the new one; 0 is no error.

    https://developer.open-douyin.com/docs/resource/zh-CN/dop/develop/openapi/status-code
    """
    oauth = {f"100{n:02}" for n in (2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 17, 20)}
    old = {
        *("2100004", "2100005", "2100007", "2100009", "2111001", "2111007", "2112001", "2113001"),
        *("2113002", "2114005", "2114007"),
        *(f"21900{n:02}" for n in (1, 2, 3, 4, 5, 6, 7, 8, 15, 16)),
    }
    numbers = (3, 5, 6, 7, 8, 12, 14, 15, 16, 17, 18, 19, 20, 21, 42, 45, 46, 47, 52, 56)
    new = {f"280010{n:02}" for n in numbers} | {"28003017", "28003018", "28004020"}
    assert {row.code for row in ERRORS.rows} == oauth | old | new


@pytest.mark.parametrize("code", [12345, 28009999])
async def test_an_unknown_code_leaves_a_create_open(stage: DouyinStage, code: int) -> None:
    """Nobody knows what it means, so nobody may send again before somebody has looked."""
    done = stage.granted(await stage.prepared())
    await stage.fault("code", code=code, path=stage.commit_path)
    with pytest.raises(OutcomeUnknown, match=str(code)) as raised:
        await stage.commit(done)
    assert raised.value.code == str(code)


async def test_an_unknown_code_to_an_upload_is_a_broken_answer(stage: DouyinStage) -> None:
    await stage.fault("code", code=12345, path="upload_video")
    with pytest.raises(ContractBroken, match="12345"):
        await stage.prepared()


@pytest.mark.parametrize("row", ERRORS.rows, ids=lambda row: row.code)
async def test_each_code_of_the_application_s_calls(stage: DouyinStage, row: Row) -> None:
    """The calls that prepare a share answer in the same codes, the flat envelope too."""
    stage.with_office()
    stage.in_mode("handoff_h5", share_media_url="https://media.example.cn", share_short_link=True)
    await stage.fault("code", code=int(row.code), path="schema/get_share", times=-1)
    with pytest.raises(PlatformError) as raised:
        await stage.prepared()
    assert raised.value.advice == row.advice
    assert "cs01-secret" not in str(raised.value.facts())
