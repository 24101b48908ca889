"""Are people told? Who has no contact, what cannot be reached, and what never arrived."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from bot.doctor.finding import Finding, Level, ok
from bot.domain import wording
from bot.domain.notices import MANAGERS, OFFICE, REVIEWERS
from bot.domain.roster import AccountStatus, Roster
from bot.i18n import _
from bot.ledger import credentials, notices, roster
from bot.ledger.connection import Connection
from bot.ledger.notices import Told
from bot.notify.contacts import configured, holder
from bot.settings import Settings

_CHECK = "notices"
_LOOK_BACK = timedelta(days=7)
_NAMED = 10


async def examine(conn: Connection, settings: Settings, now: datetime) -> list[Finding]:
    """Everything about telling people; sends nothing."""
    if not settings.notify.on:
        return [
            _note(
                "notices_off",
                _("Nobody is told anything: notify.on is false."),
                _("Units hear of key items only from people. Set it to true to have them told."),
            )
        ]
    members = await roster.load(conn)
    stored = set(await credentials.known(conn))
    references = _references(members, settings, stored)
    found = [
        *_nobody(members, references, settings),
        *_unusable(settings, references),
        *_stuck(members, await notices.in_trouble(conn, now - _LOOK_BACK)),
        *_refused(members, [told for told in await notices.under_way(conn) if told.tries]),
    ]
    return found or [ok(_CHECK, _("Everybody has a contact, and every notice arrived."))]


def _references(members: Roster, settings: Settings, stored: Iterable[str]) -> dict[str, list[str]]:
    """Party → where it is told; units without an active account are left out."""
    active = {
        account.unit
        for account in members.accounts.values()
        if account.status is AccountStatus.ACTIVE
    }
    found = configured(settings.notify)
    found |= {name: list(unit.contacts) for name, unit in members.units.items() if name in active}
    return {
        party: [*names, "ledger"] if holder(party) in stored and "ledger" not in names else names
        for party, names in found.items()
    }


def _nobody(members: Roster, references: dict[str, list[str]], settings: Settings) -> list[Finding]:
    missing = [party for party, names in references.items() if not names]
    units = [party for party in missing if party not in OFFICE]
    found = []
    if units:
        found.append(
            _note(
                "unit_without_contact",
                _("Units whose liaison is told nothing: {units}").format(
                    units=_some([wording.party(unit, members) for unit in units])
                ),
                _("Give them `contacts` in the roster, or run `bot contacts set UNIT`."),
            )
        )
    if MANAGERS in missing and members.units:
        found.append(
            _note(
                "managers_without_contact",
                _("No manager is told when units lack a key item."),
                _("Set notify.managers, or run `bot contacts set @managers`."),
            )
        )
    if REVIEWERS in missing and not settings.review.policy.off:
        found.append(
            _note(
                "reviewers_without_contact",
                _("No reviewer is told that a post waits for them."),
                _("Set notify.reviewers, or run `bot contacts set @reviewers`."),
            )
        )
    return found


def _unusable(settings: Settings, references: dict[str, list[str]]) -> list[Finding]:
    named = sorted({name for names in references.values() for name in names})
    unset = [
        name.removeprefix("env:")
        for name in named
        if name.startswith("env:") and not os.environ.get(name.removeprefix("env:"))
    ]
    found = []
    if unset:
        found.append(
            _warning(
                "contact_variable_unset",
                _("Contacts name variables that are not set: {names}").format(names=_some(unset)),
                _("Who is told there hears nothing. Set them where the bot runs."),
            )
        )
    if any(name.startswith("mailto:") for name in named) and not settings.notify.smtp_host:
        found.append(
            _warning(
                "no_mail_server",
                _("Contacts have e-mail addresses, but no mail server is set."),
                _("Set notify.smtp_host, smtp_user and BOT_NOTIFY__SMTP_PASSWORD."),
            )
        )
    return found


def _stuck(members: Roster, stuck: Sequence[Told]) -> list[Finding]:
    return [
        _warning(
            "notices_not_arrived",
            _("{party}: {count} notices of the last week may not have arrived. {answer}").format(
                party=wording.party(party, members), count=len(mine), answer=mine[-1].answer
            ),
            _("They are not sent again. Tell the unit yourself; `bot contacts test` tries it."),
        )
        for party, mine in _by_party(stuck).items()
    ]


def _refused(members: Roster, refused: Sequence[Told]) -> list[Finding]:
    return [
        _warning(
            "notices_refused",
            _("{party}: {count} notices are not accepted. {answer}").format(
                party=wording.party(party, members), count=len(mine), answer=mine[-1].answer
            ),
            _("They are tried again by themselves until they are pointless."),
        )
        for party, mine in _by_party(refused).items()
    ]


def _by_party(rows: Sequence[Told]) -> dict[str, list[Told]]:
    found: dict[str, list[Told]] = defaultdict(list)
    for told in rows:
        found[told.party].append(told)
    return found


def _some(names: Sequence[str]) -> str:
    shown = _(", ").join(names[:_NAMED])
    more = len(names) - _NAMED
    return shown + _(" and {count} more").format(count=more) if more > 0 else shown


def _note(code: str, message: str, advice: str) -> Finding:
    return Finding(check=_CHECK, code=code, level=Level.NOTE, message=message, advice=advice)


def _warning(code: str, message: str, advice: str) -> Finding:
    return Finding(check=_CHECK, code=code, level=Level.WARNING, message=message, advice=advice)
