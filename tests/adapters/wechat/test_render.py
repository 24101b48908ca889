"""Markdown to the HTML WeChat keeps."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from adapters.wechat.render import pictures, plain, render
from bot.domain.post import Variant
from tests.adapters.wechat.stage import WechatStage


@pytest.fixture
def variant(tmp_path: Path) -> Variant:
    return WechatStage(tmp_path).variant


def rendered(variant: Variant, body: str, **urls: str) -> str:
    return render(replace(variant, body=body), urls)


def test_styles_are_written_into_the_elements(variant: Variant) -> None:
    content = render(variant, {"media/steps.png": "http://mmbiz.qpic.cn/a/0"})
    assert '<p style="' in content
    assert '<h2 style="' in content
    assert content.startswith("<section>")
    assert not any(word in content for word in ("class=", "id=", "<style", "<div"))


def test_a_picture_shows_its_uploaded_address_and_caption(variant: Variant) -> None:
    content = render(variant, {"media/steps.png": "http://mmbiz.qpic.cn/a/0?wx_fmt=png&x=1"})
    assert 'src="http://mmbiz.qpic.cn/a/0?wx_fmt=png&amp;x=1"' in content
    assert ">七步洗手法</span>" in content


def test_a_picture_that_was_not_uploaded_is_left_out(variant: Variant) -> None:
    assert "<img" not in rendered(variant, "![图](media/other.png)")


def test_a_chinese_file_name_is_found(variant: Variant) -> None:
    content = render(
        replace(variant, body="![图](media/洗手.png)"), {"media/洗手.png": "http://mmbiz.qpic.cn/b"}
    )
    assert "http://mmbiz.qpic.cn/b" in content
    assert pictures("![图](media/洗手.png) 和 ![](a.png)") == ("media/洗手.png", "a.png")


def test_links_outside_become_numbered_notes(variant: Variant) -> None:
    body = "见[甲](https://a.example/1)、[乙](https://b.example)、[又甲](https://a.example/1)。"
    content = rendered(variant, body)
    assert "<a " not in content
    assert content.count("[1]</sup>") == 2
    assert "[1] https://a.example/1" in content
    assert "[2] https://b.example" in content


def test_links_to_other_articles_stay(variant: Variant) -> None:
    content = rendered(variant, "[上期](https://mp.weixin.qq.com/s/abc) <https://x.example>")
    assert 'href="https://mp.weixin.qq.com/s/abc"' in content
    assert "文中链接" not in content
    assert "https://x.example" in content


@pytest.mark.parametrize(
    "body",
    [
        "<script>alert(1)</script>",
        '<img src="x" onerror="alert(1)">',
        "[点](javascript:alert)",
        "<style>p{}</style>",
    ],
)
def test_raw_html_is_shown_and_not_carried_out(variant: Variant, body: str) -> None:
    content = rendered(variant, body)
    assert not any(word in content for word in ("<script", "<img", "<style", "href"))


def test_the_label_comes_first_and_is_escaped(variant: Variant) -> None:
    content = render(replace(variant, label="转载自<健康澜汀>｜稿号 HT-1", marker="HT-1"), {})
    assert plain(content).splitlines()[0] == "转载自<健康澜汀>｜稿号 HT-1"
    assert content.count("HT-1") == 1


def test_an_original_carries_its_marker_once(variant: Variant) -> None:
    assert plain(render(variant, {})).splitlines()[-1] == "稿号 HT-20260506-hand"
    assert "稿号" not in plain(render(replace(variant, marker=""), {}))


def test_ai_content_is_declared(variant: Variant) -> None:
    assert "人工智能" not in render(variant, {})
    assert "本文含人工智能生成内容" in render(replace(variant, ai_generated=True), {})


def test_a_line_end_within_chinese_is_no_space(variant: Variant) -> None:
    assert "洗手最简单" in rendered(variant, "洗手\n最简单")
    assert plain(rendered(variant, "wash\nhands")).startswith("wash hands")


def test_code_keeps_its_spaces_and_lines(variant: Variant) -> None:
    content = rendered(variant, "```\na  b\n c\n```")
    assert "<br>" in content
    assert "a\xa0\xa0b" in content or "a&nbsp;&nbsp;b" in content


def test_tables_survive(variant: Variant) -> None:
    content = render(variant, {})
    assert content.count("<td") == 2
    assert "<th" in content


def test_rendering_is_pure(variant: Variant) -> None:
    body = "[甲](https://a.example)"
    assert rendered(variant, body) == rendered(variant, body)


def test_plain_gives_a_line_a_block() -> None:
    assert plain("<section><p>甲 &amp;\n 乙</p><p>丙<br>丁</p></section>") == "甲 & 乙\n丙\n丁"
