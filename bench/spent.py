"""Where the time of a burst goes: CPU by thread, and a profile summed up by package."""

from __future__ import annotations

import cProfile
import pstats
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import psutil

from bench import burst
from bench.figures import Figure, Outcome, Table
from bench.simulator import Simulator, running
from bot.engine import service

_ROOT = Path(__file__).resolve().parents[1]
_SHOWN = 14
_WAITING = ("poll", "select", "acquire", "get' of '_queue", "wait", "run_until_complete")
_BUILT_IN = {
    "sqlite3.": "sqlite3 (the database itself)",
    "_socket.socket": "sockets (system calls)",
    "SSL": "ssl",
    "pydantic_core": "pydantic",
}
Seconds = dict[str, float]
Function = tuple[str, int, str]  # file, line, name


@dataclass
class Profiles:
    """One profile a thread; a profiler sees only the thread it was started in."""

    all: list[tuple[str, cProfile.Profile]] = field(default_factory=list)

    def start_here(self) -> None:
        """Profiles the thread that calls this."""
        profile = cProfile.Profile()
        self.all.append((threading.current_thread().name, profile))
        profile.enable()

    def hook(self, frame: FrameType, event: str, arg: Any) -> None:
        """What `threading.setprofile` calls first in a new thread."""
        self.start_here()


@contextmanager
def profiled_threads() -> Iterator[Profiles]:
    """Profiles this thread and all that are begun within the block."""
    profiles = Profiles()
    threading.setprofile(profiles.hook)
    try:
        yield profiles
    finally:
        threading.setprofile(None)
        for _name, profile in profiles.all:
            profile.disable()


def by_package(profile: cProfile.Profile) -> Seconds:
    """Seconds of a thread's own work by package; what is built in counts for who called it."""
    sums: Seconds = defaultdict(float)
    stats: Mapping[Function, Any] = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    for function, (_calls, _primitive, own_s, _total_s, callers) in stats.items():
        if function[0] != "~":
            sums[_package(function[0])] += own_s
            continue
        known = _built_in(function[2])
        if known:
            sums[known] += own_s
            continue
        for caller, (_c, _p, caller_own_s, _t) in callers.items():
            sums[_package(caller[0]) if caller[0] != "~" else "Python"] += caller_own_s
    return sums


def _built_in(name: str) -> str:
    if any(word in name for word in _WAITING):
        return "waiting"
    return next((group for word, group in _BUILT_IN.items() if word in name), "")


def _package(file: str) -> str:
    """`bot.engine`, `sqlalchemy`, `asyncio`, … for a file."""
    path = Path(file)
    if path.is_relative_to(_ROOT):
        parts = path.relative_to(_ROOT).parts
        return ".".join(parts[: 2 if len(parts) > 2 else 1]) if parts[0] != "bench" else "bench"
    if "site-packages" in path.parts:
        return path.parts[path.parts.index("site-packages") + 1].removesuffix(".py")
    if "asyncio" in path.parts or path.name == "selectors.py":
        return "asyncio"
    return "Python's library"


def _cpu_by_thread() -> dict[int, float]:
    return {each.id: each.user_time + each.system_time for each in psutil.Process().threads()}


def _role(name: str) -> str:
    """`event loop`, `ledger-write`, `ledger-read`, or `other`."""
    if name == "MainThread":
        return "event loop"
    return name.rpartition("_")[0] if name.startswith("ledger-") else "other"


async def _threads(simulator: Simulator) -> tuple[float, dict[str, float]]:
    """Seconds of a burst, and each thread's CPU seconds in it."""
    async with burst.planned(simulator) as app:
        before, begin = _cpu_by_thread(), time.perf_counter()
        await service.run_due(app.core, app.local)
        seconds, after = time.perf_counter() - begin, _cpu_by_thread()
        names = {thread.native_id: _role(thread.name) for thread in threading.enumerate()}
    used: dict[str, float] = {}
    for thread, cpu_s in after.items():
        role = names.get(thread, "other")
        used[role] = used.get(role, 0.0) + cpu_s - before.get(thread, 0.0)
    return seconds, used


async def _profile(simulator: Simulator) -> Profiles:
    with profiled_threads() as profiles:
        async with burst.planned(simulator) as app:
            for _name, profile in profiles.all:
                profile.clear()  # opening and planning is not the burst
            profiles.start_here()
            await service.run_due(app.core, app.local)
            profiles.all[-1][1].disable()
    return profiles


def _summed(profiles: Profiles) -> dict[str, Seconds]:
    """Thread → package → seconds."""
    found: dict[str, Seconds] = {}
    for name, profile in profiles.all:
        role = _role(name)
        if role != "other":
            _add(found.setdefault(role, defaultdict(float)), by_package(profile))
    return found


def _add(into: Seconds, more: Seconds) -> None:
    for package, seconds in more.items():
        into[package] = into.get(package, 0.0) + seconds


def _table(found: Mapping[str, Seconds]) -> Table:
    total: Seconds = defaultdict(float)
    for sums in found.values():
        _add(total, sums)
    total.pop("waiting", None)
    whole = sum(total.values())
    roles = sorted(found)
    rows = [
        (
            package,
            f"{100 * seconds / whole:.0f} %",
            *(f"{100 * found[role].get(package, 0.0) / whole:.0f} %" for role in roles),
        )
        for package, seconds in sorted(total.items(), key=lambda pair: -pair[1])[:_SHOWN]
    ]
    return Table(
        title="Where the time of the burst goes (profile, waiting left out)",
        headings=("package", "share", *roles),
        rows=rows,
        note="A profiler makes Python code look slower than it is beside what is written in C.",
    )


async def measure(runs: int) -> Outcome:
    """CPU of each thread in a burst, and shares of packages from a profile of another."""
    async with running() as simulator:
        await burst.bot(simulator)  # imports and caches are no part of it
        seconds, used = await _threads(simulator)
        profiles = await _profile(simulator)
    figures = [Figure(name="a burst of 1,000 posts", value=1000 * seconds, unit="ms")] + [
        Figure(name=f"CPU of: {role}", value=1000 * cpu_s, unit="ms")
        for role, cpu_s in sorted(used.items(), key=lambda pair: -pair[1])
        if cpu_s > 0.005
    ]
    title = "Where the time goes"
    return Outcome(title=title, figures=figures, tables=[_table(_summed(profiles))])
