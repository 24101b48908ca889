"""The work of `bot export coverage`: the file that the desk's page of the key items gives."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import datetime
from enum import StrEnum

from bot.app import open_app
from bot.cli.calendars import Made
from bot.domain.counts import Span
from bot.engine import grid
from bot.ledger import roster
from bot.settings import Settings
from bot.web.desk import coverage_sheets
from bot.web.desk.coverage_sheets import About
from bot.web.desk.downloads import as_csv, as_xlsx


class Kind(StrEnum):
    """What it can be written as."""

    XLSX = "xlsx"
    CSV = "csv"


async def make(settings: Settings, kind: Kind, span: Span, at: datetime | None) -> Made:
    """The key items planned in `span`, as known now or at a moment gone by."""
    async with open_app(settings) as app:
        core, zone = app.core, settings.zone
        as_of = at or core.clock.now()
        if kind is Kind.XLSX:
            found, members = await grid.known(core, since=span.since, until=span.until, at=at)
            about = About(span=span, members=members, as_of=as_of, zone=zone)
            data = as_xlsx(coverage_sheets.book(found, about), zone)
        else:
            async with core.ledger.read() as conn:
                members = await roster.load(conn)
            about = About(span=span, members=members, as_of=as_of, zone=zone)
            sheet = await coverage_sheets.cells(core, about, at, turn=nullcontext())
            data = as_csv([sheet], zone)
    return Made(name=f"coverage-{span.label}.{kind.value}", data=data)
