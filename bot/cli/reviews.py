"""`bot reviews`: what waits for a review, and a reviewer's word about it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.markup import escape

from bot.app import open_app
from bot.cli.output import (
    BAD_NEWS,
    OK,
    Format,
    FormatOption,
    emit,
    local,
    screen,
    settings_in_force,
    table,
)
from bot.domain import review_words as words
from bot.domain.review import Approval, Level
from bot.domain.review_diff import FieldDiff
from bot.engine import reviewing, shapes
from bot.engine.ports import Core
from bot.engine.reviewing import Case, CaseState
from bot.errors import UsageError
from bot.i18n import _
from bot.settings import Settings

group = typer.Typer(
    help=_("What waits for a review, and reviewers' words about it."), no_args_is_help=True
)
Post = Annotated[str, typer.Argument(help=_("id of the post"))]
AtLevel = Annotated[Level, typer.Option("--level", help=_("the level that says it"))]
By = Annotated[str, typer.Option("--by", help=_("login of the reviewer"))]
Seen = Annotated[
    str, typer.Option("--version", help=_("the version that was read; the newest if left out"))
]
_SHORT = 8  # characters of a version that people see


@group.command("list", help=_("Lists the posts that wait for a review or were refused."))
def list_(form: FormatOption = Format.TEXT) -> None:
    """Lists the posts that wait for a review or were refused. Exit 1 when there are any."""
    settings = settings_in_force()

    async def work() -> list[Case]:
        async with open_app(settings) as app, app.core.ledger.read() as conn:
            return await reviewing.cases(app.core, conn)

    found = asyncio.run(work())
    if form is Format.JSON:
        emit({"reviews": [shapes.review(one, settings.zone) for one in found]})
    else:
        _show_all(found, settings)
    raise typer.Exit(BAD_NEWS if found else OK)


@group.command("show", help=_("Shows one post's review: who said what, and what has changed."))
def show(post: Post, form: FormatOption = Format.TEXT) -> None:
    """Shows one post's review: who said what, and what has changed."""
    settings = settings_in_force()

    async def work() -> tuple[Case | None, list[Approval], list[FieldDiff]]:
        async with open_app(settings) as app:
            found = await reviewing.case(app.core, post)
            said = await reviewing.history(app.core, post)
            if found is None:
                return None, said, []
            changed = await reviewing.diff(app.core, found.last_approved, found.content_hash)
            return found, said, changed

    found, said, changed = asyncio.run(work())
    if form is Format.JSON:
        emit(shapes.reviewed(found, said, changed, settings.zone))
    else:
        _print(found, said, changed, settings)


@group.command("approve", help=_("Records that a reviewer lets the post pass at one level."))
def approve(
    post: Post,
    level: AtLevel,
    by: By,
    note: Annotated[str, typer.Option("--note", help=_("what the reviewer adds"))] = "",
    version: Seen = "",
    form: FormatOption = Format.TEXT,
) -> None:
    """Records that a reviewer lets the post pass at one level."""
    settings = settings_in_force()

    async def work() -> Case:
        async with open_app(settings) as app:
            seen = await _seen(app.core, post, version)
            return await reviewing.approve(app.core, post, seen, level, by=by, note=note)

    _tell(asyncio.run(work()), form, settings)


@group.command("refuse", help=_("Records that a reviewer sends the post back to its author."))
def refuse(
    post: Post,
    level: AtLevel,
    by: By,
    note: Annotated[str, typer.Option("--note", help=_("why, for its author"))],
    version: Seen = "",
    form: FormatOption = Format.TEXT,
) -> None:
    """Records that a reviewer sends the post back to its author."""
    settings = settings_in_force()

    async def work() -> Case:
        async with open_app(settings) as app:
            seen = await _seen(app.core, post, version)
            return await reviewing.refuse(app.core, post, seen, level, by=by, note=note)

    _tell(asyncio.run(work()), form, settings)


async def _seen(core: Core, post: str, version: str) -> str:
    """The whole hash of the version somebody read; anything else passes as it is."""
    found = await reviewing.case(core, post)
    if found is None:
        raise UsageError(reviewing.nothing_to_review(post))
    return found.content_hash if found.content_hash.startswith(version) else version


# ── what is shown ─────────────────────────────────────────────────────────────────────────────


def _show_all(found: Sequence[Case], settings: Settings) -> None:
    headings = (
        *(_("post"), _("title"), _("version"), _("next")),
        *(_("by when"), _("goes out"), _("levels")),
    )
    rows = [
        (
            escape(one.post),
            escape(one.title),
            one.content_hash[:_SHORT],
            _next(one),
            f"[red]{local(one.deadline_at, settings.zone)}[/]"
            if one.late
            else local(one.deadline_at, settings.zone),
            local(one.planned_at, settings.zone),
            escape(_levels(one)),
        )
        for one in found
    ]
    screen.print(table("", headings, rows))


def _next(one: Case) -> str:
    if one.state is CaseState.REFUSED:
        return _("the author: refused")
    return words.level(one.next_level) if one.next_level else _("nobody: approved")


def _levels(one: Case) -> str:
    return _("; ").join(
        _("{level}: {said} {login}")
        .format(level=words.level(level.level), said=words.said(level.said), login=level.by)
        .strip()
        for level in one.levels
    )


def _print(
    found: Case | None,
    said: Sequence[Approval],
    changed: Sequence[FieldDiff],
    settings: Settings,
) -> None:
    if found is None:
        screen.print(_("Nothing of it waits for a review now."))
    else:
        _show_all([found], settings)
    for one in changed:
        screen.print(f"[bold]{escape(one.field)}[/]")
        for line in one.lines:
            colour = {"-": "red", "+": "green"}.get(line.sign, "dim")
            screen.print(f"  [{colour}]{line.sign} {escape(line.text)}[/]")
    headings = (_("when"), _("version"), _("level"), _("said"), _("by whom"), _("remark"))
    rows = [
        (
            local(one.at, settings.zone),
            one.content_hash[:_SHORT],
            words.level(one.level),
            words.said(one.said),
            escape(_who(one)),
            escape(one.note),
        )
        for one in said
    ]
    screen.print(table("", headings, rows))


def _who(one: Approval) -> str:
    if not one.deputy_of:
        return one.by
    return _("{login} for {other}").format(login=one.by, other=one.deputy_of)


def _tell(one: Case, form: Format, settings: Settings) -> None:
    if form is Format.JSON:
        emit(shapes.review(one, settings.zone))
    else:
        _show_all([one], settings)
