"""Lists without `ul`, `ol` and `li`, which WeChat spoils."""

from __future__ import annotations

import pytest

from adapters.wechat.render import Notices, lay_out, plain
from bot.domain.plain import plain_text
from tests.adapters.pages import Element, Page


def page_of(body: str) -> Page:
    page = Page(lay_out(body, Notices(), {}, "gov"))
    assert page.all("ul", "ol", "li") == []
    return page


def marks(body: str) -> list[str]:
    return [mark.text for mark in page_of(body).all("span")]


def items(body: str) -> list[Element]:
    return [e for e in page_of(body).all("section") if "padding-left" in e.style]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("- 甲\n- 乙", ["•", "•"]),
        ("1. 甲\n1. 乙\n1. 丙", ["1.", "2.", "3."]),
        ("3. 甲\n4. 乙", ["3.", "4."]),
        ("0. 甲", ["0."]),
        ("1) 甲\n2) 乙", ["1)", "2)"]),
        ("- 甲\n  - 乙\n    - 丙\n      - 丁\n- 戊", ["•", "◦", "▪", "▪", "•"]),
        ("1. 甲\n   - 乙\n2. 丙", ["1.", "◦", "2."]),
        ("- 甲\n\n  1. 乙\n  2. 丙\n\n- 丁", ["•", "1.", "2.", "•"]),
        ("-\n- 乙", ["•", "•"]),
    ],
)
def test_marks(body: str, expected: list[str]) -> None:
    assert marks(body) == expected


def test_a_mark_stands_beside_its_text() -> None:
    for body in ("- 甲\n- 乙", "- 甲\n\n- 乙", "- **甲**\n- 乙"):
        content = lay_out(body, Notices(), {}, "gov")
        first = content.split("</span>")[1]
        assert first.startswith(("甲", "<strong>甲", "<strong style"))


def test_a_nested_list_stands_within_its_item() -> None:
    found = items("1. 甲\n   - 乙\n     - 丙\n2. 丁")
    assert [item.text for item in found] == ["1.甲◦乙▪丙", "◦乙▪丙", "▪丙", "2.丁"]
    assert [len(item.parents) for item in found] == [2, 4, 6, 2]


def test_an_item_holds_paragraphs_quotes_code_and_tables() -> None:
    parts = ("1. 甲", "   乙", "   > 丙", "       丁", "   | 戊 |\n   | --- |\n   | 己 |", "2. 庚")
    body = "\n\n".join(parts)
    first, second = items(body)
    assert first.text == "1.甲乙丙丁戊己"
    assert second.text == "2.庚"
    page = page_of(body)
    assert all(len(e.parents) > 2 for e in page.all("blockquote", "pre", "table"))


def test_the_number_after_an_interruption_is_right() -> None:
    assert marks("1. 甲\n\n插话\n\n2. 乙\n3. 丙") == ["1.", "2.", "3."]


def test_marks_are_no_part_of_the_text() -> None:
    body = "先：\n\n1. 甲\n   - 乙\n\n10) 丙"
    assert plain(lay_out(body, Notices(), {}, "health")) == plain_text(body) == "先：\n甲\n乙\n丙"
    assert plain("<p>1. 手写的编号</p>") == "1. 手写的编号"
