"""What `check` finds before Weibo would."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.weibo.adapter import ADAPTER
from bot.domain.post import Kind, Media, Variant
from bot.domain.problem import Severity
from bot.domain.roster import Account
from tests.adapters.weibo.test_text import ORIGINAL, REPRINT, SAFE

ACCOUNT = Account(
    id="a",
    unit="u",
    platform="weibo",
    name="n",
    verified_name="n",
    options={"safe_link": SAFE},
)


def picture(*, size: int = 1000, mime: str = "image/jpeg") -> Media:
    return Media(path="p.jpg", sha256="0", size=size, mime=mime)


def codes(variant: Variant, account: Account = ACCOUNT) -> list[str]:
    return [problem.code for problem in ADAPTER.check(variant, account)]


def test_good_variants_pass() -> None:
    assert codes(ORIGINAL) == []
    assert codes(replace(REPRINT, text="字" * 2000)) == []
    for image in (picture(), picture(mime="image/webp", size=20_000_000)):
        assert codes(replace(ORIGINAL, images=(image,))) == []


@pytest.mark.parametrize(
    ("variant", "code"),
    [
        (replace(ORIGINAL, text="", title=""), "weibo-text-missing"),
        (replace(ORIGINAL, text="字" * 118), "weibo-text-too-long"),
        (replace(ORIGINAL, text="#手卫生# 洗手"), "weibo-topic"),
        (replace(ORIGINAL, video=picture(mime="video/mp4")), "weibo-video"),
        (replace(ORIGINAL, images=(picture(), picture())), "weibo-too-many-pictures"),
        (replace(ORIGINAL, images=(picture(mime="image/heic"),)), "weibo-picture-type"),
        (replace(ORIGINAL, images=(picture(size=50_000_001),)), "weibo-picture-size"),
        (replace(ORIGINAL, ai_generated=True), "weibo-ai-label"),
        (replace(REPRINT, label="长" * 200), "weibo-text-too-long"),
        (replace(ORIGINAL, options={"visible": "1"}), "weibo-option-unknown"),
        (replace(ORIGINAL, images=(picture(size=4_000_000_000),)), "weibo-picture-size"),
    ],
)
def test_each_mistake_is_named(variant: Variant, code: str) -> None:
    assert codes(variant) == [code]


def test_the_last_character_that_fits_is_taken() -> None:
    # 130 less the safe link's 27 half-width characters and the space before it.
    assert codes(replace(ORIGINAL, text="字" * 116)) == []


def test_a_text_without_any_link_is_refused() -> None:
    without = replace(ACCOUNT, options={})
    assert codes(ORIGINAL, without) == ["weibo-link-missing"]
    assert codes(replace(ORIGINAL, link="https://a.example/"), without) == []


def test_an_ai_text_that_says_so_passes() -> None:
    assert codes(replace(ORIGINAL, ai_generated=True, text="本文由AI辅助生成")) == []
    warned = ADAPTER.check(replace(ORIGINAL, ai_generated=True), ACCOUNT)
    assert [problem.severity for problem in warned] == [Severity.WARNING]


def test_problems_say_what_to_do() -> None:
    bad = replace(ORIGINAL, kind=Kind.ORIGINAL, text="字" * 200, video=picture())
    assert all(problem.message and problem.hint for problem in ADAPTER.check(bad, ACCOUNT))


@pytest.mark.parametrize(
    ("chosen", "found"), [("copy", []), ("repost", []), ("retweet", ["weibo-reprint-unknown"])]
)
def test_the_units_choice_of_reprints_is_checked(chosen: str, found: list[str]) -> None:
    account = replace(ACCOUNT, options={"safe_link": SAFE, "reprint_as": chosen})
    assert codes(REPRINT, account) == found
