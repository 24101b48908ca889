"""Reads the schedules folder: posts, roster, and every mistake with its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bot.domain.post import Post
from bot.domain.problem import Place, Problem
from bot.domain.roster import Roster
from bot.i18n import _
from bot.schedule import rules
from bot.schedule.cross import check_keys, without_twins
from bot.schedule.folder import Folder
from bot.schedule.media import Gallery
from bot.schedule.posts import CalendarReader, Entry
from bot.schedule.roster import ModesOf, read_roster, roster_from
from bot.schedule.sources import READERS, RESERVED, Source, is_calendar, is_passing

__all__ = ["ROSTER_FILE", "Reading", "read", "read_roster"]

ROSTER_FILE: Final = "roster.yaml"
# How editors misname them, or what they save that is not read; ignoring one would lose posts.
_NEARLY: Final = {
    ".yml": ".yaml",
    ".yaml.txt": ".yaml",
    ".csv.txt": ".csv",
    ".xls": ".xlsx",
    ".xlsm": ".xlsx",
    ".xlsb": ".xlsx",
    ".et": ".xlsx",
    ".ods": ".xlsx",
    ".numbers": ".xlsx",
}
_TEXTS: Final = frozenset({".yml", ".yaml.txt", ".csv.txt"})  # renaming them is enough


@dataclass(frozen=True, kw_only=True)
class Reading:
    """The folder as it was at one moment. Posts with errors of content are in it, to be held."""

    folder: Path
    roster: Roster
    posts: tuple[Post, ...]  # by time
    problems: tuple[Problem, ...]  # by file and line
    files: tuple[str, ...]  # calendar files found
    # Files that could not be read whole: what is missing from them was not taken out by anybody.
    # With ROSTER_FILE in it no account may be taken as gone, nor any post.
    broken: frozenset[str]
    fingerprint: str  # changes when any file read changes: calendars, roster, texts, media
    sources: Mapping[str, Source] = field(default_factory=dict)  # calendar file → what it holds

    def excerpt(self, place: Place) -> str:
        """The line or cell of a file that a place means, "" when it cannot be shown."""
        if place.file in self.sources:
            return self.sources[place.file].excerpt(place)
        try:
            text = (self.folder / place.file).read_text(encoding="utf-8-sig")
        except (OSError, ValueError):  # not a text
            return ""
        return Source(root=None, lines=tuple(text.split("\n"))).excerpt(place)


def read(
    folder: Path,
    platforms: frozenset[str] | None = None,
    modes: ModesOf | None = None,
    *,
    zone: str = "Asia/Shanghai",
) -> Reading:
    """Everything in the folder, never raising for what is wrong in it.

    `platforms` are the known platforms' names, None takes those the roster uses; `modes` tells the
    modes an account of one of them may have, None allows any. `zone` is that of sheets that name
    none. Reads files only; may be repeated.
    """
    view = Folder(root=folder)
    files, problems = _calendar_files(folder)
    found = roster_from(view, ROSTER_FILE, platforms, modes)
    roster = found.roster
    broken = {problem.place.file for problem in problems if problem.code == "wrong-suffix"}
    broken |= set() if found.whole and files else {ROSTER_FILE}
    known = platforms or frozenset(account.platform for account in roster.accounts.values())
    gallery = Gallery(folder=view)
    calendars = [
        CalendarReader(file=file, roster=found, platforms=known, gallery=gallery, zone=zone)
        for file in files
    ]
    for calendar in calendars:
        calendar.read()
        problems += calendar.problems
        broken |= {calendar.file} if calendar.broken else set()
    entries, left_out, twins = without_twins(
        [entry for each in calendars for entry in each.entries]
    )
    broken |= {entry.post.place.file for entry in left_out}
    problems += found.problems + _check(entries, roster) + twins
    return Reading(
        folder=folder,
        roster=roster,
        posts=tuple(sorted((entry.post for entry in entries), key=lambda p: (p.due_at, p.id))),
        problems=tuple(sorted(problems, key=lambda p: (p.place.file, p.place.line or 0, p.code))),
        files=files,
        broken=frozenset(broken),
        fingerprint=view.fingerprint(),
        sources={calendar.file: calendar.source for calendar in calendars},
    )


def _check(entries: Sequence[Entry], roster: Roster) -> list[Problem]:
    problems = check_keys(entries, roster)
    for entry in entries:
        problems += rules.check(entry.post, entry.where)
    return problems


def _calendar_files(folder: Path) -> tuple[tuple[str, ...], list[Problem]]:
    """The names of the calendar files, and what is wrong with the folder itself."""
    try:
        names = sorted(item.name for item in folder.iterdir() if not is_passing(item.name))
    except OSError as error:
        message = _("The folder {folder} cannot be read: {why}")
        return (), [
            Problem(
                code="folder-missing",
                message=message.format(folder=folder.name, why=error.strerror),
                hint=_("Create it, or start the bot where it lies."),
            )
        ]
    files = tuple(name for name in names if is_calendar(name))
    problems = [_wrong_suffix(name) for name in names if _nearly(name)]
    if not files:
        problems.append(
            Problem(
                code="no-calendar",
                message=_("The folder {folder} holds no calendar file.").format(folder=folder.name),
                hint=_("Put a file such as 2026-05.yaml there; docs/calendar.md has the format."),
            )
        )
    return files, problems


def _nearly(name: str) -> str:
    """The ending that makes a file look like a calendar without being one; "" for others."""
    lower = name.lower()
    if any(lower.endswith(suffix) for suffix in READERS):  # in capitals, perhaps
        return "" if is_calendar(name) or name in RESERVED else lower[lower.rindex(".") :]
    return next((suffix for suffix in _NEARLY if lower.endswith(suffix)), "")


def _wrong_suffix(name: str) -> Problem:
    ending = _nearly(name)
    right = name[: -len(ending)] + _NEARLY.get(ending, ending)
    if ending in _TEXTS | READERS.keys():
        hint = _("Rename it to {file}.")
    else:
        hint = _("Open it, choose “Save as” and the type Excel workbook: {file}.")
    return Problem(
        code="wrong-suffix",
        message=_("{file} is not read: calendars end in {endings}.").format(
            file=name, endings=" ".join(READERS)
        ),
        hint=hint.format(file=right),
        place=Place(file=name),
    )
