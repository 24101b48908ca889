"""`python -m tests.soak --seconds 600 --seed 1`: exit code 1 when anything is doubled or lost."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from bot import logs
from tests.soak.run import order, soak, table


def main() -> int:
    """Plays the soak that is asked for and prints its figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak")
    parser.add_argument("--seconds", type=float, default=600.0, help="of kills and faults")
    parser.add_argument("--settle", type=float, default=600.0, help="longest wait afterwards")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--ledger", choices=["postgres", "sqlite"], default="postgres")
    parser.add_argument("--report", type=Path, help="a file that gets the figures as JSON")
    parser.add_argument("--folder", type=Path, help="an empty folder that is kept")
    asked = parser.parse_args()
    logs.configure("error")
    wish = order(asked.ledger, asked.seconds, asked.seed, settle_s=asked.settle)
    with tempfile.TemporaryDirectory(prefix="soak-") as temporary:
        folder = asked.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        report = asyncio.run(soak(wish, folder))
    if asked.report:
        report.write(asked.report)
    print(table(report))
    for evidence in (*report.doubled, *report.lost, *report.wrong):
        print(f"\n✗ {evidence}", file=sys.stderr)
    return 0 if report.good else 1


if __name__ == "__main__":
    sys.exit(main())
