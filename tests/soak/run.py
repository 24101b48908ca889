"""One soak from the first worker to the verdict, and what it reports."""

from __future__ import annotations

import asyncio
import json
import platform
import time
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.domain.publication import State
from bot.ledger import publications
from tests.pairs import Servers
from tests.soak import verdict
from tests.soak.storm import Storm, Weather
from tests.soak.town import LEASE_S, Manner, Town, open_town

_KILLS = ("SIGKILL", "SIGTERM")
_STOP_S = 25.0
_MINUTE_S = 60


@dataclass(frozen=True, kw_only=True)
class Order:
    """What is asked for."""

    ledger: str  # "postgres" or "sqlite"
    seconds: float  # of bad weather
    settle_s: float  # the longest wait for everything to come to its end
    seed: int
    workers: int
    weather: Weather
    strikes: int = 0  # fewer, and the bad weather lasts longer


@dataclass
class Report:
    """The figures of one soak."""

    facts: dict[str, Any] = field(default_factory=dict)
    doubled: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        return not (self.doubled or self.lost or self.wrong)

    def write(self, path: Path) -> None:
        """The figures, and the evidence if there is any, as JSON."""
        evidence = {"doubled": self.doubled, "lost": self.lost, "wrong": self.wrong}
        text = json.dumps({**self.facts, "evidence": evidence}, ensure_ascii=False, indent=2)
        path.write_text(text + "\n", encoding="utf-8")


def order(ledger: str, seconds: float, seed: int, *, settle_s: float = 600.0) -> Order:
    """The usual weather for each ledger: SQLite has one process, and it starts slowly."""
    if ledger == "sqlite":
        weather = Weather(kill_s=3.0, wave_s=20.0, posts=14, fault_s=0.4)
        return Order(
            ledger=ledger,
            seconds=seconds,
            settle_s=settle_s,
            seed=seed,
            workers=1,
            weather=weather,
        )
    weather = Weather(kill_s=0.9, wave_s=12.0, posts=14, fault_s=0.25)
    return Order(
        ledger=ledger, seconds=seconds, settle_s=settle_s, seed=seed, workers=4, weather=weather
    )


async def soak(wish: Order, folder: Path, servers: Servers | None = None) -> Report:
    """Plays one soak in `folder`; the report says whether it went well."""
    begun = time.monotonic()
    ahead_min = 1 if wish.settle_s > _MINUTE_S else 0  # what is planned ahead must come due
    manner = Manner(ahead_min=ahead_min)
    async with open_town(folder, wish.seed, manner, ledger=wish.ledger, servers=servers) as town:
        town.office.add_wave(town.began, 2 * wish.weather.posts)
        town.office.write()
        await town.plan()
        town.fleet.start(wish.workers)
        await Storm(town, wish.weather).rage(wish.seconds, strikes=wish.strikes)
        calm = time.monotonic()
        await _settle(town, wish.settle_s)
        settled_s = time.monotonic() - calm
        await town.fleet.stop(_STOP_S)
        record = await verdict.read(town)
        report = _report(wish, town, record)
    report.facts["seconds"] = {
        "bad weather": wish.seconds,
        "settling": round(settled_s),
        "all": round(time.monotonic() - begun),
    }
    return report


async def _settle(town: Town, limit_s: float) -> None:
    """Returns when nobody has anything to do within the limit, or the limit has passed."""
    end = town.app.core.clock.now() + timedelta(seconds=limit_s)
    while town.app.core.clock.now() < end:
        if paused := await town.paused():
            await town.authorise(*paused)
        async with town.app.core.ledger.read() as conn:
            open_ones = await publications.in_states(
                conn, [state for state in State if state not in {State.PUBLISHED, State.CANCELLED}]
            )
        if all(verdict.settled(pub, end) for pub in open_ones):
            return
        await asyncio.sleep(1.0)


def _report(wish: Order, town: Town, record: verdict.Record) -> Report:
    found, deaths = verdict.judge(record), town.fleet.deaths
    wrong = [*found.wrong, *town.tally.violations, *deaths.surprises, *town.fleet.traces()]
    injected = dict(sorted(town.tally.injected.items()))
    kills = sum(injected.get(name, 0) for name in _KILLS)
    facts: dict[str, Any] = {
        "ledger": wish.ledger,
        "seed": wish.seed,
        "date": f"{town.began:%Y-%m-%d}",
        "python": platform.python_version(),
        "workers": wish.workers,
        "lease_s": LEASE_S,
        "calendar posts": len(town.office.posts) + town.office.edits["removed"],
        "publications": len(record.pubs),
        "public posts": found.posts,
        "publishing calls": record.calls,
        "doubled": len(found.doubled),
        "lost": len(found.lost),
        "wrong": len(wrong),
        "for a person": found.for_a_person,
        "in hand": found.in_hand,
        "kills": kills,
        "faults": sum(injected.values()) - kills,
        "injected": injected,
        "people": dict(sorted((town.tally.people + town.office.edits).items())),
        "states": dict(sorted(found.states.items())),
        "exit codes": {str(code): count for code, count in sorted(deaths.codes.items())},
        "traces in files": dict(sorted(town.fleet.kept_traces().items())),
        "slowest stop": round(max(deaths.stops_s, default=0.0), 1),
    }
    return Report(facts=facts, doubled=found.doubled, lost=found.lost, wrong=wrong)


def table(report: Report) -> str:
    """The figures for a terminal."""
    lines = []
    for name, value in report.facts.items():
        if isinstance(value, dict):
            lines.append(f"{name}:")
            lines += [f"    {inner:<36}{number:>8}" for inner, number in value.items()]
        else:
            lines.append(f"{name:<40}{value!s:>8}")
    return "\n".join(lines)
