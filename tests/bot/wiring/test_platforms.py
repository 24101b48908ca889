"""What platforms can do, with the office's own quotas."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.roster import Account
from bot.errors import UsageError
from bot.wiring.platforms import Catalog


def account(platform: str, **more: str) -> Account:
    made = Account(id="a", unit="u", platform=platform, name="n", verified_name="n")
    return replace(made, mode=more.get("mode", ""))


def limits(catalog: Catalog, platform: str) -> dict[str, int]:
    return {one.name: one.limit for one in catalog.capabilities(account(platform)).budgets}


def test_the_documented_quotas_hold_by_default() -> None:
    catalog = Catalog({})
    assert limits(catalog, "wechat") == {
        "publish_day": 100,
        "push_day": 1,
        "push_month": 4,
        "read_day": 24,
    }
    assert limits(catalog, "weibo") == {"publish_hour": 30, "publish_day": 60, "read_day": 30}
    assert limits(catalog, "douyin") == {"publish_day": 0}
    assert limits(catalog, "website") == {}


def test_an_office_changes_one_and_keeps_the_others() -> None:
    """Numbers in variables are text."""
    catalog = Catalog({"weibo": {"quotas": {"publish_day": "80"}}})
    assert limits(catalog, "weibo") == {"publish_hour": 30, "publish_day": 80, "read_day": 30}
    by_hand = catalog.capabilities(account("weibo", mode="handoff"))
    assert by_hand.budgets == ()


def test_what_settings_change_is_known_to_planning_and_reading() -> None:
    """A paying office sees a hundred of its Weibo posts, so a list of five is not a full one."""
    catalog = Catalog({"weibo": {"timeline_size": "100", "quotas": {"publish_day": 80}}})
    can = catalog.capabilities(account("weibo"))
    assert can.recent_limit == 100
    assert limits(catalog, "weibo")["publish_day"] == 80
    assert Catalog({}).capabilities(account("weibo")).recent_limit == 5


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ({"publish_week": 3}, ["platforms.weibo.quotas.publish_week", "publish_hour"]),
        ({"push_day": 3}, ["platforms.weibo.quotas.push_day"]),
        ({"read_day": -1}, ["platforms.weibo.quotas.read_day", "0"]),
        ({"read_day": 1.5}, ["platforms.weibo.quotas.read_day"]),
        ({"read_day": "many"}, ["platforms.weibo.quotas.read_day"]),
        (7, ["platforms.weibo.quotas"]),
    ],
)
def test_a_wrong_one_is_named(chosen: object, words: list[str]) -> None:
    catalog = Catalog({"weibo": {"quotas": chosen}})
    with pytest.raises(UsageError) as raised:
        catalog.capabilities(account("weibo"))
    for word in words:
        assert word in str(raised.value)
