"""`bot import`, `bot imports`: what platforms give by export only."""

from __future__ import annotations

import asyncio
import getpass
import tomllib
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError
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
    notes,
    screen,
    settings_in_force,
    table,
)
from bot.domain import setting_faults
from bot.domain.problem import Problem, Severity, has_errors
from bot.engine import importing
from bot.engine.export_sheet import FIELDS, PRESETS, SheetMapping
from bot.engine.importing import Imported, Order
from bot.errors import UsageError
from bot.i18n import _
from bot.ledger import imports as queries
from bot.ledger.imports import Import
from bot.ledger.store import Ledger
from bot.settings import ImportPart, Settings

_MAX_BYTES = 20_000_000
_SUFFIXES = (".csv", ".xlsx")
_SHOWN = 20  # problems; more of them say nothing new


def import_(
    file: Annotated[Path, typer.Argument(help=_("the export: .xlsx or .csv"))],
    account: Annotated[str, typer.Option("--account", help=_("whose posts it holds"))],
    since: Annotated[
        str, typer.Option("--from", help=_("first day for which the file has everything"))
    ] = "",
    until: Annotated[
        str, typer.Option("--to", help=_("last day for which the file has everything"))
    ] = "",
    mapping: Annotated[
        str, typer.Option("--mapping", help=_("name or .toml file of the headings' meaning"))
    ] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help=_("only show what would be taken over"))
    ] = False,
    by: Annotated[
        str, typer.Option("--by", help=_("who decides; your login name if left out"))
    ] = "",
    form: FormatOption = Format.TEXT,
) -> None:
    """Takes over what an account posted from the platform's own export."""
    settings = settings_in_force()
    covers = _span(since, until, settings)
    raw, as_of = _read(file)

    async def work() -> Imported:
        async with open_app(settings) as app:
            order = Order(
                file=file.name,
                raw=raw,
                account=account,
                mapping=await _mapping(mapping, account, settings, app.core.ledger),
                by=by or getpass.getuser(),
                as_of=min(as_of, app.core.clock.now()),
                covers=covers,
                dry_run=dry_run,
            )
            return await importing.take_over(app.core, order, settings.zone)

    done = asyncio.run(work())
    if form is Format.JSON:
        emit(_document(done, settings, dry_run=dry_run))
    else:
        _print(done, settings, dry_run=dry_run)
    raise typer.Exit(BAD_NEWS if has_errors(done.problems) else OK)


def _read(file: Path) -> tuple[bytes, datetime]:
    """The file, and when it was made: that is when the platform counted."""
    if file.suffix.lower() not in _SUFFIXES:
        raise UsageError(
            _("{file} is neither .xlsx nor .csv. Save it as one of them and try again.").format(
                file=file.name
            )
        )
    try:
        state = file.stat()
        if state.st_size > _MAX_BYTES:
            raise UsageError(
                _("{file} is larger than any export. Import it in parts.").format(file=file.name)
            )
        return file.read_bytes(), datetime.fromtimestamp(int(state.st_mtime), UTC)
    except OSError as error:
        raise UsageError(
            _("{file} cannot be opened: {cause}").format(file=file, cause=error.strerror)
        ) from error


def _span(since: str, until: str, settings: Settings) -> tuple[datetime, datetime] | None:
    """The days for which the file has everything, as [from, to)."""
    if not since and not until:
        return None
    if not since or not until:
        raise UsageError(_("Give both --from and --to, or neither."))
    first, last = _day(since), _day(until)
    if last < first:
        raise UsageError(_("--to lies before --from."))
    return (
        datetime.combine(first, datetime.min.time(), settings.zone),
        datetime.combine(last + timedelta(days=1), datetime.min.time(), settings.zone),
    )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(
            _("{text} is not a day; write it as 2026-05-07.").format(text=text)
        ) from error


async def _mapping(name: str, account: str, settings: Settings, ledger: Ledger) -> SheetMapping:
    """The mapping of this name or file; of none the platform's own, else the usual words."""
    if name.lower().endswith(".toml"):
        return _of_file(Path(name))
    if name in settings.imports:
        return _made(name, settings.imports[name])
    if name in PRESETS:
        return PRESETS[name]
    if name:
        known = _(", ").join(sorted({*settings.imports, *PRESETS}))
        raise UsageError(
            _("There is no mapping {name}. Known are {known}, or give a .toml file.").format(
                name=name, known=known
            )
        )
    async with ledger.read() as conn:
        platform = await queries.platform(conn, account)
    own = settings.imports.get(platform)
    if own is not None:
        return _made(platform, own)
    return PRESETS.get(platform, PRESETS["plain"])


