"""Accounts and posts the demo adds to the sample matrix; further.yaml says which."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

_FILE = Path(__file__).with_name("further.yaml")


def add(schedules: Path) -> None:
    """Adds them to a copy of the sample; any other roster is left as it is."""
    wanted = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    path = schedules / "roster.yaml"
    roster = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {}
    units = {unit["id"]: unit for unit in roster.get("units", [])}
    known = {account["id"]: account for unit in units.values() for account in unit["accounts"]}
    if wanted["unit"] not in units or not wanted["changes"].keys() <= known.keys():
        return
    units[wanted["unit"]]["accounts"] += wanted["accounts"]
    for name, changes in wanted["changes"].items():
        known[name].update(changes)
    _write(path, roster)
    _write(schedules / "2026-05-further.yaml", wanted["calendar"])


def _write(path: Path, data: Any) -> None:
    text = yaml.safe_dump(data, allow_unicode=True, sort_keys=False)
    path.write_text(text, encoding="utf-8")
