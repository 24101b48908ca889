"""Every key of the format has a Chinese heading; mistyped ones are recognised."""

import pytest

from bot.schedule.headings import (
    KEY,
    OVERRIDE,
    POST,
    Column,
    column_at,
    column_of,
    heading_of,
    near_heading,
    post_columns,
)
from bot.schedule.shapes import ArticleShape, KeyShape, OverrideShape, PostShape

GROUPS = {"more", "variants", "key"}  # their keys have the headings


def test_every_key_has_a_chinese_heading() -> None:
    assert set(PostShape.model_fields) - GROUPS == set(POST)
    assert set(KeyShape.model_fields) == set(KEY)
    assert set(OverrideShape.model_fields) | set(ArticleShape.model_fields) <= set(POST) | set(
        OVERRIDE
    )


def test_no_word_means_two_things() -> None:
    words = [word for words in (*POST.values(), *KEY.values()) for word in words]
    assert len(set(words)) == len(words)


def test_what_is_written_is_what_is_read() -> None:
    columns = [
        *post_columns(),
        column_at("variants", "weibo", "text"),
        column_at("variants", "some-new-one", "options"),
        column_at("more", 0, "body"),
        column_at("more", 8, "link"),
    ]
    assert [column_of(column.heading) for column in columns] == columns
    assert [column_of(column.name) for column in columns[:-2]] == columns[:-2]
    assert [heading_of(column.keys) for column in columns] == [c.heading for c in columns]


@pytest.mark.parametrize(
    ("heading", "name"),
    [
        ("标题", "title"),
        (" 标 题（必填） ", "title"),
        ("标题*", "title"),
        ("Title", "title"),
        ("AI生成", "ai_generated"),
        ("ＡＩ生成：", "ai_generated"),
        ("账号12", "accounts"),
        ("图片 2", "images"),
        ("转载时限", "key.deadline"),
        ("视频号·标题", "variants.channels.title"),
        ("B站/短文", "variants.bilibili.text"),
        ("第2条·封面", "more.0.cover"),
        ("第三篇：标题", "more.1.title"),
    ],
)
def test_headings_as_people_write_them(heading: str, name: str) -> None:
    found = column_of(heading)
    assert isinstance(found, Column)
    assert found.name == name


@pytest.mark.parametrize(
    "heading", ["", "标题2", "第1条·标题", "审合人", "微博·群发", "·", "variants."]
)
def test_headings_that_mean_nothing(heading: str) -> None:
    assert column_of(heading) is None


@pytest.mark.parametrize(
    ("heading", "near"),
    [
        ("审合人", "审核人"),
        ("发布时问", "发布时间"),
        ("titel", "标题"),
        ("原文连接", "原文链接"),
        ("斗音·短文", "抖音·短文"),
        ("微博·短纹", "微博·短文"),
        ("天气", ""),
    ],
)
def test_the_nearest_heading_is_proposed(heading: str, near: str) -> None:
    assert near_heading(heading) == near