def _of_file(file: Path) -> SheetMapping:
    try:
        part = ImportPart.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise UsageError(
            _("{file} cannot be opened: {cause}").format(file=file, cause=error.strerror)
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(
            _("{file} cannot be read: {cause}. Mend that line.").format(file=file, cause=error)
        ) from error
    except ValidationError as error:
        faults = setting_faults.in_words(error.errors())
        raise UsageError(_("{file} is wrong: {faults}").format(file=file, faults=faults)) from error
    return _made(file.stem, part)


def _made(name: str, part: ImportPart) -> SheetMapping:
    words = {field: tuple(getattr(part, field)) for field in FIELDS if getattr(part, field)}
    if not (words.keys() & {"at", "day"} and words.keys() & {"title", "text", "url", "id"}):
        raise UsageError(
            _(
                "The mapping {name} names no heading for the time, or none for title or link."
            ).format(name=name)
        )
    return SheetMapping(name=name, words=words)


def _document(done: Imported, settings: Settings, *, dry_run: bool) -> dict[str, Any]:
    return {
        "dry_run": dry_run,
        "rows": done.rows,
        "new": done.new,
        "updated": done.updated,
        "same": done.same,
        "counted": done.counted,
        "matched": done.matched,
        "hidden": done.hidden,
        "ahead": done.ahead,
        "day_only": done.day_only,
        "known": done.known,
        "read_from": iso(done.read.since, settings.zone),
        "read_until": iso(done.read.until, settings.zone),
        "problems": [problem.as_json() for problem in done.problems],
    }


def _print(done: Imported, settings: Settings, *, dry_run: bool) -> None:
    _complain(done.problems)
    if has_errors(done.problems):
        screen.print(_("Nothing was taken over."))
        return
    message = _(
        "{rows} rows: {new} new, {updated} brought up to date, {same} known already; "
        "{counted} with new counters, {matched} tied to key items."
    )
    screen.print(
        message.format(
            rows=done.rows,
            new=done.new,
            updated=done.updated,
            same=done.same,
            counted=done.counted,
            matched=done.matched,
        )
    )
    for told in _remarks(done, settings):
        screen.print(escape(told))
    if dry_run:
        screen.print(_("This was a trial; nothing was kept."))


def _remarks(done: Imported, settings: Settings) -> list[str]:
    told = []
    if done.known:
        told.append(_("This very file was taken over before."))
    if done.hidden:
        told.append(_("{count} rows are not public and were left out.").format(count=done.hidden))
    if done.ahead:
        told.append(_("{count} rows lie in the future and were left out.").format(count=done.ahead))
    if done.day_only:
        message = _("{count} rows tell only the day; noon stands for their time.")
        told.append(message.format(count=done.day_only))
    if done.read.since is not None:
        message = _("The account is known from {since} to {until}, but for {gaps} gaps.")
        told.append(
            message.format(
                since=local(done.read.since, settings.zone),
                until=local(done.read.until, settings.zone),
                gaps=len(done.read.gaps),
            )
        )
    return told


def _complain(problems: Sequence[Problem]) -> None:
    for problem in problems[:_SHOWN]:
        colour = "red" if problem.severity is Severity.ERROR else "yellow"
        line = escape(f"{problem.place}: {problem.message} {problem.hint}")
        notes.print(f"[{colour}]{line}[/]", soft_wrap=True)
    if len(problems) > _SHOWN:
        notes.print(_("… and {count} more").format(count=len(problems) - _SHOWN))


def imports(
    account: Annotated[str, typer.Option("--account", help=_("only of this account"))] = "",
    form: FormatOption = Format.TEXT,
) -> None:
    """Lists the exports that were taken over, the newest first."""
    settings = settings_in_force()

    async def work() -> list[Import]:
        async with open_app(settings) as app, app.core.ledger.read() as conn:
            return await queries.every(conn, account=account)

    found = asyncio.run(work())
    if form is Format.JSON:
        emit({"imports": [_entry(one, settings) for one in found]})
        return
    headings = (_("when"), _("account"), _("file"), _("rows"), _("new"), _("span"), _("by whom"))
    rows = [
        (
            local(one.at, settings.zone),
            escape(one.account),
            escape(one.file),
            str(one.rows),
            str(one.new),
            f"{local(one.covers_from, settings.zone)} – {local(one.covers_until, settings.zone)}"
            if one.covers_from
            else "",
            escape(one.by),
        )
        for one in found
    ]
    screen.print(table("", headings, rows))


def _entry(one: Import, settings: Settings) -> dict[str, Any]:
    """The fixed shape of one entry of `bot imports --format json`."""
    return {
        "id": one.id,
        "file": one.file,
        "sha256": one.sha256,
        "account": one.account,
        "mapping": one.mapping,
        "by": one.by,
        "at": iso(one.at, settings.zone),
        "rows": one.rows,
        "new": one.new,
        "updated": one.updated,
        "from": iso(one.covers_from, settings.zone),
        "to": iso(one.covers_until, settings.zone),
    }
