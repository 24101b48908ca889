"""Reading: what is worked out of an item before it is compared."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.domain.normalise import normalise
from bot.domain.reading import Candidate, Reading
from bot.domain.titles import Title
from tests.data.health_texts import FLU, FLU_TITLE, HEAT

LINK = "https://mp.weixin.qq.com/s/Abc"


def read(title: str, text: str, source_url: str = "") -> Reading:
    at = datetime(2026, 5, 20, tzinfo=UTC)
    return Reading(
        Candidate(account="a", title=title, text=text, published_at=at, source_url=source_url)
    )


@pytest.mark.parametrize(
    ("text", "title"),
    [
        (f"【{FLU_TITLE}】入冬以来", FLU_TITLE),
        (f"#健康澜汀# 👉【{FLU_TITLE}】入冬以来", FLU_TITLE),
        ("入冬以来【重要】", "入冬以来【重要】"),
        ("# " * 5000, ""),
    ],
)
def test_a_title_in_brackets_stands_at_the_start(text: str, title: str) -> None:
    assert read("", text).title.raw == title


def test_links_are_those_of_the_article_itself() -> None:
    text = f"正文 {LINK} 完\n往期推荐\nhttps://mp.weixin.qq.com/s/Other"
    assert read("题", text).links == {LINK}
    assert read("题", "正文", LINK).links == {LINK}


@pytest.mark.parametrize("line", ["往期推荐", "▼ 往期回顾 ▼", "【相关阅读】", "精选留言", "评论区"])
def test_what_stands_behind_such_a_line_is_not_the_article(line: str) -> None:
    assert read("题", f"正文\n{line}\n别的").main == ("题", "正文")


def test_a_sentence_with_the_word_is_no_such_line() -> None:
    assert len(read("题", "正文\n欢迎在评论区留言\n尾").main) == 4


@pytest.mark.parametrize("form", ["{}", "三、{}", "03. {}！", "【{}】", "转载｜{}"])
def test_a_line_that_is_the_title_is_found_with_what_follows(form: str) -> None:
    text = f"{HEAT}\n{form.format(FLU_TITLE)}\n{FLU}"
    assert read("周报", text).sections(Title(FLU_TITLE), 20) == [normalise(FLU)[:20]]


def test_another_part_of_a_series_is_another_title() -> None:
    title = Title("区疾控中心专家为您解答秋冬季节呼吸道健康问题（上）")
    assert not title.is_line("区疾控中心专家为您解答秋冬季节呼吸道健康问题(下)")
    assert title.is_line("二、区疾控中心专家为您解答秋冬季节呼吸道健康问题(上)")


def test_own_words_are_those_beside_title_and_source() -> None:
    assert read("题", "（长图）\n来源：健康澜汀").own_words == 2
    assert read("题", "来源：健康澜汀。本周六有义诊").own_words < 10


def test_half_a_character_is_read_over() -> None:
    assert read("\ud800", "正文\udc00").normal == "正文"
