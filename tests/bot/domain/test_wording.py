"""Lengths of time as people say them."""

from __future__ import annotations

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.domain import wording
from tests.bot.engine.world import START


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (timedelta(hours=454), ["18", "22"]),
        (timedelta(days=2), ["2"]),
        (timedelta(hours=26), ["26"]),
        (timedelta(hours=3, minutes=20), ["3", "20"]),
        (timedelta(minutes=40), ["40"]),
    ],
)
def test_what_is_long_is_told_in_days(left: timedelta, said: list[str]) -> None:
    text = wording.due(START + left, left, ZoneInfo("Asia/Shanghai"))
    moment = wording.moment(START + left, ZoneInfo("Asia/Shanghai"))
    assert re.findall(r"\d+", text.replace(moment, "")) == said
