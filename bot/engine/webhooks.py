"""Programs that are told what happens: entered by the administrator, with a secret shown once.

What they are told is kept in the ledger first (the outbox) and sent afterwards, so nothing is lost
and publishing never waits. docs/webhooks.md tells receivers how to check what they get.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.domain.publication import State
from bot.engine.outward import url_fault
from bot.engine.ports import Core
from bot.i18n import N_, _
from bot.ledger import audit, webhooks
from bot.ledger.connection import Connection
from bot.ledger.credentials import Vault

MOVES: Mapping[str, State] = {
    f"publication.{state.value}": state
    for state in (
        *(State.PUBLISHED, State.FAILED, State.MISSED, State.UNKNOWN),
        *(State.HELD, State.HANDED_OFF, State.CANCELLED),
    )
}
CARRIED, LATE, REVIEW = "coverage.carried", "coverage.late", "review.waiting"
EVENTS = (*MOVES, CARRIED, LATE, REVIEW)
_WORDS: Mapping[str, str] = {
    "publication.published": N_("a publication is public"),
    "publication.failed": N_("a publication has failed"),
    "publication.missed": N_("a publication was missed"),
    "publication.unknown": N_("nobody knows whether it went out"),
    "publication.held": N_("a publication is held back"),
    "publication.handed_off": N_("a package was handed to a person"),
    "publication.cancelled": N_("a publication was cancelled"),
    CARRIED: N_("a unit has carried a key item"),
    LATE: N_("a unit has missed a key item's deadline"),
    REVIEW: N_("a post waits for a level of review"),
}
_MOST = 20  # webhooks at once
PREFIX = "whsec_"


@dataclass(frozen=True, kw_only=True)
class Made:
    """What a form came to: the faults by field, or the secret."""

    faults: Mapping[str, str] = field(default_factory=dict)
    secret: str = ""


def in_words(event: str) -> str:
    """What an event means."""
    return _(_WORDS[event]) if event in _WORDS else event


async def make(
    core: Core,
    vault: Vault,
    url: str,
    names: frozenset[str],
    *,
    this_machine: bool,
    by: str,
    address: str,
) -> Made:
    """Enters a program that is told from now on."""
    faults = {}
    if fault := url_fault(url, this_machine=this_machine):
        faults["url"] = fault
    if not names or names - set(EVENTS):
        faults["events"] = _("Choose what the program is told.")
    async with core.ledger.write() as conn:
        known = await webhooks.open_ones(conn)
        if len(known) >= _MOST:
            faults["url"] = _("There are {count} already. End one first.").format(count=_MOST)
        if faults:
            return Made(faults=faults)
        secret = PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()
        sealed = vault.seal({"secret": secret})
        await webhooks.add(conn, url, sealed, names, by=by, now=core.clock.now())
        await _note(core, conn, "webhook.made", url, by, address, events=sorted(names))
    return Made(secret=secret)


async def end(core: Core, number: int, *, by: str, address: str) -> bool:
    """Ends one with what is on its way; False when there is none to end."""
    return await _end(core, number, "webhook.ended", by, address)


async def gone(core: Core, number: int) -> bool:
    """Ends one whose receiver has answered that it wants nothing more."""
    return await _end(core, number, "webhook.gone", "", "")


async def _end(core: Core, number: int, action: str, by: str, address: str) -> bool:
    async with core.ledger.write() as conn:
        url = await webhooks.end(conn, number, core.clock.now())
        if url:
            await _note(core, conn, action, url, by, address)
    return bool(url)


async def again(core: Core, number: int, *, by: str, address: str) -> bool:
    """Sends a delivery once more; False when it is on its way anyhow, or its program was ended."""
    async with core.ledger.write() as conn:
        done = await webhooks.again(conn, number, core.clock.now())
        if done:
            await _note(core, conn, "webhook.again", str(number), by, address)
    return done


async def _note(
    core: Core, conn: Connection, action: str, subject: str, by: str, address: str, **facts: Any
) -> None:
    now = core.clock.now()
    entry = audit.Entry(at=now, by=by, action=action, subject=subject, facts=facts, address=address)
    await audit.note(conn, entry)
