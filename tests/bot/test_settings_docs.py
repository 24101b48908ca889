"""docs/settings.md names every setting with its default, and none that does not exist."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from adapters import registry
from bot.settings import Settings

ROOT = Path(__file__).parents[2]
_ROW = re.compile(r"^\| `([a-z_.]+)` \| (`[^`]*`|\w+) \|", re.MULTILINE)
_EMPTY = {"": "empty", "{}": "empty", "None": "unset"}  # as the page says it


def _defaults(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _defaults(kind, f"{prefix}{name}.")
            continue
        assert field.default is not PydanticUndefined, f"{prefix}{name} has no default"
        yield prefix + name, _said(field.default)


def _said(default: object) -> str:
    text = str(default).lower() if isinstance(default, bool) else str(default)
    return _EMPTY.get(text, f"`{text}`")


def _in_code() -> dict[str, str]:
    found = dict(_defaults(Settings))
    for file in sorted((ROOT / "adapters").glob("*/adapter.py")):
        name = file.parent.name
        # "handoff" is a mode, not a platform, so it is asked for by one of the accounts it serves.
        kind = registry.adapter_for("channels" if name == "handoff" else name)
        found |= dict(_defaults(kind.Config, f"platforms.{name}."))
        found |= {
            f"platforms.{name}.quotas.{budget.name}": _said(budget.limit)
            for budget in kind.capabilities.budgets
        }
        if kind.capabilities.rates:
            found[f"platforms.{name}.rates"] = f"`{json.dumps(kind.capabilities.rates)}`"
    return found


def _on_the_page() -> list[tuple[str, str]]:
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    program, options = page.split("## Options of an account")
    assert options
    return _ROW.findall(program)


def test_every_setting_is_documented_with_its_default() -> None:
    assert dict(_on_the_page()) == _in_code()


def test_no_setting_is_documented_twice() -> None:
    names = [name for name, _default in _on_the_page()]
    assert len(names) == len(set(names))
    assert len(names) > 30


def test_the_committed_file_uses_documented_settings_only() -> None:
    text = (ROOT / "settings.toml").read_text(encoding="utf-8")
    known = {name for name, _default in _on_the_page()}
    section, used = "", set()
    for line in text.splitlines():
        if head := re.match(r"\[(\w+)\]", line):
            section = head[1]
        elif key := re.match(r"(\w+) *=", line):
            used.add(f"{section}.{key[1]}")
    assert used
    assert used <= known
