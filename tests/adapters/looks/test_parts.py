"""What looks are put together from."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime

import pytest

from adapters.looks import parts
from bot.contract import Scene
from bot.domain.post import Media
from bot.domain.roster import Account
from tests.adapters.pages import Page

PIXEL = "data:image/webp;base64,UklGRg=="
ACCOUNT = Account(id="a", unit="u", platform="weibo", name="健康澜汀", verified_name="区卫健委")
SCENE = Scene(account=ACCOUNT, at=datetime(2026, 5, 5, 23, 30, tzinfo=UTC))


def test_a_picture_that_is_not_there_is_drawn_with_its_path() -> None:
    known = {"a.png": PIXEL, "b.png": "https://evil.example/b.png", "c.png": "file:///etc/c.png"}
    shown = parts.found(known, ["a.png", "b.png", "c.png", "<d>"])
    assert shown["a.png"] == PIXEL
    for path, written in (("b.png", "b.png"), ("c.png", "c.png"), ("<d>", "&lt;d&gt;")):
        head, data = shown[path].split(",")
        assert head == "data:image/svg+xml;base64"
        assert written in base64.b64decode(data).decode()


def test_no_cover_at_all_is_a_box_of_its_own() -> None:
    [img] = Page(parts.cover(SCENE, None)).all("img")
    assert img.attributes["src"].startswith("data:image/svg+xml")
    assert img.attributes["alt"]


def test_a_picture_has_words_for_those_who_cannot_see_it() -> None:
    media = Media(path="a.png", sha256="", size=1, mime="image/png")
    scene = Scene(account=ACCOUNT, at=SCENE.at, pictures={"a.png": PIXEL})
    [img] = Page(parts.picture(scene, media, style='x"><b>')).all("img", "b")
    assert (img.attributes["src"], img.attributes["alt"] != "") == (PIXEL, True)
    assert img.attributes["style"] == 'x"><b>'


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("洗手#健康澜汀 看这里", ["#健康澜汀"]),
        ("见 https://a.example/x?a=1&b=2 。", ["网页链接"]),
        ("@澜汀一院 提醒", ["@澜汀一院"]),
        ("<b>粗</b>", []),
    ],
)
def test_topics_names_and_links_are_marked(text: str, marked: list[str]) -> None:
    page = Page(parts.words(text))
    spans = [e.text for e in page.all("span") if e.attributes.get("class") == "pt-link"]
    assert spans == marked
    assert page.all("b") == []


def test_a_moment_is_that_of_beijing() -> None:
    assert parts.moment(SCENE.at) == "2026年5月6日 07:30", "in Beijing it is the next day"


@pytest.mark.parametrize(
    ("seconds", "said"), [(31.6, "00:32"), (75, "01:15"), (3723, "1:02:03"), (0, "00:00")]
)
def test_the_length_of_a_video(seconds: float, said: str) -> None:
    assert parts.length_s(seconds) == said


def test_style_sheets_fetch_nothing() -> None:
    assert not re.search(r"https?:|url\(|@import|@font-face", parts.shared_css())
