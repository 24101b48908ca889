"""The ledger as it stands: can it be read and written, and what does it say is in the way?"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from bot.doctor import files, notices
from bot.doctor.finding import Finding, Level, guarded, ok
from bot.domain import papers
from bot.domain.authorisation import Authorisation, Outlook, judge
from bot.domain.roster import Account, AccountStatus
from bot.engine import health, syncing
from bot.engine.health import LEDGER_GONE
from bot.errors import UsageError
from bot.i18n import _
from bot.ledger import credentials, inspect, journal, roster, watch
from bot.ledger.credentials import Vault
from bot.ledger.inspect import Inspected, Standing
from bot.logs import said
from bot.settings import Settings
from bot.wiring.platforms import Catalog

_MB = 1024 * 1024


@dataclass
class Patient:
    """What is looked at, and the platforms its accounts are on."""

    settings: Settings
    now: datetime
    platforms: set[str] = field(default_factory=set)


def _found(code: str, message: str, advice: str, level: Level = Level.ERROR) -> Finding:
    return Finding(check="ledger", code=code, level=level, message=message, advice=advice)


async def examine(patient: Patient) -> list[Finding]:
    """Everything about the ledger; notes the platforms in use on the way."""
    url = patient.settings.ledger.url
    try:
        file = inspect.sqlite_file(url)
        if file is not None and not file.exists():
            return [_no_ledger(file)]
        async with inspect.inspect(url) as opened:
            return await _opened(opened, patient)
    except LEDGER_GONE as error:
        return [
            _found(
                "ledger_unreadable",
                _("The ledger cannot be read: {cause}").format(cause=said(error)),
                _(
                    "Nothing is sent meanwhile. Check ledger.url, the rights, and that the "
                    "database runs. If the file is damaged, put the last good copy back."
                ),
            )
        ]


def _no_ledger(file: Path) -> Finding:
    return _found(
        "no_ledger_yet",
        _("There is no ledger {file} yet.").format(file=file),
        _("It is made by `bot plan --apply` or `bot run`. If there was one, put it back."),
        Level.NOTE,
    )


async def _opened(opened: Inspected, patient: Patient) -> list[Finding]:
    revision = await inspect.revision(opened.conn)
    standing = inspect.standing(revision)
    found = [_version(standing, revision)]
    found += await guarded("integrity", _integrity(opened))
    found += await guarded("ledger_write", _write(opened))
    found += await guarded("wal", _wal(opened, patient.settings))
    found += await guarded("database_clock", _clock(opened, patient))
    if standing is Standing.CURRENT:
        found += await guarded("freeze", _freeze(opened))
        found += await guarded("accounts", _accounts(opened, patient))
        found += await guarded("credentials", _credentials(opened, patient))
        found += await guarded("registry", _papers(opened, patient))
        found += await guarded("vault", _vault(opened, patient.settings))
        found += await guarded("work", _work(opened, patient))
        found += await guarded(
            "notices", notices.examine(opened.conn, patient.settings, patient.now)
        )
    return found


def _version(standing: Standing, revision: str | None) -> Finding:
    match standing:
        case Standing.CURRENT:
            return ok("ledger", _("The ledger is of this version."))
        case Standing.NEWER:
            return _found(
                "ledger_newer",
                _("The ledger was written by a newer version (revision {revision}).").format(
                    revision=revision
                ),
                _("This version does not touch it. Install the newer one."),
            )
        case Standing.OLDER:
            return _found(
                "ledger_older",
                _("The ledger is of an older version (revision {revision}).").format(
                    revision=revision
                ),
                _(
                    "The next command that opens it brings it up to date. Stop all processes and "
                    "keep a copy before."
                ),
                Level.NOTE,
            )
        case Standing.EMPTY:
            return _found(
                "ledger_empty",
                _("The ledger has no tables yet."),
                _("They are made by `bot plan --apply` or `bot run`."),
                Level.NOTE,
            )


async def _integrity(opened: Inspected) -> list[Finding]:
    faults = await opened.integrity()
    if not faults:
        return [ok("integrity", _("The ledger is sound."))]
    return [
        Finding(
            check="integrity",
            code="ledger_damaged",
            level=Level.ERROR,
            message=_("The ledger's file is damaged: {faults}").format(faults="; ".join(faults)),
            advice=_(
                "Stop the bot and put the last good copy back; then compare with `bot collect`."
            ),
        )
    ]


async def _write(opened: Inspected) -> list[Finding]:
    cause = await opened.refused()
    if not cause:
        return [ok("ledger_write", _("The ledger can be written."))]
    return [
        Finding(
            check="ledger_write",
            code="ledger_not_writable",
            level=Level.ERROR,
            message=_("The ledger cannot be written: {cause}").format(cause=cause),
            advice=_(
                "Nothing is sent that cannot be recorded. Mend the rights of the file and its "
                "folder, or end the program that keeps it locked."
            ),
        )
    ]


async def _wal(opened: Inspected, settings: Settings) -> list[Finding]:
    size_mb = opened.wal_bytes() // _MB
    if size_mb < settings.doctor.wal_mb:
        return [ok("wal", _("The write-ahead log has {size} MB.").format(size=size_mb))]
    return [
        Finding(
            check="wal",
            code="wal_large",
            level=Level.WARNING,
            message=_("The write-ahead log has {size} MB.").format(size=size_mb),
            advice=_(
                "A program keeps an old reading of the ledger open, so the log cannot be emptied. "
                "End copies and viewers of the file, or restart the bot."
            ),
        )
    ]


async def _clock(opened: Inspected, patient: Patient) -> list[Finding]:
    theirs = await opened.clock()
    if theirs is None:
        return []
    skew_s = (theirs - patient.now).total_seconds()
    if abs(skew_s) < patient.settings.doctor.clock_skew_s:
        return [ok("database_clock", _("This machine and the database agree on the time."))]
    return [
        Finding(
            check="database_clock",
            code="clock_skew",
            level=Level.ERROR,
            message=_("The database's clock differs by {seconds} seconds.").format(
                seconds=round(skew_s)
            ),
            advice=_("Leases and due times go wrong. Set both machines by NTP."),
        )
    ]


async def _freeze(opened: Inspected) -> list[Finding]:
    if not await journal.is_frozen(opened.conn):
        return [ok("freeze", _("No freeze is on."))]
    return [
        Finding(
            check="freeze",
            code="freeze_on",
            level=Level.WARNING,
            message=_("A freeze is on: nothing is sent."),
            advice=_("If it is over, run `bot publications unfreeze`."),
        )
    ]


async def _active(opened: Inspected, patient: Patient) -> Sequence[Account]:
    """Accounts the bot itself is to publish on."""
    members, catalog = await roster.load(opened.conn), Catalog(patient.settings.platforms)
    return [
        account
        for account in members.accounts.values()
        if account.status_at(patient.now) is AccountStatus.ACTIVE
        and catalog.capabilities(account).publishes
    ]


async def _accounts(opened: Inspected, patient: Patient) -> list[Finding]:
    active = await _active(opened, patient)
    patient.platforms.update(account.platform for account in active)
    known = await roster.health(opened.conn)
    paused = [(account.id, known[account.id].paused) for account in active]
    found = [
        Finding(
            check="accounts",
            code="account_paused",
            level=Level.ERROR,
            message=_("{account} is paused: {cause}").format(account=account, cause=why),
            advice=_(
                "Its posts are held. Authorise it again with `bot accounts set-credential "
                "{account}`, or run `bot accounts resume {account}`."
            ).format(account=account),
        )
        for account, why in paused
        if why
    ]
    return found or [ok("accounts", _("No account is paused."))]


async def _papers(opened: Inspected, patient: Patient) -> list[Finding]:
    part = patient.settings.registry
    said = await syncing.certified_until(opened.conn)
    members = await roster.load(opened.conn)
    found = papers.papers(
        [(account, said.get(account.id)) for account in members.accounts.values()],
        patient.now,
        warn=timedelta(days=part.verified_warn_days),
        filing=timedelta(days=part.filing_days),
    )
    return [
        Finding(check="registry", code=one.lack.value, level=Level.WARNING, message=one.sentence)
        for one in found
    ] or [ok("registry", _("All active accounts are registered and certified."))]


async def _credentials(opened: Inspected, patient: Patient) -> list[Finding]:
    known = await credentials.known(opened.conn)
    later = await credentials.planned_after(opened.conn)
    found = []
    for account in await _active(opened, patient):
        row = known.get(account.id)
        state = judge(
            account.id,
            given=_in_environment(account) or (row is not None and row.here),
            until=row.expires_at if row else None,
            refused=row.refused if row else "",
            now=patient.now,
            warn=timedelta(days=patient.settings.tokens.warn_days),
            posts_after=later.get(account.id, 0),
        )
        if state.state is not Outlook.FINE:
            found.append(_authorisation(state, patient.settings))
    return found or [ok("credentials", _("All accounts are authorised."))]


def _authorisation(state: Authorisation, settings: Settings) -> Finding:
    missing = _("{account} has no credential yet: run `bot accounts set-credential {account}`.")
    return Finding(
        check="credentials",
        code=f"authorisation_{state.state.value}",
        level=Level.WARNING if state.state is Outlook.SOON else Level.ERROR,
        message=state.warning(settings.zone) or missing.format(account=state.account),
        advice=_("Without it nothing goes out on this account; the others go on."),
    )


def _in_environment(account: Account) -> bool:
    kind, colon, name = account.credential.partition(":")
    return kind == "env" and bool(colon) and name in os.environ


async def _vault(opened: Inspected, settings: Settings) -> list[Finding]:
    sealed, text = await watch.a_sealed(opened.conn), files.key_text(settings)
    if sealed is None:
        return []
    try:
        if text:
            Vault(text).open(sealed)
            return [ok("vault", _("The key opens the stored credentials."))]
        cause = _("Credentials are stored, but there is no key.")
    except UsageError as error:
        cause = str(error)
    return [
        Finding(
            check="vault",
            code="wrong_key",
            level=Level.ERROR,
            message=cause,
            advice=_("No account can publish. Put the old key back, or authorise all anew."),
        )
    ]


async def _work(opened: Inspected, patient: Patient) -> list[Finding]:
    lease = timedelta(seconds=patient.settings.engine.lease_s)
    since = await watch.untried_since(opened.conn, patient.now, lease=lease)
    waited_s = health.age_s(since, patient.now)
    if waited_s < patient.settings.web.overdue_s:
        return [ok("work", _("No due post waits to be tried."))]
    return [
        Finding(
            check="work",
            code="work_overdue",
            level=Level.ERROR,
            message=health.overdue(waited_s),
            advice=_("Start it, and look at its log and at the other findings."),
        )
    ]
