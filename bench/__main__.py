"""`python -m bench`: one run, one table of ratios."""

from __future__ import annotations

import asyncio

from bench import burst, matching
from bench.simulator import running

RUNS = 5


async def main() -> None:
    """Prints the ratios, medians of five runs each, the two sides by turns."""
    async with running() as simulator:
        bare, bot = [], []
        await burst.bare(simulator)  # warms both sides up
        for _run in range(RUNS):
            bare.append(await burst.bare(simulator))
            bot.append(await burst.bot(simulator))
    print(f"matching, 60 key texts ÷ 1: {matching.seconds(60) / matching.seconds(1):.2f}")
    ratio = burst.median(bot) / burst.median(bare)
    print(f"burst of {bot[0].posts} posts, bot ÷ bare aiohttp client: {ratio:.2f}")


asyncio.run(main())
