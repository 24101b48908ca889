"""Looks at the schedules folder from outside and says when a change in it can be read.

Network drives tell nobody of a change, so the folder is looked at again and again. A look costs
no reading of files. What programs do while they save (write in pieces, empty the file first,
delete and rename) must not be taken for what the officer wants.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path
from typing import Final

from bot.schedule.digests import Stamp, stamp
from bot.schedule.sources import MAX_SHEET_BYTES, READERS, is_passing

Look = Mapping[str, Stamp]  # path in the folder, with forward slashes → its stamp
_GONE: Final[Stamp] = (0, 0, 0)
_READ: Final = tuple(READERS)  # what calendars and the roster end in


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How often is looked, and how long is waited for what."""

    look_s: float = 0.8
    rest_s: float = 0.5  # so long a file must have stayed as it is before it is read
    grace_s: float = 10.0  # a file that is gone or empty may be on its way back
    patience_s: float = 30.0  # what cannot be opened, or never rests, is told only then
    retry_s: float = 5.0  # a plan that could not be made is made again


class Rest(Enum):
    """What a look says about the state that was read last."""

    SAME = auto()  # it is still there
    MOVING = auto()  # something changes or may be half saved: look again soon
    SETTLED = auto()  # another one, worth reading


def glance(root: Path) -> Look:
    """What the folder looks like from outside; equal while nothing in it was touched.

    Locks and half-saved copies of other programs are left out. Raises OSError when the folder, or a
    file in it, cannot be looked at for the moment.
    """
    return dict(_below(root, ""))


def _below(folder: Path | str, prefix: str) -> Iterator[tuple[str, Stamp]]:
    with os.scandir(folder) as found:
        for entry in found:
            if is_passing(entry.name):
                continue
            name = prefix + entry.name
            try:
                if entry.is_dir(follow_symlinks=False):
                    yield from _below(entry.path, name + "/")
                elif entry.is_file():
                    yield name, stamp(os.stat(entry.path))
            except (FileNotFoundError, PermissionError):
                # Gone since it was listed, or nothing the bot may see: then no file of the calendar
                # can need it without that being told.
                continue


def torn(before: Look, after: Look, but: Collection[str] = ()) -> bool:
    """True when a file that is read whole was touched between two looks, `but` these aside."""
    paths = {*before, *after}.difference(but)
    moved = (path for path in paths if before.get(path) != after.get(path))
    return any((after.get(path) or before[path])[0] <= MAX_SHEET_BYTES for path in moved)


@dataclass(kw_only=True)
class Settling:
    """Compares looks with the state that was read last. Times are seconds of any steady clock."""

    taken: Look  # the look at what was read last
    pace: Pace = field(default_factory=Pace)
    overlooked: frozenset[str] = frozenset()  # files that change, and nobody waits for them
    restless: frozenset[str] = frozenset()  # files that have changed for longer than patience lasts
    _last: Look = field(default_factory=dict)
    _since: dict[str, float] = field(default_factory=dict)  # path → first seen as it is now
    _began: dict[str, float] = field(default_factory=dict)  # path → first seen changed

    def see(self, look: Look, now_s: float) -> Rest:
        """What this look means."""
        changed = {path for path in {*look, *self.taken} if look.get(path) != self.taken.get(path)}
        same = {path for path in changed if look.get(path) == self._last.get(path)}
        self._since = {p: self._since.get(p, now_s) if p in same else now_s for p in changed}
        self._began = {path: self._began.get(path, now_s) for path in changed}
        self._last = look
        moving = {path for path in changed if now_s - self._since[path] < self._rest_s(path)}
        # A video is copied for minutes; the calendar does not wait for it, nor is it read for it.
        small = {path for path in moving if self._size(path) <= MAX_SHEET_BYTES}
        self.restless = frozenset(
            path for path in small if now_s - self._began[path] >= self.pace.patience_s
        )
        # A file somebody writes into all the time must not stop everything; a calendar may.
        waited_for = {p for p in small if p not in self.restless or p.endswith(_READ)}
        self.overlooked = frozenset(moving - waited_for)
        if not changed:
            return Rest.SAME
        rested = changed - moving or small - waited_for
        return Rest.MOVING if waited_for or not rested else Rest.SETTLED

    def forget(self, path: str) -> None:
        """What was read of this file was not what is in it: read again once it rests."""
        self.taken = {name: seen for name, seen in self.taken.items() if name != path}

    def _rest_s(self, path: str) -> float:
        empty = self._last.get(path, _GONE)[0] == 0
        return self.pace.grace_s if empty and path in self.taken else self.pace.rest_s

    def _size(self, path: str) -> int:
        return (self._last.get(path) or self.taken.get(path, _GONE))[0]
