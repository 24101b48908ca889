"""What Weibo tells of an account, taking a post back, and what settings change."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from pydantic import ValidationError

from adapters.registry import capabilities
from adapters.weibo.adapter import WeiboAdapter
from adapters.weibo.config import WeiboConfig
from adapters.weibo.text import verified_name
from bot.contract import Knows, Profile, Renews, Withdraws
from bot.errors import AuthFailed, ContractBroken, PlatformError, Rejected, Unavailable
from tests.adapters.weibo.stage import WeiboStage


def test_it_says_what_it_can(stage: WeiboStage) -> None:
    assert isinstance(stage.adapter, Renews)
    assert isinstance(stage.adapter, Knows)
    assert isinstance(stage.adapter, Withdraws)


async def test_the_profile_has_both_names(stage: WeiboStage) -> None:
    known = {"platform": "weibo", "account": stage.account.id}
    reason = "澜汀区卫生健康委员会官方微博"
    await stage.control("POST", "accounts", {"accounts": [known | {"verified_reason": reason}]})
    assert await stage.adapter.profile() == Profile(
        name="健康澜汀", verified_name="澜汀区卫生健康委员会"
    )


async def test_an_office_may_pass_over_what_is_no_name(stage: WeiboStage) -> None:
    adapter = stage.another_adapter(verified_names=False)
    assert await adapter.profile() == Profile(name="健康澜汀")


async def test_an_account_nobody_verified_has_no_verified_name(stage: WeiboStage) -> None:
    known = {"platform": "weibo", "account": stage.account.id, "verified": False}
    await stage.control("POST", "accounts", {"accounts": [known]})
    assert (await stage.adapter.profile()).verified_name == ""


@pytest.mark.parametrize(
    ("reason", "name"),
    [
        ("澜汀区卫生健康委员会官方微博", "澜汀区卫生健康委员会"),
        ("望汀社区卫生服务中心官方账号", "望汀社区卫生服务中心"),
        ("澜汀区人民医院官微 ", "澜汀区人民医院"),
        ("澜汀区疾病预防控制中心", "澜汀区疾病预防控制中心"),
        ("官方微博", ""),
    ],
)
def test_the_verified_name_stands_in_the_reason(reason: str, name: str) -> None:
    assert verified_name(reason) == name


async def test_a_post_is_taken_back(stage: WeiboStage) -> None:
    _, receipt = await stage.published()
    await stage.adapter.withdraw(receipt)
    assert await stage.public_posts() == 0
    await stage.adapter.withdraw(receipt)  # gone already is well


async def test_the_link_names_it_as_well_as_the_id(stage: WeiboStage) -> None:
    _, receipt = await stage.published()
    await stage.adapter.withdraw(replace(receipt, platform_id=""))
    assert await stage.public_posts() == 0
    with pytest.raises(Rejected) as raised:
        await stage.adapter.withdraw(replace(receipt, platform_id="", url="https://a.example/"))
    assert raised.value.advice


@pytest.mark.parametrize(
    ("code", "kind"),
    [(20102, Rejected), (10014, Rejected), (21332, AuthFailed), (10001, Unavailable)],
)
async def test_what_hinders_a_withdrawal_is_told(
    stage: WeiboStage, code: int, kind: type[PlatformError]
) -> None:
    _, receipt = await stage.published()
    await stage.fault("code", code=code, path="statuses/destroy")
    with pytest.raises(kind) as raised:
        await stage.adapter.withdraw(receipt)
    assert raised.value.advice
    assert await stage.public_posts() == 1


async def test_a_withdrawal_without_an_answer_may_be_repeated(stage: WeiboStage) -> None:
    _, receipt = await stage.published()
    await stage.fault("lost_answer", path="statuses/destroy")
    with pytest.raises(Unavailable):
        await stage.adapter.withdraw(receipt)
    await stage.adapter.withdraw(receipt)
    assert await stage.public_posts() == 0


@pytest.mark.parametrize("kind", ["html", "empty"])
@pytest.mark.parametrize("path", ["users/show", "get_token_info", "statuses/destroy"])
async def test_a_page_instead_of_an_answer_is_a_broken_answer(
    stage: WeiboStage, path: str, kind: str
) -> None:
    _, receipt = await stage.published()
    await stage.fault(kind, path=path)
    calls: dict[str, Callable[[], Awaitable[object]]] = {
        "users/show": stage.adapter.profile,
        "get_token_info": stage.adapter.renew,
        "statuses/destroy": lambda: stage.adapter.withdraw(receipt),
    }
    with pytest.raises(ContractBroken):
        await calls[path]()


@pytest.mark.parametrize("path", ["users/show", "get_token_info"])
async def test_a_login_page_of_the_network_is_a_broken_answer(stage: WeiboStage, path: str) -> None:
    await stage.fault("status_before", status=302, path=path)
    with pytest.raises(ContractBroken):
        await (stage.adapter.profile() if path == "users/show" else stage.adapter.renew())


@pytest.mark.parametrize("path", ["users/show", "get_token_info"])
async def test_numbers_as_text_are_taken(stage: WeiboStage, path: str) -> None:
    await stage.fault("string_numbers", path=path)
    await (stage.adapter.profile() if path == "users/show" else stage.adapter.renew())


def test_a_contract_lengthens_the_list_everywhere() -> None:
    assert capabilities(WeiboAdapter, {}).recent_limit == 5
    assert capabilities(WeiboAdapter, {"timeline_size": 100}).recent_limit == 100


@pytest.mark.parametrize("size", [0, 101])
def test_no_list_is_longer_than_a_page(size: int) -> None:
    with pytest.raises(ValidationError):
        WeiboConfig(timeline_size=size)
