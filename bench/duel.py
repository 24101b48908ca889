"""The bot and the plain task queues, by turns, on the same posts and the same simulator."""

from __future__ import annotations

from bench import burst, contest, workers
from bench.contest import RIVALS
from bench.figures import Figure, Outcome, Table, median
from bench.load import ACCOUNTS, POSTS, Run
from bench.simulator import running

_SQLITE, _WORKER = "bot, SQLite", "bot, PostgreSQL + Redis, one worker"


async def measure(runs: int) -> Outcome:
    """Bot ÷ each rival, and the bot in its two shapes."""
    raced: dict[str, list[Run]] = {}
    async with running() as simulator, workers.servers() as at:
        for _run in range(runs):
            for rival in RIVALS:
                at.redis.flush()
                run = await contest.race(rival, simulator, at.redis.url)
                raced.setdefault(rival.name, []).append(run)
            raced.setdefault(_SQLITE, []).append(await burst.bot(simulator))
            run = await workers.burst(simulator, at, workers=1, posts=POSTS)
            raced.setdefault(_WORKER, []).append(run)
    return Outcome(
        title=f"Burst of {ACCOUNTS * POSTS:,} one-call posts: the bot and plain task queues",
        figures=_figures({name: burst.speed(found) for name, found in raced.items()}),
        tables=[_table(raced)],
    )


def _figures(speeds: dict[str, float]) -> list[Figure]:
    return [
        Figure(
            name=f"{bot} ÷ {rival.name}",
            value=speeds[bot] / speeds[rival.name],
            at_least=rival.at_least,
        )
        for bot in (_SQLITE, _WORKER)
        for rival in RIVALS
    ]


def _table(raced: dict[str, list[Run]]) -> Table:
    settings = {rival.name: rival.setting for rival in RIVALS}
    rows = [
        (
            name,
            f"{burst.speed(runs):,.0f}",
            f"{100 * median([run.platform_share for run in runs]):.0f} %",
            settings.get(name, "as delivered"),
        )
        for name, runs in raced.items()
    ]
    headings = ("contestant", "posts/s", "simulator busy", "setting")
    note = (
        "Rivals keep no ledger; they are timed from the first enqueue, the bot from the due second."
    )
    return Table(title="Speeds", headings=headings, rows=rows, note=note)
