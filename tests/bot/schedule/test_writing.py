"""What is written out is read back the same, in every kind of file; and no bytes raise."""

from __future__ import annotations

import io
import shutil
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.post import Post
from bot.domain.problem import NOWHERE, has_errors
from bot.domain.roster import Roster
from bot.schedule.codes import CODES
from bot.schedule.csvfile import read_csv
from bot.schedule.gathering import gather
from bot.schedule.headings import OVERRIDE, POST, TOPICS, Kind, column_at, post_columns
from bot.schedule.lined import Node, parse
from bot.schedule.reader import Reading, read
from bot.schedule.rows import Findings
from bot.schedule.shapes import CalendarShape, PostShape
from bot.schedule.sheets import Sheets
from bot.schedule.workbook import Sheet, to_xlsx
from bot.schedule.writing import Calendar, Unsayable, to_csv, to_yaml, written
from bot.schedule.xlsx import read_xlsx

SCHEDULES = Path(__file__).parents[3] / "schedules"
ZONE = ZoneInfo("Asia/Shanghai")
CREATED = datetime(2026, 5, 1)  # noqa: DTZ001
KINDS = ("yaml", "xlsx", "csv")


def bytes_of(calendar: Calendar, kind: str, roster: Roster) -> bytes:
    if kind == "xlsx":
        sheet = Sheet(title="2026年5月", posts=calendar.posts)
        return to_xlsx(calendar, [sheet], roster, created=CREATED, example=False)
    return to_csv(calendar) if kind == "csv" else to_yaml(calendar)


def tree_of(raw: bytes, kind: str) -> tuple[Node | None, list[str]]:
    """The file's tree and the codes of its problems."""
    if kind == "yaml":
        node, told = parse(raw.decode(), "a.yaml")
        return node, [problem.code for problem in told]
    grids, problems = (read_xlsx if kind == "xlsx" else read_csv)(raw, f"a.{kind}")
    found = Findings(problems=problems)
    tree = Sheets(file=f"a.{kind}", zone="UTC", findings=found).read(grids)
    return tree, [problem.code for problem in found.problems]


@cache
def sample() -> Reading:
    return read(SCHEDULES)


def without_places(posts: tuple[Post, ...]) -> list[Post]:
    return [replace(post, place=NOWHERE) for post in posts]


@pytest.mark.parametrize("kind", KINDS)
def test_the_sample_month_is_the_same_plan_in_every_kind_of_file(kind: str, tmp_path: Path) -> None:
    for name in ("posts", "media"):
        (tmp_path / name).symlink_to(SCHEDULES / name)
    for name in ("posts", "media"):
        (tmp_path / name).unlink()
        shutil.copytree(SCHEDULES / name, tmp_path / name, copy_function=_link)
    shutil.copy(SCHEDULES / "roster.yaml", tmp_path)
    raw = bytes_of(gather(sample()), kind, sample().roster)
    (tmp_path / f"2026-05.{kind}").write_bytes(raw)
    again = read(tmp_path)
    assert without_places(again.posts) == without_places(sample().posts)
    assert again.broken == frozenset()
    assert sorted((p.code, p.post, p.severity) for p in again.problems) == sorted(
        (p.code, p.post, p.severity) for p in sample().problems
    )


def _link(source: str, target: str) -> str:
    Path(target).hardlink_to(source)
    return target
