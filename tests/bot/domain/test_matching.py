"""Matching: the shapes a reprint comes in, and what only looks like one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import opencc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.matching import Candidate, KeyText, Matcher, Verdict, key_text
from bot.domain.normalise import normalise, text_hash
from tests.data.health_texts import (
    FLU,
    FLU_TITLE,
    FOOTER,
    HANDS,
    HANDS_TITLE,
    HEADER,
    HEAT,
    NURSE,
    NURSE_TITLE,
    PRESSURE,
    SLEEP,
    notice,
)

RELEASED = datetime(2026, 11, 20, 2, tzinfo=UTC)
DEADLINE = RELEASED + timedelta(hours=24)
MARKER = "HT-20261120-flu"
LINK = "https://mp.weixin.qq.com/s?__biz=MzA&mid=2650000001&idx=1&sn=abc"
UNITS = (
    "澜汀区第一人民医院",
    "石桥埠社区卫生服务中心",
    "南渡社区卫生服务中心",
    "区疾病预防控制中心",
)
OTHER_TITLE = "本周健康资讯"


def key(
    post: str = "flu",
    title: str = FLU_TITLE,
    *texts: str,
    marker: str = MARKER,
    urls: tuple[str, ...] = (LINK,),
    platform_ids: tuple[str, ...] = ("5100001",),
) -> KeyText:
    return key_text(
        post=post,
        title=title,
        texts=texts or (FLU,),
        marker=marker,
        urls=urls,
        platform_ids=platform_ids,
        released_at=RELEASED,
        deadline_at=DEADLINE,
    )


def bare(post: str, title: str, *texts: str) -> KeyText:
    """A key item without any pointer."""
    return key(post, title, *texts, marker="", urls=(), platform_ids=())


def item(
    text: str,
    title: str = OTHER_TITLE,
    *,
    after: timedelta = timedelta(hours=2),
    url: str = "https://mp.weixin.qq.com/s/reprint",
    source_url: str = "",
    repost_of: str = "",
    own: tuple[str, ...] = ("石桥埠社区卫生服务中心",),
) -> Candidate:
    return Candidate(
        account="u16-wechat",
        title=title,
        text=text,
        url=url,
        source_url=source_url,
        repost_of=repost_of,
        published_at=RELEASED + after,
        own_unit_names=frozenset(own),
    )


def matcher(*keys: KeyText) -> Matcher:
    return Matcher(keys or (key(),), unit_names=UNITS, flagship_names=("健康澜汀",))


def only(candidate: Candidate, *keys: KeyText) -> Verdict:
    (verdict,) = matcher(*keys).match(candidate)
    return verdict


def framed(text: str) -> str:
    return f"{HEADER}\n{text}\n{FOOTER}"


# The 17 shapes: a copy in all its forms, and what is none.


@pytest.mark.parametrize(
    ("text", "least"),
    [
        pytest.param(FLU, 1.0, id="exact"),
        pytest.param(opencc.OpenCC("s2t").convert(FLU), 0.98, id="in traditional characters"),
        pytest.param(framed(FLU), 1.0, id="header and footer"),
        pytest.param(
            FLU.replace("留观室", "观察区").replace("拒绝喝水", "不肯喝水"), 0.9, id="edited"
        ),
        pytest.param(
            framed(FLU.replace("留观室", "观察区").replace("拒绝喝水", "不肯喝水")),
            0.9,
            id="edited, header and footer",
        ),
        pytest.param("\n".join(FLU.splitlines()[2:] + FLU.splitlines()[:2]), 0.95, id="rotated"),
        pytest.param("\n".join([HEAT, FLU, SLEEP]), 1.0, id="in a round-up"),
    ],
)
def test_a_complete_copy_is_found_by_its_text(text: str, least: float) -> None:
    verdict = only(item(text))
    assert (verdict.level, verdict.decision, verdict.rule) == ("C", "reprinted", "contained")
    assert verdict.scores["c"] >= least
    assert verdict.passages
    assert not verdict.source_ok


@pytest.mark.parametrize(("title", "text"), [(NURSE_TITLE, NURSE), (HANDS_TITLE, HANDS)])
def test_a_header_and_footer_as_long_as_a_short_text_do_not_hide_it(title: str, text: str) -> None:
    verdict = only(item(framed(text)), bare("short", title, text))
    assert (verdict.level, verdict.scores["c"]) == ("C", 1.0)


LEAD = FLU[: int(len(FLU) * 0.2)]


@pytest.mark.parametrize("share", [0.7, 0.5])
def test_a_shortened_text_is_told_as_cut(share: float) -> None:
    verdict = only(item(FLU[: int(len(FLU) * share)]))
    assert (verdict.level, verdict.rule, verdict.form) == ("C", "cut", "cut")


def test_a_cut_text_among_others_needs_its_title() -> None:
    half = FLU[: int(len(FLU) * 0.5)]
    bare = only(item("\n".join([HEAT, half, SLEEP])))
    titled = only(item("\n".join([HEAT, f"二、{FLU_TITLE}", half, SLEEP])))
    assert (bare.level, bare.rule) == ("D", "cut")
    assert (titled.level, titled.rule, titled.form) == ("C", "cut", "digest")


@pytest.mark.parametrize(
    ("candidate", "level"),
    [
        pytest.param(item(LEAD), "D", id="alone"),
        pytest.param(item(f"{LEAD}\n来源：健康澜汀"), "C", id="with its source"),
        pytest.param(item(LEAD, FLU_TITLE), "C", id="under its title"),
        pytest.param(item(f"【{FLU_TITLE}】{LEAD}…全文 http://t.cn/A6abc", ""), "C", id="on Weibo"),
        pytest.param(
            item("\n".join([HEAT, FLU_TITLE, LEAD, SLEEP])), "C", id="under its title in a digest"
        ),
        pytest.param(item(LEAD, FLU_TITLE.replace("流感", "水痘")), "D", id="under a rival title"),
    ],
)
def test_a_lead_needs_title_or_source(candidate: Candidate, level: str) -> None:
    verdict = only(candidate)
    assert (verdict.level, verdict.form in ("excerpt", "digest")) == (level, True)
    assert verdict.scores["c"] < 0.3


def test_its_short_form_is_told_as_caption() -> None:
    short = (
        "【流感来了】打疫苗，勤通风，戴口罩，生病在家休息；老人、孩子、孕妇发烧别拖，"
        "两天之内看医生，药听医生的。"
    )
    both = key_text(
        post="flu",
        title=FLU_TITLE,
        texts=[FLU],
        captions=[[short]],
        released_at=RELEASED,
        deadline_at=DEADLINE,
    )
    verdict = only(item(f"{short}#健康科普#", ""), both)
    assert (verdict.level, verdict.form, verdict.outdated) == ("C", "caption", False)
    assert only(item(framed(FLU)), both).form == "full"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            "天一冷，得流感的人就多起来。打一针疫苗，勤开窗户，生病在家歇着，是最管用的三招。"
            "高烧不退、喘不上气的，别拖，赶快去医院，医生会判断要不要用抗病毒的药。",
            id="paraphrase",
        ),
        pytest.param(HEAT, id="another article"),
        pytest.param(framed(PRESSURE), id="another article, same header and footer"),
        pytest.param(
            framed(PRESSURE)
            + "\n精选留言\n读者：昨天那篇说疫苗在接种后两到四周产生保护，是真的吗？\n回复：是的。",
            id="quoted in a comment",
        ),
    ],
)
def test_what_is_not_a_copy_gives_no_verdict(text: str) -> None:
    assert matcher(key(), bare("hands", HANDS_TITLE, HANDS)).match(item(text)) == []


STONE = notice(
    "石桥埠社区卫生服务中心", "高血压", "11月21日", "上午九时", "桥东居委会", "5550-1201"
)
SOUTH = notice("南渡社区卫生服务中心", "糖尿病", "11月25日", "下午两时", "渡口文化站", "5550-1302")
THIRD = notice("澜汀区第一人民医院", "骨质疏松", "11月28日", "上午八时", "门诊大厅", "5550-1000")


def test_another_event_in_the_same_template_is_never_automatic() -> None:
    verdict = only(item(SOUTH, "义诊"), bare("clinic", "义诊活动通知", STONE))
    assert verdict.scores["c"] > 0.6
    assert verdict.decision == "doubtful"


def test_a_swapped_date_fails_the_guard_of_numbers() -> None:
    verdict = only(
        item(STONE.replace("11月21日", "11月28日")), bare("clinic", "义诊活动通知", STONE)
    )
    assert (verdict.level, verdict.rule) == ("D", "guard-numbers")
    assert verdict.scores["c"] > 0.9


def test_words_of_the_template_do_not_count_once_three_key_texts_have_them() -> None:
    keys = [bare(f"clinic-{n}", f"通知{n}", text) for n, text in enumerate((STONE, SOUTH, THIRD))]
    verdicts = matcher(*keys).match(item(framed(SOUTH)))
    assert [(v.post, v.level, v.scores["c"]) for v in verdicts] == [("clinic-1", "C", 1.0)]


ALIKE = [bare(str(n), f"通知{n}", STONE.replace("桥东居委会", f"第{n}居委会")) for n in range(3)]


def test_with_too_few_own_words_a_person_decides() -> None:
    text = STONE.replace("桥东居委会", "第1居委会").replace("身份证", "证件")
    verdicts = matcher(*ALIKE).match(item(text))
    assert [(v.post, v.level, v.rule) for v in verdicts] == [("1", "D", "few-own-words")]


def test_every_word_of_it_needs_no_own_words() -> None:
    verdicts = matcher(*ALIKE).match(item(STONE.replace("桥东居委会", "第1居委会")))
    assert [(v.post, v.level) for v in verdicts] == [("1", "C")]


def test_another_post_of_ours_is_not_taken_for_the_key_item_it_resembles() -> None:
    key_item = bare("stone", "石桥埠义诊", STONE)
    known = Matcher([key_item], unit_names=UNITS, others=[SOUTH])
    assert known.match(item(SOUTH, "义诊")) == []
    assert [v.level for v in known.match(item(STONE, "义诊"))] == ["C"]


def test_the_same_text_in_another_post_of_ours_takes_nothing_away() -> None:
    again = Matcher([bare("flu", FLU_TITLE, FLU)], others=[FLU, FLU, framed(FLU)])
    assert [v.level for v in again.match(item(FLU))] == ["C"]


def test_a_common_intro_alone_says_not_which_item_it_is() -> None:
    intro = FLU.splitlines()[0] + FLU.splitlines()[1]
    keys = (
        bare("one", "问答（上）", f"{intro}\n{NURSE}"),
        bare("two", "问答（下）", f"{intro}\n{HANDS}"),
    )
    verdicts = matcher(*keys).match(item(f"{intro}\n来源：健康澜汀"))
    assert {v.decision for v in verdicts} == {"doubtful"}


# Pointers and declared sources.


@pytest.mark.parametrize(
    ("candidate", "rule"),
    [
        (item(f"图解流感\n来源：健康澜汀｜稿号 {MARKER}"), "marker"),
        (item("图解流感", f"流感（{MARKER.lower()}）"), "marker"),
        (item("图解", source_url=f"https://jk.example.gov.cn/go?k={MARKER}"), "marker"),
        (item("图解", source_url=LINK.replace("sn=abc", "chksm=zz&scene=27")), "link"),
        (item(f"戳这里：{LINK}，收好"), "link"),
        (item("转发微博", repost_of="5100001"), "repost"),
    ],
)
def test_a_pointer_settles_it(candidate: Candidate, rule: str) -> None:
    verdict = only(candidate)
    assert (verdict.level, verdict.decision, verdict.rule) == ("A", "reprinted", rule)


def test_the_marker_of_another_item_is_no_pointer() -> None:
    text = f"稿号 {MARKER}-2，{MARKER}b，X{MARKER}"
    assert matcher().match(item(text)) == []


def test_a_short_link_is_a_pointer_only_once_it_is_expanded() -> None:
    assert matcher().match(item("转：http://t.cn/A6abc")) == []
    assert only(item("转：http://t.cn/A6abc", source_url=LINK)).rule == "link"


def test_the_first_release_itself_is_not_its_reprint() -> None:
    assert matcher().match(item(FLU, FLU_TITLE, url=LINK)) == []


def test_source_and_title_settle_it_when_no_text_can_be_read() -> None:
    verdict = only(item("（长图）来源：健康澜汀", f"转载｜{FLU_TITLE}"))
    assert (verdict.level, verdict.rule, verdict.source_ok) == ("B", "source-and-title", True)


def test_a_whole_other_text_under_the_same_title_goes_to_a_person() -> None:
    verdict = only(item(f"{HEAT}{PRESSURE}\n来源：健康澜汀", FLU_TITLE))
    assert (verdict.level, verdict.rule) == ("D", "source-and-title")


def test_of_two_notices_with_one_title_only_the_right_one_is_automatic() -> None:
    keys = (bare("stone", "义诊活动通知", STONE), bare("south", "义诊活动通知", SOUTH))
    verdicts = matcher(*keys).match(item(f"{SOUTH}\n来源：健康澜汀", "义诊活动通知"))
    assert [(v.post, v.decision) for v in verdicts] == [
        ("stone", "doubtful"),
        ("south", "reprinted"),
    ]


def test_of_two_items_with_one_title_a_picture_tells_neither() -> None:
    keys = (bare("stone", "义诊活动通知", STONE), bare("south", "义诊活动通知", SOUTH))
    verdicts = matcher(*keys).match(item("来源：健康澜汀", "义诊活动通知"))
    assert [v.decision for v in verdicts] == ["doubtful", "doubtful"]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"{HEAT}{SLEEP}\n来源：健康澜汀｜稿号 {MARKER}", id="marker left over"),
        pytest.param(f"{HEAT}{SLEEP}\n戳这里：{LINK}", id="link in passing"),
    ],
)
def test_a_pointer_in_another_text_goes_to_a_person(text: str) -> None:
    assert only(item(text)).rule == "pointer-other-text"


def test_a_recommended_article_is_not_carried() -> None:
    text = "\n".join([HEAT, "▼ 往期推荐", FLU_TITLE, LINK])
    assert matcher().match(item(text)) == []


def test_a_column_number_in_front_of_the_title_does_not_hide_a_copy() -> None:
    verdict = only(item(f"{FLU}\n来源：健康澜汀", f"科普第3期｜{FLU_TITLE}"))
    assert (verdict.level, verdict.source_ok) == ("C", True)


def test_pictures_under_the_same_title_go_to_a_person() -> None:
    verdict = only(item("", f"【健康科普】{FLU_TITLE}"))
    assert (verdict.level, verdict.rule, verdict.version) == ("D", "title", "")


def test_the_other_half_of_a_series_is_not_found_by_title() -> None:
    title = "区疾控中心专家为您解答秋冬季节呼吸道健康问题（上）"
    found = matcher(bare("series", title, FLU)).match(item("", title.replace("上", "下")))
    assert found == []


def test_a_series_with_a_common_intro_is_told_apart() -> None:
    intro = FLU.splitlines()[0]
    one = bare("one", "流感问答（上）", f"{intro}\n{NURSE}")
    two = bare("two", "流感问答（下）", f"{intro}\n{HANDS}")
    verdicts = matcher(one, two).match(item(f"{intro}\n{HANDS}", "流感问答（下）"))
    assert [(v.post, v.level) for v in verdicts] == [("two", "C")]


def test_a_round_up_of_two_key_items_gives_two_verdicts() -> None:
    keys = (key(), bare("nurse", NURSE_TITLE, NURSE), bare("hands", HANDS_TITLE, HANDS))
    verdicts = matcher(*keys).match(item("\n".join([FLU, SLEEP, NURSE])))
    assert [(v.post, v.level) for v in verdicts] == [("flu", "C"), ("nurse", "C")]


# Guards.


def test_a_unit_may_put_its_own_name_but_not_anothers() -> None:
    nurse = bare("nurse", NURSE_TITLE, NURSE)
    mine = NURSE.replace("澜汀区第一人民医院", "石桥埠社区卫生服务中心")
    theirs = NURSE.replace("澜汀区第一人民医院", "南渡社区卫生服务中心")
    assert only(item(mine), nurse).level == "C"
    assert only(item(theirs), nurse).rule == "guard-names"
    assert only(item(f"{theirs}\n石桥埠社区卫生服务中心转发"), nurse).rule == "guard-names"


def test_a_collection_is_not_a_reprint_of_each_of_its_pieces() -> None:
    piece = NURSE[:100]
    filler = "".join(chr(0x4E00 + (n * 7919) % 20000) for n in range(3000))
    verdict = only(item(f"{filler}\n{piece}"), bare("piece", NURSE_TITLE, piece))
    assert (verdict.level, verdict.rule) == ("D", "guard-length")


def test_a_reprint_that_names_its_source_says_so() -> None:
    for line in ("来源：健康澜汀", "本文转载自“健康澜汀”公众号", f"稿号 {MARKER}", "@健康澜汀"):
        assert only(item(f"{FLU}\n{line}")).source_ok, line
    assert not only(item(f"{FLU}\n来源：网络")).source_ok


def test_a_name_inside_the_key_text_is_no_source() -> None:
    text = f"{FLU}\n更多消息请看健康澜汀。"
    assert not only(item(text), bare("flu", FLU_TITLE, text)).source_ok
    assert only(item(f"{text}\n来源：健康澜汀"), bare("flu", FLU_TITLE, text)).source_ok


# Time and versions.


@pytest.mark.parametrize(
    ("after", "decisions"),
    [
        (timedelta(hours=-1, seconds=-1), []),
        (timedelta(hours=-1), ["no"]),
        (timedelta(seconds=-1), ["no"]),
        (timedelta(0), ["reprinted"]),
        (timedelta(days=31), ["reprinted"]),
        (timedelta(days=31, seconds=1), []),
    ],
)
def test_only_the_time_after_the_release_counts(after: timedelta, decisions: list[str]) -> None:
    assert [v.decision for v in matcher().match(item(FLU, after=after))] == decisions


def test_a_copy_from_before_the_release_is_reported_as_that() -> None:
    verdict = only(item(FLU, after=timedelta(minutes=-5)))
    assert (verdict.level, verdict.rule) == (None, "before-release")
    assert verdict.scores["c"] == 1.0


def test_a_late_reprint_of_the_uncorrected_text_is_flagged() -> None:
    corrected = FLU.replace("退热满四十八小时", "退热满二十四小时")
    keys = key("flu", FLU_TITLE, FLU, corrected)
    old, new = only(item(framed(FLU)), keys), only(item(framed(corrected)), keys)
    assert (old.version, old.outdated) == (text_hash(normalise(FLU)), True)
    assert (new.version, new.outdated) == (text_hash(normalise(corrected)), False)


def test_of_equal_versions_the_one_in_force_counts() -> None:
    assert not only(item(FLU), key("flu", FLU_TITLE, FLU, FLU)).outdated


def test_an_item_without_any_text_gives_no_verdict() -> None:
    assert matcher().match(item("", "")) == []


LINES = st.text(alphabet="健康澜汀请关注我们看这里新闻0123456789。，！#@[ ", max_size=60)


@settings(max_examples=60)
@given(
    st.lists(LINES, max_size=6),
    st.lists(LINES, max_size=6),
    st.sampled_from([FLU, NURSE, HANDS, PRESSURE, HEAT, SLEEP]),
)
def test_no_header_or_footer_loses_a_copy(head: list[str], foot: list[str], text: str) -> None:
    keys = [
        bare(str(n), f"题{n}", t) for n, t in enumerate((FLU, NURSE, HANDS, PRESSURE, HEAT, SLEEP))
    ]
    verdicts = matcher(*keys).match(item("\n".join([*head, text, *foot])))
    best = max(verdicts, key=lambda v: v.scores["c"])
    assert (best.level, best.decision) == ("C", "reprinted")
    assert best.scores["c"] > 0.97  # characters at the seams may join into other grams
