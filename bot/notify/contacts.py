"""Where parties are told: references of roster and settings, and the addresses behind them.

A reference is "mailto:NAME@HOST", "env:VARIABLE" or "ledger" (sealed there by `bot contacts set`).
What `bot contacts set` stored counts even where the roster does not mention it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence

import aiohttp

from bot.clock import Clock
from bot.domain.notices import ADMINISTRATOR, MANAGERS, OFFICER, REVIEWERS, Target
from bot.domain.roster import Unit
from bot.errors import UsageError
from bot.i18n import _
from bot.ledger import credentials
from bot.ledger.credentials import Vault
from bot.ledger.store import Ledger
from bot.notify import extras
from bot.notify.addresses import Kind, parse_robot
from bot.notify.robots import RobotTarget
from bot.settings import NotifyPart

LEDGER = "ledger"
_MAIL = "mailto:"
_VARIABLE = "env:"
_FIELD = "address"


class OfficeContacts:
    """The office's contacts, read anew each time, so that a change needs no restart."""

    def __init__(
        self,
        settings: NotifyPart,
        *,
        session: aiohttp.ClientSession,
        ledger: Ledger,
        vault: Vault,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._session = session
        self._ledger = ledger
        self._vault = vault
        self._clock = clock

    async def references(self, party: str, unit: Unit | None) -> Sequence[str]:
        """The party's addresses, by names that hold no secret."""
        named = list(unit.contacts) if unit else configured(self._settings).get(party, [])
        if LEDGER not in named and await self._sealed(party) is not None:
            named.append(LEDGER)
        return named

    async def target(self, party: str, reference: str) -> Target:
        """What stands behind a reference; raises UsageError saying what to do."""
        if reference.startswith(_MAIL):
            return self._mail(reference.removeprefix(_MAIL))
        if reference.startswith(_VARIABLE):
            name = reference.removeprefix(_VARIABLE)
            address = os.environ.get(name, "")
            if not address:
                raise UsageError(_("The variable {name} is not set.").format(name=name))
            return self.of_address(address)
        sealed = await self._sealed(party)
        if sealed is None:
            raise UsageError(
                _("No address is stored yet: run `bot contacts set {party}`.").format(party=party)
            )
        return self.of_address(self._vault.open(sealed)[_FIELD])

    def of_address(self, address: str) -> Target:
        """The robot or mailbox at an address as a person pastes it."""
        address = address.strip()
        hosts = {
            Kind.WECOM: self._settings.wecom_url,
            Kind.DINGTALK: self._settings.dingtalk_url,
            Kind.FEISHU: self._settings.feishu_url,
        }
        robot = parse_robot(address, hosts)
        if robot is not None:
            return RobotTarget(
                robot=robot,
                base_url=hosts[robot.kind],
                session=self._session,
                clock=self._clock,
                timeout_s=self._settings.timeout_s,
                mark=_mark(f"{robot.kind.value} {robot.token}"),
            )
        if address.startswith(_MAIL) and not address.startswith(f"{_MAIL}//"):
            return self._mail(address.removeprefix(_MAIL))
        return extras.other(address, mark=_mark(address), timeout_s=self._settings.timeout_s)

    async def store(self, party: str, address: str) -> Target:
        """Seals the address; what stands behind it. Raises UsageError when it is no address."""
        target = self.of_address(address)
        sealed = self._vault.seal({_FIELD: address.strip()})
        async with self._ledger.write() as conn:
            await credentials.store(
                conn, holder(party), sealed, expires_at=None, now=self._clock.now()
            )
        return target

    async def remove(self, party: str) -> None:
        """Forgets what `store` was given, if anything."""
        async with self._ledger.write() as conn:
            await credentials.remove(conn, holder(party))

    async def _sealed(self, party: str) -> bytes | None:
        async with self._ledger.read() as conn:
            kept = await credentials.load(conn, holder(party))
        return kept.sealed if kept else None

    def _mail(self, address: str) -> Target:
        chosen = self._settings
        password = chosen.smtp_password.get_secret_value() if chosen.smtp_password else ""
        box = extras.Mailbox(
            host=chosen.smtp_host,
            port=chosen.smtp_port,
            user=chosen.smtp_user,
            password=password,
            sender=chosen.smtp_from or chosen.smtp_user,
            mode=chosen.smtp_mode,
            timeout_s=chosen.timeout_s,
        )
        return extras.mail(address, box, mark=_mark(f"{_MAIL}{address.lower()}"))


def configured(settings: NotifyPart) -> dict[str, list[str]]:
    """The office's own parties and their references, as the settings have them."""
    return {
        MANAGERS: list(settings.managers),
        OFFICER: list(settings.officer),
        ADMINISTRATOR: list(settings.administrator),
        REVIEWERS: list(settings.reviewers),
    }


def holder(party: str) -> str:
    """The name under which the party's address is sealed; no account can have it."""
    return f"contact:{party}"


def _mark(address: str) -> str:
    return hashlib.sha256(address.encode()).hexdigest()[:16]
