"""`python -m tests.soak.figures FILE…`: what soaks and the state machine survived, as one table.

The files are reports of `python -m tests.soak --report` and of tests/property (BOT_SOAK_REPORT).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_ROWS = (
    *("seed", "date", "python", "workers", "lease_s", "calendar posts", "publications"),
    *("public posts", "publishing calls", "kills", "faults", "doubled", "lost", "wrong"),
    *("for a person", "in hand", "slowest stop"),
)
_NESTED = ("seconds", "injected", "people", "states", "exit codes", "traces in files")


def main(paths: Sequence[str]) -> int:
    """Prints the table of the soaks, and below it the machine's own figures."""
    files = [json.loads(Path(path).read_text(encoding="utf-8")) for path in paths]
    soaks = [one for one in files if "ledger" in one]
    print("\n".join(_table(soaks)))
    for one in files:
        if one not in soaks:
            print("\n".join(_machine(one)))
    return 0


def _table(soaks: Sequence[Mapping[str, Any]]) -> list[str]:
    names = [str(one["ledger"]) for one in soaks]
    lines = ["| | " + " | ".join(names) + " |", "|---|" + "---:|" * len(soaks)]
    lines += [_line(row, [one.get(row, "") for one in soaks]) for row in _ROWS]
    for group in _NESTED:
        inner = sorted({name for one in soaks for name in one.get(group, {})})
        for name in inner:
            values = [one.get(group, {}).get(name, 0) for one in soaks]
            lines.append(_line(f"{group}: {name}", values))
    return lines


def _line(name: str, values: Sequence[object]) -> str:
    return f"| {name} | " + " | ".join(map(str, values)) + " |"


def _machine(report: Mapping[str, Any]) -> list[str]:
    lines = []
    for topic, one in report.items():
        lines += ["", f"| {topic} | |", "|---|---:|"]
        lines += [_line(name, [number]) for name, number in one["counts"].items()]
        lines.append(_line("seeds", [" ".join(map(str, one["seeds"])) or "fixed"]))
    return lines


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
