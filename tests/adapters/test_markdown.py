"""Markdown as the office writes it, and as HTML for websites."""

from __future__ import annotations

import pytest
from hypothesis import given

from adapters.markdown import links, pictures, raw_html, to_html
from tests.adapters.pages import Page
from tests.adapters.scribbles import scribbles

URLS = {"media/a.png": "https://site.example/a.png", "media/洗手.png": "https://site.example/b.png"}
ALLOWED = {
    *("p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "ul", "ol", "li", "hr", "br"),
    *("table", "thead", "tbody", "tr", "th", "td", "figure", "figcaption", "img"),
    *("strong", "em", "s", "a", "pre", "code"),
}


def test_a_picture_by_itself_is_a_figure_with_its_title_as_caption() -> None:
    page = to_html('![两只手](media/a.png "七步洗手法")', URLS)
    assert page == (
        '<figure><img src="https://site.example/a.png" alt="两只手">'
        "<figcaption>七步洗手法</figcaption></figure>"
    )


def test_without_a_title_the_description_is_the_caption() -> None:
    assert "<figcaption>七步洗手法</figcaption>" in to_html("![七步洗手法](media/a.png)", URLS)
    assert "figcaption" not in to_html("![](media/a.png)", URLS)


def test_a_picture_within_a_line_has_no_caption() -> None:
    page = to_html("扫码 ![码](media/a.png) 报名", URLS)
    assert page.startswith("<p>扫码 <img ")
    assert "figure" not in page


def test_each_picture_of_a_paragraph_is_a_figure_of_its_own() -> None:
    page = to_html("![甲](media/a.png)\n![乙](media/洗手.png)", URLS)
    assert page.count("<figure>") == page.count("<figcaption>") == 2


def test_a_picture_without_an_address_leaves_nothing_behind() -> None:
    assert to_html("![甲](media/other.png)", URLS) == ""
    assert to_html("![甲](media/a.png)") == ""


def test_columns_keep_their_alignment_and_nothing_else() -> None:
    page = to_html("| 甲 | 乙 |\n| --- | ---: |\n| 1 | 2 |")
    assert '<td style="text-align:right">2</td>' in page
    assert "<td>1</td>" in page


def test_links_stay_links() -> None:
    page = to_html('[国家疾控局](https://a.example/x?a=1&b=2 "题") [信](mailto:a@b.example)')
    assert (
        '<a href="https://a.example/x?a=1&amp;b=2" title="题" rel="noopener">国家疾控局</a>' in page
    )
    assert 'href="mailto:a@b.example"' in page


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ("洗手\n最简单", "洗手最简单"),
        ("**洗**\n**手**", "<strong>洗</strong><strong>手</strong>"),
        ("用\nAED", "用AED"),
        ("wash\nhands", "wash hands"),
        ("*wash*\n*hands*", "<em>wash</em> <em>hands</em>"),
        ("café\nest", "café est"),
    ],
)
def test_a_line_end_is_a_space_between_latin_words_only(body: str, shown: str) -> None:
    assert to_html(body) == f"<p>{shown}</p>"


def test_raw_html_is_shown_and_found() -> None:
    body = "血压<140，a<b。\n\n<script>alert(1)</script> 一<br>二 <!-- 内部 -->\n\n`<b>`"
    assert "<script" not in to_html(body)
    assert raw_html(body) == ("<script>", "</script>", "<br>", "<!-- 内部 -->")


def test_pictures_and_links_in_their_order() -> None:
    body = (
        "![图](media/洗手.png) 和 [a](https://a.example)\n\n- ![](media/a.png) <https://b.example>"
    )
    assert pictures(body) == ("media/洗手.png", "media/a.png")
    assert links(body) == ("https://a.example", "https://b.example")


@given(scribbles)
def test_nothing_but_plain_elements_comes_out(body: str) -> None:
    for element in Page(to_html(body, URLS)).all():
        attributes = element.attributes
        assert element.tag in ALLOWED
        assert set(attributes) <= {"href", "title", "rel", "src", "alt", "start", "style"}
        assert attributes.get("src", URLS["media/a.png"]) in URLS.values()
        assert not attributes.get("href", "").lower().startswith(("javascript:", "vbscript:"))
        assert set(element.style) <= {"text-align"}


@given(scribbles)
def test_whatever_is_written_can_be_asked_about(body: str) -> None:
    assert all(link for link in links(body))
    assert len(raw_html(body)) <= body.count("<")
    assert len(pictures(body)) <= body.count("![")
