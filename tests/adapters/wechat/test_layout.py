"""What is found in a layout before WeChat would refuse or spoil it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from adapters.wechat import themes
from adapters.wechat.adapter import Wechat
from adapters.wechat.layout import measure
from adapters.wechat.limits import Limits
from adapters.wechat.render import Notices, lay_out, pictures, plain
from bot.domain.plain import plain_text
from bot.domain.problem import Problem, Severity
from tests.adapters.pages import Page
from tests.adapters.scribbles import PATHS, scribbles
from tests.adapters.wechat.stage import WechatStage

POSTS = sorted((Path(__file__).parents[3] / "schedules" / "posts").glob("*.md"))
UPLOADED = {path: f"https://mmbiz.qpic.cn/{number}" for number, path in enumerate(PATHS)}
NOTICES = Notices(label="转载｜来源：<健康澜汀>｜稿号 HT-1", ai_generated=True)
TAGS = {
    *("section", "p", "span", "strong", "em", "s", "blockquote", "br", "hr", "img", "a", "sup"),
    *("table", "thead", "tbody", "tr", "th", "td", "h1", "h2", "h3", "h4", "h5", "h6"),
    *("pre", "code"),
}
# What WeChat drops or handles badly, whoever writes it.
SPOILED = {"position", "float", "z-index", "display:flex", "background-image", "content"}


@pytest.fixture
def written(tmp_path: Path) -> WechatStage:
    return WechatStage(tmp_path)


def found(stage: WechatStage, **changes: Any) -> list[Problem]:
    return Wechat.check(replace(stage.variant, **changes), stage.account)


@given(scribbles)
def test_only_what_wechat_keeps_comes_out(body: str) -> None:
    content = lay_out(body, NOTICES, UPLOADED, "gov")
    for element in Page(content).all():
        assert element.tag in TAGS
        assert set(element.attributes) <= {"style", "href", "src", "alt"}
        assert not set(element.style) & SPOILED
        assert "var(" not in element.attributes.get("style", "")
        if element.tag == "img":
            assert element.attributes["src"] in UPLOADED.values()
        if element.tag == "a":
            assert element.attributes["href"].startswith("https://mp.weixin.qq.com/")


@given(scribbles)
def test_the_words_stay_the_words(body: str) -> None:
    """The layout may add notes; it neither loses nor changes a word of the text."""
    shown = iter(plain(lay_out(body, Notices(), {}, "plain")))
    words = "".join(plain_text(body).split())
    assert all(character in shown for character in words)


@given(scribbles)
def test_the_size_is_not_smaller_than_what_is_sent(body: str) -> None:
    content = lay_out(body, NOTICES, UPLOADED, "health")
    assert measure(body, NOTICES, "health").chars >= len(content)


@pytest.mark.parametrize("theme", themes.NAMES)
@pytest.mark.parametrize("post", POSTS, ids=lambda post: post.stem)
def test_the_office_s_own_posts_fit(post: Path, theme: str) -> None:
    body = post.read_text(encoding="utf-8")
    content = lay_out(body, NOTICES, dict.fromkeys(pictures(body), UPLOADED[PATHS[0]]), theme)
    assert plain(lay_out(body, Notices(), {}, theme)) == plain_text(body)
    assert len(Page(content).all("img")) == len(pictures(body))
    limit = Limits()
    size = measure(body, NOTICES, theme)
    assert size.chars < limit.content_chars / 2, "half of it is a long article already"
    assert size.bytes < limit.content_bytes / 10


def test_there_are_posts_to_try() -> None:
    assert len(POSTS) > 40


@pytest.mark.parametrize(
    "body",
    [
        "字" * 19_000,
        "**字" * 4_000,
        "[" * 5_000,
        "> " * 2_000 + "字",
        "- " * 2_000 + "字",
        "| 甲 |\n| --- |\n" + "| 乙 |\n" * 2_000,
        "| 甲 " * 90 + "|\n" + "| --- " * 90 + "|\n" + "| 乙\n" * 90,
        "<!-- " * 2_000,
        "```\n" + " " * 10_000,
        "![图](media/a.png)" * 400,
        "[甲](https://a.example/1) " * 400,
        "\n".join(f"[甲](https://a.example/{number})" for number in range(400)),
        "&" * 10_000,
    ],
    ids=lambda body: f"{body[:6]!r} x {len(body)}",
)
@pytest.mark.timeout(60)  # they take a second at most
def test_monsters_are_laid_out(body: str) -> None:
    page = Page(lay_out(body, Notices(), UPLOADED, "health"))
    assert page.elements[0].text or len(page.elements) > 1


@pytest.mark.parametrize("theme", themes.NAMES)
def test_too_long_says_how_much_of_it_is_text(written: WechatStage, theme: str) -> None:
    body = "| 甲 | 乙 |\n| --- | --- |\n" + "| 一 | 二 |\n" * 250
    [problem] = found(written, body=body, options={"theme": theme})
    assert problem.code == "body-too-long"
    assert theme in problem.message
    assert "19999" in problem.message
    size = measure(body, Notices(marker=written.variant.marker), theme)
    assert str(size.chars) in problem.message
    assert str(size.text) in problem.message
    assert size.text < 1_600


def test_without_a_choice_it_must_fit_in_every_theme(written: WechatStage) -> None:
    body = "- 甲\n" * 150
    sizes = {name: measure(body, Notices(), name).chars for name in themes.NAMES}
    limits = {"content_chars": str(sizes["gov"] + 200)}
    assert sizes["health"] > sizes["gov"] + 200
    written.account = replace(written.account, options=limits)
    assert [problem.code for problem in found(written, body=body)] == ["body-too-long"]
    written.account = replace(written.account, options={**limits, "theme": "gov"})
    assert found(written, body=body) == []


def test_bytes_count_too(written: WechatStage) -> None:
    written.account = replace(written.account, options={"content_bytes": "4000"})
    [problem] = found(written, body="字" * 1_500)
    assert problem.code == "body-too-long"
    assert "3999" in problem.message


def test_raw_html_and_links_to_nowhere_are_worth_a_look(written: WechatStage) -> None:
    body = "一<br>二 <!-- 内部 -->\n\n[附件](../files/a.docx) [上文](#a) [好](https://a.example)"
    problems = found(written, body=body)
    assert [problem.code for problem in problems] == ["raw-html", "link-incomplete"]
    assert {problem.severity for problem in problems} == {Severity.WARNING}
    assert "<br> <!-- 内部 -->" in problems[0].message
    assert "../files/a.docx #a" in problems[1].message
    assert "a.example" not in problems[1].message
