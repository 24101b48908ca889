"""The matrix: units, their official accounts, and each account's policy for key items."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum

from bot.domain.problem import NOWHERE, Place
from bot.domain.quota import PLATFORM_ZONE

HAND_OFF = "handoff"  # the account mode that gives packages to a person, on any platform


class ReprintPolicy(StrEnum):
    """What happens on an account when a key item is released."""

    AUTO = "auto"  # the unit opted in: the bot reprints
    CONFIRM = "confirm"  # the bot reprints after the unit's liaison said yes
    MANUAL = "manual"  # the liaison gets a package and reprints by hand
    NONE = "none"  # this account takes no part


class AccountStatus(StrEnum):
    """Where the account stands in the registry (备案)."""

    ACTIVE = "active"
    PAUSED = "paused"
    CLOSED = "closed"


@dataclass(frozen=True, kw_only=True)
class Unit:
    """A unit 单位 of the matrix."""

    id: str
    name: str  # full registered name; account names are compared with it
    short: str  # as shown in tables
    regime: str = "sector_institution"  # or "gov"; decides the gap limits
    intro: str = ""  # the unit's own line above a reprint
    liaison: str = ""  # 联络员, as the office writes it; a contact of the unit, nothing is counted
    contacts: tuple[str, ...] = ()  # where the liaison is told: mailto:…, env:NAME, or "ledger"
    reprint: ReprintPolicy | None = None  # of its accounts that do not say otherwise
    reprint_in: Mapping[str, ReprintPolicy] = field(default_factory=dict)  # by column 栏目
    opened: date | None = None
    changed: date | None = None  # from when what was last changed counts
    closed: date | None = None  # the first day on which it is no unit of the matrix any more
    merged_into: str = ""  # the unit that took it over
    place: Place = NOWHERE

    def is_open(self, at: datetime) -> bool:
        """True when it is a unit of the matrix at this moment."""
        return _within(self.opened, self.closed, at)


@dataclass(frozen=True, kw_only=True)
class Account:
    """A matrix account 矩阵账号 on one platform."""

    id: str
    unit: str
    platform: str
    name: str  # as shown on the platform
    verified_name: str  # the name the platform verified; must be the unit's
    kind: str = ""  # wechat: "subscription" | "service"
    status: AccountStatus = AccountStatus.ACTIVE
    filing: str = ""  # 备案号; "" means not registered
    flagship: bool = False
    reprint: ReprintPolicy = ReprintPolicy.NONE  # its own, or its unit's
    reprint_in: Mapping[str, ReprintPolicy] = field(default_factory=dict)  # by column, likewise
    mode: str = ""  # one of the platform's, or `HAND_OFF`; "" is its usual way
    push: bool = False  # reprints go out as mass sends (群发) rather than 发布
    credential: str = "ledger"  # or "env:NAME"
    opened: date | None = None
    changed: date | None = None  # from when what was last changed counts
    closed: date | None = None  # the first day on which it counts as closed
    filed: date | None = None  # when it was registered (备案)
    verified_until: date | None = None  # the platform's certification (认证) ends with this day
    whitelisted: bool | None = None  # 白名单: the flagship's originals whole; None: not known
    options: Mapping[str, str] = field(default_factory=dict)  # read by the platform's adapter
    place: Place = NOWHERE

    def policy(self, column: str) -> ReprintPolicy:
        """What happens here when a key item of this column is released."""
        return self.reprint_in.get(column, self.reprint)

    def status_at(self, now: datetime) -> AccountStatus:
        """Where it stands at this moment: closed from its day of closing on."""
        ended = self.closed is not None and start_of(self.closed) <= now
        return AccountStatus.CLOSED if ended else self.status


@dataclass(frozen=True, kw_only=True)
class Roster:
    """All units and accounts, in the order of the file."""

    name: str = ""
    units: Mapping[str, Unit] = field(default_factory=dict)
    accounts: Mapping[str, Account] = field(default_factory=dict)

    def open_units(self, at: datetime) -> list[str]:
        """The ids of the units that belong to the matrix at this moment, in roster order."""
        return [unit.id for unit in self.units.values() if unit.is_open(at)]

    @property
    def flagships(self) -> list[Account]:
        """The accounts key items are first released on, in roster order."""
        return [account for account in self.accounts.values() if account.flagship]

    def of_unit(self, unit: str) -> list[Account]:
        """The unit's accounts, in roster order."""
        return [account for account in self.accounts.values() if account.unit == unit]


def start_of(day: date) -> datetime:
    """When a day of the registry begins. Its days are the authorities': in Beijing time."""
    return datetime.combine(day, time(), PLATFORM_ZONE)


def day_of(moment: datetime) -> date:
    """The registry's day that holds this moment."""
    return moment.astimezone(PLATFORM_ZONE).date()


def _within(first: date | None, end: date | None, at: datetime) -> bool:
    begun = first is None or start_of(first) <= at
    return begun and (end is None or at < start_of(end))


def name_matches(account: Account, unit: Unit) -> bool:
    """True when the platform's verified name is the unit's (账号信息管理规定: they must match)."""
    return same_name(account.verified_name, unit.name)


def same_name(one: str, other: str) -> bool:
    """True for one name, whatever the width of its signs and its spaces."""
    return plain_name(one) == plain_name(other)


def plain_name(name: str) -> str:
    """A name whose signs are half-width and not parted by spaces: equal for one name."""
    return "".join(unicodedata.normalize("NFKC", name).split())
