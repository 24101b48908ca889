"""The settings and contacts that reminding works with."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import aiohttp

from bot.clock import Clock
from bot.domain.quiet import quiet_hours, span
from bot.domain.reminding import Terms
from bot.engine.handles import new_link
from bot.engine.reminding import Links, Reminders, no_link
from bot.ledger.credentials import Vault
from bot.ledger.store import Ledger
from bot.notify.contacts import OfficeContacts
from bot.settings import Settings


def reminders(
    settings: Settings,
    *,
    session: aiohttp.ClientSession,
    ledger: Ledger,
    vault: Vault,
    clock: Clock,
) -> Reminders:
    """What `bot.engine.reminding` needs, as the settings have it."""
    return Reminders(
        contacts=OfficeContacts(
            settings.notify, session=session, ledger=ledger, vault=vault, clock=clock
        ),
        terms=terms(settings),
        warn=timedelta(days=settings.tokens.warn_days),
        link=_links(settings.web.public_url, vault),
    )


def terms(settings: Settings) -> Terms:
    """When to tell."""
    chosen = settings.notify
    return Terms(
        zone=settings.zone,
        remind=tuple(span(text) for text in chosen.remind),
        late=span(chosen.late),
        escalate=span(chosen.escalate),
        quiet=quiet_hours(chosen.quiet, settings.zone),
    )


def _links(public_url: str, vault: Vault) -> Links:
    if not public_url:
        return no_link
    return partial(new_link, public_url=public_url, sign=vault.sign)
