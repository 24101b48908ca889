"""The page of a preview: whole, safe, small, and usable by everybody."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from adapters.looks.parts import shared_css
from bot.domain.post import Article, Post
from bot.domain.problem import Problem, Severity
from bot.preview import page as pages
from bot.preview.frames import Gallery, media_of
from bot.preview.gallery import pictures
from tests.adapters.pages import Page
from tests.adapters.scribbles import scribbles
from tests.bot.preview.sample import FOLDER, Shown, month, post, show

CSS = (Path(pages.__file__).with_suffix(".css")).read_text(encoding="utf-8")
NASTY = [
    "</title></h1><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "\u202eגב😷" * 9,
]
texts = scribbles | st.sampled_from([*NASTY, "很长" * 2000])


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("copies")


@pytest.fixture(scope="module")
def shown(cache: Path) -> dict[str, Shown]:
    """Every post of the sample month, as the command makes it."""
    found = {}
    for one in month().posts:
        found[one.id] = show(one, Gallery(pictures=pictures(media_of(one), FOLDER, cache)))
    return found


def policy(html: str) -> dict[str, str]:
    [meta] = [e for e in Page(html).all("meta") if "http-equiv" in e.attributes]
    assert meta.attributes["http-equiv"] == "Content-Security-Policy"
    parts = (part.strip().partition(" ") for part in meta.attributes["content"].split(";"))
    return {name: values for name, _space, values in parts}


def test_the_whole_month_is_shown(shown: dict[str, Shown]) -> None:
    """Each page is one well-formed document; what was planted as a fault is told on it."""
    assert len(shown) == 60
    for name, one in shown.items():
        page = Page(one.html)
        assert [h.text for h in page.all("h1")] == [post(name).title]
        assert len([e for e in page.all("article") if "id" in e.attributes]) == len(one.made.frames)
        missing = [e for e in page.all("img") if "svg" in e.attributes["src"][:20]]
        assert missing == [], f"{name}: a picture of the sample is not there"
    assert "consent-missing" in shown["0526-recovery-story"].html


def test_pages_are_small(shown: dict[str, Shown]) -> None:
    assert max(len(one.html.encode()) for one in shown.values()) < 3_000_000


def test_nothing_runs_and_nothing_is_fetched(shown: dict[str, Shown]) -> None:
    html = shown["k5-heat-warning"].html
    rules = policy(html)
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "data:"
    assert rules["media-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert "script-src" not in rules
    tree = LexborHTMLParser(html)
    assert tree.css("script, link, iframe, object, embed, form, base") == []
    assert all(str(i.attributes["src"]).startswith("data:image/") for i in tree.css("img"))
    assert not re.search(r"url\(|@import|@font-face", "".join(s.text() for s in tree.css("style")))


def test_there_is_an_outline_and_words_for_every_picture(shown: dict[str, Shown]) -> None:
    page = Page(shown["k5-heat-warning"].html)
    assert [e.attributes["lang"] for e in page.all("html")] == ["zh-CN"]
    assert len(page.all("h2")) >= 2
    assert len(page.all("h3")) >= len(shown["k5-heat-warning"].made.frames)
    assert all(e.attributes["alt"] for e in page.all("img"))
    screens = [e for e in page.all("div") if e.attributes.get("class") == "screen"]
    assert all(e.attributes["tabindex"] == "0" and e.attributes["aria-label"] for e in screens)
    ids = [e.attributes["id"] for e in page.all() if "id" in e.attributes]
    assert len(ids) == len(set(ids))
    targets = {e.attributes["href"][1:] for e in page.all("a") if e.attributes["href"][0] == "#"}
    assert targets == {name for name in ids if re.fullmatch(r"f\d+", name)}


def test_the_panel_tells_what_the_phone_does_not(shown: dict[str, Shown]) -> None:
    words = LexborHTMLParser(shown["k5-heat-warning"].html).text()
    for said in ("HT-7D48E44E", "转载｜来源：健康澜汀", "2026年5月20日 周三 15:00", "区一院"):
        assert said in words
    assert re.search(r"75\D{1,5}130", words), "as long as the composer counts it, of how many"
    assert "跟着上门护士走一天" in shown["0510-profile-home-visit"].html
    assert "护士节人物：敲开门" in shown["0510-profile-home-visit"].html


def nasty(title: str, text: str, body: str) -> Post:
    more = (Article(title=text, body=body, digest=title),)
    return replace(
        post("0513-notice-hfmd"), title=title, text=text, body=body, digest=text, more=more,
        author=title, column=text, topic=title, source=title, source_url=text, reviewer=text,
        link=text,
    )  # fmt: skip


@settings(max_examples=15, deadline=None)
@given(title=texts, text=texts, body=texts)
def test_whatever_a_post_holds_is_text(title: str, text: str, body: str) -> None:
    html = show(nasty(title, text, body)).html
    page = Page(html)
    assert page.all("h1")[0].text == title
    assert page.all("script", "iframe", "link", "object") == []
    assert [e.tag for e in page.all("style")] == ["style"]
    assert all(e.attributes["src"].startswith("data:image/") for e in page.all("img"))
    assert not any(name.startswith("on") for e in page.all() for name in e.attributes)
    tree = LexborHTMLParser(html)
    assert len(tree.css("script")) == 0
    assert len(tree.css("main")) == 1


def test_a_post_that_cannot_be_shown_tells_why() -> None:
    problem = Problem(
        code="no-time", message="<b>没有</b>时间", hint="写上 at", severity=Severity.ERROR
    )
    page = Page(pages.faults("p<1>", [problem]))
    assert "p<1>" in page.all("h1")[0].text
    [item] = page.all("li")
    assert item.attributes["class"] == "error"
    for said in ("no-time", "<b>没有</b>时间", "写上 at"):
        assert said in item.text


def test_a_served_page_may_play_its_own_videos_only() -> None:
    assert policy(pages.faults("p", [], served=True))["media-src"] == "'self'"


def test_a_screen_is_375_wide_and_the_page_knows_dark_mode_paper_and_narrow_screens() -> None:
    width, border = (
        re.search(pattern, CSS)
        for pattern in (r"\.phone \{ margin: 0; width: (\d+)px", r"border: (\d+)px solid #22272a")
    )
    assert width is not None
    assert border is not None
    assert int(width[1]) - 2 * int(border[1]) == 375
    for query in ("prefers-color-scheme: dark", "print", "max-width: 900px"):
        assert f"@media ({query})" in CSS or f"@media {query}" in CSS
    assert "size: A4" in CSS


def test_the_switch_and_the_system_turn_phones_to_the_same_colours() -> None:
    phones = re.findall(r"\.phone \{ (?:color-scheme: dark; )?(--paper: #191919.*?) \}", CSS)
    assert len(phones) == 2
    assert phones[0] == phones[1]


def _light(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = "".join(d * 2 for d in digits) if len(digits) == 3 else digits
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_light(one), _light(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _themes() -> list[dict[str, str]]:
    """The colours by name: of the page and its phones, light and dark."""
    blocks = re.findall(r"\{([^{}]*--(?:desk|paper):[^{}]*)\}", CSS)
    return [dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6})", block)) for block in blocks]


PAIRS = {
    "word": ("desk", "card", "bad-tint", "warn-tint", "info-tint"),
    "soft": ("desk", "card", "bad-tint", "warn-tint", "info-tint"),
    "deep": ("card", "deep-tint"),
    "bad": ("card", "bad-tint"),
    "warn": ("warn-tint",),
    "info": ("info-tint",),
    "ink": ("paper", "tint"),
    "faint": ("paper", "tint"),
    "link": ("paper", "tint"),
}


def test_all_words_stand_out_as_wcag_asks() -> None:
    """https://www.w3.org/TR/WCAG21/#contrast-minimum: 4.5 to 1."""
    looked = 0
    for colours in _themes():
        for ink, papers in PAIRS.items():
            for paper in papers:
                if ink in colours and paper in colours:
                    looked += 1
                    ratio = _contrast(colours[ink], colours[paper])
                    assert ratio >= 4.5, f"{ink} on {paper}: {ratio:.2f} {colours[ink]}"
    assert looked > 60
    assert shared_css()
