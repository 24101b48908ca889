"""`bot withdraw`, `bot correct`, `bot recalls`: a post taken back, or corrected, everywhere."""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.markup import escape

from bot.app import App, open_app
from bot.cli.output import (
    BAD_NEWS,
    OK,
    Format,
    FormatOption,
    emit,
    iso,
    local,
    notes,
    screen,
    settings_in_force,
    table,
)
from bot.domain import recall_words as words
from bot.domain.differences import Difference
from bot.domain.recall import LIVING, How, Recall, RecallKind, RecallStep, Standing
from bot.engine import recall_tasks, recall_work, recalling
from bot.engine.recalling import Reach
from bot.errors import UsageError
from bot.i18n import _
from bot.ledger import recalls as queries
from bot.ledger.connection import Connection
from bot.settings import Settings

group = typer.Typer(
    help=_("How far withdrawals and corrections are, and who did what when."),
    no_args_is_help=True,
)

Post = Annotated[str, typer.Argument(help=_("id of the post"))]
Reason = Annotated[str, typer.Option("--reason", help=_("why; it is kept for good"))]
By = Annotated[str, typer.Option("--by", help=_("who decides; your login name if left out"))]
Yes = Annotated[bool, typer.Option("--yes", help=_("without asking first"))]


def withdraw(
    post: Post, reason: Reason, by: By = "", yes: Yes = False, form: FormatOption = Format.TEXT
) -> None:
    """Takes a post back from every account that carries it, and keeps it from all others."""
    _order(post, RecallKind.WITHDRAW, reason, by, form, yes=yes)


def correct(
    post: Post, reason: Reason, by: By = "", yes: Yes = False, form: FormatOption = Format.TEXT
) -> None:
    """Brings every account that carries a post up to the calendar's corrected version."""
    _order(post, RecallKind.CORRECT, reason, by, form, yes=yes)


def _order(post: str, kind: RecallKind, reason: str, by: str, form: Format, *, yes: bool) -> None:
    settings = settings_in_force()
    if not reason.strip():
        raise UsageError(_("Give the reason in your own words: --reason TEXT."))

    async def work() -> dict[str, Any] | None:
        async with open_app(settings) as app:
            reach = await recalling.foresee(app.core, post, kind)
            if not yes and not _agreed(reach, kind):
                return None
            made = await recalling.order(
                app.core, post, kind, reason=reason.strip(), by=by or getpass.getuser()
            )
            # At once, whether `bot run` is working or not: both do a step only once.
            await recall_work.work_due(app.core)
            return await _document(app, made.id, settings)

    document = asyncio.run(work())
    if document is None:
        notes.print(_("Nothing was done."))
        raise typer.Exit(OK)
    _tell(document, form)


def _agreed(reach: Reach, kind: RecallKind) -> bool:
    notes.print(escape(_foretold(reach, kind)), soft_wrap=True)
    return typer.confirm(_("Do it?"), err=True)


def _foretold(reach: Reach, kind: RecallKind) -> str:
    auto = [step for step in reach.steps if step.how is How.AUTO and step.state in LIVING]
    told = [
        _("{post} “{title}”").format(post=reach.post.id, title=reach.post.title),
        _("published by the bot: {count}").format(count=reach.count(Standing.PUBLIC, by_bot=True)),
        _("found or reported by hand: {count}").format(
            count=reach.count(Standing.PUBLIC, Standing.HANDED, Standing.DOUBTFUL, by_bot=False)
        ),
        _("being sent: {count}").format(count=reach.count(Standing.UNDER_WAY)),
    ]
    if kind is RecallKind.WITHDRAW:
        count = reach.count(Standing.UNSENT)
        told.append(_("planned, called off at once: {count}").format(count=count))
    told.append(_("The bot does {count} of them by itself.").format(count=len(auto)))
    if reach.doubtful:
        names = _(", ").join(reach.doubtful)
        message = _("Not decided yet whether they carry it: {names}. Decide those matches as well.")
        told.append(message.format(names=names))
    return "\n".join(told)


