"""Error tables: a platform's own codes, as a CSV file beside its adapter, turned into typed errors.

Columns: `code`; `match` (text the platform's message must contain, "" for any; more special rows
stand first); `meaning` (Chinese); `raises` (name of a typed error, or "accepted"); `wait` ("day"
for the next midnight in Beijing, else seconds); `advice` (Chinese, for whoever must act).
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from adapters.http import Origin
from bot.domain import words
from bot.domain.quota import Period, period_end
from bot.errors import (
    AlreadyThere,
    AuthFailed,
    ContractBroken,
    OutcomeUnknown,
    PlatformError,
    RateLimited,
    Rejected,
    Unavailable,
)
from bot.i18n import N_, _

ACCEPTED = "accepted"  # not an error at all: the platform took it and shows it later

_KINDS: dict[str, tuple[type[PlatformError], str]] = {
    "Rejected": (Rejected, N_("{platform} refuses the content: {meaning} (code {code}).")),
    "AuthFailed": (
        AuthFailed,
        N_("{platform} does not let this account or app do that: {meaning} (code {code})."),
    ),
    "RateLimited": (RateLimited, N_("A quota of {platform} is spent: {meaning} (code {code}).")),
    "Unavailable": (
        Unavailable,
        N_("{platform} could not do it now: {meaning} (code {code}). Nothing was published."),
    ),
    "OutcomeUnknown": (
        OutcomeUnknown,
        N_("{platform} leaves open what happened: {meaning} (code {code}). Look before resending."),
    ),
    "AlreadyThere": (
        AlreadyThere,
        N_("{platform} says it has this post already: {meaning} (code {code}). Look for it."),
    ),
    "ContractBroken": (
        ContractBroken,
        N_("{platform} found a mistake in our request: {meaning} (code {code})."),
    ),
}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table."""

    code: str
    match: str
    meaning: str
    raises: str
    wait: str
    advice: str


class ErrorTable:
    """The rows of one platform, found by code and, where it decides, by the platform's text."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.rows = tuple(rows)
        self._by_code: dict[str, list[Row]] = {}
        for row in self.rows:
            self._by_code.setdefault(row.code, []).append(row)

    @classmethod
    def load(cls, path: Path) -> ErrorTable:
        """The table in a CSV file; raises ValueError for a row that raises nothing we know."""
        with path.open(encoding="utf-8", newline="") as file:
            rows = [Row(**line) for line in csv.DictReader(file)]
        for row in rows:
            if row.raises not in _KINDS and row.raises != ACCEPTED:
                raise ValueError(f"{path}: code {row.code} raises {row.raises!r}")
        return cls(rows)

    def row(self, code: str, text: str = "") -> Row | None:
        """The row for a code, or None when the documents do not know it."""
        fitting = (row for row in self._by_code.get(code, []) if row.match in text)
        return next(fitting, None)

    def error(self, origin: Origin, code: str, text: str, *, now: datetime) -> PlatformError:
        """The typed error an answer stands for; an unknown code is a broken answer."""
        row = self.row(code, text)
        if row is None or row.raises == ACCEPTED:
            return _unknown(origin, code, text)
        kind, message = _KINDS[row.raises]
        if issubclass(kind, OutcomeUnknown) and not origin.effect:
            kind, message = _KINDS["Unavailable"]  # a call without effect may be made again
        shown = _(message).format(
            platform=words.platform(origin.platform), meaning=row.meaning, code=code
        )
        found = origin.error(kind, shown, code=code, advice=row.advice)
        if isinstance(found, RateLimited):
            found.retry_at = _retry_at(row.wait, now)
        return found


def _unknown(origin: Origin, code: str, text: str) -> PlatformError:
    message = _('{platform} answered {action} with the unknown code {code}: "{text}".')
    found = origin.broken(
        message.format(
            platform=words.platform(origin.platform),
            action=origin.action,
            code=code,
            text=text[:100],
        )
    )
    found.code = code
    found.advice = _(
        "The platform's documents do not know this code. Nothing is sent again by itself: look on "
        "the platform, and pass code and text on to whoever maintains the bot."
    )
    return found


def _retry_at(wait: str, now: datetime) -> datetime | None:
    if wait == "day":
        return period_end(now, Period.DAY)
    return now + timedelta(seconds=int(wait)) if wait else None
