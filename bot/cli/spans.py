"""Periods and moments as people give them: `--month`, `--year`, `--from`, `--to`, `--as-of`."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated

import typer

from bot.domain.counts import Span, parse_span
from bot.errors import UsageError
from bot.i18n import _
from bot.settings import Settings

Month = Annotated[str, typer.Option("--month", help=_("a month, e.g. 2026-05"))]
Year = Annotated[str, typer.Option("--year", help=_("a year, e.g. 2026"))]
Since = Annotated[str, typer.Option("--from", help=_("first day, e.g. 2026-05-01"))]
Until = Annotated[str, typer.Option("--to", help=_("last day, e.g. 2026-05-31"))]
AsOf = Annotated[
    str,
    typer.Option("--as-of", help=_("as it was known then, e.g. 2026-06-01T09:00 or 2026-06-01")),
]


def span_of(
    settings: Settings, *, month: str = "", year: str = "", first: str = "", last: str = ""
) -> Span:
    """The period that was asked for; this month when nothing was."""
    zone = settings.zone
    if first or last:
        since = _day(first, settings) if first else datetime(2000, 1, 1, tzinfo=zone)
        until = (_day(last, settings) if last else datetime.now(zone)) + timedelta(days=1)
        if until <= since:
            raise UsageError(
                _("--from {first} is after --to {last}.").format(first=first, last=last)
            )
        return Span(label=f"{first}–{last}", since=since, until=until)
    return parse_span(month or year or datetime.now(zone).strftime("%Y-%m"), zone)


def _day(text: str, settings: Settings) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=settings.zone)
    except ValueError as error:
        raise UsageError(
            _("{text} is not a day; write it as 2026-05-07.").format(text=text)
        ) from error


def moment_of(text: str, settings: Settings, *, now: datetime) -> datetime | None:
    """The moment that was asked for, a day meaning its end; None when none was.

    Raises UsageError for what is no moment, and for one still to come.
    """
    if not text:
        return None
    try:
        moment = _moment(text, settings)
    except ValueError as error:
        message = _("{text} is not a moment; write it as 2026-06-01T09:00, or a day as 2026-06-01.")
        raise UsageError(message.format(text=text)) from error
    if moment > now:
        message = _("--as-of {text} is still to come: nobody knows yet what will be known then.")
        raise UsageError(message.format(text=text))
    return moment


def _moment(text: str, settings: Settings) -> datetime:
    if len(text) == len("2026-06-01"):
        day = datetime.combine(date.fromisoformat(text), datetime.min.time(), settings.zone)
        return min(day + timedelta(days=1), datetime.now(settings.zone))
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=settings.zone)
