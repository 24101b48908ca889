"""`bot coverage`, `bot counts`, `bot gaps`: what managers ask."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer
from rich.markup import escape

from bot.app import open_app
from bot.cli.output import (
    BAD_NEWS,
    OK,
    Format,
    FormatOption,
    emit,
    iso,
    local,
    screen,
    settings_in_force,
    table,
)
from bot.domain import words
from bot.domain.counts import By, Counts, Span, parse_span
from bot.domain.coverage import CellState, ItemCoverage, grid, total
from bot.domain.gaps import AccountGap, GapRules, GapState, Limits, update_rate
from bot.domain.roster import Roster
from bot.engine import answers
from bot.errors import UsageError
from bot.i18n import N_, _
from bot.ledger import roster
from bot.settings import Settings

_CELLS = {
    CellState.ON_TIME: ("●", "green", N_("on time")),
    CellState.LATE: ("◐", "yellow", N_("late")),
    CellState.OPEN: ("○", "cyan", N_("deadline not reached")),
    CellState.MISSING: ("✗", "red", N_("missing")),
    CellState.UNKNOWN: ("?", "magenta", N_("unknown")),
    CellState.EXEMPT: ("–", "bright_black", N_("exempt")),
    CellState.NOT_EXPECTED: ("·", "bright_black", N_("takes no part")),
}
_GAPS = {
    GapState.OK: ("green", N_("all right")),
    GapState.WARN: ("yellow", N_("warning")),
    GapState.FAIL: ("red", N_("silent too long")),
    GapState.UNKNOWN: ("magenta", N_("unknown")),
    GapState.NOT_STARTED: ("bright_black", N_("not opened yet")),
}

Month = Annotated[str, typer.Option("--month", help=_("a month, e.g. 2026-05"))]
Year = Annotated[str, typer.Option("--year", help=_("a year, e.g. 2026"))]
Since = Annotated[str, typer.Option("--from", help=_("first day, e.g. 2026-05-01"))]
Until = Annotated[str, typer.Option("--to", help=_("last day, e.g. 2026-05-31"))]


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


def coverage(
    items: Annotated[list[str] | None, typer.Argument(help=_("key items; all if left out"))] = None,
    month: Month = "",
    year: Year = "",
    first: Since = "",
    last: Until = "",
    form: FormatOption = Format.TEXT,
) -> None:
    """Shows which unit carried which key item, when, with evidence."""
    settings = settings_in_force()
    asked = any((month, year, first, last))
    span = span_of(settings, month=month, year=year, first=first, last=last) if asked else None

    async def work() -> tuple[list[ItemCoverage], Roster]:
        async with open_app(settings) as app:
            return await answers.coverage(
                app.core,
                since=span.since if span else None,
                until=span.until if span else None,
                ids=items or (),
            )

    found, members = asyncio.run(work())
    if items and len(found) < len(set(items)):
        lacking = sorted(set(items) - {item.post for item in found})
        raise UsageError(_("There is no key item {names}.").format(names=_(", ").join(lacking)))
    if form is Format.JSON:
        emit(coverage_json(found, settings))
    else:
        show_coverage(found, members, settings, detail=bool(items))
    raise typer.Exit(BAD_NEWS if any(item.missing for item in found) else OK)


def coverage_json(found: Sequence[ItemCoverage], settings: Settings) -> dict[str, Any]:
    """The fixed shape of `bot coverage --format json`."""
    return {
        "key_items": [
            {
                "id": item.post,
                "title": item.title,
                "deadline": iso(item.deadline_at, settings.zone),
                "first_release": iso(item.released_at, settings.zone),
                "as_of": iso(item.as_of, settings.zone),
                "required": item.required,
                "exempt": item.exempt,
                "on_time": item.on_time,
                "late": item.late,
                "missing": item.missing,
                "unknown": item.unknown,
                "open": item.open,
                "coverage": item.coverage,
                "timeliness": item.timeliness,
                "units": [
                    {
                        "unit": row.unit,
                        "state": row.state.value,
                        "account": row.account,
                        "at": iso(row.at, settings.zone),
                        "reason": row.reason,
                    }
                    for row in item.units
                ],
                "accounts": [
                    {
                        "account": row.account,
                        "unit": row.unit,
                        "state": row.state.value,
                        "at": iso(row.at, settings.zone),
                        "url": row.url,
                        "evidence": row.evidence,
                    }
                    for row in item.accounts
                    if row.state is not CellState.NOT_EXPECTED
                ],
            }
            for item in found
        ]
    }


def show_coverage(
    found: Sequence[ItemCoverage], members: Roster, settings: Settings, *, detail: bool = False
) -> None:
    """Prints the grid units × key items, the rates, and with `detail` the evidence."""
    headings = [_("unit"), *(f"K{number + 1}" for number in range(len(found)))]
    rows = []
    for unit, cells in grid(found).items():
        marks = [_mark(cell.state) if cell else "" for cell in cells]
        rows.append((escape(members.units[unit].short), *marks))
    screen.print(table(_("Coverage of key items"), headings, rows))
    legend = "  ".join(
        f"[{colour}]{mark}[/] {_(word)}"
        for state, (mark, colour, word) in _CELLS.items()
        if state is not CellState.NOT_EXPECTED
    )
    screen.print(legend)
    _show_rates(found, settings)
    for item in found if detail else ():
        _show_evidence(item, settings)


def _mark(state: CellState) -> str:
    mark, colour, _word = _CELLS[state]
    return f"[{colour}]{mark}[/]"


def _percent(rate: float | None) -> str:
    return "—" if rate is None else f"{rate:.1%}"


def _show_rates(found: Sequence[ItemCoverage], settings: Settings) -> None:
    headings = (
        "",
        _("key item"),
        _("first release"),
        _("deadline"),
        _("required"),
        _("exempt"),
        _("on time"),
        _("late"),
        _("missing"),
        _("unknown"),
        _("coverage"),
    )
    rows: list[tuple[str, ...]] = [
        (
            f"K{number + 1}",
            escape(item.title),
            local(item.released_at, settings.zone),
            local(item.deadline_at, settings.zone),
            str(item.required),
            str(item.exempt),
            str(item.on_time),
            str(item.late),
            str(item.missing),
            str(item.unknown),
            _percent(item.coverage),
        )
        for number, item in enumerate(found)
    ]
    summary = total(found)
    numbers = (summary.required, summary.exempt, summary.on_time, summary.late, summary.missing)
    rows.append(
        (
            "",
            _("together"),
            "",
            "",
            *(str(number) for number in numbers),
            str(summary.unknown),
            _percent(summary.coverage),
        )
    )
    screen.print(table("", headings, rows))


def _show_evidence(item: ItemCoverage, settings: Settings) -> None:
    headings = (_("account"), _("state"), _("when"), _("evidence"), _("link"))
    rows = [
        (
            row.account,
            f"{_mark(row.state)} {_(_CELLS[row.state][2])}",
            local(row.at, settings.zone),
            escape(words.evidence(row.evidence)),
            escape(row.url),
        )
        for row in item.accounts
        if row.state is not CellState.NOT_EXPECTED
    ]
    screen.print(table(escape(item.title), headings, rows))


def counts(
    by: Annotated[list[By] | None, typer.Option("--by", help=_("tell apart by"))] = None,
    month: Month = "",
    year: Year = "",
    first: Since = "",
    last: Until = "",
    form: FormatOption = Format.TEXT,
) -> None:
    """Counts pushes (推送次数) and articles (篇数)."""
    settings = settings_in_force()
    span = span_of(settings, month=month, year=year, first=first, last=last)
    keys = by or [By.UNIT, By.ACCOUNT, By.PLATFORM]

    async def work() -> tuple[Counts, Roster, datetime]:
        async with open_app(settings) as app:
            found = await answers.counts(app.core, span, by=keys, zone=settings.zone)
            async with app.core.ledger.read() as conn:
                members = await roster.load(conn)
            return found, members, app.core.clock.now()

    found, members, as_of = asyncio.run(work())
    if form is Format.JSON:
        emit(counts_json(found, as_of, settings))
    else:
        show_counts(found, keys, members)


def counts_json(found: Counts, as_of: datetime, settings: Settings) -> dict[str, Any]:
    """The fixed shape of `bot counts --format json`."""
    return {
        "from": iso(found.span.since, settings.zone),
        "to": iso(found.span.until, settings.zone),
        "as_of": iso(as_of, settings.zone),
        "rows": [group.as_row() for group in found.groups],
        "totals": {
            **found.total.as_row(),
            "platforms": _platform_articles(found),
            "left_out": len(found.left_out),
        },
    }


def _platform_articles(found: Counts) -> dict[str, int]:
    sums: dict[str, int] = {}
    for row in found.counted:
        sums[row.platform] = sums.get(row.platform, 0) + 1
    return dict(sorted(sums.items()))


def show_counts(found: Counts, keys: Sequence[By], members: Roster) -> None:
    """Prints the counts, and the sentence the yearly report wants."""
    titles = {
        By.UNIT: _("unit"),
        By.ACCOUNT: _("account"),
        By.PLATFORM: _("platform"),
        By.COLUMN: _("column"),
        By.MONTH: _("month"),
        By.QUARTER: _("quarter"),
        By.YEAR: _("year"),
    }
    numbers = ("pushes", "articles", "original", "reprints", "by_bot", "by_hand")
    headings = [
        *(titles[key] for key in keys),
        _("pushes"),
        _("articles"),
        _("original"),
        _("reprints"),
        _("by bot"),
        _("by hand"),
    ]
    rows = [
        [
            *(_key(key, group.keys[key.value], members) for key in keys),
            *_numbers(group.as_row(), numbers),
        ]
        for group in found.groups
    ]
    blank = [_("together"), *("" for _key in keys[1:])]
    rows.append([*blank, *_numbers(found.total.as_row(), numbers)])
    screen.print(table(found.span.label, headings, rows))
    platforms = _platform_articles(found)
    screen.print(
        _(
            "WeChat {wechat} articles, Weibo {weibo} posts; {left_out} deleted ones left out."
        ).format(
            wechat=platforms.get("wechat", 0),
            weibo=platforms.get("weibo", 0),
            left_out=len(found.left_out),
        )
    )


def _key(key: By, value: str, members: Roster) -> str:
    if key is By.UNIT and value in members.units:
        return escape(members.units[value].short)
    return escape(words.platform(value) if key is By.PLATFORM else value)


def _numbers(row: dict[str, str | int], names: Iterable[str]) -> list[str]:
    return [str(row[name]) for name in names]


def gaps(
    month: Month = "",
    year: Year = "",
    first: Since = "",
    last: Until = "",
    all_: Annotated[
        bool, typer.Option("--all", help=_("also accounts that are all right"))
    ] = False,
    form: FormatOption = Format.TEXT,
) -> None:
    """Shows accounts that fell silent: days since the last post, and the longest gap."""
    settings = settings_in_force()
    span = span_of(settings, month=month, year=year, first=first, last=last)

    async def work() -> tuple[list[AccountGap], Roster]:
        async with open_app(settings) as app:
            return await answers.gaps(
                app.core,
                since=span.since,
                until=span.until,
                zone=settings.zone,
                rules=gap_rules(settings),
            )

    found, members = asyncio.run(work())
    if form is Format.JSON:
        emit(gaps_json(found, settings))
    else:
        show_gaps(found, members, settings, all_=all_)
    bad = any(gap.state is GapState.FAIL or gap.lapsed for gap in found)
    raise typer.Exit(BAD_NEWS if bad else OK)


def gap_rules(settings: Settings) -> GapRules:
    """The limits in force."""
    limits = Limits(warn_days=settings.gaps.warn_days, fail_days=settings.gaps.fail_days)
    return GapRules(default=limits)


def gaps_json(found: Sequence[AccountGap], settings: Settings) -> dict[str, Any]:
    """The shape of `bot gaps --format json`."""
    rate = update_rate(found)
    return {
        "accounts": [
            {
                "account": gap.account,
                "unit": gap.unit,
                "platform": gap.platform,
                "state": gap.state.value,
                "last_post_at": iso(gap.last_post_at, settings.zone),
                "gap_days": gap.gap_days,
                "max_gap_days": gap.max_gap_days,
                "lapsed": [
                    {
                        "from": lapse.from_day.isoformat(),
                        "to": lapse.to_day.isoformat(),
                        "days": lapse.days,
                        "ended": lapse.ended,
                    }
                    for lapse in gap.lapsed
                ],
            }
            for gap in found
        ],
        "met": rate.met,
        "known": rate.known,
        "unknown": rate.unknown,
        "rate": rate.rate,
    }


def show_gaps(
    found: Sequence[AccountGap], members: Roster, settings: Settings, *, all_: bool = False
) -> None:
    """Prints accounts with a gap worth a look; with `all_` every account."""
    quiet = {GapState.OK, GapState.NOT_STARTED}
    shown = [gap for gap in found if all_ or gap.state not in quiet or gap.lapsed]
    headings = (
        _("account"),
        _("unit"),
        _("state"),
        _("last post"),
        _("days"),
        _("longest gap"),
        _("lapses"),
    )
    rows = [
        (
            gap.account,
            escape(members.units[gap.unit].short),
            f"[{_GAPS[gap.state][0]}]{_(_GAPS[gap.state][1])}[/]",
            local(gap.last_post_at, settings.zone),
            "" if gap.gap_days is None else str(gap.gap_days),
            "" if gap.max_gap_days is None else str(gap.max_gap_days),
            _(", ").join(
                _("{first} to {last} ({days} days)").format(
                    first=f"{lapse.from_day:%m-%d}", last=f"{lapse.to_day:%m-%d}", days=lapse.days
                )
                for lapse in gap.lapsed
            ),
        )
        for gap in shown
    ]
    screen.print(table(_("Silent accounts"), headings, rows))
    rate = update_rate(found)
    screen.print(
        _("{met} of {known} known accounts are within the limit; {unknown} are unknown.").format(
            met=rate.met, known=rate.known, unknown=rate.unknown
        )
    )
