"""All benches by name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from bench import (
    burst,
    coverage,
    desk,
    duel,
    footprint,
    growth,
    lateness,
    matching,
    million,
    reading,
    spent,
    workers,
)
from bench.figures import Outcome
from bot.cli.loop import run_fast
from bot.logs import configure

BENCHES: dict[str, Callable[[int], Awaitable[Outcome]]] = {
    "burst": burst.measure,
    "duel": duel.measure,
    "workers": workers.measure,
    "lateness": lateness.measure,
    "growth": growth.measure,
    "footprint": footprint.measure,
    "matching": matching.measure,
    "million": million.measure,
    "coverage": coverage.measure,
    "desk": desk.measure,
    "reading": reading.measure,
    "spent": spent.measure,
}


def one(name: str, runs: int) -> Outcome:
    """One bench, run to its end."""
    configure("error")

    async def work() -> Outcome:
        return await BENCHES[name](runs)

    return run_fast(work())
