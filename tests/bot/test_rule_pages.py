"""docs/rules has a place for every rule, and none for rules there are no more."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.domain.rule import OWN_PAGE
from bot.wiring.rulebook import rulebook

PAGES = Path(__file__).parents[2] / "docs" / "rules"
HEADINGS = ("## 为什么", "## 例子", "## 怎样改", "## 关闭")
OWN = {rule.code for rule in rulebook().values() if rule.group in OWN_PAGE}


@pytest.mark.parametrize("code", sorted(OWN))
def test_a_rule_of_content_has_a_page(code: str) -> None:
    rule = rulebook()[code]
    text = (PAGES / rule.page).read_text("utf-8")
    assert text.startswith(f"# {code}\n")
    assert [line for line in text.splitlines() if line.startswith("## ")] == list(HEADINGS)
    assert "待写" not in text
    assert rule.law in text
    assert rule.source in text
    assert rule.wrong in text
    assert rule.right in text
    assert ("ignore: {" + code in text or "check.off" in text) == ("不允许关闭" not in text)


def test_a_rule_of_form_has_a_heading_on_its_groups_page() -> None:
    groups = {rule.group for rule in rulebook().values()} - OWN_PAGE
    for group in groups:
        text = (PAGES / f"{group.value}.md").read_text("utf-8")
        codes = [rule.code for rule in rulebook().values() if rule.group is group]
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == codes


def test_no_page_is_left_of_a_rule_that_is_gone() -> None:
    names = {rule.page.partition("#")[0] for rule in rulebook().values()}
    assert {file.name for file in PAGES.glob("*.md")} == names | {"README.md"}


def test_the_index_names_every_rule() -> None:
    text = (PAGES / "README.md").read_text("utf-8")
    found = re.findall(r"^\| \[([^\]]+)\]", text, re.MULTILINE)
    assert sorted(found) == sorted(rulebook())
