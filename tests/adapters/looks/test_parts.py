"""The page of a preview: one file, nothing from outside, nothing that runs."""

from __future__ import annotations

import base64
import re

from adapters.phone import Screen, found, page
from tests.adapters.pages import Page

PIXEL = "data:image/png;base64,iVBORw0KGgo="


def policy(html: str) -> dict[str, str]:
    """The content security policy's directives."""
    [meta] = [e for e in Page(html).all("meta") if "http-equiv" in e.attributes]
    assert meta.attributes["http-equiv"] == "Content-Security-Policy"
    parts = (part.strip().partition(" ") for part in meta.attributes["content"].split(";"))
    return {name: values for name, _space, values in parts}


def test_the_policy_lets_nothing_in_and_nothing_run() -> None:
    rules = policy(page("题", [Screen(content="<p>文</p>")]))
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "data: file:"
    assert rules["base-uri"] == rules["form-action"] == "'none'"
    assert "script-src" not in rules


def test_the_page_fetches_nothing() -> None:
    html = page("题", [Screen(content="<p>文</p>")])
    assert not re.search(r"https?://|url\(|@import|<script|<link", html)


def test_a_screen_is_375_wide_and_the_page_knows_dark_mode_and_paper() -> None:
    html = page("题", [Screen(content="")])
    width, border = re.search(r"\.screen \{ width: (\d+)px.*?border: (\d+)px", html).groups()  # type: ignore[union-attr]
    assert int(width) - 2 * int(border) == 375
    assert "@media (prefers-color-scheme: dark)" in html
    assert "@media print" in html


def test_the_dark_switch_and_the_system_turn_the_same_colours() -> None:
    html = page("题", [])
    system = re.search(r"scheme: dark\) \{\s*:root \{ (--.*?) \}", html)
    switch = re.search(r"#dark:checked\) \{ color-scheme: dark; (--.*?) \}", html)
    assert system is not None
    assert switch is not None
    assert system[1] == switch[1]


def test_titles_and_notes_are_text() -> None:
    html = page("<script>1</script>", [Screen(content="", note="<b>1</b>")])
    assert Page(html).all("script", "b") == []
    assert Page(html).all("title")[0].text == "<script>1</script>"
    assert Page(html).all("figcaption")[0].text == "<b>1</b>"


def test_screens_keep_their_order() -> None:
    html = page("题", [Screen(content="<p>一</p>"), Screen(content="<p>二</p>", edged=False)])
    assert [p.text for p in Page(html).all("p")] == ["一", "二"]
    assert [p.parents[-2:] for p in Page(html).all("p")] == [("div", "div")] * 2


def test_a_picture_that_is_not_there_is_drawn_with_its_path() -> None:
    shown = found(
        {"a.png": PIXEL, "b.png": "https://evil.example/b.png"}, ["a.png", "b.png", "<c>"]
    )
    assert shown["a.png"] == PIXEL
    for path, written in (("b.png", "b.png"), ("<c>", "&lt;c&gt;")):
        head, data = shown[path].split(",")
        assert head == "data:image/svg+xml;base64"
        assert written in base64.b64decode(data).decode()
