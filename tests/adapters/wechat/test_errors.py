"""Every row of the error table, walked over real HTTP, and when a spent quota is whole again."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from adapters.http import Origin
from adapters.wechat.errors import Class, Context, Row, Stage, error_for, retry_at, table, verdict
from bot.contract import Checkpoint
from bot.errors import (
    AuthFailed,
    ContractBroken,
    Copied,
    Gone,
    OutcomeUnknown,
    PlatformError,
    RateLimited,
    Rejected,
    Unavailable,
)
from tests.adapters.wechat.stage import WechatStage

BEIJING = ZoneInfo("Asia/Shanghai")
NUMBERS = [row for row in table().values() if row.code.lstrip("-").isdigit()]
STATES = [row for row in table().values() if ":" in row.code]
LATE = datetime(2026, 12, 31, 23, 59, 30, tzinfo=BEIJING)

AT_COMMIT: dict[Class, type[PlatformError]] = {
    Class.OK: OutcomeUnknown,
    Class.RETRYABLE: Unavailable,
    Class.AUTH_REFRESH: Unavailable,
    Class.AUTH: AuthFailed,
    Class.QUOTA: RateLimited,
    Class.CONTENT: Rejected,
    Class.PERMANENT: Rejected,
}
AT_READ = AT_COMMIT | {
    Class.OK: ContractBroken,
    Class.AUTH_REFRESH: AuthFailed,
    Class.CONTENT: ContractBroken,
    Class.PERMANENT: ContractBroken,
}
AT_PREPARE = AT_COMMIT | {Class.OK: Rejected, Class.AUTH_REFRESH: AuthFailed}
EXCEPTIONS: dict[str, type[PlatformError]] = {"45011": RateLimited, "45066": RateLimited}
COMMIT_EXCEPTIONS = EXCEPTIONS | {"-1": OutcomeUnknown, "40007": OutcomeUnknown}


def test_the_table_is_whole() -> None:
    assert len(NUMBERS) > 180
    assert all(row.advice and row.retry for row in table().values())


async def test_every_code_is_a_typed_error_at_commit(stage: WechatStage) -> None:
    done = stage.granted(await stage.prepared())
    for row in NUMBERS:
        await stage.fault("code", path=stage.commit_path, code=int(row.code))
        with pytest.raises(PlatformError) as raised:
            await stage.commit(done)
        assert type(raised.value) is COMMIT_EXCEPTIONS.get(row.code, AT_COMMIT[row.kind]), row
        assert (raised.value.code, raised.value.advice) == (row.code, row.advice)
    assert await stage.public_posts() == 0


async def test_every_code_is_a_typed_error_when_asking(stage: WechatStage) -> None:
    """A refused question never fails the post: it may well be public."""
    done = stage.granted(await stage.prepared())
    await stage.commit(done)
    for row in NUMBERS:
        await stage.fault("code", path="freepublish/batchget", code=int(row.code), times=3)
        with pytest.raises(PlatformError) as raised:
            await stage.look(done)
        assert type(raised.value) is EXCEPTIONS.get(row.code, AT_READ[row.kind]), row
        await stage.control("DELETE", "faults")


async def test_every_code_is_a_typed_error_when_preparing(stage: WechatStage) -> None:
    before_draft = (await stage.checkpoints())[2]
    box = {"platform": "wechat", "kind": "code", "path": "draft/batchget", "code": 45009}
    await stage.control("POST", "faults", box)  # the draft made above is not looked for
    with pytest.raises(RateLimited):
        await stage.adapter.prepare(stage.variant, before_draft)
    fresh = replace(before_draft, data={**before_draft.data, "cover": "m-of-no-draft"})
    for row in NUMBERS:
        await stage.fault("code", path="draft/add", code=int(row.code), times=2)
        with pytest.raises(PlatformError) as raised:
            await stage.adapter.prepare(stage.variant, fresh)
        assert type(raised.value) is EXCEPTIONS.get(row.code, AT_PREPARE[row.kind]), row
        assert (raised.value.code, raised.value.advice) == (row.code, row.advice)
        await stage.control("DELETE", "faults")


@pytest.mark.parametrize("code", [99_999, 12_345])
async def test_an_unknown_code_is_typed_and_shown(stage: WechatStage, code: int) -> None:
    done = stage.granted(await stage.prepared())
    await stage.fault("code", path=stage.commit_path, code=code)
    with pytest.raises(Rejected) as raised:
        await stage.commit(done)
    assert raised.value.code == str(code)
    assert str(code) in raised.value.message
    assert await stage.public_posts() == 0


async def test_every_code_is_a_typed_error_from_the_token_endpoint(stage: WechatStage) -> None:
    for row in NUMBERS:
        await stage.fault("code", path="stable_token", code=int(row.code), times=3)
        with pytest.raises((AuthFailed, RateLimited, Unavailable)):
            await stage.another_adapter().prepare(stage.variant, Checkpoint())
        await stage.control("DELETE", "faults")


KINDS = {
    **dict.fromkeys(("publish_status:5", "publish_status:6", "mass:DELETE"), Gone),
    **dict.fromkeys(("publish_status:2", "mass:err(30002)"), Copied),
}


@pytest.mark.parametrize("row", STATES, ids=lambda row: row.code)
def test_every_state_has_a_verdict(row: Row) -> None:
    error = verdict(Origin(platform="wechat", action="get", effect=False), row.code)
    assert type(error) is KINDS.get(row.code, Rejected)
    assert row.advice in error.message


def test_a_state_nobody_knows_stops_the_engine() -> None:
    error = verdict(Origin(platform="wechat", action="get", effect=False), "publish_status:9")
    assert type(error) is ContractBroken


@pytest.mark.parametrize(
    ("stage_of_work", "kind"),
    [(Stage.COMMIT, Rejected), (Stage.PREPARE, Rejected), (Stage.READ, ContractBroken)],
)
def test_an_unknown_code_is_shown(stage_of_work: Stage, kind: type[PlatformError]) -> None:
    origin = Origin(platform="wechat", action="draft/add", effect=False)
    context = Context(now=LATE, account_kind="service")
    error = error_for(99_999, origin, stage_of_work, context)
    assert type(error) is kind
    assert error.code == "99999"
    assert "99999" in error.message


@pytest.mark.parametrize(
    ("code", "kind", "expected"),
    [
        (45009, "service", datetime(2027, 1, 1, tzinfo=BEIJING)),
        (45028, "subscription", datetime(2027, 1, 1, tzinfo=BEIJING)),
        (45028, "service", datetime(2027, 1, 1, tzinfo=BEIJING)),
        (45011, "subscription", datetime(2027, 1, 1, tzinfo=BEIJING)),
        (45066, "subscription", LATE + timedelta(seconds=60)),
    ],
)
def test_when_a_quota_is_whole_again(code: int, kind: str, expected: datetime) -> None:
    assert retry_at(code, Context(now=LATE, account_kind=kind)) == expected


def test_a_service_account_waits_for_the_next_month() -> None:
    middle = datetime(2026, 5, 6, 10, tzinfo=BEIJING)
    service = retry_at(45028, Context(now=middle, account_kind="service"))
    subscription = retry_at(45028, Context(now=middle, account_kind="subscription"))
    assert service == datetime(2026, 6, 1, tzinfo=BEIJING)
    assert subscription == datetime(2026, 5, 7, tzinfo=BEIJING)
