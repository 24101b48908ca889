"""A robot's address is understood as its platform shows it."""

from __future__ import annotations

import pytest

from bot.errors import UsageError
from bot.notify.addresses import OFFICIAL, Kind, Robot, parse_robot

HOSTS = dict(OFFICIAL)
PROXY = "https://proxy.lanting.example/robots"


@pytest.mark.parametrize(
    ("address", "robot"),
    [
        (
            "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6-7xxx",
            Robot(kind=Kind.WECOM, token="693a91f6-7xxx"),
        ),
        (
            "https://oapi.dingtalk.com/robot/send?access_token=6d3f&secret=SEC0123",
            Robot(kind=Kind.DINGTALK, token="6d3f", secret="SEC0123"),
        ),
        (
            "https://oapi.dingtalk.com/robot/send?access_token=6d3f&keyword=宣发",
            Robot(kind=Kind.DINGTALK, token="6d3f", keyword="宣发"),
        ),
        (
            "https://open.feishu.cn/open-apis/bot/v2/hook/9f2c-aa?secret=wQ+/1",
            Robot(kind=Kind.FEISHU, token="9f2c-aa", secret="wQ+/1"),
        ),
        ("mailto:a@lanting.example", None),
        ("slack://T/B/C", None),
        ("https://example.com/cgi-bin/webhook/send?key=1", None),
        ("", None),
    ],
)
def test_addresses(address: str, robot: Robot | None) -> None:
    assert parse_robot(address, HOSTS) == robot


def test_the_office_s_own_proxy_is_understood() -> None:
    address = f"{PROXY}/cgi-bin/webhook/send?key=k1"
    found = parse_robot(address, dict.fromkeys(Kind, PROXY))
    assert found == Robot(kind=Kind.WECOM, token="k1")


@pytest.mark.parametrize(
    "address",
    [
        "https://qyapi.weixin.qq.com/cgi-bin/webhook/send",
        "https://oapi.dingtalk.com/robot/send?secret=SEC1",
        "https://open.feishu.cn/open-apis/bot/v2/hook/",
        "https://open.feishu.cn/anything/else",
    ],
)
def test_half_an_address_is_refused_without_repeating_it(address: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_robot(address, HOSTS)
    assert address not in str(refused.value)


def test_a_robot_keeps_its_secrets() -> None:
    robot = Robot(kind=Kind.DINGTALK, token="token-1", secret="SEC-2")
    assert "token-1" not in repr(robot)
    assert "SEC-2" not in repr(robot)
