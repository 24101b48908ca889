"""Every platform's look, whatever a post holds: safe, whole, with words and pictures in it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters import registry
from bot.contract import Scene, Screen
from bot.domain.post import Article, Kind, Media, Method, Variant
from bot.domain.roster import Account
from bot.wiring.platforms import Catalog
from tests.adapters.pages import Page
from tests.adapters.scribbles import scribbles

PIXEL = "data:image/webp;base64,UklGRg=="
PLATFORMS = sorted(registry.platforms())
TITLED = {"wechat", "website", "baijiahao", "bilibili", "xiaohongshu", "zhihu", "toutiao"}
CATALOG = Catalog({})
AT = datetime(2026, 5, 6, 1, 0, tzinfo=UTC)
NASTY = [
    "</div></body><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "\u202eגב😷" * 9,
]
texts = scribbles | st.sampled_from([*NASTY, "很长" * 3000])


def media(name: str, mime: str = "image/jpeg") -> Media:
    return Media(path=name, sha256=name, size=1, mime=mime, width=9, height=16, duration_s=32)


WHOLE = Variant(
    post="p",
    kind=Kind.ORIGINAL,
    method=Method.PUSH,
    title="洗手的七步",
    text="勤洗手 #健康澜汀 https://jk.lanting.example/",
    body="## 为什么\n\n洗手。\n\n![图](media/in.jpg)\n",
    digest="七步",
    author="疾控",
    link="https://jk.lanting.example/1",
    label="",
    marker="HT-1",
    ai_generated=True,
    cover=media("media/cover.jpg"),
    images=(media("media/one.jpg"), media("media/two.jpg")),
    inline=(media("media/in.jpg"),),
    video=media("media/v.mp4", "video/mp4"),
    more=(Article(title="第二篇", body="文"),),
)
REPRINT = replace(WHOLE, kind=Kind.REPRINT, label="转载｜来源：健康澜汀｜稿号 HT-1", more=())


def scene(platform: str, name: str = "澜汀一院", *, by_hand: bool = False) -> Scene:
    account = Account(id="a", unit="u", platform=platform, name=name, verified_name="区一院")
    paths = [one.path for one in (WHOLE.cover, *WHOLE.images, *WHOLE.inline) if one]
    return Scene(account=account, at=AT, by_hand=by_hand, pictures=dict.fromkeys(paths, PIXEL))


def drawn(variant: Variant, where: Scene) -> list[Screen]:
    return list(CATALOG.screens(variant, where))


def text_of(screens: list[Screen]) -> str:
    """All words; tags that do not match fail here."""
    return "".join(e.text for one in screens for e in Page(one.content).elements[:1])


@pytest.mark.parametrize("platform", PLATFORMS)
def test_it_shows_whose_it_is_with_pictures(platform: str) -> None:
    screens = drawn(WHOLE, scene(platform))
    assert "澜汀一院" in text_of(screens)
    sources = [e.attributes["src"] for s in screens for e in Page(s.content).all("img")]
    assert PIXEL in sources
    if platform in TITLED:
        assert WHOLE.title in text_of(screens)
    assert all(screen.css for screen in screens)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_reprint_carries_its_label(platform: str) -> None:
    assert REPRINT.label in text_of(drawn(REPRINT, scene(platform)))


@pytest.mark.parametrize("platform", PLATFORMS)
def test_it_draws_what_is_not_there(platform: str) -> None:
    bare = replace(
        WHOLE, title="", text="", body="", cover=None, images=(), inline=(), video=None, more=()
    )
    assert "澜汀一院" in text_of(drawn(bare, scene(platform)))


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_style_sheet_stays_with_its_look_and_fetches_nothing(platform: str) -> None:
    for screen in drawn(WHOLE, scene(platform)):
        assert not re.search(r"https?:|url\(|@import|@font-face|:root", screen.css)
        plain = re.sub(r"/\*.*?\*/", "", screen.css, flags=re.DOTALL)
        heads = re.findall(r"([^{}\s][^{}]*)\{", plain)
        assert heads
        assert [head for head in heads if not head.startswith((".", "@"))] == []


@pytest.mark.parametrize("platform", sorted(TITLED | {"weibo", "douyin"}))
@settings(max_examples=20, deadline=None)  # each with a dozen parses
@given(title=texts, text=texts, body=texts, name=texts)
def test_nothing_a_post_holds_becomes_markup(
    platform: str, title: str, text: str, body: str, name: str
) -> None:
    nasty = replace(REPRINT, title=title, text=text, body=body, author=name, label=title, link=text)
    for screen in drawn(nasty, scene(platform, name, by_hand=True)):
        page = Page(screen.content)
        assert page.all("script", "link", "iframe", "object", "style", "form", "base") == []
        assert all(e.attributes["src"].startswith("data:image/") for e in page.all("img"))
        assert not any(name.startswith("on") for e in page.all() for name in e.attributes)
        links = [e.attributes.get("href", "") for e in page.all("a")]
        assert all(not link.lower().startswith("javascript:") for link in links)
        assert page.all("svg") == [e for e in page.all("svg") if "pt-sign" in e.attributes["class"]]


@pytest.mark.parametrize("platform", ["douyin", "kuaishou", "channels", "bilibili"])
def test_a_video_can_be_played_where_it_is_served(platform: str) -> None:
    served = replace(scene(platform), videos={"media/v.mp4": "/media/media/v.mp4"})
    [video] = [e for s in drawn(WHOLE, served) for e in Page(s.content).all("video")]
    assert video.attributes["src"] == "/media/media/v.mp4"
    assert video.attributes["poster"] == PIXEL
    assert "autoplay" not in video.attributes


@pytest.mark.parametrize("platform", ["douyin", "channels", "bilibili", "zhihu"])
def test_only_a_person_can_declare_ai(platform: str) -> None:
    declared = "作者声明"
    assert declared in text_of(drawn(WHOLE, scene(platform, by_hand=True)))
    assert declared not in text_of(drawn(WHOLE, scene(platform)))
    plain = replace(WHOLE, ai_generated=False)
    assert declared not in text_of(drawn(plain, scene(platform, by_hand=True)))


@pytest.mark.parametrize("platform", PLATFORMS)
def test_what_has_a_limit_is_counted(platform: str) -> None:
    account = scene(platform).account
    for by_hand in (False, True):
        for one in CATALOG.lengths(WHOLE, account, by_hand=by_hand):
            assert one.name
            assert one.length >= 0
            assert one.limit > 0
