"""Whatever code notes into the log has its words."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import bot
from bot.domain import audit_words
from bot.domain.review import Said
from bot.web.desk.decisions import WANTED

_NOTING = {"noted", "note", "_note", "_end", "Entry"}
_NAMED = {"action", "_ANSWERED", "URGED"}
_ACTION = re.compile(r"log(?:in|out)|[a-z]+\.[a-z]+")
_PARTS = {"publication.": WANTED, "review.": [said.value for said in Said]}


def test_every_action_that_is_noted_has_words_and_can_be_chosen() -> None:
    noted = {
        word
        for file in Path(str(bot.__file__)).parent.rglob("*.py")
        if "noted(" in (text := file.read_text("utf-8")) or "audit" in text
        for word in _noted(ast.parse(text))
    }
    assert {"post.saved", "publication.retry", "login", "item.reminded"} <= noted
    assert noted - {word for word, _text in audit_words.actions()} == set()


def _noted(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node.func) in _NOTING:
            yield from _words([*node.args, *(one.value for one in node.keywords)])
        elif isinstance(node, ast.Assign) and _name(node.targets[0]) in _NAMED:
            yield from _words([node.value])


def _name(node: ast.expr) -> str:
    return str(getattr(node, "attr", "") or getattr(node, "id", ""))


def _words(parts: list[ast.expr]) -> Iterator[str]:
    for part in parts:
        if isinstance(part, ast.IfExp):
            yield from _words([part.body, part.orelse])
        elif isinstance(part, ast.JoinedStr) and isinstance(part.values[0], ast.Constant):
            front = str(part.values[0].value)
            if front.endswith("."):
                yield from (f"{front}{word}" for word in _PARTS[front])
        elif isinstance(part, ast.Constant) and _ACTION.fullmatch(str(part.value)):
            yield str(part.value)
