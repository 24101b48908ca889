"""`bot contacts`: where units and the office are told, and whether it works."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.markup import escape

from bot.app import App, open_app
from bot.cli.output import (
    BAD_NEWS,
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
from bot.domain import wording
from bot.domain.notices import OFFICE, Letter, Reply, Verdict
from bot.domain.roster import Roster
from bot.errors import UsageError
from bot.i18n import N_, _
from bot.ledger import notices, roster
from bot.ledger.notices import Progress, Told

group = typer.Typer(help=_("Where units and the office are told what to do."), no_args_is_help=True)
PartyName = Annotated[
    str,
    typer.Argument(
        help=_("a unit's id in the roster, or @managers, @officer, @administrator, @reviewers"),
        metavar="UNIT",
    ),
]
_PROGRESS = {
    Progress.WAITING: N_("refused, is tried again"),
    Progress.SENDING: N_("being sent"),
    Progress.SENT: N_("arrived"),
    Progress.UNCLEAR: N_("nobody knows whether it arrived"),
    Progress.DROPPED: N_("not needed any more"),
    Progress.FAILED: N_("given up"),
}
_VERDICTS = {
    Verdict.SENT: ("[green]✓[/]", N_("arrived")),
    Verdict.REFUSED: ("[red]✗[/]", N_("was not accepted")),
    Verdict.UNCLEAR: ("[yellow]?[/]", N_("nobody knows whether it arrived")),
}


@dataclass(frozen=True, kw_only=True)
class _Contact:
    """One address of a party, without the address."""

    party: str
    name: str
    reference: str
    kind: str  # what stands behind it; "" while that cannot be said
    trouble: str  # why it cannot be used
    last: Told | None  # what was last tried there
    waiting: int


@dataclass(frozen=True, kw_only=True)
class _Known:
    """All contacts, and the parties that have none."""

    contacts: Sequence[_Contact]
    nobody: Sequence[str]
    roster: Roster


@group.command(
    "set",
    help=_("Stores a unit's address, read from standard input: a robot's webhook, or mailto:…"),
)
def set_(party: PartyName) -> None:
    """Stores a unit's address, read from standard input: a robot's webhook, or mailto:…"""
    address = sys.stdin.read().strip()

    async def work() -> str:
        async with open_app(settings_in_force()) as app:
            await _roster(app, party)
            return (await app.reminders.contacts.store(party, address)).kind

    kind = asyncio.run(work())
    screen.print(
        _("Stored for {party}: {kind}. `bot contacts test {party}` tries it.").format(
            party=party, kind=kind
        )
    )


@group.command(help=_("Forgets the address that was stored with `bot contacts set`."))
def remove(party: PartyName) -> None:
    """Forgets the address that was stored with `bot contacts set`."""

    async def work() -> None:
        async with open_app(settings_in_force()) as app:
            await _roster(app, party)
            await app.reminders.contacts.remove(party)

    asyncio.run(work())
    screen.print(_("Nothing is stored for {party} any more.").format(party=party))


@group.command(help=_("Sends a test message to each address of a unit and says what came of it."))
def test(party: PartyName) -> None:
    """Sends a test message to each address of a unit and says what came of it."""

    async def work() -> list[tuple[str, Reply]]:
        async with open_app(settings_in_force()) as app:
            return await _tried(app, party)

    tried = asyncio.run(work())
    for kind, reply in tried:
        sign, word = _VERDICTS[reply.verdict]
        said = _("{kind}: the test message {word}.").format(kind=kind, word=_(word))
        screen.print(f"{sign} {escape(' '.join(filter(None, [said, reply.words])))}")
    bad = any(reply.verdict is not Verdict.SENT for _kind, reply in tried)
    raise typer.Exit(BAD_NEWS if bad else 0)


async def _tried(app: App, party: str) -> list[tuple[str, Reply]]:
    members = await _roster(app, party)
    contacts, found = app.reminders.contacts, []
    name = wording.party(party, members)
    letter = Letter(
        title=_("Test: {party}").format(party=name),
        text=_("The publicity bot reaches you here. Nothing is to be done."),
    )
    for reference in await contacts.references(party, members.units.get(party)):
        try:
            target = await contacts.target(party, reference)
        except UsageError as error:
            found.append((reference, Reply(verdict=Verdict.REFUSED, said=str(error))))
        else:
            found.append((target.kind, await target.send(letter)))
    if not found:
        raise UsageError(
            _(
                "{party} has no contact: name one in the roster or the settings, or run `bot "
                "contacts set {party}`."
            ).format(party=party)
        )
    return found


@group.command("list", help=_("Lists who is told where, and what came of it last."))
def list_(form: FormatOption = Format.TEXT) -> None:
    """Lists who is told where, and what came of it last."""
    settings = settings_in_force()

    async def work() -> _Known:
        async with open_app(settings) as app:
            return await _known(app)

    known = asyncio.run(work())
    if form is Format.JSON:
        emit(
            {
                "contacts": [_as_json(one, settings.zone) for one in known.contacts],
                "nobody": list(known.nobody),
            }
        )
        return
    headings = (_("party"), _("where"), _("last told"), _("what came of it"), _("waiting"))
    rows = [
        (
            escape(one.name),
            escape(_("{reference} ({kind})").format(reference=one.reference, kind=one.kind or "?")),
            local(one.last.told_at, settings.zone) if one.last else "",
            escape(one.trouble or _came(one.last)),
            str(one.waiting or ""),
        )
        for one in known.contacts
    ]
    screen.print(table("", headings, rows))
    if known.nobody:
        names = _(", ").join(wording.party(party, known.roster) for party in known.nobody)
        notes.print(escape(_("Nobody is told for: {names}").format(names=names)))


def _came(last: Told | None) -> str:
    return " ".join(filter(None, [_(_PROGRESS[last.state]), last.answer])) if last else ""


def _as_json(one: _Contact, zone: ZoneInfo) -> dict[str, object]:
    return {
        "party": one.party,
        "name": one.name,
        "reference": one.reference,
        "kind": one.kind,
        "trouble": one.trouble,
        "last_at": iso(one.last.told_at, zone) if one.last else None,
        "last_state": one.last.state.value if one.last else "",
        "last_text": one.last.text if one.last else "",
        "last_answer": one.last.answer if one.last else "",
        "waiting": one.waiting,
    }


async def _roster(app: App, party: str = "") -> Roster:
    """The roster; raises UsageError when the party is not in it."""
    async with app.core.ledger.read() as conn:
        members = await roster.load(conn)
    if party and party not in members.units and party not in OFFICE:
        raise UsageError(
            _("There is no unit {party}; for the office write {office}.").format(
                party=party, office=", ".join(OFFICE)
            )
        )
    return members


async def _known(app: App) -> _Known:
    members = await _roster(app)
    async with app.core.ledger.read() as conn:
        last, waiting = await notices.last(conn), await notices.under_way(conn)
    contacts, nobody, found = app.reminders.contacts, [], []
    for party in (*OFFICE, *members.units):
        references = await contacts.references(party, members.units.get(party))
        if not references:
            nobody.append(party)
        for reference in references:
            kind, trouble = "", ""
            try:
                kind = (await contacts.target(party, reference)).kind
            except UsageError as error:
                trouble = str(error)
            found.append(
                _Contact(
                    party=party,
                    name=wording.party(party, members),
                    reference=reference,
                    kind=kind,
                    trouble=trouble,
                    last=last.get((party, reference)),
                    waiting=sum((t.party, t.address) == (party, reference) for t in waiting),
                )
            )
    return _Known(contacts=found, nobody=nobody, roster=members)
