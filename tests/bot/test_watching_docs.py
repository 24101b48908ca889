"""docs/watching.md names every metric, every reason and every finding, and none that is not."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import yaml

from bot.domain.authorisation import Outlook
from bot.metrics import Facts, Metrics

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "watching.md").read_text(encoding="utf-8")


def _codes(*files: str) -> set[str]:
    text = "".join(path.read_text("utf-8") for name in files for path in ROOT.glob(name))
    named = re.findall(r'code="([a-z_]+)"', text)
    passed = re.findall(r'_(?:found|unreadable)\(\s*"([a-z_]+)"', text)
    return {*named, *passed} - {"ok"}


def _first_cells(section: str) -> set[str]:
    rows = re.findall(r"^\| (`[^|]+) \|", PAGE.split(section)[1].split("\n## ")[0], re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`([a-z_]+)`", row)}


def _families() -> set[str]:
    metrics = Metrics()
    facts = Facts(
        now=datetime(2026, 5, 6, tzinfo=UTC),
        untried_s=0,
        overdue_s=0,
        open={},
        frozen=False,
        paused=0,
    )
    return set(re.findall(r"^# HELP (bot_\w+)", metrics.page(facts).decode(), re.MULTILINE))


def test_every_metric_is_explained() -> None:
    assert _first_cells("\n## `/metrics`") == _families()


def test_every_reason_is_explained() -> None:
    assert _first_cells("\n## `/readyz`") == _codes(
        "bot/engine/health.py", "bot/engine/standing.py"
    )


def test_every_finding_is_explained() -> None:
    ends = {f"authorisation_{state.value}" for state in Outlook if state is not Outlook.FINE}
    known = _codes("bot/doctor/*.py", "bot/cli/doctor.py")
    assert len(known) > 20
    assert _first_cells("\n## `bot doctor`") == known | ends


def test_the_alerts_can_be_read_and_ask_for_metrics_there_are() -> None:
    block = PAGE.split("```yaml\n")[1].split("```")[0]
    rules = yaml.safe_load(block)["groups"][0]["rules"]
    asked = {name for rule in rules for name in re.findall(r"bot_[a-z_]+", rule["expr"])}
    assert len(rules) == len({rule["alert"] for rule in rules}) == 6
    assert asked <= _families()
