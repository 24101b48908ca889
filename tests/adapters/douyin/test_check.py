"""What `check` finds before Douyin would."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.douyin.adapter import ADAPTER
from adapters.douyin.check import caption
from bot.domain.post import Kind, Media, Method, Variant
from bot.domain.problem import Severity
from bot.domain.roster import Account

ACCOUNT = Account(id="a", unit="u", platform="douyin", name="n", verified_name="n")


def medium(*, mime: str = "video/mp4", size: int = 1000, duration_s: float = 30.0) -> Media:
    return Media(path="v.mp4", sha256="0", size=size, mime=mime, duration_s=duration_s)


GOOD = Variant(
    post="p",
    kind=Kind.ORIGINAL,
    method=Method.PUBLISH,
    title="胸外按压这样做",
    text="双手重叠。 #急救",
    body="",
    digest="",
    author="",
    link="",
    label="",
    marker="",
    ai_generated=False,
    video=medium(),
)


def codes(variant: Variant) -> list[str]:
    return [problem.code for problem in ADAPTER.check(variant, ACCOUNT)]


@pytest.mark.parametrize(
    "variant",
    [
        GOOD,
        replace(GOOD, video=medium(mime="video/webm", size=4_000_000_000, duration_s=900)),
        replace(GOOD, text="字" * 1000),
        replace(GOOD, cover=medium(mime="image/png", size=20_000_000)),
        replace(GOOD, text=""),  # the title stands in
        replace(GOOD, text="#一 #二 #三 #四 #五"),
    ],
)
def test_good_variants_pass(variant: Variant) -> None:
    assert codes(variant) == []


@pytest.mark.parametrize(
    ("variant", "code"),
    [
        (replace(GOOD, video=None), "douyin-video-missing"),
        (replace(GOOD, video=medium(mime="video/quicktime")), "douyin-video-type"),
        (replace(GOOD, video=medium(size=4_000_000_001)), "douyin-video-size"),
        (replace(GOOD, video=medium(duration_s=900.5)), "douyin-video-length"),
        (replace(GOOD, text="", title=""), "douyin-caption-missing"),
        (replace(GOOD, text="字" * 1001), "douyin-caption-too-long"),
        (replace(GOOD, text="😷" * 501), "douyin-caption-too-long"),  # two UTF-16 units each
        (replace(GOOD, text="字" * 990, label="【转载】来源：健康澜汀"), "douyin-caption-too-long"),
        (replace(GOOD, text="#一 #二 #三 #四 #五 #六"), "douyin-topics"),
        (replace(GOOD, ai_generated=True), "douyin-ai-label"),
        (replace(GOOD, cover=medium(mime="image/gif")), "douyin-cover-type"),
        (replace(GOOD, cover=medium(mime="image/png", size=20_000_001)), "douyin-cover-size"),
    ],
)
def test_each_mistake_is_named(variant: Variant, code: str) -> None:
    assert codes(variant) == [code]


def test_unconfirmed_numbers_only_warn() -> None:
    problems = ADAPTER.check(replace(GOOD, text="#一 #二 #三 #四 #五 #六"), ACCOUNT)
    assert [problem.severity for problem in problems] == [Severity.WARNING]


def test_a_reprint_carries_its_label_on_a_line_of_its_own() -> None:
    assert caption(replace(GOOD, label="【转载】稿号 HT-1")).endswith("#急救\n【转载】稿号 HT-1")
