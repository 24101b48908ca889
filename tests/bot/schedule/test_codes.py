"""The list of codes is complete and holds nothing else."""

import ast
import re
from pathlib import Path

import bot.schedule.codes
from bot.schedule.codes import CODES

PACKAGE = Path(bot.schedule.codes.__file__).parent
NO_CODES = {"utf-8-sig", "utf-8", "utf-16", "utf-16-le", "health-day"}


def used_codes() -> set[str]:
    """Every constant of the package that looks like a code."""
    found: set[str] = set()
    for file in PACKAGE.rglob("*.py"):
        if file.name == "codes.py":
            continue
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found |= set(re.findall(r"^[a-z][a-z0-9]*(?:-[a-z0-9]+)+$", node.value))
    return found - NO_CODES


def test_every_code_used_is_listed_and_every_listed_code_is_used() -> None:
    assert used_codes() == set(CODES)


def test_every_code_is_explained() -> None:
    assert all(text.endswith(".") for text in CODES.values())
