"""The report: tables on the screen, and docs/performance.md."""

from __future__ import annotations

import os
import platform
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil
from rich import box
from rich.console import Console
from rich.table import Table as Screen

from bench.figures import Figure, Outcome, Table

PAGE = Path(__file__).resolve().parents[1] / "docs" / "performance.md"
_LIBRARIES = (
    *("aiohttp", "SQLAlchemy", "asyncpg", "pydantic", "uvloop", "arq", "redis"),
    *("celery", "kombu", "requests", "taskiq", "taskiq-redis"),
)
_MACHINE = "The machine"
_HEAD = """# Performance

Written by `python -m bench --write`; `make bench` measures again without writing, `python -m bench
NAME …` only some of it. What counts are the ratios: both sides of each were measured in the same
run, by turns, with the same posts and against the same simulator in a process of its own. Figures
are medians of the runs named with them unless they say otherwise. Speeds are this machine's and
nobody else's. A line without a target is there for information.
"""


def show(outcome: Outcome) -> None:
    """Prints what one bench found."""
    console = Console()
    table = Screen(title=outcome.title, box=box.SIMPLE, title_justify="left")
    for heading in ("", "value", "target", ""):
        table.add_column(heading)
    for figure in outcome.figures:
        table.add_row(figure.name, figure.shown, figure.target, _verdict(figure))
    console.print(table)
    for extra in outcome.tables:
        shown = Screen(*extra.headings, title=extra.title, box=box.SIMPLE, title_justify="left")
        for row in extra.rows:
            shown.add_row(*row)
        console.print(shown)


def write(outcomes: Sequence[Outcome], *, today: date, runs: int, page: Path = PAGE) -> None:
    """Writes the page; what was not measured now stays as it is."""
    text = page.read_text("utf-8") if page.exists() else ""
    told = [_machine(), *(_section(one, today, runs) for one in outcomes)]
    new = ["\n".join(lines) for lines in told]
    sections = {_title(part): part for part in [*text.split("\n## ")[1:], *new]}
    parts = [_HEAD, *(f"## {part.strip()}\n" for part in sections.values())]
    page.write_text("\n".join(parts), encoding="utf-8")


def _title(section: str) -> str:
    return section.partition("\n")[0]


def _verdict(figure: Figure) -> str:
    return "" if figure.met is None else "met" if figure.met else "missed"


def _section(outcome: Outcome, today: date, runs: int) -> Iterator[str]:
    yield f"{outcome.title}\n"
    yield f"{today.isoformat()}, {runs} runs.\n"
    rows = [
        (figure.name, figure.shown, figure.target, _verdict(figure), figure.note)
        for figure in outcome.figures
    ]
    yield from _markdown(("", "value", "target", "", ""), rows)
    for table in outcome.tables:
        yield from _extra(table)


def _extra(table: Table) -> Iterator[str]:
    yield f"### {table.title}\n"
    yield from _markdown(table.headings, table.rows)
    if table.note:
        yield f"{table.note}\n"


def _markdown(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(headings)} |"
    yield "|" + "---|" * len(headings)
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""


def _machine() -> Iterator[str]:
    yield f"{_MACHINE}\n"
    facts = [
        ("CPU", f"{_cpu()}, {os.cpu_count()} cores"),
        ("memory", f"{psutil.virtual_memory().total / 1024**3:.0f} GB"),
        ("system", f"{platform.system()} {platform.machine()}"),
        ("Python", f"{platform.python_implementation()} {sys.version.split()[0]}"),
        ("SQLite", sqlite3.sqlite_version),
        ("libraries", ", ".join(_versions())),
    ]
    yield from _markdown(("", ""), facts)


def _versions() -> Iterator[str]:
    for name in _LIBRARIES:
        try:
            yield f"{name} {version(name)}"
        except PackageNotFoundError:
            yield f"no {name}"


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
