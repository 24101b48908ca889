"""Weibo's error table, row by row, over HTTP from the simulator."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.errortable import ACCEPTED, Row
from adapters.http import Origin
from adapters.weibo.api import ERRORS
from bot.contract import Pending
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
from tests.adapters.stage import START
from tests.adapters.weibo.stage import TOKEN, WeiboStage

KINDS: dict[str, type[PlatformError]] = {
    kind.__name__: kind
    for kind in (
        Rejected,
        AuthFailed,
        RateLimited,
        Unavailable,
        OutcomeUnknown,
        AlreadyThere,
        ContractBroken,
    )
}
BY_CODE = [row for row in ERRORS.rows if not row.match and row.raises != ACCEPTED]
# Of interfaces this adapter does not call: 头条文章 and open-im answer in bodies of their own.
OTHERS = [row for row in BY_CODE if not row.code.isdigit()]
BY_CODE = [row for row in BY_CODE if row.code.isdigit()]


@pytest.mark.parametrize("row", BY_CODE, ids=lambda row: row.code)
async def test_each_code_becomes_its_error(stage: WeiboStage, row: Row) -> None:
    done = stage.granted(await stage.prepared())
    await stage.fault("code", code=int(row.code), path=stage.commit_path)
    with pytest.raises(PlatformError) as raised:
        await stage.commit(done)
    error = raised.value
    assert type(error) is KINDS[row.raises]
    assert (error.code, error.platform, error.action) == (row.code, "weibo", "statuses/share")
    assert error.advice == row.advice
    assert row.code in error.message
    assert error.raw
    assert TOKEN not in str(error.facts())
    assert await stage.public_posts() == 0


@pytest.mark.parametrize("row", BY_CODE, ids=lambda row: row.code)
async def test_a_read_is_never_an_unknown_outcome(stage: WeiboStage, row: Row) -> None:
    done = stage.granted(await stage.prepared())
    await stage.fault("code", code=int(row.code), path="user_timeline")
    with pytest.raises(PlatformError) as raised:
        await stage.look(done)
    kind = KINDS[row.raises]
    assert type(raised.value) is (Unavailable if issubclass(kind, OutcomeUnknown) else kind)


@pytest.mark.parametrize(("code", "whole_at"), [(10023, "day"), (10024, "hour"), (20016, "hour")])
async def test_a_spent_quota_says_when_to_try_again(
    stage: WeiboStage, code: int, whole_at: str
) -> None:
    done = stage.granted(await stage.prepared())
    await stage.fault("code", code=code, path=stage.commit_path)
    with pytest.raises(RateLimited) as raised:
        await stage.commit(done)
    now = stage.clock.now()
    midnight, later = period_end(now, Period.DAY), now + timedelta(hours=1)
    assert raised.value.retry_at == (midnight if whole_at == "day" else later)


@pytest.mark.parametrize("row", OTHERS, ids=lambda row: row.code)
def test_codes_of_the_other_interfaces_have_their_errors(row: Row) -> None:
    origin = Origin(platform="weibo", action="proxy/article/publish", effect=True)
    error = ERRORS.error(origin, row.code, "", now=START)
    assert type(error) is KINDS[row.raises]
    assert (error.code, error.advice) == (row.code, row.advice)


def test_every_documented_family_is_there() -> None:
    """The table of https://open.weibo.com/wiki/Error_code, unused families included."""
    codes = {row.code for row in ERRORS.rows}
    assert len(codes) > 150
    assert {"10001", "20032", "20615", "20905", "21338", "21703", "21901"} <= codes
    assert {"article:11003", "open-im:40100"} <= codes


@pytest.mark.parametrize("path", ["user_timeline", "users/show", "get_token_info", "destroy"])
async def test_an_unknown_code_is_a_broken_answer_with_advice(stage: WeiboStage, path: str) -> None:
    done, receipt = await stage.published()
    await stage.fault("code", code=29999, path=path)
    calls: dict[str, Callable[[], Awaitable[object]]] = {
        "user_timeline": lambda: stage.look(done),
        "users/show": stage.adapter.profile,
        "get_token_info": stage.adapter.renew,
        "destroy": lambda: stage.adapter.withdraw(receipt),
    }
    with pytest.raises(ContractBroken) as raised:
        await calls[path]()
    assert raised.value.code == "29999"
    assert raised.value.advice


async def test_an_unknown_code_on_a_write_is_looked_into(stage: WeiboStage) -> None:
    done = stage.granted(await stage.prepared())
    await stage.fault("code", code=29999, path=stage.commit_path)
    with pytest.raises(OutcomeUnknown) as raised:
        await stage.commit(done)
    assert raised.value.code == "29999"


async def test_accepted_but_slow_is_pending_and_never_sent_again(stage: WeiboStage) -> None:
    """20032 is no failure: the status shows in one or two minutes."""
    done = stage.granted(await stage.prepared())
    await stage.control("POST", "settings", {"weibo_slow_s": 90.0})
    outcome = await stage.commit(done)
    assert isinstance(outcome, Pending)
    assert await stage.look(done, outcome) == outcome
    assert await stage.settled(done, outcome) is not None
    assert await stage.public_posts() == 1


async def test_an_equal_text_is_a_signal_to_look(stage: WeiboStage) -> None:
    """20019 mostly means: it is out already."""
    await stage.published()
    done = stage.granted(await stage.prepared())
    with pytest.raises(OutcomeUnknown) as raised:
        await stage.commit(done)
    assert raised.value.code == "20019"
    assert await stage.public_posts() == 1


async def test_a_similar_text_is_a_signal_to_look(stage: WeiboStage) -> None:
    await stage.control("POST", "settings", {"weibo_similar": True})
    await stage.published()
    stage.variant = replace(stage.variant, text=stage.variant.text + "！")
    with pytest.raises(OutcomeUnknown) as raised:
        await stage.commit(stage.granted(await stage.prepared()))
    assert raised.value.code == "20017"


@pytest.mark.parametrize(
    ("account", "kind"),
    [
        ({"safe_domains": ["other.example"]}, Rejected),  # text not find domain!
        ({"safe_domains": []}, AuthFailed),  # appkey not bind domain!
        ({"domains_audited": False}, AuthFailed),
    ],
)
async def test_both_texts_of_10017_are_told_apart(
    stage: WeiboStage, account: dict[str, object], kind: type[PlatformError]
) -> None:
    known = {"platform": "weibo", "account": stage.account.id, **account}
    await stage.control("POST", "accounts", {"accounts": [known]})
    with pytest.raises(kind) as raised:
        await stage.commit(stage.granted(await stage.prepared()))
    assert raised.value.code == "10017"


def test_malformed_multipart_is_not_taken_for_a_dead_token() -> None:
    broken, dead = ERRORS.row("21301", "auth by Null spi!"), ERRORS.row("21301", "auth faild!")
    assert broken is not None
    assert broken.raises == "ContractBroken"
    assert dead is not None
    assert dead.raises == "AuthFailed"


def test_every_row_has_advice_and_a_known_wait() -> None:
    for row in ERRORS.rows:
        assert row.advice
        assert row.meaning
        assert row.wait in ("", "day") or row.wait.isdigit()
        assert bool(row.wait) == (row.raises == "RateLimited")
