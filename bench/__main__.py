"""`python -m bench`: all benches, or those named; `--write` renews them in docs/performance.md."""

from __future__ import annotations

import argparse
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime

from bench import report
from bench.benches import BENCHES, one

RUNS = 5


def main() -> None:
    """Reads the arguments, measures and reports."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHES))
    parser.add_argument("--runs", type=int, default=RUNS, help="of each contestant, by turns")
    parser.add_argument("--write", action="store_true", help="writes docs/performance.md")
    asked = parser.parse_args()
    names = asked.names or list(BENCHES)
    if unknown := set(names) - set(BENCHES):
        parser.error(f"there is no bench {', '.join(sorted(unknown))}")
    if asked.runs < 1:
        parser.error("--runs is at least 1")
    outcomes = []
    # Each in a process of its own: what one leaves in memory must not slow the next.
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=fresh, max_tasks_per_child=1) as pool:
        for name in names:
            outcomes.append(pool.submit(one, name, asked.runs).result())
            report.show(outcomes[-1])
    if asked.write:
        report.write(outcomes, today=datetime.now(UTC).date(), runs=asked.runs)


if __name__ == "__main__":
    main()