@group.command("list", help=_("Lists withdrawals and corrections, the newest first."))
def list_(form: FormatOption = Format.TEXT) -> None:
    """Lists withdrawals and corrections, the newest first."""
    settings = settings_in_force()

    async def work() -> list[tuple[Recall, list[RecallStep]]]:
        async with open_app(settings) as app, app.core.ledger.read() as conn:
            found = await queries.every(conn)
            steps = await queries.steps(conn, [one.id for one in found])
            return [(one, [step for step in steps if step.recall == one.id]) for one in found]

    found = asyncio.run(work())
    if form is Format.JSON:
        emit({"recalls": [_head(one, steps, settings) for one, steps in found]})
    else:
        headings = (
            _("no."),
            _("when"),
            _("what was ordered"),
            _("post"),
            _("by whom"),
            _("open"),
            _("why"),
        )
        rows = [
            (
                str(one.id),
                local(one.at, settings.zone),
                words.kind(one.kind),
                escape(one.post),
                escape(one.by),
                f"{_open(steps)}/{len(steps)}",
                escape(one.reason),
            )
            for one, steps in found
        ]
        screen.print(table("", headings, rows))
    unfinished = any(_open(steps) or _waits(one, steps) for one, steps in found)
    raise typer.Exit(BAD_NEWS if unfinished else OK)


def _open(steps: Sequence[RecallStep]) -> int:
    return sum(step.state in LIVING for step in steps)


@group.command("show", help=_("Shows one of them, account by account, with its whole history."))
def show(
    number: Annotated[int, typer.Argument(help=_("its number"))], form: FormatOption = Format.TEXT
) -> None:
    """Shows one of them, account by account, with its whole history."""
    settings = settings_in_force()

    async def work() -> dict[str, Any]:
        async with open_app(settings) as app:
            return await _document(app, number, settings)

    _tell(asyncio.run(work()), form)


@group.command("done", help=_("Records that a step was done by hand, or that it cannot be done."))
def done(
    step: Annotated[int, typer.Argument(help=_("the step's number"))],
    by: By = "",
    note: Annotated[str, typer.Option("--note", help=_("what was done, or why not"))] = "",
    cannot: Annotated[bool, typer.Option("--cannot", help=_("it cannot be done; say why"))] = False,
    form: FormatOption = Format.TEXT,
) -> None:
    """Records that a step was done by hand, or that it cannot be done."""
    settings = settings_in_force()
    if cannot and not note.strip():
        raise UsageError(_("Say why it cannot be done: --note TEXT."))

    async def work() -> dict[str, Any]:
        async with open_app(settings) as app:
            core, who = app.core, by or getpass.getuser()
            async with core.ledger.write() as conn:
                made = await recall_tasks.say_done(
                    conn, step, by=who, note=note.strip(), cannot=cannot, now=core.clock.now()
                )
                found = await queries.step(conn, step)
            if made is None or found is None:
                raise UsageError(
                    _("There is no open step {id}. `bot recalls show` tells their numbers.").format(
                        id=step
                    )
                )
            core.journal.tell(made)
            return await _document(app, found.recall, settings)

    _tell(asyncio.run(work()), form)


# ── what is shown ─────────────────────────────────────────────────────────────────────────────


async def _document(app: App, number: int, settings: Settings) -> dict[str, Any]:
    async with app.core.ledger.read() as conn:
        recall = await queries.get(conn, number)
        if recall is None:
            raise UsageError(_("There is no withdrawal or correction {id}.").format(id=number))
        steps = await queries.steps(conn, [number])
        events = await queries.events(conn, number)
        urls = await queries.links(conn, steps)
        changed = await _changes(conn, recall, steps)
    return {
        **_head(recall, steps, settings),
        "changes": changed,
        "steps": [_step(step, urls.get(step.id, ""), settings) for step in steps],
        "events": [
            {
                "step": event["step"],
                "account": event["account"],
                "at": iso(event["at"], settings.zone),
                "event": event["name"],
                "by": event["by"],
                "facts": event["facts"],
            }
            for event in events
        ],
    }


