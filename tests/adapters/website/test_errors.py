"""WordPress's error table, row by row, over HTTP from the simulator."""

from __future__ import annotations

import pytest

from adapters.errortable import Row
from adapters.website.wp_api import ERRORS
from bot.errors import (
    AuthFailed,
    ContractBroken,
    OutcomeUnknown,
    PlatformError,
    Rejected,
    Unavailable,
)
from bot.simulator.website_state import ERRORS as SAID
from tests.adapters.website.stage import PASSWORD, WordPressStage

KINDS: dict[str, type[PlatformError]] = {
    kind.__name__: kind
    for kind in (Rejected, AuthFailed, Unavailable, OutcomeUnknown, ContractBroken)
}
NUMBERED = list(enumerate(SAID, 1))


def row_of(code: str, status: int) -> Row:
    row = ERRORS.row(code, f"{status} ")
    assert row is not None, code
    return row


@pytest.mark.parametrize(("number", "said"), NUMBERED, ids=lambda v: str(v))
async def test_each_code_becomes_its_error(
    stage: WordPressStage, number: int, said: tuple[str, int]
) -> None:
    code, status = said
    done = stage.granted(await stage.prepared())
    await stage.fault("code", code=number, path=stage.commit_path)
    with pytest.raises(PlatformError) as raised:
        await stage.commit(done)
    row, error = row_of(code, status), raised.value
    assert type(error) is KINDS[row.raises]
    assert (error.code, error.platform, error.action) == (code, "website", "posts/publish")
    assert (error.advice, error.status) == (row.advice, status)
    assert error.raw
    assert PASSWORD not in str(error.facts())
    assert await stage.public_posts() == 0


@pytest.mark.parametrize(("number", "said"), NUMBERED, ids=lambda v: str(v))
async def test_a_read_is_never_an_unknown_outcome(
    stage: WordPressStage, number: int, said: tuple[str, int]
) -> None:
    done = stage.granted(await stage.prepared())
    await stage.fault("code", code=number, times=3, path="/wp/v2/posts")
    with pytest.raises(PlatformError) as raised:
        await stage.look(done)
    kind = KINDS[row_of(*said).raises]
    assert type(raised.value) is (Unavailable if kind is OutcomeUnknown else kind)


def test_the_table_has_every_code_a_site_may_say() -> None:
    assert {code for code, _status in SAID} <= {row.code for row in ERRORS.rows}
    assert all(row.advice and row.meaning for row in ERRORS.rows)


async def test_an_unknown_code_on_the_publishing_call_is_looked_into(
    stage: WordPressStage,
) -> None:
    """A security plugin has codes of its own."""
    done = stage.granted(await stage.prepared())
    await stage.fault("status_before", status=403, path=stage.commit_path)
    with pytest.raises(OutcomeUnknown):
        await stage.commit(done)
    assert await stage.look(done) is None
