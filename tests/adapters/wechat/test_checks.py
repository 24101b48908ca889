"""What `check` finds before WeChat would refuse it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapters.wechat.adapter import Wechat
from bot.domain.post import Media
from tests.adapters.wechat.stage import WechatStage


@pytest.fixture
def written(tmp_path: Path) -> WechatStage:
    """A post that nobody sends."""
    return WechatStage(tmp_path)


def codes(stage: WechatStage, **changes: Any) -> list[str]:
    variant = replace(stage.variant, **changes)
    return [problem.code for problem in Wechat.check(variant, stage.account)]


def picture(**changes: Any) -> Media:
    media = Media(path="media/c.jpg", sha256="0" * 64, size=1000, mime="image/jpeg")
    return replace(media, **changes)


def test_a_good_post_has_no_problems(written: WechatStage) -> None:
    assert codes(written) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"title": " "}, "title-missing"),
        ({"title": "字" * 33}, "title-too-long"),
        ({"author": "字" * 17}, "author-too-long"),
        ({"digest": "字" * 121}, "digest-too-long"),
        ({"cover": None}, "cover-missing"),
        ({"cover": picture(mime="application/pdf")}, "cover-type"),
        ({"body": " \n"}, "body-missing"),
        ({"body": "![图](media/other.png)"}, "picture-unknown"),
        ({"body": "![图](https://a.example/x.png)"}, "picture-unknown"),
        ({"body": "字" * 20_000}, "body-too-long"),
        ({"link": "jk.lanting.example.gov.cn"}, "link-unusable"),
        ({"link": "https://a.example/" + "x" * 1024}, "link-unusable"),
    ],
)
def test_each_limit(written: WechatStage, changes: dict[str, Any], code: str) -> None:
    assert codes(written, **changes) == [code]


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "字" * 32},
        {"author": "字" * 16},
        {"digest": "字" * 120},
        {"cover": picture(size=20 * 1024 * 1024)},  # made smaller before it is uploaded
        {"cover": picture(mime="image/webp")},  # converted
        {"body": "字" * 19_000},
        {"link": ""},
    ],
)
def test_up_to_the_limit(written: WechatStage, changes: dict[str, Any]) -> None:
    assert codes(written, **changes) == []


def test_an_account_may_have_other_limits(written: WechatStage) -> None:
    written.account = replace(written.account, options={"title_chars": "64", "safe_link": "x"})
    assert codes(written, title="字" * 64) == []
    assert codes(written, title="字" * 65) == ["title-too-long"]


def test_an_option_that_is_no_number_is_a_problem(written: WechatStage) -> None:
    written.account = replace(written.account, options={"title_chars": "many"})
    assert codes(written) == ["account-option"]


async def test_what_passes_here_passes_there(stage: WechatStage) -> None:
    """The longest post `check` accepts is accepted by the platform."""
    stage.variant = replace(
        stage.variant,
        title="字" * 32,
        author="字" * 16,
        digest="字" * 120,
        body="字" * 19_000,
    )
    assert stage.adapter.check(stage.variant, stage.account) == []
    assert (await stage.prepared()).ready
