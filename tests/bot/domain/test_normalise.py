"""Normalised text: the same article reads the same, whatever a platform did to it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.normalise import (
    canonical_url,
    fold,
    grams,
    html_to_text,
    normalise,
    numbers,
    text_hash,
)
from tests.data.health_texts import FLU


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("流感，来了！", "流感来了"),
        ("ＡＢＣ １２３", "abc123"),
        ("第①条 50㎡ Ⅱ级 30％", "第1条50m2ii级30"),
        ("健\u200b康\ufeff澜\u00a0汀", "健康澜汀"),
        ("頭髮與資訊影片", "头发与资讯影片"),  # characters, not words: 资讯 stays
        ("健康丨科普｜一起学", "健康科普一起学"),
        ("看这里https://a.example.cn/x?id=1请转发", "看这里请转发"),
        ("@健康澜汀 提醒您#爱耳日#保护听力[爱心]", "提醒您保护听力"),
        ("多喝水💧多休息😊", "多喝水多休息"),
        ("", ""),
    ],
)
def test_what_a_platform_adds_is_gone(raw: str, expected: str) -> None:
    assert normalise(raw) == expected


def test_credit_lines_go_only_near_the_edges_and_only_from_several_lines() -> None:
    middle = [f"第{n}段讲的是洗手" for n in range(40)]
    middle[20] = "来源：这一行在正文中间"
    text = "\n".join(["来源｜健康澜汀", *middle, "编辑：张某某", "扫码预约"])

    result = normalise(text)

    assert "来源这一行在正文中间" in result
    assert "健康澜汀" not in result
    assert "张某某" not in result
    assert "扫码" not in result
    assert normalise("扫码预约") == "扫码预约"


@given(st.text() | st.text(alphabet="著沿乾坤後髮發。\n，#@[]丨①来源:扫码"))
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once


def test_characters_that_become_neighbours_still_rest() -> None:
    """Two Korean letters join to one syllable only once the full stop between them is gone."""
    assert normalise("\u1100。\u1161") == "\uac00"


def test_html_gives_what_a_reader_sees() -> None:
    html = (
        "<html><head><title>标题</title><style>p{color:red}</style></head><body>"
        "<p>第一段<br>第二行</p><script>var x = '<p>不是正文</p>';</script>"
        "<mp-common-profile data-nickname='别的号'>卡片文字</mp-common-profile>"
        "<section><span>第二</span><b>段</b>&nbsp;&amp;尾</section><img alt='图片文字'/></body>"
    )
    assert html_to_text(html).splitlines() == ["标题", "第一段", "第二行", "第二段 &尾"]


def test_broken_html_gives_what_can_be_read() -> None:
    assert html_to_text("<p>没有<b>关上</div></script><a href='x").startswith("没有关上")


def test_numbers_read_the_same_in_words_and_digits() -> None:
    assert numbers("二〇二六年五月十二日") == numbers("2026年05月12日") == {"2026", "5", "12"}
    assert numbers("1,342例，17.5%，二十四岁，８：30") == {"1342", "17.5", "24", "8", "30"}
    assert numbers("详见https://a.cn/20260512") == frozenset()


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("五月二十一日上午八点三十分", "5月21日上午8点30分"),
        ("第三十九个世界无烟日", "第39个世界无烟日"),
        ("一万两千双眼睛", "12,000双眼睛"),
        ("百分之三十", "30％"),
        ("2026-05-08 08：30", "2026/5/8　8:30"),
        ("占百分之三十，十二处纳凉点", "占30%，12处纳凉点"),
    ],
)
def test_numbers_are_written_one_way(left: str, right: str) -> None:
    assert normalise(left) == normalise(right)


def test_two_figures_do_not_grow_together() -> None:
    assert normalise("34—36℃") == "34-36c"
    assert normalise("17.5% 5550-1201") == "17.5-5550-1201"
    assert normalise("34至36") != normalise("3436") != normalise("34—36")


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ('<p style="color:red">多喝水<br/>多休息</p>', "多喝水多休息"),
        ("多喝水&nbsp;多休息&amp;nbsp;", "多喝水多休息"),
        ("血压<140为好，a<b", "血压140为好ab"),
    ],
)
def test_tags_that_a_listing_left_in_the_text_are_no_words(raw: str, expected: str) -> None:
    assert normalise(raw) == expected


def test_grams_are_the_distinct_runs() -> None:
    assert grams("一二三四五六") == {"一二三四五", "二三四五六"}
    assert grams("一二三四") == frozenset()
    assert grams("哈" * 9) == {"哈哈哈哈哈"}


def test_the_hash_is_the_same_in_every_process() -> None:
    code = "from bot.domain.normalise import text_hash; print(text_hash('一夜平安'))"
    seen = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert seen == {text_hash("一夜平安")}
    assert len(text_hash(FLU)) == 24


def test_fold_keeps_lines_and_punctuation_for_searching_names() -> None:
    assert fold("來源：Ｈ健康\n第二行") == "来源:h健康\n第二行"


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("http://Jk.example.gov.cn/a/1/", "https://jk.example.gov.cn:443/a/1#top"),
        ("https://a.cn/x?b=2&a=1&utm_source=wx", "https://a.cn/x?a=1&b=2"),
        (
            "http://mp.weixin.qq.com/s?__biz=MzA==&mid=265&idx=1&sn=x&chksm=y&scene=27#wechat_redirect",
            "https://mp.weixin.qq.com/s?idx=1&mid=265&__biz=MzA%3D%3D&sn=other",
        ),
        ("https://mp.weixin.qq.com/s/AbC?scene=1&from=x", "https://mp.weixin.qq.com/s/AbC"),
    ],
)
def test_two_links_to_one_page_are_equal(left: str, right: str) -> None:
    assert canonical_url(left) == canonical_url(right) != ""


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("https://a.cn/x?id=1", "https://a.cn/x?id=2"),
        ("https://a.gov.cn/x?sn=1", "https://a.gov.cn/x?sn=2"),  # only WeChat's sn is noise
        (
            "https://mp.weixin.qq.com/s?__biz=M&mid=265&idx=1",
            "https://mp.weixin.qq.com/s?__biz=M&mid=265&idx=2",
        ),
        ("https://mp.weixin.qq.com/s/AbC", "https://mp.weixin.qq.com/s/Abc"),
    ],
)
def test_links_to_different_pages_stay_different(left: str, right: str) -> None:
    assert canonical_url(left) != canonical_url(right)


@pytest.mark.parametrize(
    "url", ["", "见原文", "ftp://a.cn/x", "https://", "http://[bad", "http://a:x/"]
)
def test_what_is_no_web_link_is_empty(url: str) -> None:
    assert canonical_url(url) == ""


@given(st.text() | st.text(alphabet="htps:/[].?&=#@%a1"))
def test_no_text_breaks_the_link_reader(url: str) -> None:
    once = canonical_url(url)
    assert canonical_url(once) == once
