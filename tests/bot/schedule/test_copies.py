"""Which names are those of copies, and of what."""

from __future__ import annotations

import pytest

from bot.schedule.copies import copies

ORIGINALS = ["2026-05.yaml", "2026-05.xlsx", "roster.yaml"]


@pytest.mark.parametrize(
    "name",
    [
        "2026-05(1).yaml",
        "2026-05 (2).xlsx",
        "2026-05（1）.xlsx",
        "2026-05 - 副本.xlsx",
        "2026-05 - 副本 (2).xlsx",
        "2026-05 副本 2.yaml",
        "2026-05的副本.yaml",
        "2026-05 - Copy.xlsx",
        "2026-05 - Copy (3).xlsx",
        "2026-05 copy 2.yaml",
        "复件 2026-05.xlsx",
        "复件 (2) 2026-05.xlsx",
        "Copy of 2026-05.xlsx",
        "2026-05(张三的冲突文件).xlsx",
        "2026-05_冲突文件_李_20260506.xlsx",
        "2026-05 (Li's conflicted copy 2026-05-06).xlsx",
        "2026-05.sync-conflict-20260506-100000-ABCDEFG.yaml",
        "2026-05 (SFConflict li@x 2026-05-06-10-00-00).yaml",
        "2026-05-DESKTOP-A1B2C3D.xlsx",
    ],
)
def test_a_copy_is_known_by_its_name(name: str) -> None:
    assert copies([name], ORIGINALS) == {name: f"2026-05.{name.rpartition('.')[2]}"}


@pytest.mark.parametrize(
    "name",
    [
        "2026-05.yaml",
        "2026-06(1).yaml",
        "2026-05-2.yaml",
        "1-2026-05.yaml",
        "2026-05(护士节).yaml",
        "2026-05-医患冲突.yaml",
        "2026-05-copywriting.yaml",
        "2026-05(1).csv",
    ],
)
def test_what_only_begins_alike_is_no_copy(name: str) -> None:
    assert copies([name], ORIGINALS) == {}


def test_a_copy_of_a_copy_and_one_of_the_roster() -> None:
    names = ["2026-05(1).yaml", "2026-05(1) - 副本.yaml", "roster - 副本.yaml"]
    assert copies(names, [*ORIGINALS, *names]) == {
        "2026-05(1).yaml": "2026-05.yaml",
        "2026-05(1) - 副本.yaml": "2026-05.yaml",
        "roster - 副本.yaml": "roster.yaml",
    }
