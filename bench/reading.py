"""`bot check` on 10,000 posts beside the bare parser on the same bytes, for each kind of file."""

from __future__ import annotations

import csv
import io
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import yaml
from python_calamine import load_workbook

from adapters import registry
from bench.figures import Figure, Outcome, median
from bot.domain.roster import Roster
from bot.engine.check import check
from bot.schedule.exports import Calendar, Plain, to_csv, to_yaml
from bot.schedule.gathering import gather
from bot.schedule.reader import read, read_roster
from bot.schedule.workbook import Sheet, to_xlsx
from bot.settings import Settings
from bot.wiring.platforms import Catalog

POSTS = 10_000
_SAMPLE = Path(__file__).resolve().parents[1] / "schedules"
_START = datetime(2026, 1, 1, 0, 0)  # noqa: DTZ001 — local time of the calendar
_STEP = timedelta(minutes=52)  # so they fill a year
_SAID = ("title", "digest", "author", "reviewer", "column", "topic", "source", "source_url")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _posts(count: int) -> Iterator[dict[str, Any]]:
    """Short posts made of the sample's; what lies in other files is not among the same bytes."""
    sample = gather(read(_SAMPLE)).posts
    for number in range(count):
        model = sample[number % len(sample)]
        post = {name: model[name] for name in _SAID if model.get(name)}
        text = model.get("text") or model.get("digest") or model["title"]
        # Digits would not do: what differs in nothing else is told as the same content twice.
        mark = "".join(chr(0x4E00 + (number * 31 + place * 997) % 20_000) for place in range(6))
        yield {
            "id": f"p{number:05}",
            "at": f"{_START + number * _STEP:%Y-%m-%d %H:%M}",
            **post,
            "accounts": ["u01-weibo"],
            "title": f"{mark}：{post['title']}",
            "text": f"{mark}：{text}",
        }


def _months(count: int) -> Mapping[str, list[Plain]]:
    found: dict[str, list[Plain]] = {}
    for post in _posts(count):
        found.setdefault(post["at"][:7], []).append(post)
    return found


def _bytes(kind: str, month: str, posts: list[Plain], roster: Roster) -> bytes:
    calendar = Calendar(zone="Asia/Shanghai", posts=posts)
    if kind == "yaml":
        return to_yaml(calendar)
    if kind == "csv":
        return to_csv(calendar)
    sheets = [Sheet(title=month, posts=posts)]
    return to_xlsx(calendar, sheets, roster, created=_START, example=False)


def write(folder: Path, kind: str, count: int = POSTS) -> list[Path]:
    """Writes so many posts into the folder, a file a month; returns the files."""
    shutil.copy(_SAMPLE / "roster.yaml", folder)
    roster, _problems = read_roster(folder / "roster.yaml")
    files = []
    for month, posts in _months(count).items():
        files.append(folder / f"{month}.{kind}")
        files[-1].write_bytes(_bytes(kind, month, posts, roster))
    return files


def _yaml(raw: bytes) -> None:
    yaml.load(raw, Loader=_LOADER)


def _csv(raw: bytes) -> None:
    list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline="")))


def _calamine(raw: bytes) -> None:
    workbook = load_workbook(io.BytesIO(raw))
    for name in workbook.sheet_names:
        workbook.get_sheet_by_name(name).to_python()


def _openpyxl(raw: bytes) -> None:
    for sheet in openpyxl.load_workbook(io.BytesIO(raw)):
        list(sheet.iter_rows(values_only=True))


BARE: Mapping[str, tuple[str, Callable[[bytes], None]]] = {
    "yaml.load": ("yaml", _yaml),
    "openpyxl": ("xlsx", _openpyxl),
    "calamine": ("xlsx", _calamine),
    "csv.reader": ("csv", _csv),
}


def bare_s(files: list[Path], parse: Callable[[bytes], None]) -> float:
    """Seconds of the processor to parse the files and do nothing with them."""
    begin = time.process_time()
    for file in files:
        parse(file.read_bytes())
    return time.process_time() - begin


def whole_s(folder: Path, catalog: Catalog, expected: int) -> float:
    """Seconds of the processor for all that `bot check` does before it prints."""
    begin = time.process_time()
    reading = read(folder, platforms=registry.platforms(), modes=registry.modes)
    checked = check(reading, catalog, alone=True)
    taken = time.process_time() - begin
    if len(reading.posts) != expected or len(checked.wanted) < expected:
        raise SystemExit(f"{len(reading.posts)} of {expected} posts were read")
    return taken


async def measure(runs: int) -> Outcome:
    """How much more everything costs than parsing alone."""
    catalog = Catalog(Settings().platforms)
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in BARE}
    with tempfile.TemporaryDirectory() as place:
        files = {}
        for kind in ("yaml", "xlsx", "csv"):
            (Path(place) / kind).mkdir()
            files[kind] = write(Path(place) / kind, kind)
        for _run in range(runs):
            for name, (kind, parse) in BARE.items():
                bare = bare_s(files[kind], parse)
                taken[name].append((whole_s(Path(place) / kind, catalog, POSTS), bare))
    return Outcome(title=f"Reading and checking {POSTS:,} posts", figures=list(_figures(taken)))


def _figures(taken: Mapping[str, list[tuple[float, float]]]) -> Iterator[Figure]:
    notes = {
        "yaml.load": "CSafeLoader",
        "openpyxl": "the reader Python programs usually take",
        "calamine": "the reader that is used: compiled, and makes nothing but lists of values",
    }
    targets = {"yaml.load": 2.0, "openpyxl": 2.0, "calamine": 2.0}
    for name, pairs in taken.items():
        yield Figure(
            name=f"{BARE[name][0]}: bot check ÷ {name}",
            value=median([whole / bare for whole, bare in pairs]),
            at_most=targets.get(name),
            note=notes.get(name, ""),
        )
    for name, pairs in taken.items():
        if name != "openpyxl":
            seconds = median([whole for whole, _bare in pairs])
            yield Figure(
                name=f"{BARE[name][0]}: bot check", value=seconds * 1000, unit="ms", note="CPU"
            )
    bare = median([bare for _whole, bare in taken["yaml.load"]])
    yield Figure(name="yaml: yaml.load", value=bare * 1000, unit="ms", note="CPU")
