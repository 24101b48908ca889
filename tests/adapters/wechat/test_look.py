"""A post as WeChat will show it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from adapters.wechat import themes
from adapters.wechat.preview import preview_html
from bot.domain.post import Article, Variant
from bot.domain.roster import Account
from tests.adapters.pages import Page
from tests.adapters.scribbles import scribbles
from tests.adapters.wechat.stage import WechatStage

PIXEL = "data:image/png;base64,iVBORw0KGgo="
IMAGES = {"media/cover.jpg": f"{PIXEL}1", "media/steps.png": f"{PIXEL}2"}
AT = datetime(2026, 5, 5, 23, 30, tzinfo=UTC)


@pytest.fixture
def stage(tmp_path: Path) -> WechatStage:
    return WechatStage(tmp_path)


@pytest.fixture
def variant(stage: WechatStage) -> Variant:
    return stage.variant


@pytest.fixture
def account(stage: WechatStage) -> Account:
    return stage.account


def spans(page: Page) -> dict[str, str]:
    return {e.attributes["class"]: e.text for e in page.all("span") if "class" in e.attributes}


def test_the_head_is_that_of_an_article(variant: Variant, account: Account) -> None:
    page = Page(preview_html(variant, IMAGES, account=account, at=AT))
    assert page.all("h1")[0].text == variant.title
    head = spans(page)
    assert head["author"] == "健康促进中心"
    assert head["name"] == "健康澜汀"
    assert head["date"] == "2026年5月6日 07:30", "in Beijing it is the next day"


def test_what_is_not_known_is_not_shown(variant: Variant) -> None:
    assert set(spans(Page(preview_html(variant, IMAGES)))) == {"author"}


def test_the_message_shows_the_cover_and_the_title(variant: Variant) -> None:
    page = Page(preview_html(variant, IMAGES))
    assert page.all("img")[0].attributes["src"] == IMAGES["media/cover.jpg"]
    assert page.all("b")[0].text == variant.title


def test_the_article_shows_its_pictures_and_a_box_for_those_missing(variant: Variant) -> None:
    sources = [e.attributes["src"] for e in Page(preview_html(variant, IMAGES)).all("img")]
    assert sources == list(IMAGES.values())
    missing = Page(preview_html(variant, {})).all("img")
    assert [e.attributes["src"][:18] for e in missing] == ["data:image/svg+xml"] * 2


def test_a_file_may_be_shown_and_an_outside_address_not(variant: Variant) -> None:
    files = {path: f"file:///tmp/{path}" for path in IMAGES}
    assert preview_html(variant, files).count("file:///tmp/media/") == 2
    outside = {path: f"https://evil.example/{path}" for path in IMAGES}
    assert "evil.example" not in preview_html(variant, outside)


def test_each_article_of_a_push_has_its_phone(variant: Variant) -> None:
    further = Article(title="第二篇", body="## 二\n\n文", link="https://b.example")
    page = Page(preview_html(replace(variant, more=(further,)), IMAGES))
    assert [e.text for e in page.all("h1")] == [variant.title, "第二篇"]
    assert [e.text for e in page.all("b")] == [variant.title, "第二篇"]
    originals = [e for e in page.all("a") if e.text == "阅读原文"]
    assert [e.attributes["href"] for e in originals] == [variant.link, "https://b.example"]


def test_a_link_that_is_none_is_no_link(variant: Variant) -> None:
    assert "阅读原文" not in preview_html(replace(variant, link="javascript:alert(1)"), IMAGES)


def test_a_picture_message_shows_its_pictures_and_its_text(variant: Variant) -> None:
    images = (*variant.inline, *((variant.cover,) if variant.cover else ()))
    gallery = replace(variant, body="", text="洗手\n<七步>", images=images)
    page = Page(preview_html(gallery, IMAGES))
    assert len(page.all("img")) == 2
    assert any(e.text.startswith("洗手\n<七步>") for e in page.all("p"))


def test_the_cover_is_cut_as_the_post_says(variant: Variant) -> None:
    cut = replace(variant, options={"crop": "0_0.1_1_0.6"})
    cover = Page(preview_html(cut, IMAGES)).all("img")[0]
    assert cover.style["object-view-box"] == "inset(10.00% 0.00% 40.00% 0.00%)"


@pytest.mark.parametrize("theme", themes.NAMES)
def test_it_has_the_article_s_theme(variant: Variant, account: Account, theme: str) -> None:
    by_account = replace(account, options={"theme": theme})
    html = preview_html(variant, IMAGES, account=by_account, theme="plain")
    assert html == preview_html(replace(variant, options={"theme": theme}), IMAGES, account=account)
    assert theme in Page(html).all("figcaption")[-1].text


def test_the_texts_of_a_post_are_no_html(variant: Variant, account: Account) -> None:
    bad = "</title><script>alert(1)</script>"
    nasty = replace(variant, title=bad, author=bad, body=bad, label=bad, link=f"https://a/{bad}")
    page = Page(preview_html(nasty, IMAGES, account=replace(account, name=bad)))
    assert page.all("script") == []
    assert page.all("title")[0].text == bad


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=scribbles)
def test_nothing_comes_from_outside(variant: Variant, body: str) -> None:
    page = Page(preview_html(replace(variant, body=f"字{body}"), IMAGES))
    assert page.all("script", "link", "iframe", "object", "svg") == []
    assert all(e.attributes["src"].startswith("data:image/") for e in page.all("img"))
    assert not any(name.startswith("on") for e in page.all() for name in e.attributes)
