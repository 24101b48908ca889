"""`bot matches`: articles that may be reprints, and a person's word about them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
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
from bot.cli.publications import me
from bot.domain import coverage_words, words
from bot.engine import deciding
from bot.engine.deciding import Decided
from bot.engine.ports import Core
from bot.i18n import _
from bot.ledger.verdicts import Match
from bot.settings import Settings

group = typer.Typer(
    help=_("Articles that may be reprints, and a person's word about them."),
    no_args_is_help=True,
)
Number = Annotated[int, typer.Argument(min=1, help=_("the match, as `bot matches list` shows it"))]
By = Annotated[str, typer.Option("--by", help=_("who decides; your login name if left out"))]


@group.command("list", help=_("Lists the matches a person must look at."))
def list_(
    item: Annotated[str | None, typer.Option("--item", help=_("only of this key item"))] = None,
    all_: Annotated[
        bool,
        typer.Option(
            "--all",
            help=_("also those a person has decided; with --item those the rules are sure of, too"),
        ),
    ] = False,
    form: FormatOption = Format.TEXT,
) -> None:
    """Lists the matches a person must look at. Exit 1 when there are any."""
    settings = settings_in_force()

    async def work() -> list[Match]:
        async with open_app(settings) as app:
            return await deciding.matches(app.core, post=item, decided=all_)

    found = asyncio.run(work())
    if form is Format.JSON:
        emit({"matches": [row(match, settings) for match in found]})
    else:
        _show_all(found, settings)
    waiting = any(match.decision == deciding.DOUBTFUL for match in found)
    raise typer.Exit(BAD_NEWS if waiting else OK)


def row(match: Match, settings: Settings) -> dict[str, Any]:
    """The fixed shape of one match in JSON."""
    return {
        "number": match.number,
        "item": match.post,
        "title": match.post_title,
        "account": match.account,
        "article": match.title,
        "url": match.url,
        "published_at": iso(match.published_at, settings.zone),
        "deleted_at": iso(match.deleted_at, settings.zone),
        "level": match.level,
        "rule": match.rule,
        "form": match.form,
        "source_named": match.source_ok,
        "decision": match.decision,
        "decided_by": match.decided_by,
        "reason": match.reason,
        "at": iso(match.at, settings.zone),
    }


def _show_all(found: Sequence[Match], settings: Settings) -> None:
    headings = (
        *(_("no."), _("key item"), _("account"), _("published"), _("article")),
        *(_("evidence"), _("decision")),
    )
    rows = [
        (
            str(match.number),
            escape(match.post),
            escape(match.account),
            local(match.published_at, settings.zone),
            escape(match.title or match.text[:30]),
            escape(_evidence(match)),
            escape(_decision(match)),
        )
        for match in found
    ]
    screen.print(table("", headings, rows))


def _evidence(match: Match) -> str:
    return words.evidence(f"{match.level}:{match.rule}" if match.level else match.rule)


def _decision(match: Match) -> str:
    text = coverage_words.decision(match.decision)
    if match.decided_by:
        text += _(" by {name}").format(name=match.decided_by)
    return f"{text}: {match.reason}" if match.reason else text


@group.command(help=_("Shows a match: what both texts share, the scores, and what was decided."))
def show(number: Number, form: FormatOption = Format.TEXT) -> None:
    """Shows a match: what both texts share, the scores, and what was decided."""
    settings = settings_in_force()

    async def work() -> Sequence[Match]:
        async with open_app(settings) as app:
            return await deciding.history(app.core, number)

    history = asyncio.run(work())
    match = history[-1]
    if form is Format.JSON:
        emit(
            {
                **row(match, settings),
                "scores": dict(match.scores),
                "passages": list(match.passages),
                "history": [row(each, settings) for each in history],
            }
        )
        return
    _show(match, history, settings)


def _show(match: Match, history: Sequence[Match], settings: Settings) -> None:
    scores = "  ".join(f"{name}={value:.2f}" for name, value in sorted(match.scores.items()))
    facts = (
        (_("key item"), f"{match.post}  {match.post_title}"),
        (_("account"), match.account),
        (_("article"), match.title),
        (_("link"), match.url),
        (_("published"), local(match.published_at, settings.zone)),
        (_("deleted"), local(match.deleted_at, settings.zone)),
        (_("evidence"), _evidence(match)),
        (_("how much of it"), coverage_words.form(match.form)),
        (_("scores"), scores),
        (_("decision"), _decision(match)),
    )
    for name, value in facts:
        if value:
            screen.print(f"[bold]{escape(name)}[/]  {escape(value)}", soft_wrap=True)
    screen.print(f"[bold]{_('What both texts share')}[/]")
    for passage in match.passages or [_("nothing")]:
        screen.print(f"  {escape(passage)}", soft_wrap=True)
    rows = [
        (local(each.at, settings.zone), escape(_evidence(each)), escape(_decision(each)))
        for each in history
    ]
    screen.print(table(_("History"), (_("when"), _("evidence"), _("decision")), rows))


@group.command(help=_("Says that the article carries the key item."))
def confirm(number: Number, by: By = "") -> None:
    """Says that the article carries the key item."""
    _decide(lambda core: deciding.confirm(core, number, by=by or me()))


@group.command(help=_("Says that the article is something else."))
def refuse(
    number: Number,
    reason: Annotated[str, typer.Option("--reason", help=_("why, in your own words"))],
    by: By = "",
) -> None:
    """Says that the article is something else."""
    _decide(lambda core: deciding.refuse(core, number, by=by or me(), reason=reason))


def _decide(decision: Callable[[Core], Awaitable[Decided]]) -> None:
    settings = settings_in_force()

    async def work() -> Decided:
        async with open_app(settings) as app:
            return await decision(app.core)

    done = asyncio.run(work())
    _show_all([done.match], settings)
    if done.match.decision == deciding.NO and done.pub is not None and done.was_cancelled:
        message = _(
            "What was planned of it had been cancelled as carried by hand. To have it sent after "
            "all: `bot publications retry {id}`."
        )
        screen.print(message.format(id=done.pub.id), markup=False)
