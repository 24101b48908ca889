"""Reads the schedules folder: posts, roster, and every mistake with its place."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bot.domain.post import Post
from bot.domain.problem import Place, Problem
from bot.domain.roster import Roster
from bot.domain.unhurried import unhurried
from bot.i18n import _
from bot.schedule.checking import Checks
from bot.schedule.columns import Columns
from bot.schedule.copies import copies
from bot.schedule.cross import without_twins
from bot.schedule.days import Days, read_days
from bot.schedule.filling import Filling, fill
from bot.schedule.folder import Folder
from bot.schedule.ignoring import Ignore, ignores_of
from bot.schedule.lined import Node
from bot.schedule.media import Gallery
from bot.schedule.options import CheckOptions
from bot.schedule.posts import CalendarReader
from bot.schedule.reviewed import unknown_columns
from bot.schedule.roster import ModesOf, find_roster, read_roster
from bot.schedule.roster_tree import ROSTER_FILES
from bot.schedule.rules.wording import Word
from bot.schedule.sources import READERS, RESERVED, Source, is_calendar, is_passing
from bot.schedule.timing import Draft, Timing
from bot.schedule.wordlists import read_words

__all__ = ["Reading", "read", "read_roster"]

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
_NOT_READ: Final = frozenset({"wrong-suffix", "copy-of-a-calendar"})
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
    # With `roster_file` in it no account may be taken as gone, nor any post.
    broken: frozenset[str]
    fingerprint: str  # changes when any file read changes: calendars, roster, texts, media
    shut: frozenset[str] = frozenset()  # files that are there and could not be opened
    sources: Mapping[str, Source] = field(default_factory=dict)  # calendar file → what it holds
    days: Days = field(default_factory=Days)  # health days and holidays with the office's own
    # Post → code of a rule → why it is switched off there; no part of a post's content.
    ignores: Mapping[str, Mapping[str, Ignore]] = field(default_factory=dict)
    options: CheckOptions = field(default_factory=CheckOptions)  # it was checked with
    words: tuple[Word, ...] = ()  # of the office's own lists
    after: Mapping[str, str] = field(default_factory=dict)  # post → the one its time counts from
    roster_file: str = ROSTER_FILES[0]
    roster_cells: Mapping[str, str] = field(default_factory=dict)  # of a roster in a sheet
    slots: Filling = field(default_factory=Filling)  # of recurring columns, with their posts

    def excerpt(self, place: Place) -> str:
        """The line or cell of a file that a place means, "" when it cannot be shown."""
        if place.file == self.roster_file and place.cell is not None:
            return self.roster_cells.get(place.cell, "")
        if place.file in self.sources:
            return self.sources[place.file].excerpt(place)
        if place.file.lower().endswith(".docx"):  # a message about one quotes its words
            return ""
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
    options: CheckOptions | None = None,
    instead: Mapping[str, bytes] | None = None,
    only: str | None = None,
) -> Reading:
    """Everything in the folder, never raising for what is wrong in it.

    `platforms` are the known platforms' names, None takes those the roster uses; `modes` tells the
    modes an account of one of them may have, None allows any. `zone` is that of sheets that name
    none; `options` are the office's for the rules. `instead` are files as they might be, by path;
    with `only` the content of that post alone is looked at, and what is between posts. Reads files
    only; may be repeated.
    """
    with unhurried():
        view = Folder(root=folder, instead=instead or {})
        return _read(view, platforms, modes, zone, options or CheckOptions(), only)


def _read(
    view: Folder,
    platforms: frozenset[str] | None,
    modes: ModesOf | None,
    zone: str,
    options: CheckOptions,
    only: str | None,
) -> Reading:
    folder = view.root
    files, problems = calendar_files(folder, view.instead)
    found = find_roster(view, platforms, modes)
    roster = found.roster
    broken = {problem.place.file for problem in problems if problem.code in _NOT_READ}
    broken |= set() if found.whole and files else {found.file}
    known = platforms or frozenset(account.platform for account in roster.accounts.values())
    gallery = Gallery(folder=view)
    calendars = [
        CalendarReader(file=file, roster=found, platforms=known, gallery=gallery, zone=zone)
        for file in files
    ]
    days = read_days(view)
    columns = Columns(kind_of=days.kind_of)
    filling = _read_all(calendars, columns, problems)
    for calendar in calendars:
        problems += calendar.problems
        broken |= {calendar.file} if calendar.broken else set()
    entries, left_out, twins = without_twins(
        [entry for each in calendars for entry in each.entries]
    )
    broken |= {entry.post.place.file for entry in left_out}
    problems += [*found.problems, *twins, *days.problems, *_reviewed(calendars, columns, options)]
    words, wrong = read_words(view)
    checks = Checks(
        options=options, days=days, words=words, made_by_ai=frozenset(gallery.made_by_ai)
    )
    problems += wrong + checks.all(entries, roster, only=only)
    ignores = {}
    for entry in entries:
        if entry.ignore:
            ignores[entry.post.id], wrong = ignores_of(entry, options.rules)
            problems += wrong
    return Reading(
        folder=folder,
        roster=roster,
        posts=tuple(sorted((entry.post for entry in entries), key=lambda p: (p.due_at, p.id))),
        problems=tuple(sorted(problems, key=lambda p: (p.place.file, p.place.line or 0, p.code))),
        files=files,
        broken=frozenset(broken),
        fingerprint=view.fingerprint(),
        shut=frozenset(view.shut),
        sources={calendar.file: calendar.source for calendar in calendars},
        days=days,
        slots=filling,
        ignores=ignores,
        options=options,
        words=words,
        after={e.post.id: e.draft.shape.after for e in entries if e.draft.shape.after},
        roster_file=found.file,
        roster_cells=found.cells,
    )


def _read_all(
    calendars: Sequence[CalendarReader], columns: Columns, problems: list[Problem]
) -> Filling:
    """Reads the files together: columns and times of one may be used in another."""
    for calendar in calendars:
        calendar.open(columns)
        if calendar.source.root is None and calendar.source.may_hold("columns"):
            columns.unread = columns.unread or calendar.file
    drafts = {calendar.file: calendar.draft(columns) for calendar in calendars}
    timing = Timing(
        drafts=[draft for found in drafts.values() for draft in found],
        columns=[column.name for column in columns.with_slots],
        named={node.text("id") for calendar in calendars for node in calendar.nodes},
    )
    due = timing.due()
    for calendar in calendars:
        calendar.enter(drafts[calendar.file], due)
    filling, found = fill(columns.with_slots, due, _unread(calendars, due))
    problems += [*columns.problems, *timing.problems, *found]
    return filling


def _reviewed(
    calendars: Sequence[CalendarReader], columns: Columns, options: CheckOptions
) -> list[Problem]:
    """Columns to be reviewed that there are none of; nothing while a file may hide one."""
    if any(calendar.source.root is None for calendar in calendars):
        return []
    entries = [node for calendar in calendars for node in calendar.nodes]
    known = columns.names | {node.text("column").strip() for node in entries}
    return unknown_columns(options.review_columns, known - {""}) if entries or known else []


def _unread(calendars: Sequence[CalendarReader], due: Collection[Draft]) -> list[Node]:
    """The entries that are no posts with a time."""
    read = {(draft.file, draft.node.line, draft.node.cell) for draft in due}
    return [
        node
        for calendar in calendars
        for node in calendar.nodes
        if (calendar.file, node.line, node.cell) not in read
    ]


def calendar_files(
    folder: Path, instead: Collection[str] = ()
) -> tuple[tuple[str, ...], list[Problem]]:
    """The names of the calendar files, and what is wrong with the folder itself.

    `instead` are paths that count as there.
    """
    try:
        there = {item.name for item in folder.iterdir()}.union(instead)
        names = sorted(name for name in there if not is_passing(name) and "/" not in name)
    except OSError as error:
        message = _("The folder {folder} cannot be read: {why}")
        return (), [
            Problem(
                code="folder-missing",
                message=message.format(folder=folder.name, why=error.strerror),
                hint=_("Create it, or start the bot where it lies."),
            )
        ]
    found = [name for name in names if is_calendar(name)]
    doubles = copies(found, [name for name in names if name in RESERVED or name in found])
    files = tuple(name for name in found if name not in doubles)
    problems = [_copy(name, original) for name, original in doubles.items()]
    problems += [_wrong_suffix(name) for name in names if _nearly(name)]
    if not files:
        problems.append(
            Problem(
                code="no-calendar",
                message=_("The folder {folder} holds no calendar file.").format(folder=folder.name),
                hint=_("Put a file such as 2026-05.yaml there; docs/calendar.md has the format."),
            )
        )
    return files, problems


def _copy(name: str, original: str) -> Problem:
    return Problem(
        code="copy-of-a-calendar",
        message=_("{file} is a copy of {original} and is not read.").format(
            file=name, original=original
        ),
        hint=_(
            "Keep one of the two: move what is new into {original} and delete the copy. If it is "
            "none, give it another name."
        ).format(original=original),
        place=Place(file=name),
    )


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
