"""Markdown as plain words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.plain import plain_text


@pytest.mark.parametrize(
    ("markdown", "words"),
    [
        ("## 题目\n\n**洗手**很*重要*。", "题目\n洗手很重要。"),
        ("- 一\n- 二", "一\n二"),
        ("看[国家疾控局](https://x.example)。", "看国家疾控局。"),
        ("前\n\n![图](media/a.jpg)\n\n后", "前\n后"),
        ("| 甲 | 乙 |\n| --- | --- |\n| 1 | 2 |", "甲\n乙\n1\n2"),
        ("第一行\n第二行", "第一行\n第二行"),
        ("`体温` 37.3", "体温 37.3"),
        ("> 引用", "引用"),
        ("5 < 6 & 7", "5 < 6 & 7"),
        ("    代码\n\n    一行", "代码\n一行"),
        ("", ""),
    ],
)
def test_marks_go_and_words_stay(markdown: str, words: str) -> None:
    """One line a block."""
    assert plain_text(markdown) == words


@given(st.text())
def test_any_text_has_plain_words(text: str) -> None:
    """None of them an empty line."""
    assert all(line.strip() for line in plain_text(text).split("\n") if plain_text(text))
