"""Where in the settings file something stands, as far as that can be told."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from bot.domain.problem import NOWHERE, Place
from bot.settings import Settings, settings_file

_HEADING: Final = re.compile(r"\s*\[\s*([^\[\]]+?)\s*\]")


def review_columns(settings: Settings) -> dict[str, Place]:
    """The columns of `[review.columns]`, each with its place.

    Nowhere for one of a BOT_… variable; without a line where the file writes it in an unusual way.
    """
    asked = settings.review.columns
    if not asked:
        return {}
    file = settings_file()
    try:
        text = file.read_text(encoding="utf-8")
        written: Any = tomllib.loads(text).get("review", {}).get("columns", {})
    except (OSError, ValueError, AttributeError):
        return dict.fromkeys(asked, NOWHERE)
    seen_from, lines = _seen_from(settings.office.schedules, file), text.split("\n")
    return {name: _place(name, seen_from, lines) if name in written else NOWHERE for name in asked}


def _seen_from(folder: Path, file: Path) -> str:
    """The file's path from the folder, as every place has it."""
    try:
        return Path(os.path.relpath(file.resolve(), folder.resolve())).as_posix()
    except ValueError:  # on another drive
        return file.name


def _place(name: str, file: str, lines: Sequence[str]) -> Place:
    key = re.compile(rf"(?<![\w-])([\"']?)(?P<name>{re.escape(name)})\1\s*=")
    table = ""
    for number, line in enumerate(lines, start=1):
        heading = _HEADING.match(line)
        table = heading[1] if heading else table
        found = key.search(line.partition("#")[0])
        if found and table.partition(".")[0] == "review":
            start, end = found.span("name")
            return Place(file=file, line=number, column=start + 1, length=end - start)
    return Place(file=file)
