"""What `check` finds before bilibili would."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.bilibili.adapter import ADAPTER
from adapters.bilibili.check import submission
from bot.domain.post import Kind, Media, Method, Variant
from bot.domain.problem import Severity
from bot.domain.roster import Account

ACCOUNT = Account(
    id="a",
    unit="u",
    platform="bilibili",
    name="n",
    verified_name="n",
    options={"tid": "201", "other": "left alone"},
)
COVER = Media(path="c.jpg", sha256="1", size=40_000, mime="image/jpeg", width=1146, height=717)


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
REPRINT = replace(GOOD, kind=Kind.REPRINT, label="【转载】来源：健康澜汀", link="https://b23.tv/x")


def found(variant: Variant, account: Account = ACCOUNT) -> list[tuple[str, Severity]]:
    return [(problem.code, problem.severity) for problem in ADAPTER.check(variant, account)]


@pytest.mark.parametrize(
    "variant",
    [
        GOOD,
        REPRINT,
        replace(GOOD, title="字" * 79, text="字" * 246 + " #急"),
        replace(GOOD, text="", options={"tags": "健康"}),
        replace(GOOD, options={"tags": ",".join(["健康科普"] * 39)}),
        replace(GOOD, video=video(mime="video/x-flv", size=4_000_000_000, duration_s=17_999)),
        replace(GOOD, cover=replace(COVER, mime="image/webp", size=9_000_000)),  # is converted
        replace(GOOD, options={"copyright": "repost", "source": "健康澜汀"}),
    ],
)
def test_good_variants_pass(variant: Variant) -> None:
    assert found(variant) == []


@pytest.mark.parametrize(
    ("variant", "code"),
    [
        (replace(GOOD, video=None), "bilibili-video-missing"),
        (replace(GOOD, cover=None), "bilibili-cover-missing"),
        (replace(GOOD, cover=replace(COVER, width=959)), "picture-too-small"),
        (replace(GOOD, title=""), "bilibili-title-missing"),
        (replace(GOOD, title="字" * 80), "bilibili-title-too-long"),
        (replace(GOOD, title="😷" * 40), "bilibili-title-too-long"),  # two UTF-16 units each
        (replace(GOOD, text="字" * 247 + " #急"), "bilibili-desc-too-long"),
        (replace(GOOD, text="没有话题"), "bilibili-tags-missing"),
        (replace(GOOD, options={"tags": ",".join(["健康科普"] * 41)}), "bilibili-tags-too-long"),
        (replace(GOOD, video=video(size=4_000_000_001)), "video-too-big"),
        (replace(GOOD, video=video(duration_s=18_000)), "video-too-long"),
        (replace(GOOD, video=replace(video(), width=4098, height=2000)), "video-too-large"),
        (replace(GOOD, options={"copyright": "repost"}), "bilibili-source-missing"),
        (replace(GOOD, options={"theme": "gov"}), "bilibili-option"),
        (replace(GOOD, options={"tid": "科普"}), "bilibili-option"),
        (replace(GOOD, options={"tags": "健康,,急救"}), "bilibili-option"),
        (replace(GOOD, options={"copyright": "1"}), "bilibili-option"),
        (replace(GOOD, options={"no_reprint": "1"}), "bilibili-option"),
    ],
)
def test_each_mistake_keeps_a_post_back(variant: Variant, code: str) -> None:
    assert found(variant) == [(code, Severity.ERROR)]


@pytest.mark.parametrize(
    ("variant", "code"),
    [
        (replace(GOOD, video=video(mime="video/quicktime")), "video-type"),
        (replace(GOOD, ai_generated=True), "bilibili-ai-label"),
    ],
)
def test_what_may_pass_only_warns(variant: Variant, code: str) -> None:
    assert found(variant) == [(code, Severity.WARNING)]


def test_the_partition_comes_from_the_post_or_else_the_account() -> None:
    assert submission(GOOD, ACCOUNT)["tid"] == 201
    assert submission(replace(GOOD, options={"tid": "21"}), ACCOUNT)["tid"] == 21
    without = replace(ACCOUNT, options={})
    assert found(GOOD, without) == [("bilibili-tid-missing", Severity.ERROR)]
    assert found(GOOD, replace(ACCOUNT, options={"tid": "x"})) == [
        ("bilibili-option", Severity.ERROR)
    ]


def test_tags_are_the_topics_of_the_text_unless_chosen() -> None:
    text = "双手重叠 #急救 #心肺复苏# 然后 #急救"
    assert submission(replace(GOOD, text=text), ACCOUNT)["tag"] == "急救,心肺复苏"
    chosen = replace(GOOD, options={"tags": "健康, 科普"})
    assert submission(chosen, ACCOUNT)["tag"] == "健康,科普"


def test_a_reprint_names_its_source() -> None:
    fields = submission(REPRINT, ACCOUNT)
    assert (fields["copyright"], fields["source"]) == (2, "https://b23.tv/x")
    assert str(fields["desc"]).endswith("#急救\n【转载】来源：健康澜汀")
    assert submission(replace(REPRINT, link=""), ACCOUNT)["source"] == REPRINT.label
    assert "source" not in submission(GOOD, ACCOUNT)
