"""What `check` finds before Douyin would."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.douyin.adapter import ADAPTER
from adapters.douyin.check import caption
from adapters.douyin.h5 import DouyinH5
from adapters.douyin.handoff import DouyinPackage
from bot.domain.post import Kind, Media, Method, Variant
from bot.domain.problem import Severity
from bot.domain.roster import Account

ACCOUNT = Account(id="a", unit="u", platform="douyin", name="n", verified_name="n")


def medium(*, mime: str = "video/mp4", size: int = 1000, duration_s: float = 30.0) -> Media:
    return Media(path="v.mp4", sha256="0", size=size, mime=mime, duration_s=duration_s)


PICTURE = medium(mime="image/jpeg")
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
        replace(GOOD, cover=medium(mime="image/bmp", size=40_000_000)),  # made smaller
        replace(GOOD, video=None, images=(PICTURE,) * 30),
        replace(GOOD, options={"cover_at": "3.5"}),
        replace(GOOD, text=""),  # the title stands in
        replace(GOOD, text="#一 #二 #三 #四 #五"),
    ],
)
def test_good_variants_pass(variant: Variant) -> None:
    assert codes(variant) == []


@pytest.mark.parametrize(
    ("variant", "code"),
    [
        (replace(GOOD, video=None), "douyin-media-missing"),
        (replace(GOOD, video=medium(mime="video/quicktime")), "video-type"),
        (replace(GOOD, video=medium(size=4_000_000_001)), "video-too-big"),
        (replace(GOOD, video=medium(duration_s=900.5)), "video-too-long"),
        (replace(GOOD, images=(PICTURE,)), "douyin-pictures-unused"),
        (replace(GOOD, video=None, images=(PICTURE,) * 31), "douyin-too-many-pictures"),
        (replace(GOOD, options={"cover": "3"}), "douyin-option-unknown"),
        (replace(GOOD, options={"cover_at": "soon"}), "douyin-option-value"),
        (replace(GOOD, options={"cover_at": "30.5"}), "douyin-option-value"),  # after the end
        (
            replace(GOOD, video=None, images=(PICTURE,), options={"cover_at": "1"}),
            "douyin-option-value",
        ),
        (replace(GOOD, options={"cover_at": "3.5"}, cover=PICTURE), "douyin-cover-twice"),
        (replace(GOOD, text="", title=""), "douyin-caption-missing"),
        (replace(GOOD, text="字" * 1001), "douyin-caption-too-long"),
        (replace(GOOD, text="😷" * 501), "douyin-caption-too-long"),  # two UTF-16 units each
        (replace(GOOD, text="字" * 990, label="【转载】来源：健康澜汀"), "douyin-caption-too-long"),
        (replace(GOOD, text="#一 #二 #三 #四 #五 #六"), "douyin-topics"),
        (replace(GOOD, ai_generated=True), "douyin-ai-label"),
    ],
)
def test_each_mistake_is_named(variant: Variant, code: str) -> None:
    assert codes(variant) == [code]


@pytest.mark.parametrize(
    "variant",
    [
        replace(GOOD, text="#一 #二 #三 #四 #五 #六"),
        replace(GOOD, video=medium(mime="video/quicktime")),
    ],
)
def test_unconfirmed_numbers_only_warn(variant: Variant) -> None:
    problems = ADAPTER.check(variant, ACCOUNT)
    assert [problem.severity for problem in problems] == [Severity.WARNING]


def test_unconfirmed_numbers_are_the_accounts_options() -> None:
    account = replace(ACCOUNT, options={"caption_chars": "5", "topics": "0"})
    found = [problem.code for problem in ADAPTER.check(GOOD, account)]
    assert found == ["douyin-caption-too-long", "douyin-topics"]


def test_what_the_phone_fetches_is_smaller() -> None:
    def found(variant: Variant) -> list[str]:
        return [problem.code for problem in DouyinH5.check(variant, ACCOUNT)]

    assert found(GOOD) == []
    assert found(replace(GOOD, video=medium(mime="video/quicktime", size=128_000_000))) == []
    assert found(replace(GOOD, video=medium(size=128_000_001))) == ["video-too-big"]
    assert found(replace(GOOD, video=medium(mime="video/webm"))) == ["video-type"]
    webp = medium(mime="image/webp")
    assert found(replace(GOOD, video=None, images=(webp,))) == ["douyin-h5-picture"]


def test_by_hand_pictures_are_good_too() -> None:
    def found(variant: Variant) -> list[str]:
        return [problem.code for problem in DouyinPackage.check(variant, ACCOUNT)]

    assert "handoff-video-missing" in found(replace(GOOD, video=None))
    assert found(replace(GOOD, video=None, images=(PICTURE,))) == []


def test_a_reprint_carries_its_label_on_a_line_of_its_own() -> None:
    assert caption(replace(GOOD, label="【转载】稿号 HT-1")).endswith("#急救\n【转载】稿号 HT-1")