def _head(recall: Recall, steps: Sequence[RecallStep], settings: Settings) -> dict[str, Any]:
    """The fixed shape of one entry of `bot recalls list --format json`."""
    return {
        "id": recall.id,
        "post": recall.post,
        "kind": recall.kind.value,
        "reason": recall.reason,
        "by": recall.by,
        "at": iso(recall.at, settings.zone),
        "version": recall.content_hash,
        "accounts": len(steps),
        "open": _open(steps),
        "waits_for_review": _waits(recall, steps),
    }


def _waits(recall: Recall, steps: Sequence[RecallStep]) -> bool:
    """True for a correction that has not begun: what it corrects to lacks a review."""
    return recall.kind is RecallKind.CORRECT and not steps


def _step(step: RecallStep, url: str, settings: Settings) -> dict[str, Any]:
    return {
        "step": step.id,
        "account": step.account,
        "unit": step.unit,
        "platform": step.platform,
        "publication": step.publication,
        "item": step.item,
        "url": url,
        "how": step.how.value,
        "state": step.state.value,
        "said": words.state(step),
        "version": step.version,
        "attempts": step.attempts,
        "next_at": iso(step.next_at, settings.zone),
        "done_by": step.done_by,
        "done_at": iso(step.done_at, settings.zone),
        "error": dict(step.error),
        "evidence": dict(step.evidence),
    }


async def _changes(
    conn: Connection, recall: Recall, steps: Sequence[RecallStep]
) -> dict[str, list[dict[str, str]]]:
    """Version an account carried → what the correction changes of it."""
    if recall.kind is not RecallKind.CORRECT:
        return {}
    versions = sorted({step.version for step in steps if step.version})
    found = {each: await recall_tasks.changes(conn, recall, each) for each in versions}
    return {each: [_difference(one) for one in found[each]] for each in versions}


def _difference(one: Difference) -> dict[str, str]:
    return {"part": one.part, "sign": one.sign, "words": one.words}


def _tell(document: dict[str, Any], form: Format) -> None:
    if form is Format.JSON:
        emit(document)
    else:
        _print(document)
    raise typer.Exit(BAD_NEWS if document["open"] or document["waits_for_review"] else OK)


def _print(document: Mapping[str, Any]) -> None:
    kind = words.kind(RecallKind(document["kind"]))
    message = _("{kind} no. {id}: {post}, {at} by {by}: {reason}")
    screen.print(
        escape(message.format_map({**document, "kind": kind, "at": _moment(document["at"])}))
    )
    for version, changes in document["changes"].items():
        screen.print(_("What changed since version {version}:").format(version=version[:8]))
        for one in changes:
            colour = "red" if one["sign"] == "-" else "green"
            screen.print(f"  [{colour}]{one['sign']} {escape(one['words'])}[/]")
    if document["waits_for_review"]:
        screen.print(_("It begins once this version has been reviewed: `bot reviews list`."))
    headings = (_("step"), _("unit"), _("account"), _("version"), _("state"), _("when"), _("link"))
    rows = [
        (
            str(one["step"]),
            escape(one["unit"]),
            escape(one["account"]),
            one["version"][:8],
            escape(_standing(one)),
            _moment(one["done_at"]),
            escape(one["url"]),
        )
        for one in document["steps"]
    ]
    screen.print(table("", headings, rows))
    screen.print(_history(document["events"]))


def _standing(one: Mapping[str, Any]) -> str:
    because = words.word(str(one["evidence"].get("word", "")))
    fault = one["error"]
    error = fault.get("advice") or fault.get("message") or words.word(str(fault.get("why", "")))
    parts = [one["said"], because or str(error), one["evidence"].get("note", "")]
    who = _("by {name}").format(name=one["done_by"]) if one["done_by"] else ""
    return _("; ").join(part for part in [*parts, who] if part)


def _history(events: Sequence[Mapping[str, Any]]) -> Any:
    headings = (_("when"), _("step"), _("account"), _("event"), _("by whom"))
    rows = [
        (
            _moment(one["at"]),
            str(one["step"]),
            escape(one["account"]),
            words.word(one["event"]),
            escape(one["by"]) or _("the bot"),
        )
        for one in events
    ]
    return table("", headings, rows)


def _moment(text: str | None) -> str:
    """Of an ISO time what a table needs."""
    return f"{text[5:10]} {text[11:16]}" if text else ""
