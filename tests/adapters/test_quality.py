"""Each adapter's quality.toml is whole and says nothing that is not so."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "adapters").glob("*/quality.toml"))
NEEDED = {
    *("check", "limits-with-source", "prepare-resumable", "commit-once", "find", "recent", "stat"),
    *("error-table", "unverified-as-config"),
}


def test_wechat_has_one() -> None:
    assert ROOT / "adapters" / "wechat" / "quality.toml" in FILES


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.parent.name)
def test_every_rule_has_a_standing_and_a_reason(file: Path) -> None:
    rules = tomllib.loads(file.read_text(encoding="utf-8"))
    assert set(rules) >= NEEDED
    for name, rule in rules.items():
        assert rule["status"] in ("done", "todo", "exempt"), name
        assert len(rule["reason"]) > 10, name


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.parent.name)
def test_what_is_done_is_tested(file: Path) -> None:
    for name, rule in tomllib.loads(file.read_text(encoding="utf-8")).items():
        if rule["status"] == "done":
            assert "def test_" in (ROOT / rule["test"]).read_text(encoding="utf-8") or (
                "Contract)" in (ROOT / rule["test"]).read_text(encoding="utf-8")
            ), name
