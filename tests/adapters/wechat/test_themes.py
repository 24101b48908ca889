"""Themes: sober, legible, made of what WeChat keeps, chosen by post, account or settings."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import ValidationError

from adapters.wechat import themes
from adapters.wechat.adapter import Wechat, WechatConfig
from adapters.wechat.render import render
from tests.adapters.pages import Page
from tests.adapters.wechat.stage import WechatStage
from tests.adapters.wechat.test_adapter import drafts

_RULE = re.compile(r"([^{}]+)\{([^}]*)\}")
_COLOUR = re.compile(r"(?:^|[\s;])(color|background): (#[0-9a-f]{3,6})")


@pytest.fixture
def written(tmp_path: Path) -> WechatStage:
    return WechatStage(tmp_path)


def rules(theme: str) -> list[tuple[str, str]]:
    """Selector and declarations of every rule."""
    sheet = re.sub(r"/\*.*?\*/", "", themes.css(theme), flags=re.DOTALL)
    return [(selector.strip(), body.strip()) for selector, body in _RULE.findall(sheet)]


def luminance(colour: str) -> float:
    """Relative luminance: https://www.w3.org/TR/WCAG21/#dfn-relative-luminance"""
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_every_theme_has_its_file() -> None:
    folder = Path(themes.__file__).parent
    assert {file.stem for file in folder.glob("*.css")} == set(themes.NAMES)
    assert themes.DEFAULT in themes.NAMES


@pytest.mark.parametrize("theme", themes.NAMES)
def test_every_colour_can_be_read_on_every_background(theme: str) -> None:
    colours: set[str] = set()
    backgrounds = {"#fff"}
    for _selector, body in rules(theme):
        for kind, colour in _COLOUR.findall(body):
            (colours if kind == "color" else backgrounds).add(colour)
    assert colours
    assert all(contrast(c, b) >= 4.5 for c in colours for b in backgrounds)


@pytest.mark.parametrize("theme", themes.NAMES)
def test_nothing_in_it_that_wechat_drops(theme: str) -> None:
    sheet = " ".join(f"{selector} {body}" for selector, body in rules(theme))
    for word in ("position", "float", "var(", "::", "@", "url(", "!important", "serif", "flex"):
        assert word not in sheet, word


def test_the_government_s_theme_is_red_and_dark_blue(written: WechatStage) -> None:
    body = "## 一\n\n### 二\n\n文"
    page = Page(render(replace(written.variant, body=body), {}, theme="gov"))
    [second], [third] = page.all("h2"), page.all("h3")
    red, blue = second.style["color"], third.style["color"]
    assert int(red[1:3], 16) > 2 * max(int(red[3:5], 16), int(red[5:7], 16))
    assert int(blue[5:7], 16) > max(int(blue[1:3], 16), int(blue[3:5], 16))
    assert not any(
        {"border-left", "background", "border-radius"} & set(h.style) for h in (second, third)
    )


@pytest.mark.parametrize("where", ["post", "account"])
def test_an_unknown_theme_names_the_known_ones(written: WechatStage, where: str) -> None:
    variant = written.variant
    if where == "post":
        variant = replace(variant, options={"theme": "gold"})
    else:
        written.account = replace(written.account, options={"theme": "gold"})
    [problem] = Wechat.check(variant, written.account)
    assert problem.code == "theme-unknown"
    assert "gold" in problem.message
    assert all(name in problem.hint for name in themes.NAMES)


@pytest.mark.parametrize("theme", themes.NAMES)
def test_known_ones_are_no_problem(written: WechatStage, theme: str) -> None:
    assert Wechat.check(replace(written.variant, options={"theme": theme}), written.account) == []
    assert WechatConfig.model_validate({"theme": theme}).theme == theme


def test_the_settings_refuse_an_unknown_one() -> None:
    with pytest.raises(ValidationError):
        WechatConfig.model_validate({"theme": "gold"})


def test_the_post_goes_before_its_account_and_that_before_the_settings(
    written: WechatStage,
) -> None:
    account = replace(written.account, options={"theme": "health"})
    chooses = replace(written.variant, options={"theme": "plain"})
    assert themes.chosen(chooses, account) == "plain"
    assert themes.chosen(written.variant, account, "gov") == "health"
    assert themes.chosen(written.variant, written.account, "plain") == "plain"


async def test_the_draft_has_the_account_s_theme(tmp_path: Path) -> None:
    stage = WechatStage(tmp_path)
    stage.account = replace(stage.account, options={"theme": "health"})
    await stage.start()
    try:
        await stage.prepared()
        [draft] = await drafts(stage)
    finally:
        await stage.close()
    heading = Page(draft["content"]).all("h2")[0]
    assert heading.style == Page(render(stage.variant, {}, theme="health")).all("h2")[0].style
    assert heading.style != Page(render(stage.variant, {}, theme="gov")).all("h2")[0].style
