"""What `check` finds before Kuaishou would."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.kuaishou.adapter import ADAPTER
from adapters.kuaishou.check import caption
from bot.domain.post import Kind, Media, Method, Variant
from bot.domain.problem import Severity
from bot.domain.roster import Account

ACCOUNT = Account(id="a", unit="u", platform="kuaishou", name="n", verified_name="n")
COVER = Media(path="c.jpg", sha256="1", size=40_000, mime="image/jpeg", width=1080, height=1920)


def video(*, mime: str = "video/mp4", size: int = 1000, duration_s: float = 30.0) -> Media:
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
    video=video(),
    cover=COVER,
)


def found(variant: Variant) -> list[tuple[str, Severity]]:
    return [(problem.code, problem.severity) for problem in ADAPTER.check(variant, ACCOUNT)]


@pytest.mark.parametrize(
    "variant",
    [
        GOOD,
        replace(GOOD, video=video(size=500_000_000, duration_s=1800)),
        replace(GOOD, text="字" * 1000),
        replace(GOOD, text=""),  # the title stands in
        replace(GOOD, text="#一 #二 #三 #四"),
        replace(GOOD, cover=replace(COVER, mime="image/webp", size=20_000_000)),  # is converted
    ],
)
def test_good_variants_pass(variant: Variant) -> None:
    assert found(variant) == []


@pytest.mark.parametrize(
    ("variant", "code"),
    [
        (replace(GOOD, video=None), "kuaishou-video-missing"),
        (replace(GOOD, cover=None), "kuaishou-cover-missing"),
        (replace(GOOD, text="", title=""), "kuaishou-caption-missing"),
        (replace(GOOD, options={"theme": "gov"}), "kuaishou-option"),
    ],
)
def test_what_the_platform_requires_keeps_a_post_back(variant: Variant, code: str) -> None:
    assert found(variant) == [(code, Severity.ERROR)]


@pytest.mark.parametrize(
    ("variant", "code"),
    [
        (replace(GOOD, video=video(mime="video/webm")), "video-type"),
        (replace(GOOD, video=video(size=500_000_001)), "video-too-big"),
        (replace(GOOD, video=video(duration_s=1801)), "video-too-long"),
        (replace(GOOD, video=replace(video(), codec="VP9")), "video-codec"),
        (replace(GOOD, text="字" * 1001), "kuaishou-caption-too-long"),
        (replace(GOOD, text="😷" * 501), "kuaishou-caption-too-long"),  # two UTF-16 units each
        (replace(GOOD, text="#一 #二 #三 #四 #五"), "kuaishou-topics"),
        (replace(GOOD, ai_generated=True), "kuaishou-ai-label"),
    ],
)
def test_figures_no_page_confirms_only_warn(variant: Variant, code: str) -> None:
    assert found(variant) == [(code, Severity.WARNING)]


def test_a_reprint_carries_its_label_on_a_line_of_its_own() -> None:
    assert caption(replace(GOOD, label="【转载】稿号 HT-1")).endswith("#急救\n【转载】稿号 HT-1")
