"""A post as WeChat will show it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from adapters.wechat import themes
from adapters.wechat.adapter import Wechat
from adapters.wechat.limits import Limits
from adapters.wechat.look import lengths, screens
from bot.contract import Scene, Screen
from bot.domain.post import Article, Kind, Variant
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


def look(variant: Variant, account: Account, theme: str = themes.DEFAULT) -> list[Screen]:
    return screens(variant, Scene(account=account, at=AT, pictures=IMAGES), theme)


def pages(variant: Variant, account: Account) -> list[Page]:
    return [Page(screen.content) for screen in look(variant, account)]


def spans(page: Page) -> dict[str, str]:
    return {e.attributes["class"]: e.text for e in page.all("span") if "class" in e.attributes}


def test_the_head_is_that_of_an_article(variant: Variant, account: Account) -> None:
    page = pages(variant, account)[0]
    assert page.all("h4")[0].text == variant.title
    head = spans(page)
    assert head["wx-author"] == "健康促进中心"
    assert head["wx-name"] == "健康澜汀"
    assert head["wx-date"] == "2026年5月6日 07:30", "in Beijing it is the next day"


def test_what_is_not_known_is_not_shown(variant: Variant, account: Account) -> None:
    page = pages(replace(variant, author=""), replace(account, name=""))[0]
    assert {name for name in spans(page) if name.startswith("wx-")} == {"wx-date"}


def test_the_message_shows_cover_title_and_digest(variant: Variant, account: Account) -> None:
    article, message = pages(variant, account)
    sources = [e.attributes["src"] for e in message.all("img")]
    assert sources == [IMAGES["media/cover.jpg"]] * 2
    assert [b.text for b in message.all("b")] == [account.name, variant.title, variant.title]
    assert variant.digest in [p.text for p in message.all("p")]
    assert [e.attributes["src"] for e in article.all("img")] == [IMAGES["media/steps.png"]]


def test_a_reprint_has_no_message_of_its_own(variant: Variant, account: Account) -> None:
    reprint = replace(variant, kind=Kind.REPRINT, label="转载｜来源：健康澜汀")
    [article] = pages(reprint, account)
    assert "转载｜来源：健康澜汀" in [p.text for p in article.all("p")]
    assert "阅读原文" in [p.text for p in article.all("p")], "where to is not known yet"
    assert "阅读原文" not in [a.text for a in article.all("a")]


def test_each_article_of_a_push_has_its_phone(variant: Variant, account: Account) -> None:
    further = Article(title="第二篇", body="## 二\n\n文", link="https://b.example")
    first, second, message = pages(replace(variant, more=(further,)), account)
    assert [page.all("h4")[0].text for page in (first, second)] == [variant.title, "第二篇"]
    cards = [b.text for b in message.all("b") if b.attributes.get("class") == "wx-of-card"]
    assert cards == [variant.title, "第二篇"]
    originals = [e for page in (first, second) for e in page.all("a") if e.text == "阅读原文"]
    assert [e.attributes["href"] for e in originals] == [variant.link, "https://b.example"]


def test_a_link_that_is_none_is_no_link(variant: Variant, account: Account) -> None:
    shown = look(replace(variant, link="javascript:alert(1)"), account)
    assert not any("阅读原文" in screen.content for screen in shown)


def test_a_picture_message_shows_its_pictures_and_its_text(
    variant: Variant, account: Account
) -> None:
    images = (*variant.inline, *((variant.cover,) if variant.cover else ()))
    gallery = replace(variant, body="", text="洗手\n<七步>", images=images)
    [page] = pages(gallery, account)
    assert len(page.all("img")) == 2
    assert any(e.text.startswith("洗手\n<七步>") for e in page.all("p"))


def test_the_cover_is_cut_as_the_post_says(variant: Variant, account: Account) -> None:
    cut = replace(variant, options={"crop": "0_0.1_1_0.6", "crop_square": "0_0_0.5_1"})
    wide, square = pages(cut, account)[-1].all("img")
    assert wide.style["object-view-box"] == "inset(10.00% 0.00% 40.00% 0.00%)"
    assert square.style["object-view-box"] == "inset(0.00% 50.00% 0.00% 0.00%)"


@pytest.mark.parametrize("choice", ["", "off", "all", "fans"])
def test_comments_are_there_when_they_are_open(
    variant: Variant, account: Account, choice: str
) -> None:
    shown = look(replace(variant, options={"comments": choice} if choice else {}), account)
    assert ("写留言" in shown[0].content) == (choice in ("all", "fans"))


@pytest.mark.parametrize("theme", themes.NAMES)
def test_it_has_the_article_s_theme(variant: Variant, account: Account, theme: str) -> None:
    by_account = replace(account, options={"theme": theme})
    of_account = look(variant, by_account, "plain")
    assert of_account == look(replace(variant, options={"theme": theme}), account)
    assert theme in of_account[0].note
    config = Wechat.Config(theme=theme)
    scene = Scene(account=account, at=AT, pictures=IMAGES)
    assert list(Wechat.screens(variant, scene, config)) == of_account


def test_lengths_are_those_check_refuses_by(variant: Variant, account: Account) -> None:
    named = {one.limit: one.length for one in lengths(variant, Limits())}
    assert named[32] == len(variant.title)
    assert named[120] == len(variant.digest)
    assert named[19_999] > len(variant.body)
    longer = replace(account, options={"title_chars": "64"})
    assert Wechat.lengths(variant, longer)[0].limit == 64
    assert Wechat.lengths(variant, replace(account, options={"title_chars": "x"})) == ()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=scribbles)
def test_nothing_comes_from_outside(variant: Variant, account: Account, body: str) -> None:
    for page in pages(replace(variant, body=f"字{body}"), account):
        assert page.all("script", "link", "iframe", "object") == []
        assert all(e.attributes["src"].startswith("data:image/") for e in page.all("img"))
        assert not any(name.startswith("on") for e in page.all() for name in e.attributes)
