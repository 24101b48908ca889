"""百家号's error table, row by row, over HTTP from the simulator."""

from __future__ import annotations

import pytest

from adapters.baijiahao.api import ERRORS
from adapters.errortable import Row
from bot.errors import (
    AlreadyThere,
    AuthFailed,
    OutcomeUnknown,
    PlatformError,
    RateLimited,
    Rejected,
    Unavailable,
)
from bot.simulator.baijiahao import DUPLICATE
from tests.adapters.baijiahao.stage import TOKEN, BaijiahaoStage

KINDS: dict[str, type[PlatformError]] = {
    kind.__name__: kind for kind in (Rejected, AuthFailed, RateLimited, Unavailable, OutcomeUnknown)
}


@pytest.mark.parametrize("row", ERRORS.rows, ids=lambda row: row.code)
async def test_each_code_becomes_its_error(stage: BaijiahaoStage, row: Row) -> None:
    done = stage.granted(await stage.prepared())
    await stage.fault("code", code=int(row.code), path=stage.commit_path)
    with pytest.raises(PlatformError) as raised:
        await stage.commit(done)
    error = raised.value
    assert type(error) is KINDS[row.raises]
    assert (error.code, error.platform, error.action) == (row.code, "baijiahao", "article/publish")
    assert error.advice == row.advice
    assert TOKEN not in str(error.facts())
    assert await stage.public_posts() == 0


@pytest.mark.parametrize("row", ERRORS.rows, ids=lambda row: row.code)
async def test_a_read_is_never_an_unknown_outcome(stage: BaijiahaoStage, row: Row) -> None:
    done = stage.granted(await stage.prepared())
    await stage.fault("code", code=int(row.code), path="articleListall")
    with pytest.raises(PlatformError) as raised:
        await stage.look(done)
    kind = KINDS[row.raises]
    assert type(raised.value) is (Unavailable if kind is OutcomeUnknown else kind)


def test_every_row_has_advice_and_a_known_wait() -> None:
    for row in ERRORS.rows:
        assert row.advice
        assert row.meaning
        assert bool(row.wait) == (row.raises == "RateLimited")


async def test_an_unknown_code_on_a_write_is_looked_into(stage: BaijiahaoStage) -> None:
    done = stage.granted(await stage.prepared())
    await stage.fault("code", code=77777777, path=stage.commit_path)
    with pytest.raises(OutcomeUnknown) as raised:
        await stage.commit(done)
    assert raised.value.code == "77777777"
    assert await stage.look(done) is None


@pytest.mark.parametrize(("told", "kind"), [(0, OutcomeUnknown), (DUPLICATE, AlreadyThere)])
async def test_the_same_origin_is_never_taken_twice(
    stage: BaijiahaoStage, told: int, kind: type[PlatformError]
) -> None:
    """Whether the office knows the platform's number for it or not."""
    await stage.published()
    done = stage.granted(await stage.prepared())
    again = stage.another_adapter(duplicate_errno=told)
    with pytest.raises(kind) as raised:
        await again.commit(stage.variant, done, key=stage.key)
    assert type(raised.value) is kind
    assert await stage.public_posts() == 1
