"""`bot plan`: how the calendar differs from what the ledger knows, day by day and per account."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.markup import escape

from bot.app import App, open_app
from bot.cli import forecasts, slots, unreviewed
from bot.cli.accounts import warn_of
from bot.cli.calendar import Folder, folder_settings, kept_in_words, show_problems
from bot.cli.drafting import draft_year
from bot.cli.files import OutOption
from bot.cli.ids import Ids
from bot.cli.output import (
    BAD_NEWS,
    OK,
    Format,
    FormatOption,
    emit,
    iso,
    local,
    screen,
    table,
)
from bot.domain.planning import Change, ChangeKind
from bot.domain.post import Method
from bot.domain.problem import has_errors
from bot.engine import plan as plans
from bot.engine import tokens
from bot.i18n import N_, _
from bot.schedule.filling import Coming
from bot.schedule.reader import Reading

_NAMES = 4  # accounts or periods named in one line
_KINDS = {
    ChangeKind.NEW: (N_("new"), "green"),
    ChangeKind.MOVED: (N_("moved"), "cyan"),
    ChangeKind.CHANGED: (N_("changed"), "cyan"),
    ChangeKind.REMOVED: (N_("removed"), "red"),
    ChangeKind.RESTORED: (N_("back again"), "green"),
    ChangeKind.CHANGED_AFTER: (N_("changed after publishing, not sent again"), "yellow"),
    ChangeKind.BLOCKED: (N_("held back: see the problems"), "yellow"),
}


def plan(
    folder: Folder = None,
    form: FormatOption = Format.TEXT,
    apply: Annotated[
        bool, typer.Option("--apply", help=_("take the calendar over into the ledger"))
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help=_("also when many accounts would disappear"))
    ] = False,
    health_days: Annotated[
        int | None,
        typer.Option("--health-days", help=_("draft the topics of a year instead, e.g. 2027")),
    ] = None,
    out: OutOption = None,
) -> None:
    """Shows how the calendar differs from what the ledger knows."""
    settings = folder_settings(folder)
    if health_days is not None:
        draft_year(settings, health_days, form, out)
        return

    async def work() -> tuple[plans.Plan, Reading, list[Coming]]:
        async with open_app(settings) as app:
            reading = app.read()
            if apply and await Ids(app=app).give(reading):
                reading = app.read()
            made = await _plan(app, reading, apply=apply, yes=yes)
            if form is Format.TEXT:
                warn = timedelta(days=settings.tokens.warn_days)
                warn_of(await tokens.authorisations(app.core, warn=warn), settings.zone)
            return made, reading, slots.coming(reading, app.core.clock.now())

    made, reading, ahead = asyncio.run(work())
    bad = has_errors(made.problems) or forecasts.missed(made.overruns)
    if form is Format.JSON:
        emit(_document(made, ahead, settings.zone) | {"applied": apply})
    else:
        show_problems(made.problems, reading)
        _show(made, reading, settings.zone)
        unreviewed.show(made.unreviewed)
        forecasts.show(made.overruns, settings.zone)
        slots.show(ahead, settings.zone)
    raise typer.Exit(BAD_NEWS if bad else OK)


async def _plan(app: App, reading: Reading, *, apply: bool, yes: bool) -> plans.Plan:
    if apply:
        return await plans.apply(app.core, reading, confirmed=yes)
    return await plans.preview(app.core, reading)


def _document(made: plans.Plan, ahead: list[Coming], zone: ZoneInfo) -> dict[str, object]:
    """The fixed shape of `bot plan --format json`."""
    return {
        "publications": made.planned,
        "applied": False,
        "changes": [_change(change, zone) for change in made.changes],
        "problems": [problem.as_json() for problem in made.problems],
        "quotas": [forecasts.as_json(one, zone) for one in made.overruns],
        "slots": [slots.as_json(one, zone) for one in ahead],
        "kept": sorted(made.kept),
        "collisions": [
            {
                "account": one.account,
                "posts": list(one.posts),
                "due_at": [iso(at, zone) for at in one.due_at],
            }
            for one in made.collisions
        ],
        "left": [
            {
                "account": one.account,
                "action": one.action,
                "period": one.period.value,
                "from": iso(one.start, zone),
                "limit": one.limit,
                "left": one.left,
            }
            for one in made.quotas
        ],
        "unreviewed": [unreviewed.as_json(one) for one in made.unreviewed],
    }


def _change(change: Change, zone: ZoneInfo) -> dict[str, object]:
    return {
        "kind": change.kind.value,
        "post": change.post,
        "account": change.account,
        "due_at": iso(change.due_at, zone),
        "publication": change.publication,
        "was_at": iso(change.was_at, zone),
    }


def _show(made: plans.Plan, reading: Reading, zone: ZoneInfo) -> None:
    if made.kept:
        screen.print(f"[yellow]{escape(kept_in_words(made.kept))}[/]")
    if not made.changes:
        screen.print(_("The ledger already is as the calendar wants it."))
        return
    _show_days(made, {post.id: post.title for post in reading.posts}, zone)
    _show_accounts(made, reading, zone)
    screen.print(
        _("{changes} changes; the calendar asks for {planned} publications.").format(
            changes=len(made.changes), planned=made.planned
        )
    )


def _show_days(made: plans.Plan, titles: Mapping[str, str], zone: ZoneInfo) -> None:
    """The changes day by day; what is done to one post on one day is one line."""
    close = {(one.account, post) for one in made.collisions for post in one.posts}
    lines: dict[tuple[str, str, ChangeKind], list[Change]] = {}
    for change in made.changes:
        day = local(change.due_at, zone)[:5]
        lines.setdefault((day, change.post, change.kind), []).append(change)
    last = ""
    rows = []
    for (day, post, kind), changes in lines.items():
        word, colour = _KINDS[kind]
        what = f"{escape(post)} [bright_black]{escape(titles.get(post, ''))}[/]"
        names = [c.account + " ⚠" * ((c.account, c.post) in close) for c in changes]
        where = _(", ").join(names[:_NAMES])
        if len(names) > _NAMES:
            where = _("{names} and {more} more").format(names=where, more=len(names) - _NAMES)
        when = _when(changes, zone)
        rows.append((day if day != last else "", when, f"[{colour}]{_(word)}[/]", what, where))
        last = day
    headings = (_("day"), _("when"), _("what"), _("post"), _("accounts"))
    screen.print(table("", headings, rows))
    if close:
        screen.print(_("⚠ on this account another post comes close to it: see the problems."))


def _when(changes: Sequence[Change], zone: ZoneInfo) -> str:
    """From the first to the last of them, and from when they were moved."""
    first, last = local(changes[0].due_at, zone)[6:], local(changes[-1].due_at, zone)[6:]
    text = first if first == last else f"{first}–{last}"
    was = local(changes[0].was_at, zone)
    return f"{was} → {text}" if changes[0].kind is ChangeKind.MOVED and was else text


def _show_accounts(made: plans.Plan, reading: Reading, zone: ZoneInfo) -> None:
    """Per account what changes, and what is left of its quotas."""
    counts: dict[str, Counter[ChangeKind]] = {}
    for change in made.changes:
        counts.setdefault(change.account, Counter())[change.kind] += 1
    left: dict[str, list[str]] = {}
    for one in made.quotas:
        if one.action == Method.PUSH:  # what followers are told of; the others are plenty
            text = _("from {day}: {left} of {limit}").format(
                day=local(one.start, zone)[:5], left=one.left, limit=one.limit
            )
            left.setdefault(one.account, []).append(text)
    known = reading.roster.accounts
    rows = [
        (
            escape(account),
            escape(known[account].name) if account in known else "",
            _(", ").join(f"{_(_KINDS[kind][0])} {number}" for kind, number in kinds.items()),
            _("; ").join(left.get(account, [])[:_NAMES]),
        )
        for account, kinds in sorted(counts.items())
    ]
    headings = (_("account"), _("name"), _("what"), _("mass sends left"))
    screen.print(table("", headings, rows))
