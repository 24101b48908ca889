"""`bot rehearse`: a month of the calendar, played before it is real."""

from __future__ import annotations

import asyncio
import json
import re
import tempfile
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from bot.cli import rehearsed
from bot.cli.calendar import folder_settings, read_calendar
from bot.cli.clock_bar import clock_bar
from bot.cli.output import BAD_NEWS, OK, Format, FormatOption, emit, notes, settings_in_force
from bot.errors import UsageError
from bot.i18n import _
from bot.ledger.excerpt import Excerpt
from bot.logs import configure
from bot.rehearsal import score as scores
from bot.rehearsal.known import known
from bot.rehearsal.player import Assumed, Rehearsal
from bot.rehearsal.report import Report, report
from bot.rehearsal.score import Score
from bot.settings import ReviewPart, Settings
from bot.stage import building
from bot.wiring.platforms import Catalog

_MARK = ".rehearsal"  # what holds it may be emptied by the next rehearsal
_CONFIRM_AFTER = timedelta(hours=2)
_DURATION = re.compile(r"([1-9]\d{0,3})([mhd])", re.ASCII)
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


class Answer(StrEnum):
    """Whether units agree to reprints they are asked about."""

    YES = "yes"
    NO = "no"


def rehearse(
    calendar: Annotated[
        Path | None,
        typer.Argument(
            help=_("a calendar file, or a folder of them; the settings' folder if left out")
        ),
    ] = None,
    first: Annotated[str, typer.Option("--from", help=_("first day, e.g. 2026-05-01"))] = "",
    last: Annotated[str, typer.Option("--to", help=_("last day, e.g. 2026-05-31"))] = "",
    confirm: Annotated[
        Answer, typer.Option("--confirm", help=_("do units agree to reprints, after two hours"))
    ] = Answer.YES,
    by_hand: Annotated[
        str, typer.Option("--by-hand", help=_("how long people take to publish by hand"))
    ] = "1h",
    blank: Annotated[
        bool, typer.Option("--blank", help=_("as if nothing had been published yet"))
    ] = False,
    folder: Annotated[
        Path | None, typer.Option("--dir", help=_("keep ledger and packages in this folder"))
    ] = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Plays a month of the calendar against the simulator and tells what would go wrong."""
    assumed = Assumed(
        confirm_after=_CONFIRM_AFTER if confirm is Answer.YES else None,
        by_hand_after=_duration(by_hand),
    )
    schedules, file = scores.locate(settings_in_force().office.schedules, calendar)
    settings = folder_settings(schedules)
    if settings.log.level == "warning":
        configure("error")  # the report tells of refusals in its own words
    score = scores.compose(
        read_calendar(settings),
        Catalog(settings.platforms),
        file=file,
        first=_day(first),
        last=_day(last),
        zone=settings.zone,
    )
    with _place(folder) as place:
        found = asyncio.run(_play(settings, score, assumed, place, blank=blank))
        document = rehearsed.as_json(found, settings)
        text = json.dumps(document, ensure_ascii=False, indent=2)
        (place / "report.json").write_text(text, encoding="utf-8")
    if form is Format.JSON:
        emit(document)
    else:
        rehearsed.show(found, settings)
    raise typer.Exit(OK if found.as_planned else BAD_NEWS)


async def _play(
    settings: Settings, score: Score, assumed: Assumed, place: Path, *, blank: bool
) -> Report:
    found: Excerpt | None = None
    if not blank:
        ids = [post.id for post in score.reading.posts]
        found = await known(settings.ledger.url, ids, score.start)
        now = datetime.now(UTC)
        if found is not None and score.start < now < score.end:
            score = scores.begin_at(score, now)
    # Nobody reviews what is only played.
    plain = settings.model_copy(update={"review": ReviewPart()})
    stage = await building.build(plain, place, schedules=score.reading.folder)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(stage.stop)
        played = Rehearsal(stage, score, assumed, found)
        stack.push_async_callback(played.close)
        await played.open()
        progress, show = clock_bar(notes, score.start, played.end, settings.zone)
        with progress:
            await played.play(show)
        return await report(played, score, settings.gaps.rules)


@contextmanager
def _place(folder: Path | None) -> Iterator[Path]:
    """Where the rehearsal keeps its files; gone afterwards unless a folder was named."""
    if folder is not None:
        building.empty(folder, _MARK)
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as made:
        yield Path(made)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise UsageError(
            _("{text} is not a day; write it as 2026-05-07.").format(text=text)
        ) from error


def _duration(text: str) -> timedelta:
    found = _DURATION.fullmatch(text)
    if found is None:
        raise UsageError(
            _("--by-hand {text} is no duration; write for example 30m, 3h or 1d.").format(text=text)
        )
    return timedelta(**{_UNITS[found[2]]: int(found[1])})
