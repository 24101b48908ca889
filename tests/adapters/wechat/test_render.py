"""Markdown to the HTML WeChat keeps: every construct."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from adapters.wechat import themes
from adapters.wechat.render import pictures, plain, render
from bot.domain.post import Variant
from tests.adapters.pages import Element, Page
from tests.adapters.wechat.stage import WechatStage

UPLOADED = "http://mmbiz.qpic.cn/a/0"


@pytest.fixture
def variant(tmp_path: Path) -> Variant:
    return WechatStage(tmp_path).variant


def rendered(variant: Variant, body: str, **urls: str) -> str:
    return render(replace(variant, body=body), urls)


def only(variant: Variant, body: str, tag: str) -> Element:
    """The one element with that tag."""
    [element] = Page(rendered(variant, body)).all(tag)
    return element


@pytest.mark.parametrize("theme", themes.NAMES)
def test_styles_are_written_into_the_elements(variant: Variant, theme: str) -> None:
    content = render(variant, {"media/steps.png": UPLOADED}, theme=theme)
    page = Page(content)
    article = page.elements[0]
    assert article.tag == "section"
    assert {"font-size", "line-height", "color"} <= set(article.style)
    assert all(element.style for element in page.all("p", "h2", "table", "th", "td", "img"))
    assert not any(word in content for word in ("class=", "id=", "<style", "<div"))


def test_nothing_is_between_the_blocks(variant: Variant) -> None:
    """WeChat makes empty lines and dots of line ends between elements."""
    content = render(variant, {"media/steps.png": UPLOADED})
    assert "\n" not in content
    assert "> <" not in content


def test_a_picture_shows_its_uploaded_address_and_caption(variant: Variant) -> None:
    content = render(variant, {"media/steps.png": f"{UPLOADED}?wx_fmt=png&x=1"})
    assert f'src="{UPLOADED}?wx_fmt=png&amp;x=1"' in content
    assert ">七步洗手法</span>" in content


def test_the_title_of_a_picture_is_its_caption(variant: Variant) -> None:
    body = '![两只手在水流下](a.png "图1：七步洗手法")'
    page = Page(render(replace(variant, body=body), {"a.png": UPLOADED}))
    assert page.all("img")[0].attributes["alt"] == "两只手在水流下"
    assert page.all("img")[0].style["width"] == "100%"
    assert page.all("span")[0].text == "图1：七步洗手法"


def test_a_picture_within_a_line_is_small_and_has_no_caption(variant: Variant) -> None:
    page = Page(render(replace(variant, body="扫码![码](a.png)报名"), {"a.png": UPLOADED}))
    [picture] = page.all("img")
    assert picture.parents[-1] == "p"
    assert "width" not in picture.style
    assert picture.style["max-width"] == "100%"
    assert page.all("span") == []


def test_a_picture_that_was_not_uploaded_leaves_nothing_behind(variant: Variant) -> None:
    bare = replace(variant, marker="")
    assert render(replace(bare, body="![图](other.png)"), {}) == render(replace(bare, body=""), {})


def test_a_chinese_file_name_is_found(variant: Variant) -> None:
    content = render(
        replace(variant, body="![图](media/洗手.png)"), {"media/洗手.png": "http://mmbiz.qpic.cn/b"}
    )
    assert "http://mmbiz.qpic.cn/b" in content
    assert pictures("![图](media/洗手.png) 和 ![](a.png)") == ("media/洗手.png", "a.png")


def test_a_table_scrolls_when_it_has_many_columns(variant: Variant) -> None:
    def cells(columns: int) -> list[Element]:
        row, rule = "| 格 " * columns + "|", "| --- " * columns + "|"
        page = Page(rendered(variant, f"{row}\n{rule}\n{row}"))
        [table] = page.all("table")
        assert table.parents == ("section", "section")
        assert len(page.all("td")) == columns
        return page.all("th", "td")

    assert not any("min-width" in cell.style for cell in cells(4))
    assert all("min-width" in cell.style for cell in cells(5))


def test_columns_keep_their_alignment(variant: Variant) -> None:
    cell = only(variant, "| 人数 |\n| ---: |\n| 20 |", "td")
    assert cell.style["text-align"] == "right"
    assert cell.style["border"]


def test_quotes_hold_paragraphs(variant: Variant) -> None:
    page = Page(rendered(variant, "> 一\n>\n> 二\n>\n> > 三"))
    assert [quote.text for quote in page.all("blockquote")] == ["一二三", "三"]
    assert [p.parents[-1] for p in page.all("p")][:3] == ["blockquote"] * 3


def test_code_keeps_its_spaces_and_lines(variant: Variant) -> None:
    element = only(variant, "```python\na  b c\n\td < 1\n```", "code")
    content = rendered(variant, "```python\na  b c\n\td < 1\n```")
    assert "a&nbsp; b c<br>&nbsp;&nbsp;&nbsp; d &lt; 1" in content
    assert element.parents[-1] == "pre"


def test_marks_of_words(variant: Variant) -> None:
    page = Page(rendered(variant, "**重** *轻* ~~旧~~ `x`  \n下一行"))
    tags = [element.tag for element in page.all("strong", "em", "s", "code", "br")]
    assert tags == ["strong", "em", "s", "code", "br"]


@pytest.mark.parametrize("level", range(1, 7))
def test_headings_keep_their_level(variant: Variant, level: int) -> None:
    assert only(variant, f"{'#' * level} 一、总则", f"h{level}").text == "一、总则"


@pytest.mark.parametrize(
    "body",
    [
        "<script>alert(1)</script>",
        '<img src="x" onerror="alert(1)">',
        "[点](javascript:alert)",
        "<style>p{}</style>",
        '<a href="https://mp.weixin.qq.com/s/x">',
    ],
)
def test_raw_html_is_shown_and_not_carried_out(variant: Variant, body: str) -> None:
    page = Page(rendered(variant, body))
    assert page.all("script", "img", "style", "a") == []
    assert page.elements[0].text.startswith(body)


def test_the_label_comes_first_and_is_escaped(variant: Variant) -> None:
    content = render(replace(variant, label="转载自<健康澜汀>｜稿号 HT-1", marker="HT-1"), {})
    assert plain(content).splitlines()[0] == "转载自<健康澜汀>｜稿号 HT-1"
    assert content.count("HT-1") == 1


def test_an_original_carries_its_marker_once(variant: Variant) -> None:
    assert plain(render(variant, {})).splitlines()[-1] == "稿号 HT-20260506-hand"
    assert "稿号" not in plain(render(replace(variant, marker=""), {}))
    assert plain(rendered(variant, "稿号：HT-20260506-hand")).count("HT-20260506-hand") == 1


def test_ai_content_is_declared(variant: Variant) -> None:
    assert "人工智能" not in render(variant, {})
    assert "本文含人工智能生成内容" in render(replace(variant, ai_generated=True), {})


def test_a_line_end_within_chinese_is_no_space(variant: Variant) -> None:
    assert "洗手最简单" in rendered(variant, "洗手\n最简单")
    assert plain(rendered(variant, "wash\nhands")).startswith("wash hands")
    assert plain(rendered(variant, "**wash**\n**hands**")).startswith("wash hands")


def test_a_post_may_choose_its_theme(variant: Variant) -> None:
    chosen = replace(variant, options={"theme": "health"})
    assert render(chosen, {}) == render(variant, {}, theme="health")
    assert render(chosen, {}, theme="plain") == render(variant, {}, theme="health")
    assert len({render(variant, {}, theme=name) for name in themes.NAMES}) == 3


def test_rendering_is_pure(variant: Variant) -> None:
    body = "[甲](https://a.example)"
    assert rendered(variant, body) == rendered(variant, body)


def test_plain_gives_a_line_a_block() -> None:
    assert plain("<section><p>甲 &amp;\n 乙</p><p>丙<br>丁</p></section>") == "甲 & 乙\n丙\n丁"
