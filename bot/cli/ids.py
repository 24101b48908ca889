"""Ids for new entries of the calendar: given, tried again while a file is open, and told."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.app import App
from bot.cli.output import notes
from bot.engine.naming import give_ids
from bot.i18n import _
from bot.schedule.reader import Reading
from bot.schedule.writing import Written, locks


def say(text: str) -> None:
    """A sentence of its own for the person at the screen."""
    notes.print(text, soft_wrap=True, markup=False)


def tell_ids(written: Written, told: Mapping[str, str] | None = None) -> None:
    """Says which files got ids, and why others did not, unless that was `told` before."""
    for file, count in written.counts.items():
        say(_("{file}: {count} new entries have their ids now.").format(file=file, count=count))
    for file, why in written.refused.items():
        if (told or {}).get(file) != why:
            say(why)


@dataclass(frozen=True, kw_only=True)
class _Waiting:
    """A file whose new entries have no ids yet."""

    since_s: float
    locked: bool


@dataclass(kw_only=True)
class Ids:
    """Gives ids, and remembers where that has to be tried again."""

    app: App
    patience_s: float = 30.0
    _waiting: dict[str, _Waiting] = field(default_factory=dict)
    _told: Mapping[str, str] = field(default_factory=dict)  # file → why it has no ids yet

    async def give(self, reading: Reading) -> frozenset[str]:
        """Gives the reading's new entries ids; the files written, which are to be read again."""
        office = self.app.settings.office
        if not office.write_ids:
            return frozenset()
        written = await give_ids(self.app.core, reading, office.timezone)
        tell_ids(written, told=self._told)
        self._told = written.refused
        now_s = time.monotonic()
        self._waiting = {
            file: _Waiting(since_s=now_s, locked=self._is_locked(file)) for file in written.passing
        }
        return frozenset(written.counts)

    def ready(self) -> list[str]:
        """The files worth another try: closed since the last one, or untried for long."""
        now_s = time.monotonic()
        return [
            file
            for file, one in self._waiting.items()
            if not self._is_locked(file) and (one.locked or now_s - one.since_s > self.patience_s)
        ]

    def _is_locked(self, file: str) -> bool:
        return bool(locks(self.app.settings.office.schedules / file))
