"""What `check` finds before a person stumbles over it on the platform's page."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.handoff.adapter import ADAPTER
from bot.domain.post import Kind, Media, Method, Variant
from bot.domain.problem import Problem, Severity
from bot.domain.roster import Account


def medium(*, mime: str = "video/mp4", size: int = 1000, duration_s: float = 30.0) -> Media:
    return Media(path="v.mp4", sha256="0", size=size, mime=mime, duration_s=duration_s)


COVER = medium(mime="image/jpeg")
SMALL = replace(COVER, width=217, height=400)
GOOD = Variant(
    post="p",
    kind=Kind.ORIGINAL,
    method=Method.PUBLISH,
    title="胸外按压这样做",
    text="双手重叠。",
    body="",
    digest="",
    author="",
    link="",
    label="",
    marker="",
    ai_generated=False,
    cover=COVER,
    video=medium(),
)
UPRIGHT = replace(medium(), width=1080, height=2400)
ARTICLE = replace(GOOD, text="", body="正文", cover=None, video=None)


def found(variant: Variant, platform: str) -> list[Problem]:
    account = Account(id="a", unit="u", platform=platform, name="n", verified_name="n")
    return ADAPTER.check(variant, account)


@pytest.mark.parametrize("platform", ["channels", "kuaishou", "website", "douyin", "weibo"])
def test_a_good_video_passes(platform: str) -> None:
    assert found(GOOD, platform) == []


@pytest.mark.parametrize("platform", ["website", "wechat", "weibo", "toutiao"])
def test_an_article_passes_where_no_video_is_needed(platform: str) -> None:
    assert found(ARTICLE, platform) == []


@pytest.mark.parametrize(
    ("platform", "variant", "code"),
    [
        ("channels", ARTICLE, "handoff-video-missing"),
        ("kuaishou", ARTICLE, "handoff-video-missing"),
        ("website", replace(ARTICLE, body=""), "handoff-content-missing"),
        ("website", replace(ARTICLE, title=" "), "handoff-title-length"),
        ("channels", replace(GOOD, title="五个字标题"), "handoff-title-length"),
        ("channels", replace(GOOD, title="题" * 17), "handoff-title-length"),
        ("channels", replace(GOOD, title="五一假期，门诊安排"), "handoff-short-title-comma"),
        ("channels", replace(GOOD, title="CPR,five steps"), "handoff-short-title-comma"),
        ("xiaohongshu", ARTICLE, "handoff-media-missing"),
    ],
)
def test_certain_limits_keep_it_back(platform: str, variant: Variant, code: str) -> None:
    problems = found(variant, platform)
    assert [problem.code for problem in problems] == [code]
    assert problems[0].severity is Severity.ERROR


@pytest.mark.parametrize(
    ("platform", "variant", "code"),
    [
        ("channels", replace(GOOD, title="胸外按压这样做！"), "handoff-short-title-sign"),
        ("channels", replace(GOOD, text="字" * 1001), "handoff-text-length"),
        ("channels", replace(GOOD, video=medium(size=1_000_000_001)), "video-too-big"),
        ("channels", replace(GOOD, video=medium(duration_s=3601)), "video-too-long"),
        ("channels", replace(GOOD, video=medium(duration_s=3)), "video-too-short"),
        ("channels", replace(GOOD, video=medium(mime="video/x-msvideo")), "video-type"),
        ("channels", replace(GOOD, video=UPRIGHT), "video-shape"),
        ("channels", replace(GOOD, cover=None), "handoff-cover-missing"),
        ("kuaishou", replace(GOOD, video=medium(duration_s=1801)), "video-too-long"),
        ("douyin", replace(GOOD, video=medium(duration_s=901)), "video-too-long"),
        ("kuaishou", replace(GOOD, text="字" * 1001), "handoff-text-length"),
        ("kuaishou", replace(GOOD, text="#一 #二 #三 #四 #五"), "handoff-topics"),
        ("kuaishou", replace(GOOD, cover=medium(size=10_000_001)), "handoff-cover-size"),
        ("website", replace(ARTICLE, title="题" * 65), "handoff-title-length"),
        ("toutiao", replace(ARTICLE, title="题" * 31), "handoff-title-length"),
        ("toutiao", replace(ARTICLE, title="四字标题"), "handoff-title-length"),
        ("baijiahao", replace(ARTICLE, body="字" * 20_001), "handoff-body-length"),
        ("baijiahao", replace(ARTICLE, cover=SMALL), "handoff-cover-small"),
        ("xiaohongshu", replace(GOOD, title="题" * 21), "handoff-title-length"),
        ("xiaohongshu", replace(GOOD, images=(COVER,) * 19), "handoff-images"),
        ("zhihu", replace(ARTICLE, title="题" * 101), "handoff-title-length"),
    ],
)
def test_unconfirmed_limits_only_warn(platform: str, variant: Variant, code: str) -> None:
    problems = found(variant, platform)
    assert [problem.code for problem in problems] == [code]
    assert problems[0].severity is Severity.WARNING
    assert problems[0].hint


@pytest.mark.parametrize(
    "title", ["六个字的标题", "题" * 16, "《健康》：问答 第1期", "血压37.5℃怎么办"]
)
def test_short_titles_within_the_rule_pass(title: str) -> None:
    codes = {problem.code for problem in found(replace(GOOD, title=title), "channels")}
    assert codes <= {"handoff-short-title-sign"}
    assert not any(
        p.severity is Severity.ERROR for p in found(replace(GOOD, title=title), "channels")
    )


def test_topics_do_not_count_where_they_are_made_apart() -> None:
    text = "字" * 998 + " #急救 #心肺复苏"
    assert found(replace(GOOD, text=text), "channels") == []
