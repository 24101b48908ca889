"""Problems: mistakes found in files, as data. Reading never stops at the first one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """What a problem means for the post it is found in."""

    ERROR = "error"  # it will not go out until somebody changes something
    WARNING = "warning"  # it will go out; somebody should look
    INFO = "info"


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where in the office's own files something stands."""

    file: str = ""  # relative to the schedules folder, with forward slashes
    line: int | None = None  # 1-based; of a sheet the row
    cell: str | None = None  # for sheets, e.g. "B7", or "五月!B7" where there are several
    column: int | None = None  # 1-based, in characters; None: the line as a whole
    length: int = 0  # characters from `column` on

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.file, self.cell or self.line) if part)


NOWHERE = Place()


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One mistake: what it is, where it is, and what to do about it."""

    code: str  # stable, kebab-case, e.g. "unknown-key"
    message: str  # for people, already translated
    hint: str = ""  # what to do
    severity: Severity = Severity.ERROR
    place: Place = NOWHERE
    post: str | None = None  # post id, where one is concerned

    def as_json(self) -> dict[str, object]:
        """The fixed shape of `bot check --format json`."""
        return {
            "code": self.code,
            "severity": self.severity.value,
            "file": self.place.file,
            "line": self.place.line,
            "cell": self.place.cell,
            "column": self.place.column,
            "post": self.post,
            "message": self.message,
            "hint": self.hint,
        }


def has_errors(problems: Iterable[Problem]) -> bool:
    """True when at least one problem keeps something from going out."""
    return any(problem.severity is Severity.ERROR for problem in problems)
