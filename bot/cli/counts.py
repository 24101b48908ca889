"""`bot counts`: how much was posted, the yearly sentence, and the rows behind every number."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer
from rich.markup import escape

from bot.app import open_app
from bot.cli.output import Format, FormatOption, emit, local, screen, settings_in_force, table
from bot.cli.spans import AsOf, Month, Since, Until, Year, moment_of, span_of
from bot.domain import count_words, words
from bot.domain.counts import By, Counts, Span
from bot.domain.roster import Roster
from bot.engine import answer_shapes, answers
from bot.errors import UsageError
from bot.i18n import _
from bot.ledger import roster
from bot.settings import Settings


def counts(
    by: Annotated[list[By] | None, typer.Option("--by", help=_("tell apart by"))] = None,
    month: Month = "",
    year: Year = "",
    first: Since = "",
    last: Until = "",
    as_of: AsOf = "",
    unit: Annotated[list[str] | None, typer.Option("--unit", help=_("only this unit"))] = None,
    sentence: Annotated[
        bool, typer.Option("--sentence", help=_("only the sentence for the yearly report"))
    ] = False,
    rows: Annotated[
        bool, typer.Option("--rows", help=_("every post behind the numbers, and what is left out"))
    ] = False,
    form: FormatOption = Format.TEXT,
) -> None:
    """Counts pushes (推送次数) and articles (篇数)."""
    settings = settings_in_force()
    span = span_of(settings, month=month, year=year, first=first, last=last)
    now = datetime.now(UTC)
    at = moment_of(as_of, settings, now=now)
    keys = by or [By.UNIT, By.ACCOUNT, By.PLATFORM]
    found, members = asyncio.run(_counted(settings, span, keys, at, unit or []))
    if form is Format.JSON:
        emit(counts_json(found, at or now, settings, rows=rows))
    elif sentence:
        _say(found, settings, at or now)
    elif rows:
        _show_rows(found, members, settings)
        _say(found, settings, at or now)
    else:
        show_counts(found, keys, members, settings, as_of=at or now)


async def _counted(
    settings: Settings,
    span: Span,
    keys: Sequence[By],
    at: datetime | None,
    units: Sequence[str],
) -> tuple[Counts, Roster]:
    async with open_app(settings) as app:
        async with app.core.ledger.read() as conn:
            # Names as they were when the period ended: last year's report keeps last year's.
            end = min(span.until - timedelta(seconds=1), app.core.clock.now())
            members = await roster.load(conn, end)
        if unknown := sorted(set(units) - members.units.keys()):
            message = _("There is no unit {unit}.")
            raise UsageError(message.format(unit=_(", ").join(unknown)))
        found = await answers.counts(
            app.core, span, by=keys, zone=settings.zone, at=at, units=units
        )
        return found, members


def counts_json(
    found: Counts, as_of: datetime, settings: Settings, *, rows: bool = False
) -> dict[str, Any]:
    """The fixed shape of `bot counts --format json`; it may grow, nothing in it changes."""
    document = answer_shapes.counts(found, as_of, settings.zone)
    if rows:
        document["items"] = [
            answer_shapes.counted(row, why, settings.zone)
            for row, why in answer_shapes.behind(found)
        ]
    return document


def sentence_of(found: Counts) -> str:
    """The yearly sentence: how much was published where, e.g. 微信公众号发布3篇，微博发布2篇."""
    return count_words.sentence(found.by_platform)


def definition_of(found: Counts, settings: Settings, as_of: datetime) -> str:
    """What the sentence counts, in one line."""
    twice = sum(left.reason == "twice" for left in found.left_out)
    return count_words.definition(
        found.span,
        reposts=found.total.reposts,
        deleted=len(found.left_out) - twice,
        twice=twice,
        as_of=as_of,
        zone=settings.zone,
    )


def _say(found: Counts, settings: Settings, as_of: datetime) -> None:
    screen.print(sentence_of(found), soft_wrap=True)
    screen.print(definition_of(found, settings, as_of), soft_wrap=True, style="bright_black")


def show_counts(
    found: Counts, keys: Sequence[By], members: Roster, settings: Settings, *, as_of: datetime
) -> None:
    """Prints the counts, and the sentence the yearly report wants."""
    headings = [
        *(count_words.title(key) for key in keys),
        *map(count_words.number, count_words.SHOWN),
    ]
    rows = [
        [
            *(_key(key, group.keys[key.value], members) for key in keys),
            *_numbers(group.as_row(), count_words.SHOWN),
        ]
        for group in found.groups
    ]
    blank = [_("together"), *("" for _key in keys[1:])]
    rows.append([*blank, *_numbers(found.total.as_row(), count_words.SHOWN)])
    screen.print(table(found.span.label, headings, rows))
    _say(found, settings, as_of)


def _key(key: By, value: str, members: Roster) -> str:
    if key is By.UNIT and value in members.units:
        return escape(members.units[value].short)
    return escape(words.platform(value) if key is By.PLATFORM else value)


def _numbers(row: dict[str, str | int], names: Iterable[str]) -> list[str]:
    return [str(row[name]) for name in names]


def _show_rows(found: Counts, members: Roster, settings: Settings) -> None:
    headings = (
        *(_("when"), _("unit"), _("account"), _("platform"), _("title"), _("kind")),
        *(_("by whom"), _("counts")),
    )
    shown = [
        (
            local(row.published_at, settings.zone),
            _key(By.UNIT, row.unit, members),
            row.account,
            words.platform(row.platform),
            escape(row.title),
            count_words.form(row.form),
            _("by bot") if row.via == "bot" else _("by hand"),
            _("no: {reason}").format(reason=count_words.why_not(why)) if why else _("yes"),
        )
        for row, why in answer_shapes.behind(found)
    ]
    screen.print(table(found.span.label, headings, shown))
