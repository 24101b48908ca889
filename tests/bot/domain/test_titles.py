"""Titles: what may differ between two titles of one article, and what may not."""

from __future__ import annotations

import pytest

from bot.domain.titles import SAME_TITLE, marks, plain_title, ratio, title_of


def alike(left: str, right: str) -> float:
    return ratio(plain_title(left), plain_title(right))


@pytest.mark.parametrize(
    "title",
    [
        "【健康科普】入冬流感高发，这份防护指南请收好",
        "转载｜入冬流感高发，这份防护指南请收好",
        "转载丨健康科普｜入冬流感高发，这份防护指南请收好！",
        "【入冬流感高发，这份防护指南请收好】",
        "入冬流感高發，這份防護指南請收好",
    ],
)
def test_prefixes_and_script_do_not_count(title: str) -> None:
    assert alike(title, "入冬流感高发，这份防护指南请收好") == 100


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("流感防治知识要点", "肺炎防治知识要点"),
        ("健康讲堂第12期预告", "健康讲堂第13期预告"),
        ("这份防护指南请收好，入冬流感高发", "入冬流感高发，这份防护指南请收好"),
    ],
)
def test_other_articles_stay_under_the_limit(left: str, right: str) -> None:
    assert alike(left, right) < SAME_TITLE


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (
            "入冬以来家长最关心的甲型流感防护问答请收好",
            "入冬以来家长最关心的乙型流感防护问答请收好",
        ),
        ("区疾控中心提醒您出行注意事项（上）", "区疾控中心提醒您出行注意事项（下）"),
        ("护士节特稿上篇", "护士节特稿下篇"),
        ("健康讲堂第十二期", "健康讲堂第十三期"),
        ("2026年5月疫情提示", "2026年6月疫情提示"),
    ],
)
def test_marks_tell_apart_what_the_ratio_may_not(left: str, right: str) -> None:
    assert marks(left) != marks(right)


def test_marks_read_words_and_digits_alike() -> None:
    assert marks("健康讲堂第十二期") == marks("健康讲堂第12期")


def test_a_post_without_title_has_the_one_in_its_text() -> None:
    assert title_of("标题", "【别的】正文") == "标题"
    assert title_of("", "【高血压日】今天量血压了吗？") == "高血压日"
    assert title_of(" ", "一行就是标题") == "一行就是标题"
    assert title_of("", "第一行\n第二行") == ""


def test_an_empty_title_is_like_none() -> None:
    assert ratio("", "") == 0
    assert alike("【】", "！") == 0
