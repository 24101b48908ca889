"""The rulebook holds every code a user can see, and nothing else."""

import ast
import re
from collections.abc import Iterable
from pathlib import Path

import pytest

import adapters
import bot.schedule.codes
from adapters import registry
from bot.domain.rule import Group
from bot.engine.links import LINK_CODES
from bot.schedule.codes import RULES
from bot.wiring.rulebook import rulebook

PACKAGE = Path(bot.schedule.codes.__file__).parent
ADAPTERS = Path(adapters.__file__).parent
TABLES = {"codes.py", "grounds.py", "grounds_calendar.py"}
NO_CODES = {"utf-8-sig", "utf-8", "utf-16", "utf-16-le", "health-day"}
ELSEWHERE = {"account-uncovered", "quota-exceeded", "ignore-unused"} | LINK_CODES  # bot/engine
ELSEWHERE |= {"links-unchecked", "reprints-too-many"}


def used(files: Iterable[Path]) -> set[str]:
    """Every constant that looks like a code."""
    found: set[str] = set()
    for file in files:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found |= set(re.findall(r"^[a-z][a-z0-9]*(?:-[a-z0-9]+)+$", node.value))
    return found - NO_CODES


def test_every_code_used_is_listed_and_every_listed_code_is_used() -> None:
    files = [file for file in PACKAGE.rglob("*.py") if file.name not in TABLES]
    assert used(files) == set(RULES) - ELSEWHERE
    assert used((PACKAGE.parent / "engine").glob("*.py")) >= ELSEWHERE


def test_every_code_of_an_adapter_is_listed_and_every_listed_code_is_used() -> None:
    files = {file for file in ADAPTERS.rglob("*.py") if file.name != "codes.py"}
    checking = {file for file in files if "Problem(" in file.read_text("utf-8")}
    assert used(checking) - NO_CODES - set(RULES) == set(registry.rules())


@pytest.mark.parametrize("code", rulebook())
def test_every_rule_says_what_it_means(code: str) -> None:
    rule = rulebook()[code]
    assert rule.code == code
    assert rule.meaning.endswith(".")
    if rule.group in {Group.CONTENT, Group.CALENDAR}:
        assert rule.why.endswith(".")
        assert rule.law
        assert rule.wrong != rule.right


def test_what_the_law_asks_for_cannot_be_switched_off() -> None:
    fixed = {"id-number", "consent-missing", "science-without-reviewer", "reprint-without-source"}
    assert not any(RULES[code].may_ignore for code in fixed | {"bad-time", "rule-unknown"})
