"""How the calendar's files stand, as the process that reads them knows it: which have errors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.problem import Problem, Severity
from bot.engine.health import Trouble
from bot.i18n import _


@dataclass(frozen=True, kw_only=True)
class Faulty:
    """A file with errors. What was planned from its last good version stays in force."""

    file: str
    errors: int
    since: datetime  # when this process first saw one


@dataclass(kw_only=True)
class Standing:
    """Kept up to date by `bot run`; in any other process there is nothing in it."""

    faulty: Mapping[str, Faulty] = field(default_factory=dict)
    unreachable: str = ""  # why the folder cannot be looked at

    def note(self, problems: Iterable[Problem], now: datetime) -> tuple[list[Faulty], list[Faulty]]:
        """Takes the files' errors over; returns those that are new, and those that are mended."""
        before = self.faulty
        errors = Counter(p.place.file or "." for p in problems if p.severity is Severity.ERROR)
        self.faulty = {
            file: Faulty(
                file=file, errors=count, since=before[file].since if file in before else now
            )
            for file, count in sorted(errors.items())
        }
        new = [one for file, one in self.faulty.items() if file not in before]
        return new, [one for file, one in before.items() if file not in self.faulty]

    def notes(self) -> list[Trouble]:
        """What somebody should know, though every planned post goes out."""
        found = [
            Trouble(code="calendar_errors", message=in_words(one, f"{one.since:%Y-%m-%dT%H:%MZ}"))
            for one in self.faulty.values()
        ]
        if self.unreachable:
            message = _("The schedules folder cannot be looked at: {cause}. The plan stays.")
            found.append(
                Trouble(code="folder_gone", message=message.format(cause=self.unreachable))
            )
        return found


def in_words(one: Faulty, since: str) -> str:
    """The faulty file as a sentence."""
    return _(
        "{file}: {errors} errors since {since}. What was planned from its last good version stays "
        "in force."
    ).format(file=one.file, errors=one.errors, since=since)
